// The command line: finds the command, has its options parsed, runs it, and turns whatever happens
// into an exit status and at most one line. No exception leaves it.

#include "command.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>

namespace tool {

namespace {

// The parser's complaint, with the option that was probably meant.
[[nodiscard]] failure complaint(const CLI::App& parser, const command& called,
                                const CLI::ParseError& what) {
    const auto unexpected = parser.remaining();
    std::string line{what.what()};
    if (!unexpected.empty()) {
        line = fmt::format("unexpected argument `{}`", unexpected.front());
        std::vector<std::string> options;
        for (const CLI::Option* each : parser.get_options()) {
            for (const std::string& name : each->get_lnames()) {
                options.push_back("--" + name);
            }
        }
        const std::vector<std::string_view> names{options.begin(), options.end()};
        const auto typed = unexpected.front().substr(0, unexpected.front().find('='));
        const auto guess = typed.starts_with("--") ? meant(typed, names) : std::nullopt;
        if (guess) {
            line += fmt::format(", did you mean `{}`?", *guess);
        }
    }
    std::ranges::replace(line, '\n', ' ');
    return wrong_call(fmt::format("{}: {}; `tintype help {}` tells more", called.name(), line,
                                  called.name()))
        .error();
}

[[nodiscard]] outcome<status> run(terminal& on, command& called, std::vector<std::string> words) {
    for (std::string& word : words) {
        // The parser takes "[a,b]" for a list; with a folder in front it is the file that it is.
        if (word.starts_with('[') && word.ends_with(']')) {
            word.insert(0, "./");
        }
    }
    CLI::App parser;
    parser.set_help_flag("-h,--help", "this page");
    called.declare(parser);
    std::ranges::reverse(words);
    try {
        parser.parse(words);
    } catch (const CLI::CallForHelp&) {
        on.print(help_page(on, called));
        return status::done;
    } catch (const CLI::ParseError& what) {
        return std::unexpected(complaint(parser, called, what));
    }
    return called.run(on);
}

[[nodiscard]] outcome<status> run(terminal& on, std::vector<std::string> words) {
    if (words.empty()) {
        return wrong_call("no command; `tintype help` lists them");
    }
    const std::string first = words.front();
    words.erase(words.begin());
    if (first == "--version") {
        on.print("tintype " TINTYPE_TOOL_VERSION "\n");
        return status::done;
    }
    const bool asks_help = first == "--help" || first == "-h";
    command* called = command_named(asks_help ? "help" : first);
    if (called == nullptr) {
        return std::unexpected(unknown_command(first));
    }
    return run(on, *called, std::move(words));
}

[[nodiscard]] status guarded(terminal& on, const std::vector<std::string>& words) {
    failure what{.how = status::system, .about = {}, .what = {}, .code = {}};
    try {
        auto done = run(on, words);
        if (done) {
            const auto arrived = on.flush();
            if (arrived) {
                return *done;
            }
            what = arrived.error();
        } else {
            what = std::move(done).error();
        }
    } catch (const std::bad_alloc&) {
        what.what = "out of memory";
    } catch (const std::exception& other) {
        what.what = other.what();
    }
    on.complain(what);
    return what.how;
}

} // namespace

} // namespace tool

int main(int argc, char** argv) {
    tool::terminal on;
    return static_cast<int>(
        tool::guarded(on, std::vector<std::string>{argv + std::min(argc, 1), argv + argc}));
}
