#pragma once

// The rules that `prune` and `report` take: each an option, all of them together one policy that
// keeps what any of them keeps.

#include <tintype/manager/retention.hpp>

#include "outcome.hpp"
#include "rules.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace tool {

using rule_policy =
    tintype::keep_any<std::optional<tintype::keep_last>, std::optional<tintype::keep_hourly>,
                      std::optional<tintype::keep_daily>, std::optional<tintype::keep_weekly>,
                      std::optional<tintype::keep_monthly>, std::optional<tintype::keep_yearly>,
                      std::optional<tintype::keep_within>>;

class retention_rules {
public:
    void declare(CLI::App& parser) {
        std::apply([&](auto&... each) { (each.declare(parser), ...); }, counted_);
        parser.add_option("--keep-within", within_, "younger than this: 90s, 30m, 36h, 7d, 2w")
            ->type_name("AGE");
    }

    // None where no rule was given.
    [[nodiscard]] outcome<std::optional<rule_policy>> policy() const {
        return std::apply([this](const auto&... each) { return policy(each.rule()...); }, counted_);
    }

    // As they were typed.
    [[nodiscard]] std::string text() const {
        std::string all;
        const auto add = [&](const char* option, const std::optional<std::string>& typed) {
            if (typed) {
                all += all.empty() ? "" : " ";
                all.append(option).append(" ").append(*typed);
            }
        };
        std::apply([&](const auto&... each) { (add(each.option, each.typed), ...); }, counted_);
        add("--keep-within", within_);
        return all;
    }

private:
    template <class... Rules>
    [[nodiscard]] outcome<std::optional<rule_policy>> policy(const Rules&... given) const {
        const failure* wrong = nullptr;
        bool any = within_.has_value();
        const auto look = [&](const auto& rule) {
            if (!rule && wrong == nullptr) {
                wrong = &rule.error();
            }
            any = any || (rule && rule->has_value());
        };
        (look(given), ...);
        if (wrong != nullptr) {
            return std::unexpected(*wrong);
        }
        std::optional<tintype::keep_within> within;
        if (within_) {
            const auto age = duration("--keep-within", *within_);
            if (!age) {
                return std::unexpected(age.error());
            }
            within.emplace(*age);
        }
        return any ? std::optional{rule_policy{*given..., within}} : std::nullopt;
    }

    std::tuple<counted_rule<tintype::keep_last>, counted_rule<tintype::keep_hourly>,
               counted_rule<tintype::keep_daily>, counted_rule<tintype::keep_weekly>,
               counted_rule<tintype::keep_monthly>, counted_rule<tintype::keep_yearly>>
        counted_{{"--keep-last", "the newest N"},
                 {"--keep-hourly", "the newest of each of N hours"},
                 {"--keep-daily", "the newest of each of N days"},
                 {"--keep-weekly", "the newest of each of N weeks"},
                 {"--keep-monthly", "the newest of each of N months"},
                 {"--keep-yearly", "the newest of each of N years"}};
    std::optional<std::string> within_;
};

} // namespace tool
