// Processes, pseudo-terminals and files for the tests of the tool.

#include "run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <pty.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tests {

namespace {

// Only in the child: redirects, limits, and never returns.
[[noreturn]] void become_the_tool(const words& arguments, const words& environment) {
    std::vector<char*> argv;
    std::string program = TINTYPE_TOOL;
    words kept = arguments;
    argv.push_back(program.data());
    for (std::string& each : kept) {
        argv.push_back(each.data());
    }
    argv.push_back(nullptr);
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
    words settings = environment;
    for (std::string& each : settings) {
        ::putenv(each.data());
    }
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
}

void redirect(const std::string& path, int flags, int to) {
    const int from = ::open(path.c_str(), flags, 0600);
    if (from < 0 || ::dup2(from, to) < 0) {
        ::_exit(126);
    }
    if (from != to) {
        ::close(from);
    }
}

[[nodiscard]] int status_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

ran tool(const words& arguments, const circumstances& in) {
    const scratch place;
    const std::string out = in.out_to.empty() ? place / "out" : in.out_to;
    const std::string err = place / "err";
    const pid_t child = ::fork();
    if (child == 0) {
        redirect(in.in_from.empty() ? "/dev/null" : in.in_from, O_RDONLY, STDIN_FILENO);
        redirect(out, O_WRONLY | O_CREAT, STDOUT_FILENO);
        redirect(err, O_WRONLY | O_CREAT, STDERR_FILENO);
        if (in.out_closed) {
            ::close(STDOUT_FILENO);
        }
        if (!in.folder.empty() && ::chdir(in.folder.c_str()) != 0) {
            ::_exit(126);
        }
        if (in.file_limit != 0) {
            const struct rlimit limit{in.file_limit, in.file_limit};
            ::setrlimit(RLIMIT_FSIZE, &limit);
        }
        if (in.unprivileged && ::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
            ::_exit(126);
        }
        become_the_tool(arguments, in.environment);
    }
    if (in.meanwhile) {
        in.meanwhile(child);
    }
    ran outcome{.status = status_of(child)};
    outcome.err = text_file(err);
    if (in.out_to.empty()) {
        outcome.out = text_file(out);
    }
    return outcome;
}

ran tool_on_terminal(const words& arguments, unsigned columns, const words& environment,
                     const std::function<void(pid_t)>& meanwhile) {
    int terminal = -1;
    struct winsize size{};
    size.ws_row = 40;
    size.ws_col = static_cast<unsigned short>(columns);
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (child == 0) {
        become_the_tool(arguments, environment);
    }
    const std::jthread beside{[&] {
        if (meanwhile) {
            meanwhile(child);
        }
    }};
    ran outcome;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto got = ::read(terminal, buffer.data(), buffer.size());
        if (got <= 0) { // EIO, once the other side is closed
            break;
        }
        outcome.out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(terminal);
    outcome.status = status_of(child);
    std::erase(outcome.out, '\r');
    return outcome;
}

bool wait_until_ready(pid_t process) {
    // The last that the tool takes, and one for which neither the tests' framework nor a sanitizer
    // has a handler: one seen for it is the tool's own.
    constexpr unsigned signal = SIGHUP;
    for (;;) {
        std::ifstream file{"/proc/" + std::to_string(process) + "/status"};
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("State:\tZ")) {
                return false;
            }
            if (line.starts_with("SigCgt:")) {
                const auto caught = std::stoull(line.substr(8), nullptr, 16);
                if ((caught >> (signal - 1) & 1U) != 0) {
                    return true;
                }
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

void write_file(const std::string& path, tintype::byte_view bytes) {
    write_file(path, tintype::text_of(bytes));
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream{path, std::ios::binary | std::ios::trunc}.write(
        text.data(), static_cast<std::streamsize>(text.size()));
}

std::string text_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path, std::ios::binary}.rdbuf();
    return text.str();
}

bool exists(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
}

words names_in(const std::string& folder) {
    words names;
    for (const auto& each : std::filesystem::directory_iterator{folder}) {
        names.push_back(each.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

std::string golden(const std::string& name) {
    return TINTYPE_GOLDEN "/velesdb/" + name;
}

tintype::blob golden_bytes(const std::string& name) {
    return file_bytes(golden(name));
}

words goldens(std::string_view suffix) {
    auto names = names_in(TINTYPE_GOLDEN "/velesdb");
    std::erase_if(names, [&](const std::string& each) { return !each.ends_with(suffix); });
    return names;
}

words golden_sections(const std::string& name) {
    words options;
    for (const std::string section : {"semantic", "episodic", "procedural", "ttl"}) {
        options.push_back("--section");
        options.push_back(section + "=" + golden(name + "." + section + ".bin"));
    }
    return options;
}

} // namespace tests
