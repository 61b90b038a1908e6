#pragma once

// The first walk over encoded columns: that every block is there, that each length and count is
// what the blocks hold, within the limits and in its one right form, that bools are bools and
// padding is zero. It allocates nothing, so bytes that are refused here cost nothing.

#include <tintype/codec/columns/lengths.hpp>
#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/codec/sections.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// Whether the machine could read values of a span where they lie in the bytes, but for alignment.
template <class T>
inline constexpr bool lendable = trivially_packed<T, std::endian::native> || std::same_as<T, bool>;

class column_checker {
public:
    column_checker(byte_view bytes, const limits& limits) noexcept : in_(bytes), limits_(limits) {}

    // How many rows there are, none of which can cost less than `least` bytes.
    bool rows(std::uint64_t& count, std::uint64_t least) {
        const column_path path{.name = "rows"};
        if (in_.remaining() < 8) {
            return refuse({.code = errc::truncated, .found = in_.remaining(), .wanted = 8});
        }
        byte_view bytes;
        if (!block(8, path, bytes)) {
            return false;
        }
        count = number(bytes);
        const auto bytes_wanted = saturated_product(count, least);
        if (bytes_wanted > in_.remaining()) {
            return refuse({.code = errc::truncated_section,
                           .where = path.name,
                           .offset = in_.offset(),
                           .found = in_.remaining(),
                           .wanted = bytes_wanted});
        }
        return below(count, limits_.count, path, 0);
    }

    template <class T>
    bool node(std::uint64_t count, const column_path& path) {
        constexpr column_shape shape = shape_of<T>;
        if (count == 0) {
            return true;
        }
        if constexpr (shape == column_shape::packed) {
            return values<T>(count, path);
        } else if constexpr (shape == column_shape::run) {
            constexpr bool text = kind_of<T> == kind::string;
            std::uint64_t total = 0;
            if (!lengths(count, text ? limits::none : limits_.count, path, total)) {
                return false;
            }
            if constexpr (lent<T>) {
                if (!lends<element_type<T>>(total, path)) {
                    return false;
                }
            }
            return values<element_type<T>>(total, path);
        } else if constexpr (shape == column_shape::sequence) {
            std::uint64_t total = 0;
            return lengths(count, limits_.count, path, total) && node<element_type<T>>(total, path);
        } else if constexpr (shape == column_shape::array) {
            return node<element_type<T>>(saturated_product(count, array_extent<T>), path);
        } else if constexpr (shape == column_shape::map) {
            std::uint64_t total = 0;
            return lengths(count, limits_.count, path, total) &&
                   node<typename T::key_type>(total, {&path, "key"}) &&
                   node<typename T::mapped_type>(total, {&path, "value"});
        } else if constexpr (shape == column_shape::optional) {
            std::array<std::uint64_t, 2> counts{};
            return indices(count, counts, path) && node<typename T::value_type>(counts[1], path);
        } else if constexpr (shape == column_shape::variant) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                std::array<std::uint64_t, sizeof...(I)> counts{};
                return indices(count, counts, path) &&
                       (node<std::variant_alternative_t<I, T>>(counts[I], {&path, index_name<I>}) &&
                        ...);
            }(std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (shape == column_shape::pair) {
            return node<typename T::first_type>(count, {&path, "first"}) &&
                   node<typename T::second_type>(count, {&path, "second"});
        } else if constexpr (shape == column_shape::described) {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return (node<member_type<T, I>>(count, {&path, member_names<T>[I]}) && ...);
            }(std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == column_shape::form) {
            return node<typename column_form<T>::stored>(count, path);
        } else {
            return true; // std::monostate
        }
    }

    [[nodiscard]] std::uint64_t offset() const noexcept { return in_.offset(); }

    [[nodiscard]] const error& failure() const noexcept { return error_; }

private:
    bool refuse(const error& what) {
        error_ = what;
        return false;
    }

    bool below(std::uint64_t asked, std::uint64_t limit, const column_path& path,
               std::uint64_t offset) {
        if (asked <= limit) {
            return true;
        }
        return refuse(within(asked, limit, path.text().view(), offset).error());
    }

    bool invalid(std::uint64_t found, std::uint64_t wanted, const column_path& path,
                 std::uint64_t offset) {
        return refuse({.code = errc::invalid_value,
                       .where = path.text(),
                       .offset = offset,
                       .found = found,
                       .wanted = wanted});
    }

    [[nodiscard]] static std::uint64_t number(byte_view bytes) noexcept {
        return load<std::endian::little, std::uint64_t>(bytes.data());
    }

    // The next block, and the zeros behind it.
    bool block(std::uint64_t size, const column_path& path, byte_view& bytes) {
        const std::uint64_t start = in_.offset();
        const auto taken = in_.take(size, {});
        if (!taken) {
            refuse(taken.error());
            error_.where = path.text();
            return false;
        }
        bytes = *taken;
        const auto padding = in_.take(padding_of(size), {});
        if (!padding) {
            refuse(padding.error());
            error_.where = path.text();
            return false;
        }
        for (const std::byte& each : *padding) {
            if (each != std::byte{0}) {
                const auto behind = static_cast<std::uint64_t>(&each - bytes.data());
                return invalid(std::to_integer<std::uint64_t>(each), 0, path, start + behind);
            }
        }
        return below(size, limits_.bytes, path, start);
    }

    template <packed T>
    bool values(std::uint64_t count, const column_path& path) {
        constexpr std::size_t stride = packed_size<T>;
        const std::uint64_t start = in_.offset();
        byte_view bytes;
        if (!block(saturated_product(count, stride), path, bytes)) {
            return false;
        }
        if constexpr (has_bool<T>()) {
            for (const std::byte *at = bytes.data(), *end = at + bytes.size(); at != end;
                 at += stride) {
                if (const std::byte* bad = bad_bool<T>(at)) {
                    return invalid(std::to_integer<std::uint64_t>(*bad), 1, path,
                                   start + static_cast<std::uint64_t>(bad - bytes.data()));
                }
            }
        }
        return true;
    }

    // A byte for each value, which is one of as many as there are counts.
    template <std::size_t Size>
    bool indices(std::uint64_t count, std::array<std::uint64_t, Size>& counts,
                 const column_path& path) {
        const std::uint64_t start = in_.offset();
        byte_view bytes;
        if (!block(count, path, bytes)) {
            return false;
        }
        for (const std::byte& each : bytes) {
            const auto index = std::to_integer<std::size_t>(each);
            if (index >= Size) {
                return invalid(index, Size - 1, path,
                               start + static_cast<std::uint64_t>(&each - bytes.data()));
            }
            ++counts[index];
        }
        return true;
    }

    template <class Number>
    static void look_at(byte_view bytes, length_facts& facts) {
        for (const std::byte *at = bytes.data(), *end = at + bytes.size(); at != end;
             at += sizeof(Number)) {
            facts.add(load<std::endian::little, Number>(at));
        }
    }

    bool lengths(std::uint64_t count, std::uint64_t limit, const column_path& path,
                 std::uint64_t& total) {
        const std::uint64_t start = in_.offset();
        byte_view bytes;
        if (!block(8, path, bytes)) {
            return false;
        }
        const std::uint64_t tag = number(bytes);
        if (tag > 8 || (tag & (tag - 1)) != 0) {
            return invalid(tag, 0, path, start);
        }
        if (!block(tag == 0 ? 8 : saturated_product(count, tag), path, bytes)) {
            return false;
        }
        if (tag == 0) {
            const std::uint64_t length = number(bytes);
            total = saturated_product(count, length);
            return (length != 0 || invalid(0, 1, path, start + 8)) &&
                   below(length, limit, path, start + 8);
        }
        length_facts facts;
        switch (tag) {
        case 1:
            look_at<std::uint8_t>(bytes, facts);
            break;
        case 2:
            look_at<std::uint16_t>(bytes, facts);
            break;
        case 4:
            look_at<std::uint32_t>(bytes, facts);
            break;
        default:
            look_at<std::uint64_t>(bytes, facts);
            break;
        }
        total = facts.total();
        return (facts.tag() == tag || invalid(tag, facts.tag(), path, start)) &&
               below(facts.longest(), limit, path, start + 8);
    }

    // Whether spans may point to values that begin here.
    template <packed T>
    bool lends(std::uint64_t count, const column_path& path) {
        static_assert(lendable<T>,
                      "tintype: a std::span of this type can be written and not read: in memory "
                      "its values are not as they are stored; make it a vector");
        const char* trouble = nullptr;
        if constexpr (!stored_as_is<T>) {
            trouble = "lending values of the other byte order";
        } else if (std::bit_cast<std::uintptr_t>(in_.rest().data()) % alignof(T) != 0) {
            trouble = "lending values from bytes that are not aligned for them";
        }
        return count == 0 || trouble == nullptr ||
               refuse({.code = errc::unsupported,
                       .where = path.text(),
                       .offset = in_.offset(),
                       .during = trouble});
    }

    reader in_;
    const limits& limits_;
    error error_{};
};

} // namespace tintype::inline v0::detail
