#pragma once

// The laws of ids, as one suite for every model: each is new, is a name that objects may have, and
// says when it was given if it says anything.

#include <tintype/chain/ids.hpp>
#include <tintype/storage/concept.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace tintype::laws {

template <id_policy Ids>
void id_laws(const Ids& ids) {
    using namespace std::chrono_literals;
    const Ids copy = ids;
    std::set<std::string> given;
    std::optional<id_order> last;
    std::size_t wrong = 0;
    std::size_t count = 0;
    for (const timestamp base : {timestamp::min(), timestamp{-1h}, timestamp{}, timestamp{1h},
                                 timestamp{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}},
                                 timestamp{9'000'000'000'000ms}, timestamp::max() - 1h}) {
        for (int i = 0; i != 50; ++i) {
            const timestamp when = base + std::chrono::milliseconds{i / 2}; // each time twice
            const std::string id = (i % 3 == 0 ? copy : ids).next(when);
            given.insert(id);
            ++count;
            // With any codec's suffix behind it.
            wrong += good_name(id + ".metadata") ? 0U : 1U;
            const auto order = ids.order(id);
            wrong += order == copy.order(id) ? 0U : 1U;
            if (order) {
                wrong += last && *order <= *last ? 1U : 0U; // later is greater
                last = order;
                const auto since =
                    std::chrono::floor<std::chrono::milliseconds>(when).time_since_epoch().count();
                wrong += order->milliseconds ==
                                 static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0))
                             ? 0U
                             : 1U;
            }
            for (const char* more : {" ", "/", "x", ".r1"}) {
                wrong += ids.order(id + more) == copy.order(id + more) ? 0U : 1U;
            }
        }
    }
    CHECK(given.size() == count);
    CHECK(wrong == 0);
    CHECK(!ids.order(""));
}

} // namespace tintype::laws
