// Damage to Dakera's files: torn, flipped, swapped. With digests nothing wrong is believed; without
// them what is believed is what the text says.

#include <tintype/formats/dakera.hpp>

#include "dakera_handmade.hpp"
#include "support/bytes.hpp"
#include "support/dakera_folder.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tintype::dakera;
using tests::handmade;
using tests::said;
using tests::vector_store;

constexpr std::string_view first = "snap_5000_0";
constexpr std::string_view second = "snap_5001_1";
constexpr std::string_view third = "snap_5002_2";

// A namespace changes, then one goes. With so much in each that there is something to damage.
template <class Hash>
tintype::memory_storage three_snapshots() {
    tintype::memory_storage storage;
    const auto manager = tests::opened_vectors<tests::vector_snapshots<Hash>>(
        storage, tests::manual_clock{tests::at_milliseconds(5000)});
    vector_store store{{{"a", {{.id = "x", .values = {1.5F, -2e9F}, .metadata = 7}}},
                        {"b", {{.id = "y", .values = {0.25F}, .metadata = {}}}}}};
    const auto all = manager.create_full(store, {.description = "d"});
    REQUIRE(said(all) == "no error");
    store["a"][0].values[0] = 3.0F;
    const auto changed = manager.create_incremental(store, all->info.id);
    REQUIRE(said(changed) == "no error");
    store.drop("b");
    const auto gone = manager.create_incremental(store, changed->info.id);
    REQUIRE(said(gone) == "no error");
    CHECK(gone->info.id == third);
    return storage;
}

auto all_contents(const tests::vector_reader<tintype::crc32c>& reader) {
    std::vector<tintype::result<tintype::chain_contents<vector_entry>>> all;
    for (const std::string_view id : {first, second, third}) {
        all.push_back(reader.contents(id));
    }
    return all;
}

template <class Storage>
void flip(const Storage& storage, const std::string& name, tintype::blob& bytes, std::size_t bit) {
    bytes[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
    tests::put_file(storage, name, bytes);
}

} // namespace

TEST_CASE("dakera damage: data that was torn or grew is refused by its size") {
    const auto whole = handmade{};
    const auto storage = whole.folder();
    const tests::vector_reader<> reader{storage};
    const auto size = std::to_string(whole.snap.size());
    for (std::size_t left = 0; left != whole.snap.size(); ++left) {
        tests::put_file(storage, "snap_5_0.snap", tests::blob_of(whole.snap.substr(0, left)));
        CHECK(said(reader.contents("snap_5_0")) ==
              "truncated in snap_5_0.snap " + std::to_string(left) + "/" + size);
        CHECK(reader.verify()->bad.size() == 1);
    }
    tests::put_file(storage, "snap_5_0.snap", tests::blob_of(whole.snap + "\n"));
    CHECK(said(reader.contents("snap_5_0")) == "trailing_bytes in snap_5_0.snap 1/0");
    REQUIRE(storage.remove("snap_5_0.snap") == true);
    CHECK(said(reader.contents("snap_5_0")) == "not_found in snap_5_0.snap 0/0");
    CHECK(reader.list()->snapshots.size() == 1); // data is not looked at
    CHECK(reader.verify()->good.empty());
}

TEST_CASE("dakera damage: data that was torn and metadata that says so") {
    // As the original leaves it that writes in place: the size is that of what came to be.
    for (std::size_t left = 0; left != handmade{}.snap.size(); ++left) {
        auto torn = handmade{};
        torn.snap.resize(left);
        const tests::vector_reader<> reader{torn.folder()};
        const auto refused = reader.contents("snap_5_0");
        REQUIRE(!refused);
        CHECK(refused.error().code == tintype::errc::truncated);
        CHECK(refused.error().offset == left);
        CHECK(refused.error().where.view().starts_with("snap_5_0.snap"));
    }
}

TEST_CASE("dakera damage: metadata that was torn") {
    const auto whole = handmade{};
    const auto storage = whole.folder();
    const tests::vector_reader<> reader{storage};
    const auto meta = whole.sized_meta();
    for (std::size_t left = 0; left != meta.size(); ++left) {
        tests::put_file(storage, "snap_5_0.meta", tests::blob_of(meta.substr(0, left)));
        const auto all = reader.list();
        REQUIRE(said(all) == "no error");
        CHECK(all->snapshots.empty());
        REQUIRE(all->damaged.size() == 1);
        CHECK(all->damaged[0].id == "snap_5_0");
        CHECK(said(all->damaged[0].what).starts_with("truncated in snap_5_0.meta"));
    }
}

TEST_CASE("dakera damage: with digests every flipped bit of the data is found") {
    const auto storage = three_snapshots<tintype::crc32c>();
    const tests::vector_reader<tintype::crc32c> reader{storage};
    for (const std::string_view id : {first, second, third}) {
        const auto name = std::string(id) + ".snap";
        auto bytes = tests::blob_of(tests::file_text(storage, name));
        std::size_t found = 0;
        for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
            flip(storage, name, bytes, bit);
            const auto refused = reader.contents(id);
            found += !refused && refused.error().code == tintype::errc::checksum_mismatch &&
                             refused.error().where.view() == name
                         ? 1U
                         : 0U;
            flip(storage, name, bytes, bit);
        }
        CHECK(found == 8 * bytes.size());
        CHECK(said(reader.contents(id)) == "no error");
    }
}

// What is left to a flip is the letter case of a digest, and the key of what is added itself: then
// the data is believed as the original's would be, and is the right one.
TEST_CASE(
    "dakera damage: with digests a flipped bit of the metadata is found, or changes nothing") {
    const auto storage = three_snapshots<tintype::crc32c>();
    const tests::vector_reader<tintype::crc32c> reader{storage};
    const auto before = all_contents(reader);
    for (const std::string_view id : {first, second, third}) {
        const auto name = std::string(id) + ".meta";
        auto bytes = tests::blob_of(tests::file_text(storage, name));
        const std::string text{tintype::text_of(bytes)};
        const auto added = text.find("\"tintype\"");
        REQUIRE(added != std::string::npos);
        std::size_t unseen = 0;
        for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
            flip(storage, name, bytes, bit);
            const auto verified = reader.verify();
            REQUIRE(said(verified) == "no error");
            if (verified->bad.empty()) {
                ++unseen;
                CHECK(bit / 8 > added);
                const auto after = all_contents(reader);
                for (std::size_t i = 0; i != after.size(); ++i) {
                    REQUIRE(said(after[i]) == "no error");
                    CHECK(after[i]->parts == before[i]->parts);
                }
            }
            flip(storage, name, bytes, bit);
        }
        CHECK(unseen < 8 * bytes.size() / 20);
    }
    CHECK(reader.verify()->good.size() == 3);
}

TEST_CASE("dakera damage: without digests a flipped bit is refused, or means what it says") {
    const auto storage = three_snapshots<tintype::no_hash>();
    const tests::vector_reader<> reader{storage};
    std::size_t believed = 0;
    std::size_t refused = 0;
    for (const std::string_view id : {first, second, third}) {
        for (const std::string_view suffix : {".snap", ".meta"}) {
            const auto name = std::string(id).append(suffix);
            auto bytes = tests::blob_of(tests::file_text(storage, name));
            for (std::size_t bit = 0; bit != 8 * bytes.size(); ++bit) {
                flip(storage, name, bytes, bit);
                const auto info = reader.metadata(id);
                const auto data = tests::file_text(storage, std::string(id) + ".snap");
                const auto pieces =
                    info ? tests::pieces_in(tests::blob_of(data), *info)
                         : tintype::result<tests::vector_pieces>{tintype::fail(info.error())};
                if (pieces) {
                    ++believed;
                    // Read again from what it would be written as.
                    auto told = *info;
                    const auto written = tests::data_of(*pieces, told);
                    REQUIRE(said(written) == "no error");
                    const auto again = tests::pieces_in(*written, told);
                    REQUIRE(said(again) == "no error");
                    for (std::size_t i = 0; i != pieces->size(); ++i) {
                        CHECK((*again)[i].name == (*pieces)[i].name);
                        CHECK((*again)[i].records == (*pieces)[i].records);
                    }
                } else {
                    ++refused;
                    CHECK(pieces.error().where.view().starts_with("snap_500"));
                    CHECK(!reader.contents(id));
                }
                flip(storage, name, bytes, bit);
            }
        }
    }
    // Digits of values, letters of ids.
    CHECK(believed > 100);
    CHECK(refused > 10 * believed);
    CHECK(reader.verify()->good.size() == 3);
}

TEST_CASE("dakera damage: data in the place of another snapshot's is refused") {
    const auto check = []<class Hash>(Hash) {
        const tintype::memory_storage storage;
        const tests::manual_clock clock{tests::at_milliseconds(5000)};
        const auto manager = tests::opened_vectors<tests::vector_snapshots<Hash>>(storage, clock);
        vector_store store{{{"a", {{.id = "x", .values = {1.5F}, .metadata = {}}}}}};
        const auto one = manager.create_full(store);
        REQUIRE(said(one) == "no error");
        store["a"][0].values[0] = 2.5F;
        const auto two = manager.create_full(store);
        REQUIRE(said(two) == "no error");
        REQUIRE(one->info.data_size == two->info.data_size);
        const auto other = tests::file_text(storage, two->info.data);
        tests::put_file(storage, two->info.data,
                        tests::blob_of(tests::file_text(storage, one->info.data)));
        tests::put_file(storage, one->info.data, tests::blob_of(other));
        CHECK(manager.verify()->good.empty());
        CHECK(manager.verify()->bad.size() == 2);
        return said(manager.contents(one->info.id));
    };
    CHECK(check(tintype::no_hash{}) == "invalid_value in snap_5000_0.snap: metadata.id 0/0");
    CHECK(check(tintype::crc32c{}).starts_with("checksum_mismatch in snap_5000_0.snap"));
    // Whoever skips the digests is told all the same.
    const auto storage = three_snapshots<tintype::crc32c>();
    auto bytes = tests::file_text(storage, std::string(first) + ".snap");
    handmade::change(bytes, "\"d\"", "\"e\"");
    tests::put_file(storage, std::string(first) + ".snap", tests::blob_of(bytes));
    const tests::vector_reader<tintype::crc32c> careless{
        storage, {.decode = {.integrity = tintype::integrity::skip}}};
    CHECK(said(careless.contents(first)) ==
          "invalid_value in snap_5000_0.snap: metadata.description 0/0");
}
