// `verify`: files and folders, a line each.

#include <tintype/formats/velesdb.hpp>

#include "command.hpp"
#include "format.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace tool {

namespace {

namespace fs = std::filesystem;

class verify_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "verify"; }

    [[nodiscard]] std::string_view summary() const override {
        return "check everything that can be checked in files and folders";
    }

    [[nodiscard]] std::string_view usage() const override { return "PATH... [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "One line for each file, `ok` or `BAD` with what is wrong. Folders are searched "
               "with the folders in them. A file in a folder that is of no known format is named "
               "as unknown, and only counts as bad if its name says that it should be a snapshot. "
               "The exit status is 1 if any file is bad, otherwise 3 if any could not be read.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {
            {"tintype verify /var/lib/agent/snapshots", "every snapshot in a folder"},
            {"tintype verify --json *.vamm | jq '.results[] | select(.ok | not)'", "the bad ones"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("PATH", paths_, "files and folders")->required();
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        for (const std::string& path : paths_) {
            std::error_code problem;
            const auto kind = fs::status(path, problem).type();
            const auto done = kind == fs::file_type::directory
                                  ? check_folder(on, path)
                                  : check_file(on, path, asked::by_name);
            if (!done) {
                return std::unexpected(done.error());
            }
        }
        if (told_ == 0) {
            // Success that checked nothing should not look like any other.
            on.remark("tintype: no snapshots to check");
        }
        if (json_) {
            json::object document{{"ok", bad_ + unread_ == 0}, {"results", std::move(results_)}};
            if (!unknown_.empty()) {
                document.emplace_back("unknown", std::move(unknown_));
            }
            on.print(json::written(std::move(document)) + "\n");
        }
        return bad_ != 0 ? status::bad_data : unread_ != 0 ? status::system : status::done;
    }

private:
    enum class asked { by_name, in_folder };

    // Fails only where the work was stopped.
    [[nodiscard]] outcome<void> check_file(terminal& on, const std::string& path, asked how) {
        if (auto go_on = on.interrupted(path); !go_on) {
            return go_on;
        }
        const auto file = open_input(path);
        if (!file) {
            tell(on, path, nullptr, &file.error());
            return {};
        }
        const format* kind = recognised(file->bytes());
        if (kind == nullptr) {
            const auto name = fs::path{path}.filename().string();
            if (const format* expected = expected_in(name)) {
                // It is none, and that format says best why.
                const auto good = expected->verify(file->bytes(), {});
                const auto what =
                    good ? unrecognised(path, file->bytes()) : failed(path, good.error()).error();
                tell(on, path, nullptr, &what);
            } else if (how == asked::by_name) {
                const auto what = unrecognised(path, file->bytes());
                tell(on, path, nullptr, &what);
            } else if (json_) {
                unknown_.emplace_back(path);
            } else {
                on.print(fmt::format("{}  {}{}\n", on.dye(style::dim, "???"), visible(path),
                                     on.dye(style::dim, "  unknown format")));
            }
            return {};
        }
        const auto good = kind->verify(file->bytes(), {.watch = &on.watch(path)});
        if (!good) {
            const auto what = failed(path, good.error()).error();
            if (good.error().code == tintype::errc::cancelled) {
                return std::unexpected(what);
            }
            tell(on, path, kind, &what);
            return {};
        }
        tell(on, path, kind, nullptr, file->bytes().size());
        return {};
    }

    [[nodiscard]] outcome<void> check_folder(terminal& on, const std::string& path) {
        std::vector<std::string> files;
        std::error_code problem;
        fs::recursive_directory_iterator entry{path, problem};
        for (; !problem && entry != fs::end(entry); entry.increment(problem)) {
            std::error_code ignored; // opening it will say
            if (entry->is_regular_file(ignored)) {
                files.push_back(entry->path().string());
            }
        }
        if (problem) {
            const auto what = failed(
                path, tintype::detail::system_failure("readdir", path, problem.value()).error());
            tell(on, path, nullptr, &what.error());
        }
        std::ranges::sort(files);
        for (const std::string& file : files) {
            if (auto done = check_file(on, file, asked::in_folder); !done) {
                return done;
            }
        }
        return {};
    }

    void tell(terminal& on, const std::string& path, const format* kind, const failure* what,
              std::uint64_t size = 0) {
        ++told_;
        const bool unread = what != nullptr && what->how != status::bad_data;
        bad_ += what != nullptr && !unread ? 1U : 0U;
        unread_ += unread ? 1U : 0U;
        if (json_) {
            json::object row{
                {"path", path},
                {"format", kind != nullptr ? json::value{kind->family()} : json::value{}},
                {"ok", what == nullptr}};
            if (what != nullptr) {
                row.emplace_back("error", json::object{{"code", tintype::name_of(what->code)},
                                                       {"message", what->what}});
            }
            results_.emplace_back(std::move(row));
        } else if (what == nullptr) {
            on.print(fmt::format(
                "{}   {}{}\n", on.dye(style::good, "ok"), visible(path),
                on.dye(style::dim, fmt::format("  {}, {}", kind->name(), human_size(size)))));
        } else if (!unread) {
            on.print(fmt::format("{}  {}  {}{}\n", on.dye(style::bad, "BAD"), visible(path),
                                 kind != nullptr ? fmt::format("{}: ", kind->name()) : "",
                                 visible(what->what)));
        }
        if (unread) {
            on.complain(*what);
        }
    }

    std::vector<std::string> paths_;
    bool json_ = false;
    json::array results_;
    json::array unknown_;
    std::size_t told_ = 0;
    std::size_t bad_ = 0;
    std::size_t unread_ = 0; // missing, not permitted, not a file
};

} // namespace

std::unique_ptr<command> make_verify() {
    return std::make_unique<verify_command>();
}

} // namespace tool
