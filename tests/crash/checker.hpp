#pragma once

// What a folder of versions must hold after a power cut. A ledger keeps what was asked of the
// managers and what they answered; the check runs the real recovery on a state that survived, and
// says in words what the ledger does not allow.

#include <tintype/core/message.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/manager/versioned.hpp>
#include <tintype/storage/directory.hpp>

#include "power_cut.hpp"
#include "simulated_filesystem.hpp"
#include "support/bytes.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

using tintype::velesdb::memory_state;
using tintype::velesdb::snapshot_names;
using vamm = tintype::velesdb::vamm<2>;

inline const std::string simulated_path = "folder";
inline constexpr std::string_view replaced_name = tintype::velesdb::payload_snapshot_name;

// A state and the bytes of its file.
struct saved_state {
    memory_state state{};
    tintype::blob file{};
    std::uint64_t fingerprint = 0;
};

// What the seed says, in so many bytes of payloads, of which some are empty.
[[nodiscard]] inline saved_state state_of(std::uint64_t seed, std::size_t payload) {
    const auto all = noise(payload, seed);
    const auto part = [&](std::size_t begin, std::size_t end) {
        return tintype::blob{all.begin() + static_cast<std::ptrdiff_t>(begin),
                             all.begin() + static_cast<std::ptrdiff_t>(end)};
    };
    saved_state made;
    made.state = {part(0, payload / 2), part(payload / 2, payload / 2),
                  part(payload / 2, payload - payload / 4), part(payload - payload / 4, payload)};
    made.file = tintype::encode<vamm>(made.state).value();
    made.fingerprint = fingerprint(made.file);
    return made;
}

class ledger {
public:
    enum class pin_state : std::uint8_t { perhaps, certain };

    std::size_t keep = 1; // the least that any manager keeps
    // What may be under a number, and what must be, unless a policy let it go.
    std::map<std::uint64_t, std::vector<const saved_state*>> named{};
    std::map<std::uint64_t, const saved_state*> acknowledged{};
    std::set<std::uint64_t> removed{}; // somebody asked for it by number
    std::map<std::uint64_t, pin_state> pins{};
    // The contents of the one object that is replaced, in order, and how many were acknowledged.
    std::vector<tintype::blob> replacements{};
    std::size_t replaced = 0;
    std::vector<std::string> direct{}; // what was wrong without any power cut

    const saved_state& add(saved_state state) { return states_.emplace_back(std::move(state)); }

    void acknowledge(std::uint64_t version, const saved_state& state) {
        if (!acknowledged.emplace(version, &state).second) {
            direct.push_back("number " + std::to_string(version) + " was given out twice");
        }
    }

    // Equal for ledgers that ask for the same.
    [[nodiscard]] std::uint64_t fingerprint() const {
        std::uint64_t all = mixed(keep, replaced);
        for (const auto& [version, states] : named) {
            for (const saved_state* state : states) {
                all += mixed(mixed(version, 1), state->fingerprint);
            }
        }
        for (const auto& [version, state] : acknowledged) {
            all += mixed(mixed(version, 2), state->fingerprint);
        }
        for (const std::uint64_t version : removed) {
            all += mixed(version, 3);
        }
        for (const auto& [version, pinned] : pins) {
            all += mixed(version, pinned == pin_state::certain ? 4 : 5);
        }
        for (const tintype::blob& content : replacements) {
            all += mixed(tests::fingerprint(content), 6);
        }
        return all;
    }

private:
    std::deque<saved_state> states_{};
};

// Hash: the digest that the managers keep beside the versions.
template <tintype::hash_policy Hash>
class recovery {
    using storage_type = tintype::basic_directory<simulated_filesystem>;
    using manager_type = tintype::versioned_manager<memory_state, vamm, storage_type, Hash,
                                                    tintype::keep_last, snapshot_names>;
    using complaint = std::optional<std::string>;

public:
    recovery(simulated_filesystem disk, const ledger& book)
        : disk_(disk), storage_(simulated_path, std::move(disk)), book_(book) {}

    // What is wrong with the state, if anything is.
    [[nodiscard]] complaint check() const {
        if (auto wrong = only_known_names(true)) {
            return wrong;
        }
        auto manager = manager_type::open(storage_, tintype::keep_last{2},
                                          {.sweep_grace = std::chrono::nanoseconds{0}});
        if (!manager) {
            return described("open", manager.error());
        }
        if (auto wrong = only_known_names(false)) {
            return wrong;
        }
        const auto versions = manager->versions();
        if (!versions) {
            return described("versions", versions.error());
        }
        for (auto each : {&recovery::every_version_is_whole, &recovery::nothing_is_missing,
                          &recovery::newest_loads, &recovery::pins_hold, &recovery::can_go_on}) {
            if (auto wrong = (this->*each)(*manager, *versions)) {
                return wrong;
            }
        }
        return replaced_is_whole();
    }

private:
    using numbers = std::vector<std::uint64_t>;

    [[nodiscard]] static std::string described(const std::string& during,
                                               const tintype::error& what) {
        return during + ": " + tintype::message(what);
    }

    [[nodiscard]] static std::string of(std::uint64_t version) {
        return "version " + std::to_string(version);
    }

    [[nodiscard]] static bool known(std::string_view name) {
        for (const std::string_view suffix : {"", ".pin", ".crc32c"}) {
            if (name.ends_with(suffix) &&
                snapshot_names::parse(name.substr(0, name.size() - suffix.size()))) {
                return true;
            }
        }
        return name == replaced_name;
    }

    // Looks past the storage's own filter of names.
    [[nodiscard]] complaint only_known_names(bool temporaries) const {
        for (const auto& [name, inode] : disk_.disk().folders.at(simulated_path)->visible) {
            if (!known(name) && !(temporaries && tintype::detail::is_temporary(name))) {
                return "a file that nobody asked for: " + name;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint every_version_is_whole(const manager_type& manager,
                                                   const numbers& versions) const {
        for (const std::uint64_t version : versions) {
            const auto loaded = manager.load(version);
            if (!loaded) {
                return described(of(version), loaded.error());
            }
            const auto must = book_.acknowledged.find(version);
            const auto may = book_.named.find(version);
            const auto same = [&](const saved_state* state) {
                return state->state == loaded->state;
            };
            const bool right =
                must != book_.acknowledged.end()
                    ? same(must->second)
                    : may != book_.named.end() && std::ranges::any_of(may->second, same);
            if (!right) {
                return of(version) + " holds what was not saved under that number";
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint nothing_is_missing(const manager_type&, const numbers& versions) const {
        for (const auto& [version, state] : book_.acknowledged) {
            if (book_.removed.contains(version) || std::ranges::binary_search(versions, version)) {
                continue;
            }
            const auto newer = [&, past = version](std::uint64_t other) { return other > past; };
            const auto excuses = std::ranges::count_if(versions, newer) +
                                 std::ranges::count_if(book_.removed, newer);
            if (static_cast<std::size_t>(excuses) < book_.keep) {
                return of(version) + " was acknowledged and is gone, and only " +
                       std::to_string(excuses) + " newer ones are there";
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint newest_loads(const manager_type& manager,
                                         const numbers& versions) const {
        const auto latest = manager.load_latest();
        if (versions.empty()) {
            return latest || latest.error().code != tintype::errc::not_found
                       ? complaint{"an empty folder has a latest version"}
                       : std::nullopt;
        }
        if (!latest) {
            return described("load_latest", latest.error());
        }
        const auto valid = manager.load_latest_valid();
        if (!valid) {
            return described("load_latest_valid", valid.error());
        }
        if (!valid->skipped.empty() || valid->version != latest->version) {
            return "the latest valid version is not the latest";
        }
        if (!book_.acknowledged.empty() && latest->version < book_.acknowledged.rbegin()->first) {
            return "the latest is " + of(latest->version) + ", older than the last acknowledged";
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint pins_hold(const manager_type& manager, const numbers&) const {
        if (book_.pins.empty()) {
            return std::nullopt;
        }
        const auto all = manager.list();
        if (!all) {
            return described("list", all.error());
        }
        for (const auto& [version, pin] : book_.pins) {
            const auto at = std::ranges::find(*all, version, &tintype::catalog_entry::version);
            if (pin == ledger::pin_state::certain && (at == all->end() || !at->pinned)) {
                return of(version) + (at == all->end() ? " is pinned and gone" : " lost its pin");
            }
        }
        for (const tintype::catalog_entry& each : *all) {
            if (each.pinned && !book_.pins.contains(each.version)) {
                return of(each.version) + " has a pin that nobody asked for";
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint can_go_on(const manager_type& manager, const numbers&) const {
        static const saved_state next = state_of(99, 5);
        const auto saved = manager.save(next.state);
        if (!saved) {
            return described("save", saved.error());
        }
        if (!book_.acknowledged.empty() && saved->version <= book_.acknowledged.rbegin()->first) {
            return of(saved->version) + " was given out again";
        }
        const auto loaded = manager.load(saved->version);
        if (!loaded || loaded->state != next.state) {
            return of(saved->version) + ", saved after the cut, does not load";
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint replaced_is_whole() const {
        const auto object = storage_.open(replaced_name, tintype::access::copy);
        if (!object) {
            return object.error().code == tintype::errc::not_found && book_.replaced == 0
                       ? std::nullopt
                       : complaint{described("the replaced object", object.error())};
        }
        const std::size_t oldest = book_.replaced == 0 ? 0 : book_.replaced - 1;
        for (std::size_t i = oldest; i != book_.replacements.size(); ++i) {
            if (std::ranges::equal(object->bytes(), book_.replacements[i])) {
                return std::nullopt;
            }
        }
        return "the replaced object holds neither its last content nor a later one";
    }

    simulated_filesystem disk_;
    storage_type storage_;
    const ledger& book_;
};

} // namespace tests
