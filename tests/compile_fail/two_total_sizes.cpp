// Two total sizes.
// expect: tintype: keep one total_size in the section list

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list =
    section_list<total_size<>, total_size<>, scalar<"number", std::uint64_t>, section<"bytes">>;
#else
using list = section_list<total_size<>, scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
