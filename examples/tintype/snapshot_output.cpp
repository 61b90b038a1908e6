// Writing snapshots and saying what was written.

#include "snapshot_output.hpp"

#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tool {

void output_option::declare(CLI::App& parser) {
    parser.add_option("-o,--output", path_, "the file to write")->required()->type_name("OUT");
    parser.add_flag("--json", json_, "one JSON document");
}

outcome<status> output_option::write(terminal& on, const snapshot& what) const {
    return write(on, what, nullptr);
}

outcome<status> output_option::write_again(terminal& on, const snapshot& what,
                                           const input& from) const {
    return write(on, what, &from);
}

outcome<status> output_option::write(terminal& on, const snapshot& what, const input* from) const {
    const bool piped = path_ == "-" || path_ == "/dev/stdout";
    std::uint64_t size = 0;
    bool same = true;
    const auto done = write_output(
        path_ == "-" ? "/dev/stdout" : path_, what.body->size(),
        [&](byte_output& out) {
            measured_output measured{out, from != nullptr ? from->bytes() : tintype::byte_view{}};
            auto written = what.body->encode(measured);
            size = measured.count();
            same = from == nullptr || measured.as_expected();
            return written;
        },
        on.watch(path_));
    if (!done) {
        return std::unexpected(done.error());
    }
    if (!piped && json_) { // otherwise the snapshot is the result
        json::object document{{"output", path_}, {"format", what.kind->family()}, {"size", size}};
        if (from != nullptr) {
            document.emplace_back("identical", same);
        }
        on.print(json::written(std::move(document)) + "\n");
    } else if (!piped) {
        on.print(fmt::format("{}  {}, {}\n", visible(path_), what.kind->name(), human_size(size)));
    }
    if (!same) {
        on.remark(fmt::format("tintype: {}: not the bytes of {}: that is laid out in another way, "
                              "or has members that are not known and were not written",
                              visible(path_), visible(from->path())));
    }
    return status::done;
}

void folder_option::declare(CLI::App& parser) {
    declare_for_some(parser);
    parser.get_option("-d")->required();
}

void folder_option::declare_for_some(CLI::App& parser) {
    parser.add_option("-d,--directory", path_, "the folder to write into")->type_name("DIR");
    parser.add_flag("--json", json_, "one JSON document");
}

outcome<status> folder_option::write(terminal& on, const snapshot& what,
                                     json::object document) const {
    if (path_.value_or("").empty()) {
        return wrong_call("-d takes the name of a folder");
    }
    const auto parts = what.body->parts();
    if (auto done = write_parts(*path_, parts, on.watch(*path_)); !done) {
        return std::unexpected(done.error());
    }
    json::array files;
    for (const part& each : parts) {
        files.emplace_back(each.file);
        if (!json_) {
            on.print(fmt::format("{}  {}\n", visible(joined(*path_, each.file)),
                                 human_size(each.content().size())));
        }
    }
    if (json_) {
        document.emplace_back("files", std::move(files));
        on.print(json::written(std::move(document)) + "\n");
    }
    return status::done;
}

} // namespace tool
