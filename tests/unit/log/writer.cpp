// The one writer of a log: what is appended is there, in order, again and again; what was torn is
// cut off; a rewritten log is the old one or the new one.

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
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::log_magic;
using tests::noise;
using tests::read_record;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::directory;
using tintype::errc;
using tintype::flush_always;
using tintype::flush_every;
using tintype::flush_on_request;
using tintype::log_writer;
using tintype::memory_storage;

template <class S>
blob bytes_in(const S& storage, std::string_view name = "log") {
    const auto object = storage.open(name, tintype::access::copy);
    REQUIRE_MESSAGE(object.has_value(), said(object));
    return {object->bytes().begin(), object->bytes().end()};
}

template <class S>
void put_bytes(const S& storage, byte_view bytes, std::string_view name = "log") {
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->replace(name));
}

template <class S>
log_writer<S> created(const S& storage, tintype::flush_policy policy = {}) {
    const blob first = noise(13);
    const std::array<byte_view, 2> pieces{byte_view{first}.first(5), byte_view{first}.subspan(5)};
    auto log = log_writer<S>::create(storage, "log", log_magic, pieces, 7, policy);
    REQUIRE_MESSAGE(log.has_value(), said(log));
    return *std::move(log);
}

template <class S>
log_writer<S> opened(const S& storage, tintype::flush_policy policy = {}) {
    auto log = log_writer<S>::open(storage, "log", log_magic, policy);
    REQUIRE_MESSAGE(log.has_value(), said(log));
    return *std::move(log);
}

// Another log in a place of its own.
template <class S>
log_writer<S> created_again(const S& storage, tintype::flush_policy policy) {
    static int count = 0;
    auto log =
        log_writer<S>::create(storage, "log-" + std::to_string(count++), log_magic, {}, 1, policy);
    REQUIRE_MESSAGE(log.has_value(), said(log));
    return *std::move(log);
}

// Runs on a folder and in memory.
template <class Test>
void on_each_storage(Test test) {
    const tests::scratch root;
    test(directory{root / "folder"});
    test(memory_storage{});
}

} // namespace

TEST_CASE("a log begins with its magic and a first record") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage);
        CHECK(log.size() == 8 + 48);
        CHECK(log.durable_size() == log.size());
        CHECK(log.cut() == 0);
        const auto bytes = bytes_in(storage);
        CHECK(bytes.size() == log.size());
        CHECK(tintype::text_of(bytes).starts_with(log_magic));
        CHECK(tests::whole_records(bytes) ==
              std::vector<read_record>{{.kind = 7, .offset = 8, .payload = noise(13)}});
        CHECK(*storage.names() == std::vector<std::string>{"log"});
    });
}

TEST_CASE("what is appended is what is read, and appends go on after it was opened again") {
    on_each_storage([](const auto& storage) {
        std::vector<read_record> expected{{.kind = 7, .offset = 8, .payload = noise(13)}};
        {
            const auto log = created(storage);
        }
        for (std::uint32_t round = 0; round != 20; ++round) {
            auto log = opened(storage, round % 2 == 0 ? tintype::flush_policy{flush_always{}}
                                                      : tintype::flush_policy{flush_on_request{}});
            CHECK(log.cut() == 0);
            CHECK(log.durable_size() == log.size());
            for (std::uint32_t i = 0; i != 20; ++i) {
                const blob payload = noise(round * 20 + i, i);
                const auto third = payload.size() / 3;
                const std::array<byte_view, 3> pieces{byte_view{payload}.first(third), byte_view{},
                                                      byte_view{payload}.subspan(third)};
                const auto offset =
                    i % 2 == 0 ? log.append(i, pieces) : log.append(i, byte_view{payload});
                REQUIRE(offset);
                CHECK(*offset % 8 == 0);
                expected.push_back({.kind = i, .offset = *offset, .payload = payload});
            }
            CHECK(tests::whole_records(bytes_in(storage)) == expected);
        }
    });
}

TEST_CASE("a payload of more pieces than one write takes") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage);
        const blob payload = noise(3001);
        std::vector<byte_view> pieces;
        for (std::size_t at = 0; at != payload.size(); ++at) {
            pieces.push_back(byte_view{payload}.subspan(at, 1));
        }
        REQUIRE(log.append(1, pieces));
        CHECK(tests::whole_records(bytes_in(storage)).back().payload == payload);
    });
}

TEST_CASE("when records become durable is the policy's choice") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage, flush_always{});
        REQUIRE(log.append(1, noise(8)));
        CHECK(log.durable_size() == log.size());

        log = created_again(storage, flush_on_request{});
        const auto before = log.size();
        for (int i = 0; i != 10; ++i) {
            REQUIRE(log.append(1, noise(8)));
        }
        CHECK(log.durable_size() == before);
        REQUIRE(log.flush());
        CHECK(log.durable_size() == log.size());
        REQUIRE(log.flush());

        log = created_again(storage, flush_every{.records = 3});
        auto durable = log.durable_size();
        for (int i = 1; i != 10; ++i) {
            REQUIRE(log.append(1, noise(8)));
            durable = i % 3 == 0 ? log.size() : durable;
            CHECK(log.durable_size() == durable);
        }
    });
}

TEST_CASE("with a time, records become durable though nobody appends any more") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage, flush_every{.records = 1000, .time = 30ms});
        for (int round = 0; round != 3; ++round) {
            const auto begin = std::chrono::steady_clock::now();
            REQUIRE(log.append(1, noise(8)));
            REQUIRE(log.append(1, noise(8)));
            auto moved = std::move(log); // the thread does not mind
            CHECK((moved.durable_size() < moved.size() ||
                   std::chrono::steady_clock::now() - begin > 30ms));
            while (moved.durable_size() != moved.size() &&
                   std::chrono::steady_clock::now() - begin < 20s) {
                std::this_thread::sleep_for(1ms);
            }
            CHECK(moved.durable_size() == moved.size());
            log = std::move(moved);
        }
        // A writer that goes does not wait for the time to pass.
        auto last = created_again(storage, flush_every{.time = 1h});
        REQUIRE(last.append(1, noise(8)));
    });
}

TEST_CASE("a name has one log, and a log one writer") {
    on_each_storage([]<class S>(const S& storage) {
        {
            const auto log = created(storage);
            const auto other = log_writer<S>::open(storage, "log", log_magic);
            CHECK(said(other) == "in_use in log 1/0");
            CHECK(said(log_writer<S>::create(storage, "log", log_magic, {}, 1)) ==
                  "in_use in log 1/0");
            // Another log is nobody's business.
            CHECK(log_writer<S>::create(storage, "log2", log_magic, {}, 1));
        }
        const auto again = log_writer<S>::create(storage, "log", log_magic, {}, 1);
        REQUIRE(!again);
        CHECK(again.error().code == errc::already_exists);
        CHECK(tests::whole_records(bytes_in(storage)).size() == 1);
        CHECK(log_writer<S>::open(storage, "log", log_magic));
        auto log = opened(storage);
        auto moved = std::move(log);
        CHECK(!log_writer<S>::open(storage, "log", log_magic));
        REQUIRE(moved.append(1, noise(3)));
    });
}

TEST_CASE("opening what is no log") {
    on_each_storage([]<class S>(const S& storage) {
        const auto absent = log_writer<S>::open(storage, "log", log_magic);
        REQUIRE(!absent);
        CHECK(absent.error().code == errc::not_found);
        CHECK(storage.names()->empty());
        CHECK(said(log_writer<S>::create(storage, "log", "seven77", {}, 1)) ==
              "invalid_value in magic 7/8");

        const auto refused = [&](const blob& bytes) {
            put_bytes(storage, bytes);
            const auto log = log_writer<S>::open(storage, "log", log_magic);
            CHECK(bytes_in(storage) == bytes); // left as it is
            return said(log);
        };
        CHECK(refused({}) == "truncated in magic @0 0/8");
        CHECK(refused(tests::blob_of("TESTLOG")) == "truncated in magic @0 7/8");
        CHECK(refused(tests::blob_of("OTHERLOG and so on")).starts_with("invalid_magic in magic"));
        CHECK(refused(tests::blob_of("TESTLOG1")) == "truncated in record @8 0/32");
        // A log is never without its first record, so it was not a power cut that took it.
        blob bytes = tests::log_of({noise(20)});
        bytes.back() ^= std::byte{1};
        CHECK(refused(bytes).starts_with("checksum_mismatch in record @8"));
        bytes = tests::log_of({noise(20)});
        bytes[12] ^= std::byte{1};
        CHECK(refused(bytes).starts_with("checksum_mismatch in record header @8"));
        bytes = tests::log_of({noise(20)});
        bytes.resize(40);
        CHECK(refused(bytes) == "truncated_section in record @8 0/20");
    });
}

TEST_CASE("what was torn is cut off and told, and nothing whole is") {
    const std::vector<blob> payloads{noise(5), noise(24), noise(0), noise(17)};
    const blob good = tests::log_of(payloads);
    const auto ends = [&] {
        std::vector<std::uint64_t> all;
        for (const auto& each : tests::scan(good).records) {
            all.push_back(each.offset + tintype::record_extent(each.size));
        }
        return all;
    }();
    on_each_storage([&]<class S>(const S& storage) {
        for (std::size_t size = static_cast<std::size_t>(ends[0]); size <= good.size(); ++size) {
            INFO("size ", size);
            put_bytes(storage, byte_view{good}.first(size));
            const auto whole = *(std::ranges::upper_bound(ends, size) - 1);
            tests::scanned seen;
            auto log = log_writer<S>::open(storage, "log", log_magic, flush_on_request{},
                                           [&](const auto& what) { seen(what); });
            REQUIRE(log);
            CHECK(log->cut() == size - whole);
            CHECK(log->size() == whole);
            CHECK(log->durable_size() == whole);
            CHECK(bytes_in(storage).size() == whole);
            CHECK(seen.records == tests::scan(byte_view{good}.first(size)).records);
            CHECK(seen.gaps.empty());
            REQUIRE(log->append(99, noise(9)) == whole);
            CHECK(tests::whole_records(bytes_in(storage)).back().kind == 99);
        }
    });
}

TEST_CASE("gaps are visited and kept") {
    on_each_storage([]<class S>(const S& storage) {
        blob bytes = tests::log_of(std::vector<blob>(4, noise(8)));
        bytes[48] ^= std::byte{1};
        put_bytes(storage, bytes);
        tests::scanned seen;
        std::size_t read = 0;
        auto log = log_writer<S>::open(storage, "log", log_magic, {},
                                       [&](const auto& what, byte_view object) {
                                           seen(what);
                                           read = object.size();
                                       });
        REQUIRE(log);
        CHECK(seen.records.size() == 3);
        CHECK(seen.gaps == std::vector<tintype::log_gap>{{.offset = 48, .size = 40}});
        CHECK(read == bytes.size());
        CHECK(log->cut() == 0);
        REQUIRE(log->append(1, noise(1)));
        CHECK(tests::whole_records(bytes_in(storage)).size() == 4);
    });
}

TEST_CASE("a rewritten log takes the old one's place, and appends go on behind it") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage, flush_every{.records = 4});
        for (std::uint32_t i = 0; i != 10; ++i) {
            REQUIRE(log.append(i, noise(100)));
        }
        const blob old = bytes_in(storage);
        const auto reading = storage.open("log", tintype::access::map);
        REQUIRE(reading);
        std::vector<std::uint64_t> offsets;
        REQUIRE(log.rewrite([&](const auto& put) -> tintype::result<void> {
            for (const auto& record : tests::scan(reading->bytes()).records) {
                if (record.kind % 2 != 0) {
                    const auto payload = tintype::log_payload(reading->bytes(), record);
                    REQUIRE(payload);
                    const std::array<byte_view, 1> pieces{*payload};
                    const auto offset = put(record.kind, pieces);
                    if (!offset) {
                        return tintype::pass(offset);
                    }
                    offsets.push_back(*offset);
                }
            }
            return {};
        }));
        CHECK(std::ranges::equal(reading->bytes(), old));
        CHECK(log.size() == bytes_in(storage).size());
        CHECK(log.durable_size() == log.size());
        auto records = tests::whole_records(bytes_in(storage));
        CHECK(records.size() == 6);
        CHECK(std::ranges::equal(records, offsets, {}, &read_record::offset));
        REQUIRE(log.append(50, noise(1)));
        CHECK(tests::whole_records(bytes_in(storage)).back().kind == 50);
        CHECK(*storage.names() == std::vector<std::string>{"log"});
        using writer = std::decay_t<decltype(log)>;
        CHECK(!writer::open(storage, "log", log_magic)); // still claimed
    });
}

TEST_CASE("a rewrite that does not come to its end leaves the log as it is") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage);
        REQUIRE(log.append(1, noise(10)));
        std::size_t records = 2;
        const auto still_works = [&] {
            REQUIRE(log.append(2, noise(10)));
            CHECK(tests::whole_records(bytes_in(storage)).size() == ++records);
            CHECK(*storage.names() == std::vector<std::string>{"log"});
        };
        const blob payload = noise(10);
        const std::array<byte_view, 1> pieces{payload};
        // Nothing put.
        const auto empty = [](const auto&) -> tintype::result<void> { return {}; };
        CHECK(said(log.rewrite(empty)) == "missing_field in first record 0/0");
        still_works();
        // The caller's own error.
        CHECK(said(log.rewrite([&](const auto& put) -> tintype::result<void> {
                  REQUIRE(put(1, pieces));
                  return tintype::fail({.code = errc::unsupported});
              })) == "unsupported 0/0");
        still_works();
        // Stopped, by somebody who lets the error pass too.
        std::stop_source stop;
        const tintype::monitor watch{stop.get_token()};
        const auto stopped = log.rewrite(
            [&](const auto& put) -> tintype::result<void> {
                REQUIRE(put(1, pieces));
                stop.request_stop();
                CHECK(put(2, pieces).error().code == errc::cancelled);
                CHECK(put(3, pieces).error().code == errc::cancelled);
                return {};
            },
            &watch);
        REQUIRE(!stopped);
        CHECK(stopped.error().code == errc::cancelled);
        still_works();
    });
}

TEST_CASE("many threads append to one log") {
    on_each_storage([](const auto& storage) {
        auto log = created(storage, flush_every{.records = 7, .time = 1ms});
        {
            std::vector<std::jthread> all;
            for (std::uint32_t me = 0; me != 4; ++me) {
                all.emplace_back([&, me] {
                    for (std::uint32_t i = 0; i != 50; ++i) {
                        static_cast<void>(log.append(me * 100 + i, noise(i)));
                        static_cast<void>(log.size() + log.durable_size());
                    }
                });
            }
        }
        REQUIRE(log.flush());
        const auto records = tests::whole_records(bytes_in(storage));
        REQUIRE(records.size() == 201);
        std::array<std::uint32_t, 4> next{};
        for (std::size_t i = 1; i != records.size(); ++i) {
            const auto me = records[i].kind / 100;
            REQUIRE(me < 4);
            CHECK(records[i].kind % 100 == next[me]);
            CHECK(records[i].payload == noise(next[me]++));
        }
    });
}
