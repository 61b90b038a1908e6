// Restoring into a store that can only be read.
// expect: tintype: a store that is restored needs `result<void> replace\(

#include <tintype/chain/chain_manager.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (std::string, id), (float, weight));
};

struct store {
    using record_type = row;

    [[nodiscard]] std::vector<std::string> parts() const { return {}; }

    [[nodiscard]] std::vector<row> records(std::string_view) const { return {}; }

#if defined(BAD)
#else
    [[nodiscard]] tintype::result<void> replace(tintype::chain_contents<row>&&, tintype::replaces) {
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view, std::vector<row>&&) { return {}; }

    [[nodiscard]] tintype::result<void> erase(std::string_view, std::span<const std::string>) {
        return {};
    }
#endif
};

tintype::result<tintype::restored> back(const tintype::chain_manager<store>& manager, store& live) {
    return manager.restore(live, "snap_1_0");
}
