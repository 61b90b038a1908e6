#pragma once

// The snapshots of a chain without a live store: what there is, what each holds, whether it is
// whole, how two differ. Nothing here changes a storage.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/columnar.hpp>
#include <tintype/chain/fold.hpp>
#include <tintype/chain/ids.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/objects.hpp>
#include <tintype/chain/outcome.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/chain/upkeep.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <keyed_record Record, class Side = no_side, storage_policy Storage = directory,
          chain_codec<Record, Side> Codec = chain_columns, hash_policy Hash = crc32c,
          id_policy Ids = timed_ids<>>
class chain_reader {
protected:
    using objects = chain_objects<Storage, Codec, Hash, Ids>;
    using pieces = std::vector<loaded_piece<Record>>;

public:
    using key_type = key_of_record<Record>;
    using contents_type = chain_contents<Record, Side>;

    explicit chain_reader(Storage storage, chain_options options = {}, Codec codec = {},
                          Ids ids = {})
        : objects_(std::move(storage), std::move(codec), std::move(ids), options.access),
          options_(options) {}

    [[nodiscard]] const Storage& storage() const noexcept { return objects_.storage(); }

    // Newest first, and the manifests that cannot be read. No data is looked at.
    [[nodiscard]] result<snapshot_list> list() const { return objects_.list(options_.decode); }

    [[nodiscard]] result<snapshot_info> metadata(std::string_view id) const {
        return objects_.info(id, options_.decode);
    }

    [[nodiscard]] result<bool> exists(std::string_view id) const {
        const auto all = objects_.names();
        return all ? result<bool>{std::ranges::find(*all, id) != all->end()} : pass(all);
    }

    // From the full snapshot to this one.
    [[nodiscard]] result<std::vector<snapshot_info>> chain(std::string_view id) const {
        return steady(id,
                      [](const auto& links) { return result<std::vector<snapshot_info>>{links}; });
    }

    // All that the store held when the snapshot was taken, or the parts named. Everything is read
    // and verified before it returns.
    [[nodiscard]] result<contents_type> contents(std::string_view id,
                                                 part_filter parts = {}) const {
        return steady(id, [&](const auto& links) { return contents_of(links, parts, true); });
    }

    // Reads every snapshot to the last byte. Good are those that can be restored: a snapshot with a
    // damaged link in its chain is bad, for the reason that the link is.
    [[nodiscard]] result<chain_verified> verify(const monitor* watch = nullptr) const {
        const auto all = list();
        if (!all) {
            return pass(all);
        }
        std::map<std::string_view, result<snapshot_info>> manifests;
        for (const damaged_snapshot& each : all->damaged) {
            manifests.emplace(each.id, fail(each.what));
        }
        std::map<std::string_view, error> damaged;
        for (std::size_t i = 0; i != all->snapshots.size(); ++i) {
            const snapshot_info& each = all->snapshots[i];
            manifests.emplace(each.id, each);
            if (const auto good = check_data(each); !good) {
                if (good.error().code == errc::cancelled) {
                    return pass(good);
                }
                damaged.emplace(each.id, good.error());
            }
            if (watch != nullptr) {
                if (auto go_on = watch->report({i + 1, all->snapshots.size()}); !go_on) {
                    return pass(go_on);
                }
            }
        }
        const auto look_up = [&](std::string_view id) -> result<snapshot_info> {
            const auto found = manifests.find(id);
            return found != manifests.end() ? found->second
                                            : fail({.code = errc::not_found, .where = id});
        };
        chain_verified outcome{.good = {}, .bad = all->damaged};
        for (const snapshot_info& each : all->snapshots) {
            const auto links = objects::chain(each.id, options_.most_links, look_up);
            if (links && std::ranges::none_of(*links, [&](const snapshot_info& link) {
                    return damaged.contains(link.id);
                })) {
                outcome.good.push_back(each.id);
                continue;
            }
            // Or it went, or was written anew, while the others were looked at.
            const auto good = steady(each.id, [&](const auto& now) { return check_all(now); });
            if (good) {
                outcome.good.push_back(each.id);
            } else if (good.error().code == errc::cancelled) {
                return pass(good);
            } else if (good.error().code != errc::not_found || exists(each.id).value_or(true)) {
                outcome.bad.push_back({each.id, good.error()});
            }
        }
        return outcome;
    }

    // What to restore after a disaster: the newest snapshot that can be, found by reading it as a
    // restore does. `not_found` where there is none.
    [[nodiscard]] result<snapshot_info> newest_whole() const {
        const auto all = list();
        if (!all) {
            return pass(all);
        }
        for (const snapshot_info& each : all->snapshots) {
            const auto good = contents(each.id);
            if (good) {
                return each;
            }
            if (good.error().code == errc::cancelled) {
                return pass(good);
            }
        }
        return fail({.code = errc::not_found, .where = "any whole snapshot"});
    }

    // The parts in which two snapshots differ, by name.
    [[nodiscard]] result<std::vector<part_difference<key_type>>>
    diff(std::string_view before, std::string_view after) const {
        const auto a = contents(before);
        if (!a) {
            return pass(a);
        }
        const auto b = contents(after);
        if (!b) {
            return pass(b);
        }
        return differences<Record>(*a, *b);
    }

protected:
    // What `read` makes of the links of a snapshot. Between its looking at a manifest and at the
    // data, others may write a link anew or let it go: an error stands if the links are the same
    // afterwards, and otherwise it reads those that are there now.
    template <class Read>
    [[nodiscard]] auto steady(std::string_view id, Read read) const
        -> decltype(read(std::vector<snapshot_info>{})) {
        auto links = objects_.chain(id, options_.most_links, options_.decode);
        for (;;) {
            auto outcome =
                links ? read(*links) : decltype(read(std::vector<snapshot_info>{})){pass(links)};
            if (outcome) {
                return outcome;
            }
            auto now = objects_.chain(id, options_.most_links, options_.decode);
            if (now == links) {
                return outcome;
            }
            links = std::move(now);
        }
    }

    // Those pieces of one snapshot, verified; what they lend from is added to `backing`.
    [[nodiscard]] result<pieces> load(const snapshot_info& info,
                                      std::span<const piece_info* const> wanted,
                                      std::optional<Side>* side, auto& backing) const {
        std::vector<const piece_info*> read{wanted.begin(), wanted.end()};
        for (const piece_info& each : info.pieces) {
            if (side != nullptr && each.kind == piece_kind::side) {
                read.push_back(&each);
            }
        }
        auto opened = objects_.open_data(info, read, options_.access, options_.decode);
        if (!opened) {
            return pass(opened);
        }
        const auto object = std::make_shared<const object_of<Storage>>(*std::move(opened));
        backing.push_back(object);
        if (side != nullptr) {
            auto found =
                objects_.codec().template decode_side<Side>(object->bytes(), info, options_.decode);
            if (!found) {
                return pass(found);
            }
            *side = *std::move(found);
        }
        return objects_.codec().template decode<Record>(object->bytes(), info, wanted,
                                                        options_.decode);
    }

    // The links as one. `complete`: the first is a full snapshot.
    [[nodiscard]] result<pieces> folded(std::span<const snapshot_info> links,
                                        const part_filter& parts, bool complete,
                                        std::optional<Side>* side, auto& backing) const {
        chain_fold<Record> fold{parts};
        for (std::size_t i = links.size(); i-- != 0;) {
            const snapshot_info& link = links[i];
            std::vector<const piece_info*> wanted;
            for (const piece_info& each : link.pieces) {
                if (fold.wants(each)) {
                    wanted.push_back(&each);
                }
            }
            const bool with_side = side != nullptr && i + 1 == links.size();
            if (wanted.empty() && !with_side) {
                continue;
            }
            auto loaded = load(link, wanted, with_side ? side : nullptr, backing);
            if (!loaded) {
                return pass(loaded);
            }
            for (loaded_piece<Record>& each : *loaded) {
                if (auto done = fold.add(std::move(each), link.id); !done) {
                    return pass(done);
                }
            }
        }
        auto all = std::move(fold).finish(complete);
        if (!all) {
            error what = all.error();
            what.where = std::string{links.back().id}.append(": ").append(what.where.view());
            return fail(what);
        }
        return all;
    }

    [[nodiscard]] result<contents_type> contents_of(std::span<const snapshot_info> links,
                                                    const part_filter& parts,
                                                    bool names_must_be_there) const {
        contents_type found{};
        auto all =
            folded(links, parts, true, parts.everything() ? &found.side : nullptr, found.backing);
        if (!all) {
            return pass(all);
        }
        for (loaded_piece<Record>& each : *all) {
            found.parts.emplace(std::move(each.name), std::move(each.records));
        }
        for (const std::string& name : parts.names()) {
            if (names_must_be_there && !found.parts.contains(name)) {
                return fail({.code = errc::not_found, .where = links.back().id + ": " + name});
            }
        }
        return found;
    }

    [[nodiscard]] result<void> check_all(const std::vector<snapshot_info>& links) const {
        result<void> good;
        for (const snapshot_info& each : links) {
            if (good) {
                good = check_data(each);
            }
        }
        return good;
    }

    // Its own data, to the last byte; in records only where the codec cannot check it otherwise.
    [[nodiscard]] result<void> check_data(const snapshot_info& info) const {
        const auto& codec = objects_.codec();
        const auto& decoding = options_.decode;
        if constexpr (requires { codec.template check<Record>(byte_view{}, info, decoding); }) {
            std::vector<const piece_info*> all;
            for (const piece_info& each : info.pieces) {
                all.push_back(&each);
            }
            const auto object = objects_.open_data(info, all, options_.access, decoding);
            return object ? codec.template check<Record>(object->bytes(), info, decoding)
                          : pass(object);
        } else {
            // With the side state, so that data without pieces is read, too.
            std::vector<std::shared_ptr<const void>> backing;
            std::optional<Side> side;
            const bool complete = info.type == snapshot_kind::full;
            const auto all = folded({&info, 1}, {}, complete, &side, backing);
            return all ? result<void>{} : pass(all);
        }
    }

    objects objects_;
    chain_options options_;
};

} // namespace tintype::inline v0
