#pragma once

// What a hash must offer to guard bytes: a copyable running state, fed in pieces, whose digest may
// be asked for at any time. The concepts are built from small atoms, so that the compiler's note
// names the one thing a type lacks; everything else here is written against them alone.

#include <tintype/core/bytes.hpp>
#include <tintype/core/rules.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

// The specialisations are the list of what may be a digest; its size is counted in bytes as they
// are stored, so an empty array is 0 although its sizeof is not.
template <class T>
struct digest_traits;

template <std::unsigned_integral T>
requires(!std::same_as<T, bool>)
struct digest_traits<T> {
    static constexpr std::size_t size = sizeof(T);
};

template <std::size_t N>
struct digest_traits<std::array<std::byte, N>> {
    static constexpr std::size_t size = N;
};

} // namespace detail

// An unsigned integer, whose byte order is then the format's business, or an array of bytes that
// is stored as it stands. An array of none says that nothing is stored.
template <class T>
concept hash_digest = requires { detail::digest_traits<T>::size; };

template <class H>
concept has_digest_type =
    requires { typename H::digest_type; } && hash_digest<typename H::digest_type>;

// The name stands in descriptions, manifests and messages, and says which algorithm was meant.
template <class H>
concept has_hash_name = requires {
    { H::name } -> std::convertible_to<std::string_view>;
};

template <class H>
concept has_hash_update = requires(H& hash, byte_view bytes) {
    { hash.update(bytes) } noexcept -> std::same_as<void>;
};

// Asking is const: it leaves the state as it was, and updates may go on after it.
template <class H>
concept has_hash_finish = has_digest_type<H> && requires(const H& hash) {
    { hash.finish() } noexcept -> std::same_as<typename H::digest_type>;
};

// A default-made H has seen no bytes. How the bytes were cut into updates never shows in the
// digest, and a copy goes its own way from where it was taken.
template <class H>
concept hash_policy = std::default_initializable<H> && std::copyable<H> && has_digest_type<H> &&
                      has_hash_name<H> && has_hash_update<H> && has_hash_finish<H>;

template <class H>
struct hash_rules {
    static_assert(has_digest_type<H>, "tintype: a hash needs `using digest_type = ...`: an "
                                      "unsigned integer, or std::array<std::byte, N>");
    static_assert(has_hash_name<H>,
                  "tintype: a hash needs `static constexpr std::string_view name = ...`");
    static_assert(has_hash_update<H>,
                  "tintype: a hash needs `void update(byte_view bytes) noexcept`");
    static_assert(!has_digest_type<H> || has_hash_finish<H>,
                  "tintype: a hash needs `digest_type finish() const noexcept`");
    static_assert(std::default_initializable<H> && std::copyable<H>,
                  "tintype: a hash needs a default constructor, and to be copyable");
    static constexpr bool kept = hash_policy<H>;
};

// Parts may be hashed apart, in any order and on any thread, and joined from their digests and the
// second's size in bytes.
template <class H>
concept combinable_hash =
    hash_policy<H> && requires(typename H::digest_type digest, std::uint64_t second_size) {
        { H::combine(digest, digest, second_size) } -> std::same_as<typename H::digest_type>;
    };

// The bytes are hashed on their way somewhere else, in one pass over memory. `to` has room for all
// of `from` and does not overlap it.
template <class H>
concept copying_hash = hash_policy<H> && requires(H& hash, std::byte* to, byte_view from) {
    { hash.copy(to, from) } noexcept -> std::same_as<void>;
};

template <hash_policy H>
inline constexpr std::size_t digest_size = detail::digest_traits<typename H::digest_type>::size;

template <hash_policy H>
[[nodiscard]] constexpr typename H::digest_type hash_of(byte_view bytes) noexcept {
    H hash{};
    hash.update(bytes);
    return hash.finish();
}

} // namespace tintype::inline v0
