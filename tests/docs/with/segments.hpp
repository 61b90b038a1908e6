// What the fragments of docs/segments.md take for granted.
#pragma once

#include <tintype/core/or_throw.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/segments.hpp>

struct reading {
    BOOST_HANA_DEFINE_STRUCT(reading, (std::uint64_t, timestamp_ns), (double, load));
};

inline const reading now{1'000, 0.5};
inline const tintype::directory store{"store"};
