#pragma once

// What visitors ask, what they are told, and a number that stands for every bit of a store: by
// these, a store that was brought back is compared with the one that was lost.

#include <tintype/codec/columns.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/crc32c.hpp>

#include "embedder.hpp"
#include "store.hpp"
#include "texts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

inline constexpr std::array<std::string_view, 8> queries{
    "what survives a power cut",
    "the author is not liable for any damages",
    "a patent licence granted by each contributor",
    "who may copy and change this program",
    "released into the public domain",
    "use the name of the author for advertising",
    "the source code must be made available over a network",
    "how are errors reported",
};

using answer = std::array<hit, 5>; // the nearest first; where there are fewer, ids of 0
using answers = std::array<answer, queries.size()>;

[[nodiscard]] inline tintype::result<answers> ask(vector_store& store, const library& texts) {
    answers all{};
    for (std::size_t i = 0; i != queries.size(); ++i) {
        const auto point = embed(queries[i]);
        std::vector<hit> found;
        for (const shelf& each : texts.shelves()) {
            const auto some = store.search(each.name, point, all[i].size());
            if (!some) {
                return tintype::pass(some);
            }
            found.insert(found.end(), some->begin(), some->end());
        }
        std::ranges::sort(found, {}, [](const hit& a) { return std::pair{a.distance, a.id}; });
        std::copy_n(found.begin(), std::min(found.size(), all[i].size()), all[i].begin());
    }
    return all;
}

[[nodiscard]] inline bool same(const answers& a, const answers& b) {
    return std::ranges::equal(a, b, [](const answer& x, const answer& y) {
        return std::ranges::equal(x, y, [](const hit& left, const hit& right) {
            return left.id == right.id && std::bit_cast<std::uint32_t>(left.distance) ==
                                              std::bit_cast<std::uint32_t>(right.distance);
        });
    });
}

[[nodiscard]] inline tintype::result<std::uint32_t> fingerprint(const vector_store& store) {
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    tintype::result<void> done;
    for (const auto& name : store.parts()) {
        done = sink.write(tintype::bytes_of(name));
        if (done) {
            done = tintype::columns::encode(store.records(name), sink);
        }
        if (!done) {
            return tintype::pass(done);
        }
    }
    done = tintype::columns::encode(std::span{&store.side(), 1}, sink);
    return done ? tintype::result<std::uint32_t>{tintype::hash_of<tintype::crc32c>(bytes)}
                : tintype::pass(done);
}
