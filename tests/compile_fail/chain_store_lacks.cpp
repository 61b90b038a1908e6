// A store of parts that a chain cannot take snapshots of.
// expect 1: tintype: the store of a chain needs `records\(std::string_view part\) const`
// expect 2: tintype: the key of a record is a number without a fraction
// expect 3: tintype: the store of a chain needs `using record_type = ...`
// expect 4: tintype: the store of a chain needs `parts\(\) const`
// expect 5: tintype: a record is a described struct, or a map's std::pair of key and value

#include <tintype/chain/chain_manager.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Two NaNs are one key or none.
#if BAD == 2
using key = float;
#else
using key = std::uint64_t;
#endif

#if BAD == 5
struct row {
    key id;
};
#else
struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (key, id), (std::string, text));
};
#endif

struct store {
#if BAD != 3
    using record_type = row;
#endif

#if BAD == 4
    [[nodiscard]] std::size_t parts() const { return 0; }
#else
    [[nodiscard]] std::vector<std::string> parts() const { return {}; }
#endif

#if BAD != 1
    [[nodiscard]] std::vector<row> records(std::string_view) const { return {}; }
#endif
};

using manager = tintype::chain_manager<store>;
const auto snapshots = manager::open(tintype::directory{"snapshots"}, tintype::keep_last{1});
