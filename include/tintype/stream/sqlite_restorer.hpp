#pragma once

// A database that came through a stream, put in the place of what an open connection's database
// holds. Link sqlite3.

#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/sqlite.hpp>
#include <tintype/stream/switch_plan.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

struct sqlite_restore_options {
    std::string file_name = "database.db"; // of the one file of the stream that is for us
    std::chrono::nanoseconds busy_pause = std::chrono::milliseconds{100};
    // For each of takes() and replace(): while others read or write the database, it waits.
    std::optional<std::chrono::nanoseconds> deadline = std::chrono::minutes{1};
    const monitor* watch = nullptr;
    time_source time{};
};

namespace detail {

// As the name of a file that nobody writes to: neither locked, nor given a log beside it.
[[nodiscard]] inline std::string immutable_uri(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    // Absolute with an authority that is empty, or what follows `//` would be taken for one.
    std::string uri = path.starts_with('/') ? "file://" : "file:";
    for (const char c : path) {
        if (sql_tokens::is_word(c) && static_cast<unsigned char>(c) < 0x80) {
            uri += c;
        } else if (c == '/' || c == '.' || c == '-') {
            uri += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            uri += '%';
            uri += digits[byte >> 4U];
            uri += digits[byte & 15U];
        }
    }
    return uri + "?immutable=1";
}

} // namespace detail

// Restores the file of one name into the connection's database "main", in one transaction: whoever
// reads it sees what was there or what came. May be done again. The connection must not be in a
// transaction, and must outlive this. A database in WAL mode, and one in memory, only take one of
// the same page size. The connection's own file must not be one that the stream brings under
// another name.
class sqlite_restorer {
public:
    explicit sqlite_restorer(sqlite3* connection, sqlite_restore_options options = {})
        : to_(connection), options_(std::move(options)) {}

    // By its name, whatever its kind says. An error where it could not be restored as things are:
    // `invalid_value` if it is no database, or `found` its page size and `wanted` the only one that
    // fits; `in_use` if a transaction is open, `permission_denied` if the connection only reads;
    // `unsupported` for a log of the database, which would be put beside the open one.
    [[nodiscard]] result<bool> takes(const std::string& path, const file_info& file) const {
        for (const std::string_view suffix : database_companions) {
            if (file.file_name == options_.file_name + std::string{suffix}) {
                return fail({.code = errc::unsupported,
                             .where = file.file_name,
                             .during = "the log of a database that is open here"});
            }
        }
        if (file.file_name != options_.file_name) {
            return false;
        }
        if (file.file_size == 0) {
            return fail({.code = errc::invalid_value,
                         .where = file.file_name,
                         .during = "an empty file as a database"});
        }
        const pace by{options_.deadline, options_.watch, options_.time};
        const auto from = opened(path);
        if (!from) {
            return pass(from);
        }
        const auto pages = page_size_of(from->get(), by);
        if (!pages) {
            return pass(pages);
        }
        auto good = usable(from->get());
        if (good) {
            good = fits(*pages, by);
        }
        return good ? result<bool>{true} : pass(good);
    }

    // The file's checksum must have been verified; SQLite looks at little more than its beginning.
    [[nodiscard]] result<void> replace(const std::string& path, const file_info& file) const {
        if (file.file_name != options_.file_name) {
            return fail({.code = errc::unsupported,
                         .where = file.file_name,
                         .during = "restoring a file of another name"});
        }
        const auto from = opened(path);
        if (!from) {
            return pass(from);
        }
        const pace by{options_.deadline, options_.watch, options_.time};
        // A backup that failed cannot go on, and one that was refused left nothing.
        sqlite3_backup* raw = sqlite3_backup_init(to_, "main", from->get(), "main");
        if (raw == nullptr) {
            return detail::sqlite_failure(to_, sqlite3_errcode(to_), "sqlite3_backup_init");
        }
        detail::sqlite_backup backup{raw};
        const auto status = detail::patiently(by, options_.busy_pause, {.total = file.file_size},
                                              [&] { return sqlite3_backup_step(raw, -1); });
        const int finished = sqlite3_backup_finish(backup.release());
        if (!status) {
            return pass(status);
        }
        if (*status != SQLITE_DONE || finished != SQLITE_OK) {
            return detail::sqlite_failure(to_, *status != SQLITE_DONE ? *status : finished,
                                          "sqlite3_backup_step");
        }
        return {};
    }

private:
    [[nodiscard]] static result<detail::sqlite_connection> opened(const std::string& path) {
        return detail::open_sqlite(detail::immutable_uri(path),
                                   SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    }

    // While it is busy, the same question is put again.
    [[nodiscard]] result<std::string> asked(sqlite3* of, std::string_view question,
                                            const pace& by) const {
        for (;;) {
            auto answer = detail::ask_sqlite(of, question);
            if (answer || answer.error().code != errc::in_use) {
                return answer;
            }
            if (auto stay = by.pause(options_.busy_pause, {}); !stay) {
                return pass(stay);
            }
        }
    }

    // Of what the file says, which SQLite reads with the schema.
    [[nodiscard]] result<std::string> page_size_of(sqlite3* of, const pace& by) const {
        auto rows = asked(of, "SELECT count(*) FROM main.sqlite_master", by);
        return rows ? asked(of, "PRAGMA main.page_size", by) : rows;
    }

    // What is there may be damaged: that is when a restore is needed.
    [[nodiscard]] static bool is_corrupt(const error& what) noexcept {
        return what.code == errc::invalid_value && (what.found & 0xffU) == SQLITE_CORRUPT;
    }

    [[nodiscard]] result<void> usable(sqlite3* from) const {
        if (sqlite3_db_readonly(to_, "main") == 1) {
            return fail({.code = errc::permission_denied,
                         .where = "the database that is restored into is read-only"});
        }
        if (sqlite3_get_autocommit(to_) == 0) {
            return fail({.code = errc::in_use,
                         .where = "a transaction is open on the connection",
                         .found = 1});
        }
        // SQLite looks for what else is open on it.
        sqlite3_backup* raw = sqlite3_backup_init(to_, "main", from, "main");
        if (raw == nullptr) {
            auto what =
                detail::sqlite_failure(to_, sqlite3_errcode(to_), "sqlite3_backup_init").error();
            what.code = what.code == errc::io ? errc::in_use : what.code;
            return fail(what);
        }
        sqlite3_backup_finish(raw);
        return {};
    }

    [[nodiscard]] result<void> fits(const std::string& pages, const pace& by) const {
        const auto own = page_size_of(to_, by);
        if (!own) {
            return is_corrupt(own.error()) ? result<void>{} : pass(own);
        }
        const auto mode = asked(to_, "PRAGMA main.journal_mode", by);
        if (!mode) {
            return is_corrupt(mode.error()) ? result<void>{} : pass(mode);
        }
        const char* file = sqlite3_db_filename(to_, "main");
        const bool in_memory = file == nullptr || *file == '\0';
        if (*own == pages || (*mode != "wal" && !in_memory)) {
            return {};
        }
        return fail({.code = errc::invalid_value,
                     .where = "page size",
                     .found = static_cast<std::uint64_t>(std::atoll(pages.c_str())),
                     .wanted = static_cast<std::uint64_t>(std::atoll(own->c_str())),
                     .during = in_memory ? "a database in memory keeps its page size"
                                         : "a database in WAL mode keeps its page size"});
    }

    sqlite3* to_;
    sqlite_restore_options options_;
};

} // namespace tintype::inline v0
