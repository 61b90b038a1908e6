#pragma once

// Objects from one storage into another, byte for byte: read back after they were written, and in
// an order in which nobody who reads the target meanwhile, or after a power cut, finds a part of
// something. What is there already is never touched. Where it has the same bytes it is passed over,
// so that a copy that was stopped goes on where it was; where it has others, that is the error.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/held_lock.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Objects that are of use only together, in the order in which they are to appear: whoever sees the
// last of them finds the others.
struct copy_unit {
    std::string name; // what people call it
    std::vector<std::string> objects;
    std::optional<std::size_t> needs{}; // index of an earlier unit, without which this one is none
};

struct copy_failure {
    std::size_t unit = 0;
    error what;
};

// Units by their indices, each in one of the three lists; after `stopped` those that were not tried
// are in none.
struct copy_report {
    std::vector<std::size_t> copied;  // of which at least one object was lacking
    std::vector<std::size_t> skipped; // that were there
    std::vector<copy_failure> failed;
    std::uint64_t bytes = 0; // written
    bool stopped = false;    // by the last failure, which the others would have had too
};

struct copy_options {
    tintype::access access = access::map; // of the source
    const monitor* watch = nullptr;       // told of bytes that were copied or compared
    std::uint64_t total = 0;              // how many that will be
};

// read(name, offset, into): as many bytes as there are from there on, if they fit. With it what was
// copied is compared piece by piece; without it, it is opened as a whole.
template <class S>
concept reads_ranges =
    requires(const S& storage, std::string_view name, std::uint64_t offset, mutable_bytes into) {
        { storage.read(name, offset, into) } -> std::same_as<result<std::size_t>>;
    };

namespace detail {

inline constexpr std::size_t piece_at_once = std::size_t{4} << 20U;

// `already_exists`, with the place of the first difference.
[[nodiscard]] inline std::unexpected<error> other_bytes(std::string_view name,
                                                        std::uint64_t offset) noexcept {
    return fail({.code = errc::already_exists,
                 .where = name,
                 .offset = offset,
                 .during = "there are other bytes under this name"});
}

template <storage_policy From, storage_policy To>
class copier {
public:
    copier(const From& from, const To& to, const copy_options& options, copy_report& report)
        : from_(from), to_(to), options_(options), report_(report) {}

    // Whether anything was lacking. `may_go_on()` says what an error means for the other units.
    [[nodiscard]] result<bool> copy(const copy_unit& unit) {
        go_on_ = true;
        std::vector<object_of<From>> objects;
        for (const std::string& name : unit.objects) {
            auto object = from_.open(name, options_.access);
            if (!object) {
                const errc code = object.error().code;
                go_on_ = code != errc::cancelled && code != errc::timed_out;
                return pass(object);
            }
            objects.push_back(*std::move(object));
        }
        std::vector<lacking> all;
        for (std::size_t i = 0; i != objects.size(); ++i) {
            const byte_view bytes = objects[i].bytes();
            if (auto same = compare(unit.objects[i], bytes, 2); same) {
                continue;
            } else if (same.error().code != errc::not_found) {
                return failed(same.error());
            }
            auto staged = written(bytes);
            if (!staged) {
                return failed(staged.error());
            }
            all.push_back({unit.objects[i], bytes, *std::move(staged)});
        }
        if (all.empty()) {
            return false;
        }
        auto done = publish(all);
        return done ? result<bool>{true} : failed(done.error());
    }

    [[nodiscard]] bool may_go_on() const noexcept { return go_on_; }

private:
    struct lacking {
        std::string_view name;
        byte_view bytes;
        staged_of<To> staged;
        bool published = false;
    };

    // What is wrong with one name is no reason not to try the next; what is wrong with the target,
    // is.
    [[nodiscard]] std::unexpected<error> failed(const error& what) {
        go_on_ = what.code == errc::already_exists || what.code == errc::checksum_mismatch;
        return fail(what);
    }

    // What is written is half done, the other half is to read it back.
    [[nodiscard]] result<void> advance(std::uint64_t halves) {
        halves_ += halves;
        return options_.watch == nullptr
                   ? result<void>{}
                   : options_.watch->report({.done = halves_ / 2, .total = options_.total});
    }

    // `not_found`, or `already_exists` where it has other bytes. A byte counts for so many halves.
    [[nodiscard]] result<void> compare(std::string_view name, byte_view bytes,
                                       std::uint64_t counts) {
        if constexpr (reads_ranges<To>) {
            if (!bytes.empty()) {
                return compare_ranges(name, bytes, counts);
            }
        }
        const auto object = to_.open(name, access::map);
        if (!object) {
            return pass(object);
        }
        const byte_view there = object->bytes();
        for (std::size_t at = 0; at != bytes.size();) {
            const auto size = std::min(piece_at_once, bytes.size() - at);
            if (auto same = compare_piece(name, at, there.subspan(std::min(at, there.size())),
                                          bytes.subspan(at, size), counts);
                !same) {
                return same;
            }
            at += size;
        }
        return there.size() == bytes.size() ? result<void>{} : other_bytes(name, bytes.size());
    }

    // Asks for one byte more than there should be.
    [[nodiscard]] result<void> compare_ranges(std::string_view name, byte_view bytes,
                                              std::uint64_t counts) {
        blob room(std::min(bytes.size(), piece_at_once) + 1);
        for (std::size_t at = 0; at != bytes.size();) {
            const auto left = bytes.size() - at;
            const auto size = std::min(piece_at_once, left);
            const bool last = left == size;
            const auto got =
                to_.read(name, at, mutable_bytes{room}.first(size + (last ? std::size_t{1} : 0)));
            if (!got) {
                return pass(got);
            }
            if (auto same = compare_piece(name, at, byte_view{room}.first(*got),
                                          bytes.subspan(at, size), counts);
                !same) {
                return same;
            }
            at += size;
            if (last && *got != size) {
                return other_bytes(name, at);
            }
        }
        return {};
    }

    [[nodiscard]] result<void> compare_piece(std::string_view name, std::size_t at, byte_view there,
                                             byte_view bytes, std::uint64_t counts) {
        const auto known = there.first(std::min(there.size(), bytes.size()));
        const auto first = std::ranges::mismatch(known, bytes);
        if (first.in2 != bytes.end()) {
            return other_bytes(name, at + static_cast<std::size_t>(first.in2 - bytes.begin()));
        }
        return advance(bytes.size() * counts);
    }

    [[nodiscard]] result<staged_of<To>> written(byte_view bytes) {
        auto staged = to_.stage({.size_hint = bytes.size()});
        while (staged && !bytes.empty()) {
            const auto piece = bytes.first(std::min(piece_at_once, bytes.size()));
            auto done = staged->write(piece);
            if (done) {
                done = advance(piece.size());
            }
            if (!done) {
                return pass(done);
            }
            bytes = bytes.subspan(piece.size());
        }
        return staged;
    }

    // All of them under the lock: who clears up after crashed writers finds no part of them, and
    // nobody removes what they need.
    [[nodiscard]] result<void> publish(std::vector<lacking>& all) {
        const auto held = held_lock<To>::take(to_);
        if (!held) {
            return pass(held);
        }
        for (lacking& each : all) {
            auto done = held->still();
            if (done) {
                done = each.staged.publish(each.name);
            }
            each.published = done.has_value();
            if (done || done.error().code == errc::already_exists) {
                // What was written, or what somebody else wrote meanwhile.
                done = compare(each.name, each.bytes, 1);
            }
            if (!done) {
                return fail(taken_back(all, each, done.error()));
            }
            report_.bytes += each.published ? each.bytes.size() : 0;
        }
        return {};
    }

    // Best effort: what was published without what it belongs to would be in the way of who takes
    // the name next. It stays if what follows it may be there.
    [[nodiscard]] error taken_back(std::vector<lacking>& all, lacking& bad, error what) const {
        if (bad.published && what.code == errc::already_exists) {
            what = {.code = errc::checksum_mismatch,
                    .where = what.where,
                    .offset = what.offset,
                    .during = "what was read back is not what was written"};
            static_cast<void>(to_.remove(bad.name));
        }
        const auto there = to_.open(bad.name, access::map);
        const bool gone = !there && there.error().code == errc::not_found;
        if (what.code == errc::already_exists || gone) {
            for (auto each = all.rbegin(); each != all.rend(); ++each) {
                if (each->published && &*each != &bad) {
                    static_cast<void>(to_.remove(each->name));
                }
            }
        }
        return what;
    }

    const From& from_;
    const To& to_;
    const copy_options& options_;
    copy_report& report_;
    std::uint64_t halves_ = 0;
    bool go_on_ = true;
};

} // namespace detail

// Durable when it returns, all that is not in `failed`. `check(unit)` is asked before the objects
// of a unit are read: what it refuses is not copied, and neither is what needs that. A unit fails
// by itself where its source or what lies under its names in the target is to blame; any other
// error of the target stops the copy, and so does `cancelled`. Objects are lent by the source as
// they are: a storage that maps them takes no memory, one that does not, that of the largest unit.
template <storage_policy From, storage_policy To, class Check>
requires std::is_invocable_r_v<result<void>, Check&, const copy_unit&>
[[nodiscard]] copy_report copy_objects(const From& from, const To& to,
                                       std::span<const copy_unit> units, Check check,
                                       const copy_options& options = {}) {
    copy_report report;
    detail::copier<From, To> copier{from, to, options, report};
    std::vector<bool> good(units.size());
    const auto failed = [&](std::size_t unit, const error& what, bool stop) {
        report.failed.push_back({unit, what});
        report.stopped = stop;
    };
    for (std::size_t i = 0; i != units.size() && !report.stopped; ++i) {
        const copy_unit& unit = units[i];
        if (unit.needs && (*unit.needs >= i || !good[*unit.needs])) {
            failed(i,
                   {.code = errc::missing_parent,
                    .where = unit.name,
                    .during = "what it needs was not copied"},
                   false);
            continue;
        }
        if (const result<void> fine = std::invoke(check, unit); !fine) {
            const errc code = fine.error().code;
            failed(i, fine.error(), code == errc::cancelled || code == errc::timed_out);
            continue;
        }
        const auto done = copier.copy(unit);
        if (!done) {
            failed(i, done.error(), !copier.may_go_on());
            continue;
        }
        good[i] = true;
        (*done ? report.copied : report.skipped).push_back(i);
    }
    // What was there may be another process's, visible but not yet durable.
    if (!report.skipped.empty()) {
        if (const auto done = to.sync(); !done) {
            for (const std::size_t unit : std::exchange(report.skipped, {})) {
                failed(unit, done.error(), true);
            }
        }
    }
    return report;
}

} // namespace tintype::inline v0
