// `history`: the snapshots in a delta store; more of them; growing old.

#include <tintype/core/clock.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/formats/cbtop.hpp>

#include "command.hpp"
#include "document.hpp"
#include "history_append.hpp"
#include "history_file.hpp"
#include "history_json.hpp"
#include "history_view.hpp"
#include "json.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::cbtop::profile_snapshot;

// A number that an option takes, as typed.
struct number_option {
    const char* option;
    const char* type;
    const char* help;
    std::optional<std::string> typed{};

    void declare(CLI::App& parser) { parser.add_option(option, typed, help)->type_name(type); }

    // Into `to`, where it was given.
    template <class T>
    [[nodiscard]] outcome<void> read(T& to) const {
        if (!typed) {
            return {};
        }
        const auto value = number(*typed);
        if (!value) {
            return wrong_call(fmt::format("{} takes a number from 0 to 18446744073709551615, not "
                                          "`{}`",
                                          option, *typed));
        }
        to = *value;
        return {};
    }
};

class history_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "history"; }

    [[nodiscard]] std::string_view summary() const override {
        return "show, append to and clean up a history of profiles";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "FILE [--from NS] [--to NS] [--fingerprint F] [--metric M] [--start N] [--limit N] "
               "[--index N] [--bytes N] [--bits] [--json]\n"
               "--append JSON FILE [--json]\n"
               "--cleanup NOW_NS FILE [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "Shows the snapshots that everything given holds for, in the order of their "
               "indices; with --index every value of that one. Reading does not disturb a running "
               "writer. What is damaged is left out and told, and the exit status is 1. An answer "
               "takes 50 MiB of snapshots at most, unless --bytes says otherwise; one that is cut "
               "off says where to go on.\n"
               "In JSON a value is a number, or a text of 16 hexadecimal digits, which are its "
               "bits: so are NaN and the infinities, and with --bits all. Times are nanoseconds "
               "since 1970.\n"
               "--append takes snapshots as they are printed: timestamp_ns, fingerprint and "
               "metrics must be there, and values in each metric; timestamps and metadata may be. "
               "JSON is a file with one or more of them, `-` for standard input with one on each "
               "line, or a snapshot itself. A history that is not there is made. The indices are "
               "printed once all is durable. A snapshot that is refused ends it: nothing of that "
               "one is appended, those before it stay, and the error names them.\n"
               "--cleanup packs what is older than a day at that time, archives what is older "
               "than 30 days, lets go of what is older than 365, and gives the space back.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype history run.history --metric cpu --limit 10", "the first ten with it"},
                {"tintype history run.history --index 41", "every value of one snapshot"},
                {"profile | tintype history --append - run.history", "as the lines come"},
                {"tintype history --cleanup $(date +%s%N) run.history", "what is old grows small"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the history")->required();
        from_.declare(parser);
        to_.declare(parser);
        parser.add_option("--fingerprint", fingerprint_, "only snapshots of this workload")
            ->type_name("F");
        parser.add_option("--metric", metric_, "only snapshots that have it")->type_name("M");
        start_.declare(parser);
        limit_.declare(parser);
        index_.declare(parser);
        bytes_.declare(parser);
        parser.add_flag("--bits", bits_, "values as the 16 hexadecimal digits of their bits");
        parser.add_option("--append", append_, "append these snapshots")->type_name("JSON");
        cleanup_.declare(parser);
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (append_ && cleanup_.typed) {
            return wrong_call("--append and --cleanup are two calls");
        }
        if (append_ || cleanup_.typed) {
            if (const auto* given = question()) {
                return wrong_call(
                    fmt::format("{} goes with neither --append nor --cleanup", given));
            }
        }
        return append_          ? append_to_history(on, file_, *append_, json_)
               : cleanup_.typed ? clean_up(on)
                                : show(on);
    }

private:
    // An option that only makes sense where snapshots are shown.
    [[nodiscard]] const char* question() const {
        for (const number_option* each : {&from_, &to_, &start_, &limit_, &index_, &bytes_}) {
            if (each->typed) {
                return each->option;
            }
        }
        return fingerprint_ ? "--fingerprint" : metric_ ? "--metric" : bits_ ? "--bits" : nullptr;
    }

    [[nodiscard]] outcome<status> show(terminal& on) const {
        history_question what;
        for (const auto& done : {from_.read(what.query.time.from), to_.read(what.query.time.to),
                                 start_.read(what.query.start), limit_.read(what.query.limit),
                                 bytes_.read(what.query.bytes), index_.read(what.index)}) {
            if (!done) {
                return std::unexpected(done.error());
            }
        }
        what.query.label = fingerprint_;
        what.query.metric = metric_;
        what.values = bits_ ? values_as::bits : values_as::numbers;
        what.json = json_;
        return show_history(on, file_, what);
    }

    [[nodiscard]] outcome<status> clean_up(terminal& on) const {
        std::uint64_t now = 0;
        if (auto good = cleanup_.read(now); !good) {
            return pass(good);
        }
        const auto place = place_of_history(file_);
        if (!place) {
            return std::unexpected(place.error());
        }
        if (!place->there) { // opening it would make one
            return failed(file_, {.code = tintype::errc::not_found});
        }
        auto store = tintype::delta_store<profile_snapshot>::open(place->storage, place->name);
        if (!store) {
            return failed(file_, store.error());
        }
        // The bar counts bytes, and this work counts blocks, so nothing but Ctrl-C is listened to.
        std::stop_source stop;
        auto listen = [&](tintype::progress) {
            if (!on.interrupted(file_)) {
                stop.request_stop();
            }
        };
        const tintype::monitor watch{listen, stop.get_token()};
        const auto before = store->size();
        const auto done = store->cleanup(now, {.watch = &watch});
        if (!done) {
            return failed(file_, done.error());
        }
        tell(on, *done, store->count(), before, store->size());
        if (auto go_on = on.interrupted(file_); !go_on) {
            return pass(go_on);
        }
        if (done->damaged != 0) {
            return std::unexpected(
                failure{.how = status::bad_data,
                        .about = file_,
                        .what = fmt::format("{} of snapshots could not be read, and stayed as "
                                            "they are; `verify` says why",
                                            counted(done->damaged, "group")),
                        .code = tintype::errc::checksum_mismatch});
        }
        return status::done;
    }

    void tell(terminal& on, const tintype::cleanup_outcome& done, std::uint64_t left,
              std::uint64_t before, std::uint64_t after) const {
        if (json_) {
            on.print(json::written(json::object{{"compressed", done.compressed},
                                                {"archived", done.archived},
                                                {"dropped", done.dropped},
                                                {"damaged", done.damaged},
                                                {"complete", done.complete},
                                                {"compacted", done.compacted},
                                                {"snapshots", left},
                                                {"size_before", before},
                                                {"size", after}}) +
                     "\n");
            return;
        }
        on.print(fmt::format("{}  {} compressed, {} archived, {} let go; {} left, {}, before {}\n",
                             visible(file_), done.compressed, done.archived, done.dropped,
                             counted(left, "snapshot"), human_size(after), human_size(before)));
    }

    std::string file_;
    number_option from_{"--from", "NS", "only snapshots of this time or later"};
    number_option to_{"--to", "NS", "only snapshots of this time or before"};
    std::optional<std::string> fingerprint_;
    std::optional<std::string> metric_;
    number_option start_{"--start", "N", "only snapshots from this index on"};
    number_option limit_{"--limit", "N", "so many snapshots at most"};
    number_option index_{"--index", "N", "only this snapshot, with every value"};
    number_option bytes_{"--bytes", "N", "so many bytes of snapshots at most (0: 50 MiB)"};
    bool bits_ = false;
    std::optional<std::string> append_;
    number_option cleanup_{"--cleanup", "NOW_NS", "move and let go what is old at this time"};
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_history() {
    return std::make_unique<history_command>();
}

} // namespace tool
