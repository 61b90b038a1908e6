// More members than Boost.Hana's macro counts.
// expect: tintype: Boost.Hana counts no further: describe at most 39 members

#include <tintype/tintype.hpp>

// clang-format off
#if defined(BAD)
struct state {
    BOOST_HANA_DEFINE_STRUCT(state,
        (float, a0), (float, a1), (float, a2), (float, a3), (float, a4), (float, a5), (float, a6),
        (float, a7), (float, a8), (float, a9), (float, b0), (float, b1), (float, b2), (float, b3),
        (float, b4), (float, b5), (float, b6), (float, b7), (float, b8), (float, b9), (float, c0),
        (float, c1), (float, c2), (float, c3), (float, c4), (float, c5), (float, c6), (float, c7),
        (float, c8), (float, c9), (float, d0), (float, d1), (float, d2), (float, d3), (float, d4),
        (float, d5), (float, d6), (float, d7), (float, d8), (float, d9), (float, e0), (float, e1),
        (float, e2), (float, e3), (float, e4), (float, e5), (float, e6), (float, e7), (float, e8),
        (float, e9), (float, f0), (float, f1), (float, f2), (float, f3), (float, f4), (float, f5),
        (float, f6), (float, f7), (float, f8), (float, f9), (float, g0), (float, g1), (float, g2),
        (float, g3), (float, g4), (float, g5), (float, g6), (float, g7), (float, g8), (float, g9));
};
#else
struct state {
    BOOST_HANA_DEFINE_STRUCT(state,
        (float, a0), (float, a1), (float, a2), (float, a3), (float, a4), (float, a5), (float, a6),
        (float, a7), (float, a8), (float, a9), (float, b0), (float, b1), (float, b2), (float, b3),
        (float, b4), (float, b5), (float, b6), (float, b7), (float, b8), (float, b9), (float, c0),
        (float, c1), (float, c2), (float, c3), (float, c4), (float, c5), (float, c6), (float, c7),
        (float, c8), (float, c9), (float, d0), (float, d1), (float, d2), (float, d3), (float, d4),
        (float, d5), (float, d6), (float, d7), (float, d8));
};
#endif
// clang-format on

static_assert(tintype::member_count<state> == 39);
