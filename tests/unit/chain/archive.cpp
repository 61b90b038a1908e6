// The upkeep of a chain: what may be removed, children written anew, chains folded into one, and
// that what stays can still be restored, whatever fails on the way.

#include <tintype/chain/archive.hpp>

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

using sided = tintype::part_store<tests::texts, tests::mood>;

template <class Storage>
using manager_in = tests::chains<sided, Storage>;

// full - a - b - c, and d on a: with parts that change, go, come and come again.
struct family {
    std::map<std::string, sided> then; // what was there, by id
    std::string full;
    std::string a;
    std::string b;
    std::string c;
    std::string d;

    explicit family(const auto& manager) {
        sided store;
        store.part("stays") = {{1, "1"}, {2, "2"}, {3, "3"}};
        store.part("goes") = {{1, "1"}};
        store.part("again") = {{1, "old"}, {2, "old"}};
        static_cast<void>(store.part("empty"));
        store.side() = {"full", 0, {}};
        full = full_of(manager, store);
        then[full] = store;
        const auto take = [&](const std::string& parent, const char* name) {
            store.side().name = name;
            const auto id = increment_of(manager, store, parent);
            then[id] = store;
            return id;
        };
        store.part("stays").erase(1);
        store.part("stays")[4] = "a";
        store.drop("goes");
        store.drop("again");
        store.part("new") = {{1, "a"}};
        a = take(full, "a");
        store.part("stays").erase(4);
        store.part("stays")[1] = "back in b";
        store.part("again") = {{2, "new"}};
        store.drop("new");
        store.drop("empty");
        b = take(a, "b");
        store.part("stays") = {{9, "c"}};
        store.part("goes") = {{7, "c"}};
        store.drop("again");
        c = take(b, "c");
        store = then[a];
        store.part("stays")[4] = "d";
        store.part("again") = {{2, "d"}};
        d = take(a, "d");
    }

    // Each that is listed is what it was.
    void check(const auto& manager) const {
        for (const auto& [id, store] : then) {
            if (manager.exists(id) != true) {
                continue;
            }
            INFO(id);
            sided target;
            const auto done = manager.restore(target, id);
            INFO(said(done));
            CHECK(done);
            CHECK(target == store);
        }
    }
};

auto manager_of(const memory_storage& storage) {
    return opened_chains<manager_in<memory_storage>>(storage);
}

std::size_t objects_in(const auto& storage) {
    return tests::sorted_names(storage).size();
}

} // namespace

TEST_CASE("archive: what a child needs is in use, and the child is named") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    const auto refused = manager.remove(all.full);
    CHECK(said(refused) == "in_use in " + all.full + ", needed by " + all.a + " 1/0");
    CHECK(said(manager.remove(all.a)) ==
          "in_use in " + all.a + ", needed by " + all.d + " 2/0"); // the newest of them
    CHECK(manager.remove(all.b).error().code == errc::in_use);
    CHECK(objects_in(storage) == 10);
    all.check(manager);

    CHECK(manager.remove(all.c) == true);
    CHECK(manager.remove(all.c) == false);
    CHECK(manager.remove(all.b) == true);
    CHECK(manager.remove(all.d) == true);
    CHECK(manager.remove(all.a) == true);
    CHECK(listed_ids(manager) == ids{all.full});
    CHECK(objects_in(storage) == 2);
    CHECK(manager.remove(all.full) == true);
    CHECK(objects_in(storage) == 0);
    for (const auto* id : {"", "../x", "a/b", "nowhere"}) {
        CHECK(manager.remove(id) == false);
    }
}

TEST_CASE("archive: with children written anew, any may go and the rest is what it was") {
    for (const int which : {0, 1, 2, 3, 4}) {
        INFO("the link ", which);
        const memory_storage storage;
        const auto manager = manager_of(storage);
        const family all{manager};
        const std::string id =
            std::vector{all.full, all.a, all.b, all.c, all.d}[static_cast<std::size_t>(which)];
        const auto before = manager.list();
        REQUIRE(before);
        REQUIRE(manager.remove(id, removal::rebase_children) == true);
        CHECK(manager.exists(id) == false);
        CHECK(objects_in(storage) == 8);
        all.check(manager);
        const auto gone = std::ranges::find(before->snapshots, id, &snapshot_info::id);
        for (const snapshot_info& old : before->snapshots) {
            if (old.id == id) {
                continue;
            }
            const auto info = manager.metadata(old.id);
            REQUIRE(info);
            CHECK(info->state == old.state);
            CHECK(info->created_at == old.created_at);
            CHECK(info->description == old.description);
            if (old.parent_id == id) {
                CHECK(info->type == gone->type);
                CHECK(info->parent_id == gone->parent_id);
                CHECK(info->parent_state == gone->parent_state);
                CHECK(info->data != old.data);
            } else {
                CHECK(*info == old);
            }
        }
        CHECK(manager.verify()->bad.empty());
    }
}

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

TEST_CASE("archive: folded into one at every link, and what others need stays") {
    for (const int which : {0, 1, 2, 3, 4}) {
        INFO("the link ", which);
        const memory_storage storage;
        const auto manager = manager_of(storage);
        const family all{manager};
        const std::vector names{all.full, all.a, all.b, all.c, all.d};
        const auto& id = names[static_cast<std::size_t>(which)];
        const auto before = *manager.metadata(id);
        const auto done = manager.compact(id);
        INFO(said(done));
        REQUIRE(done);
        CHECK(done->cleanup.failures.empty());
        CHECK(done->info == *manager.metadata(id));
        CHECK(done->info.type == tintype::snapshot_kind::full);
        CHECK(!done->info.parent_id);
        CHECK(done->info.parent_state.empty());
        CHECK(done->info.state == before.state);
        CHECK(done->info.created_at == before.created_at);
        CHECK(manager.chain(id)->size() == 1);
        all.check(manager);
        CHECK(manager.verify()->bad.empty());
        const std::vector<ids> removed{{}, {all.full}, {}, {all.b}, {}};
        CHECK(done->cleanup.removed == removed[static_cast<std::size_t>(which)]);
        CHECK(objects_in(storage) == 2 * (5 - done->cleanup.removed.size()));

        // Once more changes nothing.
        const auto again = manager.compact(id);
        REQUIRE(again);
        CHECK(again->info == done->info);
        CHECK(again->cleanup.removed.empty());
        // All of them, one by one: in the end each stands alone.
        for (const auto& each : names) {
            if (manager.exists(each) == true) {
                CHECK(manager.compact(each));
            }
        }
        const auto all_full = manager.list();
        REQUIRE(all_full);
        for (const snapshot_info& each : all_full->snapshots) {
            CHECK(each.type == tintype::snapshot_kind::full);
        }
        all.check(manager);
    }
    CHECK(said(manager_of(memory_storage{}).compact("nowhere")) == "not_found in nowhere 0/0");
}

TEST_CASE("archive: a branch keeps the parents that the folded chain lets go") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const family all{manager};
    REQUIRE(manager.compact(all.d)); // a and full are needed by b
    CHECK(listed_ids(manager).size() == 5);
    const auto done = manager.compact(all.c);
    REQUIRE(done);
    CHECK(done->cleanup.removed == ids{all.b, all.a, all.full});
    CHECK(listed_ids(manager) == ids{all.d, all.c});
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
