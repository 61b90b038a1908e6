#pragma once

// A format in all the versions it has had. Decoding looks at the version, reads with the codec of
// that time, and walks the state up a path of upgrades that was declared at compile time; encoding
// writes the newest. It is a codec itself, so a manager takes it like any other.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/field.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

namespace tintype::inline v0 {

// The upgrade of the newest release: there is nothing to upgrade to.
struct newest {};

// One version of the format: its section list, the state that it described, and a stateless
// function object from that state to the next release's: `result<next>(state&&)`.
template <class Codec, class State, class Upgrade = newest>
struct release {
    using codec = Codec;
    using state = State;
    using upgrade = Upgrade;
};

namespace detail {

template <class From, class To>
concept leads_to = requires(const typename From::upgrade& upgrade, typename From::state&& old) {
    { upgrade(std::move(old)) } -> std::same_as<result<typename To::state>>;
};

} // namespace detail

// Oldest first.
template <class... Releases>
class releases {
    static constexpr std::size_t count = sizeof...(Releases);
    static_assert(count != 0, "tintype: releases<> needs at least one release");

    template <std::size_t Index>
    using at = std::tuple_element_t<Index, std::tuple<Releases...>>;

    using last = at<count - 1>;

    static constexpr std::array<field_layout, count> versions{Releases::codec::version_layout()...};

    // Each has a name, so that the compiler's line has the sentence and not the condition.
    static constexpr bool one_place = std::ranges::all_of(versions, [](const field_layout& each) {
        return each.kind == field_kind::version && each.offset == versions[0].offset &&
               each.type == versions[0].type;
    });
    static_assert(one_place,
                  "tintype: every release needs a version of the same type at the same place: put "
                  "version<T, N> directly behind a magic of the same size");
    static constexpr bool oldest_first = [] {
        for (std::size_t i = 1; i < count; ++i) {
            if (versions[i].number <= versions[i - 1].number) {
                return false;
            }
        }
        return true;
    }();
    static_assert(oldest_first,
                  "tintype: list the releases oldest first, each with a version of its own");
    static constexpr bool each_leads_on = []<std::size_t... I>(std::index_sequence<I...>) {
        return (detail::leads_to<at<I>, at<I + 1>> && ...);
    }(std::make_index_sequence<count - 1>{});
    static_assert(each_leads_on,
                  "tintype: a release does not lead to the next: give it an upgrade with "
                  "result<next_state> operator()(state&&) const");

public:
    using state = typename last::state;

    // The checksum's hash of what is written, or no_hash.
    using hash = own_hash_of<typename last::codec>;

    template <std::same_as<state> State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& value) {
        return last::codec::size(value);
    }

    template <std::same_as<state> State, byte_sink Sink>
    [[nodiscard]] static constexpr result<void> encode(const State& value, Sink& sink) {
        return last::codec::encode(value, sink);
    }

    // The errors of the release that the bytes claim to be; of the newest, where none has that
    // version.
    template <std::same_as<state> State>
    [[nodiscard]] static constexpr result<State> decode(byte_view bytes,
                                                        const decode_options& options = {}) {
        return decode_from<0>(bytes, options);
    }

    // Only the newest release can be viewed: an older one has no bytes that are its upgrade.
    template <std::same_as<state> State>
    requires viewable_codec<typename last::codec, State>
    [[nodiscard]] static constexpr auto view(byte_view bytes, const decode_options& options = {}) {
        return last::codec::template view<State>(bytes, options);
    }

private:
    template <std::size_t Index>
    [[nodiscard]] static constexpr result<state> decode_from(byte_view bytes,
                                                             const decode_options& options) {
        using current = at<Index>;
        if constexpr (Index + 1 == count) {
            return last::codec::template decode<state>(bytes, options);
        } else {
            if (current::codec::version_of(bytes) != versions[Index].number) {
                return decode_from<Index + 1>(bytes, options);
            }
            return upgraded<Index>(
                current::codec::template decode<typename current::state>(bytes, options));
        }
    }

    template <std::size_t Index>
    [[nodiscard]] static constexpr result<state> upgraded(result<typename at<Index>::state> old) {
        if constexpr (Index + 1 == count) {
            return old;
        } else {
            if (!old) {
                return pass(old);
            }
            return upgraded<Index + 1>(typename at<Index>::upgrade{}(*std::move(old)));
        }
    }
};

} // namespace tintype::inline v0
