// `export`: a live database and other files as one stream of chunks.

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/source.hpp>
#include <tintype/stream/sqlite_source.hpp>
#include <tintype/stream/wire.hpp>

#include "command.hpp"
#include "files.hpp"
#include "json.hpp"
#include "stream_survey.hpp"
#include "text.hpp"
#include "wires.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::errc;
using tintype::result;
using tintype::snapshot_chunk;

constexpr std::string_view database_name = "database.db";

// An exporter under either checksum.
class chunk_export {
public:
    virtual ~chunk_export() = default;
    [[nodiscard]] virtual const tintype::stream_metadata& metadata() const = 0;
    [[nodiscard]] virtual std::uint64_t chunk_count() const = 0;
    [[nodiscard]] virtual result<void> read(std::uint64_t sequence, snapshot_chunk& into) = 0;
};

template <class Hash>
class export_with : public chunk_export {
public:
    explicit export_with(tintype::exporter<Hash> from) : from_(std::move(from)) {}

    [[nodiscard]] const tintype::stream_metadata& metadata() const override {
        return from_.metadata();
    }

    [[nodiscard]] std::uint64_t chunk_count() const override { return from_.chunk_count(); }

    [[nodiscard]] result<void> read(std::uint64_t sequence, snapshot_chunk& into) override {
        return from_.read(sequence, into);
    }

private:
    tintype::exporter<Hash> from_;
};

// As many sources as the call has.
template <class Source>
class sources_of {
public:
    explicit sources_of(std::vector<Source> all) : all_(std::move(all)) {}

    [[nodiscard]] result<void> pin(tintype::capture& into) {
        return each([&](Source& source) { return source.pin(into); });
    }

    [[nodiscard]] result<void> collect(tintype::capture& into) {
        return each([&](Source& source) { return source.collect(into); });
    }

private:
    template <class Use>
    [[nodiscard]] result<void> each(Use use) {
        for (Source& source : all_) {
            if (auto done = use(source); !done) {
                return done;
            }
        }
        return {};
    }

    std::vector<Source> all_;
};

using databases = sources_of<tintype::sqlite_source>;
using files = sources_of<tintype::file_source>;

template <class Hash>
[[nodiscard]] result<std::unique_ptr<chunk_export>> opened_with(tintype::export_options options,
                                                                databases from, files besides) {
    auto opened =
        tintype::exporter<Hash>::open(std::move(options), std::move(from), std::move(besides));
    if (!opened) {
        return tintype::pass(opened);
    }
    return std::make_unique<export_with<Hash>>(*std::move(opened));
}

// Standard output, where it is: at its end if it was opened to append to.
class standard_output : public byte_output {
public:
    [[nodiscard]] result<void> write(tintype::byte_view bytes) override {
        return sink_.write(bytes);
    }

private:
    tintype::descriptor_sink sink_{STDOUT_FILENO};
};

class export_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "export"; }

    [[nodiscard]] std::string_view summary() const override {
        return "write a live database and its index files as a stream of chunks";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "--sqlite DB [--index FILE ... | --no-indexes] [--file FILE ...] -o STREAM "
               "[--wire WIRE] [--chunk-size N] [--checksum NAME] [--deadline SECONDS] "
               "[--rate BYTES] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "The database is copied through SQLite's backup interface while others go on "
               "writing: one committed state of it, as database.db. Its index files are those that "
               "its schema names in `USING vectorlite(...)`, as far as they lie in its folder, or "
               "those given by --index; they become index_0.idx, index_1.idx and so on. Nobody can "
               "write to the database while they are copied. Files given by --file keep their "
               "names.\n"
               "The wire is native (each chunk under a checksum), protobuf (as VectorXLite's "
               "service streams it) or raft-json (as its Raft log keeps it).\n"
               "STREAM appears whole or not at all, in place of what was there. `-` is standard "
               "output, and then what was exported is said on standard error.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype export --sqlite app.db -o app.stream", "with the indexes of its tables"},
                {"tintype export --sqlite app.db -o - | ssh replica tintype import - -d /srv/app",
                 "straight to another machine"},
                {"tintype export --sqlite app.db --wire protobuf --checksum poly31 -o app.pb",
                 "for VectorXLite"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("--sqlite", database_, "the SQLite database")->type_name("DB");
        parser.add_option("--index", indexes_, "an index file, in place of those in the schema")
            ->type_name("FILE")
            ->allow_extra_args(false);
        parser.add_flag("--no-indexes", no_indexes_, "no index files");
        parser.add_option("--file", files_, "another file")
            ->type_name("FILE")
            ->allow_extra_args(false);
        parser.add_option("-o,--output", path_, "the stream to write")
            ->required()
            ->type_name("STREAM");
        parser.add_option("--wire", wire_, "native (default), protobuf or raft-json")
            ->type_name("WIRE");
        parser.add_option("--chunk-size", chunk_size_, "bytes of a file in a chunk (65536)")
            ->type_name("N");
        parser.add_option("--checksum", checksum_, "sha256 (default) or poly31")->type_name("NAME");
        parser.add_option("--deadline", deadline_, "give up if the copy is not made by then")
            ->type_name("SECONDS");
        parser.add_option("--rate", rate_, "bytes of files a second, at the most")
            ->type_name("BYTES");
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto wire = wire_named(wire_);
        if (!wire) {
            return std::unexpected(wire.error());
        }
        auto options = options_for(on);
        if (!options) {
            return std::unexpected(options.error());
        }
        if (auto good = check_call(); !good) {
            return pass(good);
        }
        auto opened = open(*std::move(options));
        if (!opened) {
            return complaint(opened.error());
        }
        return write(on, *wire, **opened);
    }

private:
    [[nodiscard]] bool piped() const { return path_ == "-" || path_ == "/dev/stdout"; }

    // What stands in front of messages about the export as a whole.
    [[nodiscard]] const std::string& about() const {
        return !database_.empty() ? database_ : files_.front();
    }

    [[nodiscard]] outcome<void> check_call() const {
        if (database_.empty() && files_.empty()) {
            return wrong_call("export needs --sqlite, the database, or --file");
        }
        if (database_.empty() && !indexes_.empty()) {
            return wrong_call("--index goes with --sqlite; any other file is a --file");
        }
        if (no_indexes_ && !indexes_.empty()) {
            return wrong_call("--index and --no-indexes exclude each other");
        }
        if (checksum_ != "sha256" && checksum_ != "poly31") {
            return wrong_call(fmt::format("--checksum is sha256 or poly31, not `{}`", checksum_));
        }
        if (piped() && ::isatty(STDOUT_FILENO) == 1) {
            return wrong_call("standard output is a terminal: a stream goes into a file or a pipe");
        }
        std::set<std::string> names;
        if (!database_.empty()) {
            names.emplace(database_name);
        }
        for (std::size_t i = 0; i != indexes_.size(); ++i) {
            names.insert(index_name(i));
        }
        for (const std::string& each : files_) {
            if (!names.insert(file_name_of(each)).second) {
                return wrong_call(fmt::format("two files would be called `{}` in the stream",
                                              visible(file_name_of(each))));
            }
        }
        return check_output();
    }

    // Whoever replaces what he reads from has nothing left.
    [[nodiscard]] outcome<void> check_output() const {
        std::vector<std::string> all{indexes_};
        all.insert(all.end(), files_.begin(), files_.end());
        if (!database_.empty()) {
            all.push_back(database_);
            all.push_back(database_ + "-wal");
        }
        for (const std::string& each : all) {
            std::error_code ignored; // what is not there is not the same
            if (!piped() && std::filesystem::equivalent(each, path_, ignored)) {
                return wrong_call(fmt::format("{} would be overwritten by its own export", each));
            }
        }
        return {};
    }

    [[nodiscard]] static std::string index_name(std::size_t index) {
        return fmt::format("index_{}.idx", index);
    }

    // A number from 1 on; 0 where it was not given.
    [[nodiscard]] static outcome<std::uint64_t>
    positive(std::string_view option, const std::optional<std::string>& typed, std::uint64_t most) {
        if (!typed) {
            return std::uint64_t{0};
        }
        const auto count = number(*typed);
        if (!count || *count == 0 || *count > most) {
            return wrong_call(
                fmt::format("{} takes a number from 1 to {}, not `{}`", option, most, *typed));
        }
        return *count;
    }

    [[nodiscard]] outcome<tintype::export_options> options_for(terminal& on) const {
        constexpr std::uint64_t longest = 1'000'000'000; // seconds, which is as good as never
        const auto chunk_size =
            positive("--chunk-size", chunk_size_, tintype::stream_limits{}.chunk_size);
        const auto deadline = positive("--deadline", deadline_, longest);
        const auto rate = positive("--rate", rate_, std::uint64_t{1} << 62U);
        for (const auto* each : {&chunk_size, &deadline, &rate}) {
            if (!*each) {
                return std::unexpected(each->error());
            }
        }
        tintype::export_options options;
        options.chunk_size =
            *chunk_size != 0 ? static_cast<std::size_t>(*chunk_size) : tintype::default_chunk_size;
        if (*deadline != 0) {
            options.deadline = std::chrono::seconds{static_cast<std::int64_t>(*deadline)};
        }
        options.bytes_per_second = *rate;
        options.watch = &on.watch(about_of_watch());
        return options;
    }

    [[nodiscard]] std::string_view about_of_watch() const {
        return piped() ? std::string_view{database_} : std::string_view{path_};
    }

    [[nodiscard]] result<std::unique_ptr<chunk_export>> open(tintype::export_options options) {
        std::vector<tintype::sqlite_source> database;
        std::vector<tintype::file_source> besides;
        if (!database_.empty()) {
            tintype::sqlite_options how;
            // The exporter's own deadline is the only one.
            how.deadline = std::nullopt;
            how.with_indexes = !no_indexes_ && indexes_.empty();
            how.pinned = !indexes_.empty();
            how.name = database_name;
            database.emplace_back(database_, std::move(how));
        }
        for (std::size_t i = 0; i != indexes_.size(); ++i) {
            besides.emplace_back(indexes_[i], tintype::file_kind::hnsw_index, index_name(i));
        }
        for (const std::string& each : files_) {
            besides.emplace_back(each);
        }
        auto* const open =
            checksum_ == "sha256" ? &opened_with<tintype::sha256> : &opened_with<tintype::poly31>;
        return open(std::move(options), databases{std::move(database)}, files{std::move(besides)});
    }

    // About the file that it is about, where that is known.
    [[nodiscard]] std::unexpected<failure> complaint(tintype::error what) const {
        const auto where = std::string{what.where.view()};
        std::vector<std::string> paths{indexes_};
        paths.insert(paths.end(), files_.begin(), files_.end());
        const bool is_path = std::ranges::any_of(
            paths, [&](const std::string& each) { return what.where == tintype::label{each}; });
        const bool from_schema = !is_path && what.system != 0 && where.contains('/');
        auto known = failed(is_path || from_schema ? where : about(), what);
        if (what.code == errc::permission_denied && what.system == 0 && !is_path) {
            known.error().what += "; --index names it, --no-indexes leaves it out";
        }
        return known;
    }

    [[nodiscard]] outcome<status> write(terminal& on, wire_kind wire, chunk_export& from) {
        std::uint64_t size = 0;
        tintype::blob message;
        snapshot_chunk chunk;
        const auto encode = [&](byte_output& out) -> result<void> {
            for (std::uint64_t sequence = 0; sequence != from.chunk_count(); ++sequence) {
                message.clear();
                if (auto done = from.read(sequence, chunk); !done) {
                    return done;
                }
                if (auto done = encode_message(wire, chunk, message); !done) {
                    return done;
                }
                if (auto done = out.write(message); !done) {
                    return done;
                }
                size += message.size();
            }
            return {};
        };
        if (piped()) {
            // Where the reader has gone there is an error to be told of.
            std::signal(SIGPIPE, SIG_IGN);
            standard_output out;
            if (auto done = encode(out); !done) {
                return failed("standard output", done.error());
            }
        } else if (auto done = write_output(path_, from.metadata().total_size, encode,
                                            on.watch(about_of_watch()));
                   !done) {
            return pass(done);
        }
        tell(on, wire, from, size);
        return status::done;
    }

    void tell(terminal& on, wire_kind wire, const chunk_export& from, std::uint64_t size) const {
        const tintype::stream_metadata& metadata = from.metadata();
        std::string text;
        if (json_) {
            stream_survey seen{
                .wire = wire, .chunks = from.chunk_count(), .complete = true, .metadata = metadata};
            auto document = seen.document();
            document.emplace_back("output", path_);
            document.emplace_back("size", size);
            text = json::written(std::move(document));
        } else {
            text =
                fmt::format("{}  {}: {}, {} in {}, {}",
                            piped() ? "standard output" : visible(path_), metadata.snapshot_id,
                            counted(metadata.files.size(), "file"), human_size(metadata.total_size),
                            counted(from.chunk_count(), "chunk"), name_of(wire));
            for (const tintype::file_info& each : metadata.files) {
                text +=
                    fmt::format("\n  {}  {}", visible(each.file_name), human_size(each.file_size));
            }
        }
        if (piped()) { // the stream is the result
            on.remark(text);
        } else {
            on.print(text + "\n");
        }
    }

    std::string database_;
    std::vector<std::string> indexes_;
    std::vector<std::string> files_;
    bool no_indexes_ = false;
    std::string path_;
    std::string wire_ = "native";
    std::string checksum_ = "sha256";
    std::optional<std::string> chunk_size_;
    std::optional<std::string> deadline_;
    std::optional<std::string> rate_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_export() {
    return std::make_unique<export_command>();
}

} // namespace tool
