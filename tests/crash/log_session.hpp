#pragma once

// A log at work on one simulated disk. After every call that changed something, and after every
// acknowledgement, each state that a power cut could leave is opened by the real recovery and held
// against what was asked and answered.

#include <tintype/core/message.hpp>
#include <tintype/log/view.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>

#include "intercepted.hpp"
#include "power_cut.hpp"
#include "session.hpp"
#include "simulated_filesystem.hpp"
#include "support/bytes.hpp"
#include "support/logs.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tests {

// Of a log that may be under the name: what was put into it, in order, and of how many of these
// somebody was told that they are durable.
struct log_life {
    std::vector<read_record> records{};
    std::size_t durable = 0;

    [[nodiscard]] std::uint64_t end() const {
        return records.empty()
                   ? tintype::log_begin
                   : records.back().offset + tintype::record_extent(records.back().payload.size());
    }

    void add(std::uint32_t kind, tintype::byte_view payload) {
        records.push_back(
            {.kind = kind, .offset = end(), .payload = {payload.begin(), payload.end()}});
    }
};

struct log_ledger {
    std::vector<log_life> lives{};
    bool created = false;

    [[nodiscard]] std::uint64_t fingerprint() const {
        std::uint64_t all = created ? 1 : 0;
        for (const log_life& life : lives) {
            all = mixed(all, life.durable);
            for (const read_record& each : life.records) {
                all = mixed(mixed(all, each.kind), tests::fingerprint(each.payload));
            }
        }
        return all;
    }
};

// What is wrong with what a power cut left, if anything is.
class log_recovery {
    using storage_type = tintype::basic_directory<simulated_filesystem>;
    using writer = tintype::log_writer<storage_type>;
    using complaint = std::optional<std::string>;

public:
    log_recovery(simulated_filesystem disk, const log_ledger& book)
        : storage_(simulated_path, std::move(disk)), book_(book) {}

    [[nodiscard]] complaint check() {
        {
            auto log = opened();
            if (!log) {
                return log.error().code == tintype::errc::not_found && !book_.created
                           ? complaint{}
                           : "open: " + tintype::message(log.error());
            }
            complaint wrong = "there is no log that it could be";
            for (const log_life& life : book_.lives) {
                wrong = mismatch(life);
                if (!wrong) {
                    break;
                }
            }
            if (wrong) {
                return wrong;
            }
            const auto view = tintype::log_view<storage_type>::open(storage_, "log", log_magic);
            if (!view || view->bytes().size() != log->size() || view->tail() != 0) {
                return "a reader does not see what the writer found";
            }
            if (!log->append(99, noise(9)) || log->durable_size() != log->size()) {
                return "nothing can be appended";
            }
        }
        return went_on();
    }

    // The records that were whole, if nothing was lost between them.
    [[nodiscard]] std::optional<std::vector<read_record>> unbroken() {
        const auto log = opened();
        return log && lost_.empty() ? std::optional{whole_} : std::nullopt;
    }

private:
    [[nodiscard]] tintype::result<writer> opened() {
        whole_.clear();
        lost_.clear();
        return writer::open(storage_, "log", log_magic, tintype::flush_always{},
                            [&](const auto& what, tintype::byte_view bytes) { see(what, bytes); });
    }

    void see(const tintype::log_gap& gap, tintype::byte_view) {
        for (std::uint64_t at = 0; at != gap.size; at += 8) {
            lost_.insert(gap.offset + at);
        }
    }

    void see(const tintype::log_record& record, tintype::byte_view bytes) {
        if (const auto payload = tintype::log_payload(bytes, record)) {
            whole_.push_back({.kind = record.kind,
                              .offset = record.offset,
                              .payload = {payload->begin(), payload->end()}});
        } else {
            lost_.insert(record.offset);
        }
    }

    // Records of the life, in its order and in their places, with nothing lost that was durable.
    [[nodiscard]] complaint mismatch(const log_life& life) const {
        std::size_t next = 0;
        for (const read_record& each : whole_) {
            while (next != life.records.size() && life.records[next] != each) {
                if (next < life.durable) {
                    return "record " + std::to_string(next) + " was acknowledged and is gone";
                }
                if (!lost_.contains(life.records[next].offset)) {
                    return "record " + std::to_string(next) + " is gone without a trace";
                }
                ++next;
            }
            if (next == life.records.size()) {
                return "a record at " + std::to_string(each.offset) + " that nobody appended";
            }
            ++next;
        }
        if (next < life.durable) {
            return "record " + std::to_string(next) + " was acknowledged and is gone";
        }
        return std::nullopt;
    }

    [[nodiscard]] complaint went_on() {
        auto before = whole_;
        const auto log = opened();
        if (!log) {
            return "open again: " + tintype::message(log.error());
        }
        if (log->cut() != 0) {
            return "something is cut off again";
        }
        if (whole_.empty() || whole_.back().kind != 99 || whole_.back().payload != noise(9)) {
            return "what was appended after the cut is gone";
        }
        whole_.pop_back();
        return whole_ == before ? complaint{} : "appending changed what was there";
    }

    storage_type storage_;
    const log_ledger& book_;
    std::vector<read_record> whole_{};
    std::set<std::uint64_t> lost_{}; // places where a record is damaged or none is
};

template <template <class> class Mutant = faithful>
class log_session {
    using filesystem = Mutant<intercepted<simulated_filesystem>>;

public:
    using storage_type = tintype::basic_directory<filesystem>;
    using writer = tintype::log_writer<storage_type>;

    explicit log_session(tally& seen, simulated_options options = {})
        : log_session(seen, simulated_filesystem{options}) {}

    log_session(tally& seen, simulated_filesystem disk)
        : disk_(std::move(disk)), hooks_(std::make_shared<interception>()),
          storage_(simulated_path, filesystem{intercepted<simulated_filesystem>{disk_, hooks_}}),
          seen_(seen) {
        hooks_->before = [this](call& what) {
            return refuse ? refuse(what) : tintype::result<void>{};
        };
        hooks_->after = [this](const call&, bool) { look(); };
    }

    log_session(const log_session&) = delete;
    log_session& operator=(const log_session&) = delete;

    ~log_session() {
        refuse = {};
        log_.reset();
        look();
    }

    std::function<tintype::result<void>(call&)> refuse{};

    // Pages may be shown that the disk does not hold: nothing counts as durable until a rewrite.
    bool doubtful = false;

    [[nodiscard]] log_ledger& book() noexcept { return book_; }

    [[nodiscard]] simulated_options& disk_options() noexcept { return disk_.disk().options; }

    [[nodiscard]] bool open() const noexcept { return log_ != nullptr; }

    void create(tintype::flush_policy policy, std::size_t size = 5) {
        const blob_view payload{size, ++count_};
        book_.lives.emplace_back().add(count_, payload.bytes);
        book_.lives.back().durable = 1; // whole, or not there
        take(writer::create(storage_, "log", log_magic, payload.pieces, count_, policy));
        book_.created = book_.created || log_ != nullptr;
        look();
    }

    void reopen(tintype::flush_policy policy) {
        log_.reset();
        look();
        take(writer::open(storage_, "log", log_magic, policy));
        note_durable();
    }

    // Whether it was acknowledged.
    bool append(std::size_t size) {
        if (!log_) {
            return false;
        }
        const blob_view payload{size, ++count_};
        auto& life = book_.lives.back();
        const auto before = log_->size();
        life.add(count_, payload.bytes);
        const bool done = log_->append(count_, payload.pieces).has_value();
        if (log_->size() == before) {
            life.records.pop_back();
            if (done) {
                seen_.complain("a record was acknowledged and not appended", true);
            }
        }
        note_durable();
        return done;
    }

    void flush() {
        if (log_ && log_->flush() && log_->durable_size() != log_->size()) {
            seen_.complain("flushed, and not all of it is durable", true);
        }
        note_durable();
    }

    // Keeps every second record.
    void rewrite() {
        if (!log_) {
            return;
        }
        log_life fresh;
        const auto& old = book_.lives.back().records;
        for (std::size_t i = 0; i < old.size(); i += 2) {
            fresh.add(old[i].kind + 100, old[i].payload);
        }
        fresh.durable = fresh.records.size();
        book_.lives.push_back(fresh);
        const auto done = log_->rewrite([&](const auto& put) -> tintype::result<void> {
            for (const read_record& each : fresh.records) {
                const std::array<tintype::byte_view, 1> pieces{each.payload};
                if (auto at = put(each.kind, pieces); !at) {
                    return tintype::pass(at);
                }
            }
            return {};
        });
        if (done) {
            book_.lives.erase(book_.lives.begin(), book_.lives.end() - 1);
            doubtful = false;
        } else if (log_->flush()) {
            // It goes on as if nothing had been.
            book_.lives.pop_back();
        } else {
            log_.reset(); // either is there
        }
        note_durable();
    }

    // Opens every state that a power cut could leave now.
    void look() {
        each_state([&](const power_cut_state& state) {
            if (!seen_.checked.insert(mixed(book_.fingerprint(), state.key())).second) {
                return;
            }
            if (auto wrong = log_recovery{state.disk(simulated_path, false), book_}.check()) {
                seen_.complain(*std::move(wrong), state.journalled());
            }
        });
    }

    template <class Visit>
    void each_state(Visit visit) {
        const auto folder = disk_.disk().folders.find(simulated_path);
        const std::pair now{disk_.disk().revision, book_.fingerprint()};
        if (folder == disk_.disk().folders.end() || now == last_look_) {
            return;
        }
        last_look_ = now;
        for_each_power_cut(
            *folder->second, disk_.disk().options.sector, [&](const power_cut_state& state) {
                auto& journalled = seen_.states.try_emplace(state.key(), false).first->second;
                journalled = journalled || state.journalled();
                visit(state);
            });
    }

    void look_again() { last_look_ = {}; }

private:
    // A payload in two pieces.
    struct blob_view {
        blob_view(std::size_t size, std::uint64_t seed) : bytes(noise(size, seed)) {
            pieces = {tintype::byte_view{bytes}.first(size / 2),
                      tintype::byte_view{bytes}.subspan(size / 2)};
        }

        tintype::blob bytes;
        std::array<tintype::byte_view, 2> pieces{};
    };

    void take(tintype::result<writer> made) {
        log_.reset();
        if (made) {
            log_ = std::make_unique<writer>(*std::move(made));
        }
    }

    void note_durable() {
        if (log_ && !doubtful) {
            auto& life = book_.lives.back();
            while (life.durable != life.records.size() &&
                   life.records[life.durable].offset < log_->durable_size()) {
                ++life.durable;
            }
        }
        look();
    }

    simulated_filesystem disk_;
    std::shared_ptr<interception> hooks_;
    storage_type storage_;
    tally& seen_;
    log_ledger book_{};
    std::unique_ptr<writer> log_{};
    std::uint32_t count_ = 0;
    std::pair<std::uint64_t, std::uint64_t> last_look_{};
};

} // namespace tests
