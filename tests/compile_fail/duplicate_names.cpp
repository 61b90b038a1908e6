// Two fields of one name.
// expect: tintype: two fields of the section list have the same name

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>, scalar<"number", std::uint64_t>,
                          section<"bytes">>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
