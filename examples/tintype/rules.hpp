#pragma once

// The --keep-... options that `save` and `prune` have in common.

#include <tintype/manager/retention.hpp>

#include "json.hpp"
#include "outcome.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tool {

// One rule's count, as typed.
template <class Rule>
struct counted_rule {
    const char* option;
    const char* help;
    std::optional<std::string> typed{};

    void declare(CLI::App& parser) { parser.add_option(option, typed, help)->type_name("N"); }

    // None where the option was not given.
    [[nodiscard]] outcome<std::optional<Rule>> rule() const {
        if (!typed) {
            return std::optional<Rule>{};
        }
        const auto count = number(*typed);
        const auto checked = tintype::positive::of(count.value_or(0));
        if (!checked) {
            return wrong_call(fmt::format("{} takes a number from 1 on, not `{}`", option, *typed));
        }
        return std::optional{Rule{*checked}};
    }
};

[[nodiscard]] inline json::array numbers(const std::vector<std::uint64_t>& versions) {
    return {versions.begin(), versions.end()};
}

} // namespace tool
