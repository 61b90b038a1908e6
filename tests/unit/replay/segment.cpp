// A segment: what was appended is read, what was removed is not, one session is read whatever is
// wrong with others, and appending costs its own bytes.

#include <tintype/replay/segment.hpp>
#include <tintype/storage/memory.hpp>

#include "support/logs.hpp"
#include "support/said.hpp"
#include "support/segments.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace {

using tests::object_bytes;
using tests::put_object;
using tests::records_of;
using tests::said;
using tests::small_reader;
using tests::small_segment;
using tests::small_session_at;
using tests::uuid_at;
using tintype::memory_storage;
using tintype::segment_record;

// Whether it holds just these sessions, in order.
template <class Segment>
bool holds(const Segment& segment, const std::vector<std::uint64_t>& numbers) {
    std::size_t i = 0;
    for (const auto& each : segment.index().entries()) {
        if (i == numbers.size() || each.summary.session_id != uuid_at(numbers[i])) {
            return false;
        }
        const auto wanted = small_session_at(numbers[i++]);
        const auto found = segment.read(each.summary.session_id);
        if (!found || *found != wanted || each.summary != summary_of(wanted)) {
            return false;
        }
    }
    return i == numbers.size();
}

} // namespace

TEST_CASE("what was appended is read, by the owner, by another and by a reader") {
    for (const std::uint64_t count : {0U, 1U, 31U, 32U, 33U, 64U, 65U, 100U}) {
        const memory_storage storage;
        std::vector<std::uint64_t> numbers;
        {
            auto segment = small_segment::open(storage, "s").value();
            for (std::uint64_t i = 0; i != count; ++i) {
                REQUIRE(said(segment.append(small_session_at(i))) == "no error");
                numbers.push_back(i);
            }
            CHECK(holds(segment, numbers));
        }
        CHECK(holds(small_segment::open(storage, "s").value(), numbers));
        const auto reader = small_reader::open(storage, "s");
        REQUIRE(said(reader) == "no error");
        CHECK(holds(*reader, numbers));
        CHECK(reader->verify().empty());
        CHECK(said(reader->read(uuid_at(count))) ==
              "not_found in " + to_text(uuid_at(count)) + " 0/0");
        if (count != 0) {
            const auto bytes = reader->bytes_of_session(uuid_at(0)).value();
            CHECK(std::ranges::equal(
                bytes, tintype::encode<tintype::bincode_fixed>(small_session_at(0)).value()));
        }
    }
}

TEST_CASE("an id is there once, and may come again when it is gone") {
    const memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    REQUIRE(segment.append(small_session_at(1)));
    CHECK(said(segment.append(small_session_at(1))) ==
          "already_exists in " + to_text(uuid_at(1)) + " 0/0");
    REQUIRE(segment.append(small_session_at(2)));
    CHECK(segment.remove(uuid_at(1)).value());
    CHECK(!segment.remove(uuid_at(1)).value());
    CHECK(said(segment.read(uuid_at(1))).starts_with("not_found"));
    CHECK(holds(segment, {2}));
    REQUIRE(segment.append(small_session_at(1)));
    CHECK(holds(segment, {2, 1}));
    CHECK(holds(small_reader::open(storage, "s").value(), {2, 1}));
    const auto other = small_session_at(2, 9);
    const auto bytes = tintype::encode<tintype::bincode_fixed>(other).value();
    REQUIRE(segment.replace(summary_of(other), bytes));
    CHECK(segment.read(uuid_at(2)).value() == other);
    CHECK(segment.index().size() == 2);
    // By an id that lies in the index itself.
    while (segment.index().size() != 0) {
        CHECK(segment.remove((*segment.index().entries().begin()).summary.session_id).value());
    }
    CHECK(holds(small_reader::open(storage, "s").value(), {}));
}

TEST_CASE("compacting gives back what is gone, and nothing else") {
    const memory_storage storage;
    std::vector<std::uint64_t> left;
    tintype::segment_options options{};
    options.tolerated_waste = 0;
    auto segment = small_segment::open(storage, "s", options).value();
    for (std::uint64_t i = 0; i != 100; ++i) {
        REQUIRE(segment.append(small_session_at(i)));
    }
    REQUIRE(segment.compact());
    const auto full = segment.size();
    CHECK(!segment.wasteful());
    for (std::uint64_t i = 0; i != 100; ++i) {
        if (i % 3 == 0) {
            left.push_back(i);
        } else {
            REQUIRE(segment.remove(uuid_at(i)).value());
        }
    }
    CHECK(segment.wasteful());
    const auto reader = small_reader::open(storage, "s").value(); // stays as it is
    REQUIRE(segment.compact());
    CHECK(!segment.wasteful());
    CHECK(segment.size() < full / 2);
    CHECK(segment.size() == object_bytes(storage, "s").size());
    CHECK(holds(segment, left));
    CHECK(holds(reader, left));
    CHECK(holds(small_reader::open(storage, "s").value(), left));
    REQUIRE(segment.append(small_session_at(200)));
    left.push_back(200);
    CHECK(holds(segment, left));
    for (const auto number : left) {
        REQUIRE(segment.remove(uuid_at(number)).value());
    }
    REQUIRE(segment.compact());
    CHECK(holds(segment, {}));
    CHECK(holds(small_segment::open(storage, "other").value(), {}));
    CHECK(segment.size() < 600);
}

TEST_CASE("each session is read though all others are damaged, and a damaged one is refused") {
    const memory_storage storage;
    {
        auto segment = small_segment::open(storage, "s").value();
        for (std::uint64_t i = 0; i != 40; ++i) {
            REQUIRE(segment.append(small_session_at(i)));
        }
    }
    const auto whole = object_bytes(storage, "s");
    const auto sessions = records_of(whole, segment_record::session);
    REQUIRE(sessions.size() == 40);
    for (const std::uint64_t kept : {0U, 7U, 31U, 32U, 39U}) {
        auto bytes = whole;
        for (std::size_t i = 0; i != sessions.size(); ++i) {
            if (i == kept) {
                continue;
            }
            // All of its bytes, the header too.
            const auto at = static_cast<std::size_t>(sessions[i].offset);
            const auto end =
                at + static_cast<std::size_t>(tintype::record_extent(sessions[i].size));
            for (std::size_t place = at; place != end; ++place) {
                bytes[place] ^= std::byte{0x5a};
            }
        }
        const memory_storage other;
        REQUIRE(put_object(other, "s", bytes));
        const auto reader = small_reader::open(other, "s");
        REQUIRE(said(reader) == "no error");
        CHECK(reader->index().size() == 40);
        CHECK(reader->read(uuid_at(kept)).value() == small_session_at(kept));
        CHECK(said(reader->read(uuid_at(kept == 3 ? 4 : 3))).starts_with("checksum_mismatch"));
        CHECK(reader->verify().size() >= 38); // neighbours may be one gap
        auto segment = small_segment::open(other, "s").value();
        CHECK(segment.read(uuid_at(kept)).value() == small_session_at(kept));
        CHECK(!segment.compact());
        CHECK(object_bytes(other, "s") == bytes);
        REQUIRE(segment.append(small_session_at(50)));
        CHECK(segment.read(uuid_at(50)).value() == small_session_at(50));
    }
}

TEST_CASE("every flipped byte costs one session at most, and is found") {
    const memory_storage storage;
    {
        auto segment = small_segment::open(storage, "s").value();
        for (std::uint64_t i = 0; i != 3; ++i) {
            REQUIRE(segment.append(small_session_at(i, 1)));
        }
        REQUIRE(segment.remove(uuid_at(1)));
    }
    auto bytes = object_bytes(storage, "s");
    const auto first =
        static_cast<std::size_t>(records_of(bytes, segment_record::session)[0].offset);
    for (std::size_t at = first; at != bytes.size(); ++at) {
        bytes[at] ^= std::byte{0x10};
        const memory_storage other;
        REQUIRE(put_object(other, "s", bytes));
        const auto reader = small_reader::open(other, "s");
        REQUIRE(reader);
        std::size_t whole = 0;
        for (const std::uint64_t number : {0U, 2U}) {
            const auto session = reader->read(uuid_at(number));
            whole += session ? 1U : 0U;
            CHECK((!session || *session == small_session_at(number, 1)));
        }
        CHECK(whole >= 1);
        CHECK((!reader->verify().empty() || reader->index().tail() != 0));
        bytes[at] ^= std::byte{0x10};
    }
    for (std::size_t at = 0; at != first; ++at) {
        bytes[at] ^= std::byte{0x10};
        const memory_storage other;
        REQUIRE(put_object(other, "s", bytes));
        CHECK(!small_reader::open(other, "s"));
        CHECK(!small_segment::open(other, "s"));
        CHECK(object_bytes(other, "s") == bytes);
        bytes[at] ^= std::byte{0x10};
    }
}

TEST_CASE("a torn tail is cut off at any byte, and the segment goes on") {
    const memory_storage storage;
    std::uint64_t before = 0;
    {
        auto segment = small_segment::open(storage, "s").value();
        REQUIRE(segment.append(small_session_at(0)));
        before = segment.size();
        REQUIRE(segment.append(small_session_at(1)));
    }
    const auto whole = object_bytes(storage, "s");
    const auto sessions = records_of(whole, segment_record::session);
    const auto behind = sessions[1].offset + tintype::record_extent(sessions[1].size);
    for (std::uint64_t size = before; size <= whole.size(); ++size) {
        const memory_storage other;
        const auto torn = tintype::byte_view{whole}.first(static_cast<std::size_t>(size));
        REQUIRE(put_object(other, "s", torn));
        const bool there = size >= behind;
        const std::vector<std::uint64_t> numbers =
            there ? std::vector<std::uint64_t>{0, 1} : std::vector<std::uint64_t>{0};
        CHECK(holds(small_reader::open(other, "s").value(), numbers));
        auto segment = small_segment::open(other, "s");
        REQUIRE(said(segment) == "no error");
        CHECK(holds(*segment, numbers));
        CHECK(segment->size() == (size == whole.size() ? size : there ? behind : before));
        REQUIRE(segment->append(small_session_at(2)));
        CHECK(
            holds(small_reader::open(other, "s").value(),
                  there ? std::vector<std::uint64_t>{0, 1, 2} : std::vector<std::uint64_t>{0, 2}));
    }
}

TEST_CASE("a record of another session than the index says is refused") {
    const memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    REQUIRE(segment.append(small_session_at(1)));
    REQUIRE(segment.append(small_session_at(2)));
    auto entry = segment.index().find(uuid_at(2)).value();
    const auto at = entry.offset;
    entry.summary.session_id = uuid_at(9);
    const auto object = storage.open("s").value();
    CHECK(said(tintype::detail::read_session<tests::small_session>(object.bytes(), entry, {})) ==
          "invalid_value in " + to_text(uuid_at(2)) + " @" + std::to_string(at) + " 0/0");
}

TEST_CASE("segments of other sessions, of a newer version, and other objects are refused") {
    const memory_storage storage;
    REQUIRE(small_segment::open(storage, "s").value().append(small_session_at(1)));
    using other_session = tintype::session<tests::said_word, tests::said_word>;
    using other_segment = tintype::session_segment<other_session, memory_storage>;
    const auto before = object_bytes(storage, "s");
    CHECK(said(other_segment::open(storage, "s")).starts_with("unsupported in "));
    CHECK(said(tintype::segment_reader<other_session, memory_storage>::open(storage, "s"))
              .starts_with("unsupported in "));
    CHECK(object_bytes(storage, "s") == before);
    CHECK(small_segment::open(storage, "s"));
    const auto opened_with = [&](const tintype::segment_opening& opening) {
        const memory_storage newer;
        const auto first = tintype::encode<tintype::bincode_fixed>(opening).value();
        const tintype::byte_view payload{first};
        REQUIRE(tintype::log_writer<memory_storage>::create(newer, "s", tintype::segment_magic,
                                                            std::span{&payload, 1}, 1));
        return said(small_segment::open(newer, "s"));
    };
    const auto schema = tintype::detail::session_schema<tests::small_session>();
    CHECK(opened_with({.version = 1, .schema = schema}) == "no error");
    CHECK(opened_with({.version = 2, .schema = schema}) == "unsupported_version in segment 2/1");
    CHECK(opened_with({.version = 1, .schema = schema + "x"}).starts_with("unsupported in "));
    REQUIRE(put_object(storage, "s", tests::object_bytes(storage, "none")));
    CHECK(said(small_segment::open(storage, "s")).starts_with("truncated in magic"));
    CHECK(said(small_reader::open(storage, "none")) == "not_found in none 0/0");
}

TEST_CASE("one owner, and readers beside it") {
    const memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    CHECK(said(small_segment::open(storage, "s")) == "in_use in s 1/0");
    REQUIRE(segment.append(small_session_at(1)));
    const auto reader = small_reader::open(storage, "s").value();
    REQUIRE(segment.append(small_session_at(2)));
    REQUIRE(segment.remove(uuid_at(1)));
    CHECK(holds(reader, {1}));
    CHECK(holds(small_reader::open(storage, "s").value(), {2}));
}

TEST_CASE("appending costs the session's own bytes and a page that is bounded") {
    const memory_storage storage;
    auto segment = small_segment::open(storage, "s").value();
    std::uint64_t largest = 0;
    std::uint64_t pages = 0;
    const auto entry_size =
        tintype::encode<tintype::bincode_fixed>(
            tintype::segment_entry{
                .summary = summary_of(small_session_at(100)), .offset = 0, .size = 0})
            .value()
            .size();
    for (std::uint64_t i = 100; i != 400; ++i) {
        const auto before = segment.size();
        REQUIRE(segment.append(small_session_at(i)));
        const auto own = tintype::record_extent(segment.index().find(uuid_at(i))->size);
        const auto more = segment.size() - before - own;
        largest = std::max(largest, more);
        pages += more;
    }
    CHECK(largest <= 32 + 24 + tintype::segment_page::most * (entry_size + 1) + 8);
    CHECK(pages / 300 <= largest / 2 + 100);
    CHECK(segment.index().size() == 300);
}

TEST_CASE("a segment that is known to be damaged is not compacted") {
    const memory_storage storage;
    {
        auto segment = small_segment::open(storage, "s").value();
        for (std::uint64_t i = 0; i != 3; ++i) {
            REQUIRE(segment.append(small_session_at(i)));
        }
    }
    auto bytes = object_bytes(storage, "s");
    const auto sessions = records_of(bytes, segment_record::session);
    const auto pages = records_of(bytes, segment_record::page);
    // The index is made of the records, and cannot read the summary of one.
    bytes[static_cast<std::size_t>(pages[2].offset) + 40] ^= std::byte{1};
    bytes[static_cast<std::size_t>(sessions[1].offset) + 44] ^= std::byte{1};
    // Whole again behind it, so that nothing is cut off.
    tests::append_record(bytes, 99, {});
    REQUIRE(put_object(storage, "s", bytes));
    auto segment = small_segment::open(storage, "s").value();
    CHECK(segment.index().size() == 2);
    CHECK(segment.index().damage().size() == 2);
    CHECK(said(segment.compact()).starts_with("checksum_mismatch"));
    CHECK(object_bytes(storage, "s") == bytes);
}
