#include <tintype/hash/blake3.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/poly31.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

namespace {

using tintype::errc;
using choice = tintype::hash_choice<tintype::poly31, tintype::crc32, tintype::blake3>;

std::string digits_of(std::size_t length, tintype::byte_view bytes) {
    auto hash = choice::for_digits(std::string(length, '0'));
    REQUIRE(hash);
    hash->update(bytes.first(bytes.size() / 2));
    hash->update(bytes.subspan(bytes.size() / 2));
    return hash->digits();
}

} // namespace

TEST_CASE("the number of digits chooses the hash") {
    const auto bytes = tests::noise(100, 7);
    CHECK(digits_of(8, bytes) == tintype::to_hex(tintype::hash_of<tintype::crc32>(bytes)));
    CHECK(digits_of(16, bytes) == tintype::to_hex(tintype::hash_of<tintype::poly31>(bytes)));
    CHECK(digits_of(64, bytes) == tintype::to_hex(tintype::hash_of<tintype::blake3>(bytes)));
    for (std::size_t length = 0; length != 130; ++length) {
        if (length != 8 && length != 16 && length != 64) {
            const auto none = choice::for_digits(std::string(length, '0'));
            REQUIRE_FALSE(none);
            CHECK(none.error().code == errc::unsupported);
            CHECK(none.error().found == length);
        }
    }
}

TEST_CASE("a digest is held against its digits in either case") {
    auto hash = *choice::for_digits("01234567");
    hash.update(tests::blob_of("123456789"));
    CHECK(hash.check("cbf43926", "a file"));
    CHECK(hash.check("CBF43926", "a file"));
    const auto other = hash.check("cbf43927", "a file");
    REQUIRE_FALSE(other);
    CHECK(other.error().code == errc::checksum_mismatch);
    CHECK(other.error().where.view() == "a file");
    CHECK(other.error().found == 0xcbf43927);
    CHECK(other.error().wanted == 0xcbf43926);
    CHECK(hash.check("cbf4392", "a file").error().code == errc::invalid_value);
    CHECK(hash.check("cbf4392g", "a file").error().code == errc::invalid_value);
    CHECK(hash.check("", "a file").error().code == errc::invalid_value);
}
