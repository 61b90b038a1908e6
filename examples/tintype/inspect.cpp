// `inspect`: one file, as far as it can be followed.

#include "command.hpp"
#include "document.hpp"
#include "format.hpp"
#include "stream_formats.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tool {

namespace {

class inspect_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "inspect"; }

    [[nodiscard]] std::string_view summary() const override {
        return "show what a file is, what it holds and whether it is whole";
    }

    [[nodiscard]] std::string_view usage() const override { return "FILE [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "The format is recognised by the file's content, never by its name. Of a damaged "
               "file everything is shown up to the first thing that does not fit, then what is "
               "wrong, and the exit status is 1.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype inspect snapshot_00000042.vamm", "sections, offsets, checksums"},
                {"tintype inspect --json payloads.snapshot | jq .entries", "one number out of it"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the snapshot")->required();
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto opened = open_and_recognise(file_);
        if (!opened) {
            return std::unexpected(opened.error());
        }
        if (opened->kind == nullptr) {
            return std::unexpected(unrecognised(file_, opened->file->bytes()));
        }
        auto seen = opened->inspect({.watch = &on.watch(file_)});
        if (!seen) {
            return failed(file_, seen.error());
        }
        if (json_) {
            if (seen->damage) {
                seen->document.emplace_back(
                    "error", json::object{{"code", tintype::name_of(seen->damage->code)},
                                          {"message", explained(file_, *seen->damage)}});
            }
            on.print(json::written(std::move(seen->document)) + "\n");
        } else {
            on.print(shown(on, seen->document));
        }
        if (seen->damage) {
            return failed_data(file_, *seen->damage);
        }
        return status::done;
    }

private:
    std::string file_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_inspect() {
    return std::make_unique<inspect_command>();
}

} // namespace tool
