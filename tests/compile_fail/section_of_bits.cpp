// A section over std::vector<bool>, whose elements are no objects.
// expect: tintype: a section or tail keeps a resizable contiguous range of numbers
// expect: for anything else use frames<

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <vector>

#if defined(BAD)
using type = std::vector<bool>;
#else
using type = std::vector<std::uint8_t>;
#endif

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (type, values));
};

static_assert(tintype::describes<tintype::section_list<tintype::section<"values">>, state>);
