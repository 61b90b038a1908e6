#pragma once

// What the chains' tests share: small stores, managers over memory and a clock that stands still,
// snapshots written by hand, and a storage that fails at the call that the test names.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/said.hpp"
#include "unit/manager/fixtures.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

using texts = std::map<std::uint64_t, std::string>;
using text_store = tintype::part_store<texts>;
using tracked_texts = tintype::part_store<tintype::tracked<texts>>;
using text_record = text_store::record_type;

struct mood {
    BOOST_HANA_DEFINE_STRUCT(mood, (std::string, name), (std::uint32_t, level),
                             (std::vector<float>, weights));

    friend bool operator==(const mood&, const mood&) = default;
};

// A day on which nothing happens unless the test says so.
inline constexpr tintype::timestamp some_day =
    tintype::timestamp{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}};

template <class Store, class Storage = tintype::memory_storage, class Retention = tintype::keep_all,
          class Hash = tintype::crc32c, class Codec = tintype::chain_columns,
          class Ids = tintype::timed_ids<>>
using chains = tintype::chain_manager<Store, Storage, Codec, Hash, Retention, Ids, manual_clock>;

template <class Chains, class Storage, class Retention = tintype::keep_all>
Chains opened_chains(Storage storage, Retention retention = {}, tintype::chain_options options = {},
                     manual_clock clock = manual_clock{some_day}) {
    auto opened =
        Chains::open(std::move(storage), std::move(retention), options, {}, {}, std::move(clock));
    REQUIRE(opened);
    return *std::move(opened);
}

// The id of a full snapshot of the store as it is.
template <class Manager, class Store>
std::string full_of(const Manager& manager, Store& store) {
    const auto taken = manager.create_full(store);
    INFO(said(taken));
    REQUIRE(taken);
    return taken->info.id;
}

using part_names = std::optional<std::vector<std::string>>;

template <class Manager, class Store>
std::string increment_of(const Manager& manager, Store& store, std::string_view parent,
                         part_names parts = {}) {
    const auto taken = manager.create_incremental(store, parent, {.parts = std::move(parts)});
    INFO(said(taken));
    REQUIRE(taken);
    return taken->info.id;
}

// A store that holds nothing but the snapshot.
template <class Store, class Manager>
Store restored_from(const Manager& manager, std::string_view id) {
    Store store;
    const auto done = manager.restore(store, id);
    INFO(said(done));
    REQUIRE(done);
    CHECK(done->id == id);
    return store;
}

template <class Manager>
std::vector<std::string> listed_ids(const Manager& manager) {
    const auto all = manager.list();
    REQUIRE(all);
    std::vector<std::string> ids;
    for (const tintype::snapshot_info& each : all->snapshots) {
        ids.push_back(each.id);
    }
    return ids;
}

using ids = std::vector<std::string>;

// What a snapshot's pieces are, one line each: "whole a 2+0 of 2".
[[nodiscard]] inline std::vector<std::string> pieces_of(const tintype::snapshot_info& info) {
    std::vector<std::string> lines;
    for (const tintype::piece_info& each : info.pieces) {
        lines.push_back(std::string{name_of(each.kind)} + " " + each.name + " " +
                        std::to_string(each.records) + "+" + std::to_string(each.erased) + " of " +
                        std::to_string(each.total));
    }
    return lines;
}

using lines = std::vector<std::string>;

// A manifest under the name that its id gives it, or under another.
template <tintype::storage_policy S>
void put_info(const S& storage, const tintype::snapshot_info& info, std::string_view id = {}) {
    const auto bytes = tintype::chain_columns::encode_info<tintype::crc32c>(info);
    REQUIRE(bytes);
    put_object(storage, std::string{id.empty() ? info.id : id} + ".meta", *bytes);
}

// A snapshot written by hand, so that anything about it may be a lie.
struct forged {
    tintype::snapshot_info info;
    tintype::blob data;

    // Digests that fit the data as it is now.
    void reseal() {
        info.data_size = data.size();
        for (tintype::piece_info& each : info.pieces) {
            if (each.kind != tintype::piece_kind::dropped) {
                const auto digest = tintype::digest_bytes(tintype::hash_of<tintype::crc32c>(
                    tintype::byte_view{data}.subspan(static_cast<std::size_t>(each.offset),
                                                     static_cast<std::size_t>(each.size))));
                each.digest.assign(digest.begin(), digest.end());
            }
        }
    }

    template <tintype::storage_policy S>
    void put(const S& storage) const {
        put_object(storage, info.data, data);
        put_info(storage, info);
    }
};

// A piece to be forged.
template <class R>
struct written {
    using keys = std::vector<tintype::key_of_record<R>>;

    // As many in total as there are records, unless told.
    written(std::string called, tintype::piece_kind is, std::vector<R> put = {}, keys gone = {},
            std::optional<std::uint64_t> altogether = {})
        : name(std::move(called)), kind(is), records(std::move(put)), erased(std::move(gone)),
          total(altogether.value_or(records.size())) {}

    std::string name;
    tintype::piece_kind kind;
    std::vector<R> records;
    keys erased;
    std::uint64_t total;
};

// The pieces of a snapshot on that parent, or of a full one.
template <class R = text_record>
[[nodiscard]] forged forge(const std::string& id, tintype::optional_text parent,
                           const std::vector<written<R>>& pieces) {
    std::vector<tintype::part_piece<R>> parts;
    for (const written<R>& each : pieces) {
        parts.push_back({.name = each.name,
                         .kind = each.kind,
                         .records = tintype::record_list<R>::of(each.records),
                         .erased = each.erased,
                         .total = each.total});
    }
    forged made;
    made.info.id = id;
    made.info.created_at = some_day.time_since_epoch().count();
    made.info.type = parent ? tintype::snapshot_kind::incremental : tintype::snapshot_kind::full;
    made.info.parent_id = std::move(parent);
    made.info.data = id + ".snap";
    made.info.hash = "crc32c";
    tintype::blob_sink sink{made.data};
    const tintype::no_side* none = nullptr;
    REQUIRE(tintype::chain_columns::encode<tintype::crc32c>(made.info, parts, none, sink));
    return made;
}

// Which of the calls that can fail does, counted from 0; copies of a storage share it.
struct call_plan {
    static constexpr std::size_t never = ~std::size_t{0};
    std::size_t calls = 0;
    std::size_t failing = never;
    std::size_t times = 1; // how many calls from there on

    [[nodiscard]] bool fails() {
        const std::size_t call = calls++;
        return call >= failing && call - failing < times;
    }
};

template <tintype::storage_policy Inner>
class failing_storage {
    using staged_inner = tintype::staged_of<Inner>;

public:
    class staged {
    public:
        staged(staged_inner inner, std::shared_ptr<call_plan> plan)
            : inner_(std::move(inner)), plan_(std::move(plan)) {}

        [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) {
            return plan_->fails() ? broken("write") : inner_.write(bytes);
        }

        [[nodiscard]] tintype::result<void> publish(std::string_view name) {
            return plan_->fails() ? broken(name) : inner_.publish(name);
        }

        [[nodiscard]] tintype::result<void> replace(std::string_view name) {
            return plan_->fails() ? broken(name) : inner_.replace(name);
        }

    private:
        staged_inner inner_;
        std::shared_ptr<call_plan> plan_;
    };

    explicit failing_storage(Inner inner) : inner_(std::move(inner)) {}

    [[nodiscard]] call_plan& plan() const { return *plan_; }

    // From now on, the call of that number.
    void fail_at(std::size_t call, std::size_t times = 1) const {
        *plan_ = {.calls = 0, .failing = call, .times = times};
    }

    void fail_never() const { *plan_ = {}; }

    [[nodiscard]] tintype::result<staged> stage(const tintype::stage_options& options = {}) const {
        if (plan_->fails()) {
            return broken<staged>("stage");
        }
        auto inner = inner_.stage(options);
        return inner ? tintype::result<staged>{staged{*std::move(inner), plan_}}
                     : tintype::pass(inner);
    }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        using opened = typename decltype(inner_.open(name, how))::value_type;
        return plan_->fails() ? broken<opened>(name) : inner_.open(name, how);
    }

    [[nodiscard]] auto list() const {
        return plan_->fails() ? broken<std::vector<tintype::object_info>>("list") : inner_.list();
    }

    [[nodiscard]] auto names() const {
        return plan_->fails() ? broken<std::vector<std::string>>("names") : inner_.names();
    }

    [[nodiscard]] tintype::result<bool> remove(std::string_view name) const {
        return plan_->fails() ? broken<bool>(name) : inner_.remove(name);
    }

    [[nodiscard]] tintype::result<void> sync() const {
        return plan_->fails() ? broken("sync") : inner_.sync();
    }

    [[nodiscard]] auto lock() const {
        using held = typename decltype(inner_.lock())::value_type;
        return plan_->fails() ? broken<held>("lock") : inner_.lock();
    }

private:
    template <class T = void>
    [[nodiscard]] static tintype::result<T> broken(std::string_view where) {
        return tintype::fail({.code = tintype::errc::io, .where = where});
    }

    Inner inner_;
    std::shared_ptr<call_plan> plan_ = std::make_shared<call_plan>();
};

static_assert(tintype::lockable_storage<failing_storage<tintype::memory_storage>>);

} // namespace tests
