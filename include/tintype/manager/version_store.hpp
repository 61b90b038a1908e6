#pragma once

// The versions in a storage as objects with numbers: listing, numbering, digests, pins, removal. It
// knows no state and no codec, so it can tend any folder of versions; `versioned_manager` puts both
// on top. Beside a version's object may stand its digest ("NAME.sha256") and its pin ("NAME.pin").

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/manager/catalog.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/manager/outcome.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/manager/version_digests.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/held_lock.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <storage_policy Storage, hash_policy Hash, version_names Names>
class version_store : public version_digests<Storage, Hash, Names> {
    using objects = version_digests<Storage, Hash, Names>;
    using objects::beside;
    using objects::counts;
    using objects::digest_suffix;
    using objects::storage_;

public:
    using objects::has_digests;
    using objects::versions;
    using typename objects::digest_type;

    using objects::objects;

    // Removes what crashed writers left behind: temporaries that nobody touched for so long, and
    // digests whose object was never published. A storage that holds nothing yet is no error.
    [[nodiscard]] result<void> sweep(std::chrono::nanoseconds grace) const {
        if constexpr (sweepable_storage<Storage>) {
            if (auto swept = storage_.sweep(grace); !swept) {
                return pass(swept);
            }
        }
        return this->remove_orphans(grace);
    }

    // `not_found` where there is none.
    [[nodiscard]] result<std::uint64_t> newest() const {
        const auto all = versions();
        if (!all) {
            return pass(all);
        }
        if (all->empty()) {
            return fail({.code = errc::not_found, .where = "any snapshot"});
        }
        return all->back();
    }

    // Ascending by version. No payload is read.
    [[nodiscard]] result<std::vector<catalog_entry>> list() const {
        const auto found = storage_.list();
        if (!found) {
            return pass(found);
        }
        std::vector<catalog_entry> all;
        std::vector<std::uint64_t> pins;
        for (const object_info& each : *found) {
            if (const auto version = Names::parse(each.name)) {
                all.push_back({.version = *version, .time = each.modified, .size = each.size});
            } else if (const auto pinned = beside(each.name, pin_suffix)) {
                pins.push_back(*pinned);
            }
        }
        for (catalog_entry& each : all) {
            each.pinned = std::ranges::find(pins, each.version) != pins.end();
        }
        std::sort(all.begin(), all.end(), [](const catalog_entry& one, const catalog_entry& other) {
            return one.version < other.version;
        });
        return all;
    }

    // Publishes under a number that is greater than all there are and was never given before, the
    // next one where nobody else saves, and returns it. Where the storage has pointers one of them
    // counts, and nobody waits for anybody. Elsewhere the number is taken and the object named
    // under the storage's lock, so a number that was pruned in between cannot be given out again;
    // where there is no lock either, publish() alone decides between racers.
    [[nodiscard]] result<std::uint64_t> publish(staged_of<Storage>& staged,
                                                const digest_type& digest) const {
        std::optional<result<held_lock<Storage>>> held;
        if constexpr (!counts) {
            held.emplace(this->locked());
            if (!*held) {
                return pass(*held);
            }
        }
        const auto names = storage_.names();
        if (!names) {
            return pass(names);
        }
        std::uint64_t version = 0;
        for (const std::string& name : *names) {
            version = std::max({version, Names::parse(name).value_or(0),
                                beside(name, digest_suffix()).value_or(0)});
        }
        for (;;) {
            const auto next = this->number_after(version);
            if (!next) {
                return next;
            }
            version = *next;
            auto done = this->record(version, digest);
            if (done) {
                done = staged.publish(Names::name(version));
                if (done) {
                    return this->acknowledged(version);
                }
                this->retract(version, done.error());
            }
            if (done.error().code != errc::already_exists) {
                return pass(done);
            }
        }
    }

    // The object, after it was compared with its digest, where there is one and `how` asks for it.
    [[nodiscard]] result<object_of<Storage>> open(std::uint64_t version, access how,
                                                  const decode_options& options) const {
        auto object = storage_.open(Names::name(version), how);
        if constexpr (has_digests) {
            if (object && options.integrity == integrity::verify) {
                if (auto good = this->matches(version, object->bytes(), options.watch); !good) {
                    // Unless the version is gone too, what is missing is its digest.
                    if (good.error().code == errc::not_found &&
                        storage_.open(Names::name(version), how)) {
                        return fail({.code = errc::missing_field,
                                     .where = Names::name(version) + digest_suffix()});
                    }
                    return pass(good);
                }
            }
        }
        return object;
    }

    // Whether there was such a version; its pin goes with it. The newest is refused: the next one's
    // number is counted from it, and no number is ever used twice.
    [[nodiscard]] result<bool> remove(std::uint64_t version) const {
        const auto last = newest();
        if (!last) {
            return last.error().code == errc::not_found ? result<bool>{false} : pass(last);
        }
        if (*last == version) {
            return fail({.code = errc::unsupported,
                         .where = Names::name(version),
                         .during = "the newest version stays, as the next is numbered after it"});
        }
        // The newer ones may be another process's, visible but not yet durable.
        if (auto done = storage_.sync(); !done) {
            return pass(done);
        }
        auto gone = storage_.remove(Names::name(version));
        if (gone) {
            if (auto done = this->remove_digests({version}); !done) {
                return pass(done);
            }
            if (auto also = storage_.remove(pin_name(version)); !also) {
                return also;
            }
        }
        return gone;
    }

    // Removes what the decisions do not keep, oldest first. Under the lock, and after another look
    // at the pins, so that nothing goes that was pinned since the decisions were made.
    [[nodiscard]] result<pruned> carry_out(const std::vector<decision>& newest_first) const {
        pruned outcome;
        if (std::ranges::all_of(newest_first, &decision::keep)) {
            for (auto each = newest_first.rbegin(); each != newest_first.rend(); ++each) {
                outcome.kept.push_back(each->entry.version);
            }
            return outcome;
        }
        const auto held = this->locked();
        if (!held) {
            return pass(held);
        }
        const auto names = storage_.names();
        if (!names) {
            return pass(names);
        }
        std::vector<std::uint64_t> doomed;
        for (auto each = newest_first.rbegin(); each != newest_first.rend(); ++each) {
            const std::uint64_t version = each->entry.version;
            const bool pinned = std::ranges::find(*names, pin_name(version)) != names->end();
            (each->keep || pinned ? outcome.kept : doomed).push_back(version);
        }
        // The versions on whose account others go may be another process's, visible but not yet
        // durable.
        if (auto done = storage_.sync(); !done) {
            return pass(done);
        }
        for (const std::uint64_t version : doomed) {
            // Others may have pinned it.
            if (auto ours = held->still(); !ours) {
                outcome.failures.push_back(ours.error());
                break;
            }
            if (const auto gone = storage_.remove(Names::name(version)); gone) {
                outcome.removed.push_back(version);
            } else {
                outcome.failures.push_back(gone.error());
            }
        }
        if (auto done = this->remove_digests(outcome.removed); !done) {
            outcome.failures.push_back(done.error());
        }
        return outcome;
    }

    // A pinned version stays, whatever the retention policy says, until it is unpinned.
    [[nodiscard]] result<void> pin(std::uint64_t version, std::string_view why) const {
        auto held = this->locked();
        if (!held) {
            return pass(held);
        }
        if (auto there = this->exists(version); !there) {
            return there;
        }
        auto done = this->put(pin_name(version), why, [](auto& staged, const std::string& name) {
            return staged.replace(name);
        });
        if (!done || held->still()) {
            return done;
        }
        // Once the lock is ours again, whoever removes has seen the pin or is done.
        if (done = held->again(storage_); !done) {
            return done;
        }
        done = this->exists(version);
        if (!done && done.error().code == errc::not_found) {
            static_cast<void>(storage_.remove(pin_name(version)));
        }
        return done;
    }

    // Whether it was pinned.
    [[nodiscard]] result<bool> unpin(std::uint64_t version) const {
        auto removed = storage_.remove(pin_name(version));
        if (removed && *removed) {
            if (auto done = storage_.sync(); !done) {
                return pass(done);
            }
        }
        return removed;
    }

private:
    static constexpr std::string_view pin_suffix = ".pin";

    [[nodiscard]] static std::string pin_name(std::uint64_t version) {
        return Names::name(version).append(pin_suffix);
    }
};

} // namespace tintype::inline v0
