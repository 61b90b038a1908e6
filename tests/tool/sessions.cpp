// `sessions`, `session`, `compare`, and what `inspect`, `verify` and `rewrite` make of memvid's
// files: against what memvid's own types say of them.

#include <tintype/codec/json.hpp>
#include <tintype/hash/hex.hpp>

#include "chain_folders.hpp"
#include "run.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::count_of;
using tests::holds;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;

// A file that memvid wrote, or what its types say is in it.
[[nodiscard]] std::string memvid(const std::string& name) {
    return TINTYPE_GOLDEN "/memvid/" + name;
}

const std::string two = memvid("two.mv2replay");
const std::string many = memvid("many.mv2replay");
const words two_ids{"08abc783-7727-122a-c6fe-e6f9f463f3a4", "d765fc18-8d64-4310-91bf-f82684d3af27"};

// Without spaces, and with the keys in order.
[[nodiscard]] std::string canonical(std::string_view text) {
    const auto value =
        tintype::decode<tintype::json<>, tintype::json_value>(tintype::bytes_of(text));
    REQUIRE(value.has_value());
    return std::string{value->text()};
}

// Digests as memvid's types write them: as lists of bytes.
[[nodiscard]] std::string with_lists(const std::string& text) {
    std::string all;
    for (std::size_t at = 0; at != text.size();) {
        constexpr std::size_t digits = 64;
        if (text[at] == '"' && at + digits + 1 < text.size() && text[at + digits + 1] == '"') {
            if (const auto bytes = tintype::bytes_from_hex(text.substr(at + 1, digits))) {
                for (const std::byte& each : *bytes) {
                    all += (&each == bytes->data() ? "[" : ",") +
                           std::to_string(std::to_integer<unsigned>(each));
                }
                all += ']';
                at += digits + 2;
                continue;
            }
        }
        all += text[at++];
    }
    return all;
}

[[nodiscard]] words ids_in(const std::string& json) {
    words all;
    constexpr std::string_view name = "{\"id\":\"";
    for (auto at = json.find(name); at != std::string::npos; at = json.find(name, at)) {
        at += name.size();
        all.push_back(json.substr(at, 36));
    }
    return all;
}

// One line on standard error.
void check_refused(const words& call, int status, std::string_view part) {
    const ran refused = tool(call);
    CAPTURE(call.front());
    CAPTURE(refused.err);
    CHECK(refused.status == status);
    CHECK(count_of(refused.err, "\n") == 1);
    CHECK(refused.err.starts_with("tintype: "));
    CHECK(holds(refused.err, part));
}

[[nodiscard]] std::string changed(const std::string& bytes, std::size_t at, unsigned by) {
    auto copy = bytes;
    copy[at] = static_cast<char>(static_cast<unsigned char>(copy[at]) ^ by);
    return copy;
}

// That `verify` refuses every file in the folder.
void check_all_bad(const scratch& folder, std::size_t count) {
    const ran seen = tool({"verify", folder.path(), "--json"});
    CHECK(seen.status == 1);
    CHECK(seen.err == "");
    CHECK(count_of(seen.out, "\"ok\":false,\"error\"") == count);
    CHECK(count_of(seen.out, "\"ok\":true") == 0);
}

} // namespace

TEST_CASE("every session in JSON is what memvid's own types say") {
    for (const std::string name : {"none", "one", "two", "many"}) {
        CAPTURE(name);
        const auto file = memvid("" + name + ".mv2replay");
        const ran list = tool({"sessions", file, "--json"});
        CHECK(list.status == 0);
        CHECK(list.err == "");
        std::string all = "[";
        for (const std::string& id : ids_in(list.out)) {
            const ran one = tool({"session", file, id, "--json"});
            CHECK(one.status == 0);
            CHECK(one.err == "");
            CHECK(count_of(one.out, "\n") == 1);
            all += (all.size() == 1 ? "" : ",") + with_lists(one.out);
        }
        const auto expected = tests::text_file(memvid("" + name + ".expected.json"));
        CHECK((canonical(all + "]") == canonical(expected)));
    }
    for (const std::string name : {"active_new", "active_busy"}) {
        CAPTURE(name);
        const auto file = memvid("" + name + ".mv2active");
        const auto ids = ids_in(tool({"sessions", file, "--json"}).out);
        REQUIRE(ids.size() == 1);
        const ran one = tool({"session", file, ids[0].substr(0, 5), "--json"});
        CHECK(one.status == 0);
        const auto expected = tests::text_file(memvid("" + name + ".expected.json"));
        CHECK(canonical(expected).ends_with("\"session\":" + canonical(with_lists(one.out)) + "}"));
    }
}

TEST_CASE("what inspect and sessions say, in JSON") {
    const std::string rows =
        R"("sessions":[{"id":"08abc783-7727-122a-c6fe-e6f9f463f3a4","name":"emoji😀--nl\nline",)"
        R"("created_secs":1700000000,"ended_secs":1700009999,"actions":2,"checkpoints":0},)"
        R"({"id":"d765fc18-8d64-4310-91bf-f82684d3af27","name":null,"created_secs":1700000000,)"
        R"("ended_secs":1700009999,"actions":1,"checkpoints":1}]})"
        "\n";
    CHECK(tool({"sessions", two, "--json"}).out == "{" + rows);
    CHECK(tool({"inspect", two, "--json"}).out ==
          R"({"format":"memvid-segment","version":1,"size":3117,)" + rows);
    const auto fresh = memvid("active_new.mv2active");
    const std::string row =
        R"({"id":"83346762-50fc-6b24-2273-31ac4d3ffdd2","name":"del\u007f-del\u007f- - ",)"
        R"("created_secs":1700000000,"ended_secs":null,"actions":0,"checkpoints":0})";
    CHECK(tool({"sessions", fresh, "--json"}).out == "{\"sessions\":[" + row + "]}\n");
    CHECK(tool({"inspect", fresh, "--json"}).out ==
          R"({"format":"memvid-active","size":196,"session":)" + row +
              R"(,"next_checkpoint_id":0,"actions_since_checkpoint":0,)"
              R"("config":{"auto_checkpoint_interval":10,"max_actions_per_session":null,)"
              R"("auto_record":false}})"
              "\n");
    CHECK(tool({"sessions", memvid("none.mv2replay"), "--json"}).out == "{\"sessions\":[]}\n");
}

TEST_CASE("what memvid wrote is good, and is written again byte for byte") {
    const scratch folder;
    for (const std::string name :
         {"none.mv2replay", "one.mv2replay", "two.mv2replay", "many.mv2replay",
          "active_new.mv2active", "active_busy.mv2active"}) {
        CAPTURE(name);
        const auto file = memvid("" + name);
        const ran again = tool({"rewrite", file, "-o", folder / name, "--json"});
        CHECK(again.status == 0);
        CHECK(again.out.ends_with(",\"identical\":true}\n"));
        CHECK(tests::text_file(folder / name) == tests::text_file(file));
    }
    const ran all = tool({"verify", folder.path()});
    CHECK(all.status == 0);
    CHECK(all.err == "");
    CHECK(count_of(all.out, "ok   ") == 6);
    CHECK(holds(all.out, "ok   " + folder / "two.mv2replay" + "  memvid-segment, 3.0 KiB\n"));
    CHECK(holds(all.out, "ok   " + folder / "active_new.mv2active" + "  memvid-active, 196 B\n"));
    check_refused({"unpack", two, "-d", folder / "x"}, 2, "memvid-segment is not made of sections");
}

TEST_CASE("an id, the beginning of one, and what is none") {
    const auto whole = tool({"session", many, "3de46dd0-1a80-fd6e-a317-c372ee24c2d5"});
    CHECK(whole.status == 0);
    CHECK(whole.out.starts_with("session      3de46dd0-1a80-fd6e-a317-c372ee24c2d5\n"));
    for (const std::string id :
         {"3d", "3DE46dd0", "3de46dd0-", "3de46dd01a80", "3de46dd0-1a80-FD6E"}) {
        CAPTURE(id);
        CHECK(tool({"session", many, id}).out == whole.out);
    }
    check_refused({"session", many, "3"}, 2,
                  "`3` is the beginning of 2 ids: 3de46dd0-1a80-fd6e-a317-c372ee24c2d5, "
                  "311bb9bf-f812-d303-ab20-29a2c3cfde65");
    check_refused({"compare", many, "3d", "3"}, 2, "`3` is the beginning of 2 ids");
    check_refused({"session", many, ""}, 2, "not nothing");
    for (const std::string id :
         {"9", "3de46dd0-1a80-fd6e-a317-c372ee24c2d50", "-", "\x1b[2J", "é"}) {
        check_refused({"session", many, id}, 3, "not found: session ");
        check_refused({"compare", many, id, "3d"}, 3, "lists the 4 there are");
    }
    check_refused({"session", many}, 2, "ID is required");
    check_refused({"compare", many, "3d"}, 2, "B is required");
    check_refused({"sessions", "/nowhere"}, 3, "not found");
    check_refused({"sessions", tests::golden("empty.v2.vamm")}, 2,
                  "there are no sessions in a vamm-2");
}

TEST_CASE("two sessions are compared") {
    const ran parted = tool({"compare", two, two_ids[0], "d7", "--json"});
    CHECK(parted.status == 0);
    CHECK(parted.err == "");
    CHECK(parted.out ==
          R"({"identical":false,"only_in_a":[1],"only_in_b":[],"differing":[{"sequence":0,)"
          R"("reason":"frame_id: 351337218906569 against 4217274703855682"}],"matching":0,)"
          R"("first_divergence":{"sequence":0,"checkpoint":null,)"
          R"("reason":"frame_id: 351337218906569 against 4217274703855682"}})"
          "\n");
    CHECK(holds(tool({"compare", two, "d7", "08", "--json"}).out,
                R"("only_in_a":[],"only_in_b":[1],)"));
    CHECK(tool({"compare", two, "08", two_ids[0], "--json"}).out ==
          R"({"identical":true,"only_in_a":[],"only_in_b":[],"differing":[],"matching":2,)"
          R"("first_divergence":null})"
          "\n");
    CHECK(tool({"compare", two, "08", "d7"}).out ==
          "a            08abc783-7727-122a-c6fe-e6f9f463f3a4  emoji😀--nl\\x0aline\n"
          "b            d765fc18-8d64-4310-91bf-f82684d3af27\n"
          "identical    no\n"
          "first parts  action 0: frame_id: 351337218906569 against 4217274703855682\n"
          "matching     0\n"
          "only in a    1\n"
          "only in b    none\n"
          "differing\n"
          "  SEQUENCE  REASON\n"
          "         0  frame_id: 351337218906569 against 4217274703855682\n");
    CHECK(holds(tool({"compare", two, "08", "08"}).out,
                "identical    yes\nfirst parts  nowhere\nmatching     2\n"));
    CHECK(holds(tool({"compare", many, "52", "311"}).out, "only in b    40 to 99\n"));
}

TEST_CASE("what people see, on a terminal and elsewhere") {
    CHECK(
        tool({"sessions", two}).out ==
        "ID                                    NAME                CREATED (UTC)        DURATION"
        "  ACTIONS  CHECKPOINTS\n"
        "08abc783-7727-122a-c6fe-e6f9f463f3a4  emoji😀--nl\\x0aline  2023-11-14 22:13:20       2 h"
        "        2            0\n"
        "d765fc18-8d64-4310-91bf-f82684d3af27  -                   2023-11-14 22:13:20       2 h"
        "        1            1\n");
    const words plain{"NO_COLOR=1"};
    CHECK(tests::tool_on_terminal({"sessions", two}, 80, plain).out ==
          "ID        NAME               CREATED (UTC)        DURATION  ACTIONS  CHECKPOINTS\n"
          "08abc783  emoji😀--nl\\x0a...  2023-11-14 22:13:20       2 h        2            0\n"
          "d765fc18  -                  2023-11-14 22:13:20       2 h        1            1\n");
    CHECK(tests::tool_on_terminal({"session", two, "08"}, 80, plain).out ==
          "session      08abc783-7727-122a-c6fe-e6f9f463f3a4\n"
          "name         emoji😀--nl\\x0aline\n"
          "created      2023-11-14 22:13:20 UTC\n"
          "ended        2023-11-15 00:59:59 UTC, after 2 h\n"
          "actions      2\n"
          "checkpoints  0\n"
          "metadata\n"
          "  KEY  VALUE\n"
          "  k0   back\\slash-line\\u{2028}sep\n"
          "  k1    -del\\x7f- -βeta\n"
          "  k2   γ-line\\u{2028}sep\n"
          "\n"
          "SEQ  TIME (UTC)           ACTION      WHAT\n"
          "  0  2023-11-14 22:13:20  PUT         frame_id 351337218906569, 4558 ms, affe...\n"
          "     in  3d78ab13ddd79c6a  \"alpha-slash/-γ-back\\slash\"\n"
          "     out a3e05df5c7075192  \"back\\slash-nl\\x0aline\"\n"
          "  1  2023-11-14 22:13:21  PUT_MANY    frame_ids [3925956506, 7867974061, ... ...\n"
          "     in  2ca984e638bbf36f  \"line\\u{2028}sep-emoji😀\"\n"
          "     out e9226aceafeee191  \"-tab\\x09here-del\\x7f-back\\slash\"\n");
    const ran one = tool({"session", memvid("one.mv2replay"), "4"});
    CHECK(holds(one.out,
                "\n  -  2023-11-14 22:15:00  checkpoint 0  state 58b5db124463c4c7, 933306 frames, "
                "generation 151, wal "));
    // Behind the first action, and before the second.
    CHECK(one.out.find("checkpoint 0") > one.out.find("\n  0  "));
    CHECK(one.out.find("checkpoint 0") < one.out.find("\n  1  "));
    for (const unsigned columns : {30U, 80U, 200U}) {
        const auto text = tests::tool_on_terminal({"session", many, "311"}, columns, plain).out;
        CHECK(!holds(text, "\x1b"));
        CHECK(text.find_first_of("\x07\x08\r\x7f") == std::string::npos);
        const ran coloured = tests::tool_on_terminal({"session", many, "311"}, columns);
        CHECK(coloured.status == 0);
        CHECK(holds(coloured.out, "\x1b[1mSEQ  TIME (UTC)"));
    }
}

TEST_CASE("a file that is cut anywhere is bad, and what is before the cut is still there") {
    const scratch folder;
    std::size_t count = 0;
    for (const std::string name : {"none.mv2replay", "active_new.mv2active"}) {
        const auto bytes = tests::text_file(memvid("" + name));
        for (std::size_t size = 0; size != bytes.size(); ++size) {
            tests::write_file(folder / (std::to_string(size) + name), bytes.substr(0, size));
            ++count;
        }
    }
    const auto bytes = tests::text_file(two);
    for (std::size_t size = 0; size < bytes.size(); size += size < 120 ? 1 : 37) {
        tests::write_file(folder / (std::to_string(size) + "two.mv2replay"), bytes.substr(0, size));
        ++count;
    }
    check_all_bad(folder, count);
    for (const std::string name :
         {"0none.mv2replay", "7none.mv2replay", "8none.mv2replay", "23none.mv2replay",
          "8active_new.mv2active", "100active_new.mv2active", "119two.mv2replay"}) {
        for (const words& call : {words{"inspect"}, {"sessions"}, {"verify"}}) {
            const ran refused = tool(tests::joined(call, {folder / name}));
            CAPTURE(name);
            CHECK(refused.status == 1);
            CHECK(count_of(refused.err, "\n") + count_of(refused.out, "BAD") == 1);
        }
        check_refused({"session", folder / name, "08"}, 1, name);
        check_refused({"compare", folder / name, "08", "d7"}, 1, name);
        check_refused({"rewrite", folder / name, "-o", folder / "out"}, 1, name);
    }
    CHECK(!tests::exists(folder / "out"));

    tests::write_file(folder / "cut", bytes.substr(0, bytes.size() - 1));
    const ran list = tool({"sessions", folder / "cut", "--json"});
    CHECK(list.status == 1);
    CHECK(holds(list.err, "truncated in total_size: 3116 bytes, at least 3117 needed"));
    CHECK(ids_in(list.out) == words{two_ids[0]});
    CHECK(holds(list.out, R"(],"error":{"code":"truncated","message":"truncated in total_size)"));
    const ran one = tool({"session", folder / "cut", "08", "--json"});
    CHECK(one.status == 1);
    CHECK(holds(one.out, R"("session_id":"08abc783-7727-122a-c6fe-e6f9f463f3a4")"));
    CHECK(holds(one.out, R"("version":1,"error":{"code":"truncated",)"));
    check_refused({"session", folder / "cut", "d7"}, 1, "truncated in total_size");
    check_refused({"compare", folder / "cut", "08", "08"}, 1, "truncated in total_size");
}

TEST_CASE("another version, bytes behind the end, a digest that does not hold") {
    const scratch folder;
    const auto bytes = tests::text_file(memvid("one.mv2replay"));
    tests::write_file(folder / "newer", changed(bytes, 8, 3));
    check_refused({"sessions", folder / "newer"}, 1, "unsupported version");
    CHECK(holds(tool({"verify", folder / "newer"}).out,
                "memvid-segment: unsupported version in version 2, the newest known is 1"));
    tests::write_file(folder / "longer", bytes + "x");
    check_refused({"sessions", folder / "longer"}, 1, "trailing bytes in total_size");

    const auto digest = tintype::bytes_from_hex("58b5db124463c4c7");
    REQUIRE(digest.has_value());
    const auto at = bytes.find(tintype::text_of(*digest));
    REQUIRE(at != std::string::npos);
    tests::write_file(folder / "digest", changed(bytes, at, 1));
    const std::string said = "checksum mismatch in session 4edcdc67-28f7-758e-d1f6-64100ab15a56 "
                             "checkpoint 0 state_hash: stored 59b5db124463c4c7, computed "
                             "58b5db124463c4c7";
    CHECK(holds(tool({"verify", folder / "digest"}).out, said));
    check_refused({"inspect", folder / "digest"}, 1, said);
    check_refused({"rewrite", folder / "digest", "-o", folder / "out"}, 1, "checksum mismatch");
    const ran shown = tool({"session", folder / "digest", "4e"});
    CHECK(shown.status == 1);
    CHECK(holds(shown.err, said));
    CHECK(holds(shown.out, "checkpoint 0  state 59b5db124463c4c7"));
    CHECK(tool({"sessions", folder / "digest"}).status == 0); // its list is whole
}

TEST_CASE("changed bits are refused or read, and never more") {
    const scratch folder;
    const auto fresh = tests::text_file(memvid("active_new.mv2active"));
    const auto segment = tests::text_file(two);
    for (std::size_t i = 0; i != fresh.size(); ++i) {
        tests::write_file(folder / (std::to_string(i) + ".mv2active"),
                          changed(fresh, i, 1U << i % 8));
    }
    for (std::size_t i = 0; i < segment.size(); i += i < 160 ? 1 : 29) {
        tests::write_file(folder / (std::to_string(i) + ".mv2replay"),
                          changed(segment, i, 1U << i % 8));
    }
    const ran all = tool({"verify", folder.path(), "--json"});
    CHECK(all.status == 1);
    CHECK(all.err == "");
    for (const std::size_t i : {8UL, 12UL, 16UL, 24UL, 32UL, 39UL, 56UL, 57UL, 80UL, 120UL}) {
        const auto file = folder / (std::to_string(i) + ".mv2replay");
        for (const words& call : {words{"inspect", file},
                                  {"sessions", file},
                                  {"session", file, "08"},
                                  {"compare", file, "08", "d7"}}) {
            const ran seen = tool(call);
            CAPTURE(i);
            CAPTURE(seen.err);
            CHECK(seen.status >= 0);
            CHECK(seen.status <= 3);
            CHECK(count_of(seen.err, "\n") == (seen.status == 0 ? 0 : 1));
        }
    }
}
