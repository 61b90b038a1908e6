// A version that does not stand behind the magic.
// expect: tintype: put the one version directly behind the magic, or first

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<magic<"ABCD">, scalar<"number", std::uint64_t>, version<std::uint8_t, 1>,
                          section<"bytes">>;
#else
using list = section_list<magic<"ABCD">, version<std::uint8_t, 1>, scalar<"number", std::uint64_t>,
                          section<"bytes">>;
#endif

static_assert(describes<list, state>);
