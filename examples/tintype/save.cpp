// `save`: a new version in a folder.

#include "command.hpp"
#include "rules.hpp"
#include "sections.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>

namespace tool {

namespace {

class save_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "save"; }

    [[nodiscard]] std::string_view summary() const override {
        return "keep one file a section as the next version in a folder";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "DIR --format F --section NAME=FILE... [--keep-last N] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return section_options::explained(true) +
               " The version is durable when its number is printed, and no number is used twice. "
               "The folder is made if need be. With --keep-last the oldest versions are then "
               "removed, all but N and those that are pinned.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype save snapshots --format vamm-2 --section semantic=s.bin \\\n"
                 "      --section episodic=e.bin --section procedural=p.bin \\\n"
                 "      --section ttl=t.bin --keep-last 10",
                 "prints the number of the version"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder of versions")->required();
        sections_.declare(parser);
        last_.declare(parser);
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (folder_.empty()) {
            return wrong_call("DIR is empty");
        }
        const auto last = last_.rule();
        if (!last) {
            return std::unexpected(last.error());
        }
        const auto kind = sections_.chosen();
        if (!kind) {
            return std::unexpected(kind.error());
        }
        if (!(*kind)->versioned()) {
            return wrong_call(fmt::format("{} is not kept as versions", (*kind)->name()));
        }
        const auto state = sections_.assembled(**kind, on);
        if (!state) {
            return std::unexpected(state.error());
        }
        const auto place = open_store(folder_);
        if (!place) {
            return std::unexpected(place.error());
        }
        // Where programs agree on numbers by pointers, so does this.
        return place->keeps_pointers() ? keep(on, *state, *last, pointer_store{*place})
                                       : keep(on, *state, *last, *place);
    }

private:
    template <class Store>
    [[nodiscard]] outcome<status> keep(terminal& on, const snapshot& state,
                                       const std::optional<tintype::keep_last>& last,
                                       const Store& place) {
        return last ? keep(on, state, *last, place) : keep(on, state, tintype::keep_all{}, place);
    }

    template <class Rule, class Store>
    [[nodiscard]] outcome<status> keep(terminal& on, const snapshot& state, const Rule& rule,
                                       const Store& place) {
        const auto folder = open_versions(place, rule, on.watch(folder_), purpose::change);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        const auto saved = folder->save(state, &on.watch(folder_));
        if (!saved) {
            return failed(folder_, saved.error());
        }
        if (json_) {
            json::object document{{"version", saved->version}};
            if (!saved->cleanup.removed.empty()) {
                document.emplace_back("removed", numbers(saved->cleanup.removed));
            }
            on.print(json::written(std::move(document)) + "\n");
        } else {
            on.print(fmt::format("version {}  {}, {}\n", saved->version,
                                 visible(path_of(folder_, saved->version)),
                                 human_size(state.body->size())));
        }
        // The version is there; that older ones could not go is worth a word, no more.
        for (const tintype::error& each : saved->cleanup.failures) {
            on.complain(failed(folder_, each).error());
        }
        return status::done;
    }

    std::string folder_;
    section_options sections_;
    counted_rule<tintype::keep_last> last_{"--keep-last", "then remove all but the newest N"};
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_save() {
    return std::make_unique<save_command>();
}

} // namespace tool
