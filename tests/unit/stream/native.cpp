// The library's own wire: its layout byte for byte, what a head must be before it is believed, and
// lies under checksums that are right.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/native.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::native_message;
using tintype::native_wire;
using tintype::snapshot_chunk;

constexpr auto any = std::numeric_limits<std::uint64_t>::max();
constexpr auto little = std::endian::little;

snapshot_chunk some_piece() {
    return {.metadata = {},
            .file_chunk = tintype::file_piece{.file_name = "ab",
                                              .offset = 0x0102,
                                              .data = blob_of({7, 8, 9}),
                                              .is_last_chunk = true},
            .sequence = 0x0a,
            .is_final = false};
}

blob message_of(const snapshot_chunk& chunk) {
    blob message;
    REQUIRE(said(native_wire::encode(chunk, message)) == "no error");
    return message;
}

// Both checksums as they should be.
void seal(blob& message) {
    const auto put = [&](std::size_t at) {
        const auto digest = tintype::hash_of<tintype::crc32c>(byte_view{message}.first(at));
        tintype::store<little>(message.data() + at, digest);
    };
    put(16);
    put(message.size() - 4);
}

template <class T>
blob with(blob message, std::size_t at, T number) {
    tintype::store<little>(message.data() + at, number);
    seal(message);
    return message;
}

} // namespace

TEST_CASE("native: the layout") {
    constexpr auto layout = native_message::layout();
    static_assert(layout.size() == 9);
    static_assert(layout[0].text == native_wire::magic);
    static_assert(layout[1].name == "version" && layout[1].number == 1 && layout[1].offset == 7);
    static_assert(layout[2].name == "total_size" && layout[2].type == "u64");
    static_assert(layout[3].name == "head_checksum" && layout[3].size == 4 &&
                  layout[3].text == "crc32c" && layout[3].type == "u32");
    static_assert(native_wire::head_size == *layout[4].offset);
    static_assert(layout[6].name == "metadata" && layout[6].prefix == "u32");
    static_assert(layout[7].name == "file_chunk" && layout[7].prefix == "u64");
    static_assert(layout[8].text == "crc32c");
    CHECK(native_message::check<snapshot_chunk>());

    blob wanted = blob_of("TTCHUNK\1");
    const auto add = [&](byte_view bytes) { tintype::append(wanted, bytes); };
    const auto zeros = [&](std::size_t count) { add(blob(count, std::byte{0})); };
    add(blob_of({77, 0, 0, 0, 0, 0, 0, 0}));      // total_size
    zeros(4);                                     // head_checksum
    add(blob_of({0x0a, 0, 0, 0, 0, 0, 0, 0, 0})); // sequence, is_final
    add(blob_of({1, 0, 0, 0, 0}));                // metadata: none
    add(blob_of({31, 0, 0, 0, 0, 0, 0, 0, 1}));   // file_chunk: one
    add(blob_of({2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'}));
    add(blob_of({2, 1, 0, 0, 0, 0, 0, 0}));
    add(blob_of({3, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9}));
    add(blob_of({1}));
    zeros(4); // checksum
    wanted = with(wanted, 8, std::uint64_t{wanted.size()});
    CHECK(message_of(some_piece()) == wanted);

    // The list alone is a codec of the same bytes.
    CHECK(tintype::decode<native_message, snapshot_chunk>(wanted) == some_piece());
}

TEST_CASE("native: a head is believed only if it is what was written") {
    const blob good = message_of(some_piece());
    const auto whole = tintype::message_extent{.size = good.size(), .known = true};
    CHECK(native_wire::extent(good, any) == whole);
    std::size_t believed = 0;
    for (std::size_t at = 0; at != native_wire::head_size; ++at) {
        for (unsigned bit = 0; bit != 8; ++bit) {
            blob bad = good;
            bad[at] ^= std::byte{static_cast<unsigned char>(1U << bit)};
            const auto extent = native_wire::extent(bad, any);
            believed += extent ? 1U : 0U;
            const auto code =
                at < 7 ? tintype::errc::invalid_magic : tintype::errc::checksum_mismatch;
            CHECK((extent || extent.error().code == code));
        }
    }
    CHECK(believed == 0);
    // The first byte that is another says so, however few there are.
    CHECK(said(native_wire::extent(blob_of("TX"), any)) ==
          "invalid_magic in native @0 21592/23736545996787275");
}

TEST_CASE("native: sizes and versions under a right checksum") {
    const blob good = message_of(some_piece());
    const auto sized = [&](std::uint64_t size, std::uint64_t most) {
        return said(native_wire::extent(with(good, 8, size), most));
    };
    CHECK(sized(77, 77) == "no error");
    CHECK(sized(77, 76) == "limit_exceeded in native @8 77/76");
    CHECK(sized(0xffffffff, 1U << 20U) == "limit_exceeded in native @8 4294967295/1048576");
    CHECK(sized(std::uint64_t{1} << 63U, 1U << 20U) ==
          "limit_exceeded in native @8 9223372036854775808/1048576");
    CHECK(sized(any, any - 1) ==
          "limit_exceeded in native @8 18446744073709551615/18446744073709551614");
    CHECK(sized(any, any) == "no error");
    CHECK(sized(0, any) == "invalid_value in native @8 0/24");
    CHECK(sized(23, any) == "invalid_value in native @8 23/24");
    CHECK(sized(24, any) == "no error");
    const blob none = with(with(blob(24, std::byte{0}), 0, std::uint64_t{0x014b4e5548435454}), 8,
                           std::uint64_t{24});
    CHECK(native_wire::extent(none, any)->known);
    CHECK(said(native_wire::decode(none)) == "truncated 24/45");
    // The size is that of the message in every version.
    for (const unsigned version : {0U, 2U, 255U}) {
        const blob other = with(good, 7, static_cast<std::uint8_t>(version));
        CHECK(native_wire::extent(other, any) ==
              tintype::message_extent{.size = good.size(), .known = true});
        CHECK(native_wire::is_intact(other));
        CHECK(said(native_wire::decode(other)) ==
              "unsupported_version in native @7 " + std::to_string(version) + "/1");
    }
    CHECK(said(native_wire::decode(with(good, 8, any))) ==
          "truncated in total_size @8 77/18446744073709551615");
    CHECK(said(native_wire::decode(with(good, 8, std::uint64_t{76}))) ==
          "trailing_bytes in total_size @76 1/0");
}

TEST_CASE("native: lies inside under right checksums") {
    const blob good = message_of(some_piece());
    const auto refused = [&]<class T>(std::size_t at, T number) {
        return said(native_wire::decode(with(good, at, number)));
    };
    CHECK(refused(28, std::uint8_t{2}) == "invalid_value in is_final @28 2/1");
    CHECK(refused(29, std::uint32_t{0}) == "truncated_section in file_chunk @41 32/7936");
    CHECK(refused(29, std::numeric_limits<std::uint32_t>::max()) ==
          "truncated_section in metadata @33 40/4294967295");
    CHECK(refused(33, std::uint8_t{1}) == "truncated_section in snapshot_id @34 0/8");
    CHECK(refused(34, any) == "truncated_section in file_chunk @42 31/18446744073709551615");
    CHECK(refused(34, std::uint64_t{30}) == "trailing_bytes @72 1/0");
    CHECK(refused(42, std::uint8_t{0}) == "trailing_bytes in file_chunk @43 30/0");
    CHECK(refused(43, any) == "truncated_section in file_name @51 22/18446744073709551615");
    CHECK(refused(61, any) == "truncated_section in data @69 4/18446744073709551615");
    CHECK(refused(61, std::uint64_t{1} << 63U) ==
          "truncated_section in data @69 4/9223372036854775808");
    CHECK(refused(61, std::uint64_t{2}) == "invalid_value in is_last_chunk @71 9/1");
    CHECK(refused(72, std::uint8_t{2}) == "invalid_value in is_last_chunk @72 2/1");
}

TEST_CASE("native: a message is intact only if all of it is what was written") {
    const blob good = message_of(some_piece());
    CHECK(native_wire::is_intact(good));
    std::size_t believed = 0;
    for (std::size_t at = 0; at != good.size(); ++at) {
        blob bad = good;
        bad[at] ^= std::byte{1};
        believed += native_wire::is_intact(bad) ? 1U : 0U;
        const blob prefix(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at));
        believed += native_wire::is_intact(prefix) ? 1U : 0U;
    }
    CHECK(believed == 0);
}

TEST_CASE("native: limits hold for frames and for files, not for the bytes of the data") {
    snapshot_chunk chunk = some_piece();
    chunk.file_chunk->data = tests::noise(5000);
    const blob message = message_of(chunk);
    CHECK(native_wire::decode(message, {.limits = {.count = 1}}) == chunk);
    CHECK(said(native_wire::decode(message, {.limits = {.bytes = 5000}})) ==
          "limit_exceeded in file_chunk @34 5028/5000");
    snapshot_chunk first{
        .metadata = tintype::stream_metadata{}, .file_chunk = {}, .sequence = 0, .is_final = false};
    first.metadata->files.resize(3);
    const blob three = message_of(first);
    CHECK(native_wire::decode(three, {.limits = {.count = 3}}) == first);
    CHECK(said(native_wire::decode(three, {.limits = {.count = 2}})) ==
          "limit_exceeded in files @58 3/2");
}

TEST_CASE("native: a chunk's memory is used again") {
    snapshot_chunk into = some_piece();
    into.file_chunk->data = blob(1000);
    const std::byte* const memory = into.file_chunk->data.data();
    REQUIRE(native_wire::decode_into(message_of(some_piece()), into).has_value());
    CHECK(into == some_piece());
    CHECK(into.file_chunk->data.data() == memory);
}

TEST_CASE("native: searching") {
    const auto found = [](std::string_view text) {
        return native_wire::find(tintype::bytes_of(text));
    };
    CHECK(found("") == 0);
    CHECK(found("TTCHUNK") == 0);
    CHECK(found("TTTCHUNK") == 1);
    CHECK(found("TTCHUNTTCHUNK") == 6);
    CHECK(found("xTTCHUN") == 1);
    CHECK(found("xTTT") == 2);
    CHECK(found("xT") == 1);
    CHECK(found("TTCHUNX") == 7);
    CHECK(found(std::string(1000, 'T')) == 998);
}
