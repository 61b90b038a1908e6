// `report`: folders of every kind, what the page and the document say of them, and that nothing
// that stands in a file acts on who looks at it. Where TINTYPE_REPORT_PAGES names a folder, the
// pages are left there, for a browser to look at.

#include "chain_folders.hpp"
#include "chunk_streams.hpp"
#include "run.hpp"
#include "session_folders.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace {

using tests::count_of;
using tests::holds;
using tests::joined;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

const words at_that_time{"--now", "2023-11-20T12:00:00Z"};

[[nodiscard]] std::string reported(const std::string& folder, const words& more = {}) {
    const ran call = tool(joined(joined({"report", folder, "-o", "-"}, at_that_time), more));
    CHECK(call.status == 0);
    CHECK(call.err == "");
    return call.out;
}

[[nodiscard]] std::string document(const std::string& folder, const words& more = {}) {
    const ran call = tool(joined(joined({"report", folder, "--json"}, at_that_time), more));
    CHECK(call.status == 0);
    CHECK(call.err == "");
    return call.out;
}

// What every page is, whatever the folder.
void check_page(const std::string& name, const std::string& folder, const words& more = {}) {
    CAPTURE(name);
    const auto page = reported(folder, more);
    CHECK(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    CHECK(page.ends_with("</html>\n"));
    CHECK(page == reported(folder, more));
    for (const char* part :
         {"<script", "http:", "https:", "@import", "url(", "src=\"", "<iframe"}) {
        CAPTURE(part);
        CHECK(!holds(page, part));
    }
    for (const char* tag : {"section", "table", "svg", "div", "details", "figure", "ul", "dl"}) {
        CAPTURE(tag);
        CHECK(count_of(page, std::string{"<"} + tag + ">") +
                  count_of(page, std::string{"<"} + tag + " ") ==
              count_of(page, std::string{"</"} + tag + ">"));
    }
    for (const char c : page) {
        const auto byte = static_cast<unsigned char>(c);
        REQUIRE((byte >= 0x20 || byte == '\n'));
    }
    if (const char* pages = std::getenv("TINTYPE_REPORT_PAGES"); pages != nullptr) {
        tests::write_file(std::string{pages} + "/" + name + ".html", page);
    }
}

void save(const std::string& folder, const std::string& name) {
    REQUIRE(
        tool(joined({"save", folder, "--format", "vamm-2"}, tests::golden_sections(name))).status ==
        0);
}

[[nodiscard]] std::string version_file(const std::string& folder, int version) {
    return folder + "/snapshot_0000000" + std::to_string(version) + ".vamm";
}

// Versions an odd number of hours apart, one of them damaged where asked for.
void make_versions(const std::string& folder, bool damaged) {
    std::filesystem::create_directories(folder);
    int hours = 150;
    int version = 0;
    for (const char* name : {"tiny", "large", "large", "ragged", "large", "tiny", "large"}) {
        save(folder, name);
        const auto file = version_file(folder, ++version);
        const std::chrono::sys_seconds time{std::chrono::seconds{1700480000}};
        std::filesystem::last_write_time(
            file, std::chrono::file_clock::from_sys(time - std::chrono::hours{hours}));
        hours -= 11 + 7 * version % 23;
    }
    if (damaged) {
        const auto file = version_file(folder, 4);
        const auto time = std::filesystem::last_write_time(file);
        tests::damage_file(file);
        std::filesystem::last_write_time(file, time);
    }
}

// A day of profiles, a minute apart where there are many.
void make_history(const std::string& file, int count) {
    std::string all;
    constexpr std::uint64_t begin = 1'700'000'000;
    for (int i = 0; i != count; ++i) {
        const auto time = begin + static_cast<unsigned>(i) * 600U;
        const double wave = std::sin(i / 9.0);
        const auto cpu = std::to_string(35 + 22 * wave + (i % 7));
        const auto more = std::to_string(48 + 22 * wave + (i % 11));
        const auto used = std::to_string(1200 + 6 * i);
        all += R"({"timestamp_ns":)" + std::to_string(time) +
               R"(000000000,"fingerprint":"nightly",)" + R"("metrics":{"cpu %":{"values":[)" + cpu +
               "," + more + R"(],"timestamps":[1,2]},"memory MiB":{"values":[)" + used +
               R"(],"timestamps":[1]},"rare":{"values":[)" +
               (i % 50 == 3 ? "1e300" : "\"7ff8000000000000\"") +
               R"(],"timestamps":[]}},"metadata":{"host":"a long name that stays as it is"}})" +
               "\n";
    }
    const scratch lines;
    tests::write_file(lines / "lines", all);
    REQUIRE(tool({"history", "--append", "-", file}, {.in_from = lines / "lines"}).status == 0);
}

void make_streams(const std::string& folder) {
    const auto stream = tests::chunks_of({{"database.db", tests::blob_of(std::string(2500, 'd'))},
                                          {"index.idx", tests::blob_of("i")}},
                                         512);
    for (const std::string& wire : tests::wires) {
        tests::write_file(folder + "/" + wire + ".stream", tests::stream_of(wire, stream));
    }
    auto lacking = stream;
    lacking.erase(lacking.begin() + 2, lacking.begin() + 4);
    tests::write_file(folder + "/lacking.stream", tests::stream_of("native", lacking));
}

const std::string hostile =
    "<script>alert(1)<script>\" onload='x' &amp; \x1b[2J \xff \xe2\x80\xae!";

} // namespace

TEST_CASE("a page of every kind of folder") {
    const scratch folder;
    const auto make = [&](const std::string& name) {
        std::filesystem::create_directories(folder / name);
        return folder / name;
    };
    check_page("empty", make("empty"));
    make_versions(make("versions"), false);
    check_page("versions", folder / "versions");
    make_versions(make("versions_damaged"), true);
    check_page("versions_damaged", folder / "versions_damaged", {"--keep-last", "2"});
    tests::copy_dakera(make("dakera"));
    check_page("dakera", folder / "dakera");
    tests::copy_dakera(make("dakera_damaged"));
    tests::damage_file(folder / "dakera_damaged/" + tests::dakera_ids::incremental1 + ".snap");
    tests::remove_file(folder / "dakera_damaged/" + tests::dakera_ids::special_floats + ".meta");
    check_page("dakera_damaged", folder / "dakera_damaged");
    static_cast<void>(tests::take_chain(make("chain")));
    check_page("chain", folder / "chain");
    const auto ids = tests::take_long_chain(make("chain_long"), 60);
    tests::remove_file(folder / "chain_long/" + ids[20] + ".meta");
    check_page("chain_long", folder / "chain_long", {"--keep-last", "5"});
    make_history(make("history") + "/run.history", 400);
    REQUIRE(tool({"history", "--cleanup", "1700180000000000000", folder / "history/run.history"})
                .status == 0);
    check_page("history", folder / "history");
    make_history(make("history_torn") + "/run.history", 30);
    {
        const auto file = folder / "history_torn/run.history";
        const auto text = tests::text_file(file);
        tests::write_file(file, std::string_view{text}.substr(0, text.size() - 9));
    }
    check_page("history_torn", folder / "history_torn");
    make("memvid");
    for (const char* name : {"many.mv2replay", "two.mv2replay", "active_busy.mv2active"}) {
        tests::write_file(folder / "memvid/" + name,
                          tests::text_file(TINTYPE_GOLDEN "/memvid/" + std::string{name}));
    }
    check_page("memvid", folder / "memvid");
    const scratch runs;
    tests::record_sessions(runs);
    check_page("sessions", runs.path());
    make_streams(make("streams"));
    check_page("streams", folder / "streams");
    REQUIRE(tool({"import", folder / "streams/native.stream", "-d", make("imported")}).status == 0);
    tests::damage_file(folder / "imported/database.db");
    check_page("imported", folder / "imported");
    make_versions(make("mixed"), true);
    static_cast<void>(tests::take_chain(folder / "mixed"));
    make_history(folder / "mixed/run.history", 40);
    make_streams(folder / "mixed");
    tests::write_file(folder / "mixed/notes.txt", "of no known format");
    std::filesystem::create_directories(folder / "mixed/older");
    check_page("mixed", folder / "mixed", {"--keep-last", "2"});
}

TEST_CASE("nothing that stands in a file acts on the page") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    const auto meta = folder / tests::dakera_ids::full + ".meta";
    tests::edit_file(meta, "\"nightly\"",
                     R"("<script>alert(1)</script>\" onload='x' \u001b[2J\u202e")");
    tests::write_file(folder / hostile, "no format");
    std::filesystem::create_directories(folder / "<img src=x>");
    const auto line = R"({"timestamp_ns":1,"fingerprint":"f","metrics":{"<script>m</script>'\"":)"
                      R"({"values":[1,2],"timestamps":[]}}})";
    REQUIRE(tool({"history", "--append", line, folder / "history"}).status == 0);
    std::filesystem::rename(folder / "history", folder / "<b>'history\"");
    const auto page = reported(folder.path());
    CHECK(!holds(page, "<script"));
    CHECK(!holds(page, "<img"));
    CHECK(!holds(page, "<b>'"));
    CHECK(!holds(page, "\x1b"));
    CHECK(!holds(page, "\xff"));
    CHECK(!holds(page, "\xe2\x80\xae"));
    CHECK(!holds(page, "onload='"));
    CHECK(holds(page, "&lt;script&gt;alert(1)&lt;script&gt;&quot; onload=&#39;x&#39; &amp;amp; "
                      "\\x1b[2J \\xff \\u{202e}!"));
    CHECK(holds(page, "&lt;script&gt;m&lt;/script&gt;&#39;&quot;"));
    CHECK(holds(page, "&lt;img src=x&gt;"));
    CHECK(holds(page, "&lt;b&gt;&#39;history&quot;"));
    check_page("hostile", folder.path());
    const auto facts = document(folder.path());
    CHECK(!holds(facts, "\x1b"));
    CHECK(!holds(facts, "\xff"));
}

TEST_CASE("what is damaged is told with the numbers, and changes no exit status") {
    const scratch folder;
    tests::copy_dakera(folder.path());
    CHECK(holds(reported(folder.path()), "Everything that can be checked is right."));
    CHECK(holds(document(folder.path()), R"("ok":true,"damage":[],)"));
    const auto data = folder / tests::dakera_ids::incremental1 + ".snap";
    const auto text = tests::text_file(data);
    tests::write_file(data, std::string_view{text}.substr(0, 40));
    const auto facts = document(folder.path());
    const auto verified = tool({"verify", "--json", folder.path()});
    CHECK(holds(facts, R"("damage":[{"file":")" + tests::dakera_ids::incremental2 + ".meta"));
    CHECK(holds(facts, R"("rests":true)"));
    CHECK(
        holds(facts, R"({"file":")" + tests::dakera_ids::incremental1 + ".snap" +
                         R"(","format":"dakera-snap","id":")" + tests::dakera_ids::incremental1 +
                         R"(","rests":false,"code":"truncated","message":"truncated: 40 bytes, )"));
    CHECK(holds(verified.out, R"("message":"truncated: 40 bytes, )"));
    const auto page = reported(folder.path());
    CHECK(holds(page, "1 thing is damaged; 1 snapshot rests on damaged ones."));
    CHECK(holds(page, "truncated: 40 bytes, at least "));
}

TEST_CASE("what retention would do is what prune says") {
    const scratch folder;
    make_versions(folder.path(), true);
    const ran dry = tool({"prune", folder.path(), "--keep-last", "2", "--dry-run", "--json"});
    CHECK(holds(dry.out, R"("removed":[1,2,3,4,5])"));
    const auto facts = document(folder.path(), {"--keep-last", "2"});
    CHECK(holds(facts, R"("retention":[{"rules":"--keep-last 2","example":false,"of":"versions",)"
                       R"("refused":null,)"));
    CHECK(count_of(facts, R"("keep":false,"reason":"no rule keeps it")") == 5);
    CHECK(count_of(facts, R"("keep":true,"reason":"one of the last 2")") == 2);
    CHECK(holds(reported(folder.path(), {"--keep-last", "2"}), "<p>5 of 7 would go, "));
    const auto examples = document(folder.path());
    CHECK(count_of(examples, R"("example":true)") == 2);
    CHECK(holds(examples, R"("rules":"--keep-last 3")"));

    const tests::own_chain chain;
    const auto of_chain = document(chain.folder.path(), {"--keep-last", "1"});
    const ran pruned =
        tool({"prune", chain.folder.path(), "--keep-last", "1", "--dry-run", "--json"});
    CHECK(count_of(of_chain, R"("keep":false)") == count_of(pruned.out, R"("keep":false)"));
    CHECK(holds(of_chain, R"("reason":"needed by )" + chain.ids[1] + "\""));
    tests::damage_file(chain.meta(3));
    CHECK(holds(document(chain.folder.path(), {"--keep-last", "1"}),
                R"("refused":")" + chain.ids[3] + ".meta cannot be read"));
}

TEST_CASE("figures of versions, chains and histories") {
    const scratch folder;
    for (int i = 0; i != 2; ++i) {
        save(folder.path(), "large");
    }
    const auto size = std::filesystem::file_size(version_file(folder.path(), 2));
    const auto facts = document(folder.path());
    CHECK(holds(facts, R"("unchanged":0,)"));
    // All but the header, the lengths of four sections and the checksum is as before.
    CHECK(holds(facts, R"("unchanged":)" + std::to_string(size - 41) + ","));

    const tests::own_chain chain;
    const auto of_chain = document(chain.folder.path());
    CHECK(count_of(of_chain, R"("restore_links":1,)") == 1);
    CHECK(count_of(of_chain, R"("restore_links":2,)") == 2);
    CHECK(count_of(of_chain, R"("restore_links":3,)") == 1);

    make_history(folder / "run.history", 10);
    const auto of_history = document(folder.path());
    CHECK(holds(of_history,
                R"("profiles":true,"every":1,"more_metrics":0,"metrics":[{"name":"cpu %",)"
                R"("unplotted":0,"points":[{"time_ns":1700000000000000000,)"));
    CHECK(holds(of_history, R"({"name":"rare","unplotted":9,"points":[)"));
    CHECK(holds(reported(folder.path()),
                "rare <span>mean, and least to greatest; 9 values not finite"));
}

TEST_CASE("the page is written whole, in place of what was there, and is not about itself") {
    const scratch folder;
    make_versions(folder.path(), false);
    const words call =
        joined({"report", folder.path(), "-o", folder / "report.html"}, at_that_time);
    CHECK(tool(call).status == 0);
    const auto first = tests::text_file(folder / "report.html");
    CHECK(tool(call).status == 0);
    CHECK(tests::text_file(folder / "report.html") == first);
    CHECK(!holds(first, "report.html"));
    const ran both = tool(joined(call, {"--json"}));
    CHECK(both.status == 0);
    CHECK(both.out == document(folder.path(), {"-o", folder / "report.html"}));
    const ran full = tool(call, {.file_limit = 1000});
    CHECK(full.status != 0);
    CHECK(tests::text_file(folder / "report.html") == first);
    const ran seconds = tool({"report", folder.path(), "-o", "-", "--now", "1700481600"});
    CHECK(holds(seconds.out, "as of 20 Nov 2023, 12:00:00 UTC"));
}

TEST_CASE("calls that make no sense, and folders that are not there") {
    const scratch folder;
    CHECK(tool({"report", folder.path()}).status == 2);
    CHECK(tool({"report", folder.path(), "--json", "-o", "-"}).status == 2);
    for (const char* time : {"yesterday", "2023-02-30T00:00:00Z", "2023-01-01T24:00:00Z",
                             "2023-01-01 00:00:00Z", "99999999999", "-1", ""}) {
        CAPTURE(time);
        const ran call = tool({"report", folder.path(), "--json", std::string{"--now="} + time});
        CHECK(call.status == 2);
    }
    CHECK(tool({"report", folder.path(), "--json", "--keep-last", "0"}).status == 2);
    CHECK(tool({"report", folder / "missing", "--json"}).status == 3);
    CHECK(tool({"report", folder.path(), "-o", folder / "missing/page"}).status == 3);
    CHECK(tool({"report", folder.path(), "-o", folder.path()}).status == 3);
    tests::write_file(folder / "file", "x");
    CHECK(tool({"report", folder / "file", "--json"}).status == 3);
}
