// Frames over a member that is no sequence.
// expect: tintype: frames<.+name.+, Encoding> keeps a sequence with push_back
// expect: write std::vector<T> as the member's type

#include <tintype/codec/raw.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};

using namespace tintype;

#if defined(BAD)
using list = section_list<frames<"number", raw_codec>, section<"bytes">>;
#else
using list = section_list<scalar<"number", std::uint64_t>, section<"bytes">>;
#endif

static_assert(describes<list, state>);
