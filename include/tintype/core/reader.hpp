#pragma once

// The one bounds-checked way through bytes that somebody else wrote. It never reads past its end,
// never adds an untrusted length to an offset, and leaves its place unmoved when it refuses.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0 {

class reader {
public:
    explicit constexpr reader(byte_view bytes, std::uint64_t base = 0) noexcept
        : bytes_(bytes), base_(base) {}

    // Bytes from the start of the object: the base that the reader was given and what it has read.
    [[nodiscard]] constexpr std::uint64_t offset() const noexcept { return base_ + at_; }

    [[nodiscard]] constexpr std::uint64_t remaining() const noexcept { return bytes_.size() - at_; }

    [[nodiscard]] constexpr byte_view rest() const noexcept { return bytes_.subspan(at_); }

    // The next `size` bytes, or `truncated_section` of `part` with the size claimed and the bytes
    // left. Any size may be asked for, 2^64 - 1 included.
    [[nodiscard]] constexpr result<byte_view> take(std::uint64_t size, std::string_view part) {
        if (size > remaining()) {
            return fail({.code = errc::truncated_section,
                         .where = part,
                         .offset = offset(),
                         .found = remaining(),
                         .wanted = size});
        }
        const auto taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
        at_ += taken.size();
        return taken;
    }

    // Goes past so many of the bytes that rest() showed.
    constexpr void skip(std::size_t size) noexcept { at_ += size; }

    template <std::endian Order, scalar_value T>
    [[nodiscard]] constexpr result<T> number(std::string_view part) {
        const auto bytes = take(sizeof(T), part);
        if (!bytes) {
            return pass(bytes);
        }
        return load<Order, T>(bytes->data());
    }

private:
    byte_view bytes_;
    std::size_t at_ = 0;
    std::uint64_t base_ = 0;
};

} // namespace tintype::inline v0
