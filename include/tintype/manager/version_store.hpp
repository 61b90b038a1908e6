#pragma once

// The versions in a storage as objects with numbers: listing, numbering, digests, pins, removal. It
// knows no state and no codec, so it can tend any folder of versions; `versioned_manager` puts both
// on top. Beside a version's object may stand its digest ("NAME.sha256") and its pin ("NAME.pin").

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/manager/catalog.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/manager/outcome.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/concept.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype {

template <storage_policy Storage, hash_policy Hash, version_names Names>
class version_store {
public:
    using digest_type = typename Hash::digest_type;
    static constexpr bool has_digests = digest_size<Hash> != 0;

    explicit version_store(Storage storage) : storage_(std::move(storage)) {}

    [[nodiscard]] const Storage& storage() const noexcept { return storage_; }

    // Removes what crashed writers left behind: temporaries that nobody touched for so long, and
    // digests whose object was never published. A storage that holds nothing yet is no error.
    [[nodiscard]] result<void> sweep(std::chrono::nanoseconds grace) const {
        if constexpr (sweepable_storage<Storage>) {
            if (auto swept = storage_.sweep(grace); !swept) {
                return pass(swept);
            }
        }
        return remove_orphans();
    }

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
        std::ranges::sort(all);
        return all;
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
        const auto objects = storage_.list();
        if (!objects) {
            return pass(objects);
        }
        std::vector<catalog_entry> all;
        std::vector<std::uint64_t> pins;
        for (const object_info& each : *objects) {
            if (const auto version = Names::parse(each.name)) {
                all.push_back({.version = *version, .time = each.modified, .size = each.size});
            } else if (const auto pinned = beside(each.name, pin_suffix)) {
                pins.push_back(*pinned);
            }
        }
        for (catalog_entry& each : all) {
            each.pinned = std::ranges::find(pins, each.version) != pins.end();
        }
        std::ranges::sort(all, {}, &catalog_entry::version);
        return all;
    }

    // Publishes under the number after the highest that there is, and returns it. The number is
    // taken and the object named under the storage's lock, so a number that was pruned in between
    // cannot be given out again; where there is no lock, publish() alone decides between racers.
    [[nodiscard]] result<std::uint64_t> publish(staged_of<Storage>& staged,
                                                const digest_type& digest) const {
        [[maybe_unused]] const auto held = locked();
        if (!held) {
            return pass(held);
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
            if (version == limits::none) {
                return fail({.code = errc::out_of_bounds, .found = version, .wanted = version});
            }
            ++version;
            auto done = record(version, digest);
            if (done) {
                done = staged.publish(Names::name(version));
                if (done) {
                    return version;
                }
                retract(version, done.error());
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
                if (auto good = matches(version, object->bytes(), options.watch); !good) {
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
            if (auto done = remove_digests({version}); !done) {
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
        [[maybe_unused]] const auto held = locked();
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
            if (const auto gone = storage_.remove(Names::name(version)); gone) {
                outcome.removed.push_back(version);
            } else {
                outcome.failures.push_back(gone.error());
            }
        }
        if (auto done = remove_digests(outcome.removed); !done) {
            outcome.failures.push_back(done.error());
        }
        return outcome;
    }

    // A pinned version stays, whatever the retention policy says, until it is unpinned.
    [[nodiscard]] result<void> pin(std::uint64_t version, std::string_view why) const {
        [[maybe_unused]] const auto held = locked();
        if (!held) {
            return pass(held);
        }
        if (auto object = storage_.open(Names::name(version), access::map); !object) {
            return pass(object);
        }
        return put(pin_name(version), why,
                   [](auto& staged, const std::string& name) { return staged.replace(name); });
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

    [[nodiscard]] static std::string digest_suffix() {
        return std::string{"."} += std::string_view{Hash::name};
    }

    // The version that an object beside it belongs to.
    [[nodiscard]] static std::optional<std::uint64_t> beside(std::string_view name,
                                                             std::string_view suffix) {
        return name.ends_with(suffix) ? Names::parse(name.substr(0, name.size() - suffix.size()))
                                      : std::nullopt;
    }

    [[nodiscard]] auto locked() const {
        if constexpr (lockable_storage<Storage>) {
            return storage_.lock();
        } else {
            return result<int>{0};
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
    // Best effort, as the next opening clears up what stays.
    void retract([[maybe_unused]] std::uint64_t version, [[maybe_unused]] const error& why) const {
        if constexpr (has_digests) {
            const auto object = storage_.open(Names::name(version), access::map);
            if (why.code == errc::already_exists ||
                (!object && object.error().code == errc::not_found)) {
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

    // Only under the lock, which a saver holds from the one name to the other.
    [[nodiscard]] result<void> remove_orphans() const {
        if constexpr (has_digests && lockable_storage<Storage>) {
            const auto held = locked();
            if (!held) {
                return held.error().code == errc::not_found ? result<void>{} : pass(held);
            }
            const auto names = storage_.names();
            if (!names) {
                return pass(names);
            }
            std::vector<std::uint64_t> orphans;
            for (const std::string& name : *names) {
                const auto version = beside(name, digest_suffix());
                if (version && std::ranges::find(*names, Names::name(*version)) == names->end()) {
                    orphans.push_back(*version);
                }
            }
            return remove_digests(orphans);
        }
        return {};
    }

    Storage storage_;
};

} // namespace tintype
