// `import`: the files of a stream in the place of those that a folder has, all of them or none.

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/staging.hpp>

#include "command.hpp"
#include "files.hpp"
#include "json.hpp"
#include "piped.hpp"
#include "stream_survey.hpp"
#include "text.hpp"
#include "wires.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace tool {

namespace {

using tintype::errc;
using tintype::import_result;
using staging = tintype::staging<>;
using importer = tintype::importer<tintype::vectorxlite::checksums, staging>;

class import_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "import"; }

    [[nodiscard]] std::string_view summary() const override {
        return "restore the files of a stream into a folder, all of them or none";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "STREAM -d DIR [--wire WIRE] [--checksum NAME] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "The files are staged in the folder, where nobody looks. Only when every chunk is "
               "there and every checksum is right do they take the places of the old files, "
               "together and durably: after a crash at any point all are new or all are old, and "
               "the next import decides which, before anything else. Other files in the folder "
               "stay. A database that is replaced must not be open elsewhere.\n"
               "The wire is recognised by the content, and which checksum it is by its length, "
               "unless they are named; then a stream that has another is refused. `-` is standard "
               "input. Nothing is restored from a damaged stream; what is wrong is said together "
               "with the chunks that are lacking.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype import app.stream -d /srv/app", "database.db, index_0.idx and so on"},
                {"ssh main tintype export --sqlite app.db -o - | tintype import - -d /srv/app",
                 "straight from another machine"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("STREAM", path_, "the stream; `-` is standard input")->required();
        parser.add_option("-d,--directory", folder_, "the folder to restore into")
            ->required()
            ->type_name("DIR");
        parser.add_option("--wire", wire_, "native, protobuf or raft-json")->type_name("WIRE");
        parser.add_option("--checksum", checksum_, "sha256 or poly31")->type_name("NAME");
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (folder_.empty()) {
            return wrong_call("-d takes the name of a folder");
        }
        if (auto folder = require_no_bucket(folder_); !folder) {
            return pass(folder);
        }
        if (checksum_ && *checksum_ != "sha256" && *checksum_ != "poly31") {
            return wrong_call(fmt::format("--checksum is sha256 or poly31, not `{}`", *checksum_));
        }
        std::optional<wire_kind> wire;
        if (wire_) {
            const auto named = wire_named(*wire_);
            if (!named) {
                return std::unexpected(named.error());
            }
            wire = *named;
        }
        auto opened = path_ == "-" ? piped::standard_input() : piped::open(path_);
        if (!opened) {
            return std::unexpected(opened.error());
        }
        if (!wire) {
            const auto found = recognised_wire_of(*opened);
            if (!found) {
                return std::unexpected(found.error());
            }
            wire = *found;
        }
        auto place = open_folder(on);
        if (!place) {
            return std::unexpected(place.error());
        }
        const auto done = import_from(on, *opened, *wire, *std::move(place));
        if (!done) {
            return std::unexpected(done.error());
        }
        tell(on, *done);
        return status::done;
    }

private:
    [[nodiscard]] static outcome<wire_kind> recognised_wire_of(piped& from) {
        const auto found = recognised_wire(from, likeness_of_stream::any);
        if (!found) {
            return failed(from.name(), found.error());
        }
        if (*found) {
            return **found;
        }
        const auto head = from.first(8);
        std::string text;
        for (const std::byte each : head.value_or(tintype::byte_view{})) {
            text += fmt::format(" {:02x}", std::to_integer<unsigned>(each));
        }
        return std::unexpected(failure{
            .how = status::bad_data,
            .about = from.name(),
            .what = text.empty() ? "incomplete stream: it is empty"
                                 : fmt::format("invalid magic: no stream of chunks begins with{}; "
                                               "--wire names its wire where it is one",
                                               text),
            .code = text.empty() ? errc::incomplete_stream : errc::invalid_magic});
    }

    // What an import left that did not come to its end is completed, or removed.
    [[nodiscard]] outcome<staging> open_folder(terminal& on) const {
        const auto own = joined(folder_, tintype::detail::private_folder_name);
        std::error_code ignored; // opening it will say
        const bool journal =
            std::filesystem::exists(joined(own, tintype::detail::journal_name), ignored);
        bool parts = false;
        for (std::filesystem::directory_iterator each{own, ignored}, end; !ignored && each != end;
             each.increment(ignored)) {
            parts = parts || each->path().filename().string().starts_with("part-");
        }
        auto opened = staging::open(folder_);
        if (!opened) {
            return failed_data(folder_, opened.error());
        }
        if (journal) {
            const auto now = opened->restored();
            const auto id = now && *now ? visible((*now)->snapshot_id) : std::string{"a snapshot"};
            on.remark(fmt::format("tintype: {}: the import of {} was interrupted; it has now been "
                                  "completed",
                                  visible(folder_), id));
        } else if (parts) {
            on.remark(fmt::format("tintype: {}: an import was interrupted before it counted; what "
                                  "it left has been removed",
                                  visible(folder_)));
        }
        return *std::move(opened);
    }

    [[nodiscard]] outcome<import_result> import_from(terminal& on, piped& from, wire_kind wire,
                                                     staging place) const {
        importer into{std::move(place), {.watch = &on.watch(from.name())}};
        const auto reader = reader_of(wire, from);
        stream_damage damage;
        tintype::snapshot_chunk chunk;
        while (!reader->over()) {
            if (auto go_on = on.interrupted(from.name()); !go_on) {
                return pass(go_on);
            }
            const auto more = reader->next(chunk);
            if (!more && is_of_the_system(more.error())) {
                return failed(from.name(), more.error());
            }
            if (!more) {
                damage.note(more.error());
                continue;
            }
            if (auto good = check_algorithm(from, chunk); !good) {
                return pass(good);
            }
            const auto added = into.add(chunk);
            if (!added && is_of_the_system(added.error())) {
                // Of what is written, it is the folder that is at fault.
                return failed(added.error().code == errc::cancelled ? from.name() : folder_,
                              added.error());
            }
            if (!added) {
                damage.note(added.error());
            }
        }
        if (const auto behind = reader->next(chunk); !behind && !damage.first()) {
            if (is_of_the_system(behind.error())) {
                return failed(from.name(), behind.error());
            }
            damage.note(behind.error());
        }
        return finished(from, into, damage);
    }

    [[nodiscard]] outcome<import_result> finished(const piped& from, importer& into,
                                                  const stream_damage& damage) const {
        if (damage.first() || !into.complete()) {
            return std::unexpected(damaged(from, into, damage));
        }
        auto done = into.finish();
        if (done) {
            return *std::move(done);
        }
        const tintype::error& what = done.error();
        switch (into.staging().state()) {
        case tintype::switch_state::old_files:
            break;
        case tintype::switch_state::undecided:
        case tintype::switch_state::new_files:
            auto known = failed(folder_, what);
            known.error().how = status::system;
            known.error().what += "; the next import into this folder completes this one first";
            return known;
        }
        if (!is_of_the_system(what)) {
            // Of the stream, but for a folder in which a file cannot be put in its place.
            return what.code == errc::unsupported ? failed(folder_, what)
                                                  : failed_data(from.name(), what);
        }
        return failed(folder_, what);
    }

    // The first thing that is wrong, and which chunks have to come again.
    [[nodiscard]] static failure damaged(const piped& from, importer& into,
                                         const stream_damage& damage) {
        const auto missing = into.missing();
        if (damage.worst()) {
            auto known = failed_data(from.name(), *damage.worst()).error();
            if (!missing.empty()) {
                known.what += "; chunks lacking: " + listed(missing);
            }
            return known;
        }
        if (into.complete()) {
            return failed_data(from.name(), *damage.first()).error();
        }
        const auto incomplete = into.finish();
        return failed_data(from.name(), lacking(incomplete.error(), missing)).error();
    }

    // Where the call says which it has to be.
    [[nodiscard]] outcome<void> check_algorithm(const piped& from,
                                                const tintype::snapshot_chunk& chunk) const {
        if (!checksum_ || !chunk.metadata) {
            return {};
        }
        const auto other = [&](const std::string& digits) {
            return algorithm_of(digits) != *checksum_;
        };
        const auto& all = *chunk.metadata;
        const auto file = std::ranges::find_if(all.files, other, &tintype::file_info::checksum);
        if (!other(all.checksum) && file == all.files.end()) {
            return {};
        }
        const auto& digits = other(all.checksum) ? all.checksum : file->checksum;
        return std::unexpected(
            failure{.how = status::bad_data,
                    .about = from.name(),
                    .what = fmt::format("the checksums are not {}: {} digits, which is {}",
                                        *checksum_, digits.size(), algorithm_of(digits)),
                    .code = errc::unsupported});
    }

    void tell(terminal& on, const import_result& done) const {
        if (json_) {
            on.print(json::written(
                         json::object{{"snapshot_id", done.snapshot_id},
                                      {"bytes_restored", done.bytes_restored},
                                      {"files_restored", std::uint64_t{done.files_restored}}}) +
                     "\n");
        } else {
            on.print(fmt::format("{}  {}: {}, {}\n", visible(folder_), visible(done.snapshot_id),
                                 counted(done.files_restored, "file"),
                                 human_size(done.bytes_restored)));
        }
    }

    std::string path_;
    std::string folder_;
    std::optional<std::string> wire_;
    std::optional<std::string> checksum_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_import() {
    return std::make_unique<import_command>();
}

} // namespace tool
