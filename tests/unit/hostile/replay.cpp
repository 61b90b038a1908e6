// Lengths and counts that lie, at every place of a session's files and under right checksums: they
// are refused, or make another session, without memory for what is not there.

#include <tintype/formats/memvid.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/replay/journal.hpp>
#include <tintype/replay/segment_index.hpp>

#include "counting_new.hpp"
#include "support/logs.hpp"
#include "support/segments.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

namespace memvid = tintype::memvid;
using tests::object_bytes;
using tintype::blob;
using tintype::byte_view;

constexpr std::array<std::uint64_t, 3> lies{std::uint64_t{1} << 32U, std::uint64_t{1} << 40U,
                                            ~std::uint64_t{0}};
constexpr std::size_t slack = std::size_t{64} << 10U;

// Calls look(bytes) with each lie at each place from `from` on, but not in the middle of a text of
// `text` bytes behind the first twelve; what one of them says to have held at most.
template <class Look>
std::size_t most_held(const blob& good, std::size_t from, Look look, std::size_t text = 0) {
    std::size_t most = 0;
    for (std::size_t at = from; at + 8 <= good.size(); ++at) {
        if (at == 12 && text > 20) {
            at += text - 8;
        }
        for (const std::uint64_t lie : lies) {
            blob bytes = good;
            tintype::store<std::endian::little>(&bytes[at], lie);
            most = std::max(most, look(byte_view{bytes}));
        }
    }
    return most;
}

// The object with another payload in one of its records, all checksums right; a session's summary
// is sealed again.
blob with_payload(byte_view object, std::string_view magic, std::size_t which, byte_view payload) {
    blob bytes = tests::blob_of(magic);
    for (std::size_t i = 0; const auto& each : tests::whole_records(object)) {
        blob kept = i++ == which ? blob(payload.begin(), payload.end()) : each.payload;
        if (magic == tintype::segment_magic && each.kind == 2) {
            const auto size = tintype::load<std::endian::little, std::uint32_t>(&kept[4]);
            if (size <= kept.size() - 8) {
                const auto sealed = byte_view{kept}.subspan(4, 4 + std::size_t{size});
                tintype::store<std::endian::little>(kept.data(),
                                                    tintype::hash_of<tintype::crc32c>(sealed));
            }
        }
        tests::append_record(bytes, each.kind, kept);
    }
    return bytes;
}

memvid::replay_session busy_session() {
    memvid::replay_session made{};
    made.name = "a name";
    made.ended_secs = 8;
    made.metadata = {{"key", "value"}};
    made.version = 1;
    auto& action = made.actions.emplace_back();
    action.action = memvid::put_many{.frame_ids = {1, 2}, .count = 2};
    action.input_preview = "a preview";
    action.affected = {1, 2, 3};
    made.actions.emplace_back().action =
        memvid::ask{.query = "query", .provider = "provider", .model = "model"};
    auto& checkpoint = made.checkpoints.emplace_back();
    checkpoint.snapshot.frame_ids = {4, 5};
    checkpoint.snapshot.lex_index_hash = memvid::digest{};
    return made;
}

} // namespace

TEST_CASE("hostile: counts that lie in memvid's files cost no memory") {
    const auto segment =
        tintype::encode<memvid::segment>(memvid::replay_segment{.sessions = {busy_session()}})
            .value();
    std::size_t refused = 0;
    CHECK(most_held(segment, 8, [&](byte_view bytes) {
              const tests::allocation_watch watch;
              refused += tintype::decode<memvid::segment, memvid::replay_segment>(bytes) ? 0U : 1U;
              return watch.peak();
          }) < slack);
    CHECK(refused > 200);
    memvid::active_session busy{};
    busy.session = busy_session();
    busy.session.ended_secs.reset();
    const auto active = tintype::encode<memvid::active_file>(busy).value();
    refused = 0;
    CHECK(most_held(active, 8, [&](byte_view bytes) {
              const tests::allocation_watch watch;
              refused +=
                  tintype::decode<memvid::active_file, memvid::active_session>(bytes) ? 0U : 1U;
              return watch.peak();
          }) < slack);
    CHECK(refused > 200);
}

TEST_CASE("hostile: counts that lie in a segment's records cost no memory") {
    const tintype::memory_storage storage;
    {
        auto made = tests::small_segment::open(storage, "s").value();
        REQUIRE(made.append(tests::small_session_at(1)));
        REQUIRE(made.append(tests::small_session_at(2)));
        REQUIRE(made.remove(tests::uuid_at(1)));
    }
    const auto object = object_bytes(storage, "s");
    const auto records = tests::whole_records(object);
    REQUIRE(records.size() == 7);
    std::size_t other = 0;
    const auto schema = tintype::detail::session_schema<tests::small_session>().size();
    for (std::size_t which = 0; which != records.size(); ++which) {
        const auto look = [&](byte_view payload) {
            const auto bytes = with_payload(object, tintype::segment_magic, which, payload);
            const tests::allocation_watch watch;
            static_cast<void>(tintype::detail::check_segment_opening<tests::small_session>(bytes));
            const auto index = tintype::segment_index::of(bytes);
            for (const auto& each : index.entries()) {
                const auto session =
                    tintype::detail::read_session<tests::small_session>(bytes, each, {});
                other += session && *session == tests::small_session_at(2) ? 0U : 1U;
            }
            return watch.peak();
        };
        CHECK(most_held(records[which].payload, 0, look, which == 0 ? schema : 0) < slack);
    }
    CHECK(other > 100);
}

TEST_CASE("hostile: counts that lie in a journal's records cost no memory") {
    const tintype::memory_storage storage;
    const auto encoded = [](const auto& value) {
        return tintype::encode<tintype::bincode_fixed>(value).value();
    };
    const auto session = tests::small_session_at(5);
    blob object = tests::blob_of(tintype::journal_magic);
    tests::append_record(object, 1,
                         encoded(tintype::journal_opening{
                             .version = 1,
                             .schema = tintype::detail::session_schema<tests::small_session>(),
                             .session_id = session.session_id,
                             .name = session.name,
                             .created_secs = 1,
                             .metadata = session.metadata,
                             .config = {}}));
    tests::append_record(object, 2, encoded(session.actions[0]));
    tests::append_record(object, 4, encoded(session.checkpoints[0]));
    tests::append_record(object, 5, encoded(tintype::annotation{.key = "key", .value = "word"}));
    tests::append_record(object, 6, encoded(std::int64_t{7}));
    const auto records = tests::whole_records(object);
    REQUIRE(records.size() == 5);
    std::size_t refused = 0;
    const auto schema = tintype::detail::session_schema<tests::small_session>().size();
    for (std::size_t which = 0; which != records.size(); ++which) {
        const auto look = [&](byte_view payload) {
            const auto bytes = with_payload(object, tintype::journal_magic, which, payload);
            const tests::allocation_watch watch;
            tintype::journal_content content;
            tintype::scan_log(bytes, tintype::log_begin,
                              [&](const auto& what) { content(what, bytes); });
            if (content.opening()) {
                const auto made = content.session(bytes);
                REQUIRE(made);
                refused +=
                    tintype::decode<tintype::bincode_fixed, tests::small_session>(*made) ? 0U : 1U;
            } else {
                ++refused;
            }
            return watch.peak();
        };
        CHECK(most_held(records[which].payload, 0, look, which == 0 ? schema : 0) < slack);
    }
    CHECK(refused > 100);
}
