#pragma once

// The upkeep of a chain: retention, removal, compaction, and how a snapshot is published. Whatever
// removes knows what needs what, so no snapshot that stays loses its parents.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/columnar.hpp>
#include <tintype/chain/fold.hpp>
#include <tintype/chain/ids.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/objects.hpp>
#include <tintype/chain/outcome.hpp>
#include <tintype/chain/reader.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/chain/upkeep.hpp>
#include <tintype/codec/encoder.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/held_lock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <keyed_record Record, class Side = no_side, storage_policy Storage = directory,
          chain_codec<Record, Side> Codec = chain_columns, hash_policy Hash = crc32c,
          retention_policy Retention = keep_last, id_policy Ids = timed_ids<>,
          clock_policy Clock = system_clock>
class chain_archive : public chain_reader<Record, Side, Storage, Codec, Hash, Ids> {
protected:
    using reader = chain_reader<Record, Side, Storage, Codec, Hash, Ids>;
    using reader::objects_;
    using reader::options_;
    using typename reader::objects;
    using typename reader::pieces;

public:
    // Sweeps what crashed writers left behind, as far as it can: a chain in a place that cannot be
    // written to is still there to be restored. A storage that holds nothing yet is no error.
    [[nodiscard]] static result<chain_archive> open(Storage storage, Retention retention,
                                                    chain_options options = {}, Codec codec = {},
                                                    Ids ids = {}, Clock clock = {}) {
        chain_archive archive{reader{std::move(storage), options, std::move(codec), std::move(ids)},
                              std::move(retention), std::move(clock)};
        static_cast<void>(
            archive.objects_.sweep(options.sweep_grace, archive.clock_.now(), options.decode));
        return archive;
    }

    // What `prune` would do now, and why, newest first. Where anything is to go, the newest
    // snapshot whose whole chain is undamaged stays, whatever the policy says.
    [[nodiscard]] result<std::vector<chain_decision>> plan() const { return planned({}); }

    [[nodiscard]] result<removed_snapshots> prune() const { return carry_out({}); }

    // Whether there was such a snapshot. What others need is refused, or they are written anew on
    // its parent first.
    [[nodiscard]] result<bool> remove(std::string_view id,
                                      removal how = removal::refuse_parents) const {
        const auto held = objects_.locked();
        if (!held) {
            return held.error().code == errc::not_found ? result<bool>{false} : pass(held);
        }
        const auto all = this->list();
        if (!all) {
            return pass(all);
        }
        const auto target = std::ranges::find(all->snapshots, id, &snapshot_info::id);
        if (target == all->snapshots.end()) {
            const auto damaged = std::ranges::find(all->damaged, id, &damaged_snapshot::id);
            if (damaged == all->damaged.end()) {
                return false;
            }
            if (!is_damage(damaged->what)) {
                return fail(damaged->what);
            }
            if (const auto needing = children_of(all->snapshots, id); !needing.empty()) {
                return in_use(id, needing);
            }
            return objects_.remove_unread(id, *held);
        }
        const auto children = children_of(all->snapshots, id);
        if (!all->damaged.empty() && !(children.empty() && is_lost(id))) {
            return fail(unknown_needs(all->damaged.front()));
        }
        if (!children.empty() && how == removal::refuse_parents) {
            return in_use(id, children);
        }
        for (const snapshot_info* child : children) {
            if (auto done = write_anew({*target, *child}, *held); !done) {
                return pass(done);
            }
        }
        const auto gone = objects_.remove({&*target}, *held);
        if (!gone) {
            return pass(gone);
        }
        return gone->failures.empty() ? result<bool>{true} : fail(gone->failures.front());
    }

    // Folds the chain into one full snapshot, and then lets the links go that nothing else needs.
    // The snapshot keeps its id where the codec can say so; where it cannot, it must be the newest,
    // and gets a new one.
    [[nodiscard]] result<compacted> compact(std::string_view id) const {
        auto links = this->chain(id);
        if (!links) {
            return pass(links);
        }
        compacted outcome{.info = links->back()};
        if (links->size() == 1) {
            return outcome;
        }
        if constexpr (Codec::names_data) {
            const auto held = objects_.locked();
            if (!held) {
                return pass(held);
            }
            // As they are now that nobody else changes them.
            links = this->chain(id);
            if (!links) {
                return pass(links);
            }
            auto done = write_anew(*links, *held);
            if (!done) {
                return pass(done);
            }
            outcome.info = *std::move(done);
            links->pop_back();
            return let_go(std::move(outcome), *links, *held);
        } else {
            // Nobody takes another snapshot while this one becomes the newest.
            auto held = objects_.locked();
            if (!held) {
                return pass(held);
            }
            links = this->chain(id);
            if (!links) {
                return pass(links);
            }
            auto done = copy_newest(*links, *held);
            if (!done) {
                return pass(done);
            }
            outcome.info = *std::move(done);
            return let_go(std::move(outcome), *links, *held);
        }
    }

protected:
    chain_archive(reader from, Retention retention, Clock clock)
        : reader(std::move(from)), retention_(std::move(retention)), clock_(std::move(clock)) {}

    // Encodes and publishes; `info` gets what is known by then. Id and time are given under the
    // lock: the snapshot is the newest when it appears, however long the encoding took, and no
    // other had its id meanwhile. Data that may not have a name of its own may speak of the id, so
    // it is encoded there too. `held`: the lock that the caller has.
    template <keyed_record R>
    [[nodiscard]] result<void> publish(snapshot_info& info, const std::vector<part_piece<R>>& parts,
                                       const Side* side, const monitor* watch,
                                       held_lock<Storage>* held = nullptr) const {
        std::optional<staged_of<Storage>> data;
        const auto encode = [&]() -> result<void> {
            auto staged = encoded(info, parts, side, watch);
            if (!staged) {
                return pass(staged);
            }
            data.emplace(*std::move(staged));
            return {};
        };
        if constexpr (Codec::names_data) {
            if (auto done = encode(); !done) {
                return done;
            }
        } else if (auto place = objects_.storage().stage({}); !place) {
            return pass(place); // which makes what is locked
        }
        held_lock<Storage> own;
        if (held == nullptr) {
            auto lock = objects_.locked();
            if (!lock) {
                return pass(lock);
            }
            own = *std::move(lock);
            held = &own;
        }
        constexpr int patience = 1000;
        for (int tried = 0;; ++tried) {
            const auto time = objects_.time_after(clock_.now(), options_.decode);
            if (!time) {
                return pass(time);
            }
            info.id = objects_.ids().next(*time);
            info.created_at = time->time_since_epoch().count();
            info.data = objects::data_name(info.id);
            if (!data) {
                if (auto done = encode(); !done) {
                    return done;
                }
            }
            objects::set_state(info);
            auto done = objects_.publish_held(info, *data, options_.decode, *held);
            if (done || done.error().code != errc::already_exists || tried == patience) {
                return done;
            }
            // Somebody else without the lock may take the id after the data got its name.
            if (!Codec::names_data || !lockable_storage<Storage> || held_lock<Storage>::losable) {
                data.reset();
            }
        }
    }

    // Removes what retention lets go. `trusted`: a snapshot that was written whole just now.
    [[nodiscard]] result<removed_snapshots> carry_out(std::string_view trusted) const {
        const auto held = objects_.locked();
        if (!held) {
            return held.error().code == errc::not_found ? result<removed_snapshots>{} : pass(held);
        }
        const auto decisions = planned(trusted);
        if (!decisions) {
            return pass(decisions);
        }
        std::vector<const snapshot_info*> doomed;
        for (const chain_decision& each : *decisions) {
            if (!each.keep) {
                doomed.push_back(&each.info);
            }
        }
        return objects_.remove(children_first(std::move(doomed)), *held);
    }

    Retention retention_;
    [[no_unique_address]] Clock clock_;

private:
    [[nodiscard]] static std::unexpected<error>
    in_use(std::string_view id, const std::vector<const snapshot_info*>& children) {
        return fail({.code = errc::in_use,
                     .where = std::string{id}.append(", needed by ").append(children[0]->id),
                     .found = children.size()});
    }

    // Before a snapshot is written anew: nothing of it gets lost, and nothing damaged gets a digest
    // that says that it is whole.
    [[nodiscard]] result<void> may_rewrite(const std::vector<snapshot_info>& links) const {
        auto verifying = options_.decode;
        verifying.integrity = integrity::verify;
        for (const snapshot_info& link : links) {
            std::vector<const piece_info*> all;
            for (const piece_info& each : link.pieces) {
                if (each.kind == piece_kind::side && !described<Side>) {
                    return fail({.code = errc::unsupported,
                                 .where = link.id + ": " + each.name,
                                 .during = "a side state, which this manager does not know"});
                }
                all.push_back(&each);
            }
            if (options_.decode.integrity == integrity::skip) {
                if (auto good = objects_.open_data(link, all, options_.access, verifying); !good) {
                    return pass(good);
                }
            }
        }
        return {};
    }

    // Its chain is damaged, so it can be of no use to whatever may need it.
    [[nodiscard]] bool is_lost(std::string_view id) const {
        const auto links = this->chain(id);
        return !links && is_damage(links.error());
    }

    [[nodiscard]] static error unknown_needs(const damaged_snapshot& damaged) {
        error what = damaged.what;
        what.during = "nothing is removed while it is not known which snapshots this one needs";
        return what;
    }

    // It can be restored. An error only where the look was stopped.
    [[nodiscard]] result<bool> whole_chain(const snapshot_info& info,
                                           std::string_view trusted) const {
        if (info.id == trusted && info.type == snapshot_kind::full) {
            return true;
        }
        const auto good = this->contents(info.id);
        if (!good && good.error().code == errc::cancelled) {
            return pass(good);
        }
        return good.has_value();
    }

    [[nodiscard]] result<std::vector<chain_decision>> planned(std::string_view trusted) const {
        auto all = this->list();
        if (!all) {
            return pass(all);
        }
        auto decisions = decide(retention_, std::move(all->snapshots), clock_.now());
        // Somebody may have taken a newer one meanwhile; this one was promised to be there.
        keep_with_parents(decisions, trusted, "just taken");
        if (std::ranges::all_of(decisions, &chain_decision::keep)) {
            return decisions;
        }
        if (!all->damaged.empty()) {
            return fail(unknown_needs(all->damaged.front()));
        }
        for (const chain_decision& each : decisions) {
            const auto whole = whole_chain(each.info, trusted);
            if (!whole) {
                return pass(whole);
            }
            if (*whole) {
                const std::string id = each.info.id;
                keep_with_parents(decisions, id, "the newest that is whole");
                break;
            }
        }
        return decisions;
    }

    // The data under a name of its own, not yet published.
    template <keyed_record R>
    [[nodiscard]] result<staged_of<Storage>> encoded(snapshot_info& info,
                                                     const std::vector<part_piece<R>>& parts,
                                                     const Side* side, const monitor* watch) const {
        const Codec& codec = objects_.codec();
        info.hash = digest_size<Hash> == 0 ? std::string{} : std::string{Hash::name};
        std::uint64_t hint = 0;
        if constexpr (requires { codec.size_hint(parts); }) {
            hint = codec.size_hint(parts);
        }
        auto staged = objects_.storage().stage({.size_hint = hint, .watch = watch});
        if (!staged) {
            return staged;
        }
        result<void> done;
        if constexpr (Codec::places_pieces) {
            done = codec.template encode<Hash>(info, parts, side, *staged);
        } else {
            encoder<staged_of<Storage>, Hash> out{*staged, 0};
            done = codec.template encode<Hash>(info, parts, side, out);
            const auto digest = digest_bytes(out.digest());
            info.data_digest.assign(digest.begin(), digest.end());
            info.data_size = out.written();
        }
        return done ? std::move(staged) : result<staged_of<Storage>>{pass(done)};
    }

    using loaded_parts = std::vector<part_piece<loaded_record<Record>>>;

    // The records stay in `from`.
    [[nodiscard]] static loaded_parts to_write(const pieces& from) {
        loaded_parts parts;
        for (const loaded_piece<Record>& each : from) {
            parts.push_back({.name = each.name,
                             .kind = each.kind,
                             .records = record_list<loaded_record<Record>>::of(each.records),
                             .erased = each.erased,
                             .total = each.total});
        }
        return parts;
    }

    // The last link in the place of all of them: on the first one's parent, or full as that was.
    [[nodiscard]] result<snapshot_info>
    write_anew(const std::vector<snapshot_info>& links,
               [[maybe_unused]] const held_lock<Storage>& held) const {
        if constexpr (!Codec::names_data) {
            return fail({.code = errc::unsupported,
                         .where = links.back().id,
                         .during = "the format has one place for a snapshot's data: compact it"});
        } else {
            snapshot_info info = links.back();
            info.type = links.front().type;
            info.parent_id = links.front().parent_id;
            info.parent_state = links.front().parent_state;
            const bool complete = info.type == snapshot_kind::full;
            if (auto good = may_rewrite(links); !good) {
                return pass(good);
            }
            std::vector<std::shared_ptr<const void>> backing;
            std::optional<Side> side;
            const auto all = this->folded(links, {}, complete, &side, backing);
            if (!all) {
                return pass(all);
            }
            auto staged = encoded(info, to_write(*all), side ? &*side : nullptr, nullptr);
            if (!staged) {
                return pass(staged);
            }
            auto done = objects_.rewrite(info, *staged, options_.decode, held);
            return done ? result<snapshot_info>{std::move(info)} : pass(done);
        }
    }

    // The newest snapshot as a new one that needs no other.
    [[nodiscard]] result<snapshot_info> copy_newest(const std::vector<snapshot_info>& links,
                                                    held_lock<Storage>& held) const {
        const auto all = this->list();
        if (!all) {
            return pass(all);
        }
        if (all->snapshots.empty() || all->snapshots.front().id != links.back().id) {
            return fail({.code = errc::unsupported,
                         .where = links.back().id,
                         .during = "a snapshot that is not the newest would become the newest"});
        }
        if (auto good = may_rewrite(links); !good) {
            return pass(good);
        }
        snapshot_info info{.description = links.back().description, .type = snapshot_kind::full};
        std::vector<std::shared_ptr<const void>> backing;
        std::optional<Side> side;
        const auto found = this->folded(links, {}, true, &side, backing);
        if (!found) {
            return pass(found);
        }
        auto done = publish(info, to_write(*found), side ? &*side : nullptr, nullptr, &held);
        return done ? result<snapshot_info>{std::move(info)} : pass(done);
    }

    // Removes links, last first, until one is needed by a snapshot that stays. Under the lock.
    [[nodiscard]] result<compacted> let_go(compacted outcome,
                                           const std::vector<snapshot_info>& links,
                                           const held_lock<Storage>& held) const {
        const auto all = this->list();
        if (!all) {
            return pass(all);
        }
        if (!all->damaged.empty()) {
            outcome.cleanup.failures.push_back(unknown_needs(all->damaged.front()));
            return outcome;
        }
        std::vector<const snapshot_info*> doomed;
        for (std::size_t i = links.size(); i-- != 0;) {
            const auto children = children_of(all->snapshots, links[i].id);
            const std::size_t own = doomed.empty() ? 0 : 1;
            if (children.size() != own) {
                break;
            }
            doomed.push_back(&links[i]);
        }
        auto gone = objects_.remove(doomed, held);
        if (gone) {
            outcome.cleanup = *std::move(gone);
        } else {
            outcome.cleanup.failures.push_back(gone.error());
        }
        return outcome;
    }
};

} // namespace tintype::inline v0
