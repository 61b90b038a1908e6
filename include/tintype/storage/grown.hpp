#pragma once

// The writer's side of an object that grows by segments: the tail that is not sealed, sealing it,
// merging many small segments into one, and cutting off. All handles of one object in one process
// share it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/claim_watch.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/pointer.hpp>
#include <tintype/storage/segment.hpp>
#include <tintype/storage/segment_store.hpp>
#include <tintype/storage/tail.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

// What is not sealed, as readers in the same process see it.
struct segment_tail {
    std::string generation{};
    std::uint64_t begin = 0;
    blob bytes{};
};

template <storage_policy S, tail_policy Tail>
class grown {
public:
    grown(segment_store<S> store, Tail tails, std::shared_ptr<segment_claims<S>> claims,
          const segmented_options& options, std::string name)
        : store_(std::move(store)), tails_(std::move(tails)), claims_(std::move(claims)),
          options_(options), name_(std::move(name)), writer_(random_writer()) {}

    grown(const grown&) = delete;
    grown& operator=(const grown&) = delete;

    // As it lies in the storage, with what is kept of its tail. Before anything else.
    [[nodiscard]] result<void> begin(std::string generation, segment_run run) {
        generation_ = std::move(generation);
        sealed_ = run.end;
        run_ = std::move(run.pieces);
        if (!run_.empty()) {
            // Only its size is known; whoever appends behind a torn segment would hide that it is.
            if (auto good = store_.check_piece(name_, generation_, run_.back()); !good) {
                return good;
            }
        }
        remove_claimed(names_of(run.covered));
        auto found = tails_.find(generation_);
        if (!found) {
            return pass(found);
        }
        if (*found) {
            writer_ = (*found)->writer;
        }
        auto kept = tails_.keep(generation_, writer_);
        if (!kept) {
            return pass(kept);
        }
        kept_.emplace(*std::move(kept));
        return *found ? resume(**found) : kept_->restart(sealed_, {});
    }

    [[nodiscard]] segment_tail tail() const {
        const std::lock_guard hold{seen_};
        return failed_ ? segment_tail{}
                       : segment_tail{.generation = generation_, .begin = sealed_, .bytes = tail_};
    }

    // Whether a handle that is made now may share it.
    [[nodiscard]] bool goes_on(std::string_view generation) const {
        const std::lock_guard hold{seen_};
        return !failed_ && generation_ == generation;
    }

    [[nodiscard]] std::string generation() const {
        const std::lock_guard hold{seen_};
        return generation_;
    }

    [[nodiscard]] std::uint64_t size() const {
        const std::lock_guard hold{seen_};
        return sealed_ + tail_.size();
    }

    [[nodiscard]] bool has_tail() const { return !tail().bytes.empty(); }

    [[nodiscard]] result<void> write(std::span<const byte_view> pieces) {
        const std::lock_guard one{working_};
        if (failed_) {
            return fail(*failed_);
        }
        if (tail_.size() >= options_.merge_to) {
            if (auto done = seal_tail(); !done) {
                return done;
            }
        }
        if (auto done = kept_->write(pieces); !done) {
            return done;
        }
        const std::lock_guard hold{seen_};
        for (const byte_view piece : pieces) {
            append(tail_, piece);
        }
        return {};
    }

    [[nodiscard]] result<void> sync() {
        const std::lock_guard one{working_};
        if (failed_) {
            return fail(*failed_);
        }
        if (!settled_) {
            // A writer that died may have left what is visible and not durable.
            if (auto done = noted(store_.storage().sync()); !done) {
                return done;
            }
            settled_ = true;
        }
        if (auto done = noted(kept_->sync()); !done) {
            return done;
        }
        if constexpr (Tail::keeps) {
            // Durable where it is: an error of the storage is met again by the next sync.
            if (tails_.due(tail_.size()) && !seal_tail() && failed_) {
                return fail(*failed_);
            }
            return noted(claims_->check(name_));
        } else {
            return tails_.due(tail_.size()) ? seal_tail() : result<void>{};
        }
    }

    // The tail is a segment, durable in the storage itself.
    [[nodiscard]] result<void> seal() {
        const std::lock_guard one{working_};
        if (failed_) {
            return fail(*failed_);
        }
        return tail_.empty() ? result<void>{} : seal_tail();
    }

    [[nodiscard]] result<void> truncate(std::uint64_t size) {
        const std::lock_guard one{working_};
        if (failed_) {
            return fail(*failed_);
        }
        if (size < sealed_) {
            return cut(size);
        }
        const auto left = std::min<std::uint64_t>(size - sealed_, tail_.size());
        if (left == tail_.size()) {
            return {};
        }
        if (auto done = noted(kept_->truncate(left)); !done) {
            return done;
        }
        const std::lock_guard hold{seen_};
        tail_.resize(static_cast<std::size_t>(left));
        return {};
    }

private:
    // Merged, and not removed yet.
    struct covered {
        std::chrono::steady_clock::time_point since{};
        std::vector<std::string> names{};
    };

    [[nodiscard]] result<void> noted(result<void> done) {
        if (!done) {
            const std::lock_guard hold{seen_};
            failed_ = done.error();
        }
        return done;
    }

    // A tail that was kept, and of which a part may be sealed already.
    [[nodiscard]] result<void> resume(const found_tail& found) {
        auto rest = store_.unsealed(name_, generation_, {.pieces = run_, .end = sealed_},
                                    found.begin, found.bytes);
        if (!rest) {
            return pass(rest);
        }
        tail_ = blob(rest->begin(), rest->end());
        return found.begin == sealed_ ? result<void>{} : kept_->restart(sealed_, tail_);
    }

    [[nodiscard]] result<void> seal_tail() {
        if (run_.size() >= options_.most_segments) {
            merge();
            if (run_.size() >= options_.most_segments) {
                return fail({.code = errc::limit_exceeded,
                             .where = name_,
                             .found = run_.size(),
                             .wanted = options_.most_segments,
                             .during = "too many segments"});
            }
        }
        if (auto done = noted(claims_->check(name_)); !done) {
            return done;
        }
        segment_piece piece{.begin = sealed_, .end = sealed_ + tail_.size()};
        auto done = store_.put(name_, generation_, writer_, piece,
                               [&](auto& staged) { return staged.write(tail_); });
        if (!done && done.error().code == errc::already_exists) {
            done = met(piece);
        }
        if (!done) {
            // What is kept elsewhere is sealed by the next that tries.
            return Tail::keeps && done.error().code != errc::in_use ? done : noted(done);
        }
        // Had another the name claimed by now, he may have put another head there before.
        if (done = noted(claims_->check(name_)); !done) {
            return done;
        }
        const blob rest(tail_.begin() + static_cast<std::ptrdiff_t>(piece.size()), tail_.end());
        run_.push_back(piece);
        {
            const std::lock_guard hold{seen_};
            sealed_ = piece.end;
            tail_ = rest;
        }
        if (done = noted(kept_->restart(sealed_, tail_)); done) {
            merge();
        }
        return done;
    }

    // Somebody's segment is where ours was to be: what we sent before and heard nothing of, or
    // another writer's.
    [[nodiscard]] result<void> met(segment_piece& piece) const {
        const std::unexpected<error> others = fail({.code = errc::in_use,
                                                    .where = name_,
                                                    .offset = piece.begin,
                                                    .found = 1,
                                                    .during = "another writer appended here"});
        if constexpr (!Tail::keeps) {
            return others;
        } else {
            auto size = store_.size_of_own(name_, generation_, writer_, piece, tail_);
            if (!size) {
                return size.error().code == errc::in_use ? others : result<void>{pass(size)};
            }
            piece.end = piece.begin + *size;
            return store_.storage().sync();
        }
    }

    // Merges the last segments, if there are so many of about a size. An error costs nothing: they
    // stay, and are merged with the next. Whoever opens next removes what no merge removed.
    void merge() {
        for (;;) {
            const auto count = mergeable(run_, options_.merge_from, options_.merge_to);
            if (count == 0) {
                return;
            }
            remove_past(std::chrono::steady_clock::now());
            if (!merged({.begin = run_[run_.size() - count].begin, .end = sealed_}, count)) {
                return;
            }
        }
    }

    void remove_past(std::chrono::steady_clock::time_point now) {
        const auto kept = std::ranges::find_if(
            covered_, [&](const covered& each) { return now - each.since < options_.merge_grace; });
        for (auto each = covered_.begin(); each != kept; ++each) {
            remove_claimed(each->names);
        }
        covered_.erase(covered_.begin(), kept);
    }

    [[nodiscard]] bool merged(segment_piece whole, std::size_t count) {
        whole.merged = true;
        const std::span pieces = std::span{run_}.last(count);
        const auto done =
            store_.put(name_, generation_, writer_, whole, [&](auto& staged) -> result<void> {
                auto from = whole.begin;
                for (const segment_piece& piece : pieces) {
                    auto passed =
                        store_.with_piece(name_, generation_, piece, [&](byte_view bytes) {
                            return staged.write(
                                bytes.subspan(static_cast<std::size_t>(from - piece.begin)));
                        });
                    if (!passed) {
                        return passed;
                    }
                    from = piece.end;
                }
                return {};
            });
        if (!done) {
            return false;
        }
        covered_.push_back({.since = std::chrono::steady_clock::now(), .names = names_of(pieces)});
        run_.resize(run_.size() - count);
        run_.push_back(whole);
        return true;
    }

    void remove_claimed(const std::vector<std::string>& names) {
        if (claims_->check(name_)) {
            store_.remove(names);
        }
    }

    [[nodiscard]] std::vector<std::string> names_of(std::span<const segment_piece> pieces) const {
        std::vector<std::string> names;
        for (const segment_piece& piece : pieces) {
            names.push_back(segment_name(name_, generation_, piece));
        }
        return names;
    }

    // Into sealed bytes: a new head in the place of the old, with what is left.
    [[nodiscard]] result<void> cut(std::uint64_t size) {
        if (auto done = noted(claims_->check(name_)); !done) {
            return done;
        }
        const auto head = store_.storage().open(name_, access::map);
        if (!head) {
            return pass(head);
        }
        const auto now = generation_of(head->bytes(), name_);
        if (!now) {
            return pass(now);
        }
        if (*now != generation_) {
            return noted(fail({.code = errc::in_use,
                               .where = name_,
                               .found = 1,
                               .during = "another was put in its place"}));
        }
        const byte_view whole = head->bytes().subspan(segment_mark::bytes);
        const auto from = std::min<std::uint64_t>(size, whole.size());
        blob rest;
        if (auto done = store_.fetch(name_, generation_, run_, from, size, rest); !done) {
            return done;
        }
        claim_watch<segment_claims<S>> still{claims_};
        auto staged = store_.storage().stage(
            {.size_hint = segment_mark::bytes + size, .watch = still.watch()});
        if (!staged) {
            return pass(staged);
        }
        const auto fresh = random_writer();
        const auto mark = segment_mark{.writer = fresh}.encode(segment_mark::head);
        for (const byte_view part :
             {byte_view{mark}, whole.first(static_cast<std::size_t>(from)), byte_view{rest}}) {
            if (auto done = staged->write(part); !done) {
                return done;
            }
        }
        auto kept = tails_.keep(fresh, writer_);
        if (!kept) {
            return pass(kept);
        }
        if (auto done = kept->restart(size, {}); !done) {
            return done;
        }
        auto done = still.replace(*staged, name_);
        if (done = noted(done ? claims_->check(name_) : done); !done) {
            return done;
        }
        auto old = names_of(run_);
        for (const covered& each : covered_) {
            std::ranges::copy(each.names, std::back_inserter(old));
        }
        store_.remove(old);
        static_cast<void>(tails_.forget(generation_)); // best effort, as the segments
        run_.clear();
        covered_.clear();
        kept_.emplace(*std::move(kept));
        const std::lock_guard hold{seen_};
        generation_ = fresh;
        sealed_ = size;
        tail_.clear();
        return {};
    }

    segment_store<S> store_;
    Tail tails_;
    std::shared_ptr<segment_claims<S>> claims_;
    segmented_options options_;
    std::string name_;
    std::string writer_;

    std::mutex working_; // one writes at a time; guards what follows
    std::vector<segment_piece> run_;
    std::vector<covered> covered_; // oldest first
    std::optional<typename decltype(std::declval<const Tail&>().keep(
        std::string_view{}, std::string_view{}))::value_type>
        kept_;
    bool settled_ = false;

    // Guards what follows, which changes only while `working_` is held, too.
    mutable std::mutex seen_;
    std::optional<error> failed_;
    std::string generation_;
    std::uint64_t sealed_ = 0;
    blob tail_;
};

} // namespace tintype::inline v0::detail
