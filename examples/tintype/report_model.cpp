// Gathering the facts: first what the folder's managers know, then each file that is none of
// theirs.

#include "report_model.hpp"

#include <tintype/chain/upkeep.hpp>

#include "chain_survey.hpp"
#include "chains.hpp"
#include "files.hpp"
#include "format.hpp"
#include "import_folder.hpp"
#include "report_logs.hpp"
#include "stream_formats.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <system_error>
#include <utility>

namespace tool::report {

namespace {

using tintype::errc;
using tintype::snapshot_info;

[[nodiscard]] fault fault_of(const failure& what) {
    return {.code = std::string{tintype::name_of(what.code)},
            .message = what.what,
            .unread = what.how != status::bad_data};
}

// Of damage: whatever a file lacks, its data is bad.
[[nodiscard]] fault fault_of(std::string_view about, const tintype::error& what) {
    return fault_of(failed_data(about, what).error());
}

[[nodiscard]] const json::value* member(const json::object& of, std::string_view name) {
    const auto found = std::ranges::find(of, name, &std::pair<std::string, json::value>::first);
    return found == of.end() ? nullptr : &found->second;
}

// The sections of a version, by name: size and digest.
using sections = std::map<std::string, std::pair<std::uint64_t, std::string>, std::less<>>;

[[nodiscard]] sections sections_of(const json::object& document) {
    sections all;
    const auto* rows = member(document, "sections");
    const auto* list = rows != nullptr ? rows->get<json::array>() : nullptr;
    if (list == nullptr) {
        return all;
    }
    for (const json::value& each : *list) {
        const auto* row = each.get<json::object>();
        const auto* name = row != nullptr ? member(*row, "name") : nullptr;
        const auto* size = row != nullptr ? member(*row, "size") : nullptr;
        const auto* digest = row != nullptr ? member(*row, "crc32") : nullptr;
        if (name != nullptr && size != nullptr && digest != nullptr &&
            size->get<std::uint64_t>() != nullptr) {
            all[*name->get<std::string>()] = {*size->get<std::uint64_t>(),
                                              *digest->get<std::string>()};
        }
    }
    return all;
}

class gatherer {
public:
    gatherer(terminal& on, const question& about, const store& place)
        : on_(on), about_(about), place_(place) {
        found_.folder = about.folder;
        found_.now = about.now;
    }

    [[nodiscard]] outcome<folder_facts> run() {
        auto listed = place_.list();
        if (!listed) {
            return failed(about_.folder, listed.error());
        }
        add_unlisted(*listed);
        std::erase_if(*listed, [&](const tintype::object_info& each) {
            return each.name == about_.except || is_claim(each);
        });
        std::ranges::sort(*listed, {}, &tintype::object_info::name);
        for (const auto step :
             {&gatherer::look_at_versions, &gatherer::look_at_chain, &gatherer::look_at_imports}) {
            if (auto done = (this->*step)(); !done) {
                return pass(done);
            }
        }
        plan();
        for (const tintype::object_info& each : *listed) {
            if (auto done = look_at_file(each); !done) {
                return pass(done);
            }
        }
        return std::move(found_);
    }

private:
    // Files whose names no storage gives to an object, and somebody else did.
    void add_unlisted(std::vector<tintype::object_info>& to) const {
        if (names_bucket(about_.folder)) {
            return;
        }
        std::set<std::string, std::less<>> known;
        for (const tintype::object_info& each : to) {
            known.insert(each.name);
        }
        std::error_code problem;
        std::filesystem::directory_iterator entry{about_.folder, problem};
        for (; !problem && entry != std::filesystem::end(entry); entry.increment(problem)) {
            std::error_code ignored; // of what has gone meanwhile
            auto name = entry->path().filename().string();
            if (entry->is_regular_file(ignored) && !known.contains(name)) {
                const auto time = entry->last_write_time(ignored);
                to.push_back({.name = std::move(name),
                              .size = entry->file_size(ignored),
                              .modified = std::chrono::time_point_cast<std::chrono::nanoseconds>(
                                  std::chrono::file_clock::to_sys(time))});
            }
        }
    }

    // The empty file beside a log by which its writer keeps others out.
    [[nodiscard]] static bool is_claim(const tintype::object_info& each) {
        return each.name.starts_with('.') && each.name.ends_with(".lock") && each.size == 0;
    }

    [[nodiscard]] std::string path_of(std::string_view name) const {
        return joined(about_.folder, name);
    }

    void blame(std::string file, std::string format, const fault& what, std::string id = {},
               bool rests = false) {
        found_.damage.push_back({.file = std::move(file),
                                 .format = std::move(format),
                                 .id = std::move(id),
                                 .what = what,
                                 .rests = rests});
    }

    [[nodiscard]] outcome<void> look_at_versions() {
        const auto folder =
            open_versions(place_, tintype::keep_all{}, on_.watch(about_.folder), purpose::look);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        auto listed = folder->list();
        if (!listed) {
            return failed(about_.folder, listed.error());
        }
        catalog_ = *std::move(listed);
        if (catalog_.empty()) {
            return {};
        }
        const auto checked = folder->verify({.watch = &on_.watch(about_.folder)});
        if (!checked) {
            return failed(about_.folder, checked.error());
        }
        std::map<std::uint64_t, tintype::error> bad;
        for (const tintype::damaged& each : checked->bad) {
            bad.emplace(each.version, each.what);
        }
        std::ranges::sort(catalog_, {}, &tintype::catalog_entry::version);
        sections before;
        for (const tintype::catalog_entry& each : catalog_) {
            version_row row{.version = each.version,
                            .file = snapshot_names::name(each.version),
                            .size = each.size,
                            .time = each.time,
                            .pinned = each.pinned};
            auto now = look_into(row);
            if (!now) {
                return pass(now);
            }
            if (const auto problem = bad.find(each.version); problem != bad.end()) {
                row.bad = fault_of(row.file, problem->second);
                blame(row.file, row.format, *row.bad);
            } else {
                for (const auto& [name, what] : *now) {
                    const auto was = before.find(name);
                    row.unchanged += was != before.end() && was->second == what ? what.first : 0;
                }
                before = *std::move(now);
            }
            parts_.emplace(row.file, "version " + std::to_string(row.version));
            formats_.emplace(row.file, row.format);
            found_.versions.push_back(std::move(row));
        }
        return {};
    }

    // Its sections. Nothing of a file that was pruned meanwhile.
    [[nodiscard]] outcome<sections> look_into(version_row& row) {
        const auto object = place_.open(row.file);
        const format* kind = object ? recognised(object->bytes()) : nullptr;
        if (kind == nullptr) {
            return sections{};
        }
        row.format = kind->name();
        const auto seen = kind->inspect(object->bytes(), {.watch = &on_.watch(path_of(row.file))});
        if (!seen) {
            return failed(path_of(row.file), seen.error());
        }
        return sections_of(seen->document);
    }

    [[nodiscard]] outcome<void> look_at_chain() {
        const auto chain = chain_in(place_);
        if (!chain) {
            return std::unexpected(chain.error());
        }
        if (!*chain || !(*chain)->named) {
            return {};
        }
        const auto kind = (*chain)->kind;
        const auto seen = survey_chain(
            on_, place_, *open_chain(place_, kind, &on_.watch(about_.folder)), look::all);
        if (!seen) {
            return std::unexpected(seen.error());
        }
        chain_facts& facts = found_.chain.emplace();
        facts.dakera = kind == chain_kind::dakera;
        for (const seen_snapshot& each : seen->snapshots) {
            facts.snapshots.push_back(row_of(each));
        }
        for (const seen_snapshot& each : seen->strays) {
            facts.strays.push_back(row_of(each));
        }
        for (const auto& file : seen->files) {
            parts_.emplace(file, "chain");
            formats_.emplace(file, file.ends_with(manifest_suffix) ? manifest_format(kind)
                                                                   : data_format(kind));
        }
        measure(facts);
        return {};
    }

    [[nodiscard]] snapshot_row row_of(const seen_snapshot& seen) {
        snapshot_row row{
            .id = seen.id, .file = seen.file, .info = seen.info, .rests_on = seen.rests_on};
        if (seen.what) {
            row.bad = fault_of(*seen.what);
            row.bad->message = reason_of(seen);
            blame(seen.file, std::string{seen.format}, *row.bad, seen.id, !seen.rests_on.empty());
        }
        return row;
    }

    // What each takes to be restored, and would take by itself: of a part, its records times what
    // one of them took in the last piece that had any. Where a format counts no records by part, a
    // snapshot is at least as large as the one that it was taken on.
    static void measure(chain_facts& facts) {
        struct part {
            double each = 0; // bytes of one record
            std::uint64_t records = 0;
        };

        struct sum {
            std::size_t links = 0;
            std::uint64_t reads = 0;
            std::uint64_t whole = 0;
            std::map<std::string, part> parts;
        };

        std::map<std::string_view, const snapshot_row*> rows;
        for (const snapshot_row& each : facts.snapshots) {
            rows.emplace(each.id, &each);
        }
        std::map<std::string_view, sum> known;
        for (snapshot_row& each : facts.snapshots) {
            // From the first one that is not known yet to this one; cycles end at themselves.
            std::vector<const snapshot_row*> path;
            std::set<std::string_view> met;
            for (const snapshot_row* at = &each; at != nullptr && at->info;) {
                if (known.contains(at->id) || !met.insert(at->id).second) {
                    break;
                }
                path.push_back(at);
                const auto& parent = at->info->parent_id;
                const auto next = parent ? rows.find(*parent) : rows.end();
                at = next == rows.end() ? nullptr : next->second;
            }
            for (const snapshot_row* at : std::views::reverse(path)) {
                const snapshot_info& info = *at->info;
                const auto base = info.parent_id ? known.find(*info.parent_id) : known.end();
                sum now = base == known.end() ? sum{} : base->second;
                ++now.links;
                now.reads += info.data_size;
                bool counted = false;
                double delta = 0;
                for (const tintype::piece_info& piece : info.pieces) {
                    counted = counted || piece.total != 0;
                    part& of = now.parts[piece.name];
                    delta -= of.each * static_cast<double>(of.records);
                    if (piece.records != 0 && piece.size != 0) {
                        of.each =
                            static_cast<double>(piece.size) / static_cast<double>(piece.records);
                    }
                    of.records = piece.kind == tintype::piece_kind::dropped ? 0 : piece.total;
                    delta += of.each * static_cast<double>(of.records);
                }
                if (info.type == tintype::snapshot_kind::full) {
                    now.whole = info.data_size;
                } else if (counted) {
                    now.whole = static_cast<std::uint64_t>(
                        std::clamp(static_cast<double>(now.whole) + delta,
                                   static_cast<double>(info.data_size), 9e18));
                } else {
                    now.whole = std::max(now.whole, info.data_size);
                }
                known.insert_or_assign(at->id, std::move(now));
            }
            if (const auto at = known.find(each.id); at != known.end()) {
                each.links = at->second.links;
                each.reads = at->second.reads;
                each.as_whole = at->second.whole;
            }
        }
    }

    [[nodiscard]] outcome<void> look_at_imports() {
        if (names_bucket(about_.folder)) {
            return {};
        }
        std::error_code problem;
        std::filesystem::directory_iterator entry{about_.folder, problem};
        bool imported = false;
        for (; !problem && entry != std::filesystem::end(entry); entry.increment(problem)) {
            std::error_code ignored;
            const auto name = entry->path().filename().string();
            if (entry->is_directory(ignored)) {
                imported = imported || is_importers_own(name);
                if (!is_importers_own(name)) {
                    found_.folders.push_back(name);
                }
            }
        }
        std::ranges::sort(found_.folders);
        return imported ? add_imported() : outcome<void>{};
    }

    [[nodiscard]] outcome<void> add_imported() {
        const auto seen = survey_imported(on_, about_.folder);
        import_facts& facts = found_.imported.emplace();
        if (!seen) {
            if (seen.error().code == errc::cancelled) {
                return std::unexpected(seen.error());
            }
            facts.interrupted = fault_of(seen.error());
            blame(file_name_of(seen.error().about), "chunk-stream", *facts.interrupted);
            return {};
        }
        facts.snapshot_id = seen->snapshot_id;
        if (seen->interrupted) {
            facts.interrupted = fault_of(*seen->interrupted);
            blame(".", "chunk-stream", *facts.interrupted);
        }
        for (const imported_file& each : seen->files) {
            imported_row row{.name = each.name, .facts = each.facts};
            if (each.what) {
                row.bad = fault_of(*each.what);
                blame(each.name, "chunk-stream", *row.bad);
            }
            parts_.emplace(each.name, "imported");
            facts.files.push_back(std::move(row));
        }
        return {};
    }

    void plan() {
        using tintype::keep_daily;
        using tintype::keep_last;
        using tintype::keep_weekly;
        if (found_.versions.empty() && (!found_.chain || found_.chain->snapshots.empty())) {
            return;
        }
        if (about_.rules) {
            plan_by(*about_.rules, about_.rules_text, true);
            return;
        }
        plan_by(rule_policy{keep_last{3}, {}, {}, {}, {}, {}, {}}, "--keep-last 3", false);
        plan_by(rule_policy{keep_last{1}, {}, keep_daily{7}, keep_weekly{4}, {}, {}, {}},
                "--keep-last 1 --keep-daily 7 --keep-weekly 4", false);
    }

    void plan_by(const rule_policy& policy, std::string_view text, bool given) {
        const bool both = !found_.versions.empty() && found_.chain.has_value();
        retention_plan base{.rules = std::string{text}, .given = given};
        if (both) {
            base.refused =
                "the folder holds versions and a chain, and `prune` cannot tell which of "
                "them is meant: give each a folder of its own";
        }
        if (!found_.versions.empty()) {
            found_.plans.push_back(of_versions(policy, base));
        }
        if (found_.chain && !found_.chain->snapshots.empty()) {
            found_.plans.push_back(of_chain(policy, std::move(base)));
        }
    }

    [[nodiscard]] retention_plan of_versions(const rule_policy& policy, retention_plan plan) const {
        auto decisions = tintype::plan(policy, catalog_, about_.now);
        if (!std::ranges::all_of(decisions, &tintype::decision::keep)) {
            const auto whole = std::ranges::find_if(decisions, [&](const auto& each) {
                const auto row =
                    std::ranges::find(found_.versions, each.entry.version, &version_row::version);
                return row != found_.versions.end() && !row->bad;
            });
            if (whole != decisions.end() && !whole->keep) {
                whole->keep = true;
                whole->reason = "the newest that is whole";
            }
        }
        for (const tintype::decision& each : decisions) {
            plan.decisions.push_back({.name = std::to_string(each.entry.version),
                                      .size = each.entry.size,
                                      .time = each.entry.time,
                                      .keep = each.keep,
                                      .reason = each.reason});
        }
        return plan;
    }

    [[nodiscard]] retention_plan of_chain(const rule_policy& policy, retention_plan plan) const {
        plan.of_chain = true;
        std::vector<snapshot_info> infos;
        const snapshot_row* unread = nullptr;
        const snapshot_row* whole = nullptr;
        for (const snapshot_row& each : found_.chain->snapshots) {
            if (!each.info) {
                unread = unread == nullptr ? &each : unread;
                continue;
            }
            infos.push_back(*each.info);
            whole = whole == nullptr && !each.bad ? &each : whole;
            if (const auto known = known_digests(*each.info); !known && plan.refused.empty()) {
                plan.refused = explained(each.id, known.error());
            }
        }
        auto decisions = tintype::decide(policy, std::move(infos), about_.now);
        if (!std::ranges::all_of(decisions, &tintype::chain_decision::keep)) {
            if (unread != nullptr && plan.refused.empty()) {
                plan.refused = unread->id + ".meta cannot be read, and nothing is removed while it "
                                            "is not known which snapshots it needs";
            }
            if (whole != nullptr) {
                tintype::keep_with_parents(decisions, whole->id, "the newest that is whole");
            }
        }
        for (const tintype::chain_decision& each : decisions) {
            plan.decisions.push_back({.name = each.info.id,
                                      .size = each.info.data_size,
                                      .time = time_of(each.info),
                                      .keep = each.keep,
                                      .reason = each.reason});
        }
        return plan;
    }

    [[nodiscard]] outcome<void> look_at_file(const tintype::object_info& listed) {
        const auto path = path_of(listed.name);
        if (auto go_on = on_.interrupted(path); !go_on) {
            return go_on;
        }
        file_row row{.name = listed.name, .size = listed.size, .time = listed.modified};
        if (const auto part = parts_.find(listed.name); part != parts_.end()) {
            row.part = part->second;
            const auto known = formats_.find(listed.name);
            row.format = known == formats_.end() ? std::string{} : std::string{known->second};
            for (const damage_row& each : found_.damage) {
                if (each.file == listed.name) {
                    row.bad = each.what;
                }
            }
        } else if (auto done = look_into(path, row); !done) {
            return done;
        }
        found_.files.push_back(std::move(row));
        return {};
    }

    // A file that belongs to nothing else.
    [[nodiscard]] outcome<void> look_into(const std::string& path, file_row& row) {
        const auto opened = open_and_recognise(path);
        if (!opened) {
            row.bad = fault_of(opened.error());
            blame(row.name, {}, *row.bad);
            return {};
        }
        if (opened->kind == nullptr) {
            if (const format* expected = expected_in(row.name); expected && opened->file) {
                const auto good = expected->verify(opened->file->bytes(), {});
                row.bad = good ? fault_of(unrecognised(path, opened->file->bytes()))
                               : fault_of(row.name, good.error());
                blame(row.name, {}, *row.bad);
            }
            return {};
        }
        row.format = opened->kind->name();
        const tintype::monitor& watch = on_.watch(path);
        auto seen = opened->inspect({.watch = &watch});
        if (!seen) {
            return failed(path, seen.error());
        }
        if (seen->damage) {
            row.bad = fault_of(row.name, *seen->damage);
            blame(row.name, row.format, *row.bad);
        }
        if (!opened->file) {
            row.document = std::move(seen->document);
            return {};
        }
        const auto bytes = opened->file->bytes();
        if (opened->kind->family() == "delta-store") {
            history_facts facts{.file = row.name, .document = std::move(seen->document)};
            if (const auto done = add_history(facts, bytes, watch); !done) {
                return failed(path, done.error());
            }
            found_.histories.push_back(std::move(facts));
            return {};
        }
        session_facts sessions{.file = row.name, .format = row.format};
        const auto has = add_sessions(sessions, *opened->kind, bytes, watch);
        if (!has) {
            return failed(path, has.error());
        }
        if (*has) {
            found_.sessions.push_back(std::move(sessions));
            return {};
        }
        if (const auto* kind = member(seen->document, "format");
            kind != nullptr && kind->get<std::string>() != nullptr &&
            *kind->get<std::string>() == "chunk-stream") {
            found_.streams.push_back({.file = row.name, .document = std::move(seen->document)});
            return {};
        }
        row.document = std::move(seen->document);
        return {};
    }

    terminal& on_;
    const question& about_;
    const store& place_;
    folder_facts found_;
    std::vector<tintype::catalog_entry> catalog_;
    std::map<std::string, std::string, std::less<>> parts_; // what a file belongs to
    std::map<std::string, std::string, std::less<>> formats_;
};

} // namespace

outcome<folder_facts> gather(terminal& on, const question& about) {
    const auto place = require_store(about.folder);
    if (!place) {
        return std::unexpected(place.error());
    }
    return gatherer{on, about, *place}.run();
}

} // namespace tool::report
