#pragma once

// Going through the leaves of a value in the one order that everything above relies on: members as
// described, elements by position, keys by their order. A path is the bytes of its components, and
// two leaves of values of one type have the same path exactly if they are the same leaf.

#include <tintype/core/identical.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/leaf.hpp>

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

// Values inside values, at most: what is deeper is refused when it is written and when it is read.
inline constexpr std::uint32_t deepest_leaf = 64;

namespace detail {

template <path_key Key>
void append_key(blob& path, const Key& key) {
    if constexpr (run_element<Key>) {
        const std::size_t before = path.size();
        path.resize(before + packed_size<Key>);
        store_packed<std::endian::little>(path.data() + before, key);
    } else {
        const auto elements = leaf_elements(key);
        append_varint(path, elements.size());
        append(path, std::as_bytes(elements));
    }
}

// Calls visit.leaf(value) for each leaf and visit.marker(value) for each marker; `path` is theirs
// while the call lasts. False if the value is too deep.
template <class Visit>
class leaf_walk {
public:
    leaf_walk(blob& path, Visit& visit) noexcept : path_(&path), visit_(&visit) {}

    template <class T>
    bool go(T& value, std::uint32_t depth = 0) {
        using plain = std::remove_cv_t<T>;
        constexpr leaf_shape shape = leaf_shape_v<plain>;
        static_assert(shape != leaf_shape::none,
                      "tintype: a history cannot look into this type: describe it with "
                      "BOOST_HANA_DEFINE_STRUCT, or give it a tintype::column_form");
        if (depth > deepest_leaf) {
            return false;
        }
        if constexpr (shape == leaf_shape::fixed || shape == leaf_shape::run ||
                      shape == leaf_shape::encoded) {
            visit_->leaf(value);
            return true;
        } else if constexpr (shape == leaf_shape::nothing) {
            visit_->marker(value);
            return true;
        } else if constexpr (shape == leaf_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return (child(I, member<I>(value), depth) && ...);
            }(std::make_index_sequence<member_count<plain>>{});
        } else if constexpr (shape == leaf_shape::pair) {
            return child(0, value.first, depth) && child(1, value.second, depth);
        } else if constexpr (shape == leaf_shape::variant) {
            return alternative(value, depth,
                               std::make_index_sequence<std::variant_size_v<plain>>{});
        } else if constexpr (shape == leaf_shape::array) {
            return elements(value, depth);
        } else {
            visit_->marker(value);
            if constexpr (shape == leaf_shape::optional) {
                return !value.has_value() || child(0, *value, depth);
            } else if constexpr (shape == leaf_shape::keyed) {
                return entries(value, depth);
            } else {
                return elements(value, depth);
            }
        }
    }

private:
    template <class T>
    bool child(std::uint64_t component, T& value, std::uint32_t depth) {
        const std::size_t before = path_->size();
        append_varint(*path_, component);
        const bool good = go(value, depth + 1);
        path_->resize(before);
        return good;
    }

    template <class T, std::size_t... I>
    bool alternative(T& value, std::uint32_t depth, std::index_sequence<I...>) {
        return ((value.index() != I || child(I, *std::get_if<I>(&value), depth)) && ...);
    }

    template <class T>
    bool elements(T& value, std::uint32_t depth) {
        std::uint64_t index = 0;
        for (auto& each : value) {
            if (!child(index++, each, depth)) {
                return false;
            }
        }
        return true;
    }

    template <class Entry>
    bool entry(Entry& each, std::uint32_t depth) {
        const std::size_t before = path_->size();
        append_key(*path_, each.first);
        const bool good = go(each.second, depth + 1);
        path_->resize(before);
        return good;
    }

    template <class T>
    bool entries(T& value, std::uint32_t depth) {
        if constexpr (sorted_map<std::remove_cv_t<T>>) {
            for (auto& each : value) {
                if (!entry(each, depth)) {
                    return false;
                }
            }
        } else {
            for (auto* each : ordered_entries(value)) {
                if (!entry(*each, depth)) {
                    return false;
                }
            }
        }
        return true;
    }

    blob* path_;
    Visit* visit_;
};

// Goes through two values of one structure side by side. Nothing is asked of leaves.
class same_structure_walk {
public:
    template <class T>
    static bool go(const T& a, const T& b) {
        constexpr leaf_shape shape = leaf_shape_v<T>;
        if constexpr (shape == leaf_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return (go(member<I>(a), member<I>(b)) && ...);
            }(std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == leaf_shape::pair) {
            return go(a.first, b.first) && go(a.second, b.second);
        } else if constexpr (shape == leaf_shape::variant) {
            return a.index() == b.index() && [&]<std::size_t... I>(std::index_sequence<I...>) {
                return ((a.index() != I || go(*std::get_if<I>(&a), *std::get_if<I>(&b))) && ...);
            }(std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (shape == leaf_shape::optional) {
            return a.has_value() == b.has_value() && (!a.has_value() || go(*a, *b));
        } else if constexpr (shape == leaf_shape::array || shape == leaf_shape::items) {
            auto other = std::ranges::begin(b);
            bool same = std::ranges::size(a) == std::ranges::size(b);
            for (auto at = std::ranges::begin(a); same && at != std::ranges::end(a);
                 ++at, ++other) {
                same = go(*at, *other);
            }
            return same;
        } else if constexpr (shape == leaf_shape::keyed) {
            return keyed(a, b);
        } else {
            return true;
        }
    }

private:
    template <class T>
    static bool keyed(const T& a, const T& b) {
        bool same = a.size() == b.size();
        if constexpr (sorted_map<T>) {
            auto other = b.begin();
            for (auto at = a.begin(); same && at != a.end(); ++at, ++other) {
                same = identical(at->first, other->first) && go(at->second, other->second);
            }
        } else {
            for (auto at = a.begin(); same && at != a.end(); ++at) {
                const auto other = b.find(at->first);
                same = other != b.end() && identical(at->first, other->first) &&
                       go(at->second, other->second);
            }
        }
        return same;
    }
};

// Calls visit.leaf(a, b) for each leaf and visit.marker() for each marker of two values of the same
// structure.
template <class Visit>
class paired_leaves {
public:
    explicit paired_leaves(Visit& visit) noexcept : visit_(&visit) {}

    template <class T>
    void go(T& a, const T& b) {
        constexpr leaf_shape shape = leaf_shape_v<T>;
        if constexpr (shape == leaf_shape::described) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (go(member<I>(a), member<I>(b)), ...);
            }(std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == leaf_shape::pair) {
            go(a.first, b.first);
            go(a.second, b.second);
        } else if constexpr (shape == leaf_shape::variant) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                ((a.index() == I ? go(*std::get_if<I>(&a), *std::get_if<I>(&b)) : void()), ...);
            }(std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (shape == leaf_shape::array) {
            elements(a, b);
        } else if constexpr (shape == leaf_shape::fixed || shape == leaf_shape::run ||
                             shape == leaf_shape::encoded) {
            visit_->leaf(a, b);
        } else {
            visit_->marker();
            if constexpr (shape == leaf_shape::optional) {
                if (a.has_value()) {
                    go(*a, *b);
                }
            } else if constexpr (shape == leaf_shape::items) {
                elements(a, b);
            } else if constexpr (shape == leaf_shape::keyed) {
                entries(a, b);
            }
        }
    }

private:
    template <class T>
    void elements(T& a, const T& b) {
        auto other = std::ranges::begin(b);
        for (auto& each : a) {
            go(each, *other);
            ++other;
        }
    }

    template <class T>
    void entries(T& a, const T& b) {
        if constexpr (sorted_map<T>) {
            auto other = b.begin();
            for (auto& each : a) {
                go(each.second, other->second);
                ++other;
            }
        } else {
            for (auto* each : ordered_entries(a)) {
                go(each->second, b.find(each->first)->second);
            }
        }
    }

    Visit* visit_;
};

} // namespace detail

// Whether both have the same leaves, whatever is in them.
template <class T>
[[nodiscard]] bool same_structure(const T& a, const T& b) {
    return detail::same_structure_walk::go(a, b);
}

} // namespace tintype::inline v0
