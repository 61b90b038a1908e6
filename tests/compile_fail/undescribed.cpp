// A state that nobody described.
// expect: tintype: the state is not described: put BOOST_HANA_DEFINE_STRUCT
// expect: or BOOST_HANA_ADAPT_STRUCT

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    tintype::blob bytes;
};

#if defined(BAD)
#else
BOOST_HANA_ADAPT_STRUCT(state, bytes);
#endif

using list = tintype::section_list<tintype::section<"bytes">>;
static_assert(tintype::describes<list, state>);
