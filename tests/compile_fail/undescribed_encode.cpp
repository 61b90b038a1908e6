// A state that nobody described, met by the encoder.
// expect: tintype: the state is not described: put BOOST_HANA_DEFINE_STRUCT
// expect: or BOOST_HANA_ADAPT_STRUCT

#include <tintype/tintype.hpp>

struct state {
    tintype::blob bytes;
};

#if defined(BAD)
#else
BOOST_HANA_ADAPT_STRUCT(state, bytes);
#endif

using list = tintype::section_list<tintype::section<"bytes">>;
auto bytes = tintype::encode<list>(state{});
