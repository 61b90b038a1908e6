#pragma once

// Removal of what no node of a group can need any more. A node needs its last few manifests, and
// those that came after them only lately; their chunks; and any chunk that is young, for it may
// belong to an upload that is still under way. Ages are the storage's own.

#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/shared_listing.hpp>
#include <tintype/stream/shared_manifest.hpp>
#include <tintype/stream/shared_snapshot.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct shared_sweep_options {
    // How many of its last manifests each node keeps. libraft itself keeps two snapshots.
    std::size_t keep = 2;
    // The nodes of the group; nobody keeps anything for any other. None: whoever left a manifest.
    std::vector<std::string> members{};
};

struct shared_sweep_counts {
    std::uint64_t references = 0; // removed
    std::uint64_t chunks = 0;     // removed
    std::uint64_t bytes = 0;      // of these
    std::uint64_t kept = 0;       // references
};

namespace detail {

template <storage_policy Storage, naming_hash Hash>
class shared_sweep {
public:
    shared_sweep(const shared_snapshots<Storage, Hash>& of, const shared_sweep_options& how)
        : of_(of), how_(how) {}

    [[nodiscard]] result<shared_sweep_counts> run() {
        if (how_.keep == 0) {
            return fail({.code = errc::invalid_value, .where = "keep", .found = 0, .wanted = 1});
        }
        auto found = list_shared(of_.storage(), of_.options().group);
        if (!found) {
            return pass(found);
        }
        all_ = *std::move(found);
        sort_references();
        for (const auto& name : kept_) {
            if (auto done = read(name); !done) {
                return pass(done);
            }
        }
        counts_.kept = kept_.size();
        // No reference may come back whose chunks are gone.
        if (auto done = remove_references(); !done) {
            return pass(done);
        }
        if (auto done = remove_chunks(); !done) {
            return pass(done);
        }
        return counts_;
    }

private:
    [[nodiscard]] bool old(timestamp modified) const {
        return modified <= all_.now - of_.options().grace;
    }

    // A manifest goes once as many as a node keeps came after it, and have been there for the
    // grace: so long somebody may still be on the way to it. Some storages' times are whole
    // seconds, which do not say what came after what.
    void sort_references() {
        constexpr std::chrono::seconds coarse{2};
        std::map<std::string, std::vector<std::pair<timestamp, std::string>>> by_node;
        for (const auto& [name, entry] : all_.objects) {
            if (auto node = node_of_reference(of_.options().group, name)) {
                by_node[*std::move(node)].emplace_back(entry.modified, name);
            }
        }
        for (const auto& [node, references] : by_node) {
            const bool member =
                how_.members.empty() || std::ranges::find(how_.members, node) != how_.members.end();
            std::vector<timestamp> old_ones;
            for (const auto& [modified, name] : references) {
                if (old(modified)) {
                    old_ones.push_back(modified);
                }
            }
            std::ranges::sort(old_ones);
            for (const auto& [modified, name] : references) {
                const auto after =
                    old_ones.end() - std::ranges::upper_bound(old_ones, modified + coarse);
                const bool behind =
                    member ? static_cast<std::size_t>(after) >= how_.keep : old(modified);
                (behind ? dropped_ : kept_).push_back(name);
            }
        }
    }

    // What cannot be read may need any chunk, so nothing is removed then.
    result<void> read(const std::string& name) {
        const auto object = of_.storage().open(name, of_.options().access);
        if (!object) {
            const bool gone = object.error().code == errc::not_found;
            return gone ? result<void>{} : pass(object);
        }
        const auto in_it = [&](error wrong) {
            wrong.where = name;
            return fail(wrong);
        };
        const auto what = decode_manifest(object->bytes(), of_.options().most);
        if (!what) {
            return in_it(what.error());
        }
        if (what->hash != Hash::name) {
            return {}; // its chunks have other names, and are not touched
        }
        if (auto good = check_manifest<Hash>(*what, of_.options().group); !good) {
            return in_it(good.error());
        }
        for (std::size_t i = 0; i != what->editions.size(); ++i) {
            needed_.insert(chunk_name_of<Hash>(*what, i));
        }
        return {};
    }

    result<void> remove_references() {
        for (const auto& name : dropped_) {
            const auto gone = of_.storage().remove(name);
            if (!gone) {
                return pass(gone);
            }
            counts_.references += *gone ? 1U : 0U;
        }
        return dropped_.empty() ? result<void>{} : of_.storage().sync();
    }

    result<void> remove_chunks() {
        const auto mark = mark_prefix_of(of_.options().group);
        for (const auto& [name, entry] : all_.objects) {
            const bool is_chunk = is_chunk_name<Hash>(of_.options().group, name);
            const bool is_mark = has_digits(name, mark, 2 * sizeof(shared_id));
            if ((!is_chunk && !is_mark) || !old(entry.modified) || needed_.contains(name)) {
                continue;
            }
            const auto gone = of_.storage().remove(name);
            if (!gone) {
                return pass(gone);
            }
            if (*gone && is_chunk) {
                ++counts_.chunks;
                counts_.bytes += entry.size;
            }
        }
        return {};
    }

    const shared_snapshots<Storage, Hash>& of_;
    const shared_sweep_options& how_;
    shared_listing all_{};
    std::vector<std::string> kept_{};
    std::vector<std::string> dropped_{};
    std::set<std::string, std::less<>> needed_{};
    shared_sweep_counts counts_{};
};

} // namespace detail

// Any node may, at any time, and several at once. A manifest that cannot be read stops it before
// anything was removed. What it has begun it may leave to the next one, after any error.
template <storage_policy Storage, naming_hash Hash>
[[nodiscard]] result<shared_sweep_counts> sweep_shared(const shared_snapshots<Storage, Hash>& of,
                                                       const shared_sweep_options& how = {}) {
    return detail::shared_sweep<Storage, Hash>{of, how}.run();
}

} // namespace tintype::inline v0
