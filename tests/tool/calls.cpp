// Calls as people make them: help, versions, typos, missing and superfluous arguments.

#include "run.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using tests::ran;
using tests::tool;
using tests::words;

// Status 2, nothing on standard output, one line on standard error that holds `part`.
void check_wrong_call(const words& arguments, std::string_view part) {
    CAPTURE(arguments);
    const ran call = tool(arguments);
    CHECK(call.status == 2);
    CHECK(call.out == "");
    CHECK(call.err.starts_with("tintype: "));
    CHECK(call.err.find('\n') == call.err.size() - 1);
    CAPTURE(call.err);
    CHECK(call.err.find(part) != std::string::npos);
}

} // namespace

TEST_CASE("the version of the tool") {
    const ran call = tool({"--version"});
    CHECK(call.status == 0);
    CHECK(call.out.starts_with("tintype "));
    CHECK(call.out.back() == '\n');
    CHECK(call.err == "");
}

TEST_CASE("help lists the commands, and every command has a page with examples") {
    const ran help = tool({"help"});
    CHECK(help.status == 0);
    CHECK(help.err == "");
    CHECK(tool({"--help"}).out == help.out);
    CHECK(tool({"-h"}).out == help.out);
    for (const std::string command :
         {"inspect",  "verify",  "pack",    "unpack", "rewrite", "migrate", "ls",
          "diff",     "save",    "restore", "prune",  "export",  "import",  "history",
          "sessions", "session", "compare", "layout", "report",  "copy",    "help"}) {
        CAPTURE(command);
        CHECK(help.out.find("\n  " + command + " ") != std::string::npos);
        const ran page = tool({"help", command});
        CHECK(page.status == 0);
        CHECK(page.err == "");
        CHECK(page.out.starts_with("tintype " + command + ": "));
        CHECK(page.out.find("\nusage\n  tintype " + command + " ") != std::string::npos);
        CHECK(page.out.find("\nexamples\n  tintype " + command + " ") != std::string::npos);
        CHECK(tool({command, "--help"}).out == page.out);
    }
}

TEST_CASE("help fits a terminal of 80 columns") {
    for (const std::string command :
         {"", "inspect", "verify", "pack", "unpack", "rewrite", "migrate", "ls", "diff", "save",
          "restore", "prune", "export", "import", "history", "sessions", "session", "compare",
          "layout"}) {
        CAPTURE(command);
        const std::string page = tool(command.empty() ? words{"help"} : words{"help", command}).out;
        for (std::size_t begin = 0; begin != page.size();) {
            const auto end = page.find('\n', begin);
            CAPTURE(page.substr(begin, end - begin));
            CHECK(end - begin <= 80);
            begin = end + 1;
        }
    }
}

TEST_CASE("a mistyped command or option is answered with the one that was meant") {
    check_wrong_call({"inspct", "x"}, "unknown command `inspct`, did you mean `inspect`?");
    check_wrong_call({"prnue"}, "did you mean `prune`?");
    check_wrong_call({"dfif", "a"}, "did you mean `diff`?");
    check_wrong_call({"help", "layuot"}, "did you mean `layout`?");
    check_wrong_call({"xylophone"}, "unknown command `xylophone`; `tintype help` lists them");
    check_wrong_call({"inspect", "--jsno", "x"}, "did you mean `--json`?");
    check_wrong_call({"prune", "x", "--keep-dayly=3"}, "did you mean `--keep-daily`?");
    check_wrong_call({"pack", "--format", "vamm1", "--section", "a=b", "-o", "x"},
                     "unknown format `vamm1`, did you mean `vamm-1`?");
    check_wrong_call({std::string(100000, 'x')}, "unknown command");
}

TEST_CASE("calls that lack something or have too much of it are wrong") {
    check_wrong_call({}, "no command");
    check_wrong_call({"--frobnicate"}, "unknown command");
    check_wrong_call({"inspect"}, "FILE is required");
    check_wrong_call({"inspect", "a", "b"}, "unexpected argument `b`");
    check_wrong_call({"verify"}, "PATH is required");
    check_wrong_call({"rewrite", "a"}, "--output is required");
    check_wrong_call({"rewrite", "a", "-o"}, "-o");
    check_wrong_call({"unpack", "a"}, "--directory is required");
    check_wrong_call({"unpack", tests::golden("tiny.v1.vamm"), "-d", ""}, "-d takes the name");
    check_wrong_call({"migrate", "a", "-o", "b"}, "--to is required");
    check_wrong_call({"save", "a"}, "is required");
    check_wrong_call(
        {"layout", "vamm-3"},
        "unknown format `vamm-3`, did you mean `vamm-1`? There are vamm-1, vamm-2, vsnp, "
        "dakera-snap, dakera-meta, chain-manifest, chain-data, delta-store");
    check_wrong_call({"layout", "dakera-snap"}, "dakera-snap is not laid out by a section list");
    check_wrong_call({"pack", "--format", "chain-data", "--section", "a=b", "-o", "x"},
                     "chain-data cannot be put together from sections");
    check_wrong_call({"diff", "a", "b"}, "AFTER is required");
    check_wrong_call({"diff", "a", "b", "c", "d"}, "unexpected argument `d`");
    check_wrong_call({"restore", "a"}, "restore needs -d");
    check_wrong_call({"restore", "a", "--id", "x"}, "--id needs -o");
    check_wrong_call({"restore", "a", "--id", "x", "-d", "y"}, "it goes with -o, not with -d");
    check_wrong_call({"restore", "a", "--id", "x", "--version", "1", "-o", "y"},
                     "it goes with -o, not with --version");
    check_wrong_call({"restore", "a", "-o", "y"}, "name it with --id");
    check_wrong_call({"layout", "vamm-2", "--as", "png"},
                     "--as is one of text, json, svg, kaitai, not `png`");
    check_wrong_call({"layout", "--as", "kaitai"}, "--as kaitai takes one format");
    check_wrong_call({"ls", "a", "b"}, "unexpected argument `b`");
}

TEST_CASE("sections are each named once, before any file is looked at") {
    const auto with = [](words sections) {
        words all{"pack", "--format", "vamm-2", "-o", "/nonexistent/out"};
        for (const std::string& each : sections) {
            all.push_back("--section");
            all.push_back(each);
        }
        return all;
    };
    check_wrong_call(with({"semantic"}), "--section takes NAME=FILE, not `semantic`");
    check_wrong_call(with({"semantic="}), "--section takes NAME=FILE");
    check_wrong_call(with({"semantik=x"}), "no section `semantik`, did you mean `semantic`?");
    check_wrong_call(with({"=x"}), "no section ``");
    check_wrong_call(with({"ttl=x", "ttl=y"}), "section `ttl` is given twice");
    check_wrong_call(with({"semantic=x", "episodic=x", "ttl=x"}),
                     "vamm-2 lacks --section procedural=FILE");
    check_wrong_call(with({"ttl=x"}), "--section semantic=FILE and --section episodic=FILE");
    check_wrong_call({"pack", "--format", "vsnp", "--section", "entries=x", "-o", "y"},
                     "vsnp has no section `entries`; it has index");
}

TEST_CASE("numbers to keep and ages are read strictly") {
    const tests::scratch folder;
    for (const std::string bad :
         {"0", "-1", "+1", "1.5", "0x10", "", " 1", "1 ", "ten", "18446744073709551616"}) {
        check_wrong_call({"prune", folder.path(), "--keep-last=" + bad}, "--keep-last");
        check_wrong_call({"prune", folder.path(), "--keep-yearly=" + bad}, "--keep-yearly");
    }
    for (const std::string bad : {"0h", "36", "h", "-1h", "1y", "", "1.5h", "1 h",
                                  "99999999999999999999s", "9223372037s", "106752d"}) {
        check_wrong_call({"prune", folder.path(), "--keep-within=" + bad}, "--keep-within");
    }
    for (const std::string good : {"1s", "30m", "36h", "7d", "2w", "9223372036s", "106751d"}) {
        CHECK(tool({"prune", folder.path(), "--keep-within", good}).status == 0);
    }
    check_wrong_call({"prune", folder.path()}, "at least one rule");
    check_wrong_call({"prune", folder.path(), "--dry-run"}, "at least one rule");
}

TEST_CASE("a folder where a file is wanted is a wrong call, a file as a folder a failure") {
    const tests::scratch folder;
    for (const std::string command : {"inspect", "unpack", "rewrite"}) {
        CAPTURE(command);
        words arguments{command, folder.path()};
        arguments = tests::joined(arguments, command == "unpack"    ? words{"-d", folder / "out"}
                                             : command == "rewrite" ? words{"-o", folder / "out"}
                                                                    : words{});
        check_wrong_call(arguments, "is a folder");
    }
    const auto file = tests::golden("tiny.v1.vamm");
    for (const std::string command : {"ls", "restore", "prune"}) {
        CAPTURE(command);
        words arguments{command, file};
        arguments = tests::joined(arguments, command == "restore" ? words{"-d", folder / "out"}
                                             : command == "prune" ? words{"--keep-last", "1"}
                                                                  : words{});
        const ran call = tool(arguments);
        CHECK(call.status == 3);
        CHECK(call.err.find("Not a directory") != std::string::npos);
    }
}
