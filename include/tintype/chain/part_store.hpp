#pragma once

// The store for programs that have none: parts by name, each a map, and a side state. With
// `part_store<tracked<Map>>` it knows what changed.

#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/chain/tracked.hpp>
#include <tintype/core/error.hpp>

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Map: std::map, std::unordered_map, either of them tracked, or one with the same members. The
// records are its pairs.
template <class Map, class Side = no_side>
class part_store {
public:
    using map_type = Map;
    using record_type = typename Map::value_type;
    using side_type = Side;
    using key_type = key_of_record<record_type>;
    using contents = chain_contents<record_type, Side>;

    // The part of that name, made if there is none.
    Map& part(std::string_view name) {
        const auto at = parts_.find(name);
        return at != parts_.end() ? at->second : parts_[std::string{name}];
    }

    // Null where there is none.
    [[nodiscard]] const Map* find_part(std::string_view name) const {
        const auto at = parts_.find(name);
        return at != parts_.end() ? &at->second : nullptr;
    }

    // Whether there was one.
    bool drop(std::string_view name) {
        const auto at = parts_.find(name);
        return at != parts_.end() && (parts_.erase(at), true);
    }

    [[nodiscard]] Side& side() noexcept { return side_; }

    [[nodiscard]] const Side& side() const noexcept { return side_; }

    [[nodiscard]] auto parts() const noexcept { return std::views::keys(parts_); }

    [[nodiscard]] const Map& records(std::string_view name) const {
        static const Map none{};
        const Map* found = find_part(name);
        return found != nullptr ? *found : none;
    }

    [[nodiscard]] result<void> replace(contents&& from, replaces what) {
        std::map<std::string, Map, std::less<>> aside;
        for (auto& [name, records] : from.parts) {
            put(aside[name], std::move(records));
        }
        if (what == replaces::everything) {
            parts_.swap(aside);
        } else {
            while (!aside.empty()) {
                auto node = aside.extract(aside.begin());
                if (const auto at = parts_.find(node.key()); at != parts_.end()) {
                    std::swap(at->second, node.mapped());
                } else {
                    parts_.insert(std::move(node));
                }
            }
        }
        if (from.side) {
            side_ = *std::move(from.side);
        }
        return {};
    }

    [[nodiscard]] result<void> upsert(std::string_view name,
                                      std::vector<loaded_record<record_type>>&& records) {
        put(part(name), std::move(records));
        return {};
    }

    [[nodiscard]] result<void> erase(std::string_view name, std::span<const key_type> keys) {
        if (const auto at = parts_.find(name); at != parts_.end()) {
            for (const key_type& key : keys) {
                at->second.erase(key);
            }
        }
        return {};
    }

    [[nodiscard]] std::optional<std::vector<key_type>> changes_since(std::string_view name,
                                                                     std::string_view mark) const
    requires requires(const Map& map) { map.changes_since(mark); }
    {
        const Map* found = find_part(name);
        return found != nullptr ? found->changes_since(mark) : std::nullopt;
    }

    [[nodiscard]] const record_type* find(std::string_view name, const key_type& key) const {
        const Map* found = find_part(name);
        if (found == nullptr) {
            return nullptr;
        }
        const auto at = found->find(key);
        return at != found->end() ? &*at : nullptr;
    }

    void taken(std::string_view name, std::string_view mark)
    requires requires(Map& map) { map.start(mark); }
    {
        if (const auto at = parts_.find(name); at != parts_.end()) {
            at->second.start(mark);
        }
    }

    friend bool operator==(const part_store&, const part_store&) = default;

private:
    static void put(Map& map, std::vector<loaded_record<record_type>>&& records) {
        if constexpr (requires { map.reserve(records.size()); }) {
            map.reserve(map.size() + records.size());
        }
        for (auto& [key, value] : records) {
            map.insert_or_assign(std::move(key), std::move(value));
        }
    }

    std::map<std::string, Map, std::less<>> parts_;
    [[no_unique_address]] Side side_{};
};

} // namespace tintype::inline v0
