#pragma once

// The digests that stand beside versions, and the numbers that both are named by. No version is
// acknowledged without the digest that it must match, and no digest of a save that is under way is
// taken for one that a crashed writer left.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/held_lock.hpp>
#include <tintype/storage/numbers.hpp>
#include <tintype/storage/pointer.hpp>

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
class version_digests {
public:
    using digest_type = typename Hash::digest_type;
    static constexpr bool has_digests = digest_size<Hash> != 0;

    explicit version_digests(Storage storage) : storage_(std::move(storage)) {}

    [[nodiscard]] const Storage& storage() const noexcept { return storage_; }

    // Ascending. Only names are looked at.
    [[nodiscard]] result<std::vector<std::uint64_t>> versions() const {
        const auto names = storage_.names();
        if (!names) {
            return pass(names);
        }
        std::vector<std::uint64_t> all;
        for (const std::string& name : *names) {
            if (const auto version = Names::parse(name)) {
                all.push_back(*version);
            }
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    // The digest that was recorded when the version was saved.
    [[nodiscard]] result<digest_type> digest(std::uint64_t version) const
    requires has_digests
    {
        const auto name = Names::name(version) + digest_suffix();
        const auto object = storage_.open(name, access::map);
        if (!object) {
            return pass(object);
        }
        const auto text = text_of(object->bytes());
        const auto found = from_hex<digest_type>(text.substr(0, text.find(' ')));
        if (!found) {
            return fail({.code = errc::invalid_value, .where = name, .found = text.size()});
        }
        return *found;
    }

protected:
    using lock = held_lock<Storage>;

    // Whether numbers come from a pointer, so that savers need no lock.
    static constexpr bool counts = pointer_storage<Storage>;

    [[nodiscard]] static std::string digest_suffix() {
        return std::string{"."} += std::string_view{Hash::name};
    }

    // The version that an object beside it belongs to.
    [[nodiscard]] static std::optional<std::uint64_t> beside(std::string_view name,
                                                             std::string_view suffix) {
        return name.ends_with(suffix) ? Names::parse(name.substr(0, name.size() - suffix.size()))
                                      : std::nullopt;
    }

    [[nodiscard]] result<lock> locked() const { return lock::take(storage_); }

    [[nodiscard]] result<std::uint64_t> number_after(std::uint64_t highest) const {
        if (highest == limits::none) {
            return fail({.code = errc::out_of_bounds, .found = highest, .wanted = highest});
        }
        if constexpr (counts) {
            return next_number(storage_, series(), highest + 1);
        } else {
            return highest + 1;
        }
    }

    // The number, unless whoever sweeps took this save for a crashed one before the object was
    // there, and its digest with it: then the object goes, too.
    [[nodiscard]] result<std::uint64_t> acknowledged(std::uint64_t version) const {
        if constexpr (counts && has_digests) {
            const auto swept = last_number(storage_, given_up());
            if (!swept) {
                // The object is there, and nobody knows whether it stays.
                auto what = swept.error();
                what.where = Names::name(version);
                what.during = "nobody knows whether it was done";
                return fail(what);
            }
            if (version <= *swept) {
                for (const auto& name :
                     {Names::name(version), Names::name(version) + digest_suffix()}) {
                    if (const auto gone = storage_.remove(name); !gone) {
                        return pass(gone);
                    }
                }
                return fail(
                    {.code = errc::timed_out,
                     .where = Names::name(version),
                     .during = "the save stood still for longer than the grace of a sweep"});
            }
        }
        return version;
    }

    // `not_found` where there is no such version.
    [[nodiscard]] result<void> exists(std::uint64_t version) const {
        if constexpr (counts) {
            // To open an object may be to fetch all of it.
            const auto names = storage_.names();
            if (!names) {
                return pass(names);
            }
            if (std::ranges::find(*names, Names::name(version)) == names->end()) {
                return fail({.code = errc::not_found, .where = Names::name(version)});
            }
            return {};
        } else {
            const auto object = storage_.open(Names::name(version), access::map);
            return object ? result<void>{} : pass(object);
        }
    }

    [[nodiscard]] result<void> matches(std::uint64_t version, byte_view bytes,
                                       const monitor* watch) const
    requires has_digests
    {
        const auto stored = digest(version);
        if (!stored) {
            return pass(stored);
        }
        const auto computed = watched_hash<Hash>(bytes, watch);
        if (!computed) {
            return pass(computed);
        }
        if (*stored != *computed) {
            return fail({.code = errc::checksum_mismatch,
                         .where = Names::name(version),
                         .found = leading_number(*stored),
                         .wanted = leading_number(*computed)});
        }
        return {};
    }

    // Durable before the object is, so that no object lacks the digest that it must match. One
    // line, as sha256sum and its like write and check it.
    [[nodiscard]] result<void> record([[maybe_unused]] std::uint64_t version,
                                      [[maybe_unused]] const digest_type& digest) const {
        if constexpr (has_digests) {
            const auto line = to_hex(digest) + "  " + Names::name(version) + "\n";
            return put(Names::name(version) + digest_suffix(), line,
                       [](auto& staged, const std::string& name) { return staged.publish(name); });
        } else {
            return {};
        }
    }

    // The digest of an object that did not get its name: what has that name instead is another's.
    // A request that nobody answered may name the object yet, and then it must have its digest.
    // Best effort, as the next opening clears up what stays.
    void retract([[maybe_unused]] std::uint64_t version, [[maybe_unused]] const error& why) const {
        if constexpr (has_digests) {
            const auto gone = [&] {
                const auto there = exists(version);
                return !there && there.error().code == errc::not_found;
            };
            if (why.code == errc::already_exists || (!counts && gone())) {
                static_cast<void>(storage_.remove(Names::name(version) + digest_suffix()));
            }
        }
    }

    template <class Publish>
    [[nodiscard]] result<void> put(const std::string& name, std::string_view text,
                                   Publish publish) const {
        auto staged = storage_.stage({.size_hint = text.size()});
        if (!staged) {
            return pass(staged);
        }
        if (auto done = staged->write(bytes_of(text)); !done) {
            return done;
        }
        return publish(*staged, name);
    }

    // Once the objects stay away: a digest without its object is nothing, an object that came back
    // without its digest would not be believed.
    [[nodiscard]] result<void>
    remove_digests([[maybe_unused]] const std::vector<std::uint64_t>& versions) const {
        if constexpr (has_digests) {
            if (versions.empty()) {
                return {};
            }
            if (auto done = storage_.sync(); !done) {
                return done;
            }
            for (const std::uint64_t version : versions) {
                const auto gone = storage_.remove(Names::name(version) + digest_suffix());
                if (!gone) {
                    return pass(gone);
                }
            }
        }
        return {};
    }

    // Only under the lock, which a saver holds from the one name to the other. Where savers need no
    // lock, what is younger than the newest object by less than `grace` may be of one at work.
    [[nodiscard]] result<void>
    remove_orphans([[maybe_unused]] std::chrono::nanoseconds grace) const {
        if constexpr (has_digests && lockable_storage<Storage>) {
            const auto held = locked();
            if (!held) {
                return held.error().code == errc::not_found ? result<void>{} : pass(held);
            }
            auto found = orphans(grace);
            if (!found) {
                return pass(found);
            }
            if constexpr (counts) {
                if (auto done = give_up(*found); !done) {
                    return done;
                }
            }
            auto ours = held->still();
            return ours ? remove_digests(*found) : ours;
        }
        return {};
    }

    Storage storage_;

private:
    // No two names count in one series.
    [[nodiscard]] static std::string series() { return Names::name(0); }

    // What this counts up to was given up: whoever has such a number and no object yet gets none.
    [[nodiscard]] static std::string given_up() { return Names::name(0).append(".swept"); }

    // The versions that have a digest and no object.
    [[nodiscard]] result<std::vector<std::uint64_t>> orphans(std::chrono::nanoseconds grace) const {
        const auto objects = storage_.list();
        if (!objects) {
            return pass(objects);
        }
        timestamp newest = timestamp::min();
        std::vector<std::uint64_t> there;
        for (const object_info& each : *objects) {
            newest = std::max(newest, each.modified);
            if (const auto version = Names::parse(each.name)) {
                there.push_back(*version);
            }
        }
        std::sort(there.begin(), there.end());
        std::vector<std::uint64_t> lone;
        for (const object_info& each : *objects) {
            const auto version = beside(each.name, digest_suffix());
            if (version && !std::binary_search(there.begin(), there.end(), *version) &&
                (!counts || newest - each.modified >= grace)) {
                lone.push_back(*version);
            }
        }
        return lone;
    }

    // Says that these numbers were given up, for a saver of one to see once its object is there,
    // and leaves out those whose object came before.
    [[nodiscard]] result<void> give_up(std::vector<std::uint64_t>& found) const {
        const auto last = last_number(storage_, series());
        if (!last) {
            return pass(last);
        }
        // No saver has a number that was not given out.
        std::uint64_t highest = 0;
        for (const std::uint64_t version : found) {
            highest = std::max(highest, version <= *last ? version : 0);
        }
        if (highest == 0) {
            return {};
        }
        if (auto done = raise_number(storage_, given_up(), highest); !done) {
            return done;
        }
        const auto now = versions();
        if (!now) {
            return pass(now);
        }
        std::erase_if(found, [&](std::uint64_t version) {
            return std::binary_search(now->begin(), now->end(), version);
        });
        return {};
    }
};

} // namespace tintype::inline v0
