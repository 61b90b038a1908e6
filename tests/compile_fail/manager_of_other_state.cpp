// A list that was written for another struct, named together with a state at the manager's door.
// expect 1: tintype: a field of the section list names no member of the state: give the
// expect 2: tintype: a scalar field has another type than its member
// expect 3: tintype: the state is not described: put BOOST_HANA_DEFINE_STRUCT
// expect 4: tintype: no field of the section list keeps this member of the state, so it

#include <tintype/tintype.hpp>

#include <cstdint>

#if BAD == 3
struct state {
    std::uint64_t number;
    tintype::blob bytes;
};
#elif BAD == 4
struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes),
                             (tintype::blob, more));
};
#elif BAD == 2
struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::int64_t, number), (tintype::blob, bytes));
};
#elif BAD == 1
struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, count), (tintype::blob, bytes));
};
#else
struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, number), (tintype::blob, bytes));
};
#endif

using list = tintype::section_list<tintype::scalar<"number", std::uint64_t>,
                                   tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;
using manager = tintype::versioned_manager<state, list>;
const auto snapshots = manager::open(tintype::directory{"folder"}, tintype::keep_last{1});
