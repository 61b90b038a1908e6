#pragma once

// What people see, and the end of a process that something failed in.

#include <tintype/core/error.hpp>
#include <tintype/fmt.hpp>

#include <fmt/color.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace replica {

// The processes are forks of one: none runs another's destructors.
[[noreturn]] inline void leave(int status) {
    std::fflush(nullptr);
    ::_exit(status);
}

template <class T>
T must(std::string_view doing, tintype::result<T> outcome) {
    if (!outcome) {
        fmt::print(stderr, "replica: {}: {}\n", doing, outcome.error());
        leave(3);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(outcome);
    }
}

struct screen {
    bool colour = true;

    void title(std::string_view text) const {
        fmt::print("\n{}\n",
                   colour ? fmt::format(fmt::emphasis::bold, "{}", text) : std::string{text});
    }

    void row(std::string_view what, std::string_view value) const {
        fmt::print("  {:<22} {}\n", what, value);
        std::fflush(stdout); // who is killed prints nothing any more
    }
};

class stopwatch {
public:
    [[nodiscard]] double milliseconds() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_)
            .count();
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace replica
