#pragma once

// What is needed of SQLite: handles that close themselves, its errors as ours, waiting while it is
// busy. The only header that includes it; link sqlite3. `sqlite_source.hpp` and
// `sqlite_restorer.hpp` are made of this.

#if !__has_include(<sqlite3.h>)
#error "tintype: install SQLite for sqlite3.h (Debian: libsqlite3-dev)"
#endif

#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/filesystem.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/sqlite_index.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

struct close_sqlite {
    void operator()(sqlite3* of) const noexcept { sqlite3_close_v2(of); }

    void operator()(sqlite3_stmt* of) const noexcept { sqlite3_finalize(of); }

    void operator()(sqlite3_backup* of) const noexcept { sqlite3_backup_finish(of); }
};

using sqlite_connection = std::unique_ptr<sqlite3, close_sqlite>;
using sqlite_statement = std::unique_ptr<sqlite3_stmt, close_sqlite>;
using sqlite_backup = std::unique_ptr<sqlite3_backup, close_sqlite>;

// With SQLite's own words as `where`.
[[nodiscard]] inline std::unexpected<error> sqlite_failure(sqlite3* of, int status,
                                                           std::string_view during) {
    error what{.code = errc::io,
               .where = of != nullptr ? sqlite3_errmsg(of) : sqlite3_errstr(status),
               .during = during};
    const int system = of != nullptr ? sqlite3_system_errno(of) : 0;
    switch (status & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        what.code = errc::in_use;
        what.found = 1;
        break;
    case SQLITE_NOMEM:
        what.code = errc::out_of_memory;
        break;
    case SQLITE_FULL:
        what.code = errc::no_space;
        break;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        what.code = errc::permission_denied;
        break;
    case SQLITE_CANTOPEN:
        what.code = system != 0 ? code_of(system) : errc::not_found;
        what.system = system;
        break;
    case SQLITE_IOERR:
        what.system = system;
        break;
    case SQLITE_INTERRUPT:
        what.code = errc::cancelled;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        what.code = errc::invalid_value;
        what.found = static_cast<std::uint64_t>(status);
        break;
    default:
        break;
    }
    return fail(what);
}

[[nodiscard]] constexpr bool is_busy(int status) noexcept {
    return (status & 0xff) == SQLITE_BUSY || (status & 0xff) == SQLITE_LOCKED;
}

[[nodiscard]] inline result<sqlite_connection> open_sqlite(const std::string& path, int flags,
                                                           const char* vfs = nullptr) {
    sqlite3* raw = nullptr;
    const int status = sqlite3_open_v2(path.c_str(), &raw, flags, vfs);
    sqlite_connection opened{raw};
    if (status != SQLITE_OK) {
        auto what = sqlite_failure(raw, status, "sqlite3_open").error();
        what.where = path;
        return fail(what);
    }
    return opened;
}

// The statement's status, as sqlite3_exec gives it.
[[nodiscard]] inline int run(const sqlite_connection& on, const char* statements) {
    return sqlite3_exec(on.get(), statements, nullptr, nullptr, nullptr);
}

// The first column of the first row as a text; empty where there is no row.
[[nodiscard]] inline result<std::string> ask_sqlite(sqlite3* of, std::string_view question) {
    sqlite3_stmt* raw = nullptr;
    int status =
        sqlite3_prepare_v2(of, question.data(), static_cast<int>(question.size()), &raw, nullptr);
    const sqlite_statement statement{raw};
    if (status == SQLITE_OK) {
        status = sqlite3_step(raw);
    }
    if (status != SQLITE_ROW && status != SQLITE_DONE) {
        return sqlite_failure(of, status, "sqlite3_step");
    }
    const auto* text = status == SQLITE_ROW ? sqlite3_column_text(raw, 0) : nullptr;
    return text != nullptr ? reinterpret_cast<const char*>(text) : std::string{};
}

// Calls until it is not busy any more, or stopped, or late.
template <class Call>
[[nodiscard]] result<int> patiently(const pace& by, std::chrono::nanoseconds busy_pause,
                                    progress now, Call call) {
    for (;;) {
        const int status = call();
        if (!is_busy(status)) {
            return status;
        }
        if (auto stay = by.pause(busy_pause, now); !stay) {
            error what = stay.error();
            what.where = sqlite3_errstr(status);
            return fail(what);
        }
    }
}

} // namespace detail

// The paths of vectorlite's index files, as the schema has them, in the order in which their tables
// were made. Whoever can write to the schema decides what they say.
[[nodiscard]] inline result<std::vector<std::string>> find_index_files(sqlite3* of) {
    sqlite3_stmt* raw = nullptr;
    int status = sqlite3_prepare_v2(
        of, "SELECT sql FROM main.sqlite_master WHERE type = 'table' ORDER BY rowid", -1, &raw,
        nullptr);
    const detail::sqlite_statement statement{raw};
    std::vector<std::string> paths;
    while (status == SQLITE_OK || status == SQLITE_ROW) {
        status = sqlite3_step(raw);
        const auto* text = status == SQLITE_ROW ? sqlite3_column_text(raw, 0) : nullptr;
        if (text == nullptr) {
            continue;
        }
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw, 0));
        auto path = detail::index_path_of({reinterpret_cast<const char*>(text), size});
        if (path) {
            paths.push_back(*std::move(path));
        }
    }
    if (status != SQLITE_DONE) {
        return detail::sqlite_failure(of, status, "reading sqlite_master");
    }
    return paths;
}

} // namespace tintype::inline v0
