// A scalar, or a record, of a type that has no size of its own in a file.
// expect 1: tintype: this type has no fixed size in a file \(a pointer never has\)
// expect 2: tintype: this type has no fixed size in a file \(a pointer never has\)
// expect 3: tintype: this type has no fixed size in a file \(a pointer never has\)

#include <tintype/tintype.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#if BAD == 1
using number = int*;
#elif BAD == 2
using number = std::string;
#else
using number = std::array<int, 3>;
#endif

struct record {
#if BAD == 3
    BOOST_HANA_DEFINE_STRUCT(record, (std::uint64_t, id), (std::string, text));
#else
    BOOST_HANA_DEFINE_STRUCT(record, (std::uint64_t, id), (float, weight));
#endif
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (number, value), (std::vector<record>, records));
};

using list =
    tintype::section_list<tintype::scalar<"value", number>, tintype::records<"records", record>>;
using manager = tintype::versioned_manager<state, list>;
const auto snapshots = manager::open(tintype::directory{"folder"}, tintype::keep_last{1});
