// A store of parts that shows no records.
// expect: constraint|satisf
// expect: store\.records\(part\). (is|would be) invalid

#include <tintype/chain/chain_manager.hpp>

#include <string>
#include <string_view>
#include <vector>

struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (std::string, id), (float, weight));
};

struct store {
    using record_type = row;

    [[nodiscard]] std::vector<std::string> parts() const { return {}; }

#if defined(BAD)
#else
    [[nodiscard]] std::vector<row> records(std::string_view) const { return {}; }
#endif
};

using manager = tintype::chain_manager<store>;
const auto snapshots = manager::open(tintype::directory{"snapshots"}, tintype::keep_last{1});
