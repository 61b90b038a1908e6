// A member that no field keeps.
// expect: tintype: no field of the section list keeps this member of the state, so it
// expect: add section<.+ or transient<.+ if it is not part of a snapshot

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>>;
#else
using list = section_list<scalar<"number", std::uint64_t>, transient<"bytes">>;
#endif

static_assert(describes<list, state>);
