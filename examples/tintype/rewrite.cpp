// `rewrite` and `migrate`: a snapshot decoded and encoded again, in its own format or a newer one.

#include "command.hpp"
#include "format.hpp"
#include "snapshot_output.hpp"
#include "velesdb_formats.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string_view>

namespace tool {

namespace {

class rewrite_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "rewrite"; }

    [[nodiscard]] std::string_view summary() const override {
        return "decode a snapshot and encode it again in the same format";
    }

    [[nodiscard]] std::string_view usage() const override { return "FILE -o OUT [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "Of a whole file the result is the same, byte for byte: a proof that everything in "
               "it was understood. Of JSON, that is so for what Dakera wrote, compact or pretty. "
               "What others wrote may be laid out in another way, or have members that are not "
               "known and so are not written: that the bytes differ is then said. " +
               std::string{output_option::explained};
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype rewrite memory.vamm -o copy.vamm && cmp memory.vamm copy.vamm",
                 "the same bytes"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the snapshot")->required();
        out_.declare(parser);
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto file = open_input(file_);
        if (!file) {
            return std::unexpected(file.error());
        }
        const auto body = decoded(*file, on.watch(file_));
        if (!body) {
            return std::unexpected(body.error());
        }
        return out_.write_again(on, *body, *file);
    }

private:
    std::string file_;
    output_option out_;
};

class migrate_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "migrate"; }

    [[nodiscard]] std::string_view summary() const override {
        return "write a snapshot in a newer format";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "FILE --to FORMAT -o OUT [--ttl-kind KIND] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "From vamm-1 to vamm-2. A ttl entry of version 1 expired its id in all three "
               "memories, so it becomes three entries, one for each kind; --ttl-kind names the one "
               "memory that it was meant for instead. A vamm-2 stays as it is. " +
               std::string{output_option::explained};
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype migrate old.vamm --to vamm-2 -o new.vamm", "each ttl entry three times"},
                {"tintype migrate old.vamm --to vamm-2 --ttl-kind episodic -o new.vamm",
                 "each ttl entry once"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the snapshot")->required();
        parser.add_option("--to", to_, "the format to write")->required()->type_name("FORMAT");
        parser
            .add_option("--ttl-kind", ttl_kind_, "semantic, episodic, procedural or all (default)")
            ->type_name("KIND");
        out_.declare(parser);
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto target = format_named(to_);
        if (!target) {
            return std::unexpected(target.error());
        }
        if (to_ != "vamm-2") {
            return wrong_call(fmt::format("there is no migration to {}, only to vamm-2", to_));
        }
        const auto body = migrated_to_vamm_2(file_, ttl_kind_, on.watch(file_));
        if (!body) {
            return std::unexpected(body.error());
        }
        return out_.write(on, *body);
    }

private:
    std::string file_;
    std::string to_;
    std::string ttl_kind_ = "all";
    output_option out_;
};

} // namespace

std::unique_ptr<command> make_rewrite() {
    return std::make_unique<rewrite_command>();
}

std::unique_ptr<command> make_migrate() {
    return std::make_unique<migrate_command>();
}

} // namespace tool
