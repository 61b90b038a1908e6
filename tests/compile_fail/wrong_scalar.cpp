// A scalar of another type than its member.
// expect: tintype: a scalar field has another type than its member
// expect: write scalar<.+name.+, T> with the member's own T

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint32_t>, section<"bytes">>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
