#pragma once

// The shop in SQLite. Every action is a transaction, and answers in one line what came of it.

#include <tintype/core/error.hpp>

#include "shop.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <utility>

namespace shop {

// What the program does; the line that somebody changes one day is here.
struct behaviour {
    std::uint32_t bulk_from = 10; // pieces, for a tenth off
};

class database {
public:
    // ":memory:" for one that nobody keeps.
    [[nodiscard]] static tintype::result<database> open(const std::string& path,
                                                        const behaviour& how) {
        sqlite3* made = nullptr;
        const int code = sqlite3_open(path.c_str(), &made);
        database opened{made, how};
        if (code != SQLITE_OK) {
            return opened.failure();
        }
        // The journal of actions is what a crash must not touch; this file is made of it anew.
        const auto done = opened.run("PRAGMA synchronous = OFF;"
                                     "CREATE TABLE IF NOT EXISTS items(name TEXT PRIMARY KEY,"
                                     " stock INTEGER, cents INTEGER);"
                                     "CREATE TABLE IF NOT EXISTS days(number INTEGER PRIMARY KEY,"
                                     " takings INTEGER);");
        if (!done) {
            return tintype::pass(done);
        }
        return opened;
    }

    [[nodiscard]] tintype::result<std::string> operator()(const deliver& what) {
        return transaction([&]() -> tintype::result<std::string> {
            const auto cents = 100 + 37 * static_cast<std::int64_t>(what.item.size());
            if (auto done = change("INSERT INTO items VALUES(?1, ?2, ?3) ON CONFLICT(name) DO "
                                   "UPDATE SET stock = stock + ?2",
                                   what.item, std::int64_t{what.quantity}, cents);
                !done) {
                return tintype::pass(done);
            }
            return fmt::format("{} {} now", stock_of(what.item), what.item);
        });
    }

    [[nodiscard]] tintype::result<std::string> operator()(const sell& what) {
        return transaction([&]() -> tintype::result<std::string> {
            const auto stock = stock_of(what.item);
            if (stock < what.quantity) {
                return fmt::format("refused: {} {} left", stock, what.item);
            }
            auto price = number("SELECT cents FROM items WHERE name = ?1", what.item) *
                         static_cast<std::int64_t>(what.quantity);
            if (what.quantity >= behaviour_.bulk_from) {
                price -= price / 10;
            }
            if (auto done = change("UPDATE items SET stock = stock - ?2 WHERE name = ?1", what.item,
                                   std::int64_t{what.quantity});
                !done) {
                return tintype::pass(done);
            }
            if (auto done = change("INSERT INTO days VALUES(0, ?1) ON CONFLICT(number) DO UPDATE "
                                   "SET takings = takings + ?1",
                                   price);
                !done) {
                return tintype::pass(done);
            }
            return fmt::format("sold {} {} for {}.{:02}", what.quantity, what.item, price / 100,
                               price % 100);
        });
    }

    [[nodiscard]] tintype::result<std::string> operator()(const reprice& what) {
        return transaction([&]() -> tintype::result<std::string> {
            if (auto done =
                    change("UPDATE items SET cents = ?2 WHERE name = ?1", what.item, what.cents);
                !done) {
                return tintype::pass(done);
            }
            return fmt::format("{} at {}.{:02}", what.item, what.cents / 100, what.cents % 100);
        });
    }

    // What is in the till, day 0, becomes the day's takings.
    [[nodiscard]] tintype::result<std::string> operator()(const close_day& what) {
        return transaction([&]() -> tintype::result<std::string> {
            const auto till = in_the_till();
            if (auto done =
                    change("INSERT INTO days VALUES(?1, ?2)", std::int64_t{what.number}, till);
                !done) {
                return tintype::pass(done);
            }
            if (auto done = change("DELETE FROM days WHERE number = 0"); !done) {
                return tintype::pass(done);
            }
            return fmt::format("day {}: {}.{:02}", what.number, till / 100, till % 100);
        });
    }

    [[nodiscard]] std::int64_t stock_of(std::string_view name) const {
        return number("SELECT stock FROM items WHERE name = ?1", name);
    }

    [[nodiscard]] tintype::result<state> read() const {
        state all{};
        auto items = prepared("SELECT name, stock, cents FROM items ORDER BY name");
        while (items && sqlite3_step(items.get()) == SQLITE_ROW) {
            const auto* name = reinterpret_cast<const char*>(sqlite3_column_text(items.get(), 0));
            all.items.push_back({.name = name == nullptr ? "" : name,
                                 .stock = sqlite3_column_int64(items.get(), 1),
                                 .cents = sqlite3_column_int64(items.get(), 2)});
        }
        auto days = prepared("SELECT number, takings FROM days WHERE number > 0 ORDER BY number");
        while (days && sqlite3_step(days.get()) == SQLITE_ROW) {
            all.days.push_back({.number = sqlite3_column_int64(days.get(), 0),
                                .takings = sqlite3_column_int64(days.get(), 1)});
        }
        all.till = in_the_till();
        if (sqlite3_errcode(file_.get()) != SQLITE_DONE &&
            sqlite3_errcode(file_.get()) != SQLITE_OK) {
            return failure();
        }
        return all;
    }

    // The database holds this, and nothing else.
    [[nodiscard]] tintype::result<void> write(const state& all) {
        const auto done = transaction([&]() -> tintype::result<std::string> {
            auto written = run("DELETE FROM items; DELETE FROM days;");
            for (const item& each : all.items) {
                if (written) {
                    written = change("INSERT INTO items VALUES(?1, ?2, ?3)", each.name, each.stock,
                                     each.cents);
                }
            }
            for (const day& each : all.days) {
                if (written) {
                    written = change("INSERT INTO days VALUES(?1, ?2)", each.number, each.takings);
                }
            }
            if (written && all.till != 0) {
                written = change("INSERT INTO days VALUES(0, ?1)", all.till);
            }
            return written ? tintype::result<std::string>{""} : tintype::pass(written);
        });
        return done ? tintype::result<void>{} : tintype::pass(done);
    }

private:
    struct closes {
        void operator()(sqlite3* file) const { sqlite3_close(file); }

        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    using statement = std::unique_ptr<sqlite3_stmt, closes>;

    database(sqlite3* file, const behaviour& how) : file_(file), behaviour_(how) {}

    [[nodiscard]] std::unexpected<tintype::error> failure() const {
        return tintype::fail(
            {.code = tintype::errc::io, .where = sqlite3_errmsg(file_.get()), .during = "SQLite"});
    }

    [[nodiscard]] tintype::result<void> run(const char* sql) {
        if (sqlite3_exec(file_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
            return failure();
        }
        return {};
    }

    template <class Work>
    [[nodiscard]] tintype::result<std::string> transaction(Work work) {
        if (auto done = run("BEGIN"); !done) {
            return tintype::pass(done);
        }
        auto answer = work();
        if (auto done = run(answer ? "COMMIT" : "ROLLBACK"); !done && answer) {
            return tintype::pass(done);
        }
        return answer;
    }

    [[nodiscard]] statement prepared(const char* sql) const {
        sqlite3_stmt* made = nullptr;
        sqlite3_prepare_v2(file_.get(), sql, -1, &made, nullptr);
        return statement{made};
    }

    static void bind(sqlite3_stmt* to, int place, std::string_view text) {
        sqlite3_bind_text(to, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    }

    static void bind(sqlite3_stmt* to, int place, std::int64_t number) {
        sqlite3_bind_int64(to, place, number);
    }

    template <class... Values>
    [[nodiscard]] tintype::result<void> change(const char* sql, const Values&... values) {
        const auto made = prepared(sql);
        if (!made) {
            return failure();
        }
        int place = 0;
        (bind(made.get(), ++place, values), ...);
        if (sqlite3_step(made.get()) != SQLITE_DONE) {
            return failure();
        }
        return {};
    }

    // 0 where there is no row.
    template <class... Values>
    [[nodiscard]] std::int64_t number(const char* sql, const Values&... values) const {
        const auto made = prepared(sql);
        int place = 0;
        (bind(made.get(), ++place, values), ...);
        return made && sqlite3_step(made.get()) == SQLITE_ROW ? sqlite3_column_int64(made.get(), 0)
                                                              : 0;
    }

    [[nodiscard]] std::int64_t in_the_till() const {
        return number("SELECT takings FROM days WHERE number = 0");
    }

    std::unique_ptr<sqlite3, closes> file_;
    behaviour behaviour_;
};

} // namespace shop
