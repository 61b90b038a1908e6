#pragma once

// Values where they lie in bincode. Nothing here looks whether the bytes are good: who makes a view
// has checked them, and they must stay as they are for as long as the view or anything out of it is
// used. A view costs a pointer; a member is found by stepping over those before it.

#include <tintype/codec/bincode/number.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/codec/packed_range.hpp>
#include <tintype/codec/packed_view.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/fixed_string.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

template <bincode_integers Integers>
[[nodiscard]] inline std::uint64_t bincode_trusted_length(const std::byte*& at) noexcept {
    if constexpr (Integers == bincode_integers::variable) {
        return bincode_trusted_varint(at);
    } else {
        const auto length = load<std::endian::little, std::uint64_t>(at);
        at += 8;
        return length;
    }
}

template <bincode_integers Integers>
[[nodiscard]] inline std::size_t bincode_trusted_index(const std::byte*& at) noexcept {
    if constexpr (Integers == bincode_integers::variable) {
        return static_cast<std::size_t>(bincode_trusted_varint(at));
    } else {
        const auto index = load<std::endian::little, std::uint32_t>(at);
        at += 4;
        return index;
    }
}

// One behind the value that begins at `at`.
template <class T, bincode_integers Integers>
[[nodiscard]] const std::byte* bincode_skip(const std::byte* at) noexcept;

template <class T, bincode_integers Integers>
[[nodiscard]] const std::byte* bincode_skip_all(const std::byte* at, std::uint64_t count) noexcept {
    if constexpr (bincode_fixed_size<T, Integers>) {
        return at + count * bincode_least<T, Integers>;
    } else {
        for (; count != 0; --count) {
            at = bincode_skip<T, Integers>(at);
        }
        return at;
    }
}

template <class T, bincode_integers Integers, std::size_t Count>
[[nodiscard]] const std::byte* bincode_skip_members(const std::byte* at) noexcept {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((at = bincode_skip<member_type<T, I>, Integers>(at)), ...);
    }(std::make_index_sequence<Count>{});
    return at;
}

template <class T, bincode_integers Integers>
const std::byte* bincode_skip(const std::byte* at) noexcept {
    using value = std::remove_cv_t<T>;
    constexpr bincode_shape shape = bincode_shape_for<value>;
    if constexpr (bincode_fixed_size<value, Integers>) {
        return at + bincode_least<value, Integers>;
    } else if constexpr (shape == bincode_shape::number || shape == bincode_shape::enumeration) {
        static_cast<void>(bincode_trusted_varint(at));
        return at;
    } else if constexpr (shape == bincode_shape::string) {
        const std::uint64_t size = bincode_trusted_length<Integers>(at);
        return at + size;
    } else if constexpr (shape == bincode_shape::array) {
        return bincode_skip_all<element_type<value>, Integers>(at, array_extent<value>);
    } else if constexpr (shape == bincode_shape::sequence) {
        const std::uint64_t count = bincode_trusted_length<Integers>(at);
        return bincode_skip_all<element_type<value>, Integers>(at, count);
    } else if constexpr (shape == bincode_shape::map) {
        using entry = std::pair<typename value::key_type, typename value::mapped_type>;
        const std::uint64_t count = bincode_trusted_length<Integers>(at);
        return bincode_skip_all<entry, Integers>(at, count);
    } else if constexpr (shape == bincode_shape::optional) {
        return *at == std::byte{0} ? at + 1
                                   : bincode_skip<typename value::value_type, Integers>(at + 1);
    } else if constexpr (shape == bincode_shape::variant) {
        const std::size_t index = bincode_trusted_index<Integers>(at);
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>(
                ((I == index &&
                  (at = bincode_skip<std::variant_alternative_t<I, value>, Integers>(at), true)) ||
                 ...));
            return at;
        }(std::make_index_sequence<std::variant_size_v<value>>{});
    } else if constexpr (shape == bincode_shape::pair) {
        return bincode_skip<typename value::second_type, Integers>(
            bincode_skip<typename value::first_type, Integers>(at));
    } else if constexpr (shape == bincode_shape::described) {
        return bincode_skip_members<value, Integers, member_count<value>>(at);
    } else if constexpr (shape == bincode_shape::form) {
        return bincode_skip<typename bincode_form<value>::stored, Integers>(at);
    } else {
        return at;
    }
}

template <class T, bincode_integers Integers>
[[nodiscard]] auto bincode_lend(const std::byte* at);

} // namespace detail

// What shows a T: see docs/bincode.md.
template <bincode_value T, bincode_integers Integers>
using bincode_view_of = decltype(detail::bincode_lend<std::remove_cv_t<T>, Integers>(nullptr));

// A described struct.
template <described T, bincode_integers Integers>
class bincode_struct_view {
public:
    bincode_struct_view() noexcept = default;

    explicit bincode_struct_view(const std::byte* at) noexcept : at_(at) {}

    // The member as a view shows it.
    template <fixed_string Name>
    requires has_member<T, Name>
    [[nodiscard]] auto get() const {
        constexpr std::size_t index = member_index<T>(Name.view());
        return detail::bincode_lend<std::remove_cv_t<member_type<T, index>>, Integers>(
            detail::bincode_skip_members<T, Integers, index>(at_));
    }

    // The bytes of all of it.
    [[nodiscard]] byte_view bytes() const noexcept {
        return {at_, detail::bincode_skip<T, Integers>(at_)};
    }

private:
    const std::byte* at_ = nullptr;
};

// Where each of many values begins, made once, for asking in any order.
template <class T, bincode_integers Integers>
class bincode_index {
public:
    explicit bincode_index(std::vector<const std::byte*> places) noexcept
        : places_(std::move(places)) {}

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

    [[nodiscard]] auto operator[](std::size_t i) const {
        return detail::bincode_lend<T, Integers>(places_[i]);
    }

private:
    std::vector<const std::byte*> places_;
};

// Values one behind the other: a forward range that makes a view of each when it is asked for it.
template <class T, bincode_integers Integers>
class bincode_sequence_view
    : public std::ranges::view_interface<bincode_sequence_view<T, Integers>> {
public:
    class iterator {
    public:
        using value_type = decltype(detail::bincode_lend<T, Integers>(nullptr));
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::forward_iterator_tag;
        using iterator_category = std::input_iterator_tag; // values, not references

        iterator() noexcept = default;

        iterator(const std::byte* at, std::uint64_t left) noexcept : at_(at), left_(left) {}

        [[nodiscard]] value_type operator*() const {
            return detail::bincode_lend<T, Integers>(at_);
        }

        iterator& operator++() noexcept {
            if (--left_ != 0) {
                at_ = detail::bincode_skip<T, Integers>(at_);
            }
            return *this;
        }

        iterator operator++(int) noexcept {
            auto before = *this;
            ++*this;
            return before;
        }

        // Of the same range.
        friend bool operator==(iterator a, iterator b) noexcept { return a.left_ == b.left_; }

    private:
        friend class bincode_sequence_view;

        const std::byte* at_ = nullptr;
        std::uint64_t left_ = 0;
    };

    bincode_sequence_view() noexcept = default;

    bincode_sequence_view(const std::byte* at, std::uint64_t size) noexcept
        : at_(at), size_(size) {}

    [[nodiscard]] iterator begin() const noexcept { return {at_, size_}; }

    [[nodiscard]] iterator end() const noexcept { return {at_, 0}; }

    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(size_); }

    // Where all values are of one size, so that nothing has to be stepped over.
    [[nodiscard]] auto operator[](std::size_t i) const
    requires detail::bincode_fixed_size<T, Integers>
    {
        return detail::bincode_lend<T, Integers>(at_ + i * detail::bincode_least<T, Integers>);
    }

    // Allocates a pointer for each.
    [[nodiscard]] bincode_index<T, Integers> indexed() const {
        std::vector<const std::byte*> places;
        places.reserve(size());
        for (iterator each = begin(); each != end(); ++each) {
            places.push_back(each.at_);
        }
        return bincode_index<T, Integers>{std::move(places)};
    }

private:
    const std::byte* at_ = nullptr;
    std::uint64_t size_ = 0;
};

namespace detail {

template <class Element, bincode_integers Integers>
[[nodiscard]] auto bincode_lend_elements(const std::byte* at, std::uint64_t count) {
    if constexpr (packed_in_bincode<Element, Integers>) {
        const auto size = static_cast<std::size_t>(count) * packed_size<Element>;
        return view_range<Element, std::endian::little>(byte_view{at, size});
    } else {
        return bincode_sequence_view<Element, Integers>{at, count};
    }
}

template <class T, bincode_integers Integers, std::size_t... I>
[[nodiscard]] auto bincode_lend_alternative(const std::byte* at, std::index_sequence<I...>) {
    using shows = std::variant<decltype(bincode_lend<std::variant_alternative_t<I, T>, Integers>(
        nullptr))...>;
    const std::size_t index = bincode_trusted_index<Integers>(at);
    std::optional<shows> all;
    static_cast<void>(
        ((I == index && (all.emplace(std::in_place_index<I>,
                                     bincode_lend<std::variant_alternative_t<I, T>, Integers>(at)),
                         true)) ||
         ...));
    return *std::move(all);
}

template <class T, bincode_integers Integers>
auto bincode_lend(const std::byte* at) {
    constexpr auto little = std::endian::little;
    constexpr bincode_shape shape = bincode_shape_for<T>;
    if constexpr (shape == bincode_shape::number) {
        if constexpr (packed_in_bincode<T, Integers>) {
            return load<little, T>(at);
        } else {
            return bincode_unfolded<T>(bincode_trusted_varint(at));
        }
    } else if constexpr (shape == bincode_shape::enumeration) {
        return static_cast<T>(
            static_cast<std::underlying_type_t<T>>(bincode_trusted_index<Integers>(at)));
    } else if constexpr (shape == bincode_shape::string) {
        const std::uint64_t size = bincode_trusted_length<Integers>(at);
        return text_of({at, static_cast<std::size_t>(size)});
    } else if constexpr (shape == bincode_shape::array) {
        if constexpr (std::same_as<element_type<T>, std::byte>) {
            return std::span<const std::byte, array_extent<T>>{at, array_extent<T>};
        } else {
            return bincode_lend_elements<element_type<T>, Integers>(at, array_extent<T>);
        }
    } else if constexpr (shape == bincode_shape::sequence) {
        const std::uint64_t count = bincode_trusted_length<Integers>(at);
        return bincode_lend_elements<element_type<T>, Integers>(at, count);
    } else if constexpr (shape == bincode_shape::map) {
        using entry = std::pair<typename T::key_type, typename T::mapped_type>;
        const std::uint64_t count = bincode_trusted_length<Integers>(at);
        return bincode_sequence_view<entry, Integers>{at, count};
    } else if constexpr (shape == bincode_shape::optional) {
        using inner = std::remove_cv_t<typename T::value_type>;
        using shows = std::optional<decltype(bincode_lend<inner, Integers>(nullptr))>;
        return *at == std::byte{0} ? shows{} : shows{bincode_lend<inner, Integers>(at + 1)};
    } else if constexpr (shape == bincode_shape::variant) {
        return bincode_lend_alternative<T, Integers>(
            at, std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (shape == bincode_shape::pair) {
        using first = std::remove_cv_t<typename T::first_type>;
        using second = std::remove_cv_t<typename T::second_type>;
        return std::pair{bincode_lend<first, Integers>(at),
                         bincode_lend<second, Integers>(bincode_skip<first, Integers>(at))};
    } else if constexpr (shape == bincode_shape::described) {
        return bincode_struct_view<T, Integers>{at};
    } else if constexpr (shape == bincode_shape::form) {
        return bincode_lend<typename bincode_form<T>::stored, Integers>(at);
    } else {
        return T{};
    }
}

} // namespace detail

} // namespace tintype::inline v0

template <class T, tintype::bincode_integers Integers>
inline constexpr bool
    std::ranges::enable_borrowed_range<tintype::bincode_sequence_view<T, Integers>> = true;
