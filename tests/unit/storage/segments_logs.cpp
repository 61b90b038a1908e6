// What stands on appended objects, on a storage that cannot append: histories and recorded sessions
// are written, opened again, rewritten and read beside their writer, one owner at a time.

#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/storage/segments.hpp>

#include "support/bytes.hpp"
#include "support/growing.hpp"
#include "support/said.hpp"
#include "support/sessions.hpp"
#include "support/unappendable.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::said;
using tintype::errc;
using tintype::memory_storage;
using tintype::segmented;

using below = tests::unappendable<>;
using storage_type = segmented<below>;

struct grown_sample {
    BOOST_HANA_DEFINE_STRUCT(grown_sample, (std::uint64_t, timestamp_ns), (std::string, label),
                             (std::vector<float>, values));
};

grown_sample sample_at(std::uint64_t i) {
    return {.timestamp_ns = i * 1000,
            .label = "sample " + std::to_string(i % 5),
            .values = std::vector<float>(20, static_cast<float>(i / 3))};
}

using store = tintype::delta_store<grown_sample, storage_type>;
using reader = tintype::delta_reader<grown_sample, storage_type>;
using recorder = tests::bank_recorder<tests::changed_banks, storage_type>;

template <class History>
std::size_t wrong_in(const History& held, std::uint64_t count) {
    std::size_t wrong = held.count() == count ? 0 : 1;
    for (std::uint64_t i = 0; i != count; ++i) {
        const auto got = held.get(i);
        wrong += got && tintype::identical(*got, sample_at(i)) ? 0U : 1U;
    }
    return wrong;
}

} // namespace

TEST_CASE("a history grows by segments, through its writers' lives and its rewriting") {
    const memory_storage memory;
    std::uint64_t count = 0;
    for (int life = 0; life != 3; ++life) {
        const storage_type storage{below{memory}, {.merge_from = 4}};
        auto held = store::open(storage, "history", {.keyframe_interval = 4});
        REQUIRE(said(held) == "no error");
        CHECK(held->cut() == 0);
        CHECK(wrong_in(*held, count) == 0);
        auto beside = reader::open(storage_type{below{memory}}, "history");
        REQUIRE(said(beside) == "no error");
        for (int i = 0; i != 20; ++i) {
            REQUIRE(held->append(sample_at(count)) == count);
            ++count;
            CHECK(held->durable_size() == held->size());
        }
        CHECK(beside->refresh() == true);
        CHECK(wrong_in(*beside, count) == 0);
        CHECK(wrong_in(*held, count) == 0);
        REQUIRE(said(held->compact()) == "no error");
        CHECK(tests::segment_names(memory).empty());
        REQUIRE(held->append(sample_at(count)) == count);
        ++count;
        CHECK(beside->refresh() == true);
        CHECK(wrong_in(*beside, count) == 0);
    }
    const auto names = storage_type{below{memory}}.names();
    CHECK(names == std::vector<std::string>{"history"});
}

TEST_CASE("a history has one owner, and one who came without a claim stops him") {
    const memory_storage memory;
    const storage_type storage{below{memory}};
    auto held = store::open(storage, "history", {});
    REQUIRE(said(held) == "no error");
    REQUIRE(held->append(sample_at(0)));
    const storage_type elsewhere{below{memory}};
    CHECK(store::open(elsewhere, "history", {}).error().code == errc::in_use);

    // Somebody appends all the same.
    auto object = elsewhere.append("history");
    REQUIRE(object);
    REQUIRE(tests::grow(*object, tests::noise(24)));
    const auto refused = held->append(sample_at(1));
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::in_use);
    CHECK(!held->append(sample_at(1)));
    {
        const auto gone = *std::move(held);
    }
    // What is no record is cut off, as it would be of a file.
    auto again = store::open(elsewhere, "history", {});
    REQUIRE(said(again) == "no error");
    CHECK(again->cut() == 24);
    CHECK(wrong_in(*again, 1) == 0);
    REQUIRE(again->append(sample_at(1)) == 1);
    CHECK(wrong_in(*again, 2) == 0);
}

TEST_CASE("a history whose tail is kept here is sealed when it is large, and is all there") {
    const memory_storage memory;
    const memory_storage local;
    using kept_type = segmented<below, tintype::seal_from<memory_storage>>;
    using kept_store = tintype::delta_store<grown_sample, kept_type>;
    const auto process = [&] { return kept_type{below{memory}, tintype::seal_from{local, 600}}; };
    for (std::uint64_t life = 0; life != 4; ++life) {
        auto held = kept_store::open(process(), "history", {});
        REQUIRE(said(held) == "no error");
        CHECK(wrong_in(*held, life * 10) == 0);
        for (std::uint64_t i = 0; i != 10; ++i) {
            REQUIRE(held->append(sample_at(life * 10 + i)));
        }
        REQUIRE((life != 2 || held->compact()));
    }
    CHECK(!tests::segment_names(memory).empty());
    REQUIRE(said(process().seal("history")) == "no error");
    const auto far = reader::open(storage_type{below{memory}}, "history");
    REQUIRE(said(far) == "no error");
    CHECK(wrong_in(*far, 40) == 0);
}

TEST_CASE("a session is recorded by segments, and goes on where its program stopped") {
    const memory_storage memory;
    tests::bank state{};
    for (std::uint64_t life = 0; life != 3; ++life) {
        const storage_type storage{below{memory}, {.merge_from = 3, .merge_grace = {}}};
        auto made = recorder::open(storage, "bank", {.config = {.auto_checkpoint_interval = 4}}, {},
                                   tests::manual_clock{tintype::timestamp{1'700'000'000s}}, {});
        REQUIRE(said(made) == "no error");
        if (life == 0) {
            REQUIRE(said(made->start("over lives")) == "no error");
        }
        REQUIRE(made->recording());
        CHECK(made->progress().actions == life * 10);
        REQUIRE(said(tests::bank_on(*made, state, life * 10, life * 10 + 10)) == "no error");
        if (life == 2) {
            const auto summary = made->end();
            REQUIRE(said(summary) == "no error");
            const auto session = made->sessions().read(summary->session_id);
            REQUIRE(said(session) == "no error");
            CHECK(session->actions.size() == 30);
        }
    }
    // The journal went with its segments.
    const storage_type storage{below{memory}};
    const auto names = storage.names();
    REQUIRE(names);
    REQUIRE(names->size() == 1);
    CHECK(storage.sweep({}) == 0);
}
