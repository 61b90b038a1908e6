// The upkeep of a chain: what may be removed, children written anew, chains folded into one, and
// that what stays can still be restored, whatever fails on the way.

#include <tintype/chain/archive.hpp>

#include "family.hpp"
#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::failing_storage;
using tests::full_of;
using tests::ids;
using tests::increment_of;
using tests::lines;
using tests::listed_ids;
using tests::opened_chains;
using tests::pieces_of;
using tests::said;
using tintype::directory;
using tintype::errc;
using tintype::memory_storage;
using tintype::removal;
using tintype::snapshot_info;

using tests::family;
using tests::objects_in;
using tests::sided;

template <class Storage>
using manager_in = tests::chains<sided, Storage>;

auto manager_of(const memory_storage& storage) {
    return opened_chains<manager_in<memory_storage>>(storage);
}

} // namespace

TEST_CASE("archive: one after the other, in any order, down to one") {
    std::vector<int> order{0, 1, 2, 3, 4};
    do {
        const memory_storage storage;
        const auto manager = manager_of(storage);
        const family all{manager};
        const std::vector names{all.full, all.a, all.b, all.c, all.d};
        std::size_t left = names.size();
        for (const int which : order) {
            const auto& id = names[static_cast<std::size_t>(which)];
            REQUIRE(manager.remove(id, removal::rebase_children) == true);
            CHECK(objects_in(storage) == 2 * --left);
            if (order[1] > order[3]) { // some of the orders in full
                all.check(manager);
            }
        }
    } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("archive: a rebased increment says no more than it must") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    REQUIRE(manager.remove(all.a, removal::rebase_children));
    CHECK(pieces_of(*manager.metadata(all.b)) ==
          lines{"whole again 1+0 of 1", "dropped empty 0+0 of 0", "dropped goes 0+0 of 0",
                "dropped new 0+0 of 0", "changes stays 1+1 of 3", "side name 1+0 of 0",
                "side level 1+0 of 0", "side weights 1+0 of 0"});
    // Increments go on from there.
    sided store = all.then.at(all.b);
    store.part("stays")[50] = "more";
    const auto next = increment_of(manager, store, all.b);
    CHECK(tests::restored_from<sided>(manager, next) == store);
}

TEST_CASE("archive: whatever call fails while children are written anew, nothing is lost") {
    using failing = failing_storage<memory_storage>;
    for (std::size_t call = 0;; ++call) {
        INFO("call ", call);
        REQUIRE(call < 400);
        const failing storage{memory_storage{}};
        const auto manager = opened_chains<manager_in<failing>>(storage);
        const family all{manager};
        storage.fail_at(call);
        const auto gone = manager.remove(all.a, removal::rebase_children);
        const bool all_well = storage.plan().calls <= call;
        storage.fail_never();
        CHECK((gone || gone.error().code == errc::io));
        all.check(manager);
        const auto verified = manager.verify();
        REQUIRE(verified);
        CHECK(verified->bad.empty());
        CHECK(verified->good.size() >= 4);
        // Again, and then it is done.
        if (manager.exists(all.a) == true) {
            CHECK(manager.remove(all.a, removal::rebase_children) == true);
        }
        all.check(manager);
        CHECK(listed_ids(manager).size() == 4);
        if (all_well) {
            CHECK(gone == true);
            break;
        }
    }
}

TEST_CASE("archive: next to a damaged manifest nothing is removed but itself") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    const auto good = tests::object_bytes(storage, all.b + ".meta");
    auto torn = good;
    torn.back() ^= std::byte{1};
    tests::put_object(storage, all.b + ".meta", torn);
    for (const auto& id : {all.full, all.a, all.d}) {
        for (const auto how : {removal::refuse_parents, removal::rebase_children}) {
            const auto refused = manager.remove(id, how);
            REQUIRE(!refused);
            CHECK(refused.error().code == errc::checksum_mismatch);
            CHECK(refused.error().where.view().starts_with(all.b));
            CHECK(refused.error().during ==
                  "nothing is removed while it is not known which snapshots this one needs");
        }
    }
    CHECK(objects_in(storage) == 10);
    tests::put_object(storage, all.b + ".meta", good);
    all.check(manager);

    // What needs it cannot be restored: that may go first, and then itself.
    tests::put_object(storage, all.b + ".meta", torn);
    CHECK(said(manager.remove(all.b)) == "in_use in " + all.b + ", needed by " + all.c + " 1/0");
    CHECK(manager.remove(all.d).error().code == errc::checksum_mismatch);
    CHECK(manager.remove(all.c) == true);
    CHECK(manager.remove(all.b) == true);
    CHECK(objects_in(storage) == 6);
    CHECK(manager.exists(all.b) == false);
    CHECK(manager.remove(all.d) == true);
    all.check(manager);
}

TEST_CASE("archive: of a chain that is damaged in the middle, the end goes first") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    sided store = all.then.at(all.c);
    store.part("stays")[77] = "e";
    const auto e = increment_of(manager, store, all.c);
    tests::put_object(storage, all.a + ".meta", {});
    // b has a child, and that one has another.
    for (const auto& id : {all.a, all.b, all.c}) {
        CHECK(!manager.remove(id));
        CHECK(!manager.remove(id, removal::rebase_children));
    }
    CHECK(manager.remove(all.full).error().code == errc::truncated); // a may need it
    CHECK(objects_in(storage) == 12);
    for (const auto& id : {e, all.c, all.d, all.b, all.a, all.full}) {
        CHECK(manager.remove(id) == true);
    }
    CHECK(objects_in(storage) == 0);
}

TEST_CASE("archive: a manifest that could not be read this time is not a damaged one") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    const auto limited = opened_chains<manager_in<memory_storage>>(
        storage, {}, {.decode = {.limits = {.bytes = 10}}});
    for (const auto how : {removal::refuse_parents, removal::rebase_children}) {
        CHECK(limited.remove(all.a, how).error().code == errc::limit_exceeded);
    }
    CHECK(objects_in(storage) == 10);
    using tintype::is_damage;
    CHECK(!is_damage({.code = errc::io}));
    CHECK(!is_damage({.code = errc::unsupported, .system = 24}));
    CHECK(!is_damage({.code = errc::permission_denied, .system = 13}));
    CHECK(!is_damage({.code = errc::out_of_memory}));
    CHECK(is_damage({.code = errc::checksum_mismatch}));
    CHECK(is_damage({.code = errc::truncated}));
}

TEST_CASE("archive: damaged data refuses to be written anew, and may be removed") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    const auto info = *manager.metadata(all.b);
    const auto piece = std::ranges::find(info.pieces, "stays", &tintype::piece_info::name);
    auto torn = tests::object_bytes(storage, all.b + ".snap");
    torn[static_cast<std::size_t>(piece->offset) + 20] ^= std::byte{1};
    tests::put_object(storage, all.b + ".snap", torn);
    CHECK(manager.remove(all.a, removal::rebase_children).error().code == errc::checksum_mismatch);
    CHECK(manager.remove(all.b, removal::rebase_children).error().code == errc::checksum_mismatch);
    CHECK(manager.compact(all.b).error().code == errc::checksum_mismatch);
    CHECK(manager.compact(all.c).error().code == errc::checksum_mismatch);
    CHECK(listed_ids(manager).size() == 5);
    CHECK(manager.remove(all.c) == true);
    CHECK(manager.remove(all.b) == true);
    all.check(manager);
}

TEST_CASE("archive: whatever call fails while a chain is folded, nothing is lost") {
    using failing = failing_storage<memory_storage>;
    for (std::size_t call = 0;; ++call) {
        INFO("call ", call);
        REQUIRE(call < 400);
        const failing storage{memory_storage{}};
        const auto manager = opened_chains<manager_in<failing>>(storage);
        const family all{manager};
        storage.fail_at(call);
        const auto done = manager.compact(all.c);
        const bool all_well = storage.plan().calls <= call;
        storage.fail_never();
        all.check(manager);
        CHECK(manager.verify()->bad.empty());
        CHECK(manager.exists(all.c) == true);
        CHECK(manager.exists(all.d) == true);
        if (all_well) {
            REQUIRE(done);
            CHECK(done->cleanup.failures.empty());
            CHECK(done->cleanup.removed == ids{all.b});
            break;
        }
    }
}

TEST_CASE("archive: next to a damaged manifest a chain is folded, and nothing is let go") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    tests::put_object(storage, "snap_7_7.meta", {});
    const auto done = manager.compact(all.c);
    REQUIRE(done);
    CHECK(done->info.type == tintype::snapshot_kind::full);
    CHECK(done->cleanup.removed.empty());
    REQUIRE(done->cleanup.failures.size() == 1);
    CHECK(done->cleanup.failures[0].where.view().starts_with("snap_7_7.meta"));
    CHECK(listed_ids(manager).size() == 5);
    all.check(manager);
}

TEST_CASE("archive: on disk, and swept afterwards, nothing is left over") {
    const tests::scratch root;
    const directory storage{root / "chain"};
    const auto manager = opened_chains<manager_in<directory>>(storage);
    const family all{manager};
    REQUIRE(manager.remove(all.a, removal::rebase_children));
    REQUIRE(manager.compact(all.c));
    all.check(manager);
    const auto names = tests::sorted_names(storage);
    const auto again =
        opened_chains<manager_in<directory>>(storage, {}, {.sweep_grace = -std::chrono::hours{1}});
    CHECK(tests::sorted_names(storage) == names);
    all.check(again);
}

TEST_CASE("archive: without a store to speak of") {
    using record = sided::record_type;
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    using archive = tintype::chain_archive<record, tests::mood, memory_storage>;
    const auto opened = archive::open(storage, tintype::keep_last{1});
    REQUIRE(opened);
    CHECK(opened->contents(all.c)->parts.size() == 2);
    CHECK(opened->remove(all.d) == true);
    CHECK(opened->compact(all.c)->info.id == all.c);
    CHECK(listed_ids(*opened) == ids{all.c});
    all.check(manager);
}
