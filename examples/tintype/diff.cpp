// `diff`: what changed between two snapshots of a chain.

#include "chains.hpp"
#include "command.hpp"
#include "json.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace tool {

namespace {

using difference = tintype::part_difference<std::string>;

class diff_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "diff"; }

    [[nodiscard]] std::string_view summary() const override {
        return "show what changed between two snapshots of a chain";
    }

    [[nodiscard]] std::string_view usage() const override { return "DIR BEFORE AFTER [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "Both are resolved through their parents, so they may stand anywhere in the folder. "
               "Of each namespace that differs, the ids of the vectors that were added, removed "
               "and changed, a vector being changed where any of its values or its metadata is "
               "another. The exit status is 0 whether they differ or not.\n"
               "It reads chains of Dakera's; those of the library's own hold records that only "
               "their program can read.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype diff dakera snap_1700000100000_2 snap_1700000300000_4",
                 "+ added, - removed, ~ changed"},
                {"tintype diff --json dakera A B | jq '.namespaces[] | .namespace'",
                 "in which namespaces anything changed"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder of the chain")->required();
        parser.add_option("BEFORE", before_, "the id of one snapshot")->required();
        parser.add_option("AFTER", after_, "and of another")->required();
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto place = require_store(folder_);
        if (!place) {
            return std::unexpected(place.error());
        }
        const auto kind = require_chain(*place);
        if (!kind) {
            return std::unexpected(kind.error());
        }
        if (*kind != chain_kind::dakera) {
            return std::unexpected(
                failure{.how = status::wrong_call,
                        .about = folder_,
                        .what = "only a program that describes its records can compare snapshots "
                                "of this chain",
                        .code = tintype::errc::unsupported});
        }
        const dakera_reader chain{*place, chain_options_for(&on.watch(folder_))};
        for (const std::string& id : {before_, after_}) {
            // Whatever is missing after this is missing from the snapshot.
            if (const auto there = chain.metadata(id); !there) {
                return no_snapshot(folder_, id, there.error());
            }
        }
        const auto all = chain.diff(before_, after_);
        if (!all) {
            return failed_snapshot(folder_, all.error());
        }
        if (json_) {
            print_json(on, *all);
        } else {
            print_text(on, *all);
        }
        return status::done;
    }

private:
    void print_json(terminal& on, const std::vector<difference>& all) const {
        const auto keys = [](const std::vector<std::string>& ids) {
            return json::array{ids.begin(), ids.end()};
        };
        json::array rows;
        for (const difference& each : all) {
            rows.emplace_back(json::object{{"namespace", each.name},
                                           {"in_before", each.before},
                                           {"in_after", each.after},
                                           {"added", keys(each.added)},
                                           {"removed", keys(each.removed)},
                                           {"changed", keys(each.changed)}});
        }
        on.print(json::written(json::object{
                     {"before", before_}, {"after", after_}, {"namespaces", std::move(rows)}}) +
                 "\n");
    }

    static void print_text(terminal& on, const std::vector<difference>& all) {
        if (all.empty()) {
            on.print("no differences\n");
        }
        for (const difference& each : all) {
            on.print(on.dye(style::bold, visible(each.name)) + "  " + summary_of(each) + "\n");
            const std::pair<std::string_view, const std::vector<std::string>*> lists[] = {
                {"+", &each.added}, {"-", &each.removed}, {"~", &each.changed}};
            for (const auto& [sign, ids] : lists) {
                const style how = sign == "+"   ? style::good
                                  : sign == "-" ? style::bad
                                                : style::changed;
                for (const std::string& id : *ids) {
                    on.print(on.dye(how, fmt::format("  {} {}", sign, visible(id))) + "\n");
                }
            }
        }
    }

    // "new: 3 added", "1 added, 2 removed, 30 changed"
    [[nodiscard]] static std::string summary_of(const difference& of) {
        std::string text;
        const auto add = [&](std::size_t count, std::string_view what) {
            if (count != 0) {
                text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
            }
        };
        add(of.added.size(), "added");
        add(of.removed.size(), "removed");
        add(of.changed.size(), "changed");
        const std::string_view whole = !of.before ? "new" : !of.after ? "gone" : "";
        if (whole.empty()) {
            return text;
        }
        return fmt::format("{}, {}", whole, text.empty() ? "empty" : text);
    }

    std::string folder_;
    std::string before_;
    std::string after_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_diff() {
    return std::make_unique<diff_command>();
}

} // namespace tool
