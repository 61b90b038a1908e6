#pragma once

// How snapshots of a chain are named. An id is part of an object's name, so it is one itself
// (`good_name`), and it is never given twice: publishing never replaces, and whoever loses a race
// asks for the next.

#include <tintype/core/clock.hpp>
#include <tintype/core/fixed_string.hpp>
#include <tintype/core/rules.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace tintype::inline v0 {

// What an id itself says of when it was given.
struct id_order {
    std::uint64_t milliseconds = 0; // Unix
    std::uint64_t counter = 0;

    friend constexpr auto operator<=>(const id_order&, const id_order&) = default;
};

// next(when): an id that this process was not given before.
// order(id): nothing for an id that another policy gave.
template <class I>
concept id_policy =
    std::copyable<I> && requires(const I& ids, timestamp when, std::string_view id) {
        { ids.next(when) } -> std::same_as<std::string>;
        { ids.order(id) } -> std::same_as<std::optional<id_order>>;
    };

template <class I>
struct id_rules {
    static_assert(id_policy<I>,
                  "tintype: the ids of a chain need `std::string next(timestamp) const` and "
                  "`std::optional<id_order> order(std::string_view id) const`, and to be "
                  "copyable: write timed_ids<\"prefix\">");
    static constexpr bool kept = id_policy<I>;
};

// The prefix, Unix milliseconds, "_", and a number that counts in this process.
template <fixed_string Prefix = "snap_">
struct timed_ids {
    [[nodiscard]] std::string next(timestamp when) const {
        static std::atomic<std::uint64_t> counter{0};
        const auto since = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch());
        return std::string{Prefix.view()} +
               std::to_string(std::max<std::int64_t>(since.count(), 0)) + "_" +
               std::to_string(counter.fetch_add(1));
    }

    [[nodiscard]] std::optional<id_order> order(std::string_view id) const {
        if (!id.starts_with(Prefix.view())) {
            return std::nullopt;
        }
        id.remove_prefix(Prefix.size());
        const auto cut = id.find('_');
        if (cut == std::string_view::npos) {
            return std::nullopt;
        }
        const auto milliseconds = number(id.substr(0, cut));
        const auto counter = number(id.substr(cut + 1));
        return milliseconds && counter ? std::optional{id_order{*milliseconds, *counter}}
                                       : std::nullopt;
    }

private:
    [[nodiscard]] static std::optional<std::uint64_t> number(std::string_view digits) {
        std::uint64_t value = 0;
        const char* end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, value);
        const bool plain = digits == "0" || !digits.starts_with('0');
        return plain && read.ec == std::errc{} && read.ptr == end ? std::optional{value}
                                                                  : std::nullopt;
    }
};

static_assert(id_policy<timed_ids<>>);

} // namespace tintype::inline v0
