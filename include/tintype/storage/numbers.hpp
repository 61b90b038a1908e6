#pragma once

// Numbers without a lock: a pointer holds the last number of a series, and whoever moves it on has
// the number that he moved it to. None is given twice, whoever crashes or stands still when; after
// a crash, or an outcome that nobody could learn, one may be given to nobody.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/pointer.hpp>
#include <tintype/storage/pointer_text.hpp>
#include <tintype/storage/waiting.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

// The pointer of a series is one of its own among the names of pointers.
[[nodiscard]] inline std::string number_name(std::string_view series) {
    return std::string{"number-"}.append(series);
}

// What a series' pointer says, as one line.
struct number_state {
    std::uint64_t number = 0;
    std::string writer; // 32 hex digits

    [[nodiscard]] std::string text() const {
        return "tintype-number-1 " + std::to_string(number) + ' ' + writer + '\n';
    }

    // Only what text() writes.
    [[nodiscard]] static std::optional<number_state> parse(byte_view bytes) {
        pointer_text text{bytes};
        number_state state;
        const bool whole = text.word("tintype-number-1") && text.number(state.number) &&
                           text.writer(state.writer, '\n') && text.ended();
        return whole ? std::optional{std::move(state)} : std::nullopt;
    }
};

// Moves the number of a series to what `next(last)` says, unless that is not above it. The number
// that it had moved to, or the last where it was not moved.
template <keeps_pointers Pointers, class Next, waiting_policy Waiting>
[[nodiscard]] result<std::uint64_t> move_number(const Pointers& storage, std::string_view series,
                                                Next next, const Waiting& waiting) {
    constexpr int patience = 200;
    const std::string name = number_name(series);
    number_state ours{.writer = random_writer()};
    backoff pause{std::chrono::milliseconds{1}, std::chrono::milliseconds{200}};
    for (int tried = 0, unknown = 0;; ++tried) {
        auto read = storage.read_pointer(name);
        if (!read && read.error().code != errc::not_found) {
            return pass(read);
        }
        std::uint64_t last = 0;
        if (read) {
            const auto now = number_state::parse(read->bytes);
            if (!now) {
                return fail(
                    {.code = errc::invalid_value, .where = name, .found = read->bytes.size()});
            }
            if (now->writer == ours.writer) {
                return now->number; // nobody knew whether it had been put there
            }
            last = now->number;
        }
        const result<std::uint64_t> wanted = next(last);
        if (!wanted || *wanted <= last) {
            return wanted ? result<std::uint64_t>{last} : wanted;
        }
        if (tried == patience) {
            return fail({.code = errc::timed_out,
                         .where = name,
                         .found = patience,
                         .wanted = patience,
                         .during = "others were always faster"});
        }
        ours.number = *wanted;
        const auto put =
            storage.swap_pointer(name, read ? read->tag : std::string{}, bytes_of(ours.text()));
        if (put) {
            return *wanted;
        }
        // Services answer so in a rush, too, to those who lost; that one who is gone is not waited
        // for is seen to by the reading.
        constexpr int most_unknown = 64;
        if (put.error().code != errc::already_exists && ++unknown == most_unknown) {
            return pass(put);
        }
        waiting.wait(pause.next());
    }
}

} // namespace detail

// A number that nobody was given before, the one after the last or `least` where that is greater.
// `out_of_bounds` after the greatest there is. A series is named as objects are.
template <keeps_pointers Pointers, waiting_policy Waiting = steady_waiting>
[[nodiscard]] result<std::uint64_t> next_number(const Pointers& storage, std::string_view series,
                                                std::uint64_t least = 1,
                                                const Waiting& waiting = {}) {
    return detail::move_number(
        storage, series,
        [&](std::uint64_t last) -> result<std::uint64_t> {
            if (last == ~std::uint64_t{0}) {
                return fail(
                    {.code = errc::out_of_bounds, .where = series, .found = last, .wanted = last});
            }
            return std::max(last + 1, least);
        },
        waiting);
}

// The last number that was given, or that the series was raised to; 0 before the first.
template <keeps_pointers Pointers>
[[nodiscard]] result<std::uint64_t> last_number(const Pointers& storage, std::string_view series) {
    const auto read = storage.read_pointer(detail::number_name(series));
    if (!read) {
        return read.error().code == errc::not_found ? result<std::uint64_t>{0} : pass(read);
    }
    const auto now = detail::number_state::parse(read->bytes);
    if (!now) {
        return fail({.code = errc::invalid_value,
                     .where = detail::number_name(series),
                     .found = read->bytes.size()});
    }
    return now->number;
}

// From now on the last number is that one or a greater.
template <keeps_pointers Pointers, waiting_policy Waiting = steady_waiting>
[[nodiscard]] result<void> raise_number(const Pointers& storage, std::string_view series,
                                        std::uint64_t to, const Waiting& waiting = {}) {
    const auto raised = detail::move_number(
        storage, series, [&](std::uint64_t) { return result<std::uint64_t>{to}; }, waiting);
    return raised ? result<void>{} : pass(raised);
}

} // namespace tintype::inline v0
