// A recorder: what it recorded is in the session that comes back, whoever ended it and whenever the
// program stopped; checkpoints come when they are due, and limits are kept.

#include <tintype/replay/recorder.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::bank;
using tests::bank_on;
using tests::said;
using tintype::memory_storage;
using tintype::recorder_options;

using recorder = tests::bank_recorder<tests::changed_banks, memory_storage>;

const tintype::timestamp noon{1'700'000'000s};

tintype::result<recorder> opened(const memory_storage& storage, recorder_options options = {},
                                 tests::counted_uuids ids = {}) {
    return recorder::open(storage, "bank", options, {}, tests::manual_clock{noon}, std::move(ids));
}

recorder_options every(std::uint64_t interval) {
    return {.config = {.auto_checkpoint_interval = interval}};
}

} // namespace

TEST_CASE("a session that ended comes back with all that was recorded") {
    const memory_storage storage;
    auto made = opened(storage, every(4));
    REQUIRE(said(made) == "no error");
    CHECK(!made->recording());
    const auto id = made->start("the first", {{"branch", "main"}});
    REQUIRE(said(id) == "no error");
    CHECK(made->recording() == *id);
    bank state{};
    REQUIRE(said(bank_on(*made, state, 0, 10)) == "no error");
    CHECK(made->progress().actions == 10);
    REQUIRE(said(made->annotate("reason", "a test")) == "no error");
    REQUIRE(said(made->annotate("branch", "other")) == "no error");
    const auto before = made->active();
    REQUIRE(said(before) == "no error");
    CHECK(!before->ended_secs);
    const auto summary = made->end();
    REQUIRE(said(summary) == "no error");
    CHECK(!made->recording());
    CHECK(summary->session_id == *id);
    CHECK(summary->action_count == 10);
    CHECK(summary->checkpoint_count == 2);

    const auto back = made->sessions().read(*id);
    REQUIRE(said(back) == "no error");
    CHECK(back->name == "the first");
    CHECK(back->created_secs == 1'700'000'000);
    CHECK(back->ended_secs == 1'700'000'000);
    CHECK(back->version == 1);
    CHECK(back->metadata == tintype::session_metadata{{"branch", "other"}, {"reason", "a test"}});
    CHECK(summary_of(*back) == *summary);
    auto same = *back;
    same.ended_secs.reset();
    CHECK(same == *before);
    REQUIRE(back->actions.size() == 10);
    for (std::uint64_t i = 0; i != 10; ++i) {
        const auto& action = back->actions[i];
        CHECK(action.sequence == i);
        CHECK(action.action == tests::bank_action_at(i));
        CHECK(action.affected == std::vector<std::uint64_t>{i, i + 1});
        CHECK(action.duration_ms == i);
        CHECK(action.input_preview.empty());
        CHECK(action.input_hash == tintype::blake3_digest{});
        CHECK(action.output_hash ==
              tintype::observe(tintype::bytes_of(action.output_preview)).hash);
    }
    REQUIRE(back->checkpoints.size() == 2);
    CHECK(back->checkpoints[0].at_sequence == 3);
    CHECK(back->checkpoints[0].snapshot.next_sequence == 4);
    CHECK(!back->checkpoints[0].snapshot.base);
    CHECK(back->checkpoints[1].at_sequence == 7);
    CHECK(back->checkpoints[1].snapshot.base == 0);
    CHECK(storage.names().value() == std::vector<std::string>{"bank"});
}

TEST_CASE("a session that nobody ended goes on where it was") {
    const memory_storage storage;
    const tests::counted_uuids ids;
    bank state{};
    tintype::uuid id;
    {
        auto made = opened(storage, every(4), ids);
        REQUIRE(said(made) == "no error");
        id = made->start().value();
        REQUIRE(said(bank_on(*made, state, 0, 7)) == "no error");
    }
    auto made = opened(storage, every(100), ids); // the session keeps the interval it began with
    REQUIRE(said(made) == "no error");
    CHECK(made->recording() == id);
    CHECK(made->recovered().cut == 0);
    CHECK(made->recovered().damage.empty());
    CHECK(made->progress().actions == 7);
    CHECK(made->progress().next_sequence == 7);
    CHECK(made->progress().since_checkpoint == 3);
    CHECK(said(made->start()) == "in_use in " + to_text(id) + " 1/0");
    REQUIRE(said(bank_on(*made, state, 7, 9)) == "no error");
    REQUIRE(said(made->end()) == "no error");
    const auto back = made->sessions().read(id);
    REQUIRE(said(back) == "no error");
    CHECK(back->actions.size() == 9);
    REQUIRE(back->checkpoints.size() == 2);
    // The recorder that went on had no state to build on.
    CHECK(!back->checkpoints[1].snapshot.base);
    const auto last = tintype::state_at<bank>(*back, 1, tests::changed_banks{});
    REQUIRE(said(last) == "no error");
    CHECK(last->actions == 8);
    CHECK(made->start().value() != id);
}

TEST_CASE("a session that ended is put away by whoever opens next") {
    // Everything that end() did, undone from the last step on.
    const memory_storage storage;
    tintype::uuid id;
    tintype::blob journal;
    {
        auto made = opened(storage);
        id = made->start().value();
        bank state{};
        REQUIRE(said(bank_on(*made, state, 0, 5)) == "no error");
        REQUIRE(said(made->end()) == "no error");
    }
    // A journal that has its end, and a segment without the session.
    const memory_storage other;
    {
        tintype::journal_opening opening{};
        opening.version = 1;
        opening.schema = tintype::detail::session_schema<recorder::session_type>();
        opening.session_id = id;
        const auto first = tintype::encode<tintype::bincode_fixed>(opening).value();
        const tintype::byte_view payload{first};
        auto log = tintype::log_writer<memory_storage>::create(
                       other, "bank.active", tintype::journal_magic, std::span{&payload, 1}, 1)
                       .value();
        const auto end = tintype::encode<tintype::bincode_fixed>(std::int64_t{77}).value();
        REQUIRE(log.append(static_cast<std::uint32_t>(tintype::journal_record::end), end));
    }
    for (int again = 0; again != 2; ++again) {
        auto made = opened(other);
        REQUIRE(said(made) == "no error");
        CHECK(!made->recording());
        const auto back = made->sessions().read(id);
        REQUIRE(said(back) == "no error");
        CHECK(back->ended_secs == 77);
        CHECK(back->actions.empty());
        CHECK(other.names().value() == std::vector<std::string>{"bank"});
    }
}

TEST_CASE("as many actions as a session may have, and no more") {
    const memory_storage storage;
    auto options = every(0);
    options.config.max_actions_per_session = 3;
    auto made = opened(storage, options).value();
    CHECK(said(made.record(tests::deposit{})) == "not_found in session 0/0");
    CHECK(said(made.checkpoint(bank{})) == "not_found in session 0/0");
    CHECK(said(made.annotate("a", "b")) == "not_found in session 0/0");
    CHECK(said(made.end()) == "not_found in session 0/0");
    CHECK(said(made.abandon()) == "not_found in session 0/0");
    CHECK(said(made.active()) == "not_found in session 0/0");
    REQUIRE(made.start());
    bank state{};
    CHECK(said(bank_on(made, state, 0, 5)) == "limit_exceeded in actions of the session 3/3");
    CHECK(made.progress().actions == 3);
    CHECK(!made.checkpoint_due());
    CHECK(made.checkpoint(state).value() == 0);
    CHECK(made.end().value().action_count == 3);
}

TEST_CASE("checkpoints are actions, too, where that is asked for, and count as none") {
    const memory_storage storage;
    auto options = every(2);
    options.record_checkpoints = true;
    auto made = opened(storage, options).value();
    REQUIRE(made.start());
    bank state{};
    REQUIRE(said(bank_on(made, state, 0, 4)) == "no error");
    CHECK(made.progress().actions == 6);
    CHECK(made.progress().since_checkpoint == 0);
    const auto session = made.active().value();
    REQUIRE(session.actions.size() == 6);
    CHECK(session.actions[2].action == tests::bank_action{tests::noted{.checkpoint_id = 0}});
    CHECK(session.actions[5].action == tests::bank_action{tests::noted{.checkpoint_id = 1}});
    CHECK(session.checkpoints[0].at_sequence == 1);
    CHECK(session.checkpoints[1].at_sequence == 4);
}

TEST_CASE("a checkpoint before the first action is told from one behind it") {
    const memory_storage storage;
    auto made = opened(storage).value();
    REQUIRE(made.start());
    bank state{};
    REQUIRE(made.checkpoint(state));
    REQUIRE(said(bank_on(made, state, 0, 1)) == "no error");
    REQUIRE(made.checkpoint(state));
    const auto session = made.active().value();
    CHECK(session.checkpoints[0].at_sequence == 0);
    CHECK(session.checkpoints[1].at_sequence == 0);
    CHECK(first_after(session.checkpoints[0]) == 0);
    CHECK(first_after(session.checkpoints[1]) == 1);
}

TEST_CASE("an abandoned session leaves nothing") {
    const memory_storage storage;
    auto made = opened(storage).value();
    const auto id = made.start().value();
    bank state{};
    REQUIRE(said(bank_on(made, state, 0, 3)) == "no error");
    REQUIRE(said(made.abandon()) == "no error");
    CHECK(!made.recording());
    CHECK(said(made.sessions().read(id)) == "not_found in " + to_text(id) + " 0/0");
    CHECK(storage.names().value() == std::vector<std::string>{"bank"});
    CHECK(made.start());
}

TEST_CASE("one owner, one type of action") {
    const memory_storage storage;
    {
        auto made = opened(storage).value();
        CHECK(said(opened(storage)).starts_with("in_use"));
        REQUIRE(made.start());
    }
    using other =
        tintype::session_recorder<tests::deposit, bank, tests::changed_banks, memory_storage>;
    CHECK(said(other::open(storage, "bank")).starts_with("unsupported"));
    auto options = recorder_options{};
    options.record_checkpoints = true;
    CHECK(said(other::open(memory_storage{}, "bank", options)) ==
          "unsupported in record_checkpoints 0/0");
    CHECK(said(opened(storage)) == "no error");
}

TEST_CASE("what is damaged in a journal is left out of the session, and said") {
    const memory_storage storage;
    {
        auto made = opened(storage).value();
        REQUIRE(made.start());
        bank state{};
        REQUIRE(said(bank_on(made, state, 0, 6)) == "no error");
    }
    auto bytes =
        tintype::blob(storage.open("bank.active", tintype::access::copy).value().bytes().begin(),
                      storage.open("bank.active", tintype::access::copy).value().bytes().end());
    std::vector<std::uint64_t> places;
    tintype::scan_log(bytes, tintype::log_begin,
                      [&](const auto& what) { places.push_back(what.offset); });
    REQUIRE(places.size() == 7);
    bytes[static_cast<std::size_t>(places[3]) + 40] ^= std::byte{1};
    auto staged = storage.stage({}).value();
    REQUIRE(staged.write(bytes));
    REQUIRE(staged.replace("bank.active"));
    auto made = opened(storage);
    REQUIRE(said(made) == "no error");
    REQUIRE(made->recovered().damage.size() == 1);
    CHECK(made->recovered().damage[0].offset == places[3]);
    CHECK(made->recovered().damage[0].why.code == tintype::errc::checksum_mismatch);
    CHECK(made->progress().next_sequence == 6);
    const auto summary = made->end();
    REQUIRE(said(summary) == "no error");
    CHECK(summary->action_count == 5);
    const auto back = made->sessions().read(summary->session_id).value();
    CHECK(back.actions[2].sequence == 3);
}

TEST_CASE("an id that is given again is refused, and so is a name that is none") {
    const memory_storage storage;
    {
        auto made = opened(storage).value();
        REQUIRE(made.start("the first"));
        REQUIRE(made.end());
    }
    auto made = opened(storage).value(); // with ids that count from 1 again
    CHECK(said(made.start("another")) ==
          "already_exists in 00000000-0000-0000-0000-000000000001 0/0");
    CHECK(made.sessions().index().size() == 1);
    CHECK(said(made.start(std::string(tintype::longest_session_name + 1, 'n'))) ==
          "limit_exceeded in name of the session 1025/1024");
    REQUIRE(made.start(std::string(tintype::longest_session_name, 'n')));
    CHECK(made.end());
}

TEST_CASE("a session that is damaged by the time it ends is not put away without a word") {
    const memory_storage storage;
    auto made = opened(storage);
    REQUIRE(said(made) == "no error");
    const auto id = made->start().value();
    bank state{};
    REQUIRE(said(bank_on(*made, state, 0, 10)) == "no error");
    tintype::blob bytes;
    {
        const auto object = storage.open("bank.active", tintype::access::copy).value();
        tintype::append(bytes, object.bytes());
    }
    bytes[bytes.size() / 2] ^= std::byte{1};
    auto staged = storage.stage({}).value();
    REQUIRE(staged.write(bytes));
    REQUIRE(staged.replace("bank.active"));
    CHECK(said(made->active()).starts_with("checksum_mismatch"));
    for (int again = 0; again != 2; ++again) {
        CHECK(said(made->end()).starts_with("checksum_mismatch"));
    }
    CHECK(made->sessions().index().size() == 0);
    made = tintype::fail({.code = tintype::errc::io}); // closed
    auto other = opened(storage);
    REQUIRE(said(other) == "no error");
    CHECK(other->recovered().damage.size() == 1);
    CHECK(other->recording() == id);
    CHECK(other->end().value().action_count == 9);
}

TEST_CASE("an action is recorded whatever becomes of the checkpoint behind it") {
    const memory_storage storage;
    auto options = every(2);
    options.record_checkpoints = true;
    options.config.max_actions_per_session = 2;
    auto made = opened(storage, options).value();
    REQUIRE(made.start());
    const bank state{};
    const auto first = made.record(tests::deposit{}, {}, state).value();
    CHECK(first.sequence == 0);
    CHECK(!first.checkpoint);
    // The action that says so is one more than there may be.
    const auto second = made.record(tests::deposit{}, {}, state).value();
    CHECK(second.sequence == 1);
    CHECK(second.checkpoint == 0);
    CHECK(!second.not_taken);
    CHECK(made.progress().actions == 3);
    CHECK(said(made.record(tests::deposit{}, {}, state)).starts_with("limit_exceeded"));
}
