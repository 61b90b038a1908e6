// `ls`: the versions in a folder. `restore`: one of them, taken apart.

#include "command.hpp"
#include "document.hpp"
#include "snapshot_output.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

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
               "whole; oldest first. Damaged versions are listed like the others and do not change "
               "the exit status: `verify` is for that.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype ls /var/lib/agent/snapshots", "a table"},
                {"tintype ls --json --no-verify snapshots | jq '.snapshots[-1].version'",
                 "the newest, without reading any"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder")->required();
        parser.add_flag("--no-verify", no_verify_, "do not look into the files");
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (auto there = require_folder(folder_); !there) {
            return pass(there);
        }
        const auto folder =
            open_versions(folder_, tintype::keep_all{}, on.watch(folder_), purpose::look);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        const auto listed = folder->list();
        if (!listed) {
            return failed(folder_, listed.error());
        }
        std::map<std::uint64_t, tintype::error> bad;
        if (!no_verify_) {
            const auto checked = folder->verify({.watch = &on.watch(folder_)});
            if (!checked) {
                return failed(folder_, checked.error());
            }
            for (const tintype::damaged& each : checked->bad) {
                bad.emplace(each.version, each.what);
            }
        }
        on.print(json_ ? in_json(*listed, bad) : in_text(on, *listed, bad));
        return status::done;
    }

private:
    using entries = std::vector<tintype::catalog_entry>;
    using problems = std::map<std::uint64_t, tintype::error>;

    [[nodiscard]] std::string in_json(const entries& listed, const problems& bad) const {
        json::array rows;
        for (const tintype::catalog_entry& each : listed) {
            const auto problem = bad.find(each.version);
            json::object row{{"version", each.version},
                             {"size", each.size},
                             {"ok", no_verify_ ? json::value{} : json::value{problem == bad.end()}},
                             {"pinned", each.pinned},
                             {"time", utc(each.time, 'T') + "Z"}};
            if (problem != bad.end()) {
                row.emplace_back("error",
                                 json::object{{"code", tintype::name_of(problem->second.code)},
                                              {"message", reason(each.version, problem->second)}});
            }
            rows.emplace_back(std::move(row));
        }
        return json::written(json::object{{"kind", "versions"}, {"snapshots", std::move(rows)}}) +
               "\n";
    }

    [[nodiscard]] std::string in_text(const terminal& on, const entries& listed,
                                      const problems& bad) const {
        if (listed.empty()) {
            return "no snapshots\n";
        }
        const auto now = tintype::system_clock{}.now();
        table rows{{{"VERSION", true}, {"SIZE", true}, {"SAVED (UTC)"}, {"AGE", true}, {"STATE"}}};
        for (const tintype::catalog_entry& each : listed) {
            const auto problem = bad.find(each.version);
            const bool good = problem == bad.end();
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

    std::string folder_;
    bool no_verify_ = false;
    bool json_ = false;
};

class restore_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "restore"; }

    [[nodiscard]] std::string_view summary() const override {
        return "take a version from a folder apart into files";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "DIR [--version N] -d OUT [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "The newest version unless another is named. A section becomes NAME.bin, just as it "
               "was saved. Nothing is written from a damaged version; `ls` shows which are whole.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {
            {"tintype restore snapshots -d memory", "the newest"},
            {"tintype restore snapshots --version 41 -d memory", "the one before the accident"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder of versions")->required();
        parser.add_option("--version", version_, "this version")->type_name("N");
        out_.declare(parser);
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto asked = number(version_);
        if (!asked && !version_.empty()) {
            return wrong_call(fmt::format("--version takes a number, not `{}`", version_));
        }
        if (auto there = require_folder(folder_); !there) {
            return pass(there);
        }
        const auto folder =
            open_versions(folder_, tintype::keep_all{}, on.watch(folder_), purpose::look);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        const auto loaded = asked ? folder->load(*asked) : folder->load_latest();
        if (!loaded) {
            return failed_to_load(*folder, asked, loaded.error());
        }
        return out_.write(on, loaded->state, {{"version", loaded->version}});
    }

private:
    // Of a damaged newest version also which older one is whole.
    [[nodiscard]] outcome<status> failed_to_load(const snapshot_folder<tintype::keep_all>& folder,
                                                 std::optional<std::uint64_t> asked,
                                                 const tintype::error& what) const {
        if (status_of(what) != status::bad_data || asked) {
            return failed(asked ? path_of(folder_, *asked) : folder_, what);
        }
        auto known = failed(folder_, what);
        if (const auto older = folder.load_latest_valid()) {
            known.error().what +=
                fmt::format("; version {} is whole: --version {}", older->version, older->version);
        }
        return known;
    }

    std::string folder_;
    std::string version_;
    folder_option out_;
};

} // namespace

std::unique_ptr<command> make_ls() {
    return std::make_unique<ls_command>();
}

std::unique_ptr<command> make_restore() {
    return std::make_unique<restore_command>();
}

} // namespace tool
