#pragma once

// What `copy` has before it: the snapshots of a store, version by version and link by link, each
// with the objects that belong to it and with how it is checked.

#include <tintype/manager/copy.hpp>

#include "chains.hpp"
#include "json.hpp"
#include "outcome.hpp"
#include "remembering.hpp"
#include "store.hpp"
#include "terminal.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tool {

// Which are asked for; all of them where nothing is.
struct copy_choice {
    std::vector<std::uint64_t> versions;
    std::vector<std::string> ids; // each with those that it rests on
};

class copy_plan {
public:
    // One copy_unit. A version and its pin are two, as either is there without the other.
    struct item {
        json::value name{};                           // a version number or an id
        bool pin = false;                             // of the version of that name
        std::string object{};                         // that the others belong to
        std::optional<tintype::snapshot_info> info{}; // of a chain's
        std::optional<failure> what{};                // is wrong with it
    };

    // Fails where the store cannot be read, holds none, or lacks what was asked for.
    [[nodiscard]] static outcome<copy_plan> of(terminal& on, const store& from,
                                               const copy_choice& choice);

    [[nodiscard]] const std::vector<tintype::copy_unit>& units() const noexcept { return units_; }

    [[nodiscard]] const std::vector<item>& items() const noexcept { return items_; }

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    [[nodiscard]] std::optional<chain_kind> chain() const noexcept { return kind_; }

    // Where what was checked is read from.
    [[nodiscard]] const store& from() const noexcept { return known_.store(); }

    // Everything that `verify` would look at. What is wrong stays with the item.
    [[nodiscard]] tintype::result<void> check(terminal& on, const tintype::copy_unit& unit);

private:
    explicit copy_plan(const store& from) : where_(from.where()), known_(from) {}

    [[nodiscard]] outcome<void> add_versions(const store& from,
                                             const std::vector<std::uint64_t>* chosen);
    [[nodiscard]] outcome<void> add_chain(terminal& on, const store& from,
                                          const std::vector<std::string>* chosen);
    void add(item of, std::vector<std::string> objects, std::optional<std::size_t> needs);
    [[nodiscard]] std::optional<failure> fault_of(terminal& on, const item& of) const;
    [[nodiscard]] std::optional<failure> fault_of_version(terminal& on, const item& of) const;
    [[nodiscard]] std::optional<failure> fault_of_snapshot(terminal& on, const item& of) const;

    std::string where_;
    remembering known_;
    std::unique_ptr<chain_folder> chain_; // over what is remembered
    std::optional<chain_kind> kind_;
    std::map<std::string, std::uint64_t, std::less<>> sizes_; // of the objects that there are
    std::vector<tintype::copy_unit> units_;
    std::vector<item> items_;
    std::uint64_t bytes_ = 0;
};

} // namespace tool
