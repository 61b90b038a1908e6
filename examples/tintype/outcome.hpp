#pragma once

// How a command ends: a status that scripts can rely on, and one line for people. The library's
// errors become failures here, and only here, so that the same error always has the same status.

#include <tintype/core/error.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tool {

enum class status : int {
    done = 0,
    bad_data = 1,   // damaged, incomplete, refused
    wrong_call = 2, // what was asked makes no sense
    system = 3,     // no such file, no space, no permission
};

struct failure {
    status how = status::done;
    std::string about; // the file or folder; may be empty
    std::string what;
    tintype::errc code{};
};

template <class T>
using outcome = std::expected<T, failure>;

[[nodiscard]] inline std::unexpected<failure> wrong_call(std::string what) {
    return std::unexpected(failure{.how = status::wrong_call,
                                   .about = {},
                                   .what = std::move(what),
                                   .code = tintype::errc::invalid_value});
}

[[nodiscard]] status status_of(const tintype::error& what) noexcept;

// The library's message, without a repetition of what it is about.
[[nodiscard]] std::string explained(std::string_view about, tintype::error what);

[[nodiscard]] std::unexpected<failure> failed(std::string_view about, const tintype::error& what);

// The same of an error that was found in data: a name in it that is bad is no wrong call, and a
// file that it speaks of and does not have is not the system's fault.
[[nodiscard]] std::unexpected<failure> failed_data(std::string_view about,
                                                   const tintype::error& what);

template <class T>
[[nodiscard]] std::unexpected<failure> pass(outcome<T>& unsuccessful) {
    return std::unexpected(std::move(unsuccessful).error());
}

} // namespace tool
