#pragma once

// What stands for a snapshot whose bytes lie elsewhere, in chunks that are named by their digests:
// how large it is, and the digest of each chunk in order. It is small enough for a replicated log,
// and whoever has read it knows of every byte that is fetched whether it is the right one.

#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/storage/concept.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

using shared_id = std::array<std::byte, 16>; // random

struct shared_manifest {
    BOOST_HANA_DEFINE_STRUCT(shared_manifest, (shared_id, id),       // of the snapshot
                             (std::uint64_t, size),                  // of all chunks, bytes
                             (std::uint64_t, chunk_size),            // of each but the last
                             (std::string, group),                   // of whoever shares the chunks
                             (std::string, hash),                    // the algorithm of the digests
                             (blob, whole),                          // the digest over all
                             (std::vector<std::uint64_t>, editions), // of each chunk, in order
                             (blob, digests));                       // the same

    friend bool operator==(const shared_manifest&, const shared_manifest&) = default;
};

using shared_manifest_list =
    section_list<magic<"TTSHARED">, version<std::uint16_t, 1>, scalar<"id", shared_id>,
                 scalar<"size", std::uint64_t>, scalar<"chunk_size", std::uint64_t>,
                 section<"group", std::uint8_t>, section<"hash", std::uint8_t>,
                 section<"whole", std::uint8_t>, section<"editions">, section<"digests">,
                 checksum<crc32c>>;

static_assert(describes<shared_manifest_list, shared_manifest>);
static_assert(shared_manifest_list::layout()[1].offset == 8);  // version
static_assert(shared_manifest_list::layout()[2].offset == 10); // id
static_assert(shared_manifest_list::layout()[3].offset == 26); // size
static_assert(shared_manifest_list::layout()[4].offset == 34); // chunk_size
static_assert(shared_manifest_list::layout()[5].offset == 42); // group
static_assert(shared_manifest_list::min_size == 65);

inline constexpr std::string_view shared_manifest_magic = "TTSHARED";

// Whether bytes that may be a snapshot itself are a manifest, or one that was damaged behind its
// first eight bytes.
[[nodiscard]] inline bool begins_as_manifest(byte_view bytes) noexcept {
    return text_of(bytes.first(std::min(bytes.size(), shared_manifest_magic.size()))) ==
           shared_manifest_magic;
}

// What a manifest may ask of the one who fetches its chunks.
struct shared_limits {
    std::uint64_t size = std::uint64_t{1} << 40U;         // bytes of the snapshot
    std::uint64_t chunk_size = std::uint64_t{256} << 20U; // bytes
};

// Chunks are found by their digests alone: two that differ may never have the same.
template <class H>
concept naming_hash =
    hash_policy<H> && digest_size<H> >= 16 &&
    detail::digest_traits<typename H::digest_type>::size == sizeof(typename H::digest_type);

[[nodiscard]] constexpr std::uint64_t chunk_count_of(const shared_manifest& of) noexcept {
    return of.size / of.chunk_size + (of.size % of.chunk_size != 0 ? 1U : 0U);
}

// Of a manifest of that hash that was checked.
template <naming_hash Hash>
[[nodiscard]] typename Hash::digest_type digest_at(const shared_manifest& of, std::size_t index) {
    typename Hash::digest_type digest{};
    copy_bytes(byte_view{of.digests}.subspan(index * digest.size(), digest.size()), digest.data());
    return digest;
}

// Of the two sizes and the digests of all chunks, and so of every byte.
template <naming_hash Hash>
[[nodiscard]] blob digest_over_all(const shared_manifest& of) {
    std::array<std::byte, 16> sizes{};
    store<std::endian::little>(sizes.data(), of.size);
    store<std::endian::little>(sizes.data() + 8, of.chunk_size);
    Hash hash{};
    hash.update(sizes);
    hash.update(of.digests);
    const auto digest = hash.finish();
    return {digest.begin(), digest.end()};
}

// Groups and nodes are told apart in names by dots, and so have none.
[[nodiscard]] constexpr result<void> good_shared_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 64;
    if (name.size() > longest) {
        return fail(
            {.code = errc::bad_name, .where = name, .found = name.size(), .wanted = longest});
    }
    if (name.find('.') != std::string_view::npos) {
        return fail({.code = errc::bad_name, .where = name, .found = '.'});
    }
    return good_name(name);
}

namespace detail {

// What stands behind the prefix, if it is digits as to_hex() writes them, that many.
[[nodiscard]] constexpr bool has_digits(std::string_view name, std::string_view prefix,
                                        std::size_t digits) noexcept {
    return name.size() == prefix.size() + digits && name.starts_with(prefix) &&
           std::ranges::all_of(name.substr(prefix.size()), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

} // namespace detail

template <naming_hash Hash>
[[nodiscard]] std::string chunk_prefix_of(std::string_view group) {
    return std::string{group}.append(".").append(Hash::name).append("-");
}

// GROUP.HASH-DIGEST.EDITION: the edition is random, so that no name that a sweep has found to be
// old ever comes back.
template <naming_hash Hash>
[[nodiscard]] std::string chunk_name_of(std::string_view group,
                                        const typename Hash::digest_type& digest,
                                        std::uint64_t edition) {
    return chunk_prefix_of<Hash>(group) + to_hex(digest) + "." + to_hex(edition);
}

template <naming_hash Hash>
[[nodiscard]] std::string chunk_name_of(const shared_manifest& of, std::size_t index) {
    return chunk_name_of<Hash>(of.group, digest_at<Hash>(of, index), of.editions[index]);
}

template <naming_hash Hash>
[[nodiscard]] bool is_chunk_name(std::string_view group, std::string_view name) {
    constexpr std::size_t behind = 1 + 2 * sizeof(std::uint64_t);
    if (name.size() <= behind) {
        return false;
    }
    const auto before = name.substr(0, name.size() - behind);
    return detail::has_digits(before, chunk_prefix_of<Hash>(group), 2 * digest_size<Hash>) &&
           detail::has_digits(name.substr(before.size()), ".", behind - 1);
}

// GROUP.manifest.NODE.RANDOM: that the node may need the chunks of the manifest that lies there.
[[nodiscard]] inline std::string reference_name_of(std::string_view group, std::string_view node,
                                                   const shared_id& random) {
    return std::string{group}.append(".manifest.").append(node).append(".") + to_hex(random);
}

// The node, if this is such a name of the group.
[[nodiscard]] inline std::optional<std::string> node_of_reference(std::string_view group,
                                                                  std::string_view name) {
    const auto before = std::string{group} + ".manifest.";
    constexpr std::size_t behind = 1 + 2 * sizeof(shared_id);
    if (!name.starts_with(before) || name.size() <= before.size() + behind) {
        return std::nullopt;
    }
    auto node = std::string{name.substr(before.size(), name.size() - before.size() - behind)};
    if (!good_shared_name(node) ||
        !detail::has_digits(name, before + node + ".", 2 * sizeof(shared_id))) {
        return std::nullopt;
    }
    return node;
}

// What the bytes say, as far as that holds for any hash.
[[nodiscard]] inline result<shared_manifest> decode_manifest(byte_view bytes,
                                                             const shared_limits& most = {}) {
    auto found = tintype::decode<shared_manifest_list, shared_manifest>(bytes);
    if (!found) {
        return found;
    }
    const auto within = [](std::string_view where, std::uint64_t is, std::uint64_t limit) {
        return is <= limit ? result<void>{}
                           : fail({.code = errc::limit_exceeded,
                                   .where = where,
                                   .found = is,
                                   .wanted = limit});
    };
    if (auto good = within("chunk_size", found->chunk_size, most.chunk_size); !good) {
        return pass(good);
    }
    if (auto good = within("size", found->size, most.size); !good) {
        return pass(good);
    }
    return found;
}

// Whether the manifest is one of this group's and this hash's, and agrees with itself.
template <naming_hash Hash>
[[nodiscard]] result<void> check_manifest(const shared_manifest& of, std::string_view group) {
    if (of.group != group) {
        return fail({.code = errc::invalid_value,
                     .where = std::string{group}.append(": the manifest is of ").append(of.group)});
    }
    if (of.hash != Hash::name) {
        return fail({.code = errc::unsupported,
                     .where = std::string{Hash::name}.append(": the manifest has ").append(of.hash),
                     .during = "digests of another hash"});
    }
    if (of.chunk_size == 0) {
        return fail({.code = errc::invalid_value, .where = "chunk_size", .found = 0, .wanted = 1});
    }
    const std::uint64_t count = chunk_count_of(of);
    constexpr std::size_t each = digest_size<Hash>;
    if (of.digests.size() % each != 0 || of.digests.size() / each != count) {
        return fail({.code = errc::invalid_value,
                     .where = "digests",
                     .found = of.digests.size() / each,
                     .wanted = count});
    }
    if (of.editions.size() != count) {
        return fail({.code = errc::invalid_value,
                     .where = "editions",
                     .found = of.editions.size(),
                     .wanted = count});
    }
    const blob computed = digest_over_all<Hash>(of);
    if (of.whole != computed) {
        const auto leading = [](byte_view bytes) {
            std::array<std::byte, 8> first{};
            copy_bytes(bytes.first(std::min(bytes.size(), first.size())), first.data());
            return leading_number(first);
        };
        return fail({.code = errc::checksum_mismatch,
                     .where = "whole",
                     .found = leading(of.whole),
                     .wanted = leading(computed)});
    }
    return {};
}

template <naming_hash Hash>
[[nodiscard]] result<shared_manifest> read_manifest(byte_view bytes, std::string_view group,
                                                    const shared_limits& most = {}) {
    auto found = decode_manifest(bytes, most);
    if (found) {
        if (auto good = check_manifest<Hash>(*found, group); !good) {
            return pass(good);
        }
    }
    return found;
}

} // namespace tintype::inline v0
