#pragma once

// What happens to the store: each hour new passages come in, some are corrected, some are
// forgotten, and visitors' questions are kept for two days. An hour follows from the texts and from
// what the store holds, so a store that is brought back lives the same hours again.

#include <tintype/core/mix.hpp>

#include "embedder.hpp"
#include "store.hpp"
#include "texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

struct changes {
    std::size_t came = 0;
    std::size_t corrected = 0;
    std::size_t went = 0;

    changes& operator+=(const changes& more) {
        came += more.came;
        corrected += more.corrected;
        went += more.went;
        return *this;
    }
};

[[nodiscard]] inline std::string clock_face(std::uint64_t hour) {
    return fmt::format("day {} {:02}:00", hour / 24 + 1, hour % 24);
}

inline void take_in(vector_store& store, const shelf& from, std::uint64_t until) {
    std::uint64_t& read = store.side().read[from.name];
    for (until = std::min<std::uint64_t>(until, from.paragraphs.size()); read < until; ++read) {
        const paragraph& next = from.paragraphs[read];
        store.put(from.name, {.id = store.side().next_id++,
                              .text = next.text,
                              .source = next.source,
                              .values = embed(next.text)});
    }
}

// The first hour: most of what there is to read.
inline void begin(vector_store& store, const library& texts) {
    for (const shelf& each : texts.shelves()) {
        take_in(store, each, (each.paragraphs.size() * 3 + 4) / 5);
    }
}

[[nodiscard]] inline changes next_hour(vector_store& store, const library& texts) {
    changes count;
    upkeep& side = store.side();
    const std::uint64_t hour = ++side.hour;
    tintype::splitmix64 random{hour};

    for (const shelf& each : texts.shelves()) {
        const auto first_new = side.next_id;
        take_in(store, each,
                side.read[each.name] + (each.paragraphs.size() + random() % 250) / 250);
        count.came += side.next_id - first_new;
        // Every third of what comes in is only for so many hours.
        for (auto id = first_new; id < side.next_id; id += 3) {
            side.deadlines.push_back(
                {.hour = hour + 5 + random() % 20, .collection = each.name, .id = id});
        }

        const auto records = store.records(each.name);
        std::vector<std::uint64_t> ids;
        std::ranges::transform(records, std::back_inserter(ids), &passage::id);
        for (auto left = (ids.size() + random() % 200) / 200; left != 0; --left) {
            const auto chosen = ids[random() % ids.size()];
            if (random() % 3 == 0) {
                count.went += store.forget(each.name, chosen) ? 1U : 0U;
            } else if (const passage* found = store.find(each.name, chosen)) {
                passage corrected = *found;
                corrected.text += fmt::format(" Reviewed on {}.", clock_face(hour));
                corrected.values = embed(corrected.text);
                store.put(each.name, std::move(corrected));
                ++count.corrected;
            }
        }
    }

    const auto due = std::ranges::partition(side.deadlines,
                                            [&](const deadline& each) { return each.hour > hour; });
    for (const deadline& each : due) {
        count.went += store.forget(each.collection, each.id) ? 1U : 0U;
    }
    side.deadlines.erase(due.begin(), due.end());

    const auto& asked_about = texts.shelves()[random() % texts.shelves().size()].paragraphs;
    const std::string question = asked_about[random() % asked_about.size()].text.substr(0, 80);
    store.put(fmt::format("asked on day {}", hour / 24 + 1), {.id = side.next_id++,
                                                              .text = question,
                                                              .source = clock_face(hour),
                                                              .values = embed(question)});
    if (hour / 24 >= 2) {
        store.drop(fmt::format("asked on day {}", hour / 24 - 1));
    }
    return count;
}
