// No field at all.
// expect: tintype: a section list needs at least one field

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
