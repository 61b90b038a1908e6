#pragma once

// What the tool says and how it is watched: results on standard output, everything else on standard
// error, colour and a progress bar only where a terminal shows them, and Ctrl-C turned into a stop
// request that long work asks for.

#include <tintype/core/progress.hpp>

#include "outcome.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace tool {

enum class style { plain, bold, dim, good, bad, changed };

// Drawn on standard error once a command has taken longer than a moment, at most ten times a
// second, and wiped before anything else is printed.
class progress_bar {
public:
    void enable() noexcept { enabled_ = true; }

    void label(std::string text) { label_ = std::move(text); }

    void show(tintype::progress now);
    void wipe();

private:
    using clock = std::chrono::steady_clock;

    bool enabled_ = false;
    bool drawn_ = false;
    std::string label_;
    clock::time_point started_ = clock::now();
    clock::time_point last_{};
};

class terminal {
public:
    // Takes SIGINT, SIGTERM and SIGHUP over: the first asks the work to stop, a second one kills.
    terminal();
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;

    // Onto standard output. Colour is the caller's, by `dye`.
    void print(std::string_view text);

    // One line on standard error.
    void complain(const failure& what);
    void remark(std::string_view text);

    [[nodiscard]] std::string dye(style how, std::string_view text) const;

    // Columns of the terminal that standard output is; nothing where it is none.
    [[nodiscard]] std::optional<std::size_t> columns() const;

    // Whether the locale has characters to draw lines with.
    [[nodiscard]] bool has_lines() const;

    // Whether everything printed has arrived.
    [[nodiscard]] outcome<void> flush();

    // For work on `what`: draws the bar and says when to stop.
    [[nodiscard]] const tintype::monitor& watch(std::string_view what);

    // `cancelled`, once somebody pressed Ctrl-C: asked between pieces of work.
    [[nodiscard]] outcome<void> interrupted(std::string_view what) const;

private:
    struct reporter {
        terminal* owner;
        void operator()(tintype::progress now) const;
    };

    bool colour_ = false;
    std::string pending_;
    int lost_ = 0; // errno of the first write to standard output that failed
    progress_bar bar_;
    std::stop_source stop_;
    reporter report_{this};
    tintype::monitor monitor_{report_, stop_.get_token()};
};

} // namespace tool
