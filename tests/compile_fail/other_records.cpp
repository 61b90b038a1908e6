// Records of another type than the member's elements.
// expect: tintype: records<.+name.+, Record> keeps a resizable contiguous range of that
// expect: write std::vector<Record>

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <vector>

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (float, x), (float, y));
};

struct pixel {
    BOOST_HANA_DEFINE_STRUCT(pixel, (std::uint16_t, x), (std::uint16_t, y));
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::vector<point>, points));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<records<"points", pixel>>;
#else
using list = section_list<records<"points", point>>;
#endif

static_assert(describes<list, state>);
