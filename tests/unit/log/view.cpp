// A log beside its writer: whole records only, more of them after each refresh, and another log
// when it was rewritten.

#include <tintype/log/view.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/logs.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

using tests::log_magic;
using tests::noise;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::directory;
using tintype::errc;
using tintype::log_change;
using tintype::log_view;
using tintype::log_writer;
using tintype::memory_storage;

template <class S>
void put_bytes(const S& storage, byte_view bytes) {
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->replace("log"));
}

template <class S>
log_view<S> viewed(const S& storage, tintype::access how = tintype::access::map) {
    auto view = log_view<S>::open(storage, "log", log_magic, how);
    REQUIRE_MESSAGE(view.has_value(), said(view));
    return *std::move(view);
}

// Runs on a folder and in memory, with both ways of access.
template <class Test>
void on_each_storage(Test test) {
    for (const auto how : {tintype::access::map, tintype::access::copy}) {
        const tests::scratch root;
        test(directory{root / "folder"}, how);
        test(memory_storage{}, how);
    }
}

} // namespace

TEST_CASE("a view sees what was appended once it looks again") {
    on_each_storage([]<class S>(const S& storage, tintype::access how) {
        auto log = log_writer<S>::create(storage, "log", log_magic, {}, 1);
        REQUIRE(log);
        auto view = viewed(storage, how);
        CHECK(view.bytes().size() == log->size());
        CHECK(view.tail() == 0);
        CHECK(view.refresh() == log_change::none);
        for (std::uint32_t i = 0; i != 100; ++i) {
            const auto before = view.bytes().size();
            REQUIRE(log->append(i, noise(i)));
            CHECK(view.bytes().size() == before);
            CHECK(view.refresh() == log_change::grown);
            CHECK(view.bytes().size() == log->size());
            // Only what is new has to be walked.
            const auto fresh = tests::scan(view.bytes(), before).records;
            REQUIRE(fresh.size() == 1);
            CHECK(fresh[0].kind == i);
            const auto payload = tintype::log_payload(view.bytes(), fresh[0]);
            REQUIRE(payload);
            CHECK(std::ranges::equal(*payload, noise(i)));
            CHECK(view.refresh() == log_change::none);
        }
    });
}

TEST_CASE("a rewritten log is told from one that grew") {
    on_each_storage([]<class S>(const S& storage, tintype::access how) {
        auto log = log_writer<S>::create(storage, "log", log_magic, {}, 1);
        REQUIRE(log);
        REQUIRE(log->append(2, noise(100)));
        auto view = viewed(storage, how);
        std::uint32_t generation = 10;
        const auto rewrite = [&](std::size_t records) {
            REQUIRE(log->rewrite([&](const auto& put) -> tintype::result<void> {
                const blob payload = noise(100);
                const std::array<byte_view, 1> pieces{payload};
                REQUIRE(put(++generation, {}));
                for (std::size_t i = 1; i != records; ++i) {
                    REQUIRE(put(2, pieces));
                }
                return {};
            }));
        };
        for (const std::size_t records : {1U, 2U, 3U, 50U, 2U}) {
            const blob before(view.bytes().begin(), view.bytes().end());
            rewrite(records);
            CHECK(std::ranges::equal(view.bytes(), before));
            CHECK(view.refresh() == log_change::rewritten);
            CHECK(tests::whole_records(view.bytes()).size() == records);
            CHECK(view.refresh() == log_change::none);
            REQUIRE(log->append(5, noise(5)));
            CHECK(view.refresh() == log_change::grown);
        }
    });
}

TEST_CASE("what is not whole yet is not there yet") {
    const blob good = tests::log_of({noise(5), noise(24), noise(17)});
    const auto all = tests::scan(good).records;
    on_each_storage([&](const auto& storage, tintype::access how) {
        put_bytes(storage, byte_view{good}.first(56));
        auto view = viewed(storage, how);
        std::uint64_t before = view.bytes().size();
        CHECK(before == 48);
        CHECK(view.tail() == 8);
        for (std::size_t size = 56; size <= good.size(); ++size) {
            // As if by a writer that is interrupted all the time.
            put_bytes(storage, byte_view{good}.first(size));
            const auto change = view.refresh();
            const auto whole = size == good.size()    ? good.size()
                               : size < all[2].offset ? 48
                                                      : all[2].offset;
            CHECK(view.bytes().size() == whole);
            CHECK(view.tail() == size - whole);
            CHECK(change == (whole == before ? log_change::none : log_change::grown));
            before = whole;
        }
        // The last payload has not arrived whole.
        blob late = good;
        late[good.size() - 10] ^= std::byte{1};
        put_bytes(storage, late);
        auto other = viewed(storage, how);
        CHECK(other.bytes().size() == all[2].offset);
        CHECK(other.tail() == good.size() - all[2].offset);
        put_bytes(storage, good);
        CHECK(other.refresh() == log_change::grown);
        CHECK(other.tail() == 0);
        // Records in the middle that are damaged stay what they are.
        late = good;
        late[static_cast<std::size_t>(all[1].offset) + 33] ^= std::byte{1};
        put_bytes(storage, late);
        CHECK(viewed(storage, how).bytes().size() == good.size());
    });
}

TEST_CASE("viewing what is no log") {
    on_each_storage([]<class S>(const S& storage, tintype::access how) {
        const auto absent = log_view<S>::open(storage, "log", log_magic, how);
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
        put_bytes(storage, tests::blob_of("OTHERLOG"));
        CHECK(log_view<S>::open(storage, "log", log_magic, how).error().code ==
              errc::invalid_magic);
        put_bytes(storage, tests::blob_of("TESTLOG1 without any record"));
        auto view = viewed(storage, how);
        CHECK(view.bytes().size() == 8);
        CHECK(view.tail() == 19);

        put_bytes(storage, tests::log_of({noise(5)}));
        CHECK(view.refresh() == log_change::rewritten);
        // An error leaves the view as it was.
        CHECK(storage.remove("log") == true);
        CHECK(view.refresh().error().code == errc::not_found);
        CHECK(view.bytes().size() == 48);
        put_bytes(storage, tests::blob_of("OTHERLOG"));
        CHECK(view.refresh().error().code == errc::invalid_magic);
        CHECK(view.bytes().size() == 48);
    });
}
