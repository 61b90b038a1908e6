// MD5 against the examples of RFC 1321, at every size around a block, and cut into updates
// anywhere.

#include <tintype/hash/hex.hpp>
#include <tintype/hash/md5.hpp>

#include "laws/hash.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace {

using tintype::byte_view;
using tintype::bytes_of;
using tintype::hash_of;
using tintype::md5;

} // namespace

TEST_CASE("md5: the examples of RFC 1321") {
    for (const auto& [text, digest] :
         {std::pair<std::string_view, std::string_view>{"", "d41d8cd98f00b204e9800998ecf8427e"},
          {"a", "0cc175b9c0f1b6a831c399e269772661"},
          {"abc", "900150983cd24fb0d6963f7d28e17f72"},
          {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
          {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
          {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
           "d174ab98d277d9f5a5611c2c9f419d9f"},
          {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
           "57edf4a22be3c955ac49da2e2107b67a"}}) {
        CAPTURE(text);
        CHECK(tintype::to_hex(hash_of<md5>(bytes_of(text))) == digest);
    }
    CHECK(tintype::to_hex(hash_of<md5>(tintype::blob(1'000'000, std::byte{'a'}))) ==
          "7707d6ae4e027c70eea2a935c2296f21");
}

TEST_CASE("md5: two updates, cut anywhere; a copy goes its own way") {
    const auto bytes = tests::noise(200);
    std::size_t wrong = 0;
    for (std::size_t size = 0; size <= 130; ++size) {
        for (std::size_t cut = 0; cut <= size; ++cut) {
            md5 hash;
            hash.update(byte_view{bytes}.first(cut));
            md5 copy = hash;
            copy.update(bytes_of("its own"));
            hash.update(byte_view{bytes}.first(size).subspan(cut));
            wrong += hash.finish() == hash_of<md5>(byte_view{bytes}.first(size)) ? 0U : 1U;
            wrong += copy.finish() == hash.finish() ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("md5: the laws of a hash") {
    static_assert(!tintype::combinable_hash<md5>);
    CHECK(md5::name == "md5");
    tintype::laws::hash_laws<md5>();
}
