#pragma once

// A command of the tool: what it is called, which options it takes, what it does. Each is a class
// in a file of its own or with its kin; the table of them is in commands.cpp.

#include "outcome.hpp"
#include "terminal.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace tool {

class command {
public:
    virtual ~command() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual std::string_view summary() const = 0; // one line of `tintype help`
    [[nodiscard]] virtual std::string_view usage() const = 0;   // behind the name
    [[nodiscard]] virtual std::string details() const = 0;      // paragraphs of `help COMMAND`

    struct example {
        std::string_view line;
        std::string_view does;
    };

    [[nodiscard]] virtual std::vector<example> examples() const = 0;

    // Declares the options; the parser fills the command's own members.
    virtual void declare(CLI::App& parser) = 0;

    [[nodiscard]] virtual outcome<status> run(terminal& on) = 0;
};

[[nodiscard]] std::span<const std::unique_ptr<command>> commands();

[[nodiscard]] command* command_named(std::string_view name);

// "unknown command `inspct`, did you mean `inspect`?"
[[nodiscard]] failure unknown_command(std::string_view typed);

// The pages behind `help`, `help COMMAND` and --help.
[[nodiscard]] std::string help_page(const terminal& on);
[[nodiscard]] std::string help_page(const terminal& on, command& about);

// One each for the table.
[[nodiscard]] std::unique_ptr<command> make_inspect();
[[nodiscard]] std::unique_ptr<command> make_verify();
[[nodiscard]] std::unique_ptr<command> make_pack();
[[nodiscard]] std::unique_ptr<command> make_unpack();
[[nodiscard]] std::unique_ptr<command> make_rewrite();
[[nodiscard]] std::unique_ptr<command> make_migrate();
[[nodiscard]] std::unique_ptr<command> make_ls();
[[nodiscard]] std::unique_ptr<command> make_save();
[[nodiscard]] std::unique_ptr<command> make_restore();
[[nodiscard]] std::unique_ptr<command> make_prune();
[[nodiscard]] std::unique_ptr<command> make_copy();
[[nodiscard]] std::unique_ptr<command> make_diff();
[[nodiscard]] std::unique_ptr<command> make_export();
[[nodiscard]] std::unique_ptr<command> make_import();
[[nodiscard]] std::unique_ptr<command> make_history();
[[nodiscard]] std::unique_ptr<command> make_sessions();
[[nodiscard]] std::unique_ptr<command> make_session();
[[nodiscard]] std::unique_ptr<command> make_compare();
[[nodiscard]] std::unique_ptr<command> make_layout();
[[nodiscard]] std::unique_ptr<command> make_report();
[[nodiscard]] std::unique_ptr<command> make_help();

} // namespace tool
