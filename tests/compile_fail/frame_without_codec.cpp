// A frame in an encoding that is no codec.
// expect: tintype: the encoding of frame<.+name.+, Encoding> is no (sized )?codec

#include <tintype/codec/raw.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <string>
#include <vector>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::vector<std::string>, lines), (std::string, title));
};

using namespace tintype;

struct no_codec {};

#if defined(BAD)
using list = section_list<frames<"lines", raw_codec>, frame<"title", no_codec>>;
#else
using list = section_list<frames<"lines", raw_codec>, frame<"title", raw_codec>>;
#endif

static_assert(describes<list, state>);
