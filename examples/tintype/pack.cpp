// `pack` and `unpack`: between a snapshot and one file a section.

#include "command.hpp"
#include "format.hpp"
#include "sections.hpp"
#include "snapshot_output.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tool {

namespace {

class pack_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "pack"; }

    [[nodiscard]] std::string_view summary() const override {
        return "write a snapshot from one file a section";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "--format F --section NAME=FILE... -o OUT [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return section_options::explained(false) +
               " Every section is named once. The index of a vsnp is JSON, as `unpack` writes it: "
               "{\"wal_position\":N,\"entries\":[{\"id\":N,\"offset\":N},...]}\n" +
               std::string{output_option::explained};
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype pack --format vsnp --section index=index.json -o payloads.snapshot",
                 "an index written by hand"},
                {"tintype pack --format vamm-2 --section semantic=s.bin \\\n"
                 "      --section episodic=e.bin --section procedural=p.bin \\\n"
                 "      --section ttl=/dev/null -o memory.vamm",
                 "all four sections of a memory, one of them empty"}};
    }

    void declare(CLI::App& parser) override {
        sections_.declare(parser);
        out_.declare(parser);
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto kind = sections_.chosen();
        if (!kind) {
            return std::unexpected(kind.error());
        }
        const auto made = sections_.assembled(**kind, on);
        if (!made) {
            return std::unexpected(made.error());
        }
        return out_.write(on, *made);
    }

private:
    section_options sections_;
    output_option out_;
};

class unpack_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "unpack"; }

    [[nodiscard]] std::string_view summary() const override {
        return "write one file a section from a snapshot";
    }

    [[nodiscard]] std::string_view usage() const override { return "FILE -d DIR [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "A section becomes NAME.bin, the entries of a vsnp index.json. Files of these names "
               "are replaced, others left alone; the folder is made if need be. Nothing is written "
               "from a damaged snapshot.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype unpack memory.vamm -d memory", "memory/semantic.bin and three others"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the snapshot")->required();
        folder_.declare(parser);
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto body = decoded(file_, on.watch(file_));
        if (!body) {
            return std::unexpected(body.error());
        }
        if (body->body->parts().empty()) {
            return std::unexpected(
                failure{.how = status::wrong_call,
                        .about = file_,
                        .what = fmt::format("{} is not made of sections", body->kind->name()),
                        .code = tintype::errc::unsupported});
        }
        return folder_.write(on, *body, {{"format", body->kind->family()}});
    }

private:
    std::string file_;
    folder_option folder_;
};

} // namespace

std::unique_ptr<command> make_pack() {
    return std::make_unique<pack_command>();
}

std::unique_ptr<command> make_unpack() {
    return std::make_unique<unpack_command>();
}

} // namespace tool
