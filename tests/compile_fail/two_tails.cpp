// Two fields without a length.
// expect: tintype: a section list has at most one tail: give the others a length

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes),
                             (std::string, more));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>, tail<"bytes">, tail<"more">>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">, tail<"more">>;
#endif

static_assert(describes<list, state>);
