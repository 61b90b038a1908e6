#pragma once

// Encoded bytes as pieces for whoever writes them later, and elsewhere: long runs of the state's
// own memory are only pointed at, the rest is copied into blocks that never move. The pieces stay
// good while the sink and the state do, so they can be handed to an asynchronous write.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

class vectored_sink {
public:
    // From where on a piece of its own costs less than a copy.
    static constexpr std::size_t default_threshold = 4096;

    // Borrowed runs of `threshold` bytes and more are pointed at.
    explicit vectored_sink(std::size_t threshold = default_threshold) noexcept
        : threshold_(threshold) {}

    vectored_sink(vectored_sink&&) = delete;

    // Refuses with `out_of_memory` and leaves the sink to be thrown away.
    [[nodiscard]] result<void> write(byte_view bytes) {
        while (!bytes.empty()) {
            if (room_.empty()) {
                if (auto done = add_block(bytes.size()); !done) {
                    return done;
                }
            }
            const auto part = bytes.first(std::min(bytes.size(), room_.size()));
            copy_bytes(part, room_.data());
            note_copied(room_.first(part.size()));
            room_ = room_.subspan(part.size());
            bytes = bytes.subspan(part.size());
        }
        return {};
    }

    [[nodiscard]] result<void> borrow(byte_view bytes) {
        if (bytes.size() < threshold_) {
            return write(bytes);
        }
        if (!bytes.empty()) {
            pieces_.push_back(bytes);
            size_ += bytes.size();
            grows_ = false;
        }
        return {};
    }

    // In order, together the encoded bytes; none is empty. Good until the next write.
    [[nodiscard]] std::span<const byte_view> pieces() const noexcept { return pieces_; }

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    // How many of the bytes were copied.
    [[nodiscard]] std::uint64_t copied() const noexcept { return copied_; }

private:
    // The first block is small, as most states are long runs behind short headers; a text, which
    // is all copied, soon gets large ones.
    static constexpr std::size_t first_block = std::size_t{4} << 10U;
    static constexpr std::size_t largest_block = std::size_t{1} << 20U;

    result<void> add_block(std::size_t wanted) {
        const std::size_t size = std::max(next_block_, std::min(wanted, largest_block));
        std::unique_ptr<std::byte[]> block{new (std::nothrow) std::byte[size]};
        if (block == nullptr) {
            return fail({.code = errc::out_of_memory, .wanted = size});
        }
        room_ = {block.get(), size};
        blocks_.push_back(std::move(block));
        next_block_ = std::min(size * 2, largest_block);
        grows_ = false;
        return {};
    }

    void note_copied(byte_view bytes) {
        if (grows_) {
            pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
        } else {
            pieces_.push_back(bytes);
            grows_ = true;
        }
        size_ += bytes.size();
        copied_ += bytes.size();
    }

    std::size_t threshold_;
    std::vector<byte_view> pieces_;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    mutable_bytes room_;                   // what is left of the last block
    std::size_t next_block_ = first_block; // the size of the next one
    bool grows_ = false;                   // whether the last piece ends where the room begins
    std::uint64_t size_ = 0;
    std::uint64_t copied_ = 0;
};

static_assert(borrowing_sink<vectored_sink>);

} // namespace tintype::inline v0
