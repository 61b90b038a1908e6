#pragma once

// The laws of names of versions, as one suite for every model: every version has a name that a
// storage takes, no name has two versions, and what would not have been written is not read.

#include <tintype/core/mix.hpp>
#include <tintype/manager/names.hpp>
#include <tintype/storage/concept.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tintype::laws {

[[nodiscard]] inline std::vector<std::uint64_t> some_versions() {
    std::vector<std::uint64_t> all{0};
    // Around each power of ten and of two, up to the largest number.
    for (std::uint64_t power = 1;; power *= 10) {
        all.insert(all.end(), {power - 1, power, power + 1});
        if (power == 10'000'000'000'000'000'000U) {
            break;
        }
    }
    for (unsigned bit = 1; bit != 64; ++bit) {
        const auto power = std::uint64_t{1} << bit;
        all.insert(all.end(), {power - 1, power, power + 1});
    }
    all.insert(all.end(), {~std::uint64_t{0} - 1, ~std::uint64_t{0}});
    splitmix64 random{1};
    for (int i = 0; i != 200; ++i) {
        all.push_back(random() >> (random() % 64));
    }
    return all;
}

template <version_names N>
void names_laws() {
    std::set<std::uint64_t> versions;
    std::set<std::string> names;
    std::size_t wrong = 0;
    for (const std::uint64_t version : some_versions()) {
        const std::string name = N::name(version);
        wrong += N::parse(name) == version ? 0U : 1U;
        wrong += good_name(name) ? 0U : 1U;
        versions.insert(version);
        names.insert(name);

        // Whatever is done to a name, it is no version or another one, by its own name.
        const auto try_out = [&](const std::string& other) {
            const auto found = N::parse(other);
            wrong += found && N::name(*found) != other ? 1U : 0U;
        };
        for (std::size_t i = 0; i <= name.size(); ++i) {
            for (const char c : {'0', '1', '9', 'a', 'F', '.', '-', '+', ' ', '\0'}) {
                auto other = name;
                try_out(other.insert(i, 1, c));
                if (i != name.size()) {
                    other = name;
                    other[i] = c;
                    try_out(other);
                }
            }
            try_out(name.substr(0, i));
            try_out(name.substr(i));
            if (i != name.size()) {
                auto other = name;
                try_out(other.erase(i, 1));
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(names.size() == versions.size());
}

} // namespace tintype::laws
