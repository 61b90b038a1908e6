// What the fragments of docs/replay.md take for granted.
#pragma once

#include <tintype/core/message.hpp>
#include <tintype/core/or_throw.hpp>
#include <tintype/replay/engine.hpp>
#include <tintype/replay/execution.hpp>
#include <tintype/replay/recorder.hpp>
#include <tintype/storage/directory.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <variant>
