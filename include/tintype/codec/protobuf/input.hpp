#pragma once

// The parts that every protobuf message is made of, as they are taken from bytes that somebody else
// wrote: varints, tags, lengths, and fields that nobody knows. A length is held against the bytes
// left before anybody learns of it. Bytes count from the beginning of the outermost message.

#include <tintype/codec/bincode/failure.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/utf8.hpp>
#include <tintype/core/varint.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace tintype::inline v0::detail {

// The functions that take something say whether it was there; if not, why is in `failure`.
template <class Wire>
class protobuf_input {
public:
    using wire_type = typename Wire::type;

    protobuf_input(byte_view bytes, const decode_options& options) noexcept
        : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()), last_(end_),
          report_at_(options.watch == nullptr ? bytes.size() + 1 : 0), options_(options) {}

    [[nodiscard]] error failure() const noexcept { return failure_.told(); }

protected:
    // Groups inside groups, which only a message has that nobody wrote since 2008.
    static constexpr std::size_t most_groups = 64;

    // How a field begins.
    struct tag {
        std::uint32_t number = 0;
        std::uint32_t type = 0;
        const std::byte* at = nullptr;

        [[nodiscard]] bool is(wire_type wanted) const noexcept {
            return type == static_cast<std::uint32_t>(wanted);
        }
    };

    [[nodiscard]] std::uint64_t offset_of(const std::byte* at) const noexcept {
        return static_cast<std::uint64_t>(at - begin_);
    }

    [[nodiscard]] std::uint64_t remaining() const noexcept {
        return static_cast<std::uint64_t>(end_ - at_);
    }

    // In any form of at most ten bytes; bits beyond the 64th are cut off.
    bool varint(std::uint64_t& number) noexcept {
        if (at_ != end_ && *at_ < std::byte{0x80}) {
            number = std::to_integer<std::uint64_t>(*at_++);
            return true;
        }
        return long_varint(number);
    }

    bool next(tag& found) noexcept {
        found.at = at_;
        std::uint64_t both = 0;
        if (!varint(both)) {
            return false;
        }
        if (both > std::numeric_limits<std::uint32_t>::max() || both < 8) {
            return invalid(both, 8, found.at);
        }
        found.number = static_cast<std::uint32_t>(both >> 3U);
        found.type = static_cast<std::uint32_t>(both & 7U);
        return true;
    }

    // The tag is of this type, as the member wants it.
    bool expect(const tag& found, wire_type wanted) noexcept {
        return found.is(wanted) ||
               invalid(found.type, static_cast<std::uint64_t>(wanted), found.at);
    }

    // A length, and so many bytes that are there.
    bool extent(byte_view& found) noexcept {
        std::uint64_t size = 0;
        if (!varint(size) || !have(size)) {
            return false;
        }
        found = {at_, static_cast<std::size_t>(size)};
        at_ += size;
        return true;
    }

    // The same, no longer than the limit for one string.
    bool bytes(byte_view& found) noexcept {
        const std::byte* const start = at_;
        return extent(found) && (found.size() <= options_.limits.bytes ||
                                 beyond(found.size(), options_.limits.bytes, start));
    }

    bool text(std::string_view& found) noexcept {
        byte_view some;
        if (!bytes(some)) {
            return false;
        }
        found = text_of(some);
        const std::size_t good = utf8_prefix(found);
        return good == found.size() || no_text(some, good);
    }

    bool have(std::uint64_t size) noexcept { return size <= remaining() || cut_short(size); }

    // Whether a list of `size` may have `more` elements.
    bool may_grow(std::uint64_t size, std::uint64_t more, const std::byte* at) noexcept {
        const std::uint64_t most = options_.limits.count;
        return (size <= most && more <= most - size) || beyond(size + more, most, at);
    }

    // Steps over a field that nobody knows.
    bool skip(const tag& found) noexcept {
        return found.type == start_group ? skip_group(found) : skip_value(found);
    }

    // Tells whoever watches, and asks whether to go on, every few MiB.
    bool watched() { return offset_of(at_) < report_at_ || reported(); }

    [[gnu::cold, gnu::noinline]] bool inside(std::string_view name) noexcept {
        return failure_.inside(name);
    }

    [[gnu::cold, gnu::noinline]] bool invalid(std::uint64_t found, std::uint64_t wanted,
                                              const std::byte* at) noexcept {
        return failure_.refuse({.code = errc::invalid_value,
                                .offset = offset_of(at),
                                .found = found,
                                .wanted = wanted});
    }

    const std::byte* begin_;
    const std::byte* at_;
    const std::byte* end_; // of the message that is being read

private:
    static constexpr std::uint32_t start_group = 3;
    static constexpr std::uint32_t end_group = 4;

    bool long_varint(std::uint64_t& number) noexcept {
        const std::size_t most =
            std::min<std::size_t>(longest_varint, static_cast<std::size_t>(remaining()));
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i != most; ++i) {
            const auto byte = std::to_integer<std::uint64_t>(at_[i]);
            sum |= (byte & 0x7fU) << 7U * i;
            if (byte < 0x80) {
                number = sum;
                at_ += i + 1;
                return true;
            }
        }
        return most != longest_varint ? cut_short(remaining() + 1)
                                      : failure_.refuse({.code = errc::length_overflow,
                                                         .offset = offset_of(at_),
                                                         .found = longest_varint + 1,
                                                         .wanted = longest_varint});
    }

    bool skip_value(const tag& found) noexcept {
        std::uint64_t ignored = 0;
        byte_view some;
        switch (static_cast<wire_type>(found.type)) {
        case wire_type::varint:
            return varint(ignored);
        case wire_type::fixed64:
            return skip_bytes(8);
        case wire_type::length_delimited:
            return extent(some);
        case wire_type::fixed32:
            return skip_bytes(4);
        default:
            return invalid(found.type, static_cast<std::uint64_t>(wire_type::length_delimited),
                           found.at);
        }
    }

    bool skip_bytes(std::uint64_t size) noexcept {
        if (!have(size)) {
            return false;
        }
        at_ += size;
        return true;
    }

    // Up to the end of the group of the same number; those inside it end before it.
    bool skip_group(const tag& first) noexcept {
        const std::size_t most = std::min<std::size_t>(most_groups, options_.limits.depth);
        std::array<std::uint32_t, most_groups> open;
        std::size_t depth = 0;
        for (tag each = first;;) {
            if (each.type == start_group) {
                if (depth == most) {
                    return beyond(depth + 1, most, each.at);
                }
                open[depth++] = each.number;
            } else if (each.type == end_group) {
                if (each.number != open[depth - 1]) {
                    return invalid(each.number, open[depth - 1], each.at);
                }
                if (--depth == 0) {
                    return true;
                }
            } else if (!skip_value(each)) {
                return false;
            }
            if (!next(each)) {
                return false;
            }
        }
    }

    [[gnu::cold, gnu::noinline]] bool cut_short(std::uint64_t wanted) noexcept {
        return failure_.refuse({.code = errc::truncated_section,
                                .offset = offset_of(at_),
                                .found = remaining(),
                                .wanted = wanted});
    }

    [[gnu::cold, gnu::noinline]] bool beyond(std::uint64_t count, std::uint64_t limit,
                                             const std::byte* at) noexcept {
        return failure_.refuse({.code = errc::limit_exceeded,
                                .offset = offset_of(at),
                                .found = count,
                                .wanted = limit});
    }

    [[gnu::cold, gnu::noinline]] bool no_text(byte_view some, std::size_t good) noexcept {
        return failure_.refuse({.code = errc::invalid_utf8,
                                .offset = offset_of(some.data()) + good,
                                .found = std::to_integer<std::uint64_t>(some[good])});
    }

    bool reported() {
        report_at_ = offset_of(at_) + (std::uint64_t{4} << 20U);
        const auto going_on =
            options_.watch->report({.done = offset_of(at_), .total = offset_of(last_)});
        return going_on.has_value() || failure_.refuse(going_on.error());
    }

    const std::byte* last_; // where the outermost message ends
    std::uint64_t report_at_;

protected:
    const decode_options& options_;
    bincode_failure failure_;
};

} // namespace tintype::inline v0::detail
