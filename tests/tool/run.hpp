#pragma once

// Runs the tool as a process of its own and catches what it says; and the files that tests of it
// need, written and read whole.

#include "support/bytes.hpp"
#include "support/scratch.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace tests {

struct ran {
    int status = -1; // 128 and the signal, where one ended it
    std::string out{};
    std::string err{};
};

struct circumstances {
    std::string out_to{};         // where standard output goes instead of into `ran::out`
    std::string in_from{};        // what standard input comes from
    std::string folder{};         // where it runs
    std::uint64_t file_limit = 0; // bytes that a file may have; 0 for any
    bool out_closed = false;      // there is no standard output
    bool unprivileged = false;    // as nobody, where the tests run as root
    std::vector<std::string> environment{};
    std::function<void(pid_t)> meanwhile{}; // while it runs
};

[[nodiscard]] ran tool(const std::vector<std::string>& arguments, const circumstances& in = {});

// Everything that it prints on a terminal of that many columns, both streams.
[[nodiscard]] ran tool_on_terminal(const std::vector<std::string>& arguments, unsigned columns,
                                   const std::vector<std::string>& environment = {},
                                   const std::function<void(pid_t)>& meanwhile = {});

// Until the process has taken its signals over; false where it ended before.
bool wait_until_ready(pid_t process);

void write_file(const std::string& path, tintype::byte_view bytes);
void write_file(const std::string& path, std::string_view text);
[[nodiscard]] std::string text_file(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);

// Names in a folder, sorted.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);

// A golden file's path and bytes.
[[nodiscard]] std::string golden(const std::string& name);
[[nodiscard]] tintype::blob golden_bytes(const std::string& name);

// NAME.vN.vamm and the like: every golden file whose name ends so.
[[nodiscard]] std::vector<std::string> goldens(std::string_view suffix);

// The --section options for the golden payloads of that name.
[[nodiscard]] std::vector<std::string> golden_sections(const std::string& name);

using words = std::vector<std::string>;

[[nodiscard]] inline words joined(words first, const words& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

} // namespace tests
