#pragma once

// Processes of a test's own, which tell it things through a pipe and may be killed.

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace tests {

// A child that runs `work(pipe)` and ends with what it returned.
class child {
public:
    template <class Work>
    explicit child(Work work) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        // What is still buffered would be written twice.
        static_cast<void>(std::fflush(nullptr));
        id_ = ::fork();
        REQUIRE(id_ >= 0);
        if (id_ == 0) {
            ::close(ends[0]);
            ::_exit(work(ends[1]));
        }
        ::close(ends[1]);
        told_ = ends[0];
    }

    child(child&& other) noexcept
        : id_(std::exchange(other.id_, -1)), told_(std::exchange(other.told_, -1)) {}

    child& operator=(child&&) = delete;

    ~child() {
        if (id_ > 0) {
            kill();
            static_cast<void>(wait());
        }
        ::close(told_);
    }

    void kill() const { ::kill(id_, SIGKILL); }

    // Its exit status, or minus the signal that ended it.
    [[nodiscard]] int wait() {
        int status = 0;
        REQUIRE(::waitpid(std::exchange(id_, -1), &status, 0) > 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    // What it tells, to be read.
    [[nodiscard]] int pipe() const noexcept { return told_; }

    // The next number that it told, or 0 if it ended.
    [[nodiscard]] std::uint64_t next() const {
        std::uint64_t number = 0;
        return ::read(told_, &number, sizeof number) == sizeof number ? number : 0;
    }

    // The last of all.
    [[nodiscard]] std::uint64_t last() const {
        std::uint64_t number = 0;
        for (std::uint64_t more = 0; (more = next()) != 0;) {
            number = more;
        }
        return number;
    }

private:
    ::pid_t id_ = -1;
    int told_ = -1;
};

inline void tell(int pipe, std::uint64_t number) {
    static_cast<void>(::write(pipe, &number, sizeof number) == 0);
}

} // namespace tests
