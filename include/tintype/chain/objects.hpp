#pragma once

// How the objects of a chain come and go, so that at no moment, whatever happens, a manifest is
// there without its data or a child without its parent. It knows no records and no live store;
// `chain_manager` puts both on top.

#include <tintype/chain/catalog.hpp>
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
#include <tintype/storage/held_lock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What removing did. What could not be removed is still listed.
struct removed_snapshots {
    std::vector<std::string> removed; // in the order in which they went: children before parents
    std::vector<error> failures;
};

template <storage_policy Storage, class Codec, hash_policy Hash, id_policy Ids>
class chain_objects : public chain_catalog<Storage, Codec, Ids> {
    using catalog = chain_catalog<Storage, Codec, Ids>;
    using lock = held_lock<Storage>;
    using catalog::bad_parent;
    using catalog::codec_;
    using catalog::storage_;

public:
    using catalog::data_name;
    using catalog::info_name;
    using catalog::is_parent;

    using catalog::catalog;

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
        // A format that has a place for digests without them is as little to be believed as one
        // with another's.
        constexpr bool optional_digests = !Codec::places_pieces || digest_size<Hash> == 0;
        if (options.integrity == integrity::skip || (optional_digests && info.hash.empty())) {
            return object;
        }
        if (info.hash != Hash::name) {
            return fail({.code = errc::unsupported,
                         .where = info.id + (info.hash.empty() ? ": no digests"
                                                               : ": digests by " + info.hash),
                         .during = "the snapshot was written with another hash policy"});
        }
        result<void> good;
        if constexpr (!Codec::places_pieces) {
            good = matches(bytes, info.data_digest, info.data, options);
        }
        for (const piece_info* each : pieces) {
            if (good && Codec::places_pieces) {
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

    // What a store that tracks its changes knows a part of the snapshot by: another part, and
    // another chain's snapshot of the same id, have another mark. Where the manifest cannot keep a
    // state, what it keeps must do.
    [[nodiscard]] static std::string mark_of(const snapshot_info& info, std::string_view part) {
        constexpr bool keeps_state = Codec::places_pieces || digest_size<Hash> != 0;
        const std::string what =
            keeps_state && !info.state.empty()
                ? hex_of(info.state)
                : std::to_string(info.data_size) + "+" + std::to_string(info.records);
        return (info.id + "@" + what + "/").append(part);
    }

    // Data, then manifest, durable when it returns; under the lock, so that the parent cannot go
    // meanwhile. `already_exists`: the id was taken.
    [[nodiscard]] result<void> publish(const snapshot_info& info, staged_of<Storage>& data,
                                       const decode_options& options) const {
        auto held = locked();
        return held ? publish_held(info, data, options, *held) : pass(held);
    }

    // The same, by somebody who holds the lock; it may have been lost and taken anew when this
    // returns.
    [[nodiscard]] result<void> publish_held(const snapshot_info& info, staged_of<Storage>& data,
                                            const decode_options& options, lock& held) const {
        // Before the data has a name: it may be published under the next id.
        if (storage_.open(info_name(info.id), access::map)) {
            return fail({.code = errc::already_exists, .where = info_name(info.id)});
        }
        auto manifest = staged_info(info);
        if (!manifest) {
            return pass(manifest);
        }
        if (auto good = parent_is_there(info, options); !good) {
            return good;
        }
        if (auto ours = held.still(); !ours) {
            return ours;
        }
        if (auto done = data.publish(info.data); !done) {
            return done;
        }
        if (auto ours = held.still(); !ours) {
            return taken_back(info, ours.error(), options);
        }
        auto done = manifest->publish(info_name(info.id));
        if (!done) {
            return taken_back(info, done.error(), options);
        }
        return held.still() ? done : confirmed(info, options, held);
    }

    // Another representation of a snapshot that is there: its new data, then its manifest in the
    // place of the old one, then the old data goes.
    [[nodiscard]] result<void> rewrite(snapshot_info& info, staged_of<Storage>& data,
                                       const decode_options& options, const lock& held = {}) const {
        const auto before = this->info(info.id, options);
        if (!before) {
            return pass(before);
        }
        if (before->state != info.state) {
            return fail({.code = errc::already_exists, .where = info.id});
        }
        result<void> done = held.still();
        if (!done) {
            return done;
        }
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
            return taken_back(info, manifest.error(), options);
        }
        // Others may have let go of what this manifest needs.
        if (auto ours = held.still(); !ours) {
            return taken_back(info, ours.error(), options);
        }
        if (done = manifest->replace(info_name(info.id)); !done) {
            return taken_back(info, done.error(), options);
        }
        if (auto ours = held.still(); !ours) {
            return ours;
        }
        // Nobody speaks of the old data any more: what stays is swept.
        static_cast<void>(storage_.remove(before->data));
        return {};
    }

    // Manifests first, each before its parent's and for good, then the data that nobody speaks of
    // any more. Under the lock.
    [[nodiscard]] result<removed_snapshots>
    remove(const std::vector<const snapshot_info*>& children_first, const lock& held = {}) const {
        removed_snapshots outcome;
        if (children_first.empty()) {
            return outcome;
        }
        // What others go on account of may be another process's, visible but not yet durable.
        if (auto done = storage_.sync(); !done) {
            return pass(done);
        }
        for (const snapshot_info* each : children_first) {
            // Others may have taken a child of it.
            const auto ours = held.still();
            auto gone = ours ? storage_.remove(info_name(each->id)) : result<bool>{pass(ours)};
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
    [[nodiscard]] result<bool> remove_unread(std::string_view id, const lock& held = {}) const {
        if (auto ours = held.still(); !ours) {
            return pass(ours);
        }
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
            const auto held = locked();
            if (!held) {
                return held.error().code == errc::not_found ? result<void>{} : pass(held);
            }
            return remove_orphans(now - grace, options, *held);
        }
        return {};
    }

    [[nodiscard]] result<lock> locked() const { return lock::take(storage_); }

private:
    [[nodiscard]] result<void> parent_is_there(const snapshot_info& info,
                                               const decode_options& options) const {
        if (!info.parent_id) {
            return {};
        }
        if constexpr (lock::losable) {
            // A parent that was published by somebody who had lost the lock may have none itself.
            const auto links = this->chain(*info.parent_id, limits::none, options);
            return links ? is_parent(links->back(), info) : bad_parent(info, links.error());
        } else {
            const auto parent = this->info(*info.parent_id, options);
            return parent ? is_parent(*parent, info) : bad_parent(info, parent.error());
        }
    }

    // The lock was lost before the manifest was there. While it is held anew nobody removes
    // anything: what is whole now stays so, and is acknowledged; what lacks something is of no use
    // to anybody, and goes.
    [[nodiscard]] result<void> confirmed(const snapshot_info& info, const decode_options& options,
                                         lock& held) const {
        if (auto done = held.again(storage_); !done) {
            return done;
        }
        const auto there = this->info(info.id, options);
        if (!there || there->state != info.state) {
            return there ? lost(info) : fail(there.error());
        }
        const auto links = this->chain(info.id, limits::none, options);
        const auto names = storage_.names();
        const auto all = this->list(options);
        if (!names || !all || (!links && !is_damage(links.error()))) {
            return !names ? pass(names) : !all ? result<void>{pass(all)} : pass(links);
        }
        if (links && std::ranges::find(*names, there->data) != names->end()) {
            return {};
        }
        const bool childless = std::ranges::none_of(
            all->snapshots, [&](const snapshot_info& each) { return each.parent_id == info.id; });
        if (childless) {
            if (const auto gone = remove({&*there}, held); !gone || !gone->failures.empty()) {
                return gone ? fail(gone->failures.front()) : result<void>{pass(gone)};
            }
        }
        return lost(info);
    }

    [[nodiscard]] static std::unexpected<error> lost(const snapshot_info& info) {
        return fail({.code = errc::timed_out,
                     .where = info.id,
                     .during = "the lock was lost, and what the snapshot needs went meanwhile"});
    }

    // Removes the data of a manifest that did not get its name: on a disk that is full, every try
    // would leave its own. An error after the renaming leaves a manifest that speaks of the data.
    [[nodiscard]] std::unexpected<error> taken_back(const snapshot_info& info, const error& what,
                                                    const decode_options& options) const {
        const auto there = this->info(info.id, options);
        // Who took the name took it with other data, even where it would have the same name.
        const bool other =
            what.code == errc::already_exists ||
            (there ? there->data != info.data : there.error().code == errc::not_found);
        if (other) {
            static_cast<void>(storage_.remove(info.data));
        }
        return fail(what);
    }

    [[nodiscard]] static result<void> matches(byte_view bytes, const blob& stored,
                                              std::string_view where,
                                              const decode_options& options) {
        if (stored.empty()) {
            return bytes.empty() ? result<void>{}
                                 : fail({.code = errc::missing_field,
                                         .where = std::string{where}.append(", digest")});
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

    [[nodiscard]] result<void> remove_orphans(timestamp before, const decode_options& options,
                                              const lock& held) const {
        const auto known = this->list(options);
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
        bool synced = false;
        for (const object_info& each : *objects) {
            if (!each.name.ends_with(Codec::data_suffix) || spoken_of.contains(each.name) ||
                each.modified > before || !this->given_here(each.name)) {
                continue;
            }
            // The manifest that spoke of it is gone, but perhaps not yet for good.
            if (!synced) {
                if (auto done = storage_.sync(); !done) {
                    return done;
                }
                synced = true;
            }
            if (auto ours = held.still(); !ours) {
                return ours;
            }
            if (const auto gone = storage_.remove(each.name); !gone) {
                return pass(gone);
            }
        }
        return {};
    }
};

} // namespace tintype::inline v0
