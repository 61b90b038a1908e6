// Logs that someone made to keep a reader busy, or that are cut while they are read.

#include <tintype/log/scan.hpp>
#include <tintype/log/view.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/logs.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::record_header;

// Headers that are right, one behind the other, each of which claims all that comes behind it.
blob nested_claims(std::size_t count) {
    blob bytes = blob_of(tests::log_magic);
    bytes.resize(bytes.size() + record_header::bytes, std::byte{0xff}); // no header
    const std::size_t size = bytes.size() + count * record_header::bytes;
    while (bytes.size() != size) {
        const auto offset = bytes.size();
        const auto header = tintype::encode_header(
            {.kind = 1, .offset = offset, .size = size - offset - record_header::bytes});
        tintype::append(bytes, header);
    }
    return bytes;
}

// A memory whose objects are cut while they are copied, so many times.
struct cut_storage : tintype::memory_storage {
    std::shared_ptr<int> cuts = std::make_shared<int>(0);

    [[nodiscard]] auto open(std::string_view name, tintype::access how = tintype::access::map) const
        -> decltype(tintype::memory_storage::open(name, how)) {
        if (*cuts > 0) {
            --*cuts;
            return tintype::fail({.code = tintype::errc::truncated, .where = name});
        }
        return tintype::memory_storage::open(name, how);
    }
};

void put(const cut_storage& storage, std::string_view name, tintype::byte_view bytes) {
    auto staged = storage.stage({});
    REQUIRE(staged.has_value());
    REQUIRE(staged->write(bytes).has_value());
    REQUIRE(staged->publish(name).has_value());
}

} // namespace

TEST_CASE("log: claims inside claims are looked at no longer than they are worth") {
    // The last claims nothing and is whole, where there is time to come to it.
    const auto few = nested_claims(20);
    auto found = tests::scan(few);
    REQUIRE(found.gaps.size() == 1);
    CHECK(found.records.back().offset == few.size() - record_header::bytes);
    // The claims add up to more than 64 times the object.
    const auto many = nested_claims(400);
    found = tests::scan(many);
    CHECK(found.records.empty());
    CHECK(found.gaps.empty());
    CHECK(found.end.whole == tintype::log_begin);
    CHECK(found.end.tail == many.size() - tintype::log_begin);
}

TEST_CASE("log: the whole record is found behind any number of damaged ones") {
    for (const std::size_t damaged : {0U, 1U, 63U, 64U, 65U, 130U, 5000U}) {
        blob bytes = tests::log_of(std::vector<blob>(damaged + 2, blob_of("payload")));
        const auto extent = tintype::record_extent(7);
        const auto end = tintype::log_begin + 2 * extent;
        for (std::size_t i = 0; i != damaged; ++i) {
            bytes[static_cast<std::size_t>(end + i * extent) + record_header::bytes] ^=
                std::byte{1};
        }
        const auto found = tintype::find_tail(bytes);
        CHECK(found.whole == end);
        CHECK(found.tail == damaged * extent);
        REQUIRE(found.last.has_value());
        CHECK(found.last->offset == tintype::log_begin + extent);
    }
}

TEST_CASE("log: a copy that a writer cut is made again, four times at the most") {
    cut_storage storage;
    put(storage, "log", tests::log_of({blob_of("a"), blob_of("b")}));
    for (const int cuts : {0, 1, 3, 4}) {
        *storage.cuts = cuts;
        const auto view = tintype::log_view<cut_storage>::open(storage, "log", tests::log_magic,
                                                               tintype::access::copy);
        CHECK(view.has_value() == (cuts < 4));
        CHECK(*storage.cuts == 0);
        if (!view) {
            CHECK(view.error().code == tintype::errc::truncated);
        }
    }
    CHECK(said(tintype::log_view<cut_storage>::open(storage, "none", tests::log_magic)) ==
          "not_found in none 0/0");
    put(storage, "short", blob_of("TESTLOG"));
    CHECK(said(tintype::log_view<cut_storage>::open(storage, "short", tests::log_magic)) ==
          "truncated in magic @0 7/8");
}
