#pragma once

// How sessions are named: 128 bits that nobody else has. RFC 9562; new ones are of version 4.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/random.hpp>
#include <tintype/hash/hex.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

struct uuid {
    std::array<std::byte, 16> bytes{};

    friend constexpr auto operator<=>(const uuid&, const uuid&) = default;
};

namespace detail {

// Behind these many bytes a hyphen stands in the text.
inline constexpr std::array<std::size_t, 4> uuid_hyphens{4, 6, 8, 10};

} // namespace detail

// 8-4-4-4-12 digits, lower case.
[[nodiscard]] inline std::string to_text(const uuid& id) {
    std::string text;
    for (std::size_t i = 0; i != id.bytes.size(); ++i) {
        if (std::ranges::find(detail::uuid_hyphens, i) != detail::uuid_hyphens.end()) {
            text += '-';
        }
        text += hex_of(byte_view{id.bytes}.subspan(i, 1));
    }
    return text;
}

// The same text, in upper or lower case; nothing for any other.
[[nodiscard]] constexpr std::optional<uuid> uuid_from_text(std::string_view text) {
    uuid id;
    for (std::size_t i = 0; i != id.bytes.size(); ++i) {
        if (std::ranges::find(detail::uuid_hyphens, i) != detail::uuid_hyphens.end()) {
            if (!text.starts_with('-')) {
                return std::nullopt;
            }
            text.remove_prefix(1);
        }
        const auto byte = from_hex<std::uint8_t>(text.substr(0, 2));
        if (!byte) {
            return std::nullopt;
        }
        id.bytes[i] = std::byte{*byte};
        text.remove_prefix(2);
    }
    return text.empty() ? std::optional{id} : std::nullopt;
}

// Sixteen bytes behind their length, as serde writes a uuid in a binary format.
template <>
struct bincode_form<uuid> {
    using stored = byte_view;

    [[nodiscard]] static constexpr byte_view to(const uuid& id) noexcept { return id.bytes; }

    [[nodiscard]] static constexpr result<uuid> from(byte_view kept, const limits&) {
        uuid id;
        if (kept.size() != id.bytes.size()) {
            return fail({.code = errc::invalid_value,
                         .where = "uuid",
                         .found = kept.size(),
                         .wanted = id.bytes.size()});
        }
        std::ranges::copy(kept, id.bytes.begin());
        return id;
    }
};

// next(): one that nobody was given before.
template <class I>
concept uuid_policy = std::copyable<I> && requires(const I& ids) {
    { ids.next() } -> std::same_as<uuid>;
};

// From the system's source of random numbers.
struct random_uuids {
    [[nodiscard]] uuid next() const {
        uuid id;
        for (std::size_t i = 0; i != id.bytes.size(); i += 8) {
            const std::uint64_t number = detail::system_random();
            for (std::size_t j = 0; j != 8; ++j) {
                id.bytes[i + j] = static_cast<std::byte>(number >> 8U * j & 0xffU);
            }
        }
        id.bytes[6] = (id.bytes[6] & std::byte{0x0f}) | std::byte{0x40};
        id.bytes[8] = (id.bytes[8] & std::byte{0x3f}) | std::byte{0x80};
        return id;
    }
};

static_assert(uuid_policy<random_uuids>);

} // namespace tintype::inline v0
