#pragma once

// The process that has the data: a thread writes to the database and the index all the time, and
// whoever asks gets a snapshot of both, taken at one moment between two writes.

#include <tintype/hash/sha256.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/exporter.hpp>
#include <tintype/stream/hnsw.hpp>
#include <tintype/stream/sqlite_source.hpp>
#include <tintype/stream/wire.hpp>

#include "show.hpp"
#include "store.hpp"
#include "talk.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace replica {

class leader {
public:
    leader(std::string folder, std::uint64_t rows)
        : folder_(std::move(folder)),
          database_(must("open", database::open(folder_ + "/live.db",
                                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE))),
          index_(&space(), room, 16, 60) {
        must("make", database_.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                   "CREATE TABLE texts(id INTEGER PRIMARY KEY, text TEXT,"
                                   " vector BLOB)"));
        add(rows);
    }

    // Answers until it hears "bye". The first snapshot is cut off after a third.
    template <class Wire>
    void serve(const connection& at) {
        const std::jthread writer{[this](const std::stop_token& stop) {
            while (!stop.stop_requested() && next_ + 8 < room) {
                {
                    const std::lock_guard lock{writing_};
                    add(8);
                }
                std::this_thread::sleep_for(std::chrono::milliseconds{2});
            }
        }};
        for (;;) {
            const connection with{::accept(at.get(), nullptr, nullptr)};
            check_call(with.get() >= 0, "accept");
            std::istringstream words{line_of(with)};
            std::string what;
            std::string id;
            words >> what >> id;
            if (what == "snapshot") {
                take();
                send<Wire>(with, {{0, open_end}}, std::exchange(cut_, false));
            } else if (what == "resume" && from_ && id == from_->metadata().snapshot_id) {
                send<Wire>(with, ranges_of(words), false);
            } else if (what == "facts" && from_ && id == from_->metadata().snapshot_id) {
                tintype::descriptor_sink out{with.get()};
                must("tell", out.write(tintype::bytes_of(answer_ + "\n" + timings() + "\n")));
            } else if (what == "bye") {
                return;
            }
        }
    }

private:
    // No write is half done for as long as it is held.
    struct quiet {
        std::unique_lock<std::mutex> lock;
        stopwatch since;
        double* told;

        quiet(std::mutex& writing, double& to) : lock(writing), told(&to) {}

        quiet(quiet&&) = default;

        ~quiet() {
            if (lock.owns_lock()) {
                *told = since.milliseconds();
            }
        }
    };

    void add(std::uint64_t rows) {
        must("begin", database_.run("BEGIN"));
        for (std::uint64_t i = 0; i != rows; ++i, ++next_) {
            const vector values = vector_of(next_);
            must("insert",
                 database_.insert(next_, fmt::format("the text of number {}", next_), values));
            index_.addPoint(values.data(), next_);
        }
        must("commit", database_.run("COMMIT"));
    }

    void take() {
        from_.reset();
        const stopwatch since;
        from_.emplace(must("export", exporter::open(
                                         {.chunk_size = 16384, .temp_dir = folder_ + "/scratch"},
                                         [this] {
                                             quiet held{writing_, held_};
                                             answer_ = answer(next_, next_ - 1, index_);
                                             then_ = next_;
                                             return held;
                                         },
                                         tintype::sqlite_source{folder_ + "/live.db"},
                                         tintype::hnsw_source{index_, std::string{index_name}})));
        taken_ = since.milliseconds();
        sent_.assign(static_cast<std::size_t>(from_->chunk_count()), 0);
    }

    [[nodiscard]] std::string timings() {
        const std::lock_guard lock{writing_};
        const auto twice = std::ranges::count_if(sent_, [](int times) { return times > 1; });
        return fmt::format("writers waited {:.1f} ms, {:.0f} ms with copy and SHA-256; {} rows "
                           "came since; {} chunks of {} sent twice",
                           held_, taken_, next_ - then_, twice, sent_.size());
    }

    template <class Wire>
    void send(const connection& to, const std::vector<tintype::number_range>& what, bool cut) {
        tintype::descriptor_sink out{to.get()};
        tintype::chunk_writer<Wire, tintype::descriptor_sink> writer{out};
        tintype::snapshot_chunk chunk;
        const std::uint64_t count = from_->chunk_count();
        for (const tintype::number_range& each : what) {
            for (std::uint64_t i = each.begin; i < std::min(each.end, count); ++i) {
                must("read", from_->read(i, chunk));
                if (cut && i == count / 3) {
                    tintype::blob message;
                    must("encode", Wire::encode(chunk, message));
                    must("send", out.write(tintype::byte_view{message}.first(message.size() / 2)));
                    return;
                }
                if (!writer.write(chunk)) {
                    return; // the other side died; it will ask again
                }
                ++sent_[static_cast<std::size_t>(i)];
            }
        }
    }

    using exporter = tintype::exporter<tintype::sha256>;

    std::string folder_;
    database database_;
    index_type index_;
    std::mutex writing_; // the database and the index together
    std::uint64_t next_ = 0;
    bool cut_ = true;

    std::optional<exporter> from_;
    std::string answer_; // of the state that was captured
    std::uint64_t then_ = 0;
    double held_ = 0;
    double taken_ = 0;
    std::vector<int> sent_;
};

} // namespace replica
