#pragma once

// A history at work on one simulated disk. After every call that changed something, and after every
// acknowledgement, each state that a power cut could leave is opened by the real recovery and held
// against what was appended, what was acknowledged, and what may have been let go.

#include <tintype/core/identical.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/storage/directory.hpp>

#include "intercepted.hpp"
#include "power_cut.hpp"
#include "session.hpp"
#include "simulated_filesystem.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tests {

struct crash_sample {
    BOOST_HANA_DEFINE_STRUCT(crash_sample, (std::uint64_t, timestamp_ns),
                             (std::vector<float>, values));
};

[[nodiscard]] inline crash_sample crash_sample_at(std::uint64_t time, std::uint64_t serial) {
    return {.timestamp_ns = time, .values = {static_cast<float>(serial), 1.F}};
}

// What was asked of a history, and what it said.
struct delta_ledger {
    // By index; one whose append failed may be there, and its number may have been given again.
    std::map<std::uint64_t, std::vector<crash_sample>> appended{};
    std::uint64_t durable = 0; // snapshots below this index were said to be so
    std::uint64_t let_go = 0;  // those below may be gone
    std::uint64_t gone = 0;    // those below are, as was said
    bool made = false;

    [[nodiscard]] std::uint64_t fingerprint() const {
        std::uint64_t all = mixed(mixed(durable, let_go), made ? gone + 1 : 0);
        for (const auto& [index, some] : appended) {
            all = mixed(mixed(all, index), some.size());
        }
        return all;
    }
};

// Of what was not durable any part may be gone, in the middle too: the sectors of one write reach
// the disk in any order. Then that is told. A history that runs has no hole.
template <class Store>
[[nodiscard]] std::optional<std::string> lawful(const Store& held, const delta_ledger& book,
                                                bool runs) {
    const auto text = [](std::uint64_t number) { return std::to_string(number); };
    if (runs && (!held.lost().empty() || !held.damage().empty())) {
        return "something is damaged";
    }
    std::uint64_t next = book.let_go; // that is to be there
    for (const auto& each : held.entries()) {
        const auto asked = book.appended.find(each.index);
        if (asked == book.appended.end()) {
            return text(each.index) + " was never appended";
        }
        const auto got = held.get(each.index);
        if (!got && !runs && each.index >= book.durable) {
            next = std::max(next, each.index + 1); // torn, and told when it is asked for
            continue;
        }
        if (!got) {
            return text(each.index) + ": " + tintype::message(got.error());
        }
        const auto known = std::ranges::find_if(
            asked->second, [&](const crash_sample& one) { return tintype::identical(one, *got); });
        if (known == asked->second.end()) {
            return text(each.index) + " is nothing that was appended";
        }
        if (each.index < book.gone) {
            return text(each.index) + " was let go and is there";
        }
        if (each.index > next && next < (runs ? held.next_index() : book.durable)) {
            return text(next) + " was acknowledged and is gone";
        }
        next = std::max(next, each.index + 1);
    }
    if (next < (runs ? held.next_index() : book.durable)) {
        return text(next) + " was acknowledged and is gone";
    }
    for (const auto& each : held.lost()) {
        if (each.first < book.durable && each.last >= book.let_go) {
            return text(each.first) + " and more is lost";
        }
    }
    if (held.damage().empty() != held.lost().empty() && !held.lost().empty()) {
        return "something is lost without damage";
    }
    if (held.next_index() < std::max(book.durable, book.gone)) {
        return "the number " + text(held.next_index()) + " would be given out again";
    }
    return std::nullopt;
}

// What is wrong with what a power cut left, if anything is.
[[nodiscard]] inline std::optional<std::string> delta_recovery(const simulated_filesystem& disk,
                                                               const delta_ledger& book) {
    using storage_type = tintype::basic_directory<simulated_filesystem>;
    using store = tintype::delta_store<crash_sample, storage_type>;
    const storage_type storage{simulated_path, disk};
    std::uint64_t next = 0;
    std::uint64_t count = 0;
    {
        auto held = store::open(storage, "history", {.keyframe_interval = 3});
        if (!held) {
            return "open: " + tintype::message(held.error());
        }
        if (auto wrong = lawful(*held, book, false)) {
            return wrong;
        }
        const auto seen =
            tintype::delta_reader<crash_sample, storage_type>::open(storage, "history");
        if (!seen || seen->count() != held->count() || seen->tail() != 0) {
            return "a reader does not see what the writer found";
        }
        next = held->next_index();
        count = held->count();
        if (held->append(crash_sample_at(1, 99)).value_or(~std::uint64_t{0}) != next ||
            held->durable_size() != held->size()) {
            return "nothing can be appended";
        }
    }
    const auto again = store::open(storage, "history");
    if (!again || again->cut() != 0 || again->count() != count + 1 ||
        !tintype::identical(again->get(next).value_or(crash_sample{}), crash_sample_at(1, 99))) {
        return "what was appended after the cut is gone";
    }
    return std::nullopt;
}

template <template <class> class Mutant = faithful>
class delta_session {
    using filesystem = Mutant<intercepted<simulated_filesystem>>;

public:
    using storage_type = tintype::basic_directory<filesystem>;
    using store = tintype::delta_store<crash_sample, storage_type>;

    explicit delta_session(tally& seen, simulated_options options = {.sector = 16})
        : disk_(options), hooks_(std::make_shared<interception>()),
          storage_(simulated_path, filesystem{intercepted<simulated_filesystem>{disk_, hooks_}}),
          seen_(seen) {
        hooks_->before = [this](call& what) {
            return refuse ? refuse(what) : tintype::result<void>{};
        };
        hooks_->after = [this](const call&, bool) { look(); };
    }

    delta_session(const delta_session&) = delete;
    delta_session& operator=(const delta_session&) = delete;

    ~delta_session() {
        refuse = {};
        held_.reset();
        look();
    }

    std::function<tintype::result<void>(call&)> refuse{};

    // No power cuts, and a look at the history only when it is asked for.
    bool only_shown = false;

    [[nodiscard]] delta_ledger& book() noexcept { return book_; }

    [[nodiscard]] bool is_open() const noexcept { return held_ != nullptr; }

    [[nodiscard]] store& held() noexcept { return *held_; }

    // Whether it opened; why it did not, otherwise.
    tintype::result<void> open(tintype::flush_policy policy = {}) {
        held_.reset();
        look();
        auto made = store::open(storage_, "history", {.keyframe_interval = 3, .flush = policy});
        if (!made) {
            look();
            return tintype::pass(made);
        }
        held_ = std::make_unique<store>(*std::move(made));
        book_.made = true;
        // What is shown was made durable; what is not was never acknowledged.
        note();
        return {};
    }

    tintype::result<std::uint64_t> append(std::uint64_t time) {
        const auto made = crash_sample_at(time, ++serial_);
        const std::uint64_t next = held_->next_index();
        book_.appended[next].push_back(made);
        auto done = held_->append(made);
        if (done && *done != next) {
            seen_.complain("another number was given than the next", true);
        }
        note();
        return done;
    }

    tintype::result<void> flush() {
        auto done = held_->flush();
        if (done) {
            book_.durable = held_->next_index();
        }
        look();
        return done;
    }

    // All ages in nanoseconds.
    tintype::result<tintype::cleanup_outcome> cleanup(std::uint64_t now, std::int64_t raw,
                                                      std::int64_t compressed, std::int64_t archive,
                                                      bool compact = false) {
        for (const auto& each : held_->entries()) {
            if (each.time + static_cast<std::uint64_t>(archive) >= now) {
                break;
            }
            book_.let_go = std::max(book_.let_go, each.index + 1);
        }
        auto done = held_->cleanup(now, {.raw_max_age = std::chrono::nanoseconds{raw},
                                         .compressed_max_age = std::chrono::nanoseconds{compressed},
                                         .archive_max_age = std::chrono::nanoseconds{archive},
                                         .archive_block = 6,
                                         .compact = compact,
                                         .tolerated_waste = 0});
        if (done) {
            book_.durable = held_->next_index();
            book_.gone = book_.let_go;
        }
        note();
        return done;
    }

    tintype::result<void> compact() {
        auto done = held_->compact();
        if (done) {
            book_.durable = held_->next_index();
        }
        note();
        return done;
    }

    // The history as it runs, by calls that do not fail.
    void check() {
        const auto refusing = std::exchange(refuse, {});
        if (held_) {
            if (auto wrong = lawful(*held_, book_, true)) {
                seen_.complain("as it runs: " + *wrong, true);
            }
        }
        refuse = refusing;
    }

    // Opens every state that a power cut could leave now.
    void look() {
        const auto folder = disk_.disk().folders.find(simulated_path);
        const std::pair now{disk_.disk().revision, book_.fingerprint()};
        if (only_shown || folder == disk_.disk().folders.end() || now == last_look_) {
            return;
        }
        last_look_ = now;
        for_each_power_cut(
            *folder->second, disk_.disk().options.sector, [&](const power_cut_state& state) {
                auto& journalled = seen_.states.try_emplace(state.key(), false).first->second;
                journalled = journalled || state.journalled();
                if (!seen_.checked.insert(mixed(book_.fingerprint(), state.key())).second) {
                    return;
                }
                if (auto wrong = delta_recovery(state.disk(simulated_path, false), book_)) {
                    seen_.complain(*std::move(wrong), state.journalled());
                }
            });
    }

private:
    void note() {
        if (held_ && held_->durable_size() == held_->size()) {
            book_.durable = std::max(book_.durable, held_->next_index());
        }
        if (!only_shown) {
            check();
        }
        look();
    }

    simulated_filesystem disk_;
    std::shared_ptr<interception> hooks_;
    storage_type storage_;
    tally& seen_;
    delta_ledger book_{};
    std::unique_ptr<store> held_{};
    std::uint64_t serial_ = 0;
    std::pair<std::uint64_t, std::uint64_t> last_look_{};
};

} // namespace tests
