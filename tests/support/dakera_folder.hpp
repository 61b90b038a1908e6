#pragma once

// What the tests of Dakera's format share: a live store that keeps the order in which its
// namespaces were made, ids that count from where the test says, and the golden files.

#include <tintype/formats/dakera.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/dakera_pieces.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

using entries = std::vector<dakera::vector_entry>;

// In any order, as the original's map of namespaces has none.
class vector_store {
public:
    using record_type = dakera::vector_entry;
    using contents = tintype::chain_contents<record_type>;

    vector_store() = default;

    explicit vector_store(std::vector<std::pair<std::string, entries>> spaces)
        : spaces_(std::move(spaces)) {}

    // Made behind the others if there is none.
    entries& operator[](std::string_view name) {
        const auto at = std::ranges::find(spaces_, name, &space::first);
        return at != spaces_.end() ? at->second : spaces_.emplace_back(name, entries{}).second;
    }

    void drop(std::string_view name) {
        std::erase_if(spaces_, [&](const space& each) { return each.first == name; });
    }

    [[nodiscard]] auto parts() const { return std::views::keys(spaces_); }

    [[nodiscard]] const entries& records(std::string_view name) const {
        return std::ranges::find(spaces_, name, &space::first)->second;
    }

    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces what) {
        if (what == tintype::replaces::everything) {
            spaces_.clear();
        }
        for (auto& [name, records] : from.parts) {
            (*this)[name] = std::move(records);
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view name, entries&& records) {
        entries& into = (*this)[name];
        for (record_type& each : records) {
            const auto at = std::ranges::find(into, each.id, &record_type::id);
            if (at != into.end()) {
                *at = std::move(each);
            } else {
                into.push_back(std::move(each));
            }
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view name,
                                              std::span<const std::string> keys) {
        std::erase_if((*this)[name], [&](const record_type& each) {
            return std::ranges::find(keys, each.id) != keys.end();
        });
        return {};
    }

    friend bool operator==(const vector_store&, const vector_store&) = default;

private:
    using space = std::pair<std::string, entries>;

    std::vector<space> spaces_;
};

static_assert(tintype::chain_store<vector_store>);

// The original's ids, from a count that starts where the test says. Copies count together.
class counted_ids {
public:
    explicit counted_ids(std::uint64_t first = 0) : next_(std::make_shared<std::uint64_t>(first)) {}

    [[nodiscard]] std::string next(tintype::timestamp when) const {
        const auto since = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch());
        return "snap_" + std::to_string(since.count()) + "_" + std::to_string((*next_)++);
    }

    [[nodiscard]] std::optional<tintype::id_order> order(std::string_view id) const {
        return tintype::timed_ids<>{}.order(id);
    }

private:
    std::shared_ptr<std::uint64_t> next_;
};

static_assert(tintype::id_policy<counted_ids>);

template <class Hash = tintype::no_hash, class Style = tintype::serde_style,
          class Retention = tintype::keep_all, class Storage = tintype::memory_storage>
using vector_snapshots = tintype::chain_manager<vector_store, Storage, dakera::chain_json<Style>,
                                                Hash, Retention, counted_ids, manual_clock>;

template <class Manager = vector_snapshots<>, class Storage, class Retention = tintype::keep_all>
[[nodiscard]] Manager opened_vectors(Storage storage, const manual_clock& clock = manual_clock{},
                                     const counted_ids& ids = counted_ids{},
                                     Retention retention = {}) {
    auto opened = Manager::open(std::move(storage), std::move(retention), {}, {}, ids, clock);
    REQUIRE(said(opened) == "no error");
    return *std::move(opened);
}

template <class Hash = tintype::no_hash, class Storage = tintype::memory_storage>
using vector_reader = tintype::chain_reader<dakera::vector_entry, tintype::no_side, Storage,
                                            dakera::chain_json<>, Hash>;

[[nodiscard]] inline tintype::timestamp at_milliseconds(std::int64_t since_epoch) {
    return tintype::timestamp{std::chrono::milliseconds{since_epoch}};
}

// A file that the original wrote.
[[nodiscard]] inline tintype::blob dakera_golden(const std::string& file) {
    auto bytes = file_bytes(std::string(TINTYPE_GOLDEN) + "/dakera/" + file);
    REQUIRE_MESSAGE(!bytes.empty(), file);
    return bytes;
}

template <tintype::storage_policy Storage>
void put_file(const Storage& storage, std::string_view name, tintype::byte_view bytes) {
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->replace(name));
}

template <tintype::storage_policy Storage>
[[nodiscard]] std::string file_text(const Storage& storage, const std::string& name) {
    const auto object = storage.open(name, tintype::access::copy);
    REQUIRE_MESSAGE(object, name);
    return std::string{tintype::text_of(object->bytes())};
}

// What the file beside the data says of it, read by the codec alone.
[[nodiscard]] inline tintype::snapshot_info info_in(tintype::byte_view meta) {
    auto info = dakera::chain_json<>::decode_info(meta);
    REQUIRE(said(info) == "no error");
    info->data = info->id + ".snap";
    return *std::move(info);
}

} // namespace tests
