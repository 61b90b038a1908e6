// `help`: the pages, written from what the commands declare, so that they cannot disagree with it.

#include "command.hpp"
#include "format.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace tool {

namespace {

constexpr std::size_t page_width = 78;

// Words in lines of the page's width, all but the first indented.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent) {
    std::string page;
    std::size_t column = indent;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(" \n"), text.size());
        const auto word = text.substr(0, end);
        if (column != indent && column + 1 + word.size() > page_width) {
            page += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (column != indent) {
            page += ' ';
            ++column;
        }
        page += word;
        column += word.size();
        const bool paragraph = end != text.size() && text[end] == '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
        if (paragraph) {
            page += '\n' + std::string(indent, ' ');
            column = indent;
        }
    }
    return page;
}

// "  left     right, wrapped": what does not fit beside the left stands below it.
[[nodiscard]] std::string entry(const terminal& on, std::string_view left, std::string_view right,
                                std::size_t column) {
    std::string line = "  " + on.dye(style::bold, left);
    if (left.size() + 4 > column) {
        line += '\n' + std::string(column, ' ');
    } else {
        line.append(column - left.size() - 2, ' ');
    }
    return line + wrapped(right, column) + '\n';
}

[[nodiscard]] std::string option_name(const CLI::Option& option) {
    if (option.get_positional()) {
        return option.get_name();
    }
    std::string name;
    for (const std::string& each : option.get_snames()) {
        name += "-" + each + ", ";
    }
    for (const std::string& each : option.get_lnames()) {
        name += "--" + each + ", ";
    }
    name.erase(name.size() - 2);
    return option.get_type_size() == 0 ? name : name + " " + option.get_type_name();
}

class help_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "help"; }

    [[nodiscard]] std::string_view summary() const override { return "this page, or a command's"; }

    [[nodiscard]] std::string_view usage() const override { return "[COMMAND]"; }

    [[nodiscard]] std::string details() const override {
        return "Without a command, the list of them.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype help prune", "which rules there are"}};
    }

    void declare(CLI::App& parser) override { parser.add_option("COMMAND", about_, "the command"); }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (about_.empty()) {
            on.print(help_page(on));
            return status::done;
        }
        command* found = command_named(about_);
        if (found == nullptr) {
            return std::unexpected(unknown_command(about_));
        }
        on.print(help_page(on, *found));
        return status::done;
    }

private:
    std::string about_;
};

} // namespace

std::string help_page(const terminal& on) {
    std::string page = on.dye(style::bold, "tintype") +
                       " looks into, checks, packs and keeps snapshots.\n\n" +
                       on.dye(style::bold, "usage") +
                       "\n  tintype COMMAND [ARGUMENTS]\n  tintype help COMMAND\n  tintype "
                       "--version\n\n" +
                       on.dye(style::bold, "commands") + "\n";
    for (const auto& each : commands()) {
        page += entry(on, each->name(), each->summary(), 12);
    }
    page += "\n" + on.dye(style::bold, "formats") + "\n";
    for (const format* each : formats()) {
        page += entry(on, each->name(), each->about(), 20);
    }
    page += "\n" + on.dye(style::bold, "places") + "\n";
    page += entry(on, "DIR", "a folder", 20);
    page += entry(on, "s3://BUCKET/PREFIX",
                  "the same in an object store; AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID "
                  "and AWS_SECRET_ACCESS_KEY say which, and who asks",
                  20);
    page += "\n" + on.dye(style::bold, "exit status") + "\n";
    page += entry(on, "0", "done", 12);
    page += entry(on, "1", "the data is bad: damaged, incomplete, refused", 12);
    page += entry(on, "2", "the call is wrong", 12);
    page += entry(on, "3", "the system failed: no such file, no space, no permission", 12);
    return page;
}

std::string help_page(const terminal& on, command& about) {
    std::string page = on.dye(style::bold, fmt::format("tintype {}", about.name())) +
                       fmt::format(": {}\n\n", about.summary());
    page += on.dye(style::bold, "usage") + "\n";
    for (const auto way : std::views::split(about.usage(), '\n')) {
        page += "  " + wrapped(fmt::format("tintype {} {}", about.name(),
                                           std::string_view{way.begin(), way.end()}),
                               6);
        page += '\n';
    }
    page += "\n" + wrapped(about.details(), 0) + "\n\n";

    CLI::App parser;
    parser.set_help_flag();
    about.declare(parser);
    parser.set_help_flag("-h,--help", "this page"); // behind the command's own
    page += on.dye(style::bold, "arguments") + "\n";
    std::size_t widest = 0;
    for (const CLI::Option* each : parser.get_options()) {
        widest = std::max(widest, option_name(*each).size());
    }
    for (const bool positional : {true, false}) {
        for (const CLI::Option* each : parser.get_options()) {
            if (each->get_positional() == positional) {
                page += entry(on, option_name(*each), each->get_description(),
                              std::min<std::size_t>(widest, 24) + 4);
            }
        }
    }
    page += "\n" + on.dye(style::bold, "examples") + "\n";
    for (const command::example& each : about.examples()) {
        page += fmt::format("  {}\n      {}\n", each.line, on.dye(style::dim, each.does));
    }
    return page;
}

std::unique_ptr<command> make_help() {
    return std::make_unique<help_command>();
}

} // namespace tool
