#pragma once

// The terminal: how large it is, lines of styled text cut to its width, a picture redrawn in its
// place, and Ctrl-C as a question that the program asks.

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace profiler {

// -- Ctrl-C

inline volatile std::sig_atomic_t stop_wanted = 0;

extern "C" inline void want_stop(int) {
    stop_wanted = 1;
}

// The first signal asks, a second one kills.
inline void watch_for_stop() {
    struct sigaction action{};
    action.sa_handler = want_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        static_cast<void>(::sigaction(signal, &action, nullptr));
    }
}

// False if it was woken by a wish to stop.
[[nodiscard]] inline bool sleep_until(std::chrono::steady_clock::time_point time) {
    using namespace std::chrono;
    const auto since = time.time_since_epoch();
    const timespec until{.tv_sec = duration_cast<seconds>(since).count(),
                         .tv_nsec = (since % seconds{1}).count()};
    while (stop_wanted == 0) {
        if (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != EINTR) {
            break;
        }
    }
    return stop_wanted == 0;
}

// -- text

enum class style { plain, bold, dim, cpu, memory, disk, net };

// Characters of one column each, cut off where the columns end.
class styled_line {
public:
    styled_line(std::size_t columns, bool colour) : left_(columns), colour_(colour) {}

    styled_line& add(std::string_view text, style how = style::plain) {
        constexpr std::string_view codes[] = {"",         "\x1b[1m",  "\x1b[2m", "\x1b[36m",
                                              "\x1b[35m", "\x1b[33m", "\x1b[32m"};
        const std::string_view shown = cut(text);
        const bool dyed = colour_ && how != style::plain && !shown.empty();
        if (dyed) {
            text_ += codes[static_cast<std::size_t>(how)];
        }
        text_ += shown;
        if (dyed) {
            text_ += "\x1b[0m";
        }
        return *this;
    }

    [[nodiscard]] std::size_t left() const { return left_; }

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    [[nodiscard]] std::string_view cut(std::string_view text) {
        std::size_t end = 0;
        while (end != text.size()) {
            const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
            if (begins) {
                if (left_ == 0) {
                    break;
                }
                --left_;
            }
            ++end;
        }
        return text.substr(0, end);
    }

    std::size_t left_;
    bool colour_;
    std::string text_{};
};

// -- the screen

struct extent {
    std::size_t columns = 80;
    std::size_t rows = 24;

    friend bool operator==(const extent&, const extent&) = default;
};

[[nodiscard]] inline extent terminal_extent() {
    struct winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? extent{size.ws_col, size.ws_row == 0 ? 24U : size.ws_row} : extent{};
}

[[nodiscard]] inline bool can_redraw() {
    const char* kind = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view{kind} != "dumb";
}

[[nodiscard]] inline bool wants_colour() {
    const char* refused = std::getenv("NO_COLOR");
    return refused == nullptr || *refused == '\0';
}

// Lines that are drawn over the ones before. The last ones stay when it ends.
class screen {
public:
    screen() { write("\x1b[?25l"); } // no cursor

    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    ~screen() { write(drawn_ == 0 ? "\x1b[?25h" : "\r\n\x1b[?25h"); }

    // No more lines than the terminal has.
    void draw(const std::vector<std::string>& lines) {
        const extent size = terminal_extent();
        std::string out;
        if (size != size_ && drawn_ != 0) {
            out +=
                "\x1b[H\x1b[2J"; // what was drawn is wrapped or cut now: nobody knows where it is
        } else if (drawn_ > 1) {
            out += fmt::format("\x1b[{}A", drawn_ - 1);
        }
        size_ = size;
        out += "\r";
        for (std::size_t i = 0; i != lines.size(); ++i) {
            out += lines[i];
            out += "\x1b[K";
            out += i + 1 == lines.size() ? "" : "\r\n";
        }
        out += "\x1b[J";
        drawn_ = lines.size();
        write(out);
    }

private:
    // A terminal that is gone needs no picture.
    static void write(std::string_view text) {
        while (!text.empty()) {
            const auto wrote = ::write(STDOUT_FILENO, text.data(), text.size());
            if (wrote < 0 && errno != EINTR) {
                return;
            }
            text.remove_prefix(wrote > 0 ? static_cast<std::size_t>(wrote) : 0);
        }
    }

    std::size_t drawn_ = 0;
    extent size_{};
};

} // namespace profiler
