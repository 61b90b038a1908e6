// One leaf through a group of snapshots, read by itself, against the snapshots themselves.

#include <tintype/core/identical.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/metric.hpp>
#include <tintype/delta/path.hpp>

#include "blocks.hpp"
#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tests::said;
using tests::small;
using tintype::blob;
using tintype::byte_view;
using tintype::history_entry;
using tintype::history_group;
using tintype::metric_state;
using tintype::result;

// Payloads by the entry's place.
struct payloads {
    struct holding {};

    std::vector<blob> all{};
    tintype::limits limits{};

    [[nodiscard]] result<byte_view> payload(const history_entry& entry, holding&) const {
        return byte_view{all[entry.step]};
    }

    [[nodiscard]] const tintype::limits& most() const { return limits; }
};

struct kept {
    history_group group{};
    payloads source{};
};

template <class T>
kept raw_of(const std::vector<T>& history) {
    kept all;
    tintype::state_differ<T> differ;
    std::size_t leaves = 0;
    for (std::size_t i = 0; i != history.size(); ++i) {
        REQUIRE((i == 0 ? differ.start(history[i]) : differ.to(history[i])));
        tintype::snapshot_head head;
        head.facts.index = i;
        head.restructured = i != 0 && differ.edit();
        blob to;
        head.encode(to);
        if (i == 0) {
            append(to, tests::written(differ.state()));
        } else {
            if (differ.edit()) {
                differ.edit()->encode(leaves, to);
            }
            append_varint(to, differ.count());
            append(to, differ.changes());
        }
        leaves = differ.state().leaves().size();
        all.source.all.push_back(std::move(to));
        all.group.add({.facts = head.facts, .step = static_cast<std::uint32_t>(i)});
    }
    return all;
}

template <class T>
kept block_of(const std::vector<T>& history) {
    tintype::block_writer<T> writer;
    kept all;
    all.group.kept_as = tintype::tier::archive;
    for (std::size_t i = 0; i != history.size(); ++i) {
        REQUIRE(writer.add(history[i], {.index = i}, ""));
        all.group.add({.facts = {.index = i}, .step = static_cast<std::uint32_t>(i)});
    }
    all.source.all.assign(history.size(),
                          writer.finish(tintype::tier::archive, 0, history.size() - 1));
    return all;
}

struct seen {
    std::map<std::uint64_t, blob> elements{};
    std::map<std::uint64_t, bool> changed{};
    std::map<std::uint64_t, bool> fresh{};
    std::string said{};
};

template <class T>
seen walked(const kept& all, std::string_view name) {
    seen what;
    tintype::metric_walk walk{
        all.source, [&](byte_view path) { return tintype::path_text<T>(path) == name; },
        [](const auto&, const auto&) { return false; },
        [&](const metric_state& state) {
            const auto index = state.entry.facts.index;
            CHECK(!what.elements.contains(index));
            what.elements[index] = blob(state.elements.begin(), state.elements.end());
            what.changed[index] = state.changed != nullptr;
            what.fresh[index] = state.fresh;
        }};
    what.said = said(walk.group(all.group));
    return what;
}

// What the leaf of that name is in a snapshot.
template <class T>
std::optional<blob> leaf_in(const T& snapshot, std::string_view name) {
    tintype::leaf_state<T> state;
    REQUIRE(state.assign(snapshot));
    for (std::size_t i = 0; i != state.table().size(); ++i) {
        if (state.table().form(i).type != tintype::leaf_type::marker &&
            tintype::path_text<T>(state.table().path(i)) == name) {
            std::optional<blob> found;
            tintype::leaf_state<T>::with_bytes(state.leaves()[i], [&](byte_view bytes) {
                found.emplace(bytes.begin(), bytes.end());
            });
            return found;
        }
    }
    return std::nullopt;
}

template <class T>
void holds(const std::vector<T>& history, const seen& what, std::string_view name) {
    CHECK(what.said == "no error");
    for (std::size_t i = 0; i != history.size(); ++i) {
        const auto wanted = leaf_in(history[i], name);
        REQUIRE(wanted.has_value() == what.elements.contains(i));
        if (!wanted) {
            continue;
        }
        REQUIRE(what.elements.at(i) == *wanted);
        const auto before = i == 0 ? std::nullopt : leaf_in(history[i - 1], name);
        REQUIRE(what.fresh.at(i) == !before.has_value());
        if (before) {
            REQUIRE(what.changed.at(i) == (*before != *wanted));
        }
    }
}

} // namespace

TEST_CASE("metric: each leaf through random histories, as they are appended and as a block") {
    for (std::uint64_t seed = 0; seed != 12; ++seed) {
        CAPTURE(seed);
        const auto history = tests::random_history<small>(1 + seed, seed);
        const auto raw = raw_of(history);
        const auto block = block_of(history);
        for (const auto* name : {"id", "on", "values", "metrics.a", "metrics.b.c", "metrics."}) {
            CAPTURE(name);
            holds(history, walked<small>(raw, name), name);
            holds(history, walked<small>(block, name), name);
        }
        holds(history, walked<small>(raw, "tags"), "tags");
        CHECK(walked<small>(raw, "metrics").elements.empty());
        CHECK(walked<small>(raw, "nothing").elements.empty());
        CHECK(walked<small>(block, "nothing").said == "no error");
    }
}

TEST_CASE("metric: columns are not taken apart in a block") {
    std::vector<small> history(2);
    history[0] = {};
    history[1] = {};
    history[1].tags = {5};
    CHECK(walked<small>(block_of(history), "tags").said == "unsupported in metric 0/0");
    CHECK(walked<small>(raw_of(history), "tags").said == "no error");
}

TEST_CASE("metric: a name that two leaves have") {
    using nested = std::map<std::string, std::map<std::string, double>>;
    const nested both{{"a", {{"b.c", 1}}}, {"a.b", {{"c", 2}}}};
    const nested second{{"a.b", {{"c", 2}}}};
    const nested first{{"a", {{"b.c", 1}}}};
    for (const bool packed : {false, true}) {
        const auto history_of = [&](const std::vector<nested>& history) {
            return packed ? block_of(history) : raw_of(history);
        };
        // The first is meant, as long as it is there.
        const auto what = walked<nested>(history_of({both, both, first}), "a.b.c");
        CHECK(what.said == "no error");
        CHECK(what.elements.at(0) == what.elements.at(2));
        // Never the other's numbers as if they were its own.
        CHECK(walked<nested>(history_of({both, second}), "a.b.c").said ==
              "unsupported in metric 0/0");
        CHECK(walked<nested>(history_of({second, second}), "a.b.c").said == "no error");
    }
}

TEST_CASE("metric: a summary that is enough") {
    std::vector<small> history(3);
    for (auto& each : history) {
        each = {};
        each.values.assign(100, 2.5);
    }
    const auto all = block_of(history);
    std::uint64_t told = 0;
    std::size_t visits = 0;
    const auto walk = [&](bool enough) {
        tintype::metric_walk one{
            all.source, [](byte_view path) { return tintype::path_text<small>(path) == "values"; },
            [&](const tintype::measure& summary, const history_group& group) {
                CHECK(group.entries.size() == 3);
                told += summary.count;
                return enough;
            },
            [&](const metric_state&) { ++visits; }};
        REQUIRE(one.group(all.group));
    };
    walk(true);
    CHECK(told == 300);
    CHECK(visits == 0);
    walk(false);
    CHECK(visits == 3);
}

TEST_CASE("metric: a leaf of an extent that no type has") {
    std::vector<small> history(1);
    history[0] = {};
    auto all = raw_of(history);
    // A delta by which the number goes and one of 2^32 - 1 elements comes.
    tintype::snapshot_head head;
    head.facts.index = 1;
    head.restructured = true;
    blob to;
    head.encode(to);
    append(to, tests::blob_of(
                   {3, 3 + 1, 3 + 2, 0, 1, 0, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x0f, 3 * 4, 0}));
    all.source.all.push_back(to);
    all.group.add({.facts = head.facts, .step = 1});
    CHECK(walked<small>(all, "id").said == "limit_exceeded in leaf 34359738360/1073741824");
    CHECK(walked<small>(all, "on").said == "no error");
}

TEST_CASE("metric: every truncation and every flipped bit") {
    std::vector<small> history = tests::random_history<small>(3, 8);
    history[1].metrics["a"] = 1;
    for (const bool packed : {false, true}) {
        const auto whole = packed ? block_of(history) : raw_of(history);
        for (std::size_t which = 0; which != (packed ? 1 : whole.source.all.size()); ++which) {
            const auto with = [&](const blob& bytes) {
                auto all = whole;
                all.source.limits.bytes = 1 << 20;
                all.source.all[which] = bytes;
                for (const auto* name : {"values", "metrics.a", "tags"}) {
                    static_cast<void>(walked<small>(all, name));
                }
            };
            const blob& bytes = whole.source.all[which];
            // Behind what is sealed.
            const auto sealed = 8 + std::to_integer<std::size_t>(bytes[4]);
            for (std::size_t at = sealed; at < bytes.size(); ++at) {
                with(blob(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at)));
                for (const unsigned mask : {1U, 4U, 16U, 128U}) {
                    blob flipped = bytes;
                    flipped[at] ^= static_cast<std::byte>(mask);
                    with(flipped);
                }
            }
        }
    }
}
