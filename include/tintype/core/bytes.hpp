#pragma once

// Bytes as every floor above passes them: a view of somebody's memory, or a `blob` that owns its
// own. Growing a blob never zero-fills what is about to be overwritten.

#include <tintype/core/language.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

using byte_view = std::span<const std::byte>;
using mutable_bytes = std::span<std::byte>;

// An allocator whose value-less construction leaves trivial elements as they are. Reading them
// before writing them is as undefined as it is for `new T[n]`.
template <class T>
struct default_init_allocator : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = default_init_allocator<U>;
    };

    constexpr default_init_allocator() noexcept = default;

    template <class U>
    constexpr default_init_allocator(const default_init_allocator<U>&) noexcept {}

    template <class U, class... Args>
    constexpr void construct(U* place, Args&&... args) {
        if constexpr (sizeof...(Args) == 0 && std::is_trivially_default_constructible_v<U>) {
            // A constant expression must start the element's life by hand and may not leave it
            // unset.
            if consteval {
                std::construct_at(place);
            } else {
                ::new (static_cast<void*>(place)) U;
            }
        } else {
            std::construct_at(place, std::forward<Args>(args)...);
        }
    }
};

using blob = std::vector<std::byte, default_init_allocator<std::byte>>;

// As a block, also where the compiler makes a loop of `std::copy`. They must not overlap.
constexpr void copy_bytes(byte_view from, std::byte* to) noexcept {
    if consteval {
        for (const std::byte each : from) {
            *to++ = each;
        }
    } else {
        if (!from.empty()) {
            std::memcpy(to, from.data(), from.size());
        }
    }
}

// Grows as a vector does, and moves the bytes as a block: what a vector's own `insert` does one by
// one for an allocator that is not the standard one. `bytes` must not lie in `target`.
constexpr void append(blob& target, byte_view bytes) {
    const std::size_t before = target.size();
    target.resize(before + bytes.size());
    copy_bytes(bytes, target.data() + before);
}

[[nodiscard]] inline byte_view bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text.data(), text.size()});
}

[[nodiscard]] inline std::string_view text_of(byte_view bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace tintype::inline v0
