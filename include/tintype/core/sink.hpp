#pragma once

// Where encoded bytes go. `write` has consumed or copied the bytes when it returns; a sink that can
// hold on to memory that outlives it also offers `borrow`, and then the user's large buffers travel
// without a copy. Here are the sinks that live in memory; storage policies bring their own.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tintype::inline v0 {

template <class S>
concept byte_sink = requires(S sink, byte_view bytes) {
    { sink.write(bytes) } -> std::same_as<result<void>>;
};

template <class S>
concept borrowing_sink = byte_sink<S> && requires(S sink, byte_view bytes) {
    { sink.borrow(bytes) } -> std::same_as<result<void>>;
};

// A sink that says where its next bytes will lie, so that a hash may copy and read in one pass:
// `claim(n)` is room for n bytes, to be filled by the caller.
template <class S>
concept claiming_sink = byte_sink<S> && requires(S sink, std::size_t size) {
    { sink.claim(size) } -> std::same_as<result<mutable_bytes>>;
};

// The caller's own memory. Bytes beyond its end are refused, and then nothing of them is written.
class span_sink {
public:
    explicit constexpr span_sink(mutable_bytes memory) noexcept : memory_(memory) {}

    [[nodiscard]] constexpr result<mutable_bytes> claim(std::size_t size) {
        if (size > memory_.size() - used_) {
            return fail({.code = errc::limit_exceeded,
                         .where = "memory",
                         .offset = used_,
                         .found = size,
                         .wanted = memory_.size() - used_});
        }
        used_ += size;
        return memory_.subspan(used_ - size, size);
    }

    [[nodiscard]] constexpr result<void> write(byte_view bytes) {
        const auto room = claim(bytes.size());
        if (!room) {
            return pass(room);
        }
        copy_bytes(bytes, room->data());
        return {};
    }

    [[nodiscard]] constexpr byte_view written() const noexcept { return memory_.first(used_); }

private:
    mutable_bytes memory_;
    std::size_t used_ = 0;
};

// Appends to a blob, which grows as it must: reserve it if the size is known.
class blob_sink {
public:
    explicit constexpr blob_sink(blob& target) noexcept : target_(&target) {}

    // Good until the next claim or write.
    [[nodiscard]] constexpr result<mutable_bytes> claim(std::size_t size) {
        const std::size_t used = target_->size();
        target_->resize(used + size);
        return mutable_bytes{*target_}.subspan(used);
    }

    [[nodiscard]] constexpr result<void> write(byte_view bytes) {
        append(*target_, bytes);
        return {};
    }

private:
    blob* target_;
};

// Collects pieces for a vectored write: small ones are copied, borrowed ones are only pointed at
// and must stay as they are until the pieces were used.
class gather_sink {
public:
    [[nodiscard]] result<void> write(byte_view bytes) {
        if (pieces_.empty() || pieces_.back().borrowed != nullptr) {
            pieces_.push_back({.borrowed = nullptr, .offset = copied_.size(), .size = 0});
        }
        append(copied_, bytes);
        pieces_.back().size += bytes.size();
        return {};
    }

    [[nodiscard]] result<void> borrow(byte_view bytes) {
        if (!bytes.empty()) {
            pieces_.push_back({.borrowed = bytes.data(), .offset = 0, .size = bytes.size()});
        }
        return {};
    }

    // In order, together the encoded bytes. Valid until the sink is written to or goes.
    [[nodiscard]] std::vector<byte_view> pieces() const {
        std::vector<byte_view> all;
        all.reserve(pieces_.size());
        for (const piece& each : pieces_) {
            const auto* begin =
                each.borrowed != nullptr ? each.borrowed : copied_.data() + each.offset;
            all.emplace_back(begin, each.size);
        }
        return all;
    }

private:
    struct piece {
        const std::byte* borrowed;
        std::size_t offset;
        std::size_t size;
    };

    std::vector<piece> pieces_;
    blob copied_;
};

} // namespace tintype::inline v0
