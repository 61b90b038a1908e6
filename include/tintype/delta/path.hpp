#pragma once

// Paths as people write them: "memory.used", "processes.4711.rss", "metrics.cpu.values". Components
// are joined by dots; a key that has dots in it keeps them, so a text is compared with the paths
// there are and never taken apart.

#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/walk.hpp>
#include <tintype/hash/hex.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0 {

namespace detail {

class path_speller {
public:
    explicit path_speller(byte_view path) noexcept : path_(path) {}

    template <class T>
    void go(std::uint32_t depth = 0) {
        constexpr leaf_shape shape = leaf_shape_v<T>;
        if (path_.remaining() == 0 || depth > deepest_leaf) {
            return;
        }
        if constexpr (shape == leaf_shape::described) {
            among<member_count<T>>([&]<std::size_t I>() {
                say(member_names<T>[I]);
                go<member_type<T, I>>(depth + 1);
            });
        } else if constexpr (shape == leaf_shape::pair) {
            among<2>([&]<std::size_t I>() {
                say(I == 0 ? "first" : "second");
                go<std::tuple_element_t<I, T>>(depth + 1);
            });
        } else if constexpr (shape == leaf_shape::variant) {
            among<std::variant_size_v<T>>(
                [&]<std::size_t I>() { go<std::variant_alternative_t<I, T>>(depth + 1); });
        } else if constexpr (shape == leaf_shape::optional) {
            among<1>([&]<std::size_t>() { go<typename T::value_type>(depth + 1); });
        } else if constexpr (shape == leaf_shape::array || shape == leaf_shape::items) {
            const auto index = take_varint(path_, "path");
            if (index) {
                say(std::to_string(*index));
                go<element_type<T>>(depth + 1);
            }
        } else if constexpr (shape == leaf_shape::keyed) {
            key<typename T::key_type>();
            go<typename T::mapped_type>(depth + 1);
        }
    }

    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    void say(std::string_view component) {
        if (!text_.empty()) {
            text_ += '.';
        }
        text_ += component;
    }

    template <std::size_t Count, class Child>
    void among(Child child) {
        const auto index = take_varint(path_, "path");
        if (index) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                ((*index == I ? child.template operator()<I>() : void()), ...);
            }(std::make_index_sequence<Count>{});
        }
    }

    template <class Key>
    void key() {
        if constexpr (run_element<Key>) {
            const auto bytes = path_.take(packed_size<Key>, "path");
            Key value{};
            if (!bytes || !load_packed<std::endian::little>(bytes->data(), value)) {
                return;
            }
            if constexpr (std::integral<Key> && !std::same_as<Key, bool> &&
                          !std::same_as<Key, char>) {
                say(std::to_string(value));
            } else {
                say(hex_of(*bytes));
            }
        } else {
            const auto size = take_varint(path_, "path");
            const auto bytes = size ? path_.take(*size, "path") : result<byte_view>{pass(size)};
            if (bytes) {
                say(text_of(*bytes));
            }
        }
    }

    reader path_;
    std::string text_;
};

} // namespace detail

// The path of a leaf of a T; of one that is none, as far as it goes.
template <class T>
[[nodiscard]] std::string path_text(byte_view path) {
    detail::path_speller speller{path};
    speller.go<T>();
    return std::move(speller).text();
}

} // namespace tintype::inline v0
