// A magic that is not the first field.
// expect: tintype: put the one magic first in the section list

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>, magic<"ABCD">, section<"bytes">>;
#else
using list = section_list<magic<"ABCD">, scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
