// `ls`: the snapshots in a folder, versions as a table and chains as a tree.

#include "chain_survey.hpp"
#include "chain_tree.hpp"
#include "chains.hpp"
#include "command.hpp"
#include "document.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace tool {

namespace {

class ls_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "ls"; }

    [[nodiscard]] std::string_view summary() const override {
        return "list the snapshots in a folder";
    }

    [[nodiscard]] std::string_view usage() const override { return "DIR [--no-verify] [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "Every version with its size, when it was saved (UTC), its age and whether it is "
               "whole; oldest first. Of a chain, its snapshots as a tree, each below the one that "
               "it was taken on, and what is newest first at every level. What is damaged is "
               "listed like the rest and does not change the exit status: `verify` is for that.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype ls /var/lib/agent/snapshots", "a table"},
                {"tintype ls --json --no-verify snapshots | jq '.snapshots[-1].version'",
                 "the newest, without reading any"},
                {"tintype ls --json /var/lib/dakera/snapshots | jq -r '.snapshots[0].id'",
                 "the newest of a chain"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder")->required();
        parser.add_flag("--no-verify", no_verify_, "do not look into the files");
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto place = require_store(folder_);
        if (!place) {
            return std::unexpected(place.error());
        }
        const auto chain = chain_in(*place);
        if (!chain) {
            return std::unexpected(chain.error());
        }
        const auto versions = seen_versions(on, *place);
        if (!versions) {
            return std::unexpected(versions.error());
        }
        std::optional<chain_survey> seen;
        if (*chain) {
            auto found =
                survey_chain(on, *place, *open_chain(*place, (*chain)->kind, &on.watch(folder_)),
                             no_verify_ ? look::manifests : look::all);
            if (!found) {
                return std::unexpected(found.error());
            }
            seen = *std::move(found);
        }
        on.print(json_ ? in_json(*versions, seen) : in_text(on, *versions, seen));
        return status::done;
    }

private:
    struct version_list {
        std::vector<tintype::catalog_entry> listed;
        std::map<std::uint64_t, tintype::error> bad{};
    };

    [[nodiscard]] outcome<version_list> seen_versions(terminal& on, const store& place) const {
        const auto folder =
            open_versions(place, tintype::keep_all{}, on.watch(folder_), purpose::look);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        auto listed = folder->list();
        if (!listed) {
            return failed(folder_, listed.error());
        }
        version_list found{.listed = *std::move(listed)};
        if (!no_verify_) {
            const auto checked = folder->verify({.watch = &on.watch(folder_)});
            if (!checked) {
                return failed(folder_, checked.error());
            }
            for (const tintype::damaged& each : checked->bad) {
                found.bad.emplace(each.version, each.what);
            }
        }
        return found;
    }

    // A folder that holds both is one of versions with a chain beside them.
    [[nodiscard]] std::string in_json(const version_list& versions,
                                      const std::optional<chain_survey>& chain) const {
        json::object document;
        if (!chain || !versions.listed.empty()) {
            document = {{"kind", "versions"}, {"snapshots", rows_of(versions)}};
        }
        if (chain) {
            json::object tree{{"kind", "chain"}, {"snapshots", rows_of(*chain)}};
            if (!chain->strays.empty()) {
                json::array strays;
                for (const seen_snapshot& each : chain->strays) {
                    strays.emplace_back(each.file);
                }
                tree.emplace_back("strays", std::move(strays));
            }
            if (document.empty()) {
                document = std::move(tree);
            } else {
                document.emplace_back("chain", std::move(tree));
            }
        }
        return json::written(std::move(document)) + "\n";
    }

    [[nodiscard]] std::string in_text(const terminal& on, const version_list& versions,
                                      const std::optional<chain_survey>& chain) const {
        if (!chain) {
            return versions.listed.empty() ? "no snapshots\n" : table_of(on, versions);
        }
        const auto tree = tree_text(on, *chain);
        return versions.listed.empty() ? tree : table_of(on, versions) + "\n" + tree;
    }

    [[nodiscard]] json::array rows_of(const version_list& versions) const {
        json::array rows;
        for (const tintype::catalog_entry& each : versions.listed) {
            const auto problem = versions.bad.find(each.version);
            const bool good = problem == versions.bad.end();
            json::object row{{"version", each.version},
                             {"size", each.size},
                             {"ok", no_verify_ ? json::value{} : json::value{good}},
                             {"pinned", each.pinned},
                             {"time", utc(each.time, 'T') + "Z"}};
            if (!good) {
                row.emplace_back("error",
                                 json::object{{"code", tintype::name_of(problem->second.code)},
                                              {"message", reason(each.version, problem->second)}});
            }
            rows.emplace_back(std::move(row));
        }
        return rows;
    }

    [[nodiscard]] std::string table_of(const terminal& on, const version_list& versions) const {
        const auto now = tintype::system_clock{}.now();
        table rows{{{"VERSION", true}, {"SIZE", true}, {"SAVED (UTC)"}, {"AGE", true}, {"STATE"}}};
        for (const tintype::catalog_entry& each : versions.listed) {
            const auto problem = versions.bad.find(each.version);
            const bool good = problem == versions.bad.end();
            std::string state = no_verify_ ? "-" : good ? "ok" : "BAD";
            if (each.pinned) {
                state += ", pinned";
            }
            if (!good) {
                state += ": " + visible(reason(each.version, problem->second));
            }
            rows.add({{fmt::format("{}", each.version)},
                      {human_size(each.size)},
                      {utc(each.time), style::dim},
                      {human_age(now - each.time)},
                      {state, no_verify_ ? style::dim
                              : good     ? style::good
                                         : style::bad}});
        }
        return rows.shown(on);
    }

    [[nodiscard]] static std::string reason(std::uint64_t version, const tintype::error& what) {
        return explained(snapshot_names::name(version), what);
    }

    [[nodiscard]] json::array rows_of(const chain_survey& chain) const {
        json::array rows;
        for (const seen_snapshot& each : chain.snapshots) {
            const auto known = [&](auto value) {
                return each.info ? json::value{value(*each.info)} : json::value{};
            };
            using info = tintype::snapshot_info;
            json::object row{
                {"id", each.id},
                {"snapshot_type", known([](const info& i) { return type_name(i.type); })},
                {"parent_id", known([](const info& i) { return json::value{i.parent_id}; })},
                {"created_at", known([](const info& i) { return seconds_of(i); })},
                {"size_bytes", known([](const info& i) { return i.data_size; })},
                {"records", known([](const info& i) { return i.records; })},
                {"description", known([](const info& i) { return json::value{i.description}; })},
                {"ok", each.what    ? json::value{false}
                       : no_verify_ ? json::value{}
                                    : json::value{true}}};
            if (each.what) {
                row.emplace_back("error", json::object{{"code", tintype::name_of(each.what->code)},
                                                       {"message", reason_of(each)}});
            }
            if (!each.rests_on.empty()) {
                row.emplace_back("rests_on", each.rests_on);
            }
            rows.emplace_back(std::move(row));
        }
        return rows;
    }

    // Where a terminal has no room for everything, the time goes, as the age is there; then most of
    // what was described.
    [[nodiscard]] std::string tree_text(const terminal& on, const chain_survey& chain) const {
        if (chain.snapshots.empty() && chain.strays.empty()) {
            return "no snapshots\n";
        }
        const auto lines = tree_of(chain.snapshots, on.has_lines());
        const auto room = on.columns();
        for (const auto& [with_time, description] : {std::pair{true, 32U}, std::pair{false, 32U}}) {
            const table rows = tree_table(lines, chain.strays, with_time, description);
            if (!room || rows.width() <= *room) {
                return rows.shown(on);
            }
        }
        return tree_table(lines, chain.strays, false, 12).shown(on);
    }

    [[nodiscard]] table tree_table(const std::vector<tree_line>& lines,
                                   const std::vector<seen_snapshot>& strays, bool with_time,
                                   std::size_t most_described) const {
        const bool described = std::ranges::any_of(lines, [](const tree_line& each) {
            return each.snapshot != nullptr && each.snapshot->info &&
                   each.snapshot->info->description;
        });
        std::vector<table::column> columns{{"SNAPSHOT"}, {"TYPE"}};
        if (with_time) {
            columns.push_back({"TAKEN (UTC)"});
        }
        columns.insert(columns.end(), {{"AGE", true}, {"SIZE", true}, {"RECORDS", true}});
        if (described) {
            columns.push_back({"DESCRIPTION"});
        }
        columns.push_back({"STATE"});
        table rows{columns};
        const auto now = tintype::system_clock{}.now();
        const auto add = [&](const std::string& name, const tintype::snapshot_info* info,
                             cell state) {
            std::vector<cell> row{{name}};
            if (info == nullptr) {
                row.resize(columns.size() - 1, {"-", style::dim});
            } else {
                row.push_back({std::string{tintype::name_of(info->type)}});
                if (with_time) {
                    row.push_back({utc(time_of(*info)), style::dim});
                }
                row.push_back({human_age(now - time_of(*info))});
                row.push_back({human_size(info->data_size)});
                row.push_back({fmt::format("{}", info->records)});
                if (described) {
                    row.push_back(
                        {shortened(visible(info->description.value_or("")), most_described)});
                }
            }
            row.push_back(std::move(state));
            rows.add(std::move(row));
        };
        for (const tree_line& each : lines) {
            const bool readable = each.snapshot != nullptr && each.snapshot->info;
            add(each.lead + visible(each.id), readable ? &*each.snapshot->info : nullptr,
                state_of(each.snapshot));
        }
        for (const seen_snapshot& each : strays) {
            add(visible(each.file), nullptr, state_of(&each));
        }
        return rows;
    }

    [[nodiscard]] cell state_of(const seen_snapshot* seen) const {
        if (seen == nullptr) {
            return {"missing", style::bad};
        }
        if (seen->what) {
            const auto why =
                seen->rests_on.empty() ? seen->what->what : "rests on " + seen->rests_on;
            return {"BAD: " + visible(why), style::bad};
        }
        return no_verify_ ? cell{"-", style::dim} : cell{"ok", style::good};
    }

    std::string folder_;
    bool no_verify_ = false;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_ls() {
    return std::make_unique<ls_command>();
}

} // namespace tool
