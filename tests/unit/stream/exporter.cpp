#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/poly31.hpp>
#include <tintype/stream/exporter.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using tests::said;
using tintype::capture;
using tintype::errc;
using tintype::export_options;
using tintype::file_kind;
using tintype::result;
using tintype::snapshot_chunk;

namespace {

using exporter = tintype::exporter<tintype::crc32c>;

static_assert(std::ranges::input_range<exporter::chunk_range>);
static_assert(std::input_iterator<exporter::chunk_range::iterator>);

// Several files of given sizes, whose reads may be made to fail.
struct files {
    std::vector<std::size_t> sizes;
    std::shared_ptr<std::uint64_t> reads_left = std::make_shared<std::uint64_t>(~0ULL);

    [[nodiscard]] static tintype::blob content(std::size_t index, std::size_t size) {
        return tests::noise(size, index);
    }

    result<void> pin(capture& into) {
        for (std::size_t i = 0; i != sizes.size(); ++i) {
            auto added = into.add(
                {.name = "file" + std::to_string(i),
                 .kind = file_kind::hnsw_index,
                 .size = sizes[i],
                 .read = [bytes = content(i, sizes[i]), left = reads_left](
                             std::uint64_t offset, tintype::mutable_bytes to) -> result<void> {
                     if (*left == 0) {
                         return tintype::fail({.code = errc::io});
                     }
                     --*left;
                     tintype::copy_bytes(tintype::byte_view{bytes}.subspan(offset, to.size()),
                                         to.data());
                     return {};
                 }});
            if (!added) {
                return added;
            }
        }
        return {};
    }

    result<void> collect(capture&) { return {}; }
};

// Holds the whole stream against the rules, and gives the files' bytes.
std::vector<tintype::blob> reassembled(exporter& from, std::size_t chunk_size) {
    std::vector<tintype::blob> all;
    const tintype::stream_metadata& metadata = from.metadata();
    std::uint64_t sequence = 0;
    bool ended = false;
    bool last = true;
    for (const result<snapshot_chunk>& chunk : from.chunks()) {
        REQUIRE(chunk);
        REQUIRE_FALSE(ended);
        REQUIRE(chunk->sequence == sequence);
        REQUIRE(chunk->metadata.has_value() == (sequence == 0));
        ended = chunk->is_final;
        REQUIRE(chunk->file_chunk.has_value() == (sequence != 0 && !ended));
        ++sequence;
        if (chunk->metadata) {
            REQUIRE(*chunk->metadata == metadata);
        }
        if (chunk->file_chunk) {
            const tintype::file_piece& piece = *chunk->file_chunk;
            if (last) {
                all.emplace_back();
            }
            last = piece.is_last_chunk;
            REQUIRE(piece.file_name == metadata.files.at(all.size() - 1).file_name);
            REQUIRE(piece.offset == all.back().size());
            REQUIRE((piece.data.size() == chunk_size || last));
            REQUIRE((!piece.data.empty() || metadata.files[all.size() - 1].file_size == 0));
            tintype::append(all.back(), piece.data);
            REQUIRE(last == (all.back().size() == metadata.files[all.size() - 1].file_size));
        }
    }
    REQUIRE(ended);
    REQUIRE(last);
    REQUIRE(sequence == from.chunk_count());
    REQUIRE(all.size() == metadata.files.size());
    return all;
}

std::size_t entries(const std::string& path) {
    return static_cast<std::size_t>(
        std::ranges::distance(std::filesystem::directory_iterator{path}));
}

struct fixed_ids {
    [[nodiscard]] std::string next(tintype::timestamp when) const {
        return tintype::random_stream_ids::name(when, 0x0000beef);
    }
};

} // namespace

TEST_CASE("every size around every boundary comes whole, at every chunk size") {
    for (const std::size_t chunk : {1U, 7U, 4096U, 65536U}) {
        const std::vector<std::size_t> sizes{
            0, 1, 2, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1, 0};
        auto from = exporter::open({.chunk_size = chunk}, files{sizes});
        REQUIRE(from);
        const auto all = reassembled(*from, chunk);
        std::uint64_t total = 0;
        std::uint64_t chunks = 2;
        for (std::size_t i = 0; i != sizes.size(); ++i) {
            REQUIRE(all[i] == files::content(i, sizes[i]));
            const tintype::file_info& info = from->metadata().files[i];
            CHECK(info.file_size == sizes[i]);
            CHECK(info.file_type == file_kind::hnsw_index);
            CHECK(info.checksum == tintype::to_hex(tintype::hash_of<tintype::crc32c>(all[i])));
            total += sizes[i];
            chunks += std::max<std::size_t>((sizes[i] + chunk - 1) / chunk, 1);
        }
        CHECK(from->metadata().total_size == total);
        CHECK(from->chunk_count() == chunks);
        CHECK(tintype::check_metadata(from->metadata()));
        CHECK(from->metadata().checksum ==
              tintype::checksum_of_files<tintype::crc32c>(from->metadata().files));
        // Any chunk by itself, in any order, into a used buffer.
        snapshot_chunk any{};
        snapshot_chunk fresh{};
        for (std::uint64_t i = from->chunk_count(); i-- != 0;) {
            const std::uint64_t sequence = i * 7919 % from->chunk_count();
            REQUIRE(from->read(sequence, any));
            fresh = {};
            REQUIRE(from->read(sequence, fresh));
            REQUIRE(any == fresh);
        }
        CHECK(said(from->read(from->chunk_count(), any)) ==
              "out_of_bounds in chunks of the stream " + std::to_string(chunks) + "/" +
                  std::to_string(chunks));
        CHECK(from->read(~0ULL, any).error().code == errc::out_of_bounds);
    }
}

TEST_CASE("a stream of no files is metadata and an end") {
    auto from = exporter::open({});
    REQUIRE(from);
    CHECK(from->chunk_count() == 2);
    CHECK(reassembled(*from, 1).empty());
    CHECK(from->metadata().checksum == "00000000");
}

TEST_CASE("files larger than what is hashed at a time have the digest of all their bytes") {
    for (const std::size_t size : {262'143U, 262'144U, 262'145U, 700'000U}) {
        auto from = tintype::exporter<tintype::poly31>::open({}, files{{size}});
        REQUIRE(from);
        CHECK(from->metadata().files[0].checksum ==
              tintype::to_hex(tintype::hash_of<tintype::poly31>(files::content(0, size))));
    }
}

TEST_CASE("the name and the time are those of the policies") {
    const tests::manual_clock clock{tintype::timestamp{1'700'000'000'123'456'789ns}};
    using named = tintype::exporter<tintype::crc32c, tests::manual_clock, fixed_ids>;
    const auto from = named::open_with(clock, fixed_ids{}, {}, [] {}, files{{3}});
    REQUIRE(from);
    CHECK(from->metadata().snapshot_id == "snap_1700000000123_0000beef");
    CHECK(from->metadata().created_at == 1'700'000'000'123);
    CHECK(from->metadata().version == 1);
    const auto a = exporter::open({});
    const auto b = exporter::open({});
    REQUIRE(a);
    REQUIRE(b);
    CHECK(a->metadata().snapshot_id.size() == 27);
    CHECK(tintype::good_name(a->metadata().snapshot_id));
    CHECK(a->metadata().snapshot_id != b->metadata().snapshot_id);
}

TEST_CASE("a chunk size of nothing, and one that nobody would take, are refused") {
    CHECK(said(exporter::open({.chunk_size = 0})) == "invalid_value in chunk_size 0/1");
    constexpr std::size_t most = tintype::stream_limits{}.chunk_size;
    CHECK(exporter::open({.chunk_size = most}));
    CHECK(said(exporter::open({.chunk_size = most + 1})) ==
          "limit_exceeded in chunk_size 67108865/67108864");
}

TEST_CASE("a follower who lost the connection is given what it lacks") {
    auto from = exporter::open({.chunk_size = 10}, files{{25, 0, 10}});
    REQUIRE(from);
    for (std::uint64_t begin = 0; begin != from->chunk_count(); ++begin) {
        std::uint64_t next = begin;
        for (const auto& chunk : from->chunks(begin)) {
            REQUIRE(chunk);
            REQUIRE(chunk->sequence == next++);
        }
        CHECK(next == from->chunk_count());
    }
    std::size_t count = 0;
    for (const auto& chunk : from->chunks(from->chunk_count())) {
        CHECK(said(chunk) == "out_of_bounds in chunks of the stream 7/7");
        ++count;
    }
    CHECK(count == 1);
}

TEST_CASE("an error at the n-th read is never taken for the end") {
    const files source{{25, 0, 10}};
    constexpr std::uint64_t to_hash = 2;
    for (std::uint64_t n = 0; n != to_hash; ++n) {
        *source.reads_left = n;
        CHECK(said(exporter::open({.chunk_size = 10}, source)) == "io 0/0");
    }
    for (std::uint64_t n = 0; n != 6; ++n) {
        *source.reads_left = ~0ULL;
        auto from = exporter::open({.chunk_size = 10}, source);
        REQUIRE(from);
        *source.reads_left = n;
        std::uint64_t good = 0;
        std::uint64_t bad = 0;
        bool ended = false;
        for (const auto& chunk : from->chunks()) {
            REQUIRE(bad == 0);
            good += chunk ? 1U : 0U;
            bad += chunk ? 0U : 1U;
            ended = chunk && chunk->is_final;
        }
        // Five pieces of files in all.
        CHECK(good == (n < 5 ? n + 1 : from->chunk_count()));
        CHECK(bad == (n < 5 ? 1 : 0));
        CHECK(ended == (n == 5));
        // It may be read again from there.
        *source.reads_left = ~0ULL;
        snapshot_chunk again{};
        CHECK(from->read(std::min(good, from->chunk_count() - 1), again));
    }
}

TEST_CASE("two sources that give one name are refused, and so are names that no file can have") {
    CHECK(said(exporter::open({}, files{{1}}, files{{2}})) == "duplicate in file0 0/0");
    CHECK(exporter::open({}, tintype::source_of("..", tintype::blob{})).error().code ==
          errc::bad_name);
}

namespace {

// Says when it is asked for what, and whether the lock was held.
struct observer {
    std::vector<std::string>* events;
    std::string name;
    const bool* held;

    result<void> pin(capture& into) {
        events->push_back(name + " pin" + (*held ? " held" : ""));
        return into.add_bytes(name, file_kind::unknown, tintype::detail::kept_bytes{{}, {}});
    }

    result<void> collect(capture&) {
        events->push_back(name + " collect" + (*held ? " held" : ""));
        return {};
    }
};

} // namespace

TEST_CASE("the guard holds while all sources pin, and is released before any collects") {
    bool held = false;
    std::vector<std::string> events;
    const auto guard = [&] {
        held = true;
        events.emplace_back("held");
        return std::shared_ptr<void>{nullptr, [&](void*) {
                                         held = false;
                                         events.emplace_back("released");
                                     }};
    };
    const observer a{&events, "a", &held};
    const observer b{&events, "b", &held};
    CHECK(exporter::open({}, guard, a, b));
    const std::vector<std::string> wanted{"held",     "a pin held", "b pin held",
                                          "released", "a collect",  "b collect"};
    CHECK(events == wanted);
    // Also when a pin fails; then nothing is collected.
    events.clear();
    CHECK_FALSE(exporter::open({}, guard, a, a, b));
    CHECK(events == std::vector<std::string>{"held", "a pin held", "a pin held", "released"});
    CHECK_FALSE(held);
    // A lock, a result of one, nothing at all.
    std::mutex mutex;
    CHECK(exporter::open({}, [&] { return std::unique_lock{mutex}; }, files{{1}}));
    CHECK(mutex.try_lock());
    mutex.unlock();
    using locked = result<std::unique_lock<std::mutex>>;
    CHECK(exporter::open({}, [&] { return locked{std::unique_lock{mutex}}; }, files{{1}}));
    CHECK(mutex.try_lock());
    mutex.unlock();
    events.clear();
    CHECK(said(exporter::open(
              {}, [&] { return locked{tintype::fail({.code = errc::in_use, .found = 1})}; }, a)) ==
          "in_use 1/0");
    CHECK(events.empty());
}

namespace {

std::chrono::nanoseconds passed{};

constexpr tintype::time_source by_hand{
    .now = [] { return tintype::time_source::point{passed}; },
    .sleep = [](std::chrono::nanoseconds time) { passed += time; },
};

// A folder of files, and everything that an export of it may be stopped at.
struct folder {
    tests::scratch root;
    tests::scratch temp;

    folder() {
        for (const char* name : {"a", "b"}) {
            const auto bytes = tests::noise(300'000, 1);
            std::ofstream{root / name, std::ios::binary} << tintype::text_of(bytes);
        }
    }

    [[nodiscard]] result<exporter> open(export_options options) const {
        options.temp_dir = temp.path();
        options.time = by_hand;
        return exporter::open(std::move(options), tintype::file_source{root / "a"},
                              tintype::file_source{root / "b"});
    }
};

} // namespace

TEST_CASE("stopped or late at any step, nothing stays in the temporary folder") {
    const folder of;
    // At each the monitor is asked, or the time is up.
    for (const bool late : {false, true}) {
        int steps = 0;
        for (int n = 1;; ++n) {
            passed = 1h;
            int asked = 0;
            std::size_t most = 0;
            std::stop_source stop;
            const auto tell = [&](tintype::progress) {
                most = std::max(most, entries(of.temp.path()));
                if (++asked == n) {
                    if (late) {
                        passed += 2h;
                    } else {
                        stop.request_stop();
                    }
                }
            };
            const tintype::monitor watch{tell, stop.get_token()};
            const auto from = of.open({.deadline = 1h, .watch = &watch});
            CHECK(entries(of.temp.path()) == 0);
            if (from) {
                CHECK(asked < n);
                CHECK(most == 1);
                break;
            }
            REQUIRE(from.error().code == (late ? errc::timed_out : errc::cancelled));
            steps = n;
        }
        CHECK(steps >= 11);
    }
}

TEST_CASE("the temporary folder is empty while the files are streamed") {
    const folder of;
    auto from = of.open({.chunk_size = 1000});
    REQUIRE(from);
    CHECK(entries(of.temp.path()) == 0);
    std::filesystem::remove(of.root / "a");
    const auto all = reassembled(*from, 1000);
    CHECK(all.at(0) == tests::noise(300'000, 1));
    CHECK(all.at(1) == all.at(0));
    // An exporter may move, its chunks too.
    exporter other = *std::move(from);
    CHECK(reassembled(other, 1000) == all);
}

TEST_CASE("a file that changes its size while it is streamed is an error") {
    const folder of;
    auto from = exporter::open(
        {.chunk_size = 100'000},
        tintype::file_source{of.root / "a", file_kind::unknown, "a", tintype::file_use::immutable});
    REQUIRE(from);
    snapshot_chunk chunk{};
    REQUIRE(from->read(1, chunk));
    std::filesystem::resize_file(of.root / "a", 299'999);
    CHECK(said(from->read(1, chunk)) == "truncated in a @299999 299999/300000");
    std::filesystem::resize_file(of.root / "a", 300'001);
    CHECK(said(from->read(3, chunk)) == "trailing_bytes in a @300000 1/0");
}

TEST_CASE("the monitor is told what was streamed, and may stop it") {
    std::vector<std::uint64_t> told;
    std::stop_source stop;
    const auto tell = [&](tintype::progress now) {
        told.push_back(now.done);
        if (now.done == 20 && now.total == 35) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch{tell, stop.get_token()};
    auto from = exporter::open({.chunk_size = 10, .watch = &watch}, files{{25, 10}});
    REQUIRE(from);
    told.clear();
    std::string last;
    for (const auto& chunk : from->chunks()) {
        last = said(chunk);
    }
    CHECK(last == "cancelled 20/35");
    CHECK(told == std::vector<std::uint64_t>{0, 10, 20});
}

TEST_CASE("the stream is as fast as it may be") {
    passed = 1h;
    auto from = exporter::open({.chunk_size = 100, .bytes_per_second = 1000, .time = by_hand},
                               files{{1000, 0, 50}});
    REQUIRE(from);
    const auto begin = passed;
    for (const auto& chunk : from->chunks()) {
        REQUIRE(chunk);
    }
    CHECK(passed - begin == 1s);
}
