#pragma once

// Several links of a chain as one: for every record, the newest word about it. Links come newest
// first, so that a record is looked at once and a part that is whole needs nothing older.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Which parts are meant: all of them, unless some are named.
class part_filter {
public:
    part_filter() = default;

    part_filter(std::optional<std::vector<std::string>> names) : names_(std::move(names)) {
        if (names_) {
            std::ranges::sort(*names_);
        }
    }

    [[nodiscard]] bool everything() const noexcept { return !names_; }

    [[nodiscard]] bool has(std::string_view name) const {
        return !names_ || std::ranges::binary_search(*names_, name);
    }

    // Those named; none where everything is meant.
    [[nodiscard]] std::span<const std::string> names() const noexcept {
        return names_ ? std::span<const std::string>{*names_} : std::span<const std::string>{};
    }

private:
    std::optional<std::vector<std::string>> names_;
};

template <keyed_record R>
class chain_fold {
    using key = key_of_record<R>;

public:
    explicit chain_fold(part_filter wanted = {}) : wanted_(std::move(wanted)) {}

    // Whether an older link's word on this part still counts.
    [[nodiscard]] bool wants(const piece_info& piece) const {
        if (piece.kind == piece_kind::side || !wanted_.has(piece.name)) {
            return false;
        }
        const auto at = parts_.find(piece.name);
        return at == parts_.end() || !at->second.closed;
    }

    // A piece of a link older than all before it; `id` is the link's, for errors.
    [[nodiscard]] result<void> add(loaded_piece<R>&& piece, std::string_view id) {
        const std::string where = std::string{id}.append(": ").append(piece.name);
        if (auto good = unique_keys<loaded_record<R>>(piece.records, where); !good) {
            return good;
        }
        auto [at, first] = parts_.try_emplace(piece.name);
        part& into = at->second;
        if (into.closed) {
            return {};
        }
        if (first) {
            into.total = piece.total;
        }
        switch (piece.kind) {
        case piece_kind::dropped:
            if (!first) {
                return fail({.code = errc::invalid_value,
                             .where = where,
                             .found = into.records.size(),
                             .during = "changes of a part that is not there"});
            }
            into.kind = piece_kind::dropped;
            into.closed = true;
            return {};
        case piece_kind::whole:
            take_new(into, std::move(piece.records));
            into.kind = piece_kind::whole;
            into.erased.clear();
            into.seen.clear();
            into.closed = true;
            return {};
        default:
            return add_changes(into, std::move(piece), where);
        }
    }

    // The parts by name. `complete`: the oldest link was a full snapshot, so every part must have
    // had its beginning, and those that were dropped are not there.
    [[nodiscard]] result<std::vector<loaded_piece<R>>> finish(bool complete) && {
        std::vector<loaded_piece<R>> all;
        for (auto& [name, found] : parts_) {
            if (complete && !found.closed) {
                return fail({.code = errc::invalid_value,
                             .where = name,
                             .found = found.records.size(),
                             .during = "changes of a part that has no beginning in the chain"});
            }
            if (found.kind == piece_kind::whole && found.records.size() != found.total) {
                return fail({.code = errc::invalid_value,
                             .where = name,
                             .found = found.records.size(),
                             .wanted = found.total,
                             .during = "the part had another number of records when it was taken"});
            }
            if (!complete || found.kind != piece_kind::dropped) {
                all.push_back({.name = name,
                               .kind = found.kind,
                               .records = std::move(found.records),
                               .erased = std::move(found.erased),
                               .total = found.total});
            }
        }
        return all;
    }

private:
    struct part {
        piece_kind kind = piece_kind::changes;
        bool closed = false; // nothing older counts
        std::uint64_t total = 0;
        std::vector<loaded_record<R>> records{};
        std::vector<key> erased{};
        // Of all of these; owned, as records move while their vector grows.
        std::unordered_set<key, key_hash<key>, std::equal_to<>> seen{};
    };

    // Those of which no newer link spoke.
    static void take_new(part& into, std::vector<loaded_record<R>>&& records) {
        if (into.records.empty() && into.seen.empty()) {
            into.records = std::move(records);
            return;
        }
        for (loaded_record<R>& each : records) {
            if (!into.seen.contains(key_of(each))) {
                into.records.push_back(std::move(each));
            }
        }
    }

    [[nodiscard]] static result<void> add_changes(part& into, loaded_piece<R>&& piece,
                                                  const std::string& where) {
        std::unordered_set<key, key_hash<key>, std::equal_to<>> here;
        here.reserve(piece.records.size() + piece.erased.size());
        for (const loaded_record<R>& each : piece.records) {
            here.insert(key{key_of(each)});
        }
        for (const key& each : piece.erased) {
            if (!here.insert(each).second) {
                return fail({.code = errc::duplicate, .where = where + "/" + key_text(each)});
            }
        }
        take_new(into, std::move(piece.records));
        for (key& each : piece.erased) {
            if (!into.seen.contains(each)) {
                into.erased.push_back(std::move(each));
            }
        }
        into.seen.merge(here);
        return {};
    }

    part_filter wanted_;
    std::map<std::string, part, std::less<>> parts_;
};

// Where `after` differs from `before`, by key.
template <keyed_record R>
struct record_changes {
    std::vector<const R*> added{};
    std::vector<const R*> changed{}; // as they are after
    std::vector<key_of_record<R>> removed{};

    [[nodiscard]] bool empty() const noexcept {
        return added.empty() && changed.empty() && removed.empty();
    }
};

// The keys of each side are unique. `after` must outlive what is returned.
template <keyed_record R>
[[nodiscard]] record_changes<R> compare_records(const std::vector<loaded_record<R>>& before,
                                                const auto& after) {
    using key = typename detail::record_parts<R>::key;
    using seen_key = std::conditional_t<detail::text_key<key>, std::string_view, key>;
    std::unordered_map<seen_key, const loaded_record<R>*, key_hash<key>, std::equal_to<>> old;
    old.reserve(before.size());
    for (const loaded_record<R>& each : before) {
        old.emplace(key_of(each), &each);
    }
    record_changes<R> found;
    for (const R& each : after) {
        const auto at = old.find(seen_key{key_of(each)});
        if (at == old.end()) {
            found.added.push_back(&each);
            continue;
        }
        if (!identical_records<R>(each, *at->second)) {
            found.changed.push_back(&each);
        }
        old.erase(at);
    }
    for (const auto& [gone, record] : old) {
        found.removed.push_back(key_of_record<R>{gone});
    }
    return found;
}

} // namespace tintype::inline v0
