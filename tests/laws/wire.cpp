// The laws of a wire over the library's own, over framings with several encodings, and over a
// framing and a wire that a user might write.

#include "wire.hpp"

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/stream/framing.hpp>
#include <tintype/stream/native.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace {

using tintype::blob;
using tintype::byte_view;
using tintype::decode_options;
using tintype::errc;
using tintype::fail;
using tintype::message_extent;
using tintype::result;
using tintype::snapshot_chunk;

// A length in decimal digits and a colon, as netstrings have it.
struct digits_and_colon {
    static constexpr std::string_view name = "digits";
    static constexpr std::size_t longest = 21;

    static result<tintype::frame_head> head(byte_view begin) {
        tintype::frame_head head;
        for (; head.size != begin.size(); ++head.size) {
            const auto letter = static_cast<char>(begin[head.size]);
            if (letter == ':' && head.size != 0) {
                ++head.size;
                head.whole = true;
                return head;
            }
            const bool leading = head.size == 1 && head.body == 0;
            if (letter < '0' || letter > '9' || leading || head.size == 18) {
                return fail({.code = errc::invalid_value, .where = name, .offset = head.size});
            }
            head.body = head.body * 10 + static_cast<std::uint64_t>(letter - '0');
        }
        ++head.size;
        return head;
    }

    static result<std::size_t> store(std::uint64_t payload, std::span<std::byte, longest> to) {
        char* const text = reinterpret_cast<char*>(to.data());
        char* const end = std::to_chars(text, text + longest - 1, payload).ptr;
        *end = ':';
        return static_cast<std::size_t>(end + 1 - text);
    }
};

// Written without the library's framings: a letter, a length of three bytes, the chunk.
struct lettered_wire {
    static constexpr std::string_view name = "lettered";
    static constexpr bool counts_bytes = true;

    static result<void> encode(const snapshot_chunk& chunk, blob& to) {
        const auto bytes = tintype::encode<tintype::bincode_variable>(chunk);
        if (!bytes) {
            return tintype::pass(bytes);
        }
        for (const std::size_t part :
             {std::size_t{'C'}, bytes->size(), bytes->size() >> 8U, bytes->size() >> 16U}) {
            to.push_back(static_cast<std::byte>(part));
        }
        tintype::append(to, *bytes);
        return {};
    }

    static result<message_extent> extent(byte_view begin, std::uint64_t most) {
        if (begin.size() < 4) {
            return message_extent{.size = 4};
        }
        if (begin[0] != std::byte{'C'}) {
            return fail({.code = errc::invalid_magic, .offset = 0});
        }
        const auto at = [&](std::size_t i) { return std::to_integer<std::uint64_t>(begin[i]); };
        const std::uint64_t size = 4 + (at(1) | at(2) << 8U | at(3) << 16U);
        if (size > most) {
            return fail({.code = errc::limit_exceeded, .offset = 1, .found = size, .wanted = most});
        }
        return message_extent{.size = size, .known = true};
    }

    static result<snapshot_chunk> decode(byte_view message, const decode_options& options) {
        const auto size = extent(message, ~std::uint64_t{0});
        if (!size) {
            return tintype::pass(size);
        }
        if (!size->known || size->size != message.size()) {
            return fail({.code = errc::truncated, .offset = 0});
        }
        return tintype::bincode_variable::decode<snapshot_chunk>(message.subspan(4), options);
    }
};

struct plain_wire
    : tintype::framed<tintype::varint_length, tintype::bincode_fixed, "varint-bincode"> {
    static constexpr bool counts_bytes = true;
};

} // namespace

TEST_CASE("laws: wire, the library's own") {
    static_assert(tintype::reusing_wire<tintype::native_wire> &&
                  tintype::searchable_wire<tintype::native_wire>);
    tintype::laws::wire_laws<tintype::native_wire>(tintype::laws::chunks_of_every_kind(),
                                                   {.has_checksum = true});
}

TEST_CASE("laws: wire, JSON behind a big-endian length") {
    using wire =
        tintype::framed<tintype::big_endian_length, tintype::json<tintype::go_style>, "raft-json">;
    static_assert(tintype::wire_policy<wire> && !tintype::searchable_wire<wire>);
    tintype::laws::wire_laws<wire>(tintype::laws::chunks_of_every_kind(), {.one_encoding = false});
}

TEST_CASE("laws: wire, bincode behind a varint") {
    tintype::laws::wire_laws<plain_wire>(tintype::laws::chunks_of_every_kind());
}

TEST_CASE("laws: wire, JSON behind a length that is not known before and of any size") {
    using wire = tintype::framed<digits_and_colon, tintype::json<tintype::go_style>>;
    tintype::laws::wire_laws<wire>(tintype::laws::chunks_of_every_kind(), {.one_encoding = false});
}

TEST_CASE("laws: wire, a user's own") {
    static_assert(tintype::wire_policy<lettered_wire> && !tintype::reusing_wire<lettered_wire>);
    tintype::laws::wire_laws<lettered_wire>(tintype::laws::chunks_of_every_kind());
}
