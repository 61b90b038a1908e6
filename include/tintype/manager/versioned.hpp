#pragma once

// Snapshots of one state as numbered versions in a storage. A version that `save` returned is
// durable, is never overwritten, and goes only when the retention policy, or somebody by name, lets
// it go. Every function may be called from many threads, and many processes may share the storage.

#include <tintype/codec/concept.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/manager/outcome.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/manager/version_store.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// Passes bytes on and hashes the whole object for its digest.
template <class Staged, hash_policy Hash>
class digesting_sink {
public:
    explicit digesting_sink(Staged& staged) noexcept : staged_(&staged) {}

    [[nodiscard]] result<void> write(byte_view bytes) {
        hash_.update(bytes);
        return staged_->write(bytes);
    }

    [[nodiscard]] typename Hash::digest_type digest() { return hash_.finish(); }

private:
    Staged* staged_;
    Hash hash_{};
};

} // namespace detail

template <class State, obeys<codec_rules, State> Codec, obeys<storage_rules> Storage = directory,
          obeys<hash_rules> Hash = no_hash, obeys<retention_rules> Retention = keep_last,
          obeys<names_rules> Names = numbered<"snapshot_", ".tintype">,
          obeys<clock_rules> Clock = system_clock>
class versioned_manager {
    static_assert(detail::suits<Codec, State>());

    using store_type = version_store<Storage, Hash, Names>;

    // Bytes that end in their own CRC all have the same CRC: it would call any two states equal.
    static_assert(!store_type::has_digests || !combinable_hash<Hash> ||
                      !std::same_as<Hash, own_hash_of<Codec>>,
                  "tintype: the manager's hash is the codec's own checksum, which tells no two "
                  "whole objects apart: give the manager another hash, or no_hash");

public:
    using digest_type = typename Hash::digest_type;

    // Sweeps what crashed writers left behind. A storage that holds nothing yet is no error.
    [[nodiscard]] static result<versioned_manager> open(Storage storage, Retention retention,
                                                        manager_options options = {},
                                                        Codec codec = {}, Clock clock = {}) {
        versioned_manager manager{store_type{std::move(storage)}, std::move(retention), options,
                                  std::move(codec), std::move(clock)};
        if (auto swept = manager.store_.sweep(options.sweep_grace); !swept) {
            return pass(swept);
        }
        return manager;
    }

    // Durable when it returns. Then the retention policy is applied.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<saved>
    save(const State& state, const monitor* watch = nullptr) const {
        return save_unless(state, watch, [](const digest_type&) { return 0; });
    }

    // Like `save`, but where the newest version is whole and its digest says that nothing changed,
    // that version is returned and nothing is kept twice.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<saved>
    save_if_changed(const State& state, const monitor* watch = nullptr) const
    requires store_type::has_digests
    {
        return save_unless(state, watch, [this](const digest_type& digest) -> std::uint64_t {
            const auto newest = store_.newest();
            const bool same = newest && store_.digest(*newest) == digest;
            // A digest outlives damage to its object.
            return same && store_.open(*newest, options_.access, {}) ? *newest : 0;
        });
    }

    [[nodiscard]] result<loaded<State>> load(std::uint64_t version) const {
        const auto object = store_.open(version, options_.access, options_.decode);
        if (!object) {
            return pass(object);
        }
        auto state = codec_.template decode<State>(object->bytes(), options_.decode);
        if (!state) {
            return failed_in(version, state.error());
        }
        return loaded<State>{*std::move(state), version};
    }

    // `not_found` where there is none.
    [[nodiscard]] result<loaded<State>> load_latest() const {
        return of_newest([this](std::uint64_t version) { return load(version); });
    }

    // The newest version that can be loaded, with what is wrong with those that had to be skipped;
    // where none can be, the error of the newest. Only damage is skipped: where there was no memory
    // or no permission, or a limit was in the way, an older version is not what was asked for. Look
    // at `skipped` for `unsupported_version`: a damaged byte, or a newer program's snapshot.
    [[nodiscard]] result<recovered<State>> load_latest_valid() const {
        auto all = store_.versions();
        std::vector<damaged> skipped;
        for (std::size_t i = 0; all && i != all->size();) {
            const std::uint64_t version = (*all)[all->size() - ++i];
            auto found = load(version);
            if (found) {
                return recovered<State>{std::move(found->state), version, std::move(skipped)};
            }
            if (!may_be_damage(found.error().code)) {
                return pass(found);
            }
            if (gone(version, found.error())) {
                // Pruned since it was listed, so there are newer ones.
                all = store_.versions();
                skipped.clear();
                i = 0;
                continue;
            }
            skipped.push_back({version, found.error()});
        }
        if (!all) {
            return pass(all);
        }
        return fail(skipped.empty() ? error{.code = errc::not_found, .where = "any snapshot"}
                                    : skipped.front().what);
    }

    // No copies: the view's spans lie in the object that it holds.
    [[nodiscard]] auto view(std::uint64_t version) const
    requires viewable_codec<Codec, State>
    {
        using view_type = viewed<view_of<Codec, State>, object_of<Storage>>;
        auto object = store_.open(version, options_.access, options_.decode);
        if (!object) {
            return result<view_type>{pass(object)};
        }
        auto view = codec_.template view<State>(object->bytes(), options_.decode);
        if (!view) {
            return result<view_type>{failed_in(version, view.error())};
        }
        return result<view_type>{view_type{*std::move(object), *std::move(view), version}};
    }

    [[nodiscard]] auto view_latest() const
    requires viewable_codec<Codec, State>
    {
        return of_newest([this](std::uint64_t version) { return view(version); });
    }

    // Ascending; `list` also says when, how large and whether pinned. No payload is read.
    [[nodiscard]] result<std::vector<std::uint64_t>> versions() const { return store_.versions(); }

    [[nodiscard]] result<std::vector<catalog_entry>> list() const { return store_.list(); }

    // The digest that was recorded when the version was saved.
    [[nodiscard]] result<digest_type> digest(std::uint64_t version) const
    requires store_type::has_digests
    {
        return store_.digest(version);
    }

    // Reads versions, newest first, and checks everything that can be checked in each.
    [[nodiscard]] result<verified> verify(const verify_options& options = {}) const {
        auto all = store_.versions();
        if (!all) {
            return pass(all);
        }
        sample(*all, options);
        verified outcome;
        for (std::size_t i = 0; i != all->size(); ++i) {
            const auto version = (*all)[all->size() - 1 - i];
            if (const auto good = check(version); good) {
                outcome.good.push_back(version);
            } else if (!gone(version, good.error())) {
                outcome.bad.push_back({version, good.error()});
            }
            if (options.watch != nullptr) {
                auto go_on = options.watch->report({.done = i + 1, .total = all->size()});
                if (!go_on) {
                    return pass(go_on);
                }
            }
        }
        return outcome;
    }

    // What `prune` would do now, and why, newest first. Where anything is to go, the newest
    // versions are read until one is whole: that one stays, whatever the policy says.
    [[nodiscard]] result<std::vector<decision>> plan() const {
        auto decisions = planned();
        if (decisions && !std::ranges::all_of(*decisions, &decision::keep)) {
            const auto whole = std::ranges::find_if(*decisions, [this](const decision& each) {
                return check(each.entry.version).has_value();
            });
            if (whole != decisions->end() && !whole->keep) {
                whole->keep = true;
                whole->reason = "the newest that is whole";
            }
        }
        return decisions;
    }

    [[nodiscard("tintype: look at the result: it may be an error")]] result<pruned> prune() const {
        return carried_out(plan());
    }

    // Whether there was such a version. The newest is refused: the next one's number is counted
    // from it, and no number is ever used twice.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<bool>
    remove(std::uint64_t version) const {
        return store_.remove(version);
    }

    // A pinned version stays, whatever the retention policy says, until it is unpinned. `why` is
    // kept with the pin, for people.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<void>
    pin(std::uint64_t version, std::string_view why = {}) const {
        return store_.pin(version, why);
    }

    // Whether it was pinned.
    [[nodiscard("tintype: look at the result: it may be an error")]] result<bool>
    unpin(std::uint64_t version) const {
        return store_.unpin(version);
    }

private:
    versioned_manager(store_type store, Retention retention, manager_options options, Codec codec,
                      Clock clock)
        : store_(std::move(store)), retention_(std::move(retention)), options_(options),
          codec_(std::move(codec)), clock_(std::move(clock)) {}

    // Says of which object a codec, which knows only bytes, complained.
    [[nodiscard]] static std::unexpected<error> failed_in(std::uint64_t version, error what) {
        if (what.where.empty()) {
            what.where = Names::name(version);
        }
        return fail(what);
    }

    [[nodiscard]] static constexpr bool may_be_damage(errc code) noexcept {
        return code != errc::cancelled && code != errc::out_of_memory &&
               code != errc::permission_denied && code != errc::limit_exceeded;
    }

    [[nodiscard]] result<std::vector<decision>> planned() const {
        auto catalog = store_.list();
        if (!catalog) {
            return pass(catalog);
        }
        return tintype::plan(retention_, *std::move(catalog), clock_.now());
    }

    [[nodiscard]] result<pruned> carried_out(result<std::vector<decision>> decisions) const {
        return decisions ? store_.carry_out(*decisions) : result<pruned>{pass(decisions)};
    }

    // `same(digest)`: the version that the state was saved as already, or 0.
    template <class Same>
    [[nodiscard]] result<saved> save_unless(const State& state, const monitor* watch,
                                            Same same) const {
        auto staged =
            store_.storage().stage({.size_hint = size_hint(codec_, state), .watch = watch});
        if (!staged) {
            return pass(staged);
        }
        detail::digesting_sink<staged_of<Storage>, Hash> sink{*staged};
        if (auto done = codec_.encode(state, sink); !done) {
            return pass(done);
        }
        const auto digest = sink.digest();
        if (const std::uint64_t before = same(digest); before != 0) {
            // It may be another process's, visible but not yet durable.
            if (auto done = store_.storage().sync(); !done) {
                return pass(done);
            }
            // Unless another has saved since, and perhaps pruned it.
            if (store_.newest() == before) {
                return saved{.version = before};
            }
        }
        const auto version = store_.publish(*staged, digest);
        if (!version) {
            return pass(version);
        }
        saved outcome{.version = *version};
        if constexpr (!std::same_as<Retention, keep_all>) {
            // What was saved just now is whole; a newer one may be another's, of which nobody
            // knows.
            auto decisions = planned();
            if (decisions) {
                const auto own = std::ranges::find(
                    *decisions, *version, [](const decision& each) { return each.entry.version; });
                if (own != decisions->end() && !own->keep) {
                    own->keep = true;
                    own->reason = "just saved";
                }
            }
            if (auto cleanup = carried_out(std::move(decisions)); cleanup) {
                outcome.cleanup = *std::move(cleanup);
            } else {
                outcome.cleanup.failures.push_back(cleanup.error());
            }
        }
        return outcome;
    }

    // Another process may prune the newest version between our seeing its name and opening it; then
    // there is a newer one.
    template <class Use>
    [[nodiscard]] auto of_newest(Use use) const -> decltype(use(std::uint64_t{})) {
        for (std::uint64_t tried = 0;;) {
            const auto version = store_.newest();
            if (!version) {
                return pass(version);
            }
            auto outcome = use(*version);
            if (outcome || outcome.error().code != errc::not_found || *version == tried) {
                return outcome;
            }
            tried = *version;
        }
    }

    // Whether the error is only that somebody removed the version since it was listed.
    [[nodiscard]] bool gone(std::uint64_t version, const error& what) const {
        if (what.code != errc::not_found) {
            return false;
        }
        const auto all = store_.versions();
        return all && !std::ranges::binary_search(*all, version);
    }

    [[nodiscard]] result<void> check(std::uint64_t version) const {
        const auto object = store_.open(version, options_.access, options_.decode);
        if (!object) {
            return pass(object);
        }
        const auto complaint = [&](const auto& outcome) -> result<void> {
            return outcome ? result<void>{} : failed_in(version, outcome.error());
        };
        // A view looks into no frame, and into no older release.
        return complaint(codec_.template decode<State>(object->bytes(), options_.decode));
    }

    // Leaves `at_most` of them, in order: each equally likely, always the same for one seed.
    static void sample(std::vector<std::uint64_t>& all, const verify_options& options) {
        splitmix64 random{options.seed};
        std::uint64_t left = all.size();
        std::uint64_t wanted = std::min<std::uint64_t>(options.at_most, left);
        std::erase_if(all, [&](std::uint64_t) {
            const bool take = random() % left-- < wanted;
            wanted -= take ? 1 : 0;
            return !take;
        });
    }

    store_type store_;
    Retention retention_;
    manager_options options_;
    [[no_unique_address]] Codec codec_;
    [[no_unique_address]] Clock clock_;
};

} // namespace tintype::inline v0
