#pragma once

// One step of a history: what to do, and small numbers that say to what. A number means the same
// however the history is shortened: snapshots are counted back from the newest, and what is not
// there is asked for all the same.

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <rapidcheck.h>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

enum class deed : std::uint8_t {
    put,
    erase,
    clear,
    assign,
    drop,
    create,
    edit_side,
    full,
    incremental, // a full one where there is none, mostly
    restore,
    upsert,
    remove,
    compact,
    prune,
    reopen,
    set_clock,
    diff,
};

inline constexpr std::array<std::string_view, 17> deed_names{
    "put",           "erase", "clear",     "assign",        "drop",   "create",
    "edit the side", "full",  "increment", "restore",       "upsert", "remove",
    "compact",       "prune", "reopen",    "set the clock", "diff"};

inline constexpr std::array<std::string_view, 3> part_names{"a", "b", "c.d"};

inline constexpr std::uint8_t world_keys = 5;

struct step {
    deed what{};
    std::uint8_t store = 0; // 0 or 1: two programs with a store each take snapshots in one place
    std::uint8_t back = 0;  // of the snapshot, counted from the newest; one that is not there too
    std::uint8_t part = 0;
    std::uint8_t key = 0; // or another snapshot, counted so
    std::uint8_t value = 0;
    std::uint8_t names = 0; // parts asked for, as bits; all of them where it is 0
};

struct history {
    std::vector<step> steps;
};

// The parts that a step asks for; one bit is for a part that never was.
[[nodiscard]] inline std::vector<std::string> names_of(const step& of) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i != part_names.size(); ++i) {
        if ((of.names >> i & 1U) != 0) {
            names.emplace_back(part_names[i]);
        }
    }
    if ((of.names & 8U) != 0) {
        names.emplace_back("nowhere");
    }
    return names;
}

inline std::ostream& operator<<(std::ostream& out, const step& of) {
    const auto part = part_names[of.part];
    const auto snapshot = [&]() -> std::ostream& {
        return out << " the newest but " << int{of.back};
    };
    const auto asked = [&] {
        for (const std::string& name : names_of(of)) {
            out << " part " << name;
        }
    };
    out << deed_names[static_cast<std::size_t>(of.what)];
    switch (of.what) {
    case deed::put:
    case deed::assign:
        out << " " << part << "[" << int{of.key} << "] = " << int{of.value};
        break;
    case deed::erase:
        out << " " << part << "[" << int{of.key} << "]";
        break;
    case deed::clear:
    case deed::drop:
    case deed::create:
        out << " " << part;
        break;
    case deed::incremental:
    case deed::restore:
    case deed::upsert:
        snapshot();
        asked();
        break;
    case deed::remove:
        out << " the newest but " << int{of.key}
            << (of.value % 2 != 0 ? ", its children rebased" : "");
        break;
    case deed::compact:
        snapshot();
        break;
    case deed::diff:
        snapshot() << " and " << int{of.key};
        break;
    case deed::edit_side:
    case deed::set_clock:
    case deed::reopen:
        out << " " << int{of.value};
        break;
    case deed::full:
    case deed::prune:
        break;
    }
    return out << (of.store != 0 ? " (second store)" : "");
}

inline std::ostream& operator<<(std::ostream& out, const history& of) {
    for (const step& each : of.steps) {
        out << "\n  " << each;
    }
    return out;
}

// Up to so many steps, the newest snapshot being the one most often meant.
[[nodiscard]] inline rc::Gen<history> histories(int longest) {
    using rc::gen::inRange;
    using number = std::uint8_t;
    const auto what = rc::gen::weightedElement<deed>({
        {14, deed::put},
        {4, deed::erase},
        {1, deed::clear},
        {1, deed::assign},
        {2, deed::drop},
        {1, deed::create},
        {2, deed::edit_side},
        {4, deed::full},
        {15, deed::incremental},
        {4, deed::restore},
        {1, deed::upsert},
        {4, deed::remove},
        {3, deed::compact},
        {1, deed::prune},
        {2, deed::reopen},
        {2, deed::set_clock},
        {1, deed::diff},
    });
    const auto one = rc::gen::build<step>(
        rc::gen::set(&step::what, what),
        rc::gen::set(&step::store, rc::gen::weightedElement<number>({{4, 0}, {1, 1}})),
        rc::gen::set(&step::back, rc::gen::weightedOneOf<number>(
                                      {{2, rc::gen::just(number{0})}, {1, inRange<number>(0, 6)}})),
        rc::gen::set(&step::part, inRange<number>(0, part_names.size())),
        rc::gen::set(&step::key, inRange<number>(0, world_keys)),
        rc::gen::set(&step::value, inRange<number>(0, 16)),
        rc::gen::set(&step::names, rc::gen::weightedOneOf<number>({{12, rc::gen::just(number{0})},
                                                                   {6, inRange<number>(1, 8)},
                                                                   {1, inRange<number>(8, 16)}})));
    return rc::gen::map(rc::gen::resize(longest, rc::gen::container<std::vector<step>>(
                                                     rc::gen::resize(rc::kNominalSize, one))),
                        [](std::vector<step> steps) { return history{std::move(steps)}; });
}

} // namespace tests
