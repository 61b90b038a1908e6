#pragma once

// Chunks out of bytes that arrive piece by piece. One message is held at a time: what it claims to
// be long is held against the limit first, and memory grows only with bytes that are there. The end
// before the final chunk is an error, and so is a source that fails; neither looks like the other.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/wire.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

struct chunk_reader_options {
    stream_limits limits{};
    // Behind the final chunk: either not looked at, or refused as `trailing_bytes`.
    tintype::trailing trailing = tintype::trailing::accept;
};

// Reads from a source, which must outlive it. It stays where it is made.
template <obeys<wire_rules> Wire, obeys<byte_source_rules> Source>
class chunk_reader {
public:
    explicit chunk_reader(Source& source, const chunk_reader_options& options = {})
        : source_(&source), trailing_(options.trailing), limits_(options.limits),
          most_(most_message_size(options.limits)) {
        decoding_.limits.bytes = most_;
        decoding_.limits.count = std::max<std::uint64_t>(limits_.files, least_count);
        if (counts_bytes<Wire>) {
            decoding_.limits.count =
                std::max(decoding_.limits.count, std::uint64_t{limits_.chunk_size});
        }
    }

    chunk_reader(chunk_reader&&) = delete;

    // True: `into` is the next chunk. False: the final one was read before. After an error `into`
    // may hold anything, and the next call goes on
    //   - behind a message that is whole and is no good chunk, or that is longer than one may be,
    //     in a wire that can be searched;
    //   - in such a wire, at the next message behind bytes that are none: however many these are,
    //     they are told of once;
    //   - with the source again, where that was what failed: nothing of the stream is lost.
    // An error for good (`over()`) is given again and again: the framing is broken, so that nobody
    // knows where the next message begins; `truncated`, the end within a message (its bytes that
    // are there, and those it takes); `incomplete_stream`, the end before the final chunk (the
    // chunks that came, and that at least one more was to). Offsets count from the stream's first
    // byte.
    [[nodiscard]] result<bool> next(snapshot_chunk& into) {
        if (state_ == state::broken) {
            return fail(why_broken_);
        }
        if (state_ == state::complete) {
            return behind_final();
        }
        for (;;) {
            const auto found = locate();
            if (!found) {
                return unreadable(found.error());
            }
            if (found->known && found->size <= pending().size()) {
                const byte_view message = pending().first(static_cast<std::size_t>(found->size));
                if (is_believed(message)) {
                    return take(message, into);
                }
                disbelieve(message);
                continue;
            }
            const auto more = fill(found->size);
            if (!more) {
                return pass(more);
            }
            if (*more) {
                continue;
            }
            if (state_ != state::searching || !found->known) {
                return cut_off(found->size);
            }
            skip(1);
        }
    }

    // Whether there is nothing more to come: the final chunk was read, or an error was for good.
    [[nodiscard]] bool over() const noexcept {
        return state_ == state::complete || state_ == state::broken;
    }

    [[nodiscard]] std::uint64_t chunks() const noexcept { return chunks_; }

    // Messages that were whole, bad ones included.
    [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }

    // Where the next message begins, in bytes from the stream's first.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

    // Bytes that were no part of any whole message and that a search has passed over.
    [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_; }

    // Bytes that the source gave and no message has used: behind the final chunk, they are
    // somebody else's.
    [[nodiscard]] byte_view pending() const noexcept { return {memory_.get() + at_, end_ - at_}; }

private:
    static constexpr std::size_t piece_size = std::size_t{256} << 10U; // of one read, and more
    static constexpr std::uint64_t least_count = 64;                   // members of an object
    static constexpr std::uint64_t looks_a_byte = 64; // at what is no message, on an average

    enum class state : std::uint8_t {
        expecting, // a message, at just this place
        searching, // for one: what looks like its head may be a part of anything
        complete,  // the final chunk was read
        broken     // for good
    };

    // The extent of the message that comes next. A search goes past what is none without a word.
    [[nodiscard]] result<message_extent> locate() {
        for (;;) {
            skip(to_skip_);
            if (to_skip_ != 0) {
                return message_extent{.size = 1};
            }
            if constexpr (searchable_wire<Wire>) {
                if (state_ == state::searching) {
                    skip(Wire::find(pending()));
                }
            }
            const auto found = Wire::extent(pending(), most_);
            if (state_ == state::expecting || (found && (!found->known || may_look(found->size)))) {
                return found;
            }
            skip(1);
        }
    }

    // Past so many bytes from here on, which need not have come yet.
    void skip(std::uint64_t size) noexcept {
        const std::uint64_t here = std::min<std::uint64_t>(size, pending().size());
        to_skip_ = size - here;
        passed_over_ += here;
        consume(static_cast<std::size_t>(here));
    }

    // One that was expected is believed on its head's word; one that was come upon may be a part of
    // a damaged one's data, so all of it must be what was written.
    [[nodiscard]] bool is_believed(byte_view message) const noexcept {
        if constexpr (searchable_wire<Wire>) {
            return state_ == state::expecting || Wire::is_intact(message);
        } else {
            return true;
        }
    }

    void disbelieve(byte_view message) noexcept {
        looked_at_ += message.size();
        seen_ = std::max(seen_, offset_ + message.size());
        skip(1);
    }

    // Only an adversary makes so many heads that are right, in front of what is no message, that
    // this is ever false. Those are passed over too.
    [[nodiscard]] bool may_look(std::uint64_t size) const noexcept {
        return (looked_at_ + size) / looks_a_byte <= std::max(seen_, offset_ + size);
    }

    // Where a message was expected. The whole of one that is too long is passed over, or else a
    // byte that begins none.
    [[nodiscard]] std::unexpected<error> unreadable(const error& what) {
        const error here = at_offset(what);
        if constexpr (!searchable_wire<Wire>) {
            return give_up(here);
        }
        if (what.code == errc::limit_exceeded) {
            skip(std::max<std::uint64_t>(what.found, 1));
        } else {
            state_ = state::searching;
            skip(1);
        }
        return fail(here);
    }

    [[nodiscard]] std::unexpected<error> give_up(const error& why) noexcept {
        state_ = state::broken;
        why_broken_ = why;
        return fail(why);
    }

    // At the end of the source, which comes before that of the message. What is left of a search is
    // no message.
    [[nodiscard]] std::unexpected<error> cut_off(std::uint64_t wanted) {
        if (state_ == state::searching) {
            skip(pending().size());
        }
        if (pending().empty()) {
            return give_up({.code = errc::incomplete_stream,
                            .where = Wire::name,
                            .offset = offset_,
                            .found = chunks_,
                            .wanted = chunks_ + 1});
        }
        return give_up({.code = errc::truncated,
                        .where = Wire::name,
                        .offset = offset_,
                        .found = pending().size(),
                        .wanted = wanted});
    }

    [[nodiscard]] result<bool> take(byte_view message, snapshot_chunk& into) {
        ++messages_;
        state_ = state::expecting;
        auto good = decode(message, into);
        if (good) {
            good = within_limits(into);
        }
        if (!good) {
            const error here = at_offset(good.error());
            consume(message.size());
            return fail(here);
        }
        consume(message.size());
        ++chunks_;
        if (into.is_final) {
            state_ = state::complete;
        }
        return true;
    }

    [[nodiscard]] result<void> decode(byte_view message, snapshot_chunk& into) const {
        if constexpr (reusing_wire<Wire>) {
            return Wire::decode_into(message, into, decoding_);
        } else {
            auto chunk = Wire::decode(message, decoding_);
            if (!chunk) {
                return pass(chunk);
            }
            into = *std::move(chunk);
            return {};
        }
    }

    [[nodiscard]] result<void> within_limits(const snapshot_chunk& chunk) const {
        const auto within = [](std::string_view what, std::uint64_t found,
                               std::uint64_t most) -> result<void> {
            if (found > most) {
                return fail(
                    {.code = errc::limit_exceeded, .where = what, .found = found, .wanted = most});
            }
            return {};
        };
        if (chunk.metadata) {
            auto good = within("files", chunk.metadata->files.size(), limits_.files);
            if (!good) {
                return good;
            }
        }
        return chunk.file_chunk ? within("data", chunk.file_chunk->data.size(), limits_.chunk_size)
                                : result<void>{};
    }

    [[nodiscard]] result<bool> behind_final() {
        if (trailing_ == tintype::trailing::accept) {
            return false;
        }
        if (pending().empty()) {
            const auto more = fill(1);
            if (!more) {
                return pass(more);
            }
        }
        if (!pending().empty()) {
            return fail({.code = errc::trailing_bytes,
                         .where = Wire::name,
                         .offset = offset_,
                         .found = pending().size()});
        }
        return false;
    }

    // At least one byte more, or false at the source's end. `wanted` bytes are known to follow one
    // another from here, so they are to lie side by side.
    [[nodiscard]] result<bool> fill(std::uint64_t wanted) {
        if (ended_) {
            return false;
        }
        make_room(wanted);
        const auto got = source_->read(mutable_bytes{memory_.get() + end_, room_ - end_});
        if (!got) {
            error here = got.error();
            here.offset = offset_ + pending().size();
            return fail(here);
        }
        end_ += *got;
        ended_ = *got == 0;
        return !ended_;
    }

    void make_room(std::uint64_t wanted) {
        const std::size_t size = pending().size();
        if (size == room_) {
            // Nothing yet, or full of bytes of one message, of which there are more: at most twice
            // as many.
            const std::uint64_t most = std::max<std::uint64_t>(wanted, piece_size);
            const std::uint64_t doubled = std::max<std::uint64_t>(2 * room_, piece_size);
            const auto room = static_cast<std::size_t>(std::min(most, doubled));
            auto larger = std::make_unique_for_overwrite<std::byte[]>(room);
            copy_bytes(pending(), larger.get());
            memory_ = std::move(larger);
            room_ = room;
        } else if (size != 0 && at_ != 0 && (room_ - at_ < wanted || end_ == room_)) {
            std::memmove(memory_.get(), memory_.get() + at_, size);
        } else if (size != 0) {
            return;
        }
        at_ = 0;
        end_ = size;
    }

    void consume(std::size_t size) noexcept {
        at_ += size;
        offset_ += size;
    }

    [[nodiscard]] error at_offset(error what) const noexcept {
        what.offset = what.offset == error::no_offset ? offset_ : offset_ + what.offset;
        if (what.where.empty()) {
            what.where = Wire::name;
        }
        return what;
    }

    Source* source_;
    trailing trailing_;
    stream_limits limits_;
    std::uint64_t most_; // bytes of a message
    decode_options decoding_{};
    std::unique_ptr<std::byte[]> memory_;
    std::size_t room_ = 0; // bytes of memory
    std::size_t at_ = 0;   // where in it the next message begins
    std::size_t end_ = 0;  // of what the source has filled
    std::uint64_t offset_ = 0;
    std::uint64_t to_skip_ = 0; // bytes from here on
    std::uint64_t passed_over_ = 0;
    std::uint64_t looked_at_ = 0; // bytes of what was come upon and was no message
    std::uint64_t seen_ = 0;      // offset of the end of such bytes
    std::uint64_t messages_ = 0;
    std::uint64_t chunks_ = 0;
    state state_ = state::expecting;
    bool ended_ = false; // the source
    error why_broken_{};
};

} // namespace tintype::inline v0
