// The table of commands.

#include "command.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tool {

std::span<const std::unique_ptr<command>> commands() {
    // In the order in which `help` lists them.
    static const std::vector<std::unique_ptr<command>> all = [] {
        std::vector<std::unique_ptr<command>> table;
        table.push_back(make_inspect());
        table.push_back(make_verify());
        table.push_back(make_ls());
        table.push_back(make_diff());
        table.push_back(make_save());
        table.push_back(make_restore());
        table.push_back(make_prune());
        table.push_back(make_copy());
        table.push_back(make_pack());
        table.push_back(make_unpack());
        table.push_back(make_rewrite());
        table.push_back(make_migrate());
        table.push_back(make_export());
        table.push_back(make_import());
        table.push_back(make_history());
        table.push_back(make_sessions());
        table.push_back(make_session());
        table.push_back(make_compare());
        table.push_back(make_layout());
        table.push_back(make_report());
        table.push_back(make_help());
        return table;
    }();
    return all;
}

command* command_named(std::string_view name) {
    const auto found = std::ranges::find(commands(), name, &command::name);
    return found == commands().end() ? nullptr : found->get();
}

failure unknown_command(std::string_view typed) {
    std::vector<std::string_view> names;
    std::ranges::transform(commands(), std::back_inserter(names), &command::name);
    const auto guess = meant(typed, names);
    return wrong_call(fmt::format("unknown command `{}`{}", typed,
                                  guess ? fmt::format(", did you mean `{}`?", *guess)
                                        : "; `tintype help` lists them"))
        .error();
}

} // namespace tool
