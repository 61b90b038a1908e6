// A section over an array, which cannot be resized.
// expect: tintype: a section or tail keeps a resizable contiguous range of numbers
// expect: for anything else use frames<

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <array>
#include <vector>

#if defined(BAD)
using type = std::array<float, 3>;
#else
using type = std::vector<float>;
#endif

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (type, values));
};

static_assert(tintype::describes<tintype::section_list<tintype::section<"values">>, state>);
