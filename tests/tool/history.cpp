// `history`: snapshots in and out of a delta store, and growing old.

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using tests::count_of;
using tests::holds;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t begin = 1'700'000'000 * second;

// A line for each snapshot: two workloads, one of them without the metric `mem`.
[[nodiscard]] std::string lines(int count) {
    std::string all;
    for (int i = 0; i != count; ++i) {
        const auto number = std::to_string(i);
        all += R"({"timestamp_ns":)" + std::to_string(begin + static_cast<unsigned>(i) * second) +
               R"(,"fingerprint":")" + (i % 2 == 0 ? "even" : "odd") +
               R"(","metrics":{"cpu":{"values":[)" + number + R"(.5,0.25],"timestamps":[1,)" +
               number + "]}" +
               (i % 2 == 0 ? R"(,"mem":{"values":[)" + number + R"(],"timestamps":[7]})" : "") +
               R"(},"metadata":{"n":")" + number + "\"}}\n";
    }
    return all;
}

[[nodiscard]] ran append_lines(const scratch& folder, const std::string& text,
                               const words& more = {}) {
    tests::write_file(folder / "lines", text);
    return tool(tests::joined({"history", "--append", "-", folder / "h"}, more),
                {.in_from = folder / "lines"});
}

[[nodiscard]] ran shown(const scratch& folder, const words& more = {}) {
    return tool(tests::joined({"history", "--json", folder / "h"}, more));
}

// Their indices, in the order in which they stand there.
[[nodiscard]] std::string indices(const ran& call) {
    std::string all;
    constexpr std::string_view name = "{\"index\":";
    for (auto at = call.out.find(name); at != std::string::npos; at = call.out.find(name, at)) {
        at += name.size();
        all += (all.empty() ? "" : " ") + call.out.substr(at, call.out.find(',', at) - at);
    }
    return all;
}

} // namespace

TEST_CASE("a snapshot goes in, from a file or as such, and comes out as it was") {
    const scratch folder;
    tests::write_file(
        folder / "one.json",
        "{ \"timestamp_ns\": 18446744073709551615,\n  \"fingerprint\": \"a\\u00e9\",\n"
        "  \"metrics\": { \"cpu\": { \"values\": [0.1, -0.0, 3, \"7ff8000000000001\",\n"
        "    \"FFF0000000000000\", 5e-324], \"timestamps\": [18446744073709551615] } },"
        "\n  \"metadata\": { \"host\": \"b\\n\" } }\n");
    const ran made = tool({"history", "--append", folder / "one.json", folder / "h", "--json"});
    CHECK(made.status == 0);
    CHECK(made.err == "");
    CHECK(made.out == "{\"index\":0,\"indices\":[0]}\n");
    const ran again =
        tool({"history", folder / "h", "--append",
              R"({"timestamp_ns":1,"fingerprint":"","metrics":{"x":{"values":[]}}})"});
    CHECK(again.status == 0);
    CHECK(again.out == folder / "h" + "  1 snapshot appended, index 1\n");

    const ran call = shown(folder);
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(
        call.out ==
        R"({"snapshots":[{"index":0,"timestamp_ns":18446744073709551615,"fingerprint":"aé",)"
        R"("metrics":{"cpu":{"values":[0.1,-0.0,3.0,"7ff8000000000001","fff0000000000000",5e-324],)"
        R"("timestamps":[18446744073709551615]}},"metadata":{"host":"b\n"},"checksum":3820682540,)"
        R"("tier":"raw"},{"index":1,"timestamp_ns":1,"fingerprint":"",)"
        R"("metrics":{"x":{"values":[],"timestamps":[]}},"metadata":{},"checksum":1112,)"
        R"("tier":"raw"}],"truncated":false})"
        "\n");
    const ran bits = shown(folder, {"--bits", "--index", "0"});
    CHECK(holds(bits.out, R"("values":["3fb999999999999a","8000000000000000","4008000000000000",)"
                          R"("7ff8000000000001","fff0000000000000","0000000000000001"])"));
    CHECK(indices(bits) == "0");
    CHECK(tests::names_in(folder.path()) == words{".h.lock", "h", "one.json"});
}

TEST_CASE("what is printed goes in again, with and without bits") {
    const scratch folder;
    CHECK(append_lines(folder, lines(25)).status == 0);
    for (const words& how : {words{}, words{"--bits"}}) {
        const auto text = shown(folder, how).out;
        const auto list = text.find('[') + 1;
        auto inner = text.substr(list, text.rfind(']') - list);
        // A file may hold several, one after another.
        for (auto at = inner.find("},{\"index\""); at != std::string::npos;
             at = inner.find("},{\"index\"", at)) {
            inner[at + 1] = '\n';
        }
        tests::write_file(folder / "again.json", inner);
        const auto copy = folder / (how.empty() ? "numbers" : "bits");
        CHECK(tool({"history", "--append", folder / "again.json", copy}).status == 0);
        CHECK(tool({"history", "--json", copy}).out == shown(folder).out);
    }
}

TEST_CASE("lines are appended as they come, and every index is told") {
    const scratch folder;
    const ran call = append_lines(folder, "\n" + lines(3) + "  \n", {"--json"});
    CHECK(call.status == 0);
    CHECK(call.out == "{\"indices\":[0,1,2]}\n");
    const auto last = lines(1);
    // The last line needs no end.
    const ran more = append_lines(folder, last.substr(0, last.size() - 1));
    CHECK(more.out == folder / "h" + "  1 snapshot appended, index 3\n");
    CHECK(append_lines(folder, lines(2)).out ==
          folder / "h" + "  2 snapshots appended, indices 4 to 5\n");
    CHECK(append_lines(folder, "", {"--json"}).out == "{\"indices\":[]}\n");
    CHECK(indices(shown(folder)) == "0 1 2 3 4 5");
}

TEST_CASE("many lines, longer than what is read at once") {
    const scratch folder;
    std::string values;
    for (int i = 0; i != 30000; ++i) {
        values += (i == 0 ? "" : ",") + std::to_string(i) + ".125";
    }
    std::string text;
    for (int i = 0; i != 3; ++i) {
        text += R"({"timestamp_ns":1,"fingerprint":"a","metrics":{"m":{"values":[)" + values +
                "]}}}\n" + lines(100);
    }
    CHECK(append_lines(folder, text).out ==
          folder / "h" + "  303 snapshots appended, indices 0 to 302\n");
    CHECK(holds(shown(folder, {"--index", "101"}).out, values));
    CHECK(tool({"verify", folder / "h"}).status == 0);
}

TEST_CASE("each question, and several at once") {
    const scratch folder;
    CHECK(append_lines(folder, lines(12)).status == 0);
    const auto at = [](std::uint64_t i) { return std::to_string(begin + i * second); };
    const auto asked = [&](const words& what) { return indices(shown(folder, what)); };
    CHECK(asked({"--from", at(9)}) == "9 10 11");
    CHECK(asked({"--to", at(2)}) == "0 1 2");
    CHECK(asked({"--from", at(3), "--to", at(5)}) == "3 4 5");
    CHECK(asked({"--from", at(5), "--to", at(3)}) == "");
    CHECK(asked({"--fingerprint", "odd"}) == "1 3 5 7 9 11");
    CHECK(asked({"--fingerprint", "od"}) == "");
    CHECK(asked({"--metric", "mem"}) == "0 2 4 6 8 10");
    CHECK(asked({"--metric", "cpu", "--limit", "2"}) == "0 1");
    CHECK(asked({"--metric", "me"}) == "");
    CHECK(asked({"--metric", ""}) == "");
    CHECK(asked({"--limit", "0"}) == "");
    CHECK(asked({"--limit", "18446744073709551615"}) == "0 1 2 3 4 5 6 7 8 9 10 11");
    CHECK(asked({"--start", "10"}) == "10 11");
    CHECK(asked({"--index", "11"}) == "11");
    CHECK(asked({"--index", "11", "--fingerprint", "even"}) == "");
    CHECK(asked({"--metric", "mem", "--from", at(3), "--limit", "2"}) == "4 6");
    // A snapshot with a metric is shown with all of them.
    CHECK(holds(shown(folder, {"--metric", "mem", "--limit", "1"}).out, R"({"cpu":{"values")"));
}

TEST_CASE("an answer that is cut off says where to go on") {
    const scratch folder;
    CHECK(append_lines(folder, lines(5)).status == 0);
    const ran first = shown(folder, {"--bytes", "200"});
    CHECK(first.status == 0);
    CHECK(indices(first) == "0 1");
    CHECK(first.out.ends_with("],\"truncated\":true,\"resume\":2}\n"));
    const ran next = shown(folder, {"--bytes", "200", "--start", "2"});
    CHECK(indices(next) == "2 3");
    const ran last = shown(folder, {"--bytes", "200", "--start", "4"});
    CHECK(indices(last) == "4");
    CHECK(last.out.ends_with("],\"truncated\":false}\n"));
    // One there always is, however little is granted.
    CHECK(indices(shown(folder, {"--bytes", "1"})) == "0");
    const ran text = tool({"history", folder / "h", "--bytes", "200"});
    CHECK(text.status == 0);
    CHECK(text.err == "tintype: " + folder / "h" +
                          ": there is more than the answer may take; --start 2 goes on, --bytes N "
                          "takes more\n");
}

TEST_CASE("what people see") {
    const scratch folder;
    CHECK(append_lines(folder, lines(2)).status == 0);
    const ran table = tool({"history", folder / "h"});
    CHECK(table.status == 0);
    CHECK(table.err == "");
    CHECK(table.out ==
          "INDEX  TAKEN (UTC)                 TIMESTAMP NS  FINGERPRINT  METRICS  NAMES     TIER\n"
          "    0  2023-11-14 22:13:20  1700000000000000000  even               2  cpu, mem  raw\n"
          "    1  2023-11-14 22:13:21  1700000001000000000  odd                1  cpu       raw\n");
    const ran one = tool({"history", folder / "h", "--index", "0"});
    CHECK(one.status == 0);
    CHECK(one.out == "index         0\n"
                     "time          2023-11-14 22:13:20 UTC\n"
                     "timestamp ns  1700000000000000000\n"
                     "fingerprint   even\n"
                     "tier          raw\n"
                     "checksum      945b5fed\n"
                     "size          84\n"
                     "metadata\n"
                     "  KEY  VALUE\n"
                     "  n    0\n"
                     "cpu\n"
                     "  #  TIMESTAMP NS  VALUE\n"
                     "  0             1  0.5\n"
                     "  1             0  0.25\n"
                     "mem\n"
                     "  #  TIMESTAMP NS  VALUE\n"
                     "  0             7  0.0\n");
    CHECK(holds(tool({"history", folder / "h", "--index", "0", "--bits"}).out,
                "  1             0  3fd0000000000000\n"));
    const ran hostile = append_lines(
        folder, R"({"timestamp_ns":18446744073709551615,"fingerprint":"\u001b[2J",)"
                R"("metrics":{"\u001b[1m":{"values":["7ff0000000000000",)"
                R"("fff8000000000000"],"timestamps":[]}},"metadata":{"\u0007":"\r"}})");
    CHECK(hostile.status == 0);
    for (const words& more : {words{}, words{"--index", "2"}, words{"--json"}}) {
        const auto text = tool(tests::joined({"history", folder / "h"}, more)).out;
        CHECK(text.find_first_of("\x1b\x07\r") == std::string::npos);
    }
    const auto last = tool({"history", folder / "h", "--index", "2"}).out;
    CHECK(holds(last, "time          - UTC\n"));
    CHECK(holds(last, "  0             -  inf (7ff0000000000000)\n"));
    CHECK(holds(last, "  1             -  nan (fff8000000000000)\n"));
}

TEST_CASE("a snapshot that is refused is named by its place, and nothing of it is appended") {
    const scratch folder;
    const std::string good = lines(1);
    const auto with = [](const std::string& values) {
        return R"({"timestamp_ns":1,"fingerprint":"a","metrics":{"m":{"values":)" + values + "}}}";
    };
    const std::pair<std::string, std::string> cases[] = {
        {"{", "line 1, column 2: the text ends here"},
        {"[]", "line 1, column 1: `[` may not stand here, but `{`"},
        {"{}", "line 1, column 2: `timestamp_ns` is missing"},
        {R"({"timestamp_ns":1,"fingerprint":"a"})", "line 1, column 36: `metrics` is missing"},
        {R"({"timestamp_ns":1.0})",
         "column 17: timestamp_ns: an integer from 0 to 18446744073709551615 is wanted"},
        {R"({"timestamp_ns":-1})", "timestamp_ns: an integer from 0"},
        {R"({"timestamp_ns":18446744073709551616})", "timestamp_ns: an integer from 0"},
        {R"({"timestamp_ns":1,"timestamp_ns":2})",
         "column 19: timestamp_ns: it stands here a second time"},
        {R"({"timestamp":1})",
         "column 2: timestamp: the name is not known, did you mean `timestamp_ns`?"},
        {R"({"timestamp_ns":1,"fingerprint":7})", "fingerprint: a text is wanted, not `7`"},
        {with("[1,]"), "column 65: metrics.m.values[1]: a number, or its bits as 16 hexadecimal "
                       "digits in quotes, is wanted, not `]`"},
        {with("[NaN]"), "metrics.m.values[0]: a number, or its bits"},
        {with("[null]"), "is wanted, not `n`"},
        {with("[1 2]"), "metrics.m.values: `,` or `]` is wanted, not `2`"},
        {with("[1e999]"), "metrics.m.values[0]: the number is beyond the largest there is"},
        {with("[01]"), "metrics.m.values[0]: `1` may not stand here"},
        {with("[\"7ff\"]"), "the bits of a value are 16 hexadecimal digits, not `7ff`"},
        {with("[\"7ff800000000000g\"]"), "not `7ff800000000000g`"},
        {with("[\"+ff8000000000000\"]"), "not `+ff8000000000000`"},
        {with("7"), "metrics.m.values: `7` may not stand here, but `[`"},
        {R"({"timestamp_ns":1,"fingerprint":"a","metrics":{"m":{}}})",
         "metrics.m: `values` is missing"},
        {R"({"timestamp_ns":1,"fingerprint":"a","metrics":{"m":{"values":[]},"m":{"values":[]}}})",
         "metrics.m: it stands here a second time"},
        {R"({"timestamp_ns":1,"fingerprint":"a","metrics":{},"metadata":{"a":1}})",
         "metadata.a: a text is wanted, not `1`"},
        {"{\"timestamp_ns\":1,\"fingerprint\":\"\xff\"}",
         "column 34: fingerprint: the byte ff is no UTF-8 here"},
        {R"({"timestamp_ns":1,"fingerprint":"a","metrics":{},"tier":)" + std::string(100, '[') +
             "}",
         "tier: values inside values, more than 64 deep"},
        {good.substr(0, good.size() - 1) + "x", "line 1, column 176: `x` may not stand here"},
    };
    for (const auto& [text, said] : cases) {
        CAPTURE(text);
        const ran call = append_lines(folder, text + "\n" + good, {"--json"});
        CHECK(call.status == 1);
        CAPTURE(call.err);
        CHECK(holds(call.err, said));
        CHECK(count_of(call.err, "\n") == 1);
        if (!text.ends_with("x")) {
            CHECK(call.err.ends_with("; nothing was appended\n"));
            CHECK(call.out == "");
            CHECK(!tests::exists(folder / "h"));
        }
    }
}

TEST_CASE("the lines before a bad one stay") {
    const scratch folder;
    const ran call =
        append_lines(folder, lines(2) + "\n{\"timestamp_ns\":}\n" + lines(1), {"--json"});
    CHECK(call.status == 1);
    CHECK(call.err == "tintype: standard input: line 4, column 17: timestamp_ns: an integer from 0 "
                      "to 18446744073709551615 is wanted; 2 snapshots before it were appended: "
                      "indices 0 to 1\n");
    CHECK(call.out.starts_with("{\"indices\":[0,1],\"error\":{\"code\":\"invalid_value\","));
    CHECK(indices(shown(folder)) == "0 1");
    tests::write_file(folder / "x.json", lines(1) + "{\n\"frob\"");
    const ran file = tool({"history", "--append", folder / "x.json", folder / "h"});
    CHECK(file.status == 1);
    CHECK(file.err == "tintype: " + folder / "x.json" +
                          ": line 3, column 7: frob: the text ends here; 1 snapshot before it was "
                          "appended: index 2\n");
    CHECK(indices(shown(folder)) == "0 1 2");
}

TEST_CASE("a history is made where there is a folder for it, and nothing else becomes one") {
    const scratch folder;
    const std::string one = lines(1);
    const auto status_of = [&](const std::string& from, const std::string& path) {
        const ran call = tool({"history", "--append", from, path});
        CHECK(call.out == "");
        CHECK(count_of(call.err, "\n") == 1);
        return call.status;
    };
    CHECK(status_of(one, folder / "missing/h") == 3);
    CHECK(!tests::exists(folder / "missing"));
    CHECK(status_of(folder / "missing.json", folder / "h") == 3);
    CHECK(!tests::exists(folder / "h"));
    CHECK(status_of(one, folder.path()) == 2);
    CHECK(status_of(folder.path(), folder / "h") == 2);
    tests::write_file(folder / "other", "something else altogether");
    CHECK(status_of(one, folder / "other") == 1);
    CHECK(tests::text_file(folder / "other") == "something else altogether");
    tests::write_file(folder / "empty", "");
    CHECK(status_of(one, folder / "empty") == 1);
    CHECK(tool({"history", folder / "missing"}).status == 3);
    CHECK(tool({"history", folder / "other"}).status == 1);
    CHECK(tool({"history", folder.path()}).status == 2);
    CHECK(tool({"history", "--cleanup", "1", folder / "missing"}).status == 3);
    CHECK(!tests::exists(folder / "missing"));
    // Where it runs, and through a link.
    CHECK(tool({"history", "--append", one, "here"}, {.folder = folder.path()}).status == 0);
    CHECK(tool({"history", "here"}, {.folder = folder.path()}).status == 0);
    std::filesystem::create_symlink("here", folder / "link");
    CHECK(tool({"history", "--append", one, folder / "link"}).status == 0);
    CHECK(indices(tool({"history", "--json", folder / "here"})) == "0 1");
    CHECK(indices(tool({"history", "--json", folder / "link"})) == "0 1");
}

TEST_CASE("calls of history that make no sense") {
    const scratch folder;
    CHECK(append_lines(folder, lines(1)).status == 0);
    const std::pair<words, std::string> cases[] = {
        {{}, "FILE is required"},
        {{"h", "--from", "soon"}, "--from takes a number from 0 to 18446744073709551615, not"},
        {{"h", "--to=-1"}, "--to takes a number"},
        {{"h", "--limit", "18446744073709551616"}, "--limit takes a number"},
        {{"h", "--index", "1.0"}, "--index takes a number"},
        {{"h", "--cleanup", "now"}, "--cleanup takes a number"},
        {{"h", "--cleanup", "1", "--append", "-"}, "--append and --cleanup are two calls"},
        {{"h", "--cleanup", "1", "--index", "1"}, "--index goes with neither"},
        {{"h", "--append", "-", "--bits"}, "--bits goes with neither"},
        {{"h", "--metrik", "cpu"}, "did you mean `--metric`?"},
        {{"h", "g"}, "unexpected argument `g`"},
    };
    for (const auto& [arguments, said] : cases) {
        const ran call = tool(tests::joined({"history"}, arguments), {.folder = folder.path()});
        CAPTURE(arguments);
        CAPTURE(call.err);
        CHECK(call.status == 2);
        CHECK(call.out == "");
        CHECK(holds(call.err, said));
    }
}

TEST_CASE("an index that is not there is bad data, with the numbers") {
    const scratch folder;
    CHECK(append_lines(folder, lines(3)).status == 0);
    const ran beyond = shown(folder, {"--index", "3"});
    CHECK(beyond.status == 1);
    CHECK(beyond.out == "");
    CHECK(beyond.err == "tintype: " + folder / "h" + ": out of bounds in history: 3 of 3\n");
    constexpr std::uint64_t year = 366 * 24 * 3600 * second;
    CHECK(tool({"history", "--cleanup", std::to_string(begin + second + year), folder / "h"})
              .status == 0);
    const ran gone = shown(folder, {"--index", "0"});
    CHECK(gone.status == 1);
    CHECK(gone.out == "");
    CHECK(gone.err ==
          "tintype: " + folder / "h" + ": not found: snapshot 0 of 3 was let go by a cleanup\n");
}

TEST_CASE("what is old moves down the tiers, and at last goes") {
    const scratch folder;
    CHECK(append_lines(folder, lines(20)).status == 0);
    const auto as_it_was = shown(folder, {"--bits"}).out;
    const auto cleaned = [&](std::uint64_t days, const words& more = {}) {
        return tool(
            tests::joined({"history", "--cleanup",
                           std::to_string(begin + (days * 86400 + 60) * second), folder / "h"},
                          more));
    };
    CHECK(cleaned(0, {"--json"})
              .out.starts_with(
                  R"({"compressed":0,"archived":0,"dropped":0,"damaged":0,"complete":true,)"
                  R"("compacted":false,"snapshots":20,"size_before":)"));
    const ran compressed = cleaned(1, {"--json"});
    CHECK(compressed.status == 0);
    CHECK(compressed.out.starts_with(R"({"compressed":20,"archived":0,"dropped":0,)"));
    CHECK(count_of(shown(folder).out, R"("tier":"compressed"})") == 20);
    CHECK(holds(cleaned(30).out, "  0 compressed, 20 archived, 0 let go; 20 snapshots left, "));
    auto archived = shown(folder, {"--bits"}).out;
    CHECK(count_of(archived, R"("tier":"archive"})") == 20);
    for (auto at = archived.find("\"archive\""); at != std::string::npos;
         at = archived.find("\"archive\"")) {
        archived.replace(at, 9, "\"raw\"");
    }
    CHECK(archived == as_it_was);
    CHECK(holds(tool({"inspect", "--json", folder / "h"}).out,
                R"("snapshots":20,"keyframes":0,"deltas":0,"packed":20,)"));
    CHECK(tool({"verify", folder / "h"}).status == 0);
    CHECK(holds(cleaned(365).out, "20 let go; 0 snapshots left, "));
    CHECK(shown(folder).out == "{\"snapshots\":[],\"truncated\":false}\n");
    // Numbers are never given out twice.
    CHECK(append_lines(folder, lines(1)).out == folder / "h" + "  1 snapshot appended, index 20\n");
}
