// An upgrade that returns no result.
// expect: tintype: a release does not lead to the next: give it an upgrade with
// expect: result<next_state> operator\(\)\(state&&\) const

#include <tintype/tintype.hpp>

#include <cstdint>

struct old_state {
    BOOST_HANA_DEFINE_STRUCT(old_state, (std::uint32_t, number));
};

struct new_state {
    BOOST_HANA_DEFINE_STRUCT(new_state, (std::uint64_t, number));
};

template <std::uint8_t Version, class Number>
using format =
    tintype::section_list<tintype::magic<"ABCD">, tintype::version<std::uint8_t, Version>,
                          tintype::scalar<"number", Number>>;

struct widen {
    tintype::result<new_state> operator()(old_state&& old) const { return new_state{old.number}; }
};

struct widen_bare {
    new_state operator()(old_state&& old) const { return {old.number}; }
};

using first = tintype::release<format<1, std::uint32_t>, old_state, widen>;
using first_alone = tintype::release<format<1, std::uint32_t>, old_state>;
using first_bare = tintype::release<format<1, std::uint32_t>, old_state, widen_bare>;
using second = tintype::release<format<2, std::uint64_t>, new_state>;
using no_version = tintype::release<
    tintype::section_list<tintype::magic<"ABCD">, tintype::scalar<"number", std::uint64_t>>,
    new_state>;

#if defined(BAD)
using codec = tintype::releases<first_bare, second>;
#else
using codec = tintype::releases<first, second>;
#endif

static_assert(tintype::codec_for<codec, new_state>);
