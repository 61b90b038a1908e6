// `prune`: which snapshots stay, by rules, and the others removed.

#include "chains.hpp"
#include "command.hpp"
#include "document.hpp"
#include "retention_rules.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace tool {

namespace {

class prune_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "prune"; }

    [[nodiscard]] std::string_view summary() const override {
        return "remove the snapshots in a folder that no rule keeps";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "DIR --keep-last N [--keep-daily N...] [--dry-run] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "What any rule keeps stays; at least one rule is needed. The newest version and "
               "pinned ones always stay. Of a chain, the newest snapshot that is whole always "
               "stays, and what another is taken on stays as long as that; while a manifest cannot "
               "be read, nothing is removed, as nobody knows what it needs. Hours, days, weeks "
               "(from Monday), months and years are those of UTC, and only those that have a "
               "snapshot count.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype prune snapshots --keep-last 5 --keep-daily 7 --dry-run",
                 "what would go, and why the others stay"},
                {"tintype prune snapshots --keep-within 36h", "whatever is older goes"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder")->required();
        rules_.declare(parser);
        parser.add_flag("--dry-run", dry_run_, "remove nothing, print every decision");
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto policy = rules_.policy();
        if (!policy) {
            return std::unexpected(policy.error());
        }
        if (!*policy) {
            return wrong_call("prune needs at least one rule, as in --keep-last 10");
        }
        return prune(on, **policy);
    }

private:
    [[nodiscard]] outcome<status> prune(terminal& on, const rule_policy& policy) {
        const auto place = require_store(folder_);
        if (!place) {
            return std::unexpected(place.error());
        }
        const auto chain = chain_in(*place);
        if (!chain) {
            return std::unexpected(chain.error());
        }
        const auto folder = open_versions(*place, policy, on.watch(folder_),
                                          *chain || dry_run_ ? purpose::look : purpose::change);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        if (*chain) {
            const auto versions = folder->list();
            if (!versions) {
                return failed(folder_, versions.error());
            }
            if (!versions->empty()) {
                return std::unexpected(
                    failure{.how = status::wrong_call,
                            .about = folder_,
                            .what = "holds versions and a chain, and `prune` cannot tell which of "
                                    "them is meant: give each a folder of its own",
                            .code = tintype::errc::unsupported});
            }
            return prune_chain(on, policy, *place, (*chain)->kind);
        }
        if (dry_run_) {
            const auto decisions = folder->plan();
            if (!decisions) {
                return failed(folder_, decisions.error());
            }
            print_plan(on, rows_of(*decisions));
            return status::done;
        }
        const auto done = folder->prune();
        if (!done) {
            return failed(folder_, done.error());
        }
        return report(on, done->removed, done->kept, done->failures);
    }

    // The newest whole snapshot stays, so it must be possible to see which that is.
    [[nodiscard]] outcome<status> prune_chain(terminal& on, const rule_policy& policy,
                                              const store& place, chain_kind kind) {
        const auto all = open_chain(place, kind, &on.watch(folder_))->list();
        if (!all) {
            return failed(folder_, all.error());
        }
        bool guarded = false;
        for (const tintype::snapshot_info& each : all->snapshots) {
            if (const auto known = known_digests(each); !known) {
                return failed_snapshot(joined(folder_, each.id), known.error());
            }
            guarded = guarded || !each.hash.empty();
        }
        if (kind == chain_kind::dakera) {
            return prune_with<dakera_archive<rule_policy>>(on, policy, place);
        }
        return guarded
                   ? prune_with<columns_archive<tintype::crc32c, rule_policy>>(on, policy, place)
                   : prune_with<columns_archive<tintype::no_hash, rule_policy>>(on, policy, place);
    }

    template <class Archive>
    [[nodiscard]] outcome<status> prune_with(terminal& on, const rule_policy& policy,
                                             const store& place) {
        auto options = chain_options_for(&on.watch(folder_));
        if (dry_run_) {
            options.sweep_grace = std::chrono::nanoseconds::max();
        }
        const auto chain = Archive::open(place, policy, options);
        if (!chain) {
            return failed(folder_, chain.error());
        }
        if (dry_run_) {
            const auto decisions = chain->plan();
            if (!decisions) {
                return failed_snapshot(folder_, decisions.error());
            }
            print_plan(on, rows_of(*decisions));
            return status::done;
        }
        const auto before = chain->list();
        if (!before) {
            return failed(folder_, before.error());
        }
        const auto done = chain->prune();
        if (!done) {
            return failed_snapshot(folder_, done.error());
        }
        // Oldest first, as versions are.
        std::vector<std::string> removed;
        std::vector<std::string> kept;
        for (const tintype::snapshot_info& each : std::views::reverse(before->snapshots)) {
            const bool gone = std::ranges::find(done->removed, each.id) != done->removed.end();
            (gone ? removed : kept).push_back(each.id);
        }
        return report(on, removed, kept, done->failures);
    }

    // What was done, and what could not be. Snapshots are version numbers or ids.
    template <class Name>
    [[nodiscard]] outcome<status> report(terminal& on, const std::vector<Name>& removed,
                                         const std::vector<Name>& kept,
                                         const std::vector<tintype::error>& failures) const {
        if (json_) {
            on.print(
                json::written(json::object{{"removed", json::array{removed.begin(), removed.end()}},
                                           {"kept", json::array{kept.begin(), kept.end()}}}) +
                "\n");
        } else {
            const auto listed = [](const std::vector<Name>& all) {
                return all.empty() ? std::string{"nothing"}
                                   : fmt::format("{}", fmt::join(all, ", "));
            };
            on.print(fmt::format("removed {}\nkept {}\n", listed(removed), listed(kept)));
        }
        for (const tintype::error& each : failures) {
            on.complain(failed(folder_, each).error());
        }
        return failures.empty() ? status::done : status::system;
    }

    // One decision, of a version or of a snapshot in a chain.
    struct planned {
        json::value name; // a version number or an id
        std::uint64_t size = 0;
        std::chrono::nanoseconds age{};
        bool keep = false;
        std::string reason;
    };

    // Oldest first, as everything about versions.
    [[nodiscard]] static std::vector<planned>
    rows_of(const std::vector<tintype::decision>& decisions) {
        const auto now = tintype::system_clock{}.now();
        std::vector<planned> rows;
        for (const tintype::decision& each : std::views::reverse(decisions)) {
            rows.push_back({json::value{each.entry.version}, each.entry.size, now - each.entry.time,
                            each.keep, each.reason});
        }
        return rows;
    }

    [[nodiscard]] static std::vector<planned>
    rows_of(const std::vector<tintype::chain_decision>& decisions) {
        const auto now = tintype::system_clock{}.now();
        std::vector<planned> rows;
        for (const tintype::chain_decision& each : std::views::reverse(decisions)) {
            rows.push_back({json::value{each.info.id}, each.info.data_size,
                            now - time_of(each.info), each.keep, each.reason});
        }
        return rows;
    }

    void print_plan(terminal& on, const std::vector<planned>& rows) const {
        on.print(json_ ? planned_json(rows) : planned_text(on, rows));
    }

    // As what `prune` answers, with the decisions behind it.
    [[nodiscard]] static std::string planned_json(const std::vector<planned>& all) {
        json::array removed;
        json::array kept;
        json::array rows;
        for (const planned& each : all) {
            const bool version = each.name.get<std::uint64_t>() != nullptr;
            (each.keep ? kept : removed).push_back(each.name);
            rows.emplace_back(json::object{{version ? "version" : "id", each.name},
                                           {"keep", each.keep},
                                           {"reason", each.reason}});
        }
        return json::written(json::object{{"removed", std::move(removed)},
                                          {"kept", std::move(kept)},
                                          {"dry_run", true},
                                          {"decisions", std::move(rows)}}) +
               "\n";
    }

    [[nodiscard]] static std::string planned_text(const terminal& on,
                                                  const std::vector<planned>& all) {
        if (all.empty()) {
            return "no snapshots\n";
        }
        const bool versions = all.front().name.get<std::uint64_t>() != nullptr;
        table rows{{{versions ? "VERSION" : "SNAPSHOT", versions},
                    {"SIZE", true},
                    {"AGE", true},
                    {"DECISION"},
                    {"REASON"}}};
        for (const planned& each : all) {
            const auto* id = each.name.get<std::string>();
            rows.add({{id != nullptr ? visible(*id) : json::written(each.name)},
                      {human_size(each.size)},
                      {human_age(each.age)},
                      {each.keep ? "keep" : "remove", each.keep ? style::good : style::bad},
                      {visible(each.reason)}});
        }
        return rows.shown(on);
    }

    std::string folder_;
    retention_rules rules_;
    bool dry_run_ = false;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_prune() {
    return std::make_unique<prune_command>();
}

} // namespace tool
