#pragma once

// A map that remembers which keys were written since a snapshot. Until the first snapshot, and
// after `forget`, that costs one comparison a write; afterwards one entry in a set for each key
// that changes. Reading costs nothing, as it is the map's own.

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

template <class Map>
struct key_set_of {
    using type = std::set<typename Map::key_type, typename Map::key_compare>;
};

template <class Map>
requires requires { typename Map::hasher; }
struct key_set_of<Map> {
    using type =
        std::unordered_set<typename Map::key_type, typename Map::hasher, typename Map::key_equal>;
};

} // namespace detail

// Map: std::map, std::unordered_map, or one with the same members. There is no way to a value that
// would not be noticed: iterators are const, and what changes a value is named so.
template <class Map>
class tracked {
public:
    using map_type = Map;
    using key_type = typename Map::key_type;
    using mapped_type = typename Map::mapped_type;
    using value_type = typename Map::value_type;
    using size_type = typename Map::size_type;
    using const_iterator = typename Map::const_iterator;

    tracked() = default;

    explicit tracked(Map map) : map_(std::move(map)) {}

    [[nodiscard]] const Map& map() const noexcept { return map_; }

    [[nodiscard]] const_iterator begin() const noexcept { return map_.begin(); }

    [[nodiscard]] const_iterator end() const noexcept { return map_.end(); }

    [[nodiscard]] size_type size() const noexcept { return map_.size(); }

    [[nodiscard]] bool empty() const noexcept { return map_.empty(); }

    template <class Key>
    [[nodiscard]] const_iterator find(const Key& key) const {
        return map_.find(key);
    }

    template <class Key>
    [[nodiscard]] bool contains(const Key& key) const {
        return map_.find(key) != map_.end();
    }

    template <class Value>
    std::pair<const_iterator, bool> insert_or_assign(key_type key, Value&& value) {
        note(key);
        return map_.insert_or_assign(std::move(key), std::forward<Value>(value));
    }

    // Like the map's own: nothing changes, and nothing is noted, where the key is there.
    template <class... Args>
    std::pair<const_iterator, bool> try_emplace(key_type key, Args&&... args) {
        const auto at = map_.find(key);
        if (at != map_.end()) {
            return {at, false};
        }
        note(key);
        return map_.try_emplace(std::move(key), std::forward<Args>(args)...);
    }

    // The value to be changed, or null. The reference is good for this change: after the next
    // snapshot, ask again.
    template <class Key>
    [[nodiscard]] mapped_type* edit(const Key& key) {
        const auto at = map_.find(key);
        if (at == map_.end()) {
            return nullptr;
        }
        note(at->first);
        return &at->second;
    }

    // As `edit`, with a new value where there was none.
    mapped_type& operator[](key_type key) {
        note(key);
        return map_[std::move(key)];
    }

    template <class Key>
    size_type erase(const Key& key) {
        const auto at = map_.find(key);
        if (at == map_.end()) {
            return 0;
        }
        note(at->first);
        map_.erase(at);
        return 1;
    }

    // Everything at once is not noted key by key: the next increment has the map whole.
    void clear() {
        forget();
        map_.clear();
    }

    void assign(Map map) {
        forget();
        map_ = std::move(map);
    }

    void reserve(size_type size)
    requires requires(Map& map) { map.reserve(size); }
    {
        map_.reserve(size);
    }

    // From here on: what is written is noted as changed since the snapshot that the mark names.
    void start(std::string_view mark) {
        since_.emplace(mark);
        changed_.clear();
    }

    void forget() {
        since_.reset();
        changed_.clear();
    }

    // The keys written since the snapshot, in no order; nothing where the notes are not about it.
    [[nodiscard]] std::optional<std::vector<key_type>> changes_since(std::string_view mark) const {
        if (since_ != mark) {
            return std::nullopt;
        }
        return std::vector<key_type>(changed_.begin(), changed_.end());
    }

    friend bool operator==(const tracked& a, const tracked& b) { return a.map_ == b.map_; }

private:
    void note(const key_type& key) {
        if (since_) {
            changed_.insert(key);
        }
    }

    Map map_;
    std::optional<std::string> since_;
    typename detail::key_set_of<Map>::type changed_;
};

} // namespace tintype::inline v0
