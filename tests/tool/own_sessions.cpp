// The library's own segments and journals of sessions, made by the library itself: with actions
// that the tool knows, and with some that it cannot.

#include <tintype/replay/recorder.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/storage/directory.hpp>

#include "chain_folders.hpp"
#include "run.hpp"
#include "session_folders.hpp"
#include "support/clock.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace {

using tests::count_of;
using tests::holds;
using tests::ran;
using tests::record_sessions;
using tests::scratch;
using tests::tool;
using tests::words;

const std::string first_id = "00000000-0000-0000-0000-000000000001";
const std::string second_id = "00000000-0000-0000-0000-000000000002";

} // namespace

TEST_CASE("a segment of the library's own, of actions that the tool knows") {
    const scratch folder;
    record_sessions(folder);
    const auto file = folder / "runs";
    const std::string rows =
        R"("sessions":[{"id":"00000000-0000-0000-0000-000000000001","name":"first \u001b[2J",)"
        R"("created_secs":1700000000,"ended_secs":1700000003,"actions":4,"checkpoints":1},)"
        R"({"id":"00000000-0000-0000-0000-000000000002","name":"again",)"
        R"("created_secs":1700000003,"ended_secs":1700000006,"actions":4,"checkpoints":1}]})"
        "\n";
    CHECK(tool({"sessions", file, "--json"}).out == "{" + rows);
    const ran facts = tool({"inspect", file, "--json"});
    CHECK(facts.status == 0);
    CHECK(facts.out.starts_with(R"({"format":"session-segment","version":1,"size":)"));
    CHECK(holds(facts.out, R"(,"live_size":)"));
    CHECK(holds(facts.out, R"(,"tail_bytes":0,"schema":")"));
    CHECK(facts.out.ends_with(rows));
    CHECK(!holds(tool({"inspect", file}).out, "\x1b"));
    const ran one = tool({"session", file, first_id, "--json"});
    CHECK(one.status == 0);
    CHECK(
        holds(one.out, R"("action_type":{"Find":{"query":"what","mode":"lex","result_count":3}})"));
    CHECK(holds(one.out, R"("input_preview":"frame")"));
    CHECK(holds(tool({"session", file, first_id}).out,
                "  0  2023-11-14 22:13:21  PUT         frame_id 0, 7 ms, affected [0]\n"));
    CHECK(holds(tool({"compare", file, first_id, second_id, "--json"}).out,
                R"("differing":[{"sequence":3,"reason":"query: \"what\" against \"other\""}],)"
                R"("matching":3)"));
    const ran all = tool({"verify", folder.path()});
    CAPTURE(all.out);
    CHECK(all.status == 0);
    CHECK(holds(all.out, "ok   " + file + "  session-segment, "));
    CHECK(holds(all.out, "ok   " + file + ".active  session-journal, "));
    CHECK(count_of(all.out, "\n") == 2);
    const ran again = tool({"rewrite", file, "-o", folder / "out"});
    CHECK(again.status == 2);
    CHECK(holds(again.err, "`sessions` and `session` show those in it"));
}

TEST_CASE("the journal of a session that goes on") {
    const scratch folder;
    record_sessions(folder);
    const auto file = folder / "runs.active";
    const std::string row =
        R"({"id":"00000000-0000-0000-0000-000000000003","name":"again","created_secs":1700000006,)"
        R"("ended_secs":null,"actions":4,"checkpoints":1})";
    CHECK(tool({"sessions", file, "--json"}).out == "{\"sessions\":[" + row + "]}\n");
    const ran facts = tool({"inspect", file, "--json"});
    CHECK(facts.status == 0);
    CHECK(facts.out.starts_with(R"({"format":"session-journal","version":1,"size":)"));
    CHECK(
        holds(facts.out,
              R"("next_sequence":4,"next_checkpoint_id":1,"actions_since_checkpoint":2,"config":{)"
              R"("auto_checkpoint_interval":2,"max_actions_per_session":null,)"
              R"("auto_record":false})"));
    CHECK(facts.out.ends_with(",\"session\":" + row + "}\n"));
    CHECK(holds(tool({"session", file, "0000", "--json"}).out, R"("ended_secs":null)"));
    CHECK(holds(tool({"compare", file, "0", "0"}).out, "identical    yes\n"));
    CHECK(tool({"rewrite", file, "-o", folder / "out"}).status == 2);
}

TEST_CASE("any byte that is changed in a segment or a journal is found") {
    const scratch folder;
    record_sessions(folder);
    for (const std::string name : {"runs", "runs.active"}) {
        const auto bytes = tests::text_file(folder / name);
        const scratch changed;
        std::size_t count = 0;
        for (std::size_t i = 8; i < bytes.size(); i += 3, ++count) {
            auto copy = bytes;
            copy[i] = static_cast<char>(copy[i] ^ 0x10);
            tests::write_file(changed / std::to_string(i), copy);
        }
        const ran all = tool({"verify", changed.path(), "--json"});
        CHECK(all.status == 1);
        CHECK(all.err == "");
        CHECK(count_of(all.out, "\"ok\":false,\"error\"") == count);
        CHECK(count_of(all.out, "\"ok\":true") == 0);
        for (std::size_t i = 8; i < bytes.size(); i += 297) {
            for (const std::string command : {"inspect", "sessions"}) {
                const ran seen = tool({command, changed / std::to_string(i), "--json"});
                CAPTURE(i);
                CAPTURE(seen.err);
                CHECK(seen.status <= 1);
                CHECK(count_of(seen.err, "\n") == (seen.status == 0 ? 0 : 1));
            }
        }
    }
}

TEST_CASE("damage costs the session that it is in, and a torn tail what is torn") {
    const scratch folder;
    record_sessions(folder, false);
    const auto file = folder / "runs";
    const auto bytes = tests::text_file(file);
    const auto at = bytes.find("what"); // in the first session
    REQUIRE(at != std::string::npos);
    auto copy = bytes;
    copy[at] = 'W';
    tests::write_file(folder / "bad", copy);
    const ran seen = tool({"verify", folder / "bad"});
    CHECK(seen.status == 1);
    CHECK(holds(seen.out, "session-segment: checksum mismatch in record"));
    CHECK(tool({"session", folder / "bad", first_id}).status == 1);
    CHECK(tool({"session", folder / "bad", second_id}).status == 0);
    const ran facts = tool({"inspect", folder / "bad", "--json"});
    CHECK(facts.status == 1);
    CHECK(holds(facts.out, R"("damage":[{"offset":)"));
    CHECK(holds(facts.out, second_id));

    tests::write_file(folder / "torn", bytes.substr(0, bytes.size() - 20));
    const ran torn = tool({"verify", folder / "torn"});
    CAPTURE(torn.out);
    CHECK(torn.status == 1);
    CHECK(holds(torn.out, "tail"));
    CHECK(holds(torn.out, "the next writer cuts it off"));
    const ran list = tool({"sessions", folder / "torn", "--json"});
    CHECK(list.status == 1);
    CHECK(holds(list.out, second_id)); // only its page is torn
    CHECK(holds(list.out, "\"error\":{\"code\":\"truncated_section\""));
}

TEST_CASE("of sessions with other actions the tool knows what every session says of itself") {
    const scratch folder;
    const tests::manual_clock clock{tintype::timestamp{std::chrono::seconds{1700000000}}};
    auto made = tests::bank_recorder<tests::whole_banks, tintype::directory>::open(
        tintype::directory{folder.path()}, "bank", {}, {}, clock);
    REQUIRE(made.has_value());
    for (int run = 0; run != 2; ++run) {
        tests::bank state;
        REQUIRE(made->start("bank").has_value());
        REQUIRE(tests::bank_on(*made, state, 0, 7).has_value());
        REQUIRE((run == 1 || made->end().has_value()));
    }
    for (const std::string name : {"bank", "bank.active"}) {
        CAPTURE(name);
        const auto file = folder / name;
        const std::string id = name == "bank" ? first_id : second_id;
        const ran list = tool({"sessions", file, "--json"});
        CHECK(list.status == 0);
        CHECK(holds(list.out, "{\"sessions\":[{\"id\":\"" + id + "\",\"name\":\"bank\""));
        CHECK(holds(list.out, "\"actions\":7,\"checkpoints\":0}]}"));
        CHECK(tool({"verify", file}).status == 0);
        CHECK(tool({"inspect", file}).status == 0);
        for (const words& call : {words{"session", file, id}, {"compare", file, id, id}}) {
            const ran refused = tool(call);
            CHECK(refused.status == 2);
            CHECK(count_of(refused.err, "\n") == 1);
            CHECK(holds(refused.err, "the tool does not know the actions in them"));
        }
        // Records are checked all the same.
        auto bytes = tests::text_file(file);
        bytes[bytes.find("account")] ^= 1;
        tests::write_file(folder / "bad", bytes);
        CHECK(tool({"verify", folder / "bad"}).status == 1);
    }
}
