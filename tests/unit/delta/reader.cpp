// Readers of a history beside its writer: what was whole when they looked stays theirs, whatever
// the writer does to it, until they look again.

#include <tintype/delta/reader.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/histories.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace {

using namespace std::chrono_literals;
using tests::plain_history;
using tests::said;
using tests::sample;
using tests::sample_at;
using tests::sample_second;
using tests::sample_start;
using tintype::memory_storage;

struct other {
    BOOST_HANA_DEFINE_STRUCT(other, (int, value));
};

std::uint64_t second(std::uint64_t number) {
    return sample_start + number * sample_second;
}

template <class Storage>
void beside_a_writer(const Storage& storage, tintype::access how) {
    using store = tintype::delta_store<sample, Storage>;
    using reader = tintype::delta_reader<sample, Storage>;
    CHECK(said(reader::open(storage, "history")).starts_with("not_found"));
    auto writer = store::open(storage, "history", {.keyframe_interval = 4}).value();
    auto seen = reader::open(storage, "history", {.how = how}).value();
    plain_history now;
    plain_history then;
    const auto look = [&](bool changed) {
        CHECK(said(tests::gives_back(seen, then)) == "as it should be");
        CHECK(seen.refresh().value() == changed);
        CHECK(!seen.refresh().value());
        then = now;
        CHECK(said(tests::holds(seen, then)) == "as it should be");
        CHECK(said(tests::holds(reader::open(storage, "history", {.how = how}).value(), now)) ==
              "as it should be");
        CHECK(seen.tail() == 0);
        CHECK(seen.keyframe_interval() == 4);
    };
    const auto append = [&](int count) {
        for (int i = 0; i != count; ++i) {
            REQUIRE(writer.append(sample_at(now.next)));
            now.add(sample_at(now.next));
        }
    };
    look(false);
    append(1);
    look(true);
    append(12);
    look(true);
    REQUIRE(writer.cleanup(second(20), {.raw_max_age = 11s})->compressed == 8);
    look(true);
    append(2);
    REQUIRE(writer.compact());
    append(1);
    look(true);
    REQUIRE(
        writer.cleanup(second(40), {.compressed_max_age = 29s, .archive_max_age = 38s})->dropped ==
        2);
    now.kept.erase(now.kept.begin(), now.kept.find(2));
    REQUIRE(writer.compact());
    look(true);
    REQUIRE(writer.compact());
    REQUIRE(writer.compact());
    look(true);
    REQUIRE(writer.cleanup(second(4000), {.archive_max_age = 1s}));
    now.kept.clear();
    look(true);
    append(3);
    look(true);
}

} // namespace

TEST_CASE("a reader sees what was whole when it looked") {
    beside_a_writer(memory_storage{}, tintype::access::map);
    const tests::scratch root;
    beside_a_writer(tintype::directory{root / "mapped"}, tintype::access::map);
    beside_a_writer(tintype::directory{root / "copied"}, tintype::access::copy);
}

TEST_CASE("a reader keeps what it saw before it ever looked at a snapshot") {
    const tests::scratch root;
    const tintype::directory storage{root / "folder"};
    auto writer = tintype::delta_store<sample>::open(storage, "history").value();
    plain_history plain;
    for (std::uint64_t i = 0; i != 15; ++i) {
        REQUIRE(writer.append(sample_at(i)));
        plain.add(sample_at(i));
    }
    auto seen = tintype::delta_reader<sample>::open(storage, "history").value();
    REQUIRE(writer.cleanup(second(100), {.raw_max_age = 0s, .tolerated_waste = 0})->compacted);
    REQUIRE(storage.remove("history"));
    CHECK(said(tests::holds(seen, plain)) == "as it should be");
    CHECK(said(seen.refresh()).starts_with("not_found"));
    CHECK(said(tests::holds(seen, plain)) == "as it should be");
}

TEST_CASE("what cannot be taken is refused each time, and the reader is as it was") {
    const memory_storage storage;
    using store = tintype::delta_store<sample, memory_storage>;
    using reader = tintype::delta_reader<sample, memory_storage>;
    plain_history plain;
    plain.add(sample_at(0));
    {
        auto writer = store::open(storage, "history").value();
        REQUIRE(writer.append(sample_at(0)));
    }
    auto seen = reader::open(storage, "history").value();
    REQUIRE(storage.remove("history"));
    REQUIRE(tintype::delta_store<other, memory_storage>::open(storage, "history"));
    for (int again = 0; again != 2; ++again) {
        CHECK(said(seen.refresh()).starts_with("unsupported"));
        CHECK(said(tests::holds(seen, plain)) == "as it should be");
    }
    CHECK(said(reader::open(storage, "history")).starts_with("unsupported"));
    REQUIRE(storage.remove("history"));
    {
        auto writer = store::open(storage, "history").value();
        REQUIRE(writer.append(sample_at(7)));
    }
    CHECK(seen.refresh().value());
    CHECK(tintype::identical(seen.get(0).value(), sample_at(7)));
}

TEST_CASE("a torn tail is the reader's to see, and the next writer's to cut off") {
    const memory_storage storage;
    using store = tintype::delta_store<sample, memory_storage>;
    using reader = tintype::delta_reader<sample, memory_storage>;
    plain_history plain;
    {
        auto writer = store::open(storage, "history").value();
        for (std::uint64_t i = 0; i != 3; ++i) {
            REQUIRE(writer.append(sample_at(i)));
            plain.add(sample_at(i));
        }
    }
    REQUIRE(storage.append("history")->write(tests::noise(45)));
    auto seen = reader::open(storage, "history").value();
    CHECK(seen.tail() == 45);
    CHECK(said(tests::holds(seen, plain)) == "as it should be");
    const auto object = storage.open("history", tintype::access::copy).value();
    const auto survey = tintype::history_survey::of(object.bytes()).value();
    CHECK(survey.tail == 45);
    CHECK(survey.index.count() == 3);
    CHECK(survey.opening.interval == 10);
    CHECK(survey.damage.empty());
    auto writer = store::open(storage, "history").value();
    CHECK(writer.cut() == 45);
    CHECK(said(tests::holds(writer, plain)) == "as it should be");
    REQUIRE(writer.append(sample_at(3)));
    plain.add(sample_at(3));
    CHECK(seen.refresh().value());
    CHECK(seen.tail() == 0);
    CHECK(said(tests::holds(seen, plain)) == "as it should be");
    CHECK(said(tintype::history_survey::of(tests::blob_of("something else")))
              .starts_with("invalid_magic"));
}
