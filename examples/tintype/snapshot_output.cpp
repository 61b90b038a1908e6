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
    const std::uint64_t size = what.body->size();
    const bool piped = path_ == "-" || path_ == "/dev/stdout";
    const auto done = write_output(
        path_ == "-" ? "/dev/stdout" : path_, size,
        [&](byte_output& out) { return what.body->encode(out); }, on.watch(path_));
    if (!done) {
        return std::unexpected(done.error());
    }
    if (piped) {
        return status::done; // the snapshot is the result
    }
    if (json_) {
        on.print(json::written(json::object{
                     {"output", path_}, {"format", what.kind->family()}, {"size", size}}) +
                 "\n");
    } else {
        on.print(fmt::format("{}  {}, {}\n", visible(path_), what.kind->name(), human_size(size)));
    }
    return status::done;
}

void folder_option::declare(CLI::App& parser) {
    parser.add_option("-d,--directory", path_, "the folder to write into")
        ->required()
        ->type_name("DIR");
    parser.add_flag("--json", json_, "one JSON document");
}

outcome<status> folder_option::write(terminal& on, const snapshot& what,
                                     json::object document) const {
    if (path_.empty()) {
        return wrong_call("-d takes the name of a folder");
    }
    const auto parts = what.body->parts();
    if (auto done = write_parts(path_, parts, on.watch(path_)); !done) {
        return std::unexpected(done.error());
    }
    json::array files;
    for (const part& each : parts) {
        files.emplace_back(each.file);
        if (!json_) {
            on.print(fmt::format("{}  {}\n", visible(joined(path_, each.file)),
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
