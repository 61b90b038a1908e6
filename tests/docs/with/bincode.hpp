// What the fragments of docs/bincode.md take for granted.
#pragma once

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/encoder.hpp>

#include <algorithm>
#include <array>

struct uuid {
    std::array<std::byte, 16> bytes{};
};
