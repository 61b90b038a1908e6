// What bincode says of types, held against what it writes.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/section_list.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tintype::value_layout;
using tintype::value_shape;

enum class colour : std::int32_t { red = 0 };

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (float, x), (bool, set));
};

struct empty {
    BOOST_HANA_DEFINE_STRUCT(empty);
};

template <class T>
struct box {
    BOOST_HANA_DEFINE_STRUCT(box, (T, content));
};

struct everything {
    BOOST_HANA_DEFINE_STRUCT(everything, (std::uint16_t, number), (colour, shade),
                             (std::array<std::byte, 4>, four), (std::string, text),
                             (std::vector<point>, points),
                             (std::map<std::string, std::uint64_t>, counts),
                             (std::optional<point>, perhaps),
                             (std::variant<point, std::uint8_t, box<point>>, choice),
                             (std::pair<std::uint8_t, std::uint8_t>, two), (empty, none));
};

template <class T>
constexpr const value_layout& layout = *tintype::bincode_fixed::layout<T>();

constexpr const value_layout& member(std::size_t index) {
    return *layout<everything>.parts[index].value;
}

static_assert(layout<everything>.shape == value_shape::members);
static_assert(layout<everything>.name == "everything" && !layout<everything>.fixed);
static_assert(layout<everything>.parts.size() == 10);
static_assert(layout<everything>.parts[4].name == "points");
static_assert(member(0).shape == value_shape::number && member(0).type == "u16");
static_assert(member(1).shape == value_shape::enumeration && member(1).type == "u32");
static_assert(member(2).shape == value_shape::array && member(2).extent == 4);
static_assert(member(3).shape == value_shape::string && member(3).type == "u64");
static_assert(member(4).shape == value_shape::sequence && member(4).parts.size() == 1);
static_assert(member(4).parts[0].value == &layout<point>);
static_assert(member(5).shape == value_shape::map && member(5).parts[1].name == "value");
static_assert(member(6).shape == value_shape::optional && member(6).least == 1);
static_assert(member(7).shape == value_shape::variant && member(7).type == "u32");
static_assert(member(7).parts[0].name == "point" && member(7).parts[1].name == "u8");
static_assert(member(7).parts[2].name == "box" && member(7).least == 5);
static_assert(member(8).shape == value_shape::members && member(8).fixed);
static_assert(member(9).shape == value_shape::nothing && member(9).least == 0);
static_assert(layout<const point>.least == 5 && layout<point>.fixed);

// Of a type that is kept as another, what is kept.
struct metres {
    std::uint32_t count = 0;
};

} // namespace

template <>
struct tintype::bincode_form<metres> {
    using stored = std::uint32_t;

    static stored to(const metres& value) { return value.count; }

    static tintype::result<metres> from(stored&& kept, const tintype::limits&) {
        return metres{kept};
    }
};

namespace {

static_assert(layout<metres>.shape == value_shape::number && layout<metres>.type == "u32");

struct parcel {
    BOOST_HANA_DEFINE_STRUCT(parcel, (point, where), (std::vector<metres>, lengths),
                             (tintype::blob, rest));
};

using parcel_list =
    tintype::section_list<tintype::frame<"where", tintype::bincode_fixed, std::uint8_t>,
                          tintype::frames<"lengths", tintype::bincode_fixed, std::uint16_t>,
                          tintype::section<"rest">>;

constexpr auto fields = parcel_list::layout_of<parcel>();
static_assert(fields[0].value == &layout<point> && fields[0].prefix == "u8");
static_assert(fields[1].value == &layout<metres> && fields[1].each == "u16");
static_assert(fields[1].prefix == "u64" && fields[2].value == nullptr);
static_assert(parcel_list::layout()[0].value == nullptr);

// An encoding that cannot say.
using variable_list = tintype::section_list<tintype::frame<"where", tintype::bincode_variable>,
                                            tintype::frames<"lengths", tintype::bincode_variable>,
                                            tintype::section<"rest">>;
static_assert(variable_list::layout_of<parcel>()[0].value == nullptr);
static_assert(variable_list::layout_of<parcel>()[1].value == nullptr);

} // namespace

TEST_CASE("what bincode says that a value takes at least, the least value takes") {
    everything least{};
    least.choice = std::uint8_t{0};
    CHECK(tintype::bincode_fixed::size(least) == layout<everything>.least);
    std::uint64_t sum = 0;
    for (const auto& each : layout<everything>.parts) {
        sum += each.value->least;
    }
    CHECK(sum == layout<everything>.least);
    CHECK(tintype::bincode_fixed::size(point{}) == layout<point>.least);
}
