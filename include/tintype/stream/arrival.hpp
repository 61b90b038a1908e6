#pragma once

// What of a stream arrived so far, and whether one more chunk goes with it: no file written, no
// hash computed. Chunks may come in any order and any number of times; what contradicts an earlier
// one, or the metadata, is refused and leaves everything as it was.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/ranges.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What arrived of one file. Behind its bytes comes one number more, which stands for its end: it
// arrives with the chunk that is marked last, so that also an empty file is seen to have arrived.
struct arriving_file {
    number_ranges numbers{};
    std::optional<std::uint64_t> size{}; // once the last chunk or the metadata said so

    [[nodiscard]] bool whole() const {
        return size && numbers.contains({0, *size}) && numbers.contains({*size, *size + 1});
    }
};

class arrival {
public:
    // So many ranges with gaps between them are kept track of, of sequences and bytes together. A
    // sender who leaves more gaps has to fill some first.
    static constexpr std::size_t most_ranges = 65536;

    explicit arrival(const stream_limits& most = {}) : most_(most) {
        constexpr std::uint64_t any = std::numeric_limits<std::int64_t>::max();
        most_.total_size = std::min(most_.total_size, any);
    }

    [[nodiscard]] const std::optional<stream_metadata>& metadata() const noexcept {
        return metadata_;
    }

    [[nodiscard]] const std::map<std::string, arriving_file, std::less<>>& files() const noexcept {
        return files_;
    }

    // Whether the chunk may be taken, and is not the final one or the metadata twice.
    [[nodiscard]] result<void> check(const snapshot_chunk& chunk) const {
        if (auto good = check_shape(chunk); !good) {
            return good;
        }
        if (final_ && (chunk.is_final ? chunk.sequence != *final_ : chunk.sequence >= *final_)) {
            return fail({.code = errc::out_of_bounds,
                         .where = "sequence",
                         .found = chunk.sequence,
                         .wanted = *final_,
                         .during = "a chunk behind the final one"});
        }
        if (chunk.is_final && !final_ && sequences_.end() > chunk.sequence) {
            return fail({.code = errc::out_of_bounds,
                         .where = "sequence of the final chunk",
                         .found = chunk.sequence,
                         .wanted = sequences_.end()});
        }
        if (chunk.metadata) {
            return check(*chunk.metadata);
        }
        return chunk.file_chunk ? check(*chunk.file_chunk, chunk.sequence) : result<void>{};
    }

    // Which of its bytes are there already: they have to be the same.
    [[nodiscard]] std::vector<number_range> known(const file_piece& piece) const {
        const auto at = files_.find(piece.file_name);
        return at == files_.end() ? std::vector<number_range>{}
                                  : at->second.numbers.present(bytes_range(piece));
    }

    // What was checked, and whose bytes are kept.
    void take(const snapshot_chunk& chunk) {
        add({chunk.sequence, chunk.sequence + 1}, sequences_);
        if (chunk.is_final) {
            final_ = chunk.sequence;
        } else if (chunk.metadata && !metadata_) {
            metadata_ = chunk.metadata;
            for (const file_info& each : metadata_->files) {
                files_[each.file_name].size = each.file_size;
            }
        } else if (chunk.file_chunk) {
            const file_piece& piece = *chunk.file_chunk;
            auto& file = files_[piece.file_name];
            auto range = bytes_range(piece);
            for (const number_range& each : file.numbers.absent(range)) {
                bytes_ += each.end - each.begin;
            }
            if (piece.is_last_chunk) {
                file.size = range.end++;
            }
            add(range, file.numbers);
        }
    }

    // Chunks that are lacking, by their sequences. Before the final one is there nobody knows how
    // many there will be, and the last range has no end but that of numbers.
    [[nodiscard]] std::vector<number_range> missing() const {
        constexpr auto no_end = std::numeric_limits<std::uint64_t>::max();
        return sequences_.absent({0, final_ ? *final_ + 1 : no_end});
    }

    // Chunks, each counted once.
    [[nodiscard]] std::uint64_t count() const { return sequences_.count(); }

    // Bytes of files, each counted once.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    // Everything that was announced is there, whatever it is worth.
    [[nodiscard]] result<void> check_complete() const {
        if (!final_ || sequences_.count() != *final_ + 1) {
            return fail({.code = errc::incomplete_stream,
                         .where = "chunks of the stream",
                         .found = sequences_.count(),
                         .wanted = final_ ? *final_ + 1 : sequences_.count() + 1});
        }
        for (const auto& [name, file] : files_) {
            if (!file.whole()) {
                return fail({.code = errc::incomplete_stream,
                             .where = name,
                             .found = file.numbers.count(),
                             .wanted = *file.size + 1,
                             .during = "bytes of a file, and its end"});
            }
        }
        return {};
    }

private:
    void add(number_range what, number_ranges& to) {
        ranges_ -= to.size();
        to.add(what);
        ranges_ += to.size();
    }

    [[nodiscard]] static number_range bytes_range(const file_piece& piece) noexcept {
        return {piece.offset, piece.offset + piece.data.size()};
    }

    // A chunk is metadata, and then the first; or a piece of a file; or the final one.
    [[nodiscard]] static result<void> check_shape(const snapshot_chunk& chunk) {
        const int carries = int{chunk.metadata.has_value()} + int{chunk.file_chunk.has_value()} +
                            int{chunk.is_final};
        if (carries != 1) {
            return fail({.code = errc::invalid_value,
                         .where = "chunk",
                         .found = static_cast<std::uint64_t>(carries),
                         .wanted = 1,
                         .during = "metadata, a piece of a file, or the end"});
        }
        if ((chunk.sequence == 0) != chunk.metadata.has_value() ||
            chunk.sequence == std::numeric_limits<std::uint64_t>::max()) {
            return fail({.code = errc::invalid_value,
                         .where = "sequence",
                         .found = chunk.sequence,
                         .wanted = 0,
                         .during = "only metadata is chunk 0"});
        }
        return {};
    }

    [[nodiscard]] result<void> check(const stream_metadata& metadata) const {
        if (metadata_) {
            return metadata == *metadata_ ? result<void>{}
                                          : fail({.code = errc::duplicate,
                                                  .where = metadata.snapshot_id,
                                                  .during = "metadata of another snapshot"});
        }
        if (auto good = check_metadata(metadata, most_); !good) {
            return good;
        }
        for (const auto& [name, file] : files_) {
            const auto listed = std::ranges::find(metadata.files, name, &file_info::file_name);
            if (listed == metadata.files.end()) {
                return unlisted(name);
            }
            if (file.size ? *file.size != listed->file_size
                          : file.numbers.end() > listed->file_size) {
                return fail({.code = errc::invalid_value,
                             .where = name,
                             .found = listed->file_size,
                             .wanted = file.size.value_or(file.numbers.end()),
                             .during = "the metadata's size of a file that arrived"});
            }
        }
        return {};
    }

    [[nodiscard]] result<void> check(const file_piece& piece, std::uint64_t sequence) const {
        if (auto good = good_name(piece.file_name); !good) {
            return good;
        }
        const std::uint64_t size = piece.data.size();
        if (size > most_.chunk_size) {
            return limit(piece.file_name, size, most_.chunk_size);
        }
        if (piece.offset > most_.total_size || size > most_.total_size - piece.offset) {
            return limit(piece.file_name, piece.offset, most_.total_size);
        }
        const auto at = files_.find(piece.file_name);
        if (at == files_.end()) {
            if (metadata_) {
                return unlisted(piece.file_name);
            }
            if (files_.size() == most_.files) {
                return limit("files of the stream", files_.size() + 1, most_.files);
            }
        }
        const arriving_file* const file = at == files_.end() ? nullptr : &at->second;
        const auto range = bytes_range(piece);
        // Behind the end, another end, or an end before what is there already.
        if (file != nullptr &&
            (file->size
                 ? range.end > *file->size || (piece.is_last_chunk && range.end != *file->size)
                 : piece.is_last_chunk && range.end < file->numbers.end())) {
            return fail({.code = errc::out_of_bounds,
                         .where = piece.file_name,
                         .found = range.end,
                         .wanted = file->size.value_or(file->numbers.end()),
                         .during = "the end of the file"});
        }
        if (range.empty() && !piece.is_last_chunk) {
            return fail({.code = errc::invalid_value,
                         .where = piece.file_name,
                         .offset = piece.offset,
                         .during = "a chunk of no bytes that is not the last"});
        }
        const bool again = sequences_.contains({sequence, sequence + 1});
        if (again && (file == nullptr ||
                      !file->numbers.contains({range.begin, range.end + piece.is_last_chunk}))) {
            return fail({.code = errc::duplicate,
                         .where = piece.file_name,
                         .offset = piece.offset,
                         .found = sequence,
                         .during = "another chunk of the same sequence"});
        }
        // Two ranges more, but for those that they close gaps between.
        const std::size_t ranges = ranges_ + 2 - sequences_.touched({sequence, sequence + 1}) -
                                   (file == nullptr ? 0 : file->numbers.touched(range));
        if (ranges > most_ranges && ranges > ranges_) {
            return limit("gaps between chunks", ranges, most_ranges);
        }
        std::uint64_t fresh = file == nullptr ? size : 0;
        if (file != nullptr) {
            for (const number_range& each : file->numbers.absent(range)) {
                fresh += each.end - each.begin;
            }
        }
        return fresh > most_.total_size - bytes_
                   ? limit("bytes of the stream", fresh, most_.total_size - bytes_)
                   : result<void>{};
    }

    [[nodiscard]] static result<void> unlisted(std::string_view name) {
        return fail(
            {.code = errc::not_found, .where = name, .during = "the metadata lists no such file"});
    }

    [[nodiscard]] static result<void> limit(std::string_view where, std::uint64_t found,
                                            std::uint64_t most) {
        return fail({.code = errc::limit_exceeded, .where = where, .found = found, .wanted = most});
    }

    stream_limits most_;
    number_ranges sequences_;
    std::size_t ranges_ = 0; // of sequences and of all files
    std::uint64_t bytes_ = 0;
    std::optional<std::uint64_t> final_;
    std::optional<stream_metadata> metadata_;
    std::map<std::string, arriving_file, std::less<>> files_;
};

} // namespace tintype::inline v0
