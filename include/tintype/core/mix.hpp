#pragma once

// Numbers that look alike, spread out: Sebastiano Vigna's splitmix64. Good enough to make names
// unlikely to meet and to choose a sample; no secret and no checksum is made of it.

#include <tintype/core/language.hpp>

#include <cstdint>

namespace tintype::inline v0 {

class splitmix64 {
public:
    explicit constexpr splitmix64(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t operator()() noexcept {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = (state_ ^ (state_ >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }

private:
    std::uint64_t state_;
};

} // namespace tintype::inline v0
