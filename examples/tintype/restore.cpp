// `restore`: a version taken apart into files, or a snapshot of a chain as one text.

#include "chains.hpp"
#include "command.hpp"
#include "restored_json.hpp"
#include "snapshot_output.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>

namespace tool {

namespace {

class restore_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "restore"; }

    [[nodiscard]] std::string_view summary() const override {
        return "take a snapshot out of a folder";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "DIR [--version N] -d OUT [--json]\n"
               "DIR --id ID -o OUT.json [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "From a folder of versions the newest, unless another is named: a section becomes "
               "NAME.bin, just as it was saved.\n"
               "From a chain of Dakera's the snapshot of that id with everything that its parents "
               "hold, as it was when it was taken, in one file: namespaces by name, vectors by id. "
               "The records of the library's own chains have the shape that a program gave them, "
               "and only it can read them.\n"
               "Nothing is written from a damaged snapshot; `ls` shows which are whole. " +
               std::string{output_option::explained};
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype restore snapshots -d memory", "the newest"},
                {"tintype restore snapshots --version 41 -d memory", "the one before the accident"},
                {"tintype restore dakera --id snap_1700000300000_4 -o vectors.json",
                 "every namespace as it was then"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder")->required();
        parser.add_option("--version", version_, "this version")->type_name("N");
        parser.add_option("--id", id_, "this snapshot of a chain")->type_name("ID");
        out_.declare_for_some(parser);
        parser.add_option("-o,--output", output_, "the file to write a chain's snapshot into")
            ->type_name("OUT");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (id_ && (version_ || out_.given())) {
            return wrong_call(fmt::format("--id names a snapshot of a chain: it goes with -o, "
                                          "not with {}",
                                          version_ ? "--version" : "-d"));
        }
        if (id_ ? !output_ : !out_.given() && !output_) {
            return wrong_call(id_ ? "--id needs -o, the file to write"
                                  : "restore needs -d, the folder to write into, or --id and -o");
        }
        if (!id_ && output_) {
            return wrong_call("-o takes a snapshot of a chain: name it with --id");
        }
        return id_ ? restore_chain(on) : restore_version(on);
    }

private:
    [[nodiscard]] outcome<status> restore_chain(terminal& on) const {
        const auto place = require_store(folder_);
        if (!place) {
            return std::unexpected(place.error());
        }
        const auto kind = require_chain(*place);
        if (!kind) {
            return std::unexpected(kind.error());
        }
        if (*kind != chain_kind::dakera) {
            return std::unexpected(failure{
                .how = status::wrong_call,
                .about = folder_,
                .what = "only a program that describes its records can restore this chain: there "
                        "is no other form to write them in",
                .code = tintype::errc::unsupported});
        }
        const bool piped = *output_ == "-" || *output_ == "/dev/stdout";
        const auto done =
            restore_dakera(on, *place, *id_, *output_ == "-" ? "/dev/stdout" : *output_);
        if (!done) {
            return std::unexpected(done.error());
        }
        if (piped) {
            return status::done; // the text is the result
        }
        if (out_.json()) {
            on.print(json::written(json::object{{"id", *id_},
                                                {"output", *output_},
                                                {"namespaces", done->namespaces},
                                                {"vectors", done->vectors},
                                                {"size", done->size}}) +
                     "\n");
        } else {
            on.print(fmt::format("{}  {} in {}, {}\n", visible(*output_),
                                 counted(done->vectors, "vector"),
                                 counted(done->namespaces, "namespace"), human_size(done->size)));
        }
        return status::done;
    }

    [[nodiscard]] outcome<status> restore_version(terminal& on) const {
        std::uint64_t asked = 0;
        if (version_) {
            const auto version = number(*version_);
            if (!version) {
                return wrong_call(fmt::format("--version takes a number, not `{}`", *version_));
            }
            asked = *version;
        }
        const auto place = require_store(folder_);
        if (!place) {
            return std::unexpected(place.error());
        }
        const auto folder =
            open_versions(*place, tintype::keep_all{}, on.watch(folder_), purpose::look);
        if (!folder) {
            return std::unexpected(folder.error());
        }
        const auto loaded = version_ ? folder->load(asked) : folder->load_latest();
        if (!loaded) {
            const auto about = version_ ? path_of(folder_, asked) : folder_;
            return failed_to_load(*place, *folder, about, loaded.error());
        }
        return out_.write(on, loaded->state, {{"version", loaded->version}});
    }

    // Of a damaged newest version also which older one is whole, and of a chain how it is asked.
    [[nodiscard]] outcome<status> failed_to_load(const store& place,
                                                 const snapshot_folder<tintype::keep_all>& folder,
                                                 const std::string& about,
                                                 const tintype::error& what) const {
        auto known = failed(about, what);
        if (what.code == tintype::errc::not_found) {
            if (const auto chain = chain_in(place); chain && *chain) {
                return std::unexpected(
                    failure{.how = status::wrong_call,
                            .about = folder_,
                            .what = "holds a chain: name a snapshot, --id ID -o OUT.json",
                            .code = what.code});
            }
        }
        if (status_of(what) == status::bad_data && !version_) {
            if (const auto older = folder.load_latest_valid()) {
                known.error().what += fmt::format("; version {} is whole: --version {}",
                                                  older->version, older->version);
            }
        }
        return known;
    }

    std::string folder_;
    std::optional<std::string> version_;
    std::optional<std::string> id_;
    std::optional<std::string> output_;
    folder_option out_;
};

} // namespace

std::unique_ptr<command> make_restore() {
    return std::make_unique<restore_command>();
}

} // namespace tool
