// What the fragments of docs/log.md take for granted.
#pragma once

#include <tintype/core/message.hpp>
#include <tintype/core/or_throw.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/log/view.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/directory.hpp>

#include <array>
#include <chrono>
#include <cstdio>

using namespace std::literals;

inline const tintype::directory storage{"logs"};
