#pragma once

// What the cluster replicates: notes in SQLite, and hnswlib's graph that finds the like. A command
// adds one; the state as a snapshot is the bytes of both. Replayed from the same snapshot or from
// the first command, they come out the same on every node, to the last bit of the graph.

#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/stream/state_machine.hpp>

#include "memory_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <hnswlib/hnswlib.h>
#include <memory>
#include <span>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace notes {

using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::result;

struct note {
    BOOST_HANA_DEFINE_STRUCT(note, (std::uint64_t, id), (std::string, text));
};

using note_format =
    tintype::section_list<tintype::scalar<"id", std::uint64_t>, tintype::section<"text">>;

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, count), (blob, database), (blob, index));
};

using format =
    tintype::section_list<tintype::magic<"NOTE">, tintype::version<std::uint16_t, 1>,
                          tintype::scalar<"count", std::uint64_t>, tintype::section<"database">,
                          tintype::section<"index">, tintype::checksum<tintype::crc32c>>;

inline constexpr std::size_t dimensions = 32;

// Words as directions: texts that share words lie near each other.
[[nodiscard]] inline std::array<float, dimensions> place_of(std::string_view text) {
    std::array<float, dimensions> place{};
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        std::uint64_t seed = 0;
        for (const char letter : word) {
            seed = seed * 131 + static_cast<unsigned char>(letter);
        }
        tintype::splitmix64 random{seed};
        for (float& each : place) {
            each += static_cast<float>(random() >> 40U) / 16'777'216.0F - 0.5F;
        }
    }
    float length = 0;
    for (const float each : place) {
        length += each * each;
    }
    for (float& each : place) {
        each /= std::sqrt(length) + 1e-9F;
    }
    return place;
}

// What a command came to; the same on every node.
struct answer {
    bool added = false; // not so if it was there already, or is no note
    std::uint64_t count = 0;
};

class shelf {
public:
    [[nodiscard]] static result<std::unique_ptr<shelf>> open() {
        auto made = std::unique_ptr<shelf>(new shelf);
        sqlite3* file = nullptr;
        const int code = sqlite3_open(":memory:", &file);
        made->file_.reset(file);
        if (code != SQLITE_OK) {
            return made->failure();
        }
        if (auto done = made->run("CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
            !done) {
            return pass(done);
        }
        try {
            made->graph_ = std::make_unique<graph>(&space(), 1024, 12, 60);
        } catch (const std::exception& what) {
            return out_of_graph(what);
        }
        return made;
    }

    [[nodiscard]] result<answer> apply(byte_view command) {
        // Behind a note are zeros, up to a multiple of eight bytes.
        const auto what =
            tintype::decode<note_format, note>(command, {.trailing = tintype::trailing::accept});
        if (!what) {
            return answer{.added = false, .count = count_};
        }
        if (auto done = run("BEGIN"); !done) {
            return pass(done);
        }
        auto done = add(*what);
        if (auto ended = run(done ? "COMMIT" : "ROLLBACK"); !ended) {
            return pass(ended);
        }
        return done;
    }

    // Both as bytes: the database changes in place, so this is a copy of it.
    [[nodiscard]] result<std::unique_ptr<const state>> freeze() {
        auto frozen = std::make_unique<state>();
        frozen->count = count_;
        sqlite3_int64 size = 0;
        const std::unique_ptr<unsigned char, frees> bytes{
            sqlite3_serialize(file_.get(), "main", &size, 0)};
        if (bytes == nullptr) {
            return failure();
        }
        const auto* begin = reinterpret_cast<const std::byte*>(bytes.get());
        frozen->database.assign(begin, begin + size);
        auto index = index_bytes();
        if (!index) {
            return pass(index);
        }
        frozen->index = *std::move(index);
        return frozen;
    }

    // Out of the bytes that came, which were verified; all is made before anything is replaced.
    using restored = tintype::restored_view<tintype::view_of<format, state>>;

    [[nodiscard]] result<void> adopt(restored&& what) {
        const byte_view database = what->get<"database">();
        auto made = open();
        if (!made) {
            return pass(made);
        }
        auto* memory = static_cast<unsigned char*>(sqlite3_malloc64(database.size()));
        if (memory == nullptr) {
            return tintype::fail({.code = errc::out_of_memory, .wanted = database.size()});
        }
        std::memcpy(memory, database.data(), database.size());
        const auto size = static_cast<sqlite3_int64>(database.size());
        if (sqlite3_deserialize((*made)->file_.get(), "main", memory, size, size,
                                SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) !=
            SQLITE_OK) {
            return (*made)->failure();
        }
        if (auto done = (*made)->run("SELECT count(*) FROM notes"); !done) {
            return done;
        }
        auto file = memory_file::holding(what->get<"index">());
        if (!file) {
            return pass(file);
        }
        try {
            (*made)->graph_ = std::make_unique<graph>(&space(), file->path());
        } catch (const std::exception& wrong) {
            return out_of_graph(wrong);
        }
        file_ = std::move((*made)->file_);
        graph_ = std::move((*made)->graph_);
        count_ = what->get<"count">();
        ++restores_;
        return {};
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    // How often a snapshot took the place of what was there.
    [[nodiscard]] unsigned restores() const noexcept { return restores_; }

    // Of every note and of the graph.
    [[nodiscard]] result<std::string> digest() const {
        tintype::blake3 hash;
        const statement rows = prepared("SELECT id, text FROM notes ORDER BY id");
        while (rows != nullptr && sqlite3_step(rows.get()) == SQLITE_ROW) {
            const auto id = sqlite3_column_int64(rows.get(), 0);
            hash.update(std::as_bytes(std::span{&id, 1}));
            hash.update(tintype::bytes_of(text_in(rows.get(), 1)));
        }
        const auto index = index_bytes();
        if (!index) {
            return pass(index);
        }
        hash.update(*index);
        return tintype::to_hex(hash.finish());
    }

    // The notes most like a text, nearest first.
    [[nodiscard]] result<std::vector<std::uint64_t>> like(std::string_view text,
                                                          std::size_t many) const {
        const auto place = place_of(text);
        std::vector<std::uint64_t> ids;
        try {
            graph_->setEf(64);
            for (const auto& [distance, id] : graph_->searchKnnCloserFirst(place.data(), many)) {
                ids.push_back(id);
            }
        } catch (const std::exception& what) {
            return out_of_graph(what);
        }
        return ids;
    }

    [[nodiscard]] std::string text_of(std::uint64_t id) const {
        const statement row = prepared("SELECT text FROM notes WHERE id = ?1");
        if (row == nullptr ||
            sqlite3_bind_int64(row.get(), 1, static_cast<sqlite3_int64>(id)) != SQLITE_OK ||
            sqlite3_step(row.get()) != SQLITE_ROW) {
            return {};
        }
        return std::string{text_in(row.get(), 0)};
    }

private:
    using graph = hnswlib::HierarchicalNSW<float>;

    struct closes {
        void operator()(sqlite3* file) const { sqlite3_close(file); }

        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    struct frees {
        void operator()(unsigned char* memory) const { sqlite3_free(memory); }
    };

    using statement = std::unique_ptr<sqlite3_stmt, closes>;

    shelf() = default;

    static hnswlib::L2Space& space() {
        static hnswlib::L2Space shared{dimensions};
        return shared;
    }

    [[nodiscard]] static std::unexpected<tintype::error> out_of_graph(const std::exception& what) {
        return tintype::fail({.code = errc::io, .where = what.what(), .during = "hnswlib"});
    }

    [[nodiscard]] std::unexpected<tintype::error> failure() const {
        return tintype::fail(
            {.code = errc::io, .where = sqlite3_errmsg(file_.get()), .during = "SQLite"});
    }

    [[nodiscard]] result<void> run(const char* sql) {
        if (sqlite3_exec(file_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
            return failure();
        }
        return {};
    }

    [[nodiscard]] statement prepared(const char* sql) const {
        sqlite3_stmt* made = nullptr;
        sqlite3_prepare_v2(file_.get(), sql, -1, &made, nullptr);
        return statement{made};
    }

    [[nodiscard]] static std::string_view text_in(sqlite3_stmt* row, int column) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
        return text == nullptr
                   ? std::string_view{}
                   : std::string_view{text,
                                      static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
    }

    [[nodiscard]] result<answer> add(const note& what) {
        const statement insert = prepared("INSERT OR IGNORE INTO notes VALUES(?1, ?2)");
        if (insert == nullptr ||
            sqlite3_bind_int64(insert.get(), 1, static_cast<sqlite3_int64>(what.id)) != SQLITE_OK ||
            sqlite3_bind_text(insert.get(), 2, what.text.data(), static_cast<int>(what.text.size()),
                              SQLITE_STATIC) != SQLITE_OK ||
            sqlite3_step(insert.get()) != SQLITE_DONE) {
            return failure();
        }
        if (sqlite3_changes(file_.get()) == 0) {
            return answer{.added = false, .count = count_};
        }
        const auto place = place_of(what.text);
        try {
            if (graph_->cur_element_count == graph_->max_elements_) {
                graph_->resizeIndex(graph_->max_elements_ * 2);
            }
            // The levels are drawn anew for each note: a graph that was loaded has no past draws.
            graph_->level_generator_.seed(static_cast<unsigned>(what.id + 1));
            graph_->addPoint(place.data(), what.id);
        } catch (const std::exception& wrong) {
            return out_of_graph(wrong);
        }
        ++count_;
        return answer{.added = true, .count = count_};
    }

    [[nodiscard]] result<blob> index_bytes() const {
        auto file = memory_file::make();
        if (!file) {
            return pass(file);
        }
        try {
            graph_->saveIndex(file->path());
        } catch (const std::exception& what) {
            return out_of_graph(what);
        }
        return file->bytes();
    }

    std::unique_ptr<sqlite3, closes> file_;
    std::unique_ptr<graph> graph_;
    std::uint64_t count_ = 0;
    unsigned restores_ = 0;
};

} // namespace notes
