#pragma once

// Processes that tell their parent what they did, in records of one size through a pipe: a record
// is there whole or not at all, also when its writer is killed.

#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace fleet {

enum class deed : std::uint32_t {
    saved,    // `version` was acknowledged, holding the report `number` of `ship`
    removed,  // `version` was pruned
    restored, // `version` was read back and is right
    trouble,  // something was refused or did not answer, and will be tried again
    wrong,    // what was read back is not what was saved, or cannot be read
};

struct told {
    deed what{};
    std::uint32_t ship = 0;
    std::uint32_t number = 0;
    std::uint32_t version = 0;
    std::uint32_t milliseconds = 0; // how long it took
};

static_assert(sizeof(told) <= PIPE_BUF);

class crew {
public:
    crew() {
        int ends[2] = {-1, -1};
        ready_ = ::pipe2(ends, O_CLOEXEC) == 0;
        hears_ = ends[0];
        says_ = ends[1];
    }

    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;

    ~crew() {
        for (const ::pid_t each : members_) {
            ::kill(each, SIGKILL);
        }
        for (const ::pid_t each : members_) {
            ::waitpid(each, nullptr, 0);
        }
        ::close(hears_);
        ::close(says_);
    }

    // A process that does `work(say)` and ends. False where there could be none.
    template <class Work>
    [[nodiscard]] bool sign_on(Work work) {
        if (!ready_) {
            return false;
        }
        static_cast<void>(std::fflush(nullptr)); // else both would print it
        const ::pid_t id = ::fork();
        if (id == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const int pipe = says_;
            work([pipe](const told& what) {
                static_cast<void>(::write(pipe, &what, sizeof what) == 0);
            });
            ::_exit(0);
        }
        if (id > 0) {
            members_.push_back(id);
        }
        return id > 0;
    }

    // The next record, if there is one within that time.
    [[nodiscard]] bool hear(told& what, int milliseconds) const {
        ::pollfd wait{.fd = hears_, .events = POLLIN, .revents = 0};
        return ::poll(&wait, 1, milliseconds) == 1 &&
               ::read(hears_, &what, sizeof what) == static_cast<::ssize_t>(sizeof what);
    }

    // How many are at work still.
    [[nodiscard]] std::size_t at_work() {
        std::erase_if(members_,
                      [](::pid_t each) { return ::waitpid(each, nullptr, WNOHANG) != 0; });
        return members_.size();
    }

private:
    bool ready_ = false;
    int hears_ = -1;
    int says_ = -1;
    std::vector<::pid_t> members_{};
};

} // namespace fleet
