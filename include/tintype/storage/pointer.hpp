#pragma once

// Small objects by which writers without a common lock agree: each state of one has a tag, and only
// who knows the tag of the last state may put another in its place. They stand beside the objects
// of a storage and are in no list of these.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/random.hpp>
#include <tintype/storage/concept.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

struct pointer {
    blob bytes;
    std::string tag; // what the storage calls this state
    // How long ago the state was put there, by the storage's own clock, rounded down.
    std::chrono::nanoseconds age{};
};

// read_pointer(name): `not_found` where there is none.
// swap_pointer(name, tag, bytes): puts a state in the place of the one that the tag names, or with
//     an empty tag where there is none, durably, and returns the tag of the new state.
//     `already_exists`: another state is there, or none where one was; nothing was done. After any
//     other error it may have been done.
// A tag may be made of the bytes alone, so no two states of one pointer have the same bytes. A
// pointer never goes. Names are as for objects. Copies keep the same pointers.
template <class S>
concept keeps_pointers =
    std::copyable<S> && requires(const S& storage, std::string_view name, byte_view bytes) {
        { storage.read_pointer(name) } -> std::same_as<result<pointer>>;
        { storage.swap_pointer(name, name, bytes) } -> std::same_as<result<std::string>>;
    };

template <class S>
concept pointer_storage = storage_policy<S> && keeps_pointers<S>;

// Who puts a state there, as 32 hex digits that nobody else has: two writers' states are never the
// same, and each can tell later whether it was his that was put.
[[nodiscard]] inline std::string random_writer() {
    std::string text;
    for (int i = 0; i != 2; ++i) {
        const std::uint64_t number = detail::system_random();
        for (unsigned shift = 0; shift != 64; shift += 4) {
            text += "0123456789abcdef"[number >> shift & 0xfU];
        }
    }
    return text;
}

} // namespace tintype::inline v0
