#pragma once

// A folder's files change hands on a simulated disk. After every call that changed something, each
// state that a power cut could leave is opened again, with power cuts at every call of that, too,
// and so on; wherever that ends, the files are all the new ones or all the old ones.

#include <tintype/core/message.hpp>
#include <tintype/stream/staging.hpp>

#include "intercepted.hpp"
#include "power_cut.hpp"
#include "session.hpp"
#include "simulated_filesystem.hpp"
#include "support/bytes.hpp"

#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tests {

inline const std::string switch_path = "/switched";

// So that a journal has a few sectors and not many.
inline constexpr std::size_t switch_sector = 128;

using folder_files = std::map<std::string, tintype::blob>;

// What a folder holds, and what is to take its place.
struct switch_case {
    folder_files old_files{};
    tintype::stream_metadata what{};
    std::vector<tintype::blob> contents{}; // of its files

    void add(const std::string& name, tintype::file_kind kind, tintype::blob bytes) {
        what.files.push_back({name, kind, bytes.size(), {}});
        what.total_size += bytes.size();
        contents.push_back(std::move(bytes));
    }

    [[nodiscard]] folder_files new_files() const {
        folder_files all = old_files;
        for (const auto& each : what.files) {
            if (each.file_type == tintype::file_kind::sqlite_db) {
                for (const char* suffix : {"-wal", "-shm", "-journal"}) {
                    all.erase(each.file_name + suffix);
                }
            }
        }
        for (std::size_t i = 0; i != contents.size(); ++i) {
            all[what.files[i].file_name] = contents[i];
        }
        return all;
    }
};

// A database with an old log and one index, as an exporter names them.
[[nodiscard]] inline switch_case two_files(std::uint64_t seed = 1) {
    switch_case made;
    made.old_files = {{"database.db", noise(150, 10)},
                      {"database.db-wal", noise(5, 11)},
                      {"index_0.idx", noise(80, 12)},
                      {"other.txt", noise(3, 13)}};
    made.what.snapshot_id = "snap_" + std::to_string(seed);
    made.what.version = tintype::stream_metadata::newest;
    made.add("database.db", tintype::file_kind::sqlite_db, noise(160, 20 + seed));
    made.add("index_0.idx", tintype::file_kind::hnsw_index, noise(60, 30 + seed));
    return made;
}

// The stream brings a log of its own, a file that was not there, and an empty one.
[[nodiscard]] inline switch_case four_files() {
    switch_case made;
    made.old_files = {{"database.db", noise(6, 10)},     {"database.db-wal", noise(5, 11)},
                      {"database.db-shm", noise(4, 14)}, {"database.db-journal", noise(4, 15)},
                      {"index_0.idx", noise(80, 12)},    {"index_0.idx-wal", noise(2, 16)}};
    made.what.snapshot_id = "four";
    made.what.version = tintype::stream_metadata::newest;
    made.add("database.db", tintype::file_kind::sqlite_db, noise(140, 20));
    made.add("database.db-wal", tintype::file_kind::wal, noise(8, 21));
    made.add("index_0.idx", tintype::file_kind::hnsw_index, {});
    made.add("index_1.idx", tintype::file_kind::hnsw_index, noise(3, 23));
    return made;
}

template <class F>
[[nodiscard]] folder_files files_in(const F& fs, typename F::folder& folder) {
    folder_files all;
    auto names = fs.names(folder);
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
        auto file = fs.open(folder, name);
        auto& bytes = all[name];
        if (file) {
            bytes.resize(static_cast<std::size_t>(fs.size(*file).value_or(0)));
            static_cast<void>(fs.read(*file, 0, bytes));
        }
    }
    return all;
}

template <class F>
[[nodiscard]] folder_files files_at(const F& fs, const std::string& path) {
    auto folder = fs.open_folder(path);
    return folder ? files_in(fs, *folder) : folder_files{};
}

template <class F>
void put_file(const F& fs, typename F::folder& in, const std::string& name,
              tintype::byte_view bytes) {
    auto made = fs.create(in, name);
    if (made) {
        while (!bytes.empty()) {
            bytes = bytes.subspan(fs.write(*made, std::span{&bytes, 1}).value_or(bytes.size()));
        }
        static_cast<void>(fs.sync(*made));
    }
}

enum class side : std::uint8_t { old_one, new_one, wrong };

// Which files a folder that was opened holds; `wrong` is complained of.
template <class F>
[[nodiscard]] side side_of(const switch_case& of, const F& fs, const std::string& path,
                           const std::optional<tintype::stream_metadata>& restored,
                           std::string& complaint) {
    const auto files = files_at(fs, path);
    const bool is_new = files == of.new_files();
    if (!is_new && files != of.old_files) {
        complaint = "neither the old files nor the new ones:";
        for (const auto& [name, bytes] : files) {
            complaint += " " + name + " of " + std::to_string(bytes.size());
        }
        return side::wrong;
    }
    for (const auto& [name, bytes] : files_at(fs, path + "/.tintype-import")) {
        if (name != "lock" && name != "restored") {
            complaint = name + " stayed";
            return side::wrong;
        }
    }
    if (is_new != (restored && restored->snapshot_id == of.what.snapshot_id)) {
        complaint = is_new ? "new files of which nobody knows" : "a snapshot that is not there";
        return side::wrong;
    }
    return is_new ? side::new_one : side::old_one;
}

// A simulated disk's folder, and the private one beneath, by path.
[[nodiscard]] inline std::shared_ptr<simulated_folder> switch_root(const simulated_filesystem& of) {
    const auto at = of.disk().folders.find(switch_path);
    return at == of.disk().folders.end() ? nullptr : at->second;
}

inline void show_private_folder(const simulated_filesystem& of) {
    if (const auto root = switch_root(of)) {
        const auto at = root->visible.find(".tintype-import");
        if (at != root->visible.end() && at->second->folder) {
            of.disk().folders[switch_path + "/.tintype-import"] = at->second->folder;
        }
    }
}

// What the protocol may leave out, to be caught.
enum class mutation : std::uint8_t {
    none,
    parts_not_synced,
    journal_not_synced,
    copies_not_synced,
    private_name_not_synced,
    part_names_not_synced,
    journal_name_not_synced,
    target_not_synced,
    note_not_synced,
    believed_at_once, // what the process before left visible, to be durable
    moved_not_linked,
    companions_left,
};

// Not a template over its mutations: each would be another importer to compile.
class mutated_filesystem : public intercepted<simulated_filesystem> {
    using base = intercepted<simulated_filesystem>;

public:
    explicit mutated_filesystem(
        const simulated_filesystem& disk,
        std::shared_ptr<interception> hooks = std::make_shared<interception>(),
        mutation how = mutation::none)
        : base(disk, std::move(hooks)), how_(how) {}

    [[nodiscard]] tintype::result<folder> open_folder(const std::string& path) const {
        last_->folder = mutation::none;
        return base::open_folder(path);
    }

    [[nodiscard]] tintype::result<file> create(folder& in, const std::string& name) const {
        last_->file = name == "journal.new"           ? mutation::journal_not_synced
                      : name.starts_with("part-")     ? mutation::parts_not_synced
                      : name.starts_with(".tintype-") ? mutation::copies_not_synced
                                                      : mutation::none;
        if (name.starts_with("part-")) {
            last_->folder = mutation::part_names_not_synced;
        }
        return base::create(in, name);
    }

    [[nodiscard]] tintype::result<void> make_folder_in(folder& in, const std::string& name) const {
        last_->folder = mutation::private_name_not_synced;
        return base::make_folder_in(in, name);
    }

    [[nodiscard]] tintype::result<file> try_lock(folder& in, const std::string& name) const {
        last_->folder = mutation::believed_at_once;
        return base::try_lock(in, name);
    }

    [[nodiscard]] tintype::result<void> rename_over(folder& in, const std::string& from,
                                                    const std::string& to) const {
        last_->folder = to == "journal"    ? mutation::journal_name_not_synced
                        : to == "restored" ? mutation::note_not_synced
                                           : mutation::target_not_synced;
        return base::rename_over(in, from, to);
    }

    [[nodiscard]] tintype::result<void> link_new(folder& from, const std::string& name, folder& to,
                                                 const std::string& other) const {
        auto done = base::link_new(from, name, to, other);
        return done && how_ == mutation::moved_not_linked ? base::remove(from, name) : done;
    }

    [[nodiscard]] tintype::result<void> remove(folder& in, const std::string& name) const {
        const bool left = how_ == mutation::companions_left && name.ends_with("-wal");
        return left ? tintype::result<void>{} : base::remove(in, name);
    }

    [[nodiscard]] tintype::result<void> sync(file& of) const {
        return skipped(last_->file) ? tintype::result<void>{} : base::sync(of);
    }

    [[nodiscard]] tintype::result<void> sync_folder(folder& of) const {
        const bool skips = skipped(std::exchange(last_->folder, mutation::none));
        return skips ? tintype::result<void>{} : base::sync_folder(of);
    }

private:
    // What the next sync is about, as the calls before it tell.
    struct subjects {
        mutation file = mutation::none;
        mutation folder = mutation::none;
    };

    [[nodiscard]] bool skipped(mutation about) const noexcept {
        return how_ != mutation::none && about == how_;
    }

    mutation how_;
    std::shared_ptr<subjects> last_ = std::make_shared<subjects>();
};

using switch_staging = tintype::staging<mutated_filesystem>;

// What becomes of each state, each once, over as many power cuts as it takes.
class switch_outcomes {
public:
    switch_outcomes(const switch_case& of, tally& seen, std::size_t sector, bool links,
                    mutation how)
        : of_(of), seen_(seen), sector_(sector), links_(links), how_(how) {}

    [[nodiscard]] side of(const power_cut_state& state) {
        auto& journalled = seen_.states.try_emplace(state.key(), false).first->second;
        journalled = journalled || state.journalled();
        const auto known = known_.find(state.key());
        if (known != known_.end()) {
            return known->second;
        }
        seen_.checked.insert(state.key());
        const side first = opened(fresh(state), state.journalled());
        known_.emplace(state.key(), first);
        if (first != side::wrong) {
            to_cut_again_.emplace_back(fresh(state), first);
        }
        return first;
    }

    // A mutant that did wrong is known, and need not be looked at any more.
    [[nodiscard]] bool caught() const { return how_ != mutation::none && seen_.violations != 0; }

    // Follows what was asked for through the power cuts after it.
    void finish() {
        while (!to_cut_again_.empty() && !caught()) {
            const auto [disk, wanted] = std::move(to_cut_again_.back());
            to_cut_again_.pop_back();
            cut_again(disk, wanted);
        }
    }

private:
    [[nodiscard]] simulated_filesystem fresh(const power_cut_state& state) const {
        auto disk = state.disk(switch_path, false);
        disk.disk().options.links = links_;
        disk.disk().options.sector = sector_;
        return disk;
    }

    [[nodiscard]] side opened(const simulated_filesystem& disk, bool journalled) {
        std::string wrong;
        side found = side::wrong;
        {
            auto staging = switch_staging::open(switch_path, {}, mutated_filesystem{disk});
            if (!staging) {
                wrong = "open: " + tintype::message(staging.error());
            } else {
                const auto restored = staging->restored();
                show_private_folder(disk);
                found = side_of(of_, disk, switch_path, restored.value_or(std::nullopt), wrong);
                if (!staging->create()) {
                    wrong = "nothing can be staged";
                    found = side::wrong;
                }
            }
        }
        if (found == side::wrong) {
            seen_.complain(std::move(wrong), journalled);
        }
        return found;
    }

    // Opening it leads there, whatever call of that the power fails at.
    void cut_again(const simulated_filesystem& disk, side wanted) {
        auto hooks = std::make_shared<interception>();
        std::uint64_t looked = 0;
        hooks->after = [&](const call&, bool) {
            if (std::exchange(looked, disk.disk().revision) == disk.disk().revision) {
                return;
            }
            for_each_power_cut(*switch_root(disk), sector_, [&](const power_cut_state& next) {
                const side found = of(next);
                if (found != wanted && found != side::wrong) {
                    seen_.complain("a second power cut changes which files count",
                                   next.journalled());
                }
            });
        };
        static_cast<void>(switch_staging::open(switch_path, {}, mutated_filesystem{disk, hooks}));
    }

    const switch_case& of_;
    tally& seen_;
    std::size_t sector_;
    bool links_;
    mutation how_;
    std::unordered_map<std::uint64_t, side> known_{};
    std::vector<std::pair<simulated_filesystem, side>> to_cut_again_{};
};

// One importer at work.
class switch_session {
public:
    switch_session(tally& seen, switch_case of, mutation how = mutation::none,
                   simulated_options options = {})

        : of_(std::move(of)), disk_(with_sector(options)), hooks_(std::make_shared<interception>()),
          filesystem_(disk_, hooks_, how), seen_(seen),
          outcomes_(of_, seen, switch_sector, options.links, how) {
        static_cast<void>(disk_.make_folder(switch_path));
        auto folder = disk_.open_folder(switch_path);
        for (const auto& [name, bytes] : of_.old_files) {
            put_file(disk_, *folder, name, bytes);
        }
        static_cast<void>(disk_.sync_folder(*folder));
        hooks_->before = [this](call& what) {
            ++calls;
            return refuse ? refuse(what) : tintype::result<void>{};
        };
        hooks_->after = [this](const call&, bool) { look(); };
    }

    switch_session(const switch_session&) = delete;
    switch_session& operator=(const switch_session&) = delete;

    std::size_t calls = 0;
    // Calls for which it gives an error are not made.
    std::function<tintype::result<void>(call&)> refuse{};
    bool looks = true;

    [[nodiscard]] const switch_case& what() const noexcept { return of_; }

    [[nodiscard]] const simulated_filesystem& disk() const noexcept { return disk_; }

    [[nodiscard]] tintype::switch_state state() const noexcept { return state_; }

    // Stages what is given, in two writes a file, the later half first, and switches.
    tintype::result<void> import(bool sync_early = false) {
        auto opened = switch_staging::open(switch_path, {}, filesystem_);
        if (!opened) {
            return tintype::pass(opened);
        }
        std::vector<switch_staging::part> parts;
        for (const tintype::blob& content : of_.contents) {
            auto part = opened->create();
            if (!part) {
                return tintype::pass(part);
            }
            const tintype::byte_view bytes{content};
            const std::size_t half = bytes.size() / 2;
            auto done = opened->write_at(*part, half, bytes.subspan(half));
            if (done) {
                done = opened->write_at(*part, 0, bytes.first(half));
            }
            if (done && sync_early) {
                done = opened->sync(*part);
            }
            if (!done) {
                return done;
            }
            parts.push_back(*std::move(part));
        }
        may_be_new_ = true;
        auto done = opened->commit(of_.what, parts);
        state_ = opened->state();
        may_be_old_ = !done;
        look_again();
        return done;
    }

    // As the next process finds the folder.
    tintype::result<void> open_again() {
        may_be_new_ = may_be_old_ = true;
        auto opened = switch_staging::open(switch_path, {}, filesystem_);
        if (!opened) {
            return tintype::pass(opened);
        }
        std::string wrong;
        show_private_folder(disk_);
        const side now =
            side_of(of_, disk_, switch_path, opened->restored().value_or(std::nullopt), wrong);
        if (now == side::wrong) {
            seen_.complain(std::move(wrong), true);
        }
        may_be_new_ = now == side::new_one;
        may_be_old_ = now == side::old_one;
        look_again();
        return {};
    }

    [[nodiscard]] bool is_new() const { return may_be_new_ && !may_be_old_; }

    [[nodiscard]] bool is_old() const { return may_be_old_ && !may_be_new_; }

private:
    [[nodiscard]] static simulated_options with_sector(simulated_options options) {
        options.sector = switch_sector;
        return options;
    }

    void look_again() {
        looked_ = 0;
        look();
    }

    void look() {
        const auto root = switch_root(disk_);
        if (!looks || outcomes_.caught() ||
            std::exchange(looked_, disk_.disk().revision) == disk_.disk().revision) {
            return;
        }
        for_each_power_cut(*root, disk_.disk().options.sector, [&](const power_cut_state& state) {
            if (outcomes_.caught()) {
                return;
            }
            const side found = outcomes_.of(state);
            if ((found == side::old_one && !may_be_old_) ||
                (found == side::new_one && !may_be_new_)) {
                seen_.complain(found == side::old_one ? "the new files are gone again"
                                                      : "new files that nobody asked for",
                               state.journalled());
            }
        });
        outcomes_.finish();
    }

    switch_case of_;
    simulated_filesystem disk_;
    std::shared_ptr<interception> hooks_;
    mutated_filesystem filesystem_;
    tally& seen_;
    switch_outcomes outcomes_;
    tintype::switch_state state_ = tintype::switch_state::old_files;
    bool may_be_old_ = true;
    bool may_be_new_ = false;
    std::uint64_t looked_ = 0;
};

// From the so manieth call on, counted from 1, none is made: the process is gone.
inline auto gone_from(std::size_t& calls, std::size_t nth) {
    return [&calls, nth](call&) -> tintype::result<void> {
        if (calls < nth) {
            return {};
        }
        return tintype::fail({.code = tintype::errc::io, .system = EIO});
    };
}

} // namespace tests
