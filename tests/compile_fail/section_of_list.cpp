// A section over a std::list, which does not lie in one piece.
// expect: tintype: a section or tail keeps a resizable contiguous range of numbers
// expect: for anything else use frames<

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <list>
#include <vector>

#if defined(BAD)
using type = std::list<float>;
#else
using type = std::vector<float>;
#endif

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (type, values));
};

static_assert(tintype::describes<tintype::section_list<tintype::section<"values">>, state>);
