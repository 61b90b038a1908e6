#pragma once

// A live SQLite database as a source of the stream: one consistent, committed state of it, copied
// through SQLite's own backup interface while others go on writing. Link sqlite3.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/storage/posix_handles.hpp>
#include <tintype/stream/capture.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/source.hpp>
#include <tintype/stream/sqlite.hpp>
#include <tintype/stream/sqlite_scratch_vfs.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// How a database was copied.
struct sqlite_report {
    bool wal = false;           // the snapshot was pinned without keeping anybody from writing
    std::uint64_t restarts = 0; // because somebody wrote
    std::uint64_t pages = 0;
    bool fell_back = false; // to keeping writers out, for it would not have ended otherwise
};

struct sqlite_options {
    // A database that is not in WAL mode is copied in steps, and may be written to in between; then
    // the copy begins anew.
    int pages_per_step = 100;
    std::chrono::nanoseconds pause = std::chrono::milliseconds{10};       // between steps
    std::chrono::nanoseconds busy_pause = std::chrono::milliseconds{100}; // where it is locked
    // For this source; asked between index files, too. Beside that the exporter's holds.
    std::optional<std::chrono::nanoseconds> deadline = std::chrono::minutes{10};
    // After so many restarts, or with a quarter of the time left, writers are kept out until the
    // copy is made.
    std::uint64_t most_restarts = 10;
    // The state at the moment of the guard in every mode, not one soon after it: what is not in WAL
    // mode keeps writers out until it is copied, and in memory it is copied under the guard.
    bool pinned = false;
    // The index files of vectorlite's tables, too, as index_0.idx, index_1.idx, ...; implies
    // `pinned` where there are any. They are copied under the guard.
    bool with_indexes = false;
    // Relative paths of index files begin here, and none may lead out of it, for the schema may be
    // anybody's. Empty: the database's own folder, or the working directory where it has none.
    std::string index_folder{};
    // In the stream. Two databases in one stream need both to differ.
    std::string name = "database.db";
    std::string index_prefix = "index_";
    sqlite_report* report = nullptr; // where to say how it went; may be null
};

class sqlite_source {
public:
    // Its own connection is opened.
    explicit sqlite_source(std::string path, sqlite_options options = {})
        : path_(std::move(path)), options_(std::move(options)) {}

    // The database "main" of a connection. One with a file behind it is copied through a connection
    // of our own, so what this one has not committed is not in it. One in memory is copied from
    // this connection, which must stay until the exporter is open; what it writes meanwhile is in
    // the copy, but for what it has not committed. It is copied under the guard if the connection
    // may not be used by two threads.
    explicit sqlite_source(sqlite3* connection, sqlite_options options = {})
        : options_(std::move(options)), given_(connection) {}

    [[nodiscard]] result<void> pin(capture& into) {
        if (auto good = good_names(); !good) {
            return good;
        }
        pace_ = into.by().within(options_.deadline);
        if (given_ != nullptr) {
            const char* file = sqlite3_db_filename(given_, "main");
            path_ = file != nullptr ? file : "";
            sqlite3_file_control(given_, "main", SQLITE_FCNTL_VFS_POINTER, &vfs_);
            if (path_.empty()) {
                return pin_memory(into);
            }
        }
        return pin_file(into);
    }

    [[nodiscard]] result<void> collect(capture& into) {
        if (copy_.get() < 0) {
            if (auto done = copy(into); !done) {
                return done;
            }
        }
        own_.reset();
        auto done = into.add_file(options_.name, file_kind::sqlite_db, std::move(copy_));
        for (std::size_t i = 0; done && i != indexes_.size(); ++i) {
            done = into.add_file(index_name(i), file_kind::hnsw_index, std::move(indexes_[i]));
        }
        return done;
    }

private:
    using page_count = std::optional<std::uint64_t>;

    // Before anything is written under them.
    [[nodiscard]] result<void> good_names() const {
        auto good = good_name(options_.name);
        return good ? good_name(index_name(stream_limits{}.files)) : good;
    }

    [[nodiscard]] std::string index_name(std::size_t index) const {
        return options_.index_prefix + std::to_string(index) + ".idx";
    }

    [[nodiscard]] sqlite3* from() const noexcept { return own_ ? own_.get() : given_; }

    [[nodiscard]] result<void> pin_memory(capture& into) {
        if (auto done = pin_indexes(into); !done) {
            return done;
        }
        held_ = options_.pinned || !indexes_.empty() || sqlite3_db_mutex(given_) == nullptr;
        return held_ ? copy(into) : result<void>{};
    }

    [[nodiscard]] result<void> pin_file(capture& into) {
        // Where the file may not be written to, SQLite opens it to be read. Only reading it could
        // not bring back a database whose writer died.
        auto own = detail::open_sqlite(path_, SQLITE_OPEN_READWRITE,
                                       vfs_ != nullptr ? vfs_->zName : nullptr);
        if (!own) {
            return pass(own);
        }
        own_ = *std::move(own);
        const char* file = sqlite3_db_filename(own_.get(), "main");
        if (file == nullptr || *file == '\0') {
            return fail({.code = errc::unsupported, .where = path_, .during = "not a file"});
        }
        if (auto done = hold(into); !done) {
            return done;
        }
        const auto mode = detail::ask_sqlite(own_.get(), "PRAGMA main.journal_mode");
        if (!mode) {
            return pass(mode);
        }
        wal_ = *mode == "wal";
        if (auto done = pin_indexes(into); !done) {
            return done;
        }
        held_ = wal_ || options_.pinned || !indexes_.empty();
        return held_ ? result<void>{} : let_go();
    }

    // From here on our connection sees one state of the database.
    [[nodiscard]] result<void> hold(capture& into) {
        const auto status = detail::patiently(pace_, options_.busy_pause, into.now(), [&] {
            const int begun = detail::run(own_, "BEGIN; SELECT 1 FROM main.sqlite_master LIMIT 1");
            // Once more from the beginning.
            if (detail::is_busy(begun) && sqlite3_get_autocommit(own_.get()) == 0) {
                static_cast<void>(detail::run(own_, "ROLLBACK"));
            }
            return begun;
        });
        if (!status) {
            return pass(status);
        }
        if (*status != SQLITE_OK) {
            return detail::sqlite_failure(own_.get(), *status, "sqlite3_exec");
        }
        return {};
    }

    [[nodiscard]] result<void> let_go() {
        const int status = detail::run(own_, "ROLLBACK");
        return status == SQLITE_OK ? result<void>{}
                                   : detail::sqlite_failure(own_.get(), status, "sqlite3_exec");
    }

    [[nodiscard]] result<void> pin_indexes(capture& into) {
        if (!options_.with_indexes) {
            return {};
        }
        const auto paths = find_index_files(from());
        if (!paths) {
            return pass(paths);
        }
        if (paths->size() >= stream_limits{}.files) {
            return fail({.code = errc::limit_exceeded,
                         .where = "index files",
                         .found = paths->size(),
                         .wanted = stream_limits{}.files - 1});
        }
        for (const std::string& path : *paths) {
            if (auto stay = pace_.go_on(into.now()); !stay) {
                return stay;
            }
            auto file = open_index(path);
            if (file) {
                file = detail::copy_aside(*file, index_name(indexes_.size()), into);
            }
            if (!file) {
                return pass(file);
            }
            indexes_.push_back(*std::move(file));
        }
        return {};
    }

    [[nodiscard]] result<detail::descriptor> open_index(const std::string& path) const {
        std::string folder = options_.index_folder;
        if (folder.empty()) {
            const char* file = sqlite3_db_filename(from(), "main");
            const std::string_view whole = file != nullptr ? file : "";
            folder = whole.substr(0, whole.find_last_of('/') + 1);
        }
        const auto root = real_path(folder.empty() ? "." : folder);
        if (!root) {
            return pass(root);
        }
        const auto there = real_path(path.front() == '/' ? path : *root + "/" + path);
        if (!there) {
            return pass(there);
        }
        if (!there->starts_with(*root == "/" ? *root : *root + "/")) {
            return fail({.code = errc::permission_denied,
                         .where = path,
                         .during = "an index file outside of its folder"});
        }
        if (is_database(*there)) {
            return fail({.code = errc::permission_denied,
                         .where = path,
                         .during = "a database as an index file"});
        }
        return detail::open_regular(*there, O_NOFOLLOW);
    }

    // Whoever opens and closes such a file loses the locks that this process has on it.
    [[nodiscard]] bool is_database(const std::string& path) const {
        struct stat asked{};
        const char* file = sqlite3_db_filename(from(), "main");
        if (file == nullptr || ::stat(path.c_str(), &asked) != 0) {
            return false;
        }
        for (const char* suffix : {"-wal", "-shm", "-journal"}) {
            if (path.ends_with(suffix)) {
                return true;
            }
        }
        const auto same = [&](const char* suffix) {
            struct stat own{};
            return ::stat((std::string{file} + suffix).c_str(), &own) == 0 &&
                   own.st_dev == asked.st_dev && own.st_ino == asked.st_ino;
        };
        return same("") || same("-wal") || same("-shm") || same("-journal") || is_open_here(asked);
    }

    // Whether this process has the file open, and it is a database or cannot be looked at. It is
    // read through the descriptor that is there.
    [[nodiscard]] static bool is_open_here(const struct stat& asked) {
        struct close_folder {
            void operator()(DIR* folder) const noexcept { ::closedir(folder); }
        };

        const std::unique_ptr<DIR, close_folder> all{::opendir("/proc/self/fd")};
        while (const struct dirent* each = all == nullptr ? nullptr : ::readdir(all.get())) {
            const int number = std::atoi(each->d_name);
            struct stat open{};
            if (::fstat(number, &open) == 0 && open.st_dev == asked.st_dev &&
                open.st_ino == asked.st_ino) {
                constexpr std::string_view magic{"SQLite format 3", 16};
                std::array<char, magic.size()> head{};
                const auto got = ::pread(number, head.data(), head.size(), 0);
                if (got < 0 ||
                    std::string_view{head.data(), static_cast<std::size_t>(got)} == magic) {
                    return true;
                }
            }
        }
        return false;
    }

    [[nodiscard]] static result<std::string> real_path(const std::string& path) {
        const std::unique_ptr<char, void (*)(void*)> real{::realpath(path.c_str(), nullptr),
                                                          std::free};
        if (real == nullptr) {
            return detail::system_failure("realpath", path);
        }
        return std::string{real.get()};
    }

    [[nodiscard]] result<void> copy(capture& into) {
        const auto folder = into.scratch();
        if (!folder) {
            return pass(folder);
        }
        auto pages = copy_into(**folder, into);
        if (pages && !*pages) {
            // Others write too often: keep them out, once.
            report_.fell_back = true;
            held_ = true;
            auto done = own_ ? hold(into) : result<void>{};
            if (done) {
                done = (*folder)->remove(options_.name);
            }
            pages = done ? copy_into(**folder, into) : result<page_count>{pass(done)};
        }
        if (!pages) {
            return pass(pages);
        }
        report_.wal = wal_;
        report_.pages = pages->value_or(0);
        if (options_.report != nullptr) {
            *options_.report = report_;
        }
        auto file = (*folder)->open(options_.name);
        if (!file) {
            return pass(file);
        }
        copy_ = *std::move(file);
        return {};
    }

    // Into a file that is not there yet: without a journal, one that was given up is rubbish. It is
    // closed when this returns.
    [[nodiscard]] result<page_count> copy_into(const scratch_folder& folder, capture& into) {
        const detail::sqlite_scratch_vfs vfs;
        auto to = detail::open_sqlite(folder.path_of(options_.name),
                                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.name());
        if (!to) {
            return pass(to);
        }
        // Nobody will look for it after a crash.
        const int status = detail::run(*to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                                            "PRAGMA cache_size = -1024");
        if (status != SQLITE_OK) {
            return detail::sqlite_failure(to->get(), status, "sqlite3_exec");
        }
        const auto pages = copy_pages(*to, into);
        if (pages && *pages) {
            if (auto whole = detail::check_copied(to->get(), **pages); !whole) {
                return pass(whole);
            }
        }
        return pages;
    }

    // How many pages; nothing where writers would not let it end.
    [[nodiscard]] result<page_count> copy_pages(const detail::sqlite_connection& to,
                                                capture& into) {
        const auto page_size = detail::ask_sqlite(from(), "PRAGMA main.page_size");
        if (!page_size) {
            return pass(page_size);
        }
        const auto bytes_a_page = std::strtoull(page_size->c_str(), nullptr, 10);
        detail::sqlite_backup backup{sqlite3_backup_init(to.get(), "main", from(), "main")};
        if (!backup) {
            return detail::sqlite_failure(to.get(), sqlite3_errcode(to.get()),
                                          "sqlite3_backup_init");
        }
        constexpr int step_when_held = 1024;
        const int step = held_ ? std::max(options_.pages_per_step, step_when_held)
                               : std::max(options_.pages_per_step, 1);
        const auto enough = pace_.left() / 4;
        std::uint64_t copied = 0;
        for (;;) {
            const auto status = detail::patiently(pace_, options_.busy_pause, into.now(), [&] {
                return sqlite3_backup_step(backup.get(), step);
            });
            if (!status) {
                return pass(status);
            }
            const auto count = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
            const auto now =
                count - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
            if (*status == SQLITE_DONE) {
                auto stay = into.go_on((now - std::min(now, copied)) * bytes_a_page);
                return stay ? result<page_count>{count} : pass(stay);
            }
            if (*status != SQLITE_OK) {
                static_cast<void>(sqlite3_backup_finish(backup.release()));
                return detail::sqlite_failure(to.get(), *status, "sqlite3_backup_step");
            }
            report_.restarts += now <= copied ? 1U : 0U;
            auto stay = into.go_on((now - std::min(now, copied)) * bytes_a_page);
            copied = now;
            if (!held_ && stay) {
                if (report_.restarts >= options_.most_restarts || pace_.left() < enough) {
                    return page_count{};
                }
                stay = pace_.pause(options_.pause, into.now());
            }
            if (stay) {
                stay = pace_.go_on(into.now());
            }
            if (!stay) {
                return pass(stay);
            }
        }
    }

    std::string path_{};
    sqlite_options options_;
    sqlite3* given_ = nullptr; // null where the path was given
    sqlite3_vfs* vfs_ = nullptr;
    pace pace_{};
    detail::sqlite_connection own_{};
    bool wal_ = false;
    bool held_ = false; // nothing can change between two steps
    detail::descriptor copy_{};
    std::vector<detail::descriptor> indexes_{};
    sqlite_report report_{};
};

static_assert(chunk_source<sqlite_source>);

} // namespace tintype::inline v0
