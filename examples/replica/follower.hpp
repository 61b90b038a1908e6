#pragma once

// The process that takes over what the leader has: it stages the chunks of a snapshot over as many
// connections as that takes, switches to it, and answers from it. It may be killed at any moment.

#include <tintype/hash/choice.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/hnsw.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/ranges.hpp>
#include <tintype/stream/reader.hpp>
#include <tintype/stream/staging.hpp>

#include "show.hpp"
#include "store.hpp"
#include "talk.hpp"

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace replica {

enum class death : std::uint8_t { none, while_staging, within_the_switch };

// Staged by one that is killed while it stages.
inline constexpr std::uint64_t chunks_before_death = 200;

// Of a process that is killed when the database is the new one already, and the index is not.
struct dying_filesystem : tintype::posix_filesystem {
    bool dies = false;

    [[nodiscard]] tintype::result<void> rename_over(const folder& in, const std::string& from,
                                                    const std::string& to) const {
        if (dies && to == index_name) {
            std::raise(SIGKILL);
        }
        return posix_filesystem::rename_over(in, from, to);
    }
};

using staging = tintype::staging<dying_filesystem>;
using importer = tintype::importer<tintype::hash_choice<tintype::sha256>, staging>;

// What the folder holds, after a switch that a crash broke off was completed or taken back.
[[nodiscard]] inline std::optional<tintype::stream_metadata> held_in(const std::string& folder) {
    return must("note", must("open", staging::open(folder)).restored());
}

// The answer of the files, each verified before anything is read from it.
[[nodiscard]] inline std::string answer_of(const std::string& folder,
                                           const tintype::stream_metadata& what) {
    std::optional<std::string> rows;
    std::unique_ptr<index_type> index;
    std::uint64_t count = 0;
    std::uint64_t last = 0;
    for (const tintype::file_info& each : what.files) {
        const std::string path = folder + "/" + each.file_name;
        if (each.file_type == tintype::file_kind::hnsw_index) {
            index = must("load", tintype::load_index<tintype::sha256>(path, each, space()));
            continue;
        }
        must("verify", tintype::verify_file<tintype::sha256>(path, each));
        const auto file = must("open", database::open("file:" + path + "?immutable=1",
                                                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
        count = must("count", file.number("SELECT count(*) FROM texts"));
        last = must("last", file.number("SELECT max(id) FROM texts"));
    }
    return index ? answer(count, last, *index) : "no index";
}

class follower {
public:
    follower(std::string folder, std::uint16_t leader, const screen& to)
        : folder_(std::move(folder)), leader_(leader), to_(to) {}

    // Takes a snapshot over; whether it answers as the leader did when it was taken.
    template <class Wire>
    [[nodiscard]] bool take_over(death how) const {
        dying_filesystem files;
        files.dies = how == death::within_the_switch;
        importer into{must("open", staging::open(folder_, {}, files))};
        tintype::number_ranges seen;
        std::uint64_t twice = 0;
        const stopwatch since;
        auto at = asked(leader_, "snapshot");
        for (int connections = 1;; ++connections) {
            const auto before = seen.count();
            const auto ended = receive<Wire>(at, into, seen, twice, how);
            to_.row(fmt::format("connection {}", connections),
                    fmt::format("{} chunks, {}", seen.count() - before,
                                ended ? tintype::message(*ended) : "the final one among them"));
            if (into.complete()) {
                break;
            }
            if (!into.metadata() || connections == 10) {
                fmt::print(stderr, "replica: the leader does not send what is lacking\n");
                return false;
            }
            const auto lacking = text_of(into.missing());
            to_.row("lacking", fmt::format("chunks {}", lacking));
            at = asked(leader_, "resume " + into.metadata()->snapshot_id + " " + lacking);
        }
        const double received = since.milliseconds();
        const tintype::stream_metadata metadata = *into.metadata();
        const auto done = must("switch", into.finish());
        to_.row("arrived", fmt::format("{} bytes in {:.0f} ms, {} chunks of them twice",
                                       done.bytes_restored, received, twice));
        to_.row("switched", fmt::format("{} files in {:.1f} ms, durably: {}", done.files_restored,
                                        since.milliseconds() - received, done.snapshot_id));
        return twice == 0 && compare(metadata);
    }

private:
    // What ended it before the final chunk.
    template <class Wire>
    [[nodiscard]] std::optional<tintype::error> receive(const connection& from, importer& into,
                                                        tintype::number_ranges& seen,
                                                        std::uint64_t& twice, death how) const {
        tintype::descriptor_source bytes{from.get()};
        tintype::chunk_reader<Wire, tintype::descriptor_source> reader{bytes};
        tintype::snapshot_chunk chunk;
        for (;;) {
            const auto more = reader.next(chunk);
            if (!more) {
                return more.error();
            }
            if (!*more) {
                return std::nullopt;
            }
            must("add", into.add(chunk));
            const tintype::number_range now{chunk.sequence, chunk.sequence + 1};
            twice += seen.contains(now) ? 1U : 0U;
            seen.add(now);
            if (how == death::while_staging && seen.count() == chunks_before_death) {
                std::raise(SIGKILL);
            }
        }
    }

    [[nodiscard]] bool compare(const tintype::stream_metadata& what) const {
        for (const tintype::file_info& each : what.files) {
            to_.row(each.file_name, fmt::format("{} bytes, SHA-256 {}...", each.file_size,
                                                each.checksum.substr(0, 16)));
        }
        const auto with = asked(leader_, "facts " + what.snapshot_id);
        const std::string theirs = line_of(with);
        const std::string timings = line_of(with);
        const std::string ours = answer_of(folder_, what);
        to_.row("answers here", ours);
        to_.row("and there, then", ours == theirs ? "the same" : theirs);
        to_.row("the leader", timings);
        return ours == theirs && timings.contains("; 0 chunks of ");
    }

    std::string folder_;
    std::uint16_t leader_;
    const screen& to_;
};

} // namespace replica
