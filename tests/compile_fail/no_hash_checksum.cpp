// A checksum of nothing.
// expect: tintype: a checksum needs a hash with a digest: write checksum<crc32>

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">, checksum<no_hash>>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">, checksum<crc32>>;
#endif

static_assert(describes<list, state>);
