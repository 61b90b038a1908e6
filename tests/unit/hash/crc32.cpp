// Published answers, in constant expressions and through whatever kernel this machine chose; the
// kernels themselves are tested one by one in detail/crc_kernel.cpp.

#include <tintype/hash/crc32.hpp>

#include "crc.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using tests::all_of;
using tests::text;
using tintype::crc32;
using tintype::hash_of;

constexpr bool published_answers() {
    // RFC 1952 and zlib agree on these.
    return hash_of<crc32>(text("")) == 0x00000000U && hash_of<crc32>(text("a")) == 0xE8B7BE43U &&
           hash_of<crc32>(text("abc")) == 0x352441C2U &&
           hash_of<crc32>(text("123456789")) == 0xCBF43926U &&
           hash_of<crc32>(text("The quick brown fox jumps over the lazy dog")) == 0x414FA339U &&
           hash_of<crc32>(all_of(std::byte{0})) == 0x190A55ADU &&
           hash_of<crc32>(all_of(std::byte{0xFF})) == 0xFF6CAB0BU;
}

static_assert(published_answers());

} // namespace

TEST_CASE("crc32 gives the published answers") {
    CHECK(published_answers());
    CHECK(crc32::name == "crc32");
    CHECK(crc32::polynomial == 0xEDB88320U);
}

TEST_CASE("crc32 gives at run time what it gave the compiler") {
    tests::at_run_time_as_compiled<crc32>();
}

TEST_CASE("crc32 joins parts of any size") {
    tests::joins_parts_of_any_size<crc32>();
}
