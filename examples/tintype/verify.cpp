// `verify`: files and folders, a line each.

#include <tintype/formats/velesdb.hpp>

#include "chain_survey.hpp"
#include "chains.hpp"
#include "command.hpp"
#include "format.hpp"
#include "import_folder.hpp"
#include "stream_formats.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

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
               "with the folders in them. Of a chain, each snapshot has one line: its manifest, "
               "its data by every digest there is, and its parents; so has data of which no "
               "manifest speaks. A snapshot that rests on a damaged one is as bad as that. A file "
               "in a folder that is of no known format is named as unknown, and only counts as "
               "bad if its name says that it should be a snapshot; but a folder in which there is "
               "no snapshot at all is bad. What a stream was imported into is held against what "
               "came. The exit status is 1 if anything is bad, otherwise 3 if "
               "anything could not be read.";
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
            const auto done =
                is_folder(path) ? check_folder(on, path) : check_file(on, path, asked::by_name);
            if (!done) {
                return std::unexpected(done.error());
            }
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

    // A bucket has no folders: what is no object is a prefix.
    [[nodiscard]] static bool is_folder(const std::string& path) {
        if (!names_bucket(path)) {
            std::error_code problem;
            return fs::status(path, problem).type() == fs::file_type::directory;
        }
        const auto name = file_name_of(path);
        if (folder_of(path) == "s3://" || !tintype::good_name(name)) {
            return true;
        }
        const auto place = open_store(folder_of(path));
        std::byte first{};
        const auto there =
            place ? place->read(name, 0, {&first, 1}) : tintype::result<std::size_t>{0};
        return !there && there.error().code == tintype::errc::not_found;
    }

    // Fails only where the work was stopped.
    [[nodiscard]] outcome<void> check_file(terminal& on, const std::string& path, asked how) {
        if (auto go_on = on.interrupted(path); !go_on) {
            return go_on;
        }
        const auto opened = open_and_recognise(path);
        if (!opened) {
            tell(on, path, {}, &opened.error());
            return {};
        }
        const auto& file = opened->file;
        const format* kind = opened->kind;
        if (kind == nullptr) {
            const auto name = fs::path{path}.filename().string();
            if (const format* expected = expected_in(name)) {
                // It is none, and that format says best why.
                const auto good = expected->verify(file->bytes(), {});
                const auto what =
                    good ? unrecognised(path, file->bytes()) : failed(path, good.error()).error();
                tell(on, path, {}, &what);
            } else if (how == asked::by_name) {
                const auto what = unrecognised(path, file->bytes());
                tell(on, path, {}, &what);
            } else if (json_) {
                unknown_.emplace_back(path);
            } else {
                on.print(fmt::format("{}  {}{}\n", on.dye(style::dim, "???"), visible(path),
                                     on.dye(style::dim, "  unknown format")));
            }
            return {};
        }
        const auto good = opened->verify({.watch = &on.watch(path)});
        if (!good) {
            const auto what = failed_data(path, good.error()).error();
            if (good.error().code == tintype::errc::cancelled) {
                return std::unexpected(what);
            }
            tell(on, path, {.format = kind->family(), .facts = std::string{kind->name()}}, &what);
            return {};
        }
        tell(on, path,
             {.format = kind->family(),
              .facts = file ? fmt::format("{}, {}", kind->name(), human_size(file->bytes().size()))
                            : std::string{kind->name()}},
             nullptr);
        return {};
    }

    using names = std::set<std::string, std::less<>>;

    [[nodiscard]] outcome<void> check_folder(terminal& on, const std::string& path) {
        const std::size_t before = told_;
        std::vector<std::string> files;
        std::vector<std::string> imports; // folders that somebody imported into
        if (names_bucket(path)) {
            find_objects(on, path, files);
        } else {
            find_files(on, path, files, imports);
        }
        std::ranges::sort(files);
        names imported;
        for (const std::string& folder : imports) {
            if (auto done = check_imported(on, folder, imported); !done) {
                return done;
            }
        }
        std::erase_if(files, [&](const std::string& each) { return imported.contains(each); });
        std::map<std::string, names> of_chains; // by folder, the files that its chain has
        for (const std::string& file : files) {
            const auto folder = fs::path{file}.parent_path().string();
            auto known = of_chains.find(folder);
            if (known == of_chains.end()) {
                auto seen = check_chain(on, folder);
                if (!seen) {
                    return pass(seen);
                }
                known = of_chains.emplace(folder, *std::move(seen)).first;
            }
            if (known->second.contains(file_name_of(file))) {
                continue;
            }
            if (auto done = check_file(on, file, asked::in_folder); !done) {
                return done;
            }
        }
        if (told_ == before) {
            const failure what{.how = status::bad_data,
                               .about = path,
                               .what = "there is no snapshot in this folder",
                               .code = tintype::errc::not_found};
            tell(on, path, {}, &what);
        }
        return {};
    }

    void find_files(terminal& on, const std::string& path, std::vector<std::string>& files,
                    std::vector<std::string>& imports) {
        std::error_code problem;
        fs::recursive_directory_iterator entry{path, problem};
        for (; !problem && entry != fs::end(entry); entry.increment(problem)) {
            std::error_code ignored; // opening it will say
            if (entry->is_regular_file(ignored) && !is_claim(*entry)) {
                files.push_back(entry->path().string());
            } else if (is_importers_own(entry->path().filename().string())) {
                imports.push_back(entry->path().parent_path().string());
                entry.disable_recursion_pending();
            }
        }
        if (problem) {
            const auto what = failed(
                path, tintype::detail::system_failure("readdir", path, problem.value()).error());
            tell(on, path, {}, &what.error());
        }
    }

    void find_objects(terminal& on, const std::string& path, std::vector<std::string>& files) {
        const auto place = open_store(path);
        const auto all = place ? place->names() : tintype::result<std::vector<std::string>>{};
        if (!all) {
            const auto what = failed(path, all.error());
            tell(on, path, {}, &what.error());
        } else if (!place) {
            tell(on, path, {}, &place.error());
        } else {
            std::ranges::transform(*all, std::back_inserter(files),
                                   [&](const std::string& name) { return joined(path, name); });
        }
    }

    // The files that an import left in a folder. The paths of those are added to `known`.
    [[nodiscard]] outcome<void> check_imported(terminal& on, const std::string& folder,
                                               names& known) {
        const auto seen = survey_imported(on, folder);
        if (!seen) {
            if (seen.error().code == tintype::errc::cancelled) {
                return std::unexpected(seen.error());
            }
            tell(on, seen.error().about, {}, &seen.error());
            return {};
        }
        if (seen->interrupted) {
            tell(on, folder, {}, &*seen->interrupted);
        }
        for (const imported_file& each : seen->files) {
            const auto path = joined(folder, each.name);
            tell(on, path, {.format = "chunk-stream", .id = seen->snapshot_id, .facts = each.facts},
                 each.what ? &*each.what : nullptr);
            known.insert(path);
        }
        return {};
    }

    // The empty file beside a log by which its writer keeps others out.
    [[nodiscard]] static bool is_claim(const fs::directory_entry& entry) {
        const auto name = entry.path().filename().string();
        std::error_code ignored;
        return name.starts_with('.') && name.ends_with(".lock") && entry.file_size(ignored) == 0;
    }

    // The chain in a folder, if there is one, oldest first. The files that it was about.
    [[nodiscard]] outcome<names> check_chain(terminal& on, const std::string& path) {
        const auto place = open_store(path);
        if (!place) {
            tell(on, path, {}, &place.error());
            return names{};
        }
        const auto chain = chain_in(*place);
        if (!chain) {
            tell(on, path, {}, &chain.error());
            return names{};
        }
        if (!*chain || !(*chain)->named) {
            return names{};
        }
        auto seen = survey_chain(on, *place, *open_chain(*place, (*chain)->kind, &on.watch(path)),
                                 look::all);
        if (!seen) {
            return pass(seen);
        }
        for (const auto* list : {&seen->snapshots, &seen->strays}) {
            for (const seen_snapshot& each : std::views::reverse(*list)) {
                tell_snapshot(on, path, each);
            }
        }
        return std::move(seen->files);
    }

    void tell_snapshot(terminal& on, const std::string& folder, const seen_snapshot& each) {
        const auto path = joined(folder, each.file);
        if (each.what) {
            failure what = *each.what;
            what.what = reason_of(each);
            tell(on, path,
                 {.format = each.format,
                  .id = each.id,
                  .facts = std::string{each.format},
                  .rests_on = each.rests_on},
                 &what);
            return;
        }
        const tintype::snapshot_info& info = *each.info;
        tell(on, path,
             {.format = each.format,
              .id = each.id,
              .facts = fmt::format("{}, {}, {}, {}{}", each.format, tintype::name_of(info.type),
                                   counted(info.records, "record"), human_size(info.data_size),
                                   info.hash.empty() ? ", no digests" : "")},
             nullptr);
    }

    // What is known of a file besides what is wrong with it.
    struct facts_of_file {
        std::string_view format{};   // as `inspect` calls it
        std::string_view id{};       // of the snapshot in a chain
        std::string facts{};         // for people
        std::string_view rests_on{}; // the damaged snapshot that is to blame
    };

    void tell(terminal& on, const std::string& path, const facts_of_file& of, const failure* what) {
        ++told_;
        const bool unread = what != nullptr && what->how != status::bad_data;
        bad_ += what != nullptr && !unread ? 1U : 0U;
        unread_ += unread ? 1U : 0U;
        if (json_) {
            json::object row{{"path", path},
                             {"format", of.format.empty() ? json::value{} : json::value{of.format}},
                             {"ok", what == nullptr}};
            if (!of.id.empty()) {
                row.emplace_back("id", of.id);
            }
            if (!of.rests_on.empty()) {
                row.emplace_back("rests_on", of.rests_on);
            }
            if (what != nullptr) {
                row.emplace_back("error", json::object{{"code", tintype::name_of(what->code)},
                                                       {"message", what->what}});
            }
            results_.emplace_back(std::move(row));
        } else if (what == nullptr) {
            on.print(fmt::format("{}   {}{}\n", on.dye(style::good, "ok"), visible(path),
                                 on.dye(style::dim, "  " + of.facts)));
        } else if (!unread) {
            on.print(fmt::format("{}  {}  {}{}\n", on.dye(style::bad, "BAD"), visible(path),
                                 of.facts.empty() ? "" : of.facts + ": ", visible(what->what)));
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
