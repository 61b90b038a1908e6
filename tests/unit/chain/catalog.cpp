// Which snapshots there are and from which parents: names, order, what an id can be, manifests that
// are not what their names say, and chains that are cut, too long, or come back to themselves.

#include <tintype/chain/catalog.hpp>

#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::forge;
using tests::put_info;
using tests::said;
using tests::text_store;
using tintype::errc;
using tintype::memory_storage;
using tintype::piece_kind;
using tintype::snapshot_info;

using catalog_type =
    tintype::chain_catalog<memory_storage, tintype::chain_columns, tintype::timed_ids<>>;
using manager_type = tests::chains<text_store>;

constexpr std::size_t most = 1000;
const tintype::decode_options verify{};

catalog_type catalog_of(const memory_storage& storage) {
    return {storage, {}, {}};
}

snapshot_info empty_info(std::string id, tintype::optional_text parent = {}) {
    return forge(std::move(id), std::move(parent), {}).info;
}

std::string number(std::size_t i) {
    return "s" + std::to_string(i);
}

// `s0` is full, and each `si` is taken on the one before and puts one of eight records.
void put_chain(const memory_storage& storage, std::size_t length) {
    constexpr std::size_t keys = 8;
    std::vector<tests::forged> made;
    for (std::size_t i = 0; i != length; ++i) {
        if (i < 2 * keys) {
            const auto kind = i == 0 ? piece_kind::whole : piece_kind::changes;
            const auto parent = i == 0 ? tintype::optional_text{} : number(i - 1);
            made.push_back(forge(number(i), parent,
                                 {{"a", kind, {{i % keys, "x"}}, {}, std::min(i + 1, keys)}}));
            made.back().put(storage);
        } else {
            auto same = made[keys + i % keys];
            same.info.id = number(i);
            same.info.parent_id = number(i - 1);
            same.info.data = number(i) + ".snap";
            same.put(storage);
        }
    }
}

} // namespace

TEST_CASE("catalog: names are what has a manifest") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    CHECK(catalog.names()->empty());
    for (const auto* name : {"snap_1_1.meta", "snap_1_1.snap", "orphan.snap", "x.meta",
                             "y.meta.old", "meta", "z.METAx", "a.b.meta"}) {
        tests::put_object(storage, name, {});
    }
    auto names = *catalog.names();
    std::ranges::sort(names);
    CHECK(names == tests::ids{"a.b", "snap_1_1", "x"});
    CHECK(catalog_type::info_name("x") == "x.meta");
    CHECK(catalog_type::data_name("x") == "x.snap");
}

TEST_CASE("catalog: what an id can be") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    CHECK(said(catalog.info("", verify)) == "bad_name 0/0");
    CHECK(said(catalog.info(".x", verify)) == "bad_name in .x 46/0");
    CHECK(said(catalog.info("../x", verify)) == "bad_name in ../x 46/0");
    CHECK(said(catalog.info("a/b", verify)) == "bad_name in a/b 47/0");
    CHECK(said(catalog.info("a b", verify)) == "bad_name in a b 32/0");
    CHECK(said(catalog.info(std::string_view{"a\0b", 3}, verify)).starts_with("bad_name"));
    CHECK(catalog.info(std::string(251, 'x'), verify).error().found == 256);
    CHECK(catalog.info(std::string(300, 'x'), verify).error().wanted == 255);
    CHECK(said(catalog.info("absent", verify)) == "not_found in absent 0/0");

    // The longest there can be is one like any other.
    const std::string longest(250, 'x');
    forge(longest, {}, {}).put(storage);
    CHECK(catalog.info(longest, verify)->id == longest);
    CHECK(catalog.chain(longest, most, verify)->size() == 1);
}

TEST_CASE("catalog: a manifest speaks for its own name only") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    put_info(storage, empty_info("b"), "a");
    CHECK(said(catalog.info("a", verify)) == "invalid_value in a: the manifest is of b 0/0");
    put_info(storage, empty_info(""), "a");
    CHECK(said(catalog.info("a", verify)) == "invalid_value in a: the manifest is of  0/0");
    tests::put_object(storage, "a.snap", {});
    CHECK(catalog.list(verify)->snapshots.empty());
    CHECK(catalog.list(verify)->damaged.size() == 1);

    // Its data is an object of its own, by its own name, and no other.
    for (const auto* data :
         {"b.snap", "a.meta", "a", "a.snapshot", "../a.snap", "a/../b.snap", ".snap", "ab.snap",
          "important.txt", "a..", "a.x/y.snap", "a.x.snap", "a.r.snap", "a.r1x.snap"}) {
        auto info = empty_info("a");
        info.data = data;
        put_info(storage, info);
        CHECK(said(catalog.info("a", verify)) ==
              std::string{"invalid_value in a.meta: data in "} + data + " 0/0");
    }
    for (const auto* data : {"a.snap", "a.r1.snap", "a.r20.snap", ""}) {
        auto info = empty_info("a");
        info.data = data;
        put_info(storage, info);
        CHECK(catalog.info("a", verify)->data == (*data == '\0' ? "a.snap" : data));
    }
}

TEST_CASE("catalog: what only has a manifest's suffix is somebody else's") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    const auto damaged = [&](const std::string& id) {
        const auto all = catalog.list(verify);
        REQUIRE(all);
        return std::ranges::find(all->damaged, id, &tintype::damaged_snapshot::id) !=
               all->damaged.end();
    };
    tests::put_object(storage, "notes.meta", tests::blob_of("a page about something else"));
    tests::put_object(storage, "snap_1_2.meta", tests::blob_of("a name that is given here"));
    tests::put_object(storage, "mine.meta", tests::blob_of("a name with data beside it"));
    tests::put_object(storage, "mine.snap", {});
    CHECK(!damaged("notes"));
    CHECK(damaged("snap_1_2"));
    CHECK(damaged("mine"));
    CHECK(said(catalog.info("notes", verify)).starts_with("invalid_magic in notes.meta"));
    // What is too large to be read might be anything.
    const auto limited = catalog.list({.limits = {.bytes = 1}});
    REQUIRE(limited);
    put_info(storage, empty_info("other"));
    CHECK(catalog.list({.limits = {.bytes = 1}})->damaged.size() == limited->damaged.size() + 1);
}

TEST_CASE("catalog: newest first by the time of creation, then by what the ids say") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    const auto put = [&](std::string id, std::int64_t created_at) {
        auto info = empty_info(std::move(id));
        info.created_at = created_at;
        put_info(storage, info);
    };
    put("snap_5_10", 100);
    put("snap_5_9", 100);
    put("snap_40_0", 100);
    put("snap_9_0", 101);
    put("b", 100);
    put("a", 100);
    put("ancient", std::numeric_limits<std::int64_t>::min());
    put("future", std::numeric_limits<std::int64_t>::max());
    tests::put_object(storage, "snap_7_7.meta", tests::noise(100));
    const auto all = catalog.list(verify);
    REQUIRE(all);
    tests::ids order;
    for (const auto& each : all->snapshots) {
        order.push_back(each.id);
    }
    CHECK(order == tests::ids{"future", "snap_9_0", "snap_40_0", "snap_5_10", "snap_5_9", "b", "a",
                              "ancient"});
    REQUIRE(all->damaged.size() == 1);
    CHECK(all->damaged[0].id == "snap_7_7");
    CHECK(all->damaged[0].what.code == errc::invalid_magic);
    CHECK(all->damaged[0].what.where.view() == "snap_7_7.meta: TTMANIFEST");
}

TEST_CASE("catalog: a chain is all of its parents, the oldest first") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    put_chain(storage, 20);
    for (const std::size_t length : {1U, 2U, 3U, 20U}) {
        const auto links = catalog.chain(number(length - 1), most, verify);
        REQUIRE(links);
        REQUIRE(links->size() == length);
        for (std::size_t i = 0; i != length; ++i) {
            CHECK((*links)[i].id == number(i));
        }
        // As long as the limit, and one too long.
        CHECK(catalog.chain(number(length - 1), length, verify));
        CHECK(said(catalog.chain(number(length - 1), length - 1, verify)) ==
              "limit_exceeded in " + number(length - 1) + ", its chain at s0 " +
                  std::to_string(length) + "/" + std::to_string(length - 1));
    }
}

TEST_CASE("catalog: cycles of any length end, and are said to be cycles") {
    for (const std::size_t length : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 999U}) {
        INFO("length ", length);
        const memory_storage storage;
        const auto catalog = catalog_of(storage);
        for (std::size_t i = 0; i != length; ++i) {
            put_info(storage, empty_info(number(i), number((i + 1) % length)));
        }
        put_info(storage, empty_info("tail", number(length / 2)));
        const std::string last = number(length - 1);
        const auto whole = catalog.chain("s0", most, verify);
        CHECK(said(whole) == "cyclic_chain in " + last + " comes back to s0 0/0");
        const auto into = catalog.chain("tail", most, verify);
        CHECK(said(into) == "cyclic_chain in " + number((length / 2 + length - 1) % length) +
                                " comes back to " + number(length / 2) + " 0/0");

        const auto manager = tests::opened_chains<manager_type>(storage);
        text_store store;
        store.part("a")[1] = "live";
        const auto before = store;
        for (const auto mode : {tintype::restore_mode::exact, tintype::restore_mode::upsert}) {
            CHECK(said(manager.restore(store, "s0", {.mode = mode})) == said(whole));
        }
        CHECK(store == before);
        CHECK(said(manager.create_incremental(store, "s0")) == said(whole));
        CHECK(said(manager.compact("s0")) == said(whole));
        CHECK(said(manager.diff("s0", "s0")) == said(whole));
        if (length < 10) {
            const auto verified = manager.verify();
            REQUIRE(verified);
            CHECK(verified->good.empty());
            CHECK(verified->bad.size() == length + 1);
            CHECK(verified->bad[0].what.code == errc::cyclic_chain);
        }
    }
}

TEST_CASE("catalog: a cycle can be pruned away") {
    const memory_storage storage;
    put_info(storage, empty_info("s0", "s1"));
    put_info(storage, empty_info("s1", "s0"));
    put_info(storage, empty_info("s2", "s2"));
    auto newest = forge("newest", {}, {});
    newest.info.created_at += 1;
    newest.put(storage);
    const auto manager =
        tests::opened_chains<tests::chains<text_store, memory_storage, tintype::keep_last>>(
            storage, tintype::keep_last{1});
    const auto pruned = manager.prune();
    REQUIRE(pruned);
    CHECK(pruned->removed.size() == 3);
    CHECK(pruned->failures.empty());
    CHECK(tests::sorted_names(storage) == tests::ids{"newest.meta", "newest.snap"});
}

TEST_CASE("catalog: ten thousand links take no stack and little time, and a limit refuses them") {
    const memory_storage storage;
    constexpr std::size_t length = 10'000;
    put_chain(storage, length);
    const std::string last = number(length - 1);
    const auto refusing = tests::opened_chains<manager_type>(storage);
    text_store store;
    store.part("live")[1] = "x";
    const auto before = store;
    const std::string refusal =
        "limit_exceeded in " + last + ", its chain at " + number(length - 1 - most) + " 1001/1000";
    for (const auto mode : {tintype::restore_mode::exact, tintype::restore_mode::upsert}) {
        CHECK(said(refusing.restore(store, last, {.mode = mode})) == refusal);
    }
    CHECK(store == before);
    CHECK(said(refusing.compact(last)) == refusal);
    CHECK(said(refusing.create_incremental(store, last)) == refusal);
    CHECK(refusing.restore(store, number(most - 1)));
    CHECK(said(refusing.create_incremental(store, number(most - 1))) ==
          "limit_exceeded in s999, the chain behind it 1001/1000");

    const auto patient =
        tests::opened_chains<manager_type>(storage, {}, {.most_links = length + 1});
    text_store expected;
    for (std::size_t i = 0; i != 8; ++i) {
        expected.part("a")[i] = "x";
    }
    CHECK(tests::restored_from<text_store>(patient, last) == expected);
    text_store merged;
    const auto done = patient.restore(merged, last, {.mode = tintype::restore_mode::upsert});
    REQUIRE(done);
    CHECK(done->parts == length);
    CHECK(merged == expected);
}

TEST_CASE("catalog: parents that are missing, misnamed, damaged, or not what they were") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    const auto chain_of = [&](const std::string& parent) {
        put_info(storage, empty_info("child", parent));
        return said(catalog.chain("child", most, verify));
    };
    CHECK(chain_of("absent") == "missing_parent in child needs absent 0/0");
    CHECK(chain_of("") == "missing_parent in child needs  0/0");
    CHECK(chain_of("../x") == "missing_parent in child needs ../x 0/0");
    CHECK(chain_of(".x") == "missing_parent in child needs .x 0/0");
    CHECK(chain_of("a/b") == "missing_parent in child needs a/b 0/0");
    CHECK(chain_of(std::string(300, 'x')).starts_with("missing_parent in child needs xxx"));
    CHECK(chain_of("child") == "cyclic_chain in child comes back to child 0/0");
    put_info(storage, empty_info("other"), "parent");
    CHECK(chain_of("parent") == "invalid_value in parent: the manifest is of other 0/0");
    tests::put_object(storage, "parent.meta", {});
    CHECK(chain_of("parent").starts_with("truncated in parent.meta"));

    auto parent = empty_info("parent");
    parent.state = tests::blob_of("state");
    put_info(storage, parent);
    CHECK(chain_of("parent") == "no error"); // the child does not say
    auto child = empty_info("child", "parent");
    child.parent_state = parent.state;
    put_info(storage, child);
    CHECK(catalog.chain("child", most, verify));
    for (const auto* other : {"statE", "", "state2"}) {
        parent.state = tests::blob_of(other);
        put_info(storage, parent);
        const auto refused = catalog.chain("child", most, verify);
        CHECK(said(refused) == "missing_parent in child needs parent 0/0");
        CHECK(refused.error().during == "another snapshot has the parent's name");
    }
}

TEST_CASE("catalog: the next time is later than of all there are") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    const auto next = [&](tintype::timestamp now) {
        const auto time = catalog.time_after(now, verify);
        REQUIRE(time);
        return *time;
    };
    CHECK(next(tests::some_day) == tests::some_day);
    CHECK(next({}) == tintype::timestamp{});
    CHECK(next(tintype::timestamp{-5h}) == tintype::timestamp{-5h});
    tests::put_object(storage, "snap_5000_7.meta", {}); // nobody reads it
    CHECK(next({}) == tintype::timestamp{5001ms});
    CHECK(next(tintype::timestamp{5000999us}) == tintype::timestamp{5001ms});
    CHECK(next(tintype::timestamp{5002ms}) == tintype::timestamp{5002ms});
    // Ids that say nothing are asked by their manifests, as far as these can be read.
    auto info = empty_info("mine");
    info.created_at = 6'000'000'001;
    put_info(storage, info);
    tests::put_object(storage, "torn.meta", {});
    CHECK(next({}) == tintype::timestamp{6001ms});
    info.created_at = -6'000'000'001;
    put_info(storage, info);
    CHECK(next({}) == tintype::timestamp{5001ms});
    // Times beyond what a timestamp holds end where it does, with some room.
    tests::put_object(storage, "snap_18446744073709551615_0.meta", {});
    CHECK(next({}) == tintype::timestamp{9'000'000'000'001ms});
    CHECK(next(tintype::timestamp::max()) == tintype::timestamp::max());
    info.created_at = std::numeric_limits<std::int64_t>::max();
    put_info(storage, info);
    CHECK(next({}) >= tintype::timestamp{9'000'000'000'001ms});
}

TEST_CASE("catalog: a manifest is read within the limits, and a stop is a stop") {
    const memory_storage storage;
    const auto catalog = catalog_of(storage);
    put_chain(storage, 3);
    const tintype::decode_options few{.limits = {.bytes = 100}};
    CHECK(catalog.info("s0", few).error().code == errc::limit_exceeded);
    CHECK(catalog.list(few)->damaged.size() == 3);
    std::stop_source stop;
    const tintype::monitor watch{stop.get_token()};
    const tintype::decode_options watched{.watch = &watch};
    CHECK(catalog.list(watched)->snapshots.size() == 3);
    stop.request_stop();
    CHECK(catalog.info("s0", watched).error().code == errc::cancelled);
    CHECK(catalog.list(watched).error().code == errc::cancelled);
    CHECK(catalog.chain("s2", most, watched).error().code == errc::cancelled);
}

TEST_CASE("catalog: a manifest that goes while they are listed was not there") {
    const tests::unlocked_storage storage{memory_storage{}};
    const tintype::chain_catalog<tests::unlocked_storage, tintype::chain_columns,
                                 tintype::timed_ids<>>
        catalog{storage, {}, {}};
    put_info(storage, empty_info("a"));
    put_info(storage, empty_info("b"));
    storage.told().before_open = [&](std::string_view) {
        CHECK(storage.remove("a.meta"));
        CHECK(storage.remove("b.meta"));
    };
    const auto all = catalog.list(verify);
    REQUIRE(all);
    CHECK(all->snapshots.empty());
    CHECK(all->damaged.empty());
    storage.told().names_fail = true;
    CHECK(said(catalog.list(verify)) == "io in names 0/0");
    CHECK(said(catalog.time_after({}, verify)) == "io in names 0/0");
}
