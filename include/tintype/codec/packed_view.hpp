#pragma once

// Packed values where they lie, in bytes of any alignment and either byte order: a random-access
// range that makes each value when it is asked for, and lends a plain span where the machine could
// read the values in place.

#include <tintype/codec/packed.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/ranges.hpp>

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>

namespace tintype::inline v0 {

template <packed T, std::endian Order>
class packed_view : public std::ranges::view_interface<packed_view<T, Order>> {
public:
    class iterator {
    public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::random_access_iterator_tag;
        using iterator_category = std::input_iterator_tag; // values, not references

        constexpr iterator() noexcept = default;

        explicit constexpr iterator(const std::byte* at) noexcept : at_(at) {}

        [[nodiscard]] constexpr T operator*() const {
            T value{};
            // Whoever made the view has looked at the bools.
            static_cast<void>(load_packed<Order>(at_, value));
            return value;
        }

        [[nodiscard]] constexpr T operator[](difference_type n) const { return *(*this + n); }

        constexpr iterator& operator+=(difference_type n) noexcept {
            at_ += n * stride;
            return *this;
        }

        constexpr iterator& operator-=(difference_type n) noexcept { return *this += -n; }

        constexpr iterator& operator++() noexcept { return *this += 1; }

        constexpr iterator& operator--() noexcept { return *this -= 1; }

        constexpr iterator operator++(int) noexcept {
            auto before = *this;
            ++*this;
            return before;
        }

        constexpr iterator operator--(int) noexcept {
            auto before = *this;
            --*this;
            return before;
        }

        friend constexpr iterator operator+(iterator i, difference_type n) noexcept {
            return i += n;
        }

        friend constexpr iterator operator+(difference_type n, iterator i) noexcept {
            return i += n;
        }

        friend constexpr iterator operator-(iterator i, difference_type n) noexcept {
            return i -= n;
        }

        friend constexpr difference_type operator-(iterator a, iterator b) noexcept {
            return (a.at_ - b.at_) / stride;
        }

        friend constexpr bool operator==(iterator, iterator) noexcept = default;
        friend constexpr auto operator<=>(iterator, iterator) noexcept = default;

    private:
        static constexpr auto stride = static_cast<difference_type>(packed_size<T>);

        const std::byte* at_ = nullptr;
    };

    constexpr packed_view() noexcept = default;

    // What is left over behind the last whole value is not part of the view.
    explicit constexpr packed_view(byte_view bytes) noexcept
        : bytes_(bytes.first(bytes.size() - bytes.size() % packed_size<T>)) {}

    [[nodiscard]] constexpr iterator begin() const noexcept { return iterator{bytes_.data()}; }

    [[nodiscard]] constexpr iterator end() const noexcept {
        return iterator{bytes_.data() + bytes_.size()};
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept {
        return bytes_.size() / packed_size<T>;
    }

    [[nodiscard]] constexpr byte_view bytes() const noexcept { return bytes_; }

    // The values in place, where their layout, byte order and alignment are the machine's.
    [[nodiscard]] std::optional<std::span<const T>> contiguous() const noexcept {
        if constexpr (trivially_packed<T, Order>) {
            if (std::bit_cast<std::uintptr_t>(bytes_.data()) % alignof(T) == 0) {
                return std::span{reinterpret_cast<const T*>(bytes_.data()), size()};
            }
        }
        return std::nullopt;
    }

private:
    byte_view bytes_;
};

} // namespace tintype::inline v0

template <class T, std::endian Order>
inline constexpr bool std::ranges::enable_borrowed_range<tintype::packed_view<T, Order>> = true;
