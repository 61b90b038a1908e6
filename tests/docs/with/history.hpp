// What the fragments of docs/history.md take for granted.
#pragma once

#include <tintype/core/or_throw.hpp>
#include <tintype/delta/store.hpp>

#include <map>
#include <string>
#include <vector>

inline constexpr std::uint64_t noon_ns = 1'700'000'000'000'000'000;
inline constexpr std::uint64_t from = noon_ns - 1;
inline constexpr std::uint64_t to = noon_ns + 1;
