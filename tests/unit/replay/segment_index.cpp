// The index of a segment: what its pages say is what its records say, around every boundary of a
// page; where a page is damaged or torn, the records are looked at, and the damage is named.

#include <tintype/replay/segment_index.hpp>
#include <tintype/storage/memory.hpp>

#include "support/logs.hpp"
#include "support/segments.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::naive_entries;
using tests::object_bytes;
using tests::records_of;
using tests::small_segment;
using tests::small_session_at;
using tests::uuid_at;
using tintype::memory_storage;
using tintype::segment_index;
using tintype::segment_record;

bool same(const segment_index& index, const std::vector<tintype::segment_entry>& entries) {
    return std::ranges::equal(index.entries(), entries) && index.size() == entries.size();
}

std::uint64_t live_of(const std::vector<tintype::segment_entry>& entries) {
    std::uint64_t all = 0;
    for (const auto& each : entries) {
        all += tintype::record_extent(each.size);
    }
    return all;
}

// A segment of so many sessions.
memory_storage of_sessions(std::uint64_t count) {
    memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    for (std::uint64_t i = 0; i != count; ++i) {
        CHECK(segment.append(small_session_at(i, 1)));
    }
    return storage;
}

} // namespace

TEST_CASE("what the pages say is what the records say, and as many as there are") {
    memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    for (std::uint64_t count = 0; count <= 100; ++count) {
        const auto bytes = object_bytes(storage, "s");
        const auto index = segment_index::of(bytes);
        const auto naive = naive_entries(bytes);
        CHECK(naive.size() == count);
        CHECK(same(index, naive));
        CHECK(same(segment.index(), naive));
        CHECK(index.live() == live_of(naive));
        CHECK(index.live() == segment.index().live());
        CHECK(index.tail() == 0);
        CHECK(index.damage().empty());
        CHECK(index.page().entries == segment.index().page().entries);
        CHECK(index.page().previous == segment.index().page().previous);
        CHECK(index.page().entries.size() < tintype::segment_page::most);
        REQUIRE(segment.append(small_session_at(count, 1)));
    }
}

TEST_CASE("whoever opens the segment in between goes on with the same pages") {
    for (const std::uint64_t count : {1U, 31U, 32U, 33U, 64U, 65U}) {
        memory_storage other;
        for (std::uint64_t i = 0; i != count; ++i) {
            REQUIRE(small_segment::open(other, "s").value().append(small_session_at(i, 1)));
        }
        const auto once = of_sessions(count);
        CHECK(object_bytes(other, "s") == object_bytes(once, "s"));
    }
}

TEST_CASE("removals in the same page, in a later one, and ids that come again") {
    memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    std::uint64_t next = 0;
    for (int round = 0; round != 60; ++round) {
        REQUIRE(segment.append(small_session_at(next++, 1)));
        if (round % 2 == 1) {
            REQUIRE(segment.remove(uuid_at(next - 1)).value());
            CHECK(!segment.remove(uuid_at(next - 1)).value());
        }
        if (round % 5 == 4) {
            REQUIRE(segment.remove(uuid_at(next / 2 - next / 2 % 2)).has_value());
        }
        if (round % 7 == 6) {
            // An id that is gone, and one that is not, with another session.
            const auto id = next - next % 2 - 1;
            const auto again = small_session_at(id, 3);
            const auto bytes = tintype::encode<tintype::bincode_fixed>(again).value();
            REQUIRE(segment.replace(summary_of(again), bytes));
            REQUIRE(segment.replace(summary_of(again), bytes));
            CHECK(segment.read(uuid_at(id)).value() == again);
        }
        const auto bytes = object_bytes(storage, "s");
        const auto index = segment_index::of(bytes);
        CHECK(same(index, naive_entries(bytes)));
        CHECK(same(segment.index(), naive_entries(bytes)));
        CHECK(index.live() == live_of(naive_entries(bytes)));
        CHECK(index.damage().empty());
        CHECK(index.page().removed == segment.index().page().removed);
    }
    CHECK(segment.index().size() > 10);
}

TEST_CASE("a damaged page costs a longer look, and is named") {
    const auto storage = of_sessions(70);
    const auto whole = object_bytes(storage, "s");
    const auto pages = records_of(whole, segment_record::page);
    REQUIRE(pages.size() == 70);
    const auto naive = naive_entries(whole);
    for (const std::size_t which : {31U, 63U, 69U}) {
        for (const bool header : {false, true}) {
            auto bytes = whole;
            const auto at = static_cast<std::size_t>(pages[which].offset);
            bytes[at + (header ? 5 : 40)] ^= std::byte{1};
            const auto index = segment_index::of(bytes);
            CHECK(same(index, naive));
            if (which == 69) {
                // The last page is torn like any tail, and the one before leads to the others.
                CHECK(index.damage().empty());
                CHECK(index.tail() == whole.size() - at);
                continue;
            }
            REQUIRE(index.damage().size() == 1);
            CHECK(index.damage()[0].offset == at);
            CHECK(index.damage()[0].size == tintype::record_extent(pages[which].size));
            CHECK(index.damage()[0].why.code == tintype::errc::checksum_mismatch);
            CHECK(index.live() == live_of(naive));
        }
    }
    // Pages that are not full, but for the last, nobody needs.
    auto bytes = whole;
    bytes[static_cast<std::size_t>(pages[40].offset) + 40] ^= std::byte{1};
    const auto index = segment_index::of(bytes);
    CHECK(same(index, naive));
    CHECK(index.damage().empty());
}

TEST_CASE("what a scan found goes into the next page, which is sound") {
    const auto storage = of_sessions(70);
    auto bytes = object_bytes(storage, "s");
    const auto pages = records_of(bytes, segment_record::page);
    bytes[static_cast<std::size_t>(pages[31].offset) + 40] ^= std::byte{1};
    REQUIRE(tests::put_object(storage, "s", bytes));
    auto segment = small_segment::open(storage, "s").value();
    CHECK(segment.index().size() == 70);
    CHECK(segment.index().damage().size() == 1);
    REQUIRE(segment.append(small_session_at(70)));
    const auto after = object_bytes(storage, "s");
    const auto index = segment_index::of(after);
    CHECK(index.size() == 71);
    CHECK(same(index, naive_entries(after)));
    CHECK(index.damage().empty()); // nothing that is damaged has to be looked at any more
}

TEST_CASE("a tail that is torn, in a full page too, leaves what was whole before it") {
    const auto storage = of_sessions(34);
    const auto whole = object_bytes(storage, "s");
    const auto sessions = records_of(whole, segment_record::session);
    const auto pages = records_of(whole, segment_record::page);
    const auto from = static_cast<std::size_t>(sessions[31].offset);
    for (std::size_t size = from; size <= whole.size(); size += 5) {
        const auto index = segment_index::of(tintype::byte_view{whole}.first(size));
        const auto naive = naive_entries(tintype::byte_view{whole}.first(size));
        CHECK(same(index, naive));
        CHECK(index.damage().empty());
        std::uint64_t behind = from;
        for (const auto* kind : {&sessions, &pages}) {
            for (const auto& each : *kind) {
                const auto end = each.offset + tintype::record_extent(each.size);
                behind = end <= size ? std::max(behind, end) : behind;
            }
        }
        CHECK(index.tail() == size - behind);
    }
}

TEST_CASE("what looks like a page inside a session is none") {
    // A session whose bytes hold a whole page for the place where they lie, and behind which the
    // page of its own was torn.
    const auto storage = of_sessions(2);
    const auto summary = summary_of(small_session_at(2));
    auto payload = tintype::detail::sealed_summary(summary).value();
    payload.resize(payload.size() + (8 - payload.size() % 8) % 8);
    const auto place = object_bytes(storage, "s").size() + 32 + payload.size();
    tintype::blob inside(place);
    tintype::segment_page forged{};
    forged.offset = place;
    tests::append_record(inside, 4, tintype::encode<tintype::bincode_fixed>(forged).value());
    tintype::append(payload, tintype::byte_view{inside}.subspan(place));
    payload.resize(payload.size() + 40);
    {
        auto log = tintype::log_writer<memory_storage>::open(storage, "s", tintype::segment_magic);
        REQUIRE(log->append(2, payload));
    }
    const auto bytes = object_bytes(storage, "s");
    REQUIRE(tintype::header_at(bytes, place));
    CHECK(segment_index::of(bytes).size() == 3);
    CHECK(same(segment_index::of(bytes), naive_entries(bytes)));
    auto segment = small_segment::open(storage, "s").value();
    CHECK(segment.index().size() == 3);
    REQUIRE(segment.append(small_session_at(7)));
    CHECK(segment_index::of(object_bytes(storage, "s")).size() == 4);
}

TEST_CASE("pages that lie are not believed") {
    const auto storage = of_sessions(3);
    const auto whole = object_bytes(storage, "s");
    const auto naive = naive_entries(whole);
    const auto with = [&](std::uint64_t previous, std::vector<tintype::uuid> removed,
                          std::vector<tintype::segment_entry> entries) {
        memory_storage other;
        REQUIRE(tests::put_object(other, "s", whole));
        auto log = tintype::log_writer<memory_storage>::open(other, "s", tintype::segment_magic);
        const tintype::segment_page page{.previous = previous,
                                         .removed = std::move(removed),
                                         .entries = std::move(entries),
                                         .offset = log->size()};
        const auto bytes = tintype::encode<tintype::bincode_fixed>(page).value();
        REQUIRE(log->append(4, bytes));
        return segment_index::of(object_bytes(other, "s"));
    };
    const auto most = ~std::uint64_t{0};
    for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{7}, whole.size() + 1000,
                                       whole.size() + 300, most, most - 31}) {
        for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1} << 40U, most}) {
            auto entry = naive[0];
            entry.offset = offset;
            entry.size = size;
            if (offset == whole.size() + 300 && size == 0) {
                continue;
            }
            CHECK(same(with(0, {}, {entry}), naive));
        }
    }
    auto entry = naive[0];
    entry.size = whole.size() - entry.offset;
    static_cast<void>(with(0, {}, {entry}));
    for (const std::uint64_t previous :
         {std::uint64_t{8}, whole.size() + 0, most, std::uint64_t{1}}) {
        CHECK(same(with(previous, {}, {}), naive));
    }
    // Removed what is not there, and the same session or the same place twice.
    CHECK(same(with(0, {uuid_at(77)}, {}), naive));
    CHECK(same(with(0, {}, {naive[0], naive[0]}), naive));
    auto other = naive[1];
    other.offset = naive[0].offset;
    CHECK(same(with(0, {}, {naive[0], other}), naive));
    // One that is well-formed is believed, whatever it leaves out.
    CHECK(same(with(0, {}, {naive[1]}), {naive[1]}));
}
