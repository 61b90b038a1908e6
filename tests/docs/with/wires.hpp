// What the fragments of docs/wires.md take for granted.
#pragma once

#include <tintype/codec/bincode.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/framing.hpp>
#include <tintype/stream/wire.hpp>
