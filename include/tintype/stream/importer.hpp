#pragma once

// The one who takes a stream: chunks in any order, some of them twice, over as many connections as
// it takes. They are staged where nobody looks; every file is held against its size and its
// checksum; then all files become the new ones together, or none does. See docs/streams.md.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/stream/arrival.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/ranges.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct import_options {
    stream_limits most{};
    const monitor* watch = nullptr; // is told bytes, of how many once the metadata is there
};

struct import_result {
    std::string snapshot_id{};
    std::uint64_t bytes_restored = 0;
    std::uint32_t files_restored = 0;
};

// Where files lie that are not believed yet.
//
// create(): an empty part. write_at, read_at: all of the bytes, or an error. truncate(part, size):
//     cuts off what is behind.
// size(part): bytes.
// commit(metadata, parts): the parts, in the order of the metadata's files, take their places, all
//     or none; durable when it returns.
template <class S>
concept staging_area =
    std::is_move_constructible_v<S> &&
    requires(S& staging, typename S::part& part, const typename S::part& same, byte_view bytes,
             mutable_bytes memory, const stream_metadata& metadata,
             std::span<typename S::part> parts) {
        { staging.create() } -> std::same_as<result<typename S::part>>;
        { staging.write_at(part, std::uint64_t{}, bytes) } -> std::same_as<result<void>>;
        { staging.read_at(same, std::uint64_t{}, memory) } -> std::same_as<result<void>>;
        { staging.truncate(part, std::uint64_t{}) } -> std::same_as<result<void>>;
        { staging.size(same) } -> std::same_as<result<std::uint64_t>>;
        { staging.commit(metadata, parts) } -> std::same_as<result<void>>;
    };

// `Hash` is a hash, or a hash_choice: the checksums say nothing of their algorithm but their
// length. One thread at a time. Destroyed before finish() did it, everything is as it was.
template <hash_or_choice Hash, staging_area Staging>
class importer {
    using choice = typename detail::as_choice<Hash>::type;
    using part = typename Staging::part;

public:
    importer(Staging staging, const import_options& options = {})
        : staging_(std::move(staging)), options_(options), arrived_(options.most) {}

    // Refused chunks change nothing: the right one may come yet. So may a chunk whose bytes could
    // not be written, when there is space again.
    [[nodiscard]] result<void> add(const snapshot_chunk& chunk) {
        if (!open_) {
            return open_;
        }
        if (auto good = arrived_.check(chunk); !good) {
            return good;
        }
        if (chunk.metadata && !arrived_.metadata()) {
            if (auto good = begin(*chunk.metadata); !good) {
                return good;
            }
        }
        if (chunk.file_chunk) {
            if (auto kept = keep(*chunk.file_chunk); !kept) {
                return kept;
            }
        }
        arrived_.take(chunk);
        return report();
    }

    // The metadata, once it arrived.
    [[nodiscard]] const std::optional<stream_metadata>& metadata() const noexcept {
        return arrived_.metadata();
    }

    // Whether all chunks are there. finish() says what they are worth.
    [[nodiscard]] bool complete() const { return arrived_.check_complete().has_value(); }

    // Sequences of the chunks that are lacking; see arrival::missing().
    [[nodiscard]] std::vector<number_range> missing() const { return arrived_.missing(); }

    // Verifies every file, then switches. `incomplete_stream`, `checksum_mismatch`: nothing was
    // changed. Of an error in the switch itself, see staging::commit(); it is given again from then
    // on, and `in_use` after a switch that was made.
    [[nodiscard]] result<import_result> finish() {
        if (!open_) {
            return pass(open_);
        }
        if (auto good = arrived_.check_complete(); !good) {
            return pass(good);
        }
        const stream_metadata& metadata = *arrived_.metadata();
        for (const file_info& each : metadata.files) {
            if (auto good = verify(each, files_.at(each.file_name)); !good) {
                return pass(good);
            }
        }
        std::vector<part> parts;
        parts.reserve(metadata.files.size());
        for (const file_info& each : metadata.files) {
            parts.push_back(std::move(files_.at(each.file_name).part));
        }
        open_ = staging_.commit(metadata, std::span{parts});
        if (!open_) {
            return pass(open_);
        }
        open_ = fail({.code = errc::in_use, .where = "a stream that was imported already"});
        return import_result{.snapshot_id = metadata.snapshot_id,
                             .bytes_restored = metadata.total_size,
                             .files_restored = static_cast<std::uint32_t>(metadata.files.size())};
    }

    [[nodiscard]] Staging& staging() noexcept { return staging_; }

private:
    struct staged {
        typename Staging::part part;
        // Of as many bytes from the beginning on as came in order, once the metadata is there.
        std::optional<choice> hash{};
        std::uint64_t hashed = 0;
    };

    [[nodiscard]] result<void> begin(const stream_metadata& metadata) {
        auto over_all = choice::for_digits(metadata.checksum);
        if (!over_all) {
            return pass(over_all);
        }
        update_with_files(*over_all, metadata.files);
        if (auto good = over_all->check(metadata.checksum, "checksum of the snapshot"); !good) {
            return good;
        }
        std::vector<choice> hashes;
        std::vector<part> parts;
        for (const file_info& each : metadata.files) {
            auto hash = choice::for_digits(each.checksum);
            if (!hash) {
                return pass(hash);
            }
            hashes.push_back(*hash);
        }
        // From here on nothing fails any more but a part that cannot be made.
        result<void> enough;
        for (const file_info& each : metadata.files) {
            if (!files_.contains(each.file_name)) {
                auto made = unused_part();
                if (!made) {
                    enough = pass(made);
                    break;
                }
                parts.push_back(*std::move(made));
            }
        }
        if (!enough) {
            std::ranges::move(parts, std::back_inserter(unused_));
            return enough;
        }
        auto next = parts.begin();
        for (std::size_t i = 0; i != hashes.size(); ++i) {
            const std::string& name = metadata.files[i].file_name;
            auto at = files_.find(name);
            if (at == files_.end()) {
                at = files_.emplace(name, staged{.part = std::move(*next++)}).first;
            }
            at->second.hash = hashes[i];
        }
        return {};
    }

    // One that a refused chunk left, or a new one. Whatever is in it will be overwritten, and what
    // is behind its file's end cut off.
    [[nodiscard]] result<part> unused_part() {
        if (unused_.empty()) {
            return staging_.create();
        }
        result<part> last{std::move(unused_.back())};
        unused_.pop_back();
        return last;
    }

    [[nodiscard]] result<void> keep(const file_piece& piece) {
        const auto at = files_.find(piece.file_name);
        if (at != files_.end()) {
            return keep(piece, at->second);
        }
        auto made = unused_part();
        if (!made) {
            return pass(made);
        }
        staged file{.part = *std::move(made)};
        auto kept = keep(piece, file);
        if (kept) {
            files_.emplace(piece.file_name, std::move(file));
        } else {
            unused_.push_back(std::move(file.part));
        }
        return kept;
    }

    [[nodiscard]] result<void> keep(const file_piece& piece, staged& file) {
        const byte_view data{piece.data};
        const auto known = arrived_.known(piece);
        for (const number_range& each : known) {
            if (auto same = compare(file, piece, each); !same) {
                return same;
            }
        }
        // Where nothing is known, this is all of it.
        std::uint64_t at = piece.offset;
        const std::uint64_t end = piece.offset + data.size();
        for (std::size_t i = 0; at != end; ++i) {
            const std::uint64_t until = i == known.size() ? end : known[i].begin;
            if (at != until) {
                const auto fresh = data.subspan(static_cast<std::size_t>(at - piece.offset),
                                                static_cast<std::size_t>(until - at));
                if (auto written = staging_.write_at(file.part, at, fresh); !written) {
                    return written;
                }
            }
            at = i == known.size() ? end : known[i].end;
        }
        if (file.hash && file.hashed == piece.offset) {
            file.hash->update(data);
            file.hashed = end;
        }
        return {};
    }

    [[nodiscard]] result<void> compare(staged& file, const file_piece& piece,
                                       const number_range& where) {
        const byte_view sent =
            byte_view{piece.data}.subspan(static_cast<std::size_t>(where.begin - piece.offset),
                                          static_cast<std::size_t>(where.end - where.begin));
        scratch_.resize(sent.size());
        if (auto read = staging_.read_at(file.part, where.begin, scratch_); !read) {
            return read;
        }
        const auto differs = std::ranges::mismatch(sent, scratch_);
        if (differs.in1 == sent.end()) {
            return {};
        }
        return fail({.code = errc::duplicate,
                     .where = piece.file_name,
                     .offset = where.begin + static_cast<std::uint64_t>(differs.in1 - sent.begin()),
                     .during = "other bytes came for this place before"});
    }

    // What did not come in order is read back.
    [[nodiscard]] result<void> verify(const file_info& what, staged& file) {
        const auto size = staging_.size(file.part);
        if (!size) {
            return pass(size);
        }
        // What a chunk left that could not be written whole, and was another's.
        if (*size > what.file_size) {
            if (auto cut = staging_.truncate(file.part, what.file_size); !cut) {
                return cut;
            }
        }
        if (*size < what.file_size) {
            return fail({.code = errc::incomplete_stream,
                         .where = what.file_name,
                         .found = *size,
                         .wanted = what.file_size,
                         .during = "bytes of a staged file"});
        }
        constexpr std::uint64_t piece = std::uint64_t{1} << 20U;
        while (file.hashed != what.file_size) {
            scratch_.resize(
                static_cast<std::size_t>(std::min(piece, what.file_size - file.hashed)));
            if (auto read = staging_.read_at(file.part, file.hashed, scratch_); !read) {
                return read;
            }
            file.hash->update(scratch_);
            file.hashed += scratch_.size();
            if (auto going_on = report(); !going_on) {
                return going_on;
            }
        }
        return file.hash->check(what.checksum, what.file_name);
    }

    [[nodiscard]] result<void> report() const {
        return options_.watch == nullptr
                   ? result<void>{}
                   : options_.watch->report({.done = arrived_.bytes(),
                                             .total = metadata() ? metadata()->total_size : 0});
    }

    Staging staging_;
    import_options options_;
    arrival arrived_;
    std::map<std::string, staged, std::less<>> files_;
    std::vector<part> unused_;
    blob scratch_;
    result<void> open_{}; // why not, once it was finished
};

// Everything that a reader of chunks gives, and then the switch. Messages that are damaged, or
// refused, end it.
template <hash_or_choice Hash, staging_area Staging, class Reader>
[[nodiscard]] result<import_result> import_all(importer<Hash, Staging>& into, Reader& from) {
    snapshot_chunk chunk{};
    for (;;) {
        auto more = from.next(chunk);
        if (!more) {
            return pass(more);
        }
        if (!*more) {
            return into.finish();
        }
        if (auto added = into.add(chunk); !added) {
            return pass(added);
        }
    }
}

} // namespace tintype::inline v0
