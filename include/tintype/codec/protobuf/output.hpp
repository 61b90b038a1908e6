#pragma once

// Where a protobuf message goes: its fields are only counted, or written into memory that has room
// for all of them, or through a buffer into a sink. All of them are told of a field in the same
// way.

#include <tintype/codec/protobuf/number.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/varint.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tintype::inline v0::detail {

class protobuf_counter {
public:
    static constexpr bool counts = true;

    bool varint(std::uint64_t number) noexcept { return skip(protobuf_varint_size(number)); }

    template <class Bits>
    bool fixed(Bits) noexcept {
        return skip(sizeof(Bits));
    }

    bool bytes(byte_view some) noexcept { return skip(some.size()); }

    // What is known to take so many bytes.
    bool skip(std::uint64_t size) noexcept {
        written_ += size;
        return true;
    }

    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

    [[nodiscard]] static error failure() noexcept { return {}; }

private:
    std::uint64_t written_ = 0;
};

// The memory was counted for the same message.
class protobuf_memory {
public:
    explicit protobuf_memory(mutable_bytes memory) noexcept
        : begin_(memory.data()), at_(begin_), end_(begin_ + memory.size()) {}

    [[nodiscard]] std::byte* room(std::size_t size) noexcept {
        if (size > static_cast<std::size_t>(end_ - at_)) {
            return nullptr;
        }
        return std::exchange(at_, at_ + size);
    }

    bool keep(byte_view bytes) noexcept {
        std::byte* const to = room(bytes.size());
        if (to == nullptr) {
            return bytes.empty();
        }
        copy_bytes(bytes, to);
        return true;
    }

    [[nodiscard]] std::uint64_t written() const noexcept {
        return static_cast<std::uint64_t>(at_ - begin_);
    }

    // Whether the message took what was counted.
    [[nodiscard]] bool finish() const noexcept { return at_ == end_; }

    // A container that is another at each look.
    [[nodiscard]] error failure() const noexcept {
        return {.code = errc::invalid_value,
                .offset = written(),
                .found = written(),
                .wanted = static_cast<std::uint64_t>(end_ - begin_)};
    }

private:
    std::byte* begin_;
    std::byte* at_;
    std::byte* end_;
};

// `Out` gives room for the next few bytes, or null, and keeps bytes that stay until it was used.
template <class Out>
class protobuf_output {
public:
    static constexpr bool counts = false;

    explicit protobuf_output(Out& out) noexcept : out_(&out) {}

    bool varint(std::uint64_t number) {
        std::byte* const to = out_->room(static_cast<std::size_t>(protobuf_varint_size(number)));
        if (to == nullptr) {
            return false;
        }
        store_varint(to, number);
        return true;
    }

    template <class Bits>
    bool fixed(Bits bits) {
        std::byte* const to = out_->room(sizeof bits);
        if (to == nullptr) {
            return false;
        }
        store<std::endian::little>(to, bits);
        return true;
    }

    bool bytes(byte_view some) { return out_->keep(some); }

    [[nodiscard]] std::uint64_t written() const noexcept { return out_->written(); }

    [[nodiscard]] error failure() const noexcept { return out_->failure(); }

private:
    Out* out_;
};

} // namespace tintype::inline v0::detail
