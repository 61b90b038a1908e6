#pragma once

// What is asked of a history's snapshots, and the answer as JSON or for people.

#include <tintype/delta/history.hpp>

#include "history_json.hpp"
#include "outcome.hpp"
#include "terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tool {

struct history_question {
    tintype::history_query query{}; // `bytes` 0: the original's 50 MiB
    std::optional<std::uint64_t> index{};
    values_as values = values_as::numbers;
    bool json = false;
};

// `out_of_bounds` or `not_found`, as bad data, where the index that was asked for is not there.
// Whatever is damaged is left out, and the error comes after the rest.
[[nodiscard]] outcome<status> show_history(terminal& on, const std::string& path,
                                           const history_question& what);

} // namespace tool
