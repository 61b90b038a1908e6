"""Runs the program in gdb to each `stop`, and writes what the printers show of what it announced.

    gdb -nx -batch -x tintype-gdb.py -x ask.py PROGRAM
"""

import os

import gdb

gdb.execute("set width 0")
gdb.execute("set print elements 0")
gdb.execute("set debuginfod enabled off")
gdb.execute("break (anonymous namespace)::stop")
gdb.execute("run >" + os.environ["ANNOUNCED"])
with open(os.environ["SHOWN"], "w", encoding="utf-8") as shown:
    while gdb.selected_inferior().pid:
        gdb.execute("up", to_string=True)
        if gdb.selected_frame().name() == "main":
            with open(os.environ["NAMES"], encoding="utf-8") as names:
                asked = names.read().split()
        else:
            asked = ["what"]
        for name in asked:
            value = gdb.parse_and_eval(name)
            shown.write("%s = %s\n" % (name, value.format_string(styling=False)))
        gdb.execute("continue", to_string=True)
