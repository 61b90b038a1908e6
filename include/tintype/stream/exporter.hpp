#pragma once

// A snapshot of several files as a stream of chunks. Opening takes the files from their sources and
// hashes them; from then on nothing that happens to the sources changes the stream, and any chunk
// of it may be read at any time, again if need be. Memory: one chunk, whatever the files' size.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/random.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/stream/capture.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/source.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct export_options {
    std::size_t chunk_size = default_chunk_size; // bytes; 1 to stream_limits::chunk_size
    std::string temp_dir{};                      // empty: $TMPDIR, or /tmp
    // For open(), hashing included. None: as long as it takes.
    std::optional<std::chrono::nanoseconds> deadline{};
    // Told of the bytes captured, then of those hashed, and then of those streamed; may stop each.
    const monitor* watch = nullptr;
    std::uint64_t bytes_per_second = 0; // of the stream; 0: as fast as it goes
    time_source time{};
};

// next(when): how a snapshot is named, unlike any other. `timed_ids` is one, too.
template <class I>
concept stream_id_policy = std::copyable<I> && requires(const I& ids, timestamp when) {
    { ids.next(when) } -> std::same_as<std::string>;
};

template <class I>
struct stream_id_rules {
    static_assert(stream_id_policy<I>,
                  "tintype: the ids of streams need `std::string next(timestamp) const`, and to "
                  "be copyable");
    static constexpr bool kept = stream_id_policy<I>;
};

// "snap_", Unix milliseconds, "_", eight random hexadecimal digits.
struct random_stream_ids {
    [[nodiscard]] std::string next(timestamp when) const {
        return name(when, static_cast<std::uint32_t>(detail::system_random()));
    }

    [[nodiscard]] static std::string name(timestamp when, std::uint32_t random) {
        return "snap_" + std::to_string(milliseconds_of(when)) + "_" + to_hex(random);
    }

    [[nodiscard]] static std::int64_t milliseconds_of(timestamp when) {
        return std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()).count();
    }
};

namespace detail {

// Kept for as long as the guard holds; where the guard's call gives a result, it may be refused.
template <class Guard>
[[nodiscard]] auto held_by(Guard& guard) {
    if constexpr (std::is_void_v<std::invoke_result_t<Guard&>>) {
        guard();
        return result<int>{0};
    } else if constexpr (requires { guard().error(); }) {
        return guard();
    } else {
        return result<std::invoke_result_t<Guard&>>{guard()};
    }
}

// A first argument that is no guard is a source, or should be one.
template <class... Sources>
inline constexpr bool begin_with_guard = false;

template <class First, class... Sources>
inline constexpr bool begin_with_guard<First, Sources...> =
    std::invocable<First> && !chunk_source<First>;

} // namespace detail

template <obeys<hash_rules> Hash, obeys<clock_rules> Clock = system_clock,
          obeys<stream_id_rules> Ids = random_stream_ids>
class exporter {
public:
    // The guard is called before the sources fix their moment, and what it returns (a lock, or a
    // result of one) is destroyed as soon as they have. Then they collect, and all is hashed.
    // Whatever goes wrong, nothing is left in the temporary folder.
    template <std::invocable Guard, obeys<source_rules>... Sources>
    [[nodiscard]] static result<exporter> open(export_options options, Guard guard,
                                               Sources... sources) {
        return open_with(Clock{}, Ids{}, std::move(options), std::move(guard),
                         std::move(sources)...);
    }

    // Nobody writes meanwhile, or each source sees to it alone.
    template <class... Sources>
    requires(!detail::begin_with_guard<Sources...> && (obeys<Sources, source_rules> && ...))
    [[nodiscard]] static result<exporter> open(export_options options, Sources... sources) {
        return open_with(
            Clock{}, Ids{}, std::move(options), [] { return 0; }, std::move(sources)...);
    }

    template <std::invocable Guard, obeys<source_rules>... Sources>
    [[nodiscard]] static result<exporter> open_with(Clock clock, Ids ids, export_options options,
                                                    Guard guard, Sources... sources) {
        constexpr std::size_t most = stream_limits{}.chunk_size;
        if (options.chunk_size == 0 || options.chunk_size > most) {
            return fail(
                {.code = options.chunk_size == 0 ? errc::invalid_value : errc::limit_exceeded,
                 .where = "chunk_size",
                 .found = options.chunk_size,
                 .wanted = options.chunk_size == 0 ? 1 : most});
        }
        const pace by{options.deadline, options.watch, options.time};
        capture into{options.temp_dir, by};
        result<void> done;
        timestamp when{};
        {
            [[maybe_unused]] const auto held = detail::held_by(guard);
            if (!held) {
                return fail(held.error());
            }
            when = clock.now();
            done = each([&](auto& source) { return source.pin(into); }, into, sources...);
        }
        if (done) {
            done = each([&](auto& source) { return source.collect(into); }, into, sources...);
        }
        if (!done) {
            return pass(done);
        }
        exporter made{std::move(options), into.take_files()};
        done = made.describe(when, ids.next(when), by);
        return done ? result<exporter>{std::move(made)} : pass(done);
    }

    [[nodiscard]] const stream_metadata& metadata() const noexcept { return metadata_; }

    [[nodiscard]] std::size_t chunk_size() const noexcept { return options_.chunk_size; }

    // With the first, which is the metadata, and the last, which is final and empty.
    [[nodiscard]] std::uint64_t chunk_count() const noexcept { return last_ + 1; }

    // `out_of_bounds` behind the last. The buffers in `into` are used again. One thread at a time.
    [[nodiscard]] result<void> read(std::uint64_t sequence, snapshot_chunk& into) {
        if (sequence > last_) {
            return fail({.code = errc::out_of_bounds,
                         .where = "chunks of the stream",
                         .found = sequence,
                         .wanted = chunk_count()});
        }
        into.sequence = sequence;
        into.is_final = sequence == last_;
        if (sequence == 0) {
            into.file_chunk.reset();
            into.metadata = metadata_;
            return pace_.go_on({.total = metadata_.total_size});
        }
        into.metadata.reset();
        if (sequence == last_) {
            into.file_chunk.reset();
            return pace_.go_on({.done = metadata_.total_size, .total = metadata_.total_size});
        }
        // The last file that begins at this chunk or before it.
        const auto behind = std::ranges::upper_bound(places_, sequence, {}, &place::first);
        return read_piece(static_cast<std::size_t>(behind - places_.begin()) - 1, into);
    }

    // An input range over the chunks from one on, each a `const result<snapshot_chunk>&` that the
    // next one overwrites. An error is the last of its values; no range that ends without a final
    // chunk and without an error. The exporter must stay where it is.
    class chunk_range {
    public:
        chunk_range(exporter& from, std::uint64_t first) : from_(&from), next_(first) {}

        class iterator {
        public:
            using iterator_concept = std::input_iterator_tag;
            using value_type = result<snapshot_chunk>;
            using difference_type = std::ptrdiff_t;

            explicit iterator(chunk_range& of) noexcept : of_(&of) {}

            [[nodiscard]] const value_type& operator*() const noexcept { return of_->now_; }

            [[nodiscard]] const value_type* operator->() const noexcept { return &of_->now_; }

            iterator& operator++() {
                of_->advance();
                return *this;
            }

            void operator++(int) { of_->advance(); }

            [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
                return of_->ended_;
            }

        private:
            chunk_range* of_;
        };

        [[nodiscard]] iterator begin() {
            advance();
            return iterator{*this};
        }

        [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    private:
        void advance() {
            if (!now_ || now_->is_final) {
                ended_ = true;
                return;
            }
            if (auto done = from_->read(next_++, *now_); !done) {
                now_ = pass(done);
            }
        }

        exporter* from_;
        std::uint64_t next_;
        bool ended_ = false;
        result<snapshot_chunk> now_{};
    };

    [[nodiscard]] chunk_range chunks(std::uint64_t from = 0) { return {*this, from}; }

private:
    struct place {
        std::uint64_t first = 0;  // sequence of the file's first chunk
        std::uint64_t before = 0; // bytes of the files before it
    };

    exporter(export_options options, std::vector<captured_file> files)
        : options_(std::move(options)), files_(std::move(files)),
          pace_(std::nullopt, options_.watch, options_.time), rate_(options_.bytes_per_second) {}

    // Until one says no.
    template <class Use, class... Sources>
    [[nodiscard]] static result<void> each(Use use, capture& into, Sources&... sources) {
        result<void> done = into.go_on(0);
        std::size_t number = 0;
        [[maybe_unused]] const auto one = [&](auto& source) {
            into.set_source(number++);
            done = use(source);
            if (done) {
                done = into.go_on(0);
            }
            return done.has_value();
        };
        static_cast<void>(done && (one(sources) && ...));
        return done;
    }

    [[nodiscard]] result<void> describe(timestamp when, std::string id, const pace& by) {
        metadata_ = {.snapshot_id = std::move(id),
                     .created_at = random_stream_ids::milliseconds_of(when),
                     .total_size = 0,
                     .files = {},
                     .version = stream_metadata::newest,
                     .checksum = {}};
        std::uint64_t sequence = 1;
        for (const captured_file& file : files_) {
            metadata_.files.push_back({.file_name = file.name,
                                       .file_type = file.kind,
                                       .file_size = file.size,
                                       .checksum = {}});
            places_.push_back({.first = sequence, .before = metadata_.total_size});
            metadata_.total_size += file.size;
            sequence += file.size == 0 ? 1 : (file.size - 1) / options_.chunk_size + 1;
        }
        last_ = sequence;
        if (auto good = check_metadata(metadata_); !good) {
            return good;
        }
        blob buffer;
        for (std::size_t i = 0; i != files_.size(); ++i) {
            if (auto done = hash_file(i, buffer, by); !done) {
                return done;
            }
        }
        metadata_.checksum = checksum_of_files<Hash>(metadata_.files);
        return {};
    }

    [[nodiscard]] result<void> hash_file(std::size_t index, blob& buffer, const pace& by) {
        // Large enough for few calls, small enough to be hashed while it is in the cache.
        constexpr std::size_t piece_size = std::size_t{1} << 18U;
        const captured_file& file = files_[index];
        Hash hash{};
        for (std::uint64_t at = 0; at != file.size;) {
            const auto size =
                static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, file.size - at));
            buffer.resize(std::max(buffer.size(), size));
            const auto piece = mutable_bytes{buffer}.first(size);
            if (auto done = file.read(at, piece); !done) {
                return done;
            }
            hash.update(piece);
            at += size;
            auto stay =
                by.go_on({.done = places_[index].before + at, .total = metadata_.total_size});
            if (!stay) {
                return stay;
            }
        }
        metadata_.files[index].checksum = to_hex(hash.finish());
        return {};
    }

    [[nodiscard]] result<void> read_piece(std::size_t index, snapshot_chunk& into) {
        const captured_file& file = files_[index];
        const std::uint64_t offset = (into.sequence - places_[index].first) * options_.chunk_size;
        const auto size = static_cast<std::size_t>(
            std::min<std::uint64_t>(options_.chunk_size, file.size - offset));
        const progress now{.done = places_[index].before + offset + size,
                           .total = metadata_.total_size};
        auto stay = rate_.take(size, pace_, now);
        if (stay) {
            stay = pace_.go_on(now);
        }
        if (!stay) {
            return stay;
        }
        if (!into.file_chunk) {
            into.file_chunk.emplace();
        }
        file_piece& piece = *into.file_chunk;
        piece.file_name = file.name;
        piece.offset = offset;
        piece.is_last_chunk = offset + size == file.size;
        piece.data.resize(size);
        return file.read(offset, piece.data);
    }

    export_options options_;
    std::vector<captured_file> files_;
    pace pace_;
    rate_limit rate_;
    stream_metadata metadata_{};
    std::vector<place> places_; // one a file
    std::uint64_t last_ = 0;    // the final chunk's sequence
};

} // namespace tintype::inline v0
