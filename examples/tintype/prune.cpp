// `prune`: which versions stay, by rules, and the others removed.

#include "command.hpp"
#include "document.hpp"
#include "rules.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <tuple>

namespace tool {

namespace {

class prune_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "prune"; }

    [[nodiscard]] std::string_view summary() const override {
        return "remove the versions in a folder that no rule keeps";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "DIR --keep-last N [--keep-daily N...] [--dry-run] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "What any rule keeps stays; at least one rule is needed. The newest version and "
               "pinned ones always stay. Hours, days, weeks (from Monday), months and years are "
               "those of UTC, and only those that have a version count.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype prune snapshots --keep-last 5 --keep-daily 7 --dry-run",
                 "what would go, and why the others stay"},
                {"tintype prune snapshots --keep-within 36h", "whatever is older goes"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder of versions")->required();
        last_.declare(parser);
        hourly_.declare(parser);
        daily_.declare(parser);
        weekly_.declare(parser);
        monthly_.declare(parser);
        yearly_.declare(parser);
        parser.add_option("--keep-within", within_, "younger than this: 90s, 30m, 36h, 7d, 2w")
            ->type_name("AGE");
        parser.add_flag("--dry-run", dry_run_, "remove nothing, print every decision");
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        return with_rules(on, last_, hourly_, daily_, weekly_, monthly_, yearly_);
    }

private:
    template <class... Rules>
    [[nodiscard]] outcome<status> with_rules(terminal& on, const counted_rule<Rules>&... given) {
        const auto rules = std::tuple{given.rule()...};
        std::optional<failure> wrong;
        bool any = within_.has_value();
        const auto look = [&](const auto& rule) {
            if (!rule && !wrong) {
                wrong = rule.error();
            }
            any = any || (rule && rule->has_value());
        };
        std::apply([&](const auto&... each) { (look(each), ...); }, rules);
        std::optional<tintype::keep_within> within;
        if (within_.has_value() && !wrong) {
            if (const auto age = duration("--keep-within", *within_); age) {
                within.emplace(*age);
            } else {
                wrong = age.error();
            }
        }
        if (wrong) {
            return std::unexpected(*wrong);
        }
        if (!any) {
            return wrong_call("prune needs at least one rule, as in --keep-last 10");
        }
        return std::apply(
            [&](const auto&... each) { return prune(on, tintype::keep_any{*each..., within}); },
            rules);
    }

    template <class Policy>
    [[nodiscard]] outcome<status> prune(terminal& on, const Policy& policy) {
        if (auto there = require_folder(folder_); !there) {
            return pass(there);
        }
        const auto folder = open_versions(folder_, policy, on.watch(folder_),
                                          dry_run_ ? purpose::look : purpose::change);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        if (dry_run_) {
            const auto decisions = folder->plan();
            if (!decisions) {
                return failed(folder_, decisions.error());
            }
            on.print(json_ ? planned_json(*decisions) : planned_text(on, *decisions));
            return status::done;
        }
        const auto done = folder->prune();
        if (!done) {
            return failed(folder_, done.error());
        }
        if (json_) {
            on.print(json::written(json::object{{"removed", numbers(done->removed)},
                                                {"kept", numbers(done->kept)}}) +
                     "\n");
        } else {
            const auto listed = [](const std::vector<std::uint64_t>& all) {
                return all.empty() ? std::string{"nothing"}
                                   : fmt::format("{}", fmt::join(all, ", "));
            };
            on.print(
                fmt::format("removed {}\nkept {}\n", listed(done->removed), listed(done->kept)));
        }
        for (const tintype::error& each : done->failures) {
            on.complain(failed(folder_, each).error());
        }
        return done->failures.empty() ? status::done : status::system;
    }

    // As what `prune` answers, with the decisions behind it.
    [[nodiscard]] static std::string planned_json(std::vector<tintype::decision> decisions) {
        std::ranges::reverse(decisions);
        json::array removed;
        json::array kept;
        json::array rows;
        for (const tintype::decision& each : decisions) {
            (each.keep ? kept : removed).emplace_back(each.entry.version);
            rows.emplace_back(json::object{
                {"version", each.entry.version}, {"keep", each.keep}, {"reason", each.reason}});
        }
        return json::written(json::object{{"removed", std::move(removed)},
                                          {"kept", std::move(kept)},
                                          {"dry_run", true},
                                          {"decisions", std::move(rows)}}) +
               "\n";
    }

    [[nodiscard]] static std::string planned_text(const terminal& on,
                                                  std::vector<tintype::decision> decisions) {
        if (decisions.empty()) {
            return "no snapshots\n";
        }
        std::ranges::reverse(decisions);
        const auto now = tintype::system_clock{}.now();
        table rows{{{"VERSION", true}, {"SIZE", true}, {"AGE", true}, {"DECISION"}, {"REASON"}}};
        for (const tintype::decision& each : decisions) {
            rows.add({{fmt::format("{}", each.entry.version)},
                      {human_size(each.entry.size)},
                      {human_age(now - each.entry.time)},
                      {each.keep ? "keep" : "remove", each.keep ? style::good : style::bad},
                      {visible(each.reason)}});
        }
        return rows.shown(on);
    }

    std::string folder_;
    counted_rule<tintype::keep_last> last_{"--keep-last", "the newest N"};
    counted_rule<tintype::keep_hourly> hourly_{"--keep-hourly", "the newest of each of N hours"};
    counted_rule<tintype::keep_daily> daily_{"--keep-daily", "the newest of each of N days"};
    counted_rule<tintype::keep_weekly> weekly_{"--keep-weekly", "the newest of each of N weeks"};
    counted_rule<tintype::keep_monthly> monthly_{"--keep-monthly",
                                                 "the newest of each of N months"};
    counted_rule<tintype::keep_yearly> yearly_{"--keep-yearly", "the newest of each of N years"};
    std::optional<std::string> within_;
    bool dry_run_ = false;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_prune() {
    return std::make_unique<prune_command>();
}

} // namespace tool
