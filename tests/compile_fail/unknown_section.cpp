// A section that names no member of the state.
// expect: tintype: a field of the section list names no member of the state

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>, section<"bites">>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
