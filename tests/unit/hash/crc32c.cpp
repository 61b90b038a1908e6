// Published answers, in constant expressions and through whatever kernel this machine chose; the
// kernels themselves are tested one by one in detail/crc_kernel.cpp.

#include <tintype/hash/crc32c.hpp>

#include "crc.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using tests::all_of;
using tests::text;
using tintype::crc32c;
using tintype::hash_of;

constexpr std::array<std::byte, 32> counted(bool up) {
    std::array<std::byte, 32> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(up ? i : bytes.size() - 1 - i);
    }
    return bytes;
}

constexpr bool published_answers() {
    // The sequences of 32 bytes are those of RFC 3720, appendix B.4.
    return hash_of<crc32c>(text("")) == 0x00000000U && hash_of<crc32c>(text("a")) == 0xC1D04330U &&
           hash_of<crc32c>(text("123456789")) == 0xE3069283U &&
           hash_of<crc32c>(all_of(std::byte{0})) == 0x8A9136AAU &&
           hash_of<crc32c>(all_of(std::byte{0xFF})) == 0x62A8AB43U &&
           hash_of<crc32c>(counted(true)) == 0x46DD794EU &&
           hash_of<crc32c>(counted(false)) == 0x113FDB5CU;
}

static_assert(published_answers());

} // namespace

TEST_CASE("crc32c gives the published answers") {
    CHECK(published_answers());
    CHECK(crc32c::name == "crc32c");
    CHECK(crc32c::polynomial == 0x82F63B78U);
}

TEST_CASE("crc32c gives at run time what it gave the compiler") {
    tests::at_run_time_as_compiled<crc32c>();
}

TEST_CASE("crc32c joins parts of any size") {
    tests::joins_parts_of_any_size<crc32c>();
}
