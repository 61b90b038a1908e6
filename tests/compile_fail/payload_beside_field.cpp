// A member that a payload keeps already, with the whole state.
// expect: tintype: two fields of the section list keep this member of the

#include <tintype/codec/raw.hpp>
#include <tintype/codec/section_list.hpp>

struct inner {
    BOOST_HANA_DEFINE_STRUCT(inner, (tintype::blob, bytes));
};

using namespace tintype;

using encoding = section_list<section<"bytes">>;

#if defined(BAD)
using list = section_list<payload<encoding>, section<"bytes">>;
#else
using list = section_list<payload<encoding>>;
#endif

static_assert(describes<list, inner>);
