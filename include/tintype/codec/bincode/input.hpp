#pragma once

// The parts that every bincode value is made of, as they are taken from bytes that somebody else
// wrote: numbers, lengths, tags, indices, texts. Reading values and checking them for a view both
// go through here, so both refuse the same. A length is held against the bytes left before anybody
// learns of it.

#include <tintype/codec/bincode/failure.hpp>
#include <tintype/codec/bincode/number.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/utf8.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0::detail {

// The functions that take something say whether it was there; if not, why is in `failure`.
template <bincode_integers Integers>
class bincode_input {
public:
    bincode_input(byte_view bytes, const decode_options& options) noexcept
        : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()),
          report_at_(options.watch == nullptr ? bytes.size() + 1 : 0), options_(options) {}

    // Whether all was read that is to be read.
    bool finish() {
        if (options_.trailing == trailing::accept || at_ == end_) {
            return true;
        }
        return failure_.refuse(
            {.code = errc::trailing_bytes, .offset = offset(), .found = remaining()});
    }

    [[nodiscard]] error failure() const noexcept { return failure_.told(); }

protected:
    static constexpr bool variable = Integers == bincode_integers::variable;
    static constexpr auto little = std::endian::little;

    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_of(at_); }

    [[nodiscard]] std::uint64_t offset_of(const std::byte* at) const noexcept {
        return static_cast<std::uint64_t>(at - begin_);
    }

    [[nodiscard]] std::uint64_t remaining() const noexcept {
        return static_cast<std::uint64_t>(end_ - at_);
    }

    [[gnu::cold, gnu::noinline]] bool inside(std::string_view name) noexcept {
        return failure_.inside(name);
    }

    [[gnu::cold]] bool refuse(const error& what) noexcept { return failure_.refuse(what); }

    [[gnu::cold, gnu::noinline]] bool cut_short(std::uint64_t wanted) noexcept {
        return refuse({.code = errc::truncated_section,
                       .offset = offset(),
                       .found = remaining(),
                       .wanted = wanted});
    }

    [[gnu::cold, gnu::noinline]] bool invalid(std::uint64_t found, std::uint64_t wanted,
                                              const std::byte* at) noexcept {
        return refuse({.code = errc::invalid_value,
                       .offset = offset_of(at),
                       .found = found,
                       .wanted = wanted});
    }

    // Whether so many bytes are left.
    bool have(std::uint64_t size) noexcept { return size <= remaining() || cut_short(size); }

    // A number that takes as few bytes as it needs, and is no more than `most`.
    bool varint(std::uint64_t& number, std::uint64_t most) noexcept {
        if (!have(1)) {
            return false;
        }
        const auto marker = std::to_integer<unsigned>(*at_);
        if (marker >= bincode_first_marker) {
            return marked(marker, number, most);
        }
        number = marker;
        return number <= most ? (++at_, true) : invalid(number, most, at_);
    }

    template <scalar_value T>
    bool number(T& value) noexcept {
        if constexpr (std::is_enum_v<T> && !std::same_as<T, std::byte>) {
            std::uint64_t found = 0;
            if (!index(found, largest_enumerator<T>)) {
                return false;
            }
            value = static_cast<T>(static_cast<std::underlying_type_t<T>>(found));
            return true;
        } else if constexpr (packed_in_bincode<T, Integers>) {
            if (!have(sizeof(T))) {
                return false;
            }
            if constexpr (std::same_as<T, bool>) {
                return flag(value);
            } else {
                value = load<little, T>(at_);
                at_ += sizeof(T);
                return true;
            }
        } else {
            std::uint64_t found = 0;
            if (!varint(found, std::numeric_limits<std::make_unsigned_t<T>>::max())) {
                return false;
            }
            value = bincode_unfolded<T>(found);
            return true;
        }
    }

    // The index of an alternative or an enumerator, and no more than `most`.
    bool index(std::uint64_t& found, std::uint64_t most) noexcept {
        if constexpr (variable) {
            return varint(found, most);
        } else {
            if (!have(4)) {
                return false;
            }
            found = load<little, std::uint32_t>(at_);
            return found <= most ? (at_ += 4, true) : invalid(found, most, at_);
        }
    }

    // Whether an optional holds a value.
    bool tag(bool& present) noexcept { return have(1) && flag(present); }

    // How many elements of at least `least` bytes follow.
    bool length(std::uint64_t& count, std::uint64_t least, std::uint64_t limit) noexcept {
        const std::byte* const start = at_;
        if constexpr (variable) {
            if (!varint(count, std::numeric_limits<std::uint64_t>::max())) {
                return false;
            }
        } else {
            if (!have(8)) {
                return false;
            }
            count = load<little, std::uint64_t>(at_);
            at_ += 8;
        }
        if (least == 0) {
            // What costs nothing is believed only as far as somebody said so.
            limit = limit == limits::none ? 0 : limit;
        } else if (count > remaining() / least) {
            constexpr auto most = std::numeric_limits<std::uint64_t>::max();
            return cut_short(count > most / least ? most : count * least);
        }
        return count <= limit || beyond(count, limit, start);
    }

    bool text(std::string_view& found) noexcept {
        std::uint64_t size = 0;
        if (!length(size, 1, options_.limits.bytes)) {
            return false;
        }
        found = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size)};
        const std::size_t good = utf8_prefix(found);
        if (good != found.size()) {
            return no_text(found, good);
        }
        at_ += size;
        return true;
    }

    // So many packed values, which length() has seen to be there.
    template <packed T>
    bool block(std::uint64_t count, byte_view& found) noexcept {
        constexpr std::size_t stride = packed_size<T>;
        found = {at_, static_cast<std::size_t>(count) * stride};
        if constexpr (has_bool<T>()) {
            for (std::size_t i = 0; i != found.size(); i += stride) {
                if (const std::byte* bad = bad_bool<T>(at_ + i)) {
                    return invalid(std::to_integer<std::uint64_t>(*bad), 1, bad);
                }
            }
        }
        at_ += found.size();
        return true;
    }

    // Tells whoever watches, and asks whether to go on, every few MiB.
    bool watched() { return offset() < report_at_ || reported(); }

    const std::byte* begin_;
    const std::byte* at_;
    const std::byte* end_;

private:
    [[gnu::cold, gnu::noinline]] bool beyond(std::uint64_t count, std::uint64_t limit,
                                             const std::byte* start) noexcept {
        return refuse({.code = errc::limit_exceeded,
                       .offset = offset_of(start),
                       .found = count,
                       .wanted = limit});
    }

    [[gnu::cold, gnu::noinline]] bool no_text(std::string_view bytes, std::size_t good) noexcept {
        return refuse({.code = errc::invalid_utf8,
                       .offset = offset() + good,
                       .found = static_cast<unsigned char>(bytes[good])});
    }

    // A bool or a tag, which is there.
    bool flag(bool& value) noexcept {
        const auto byte = std::to_integer<unsigned>(*at_);
        value = byte != 0;
        return byte <= 1 ? (++at_, true) : invalid(byte, 1, at_);
    }

    bool marked(unsigned marker, std::uint64_t& number, std::uint64_t most) noexcept {
        if (marker > bincode_last_marker) {
            return invalid(marker, bincode_last_marker, at_);
        }
        const std::size_t size = bincode_marked_size(marker);
        if (!have(1 + size)) {
            return false;
        }
        number = bincode_load_marked(marker, at_ + 1);
        if (number < bincode_least_marked(marker)) {
            return invalid(number, bincode_least_marked(marker), at_);
        }
        return number <= most ? (at_ += 1 + size, true) : invalid(number, most, at_);
    }

    bool reported() {
        report_at_ = offset() + (std::uint64_t{4} << 20U);
        const auto going_on = options_.watch->report({.done = offset(), .total = offset_of(end_)});
        return going_on.has_value() || refuse(going_on.error());
    }

    std::uint64_t report_at_;

protected:
    const decode_options& options_;
    bincode_failure failure_;
};

} // namespace tintype::inline v0::detail
