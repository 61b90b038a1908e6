#pragma once

// What a history sees of a value: its leaves. A leaf is a run of elements of one size, which lie
// side by side in memory: a number, a string, a vector of numbers. Everything above a leaf, the
// members, map keys, positions and alternatives on the way to it, is its path, and which leaves
// there are is the value's structure. Two values of the same structure differ in their leaves only.

#include <tintype/codec/columns.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tintype::inline v0 {

// As it is stored. A marker has no elements: it stands for a container, so that an empty one is
// told from an absent one.
enum class leaf_type : std::uint8_t {
    marker = 0,
    u8 = 1,
    i8 = 2,
    u16 = 3,
    i16 = 4,
    u32 = 5,
    i32 = 6,
    u64 = 7,
    i64 = 8,
    f32 = 9,
    f64 = 10,
    boolean = 11,
    character = 12,
    record = 13,  // a packed struct
    columns = 14, // bytes of the columns codec, of a type that has no leaves of its own
};

inline constexpr std::uint8_t leaf_types = 15;

// What the elements of a leaf are, and how many there can be.
struct leaf_form {
    leaf_type type = leaf_type::marker;
    std::uint32_t extent = 0; // elements, where the type says so; 0 for any number
    std::uint32_t width = 0;  // bytes of an element

    // A run of any length.
    [[nodiscard]] constexpr bool resizable() const noexcept {
        return extent == 0 && type != leaf_type::marker;
    }

    friend constexpr bool operator==(const leaf_form&, const leaf_form&) noexcept = default;
};

namespace detail {

template <class T>
[[nodiscard]] consteval leaf_type leaf_type_of() {
    if constexpr (std::is_enum_v<T>) {
        return std::same_as<T, std::byte> ? leaf_type::u8
                                          : leaf_type_of<std::underlying_type_t<T>>();
    } else if constexpr (!scalar_value<T>) {
        return leaf_type::record;
    } else if constexpr (std::same_as<T, bool>) {
        return leaf_type::boolean;
    } else if constexpr (std::same_as<T, char>) {
        return leaf_type::character;
    } else if constexpr (std::is_floating_point_v<T>) {
        return sizeof(T) == 4 ? leaf_type::f32 : leaf_type::f64;
    } else {
        constexpr auto step = static_cast<std::uint8_t>(std::countr_zero(sizeof(T)) * 2);
        constexpr std::uint8_t first = std::is_signed_v<T> ? 2 : 1;
        return static_cast<leaf_type>(first + step);
    }
}

// What may lie in a run: the bytes in memory are the stored ones, but for the order of each number.
template <class T>
concept run_element = scalar_value<T> || (packed<T> && lies_packed<T, std::endian::native>());

template <class T>
concept resizable_run =
    growable<T> && std::ranges::contiguous_range<T> && run_element<std::ranges::range_value_t<T>> &&
    requires(T run, std::size_t size) { run.resize(size); };

template <class T>
concept resizable_items = growable<T> && kind_of<T> == kind::sequence && !resizable_run<T> &&
                          requires(T items, std::size_t size) {
                              items.resize(size);
                              { items[size] } -> std::same_as<std::ranges::range_value_t<T>&>;
                          };

// Keys that a path can hold: strings by their characters, numbers by their bytes.
template <class K>
concept path_key = run_element<K> || (kind_of<K> == kind::string && growable<K>);

template <class T>
concept keyed_items = kind_of<T> == kind::map && path_key<typename T::key_type> &&
                      requires(T map, typename T::key_type key) {
                          { map.try_emplace(std::move(key)).first->second };
                          map.find(key);
                      };

enum class leaf_shape : unsigned char {
    none,
    fixed,     // as many elements as the type says
    run,       // any number of elements
    encoded,   // bytes of the columns codec
    nothing,   // what has no elements at all, as std::monostate: a marker
    described, // a child for each member
    pair,      // two
    array,     // as many as the type says
    items,     // a marker, and any number
    keyed,     // a marker, and one for each key
    optional,  // a marker, and perhaps one
    variant,   // one, named by its alternative
};

template <class T>
[[nodiscard]] consteval leaf_shape leaf_shape_of() {
    constexpr kind what = kind_of<T>;
    if constexpr (scalar_value<T>) {
        return leaf_shape::fixed;
    } else if constexpr (what == kind::array) {
        return array_extent<T> == 0           ? leaf_shape::nothing
               : run_element<element_type<T>> ? leaf_shape::fixed
                                              : leaf_shape::array;
    } else if constexpr (resizable_run<T>) {
        return leaf_shape::run;
    } else if constexpr (what == kind::described) {
        return member_count<T> == 0 ? leaf_shape::nothing : leaf_shape::described;
    } else if constexpr (what == kind::pair) {
        return leaf_shape::pair;
    } else if constexpr (what == kind::optional) {
        return leaf_shape::optional;
    } else if constexpr (what == kind::variant) {
        return leaf_shape::variant;
    } else if constexpr (std::same_as<T, std::monostate>) {
        return leaf_shape::nothing;
    } else if constexpr (resizable_items<T>) {
        return leaf_shape::items;
    } else if constexpr (keyed_items<T>) {
        return leaf_shape::keyed;
    } else if constexpr (columnar<T>) {
        return leaf_shape::encoded;
    } else {
        return leaf_shape::none;
    }
}

template <class T>
inline constexpr leaf_shape leaf_shape_v = leaf_shape_of<std::remove_cv_t<T>>();

// Elements of a fixed leaf or a run.
template <class T>
struct leaf_element {
    using type = std::remove_cv_t<std::ranges::range_value_t<T>>;
};

template <scalar_value T>
struct leaf_element<T> {
    using type = T;
};

template <class T>
using leaf_element_t = typename leaf_element<std::remove_cv_t<T>>::type;

template <class T>
[[nodiscard]] auto leaf_elements(T& leaf) noexcept {
    using element = leaf_element_t<T>;
    using pointer = std::conditional_t<std::is_const_v<T>, const element, element>*;
    if constexpr (scalar_value<std::remove_cv_t<T>>) {
        return std::span{static_cast<pointer>(&leaf), 1};
    } else {
        return std::span{static_cast<pointer>(std::ranges::data(leaf)), std::ranges::size(leaf)};
    }
}

template <class T>
void copy_leaf(T& to, const T& from) {
    if constexpr (std::is_bounded_array_v<T>) {
        std::ranges::copy(from, to);
    } else {
        to = from;
    }
}

template <class T>
[[nodiscard]] blob column_bytes(const T& value) {
    blob bytes;
    blob_sink sink{bytes};
    // The sink never fails, and the value is the same each time that it is gone through.
    static_cast<void>(columns::encode(std::span<const T, 1>{&value, 1}, sink));
    return bytes;
}

// Whether there is a hashed container in it, whose elements come in any order.
template <class T, unsigned Depth = 0>
[[nodiscard]] consteval bool holds_hashed() {
    constexpr kind what = kind_of<T>;
    if constexpr (Depth == 8) {
        return false; // contains itself
    } else if constexpr (requires { typename T::hasher; }) {
        return true;
    } else if constexpr (what == kind::described) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (holds_hashed<std::remove_cv_t<member_type<T, I>>, Depth + 1>() || ...);
        }(std::make_index_sequence<member_count<T>>{});
    } else if constexpr (what == kind::variant) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (holds_hashed<std::variant_alternative_t<I, T>, Depth + 1>() || ...);
        }(std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (what == kind::pair) {
        return holds_hashed<std::remove_cv_t<typename T::first_type>, Depth + 1>() ||
               holds_hashed<std::remove_cv_t<typename T::second_type>, Depth + 1>();
    } else if constexpr (what == kind::map) {
        return holds_hashed<typename T::key_type, Depth + 1>() ||
               holds_hashed<typename T::mapped_type, Depth + 1>();
    } else if constexpr (what == kind::optional || what == kind::sequence) {
        return holds_hashed<typename T::value_type, Depth + 1>();
    } else if constexpr (what == kind::array) {
        return holds_hashed<std::remove_cv_t<element_type<T>>, Depth + 1>();
    } else {
        return false;
    }
}

// The same bytes for identical values, for a checksum: they cannot be read. Of hashed containers
// inside others nothing is said.
template <class T>
[[nodiscard]] blob settled_bytes(const T& value) {
    if constexpr (!holds_hashed<T>()) {
        return column_bytes(value);
    } else if constexpr (requires { typename T::hasher; }) {
        std::vector<blob> elements;
        for (const auto& each : value) {
            if constexpr (kind_of<T> == kind::map) {
                if constexpr (!holds_hashed<typename T::key_type>() &&
                              !holds_hashed<typename T::mapped_type>()) {
                    elements.push_back(column_bytes(each.first));
                    append(elements.back(), column_bytes(each.second));
                }
            } else if constexpr (!holds_hashed<typename T::value_type>()) {
                elements.push_back(column_bytes(each));
            }
        }
        std::ranges::sort(elements);
        blob all;
        for (const blob& each : elements) {
            append(all, each);
        }
        return all;
    } else {
        return {};
    }
}

// The values inside one, in no order that means anything: a sorted copy of pointers makes one.
template <class Map>
requires keyed_items<std::remove_cv_t<Map>>
[[nodiscard]] auto ordered_entries(Map& map) {
    using entry = std::remove_reference_t<decltype(*map.begin())>;
    std::vector<entry*> all;
    all.reserve(map.size());
    for (auto& each : map) {
        all.push_back(&each);
    }
    std::ranges::sort(all, {}, [](const entry* each) -> const auto& { return each->first; });
    return all;
}

// One of each key, in the order that the map itself has.
template <class Map>
concept sorted_map = keyed_items<Map> && requires { typename Map::key_compare; };

} // namespace detail

// A leaf of a type that is known no more: its form, and how to reach its elements.
struct leaf_ops {
    leaf_form form{};
    std::size_t (*count)(const void*) = nullptr;
    std::byte* (*data)(void*) = nullptr;
    void (*resize)(void*, std::size_t) = nullptr;                      // of a run
    void (*clear)(void*) = nullptr;                                    // of columns
    blob (*encode)(const void*) = nullptr;                             // of columns
    result<void> (*decode)(void*, byte_view, const limits&) = nullptr; // of columns
    blob (*settled)(const void*) = nullptr;                            // of columns
    // Changes so many elements between the machine's order of bytes and the stored one.
    void (*reorder)(std::byte*, std::size_t) = nullptr; // null where both are the same
};

namespace detail {

template <run_element T>
void reorder_elements(std::byte* at, std::size_t count) {
    for (; count != 0; --count, at += sizeof(T)) {
        T value{};
        std::memcpy(&value, at, sizeof value);
        store_packed<std::endian::little>(at, value);
    }
}

template <class T>
[[nodiscard]] constexpr leaf_ops make_leaf_ops() {
    leaf_ops ops{};
    constexpr leaf_shape shape = leaf_shape_v<T>;
    if constexpr (shape == leaf_shape::fixed || shape == leaf_shape::run) {
        using element = leaf_element_t<T>;
        constexpr std::size_t extent = shape == leaf_shape::run ? 0 : sizeof(T) / sizeof(element);
        static_assert(extent <= std::numeric_limits<std::uint32_t>::max());
        ops.form = {leaf_type_of<element>(), static_cast<std::uint32_t>(extent), sizeof(element)};
        ops.count = [](const void* at) { return leaf_elements(*static_cast<const T*>(at)).size(); };
        ops.data = [](void* at) {
            return reinterpret_cast<std::byte*>(leaf_elements(*static_cast<T*>(at)).data());
        };
        if constexpr (shape == leaf_shape::run) {
            ops.resize = [](void* at, std::size_t size) { static_cast<T*>(at)->resize(size); };
        }
        if constexpr (std::endian::native != std::endian::little && sizeof(element) != 1) {
            ops.reorder = reorder_elements<element>;
        }
    } else if constexpr (shape == leaf_shape::encoded) {
        ops.form = {leaf_type::columns, 0, 1};
        ops.clear = [](void* at) { *static_cast<T*>(at) = T{}; };
        ops.settled = [](const void* at) { return settled_bytes(*static_cast<const T*>(at)); };
        ops.encode = [](const void* at) { return column_bytes(*static_cast<const T*>(at)); };
        ops.decode = [](void* at, byte_view bytes, const limits& most) -> result<void> {
            auto rows = columns::decode<std::vector<T>>(bytes, {.limits = most});
            if (!rows) {
                return pass(rows);
            }
            if (rows->size() != 1) {
                return fail({.code = errc::invalid_value, .found = rows->size(), .wanted = 1});
            }
            *static_cast<T*>(at) = std::move(rows->front());
            return {};
        };
    }
    return ops;
}

template <class T>
inline constexpr leaf_ops leaf_ops_of = make_leaf_ops<T>();

} // namespace detail

} // namespace tintype::inline v0
