// Restores: some parts of a snapshot, merging, what each counts, and errors, after every one of
// which the store is as it was and the snapshot at fault is named.

#include <tintype/chain/chain_manager.hpp>

#include "fixtures.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::full_of;
using tests::increment_of;
using tests::opened_chains;
using tests::restored_from;
using tests::said;
using tests::text_record;
using tests::text_store;
using tests::tracked_texts;
using tintype::directory;
using tintype::errc;
using tintype::memory_storage;
using tintype::restore_mode;

using some = std::vector<std::string>;
using sided = tintype::part_store<tests::texts, tests::mood>;

// Three links: a full snapshot and two increments, of three parts and a side state.
struct three_links {
    sided at_full;
    sided at_first;
    sided at_second;
    std::string full;
    std::string first;
    std::string second;

    explicit three_links(const auto& manager) {
        sided store;
        store.part("a") = {{1, "one"}, {2, "two"}, {3, "three"}};
        store.part("b") = {{1, "b"}};
        store.part("gone") = {{1, "g"}};
        store.side() = {"first", 1, {1.5F}};
        full = full_of(manager, store);
        at_full = store;
        store.part("a").erase(2);
        store.part("a")[4] = "four";
        store.drop("gone");
        store.side().level = 2;
        first = increment_of(manager, store, full);
        at_first = store;
        store.part("a")[1] = "ONE";
        store.part("new") = {{9, "nine"}};
        second = increment_of(manager, store, first);
        at_second = store;
    }
};

// The error's text, after it was seen that nothing of the store changed.
std::string refusal(const auto& manager, std::string_view id,
                    const tintype::restore_options& options = {}) {
    sided store;
    store.part("live") = {{1, "untouched"}};
    store.part("a") = {{1, "mine"}};
    store.side() = {"live", 7, {}};
    const auto before = store;
    const auto done = manager.restore(store, id, options);
    CHECK(store == before);
    CHECK(!done);
    return said(done);
}

template <class Storage>
auto sided_manager(Storage storage, tintype::chain_options options = {}) {
    return opened_chains<tests::chains<sided, Storage>>(std::move(storage), {}, options);
}

} // namespace

TEST_CASE("restore: some parts; the others and the side state stay") {
    const auto manager = sided_manager(memory_storage{});
    const three_links links{manager};
    sided store;
    store.part("a") = {{50, "replaced"}};
    store.part("b") = {{50, "stays"}};
    store.part("mine") = {{50, "stays"}};
    store.side().name = "stays";
    const auto before = store;

    const auto one = manager.restore(store, links.second, {.parts = some{"a"}});
    REQUIRE(one);
    CHECK(one->parts == 1);
    CHECK(one->records == 3);
    CHECK(*store.find_part("a") == *links.at_second.find_part("a"));
    CHECK(*store.find_part("b") == *before.find_part("b"));
    CHECK(*store.find_part("mine") == *before.find_part("mine"));
    CHECK(store.find_part("new") == nullptr);
    CHECK(store.side() == before.side());

    // A part that the store does not have, one that is named twice, and none at all.
    const auto more = manager.restore(store, links.second, {.parts = some{"new", "b", "new"}});
    REQUIRE(more);
    CHECK(more->parts == 2);
    CHECK(*store.find_part("new") == *links.at_second.find_part("new"));
    CHECK(*store.find_part("b") == *links.at_second.find_part("b"));
    const auto now = store;
    const auto none = manager.restore(store, links.second, {.parts = some{}});
    REQUIRE(none);
    CHECK(none->parts == 0);
    CHECK(none->records == 0);
    CHECK(store == now);
}

TEST_CASE("restore: a part that the snapshot does not have is not found") {
    const auto manager = sided_manager(memory_storage{});
    const three_links links{manager};
    for (const auto mode : {restore_mode::exact, restore_mode::upsert}) {
        CHECK(refusal(manager, links.second, {.mode = mode, .parts = some{"a", "nowhere"}}) ==
              "not_found in " + links.second + ": nowhere 0/0");
        CHECK(refusal(manager, links.full, {.mode = mode, .parts = some{"new"}}) ==
              "not_found in " + links.full + ": new 0/0");
        CHECK(refusal(manager, links.full, {.mode = mode, .parts = some{"name"}}) ==
              "not_found in " + links.full + ": name 0/0"); // a member of the side state
    }
    CHECK(refusal(manager, links.first, {.parts = some{"gone"}}) ==
          "not_found in " + links.first + ": gone 0/0");
    CHECK(said(manager.contents(links.first, std::optional{some{"gone"}})) ==
          "not_found in " + links.first + ": gone 0/0");
}

TEST_CASE("restore: merging puts each link's records and takes away what each erased") {
    const auto manager = sided_manager(memory_storage{});
    const three_links links{manager};
    sided store;
    store.part("a") = {{2, "erased by the first increment"}, {3, "overwritten"}, {70, "mine"}};
    store.part("mine") = {{1, "stays"}};
    store.side().name = "stays";
    const auto done = manager.restore(store, links.second, {.mode = restore_mode::upsert});
    REQUIRE(done);
    CHECK(done->id == links.second);
    CHECK(done->parts == 6);   // a, b, gone; a; a, new, without what was dropped
    CHECK(done->records == 8); // three, one, one; one; one, one
    sided expected;
    expected.part("a") = {{1, "ONE"}, {3, "three"}, {4, "four"}, {70, "mine"}};
    expected.part("b") = {{1, "b"}};
    expected.part("gone") = {{1, "g"}}; // a merge drops no part
    expected.part("new") = {{9, "nine"}};
    expected.part("mine") = {{1, "stays"}};
    expected.side().name = "stays";
    CHECK(store == expected);

    sided one;
    const auto partly =
        manager.restore(one, links.second, {.mode = restore_mode::upsert, .parts = some{"a"}});
    REQUIRE(partly);
    CHECK(partly->parts == 3);
    CHECK(partly->records == 5);
    sided only_a;
    only_a.part("a") = *links.at_second.find_part("a");
    CHECK(one == only_a);
    // A dropped part is there in an older link.
    CHECK(
        manager.restore(one, links.second, {.mode = restore_mode::upsert, .parts = some{"gone"}}));
}

TEST_CASE("restore: every flipped bit, cut and addition is refused, and the link is named") {
    const auto damage = [](const auto& storage, std::size_t step) {
        const auto manager = sided_manager(storage);
        const three_links links{manager};
        const auto outcome = [&](restore_mode mode) {
            sided store;
            store.part("live") = {{1, "untouched"}};
            store.part("a") = {{1, "mine"}};
            const auto before = store;
            const auto done = manager.restore(store, links.second, {.mode = mode});
            CHECK((done || store == before));
            return std::pair{said(done), std::move(store)};
        };
        std::size_t tried = 0;
        std::size_t accepted = 0;
        std::size_t wrong = 0;
        for (const auto mode : {restore_mode::exact, restore_mode::upsert}) {
            const auto good_outcome = outcome(mode);
            for (const auto& id : {links.full, links.first, links.second}) {
                for (const std::string& name : {id + ".meta", id + ".snap"}) {
                    const auto good = tests::object_bytes(storage, name);
                    const auto look = [&](const tintype::blob& bytes, bool flipped) {
                        tests::put_object(storage, name, bytes);
                        const auto [text, store] = outcome(mode);
                        ++tried;
                        // A flip in what is not needed, an older side state, changes nothing.
                        if (flipped && text == "no error" && name.ends_with(".snap")) {
                            ++accepted;
                            wrong += store == good_outcome.second ? 0U : 1U;
                        } else {
                            wrong += text.find(id) == std::string::npos ? 1U : 0U;
                        }
                    };
                    for (std::size_t i = 0; i < good.size(); i += step) {
                        auto bytes = good;
                        bytes[i] ^= std::byte{static_cast<unsigned char>(1U << i % 8)};
                        look(bytes, true);
                        look({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(i)}, false);
                    }
                    auto longer = good;
                    longer.push_back(std::byte{0});
                    look(longer, false);
                    tests::put_object(storage, name, good);
                }
            }
        }
        CHECK(wrong == 0);
        CHECK(tried > 12'000 / step);
        CHECK(accepted < tried / 10);
        CHECK(restored_from<sided>(manager, links.second) == links.at_second);
    };
    damage(memory_storage{}, 1);
    const tests::scratch root;
    damage(directory{root / "chain"}, 61);
}

TEST_CASE("restore: objects that are missing, swapped or another's") {
    const memory_storage storage;
    const auto manager = sided_manager(storage);
    const three_links links{manager};
    const auto without = [&](const std::string& name, auto look) {
        const auto bytes = tests::object_bytes(storage, name);
        REQUIRE(storage.remove(name));
        look();
        tests::put_object(storage, name, bytes);
    };
    const auto both = [&](const std::string& expected) {
        for (const auto mode : {restore_mode::exact, restore_mode::upsert}) {
            CHECK(refusal(manager, links.second, {.mode = mode}) == expected);
        }
    };
    for (const auto& id : {links.full, links.first, links.second}) {
        without(id + ".snap", [&] { both("not_found in " + id + ".snap 0/0"); });
    }
    without(links.second + ".meta", [&] { both("not_found in " + links.second + " 0/0"); });
    without(links.first + ".meta",
            [&] { both("missing_parent in " + links.second + " needs " + links.first + " 0/0"); });
    without(links.full + ".meta",
            [&] { both("missing_parent in " + links.first + " needs " + links.full + " 0/0"); });
    CHECK(refusal(manager, "snap_5_5") == "not_found in snap_5_5 0/0");
    for (const std::string_view id : {"", ".", "..", ".x", "../x", "a/b", "a b", "x\n", "ö"}) {
        CHECK(refusal(manager, id).starts_with("bad_name"));
    }
    CHECK(refusal(manager, std::string(300, 'x')).starts_with("bad_name"));
    CHECK(refusal(manager, std::string(251, 'x')).starts_with("bad_name")); // with .meta it is 256
    CHECK(refusal(manager, std::string(250, 'x')).starts_with("not_found"));

    // A manifest under another's name, data in another's place.
    without(links.first + ".meta", [&] {
        tests::put_object(storage, links.first + ".meta",
                          tests::object_bytes(storage, links.second + ".meta"));
        both("invalid_value in " + links.first + ": the manifest is of " + links.second + " 0/0");
    });
    without(links.first + ".snap", [&] {
        tests::put_object(storage, links.first + ".snap",
                          tests::object_bytes(storage, links.full + ".snap"));
        CHECK(refusal(manager, links.second).find(links.first + ".snap") != std::string::npos);
    });
    CHECK(restored_from<sided>(manager, links.second) == links.at_second);
}

TEST_CASE("restore: another snapshot under the parent's id is not the parent") {
    const memory_storage storage;
    const auto manager = sided_manager(storage);
    const three_links links{manager};
    // As whole as the first, but of another moment.
    auto parent = *manager.metadata(links.full);
    auto other = parent;
    other.description = "restored from elsewhere";
    tintype::chain_objects<memory_storage, tintype::chain_columns, tintype::crc32c,
                           tintype::timed_ids<>>::set_state(other);
    REQUIRE(other.state != parent.state);
    tests::put_info(storage, other);
    CHECK(manager.metadata(links.full));
    CHECK(refusal(manager, links.second) ==
          "missing_parent in " + links.first + " needs " + links.full + " 0/0");
    sided store;
    REQUIRE(manager.restore(store, links.full));
    CHECK(store == links.at_full);
    CHECK(manager.create_incremental(store, links.first).error().code == errc::missing_parent);
    CHECK(manager.verify()->good == tests::ids{links.full});
    tests::put_info(storage, parent);
    CHECK(restored_from<sided>(manager, links.second) == links.at_second);
}

namespace {

// Does not let itself be restored, or takes only so many merges.
struct reluctant : text_store {
    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces what) {
        if (refuses) {
            return tintype::fail({.code = errc::no_space, .where = "the store"});
        }
        return text_store::replace(std::move(from), what);
    }

    [[nodiscard]] tintype::result<void>
    upsert(std::string_view name, std::vector<tintype::loaded_record<text_record>>&& records) {
        if (refuses) {
            return tintype::fail({.code = errc::no_space, .where = "the store"});
        }
        return text_store::upsert(name, std::move(records));
    }

    bool refuses = false;
};

} // namespace

TEST_CASE("restore: a store that refuses says why") {
    const auto manager = opened_chains<tests::chains<reluctant>>(memory_storage{});
    reluctant store;
    store.part("a") = {{1, "one"}};
    const auto full = full_of(manager, store);
    store.part("a")[2] = "two";
    store.refuses = true;
    const text_store before = store;
    CHECK(said(manager.restore(store, full)) == "no_space in the store 0/0");
    CHECK(said(manager.restore(store, full, {.mode = restore_mode::upsert})) ==
          "no_space in the store 0/0");
    CHECK(static_cast<const text_store&>(store) == before);
    store.refuses = false;
    REQUIRE(manager.restore(store, full));
    CHECK(store.find_part("a")->size() == 1);
}

TEST_CASE("restore: skipping integrity is asked for by name") {
    const memory_storage storage;
    const auto careful = sided_manager(storage);
    const three_links links{careful};
    auto bytes = tests::object_bytes(storage, links.full + ".snap");
    const std::string_view text = tintype::text_of(bytes);
    const auto at = text.find("three");
    REQUIRE(at != std::string_view::npos);
    bytes[at] = std::byte{'T'};
    tests::put_object(storage, links.full + ".snap", bytes);
    CHECK(refusal(careful, links.full).starts_with("checksum_mismatch in " + links.full + ": a"));
    const auto trusting =
        sided_manager(storage, {.decode = {.integrity = tintype::integrity::skip}});
    CHECK(restored_from<sided>(trusting, links.full).find_part("a")->at(3) == "Three");
    // What is not read is not verified: other parts come back.
    sided part;
    REQUIRE(careful.restore(part, links.second, {.parts = some{"b", "new"}}));
    CHECK(part.find_part("new")->at(9) == "nine");
}

TEST_CASE("restore: snapshots of another hash policy are not believed") {
    const memory_storage storage;
    const auto wide =
        opened_chains<tests::chains<sided, memory_storage, tintype::keep_all, tests::wide_hash>>(
            storage);
    const three_links links{wide};
    CHECK(restored_from<sided>(wide, links.second) == links.at_second);
    CHECK(wide.metadata(links.full)->hash == "wide");
    CHECK(wide.metadata(links.full)->pieces[0].digest.size() == 16);
    const auto manager = sided_manager(storage);
    CHECK(refusal(manager, links.full) == "unsupported in " + links.full + ": digests by wide 0/0");
    CHECK(manager.list()->snapshots.size() == 3); // manifests are everybody's
    const auto none =
        opened_chains<tests::chains<sided, memory_storage, tintype::keep_all, tintype::no_hash>>(
            storage);
    CHECK(refusal(none, links.full) == "unsupported in " + links.full + ": digests by wide 0/0");
}

TEST_CASE("restore: without digests only where nobody asks for them") {
    const memory_storage storage;
    const auto unhashed =
        opened_chains<tests::chains<sided, memory_storage, tintype::keep_all, tintype::no_hash>>(
            storage);
    const three_links links{unhashed};
    CHECK(restored_from<sided>(unhashed, links.second) == links.at_second);
    CHECK(unhashed.metadata(links.full)->hash.empty());
    CHECK(unhashed.metadata(links.full)->pieces[0].digest.empty());
    CHECK(refusal(sided_manager(storage), links.full) ==
          "unsupported in " + links.full + ": no digests 0/0");
}

TEST_CASE("restore: piece digests that were left out are missed") {
    const memory_storage storage;
    const auto manager = sided_manager(storage);
    const three_links links{manager};
    auto info = *manager.metadata(links.full);
    info.pieces[0].digest.clear();
    tests::put_info(storage, info);
    CHECK(refusal(manager, links.full) == "missing_field in " + links.full + ": a, digest 0/0");
    info = *manager.metadata(links.full);
    info.pieces[0].digest.resize(3);
    tests::put_info(storage, info);
    CHECK(refusal(manager, links.full).starts_with("checksum_mismatch in " + links.full + ": a"));
}
