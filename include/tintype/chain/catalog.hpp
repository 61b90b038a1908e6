#pragma once

// The manifests of a chain in a storage: which snapshots there are, in which order, and from which
// parents one is made. Nothing here looks at data or changes a storage.

#include <tintype/chain/ids.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/storage/concept.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// A manifest that is there and cannot be believed.
struct damaged_snapshot {
    std::string id;
    error what;
};

// Whether the bytes are at fault. What could only not be read this time may be as whole as ever.
[[nodiscard]] constexpr bool is_damage(const error& what) noexcept {
    switch (what.code) {
    case errc::io:
    case errc::permission_denied:
    case errc::out_of_memory:
    case errc::limit_exceeded:
        return false;
    default:
        return what.system == 0;
    }
}

struct snapshot_list {
    std::vector<snapshot_info> snapshots; // newest first
    std::vector<damaged_snapshot> damaged;
};

template <storage_policy Storage, class Codec, id_policy Ids>
class chain_catalog {
public:
    // `how`: manifests are read.
    chain_catalog(Storage storage, Codec codec, Ids ids, access how = access::map)
        : storage_(std::move(storage)), codec_(std::move(codec)), ids_(std::move(ids)), how_(how) {}

    [[nodiscard]] const Storage& storage() const noexcept { return storage_; }

    [[nodiscard]] const Codec& codec() const noexcept { return codec_; }

    [[nodiscard]] const Ids& ids() const noexcept { return ids_; }

    [[nodiscard]] static std::string info_name(std::string_view id) {
        return std::string{id}.append(Codec::info_suffix);
    }

    [[nodiscard]] static std::string data_name(std::string_view id) {
        return std::string{id}.append(Codec::data_suffix);
    }

    // Of the snapshots that have a manifest, in no order. Only names are looked at.
    [[nodiscard]] result<std::vector<std::string>> names() const {
        auto all = storage_.names();
        if (all) {
            std::erase_if(*all, [](std::string& name) {
                const bool other = !name.ends_with(Codec::info_suffix);
                name.resize(other ? 0 : name.size() - Codec::info_suffix.size());
                return name.empty();
            });
        }
        return all;
    }

    // `not_found` where there is none, `bad_name` where the id cannot be one.
    [[nodiscard]] result<snapshot_info> info(std::string_view id,
                                             const decode_options& options) const {
        if (auto good = good_name(info_name(id)); !good || id.empty()) {
            return fail({.code = errc::bad_name,
                         .where = id,
                         .found = id.empty() ? 0 : good.error().found,
                         .wanted = id.empty() ? 0 : good.error().wanted});
        }
        const auto object = storage_.open(info_name(id), how_);
        if (!object) {
            return renamed(object.error(), id);
        }
        auto read = codec_.decode_info(object->bytes(), options);
        if (!read) {
            return renamed(read.error(), id);
        }
        if (read->data.empty()) {
            read->data = data_name(id);
        }
        if (auto good = plausible(*read, id); !good) {
            return pass(good);
        }
        // The data goes with the snapshot, so it must be nobody else's.
        if (!good_name(read->data) || !is_data_of(read->data, id)) {
            return fail(
                {.code = errc::invalid_value, .where = info_name(id) + ": data in " + read->data});
        }
        return read;
    }

    // What only has a manifest's suffix is somebody else's: its id is none of ours, it says nothing
    // that we understand, and there is no data beside it.
    [[nodiscard]] result<snapshot_list> list(const decode_options& options) const {
        auto all = names();
        if (!all) {
            return pass(all);
        }
        snapshot_list found;
        for (std::string& id : *all) {
            auto read = info(id, options);
            if (read) {
                found.snapshots.push_back(*std::move(read));
            } else if (read.error().code == errc::cancelled) {
                return pass(read);
            } else if (read.error().code != errc::not_found && // removed since
                       !is_foreign(id, read.error())) {
                found.damaged.push_back({std::move(id), read.error()});
            }
        }
        std::ranges::sort(found.snapshots,
                          [this](const auto& a, const auto& b) { return age(b) < age(a); });
        return found;
    }

    // From the full snapshot to this one. A parent that is missing, or whose name another snapshot
    // has taken, a cycle, and a chain longer than `most` are refused with the ids. `look_up(id)`:
    // the manifest, as info() gives it.
    template <class LookUp>
    [[nodiscard]] static result<std::vector<snapshot_info>>
    chain(std::string_view id, std::size_t most, LookUp look_up) {
        std::vector<snapshot_info> links;
        std::set<std::string, std::less<>> seen;
        std::optional<std::string> next{id};
        while (next) {
            if (!seen.insert(*next).second) {
                return fail({.code = errc::cyclic_chain,
                             .where = links.back().id + " comes back to " + *next});
            }
            if (links.size() == most) {
                return fail({.code = errc::limit_exceeded,
                             .where = std::string{id}.append(", its chain at ").append(*next),
                             .found = links.size() + 1,
                             .wanted = most});
            }
            result<snapshot_info> read = look_up(*next);
            if (!read) {
                return links.empty() ? result<std::vector<snapshot_info>>{pass(read)}
                                     : bad_parent(links.back(), read.error());
            }
            if (!links.empty()) {
                if (auto same = is_parent(*read, links.back()); !same) {
                    return pass(same);
                }
            }
            next = read->parent_id;
            links.push_back(*std::move(read));
        }
        std::ranges::reverse(links);
        return links;
    }

    [[nodiscard]] result<std::vector<snapshot_info>> chain(std::string_view id, std::size_t most,
                                                           const decode_options& options) const {
        return chain(id, most, [&](std::string_view each) { return info(each, options); });
    }

    // Whether the snapshot that has the name of the child's parent is the one that it was taken on.
    [[nodiscard]] static result<void> is_parent(const snapshot_info& parent,
                                                const snapshot_info& child) {
        if (!child.parent_state.empty() && child.parent_state != parent.state) {
            return fail({.code = errc::missing_parent,
                         .where = std::string{child.id}.append(" needs ").append(parent.id),
                         .during = "another snapshot has the parent's name"});
        }
        return {};
    }

    // A time later than that of every snapshot there is, whatever the clock says, so that the
    // newest is the newest by its time and by its id. Ids that say their time are not opened.
    [[nodiscard]] result<timestamp> time_after(timestamp now, const decode_options& options) const {
        const auto all = names();
        if (!all) {
            return pass(all);
        }
        for (const std::string& id : *all) {
            const auto given = ids_.order(id);
            const auto read = given ? std::nullopt : std::optional{info(id, options)};
            if (given) {
                now = std::max(now, after(given->milliseconds));
            } else if (*read && (*read)->created_at > 0) {
                now = std::max(now,
                               after(static_cast<std::uint64_t>((*read)->created_at) / 1'000'000));
            }
        }
        return now;
    }

protected:
    [[nodiscard]] bool is_foreign(std::string_view id, const error& why) const {
        if (ids_.order(id) || !is_damage(why)) {
            return false;
        }
        const auto data = storage_.open(data_name(id), how_);
        return !data && data.error().code == errc::not_found;
    }

    // The next millisecond, or the last that a timestamp holds.
    [[nodiscard]] static timestamp after(std::uint64_t milliseconds) {
        constexpr std::uint64_t last = 9'000'000'000'000;
        return timestamp{std::chrono::milliseconds{std::min(milliseconds, last) + 1}};
    }

    // Whether a snapshot of this id may have its data there: under its own name, or under the one
    // that it gets when it is written anew ("ID.r7.snap").
    [[nodiscard]] static bool is_data_of(std::string_view name, std::string_view id) {
        const std::string_view suffix = Codec::data_suffix;
        if (name.size() < id.size() + suffix.size() || !name.starts_with(id) ||
            !name.ends_with(suffix)) {
            return false;
        }
        name = name.substr(id.size(), name.size() - id.size() - suffix.size());
        return name.empty() || (name.size() > 2 && name.starts_with(".r") &&
                                name.find_first_not_of("0123456789", 2) == name.npos);
    }

    // Whether a data object's name is one that this chain gives: others' files are not ours to
    // remove.
    [[nodiscard]] bool given_here(std::string_view name) const {
        const auto id = name.substr(0, name.find('.'));
        return ids_.order(id) && is_data_of(name, id);
    }

    // The order of snapshots: by time, and where that is coarse, by what the id says.
    [[nodiscard]] auto age(const snapshot_info& info) const {
        return std::tuple(info.created_at, ids_.order(info.id).value_or(id_order{}),
                          std::string_view{info.id});
    }

    // An error of the manifest, by the snapshot's id.
    [[nodiscard]] static std::unexpected<error> renamed(error what, std::string_view id) {
        if (what.where.empty() || what.where == label{info_name(id)}) {
            what.where = what.code == errc::not_found ? std::string{id} : info_name(id);
        } else {
            what.where = info_name(id).append(": ").append(what.where.view());
        }
        return fail(what);
    }

    [[nodiscard]] static std::unexpected<error> bad_parent(const snapshot_info& child, error what) {
        if (what.code == errc::not_found || what.code == errc::bad_name) {
            what = {.code = errc::missing_parent,
                    .where = child.id + " needs " + child.parent_id.value_or("")};
        }
        return fail(what);
    }

    Storage storage_;
    [[no_unique_address]] Codec codec_;
    [[no_unique_address]] Ids ids_;
    access how_;
};

} // namespace tintype::inline v0
