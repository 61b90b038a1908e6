// A count behind what it counts.
// expect: tintype: two fields of the section list have the same name
// expect: count<.+name.+> and, further on, what it counts

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <vector>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::vector<float>, values));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<records<"values", float>, count<"values">>;
#else
using list = section_list<count<"values">, records<"values", float, counted_apart>>;
#endif

static_assert(describes<list, state>);
