#pragma once

// BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function, fast everywhere"): a
// cryptographic hash of 256 bits. It tells forgeries as well as accidents, and with vectors it is
// several times as fast as SHA-2. As the default hash it is made plain; its other two modes are
// made by name. The best instructions of the machine are chosen at run time.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_kernel.hpp>
#include <tintype/hash/detail/blake3_tree.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tintype::inline v0 {

class blake3 {
public:
    using digest_type = std::array<std::byte, 32>;

    static constexpr std::string_view name = "blake3";

    constexpr blake3() noexcept : tree_(detail::blake3_iv, 0) {}

    // A message authentication code: only who has the key can make or check it. Compare such
    // digests in constant time where an adversary could measure it.
    [[nodiscard]] static constexpr blake3 keyed(std::span<const std::byte, 32> key) noexcept {
        return blake3{detail::blake3_load(key.data()), detail::blake3_keyed_hash};
    }

    // Makes keys of key material, which is what `update` is given then. The context says what for,
    // and is a constant of the program, different for every use: "example.com 2025-01-01 sessions".
    [[nodiscard]] static constexpr blake3 deriving_key(std::string_view context) noexcept {
        blake3 hash{detail::blake3_iv, detail::blake3_derive_context};
        for (const char letter : context) {
            const std::array byte = {static_cast<std::byte>(letter)};
            hash.update(byte);
        }
        return blake3{detail::blake3_load(hash.finish().data()), detail::blake3_derive_material};
    }

    constexpr void update(byte_view bytes) noexcept {
        if consteval {
            tree_.update(detail::blake3_kernel::portable, bytes);
        } else {
            tree_.update(detail::best_blake3_kernel(), bytes);
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept {
        digest_type digest{};
        extended_output(digest);
        return digest;
    }

    // As many bytes as `to` has room for, of an output of 2^64 bytes that begins with the digest,
    // from the byte `offset` on.
    constexpr void extended_output(mutable_bytes to, std::uint64_t offset = 0) const noexcept {
        if consteval {
            tree_.output(detail::blake3_kernel::portable, to, offset);
        } else {
            tree_.output(detail::best_blake3_kernel(), to, offset);
        }
    }

private:
    constexpr blake3(const detail::blake3_words& key, std::uint32_t mode) noexcept
        : tree_(key, mode) {}

    detail::blake3_tree tree_;
};

static_assert(hash_policy<blake3>);
static_assert(digest_size<blake3> == 32);

} // namespace tintype::inline v0
