// A tail before other fields.
// expect: tintype: put the tail last, or directly before the checksum

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<tail<"bytes">, scalar<"number", std::uint64_t>, checksum<crc32>>;
#else
using list = section_list<scalar<"number", std::uint64_t>, tail<"bytes">, checksum<crc32>>;
#endif

static_assert(describes<list, state>);
