// Looking at every snapshot of a chain while others may be at work in it.

#include "chain_survey.hpp"

#include <tintype/chain/catalog.hpp>
#include <tintype/chain/ids.hpp>
#include <tintype/chain/outcome.hpp>

#include "format.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::errc;
using tintype::snapshot_info;

[[nodiscard]] std::string manifest_of(std::string_view id) {
    return std::string{id}.append(manifest_suffix);
}

class surveyor {
    // For what it says of manifests alone, which is the same of every kind.
    using catalog = tintype::chain_catalog<store, unread_columns, tintype::timed_ids<>>;

public:
    surveyor(terminal& on, const store& place, const chain_folder& folder)
        : on_(on), place_(place), path_(place.where()), folder_(folder) {}

    [[nodiscard]] outcome<chain_survey> run(look how) {
        const auto before = names();
        if (!before) {
            return std::unexpected(before.error());
        }
        const auto listed = folder_.list();
        if (!listed) {
            return failed(path_, listed.error());
        }
        for (const snapshot_info& each : listed->snapshots) {
            if (auto done = add(each, how); !done) {
                return tool::pass(done);
            }
        }
        for (const tintype::damaged_snapshot& each : listed->damaged) {
            add_damaged(each.id, each.what);
        }
        look_at_parents();
        if (auto done = find_strays(*before); !done) {
            return tool::pass(done);
        }
        return std::move(found_);
    }

private:
    [[nodiscard]] outcome<std::vector<std::string>> names() const {
        auto all = place_.names();
        if (!all) {
            return failed(path_, all.error());
        }
        return *std::move(all);
    }

    // Of a manifest that cannot be read, what its name says.
    [[nodiscard]] static std::int64_t time_known(const seen_snapshot& seen) {
        if (seen.info) {
            return seen.info->created_at;
        }
        const auto order = tintype::timed_ids<>{}.order(seen.id);
        constexpr std::int64_t nanoseconds = 1'000'000; // in a millisecond
        constexpr std::uint64_t latest = std::numeric_limits<std::int64_t>::max() / nanoseconds;
        return order && order->milliseconds <= latest
                   ? static_cast<std::int64_t>(order->milliseconds) * nanoseconds
                   : std::numeric_limits<std::int64_t>::min();
    }

    void add_damaged(const std::string& id, const tintype::error& what) {
        seen_snapshot seen{
            .id = id, .file = manifest_of(id), .format = manifest_format(folder_.kind())};
        seen.what = failed_snapshot(joined(path_, seen.file), what).error();
        const auto time = time_known(seen);
        const auto older = std::ranges::find_if(
            found_.snapshots, [&](const seen_snapshot& each) { return time_known(each) < time; });
        found_.snapshots.insert(older, std::move(seen));
    }

    // What fails may have been pruned or written anew since it was listed.
    [[nodiscard]] outcome<void> add(snapshot_info info, look how) {
        for (;;) {
            if (auto go_on = on_.interrupted(path_); !go_on) {
                return go_on;
            }
            auto seen = with_data(info, how);
            if (seen.what && seen.what->code == errc::cancelled) {
                return std::unexpected(*std::move(seen.what));
            }
            auto again = seen.what ? folder_.metadata(info.id) : info;
            if (!again && again.error().code == errc::not_found) {
                return {};
            }
            if (!again) {
                add_damaged(info.id, again.error());
                return {};
            }
            if (*again == info) {
                found_.snapshots.push_back(std::move(seen));
                return {};
            }
            info = *std::move(again);
        }
    }

    [[nodiscard]] seen_snapshot with_data(const snapshot_info& info, look how) const {
        seen_snapshot seen{
            .id = info.id, .info = info, .file = info.data, .format = data_format(folder_.kind())};
        if (how == look::all) {
            const auto file = joined(path_, info.data);
            static_cast<void>(on_.watch(file));
            if (const auto good = folder_.check_data(info); !good) {
                seen.what = failed_snapshot(file, good.error()).error();
            }
        }
        return seen;
    }

    // A snapshot is made from all of its chain.
    void look_at_parents() {
        std::map<std::string_view, std::size_t> places;
        std::vector<bool> own; // whether it is damaged itself
        for (const seen_snapshot& each : found_.snapshots) {
            places.emplace(each.id, own.size());
            own.push_back(each.what.has_value());
        }
        std::optional<std::size_t> unread; // where a chain ended at a manifest that cannot be read
        const auto look_up = [&](std::string_view id) -> tintype::result<snapshot_info> {
            const auto found = places.find(id);
            if (found == places.end()) {
                return tintype::fail({.code = errc::not_found, .where = id});
            }
            const auto& info = found_.snapshots[found->second].info;
            if (!info) {
                unread = found->second;
                return tintype::fail({.code = errc::invalid_value, .where = id});
            }
            return snapshot_info{.id = info->id,
                                 .parent_id = info->parent_id,
                                 .state = info->state,
                                 .parent_state = info->parent_state};
        };
        constexpr std::size_t most = tintype::chain_options{}.most_links;
        for (std::size_t i = 0; i != own.size(); ++i) {
            seen_snapshot& each = found_.snapshots[i];
            if (!each.info) {
                continue;
            }
            unread.reset();
            const auto links = catalog::chain(each.id, most, look_up);
            if (!links && !unread) {
                blame_parents(each, failed_snapshot("", links.error()).error());
                continue;
            }
            const auto first_bad = [&] {
                const auto bad = std::ranges::find_if(
                    *links, [&](const snapshot_info& link) { return own[places.at(link.id)]; });
                return bad == links->end() ? std::nullopt : std::optional{places.at(bad->id)};
            };
            if (const auto bad = links ? first_bad() : unread; bad && !own[i]) {
                each.rests_on = found_.snapshots[*bad].id;
                blame_parents(each, *found_.snapshots[*bad].what);
            }
        }
    }

    void blame_parents(seen_snapshot& seen, failure what) const {
        seen.file = manifest_of(seen.id);
        seen.format = manifest_format(folder_.kind());
        what.about = joined(path_, seen.file);
        seen.what = std::move(what);
    }

    // Data is published before its manifest: by now, the manifests of all that was there are too.
    [[nodiscard]] outcome<void> find_strays(const std::vector<std::string>& before) {
        const auto now = names();
        if (!now) {
            return std::unexpected(now.error());
        }
        const auto listed = folder_.list();
        if (!listed) {
            return failed(path_, listed.error());
        }
        std::set<std::string_view> spoken_of;
        for (const snapshot_info& each : listed->snapshots) {
            spoken_of.insert(each.data);
        }
        for (const std::string& name : *now) {
            if (name.ends_with(manifest_suffix)) {
                found_.files.insert(name);
            } else if (name.ends_with(data_suffix)) {
                const bool of_damaged = std::ranges::any_of(listed->damaged, [&](const auto& each) {
                    return name.starts_with(each.id + ".");
                });
                if (spoken_of.contains(name) || of_damaged) {
                    found_.files.insert(name);
                } else if (std::ranges::find(before, name) == before.end()) {
                    found_.files.insert(name); // of a snapshot that is being taken
                } else if (not_another(name)) {
                    add_stray(name);
                }
            }
        }
        return {};
    }

    // A file of some other known format has nothing to do with the chain.
    [[nodiscard]] bool not_another(const std::string& name) const {
        const auto file = place_.open(name);
        const format* known = file ? recognised(file->bytes()) : nullptr;
        return known == nullptr || known->family() == data_format(folder_.kind());
    }

    void add_stray(const std::string& name) {
        found_.files.insert(name);
        seen_snapshot seen{.file = name, .format = data_format(folder_.kind())};
        seen.what = failure{.how = status::bad_data,
                            .about = joined(path_, name),
                            .what = "no manifest speaks of it: its writer was stopped, or the "
                                    "manifest is lost",
                            .code = errc::not_found};
        found_.strays.push_back(std::move(seen));
    }

    terminal& on_;
    const store& place_;
    const std::string& path_;
    const chain_folder& folder_;
    chain_survey found_{};
};

} // namespace

std::string reason_of(const seen_snapshot& seen) {
    if (!seen.what) {
        return {};
    }
    return seen.rests_on.empty()
               ? seen.what->what
               : fmt::format("rests on {}, which is damaged: {}", seen.rests_on, seen.what->what);
}

outcome<chain_survey> survey_chain(terminal& on, const store& place, const chain_folder& folder,
                                   look how) {
    return surveyor{on, place, folder}.run(how);
}

} // namespace tool
