// Snapshots without a live store: what there is, what each holds, which are whole, and how two
// differ.

#include <tintype/chain/reader.hpp>

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tests::full_of;
using tests::ids;
using tests::increment_of;
using tests::opened_chains;
using tests::said;
using tests::text_store;
using tintype::directory;
using tintype::errc;
using tintype::memory_storage;

using names = std::vector<std::string>;
using keys = std::vector<std::uint64_t>;
using record = text_store::record_type;
using reader_type = tintype::chain_reader<record, tintype::no_side, memory_storage>;

// full - a - b, and another full one, c.
struct four {
    std::string full;
    std::string a;
    std::string b;
    std::string c;

    explicit four(const auto& manager) {
        text_store store;
        store.part("stays") = {{1, "1"}};
        store.part("changes") = {{1, "1"}, {2, "2"}, {3, "3"}};
        store.part("goes") = {{1, "1"}};
        static_cast<void>(store.part("goes, empty"));
        full = full_of(manager, store);
        store.part("changes").erase(1);
        store.part("changes")[2] = "TWO";
        store.part("changes")[4] = "4";
        a = increment_of(manager, store, full);
        store.drop("goes");
        store.drop("goes, empty");
        store.part("comes") = {{1, "1"}};
        static_cast<void>(store.part("comes, empty"));
        b = increment_of(manager, store, a);
        c = full_of(manager, store);
    }
};

auto manager_of(const memory_storage& storage) {
    return opened_chains<tests::chains<text_store>>(storage);
}

ids bad_ids(const tintype::chain_verified& verified) {
    ids all;
    for (const auto& each : verified.bad) {
        all.push_back(each.id);
    }
    std::ranges::sort(all);
    return all;
}

ids sorted(ids all) {
    std::ranges::sort(all);
    return all;
}

void tear(const memory_storage& storage, const std::string& name, std::size_t from_end = 1) {
    auto bytes = tests::object_bytes(storage, name);
    bytes[bytes.size() - from_end] ^= std::byte{1};
    tests::put_object(storage, name, bytes);
}

} // namespace

TEST_CASE("reader: what there is, and what each holds") {
    const memory_storage storage;
    const four all{manager_of(storage)};
    const reader_type reader{storage};
    const auto listed = reader.list();
    REQUIRE(listed);
    REQUIRE(listed->snapshots.size() == 4);
    CHECK(listed->snapshots[0].id == all.c);
    CHECK(listed->snapshots[3].id == all.full);
    CHECK(listed->damaged.empty());
    CHECK(reader.metadata(all.a) == listed->snapshots[2]);
    CHECK(said(reader.metadata("nowhere")) == "not_found in nowhere 0/0");
    CHECK(reader.exists(all.b) == true);
    CHECK(reader.exists("nowhere") == false);
    CHECK(reader.exists("") == false);
    CHECK(reader.exists("../x") == false);
    CHECK(reader.chain(all.b)->size() == 3);
    CHECK(reader.chain(all.c)->size() == 1);

    const auto contents = reader.contents(all.b);
    REQUIRE(contents);
    CHECK(contents->parts.size() == 4);
    CHECK(contents->parts.at("comes, empty").empty());
    CHECK(contents->parts.at("changes").size() == 3);
    CHECK(!contents->side);
    const auto some = reader.contents(all.a, std::optional{names{"goes", "stays"}});
    REQUIRE(some);
    CHECK(some->parts.size() == 2);
    CHECK(said(reader.contents(all.b, std::optional{names{"stays", "goes"}})) ==
          "not_found in " + all.b + ": goes 0/0");
}

TEST_CASE("reader: a folder that is not there yet holds nothing") {
    const tests::scratch root;
    const tintype::chain_reader<record> reader{directory{root / "none"}};
    CHECK(reader.list()->snapshots.empty());
    CHECK(reader.exists("x") == false);
    CHECK(reader.metadata("x").error().code == errc::not_found);
    CHECK(reader.verify()->good.empty());
    CHECK(reader.newest_whole().error().code == errc::not_found);
}

TEST_CASE("reader: how two differ, in both directions") {
    const memory_storage storage;
    const four all{manager_of(storage)};
    const reader_type reader{storage};
    const auto there = reader.diff(all.full, all.b);
    REQUIRE(there);
    REQUIRE(there->size() == 5);
    const auto& changes = (*there)[0];
    CHECK(changes.name == "changes");
    CHECK((changes.before && changes.after));
    CHECK(changes.added == keys{4});
    CHECK(changes.removed == keys{1});
    CHECK(changes.changed == keys{2});
    CHECK((*there)[1].name == "comes");
    CHECK((!(*there)[1].before && (*there)[1].after));
    CHECK((*there)[1].added == keys{1});
    CHECK((*there)[2].name == "comes, empty");
    CHECK((*there)[3].name == "goes");
    CHECK(((*there)[3].before && !(*there)[3].after));
    CHECK((*there)[3].removed == keys{1});
    CHECK((*there)[4].name == "goes, empty");
    const auto back = reader.diff(all.b, all.full);
    REQUIRE(back);
    REQUIRE(back->size() == 5);
    for (std::size_t i = 0; i != 5; ++i) {
        CHECK((*back)[i].name == (*there)[i].name);
        CHECK((*back)[i].before == (*there)[i].after);
        CHECK((*back)[i].added == (*there)[i].removed);
        CHECK((*back)[i].removed == (*there)[i].added);
        CHECK((*back)[i].changed == (*there)[i].changed);
    }
    for (const auto& id : {all.full, all.a, all.b, all.c}) {
        CHECK(reader.diff(id, id)->empty());
    }
    CHECK(reader.diff(all.b, all.c)->empty()); // another kind of snapshot of the same
    CHECK(said(reader.diff("nowhere", all.c)) == "not_found in nowhere 0/0");
    CHECK(said(reader.diff(all.c, "nowhere")) == "not_found in nowhere 0/0");
}

TEST_CASE("reader: good are those that can be restored") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const four all{manager};
    const reader_type reader{storage};
    const auto look = [&] {
        const auto verified = reader.verify();
        REQUIRE(verified);
        // Just these can be restored.
        for (const auto& id : verified->good) {
            CHECK(reader.contents(id));
        }
        for (const auto& each : verified->bad) {
            CHECK(!reader.contents(each.id));
        }
        return *verified;
    };
    CHECK(look().good == ids{all.c, all.b, all.a, all.full});
    CHECK(reader.newest_whole()->id == all.c);

    const auto restoring = [&](const std::string& name, auto act) {
        const auto bytes = tests::object_bytes(storage, name);
        act();
        tests::put_object(storage, name, bytes);
    };
    restoring(all.full + ".snap", [&] {
        tear(storage, all.full + ".snap", 3);
        const auto verified = look();
        CHECK(verified.good == ids{all.c});
        CHECK(bad_ids(verified) == sorted({all.full, all.a, all.b}));
        for (const auto& each : verified.bad) {
            CHECK(each.what.code == errc::checksum_mismatch);
            CHECK(each.what.where.view().starts_with(all.full)); // what is wrong is the parent
        }
    });
    restoring(all.a + ".snap", [&] {
        REQUIRE(storage.remove(all.a + ".snap"));
        const auto verified = look();
        CHECK(verified.good == ids{all.c, all.full});
        CHECK(bad_ids(verified) == sorted({all.a, all.b}));
    });
    restoring(all.a + ".meta", [&] {
        REQUIRE(storage.remove(all.a + ".meta"));
        const auto verified = look();
        CHECK(verified.good == ids{all.c, all.full});
        CHECK(bad_ids(verified) == ids{all.b});
        CHECK(verified.bad[0].what.code == errc::missing_parent);
    });
    restoring(all.a + ".meta", [&] {
        tear(storage, all.a + ".meta");
        const auto verified = look();
        CHECK(verified.good == ids{all.c, all.full});
        CHECK(bad_ids(verified) == sorted({all.a, all.b}));
    });
    restoring(all.c + ".snap", [&] {
        tear(storage, all.c + ".snap");
        CHECK(look().good == ids{all.b, all.a, all.full});
        CHECK(reader.newest_whole()->id == all.b);
        restoring(all.b + ".snap", [&] {
            tear(storage, all.b + ".snap");
            CHECK(reader.newest_whole()->id == all.a);
            restoring(all.full + ".snap", [&] {
                tear(storage, all.full + ".snap", 3);
                CHECK(look().good.empty());
                CHECK(reader.newest_whole().error().code == errc::not_found);
            });
        });
    });
    CHECK(look().bad.empty());
}

TEST_CASE("reader: verifying tells how far it is, and a stop is a stop") {
    const memory_storage storage;
    const auto manager = manager_of(storage);
    const four all{manager};
    const reader_type reader{storage};
    std::vector<tintype::progress> told;
    const auto remember = [&](tintype::progress now) { told.push_back(now); };
    const tintype::monitor watch{remember};
    REQUIRE(reader.verify(&watch));
    REQUIRE(told.size() == 4);
    for (std::uint64_t i = 0; i != 4; ++i) {
        CHECK(told[i].done == i + 1);
        CHECK(told[i].total == 4);
    }
    std::stop_source stop;
    const auto after_two = [&](tintype::progress now) {
        if (now.done == 2) {
            stop.request_stop();
        }
    };
    const tintype::monitor stopping{after_two, stop.get_token()};
    const auto stopped = reader.verify(&stopping);
    REQUIRE(!stopped);
    CHECK(stopped.error().code == errc::cancelled);
    CHECK(stopped.error().found == 2);

    // Whoever stops the reading of bytes did not damage them.
    for (std::size_t stop_at = 1;; ++stop_at) {
        REQUIRE(stop_at < 200);
        std::stop_source source;
        std::size_t calls = 0;
        const auto count = [&](tintype::progress) {
            if (++calls == stop_at) {
                source.request_stop();
            }
        };
        const tintype::monitor counting{count, source.get_token()};
        const reader_type watched{storage, {.decode = {.watch = &counting}}};
        const auto verified = watched.verify();
        if (!source.stop_requested()) {
            CHECK(verified->bad.empty());
            break;
        }
        REQUIRE(!verified);
        CHECK(verified.error().code == errc::cancelled);
        source = std::stop_source{};
    }
    for (std::size_t stop_at = 1; stop_at != 8; ++stop_at) {
        std::stop_source source;
        std::size_t calls = 0;
        const auto count = [&](tintype::progress) {
            if (++calls == stop_at) {
                source.request_stop();
            }
        };
        const tintype::monitor counting{count, source.get_token()};
        const reader_type watched{storage, {.decode = {.watch = &counting}}};
        const auto newest = watched.newest_whole();
        CHECK((newest ? !source.stop_requested() : newest.error().code == errc::cancelled));
    }
}

TEST_CASE("reader: what is removed or written anew while others read it is no damage") {
    const tests::locked_storage storage{memory_storage{}};
    const auto manager = opened_chains<tests::chains<text_store, tests::locked_storage>>(storage);
    const four all{manager};
    const tintype::chain_reader<record, tintype::no_side, tests::locked_storage> reader{storage};
    const auto expected = reader.contents(all.b);
    REQUIRE(expected);
    // Just before the data of the middle link is opened, the chain is folded.
    const auto once_before = [&](const std::string& name, std::function<void()> act) {
        storage.told().before_open = [name, act, done = false](std::string_view opened) mutable {
            if (opened == name && !std::exchange(done, true)) {
                act();
            }
        };
    };
    once_before(all.a + ".snap", [&] { CHECK(manager.compact(all.b)); });
    const auto found = reader.contents(all.b);
    INFO(said(found));
    REQUIRE(found);
    CHECK(found->parts.size() == expected->parts.size());
    CHECK(reader.verify()->bad.empty());
    once_before(all.c + ".snap", [&] { CHECK(manager.remove(all.c) == true); });
    const auto verified = reader.verify();
    REQUIRE(verified);
    CHECK(verified->bad.empty());
    CHECK(verified->good == ids{all.b});
}
