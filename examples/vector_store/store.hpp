#pragma once

// A store of passages in collections, each with an index. What makes it a `tintype::chain_store`
// and a `tintype::tracking_store` is the middle of the class; a collection's index is no part of a
// snapshot, as it follows from the records and the parameters.

#include <tintype/chain/store.hpp>
#include <tintype/chain/tracked.hpp>

#include "search_index.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct passage {
    std::uint64_t id = 0; // the key
    std::string text{};
    std::string source{};
    std::vector<float> values{};
};

BOOST_HANA_ADAPT_STRUCT(passage, id, text, source, values);

// When a passage is to be forgotten.
struct deadline {
    std::uint64_t hour = 0;
    std::string collection{};
    std::uint64_t id = 0;
};

BOOST_HANA_ADAPT_STRUCT(deadline, hour, collection, id);

// What belongs to no collection, and must come back with them.
struct upkeep {
    index_parameters index{};
    std::uint64_t hour = 0;
    std::uint64_t next_id = 1;
    std::map<std::string, std::uint64_t> read{}; // paragraphs of each shelf
    std::vector<deadline> deadlines{};
};

BOOST_HANA_ADAPT_STRUCT(upkeep, index, hour, next_id, read, deadlines);

class vector_store {
    struct collection {
        tintype::tracked<std::map<std::uint64_t, passage>> passages;
        std::optional<search_index> index; // nothing since a write, until somebody searches
    };

public:
    // -- what a chain asks of a store: to be read,
    using record_type = passage;
    using side_type = upkeep;

    [[nodiscard]] auto parts() const { return std::views::keys(collections_); }

    [[nodiscard]] auto records(std::string_view part) const {
        return std::views::values(collections_.find(part)->second.passages.map());
    }

    [[nodiscard]] const upkeep& side() const { return side_; }

    // -- to know what changed,
    [[nodiscard]] std::optional<std::vector<std::uint64_t>>
    changes_since(std::string_view part, std::string_view mark) const {
        return collections_.find(part)->second.passages.changes_since(mark);
    }

    [[nodiscard]] const passage* find(std::string_view part, const std::uint64_t& id) const {
        const auto at = collections_.find(part);
        if (at == collections_.end()) {
            return nullptr;
        }
        const auto found = at->second.passages.find(id);
        return found == at->second.passages.end() ? nullptr : &found->second;
    }

    void taken(std::string_view part, std::string_view mark) {
        collections_.find(part)->second.passages.start(mark);
    }

    // -- and to be restored. Everything is made aside, indexes too; only then is anything replaced.
    [[nodiscard]] tintype::result<void> replace(tintype::chain_contents<passage, upkeep>&& from,
                                                tintype::replaces what) {
        const index_parameters parameters = from.side ? from.side->index : side_.index;
        std::map<std::string, collection, std::less<>> aside;
        for (auto& [name, passages] : from.parts) {
            std::map<std::uint64_t, passage> sorted;
            for (passage& each : passages) {
                sorted.emplace(each.id, std::move(each));
            }
            auto index = search_index::of(std::views::values(sorted), parameters);
            if (!index) {
                return tintype::pass(index);
            }
            aside.emplace(name, collection{.passages = tintype::tracked{std::move(sorted)},
                                           .index = *std::move(index)});
        }
        if (what == tintype::replaces::everything) {
            collections_.clear();
        }
        for (auto& [name, made] : aside) {
            collections_.insert_or_assign(name, std::move(made));
        }
        if (from.side) {
            side_ = *std::move(from.side);
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view part,
                                               std::vector<passage>&& passages) {
        for (passage& each : passages) {
            put(part, std::move(each));
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view part,
                                              std::span<const std::uint64_t> ids) {
        for (const std::uint64_t id : ids) {
            forget(part, id);
        }
        return {};
    }

    // -- what the program itself does with it
    void put(std::string_view part, passage&& what) {
        collection& into = collections_[std::string{part}];
        into.index.reset();
        const auto id = what.id;
        into.passages.insert_or_assign(id, std::move(what));
    }

    bool forget(std::string_view part, std::uint64_t id) {
        const auto at = collections_.find(part);
        if (at == collections_.end() || at->second.passages.erase(id) == 0) {
            return false;
        }
        at->second.index.reset();
        return true;
    }

    bool drop(std::string_view part) {
        const auto at = collections_.find(part);
        return at != collections_.end() && (collections_.erase(at), true);
    }

    [[nodiscard]] upkeep& side() { return side_; }

    [[nodiscard]] std::size_t size() const {
        std::size_t sum = 0;
        for (const auto& [name, each] : collections_) {
            sum += each.passages.size();
        }
        return sum;
    }

    [[nodiscard]] tintype::result<std::vector<hit>>
    search(std::string_view part, const std::vector<float>& near, std::size_t most) {
        const auto at = collections_.find(part);
        if (at == collections_.end()) {
            return std::vector<hit>{};
        }
        if (!at->second.index) {
            auto index = search_index::of(records(part), side_.index);
            if (!index) {
                return tintype::pass(index);
            }
            at->second.index = *std::move(index);
        }
        return at->second.index->nearest(near, most);
    }

private:
    std::map<std::string, collection, std::less<>> collections_;
    upkeep side_;
};

static_assert(tintype::chain_store<vector_store> && tintype::tracking_store<vector_store>);
