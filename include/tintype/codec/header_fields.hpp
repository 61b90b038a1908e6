#pragma once

// The small fields of a fixed size that say what a file is: magic, version, scalars, counts that
// stand apart from what they count, the total size, and the checksum at the end.

#include <tintype/codec/field.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/codec/packed_range.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/concept.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

// What most fields have in common: no member of the state, nothing to restore or to show.
struct plain_field {
    static constexpr bool fixed_size = true;

    [[nodiscard]] static constexpr bool stores(std::string_view) noexcept { return false; }

    template <class State>
    static consteval void check() {}

    template <std::endian, class Parsed, class State>
    [[nodiscard]] static constexpr result<void> restore(const Parsed&, State&,
                                                        const decode_options&) {
        return {};
    }
};

// Always takes `Size` bytes.
template <std::uint64_t Size>
struct fixed_field : plain_field {
    static constexpr std::uint64_t min_size = Size;

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State&) noexcept {
        return Size;
    }
};

// One number that is read as it stands, and shown as what was read.
template <class T>
struct number_field : fixed_field<sizeof(T)> {
    using parsed = std::uint64_t;

    template <std::endian, class>
    [[nodiscard]] static constexpr parsed view(const parsed& found) noexcept {
        return found;
    }

protected:
    [[nodiscard]] static constexpr field_layout layout_of(std::string_view name, field_kind kind) {
        return {.name = name,
                .kind = kind,
                .type = number_type_name<T>(),
                .size = sizeof(T),
                .least = sizeof(T)};
    }
};

} // namespace detail

// The characters that open the file.
template <fixed_string Characters>
struct magic : detail::fixed_field<Characters.size()> {
    static constexpr std::string_view name = "magic";
    static constexpr field_kind kind = field_kind::magic;

    struct parsed {};

    template <std::endian, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out& out) {
        return out.write(bytes);
    }

    template <std::endian>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context&) {
        const auto offset = from.offset();
        const auto found = from.take(Characters.size(), name);
        if (!found) {
            return pass(found);
        }
        if (!std::ranges::equal(*found, bytes)) {
            return fail({.code = errc::invalid_magic,
                         .where = Characters.view(),
                         .offset = offset,
                         .found = head(*found),
                         .wanted = head(bytes)});
        }
        return parsed{};
    }

    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = name,
                .kind = kind,
                .type = "characters",
                .size = Characters.size(),
                .least = Characters.size(),
                .text = Characters.view()};
    }

    template <std::endian, class State>
    [[nodiscard]] static constexpr std::string_view view(const parsed&) noexcept {
        return Characters.view();
    }

private:
    static constexpr auto bytes = [] {
        std::array<std::byte, Characters.size()> all{};
        std::ranges::transform(Characters.view(), all.begin(),
                               [](char c) { return static_cast<std::byte>(c); });
        return all;
    }();

    static constexpr std::uint64_t head(byte_view some) noexcept {
        std::uint64_t number = 0;
        for (const std::byte byte : some.first(std::min<std::size_t>(some.size(), 8))) {
            number = number << 8U | std::to_integer<std::uint64_t>(byte);
        }
        return number;
    }
};

// The format's version, which must be just this one; `releases` reads several.
template <std::unsigned_integral T, T Number>
struct version : detail::number_field<T> {
    static constexpr std::string_view name = "version";
    static constexpr field_kind kind = field_kind::version;
    using number_type = T;
    using typename detail::number_field<T>::parsed;

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out& out) {
        return out.template number<Order>(Number);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context&) {
        const auto offset = from.offset();
        const auto found = from.number<Order, T>(name);
        if (!found) {
            return pass(found);
        }
        if (*found != Number) {
            return fail({.code = errc::unsupported_version,
                         .where = name,
                         .offset = offset,
                         .found = *found,
                         .wanted = Number});
        }
        return parsed{*found};
    }

    [[nodiscard]] static constexpr field_layout describe() {
        auto layout = version::layout_of(name, kind);
        layout.number = Number;
        return layout;
    }
};

// One member of a fixed size: a number, a bool, an enumeration, an array or a described struct of
// these.
template <fixed_string Name, obeys<packed_rules> T>
struct scalar : detail::fixed_field<packed_size<T>> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::scalar;
    using parsed = T;

    [[nodiscard]] static constexpr bool stores(std::string_view member) noexcept {
        return member == name;
    }

    template <class State>
    static consteval void check() {
        static_assert(std::same_as<typename detail::member_of<Name, State>::type, T>,
                      "tintype: a scalar field has another type than its member: write "
                      "scalar<\"name\", T> with the member's own T");
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        std::array<std::byte, packed_size<T>> bytes{};
        store_packed<Order>(bytes.data(), member<Name>(state));
        return out.write(bytes);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context&) {
        const auto offset = from.offset();
        const auto bytes = from.take(packed_size<T>, name);
        if (!bytes) {
            return pass(bytes);
        }
        T value{};
        if (!load_packed<Order>(bytes->data(), value)) {
            const auto* bad = detail::bad_bool<T>(bytes->data());
            return fail({.code = errc::invalid_value,
                         .where = name,
                         .offset = offset + static_cast<std::uint64_t>(bad - bytes->data()),
                         .found = std::to_integer<std::uint64_t>(*bad),
                         .wanted = 1});
        }
        return value;
    }

    template <std::endian, class State>
    [[nodiscard]] static constexpr result<void> restore(const parsed& value, State& state,
                                                        const decode_options&) {
        member<Name>(state) = value;
        return {};
    }

    template <std::endian, class State>
    [[nodiscard]] static constexpr const T& view(const parsed& value) noexcept {
        return value;
    }

    [[nodiscard]] static constexpr field_layout describe() {
        field_layout layout{.name = name,
                            .kind = kind,
                            .type = detail::packed_type_name<T>(),
                            .size = packed_size<T>,
                            .least = packed_size<T>};
        if constexpr (described<T>) {
            layout.parts = detail::member_layouts<T>;
        }
        return layout;
    }
};

// How many elements the member of that name has, for a `frames` or `records` further on that is
// `counted_apart`.
template <fixed_string Name, std::unsigned_integral T = std::uint64_t>
struct count : detail::number_field<T> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::count;
    using typename detail::number_field<T>::parsed;

    template <class State>
    static consteval void check() {
        static_cast<void>(sizeof(detail::member_of<Name, State>));
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        return out.template length<Order, T>(std::ranges::size(member<Name>(state)), name);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        const auto found = from.number<Order, T>(name);
        if (!found) {
            return pass(found);
        }
        for (counted& each : context.counts) {
            if (each.name == name) {
                each.number = *found;
            }
        }
        return parsed{*found};
    }

    [[nodiscard]] static constexpr field_layout describe() { return count::layout_of(name, kind); }
};

// Bytes of the whole object, itself and the header included.
template <std::unsigned_integral T = std::uint64_t>
struct total_size : detail::number_field<T> {
    static constexpr std::string_view name = "total_size";
    static constexpr field_kind kind = field_kind::total_size;
    using typename detail::number_field<T>::parsed;

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out& out) {
        return out.template length<Order, T>(out.total(), name);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        const auto offset = from.offset();
        const auto found = from.number<Order, T>(name);
        if (!found) {
            return pass(found);
        }
        if (*found > context.total) {
            return fail({.code = errc::truncated,
                         .where = name,
                         .offset = offset,
                         .found = context.total,
                         .wanted = *found});
        }
        if (*found < context.total && context.options.trailing == trailing::refuse) {
            return fail({.code = errc::trailing_bytes,
                         .where = name,
                         .offset = *found,
                         .found = context.total - *found});
        }
        return parsed{*found};
    }

    [[nodiscard]] static constexpr field_layout describe() {
        return total_size::layout_of(name, kind);
    }
};

// The digest of every byte before it. An integral one stands in the list's byte order.
template <obeys<hash_rules> Hash>
struct checksum : detail::fixed_field<digest_size<Hash>> {
    static_assert(digest_size<Hash> != 0,
                  "tintype: a checksum needs a hash with a digest: write checksum<crc32>, or leave "
                  "the field out");

    static constexpr std::string_view name = "checksum";
    static constexpr field_kind kind = field_kind::checksum;
    using hash = Hash;
    using digest_type = typename Hash::digest_type;
    using parsed = digest_type;

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out& out) {
        const digest_type digest = out.digest();
        std::array<std::byte, packed_size<digest_type>> bytes{};
        store_packed<Order>(bytes.data(), digest);
        return out.write(bytes);
    }

    // Whether it is the right one, the section list asks for itself: only it knows all the bytes.
    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context&) {
        const auto bytes = from.take(digest_size<Hash>, name);
        if (!bytes) {
            return pass(bytes);
        }
        digest_type digest{};
        static_cast<void>(load_packed<Order>(bytes->data(), digest));
        return digest;
    }

    template <std::endian, class State>
    [[nodiscard]] static constexpr const digest_type& view(const parsed& found) noexcept {
        return found;
    }

    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = name,
                .kind = kind,
                .type = detail::packed_type_name<digest_type>(),
                .size = digest_size<Hash>,
                .least = digest_size<Hash>,
                .text = Hash::name};
    }
};

// A member that is no part of a snapshot: it takes no bytes and comes back value-initialised.
template <fixed_string Name>
struct transient : detail::fixed_field<0> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::custom;

    struct parsed {};

    [[nodiscard]] static constexpr bool stores(std::string_view member) noexcept {
        return member == name;
    }

    template <class State>
    static consteval void check() {
        static_cast<void>(sizeof(detail::member_of<Name, State>));
    }

    template <std::endian, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out&) {
        return {};
    }

    template <std::endian>
    [[nodiscard]] static constexpr result<parsed> parse(reader&, parse_context&) {
        return parsed{};
    }

    template <std::endian, class>
    static constexpr void view(const parsed&) noexcept {}

    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = name, .kind = kind, .type = "transient", .size = 0};
    }
};

} // namespace tintype::inline v0
