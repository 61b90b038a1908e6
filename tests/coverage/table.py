"""A table of the decoders' coverage out of `llvm-cov show -show-branches=count -show-instantiations=false`.

    table.py DECODERS INCLUDE TEXT [--missing [HEADER]]

A line is covered where any instantiation of a template ran it. llvm-cov counts branches for each
instantiation apart, so that one which never sees a damaged file counts against one that does; here a branch
is a place in the source, whose two ways are each covered where any instantiation took it. What the compiler
decides (`if constexpr`, sizes of types) is no branch, and what it alone runs (consteval functions,
static_asserts, initialisers of constexpr variables, `if consteval`) has no lines. A way that the idiom rules
out is none either: `good || refuse(...)`, where refusing is false always, and `(something, true)`; nor are those
of comparisons that the compiler writes. Exits with 1 below the goals.
"""

import re
import sys

LINES, BRANCHES = 100.0, 95.0

LINE = re.compile(r"^ *(\d+)\| *([0-9.]+[kMGTPE]?)?\|")
BRANCH = re.compile(r"^ *\|  Branch \((\d+):(\d+)\): \[(.*)\]$")
WAY = re.compile(r"(True|False): ([0-9.]+)[kMGTPE]?")
# Functions that note what is wrong and return false, whatever they are given.
REFUSAL = re.compile(r"(?:this->|\w+[.])?(?:refuse|refuse_at|unexpected|invalid|inside|beyond|cut_short|no_text)\(")
# What begins with one of these is run by the compiler alone, up to the end of its brackets.
COMPILED = re.compile(r"\bconsteval\b(?=[^;{]*\{)|\bstatic_assert(?=\()|\binline constexpr \w+ \w+ = (?=\[)")
PAIRS = {"(": ")", "{": "}"}


def blanked(source):
    """The source without its comments and texts, everything else where it was."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group())

    return re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'', blank, source)


def behind(source, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    opening = source[at]
    for i in range(at, len(source)):
        depth += (source[i] == opening) - (source[i] == PAIRS[opening])
        if depth == 0:
            return i + 1
    return len(source)


class Header:
    def __init__(self, path):
        with open(path, encoding="utf-8") as text:
            self.source = blanked(text.read())
        self.starts = [0] + [found.end() for found in re.finditer("\n", self.source)]
        self.lines = {}
        self.ways = {}
        self.compiled = set()
        for found in COMPILED.finditer(self.source):
            begin = found.end() if found.group() == "static_assert" else self.source.index("{", found.start())
            if self.source.startswith("!", found.start() - 1):
                continue  # `if !consteval {` is run
            end = behind(self.source, begin)
            if found.group().startswith("inline"):
                end = self.source.index(";", end)
            first = self.source.count("\n", 0, found.start()) + 1
            self.compiled.update(range(first, first + self.source.count("\n", found.start(), end) + 1))

    def line(self, number, ran):
        # llvm-cov counts the comments of a function that nothing in a program calls.
        words = self.source[self.starts[number - 1]:self.starts[number]].strip()
        if words and number not in self.compiled:
            self.lines[number] = self.lines.get(number, False) or ran

    def cannot_be(self, at):
        """The way that this condition cannot go."""
        if REFUSAL.match(self.source, at):
            return "True"
        if self.source[at] == "(" and re.search(r",\s*true\)$", self.source[at:behind(self.source, at)]):
            return "False"
        return None

    def branch(self, place, text):
        begin = self.starts[place[0] - 1]
        if place[0] in self.compiled or "= default;" in self.source[begin:self.starts[place[0]]]:
            return
        never = self.cannot_be(begin + place[1] - 1)
        for way, count in WAY.findall(text):
            if way == never:
                continue
            key = place + (way,)
            self.ways[key] = self.ways.get(key, False) or float(count) > 0


def read(path, include):
    headers = {}
    now = None
    with open(path, encoding="utf-8") as text:
        for row in text:
            if row.startswith(include) and row.rstrip().endswith(":"):
                path_of = row.rstrip()[:-1]
                name = path_of[len(include):].lstrip("/")
                now = headers.get(name) or headers.setdefault(name, Header(path_of))
                continue
            if now is None:
                continue
            line = LINE.match(row)
            if line:
                if line.group(2) is not None:
                    now.line(int(line.group(1)), line.group(2) != "0")
                continue
            branch = BRANCH.match(row)
            if branch:
                now.branch((int(branch.group(1)), int(branch.group(2))), branch.group(3))
    return headers


def share(covered, of):
    return 100.0 * covered / of if of else 100.0


def row(name, lines, branches):
    marks = ("  " if share(*lines) >= LINES else " <") + ("  " if share(*branches) >= BRANCHES else " <")
    return "%-34s %5d of %5d %6.1f %%   %5d of %5d %6.1f %% %s" % (
        (name,) + lines + (share(*lines),) + branches + (share(*branches), marks))


def main():
    decoders, include, text = sys.argv[1:4]
    with open(decoders, encoding="utf-8") as listed:
        names = [line.strip() for line in listed if line.strip() and not line.startswith("#")]
    headers = read(text, include)
    if "--missing" in sys.argv:
        wanted = sys.argv[sys.argv.index("--missing") + 1:] or names
        for name in wanted:
            if name in headers:
                header = headers[name]
                for number in sorted(n for n, ran in header.lines.items() if not ran):
                    print("%s:%d: never run" % (name, number))
                for place in sorted(p for p, taken in header.ways.items() if not taken):
                    print("%s:%d:%d: never %s" % ((name,) + place[:2] + (place[2].lower(),)))
        return 0
    print("%-34s %14s %8s   %14s %8s" % ("decoder", "lines", "", "branches", ""))
    below = 0
    sums = [0, 0, 0, 0]
    for name in names:
        header = headers.get(name)
        if header is None or not header.lines:
            print("%-34s is run by no test" % name)
            below += 1
            continue
        lines = (sum(header.lines.values()), len(header.lines))
        branches = (sum(header.ways.values()), len(header.ways))
        for i, number in enumerate(lines + branches):
            sums[i] += number
        below += share(*lines) < LINES or share(*branches) < BRANCHES
        print(row(name, lines, branches))
    print(row("all", (sums[0], sums[1]), (sums[2], sums[3])))
    if below:
        print("%d headers are below %g %% of the lines or %g %% of the branches" % (below, LINES, BRANCHES))
    return 1 if below else 0


sys.exit(main())
