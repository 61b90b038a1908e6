// A view that is asked for a name that the list has not.
// expect: tintype: the section list has no field of this name

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <cstddef>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;

std::size_t look(const tintype::list_view<list, state>& view) {
#if defined(BAD)
    return view.get<"nope">().size();
#else
    return view.get<"bytes">().size();
#endif
}
