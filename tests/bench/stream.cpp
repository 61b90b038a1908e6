// A SQLite database exported, hashed and imported again, as a follower takes it from a leader on
// one machine: against copying the file twice and hashing it once, and against SQLite's own ways to
// copy it once; its parts, the wires in between, and the memory that it takes.

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/reader.hpp>
#include <tintype/stream/sqlite_source.hpp>
#include <tintype/stream/staging.hpp>

#include "baselines.hpp"
#include "folders.hpp"
#include "harness.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bench {
namespace {

namespace fs = std::filesystem;

using exporter = tintype::exporter<tintype::sha256>;
using staging = tintype::staging<>;
using importer = tintype::importer<tintype::hash_choice<tintype::sha256>, staging>;

struct places {
    std::string database; // made once, and kept
    std::string scratch;
    std::string target;
    std::string copies;
};

void run_sql(const std::string& path, const std::string& statements) {
    sqlite3* file = nullptr;
    must(sqlite3_open(path.c_str(), &file) == SQLITE_OK, "cannot open a database");
    if (sqlite3_exec(file, statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        die(sqlite3_errmsg(file));
    }
    sqlite3_close(file);
}

// Rows that nothing compresses, in WAL mode with an empty log.
void make_database(const std::string& path, std::size_t size) {
    if (fs::exists(path)) {
        return;
    }
    const std::string making = path + ".new";
    fs::remove(making);
    // Three rows to a page of 4096 bytes.
    const auto rows = size / 4096 * 3;
    run_sql(making, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                    "CREATE TABLE vectors(id INTEGER PRIMARY KEY, bytes BLOB);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                        std::to_string(rows) +
                        ") INSERT INTO vectors SELECT i, randomblob(1300) FROM n;"
                        "PRAGMA journal_mode = WAL;");
    fs::rename(making, path);
}

[[nodiscard]] std::string hash_alone(const std::string& path) {
    tintype::sha256 hash;
    std::vector<std::byte> buffer(256 * kib);
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    must_call(file, "open");
    for (;;) {
        const auto got = ::read(file, buffer.data(), buffer.size());
        must_call(got, "read");
        if (got == 0) {
            break;
        }
        hash.update(byte_view{buffer}.first(static_cast<std::size_t>(got)));
    }
    ::close(file);
    return tintype::to_hex(hash.finish());
}

void cp(const std::string& from, const std::string& to) {
    const std::string command = "cp '" + from + "' '" + to + "'";
    must(std::system(command.c_str()) == 0, "cp failed");
}

void sync_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    must_call(file, "open");
    must_call(::fsync(file), "fsync");
    ::close(file);
}

// What the shell's `.backup` does.
void back_up(const std::string& from, const std::string& to) {
    sqlite3* source = nullptr;
    sqlite3* target = nullptr;
    must(sqlite3_open(from.c_str(), &source) == SQLITE_OK &&
             sqlite3_open(to.c_str(), &target) == SQLITE_OK,
         "cannot open a database");
    sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
    must(backup != nullptr, "sqlite3_backup_init failed");
    while (sqlite3_backup_step(backup, 100) == SQLITE_OK) {
    }
    must(sqlite3_backup_finish(backup) == SQLITE_OK, "sqlite3_backup_step failed");
    sqlite3_close(target);
    sqlite3_close(source);
}

void vacuum_into(const std::string& from, const std::string& to) {
    run_sql(from, "VACUUM INTO '" + to + "'");
}

[[nodiscard]] double now() noexcept {
    return seconds_by(CLOCK_MONOTONIC);
}

// Of the processor, ours and that of the programs that we ran: on a busy machine the wall's clock
// says little.
[[nodiscard]] double worked() noexcept {
    double all = 0;
    for (const int whose : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        struct rusage used{};
        ::getrusage(whose, &used);
        for (const timeval& each : {used.ru_utime, used.ru_stime}) {
            all += static_cast<double>(each.tv_sec) + static_cast<double>(each.tv_usec) * 1e-6;
        }
    }
    return all;
}

[[nodiscard]] exporter open_exporter(const places& where, const tintype::monitor* watch = nullptr) {
    return must(exporter::open({.temp_dir = where.scratch, .watch = watch},
                               tintype::sqlite_source{where.database}),
                "export");
}

// Straight from one into the other.
void hand_over(exporter& from, importer& into) {
    tintype::snapshot_chunk chunk;
    for (std::uint64_t i = 0; i != from.chunk_count(); ++i) {
        must(from.read(i, chunk), "read");
        must(into.add(chunk), "add");
    }
}

// A stream's bytes, made as they are asked for.
template <class Wire>
class encoded_source {
public:
    explicit encoded_source(exporter& from) : from_(&from) {}

    [[nodiscard]] tintype::result<std::size_t> read(tintype::mutable_bytes to) {
        if (at_ == message_.size()) {
            if (next_ == from_->chunk_count()) {
                return std::size_t{0};
            }
            message_.clear();
            at_ = 0;
            if (auto done = from_->read(next_++, chunk_); !done) {
                return tintype::pass(done);
            }
            if (auto done = Wire::encode(chunk_, message_); !done) {
                return tintype::pass(done);
            }
        }
        const auto size = std::min(to.size(), message_.size() - at_);
        tintype::copy_bytes(byte_view{message_}.subspan(at_, size), to.data());
        at_ += size;
        return size;
    }

private:
    exporter* from_;
    tintype::snapshot_chunk chunk_{};
    tintype::blob message_{};
    std::size_t at_ = 0;
    std::uint64_t next_ = 0;
};

template <class Wire>
void hand_over_by(exporter& from, importer& into) {
    encoded_source<Wire> bytes{from};
    tintype::chunk_reader<Wire, encoded_source<Wire>> reader{bytes};
    tintype::snapshot_chunk chunk;
    while (must(reader.next(chunk), "next")) {
        must(into.add(chunk), "add");
    }
}

// The seconds that each thing took, in every round.
class samples {
public:
    void add(const std::string& what, double seconds) { all_[what].push_back(seconds); }

    [[nodiscard]] double median(const std::string& what) const {
        auto sorted = all_.at(what);
        std::ranges::sort(sorted);
        const auto middle = sorted.size() / 2;
        return sorted.size() % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    // A row in milliseconds.
    void tell(rows& to, const std::string& what, const std::string& ours, const std::string& theirs,
              std::optional<double> goal = std::nullopt) const {
        to.push_back({.area = "stream",
                      .what = what,
                      .ours = median(ours) * 1e3,
                      .unit = "ms",
                      .against = theirs,
                      .theirs = median(theirs) * 1e3,
                      .ratio = median(theirs) / median(ours),
                      .goal = goal});
    }

private:
    std::map<std::string, std::vector<double>> all_;
};

// From the database to the other database, durably, every byte verified. The parts are told to
// `took`, if there is one.
void carry(const places& where, samples* took) {
    const double begin = now();
    const double idle = worked();
    double captured = 0;
    const auto watching = [&](tintype::progress at) {
        // The total is known from the hashing on.
        if (at.total != 0 && captured == 0) {
            captured = now();
        }
    };
    const tintype::monitor watch{watching};
    auto from = open_exporter(where, &watch);
    const double hashed = now();
    importer into{must(staging::open(where.target), "staging")};
    hand_over(from, into);
    const double streamed = now();
    static_cast<void>(must(into.finish(), "import"));
    const double committed = now();
    if (took != nullptr) {
        took->add("capture", captured - begin);
        took->add("hash", hashed - captured);
        took->add("stream", streamed - hashed);
        took->add("commit", committed - streamed);
        took->add("ours", committed - begin);
        took->add("our work", worked() - idle);
    }
}

void measure_copies(const places& where, const std::string& text, int rounds, rows& to) {
    samples took;
    auto kept = open_exporter(where);
    const std::string one = where.copies + "/one.db";
    const std::string two = where.copies + "/two.db";
    const auto timed = [&](const std::string& what, auto act) {
        const double begin = now();
        act();
        took.add(what, now() - begin);
    };
    const auto stream = [&](const std::string& what, auto hand) {
        importer into{must(staging::open(where.target), "staging")};
        timed(what, [&] { hand(kept, into); });
        must(into.complete(), "an incomplete stream");
    };
    std::vector<std::function<void()>> steps{
        [&] { carry(where, &took); },
        [&] {
            const double begin = now();
            const double idle = worked();
            cp(where.database, one);
            took.add("cp", now() - begin);
            cp(one, two);
            const double copied = now() - begin;
            const double hashing = now();
            static_cast<void>(hash_alone(where.database));
            took.add("the hash alone", now() - hashing);
            took.add("cp twice, and the hash", copied + now() - hashing);
            took.add("cp twice, and the hash, working", worked() - idle);
            timed("fsync", [&] { sync_file(two); });
        },
        [&] { timed("sqlite3 .backup", [&] { back_up(where.database, one); }); },
        [&] { timed("VACUUM INTO", [&] { vacuum_into(where.database, one); }); },
        [&] { stream("handed over", hand_over); },
        [&] { stream("native", hand_over_by<tintype::native_wire>); },
        [&] { stream("protobuf", hand_over_by<tintype::vectorxlite::protobuf_wire>); },
        [&] { stream("raft-json", hand_over_by<tintype::vectorxlite::raft_wire>); }};
    std::mt19937 random(1);
    for (int round = 0; round != rounds; ++round) {
        std::ranges::shuffle(steps, random);
        for (const auto& step : steps) {
            emptied(where.target);
            emptied(where.copies);
            step();
        }
        std::fprintf(stderr, "  stream, %s: round %d of %d\n", text.c_str(), round + 1, rounds);
    }
    const std::string whole = "export, SHA-256, import, " + text;
    took.tell(to, whole, "ours", "cp twice, and the hash", 1 / 1.2);
    took.tell(to, whole, "ours", "sqlite3 .backup");
    took.tell(to, whole, "ours", "VACUUM INTO");
    took.tell(to, "the same, processor time", "our work", "cp twice, and the hash, working");
    took.tell(to, "of it: capture", "capture", "sqlite3 .backup");
    took.tell(to, "of it: hash", "hash", "the hash alone");
    took.tell(to, "of it: stream, write, hash", "stream", "cp");
    took.tell(to, "of it: commit", "commit", "fsync");
    for (const std::string wire : {"native", "protobuf", "raft-json"}) {
        took.tell(to, "stream by " + wire, wire, "handed over");
    }
}

// Of a child, in which nobody else allocates.
void measure_memory(const places& where, const std::string& text, rows& to) {
    emptied(where.target);
    int ends[2];
    must(::pipe(ends) == 0, "pipe");
    static_cast<void>(std::fflush(nullptr));
    const pid_t child = ::fork();
    must(child >= 0, "fork");
    if (child == 0) {
        const double peak = peak_of([&] {
            carry(where, nullptr);
            return 0;
        });
        const double cache = static_cast<double>(sqlite3_memory_highwater(0));
        const double beyond = std::max(peak - cache, 4096.0);
        ::_exit(::write(ends[1], &beyond, sizeof beyond) == sizeof beyond ? 0 : 1);
    }
    ::close(ends[1]);
    double beyond = 0;
    must(::read(ends[0], &beyond, sizeof beyond) == sizeof beyond, "no figure of memory");
    ::close(ends[0]);
    int status = 0;
    must(::waitpid(child, &status, 0) == child && status == 0, "the child failed");
    to.push_back({.area = "stream",
                  .what = "memory beyond SQLite's, " + text,
                  .ours = beyond / static_cast<double>(mib),
                  .unit = "MiB",
                  .against = "16 MiB",
                  .theirs = 16,
                  .ratio = 16 * static_cast<double>(mib) / beyond,
                  .goal = 1.0});
}

// What was imported is what was exported, row by row.
void check_target(const places& where) {
    emptied(where.target);
    carry(where, nullptr);
    const auto rows_of = [](const std::string& path) {
        sqlite3* file = nullptr;
        std::string found;
        must(sqlite3_open(path.c_str(), &file) == SQLITE_OK, "cannot open a database");
        const auto tell = [](void* into, int count, char** values, char**) {
            for (int i = 0; i != count; ++i) {
                static_cast<std::string*>(into)->append(values[i]).append(" ");
            }
            return 0;
        };
        must(sqlite3_exec(file,
                          "SELECT count(*), sum(length(bytes)), sum(id * "
                          "unicode(substr(hex(bytes), 9, 1))) FROM vectors",
                          tell, &found, nullptr) == SQLITE_OK,
             "cannot read a database");
        sqlite3_close(file);
        return found;
    };
    must(rows_of(where.database) == rows_of(where.target + "/database.db"),
         "another database was imported");
}

} // namespace

void measure_stream(const options& chosen, rows& to) {
    const std::size_t size = (chosen.size != 0 ? chosen.size : chosen.quick ? 64 : 1024) * mib;
    const std::string text = size_text(size);
    const std::string folder = chosen.data + "/stream";
    const places where{.database =
                           chosen.data + "/stream-" + std::to_string(size / mib) + "-mib.db",
                       .scratch = folder + "/scratch",
                       .target = folder + "/target",
                       .copies = folder + "/copies"};
    fs::create_directories(chosen.data);
    fs::create_directories(folder);
    make_database(where.database, size);
    static_cast<void>(hash_alone(where.database)); // so that it is in the system's cache
    check_target(where);
    measure_memory(where, text, to);
    measure_copies(where, text, chosen.quick ? 3 : 5, to);
    fs::remove_all(folder);
}

} // namespace bench
