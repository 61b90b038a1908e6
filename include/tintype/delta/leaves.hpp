#pragma once

// From a value to its leaves and back: where they lie and what their table is, and a value that has
// just the leaves of a table.

#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/table.hpp>
#include <tintype/delta/walk.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ranges>
#include <utility>
#include <variant>
#include <vector>

namespace tintype::inline v0 {

// A leaf of some object that outlives it and keeps its structure.
struct leaf_handle {
    void* at = nullptr;
    const leaf_ops* ops = nullptr; // of a marker: its form, and nothing else
};

namespace detail {

inline constexpr leaf_ops marker_ops{};

struct table_visit {
    leaf_table* table;
    std::vector<leaf_handle>* handles;
    const blob* path;

    template <class T>
    void leaf(T& value) {
        using plain = std::remove_cv_t<T>;
        add(const_cast<plain*>(&value), leaf_ops_of<plain>);
    }

    template <class T>
    void marker(T&) {
        add(nullptr, marker_ops);
    }

    void add(void* at, const leaf_ops& ops) {
        if (table != nullptr) {
            table->add(*path, ops.form);
        }
        if (handles != nullptr) {
            handles->push_back({at, &ops});
        }
    }
};

// Takes out what a default constructor put in: which leaves there are is for the paths to say.
template <class T>
void hollow(T& value) {
    constexpr leaf_shape shape = leaf_shape_v<T>;
    if constexpr (shape == leaf_shape::described) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (hollow(member<I>(value)), ...);
        }(std::make_index_sequence<member_count<T>>{});
    } else if constexpr (shape == leaf_shape::pair) {
        hollow(value.first);
        hollow(value.second);
    } else if constexpr (shape == leaf_shape::array) {
        for (auto& each : value) {
            hollow(each);
        }
    } else if constexpr (shape == leaf_shape::variant) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((value.index() == I ? hollow(*std::get_if<I>(&value)) : void()), ...);
        }(std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (shape == leaf_shape::optional) {
        value.reset();
    } else if constexpr (shape == leaf_shape::items || shape == leaf_shape::keyed) {
        value.clear();
    }
}

// Makes what the path leads through, as far as it is not there.
class leaf_maker {
public:
    explicit leaf_maker(reader path) noexcept : path_(path) {}

    template <class T>
    result<void> go(T& value, std::uint32_t depth = 0) {
        constexpr leaf_shape shape = leaf_shape_v<T>;
        if (depth > deepest_leaf) {
            return fail({.code = errc::limit_exceeded,
                         .where = "leaf path",
                         .found = depth,
                         .wanted = deepest_leaf});
        }
        if constexpr (shape == leaf_shape::fixed || shape == leaf_shape::run ||
                      shape == leaf_shape::encoded || shape == leaf_shape::nothing) {
            return end();
        } else if constexpr (shape == leaf_shape::described) {
            return among<member_count<T>>(
                [&]<std::size_t I>() { return go(member<I>(value), depth + 1); });
        } else if constexpr (shape == leaf_shape::pair) {
            return among<2>([&]<std::size_t I>() { return go(std::get<I>(value), depth + 1); });
        } else if constexpr (shape == leaf_shape::variant) {
            return among<std::variant_size_v<T>>([&]<std::size_t I>() {
                if (value.index() != I) {
                    hollow(value.template emplace<I>());
                }
                return go(*std::get_if<I>(&value), depth + 1);
            });
        } else if constexpr (shape == leaf_shape::array) {
            return element(value, depth);
        } else if (path_.remaining() == 0) {
            return {};
        } else if constexpr (shape == leaf_shape::optional) {
            return among<1>([&]<std::size_t>() {
                if (!value.has_value()) {
                    hollow(value.emplace());
                }
                return go(*value, depth + 1);
            });
        } else if constexpr (shape == leaf_shape::items) {
            return element(value, depth);
        } else {
            return entry(value, depth);
        }
    }

private:
    [[nodiscard]] result<void> end() const {
        if (path_.remaining() != 0) {
            return fail({.code = errc::trailing_bytes,
                         .where = "leaf path",
                         .offset = path_.offset(),
                         .found = path_.remaining()});
        }
        return {};
    }

    template <std::size_t Count, class Child>
    result<void> among(Child child) {
        const auto index = take_varint(path_, "leaf path");
        if (!index) {
            return pass(index);
        }
        result<void> done = beyond(*index, Count);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((*index == I ? static_cast<void>(done = child.template operator()<I>()) : void()),
             ...);
        }(std::make_index_sequence<Count>{});
        return done;
    }

    template <class T>
    result<void> element(T& value, std::uint32_t depth) {
        const auto index = take_varint(path_, "leaf path");
        if (!index) {
            return pass(index);
        }
        if constexpr (leaf_shape_v<T> == leaf_shape::items) {
            if (*index == value.size()) {
                value.resize(value.size() + 1);
                hollow(value[static_cast<std::size_t>(*index)]);
            }
        }
        if (*index >= std::ranges::size(value)) {
            return beyond(*index, std::ranges::size(value));
        }
        return go(value[static_cast<std::size_t>(*index)], depth + 1);
    }

    template <class T>
    result<void> entry(T& value, std::uint32_t depth) {
        using key_type = typename T::key_type;
        key_type key{};
        if constexpr (run_element<key_type>) {
            const auto bytes = path_.take(packed_size<key_type>, "leaf path");
            if (!bytes) {
                return pass(bytes);
            }
            if (!load_packed<std::endian::little>(bytes->data(), key)) {
                return beyond(std::to_integer<std::uint64_t>(bytes->front()), 1);
            }
        } else {
            const auto size = take_varint(path_, "leaf path");
            if (!size) {
                return pass(size);
            }
            const auto bytes = path_.take(*size, "leaf path");
            if (!bytes) {
                return pass(bytes);
            }
            key.resize(bytes->size());
            if (!bytes->empty()) {
                std::memcpy(leaf_elements(key).data(), bytes->data(), bytes->size());
            }
        }
        const auto [at, fresh] = value.try_emplace(std::move(key));
        if (fresh) {
            hollow(at->second);
        }
        return go(at->second, depth + 1);
    }

    [[nodiscard]] result<void> beyond(std::uint64_t index, std::uint64_t count) const {
        return fail({.code = errc::out_of_bounds,
                     .where = "leaf path",
                     .offset = path_.offset(),
                     .found = index,
                     .wanted = count});
    }

    reader path_;
};

} // namespace detail

// The leaves of a value: their table, where one is wanted, and where they lie, where that is.
// `limit_exceeded` if values lie too deep in one another, or the paths take too much.
template <class T>
[[nodiscard]] result<void> leaves_of(T& value, leaf_table* table,
                                     std::vector<leaf_handle>* handles) {
    blob path;
    detail::table_visit visit{table, handles, &path};
    if (!detail::leaf_walk<detail::table_visit>{path, visit}.go(value)) {
        return fail({.code = errc::limit_exceeded,
                     .where = "depth",
                     .found = deepest_leaf + 1,
                     .wanted = deepest_leaf});
    }
    if (table != nullptr && table->path_bytes() > most_path_bytes) {
        return fail({.code = errc::limit_exceeded,
                     .where = "leaf paths",
                     .found = table->path_bytes(),
                     .wanted = most_path_bytes});
    }
    return {};
}

// A value with just these leaves, each as it is made, and where they lie. Refused unless it is
// exactly what leaves_of() would have written for it.
template <class T>
[[nodiscard]] result<void> make_leaves(const leaf_table& table, T& value,
                                       std::vector<leaf_handle>& handles) {
    value = T{};
    detail::hollow(value);
    for (std::size_t i = 0; i != table.size(); ++i) {
        if (auto done = detail::leaf_maker{reader{table.path(i)}}.go(value); !done) {
            return done;
        }
    }
    leaf_table made;
    handles.clear();
    if (auto done = leaves_of(value, &made, &handles); !done) {
        return done;
    }
    if (!(made == table)) {
        return fail({.code = errc::invalid_value,
                     .where = "leaves",
                     .found = table.size(),
                     .wanted = made.size()});
    }
    return {};
}

} // namespace tintype::inline v0
