#pragma once

// Every state of a folder, and of those in it, that a power cut could leave behind. Of each file,
// sectors not yet synced survive in any subset, and the file may end at any of them; where a file
// was cut off and written again, or written to in its middle, since its last sync, each sector
// holds any of the contents that it had. Of the names changed since their folder was last synced,
// each survives at any value that it had since then (POSIX promises no more); the states of a file
// system with a journal, which keeps the order of operations in a folder, are marked among them.

#include <tintype/core/bytes.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/storage/staged_file.hpp>

#include "simulated_filesystem.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

[[nodiscard]] inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
    return tintype::splitmix64{tintype::splitmix64{a}() ^ b}();
}

[[nodiscard]] inline std::uint64_t fingerprint(tintype::byte_view bytes) noexcept {
    std::uint64_t all = bytes.size();
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const auto some = std::min(sizeof word, bytes.size());
        std::memcpy(&word, bytes.data(), some);
        all = mixed(all, word);
        bytes = bytes.subspan(some);
    }
    return all;
}

// What may survive of one file, numbered from 0. Number 0 is what was synced and no more; those of
// a file that ends after n unsynced sectors are 2^n - 1 and up, one for each subset of the n.
class file_survivors {
public:
    file_survivors(simulated_inode_ref inode, std::size_t sector)
        : inode_(std::move(inode)), sector_(sector), first_(inode_->durable / sector) {
        if (!inode_->longer.empty()) {
            enumerate();
            return;
        }
        const tintype::byte_view bytes{inode_->bytes};
        for (std::size_t i = 0; i != first_; ++i) {
            synced_ += mixed(i, fingerprint(bytes.subspan(i * sector, sector)));
        }
        const auto rest = bytes.subspan(first_ * sector, inode_->durable - first_ * sector);
        only_synced_ = synced_ + mixed(first_, fingerprint(rest));
        if (inode_->durable != bytes.size()) {
            for (std::size_t i = first_; i * sector < bytes.size(); ++i) {
                tintype::blob content = sector_of(i);
                kept_.push_back(mixed(i, fingerprint(content)));
                erase_unsynced(content, i);
                missing_.push_back(mixed(i, fingerprint(content)));
            }
        }
    }

    [[nodiscard]] std::uint64_t count() const noexcept {
        if (!rewritten_.empty()) {
            return rewritten_.size();
        }
        return (std::uint64_t{2} << kept_.size()) - 1;
    }

    [[nodiscard]] const simulated_inode_ref& inode() const noexcept { return inode_; }

    // Equal for equal bytes.
    [[nodiscard]] std::uint64_t key(std::uint64_t number) const noexcept {
        if (!rewritten_.empty()) {
            return fingerprint(rewritten_[number]);
        }
        const auto [sectors, subset] = split(number);
        if (sectors == 0) {
            return mixed(inode_->durable, only_synced_);
        }
        std::uint64_t all = synced_;
        for (std::size_t i = 0; i != sectors; ++i) {
            all += (subset >> i & 1U) != 0 ? kept_[i] : missing_[i];
        }
        return mixed(end_of(sectors), all);
    }

    [[nodiscard]] tintype::blob bytes(std::uint64_t number) const {
        if (!rewritten_.empty()) {
            return rewritten_[number];
        }
        const auto [sectors, subset] = split(number);
        const std::size_t end = end_of(sectors);
        tintype::blob all{inode_->bytes.begin(),
                          inode_->bytes.begin() + static_cast<std::ptrdiff_t>(end)};
        for (std::size_t i = 0; i != sectors; ++i) {
            if ((subset >> i & 1U) == 0) {
                const std::size_t begin = std::max((first_ + i) * sector_, inode_->durable);
                std::fill(all.begin() + static_cast<std::ptrdiff_t>(begin),
                          all.begin() + static_cast<std::ptrdiff_t>(end_of(i + 1)), std::byte{});
            }
        }
        return all;
    }

private:
    // Every end that the file may have, with every choice among the contents of each sector.
    void enumerate() {
        std::vector<tintype::blob> lives = inode_->longer;
        lives.push_back(inode_->bytes);
        std::set<std::size_t> ends{inode_->durable};
        for (const tintype::blob& life : lives) {
            ends.insert(life.size());
            for (std::size_t end = (first_ + 1) * sector_; end < life.size(); end += sector_) {
                ends.insert(end);
            }
        }
        lives.emplace_back(lives.back().begin(),
                           lives.back().begin() + static_cast<std::ptrdiff_t>(inode_->durable));
        for (const std::size_t end : ends) {
            std::vector<tintype::blob> some{tintype::blob{}};
            for (std::size_t at = 0; at < end; at += sector_) {
                std::vector<tintype::blob> contents;
                for (const tintype::blob& life : lives) {
                    tintype::blob sector(std::min(sector_, end - at), std::byte{});
                    for (std::size_t i = 0; i != sector.size() && at + i < life.size(); ++i) {
                        sector[i] = life[at + i];
                    }
                    if (std::ranges::find(contents, sector) == contents.end()) {
                        contents.push_back(std::move(sector));
                    }
                }
                std::vector<tintype::blob> longer;
                for (const tintype::blob& each : some) {
                    for (const tintype::blob& sector : contents) {
                        tintype::append(longer.emplace_back(each), sector);
                    }
                }
                some = std::move(longer);
            }
            rewritten_.insert(rewritten_.end(), some.begin(), some.end());
        }
    }

    [[nodiscard]] static std::pair<std::size_t, std::uint64_t> split(std::uint64_t number) {
        std::size_t sectors = 0;
        while ((std::uint64_t{2} << sectors) - 1 <= number) {
            ++sectors;
        }
        return {sectors, number - ((std::uint64_t{1} << sectors) - 1)};
    }

    [[nodiscard]] std::size_t end_of(std::size_t sectors) const noexcept {
        return sectors == 0 ? inode_->durable
                            : std::min((first_ + sectors) * sector_, inode_->bytes.size());
    }

    [[nodiscard]] tintype::blob sector_of(std::size_t index) const {
        const auto rest = tintype::byte_view{inode_->bytes}.subspan(index * sector_);
        const auto content = rest.first(std::min(sector_, rest.size()));
        return {content.begin(), content.end()};
    }

    void erase_unsynced(tintype::blob& content, std::size_t index) const {
        const std::size_t begin = index * sector_;
        const std::size_t synced = inode_->durable > begin ? inode_->durable - begin : 0;
        std::fill(content.begin() + static_cast<std::ptrdiff_t>(synced), content.end(),
                  std::byte{});
    }

    simulated_inode_ref inode_;
    std::size_t sector_;
    std::size_t first_; // the first sector of which anything is not synced
    std::vector<tintype::blob> rewritten_{};
    std::uint64_t synced_ = 0;
    std::uint64_t only_synced_ = 0;
    std::vector<std::uint64_t> kept_;
    std::vector<std::uint64_t> missing_;
};

// One state, to be looked at while it is visited.
class power_cut_state {
public:
    struct named_file {
        std::string_view folder; // "" or its path with a slash behind it
        std::string_view name;
        const file_survivors* file;
        std::uint64_t number;
    };

    // `folders`: those in the folder, each behind the one that it is in.
    power_cut_state(const std::vector<named_file>& files, const std::vector<std::string>& folders,
                    bool journalled)
        : files_(&files), folders_(&folders), journalled_(journalled) {
        for (const named_file& each : files) {
            // Temporaries have names that nobody chose.
            const bool temporary = tintype::detail::is_temporary(each.name);
            const auto name = temporary ? 0 : key_of(each);
            key_ += mixed(name, each.file->key(each.number));
            const auto first = std::ranges::find(files, each.file, &named_file::file);
            if (&*first != &each) {
                key_ += mixed(key_of(*first), name);
            }
        }
        for (const std::string& each : folders) {
            key_ += mixed(fingerprint(tintype::bytes_of(each)), 1);
        }
    }

    // Equal for states with equal files.
    [[nodiscard]] std::uint64_t key() const noexcept { return key_; }

    // Whether a file system that keeps the order of operations could leave this.
    [[nodiscard]] bool journalled() const noexcept { return journalled_; }

    // A disk that holds this and nothing unsynced. Files that nobody will write to may be shared
    // with the disk that they came from.
    [[nodiscard]] simulated_filesystem disk(const std::string& path, bool share = true) const {
        simulated_filesystem fresh;
        std::map<std::string_view, std::shared_ptr<simulated_folder>> made;
        made[""] = std::make_shared<simulated_folder>();
        for (const std::string& each : *folders_) {
            const auto slash = each.find_last_of('/', each.size() - 2);
            const auto name = slash == std::string::npos ? 0 : slash + 1;
            auto inode = std::make_shared<simulated_inode>();
            inode->folder = made[each] = std::make_shared<simulated_folder>();
            made.at(std::string_view{each}.substr(0, name))
                ->visible.emplace(each.substr(name, each.size() - name - 1), std::move(inode));
        }
        std::map<const file_survivors*, simulated_inode_ref> inodes;
        for (const named_file& each : *files_) {
            auto& inode = inodes[each.file];
            const auto& before = each.file->inode();
            if (inode) {
                // Another name of it.
            } else if (share && before->durable == before->bytes.size() && before->longer.empty()) {
                inode = before;
            } else {
                inode = std::make_shared<simulated_inode>();
                inode->bytes = each.file->bytes(each.number);
                inode->durable = inode->bytes.size();
                inode->modified = before->modified;
            }
            made.at(each.folder)->visible.emplace(each.name, inode);
        }
        for (const auto& [name, folder] : made) {
            folder->durable = folder->visible;
            folder->has_durable_name = true;
        }
        fresh.disk().folders.emplace(path, made[""]);
        fresh.disk().time += std::chrono::hours{1};
        return fresh;
    }

private:
    [[nodiscard]] static std::uint64_t key_of(const named_file& of) {
        const auto name = fingerprint(tintype::bytes_of(of.name));
        return of.folder.empty() ? name : mixed(fingerprint(tintype::bytes_of(of.folder)), name);
    }

    const std::vector<named_file>* files_;
    const std::vector<std::string>* folders_;
    std::uint64_t key_ = 0;
    bool journalled_;
};

namespace detail {

// The values that a name had since its folder was synced, the oldest first.
struct name_history {
    std::string name;
    std::vector<simulated_inode_ref> values;
};

inline std::vector<name_history> histories_of(const simulated_folder& folder) {
    std::map<std::string, std::vector<simulated_inode_ref>> changed;
    for (const auto& operation : folder.pending) {
        for (const auto& edit : operation) {
            auto& values = changed[edit.name];
            if (values.empty()) {
                const auto at = folder.durable.find(edit.name);
                values.push_back(at == folder.durable.end() ? nullptr : at->second);
            }
            if (std::ranges::find(values, edit.inode) == values.end()) {
                values.push_back(edit.inode);
            }
        }
    }
    std::vector<name_history> all;
    for (const auto& [name, inode] : folder.durable) {
        if (!changed.contains(name)) {
            all.push_back({name, {inode}});
        }
    }
    for (auto& [name, values] : changed) {
        all.push_back({name, std::move(values)});
    }
    return all;
}

// The folder after each number of its pending operations.
inline std::vector<simulated_names> prefixes_of(const simulated_folder& folder) {
    std::vector<simulated_names> all{folder.durable};
    for (const auto& operation : folder.pending) {
        all.push_back(all.back());
        for (const auto& edit : operation) {
            simulated_folder::apply(all.back(), edit);
        }
    }
    return all;
}

// Counts up in mixed radix; false after the last.
template <class Digits, class Radix>
bool next(Digits& digits, Radix radix) {
    for (std::size_t i = 0; i != digits.size(); ++i) {
        if (++digits[i] != radix(i)) {
            return true;
        }
        digits[i] = 0;
    }
    return false;
}

struct placed_name {
    std::string folder;
    std::string name;
    simulated_inode_ref inode;
};

struct placed_names {
    std::vector<placed_name> files{};
    std::vector<std::string> folders{};
    bool journalled = true;
};

// All states in which the folders hold these names.
template <class Visit>
void visit_contents(const placed_names& names, std::size_t sector, Visit& visit) {
    std::vector<file_survivors> files;
    std::vector<std::size_t> place; // of each name's file among them
    files.reserve(names.files.size());
    for (const placed_name& each : names.files) {
        const auto known = std::ranges::find(files, each.inode, &file_survivors::inode);
        place.push_back(static_cast<std::size_t>(known - files.begin()));
        if (known == files.end()) {
            files.emplace_back(each.inode, sector);
        }
    }
    std::vector<power_cut_state::named_file> state;
    for (std::size_t i = 0; const placed_name& each : names.files) {
        state.push_back({each.folder, each.name, &files[place[i++]], 0});
    }
    std::vector<std::uint64_t> numbers(files.size());
    do {
        for (std::size_t i = 0; i != state.size(); ++i) {
            state[i].number = numbers[place[i]];
        }
        visit(power_cut_state{state, names.folders, names.journalled});
    } while (next(numbers, [&](std::size_t i) { return files[i].count(); }));
}

// visit(names, journalled) for all that the folder may hold.
template <class Visit>
void each_names(const simulated_folder& folder, Visit visit) {
    const auto histories = histories_of(folder);
    const auto prefixes = prefixes_of(folder);
    std::vector<std::size_t> values(histories.size());
    do {
        simulated_names names;
        for (std::size_t i = 0; i != histories.size(); ++i) {
            if (const auto& inode = histories[i].values[values[i]]) {
                names.emplace(histories[i].name, inode);
            }
        }
        visit(names, std::ranges::find(prefixes, names) != prefixes.end());
    } while (next(values, [&](std::size_t i) { return histories[i].values.size(); }));
}

// With `known` of the folders above, everything that the folders of `left` may hold.
template <class Visit>
void visit_folders(std::vector<std::pair<std::string, const simulated_folder*>> left,
                   const placed_names& known, std::size_t sector, Visit& visit) {
    if (left.empty()) {
        visit_contents(known, sector, visit);
        return;
    }
    const auto [path, folder] = std::move(left.back());
    left.pop_back();
    each_names(*folder, [&](const simulated_names& names, bool journalled) {
        auto more = known;
        auto deeper = left;
        more.journalled = more.journalled && journalled;
        for (const auto& [name, inode] : names) {
            if (inode->folder) {
                more.folders.push_back(path + name + "/");
                deeper.emplace_back(more.folders.back(), inode->folder.get());
            } else {
                more.files.push_back({path, name, inode});
            }
        }
        visit_folders(std::move(deeper), more, sector, visit);
    });
}

} // namespace detail

// visit(power_cut_state), perhaps more than once for one state.
template <class Visit>
void for_each_power_cut(const simulated_folder& folder, std::size_t sector, Visit visit) {
    if (!folder.has_durable_name) {
        detail::visit_contents({}, sector, visit);
    }
    detail::visit_folders({{"", &folder}}, {}, sector, visit);
}

} // namespace tests
