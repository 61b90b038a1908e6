// A history that was damaged: every byte of a small one flipped, and every length it may have been
// cut to. What is given back is what was appended, or an error; no more is lost than one keyframe
// and its deltas, or one block; what is lost is told, and appending goes on.

#include <tintype/delta/store.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/storage/memory.hpp>

#include "support/histories.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::said;
using tintype::memory_storage;

// Little of each, so that there are few bytes to flip.
struct small {
    BOOST_HANA_DEFINE_STRUCT(small, (std::uint64_t, timestamp_ns), (std::string, fingerprint),
                             (std::vector<double>, values));
};

using store = tintype::delta_store<small, memory_storage>;

constexpr std::uint64_t held_raw = 3; // snapshots to a keyframe

small small_at(std::uint64_t number) {
    small made{.timestamp_ns = number, .fingerprint = "f", .values = {1, 2, 3}};
    made.values[number % 3] = static_cast<double>(number) / 8;
    return made;
}

tintype::blob bytes_of(const memory_storage& storage) {
    const auto object = storage.open("history", tintype::access::copy).value();
    return {object.bytes().begin(), object.bytes().end()};
}

memory_storage holding(tintype::byte_view bytes) {
    memory_storage storage;
    auto staged = storage.stage().value();
    REQUIRE(staged.write(bytes));
    REQUIRE(staged.publish("history"));
    return storage;
}

constexpr std::uint64_t appended = 12;

tintype::blob history_of(std::chrono::nanoseconds raw, std::chrono::nanoseconds compressed,
                         bool compact) {
    const memory_storage storage;
    auto held = store::open(storage, "history", {.keyframe_interval = held_raw}).value();
    for (std::uint64_t i = 0; i != appended; ++i) {
        REQUIRE(held.append(small_at(i)));
    }
    REQUIRE(held.cleanup(appended, {.raw_max_age = raw,
                                    .compressed_max_age = compressed,
                                    .archive_max_age = 9ns,
                                    .archive_block = 3}));
    if (compact) {
        REQUIRE(held.compact());
    }
    return bytes_of(storage);
}

// How much there was before the damage: from index 3 on, for the rest was too old.
constexpr std::uint64_t oldest = 3;

// Bytes of the record that says what the history is of: without it nothing is known.
std::uint64_t opening_end(tintype::byte_view bytes) {
    const auto header = tintype::header_at(bytes, tintype::log_begin).value();
    return tintype::log_begin + tintype::record_extent(header.size);
}

bool is_lost(const store& held, std::uint64_t index) {
    for (const auto& each : held.lost()) {
        if (each.first <= index && index <= each.last) {
            return true;
        }
    }
    return false;
}

struct survey {
    std::vector<std::uint64_t> gone{}; // whatever the error
    std::uint64_t next = 0;
};

survey surveyed(const store& held, std::string& wrong) {
    survey seen{.gone = {}, .next = held.next_index()};
    for (std::uint64_t i = 0; i != appended; ++i) {
        const auto got = held.get(i);
        if (got) {
            if (!tintype::identical(*got, small_at(i))) {
                wrong += std::to_string(i) + " is another; ";
            }
            continue;
        }
        if (i < oldest) {
            continue;
        }
        seen.gone.push_back(i);
        // What is not even known of is told to be lost, or was the end.
        const bool unknown = got.error().code == tintype::errc::not_found ||
                             got.error().code == tintype::errc::out_of_bounds;
        if (unknown && i < held.next_index() && !is_lost(held, i)) {
            wrong += std::to_string(i) + " is gone without a word; ";
        }
        if (!unknown && is_lost(held, i)) {
            wrong += std::to_string(i) + " is lost, and yet there; ";
        }
    }
    return seen;
}

// Snapshots that are read together.
bool one_group(const std::vector<std::uint64_t>& gone) {
    return gone.empty() || gone.front() / held_raw == gone.back() / held_raw;
}

void goes_on(store& held, const survey& before, std::string& wrong) {
    const auto first = held.append(small_at(50));
    const auto second = held.append(small_at(51));
    if (!first || !second || *first != before.next || *second != before.next + 1) {
        wrong += "nothing can be appended; ";
        return;
    }
    for (const std::uint64_t i : {0U, 1U}) {
        const auto got = held.get(before.next + i);
        if (!got || !tintype::identical(*got, small_at(50 + i))) {
            wrong += "what was appended is not there; ";
        }
    }
    // Its numbers may be those of snapshots that were cut off.
    for (std::uint64_t i = oldest; i < std::min(before.next, appended); ++i) {
        const auto got = held.get(i);
        const bool gone = std::ranges::find(before.gone, i) != before.gone.end();
        if (got.has_value() == gone) {
            wrong += "appending changed " + std::to_string(i) + "; ";
        }
    }
}

} // namespace

TEST_CASE("a flipped byte costs one group at most, and nothing is given back wrong") {
    for (const auto& [raw, compressed, compact] :
         {std::tuple{99ns, 99ns, false}, std::tuple{2ns, 6ns, false}, std::tuple{0ns, 0ns, true}}) {
        const auto bytes = history_of(raw, compressed, compact);
        const auto opening = opening_end(bytes);
        CAPTURE(bytes.size());
        {
            std::string wrong;
            const auto storage = holding(bytes);
            auto held = store::open(storage, "history").value();
            const auto seen = surveyed(held, wrong);
            CHECK(seen.gone.empty());
            CHECK(held.lost().empty());
            goes_on(held, seen, wrong);
            CHECK(wrong == "");
        }
        std::size_t refused = 0;
        for (std::size_t at = 0; at != bytes.size(); ++at) {
            auto damaged = bytes;
            damaged[at] ^= static_cast<std::byte>(1U << at % 8);
            const auto storage = holding(damaged);
            auto opened = store::open(storage, "history");
            CAPTURE(at);
            if (!opened) {
                // Nothing says any more what it is of, and nothing was changed.
                CHECK(at < opening);
                CHECK(bytes_of(storage) == damaged);
                ++refused;
                opened = store::open(storage, "history", {.mend_opening = true});
                CHECK(opened.has_value() == (at >= tintype::log_begin));
                if (!opened) {
                    continue;
                }
            }
            std::string wrong;
            auto held = *std::move(opened);
            const auto seen = surveyed(held, wrong);
            if (!one_group(seen.gone)) {
                wrong += "more than a group is gone; ";
            }
            if (!held.lost().empty() && held.damage().empty() && held.cut() == 0) {
                wrong += "no damage is told of; ";
            }
            for (const auto& each : held.damage()) {
                // Deltas behind a damaged record are of no use, and told of too.
                if (each.offset > at || each.size == 0) {
                    if (each.why.code != tintype::errc::missing_parent) {
                        wrong += "damage at " + std::to_string(each.offset) + "; ";
                    }
                }
            }
            if (at % 8 == 0) {
                goes_on(held, seen, wrong);
            }
            CHECK(wrong == "");
        }
        CHECK(refused >= tintype::log_begin);
    }
}

TEST_CASE("cut off anywhere, a history is what was whole, and goes on from there") {
    for (const auto& [raw, compressed] : {std::pair{99ns, 99ns}, std::pair{2ns, 6ns}}) {
        const auto bytes = history_of(raw, compressed, false);
        const auto opening = opening_end(bytes);
        std::uint64_t last = 0;
        for (std::size_t size = 0; size != bytes.size(); ++size) {
            CAPTURE(size);
            const auto storage = holding(tintype::byte_view{bytes}.first(size));
            auto opened = store::open(storage, "history");
            if (!opened) {
                CHECK(size < opening);
                continue;
            }
            CHECK(size >= opening);
            auto held = *std::move(opened);
            std::string wrong;
            auto seen = surveyed(held, wrong);
            // A prefix: nothing between is gone.
            std::erase_if(seen.gone, [&](std::uint64_t i) { return i >= seen.next; });
            CHECK(seen.gone.empty());
            CHECK(held.lost().empty());
            CHECK(held.damage().empty());
            CHECK(seen.next >= last);
            CHECK(held.size() + held.cut() == size);
            last = seen.next;
            goes_on(held, seen, wrong);
            CHECK(wrong == "");
        }
        CHECK(last == appended);
    }
}

TEST_CASE("a lost group is told with its first and its last, and its place") {
    const auto bytes = history_of(99ns, 99ns, false);
    // The keyframe of 6, 7 and 8, its facts.
    auto damaged = bytes;
    std::uint64_t offset = 0;
    {
        const auto storage = holding(bytes);
        offset = store::open(storage, "history")->entries()[3].offset;
    }
    damaged[offset + tintype::record_header::bytes + 9] ^= std::byte{4};
    const auto storage = holding(damaged);
    {
        auto held = store::open(storage, "history").value();
        CHECK(held.lost() == std::vector<tintype::index_range>{{6, 8}});
        REQUIRE(held.damage().size() == 3); // with the deltas, which need what was before
        CHECK(held.damage()[0].offset == offset);
        CHECK(held.damage()[0].why.code == tintype::errc::checksum_mismatch);
        CHECK(held.damage()[1].why.code == tintype::errc::missing_parent);
        CHECK(said(held.get(7)) == "not_found in snapshot 7/12");
        CHECK(held.count() == 6);
        // Scans and questions pass by what is not there.
        CHECK(held.query({})->snapshots.size() == 6);
        CHECK(held.changes("values")->size() > 3);
        CHECK(held.at(7)->timestamp_ns == 5);
    }
    // In the content, where only reading finds it.
    damaged = bytes;
    damaged[offset + tintype::record_header::bytes + 40] ^= std::byte{4};
    const auto other = holding(damaged);
    auto held = store::open(other, "history").value();
    CHECK(held.lost().empty());
    CHECK(held.get(7).error().code == tintype::errc::checksum_mismatch);
    CHECK(held.get(7).error().offset == offset);
    CHECK(held.get(8).error().code == tintype::errc::checksum_mismatch);
    CHECK(held.get(9)->timestamp_ns == 9);
    CHECK(held.query({}).error().offset == offset);
    // What was not asked for does no harm.
    CHECK(held.query({.start = 9})->snapshots.size() == 3);
    CHECK(held.query({.limit = 3})->snapshots.size() == 3);
    CHECK(held.query({.time = {0, 5}})->snapshots.size() == 3);
    // Compacting leaves it where it is; cleaning up moves all else.
    CHECK(held.compact().error().code == tintype::errc::checksum_mismatch);
    const auto outcome = held.cleanup(appended + 1, {.raw_max_age = 0ns,
                                                     .compressed_max_age = 0ns,
                                                     .archive_max_age = 1h,
                                                     .tolerated_waste = 0})
                             .value();
    CHECK(outcome.damaged == 1);
    CHECK(outcome.archived == 6);
    CHECK(!outcome.compacted);
    for (const auto& each : held.entries()) {
        const bool bad = each.index >= 6 && each.index <= 8;
        CHECK(each.kept_as == (bad ? tintype::tier::raw : tintype::tier::archive));
        CHECK(held.get(each.index).has_value() == !bad);
    }
}

TEST_CASE("a history whose snapshots are not verified still gives back no damaged record") {
    auto bytes = history_of(0ns, 0ns, true);
    const auto at = bytes.size() / 2;
    bytes[at] ^= std::byte{1};
    const auto storage = holding(bytes);
    auto held = store::open(storage, "history", {.verify_checksums = false}).value();
    std::string wrong;
    CHECK(one_group(surveyed(held, wrong).gone));
    CHECK(wrong == "");
}
