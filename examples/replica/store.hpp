#pragma once

// What the leader keeps and the follower takes over: rows in a SQLite database, each with a vector
// that an index of hnswlib finds. Whoever has both answers questions; the same state answers alike.

#include <tintype/core/error.hpp>
#include <tintype/core/mix.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <hnswlib/hnswlib.h>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace replica {

inline constexpr std::string_view database_name = "database.db";
inline constexpr std::string_view index_name = "index_0.idx";

inline constexpr std::size_t dimensions = 64;
inline constexpr std::size_t room = 40'000; // points that the leader's index has room for

using vector = std::array<float, dimensions>;
using index_type = hnswlib::HierarchicalNSW<float>;

[[nodiscard]] inline hnswlib::L2Space& space() {
    static hnswlib::L2Space shared{dimensions};
    return shared;
}

// The same number, the same vector.
[[nodiscard]] inline vector vector_of(std::uint64_t number) {
    tintype::splitmix64 chance{number};
    vector made{};
    for (float& each : made) {
        each = static_cast<float>(static_cast<std::int32_t>(chance() >> 32U)) * 0x1p-31F;
    }
    return made;
}

// The rows nearest to a vector that nobody has, nearest first.
[[nodiscard]] inline std::vector<std::size_t> nearest(const index_type& in) {
    const vector question = vector_of(~std::uint64_t{0});
    auto queue = in.searchKnn(question.data(), 5);
    std::vector<std::size_t> found;
    for (; !queue.empty(); queue.pop()) {
        found.push_back(queue.top().second);
    }
    std::ranges::reverse(found);
    return found;
}

// All that a question can bring to light, in one line.
[[nodiscard]] inline std::string answer(std::uint64_t rows, std::uint64_t last,
                                        const index_type& index) {
    return fmt::format("{} rows up to {}, {} points, nearest: {}", rows, last,
                       static_cast<std::size_t>(index.cur_element_count),
                       fmt::join(nearest(index), " "));
}

class database {
public:
    [[nodiscard]] static tintype::result<database> open(const std::string& path, int flags) {
        sqlite3* made = nullptr;
        const int status = sqlite3_open_v2(path.c_str(), &made, flags, nullptr);
        database opened{made};
        if (status != SQLITE_OK) {
            return opened.failure();
        }
        return opened;
    }

    [[nodiscard]] tintype::result<void> run(const char* statements) {
        const int status = sqlite3_exec(file_.get(), statements, nullptr, nullptr, nullptr);
        return status == SQLITE_OK ? tintype::result<void>{} : failure();
    }

    [[nodiscard]] tintype::result<void> insert(std::uint64_t id, std::string_view text,
                                               const vector& values) {
        if (!insert_) {
            sqlite3_stmt* made = nullptr;
            sqlite3_prepare_v2(file_.get(), "INSERT INTO texts VALUES(?1, ?2, ?3)", -1, &made,
                               nullptr);
            insert_.reset(made);
        }
        sqlite3_bind_int64(insert_.get(), 1, static_cast<std::int64_t>(id));
        sqlite3_bind_text(insert_.get(), 2, text.data(), static_cast<int>(text.size()),
                          SQLITE_STATIC);
        sqlite3_bind_blob(insert_.get(), 3, values.data(), static_cast<int>(sizeof values),
                          SQLITE_STATIC);
        const int status = sqlite3_step(insert_.get());
        sqlite3_reset(insert_.get());
        return status == SQLITE_DONE ? tintype::result<void>{} : failure();
    }

    [[nodiscard]] tintype::result<std::uint64_t> number(const char* question) const {
        sqlite3_stmt* made = nullptr;
        sqlite3_prepare_v2(file_.get(), question, -1, &made, nullptr);
        const statement prepared{made};
        if (sqlite3_step(made) != SQLITE_ROW) {
            return failure();
        }
        return static_cast<std::uint64_t>(sqlite3_column_int64(made, 0));
    }

private:
    struct closes {
        void operator()(sqlite3* file) const { sqlite3_close_v2(file); }

        void operator()(sqlite3_stmt* prepared) const { sqlite3_finalize(prepared); }
    };

    using statement = std::unique_ptr<sqlite3_stmt, closes>;

    explicit database(sqlite3* file) : file_(file) {}

    [[nodiscard]] std::unexpected<tintype::error> failure() const {
        return tintype::fail(
            {.code = tintype::errc::io, .where = sqlite3_errmsg(file_.get()), .during = "SQLite"});
    }

    std::unique_ptr<sqlite3, closes> file_;
    statement insert_;
};

} // namespace replica
