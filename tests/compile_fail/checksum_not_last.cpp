// A checksum before the end.
// expect: tintype: put the checksum last in the section list

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>, checksum<crc32>, section<"bytes">>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">, checksum<crc32>>;
#endif

static_assert(describes<list, state>);
