// Reading logs that are whole, torn, damaged and hostile: damage costs the record that it is in,
// and nothing that does not stand in its own place is ever taken for a record.

#include <tintype/log/scan.hpp>

#include "support/bytes.hpp"
#include "support/logs.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using tests::append_record;
using tests::blob_of;
using tests::log_of;
using tests::noise;
using tests::read_record;
using tests::scan;
using tests::whole_records;
using tintype::blob;
using tintype::byte_view;
using tintype::find_tail;
using tintype::log_gap;
using tintype::log_record;

// Payloads of every size around a multiple of 8.
std::vector<blob> small_payloads() {
    std::vector<blob> all;
    for (const std::size_t size : {5U, 0U, 8U, 1U, 7U, 9U, 40U, 16U}) {
        all.push_back(noise(size, size + 1));
    }
    return all;
}

std::vector<read_record> records_of(const std::vector<blob>& payloads) {
    return whole_records(log_of(payloads));
}

} // namespace

TEST_CASE("a log's records are found in order, with their places and payloads") {
    const auto payloads = small_payloads();
    const blob bytes = log_of(payloads);
    const auto all = scan(bytes);
    REQUIRE(all.records.size() == payloads.size());
    CHECK(all.gaps.empty());
    CHECK(all.end.whole == bytes.size());
    CHECK(all.end.tail == 0);
    CHECK(all.end.last == all.records.back());
    CHECK(find_tail(bytes) == all.end);
    std::uint64_t at = 8;
    for (std::size_t i = 0; i != payloads.size(); ++i) {
        CHECK(all.records[i] == log_record{.kind = static_cast<std::uint32_t>(i + 1),
                                           .offset = at,
                                           .size = payloads[i].size()});
        const auto payload = tintype::log_payload(bytes, all.records[i]);
        REQUIRE(payload);
        CHECK(std::ranges::equal(*payload, payloads[i]));
        at += tintype::record_extent(payloads[i].size());

        // From any record on; a place between two of eight is rounded up.
        CHECK(scan(bytes, all.records[i].offset).records.size() == payloads.size() - i);
        CHECK(scan(bytes, all.records[i].offset - 1).records.size() == payloads.size() - i);
    }
    CHECK(scan(bytes, 0).records == all.records);
}

TEST_CASE("a visitor that wants the bytes gets them") {
    const blob bytes = log_of(small_payloads());
    std::size_t whole = 0;
    const auto see = [&](const auto& what, byte_view object) {
        if constexpr (std::is_same_v<std::decay_t<decltype(what)>, log_record>) {
            whole += tintype::log_payload(object, what) ? 1U : 0U;
        }
    };
    tintype::scan_log(bytes, 0, see);
    CHECK(whole == small_payloads().size());
}

TEST_CASE("scans begin anywhere, in anything") {
    const blob bytes = log_of(small_payloads());
    for (std::size_t size = 0; size != 80; ++size) {
        const blob zeros(size, std::byte{});
        const auto nothing = scan(zeros);
        CHECK(nothing.records.empty());
        CHECK(nothing.gaps.empty());
        CHECK(nothing.end.whole + nothing.end.tail == size);
        CHECK(find_tail(zeros).whole == std::min<std::size_t>(size, 8));
    }
    for (const std::uint64_t from : {std::uint64_t{bytes.size()}, std::uint64_t{bytes.size() + 1},
                                     std::numeric_limits<std::uint64_t>::max()}) {
        const auto end = scan(bytes, from).end;
        CHECK(end.whole == bytes.size());
        CHECK(end.tail == 0);
        CHECK(!end.last);
    }
}

TEST_CASE("a log that ends anywhere ends behind its last whole record") {
    const auto payloads = small_payloads();
    const blob bytes = log_of(payloads);
    const auto all = scan(bytes).records;
    for (std::size_t size = 8; size <= bytes.size(); ++size) {
        const blob torn(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        std::size_t whole = 0;
        std::uint64_t end = 8;
        while (whole != all.size() && end + tintype::record_extent(all[whole].size) <= size) {
            end += tintype::record_extent(all[whole++].size);
        }
        INFO("size ", size);
        const auto got = scan(torn);
        CHECK(got.records.size() == whole);
        CHECK(got.gaps.empty());
        CHECK(got.end.whole == end);
        CHECK(got.end.tail == size - end);
        CHECK(find_tail(torn).whole == end);
        // A tail of zeros is what some file systems leave.
        blob zeros = torn;
        std::fill(zeros.begin() + static_cast<std::ptrdiff_t>(end), zeros.end(), std::byte{});
        zeros.resize(bytes.size() + 100, std::byte{});
        CHECK(scan(zeros).records.size() == whole);
        CHECK(find_tail(zeros).whole == end);
    }
}

TEST_CASE("each flipped bit costs the record it is in, and says so") {
    const auto payloads = small_payloads();
    const blob good = log_of(payloads);
    const auto all = scan(good).records;
    const auto whole = records_of(payloads);
    for (std::size_t i = 8; i != good.size(); ++i) {
        const auto hit = static_cast<std::size_t>(
            std::ranges::upper_bound(all, i, {}, &log_record::offset) - all.begin() - 1);
        const auto extent = tintype::record_extent(all[hit].size);
        auto expected = whole;
        expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(hit));
        for (unsigned bit = 0; bit != 8; ++bit) {
            blob bytes = good;
            bytes[i] ^= std::byte{static_cast<unsigned char>(1U << bit)};
            INFO("byte ", i, ", bit ", bit);
            CHECK(whole_records(bytes) == expected);
            const auto got = scan(bytes);
            const auto tail = find_tail(bytes);
            if (hit + 1 == all.size()) {
                // Nobody can tell it from a record that was torn.
                CHECK(tail.whole == all[hit].offset);
                CHECK(tail.tail == extent);
                continue;
            }
            CHECK(tail.whole == good.size());
            if (i < all[hit].offset + 32) {
                CHECK(got.gaps ==
                      std::vector<log_gap>{{.offset = all[hit].offset, .size = extent}});
            } else {
                CHECK(got.gaps.empty());
            }
            const auto refused = tintype::log_payload(bytes, all[hit]);
            REQUIRE(!refused);
            CHECK(refused.error().code == tintype::errc::checksum_mismatch);
            CHECK(refused.error().offset == all[hit].offset);
            CHECK(refused.error().found != refused.error().wanted);
        }
    }
}

TEST_CASE("records that were lost in the middle are gaps, however many and whatever is there") {
    const std::vector<blob> payloads(20, noise(24));
    const blob good = log_of(payloads);
    const auto all = scan(good).records;
    for (std::size_t first = 0; first != 19; ++first) {
        for (std::size_t count = 1; first + count != 20; ++count) {
            blob bytes = good;
            const auto begin = all[first].offset;
            const auto size = all[first + count].offset - begin;
            const blob garbage = count % 2 == 0 ? noise(size) : blob(size, std::byte{});
            std::ranges::copy(garbage, bytes.begin() + static_cast<std::ptrdiff_t>(begin));
            const auto got = scan(bytes);
            CHECK(got.records.size() == 20 - count);
            CHECK(got.gaps == std::vector<log_gap>{{.offset = begin, .size = size}});
            CHECK(got.end.tail == 0);
        }
    }
}

TEST_CASE("records that are repeated, reordered, or copied elsewhere are none") {
    const std::vector<blob> payloads(6, noise(24));
    const blob good = log_of(payloads);
    const auto all = scan(good).records;
    const auto extent = tintype::record_extent(24);
    const auto record_at = [&](std::size_t i) {
        const auto from = good.begin() + static_cast<std::ptrdiff_t>(all[i].offset);
        return blob(from, from + static_cast<std::ptrdiff_t>(extent));
    };
    for (std::size_t from = 0; from != 6; ++from) {
        for (std::size_t to = 0; to != 6; ++to) {
            blob bytes = good;
            std::ranges::copy(record_at(from),
                              bytes.begin() + static_cast<std::ptrdiff_t>(all[to].offset));
            CHECK(scan(bytes).records.size() == (from == to ? 6 : 5));
        }
        blob repeated = good;
        tintype::append(repeated, record_at(from));
        CHECK(scan(repeated).records == all);
        CHECK(scan(repeated).end.tail == extent);
    }
    // Bytes put in or left out before them move all that follow.
    blob shifted = good;
    shifted.insert(shifted.begin() + 8, 8, std::byte{});
    CHECK(scan(shifted).records.empty());
    shifted.erase(shifted.begin() + 8, shifted.begin() + 24);
    CHECK(scan(shifted).records.empty());
}

TEST_CASE("a log inside a payload is no part of the log around it") {
    const blob inner = log_of(small_payloads());
    blob outer = blob_of(tests::log_magic);
    append_record(outer, 1, noise(16));
    append_record(outer, 2, inner);
    append_record(outer, 3, noise(16));
    const auto all = scan(outer).records;
    REQUIRE(all.size() == 3);
    // Its own header gone: the records within name places in another object.
    for (std::size_t i = 0; i != 32; ++i) {
        blob bytes = outer;
        bytes[static_cast<std::size_t>(all[1].offset) + i] ^= std::byte{0x10};
        const auto got = scan(bytes);
        CHECK(got.records == std::vector<log_record>{all[0], all[2]});
        CHECK(got.gaps == std::vector<log_gap>{
                              {.offset = all[1].offset, .size = all[2].offset - all[1].offset}});
    }
}

TEST_CASE(
    "only a payload that was made for its place can pass for a record, once its header is gone") {
    // What remains possible: whoever knows where a payload will lie can put a header into it that
    // is right there. It is looked at only where the record around it lost its own.
    blob outer = blob_of(tests::log_magic);
    append_record(outer, 1, noise(16));
    blob crafted(outer.size() + 32, std::byte{});
    append_record(crafted, 666, noise(8));
    const blob payload(crafted.begin() + static_cast<std::ptrdiff_t>(outer.size()) + 32,
                       crafted.end());
    append_record(outer, 2, payload);
    append_record(outer, 3, noise(16));
    CHECK(scan(outer).records.size() == 3);
    CHECK(scan(outer).records[1].kind == 2);
    outer[static_cast<std::size_t>(scan(outer).records[1].offset)] ^= std::byte{1};
    CHECK(scan(outer).records.size() == 3);
    CHECK(scan(outer).records[1].kind == 666);
    CHECK(scan(outer).gaps.size() == 1);
}

TEST_CASE("sizes that no object has are refused without being believed") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t size : {std::uint64_t{65}, std::uint64_t{1} << 32U, most / 2,
                                     most - 40, most - 32, most - 8, most - 7, most}) {
        blob bytes = log_of({noise(8)});
        const auto at = bytes.size();
        tintype::append(bytes, tintype::encode_header({.kind = 1, .offset = at, .size = size}));
        bytes.resize(bytes.size() + 64, std::byte{});
        const auto got = scan(bytes);
        CHECK(got.records.size() == 1);
        CHECK(got.end.whole == at);
        CHECK(find_tail(bytes).whole == at);
        const auto refused = tintype::log_payload(bytes, {.kind = 1, .offset = at, .size = size});
        CHECK(tests::said(refused) == "truncated_section in record @48 64/" + std::to_string(size));
    }
}

TEST_CASE("a payload is asked for by a record that is there") {
    const blob bytes = log_of({noise(10), noise(20)});
    const auto all = scan(bytes).records;
    auto other = all[0];
    other.kind = 9;
    CHECK(tests::said(tintype::log_payload(bytes, other)) == "invalid_value in record @8 10/10");
    other = all[0];
    other.size = 11;
    CHECK(tests::said(tintype::log_payload(bytes, other)) == "invalid_value in record @8 10/11");
    other = all[0];
    other.offset = 16;
    CHECK(tintype::log_payload(bytes, other).error().code == tintype::errc::checksum_mismatch);
    for (const std::uint64_t offset :
         {std::uint64_t{bytes.size() - 31}, std::uint64_t{bytes.size()},
          std::uint64_t{bytes.size() + 1}, ~std::uint64_t{0}}) {
        other.offset = offset;
        const auto refused = tintype::log_payload(bytes, other);
        REQUIRE(!refused);
        CHECK(refused.error().code == tintype::errc::truncated);
        CHECK(refused.error().wanted == 32);
        CHECK(refused.error().found == (offset < bytes.size() ? 31 : 0));
    }
}

TEST_CASE("the tail begins behind the last payload that holds, however many do not") {
    for (const std::size_t bad : {0U, 1U, 2U, 63U, 64U, 65U, 500U, 5000U}) {
        for (const std::size_t before : {0U, 1U, 70U}) {
            blob bytes = log_of(std::vector<blob>(before + bad, noise(8)));
            for (std::size_t i = before; i != before + bad; ++i) {
                bytes[8 + i * 40 + 32] ^= std::byte{1};
            }
            INFO(before, " whole and ", bad, " torn");
            const auto end = find_tail(bytes);
            CHECK(end.whole == 8 + before * 40);
            CHECK(end.tail == bad * 40);
            CHECK(end.last.has_value() == (before != 0));
            CHECK(find_tail(bytes, 8 + before * 40).whole == 8 + before * 40);
        }
    }
}

TEST_CASE("a gap before a torn record is torn too") {
    blob bytes = log_of(std::vector<blob>(5, noise(8)));
    bytes[8 + 3 * 40] ^= std::byte{1};      // a header
    bytes[8 + 4 * 40 + 32] ^= std::byte{1}; // a payload
    CHECK(scan(bytes).gaps.empty());
    CHECK(find_tail(bytes).whole == 8 + 3 * 40);
    CHECK(find_tail(bytes).tail == 80);
}

TEST_CASE("a header that is only come upon is believed if its payload holds") {
    // Behind damage, one that does not fit yet and one whose payload is another's: the record
    // behind both is found, and is there too once the log has grown and the first of them would
    // fit.
    blob bytes = log_of(std::vector<blob>(6, noise(8)));
    const auto put = [&](std::uint64_t at, std::uint64_t size) {
        const auto header = tintype::encode_header({.kind = 1, .offset = at, .size = size});
        std::ranges::copy(header, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    };
    bytes[8 + 40] ^= std::byte{1};
    put(8 + 2 * 40, 400);
    put(8 + 3 * 40, 8);
    for (const std::size_t more : {0U, 400U}) {
        const auto behind = log_of(std::vector<blob>(more / 40 + 6, noise(8)));
        bytes.insert(bytes.end(), behind.begin() + static_cast<std::ptrdiff_t>(bytes.size()),
                     behind.end());
        const auto seen = scan(bytes);
        REQUIRE(seen.gaps.size() == 1);
        CHECK(seen.gaps[0].offset == 8 + 40);
        CHECK(seen.gaps[0].size == 3 * 40);
        CHECK(seen.records.size() == 3 + more / 40);
    }
}

TEST_CASE("the magic is compared as it stands") {
    CHECK(tintype::check_log_magic(blob_of("TESTLOG1 and more"), tests::log_magic));
    CHECK(tests::said(tintype::check_log_magic(blob_of("TESTLOG2"), tests::log_magic)) ==
          "invalid_magic in magic @0 " + std::to_string(0x544553544c4f4732) + "/" +
              std::to_string(0x544553544c4f4731));
    CHECK(tests::said(tintype::check_log_magic(blob_of("TESTLOG"), tests::log_magic)) ==
          "truncated in magic @0 7/8");
    CHECK(tests::said(tintype::check_log_magic(blob_of("TESTLOG1"), "TESTLOG")) ==
          "invalid_value in magic 7/8");
}
