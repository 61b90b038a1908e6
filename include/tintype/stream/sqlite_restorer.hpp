#pragma once

// A database that came through a stream, put in the place of what an open connection's database
// holds. Link sqlite3.

#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/sqlite.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tintype {

struct sqlite_restore_options {
    std::chrono::nanoseconds busy_pause = std::chrono::milliseconds{100};
    // For each file: while others read or write the database, it waits.
    std::optional<std::chrono::nanoseconds> deadline = std::chrono::minutes{1};
    const monitor* watch = nullptr;
    time_source time{};
};

namespace detail {

// As the name of a file that nobody writes to: neither locked, nor given a log beside it.
[[nodiscard]] inline std::string immutable_uri(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string uri = "file:";
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

// Restores files of the kind sqlite_db into the connection's database "main", each in one
// transaction: whoever reads it sees what was there or what came. May be done again. The connection
// must not be in a transaction, and must outlive this. A database in WAL mode, and one in memory,
// only take one of the same page size (`permission_denied`).
class sqlite_restorer {
public:
    explicit sqlite_restorer(sqlite3* connection, sqlite_restore_options options = {}) noexcept
        : to_(connection), options_(options) {}

    // Whether it was for us. The file's checksum must have been verified; SQLite looks at little
    // more than its beginning.
    [[nodiscard]] result<bool> operator()(const std::string& path, const file_info& file) const {
        if (file.file_type != file_kind::sqlite_db) {
            return false;
        }
        const auto from = detail::open_sqlite(detail::immutable_uri(path),
                                              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
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
        return true;
    }

private:
    sqlite3* to_;
    sqlite_restore_options options_;
};

} // namespace tintype
