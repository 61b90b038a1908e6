#pragma once

// Where the files of a stream lie until all of them are there, and the switch by which they take
// the places of the old ones together: all new or all old, whatever call the power failed at. What
// a crash leaves half done, the next open() completes or takes back. See docs/streams.md.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/filesystem.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/file_replacer.hpp>
#include <tintype/stream/ranges.hpp>
#include <tintype/stream/switch_plan.hpp>
#include <tintype/stream/switch_steps.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype {

// Which files count, after the last commit() or before any.
enum class switch_state : std::uint8_t {
    old_files, // all is as it was
    undecided, // all is as it was, and the next open() finds out which it will be
    new_files, // the next open() completes what is not complete yet
};

// One importer of a folder. Its private folder `.tintype-import` lies in the folder and stays.
// From the beginning of commit() to its success, or to that of the next open(), nobody else may
// have a database open that is replaced, unless a replacer sees to it.
template <linking_filesystem F = posix_filesystem, file_replacer R = rename_all>
class staging {
public:
    // A file that has no name yet.
    class part {
    public:
        [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    private:
        friend staging;

        part(typename F::file file, std::uint64_t number)
            : file_(std::move(file)), number_(number) {}

        void noted(std::uint64_t begin, std::uint64_t end) noexcept {
            written_ = written_.empty() ? number_range{begin, end}
                                        : number_range{std::min(written_.begin, begin),
                                                       std::max(written_.end, end)};
        }

        mutable typename F::file file_;
        std::uint64_t number_;
        bool unsynced_ = true;
        number_range written_{};      // where it was written to since it was last flushed
        std::uint64_t unflushed_ = 0; // bytes
        // Of a sync: nobody knows any more what the disk holds.
        std::optional<error> failed_{};
    };

    // Makes the folder if need be. `in_use` where another importer has it, in this process or
    // another; `unsupported` where something else has the private folder's name. First it completes
    // a switch that counts already, or removes what an importer left that came to no switch. A
    // journal that is damaged (`checksum_mismatch`, or what else is wrong with it) or whose parts
    // are not there is an error, and nothing is touched.
    [[nodiscard]] static result<staging> open(std::string folder, R replace = {}, F fs = {}) {
        auto steps = steps_type::open(folder.empty() ? "." : std::move(folder), std::move(fs));
        if (!steps) {
            return pass(steps);
        }
        auto lock = steps->lock();
        if (!lock) {
            return pass(lock);
        }
        staging opened{*std::move(steps), *std::move(lock), std::move(replace)};
        if (auto done = opened.recover(); !done) {
            return pass(done);
        }
        return opened;
    }

    staging(staging&& other) noexcept
        : steps_(std::move(other.steps_)), lock_(std::move(other.lock_)),
          replace_(std::move(other.replace_)), note_(std::move(other.note_)), state_(other.state_),
          first_(other.first_), next_(std::exchange(other.next_, other.first_)),
          failed_(other.failed_) {}

    staging& operator=(staging&&) = delete;

    // Best effort: the next open() removes what is left.
    ~staging() {
        if (!failed_) {
            static_cast<void>(discard());
        }
    }

    [[nodiscard]] const std::string& folder() const noexcept { return steps_.path(); }

    // Empty.
    [[nodiscard]] result<part> create() {
        if (failed_) {
            return fail(*failed_);
        }
        for (;;) {
            const auto number = next_++;
            auto made = steps_.create_part(part_name(number));
            if (made) {
                return part{*std::move(made), number};
            }
            if (made.error().code != errc::already_exists) {
                return pass(made);
            }
        }
    }

    // All of the bytes; after an error, nobody knows which. It may be tried again.
    [[nodiscard]] result<void> write_at(part& to, std::uint64_t offset, byte_view bytes) {
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        if (offset > most || bytes.size() > most - offset) {
            return fail({.code = errc::length_overflow,
                         .where = part_name(to.number_),
                         .found = offset,
                         .wanted = most});
        }
        to.unsynced_ = true;
        auto done = steps_.write_all_at(to.file_, offset, bytes, part_name(to.number_));
        if (done) {
            to.noted(offset, offset + bytes.size());
            // It goes to the disk while more comes, so that a sync has little to wait for.
            if ((to.unflushed_ += bytes.size()) >= flush_distance) {
                steps_.flush_behind(to.file_, std::exchange(to.written_, {}));
                to.unflushed_ = 0;
            }
        }
        return done;
    }

    // Exactly as many bytes, or an error.
    [[nodiscard]] result<void> read_at(const part& from, std::uint64_t offset, mutable_bytes to) {
        return steps_.read_all(from.file_, offset, to, part_name(from.number_));
    }

    [[nodiscard]] result<std::uint64_t> size(const part& of) { return steps_.size(of.file_); }

    // Final if it fails: the part cannot be committed any more.
    [[nodiscard]] result<void> sync(part& of) {
        if (of.failed_) {
            return fail(*of.failed_);
        }
        if (of.unsynced_) {
            if (auto done = steps_.sync(of.file_); !done) {
                done.error().where = part_name(of.number_);
                of.failed_ = done.error();
                return done;
            }
            of.unsynced_ = false;
        }
        return {};
    }

    // The parts, in the order of the metadata's files, take the places of these, and what the old
    // databases left beside themselves is removed. Durable when it returns. An error says by
    // state() which files count; unless it is `old_files` (the parts may be created and committed
    // anew then) nothing can be done but to open the folder again, which decides and completes.
    // A symbolic link under a file's name is replaced; a folder there is `unsupported`. The parts
    // are closed.
    [[nodiscard]] result<void> commit(const stream_metadata& what, std::span<part> parts) {
        if (failed_) {
            return fail(*failed_);
        }
        state_ = switch_state::old_files;
        switch_plan plan{.number = next_number(), .what = what, .parts = {}, .removed = {}};
        for (const part& each : parts) {
            plan.parts.push_back(each.number_);
        }
        plan.removed = companions_of(what);
        if (auto done = prepare(plan, parts); !done) {
            return done;
        }
        state_ = switch_state::undecided;
        if (auto done = noted(steps_.name_prepared(detail::journal_name)); !done) {
            return done;
        }
        if (auto done = noted(steps_.sync_own()); !done) {
            return done;
        }
        state_ = switch_state::new_files;
        if (auto done = noted(steps_.carry_out(plan, replace_)); !done) {
            return done;
        }
        if (auto done = noted(conclude(plan)); !done) {
            return done;
        }
        static_cast<void>(discard());
        return {};
    }

    [[nodiscard]] switch_state state() const noexcept { return state_; }

    [[nodiscard]] bool committed() const noexcept { return state_ == switch_state::new_files; }

    // Removes all parts; those who hold some throw them away.
    [[nodiscard]] result<void> discard() {
        if (failed_) {
            return fail(*failed_);
        }
        for (; first_ != next_; ++first_) {
            if (auto gone = steps_.remove_part(part_name(first_)); !gone) {
                return gone;
            }
        }
        return {};
    }

    // What the folder holds, as the last switch that was completed noted it. An error if the note
    // is damaged, until the next switch.
    [[nodiscard]] result<std::optional<stream_metadata>> restored() const {
        if (!note_) {
            return pass(note_);
        }
        return *note_ ? std::optional{(*note_)->what} : std::nullopt;
    }

private:
    using steps_type = detail::switch_steps<F>;

    static constexpr std::uint64_t flush_distance = std::uint64_t{8} << 20U; // bytes

    staging(steps_type steps, typename F::file lock, R replace)
        : steps_(std::move(steps)), lock_(std::move(lock)), replace_(std::move(replace)) {}

    // Says which file an error is about.
    template <class T>
    [[nodiscard]] static result<T> of_file(result<T> outcome, const char* name) {
        if (!outcome && outcome.error().where.empty()) {
            outcome.error().where = name;
        }
        return outcome;
    }

    [[nodiscard]] result<void> recover() {
        // A process that died may have shown what no disk holds yet, and a power cut after the
        // first step on its ground must not take it back.
        if (auto done = steps_.sync_own(); !done) {
            return done;
        }
        const auto restored = steps_.read(detail::restored_name);
        if (!restored) {
            return pass(restored);
        }
        if (*restored) {
            note_ = of_file(decode_note(**restored), detail::restored_name);
        }
        const auto journal = steps_.read(detail::journal_name);
        if (!journal) {
            return pass(journal);
        }
        if (*journal) {
            const auto plan = of_file(decode_plan(**journal), detail::journal_name);
            if (!plan) {
                return pass(plan);
            }
            if (auto done = complete(*plan); !done) {
                return done;
            }
        }
        return steps_.sweep();
    }

    [[nodiscard]] result<void> complete(const switch_plan& plan) {
        // Noted, so it is durable; somebody may have written to the new files since.
        if (note_ && *note_ && (*note_)->number == plan.number) {
            return steps_.forget_plan();
        }
        if (auto good = steps_.check_parts(plan); !good) {
            return good;
        }
        if (auto done = steps_.carry_out(plan, replace_); !done) {
            return done;
        }
        return conclude(plan);
    }

    [[nodiscard]] result<void> conclude(const switch_plan& plan) {
        switch_note note{.number = plan.number, .what = plan.what};
        auto done = steps_.conclude(note);
        if (done) {
            note_ = std::optional{std::move(note)};
        }
        return done;
    }

    // Everything that the switch rests on, durably.
    [[nodiscard]] result<void> prepare(const switch_plan& plan, std::span<part> parts) {
        const auto journal = encode_plan(plan);
        if (!journal) {
            return pass(journal);
        }
        if (auto good = steps_.check_parts(plan); !good) {
            return good;
        }
        if (auto good = steps_.check_targets(plan); !good) {
            return good;
        }
        for (part& each : parts) {
            if (auto done = sync(each); !done) {
                return done;
            }
        }
        for (part& each : parts) {
            if (auto done = steps_.close(each.file_); !done) {
                return done;
            }
        }
        if (auto done = steps_.sync_own(); !done) {
            return done;
        }
        return steps_.prepare(detail::journal_name, *journal);
    }

    [[nodiscard]] std::uint64_t next_number() const {
        return note_ && *note_ ? (*note_)->number + 1 : 1;
    }

    // Past this, only open() can go on.
    [[nodiscard]] result<void> noted(result<void> outcome) {
        if (!outcome) {
            failed_ = outcome.error();
        }
        return outcome;
    }

    steps_type steps_;
    typename F::file lock_;
    [[no_unique_address]] R replace_;
    result<std::optional<switch_note>> note_{};
    switch_state state_ = switch_state::old_files;
    std::uint64_t first_ = 0; // of the parts that may be there
    std::uint64_t next_ = 0;
    std::optional<error> failed_{};
};

} // namespace tintype
