#pragma once

// Hashing of more than a moment's worth, and digests in error messages.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/concept.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0 {

// In pieces, so that `watch`, if there is one, may follow it and stop it.
template <hash_policy Hash>
[[nodiscard]] constexpr result<typename Hash::digest_type> watched_hash(byte_view bytes,
                                                                        const monitor* watch) {
    if (watch == nullptr) {
        return hash_of<Hash>(bytes);
    }
    constexpr std::size_t piece_size = std::size_t{4} << 20U;
    Hash hash;
    for (std::size_t done = 0; done != bytes.size();) {
        const auto piece = bytes.subspan(done, std::min(bytes.size() - done, piece_size));
        hash.update(piece);
        done += piece.size();
        if (auto go_on = watch->report({.done = done, .total = bytes.size()}); !go_on) {
            return pass(go_on);
        }
    }
    return hash.finish();
}

// The digest, or as much of a longer one as an error can carry: its first eight bytes.
template <hash_digest Digest>
[[nodiscard]] constexpr std::uint64_t leading_number(const Digest& digest) noexcept {
    if constexpr (std::unsigned_integral<Digest>) {
        return digest;
    } else {
        std::uint64_t number = 0;
        for (const std::byte byte :
             byte_view{digest}.first(std::min<std::size_t>(digest.size(), 8))) {
            number = number << 8U | std::to_integer<std::uint64_t>(byte);
        }
        return number;
    }
}

} // namespace tintype::inline v0
