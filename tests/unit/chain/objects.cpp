// How the objects of snapshots come and go: the data before its manifest, the manifest before its
// data, children before parents, what a fault in between leaves, and whose files are swept.

#include <tintype/chain/objects.hpp>

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::forge;
using tests::forged;
using tests::manual_clock;
using tests::put_info;
using tests::said;
using tests::sorted_names;
using tests::text_store;
using tintype::directory;
using tintype::errc;
using tintype::memory_storage;
using tintype::piece_kind;
using tintype::snapshot_info;

template <class Storage>
using objects_in =
    tintype::chain_objects<Storage, tintype::chain_columns, tintype::crc32c, tintype::timed_ids<>>;
using objects_type = objects_in<tests::locked_storage>;

const tintype::decode_options verify{};

forged one_record(const std::string& id, tintype::optional_text parent = {},
                  const std::string& text = "x") {
    const auto kind = parent ? piece_kind::changes : piece_kind::whole;
    return forge(id, std::move(parent), {{"a", kind, {{1, text}}}});
}

template <class Objects>
auto staged(const Objects& of, tintype::byte_view bytes) {
    auto made = of.storage().stage({});
    REQUIRE(made);
    REQUIRE(made->write(bytes));
    return *std::move(made);
}

template <class Objects>
std::string published(const Objects& of, const forged& snapshot) {
    auto data = staged(of, snapshot.data);
    return said(of.publish(snapshot.info, data, verify));
}

// A storage in which objects get the time that the clock shows.
using timed_memory = tintype::basic_memory_storage<manual_clock>;

} // namespace

TEST_CASE("objects: data is there before its manifest is") {
    const tests::locked_storage storage{memory_storage{}};
    const objects_type of{storage, {}, {}};
    std::vector<std::string> order;
    storage.told().before_publish = [&](std::string_view name) { order.emplace_back(name); };
    CHECK(published(of, one_record("one")) == "no error");
    CHECK(order == tests::ids{"one.snap", "one.meta"});
    CHECK(of.info("one", verify) == one_record("one").info);
}

TEST_CASE("objects: an id is given once") {
    const tests::locked_storage storage{memory_storage{}};
    const objects_type of{storage, {}, {}};
    CHECK(published(of, one_record("one")) == "no error");
    CHECK(published(of, one_record("one", {}, "other")) == "already_exists in one.meta 0/0");
    CHECK(tests::object_bytes(storage, "one.snap") == one_record("one").data);
    // What somebody left under the data's name is not ours to replace.
    tests::put_object(storage, "two.snap", tests::blob_of("left behind"));
    CHECK(published(of, one_record("two")) == "already_exists in two.snap 0/0");
    CHECK(tests::object_bytes(storage, "two.snap") == tests::blob_of("left behind"));
    // A manifest without data takes the id, and then our data goes.
    put_info(storage, one_record("three", {}, "first").info);
    CHECK(published(of, one_record("three")) == "already_exists in three.meta 0/0");
    CHECK(sorted_names(storage) == tests::ids{"one.meta", "one.snap", "three.meta", "two.snap"});
}

TEST_CASE("objects: a child is published only on the parent that it was taken on") {
    const tests::locked_storage storage{memory_storage{}};
    const objects_type of{storage, {}, {}};
    auto parent = one_record("parent");
    parent.info.state = tests::blob_of("state");
    auto child = one_record("child", "parent");
    child.info.parent_state = parent.info.state;
    CHECK(published(of, child) == "missing_parent in child needs parent 0/0");
    CHECK(sorted_names(storage).empty());
    CHECK(published(of, parent) == "no error");
    child.info.parent_state = tests::blob_of("another");
    CHECK(published(of, child) == "missing_parent in child needs parent 0/0");
    CHECK(sorted_names(storage).size() == 2);
    child.info.parent_state = parent.info.state;
    CHECK(published(of, child) == "no error");
}

TEST_CASE("objects: whatever call fails, no manifest is there without its data") {
    using failing = tests::failing_storage<memory_storage>;
    for (std::size_t call = 0;; ++call) {
        INFO("call ", call);
        const failing storage{memory_storage{}};
        const objects_in<failing> of{storage, {}, {}};
        REQUIRE(published(of, one_record("parent")) == "no error");
        const auto child = one_record("child", "parent");
        auto data = staged(of, child.data);
        storage.fail_at(call);
        const auto done = of.publish(child.info, data, verify);
        const bool all_well = storage.plan().calls <= call;
        storage.fail_never();
        const auto names = sorted_names(storage);
        const bool listed = std::ranges::find(names, "child.meta") != names.end();
        CHECK(listed == done.has_value());
        if (listed) {
            CHECK(tests::object_bytes(storage, "child.snap") == child.data);
        } else {
            CHECK(done.error().code == errc::io);
        }
        if (all_well) {
            CHECK(done);
            CHECK(call > 4);
            break;
        }
    }
}

TEST_CASE("objects: manifests go first, each for good before its parent's") {
    const tests::locked_storage storage{memory_storage{}};
    const objects_type of{storage, {}, {}};
    const std::vector<forged> chain{one_record("s0"), one_record("s1", "s0"),
                                    one_record("s2", "s1")};
    const auto put_all = [&] {
        for (const forged& each : chain) {
            each.put(storage);
        }
        storage.told().removed.clear();
        storage.told().syncs = 0;
    };
    const std::vector<const snapshot_info*> order{&chain[2].info, &chain[1].info, &chain[0].info};
    put_all();
    auto gone = of.remove(order);
    REQUIRE(gone);
    CHECK(gone->removed == tests::ids{"s2", "s1", "s0"});
    CHECK(gone->failures.empty());
    CHECK(storage.told().removed ==
          tests::ids{"s2.meta", "s2.snap", "s1.meta", "s1.snap", "s0.meta", "s0.snap"});
    CHECK(storage.told().syncs == 4);
    CHECK(sorted_names(storage).empty());

    // Where a manifest stays, its parents do.
    put_all();
    storage.told().unremovable = {"s1.meta"};
    gone = of.remove(order);
    REQUIRE(gone);
    CHECK(gone->removed == tests::ids{"s2"});
    REQUIRE(gone->failures.size() == 1);
    CHECK(gone->failures[0].where.view() == "s1.meta");
    CHECK(of.chain("s1", 10, verify));

    // Data that cannot go is nobody's any more.
    put_all();
    storage.told().unremovable = {"s2.snap", "s1.snap"};
    gone = of.remove(order);
    REQUIRE(gone);
    CHECK(gone->removed.size() == 3);
    CHECK(gone->failures.size() == 2);
    CHECK(sorted_names(storage) == tests::ids{"s1.snap", "s2.snap"});

    // Without durability nothing goes.
    storage.told().unremovable = {};
    put_all();
    storage.told().sync_fails = true;
    CHECK(said(of.remove(order)) == "io in sync 0/0");
    CHECK(sorted_names(storage).size() == 6);
    CHECK(of.remove({})->removed.empty()); // and for nothing nobody is asked
}

TEST_CASE("objects: a manifest that cannot be read goes with the data of its name") {
    const tests::locked_storage storage{memory_storage{}};
    const objects_type of{storage, {}, {}};
    tests::put_object(storage, "torn.meta", {});
    tests::put_object(storage, "torn.snap", tests::noise(10));
    tests::put_object(storage, "torn.txt", tests::noise(10));
    CHECK(of.remove_unread("torn") == true);
    CHECK(of.remove_unread("torn") == false);
    CHECK(sorted_names(storage) == tests::ids{"torn.txt"});
    CHECK(said(of.remove_unread("../x")) == "bad_name in ../x.meta 46/0");
    tests::put_object(storage, "torn.meta", {});
    storage.told().sync_fails = true;
    CHECK(said(of.remove_unread("torn")) == "io in sync 0/0");
}

TEST_CASE("objects: written anew, a snapshot has its new data before its old data goes") {
    const tests::locked_storage storage{memory_storage{}};
    const objects_type of{storage, {}, {}};
    auto first = one_record("one");
    first.info.state = tests::blob_of("state");
    first.put(storage);
    const auto rewritten = [&](const std::string& text) {
        auto next = one_record("one", {}, text);
        next.info.state = first.info.state;
        auto data = staged(of, next.data);
        const auto done = of.rewrite(next.info, data, verify);
        INFO(said(done));
        REQUIRE(done);
        CHECK(of.info("one", verify) == next.info);
        CHECK(tests::object_bytes(storage, next.info.data) == next.data);
        return next.info.data;
    };
    CHECK(rewritten("two") == "one.r1.snap");
    CHECK(sorted_names(storage) == tests::ids{"one.meta", "one.r1.snap"});
    CHECK(rewritten("three") == "one.r2.snap");
    CHECK(sorted_names(storage) == tests::ids{"one.meta", "one.r2.snap"});
    CHECK(rewritten("four") == "one.r1.snap");
    tests::put_object(storage, "one.r2.snap", {});
    CHECK(rewritten("five") == "one.r3.snap");
    REQUIRE(storage.remove("one.r2.snap"));

    // Another snapshot has the name by now, or none has.
    auto other = one_record("one", {}, "six");
    other.info.state = tests::blob_of("another");
    auto data = staged(of, other.data);
    CHECK(said(of.rewrite(other.info, data, verify)) == "already_exists in one 0/0");
    CHECK(sorted_names(storage) == tests::ids{"one.meta", "one.r3.snap"});
    REQUIRE(storage.remove("one.meta"));
    CHECK(said(of.rewrite(other.info, data, verify)) == "not_found in one 0/0");
}

TEST_CASE("objects: whatever call fails, a snapshot written anew is the old or the new one") {
    using failing = tests::failing_storage<memory_storage>;
    std::size_t renewed = 0;
    for (std::size_t call = 0;; ++call) {
        INFO("call ", call);
        const failing storage{memory_storage{}};
        const objects_in<failing> of{storage, {}, {}};
        const auto before = one_record("one");
        before.put(storage);
        auto after = one_record("one", {}, "after");
        auto data = staged(of, after.data);
        storage.fail_at(call);
        const auto done = of.rewrite(after.info, data, verify);
        const bool all_well = storage.plan().calls <= call;
        storage.fail_never();
        const auto info = of.info("one", verify);
        REQUIRE(info);
        const bool is_new = *info != before.info;
        renewed += is_new ? 1U : 0U;
        CHECK(*info == (is_new ? after.info : before.info));
        CHECK(tests::object_bytes(storage, info->data) == (is_new ? after.data : before.data));
        CHECK((!done || is_new));
        if (all_well) {
            CHECK(done);
            break;
        }
    }
    CHECK(renewed >= 2); // done, and done but for the old data
}

TEST_CASE("objects: data is held against its size and its digests") {
    const memory_storage storage;
    const objects_in<memory_storage> of{storage, {}, {}};
    const auto good = forge(
        "one", {}, {{"a", piece_kind::whole, {{1, "x"}}}, {"b", piece_kind::whole, {{2, "y"}}}});
    good.put(storage);
    const auto open = [&](const snapshot_info& info, std::vector<std::size_t> pieces,
                          const tintype::decode_options& options = {}) {
        std::vector<const tintype::piece_info*> wanted;
        for (const std::size_t i : pieces) {
            wanted.push_back(&info.pieces[i]);
        }
        return said(of.open_data(info, wanted, tintype::access::map, options));
    };
    CHECK(open(good.info, {0, 1}) == "no error");
    const auto size = std::to_string(good.data.size());
    auto data = good.data;
    data.pop_back();
    tests::put_object(storage, "one.snap", data);
    CHECK(open(good.info, {}) ==
          "truncated in one.snap " + std::to_string(data.size()) + "/" + size);
    data = good.data;
    data.push_back({});
    tests::put_object(storage, "one.snap", data);
    CHECK(open(good.info, {}) == "trailing_bytes in one.snap 1/0");
    data = good.data;
    data.back() ^= std::byte{1};
    tests::put_object(storage, "one.snap", data);
    CHECK(open(good.info, {0}) == "no error"); // what is not wanted is not looked at
    CHECK(open(good.info, {0, 1}).starts_with("checksum_mismatch in one: b "));
    CHECK(open(good.info, {0, 1}, {.integrity = tintype::integrity::skip}) == "no error");
    auto info = good.info;
    info.hash = "sha256";
    CHECK(open(info, {0}) == "unsupported in one: digests by sha256 0/0");
    info.hash = "";
    CHECK(open(info, {0}) == "unsupported in one: no digests 0/0");
    CHECK(open(info, {0}, {.integrity = tintype::integrity::skip}) == "no error");
    info = good.info;
    info.pieces[0].digest.clear();
    CHECK(open(info, {1, 0}).starts_with("checksum_mismatch in one: b "));
    CHECK(open(info, {0}) == "missing_field in one: a, digest 0/0");
    REQUIRE(storage.remove("one.snap"));
    CHECK(open(good.info, {}) == "not_found in one.snap 0/0");
    std::stop_source stop;
    stop.request_stop();
    const tintype::monitor watch{stop.get_token()};
    good.put(storage);
    CHECK(open(good.info, {0}, {.watch = &watch}).starts_with("cancelled"));
}

TEST_CASE("objects: a state names what a snapshot holds") {
    auto info = one_record("one").info;
    objects_type::set_state(info);
    const auto state = info.state;
    CHECK(state.size() == 4);
    objects_type::set_state(info); // whatever it was before
    CHECK(info.state == state);
    auto other = info;
    other.created_at += 1;
    objects_type::set_state(other);
    CHECK(other.state != state);
    other = info;
    other.parent_state = tests::blob_of("p");
    objects_type::set_state(other);
    CHECK(other.state != state);
    CHECK(objects_type::mark_of(info, "a") != objects_type::mark_of(other, "a"));
    CHECK(objects_type::mark_of(info, "a") != objects_type::mark_of(info, "b"));
    CHECK(objects_type::mark_of(info, "a") == objects_type::mark_of(info, "a"));
    using unhashed = tintype::chain_objects<memory_storage, tintype::chain_columns,
                                            tintype::no_hash, tintype::timed_ids<>>;
    unhashed::set_state(info);
    CHECK(info.state.size() == 4);
}

TEST_CASE("objects: what crashed writers left behind goes after the grace, and nothing else") {
    const manual_clock clock{tests::some_day};
    const timed_memory storage{clock};
    const tests::ids foreign{"notes.txt",           "a.snap",          "snap_1_2",
                             "snap_1.snap",         "snap_x_1.snap",   "backup.snap",
                             "snap_1_2.copy.snap",  "snap_1_2.r.snap", "snap_1_2.r1x.snap",
                             "snap_1_2.r1.r2.snap", "xsnap_1_2.snap",  "snap_1_2.snap.old"};
    const tests::ids orphans{"snap_1_2.snap", "snap_1_2.r1.snap", "snap_77_0.r12.snap"};
    for (const auto& names : {foreign, orphans}) {
        for (const auto& name : names) {
            tests::put_object(storage, name, tests::noise(10));
        }
    }
    one_record("snap_5_5").put(storage);
    auto renewed = one_record("snap_6_6");
    renewed.info.data = "snap_6_6.r3.snap";
    renewed.put(storage);
    const std::size_t all = foreign.size() + orphans.size() + 4;
    const objects_in<timed_memory> of{storage, {}, {}};
    const auto sweep = [&](std::chrono::nanoseconds grace) {
        REQUIRE(of.sweep(grace, clock.now(), verify));
        return sorted_names(storage).size();
    };
    CHECK(sweep(1h) == all);
    clock.advance(1h - 1ns);
    CHECK(sweep(1h) == all);
    // A manifest that cannot be read may speak of any of them.
    clock.advance(1h);
    tests::put_object(storage, "snap_9_9.meta", tests::noise(10));
    CHECK(sweep(1h) == all + 1);
    REQUIRE(storage.remove("snap_9_9.meta"));
    CHECK(sweep(1h) == all - orphans.size());
    auto expected = foreign;
    expected.insert(expected.end(),
                    {"snap_5_5.meta", "snap_5_5.snap", "snap_6_6.meta", "snap_6_6.r3.snap"});
    std::ranges::sort(expected);
    CHECK(sorted_names(storage) == expected);
}

TEST_CASE("objects: opening a manager sweeps, after the grace that it was given") {
    const tests::scratch root;
    const auto folder = root / "chain";
    const directory storage{folder};
    using manager_type = tests::chains<text_store, directory>;
    const auto opened = [&](std::chrono::nanoseconds grace) {
        const manual_clock now{tintype::system_clock{}.now()};
        return tests::opened_chains<manager_type>(directory{folder}, {}, {.sweep_grace = grace},
                                                  now);
    };
    const auto manager = opened(1h);
    text_store store;
    const auto id = tests::full_of(manager, store);
    tests::put_object(storage, "snap_1_2.snap", tests::noise(10));
    tests::put_object(storage, "mine.txt", {});
    static_cast<void>(opened(1h));
    CHECK(sorted_names(storage).size() == 4);
    std::filesystem::last_write_time(folder + "/snap_1_2.snap",
                                     std::filesystem::file_time_type::clock::now() - 2h);
    std::filesystem::last_write_time(folder + "/" + id + ".snap",
                                     std::filesystem::file_time_type::clock::now() - 2h);
    static_cast<void>(opened(3h));
    CHECK(sorted_names(storage).size() == 4);
    static_cast<void>(opened(1h));
    CHECK(sorted_names(storage) == tests::ids{"mine.txt", id + ".meta", id + ".snap"});
}

TEST_CASE("objects: who cannot lock or list cannot sweep") {
    const tests::unlocked_storage unlocked{memory_storage{}};
    tests::put_object(unlocked, "snap_1_2.snap", {});
    const objects_in<tests::unlocked_storage> of{unlocked, {}, {}};
    CHECK(of.sweep(-1h, tintype::system_clock{}.now(), verify));
    CHECK(sorted_names(unlocked).size() == 1);

    using failing = tests::failing_storage<memory_storage>;
    const failing storage{memory_storage{}};
    tests::put_object(storage, "snap_1_2.snap", {});
    const objects_in<failing> in{storage, {}, {}};
    for (std::size_t call = 0;; ++call) {
        storage.fail_at(call);
        const auto swept = in.sweep(-1h, tintype::system_clock{}.now(), verify);
        const bool all_well = storage.plan().calls <= call;
        storage.fail_never();
        CHECK(swept.has_value() == all_well);
        CHECK(sorted_names(storage).size() == (all_well ? 0U : 1U));
        if (all_well) {
            CHECK(call >= 4); // lock, names, list, remove
            break;
        }
    }
}
