// The laws of a field by itself over every field that the library has, and over one that a user
// might write.

#include "field_alone.hpp"

#include <tintype/codec/raw.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include "../../examples/policies.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using tests::blob_of;
using tintype::laws::lone_field_laws;

struct entry {
    BOOST_HANA_DEFINE_STRUCT(entry, (std::uint8_t, tag), (std::uint32_t, id));
};

template <class T>
struct holder {
    BOOST_HANA_DEFINE_STRUCT(holder, (T, x));
};

template <class T>
holder(T) -> holder<T>;

using numbers = std::vector<std::uint32_t>;
using texts = std::vector<std::string>;
using inner = tintype::section_list<tintype::section<"x", std::uint8_t>>;

} // namespace

TEST_CASE("laws: magic and version, alone") {
    lone_field_laws<tintype::magic<"M">>({holder{1}});
    lone_field_laws<tintype::magic<"longer than eight">>({holder{1}});
    lone_field_laws<tintype::version<std::uint8_t, 7>>({holder{1}});
    lone_field_laws<tintype::version<std::uint64_t, 0x0102030405060708>>({holder{1}});
}

TEST_CASE("laws: scalar, alone") {
    lone_field_laws<tintype::scalar<"x", std::uint64_t>>(
        {holder{std::uint64_t{0}}, holder{~std::uint64_t{0}}});
    lone_field_laws<tintype::scalar<"x", bool>>({holder{true}, holder{false}});
    lone_field_laws<tintype::scalar<"x", double>>({holder{-0.0}, holder{1.5}});
    lone_field_laws<tintype::scalar<"x", entry>>({holder{entry{1, 2}}});
    lone_field_laws<tintype::scalar<"x", std::array<entry, 2>>>(
        {holder{std::array{entry{1, 2}, entry{3, 4}}}});
}

TEST_CASE("laws: total_size, checksum and transient, alone") {
    lone_field_laws<tintype::total_size<std::uint16_t>>({holder{1}});
    lone_field_laws<tintype::checksum<tintype::crc32>>({holder{1}});
    lone_field_laws<tintype::transient<"x">>({holder{1}, holder{2}});
}

TEST_CASE("laws: count, alone") {
    lone_field_laws<tintype::count<"x">>({holder{numbers{}}, holder{numbers{1, 2}}});
    lone_field_laws<tintype::count<"x", std::uint8_t>>({holder{numbers(255)}});
}

TEST_CASE("laws: section, alone") {
    lone_field_laws<tintype::section<"x">>({holder{tintype::blob{}}, holder{blob_of("bytes")}});
    lone_field_laws<tintype::section<"x", std::uint8_t>>(
        {holder{std::string{}}, holder{std::string(255, 'x')}});
    lone_field_laws<tintype::section<"x", std::uint16_t>>(
        {holder{numbers{}}, holder{numbers{1, 2, 3}}});
    lone_field_laws<tintype::section<"x", std::uint32_t>>(
        {holder{std::vector<entry>{{1, 2}, {3, 4}}}});
}

TEST_CASE("laws: records, alone, with its count and apart from it") {
    lone_field_laws<tintype::records<"x", std::uint32_t>>(
        {holder{numbers{}}, holder{numbers{1, 2}}});
    lone_field_laws<tintype::records<"x", entry, std::uint8_t>>(
        {holder{std::vector<entry>{{1, 2}, {3, 4}}}});
    lone_field_laws<tintype::records<"x", std::uint32_t, tintype::counted_apart>>(
        {holder{numbers{5, 6, 7}}}, {.counted = "x", .number = 3});
}

TEST_CASE("laws: tail, alone") {
    lone_field_laws<tintype::tail<"x">>({holder{numbers{}}, holder{numbers{1, 2}}},
                                        {.takes_the_rest = true});
}

TEST_CASE("laws: frame, frames and payload, alone") {
    lone_field_laws<tintype::frame<"x", tintype::raw_codec>>(
        {holder{std::string{}}, holder{std::string("text")}});
    lone_field_laws<tintype::frames<"x", tintype::raw_codec, std::uint8_t, std::uint16_t>>(
        {holder{texts{}}, holder{texts{"a", "", "bc"}}});
    lone_field_laws<
        tintype::frames<"x", tintype::raw_codec, std::uint16_t, tintype::counted_apart>>(
        {holder{texts{"a", "", "bc"}}}, {.counted = "x", .number = 3});
    lone_field_laws<tintype::payload<inner, std::uint32_t>>(
        {holder{std::string{}}, holder{std::string("text")}});
}

TEST_CASE("laws: a user's field, alone") {
    lone_field_laws<policies::varint<"x">>({holder{std::uint64_t{0}}, holder{std::uint64_t{127}},
                                            holder{std::uint64_t{128}}, holder{~std::uint64_t{0}}});
}
