// What grows, in a bucket: a history and a recorded session by sealed segments, opened again by
// others, one owner at a time; and a tail that is kept beside.

#include <tintype/core/reflect.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/segments.hpp>

#include "scene.hpp"
#include "support/scratch.hpp"
#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tests::words;

struct bucket_sample {
    BOOST_HANA_DEFINE_STRUCT(bucket_sample, (std::uint64_t, timestamp_ns), (std::string, label),
                             (std::vector<float>, values));
};

bucket_sample sample_at(std::uint64_t i) {
    return {.timestamp_ns = i * 1000,
            .label = "sample " + std::to_string(i % 5),
            .values = std::vector<float>(20, static_cast<float>(i / 3))};
}

template <class History>
std::size_t wrong_in(const History& held, std::uint64_t count) {
    std::size_t wrong = held.count() == count ? 0 : 1;
    for (std::uint64_t i = 0; i != count; ++i) {
        const auto got = held.get(i);
        wrong += got && tintype::identical(*got, sample_at(i)) ? 0U : 1U;
    }
    return wrong;
}

// Several lives of a writer, each on a storage of its own, with a reader beside it.
template <class Storage, class Open>
void lives_of_a_history(Open open) {
    using store = tintype::delta_store<bucket_sample, Storage>;
    using reader = tintype::delta_reader<bucket_sample, Storage>;
    std::uint64_t count = 0;
    for (int life = 0; life != 3; ++life) {
        const Storage storage = open();
        auto held = store::open(storage, "history", {.keyframe_interval = 4});
        REQUIRE(words(held) == "no error");
        CHECK(held->cut() == 0);
        CHECK(wrong_in(*held, count) == 0);
        CHECK(store::open(open(), "history", {}).error().code == tintype::errc::in_use);
        for (int i = 0; i != 10; ++i) {
            REQUIRE(held->append(sample_at(count)) == count);
            ++count;
        }
        auto beside = reader::open(storage, "history");
        REQUIRE(words(beside) == "no error");
        CHECK(wrong_in(*beside, count) == 0);
        if (life == 1) {
            REQUIRE(words(held->compact()) == "no error");
            CHECK(wrong_in(*held, count) == 0);
        }
    }
    const auto names = open().names();
    CHECK(names == std::vector<std::string>{"history"});
}

} // namespace

TEST_CASE("a history grows in a bucket by segments") {
    using storage = tintype::segmented<tests::store>;
    const auto where = tests::place();
    lives_of_a_history<storage>(
        [&] { return storage{tests::open_store(where), {.merge_from = 4}}; });
}

TEST_CASE("a history grows in a bucket, its tail durable in a folder first") {
    using storage = tintype::segmented<tests::store, tintype::seal_from<>>;
    const auto where = tests::place();
    const tests::scratch root;
    lives_of_a_history<storage>([&] {
        return storage{tests::open_store(where),
                       tintype::seal_from<>{tintype::directory{root / "tails"}, 2000},
                       {.merge_from = 4}};
    });
}

TEST_CASE("a session is recorded into a bucket, and goes on where its program stopped") {
    using storage = tintype::segmented<tests::store>;
    using recorder = tests::bank_recorder<tests::changed_banks, storage>;
    const auto where = tests::place();
    const auto open = [&] { return storage{tests::open_store(where), {.merge_from = 3}}; };
    tests::bank state{};
    for (std::uint64_t life = 0; life != 2; ++life) {
        auto made = recorder::open(
            open(), "bank", {.config = {.auto_checkpoint_interval = 4}}, {},
            tests::manual_clock{tintype::timestamp{std::chrono::seconds{1'700'000'000}}}, {});
        REQUIRE(words(made) == "no error");
        if (life == 0) {
            REQUIRE(words(made->start("over lives")) == "no error");
        }
        REQUIRE(made->recording());
        CHECK(made->progress().actions == life * 10);
        REQUIRE(words(tests::bank_on(*made, state, life * 10, life * 10 + 10)) == "no error");
        if (life == 1) {
            const auto summary = made->end();
            REQUIRE(words(summary) == "no error");
            const auto session = made->sessions().read(summary->session_id);
            REQUIRE(words(session) == "no error");
            CHECK(session->actions.size() == 20);
        }
    }
    const auto names = open().names();
    REQUIRE(names);
    CHECK(names->size() == 1);
}
