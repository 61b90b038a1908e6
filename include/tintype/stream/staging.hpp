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

namespace tintype::inline v0 {

// Which files count, after the last commit() or before any.
enum class switch_state : std::uint8_t {
    old_files, // all is as it was
    undecided, // all is as it was, and the next open() finds out which it will be
    new_files, // the next open() completes what is not complete yet
};

// One importer of a folder. Its private folder `.tintype-import` lies in the folder and stays.
// From the beginning of commit() to its success, or to that of the next open(), nobody else may
// have a database open that is replaced, unless a replacer sees to it. A folder is always opened
// with a replacer of the same kind.
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
    [[nodiscard]] static result<staging> open(std::string folder, R replacer = {}, F fs = {}) {
        auto steps = steps_in(std::move(folder), std::move(fs));
        if (!steps) {
            return pass(steps);
        }
        auto lock = steps->lock();
        if (!lock) {
            return pass(lock);
        }
        staging opened{*std::move(steps), *std::move(lock), std::move(replacer)};
        if (auto done = opened.recover(); !done) {
            return pass(done);
        }
        return opened;
    }

    // For one whose replacer refuses for ever to do what it promised, so that open() cannot
    // complete the switch: drops that switch, and all is as it was. Only where nothing was carried
    // out yet, and only where a replacer has a step in it; otherwise it is `unsupported`, and
    // nothing is touched. Without a switch that counts there is nothing to do. `in_use` while an
    // importer has the folder.
    [[nodiscard]] static result<void> abandon(std::string folder, F fs = {}) {
        auto steps = steps_in(std::move(folder), std::move(fs));
        if (!steps) {
            return pass(steps);
        }
        const auto lock = steps->lock();
        if (!lock) {
            return pass(lock);
        }
        if (auto done = steps->sync_own(); !done) {
            return done;
        }
        const auto plan = journal_in(*steps);
        if (!plan || !*plan) {
            return plan ? result<void>{} : pass(plan);
        }
        const auto begun = steps->may_have_begun(**plan);
        if (!begun) {
            return pass(begun);
        }
        if (*begun) {
            return fail({.code = errc::unsupported,
                         .where = steps->path(),
                         .during = "abandoning a switch that may have begun"});
        }
        auto done = steps->forget_plan();
        return done ? steps->sweep() : done;
    }

    staging(staging&& other) noexcept
        : steps_(std::move(other.steps_)), lock_(std::move(other.lock_)),
          replacer_(std::move(other.replacer_)), note_(std::move(other.note_)),
          state_(other.state_), first_(other.first_),
          next_(std::exchange(other.next_, other.first_)), failed_(other.failed_) {}

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

    // Cuts off what is behind.
    [[nodiscard]] result<void> truncate(part& of, std::uint64_t size) {
        of.unsynced_ = true;
        return steps_.truncate(of.file_, size, part_name(of.number_));
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
    // A symbolic link under a file's name is replaced; a folder there is `unsupported`. A file
    // keeps the permissions of the one whose place it takes; a new one has those of any new file.
    // The parts are closed.
    [[nodiscard]] result<void> commit(const stream_metadata& what, std::span<part> parts) {
        if (failed_) {
            return fail(*failed_);
        }
        state_ = switch_state::old_files;
        switch_plan plan{
            .number = next_number(), .what = what, .parts = {}, .taken = {}, .removed = {}};
        for (const part& each : parts) {
            plan.parts.push_back(each.number_);
        }
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
        if (auto done = noted(steps_.carry_out(plan, replacer_)); !done) {
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

    staging(steps_type steps, typename F::file lock, R replacer)
        : steps_(std::move(steps)), lock_(std::move(lock)), replacer_(std::move(replacer)) {}

    [[nodiscard]] static result<steps_type> steps_in(std::string folder, F fs) {
        return steps_type::open(folder.empty() ? "." : std::move(folder), std::move(fs));
    }

    [[nodiscard]] static result<std::optional<switch_plan>> journal_in(steps_type& steps) {
        const auto bytes = steps.read(detail::journal_name);
        if (!bytes) {
            return pass(bytes);
        }
        if (!*bytes) {
            return std::nullopt;
        }
        auto plan = of_file(decode_plan(**bytes), detail::journal_name);
        return plan ? result<std::optional<switch_plan>>{*std::move(plan)} : pass(plan);
    }

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
        const auto plan = journal_in(steps_);
        if (!plan) {
            return pass(plan);
        }
        if (*plan) {
            if (auto done = complete(**plan); !done) {
                return done;
            }
        }
        return steps_.sweep();
    }

    // Where the note is damaged, nobody knows whether this is what it said; then it is carried out,
    // once more perhaps. It undoes nothing: who wrote to the new files did so after a success of
    // commit() or open(), and before that the plan was gone for good.
    [[nodiscard]] result<void> complete(const switch_plan& plan) {
        // Noted, so it is durable. Not by the number alone: that one may have been chosen while the
        // note could not be read.
        if (note_ && *note_ && **note_ == switch_note{.number = plan.number, .what = plan.what}) {
            return steps_.forget_plan();
        }
        if (auto good = steps_.check_parts(plan); !good) {
            return good;
        }
        if (auto done = steps_.carry_out(plan, replacer_); !done) {
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

    // Who takes over which file, and what goes with the others.
    [[nodiscard]] result<void> decide(switch_plan& plan, std::span<part> parts) {
        std::vector<bool> databases(parts.size());
        for (std::size_t i = 0; i != parts.size(); ++i) {
            const file_info& file = plan.what.files[i];
            const auto takes = replacer_.takes(steps_.part_path(plan.parts[i]), file);
            if (!takes) {
                return pass(takes);
            }
            if (*takes) {
                plan.taken.push_back(i);
                continue;
            }
            // No checksum is about the kind, so that it could say anything.
            const auto found =
                steps_.is_database(parts[i].file_, file.file_size, part_name(plan.parts[i]));
            if (!found) {
                return pass(found);
            }
            databases[i] = *found || file.file_type == file_kind::sqlite_db;
        }
        plan.removed = companions_of(plan.what, databases);
        return {};
    }

    [[nodiscard]] result<void> give_modes(const switch_plan& plan, std::span<part> parts) {
        for (std::size_t i = 0; i != parts.size(); ++i) {
            if (std::ranges::binary_search(plan.taken, i)) {
                continue;
            }
            const std::string& name = plan.what.files[i].file_name;
            // A log holds what its database does.
            for (const std::string_view suffix : database_companions) {
                if (name.ends_with(suffix)) {
                    const auto stem = name.substr(0, name.size() - suffix.size());
                    if (auto done = give_mode(stem, parts[i]); !done) {
                        return done;
                    }
                }
            }
            if (auto done = give_mode(name, parts[i]); !done) {
                return done;
            }
        }
        return {};
    }

    [[nodiscard]] result<void> give_mode(const std::string& of, part& to) {
        const auto changed = steps_.take_mode_of(of, to.file_);
        if (!changed) {
            return pass(changed);
        }
        to.unsynced_ = to.unsynced_ || *changed;
        return {};
    }

    // Everything that the switch rests on, durably.
    [[nodiscard]] result<void> prepare(switch_plan& plan, std::span<part> parts) {
        if (auto good = check_plan_parts(plan); !good) {
            return good;
        }
        if (auto good = steps_.check_parts(plan); !good) {
            return good;
        }
        if (auto done = decide(plan, parts); !done) {
            return done;
        }
        const auto journal = encode_plan(plan);
        if (!journal) {
            return pass(journal);
        }
        if (auto good = steps_.check_targets(plan); !good) {
            return good;
        }
        if (auto done = give_modes(plan, parts); !done) {
            return done;
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

    // Another one than any journal has that a crash may have left.
    [[nodiscard]] std::uint64_t next_number() const {
        if (!note_) {
            // The last one is not known. Counting never comes as far as the clock does.
            return std::max<std::uint64_t>(2, steps_.nanoseconds());
        }
        return *note_ ? (*note_)->number + 1 : 1;
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
    [[no_unique_address]] R replacer_;
    result<std::optional<switch_note>> note_{};
    switch_state state_ = switch_state::old_files;
    std::uint64_t first_ = 0; // of the parts that may be there
    std::uint64_t next_ = 0;
    std::optional<error> failed_{};
};

} // namespace tintype::inline v0
