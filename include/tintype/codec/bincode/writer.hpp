#pragma once

// Values into bincode. What is no larger than the output's room is counted first and then written
// without asking for room again; what is larger goes part by part.

#include <tintype/codec/bincode/failure.hpp>
#include <tintype/codec/bincode/number.hpp>
#include <tintype/codec/bincode/order.hpp>
#include <tintype/codec/bincode/shape.hpp>
#include <tintype/codec/bincode/size.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/utf8.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// `Out`: bincode_claims or bincode_buffer.
template <bincode_integers Integers, class Out>
class bincode_writer {
public:
    explicit bincode_writer(Out& out) noexcept : out_(&out) {}

    template <class T>
    bool run(const T& state) {
        return parts<true>(state) && (out_->finish() || refused());
    }

    [[nodiscard]] error failure() const noexcept { return failure_.told(); }

private:
    static constexpr auto little = std::endian::little;
    static constexpr bool variable = Integers == bincode_integers::variable;

    // What is counted is written at once, while it is in the processor's cache.
    static constexpr std::uint64_t batch = std::uint64_t{32} << 10U;

    // All of a value. `Stays`: its own memory is there until the sink was used.
    template <bool Stays, class T>
    bool parts(const T& value) {
        constexpr bincode_shape shape = bincode_shape_for<T>;
        constexpr bool lasts = Stays || lent<T>;
        if constexpr (!bincode_bulky<T, Integers>()) {
            const std::uint64_t size = bincode_size_of<Integers>(value);
            if (out_->fits(size)) {
                return piece(size,
                             [&](std::byte* to) { return put<!bincode_steady<T>()>(to, value); });
            }
        }
        if constexpr (Out::fits_all && !bincode_bulky<T, Integers>()) {
            return false;
        } else if constexpr (shape == bincode_shape::string) {
            return length(value.size()) && utf8(value, out_->written()) &&
                   bytes<lasts>(bytes_of(value));
        } else if constexpr (shape == bincode_shape::array) {
            return elements<Stays>(value);
        } else if constexpr (shape == bincode_shape::sequence) {
            return length(std::ranges::size(value)) && elements<lasts>(value);
        } else if constexpr (shape == bincode_shape::map) {
            return length(value.size()) && in_key_order(value, [this](const auto& each) {
                       return (parts<Stays>(each.first) || inside("key")) &&
                              (parts<Stays>(each.second) || inside("value"));
                   });
        } else if constexpr (shape == bincode_shape::optional) {
            return piece(1, [&](std::byte* to) { return number<false>(to, value.has_value()); }) &&
                   (!value.has_value() || parts<Stays>(*value));
        } else if constexpr (shape == bincode_shape::variant) {
            const auto which = static_cast<std::uint32_t>(value.index());
            return piece(variable ? bincode_varint_size(which) : 4,
                         [&](std::byte* to) { return index<false>(to, which); }) &&
                   visit_alternative(value, [this]<std::size_t I>(const auto& held) {
                       return parts<Stays>(held) || inside(index_name<I>);
                   });
        } else if constexpr (shape == bincode_shape::pair) {
            return (parts<Stays>(value.first) || inside("first")) &&
                   (parts<Stays>(value.second) || inside("second"));
        } else if constexpr (shape == bincode_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return ((parts<Stays>(member<I>(value)) || inside(member_names<T>[I])) && ...);
            }(std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == bincode_shape::form) {
            using stored = typename bincode_form<T>::stored;
            constexpr bool kept =
                Stays && std::is_lvalue_reference_v<decltype(bincode_form<T>::to(value))>;
            return parts<kept>(static_cast<const stored&>(bincode_form<T>::to(value)));
        } else {
            return false; // never as large as that
        }
    }

    template <bool Stays, class T>
    bool elements(const T& values) {
        using element = element_type<T>;
        using reference = std::ranges::range_reference_t<const T>;
        constexpr bool stays = Stays && std::is_lvalue_reference_v<reference>;
        if constexpr (std::ranges::contiguous_range<const T> && bincode_block<element, Integers>) {
            return bytes<Stays>(std::as_bytes(std::span{values}));
        } else if constexpr (std::ranges::forward_range<const T> && !bincode_hashed<T>) {
            const auto end = std::ranges::end(values);
            for (auto at = std::ranges::begin(values); at != end;) {
                const auto first = at;
                std::uint64_t size = 0;
                for (; at != end && size < batch; ++at) {
                    const element& each = *at;
                    size += bincode_size_of<Integers>(each);
                }
                if (!(out_->fits(size) ? several<!bincode_steady<T>(), element>(first, at, size)
                                       : one_by_one<stays, element>(first, at))) {
                    return false;
                }
            }
            return true;
        } else {
            return in_key_order(values, [this](const element& each) { return parts<stays>(each); });
        }
    }

    template <bool Checked, class Element, class Iterator>
    bool several(Iterator at, const Iterator& end, std::uint64_t size) {
        return piece(size, [&](std::byte* to) {
            for (; at != end && to != nullptr; ++at) {
                const Element& each = *at;
                to = put<Checked>(to, each);
            }
            return to;
        });
    }

    template <bool Stays, class Element, class Iterator>
    bool one_by_one(Iterator at, const Iterator& end) {
        for (; at != end; ++at) {
            const Element& each = *at;
            if (!parts<Stays>(each)) {
                return false;
            }
        }
        return true;
    }

    // Room for so many bytes, which `fill` writes from its argument on; it returns their end.
    template <class Fill>
    bool piece(std::uint64_t size, Fill fill) {
        begin_ = out_->room(static_cast<std::size_t>(size));
        if (begin_ == nullptr) {
            if (size != 0) {
                return refused();
            }
            begin_ = &nowhere_; // as null is a refusal
        }
        end_ = begin_ + size;
        start_ = out_->written() - size;
        const std::byte* const filled = fill(begin_);
        return filled == end_ || (filled != nullptr && changed());
    }

    bool length(std::uint64_t count) {
        return piece(bincode_length_size<Integers>(count),
                     [&](std::byte* to) { return number<false>(to, count); });
    }

    template <bool Stays>
    bool bytes(byte_view some) {
        return (Stays ? out_->keep(some) : out_->copy(some)) || refused();
    }

    // Puts a value at `to`, where there is room for it, and returns its end; null if it is refused.
    // `Checked`: parts of it may not be what they were when they were counted, so each is held
    // against the room once more.
    template <bool Checked, class T>
    std::byte* put(std::byte* to, const T& value) {
        constexpr bincode_shape shape = bincode_shape_for<T>;
        if constexpr (bincode_block<T, Integers>) {
            return block<Checked>(
                to, byte_view{reinterpret_cast<const std::byte*>(&value), sizeof value});
        } else if constexpr (shape == bincode_shape::number) {
            return number<Checked>(to, value);
        } else if constexpr (shape == bincode_shape::enumeration) {
            return enumerator<Checked>(to, value);
        } else if constexpr (shape == bincode_shape::string) {
            return text<Checked>(to, value);
        } else if constexpr (shape == bincode_shape::array) {
            return put_elements<Checked>(to, value);
        } else if constexpr (shape == bincode_shape::sequence) {
            to = number<Checked>(to, std::uint64_t{std::ranges::size(value)});
            return to == nullptr ? to : put_elements<Checked>(to, value);
        } else if constexpr (shape == bincode_shape::map) {
            to = number<Checked>(to, std::uint64_t{value.size()});
            return to != nullptr &&
                           in_key_order(value,
                                        [&](const auto& each) {
                                            to = part<Checked>(to, each.first, "key");
                                            if (to != nullptr) {
                                                to = part<Checked>(to, each.second, "value");
                                            }
                                            return to != nullptr;
                                        })
                       ? to
                       : nullptr;
        } else if constexpr (shape == bincode_shape::optional) {
            to = number<Checked>(to, value.has_value());
            return to != nullptr && value.has_value() ? put<Checked>(to, *value) : to;
        } else if constexpr (shape == bincode_shape::variant) {
            return variant<Checked>(to, value);
        } else if constexpr (shape == bincode_shape::pair) {
            to = part<Checked>(to, value.first, "first");
            return to == nullptr ? to : part<Checked>(to, value.second, "second");
        } else if constexpr (shape == bincode_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                static_cast<void>(
                    (((to = part<Checked>(to, member<I>(value), member_names<T>[I])) != nullptr) &&
                     ...));
                return to;
            }(std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == bincode_shape::form) {
            using stored = typename bincode_form<T>::stored;
            return put<Checked>(to, static_cast<const stored&>(bincode_form<T>::to(value)));
        } else {
            return to;
        }
    }

    template <bool Checked, class T>
    std::byte* part(std::byte* to, const T& value, std::string_view name) {
        std::byte* const end = put<Checked>(to, value);
        if (end == nullptr) {
            inside(name);
        }
        return end;
    }

    template <bool Checked, class T>
    std::byte* put_elements(std::byte* to, const T& values) {
        using element = element_type<T>;
        if constexpr (std::ranges::contiguous_range<const T> && bincode_block<element, Integers>) {
            return block<Checked>(to, std::as_bytes(std::span{values}));
        } else {
            return in_key_order(values,
                                [&](const element& each) {
                                    return (to = put<Checked>(to, each)) != nullptr;
                                })
                       ? to
                       : nullptr;
        }
    }

    // Whether so many bytes have room: surely, if they were counted and have not changed.
    template <bool Checked>
    bool has_room(const std::byte* to, std::size_t size) {
        return !Checked || size <= static_cast<std::size_t>(end_ - to) || changed();
    }

    template <bool Checked>
    std::byte* block(std::byte* to, byte_view some) {
        if (!has_room<Checked>(to, some.size())) {
            return nullptr;
        }
        copy_bytes(some, to);
        return to + some.size();
    }

    template <bool Checked, scalar_value T>
    std::byte* number(std::byte* to, T value) {
        if constexpr (packed_in_bincode<T, Integers>) {
            if (!has_room<Checked>(to, sizeof(T))) {
                return nullptr;
            }
            store<little>(to, value);
            return to + sizeof(T);
        } else {
            return varint<Checked>(to, bincode_folded(value));
        }
    }

    template <bool Checked>
    std::byte* varint(std::byte* to, std::uint64_t number) {
        if (!has_room<Checked>(to, static_cast<std::size_t>(bincode_varint_size(number)))) {
            return nullptr;
        }
        return bincode_store_varint(to, number);
    }

    template <bool Checked>
    std::byte* index(std::byte* to, std::uint32_t which) {
        if constexpr (variable) {
            return varint<Checked>(to, which);
        } else {
            return number<Checked>(to, which);
        }
    }

    template <bool Checked, class E>
    std::byte* enumerator(std::byte* to, E value) {
        const std::uint64_t which = enumerator_index(value);
        return which <= largest_enumerator<E>
                   ? index<Checked>(to, static_cast<std::uint32_t>(which))
                   : invalid(to, which, largest_enumerator<E>);
    }

    template <bool Checked>
    std::byte* text(std::byte* to, std::string_view value) {
        to = number<Checked>(to, std::uint64_t{value.size()});
        if (to == nullptr || !has_room<Checked>(to, value.size())) {
            return nullptr;
        }
        if (copy_ascii(value.data(), value.size(), reinterpret_cast<char*>(to)) ||
            utf8(value, offset_of(to))) {
            return to + value.size();
        }
        return nullptr;
    }

    template <bool Checked, class T>
    std::byte* variant(std::byte* to, const T& value) {
        if (value.valueless_by_exception()) {
            return invalid(to, std::variant_npos, std::variant_size_v<T> - 1);
        }
        to = index<Checked>(to, static_cast<std::uint32_t>(value.index()));
        return to == nullptr
                   ? to
                   : visit_alternative(value, [this, to]<std::size_t I>(const auto& held) {
                         return this->template part<Checked>(to, held, index_name<I>);
                     });
    }

    [[nodiscard]] std::uint64_t offset_of(const std::byte* to) const noexcept {
        return start_ + static_cast<std::uint64_t>(to - begin_);
    }

    [[gnu::cold, gnu::noinline]] bool inside(std::string_view name) noexcept {
        return failure_.inside(name);
    }

    // The sink has no room, or did not take what it was given.
    [[gnu::cold, gnu::noinline]] bool refused() noexcept {
        return failure_.refuse(out_->failure());
    }

    // The value is another than the one that was counted.
    [[gnu::cold, gnu::noinline]] bool changed() noexcept {
        return failure_.refuse({.code = errc::invalid_value, .offset = start_});
    }

    [[gnu::cold, gnu::noinline]] std::byte* invalid(const std::byte* to, std::uint64_t found,
                                                    std::uint64_t wanted) noexcept {
        failure_.refuse({.code = errc::invalid_value,
                         .offset = offset_of(to),
                         .found = found,
                         .wanted = wanted});
        return nullptr;
    }

    bool utf8(std::string_view value, std::uint64_t offset) {
        const std::size_t good = utf8_prefix(value);
        return good == value.size() ||
               failure_.refuse({.code = errc::invalid_utf8,
                                .offset = offset + good,
                                .found = static_cast<unsigned char>(value[good])});
    }

    Out* out_;
    std::byte* begin_ = nullptr; // of the piece that is being filled
    std::byte* end_ = nullptr;
    std::byte nowhere_{};
    std::uint64_t start_ = 0; // where it lies in the encoded bytes
    bincode_failure failure_;
};

} // namespace tintype::inline v0::detail
