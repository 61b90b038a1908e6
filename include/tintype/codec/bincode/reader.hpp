#pragma once

// Values out of bincode. Each length was held against the bytes left before memory is asked for,
// and a string or span that is lent points into the bytes.

#include <tintype/codec/bincode/input.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/codec/packed_range.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// A sequence that makes an element at its end, to be read into.
template <class T>
concept bincode_growing_vector = requires(T sequence, std::size_t size) {
    sequence.reserve(size);
    { sequence.emplace_back() } -> std::same_as<typename T::value_type&>;
};

template <bincode_integers Integers>
class bincode_reader : public bincode_input<Integers> {
public:
    using bincode_input<Integers>::bincode_input;

    template <class T>
    bool read(T& value) {
        constexpr bincode_shape shape = bincode_shape_for<T>;
        if constexpr (shape == bincode_shape::number || shape == bincode_shape::enumeration) {
            return this->number(value);
        } else if constexpr (shape == bincode_shape::array) {
            return array(value);
        } else if constexpr (shape == bincode_shape::string) {
            return string(value);
        } else if constexpr (shape == bincode_shape::sequence) {
            return sequence(value);
        } else if constexpr (shape == bincode_shape::map) {
            return map(value);
        } else if constexpr (shape == bincode_shape::optional) {
            bool present = false;
            if (!this->tag(present)) {
                return false;
            }
            if (!present) {
                value.reset();
                return true;
            }
            return read(value.emplace());
        } else if constexpr (shape == bincode_shape::variant) {
            return variant(value, std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (shape == bincode_shape::pair) {
            return (read(value.first) || this->inside("first")) &&
                   (read(value.second) || this->inside("second"));
        } else if constexpr (shape == bincode_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return ((read(member<I>(value)) || this->inside(member_names<T>[I])) && ...);
            }(std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == bincode_shape::form) {
            return form(value);
        } else {
            return true;
        }
    }

protected:
    // The same for a check, which keeps nothing of it.
    template <class T>
    bool form(T& value) {
        const std::byte* const start = this->at_;
        using stored = typename bincode_form<T>::stored;
        stored kept{};
        if (!read(kept)) {
            return false;
        }
        const std::byte* place = start;
        if constexpr (lent<stored>) {
            place = kept.empty() ? start : reinterpret_cast<const std::byte*>(kept.data());
        }
        auto made = bincode_form<T>::from(std::move(kept), this->options_.limits);
        if (!made) {
            error what = made.error();
            what.offset = this->offset_of(place) +
                          (place != start && what.offset != error::no_offset ? what.offset : 0);
            return this->refuse(what);
        }
        value = *std::move(made);
        return true;
    }

private:
    template <class T>
    bool array(T& values) {
        using element = element_type<T>;
        if constexpr (packed_in_bincode<element, Integers>) {
            constexpr std::size_t count = array_extent<T>;
            byte_view found;
            if (!this->have(count * packed_size<element>) ||
                !this->template block<element>(count, found)) {
                return false;
            }
            if constexpr (bincode_block<element, Integers>) {
                copy_bytes(found, reinterpret_cast<std::byte*>(std::ranges::data(values)));
            } else {
                const std::byte* from = found.data();
                for (element& each : values) {
                    static_cast<void>(load_packed<std::endian::little>(from, each));
                    from += packed_size<element>;
                }
            }
        } else {
            for (element& each : values) {
                if (!read(each)) {
                    return false;
                }
            }
        }
        return true;
    }

    template <class T>
    bool string(T& value) {
        std::string_view found;
        if (!this->text(found)) {
            return false;
        }
        if constexpr (lent<T>) {
            value = found;
        } else {
            value.assign(found.data(), found.size());
        }
        return true;
    }

    template <class T>
    bool sequence(T& value) {
        using element = element_type<T>;
        std::uint64_t count = 0;
        if (!this->length(count, bincode_least<element, Integers>, this->options_.limits.count)) {
            return false;
        }
        if constexpr (is_span<T>) {
            static_assert(packed_in_bincode<element, Integers> && sizeof(element) == 1 &&
                              !std::same_as<std::remove_cv_t<element>, bool>,
                          "tintype: bincode's values are not aligned, so it lends spans of bytes "
                          "only: make it a tintype::packed_view<T, std::endian::little>, or a "
                          "vector, which is copied");
            byte_view found;
            static_cast<void>(this->template block<element>(count, found));
            value = T{reinterpret_cast<typename T::element_type*>(found.data()), found.size()};
            return true;
        } else if constexpr (is_little_view<T>) {
            static_assert(packed_in_bincode<element, Integers>,
                          "tintype: these values are not packed in bincode: make it a vector");
            byte_view found;
            if (!this->template block<element>(count, found)) {
                return false;
            }
            value = T{found};
            return true;
        } else {
            static_assert(growable<T>, "tintype: bincode writes this view and cannot read into "
                                       "it; make it a vector");
            return elements(value, count);
        }
    }

    template <class T>
    bool elements(T& value, std::uint64_t count) {
        using element = element_type<T>;
        const auto size = static_cast<std::size_t>(count);
        if constexpr (packed_in_bincode<element, Integers> && resizable_packed_range<T>) {
            byte_view found;
            return this->template block<element>(count, found) &&
                   decode_range<std::endian::little>(found, value, {}).has_value();
        } else if constexpr (bincode_growing_vector<T>) {
            value.clear();
            value.reserve(size);
            for (std::size_t i = 0; i != size; ++i) {
                if (!read(value.emplace_back()) || !this->watched()) {
                    return false;
                }
            }
            return true;
        } else {
            value.clear();
            for (std::size_t i = 0; i != size; ++i) {
                const std::byte* const start = this->at_;
                element each{};
                if (!read(each) || !inserted(value, std::move(each), start) || !this->watched()) {
                    return false;
                }
            }
            return true;
        }
    }

    // In whatever order they come.
    template <class T>
    bool map(T& value) {
        using key_type = typename T::key_type;
        using mapped_type = typename T::mapped_type;
        constexpr std::uint64_t least =
            bincode_least<key_type, Integers> + bincode_least<mapped_type, Integers>;
        std::uint64_t count = 0;
        if (!this->length(count, least, this->options_.limits.count)) {
            return false;
        }
        value.clear();
        for (std::uint64_t i = 0; i != count; ++i) {
            const std::byte* const start = this->at_;
            key_type key{};
            mapped_type mapped{};
            if (!read(key)) {
                return this->inside("key");
            }
            if (!read(mapped)) {
                return this->inside("value");
            }
            if (!inserted(value, typename T::value_type(std::move(key), std::move(mapped)),
                          start)) {
                return this->inside("key");
            }
            if (!this->watched()) {
                return false;
            }
        }
        return true;
    }

    template <class T, class Element>
    bool inserted(T& into, Element&& element, const std::byte* start) {
        const auto before = into.size();
        into.insert(into.end(), std::forward<Element>(element));
        return into.size() != before ||
               this->refuse({.code = errc::duplicate, .offset = this->offset_of(start)});
    }

    template <class T, std::size_t... I>
    bool variant(T& value, std::index_sequence<I...>) {
        std::uint64_t found = 0;
        if (!this->index(found, sizeof...(I) - 1)) {
            return false;
        }
        bool good = false;
        static_cast<void>(
            ((I == found &&
              (good = read(value.template emplace<I>()) || this->inside(index_name<I>), true)) ||
             ...));
        return good;
    }
};

} // namespace tintype::inline v0::detail
