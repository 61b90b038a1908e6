// The vocabulary of fields: names of kinds and of types, counts found by name, and what a type must
// offer to stand in a list.

#include <tintype/codec/field.hpp>
#include <tintype/codec/frames.hpp>
#include <tintype/codec/raw.hpp>
#include <tintype/codec/sections.hpp>
#include <tintype/hash/crc32.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>
#include <string_view>

namespace {

using tintype::field_kind;

enum class small : std::int16_t { a };

static_assert(tintype::field<tintype::magic<"M">>);
static_assert(tintype::field<tintype::version<std::uint8_t, 1>>);
static_assert(tintype::field<tintype::scalar<"x", int>>);
static_assert(tintype::field<tintype::count<"x">>);
static_assert(tintype::field<tintype::total_size<>>);
static_assert(tintype::field<tintype::checksum<tintype::crc32>>);
static_assert(tintype::field<tintype::transient<"x">>);
static_assert(tintype::field<tintype::section<"x">>);
static_assert(tintype::field<tintype::tail<"x">>);
static_assert(tintype::field<tintype::records<"x", int>>);
static_assert(tintype::field<tintype::frame<"x", tintype::raw_codec>>);
static_assert(tintype::field<tintype::frames<"x", tintype::raw_codec>>);
static_assert(tintype::field<tintype::payload<tintype::raw_codec>>);
static_assert(!tintype::field<int> && !tintype::field<field_kind>);

// One atom short each: the concept names what is missing.
struct nameless {
    static constexpr auto kind = field_kind::custom;
};

struct unsized_one : nameless {
    static constexpr std::string_view name = "x";
};

static_assert(!tintype::named_field<nameless> && tintype::named_field<unsized_one>);
static_assert(!tintype::sized_field<unsized_one> && !tintype::parsed_field<unsized_one>);
static_assert(!tintype::described_field<unsized_one>);

template <class T>
constexpr std::string_view type_name = tintype::detail::number_type_name<T>();

static_assert(type_name<bool> == "bool" && type_name<std::byte> == "u8");
static_assert(type_name<std::uint8_t> == "u8" && type_name<std::int8_t> == "i8");
static_assert(type_name<std::uint16_t> == "u16" && type_name<small> == "i16");
static_assert(type_name<std::uint32_t> == "u32" && type_name<std::int32_t> == "i32");
static_assert(type_name<std::uint64_t> == "u64" && type_name<std::int64_t> == "i64");
static_assert(type_name<float> == "f32" && type_name<double> == "f64");

constexpr bool counts_are_found_by_name() {
    std::array<tintype::counted, 2> counts{{{"frames", 3}, {"records", ~std::uint64_t{0}}}};
    const tintype::decode_options options;
    const tintype::parse_context context{.options = options, .total = 9, .counts = counts};
    const tintype::parse_context none{.options = options};
    return context.count_of("records") == ~std::uint64_t{0} && context.count_of("frames") == 3 &&
           context.count_of("frame") == 0 && none.count_of("frames") == 0;
}

static_assert(counts_are_found_by_name());

} // namespace

TEST_CASE("field: every kind has a name of its own") {
    constexpr auto last = static_cast<unsigned>(field_kind::custom);
    std::set<std::string_view> names;
    for (unsigned kind = 0; kind <= last; ++kind) {
        names.insert(name_of(static_cast<field_kind>(kind)));
    }
    CHECK(names.size() == last + 1);
    CHECK(!names.contains("unknown"));
    CHECK(name_of(static_cast<field_kind>(last + 1)) == "unknown");
    CHECK(name_of(field_kind::total_size) == "total_size");
}

TEST_CASE("field: counts are found by name, absent ones are 0") {
    CHECK(counts_are_found_by_name());
}
