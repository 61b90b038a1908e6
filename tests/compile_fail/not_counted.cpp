// Records that are counted apart, without a count.
// expect: tintype: a field that is counted_apart needs count<.+name.+> before it

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <vector>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::vector<float>, values));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<records<"values", float, counted_apart>>;
#else
using list = section_list<count<"values">, records<"values", float, counted_apart>>;
#endif

static_assert(describes<list, state>);
