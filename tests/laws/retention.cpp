// The laws of a retention policy, over each of the library's, over combinations of them, and over
// one that a user wrote.

#include "retention.hpp"

#include "../../examples/policies.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>

namespace {

using namespace tintype;
using laws::retention_laws;

// Wants nothing: the rules behind it are all that is left.
struct keep_nothing {
    [[nodiscard]] reasons reasons_to_keep(std::span<const catalog_entry> newest_first,
                                          timestamp) const {
        return reasons(newest_first.size());
    }
};

} // namespace

TEST_CASE("laws: keep_all and a policy that keeps nothing") {
    retention_laws(keep_all{});
    retention_laws(keep_nothing{});
}

TEST_CASE("laws: keep_last") {
    retention_laws(keep_last{1});
    retention_laws(keep_last{2});
    retention_laws(keep_last{10});
    retention_laws(keep_last{1'000'000});
}

TEST_CASE("laws: keep_within") {
    retention_laws(keep_within{std::chrono::hours{0}});
    retention_laws(keep_within{std::chrono::hours{24}});
    retention_laws(keep_within{std::chrono::hours{24 * 365}});
}

TEST_CASE("laws: keep_hourly, daily, weekly, monthly, yearly") {
    retention_laws(keep_hourly{3});
    retention_laws(keep_daily{1});
    retention_laws(keep_daily{7});
    retention_laws(keep_weekly{4});
    retention_laws(keep_monthly{12});
    retention_laws(keep_yearly{2});
}

TEST_CASE("laws: policies together") {
    retention_laws(keep_any{keep_last{3}, keep_daily{7}, keep_weekly{4}, keep_monthly{12}});
    retention_laws(keep_any{std::optional<keep_last>{}, std::optional{keep_daily{2}}});
    retention_laws(keep_any{std::optional<keep_last>{}});
    retention_laws(keep_any{keep_any{keep_last{1}}, keep_within{std::chrono::hours{5}}});
}

TEST_CASE("laws: a user's policy that thins out") {
    retention_laws(policies::keep_thinning{});
    retention_laws(keep_any{policies::keep_thinning{}, keep_hourly{2}});
}
