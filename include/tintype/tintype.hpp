#pragma once

// Everything that needs no more than Boost.Hana, Boost.Endian and the operating system. The formats
// of other programs are in <tintype/formats/...>, the fmt formatters in <tintype/fmt.hpp>.

#include <tintype/codec/raw.hpp>
#include <tintype/codec/releases.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/or_throw.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/core/version.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/manager/versioned.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>
