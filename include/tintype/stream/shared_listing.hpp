#pragma once

// What a group of nodes has in a storage that they share, and what time it is there: nothing is
// ever judged by a node's own clock. A small object that is made, looked at and removed again has
// the storage's time.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/random.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/shared_manifest.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

struct shared_entry {
    std::uint64_t size = 0; // bytes
    timestamp modified{};
};

struct shared_listing {
    timestamp now{}; // before anything was listed
    std::map<std::string, shared_entry, std::less<>> objects{};
};

namespace detail {

[[nodiscard]] inline shared_id random_shared_id() {
    shared_id id{};
    for (std::size_t at = 0; at != id.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t part = detail::system_random();
        std::memcpy(id.data() + at, &part, sizeof part);
    }
    return id;
}

[[nodiscard]] inline std::uint64_t random_edition() {
    std::uint64_t edition = 0;
    const shared_id random = random_shared_id();
    std::memcpy(&edition, random.data(), sizeof edition);
    return edition;
}

[[nodiscard]] inline std::string mark_prefix_of(std::string_view group) {
    return std::string{group} + ".time.";
}

template <storage_policy Storage>
[[nodiscard]] result<void> publish_bytes(const Storage& storage, std::string_view name,
                                         byte_view bytes) {
    auto staged = storage.stage({.size_hint = bytes.size()});
    if (!staged) {
        return pass(staged);
    }
    if (auto done = staged->write(bytes); !done) {
        return done;
    }
    return staged->publish(name);
}

} // namespace detail

// All objects of the group. One whose removal failed is left for a sweep.
template <storage_policy Storage>
[[nodiscard]] result<shared_listing> list_shared(const Storage& storage, std::string_view group) {
    const auto mark = detail::mark_prefix_of(group) + to_hex(detail::random_shared_id());
    if (auto done = detail::publish_bytes(storage, mark, bytes_of("now")); !done) {
        return pass(done);
    }
    auto all = storage.list();
    static_cast<void>(storage.remove(mark));
    if (!all) {
        return pass(all);
    }
    shared_listing found;
    bool marked = false;
    const auto prefix = std::string{group} + ".";
    for (object_info& each : *all) {
        if (each.name == mark) {
            found.now = each.modified;
            marked = true;
        } else if (each.name.starts_with(prefix)) {
            found.objects.emplace(std::move(each.name),
                                  shared_entry{.size = each.size, .modified = each.modified});
        }
    }
    if (!marked) {
        return fail({.code = errc::not_found, .where = mark, .during = "list what was published"});
    }
    return found;
}

} // namespace tintype::inline v0
