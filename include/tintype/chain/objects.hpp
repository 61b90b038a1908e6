#pragma once

// The objects of a chain in a storage: manifests, the data beside them, and how they come and go so
// that at no moment, whatever happens, a manifest is there without its data or a child without its
// parent. It knows no records and no live store; `chain_manager` puts both on top.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/columnar.hpp>
#include <tintype/chain/ids.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/storage/concept.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype {

// A manifest that is there and cannot be believed.
struct damaged_snapshot {
    std::string id;
    error what;
};

struct snapshot_list {
    std::vector<snapshot_info> snapshots; // newest first
    std::vector<damaged_snapshot> damaged;
};

// What removing did. What could not be removed is still listed.
struct removed_snapshots {
    std::vector<std::string> removed; // in the order in which they went: children before parents
    std::vector<error> failures;
};

template <storage_policy Storage, class Codec, hash_policy Hash, id_policy Ids>
class chain_objects {
public:
    chain_objects(Storage storage, Codec codec, Ids ids)
        : storage_(std::move(storage)), codec_(std::move(codec)), ids_(std::move(ids)) {}

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
        const auto object = storage_.open(info_name(id), access::map);
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
        if (auto good = good_name(read->data); !good) {
            return pass(good);
        }
        if (auto good = plausible(*read, id); !good) {
            return pass(good);
        }
        return read;
    }

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
            } else if (read.error().code != errc::not_found) { // removed since
                found.damaged.push_back({std::move(id), read.error()});
            }
        }
        std::ranges::sort(found.snapshots,
                          [this](const auto& a, const auto& b) { return age(b) < age(a); });
        return found;
    }

    // From the full snapshot to this one. A parent that is missing, or whose name another snapshot
    // has taken, a cycle, and a chain longer than `most` are refused with the ids.
    [[nodiscard]] result<std::vector<snapshot_info>> chain(std::string_view id, std::size_t most,
                                                           const decode_options& options) const {
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
            auto read = info(*next, options);
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

    // Whether the snapshot that has the name of the child's parent is the one that it was taken on.
    [[nodiscard]] static result<void> is_parent(const snapshot_info& parent,
                                                const snapshot_info& child) {
        if (!child.parent_state.empty() && child.parent_state != parent.state) {
            return fail({.code = errc::missing_parent,
                         .where = child.id + " needs " + parent.id,
                         .during = "another snapshot has the parent's name"});
        }
        return {};
    }

    // The data, after its size and the digests of these pieces were verified; where it has only one
    // digest, that one.
    [[nodiscard]] result<object_of<Storage>> open_data(const snapshot_info& info,
                                                       std::span<const piece_info* const> pieces,
                                                       access how,
                                                       const decode_options& options) const {
        auto object = storage_.open(info.data, how);
        if (!object) {
            return object;
        }
        const byte_view bytes = object->bytes();
        if (bytes.size() != info.data_size) {
            const bool less = bytes.size() < info.data_size;
            return fail({.code = less ? errc::truncated : errc::trailing_bytes,
                         .where = info.data,
                         .found = less ? bytes.size() : bytes.size() - info.data_size,
                         .wanted = less ? info.data_size : 0});
        }
        if (options.integrity == integrity::skip || info.hash.empty()) {
            return object;
        }
        if (info.hash != Hash::name) {
            return fail({.code = errc::unsupported,
                         .where = info.id + ": digests by " + info.hash,
                         .during = "the snapshot was written with another hash policy"});
        }
        auto good = matches(bytes, info.data_digest, info.data, options);
        for (const piece_info* each : pieces) {
            if (good) {
                good = matches(bytes.subspan(static_cast<std::size_t>(each->offset),
                                             static_cast<std::size_t>(each->size)),
                               each->digest, info.id + ": " + each->name, options);
            }
        }
        if (!good) {
            return pass(good);
        }
        return object;
    }

    // A time later than that of every id that is there, whatever the clock says, so that the newest
    // snapshot is the newest by its time and by its id.
    [[nodiscard]] result<timestamp> time_after(timestamp now) const {
        const auto all = names();
        if (!all) {
            return pass(all);
        }
        constexpr std::chrono::milliseconds last{9'000'000'000'000}; // what a timestamp can hold
        for (const std::string& id : *all) {
            if (const auto given = ids_.order(id)) {
                const auto milliseconds = std::min<std::uint64_t>(
                    given->milliseconds, static_cast<std::uint64_t>(last.count()));
                now = std::max(now, timestamp{std::chrono::milliseconds{milliseconds + 1}});
            }
        }
        return now;
    }

    // Names what the snapshot holds; two snapshots have one state only by chance.
    static void set_state(snapshot_info& info) {
        using hash = std::conditional_t<digest_size<Hash> == 0, crc32c, Hash>;
        info.state.clear();
        info.state.shrink_to_fit();
        if (const auto bytes = tintype::encode<detail::single_row>(info)) {
            const auto digest = digest_bytes(hash_of<hash>(*bytes));
            info.state.assign(digest.begin(), digest.end());
        }
    }

    // Data, then manifest, durable when it returns; under the lock, so that the parent cannot go
    // meanwhile. `already_exists`: the id was taken.
    [[nodiscard]] result<void> publish(const snapshot_info& info, staged_of<Storage>& data,
                                       const decode_options& options) const {
        auto manifest = staged_info(info);
        if (!manifest) {
            return pass(manifest);
        }
        [[maybe_unused]] const auto held = locked();
        if (!held) {
            return pass(held);
        }
        if (info.parent_id) {
            if (const auto parent = this->info(*info.parent_id, options); !parent) {
                return bad_parent(info, parent.error());
            } else if (auto same = is_parent(*parent, info); !same) {
                return same;
            }
        }
        if (auto done = data.publish(info.data); !done) {
            return done;
        }
        auto done = manifest->publish(info_name(info.id));
        if (!done && done.error().code == errc::already_exists) {
            static_cast<void>(storage_.remove(info.data)); // ours, and nobody speaks of it
        }
        return done;
    }

    // Another representation of a snapshot that is there: its new data, then its manifest in the
    // place of the old one, then the old data goes.
    [[nodiscard]] result<void> rewrite(snapshot_info& info, staged_of<Storage>& data,
                                       const decode_options& options) const {
        const auto before = this->info(info.id, options);
        if (!before) {
            return pass(before);
        }
        if (before->state != info.state) {
            return fail({.code = errc::already_exists, .where = info.id});
        }
        result<void> done;
        for (std::uint64_t i = 1;; ++i) {
            info.data = data_name(info.id + ".r" + std::to_string(i));
            done = data.publish(info.data);
            if (done || done.error().code != errc::already_exists) {
                break;
            }
        }
        if (!done) {
            return done;
        }
        auto manifest = staged_info(info);
        if (!manifest) {
            return pass(manifest);
        }
        if (done = manifest->replace(info_name(info.id)); !done) {
            return done;
        }
        const auto gone = storage_.remove(before->data);
        return gone ? result<void>{} : pass(gone);
    }

    // Manifests first, each before its parent's and for good, then the data that nobody speaks of
    // any more. Under the lock.
    [[nodiscard]] result<removed_snapshots>
    remove(const std::vector<const snapshot_info*>& children_first) const {
        removed_snapshots outcome;
        if (children_first.empty()) {
            return outcome;
        }
        // What others go on account of may be another process's, visible but not yet durable.
        if (auto done = storage_.sync(); !done) {
            return pass(done);
        }
        for (const snapshot_info* each : children_first) {
            auto gone = storage_.remove(info_name(each->id));
            if (gone) {
                if (auto done = storage_.sync(); !done) {
                    gone = pass(done);
                }
            }
            if (!gone) {
                // Its parents must stay as long as it does.
                outcome.failures.push_back(gone.error());
                return outcome;
            }
            outcome.removed.push_back(each->id);
            if (const auto data = storage_.remove(each->data); !data) {
                outcome.failures.push_back(data.error());
            }
        }
        return outcome;
    }

    // Whether there was anything by that id: for a manifest that cannot be read.
    [[nodiscard]] result<bool> remove_unread(std::string_view id) const {
        auto gone = storage_.remove(info_name(id));
        if (gone && *gone) {
            if (auto done = storage_.sync(); !done) {
                return pass(done);
            }
            if (const auto data = storage_.remove(data_name(id)); !data) {
                return data;
            }
        }
        return gone;
    }

    // Removes what crashed writers left behind: temporaries, and data that no manifest speaks of,
    // if nobody has touched them for so long. Where a manifest cannot be read, no data goes.
    [[nodiscard]] result<void> sweep(std::chrono::nanoseconds grace, timestamp now,
                                     const decode_options& options) const {
        if constexpr (sweepable_storage<Storage>) {
            if (auto swept = storage_.sweep(grace); !swept) {
                return pass(swept);
            }
        }
        if constexpr (lockable_storage<Storage>) {
            const auto held = storage_.lock();
            if (!held) {
                return held.error().code == errc::not_found ? result<void>{} : pass(held);
            }
            return remove_orphans(now - grace, options);
        }
        return {};
    }

    [[nodiscard]] auto locked() const {
        if constexpr (lockable_storage<Storage>) {
            return storage_.lock();
        } else {
            return result<int>{0};
        }
    }

private:
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

    [[nodiscard]] static result<void> matches(byte_view bytes, const blob& stored,
                                              std::string_view where,
                                              const decode_options& options) {
        if (stored.empty()) {
            return {};
        }
        const auto computed = watched_hash<Hash>(bytes, options.watch);
        if (!computed) {
            return pass(computed);
        }
        const auto digest = digest_bytes(*computed);
        if (!std::ranges::equal(digest, stored)) {
            const auto leading = [](byte_view all) {
                std::uint64_t number = 0;
                for (const std::byte each : all.first(std::min<std::size_t>(all.size(), 8))) {
                    number = number << 8U | std::to_integer<std::uint64_t>(each);
                }
                return number;
            };
            return fail({.code = errc::checksum_mismatch,
                         .where = where,
                         .found = leading(stored),
                         .wanted = leading(digest)});
        }
        return {};
    }

    [[nodiscard]] result<staged_of<Storage>> staged_info(const snapshot_info& info) const {
        const auto bytes = codec_.template encode_info<Hash>(info);
        if (!bytes) {
            return pass(bytes);
        }
        auto staged = storage_.stage({.size_hint = bytes->size()});
        if (staged) {
            if (auto done = staged->write(*bytes); !done) {
                return pass(done);
            }
        }
        return staged;
    }

    [[nodiscard]] result<void> remove_orphans(timestamp before,
                                              const decode_options& options) const {
        const auto known = list(options);
        if (!known) {
            return pass(known);
        }
        if (!known->damaged.empty()) {
            return {};
        }
        std::set<std::string_view> spoken_of;
        for (const snapshot_info& each : known->snapshots) {
            spoken_of.insert(each.data);
        }
        const auto objects = storage_.list();
        if (!objects) {
            return pass(objects);
        }
        for (const object_info& each : *objects) {
            if (!each.name.ends_with(Codec::data_suffix) || spoken_of.contains(each.name) ||
                each.modified > before || !given_here(each.name)) {
                continue;
            }
            if (const auto gone = storage_.remove(each.name); !gone) {
                return pass(gone);
            }
        }
        return {};
    }

    // Whether a data object's name is one that this chain gives: others' files are not ours to
    // remove.
    [[nodiscard]] bool given_here(std::string_view name) const {
        name.remove_suffix(Codec::data_suffix.size());
        return ids_.order(name.substr(0, name.find('.'))).has_value();
    }

    Storage storage_;
    [[no_unique_address]] Codec codec_;
    [[no_unique_address]] Ids ids_;
};

} // namespace tintype
