#pragma once

// Where one message ends on a wire, for encodings that do not say it: a length in front of each. A
// length is told from the message's first bytes alone and is a claim: whoever reads on holds it
// against a limit first.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/varint.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace tintype::inline v0 {

// What stands in front of a message.
struct frame_head {
    std::size_t size = 0;   // bytes of the head; where it is not whole, the least it will take
    std::uint64_t body = 0; // bytes behind it
    bool whole = false;

    friend constexpr bool operator==(const frame_head&, const frame_head&) noexcept = default;
};

// longest: bytes of a head at the most.
// head(begin): what the first bytes of a message say, however few there are.
// store(payload, to): writes the head of so many bytes, and says how many it took itself.
template <class F>
concept framing_policy =
    requires(byte_view begin, std::uint64_t payload, std::span<std::byte, F::longest> to) {
        { F::name } -> std::convertible_to<std::string_view>;
        { F::longest } -> std::convertible_to<std::size_t>;
        { F::head(begin) } -> std::same_as<result<frame_head>>;
        { F::store(payload, to) } -> std::same_as<result<std::size_t>>;
    };

// The length as a varint, as protobuf delimits messages in a file or socket. Lengths that would
// have done with fewer bytes are read too, as protobuf's own readers do; those beyond 64 bits are
// `length_overflow`.
struct varint_length {
    static constexpr std::string_view name = "varint_length";
    static constexpr std::size_t longest = longest_varint;

    [[nodiscard]] static constexpr result<frame_head> head(byte_view begin) {
        std::uint64_t payload = 0;
        for (std::size_t i = 0; i != begin.size(); ++i) {
            const auto byte = std::to_integer<std::uint64_t>(begin[i]);
            if (i == longest - 1 && byte > 1) {
                return fail({.code = errc::length_overflow,
                             .where = name,
                             .offset = 0,
                             .found = byte,
                             .wanted = 1});
            }
            payload |= (byte & 0x7fU) << 7U * i;
            if (byte < 0x80) {
                return frame_head{.size = i + 1, .body = payload, .whole = true};
            }
        }
        return frame_head{.size = begin.size() + 1};
    }

    [[nodiscard]] static constexpr result<std::size_t> store(std::uint64_t payload,
                                                             std::span<std::byte, longest> to) {
        return static_cast<std::size_t>(store_varint(to.data(), payload) - to.data());
    }
};

// The length as a u32, its most significant byte first.
struct big_endian_length {
    static constexpr std::string_view name = "big_endian_length";
    static constexpr std::size_t longest = 4;

    [[nodiscard]] static constexpr result<frame_head> head(byte_view begin) {
        if (begin.size() < longest) {
            return frame_head{.size = longest};
        }
        return frame_head{.size = longest,
                          .body = load<std::endian::big, std::uint32_t>(begin.data()),
                          .whole = true};
    }

    [[nodiscard]] static constexpr result<std::size_t> store(std::uint64_t payload,
                                                             std::span<std::byte, longest> to) {
        constexpr auto most = std::numeric_limits<std::uint32_t>::max();
        if (payload > most) {
            return fail(
                {.code = errc::length_overflow, .where = name, .found = payload, .wanted = most});
        }
        tintype::store<std::endian::big>(to.data(), static_cast<std::uint32_t>(payload));
        return longest;
    }
};

static_assert(framing_policy<varint_length> && framing_policy<big_endian_length>);

} // namespace tintype::inline v0
