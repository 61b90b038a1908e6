// A section over texts, whose sizes differ.
// expect: tintype: a section or tail keeps a resizable contiguous range of numbers
// expect: for anything else use frames<

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <string>
#include <vector>

#if defined(BAD)
using type = std::vector<std::string>;
#else
using type = std::vector<char>;
#endif

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (type, values));
};

static_assert(tintype::describes<tintype::section_list<tintype::section<"values">>, state>);
