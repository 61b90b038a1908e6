#pragma once

// Whether bytes are a value in bincode, without making it: what a view stands on. It refuses what
// reading refuses, at the same place and for the same reason, but for keys that come twice: to know
// those takes memory. It allocates nothing itself.

#include <tintype/codec/bincode/input.hpp>
#include <tintype/codec/bincode/reader.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/reflect.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

template <bincode_integers Integers>
class bincode_checker : public bincode_reader<Integers> {
public:
    using bincode_reader<Integers>::bincode_reader;

    template <class T>
    bool check() {
        using value = std::remove_cv_t<T>;
        constexpr bincode_shape shape = bincode_shape_for<value>;
        if constexpr (shape == bincode_shape::number || shape == bincode_shape::enumeration) {
            value ignored{};
            return this->number(ignored);
        } else if constexpr (shape == bincode_shape::array) {
            return array<value>();
        } else if constexpr (shape == bincode_shape::string) {
            std::string_view ignored;
            return this->text(ignored);
        } else if constexpr (shape == bincode_shape::sequence) {
            return sequence<element_type<value>>();
        } else if constexpr (shape == bincode_shape::map) {
            return map<typename value::key_type, typename value::mapped_type>();
        } else if constexpr (shape == bincode_shape::optional) {
            bool present = false;
            return this->tag(present) && (!present || check<typename value::value_type>());
        } else if constexpr (shape == bincode_shape::variant) {
            return variant<value>(std::make_index_sequence<std::variant_size_v<value>>{});
        } else if constexpr (shape == bincode_shape::pair) {
            return (check<typename value::first_type>() || this->inside("first")) &&
                   (check<typename value::second_type>() || this->inside("second"));
        } else if constexpr (shape == bincode_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return ((check<member_type<value, I>>() || this->inside(member_names<value>[I])) &&
                        ...);
            }(std::make_index_sequence<member_count<value>>{});
        } else if constexpr (shape == bincode_shape::form) {
            value ignored{};
            return this->form(ignored);
        } else {
            return true;
        }
    }

private:
    template <class T>
    bool array() {
        using element = element_type<T>;
        if constexpr (packed_in_bincode<element, Integers>) {
            byte_view ignored;
            return this->have(array_extent<T> * packed_size<element>) &&
                   this->template block<element>(array_extent<T>, ignored);
        } else {
            for (std::size_t i = 0; i != array_extent<T>; ++i) {
                if (!check<element>()) {
                    return false;
                }
            }
        }
        return true;
    }

    template <class Element>
    bool sequence() {
        std::uint64_t count = 0;
        if (!this->length(count, bincode_least<Element, Integers>, this->options_.limits.count)) {
            return false;
        }
        if constexpr (packed_in_bincode<Element, Integers>) {
            byte_view ignored;
            return this->template block<Element>(count, ignored);
        } else {
            for (std::uint64_t i = 0; i != count; ++i) {
                if (!check<Element>() || !this->watched()) {
                    return false;
                }
            }
            return true;
        }
    }

    template <class Key, class Mapped>
    bool map() {
        constexpr std::uint64_t least =
            bincode_least<Key, Integers> + bincode_least<Mapped, Integers>;
        std::uint64_t count = 0;
        if (!this->length(count, least, this->options_.limits.count)) {
            return false;
        }
        for (std::uint64_t i = 0; i != count; ++i) {
            if (!check<Key>()) {
                return this->inside("key");
            }
            if (!check<Mapped>()) {
                return this->inside("value");
            }
            if (!this->watched()) {
                return false;
            }
        }
        return true;
    }

    template <class T, std::size_t... I>
    bool variant(std::index_sequence<I...>) {
        std::uint64_t found = 0;
        if (!this->index(found, sizeof...(I) - 1)) {
            return false;
        }
        bool good = false;
        static_cast<void>(((I == found && (good = check<std::variant_alternative_t<I, T>>() ||
                                                  this->inside(index_name<I>),
                                           true)) ||
                           ...));
        return good;
    }
};

} // namespace tintype::inline v0::detail
