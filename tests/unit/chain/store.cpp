// What is a store and what is not: each capability missing alone, sides, names of any text type.

#include <tintype/chain/part_store.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/chain/tracked.hpp>

#include <doctest/doctest.h>

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using tintype::chain_contents;
using tintype::chain_source;
using tintype::chain_store;
using tintype::result;
using tintype::tracking_store;

struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (std::uint64_t, id), (std::string, text));
};

struct mood {
    BOOST_HANA_DEFINE_STRUCT(mood, (std::uint32_t, level));
};

struct source {
    using record_type = row;

    [[nodiscard]] std::vector<std::string_view> parts() const { return {}; }

    [[nodiscard]] std::vector<row> records(std::string_view) const { return {}; }
};

static_assert(chain_source<source> && !chain_store<source> && !tracking_store<source>);
static_assert(std::same_as<tintype::record_of<source>, row>);
static_assert(std::same_as<tintype::side_of<source>, tintype::no_side>);

struct no_record_type : source {
    using record_type = int;
};

struct no_parts {
    using record_type = row;

    [[nodiscard]] std::vector<row> records(std::string_view) const { return {}; }
};

struct numbered_parts : source {
    [[nodiscard]] std::vector<int> parts() const { return {}; }
};

struct no_records {
    using record_type = row;

    [[nodiscard]] std::vector<std::string> parts() const { return {}; }
};

struct other_records : source {
    [[nodiscard]] std::vector<int> records(std::string_view) const { return {}; }
};

struct mutable_records : source {
    [[nodiscard]] std::vector<row> records(std::string_view) { return {}; }
};

struct no_side_function : source {
    using side_type = mood;
};

struct undescribed_side : source {
    using side_type = int;

    [[nodiscard]] int side() const { return 1; }
};

struct made_side : source {
    using side_type = mood;

    [[nodiscard]] mood side() const { return {}; }
};

struct sided : source {
    using side_type = mood;

    [[nodiscard]] const mood& side() const { return kept; }

    mood kept{};
};

static_assert(!chain_source<no_record_type> && !chain_source<no_parts> &&
              !chain_source<numbered_parts> && !chain_source<no_records> &&
              !chain_source<other_records> && !chain_source<mutable_records> &&
              !chain_source<no_side_function> && !chain_source<undescribed_side> &&
              !chain_source<int>);
static_assert(chain_source<made_side> && chain_source<sided> &&
              std::same_as<tintype::side_of<sided>, mood>);

struct replaceable : source {
    [[nodiscard]] result<void> replace(chain_contents<row>&&, tintype::replaces) { return {}; }
};

struct full_store : replaceable {
    [[nodiscard]] result<void> upsert(std::string_view, std::vector<row>&&) { return {}; }

    [[nodiscard]] result<void> erase(std::string_view, std::span<const std::uint64_t>) {
        return {};
    }
};

struct silent_store : full_store {
    void replace(chain_contents<row>&&, tintype::replaces) {}
};

static_assert(!chain_store<replaceable> && chain_store<full_store> && !chain_store<silent_store>);

struct half_tracking : full_store {
    [[nodiscard]] std::optional<std::vector<std::uint64_t>> changes_since(std::string_view,
                                                                          std::string_view) const {
        return {};
    }

    void taken(std::string_view, std::string_view) {}
};

struct tracking : half_tracking {
    [[nodiscard]] const row* find(std::string_view, std::uint64_t) const { return nullptr; }
};

static_assert(!tracking_store<half_tracking> && tracking_store<tracking>);

using map = std::map<std::uint64_t, std::string>;
using hashed = std::unordered_map<std::string, std::uint64_t>;

static_assert(chain_store<tintype::part_store<map>> && !tracking_store<tintype::part_store<map>>);
static_assert(chain_store<tintype::part_store<hashed>>);
static_assert(tracking_store<tintype::part_store<tintype::tracked<map>>> &&
              chain_store<tintype::part_store<tintype::tracked<map>>>);
static_assert(tracking_store<tintype::part_store<tintype::tracked<hashed>, mood>>);

} // namespace

TEST_CASE("store: contents begin empty, without a side state") {
    const chain_contents<row, mood> none{};
    CHECK(none.parts.empty());
    CHECK(!none.side);
    CHECK(none.backing.empty());
    CHECK(tintype::no_side{} == tintype::no_side{});
}
