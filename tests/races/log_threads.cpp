// Threads that append to one log, flush it and rewrite it, and threads that read it meanwhile:
// every reader sees whole records only, each appender's in its order, and nothing is lost.

#include <tintype/log/view.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/logs.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::log_magic;
using tintype::byte_view;

constexpr std::uint32_t appenders = 3;
constexpr std::uint32_t count = 200; // of records each

// Kinds say whose record it is, and which: 1000, 1001, ... are the first one's. Whether those of
// each are there in order from its first, whole; `seen` counts them.
bool in_order(byte_view bytes, std::array<std::uint32_t, appenders>& seen) {
    seen = {};
    bool good = true;
    tintype::scan_log(bytes, 0, [&]<class What>(const What& what) {
        if constexpr (std::is_same_v<What, tintype::log_record>) {
            const auto payload = tintype::log_payload(bytes, what);
            good = good && payload && std::ranges::equal(*payload, tests::noise(what.kind % 50));
            const auto who = what.kind / 1000;
            if (who != 0 && who <= appenders) {
                good = good && what.kind % 1000 == seen[who - 1]++;
            }
        } else {
            good = false;
        }
    });
    return good;
}

template <class S>
void threads_meet(const S& storage, tintype::flush_policy policy) {
    auto made = tintype::log_writer<S>::create(storage, "log", log_magic, {}, 0, policy);
    REQUIRE(made.has_value());
    auto& log = *made;
    std::atomic<int> wrong{0};
    std::atomic<bool> over{false};
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i != 2; ++i) {
            readers.emplace_back([&, i] {
                auto view = tintype::log_view<S>::open(storage, "log", log_magic,
                                                       i == 0 ? tintype::access::map
                                                              : tintype::access::copy);
                wrong += view ? 0 : 1;
                while (view && wrong == 0 && !over) {
                    std::array<std::uint32_t, appenders> seen{};
                    wrong += in_order(view->bytes(), seen) ? 0 : 1;
                    wrong += view->refresh() ? 0 : 1;
                }
            });
        }
        {
            std::vector<std::jthread> writers;
            for (std::uint32_t who = 1; who <= appenders; ++who) {
                writers.emplace_back([&, who] {
                    for (std::uint32_t i = 0; i != count; ++i) {
                        const auto kind = who * 1000 + i;
                        const auto payload = tests::noise(kind % 50);
                        wrong += log.append(kind, byte_view{payload}) ? 0 : 1;
                        wrong += i % 64 != 0 || log.flush() ? 0 : 1;
                        wrong += log.durable_size() <= log.size() ? 0 : 1;
                    }
                });
            }
            writers.emplace_back([&] {
                for (int i = 0; i != 5; ++i) {
                    std::this_thread::sleep_for(2ms);
                    const auto done = log.rewrite([&](const auto& put) -> tintype::result<void> {
                        const auto now = storage.open("log", tintype::access::map);
                        wrong += now ? 0 : 1;
                        for (const auto& each : tests::whole_records(now->bytes())) {
                            const std::array<byte_view, 1> pieces{each.payload};
                            wrong += put(each.kind, pieces) ? 0 : 1;
                        }
                        return {};
                    });
                    wrong += done ? 0 : 1;
                }
            });
        }
        over = true;
    }
    CHECK(wrong == 0);
    REQUIRE(log.flush());
    CHECK(log.durable_size() == log.size());
    std::array<std::uint32_t, appenders> seen{};
    const auto object = storage.open("log", tintype::access::map);
    REQUIRE(object.has_value());
    CHECK(in_order(object->bytes(), seen));
    for (const std::uint32_t each : seen) {
        CHECK(each == count);
    }
}

} // namespace

TEST_CASE("threads append to a log in memory, rewrite and read it") {
    threads_meet(tintype::memory_storage{}, tintype::flush_always{});
    threads_meet(tintype::memory_storage{}, tintype::flush_every{.records = 7, .time = 1ms});
}

TEST_CASE("threads append to a log in a folder, rewrite and read it") {
    const tests::scratch root;
    threads_meet(tintype::directory{root / "one"}, tintype::flush_on_request{});
    threads_meet(tintype::directory{root / "two"},
                 tintype::flush_every{.records = 100, .time = 1ms});
}
