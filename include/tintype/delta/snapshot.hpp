#pragma once

// What a history asks of the type that it keeps, beside its leaves: when a snapshot was taken, what
// it can be found by, its checksum and size. All of it is worked out for a described struct;
// specialise `snapshot_traits` to say otherwise.

#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/delta/leaf.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

// The rules for a described struct. A specialisation of snapshot_traits derives from this and
// replaces what it must:
//
//   static std::optional<std::uint64_t> time(const T&)
//       nanoseconds since 1970, or nothing: then the store's clock says. Here: the member
//       `timestamp_ns`, if it is a 64-bit integer.
//   static std::string_view label(const T&)
//       what queries filter by. Here: the member `workload_fingerprint` or else `fingerprint`, if
//       it is a string; otherwise nothing.
//   static std::string metric(std::string_view name)
//       which leaf is meant by the name of a metric. Here: that of this path, its components joined
//       by dots.
//   static std::uint64_t checksum(const T&, std::uint64_t index)
//       of the content; it is kept when a snapshot is appended, and compared when it is read. Not
//       there by default: then it is a CRC-32C of all leaves.
//   static std::uint64_t size(const T&)
//       bytes, for the ratio of compression. Not there by default: then the bytes of all leaves.
//   static void stamp(T&, std::uint64_t index, std::uint64_t checksum)
//       sets what the store says of a snapshot in the snapshot that is read. Nothing by default. A
//       type that has one says a checksum too, which covers nothing of what is set.
template <class T>
struct derived_snapshot_traits {
    [[nodiscard]] static std::optional<std::uint64_t> time(const T& snapshot) {
        if constexpr (has_member<T, "timestamp_ns">) {
            using stored = named_member_type<T, "timestamp_ns">;
            if constexpr (std::same_as<stored, std::uint64_t> ||
                          std::same_as<stored, std::int64_t>) {
                return static_cast<std::uint64_t>(member<"timestamp_ns">(snapshot));
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] static std::string_view label(const T& snapshot) {
        if constexpr (has_text<T, "workload_fingerprint">()) {
            return member<"workload_fingerprint">(snapshot);
        } else if constexpr (has_text<T, "fingerprint">()) {
            return member<"fingerprint">(snapshot);
        } else {
            return {};
        }
    }

    [[nodiscard]] static std::string metric(std::string_view name) { return std::string{name}; }

    static void stamp(T&, std::uint64_t, std::uint64_t) noexcept {}

private:
    template <class U, fixed_string Name>
    [[nodiscard]] static consteval bool has_text() {
        if constexpr (has_member<U, Name>) {
            return std::convertible_to<const named_member_type<U, Name>&, std::string_view>;
        } else {
            return false;
        }
    }
};

template <class T>
struct snapshot_traits : derived_snapshot_traits<T> {};

// A type whose history can be kept.
template <class T>
concept snapshot_type =
    std::default_initializable<T> && std::copyable<T> && described<T> &&
    requires(T& made, const T& snapshot, std::string_view name, std::uint64_t number) {
        { snapshot_traits<T>::time(snapshot) } -> std::same_as<std::optional<std::uint64_t>>;
        { snapshot_traits<T>::label(snapshot) } -> std::convertible_to<std::string_view>;
        { snapshot_traits<T>::metric(name) } -> std::convertible_to<std::string>;
        snapshot_traits<T>::stamp(made, number, number);
    };

template <class T>
struct snapshot_rules {
    static_assert(described_rules<T>::kept);
    static_assert(std::default_initializable<T> && std::copyable<T>,
                  "tintype: a state whose history is kept needs a default constructor, and to be "
                  "copyable");
    static_assert(!described<T> || snapshot_type<T>,
                  "tintype: snapshot_traits<T> lacks a function: let the specialisation derive "
                  "from derived_snapshot_traits<T>, and replace what it must");
    static constexpr bool kept = snapshot_type<T>;
};

namespace detail {

// Whether a history can look into every member. What lies deeper is seen where it is walked.
template <described T>
[[nodiscard]] consteval bool has_leaves() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return ((leaf_shape_v<member_type<T, I>> != leaf_shape::none) && ...);
    }(std::make_index_sequence<member_count<T>>{});
}

template <class T>
concept has_snapshot_checksum = requires(const T& snapshot, std::uint64_t index) {
    { snapshot_traits<T>::checksum(snapshot, index) } -> std::convertible_to<std::uint64_t>;
};

template <auto Function>
struct function_named {};

// Whether the type has a stamp of its own.
template <class T>
concept stamped_snapshot = !std::same_as<function_named<&snapshot_traits<T>::stamp>,
                                         function_named<&derived_snapshot_traits<T>::stamp>>;

template <class T>
concept has_snapshot_size = requires(const T& snapshot) {
    { snapshot_traits<T>::size(snapshot) } -> std::convertible_to<std::uint64_t>;
};

} // namespace detail

} // namespace tintype::inline v0
