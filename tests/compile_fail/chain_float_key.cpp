// A record whose key is a float: two NaNs are one key or none.
// expect: constraint|satisf
// expect: no operand of the disjunction is satisfied|.float.\) does not satisfy .record_key_type.

#include <tintype/chain/chain_manager.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#if defined(BAD)
using key = float;
#else
using key = std::uint64_t;
#endif

struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (key, id), (std::string, text));
};

struct store {
    using record_type = row;

    [[nodiscard]] std::vector<std::string> parts() const { return {}; }

    [[nodiscard]] std::vector<row> records(std::string_view) const { return {}; }
};

using manager = tintype::chain_manager<store>;
const auto snapshots = manager::open(tintype::directory{"snapshots"}, tintype::keep_last{1});
