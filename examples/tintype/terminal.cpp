// Standard streams, signals and the progress bar.

#include "terminal.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tool {

namespace {

volatile std::sig_atomic_t stop_wanted = 0;

extern "C" void want_stop(int) {
    stop_wanted = 1;
}

// Somebody truncated a file that was mapped, or its disk cannot be read: nothing can be trusted any
// more, but it can be said, and the status is right.
extern "C" void mapping_failed(int) {
    constexpr std::string_view line =
        "tintype: a file changed, or could not be read, while it was being read\n";
    static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()) == 0);
    ::_exit(static_cast<int>(status::system));
}

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = flags;
    static_cast<void>(::sigaction(signal, &action, nullptr));
}

[[nodiscard]] bool plain_wanted() {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    return (no_colour != nullptr && *no_colour != '\0') ||
           (kind != nullptr && std::string_view{kind} == "dumb");
}

// Returns 0, or the errno.
[[nodiscard]] int write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const auto wrote = ::write(to, text.data(), text.size());
        if (wrote < 0 && errno != EINTR) {
            return errno;
        }
        text.remove_prefix(wrote > 0 ? static_cast<std::size_t>(wrote) : 0);
    }
    return 0;
}

// Nobody is left to hear of it when standard error fails.
void write_error(std::string_view text) {
    static_cast<void>(write_all(STDERR_FILENO, text));
}

[[nodiscard]] std::size_t width_of(int stream) {
    struct winsize size{};
    const bool known = ::ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

} // namespace

void progress_bar::show(tintype::progress now) {
    using namespace std::chrono_literals;
    const auto time = clock::now();
    if (!enabled_ || time - started_ < 700ms || time - last_ < 100ms) {
        return;
    }
    last_ = time;
    drawn_ = true;
    const std::size_t columns = width_of(STDERR_FILENO);
    const auto done = std::min(now.done, now.total);
    const double part =
        now.total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(now.total);
    const auto numbers = now.total == 0 ? fmt::format(" {}", human_size(now.done))
                                        : fmt::format(" {:3.0f} %  {} of {}", part * 100,
                                                      human_size(done), human_size(now.total));
    // The label keeps its end, which tells the files of one folder apart.
    std::string name = visible(label_);
    const std::size_t room = columns / 3;
    if (columns_of(name) > room) {
        while (columns_of(name) + 3 > room && !name.empty()) {
            name.erase(0, first_character(name).size);
        }
        name.insert(0, "...");
    }
    const std::size_t taken = columns_of(name) + numbers.size() + 4;
    const std::size_t cells = std::min<std::size_t>(40, columns > taken ? columns - taken : 0);
    const auto full = static_cast<std::size_t>(part * static_cast<double>(cells));
    std::string line = "\r" + name;
    if (cells >= 10 && now.total != 0) {
        line += fmt::format(" [{:=<{}}{:<{}}]", "", full, "", cells - full);
    }
    write_error(line + numbers + "\x1b[K");
}

void progress_bar::wipe() {
    if (drawn_) {
        write_error("\r\x1b[K");
        drawn_ = false;
    }
}

void terminal::reporter::operator()(tintype::progress now) const {
    owner->bar_.show(now);
    if (stop_wanted != 0) {
        owner->stop_.request_stop();
    }
}

terminal::terminal() {
    // Where a standard stream is closed, the next file opened would become it, and be printed into.
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) < 0) {
            static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        handle(signal, want_stop, static_cast<int>(SA_RESETHAND));
    }
    handle(SIGBUS, mapping_failed, 0);
    // A file beyond the permitted size is an error like a full disk, not a reason to die.
    handle(SIGXFSZ, SIG_IGN, 0);
    if (!plain_wanted()) {
        colour_ = ::isatty(STDOUT_FILENO) == 1;
        if (::isatty(STDERR_FILENO) == 1) {
            bar_.enable();
        }
    }
}

void terminal::print(std::string_view text) {
    pending_ += text;
    if (pending_.size() > 65536 || ::isatty(STDOUT_FILENO) == 1) {
        static_cast<void>(flush()); // the last flush repeats the first error
    }
}

void terminal::complain(const failure& what) {
    static_cast<void>(flush());
    const std::string about = what.about.empty() ? "" : visible(what.about) + ": ";
    write_error(fmt::format("tintype: {}{}\n", about, visible(what.what)));
}

void terminal::remark(std::string_view text) {
    static_cast<void>(flush());
    write_error(fmt::format("{}\n", text));
}

std::string terminal::dye(style how, std::string_view text) const {
    constexpr std::string_view codes[] = {"",         "\x1b[1m",    "\x1b[2m",
                                          "\x1b[32m", "\x1b[1;31m", "\x1b[33m"};
    if (!colour_ || how == style::plain || text.empty()) {
        return std::string{text};
    }
    return fmt::format("{}{}\x1b[0m", codes[static_cast<std::size_t>(how)], text);
}

std::optional<std::size_t> terminal::columns() const {
    return ::isatty(STDOUT_FILENO) == 1 ? std::optional{width_of(STDOUT_FILENO)} : std::nullopt;
}

bool terminal::has_lines() const {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') {
            continue; // the next one decides
        }
        std::string locale = value;
        std::ranges::transform(locale, locale.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        return locale.find("utf-8") != std::string::npos ||
               locale.find("utf8") != std::string::npos;
    }
    return false;
}

outcome<void> terminal::flush() {
    bar_.wipe();
    if (lost_ == 0) {
        lost_ = write_all(STDOUT_FILENO, pending_);
    }
    pending_.clear();
    if (lost_ != 0) {
        return std::unexpected(failure{.how = status::system,
                                       .about = "standard output",
                                       .what = std::string{std::strerror(lost_)},
                                       .code = tintype::errc::io});
    }
    return {};
}

const tintype::monitor& terminal::watch(std::string_view what) {
    bar_.label(std::string{what});
    return monitor_;
}

outcome<void> terminal::interrupted(std::string_view what) const {
    if (stop_wanted != 0) {
        return failed(what, {.code = tintype::errc::cancelled});
    }
    return {};
}

} // namespace tool
