// Files that memvid's own types wrote: every value in them is what the JSON beside them says, and
// they are written again byte for byte. Previews and hashes of data are worked out the same.

#include <tintype/codec/json.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/formats/memvid.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/replay/preview.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

using namespace tintype::memvid;
using tests::said;
using tintype::byte_view;

constexpr std::array<std::string_view, 8> variant_names{
    "Put", "PutMany", "Find", "Ask", "Checkpoint", "Update", "Delete", "ToolCall"};

// As serde writes the same types in JSON, by the descriptions of ours.
std::string to_json(const tintype::uuid& id) {
    return '"' + to_text(id) + '"';
}

template <class T>
std::string to_json(const T& value) {
    constexpr auto kind = tintype::kind_of<T>;
    if constexpr (std::is_same_v<T, std::byte>) {
        return std::to_string(std::to_integer<unsigned>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (kind == tintype::kind::scalar) {
        return std::to_string(value);
    } else if constexpr (kind == tintype::kind::string) {
        const auto text = tintype::json_value::string(value);
        REQUIRE(text.has_value());
        return std::string{text->text()};
    } else if constexpr (kind == tintype::kind::optional) {
        return value ? to_json(*value) : "null";
    } else if constexpr (kind == tintype::kind::variant) {
        return std::visit(
            [&](const auto& held) {
                return "{\"" + std::string{variant_names[value.index()]} + "\":" + to_json(held) +
                       '}';
            },
            value);
    } else if constexpr (kind == tintype::kind::map) {
        std::string text = "{";
        for (const auto& [key, held] : value) {
            text += (text.size() == 1 ? "" : ",") + to_json(key) + ':' + to_json(held);
        }
        return text + '}';
    } else if constexpr (kind == tintype::kind::described) {
        std::string text = "{";
        tintype::for_each_member(value, [&](std::string_view name, const auto& held) {
            // What the library calls otherwise.
            name = name == "action" ? "action_type" : name == "affected" ? "affected_frames" : name;
            text += (text.size() == 1 ? "\"" : ",\"") + std::string{name} + "\":" + to_json(held);
        });
        return text + '}';
    } else {
        std::string text = "[";
        for (const auto& each : value) {
            text += (text.size() == 1 ? "" : ",") + to_json(each);
        }
        return text + ']';
    }
}

std::string path_of(std::string_view name) {
    return std::string{TINTYPE_GOLDEN "/memvid/"} + std::string{name};
}

// Without spaces, and with the keys in order.
std::string canonical(byte_view text) {
    const auto value = tintype::decode<tintype::json<>, tintype::json_value>(text);
    REQUIRE(said(value) == "no error");
    return std::string{value->text()};
}

template <class T>
bool is_as_expected(const T& value, std::string_view name) {
    const auto expected = tests::file_bytes(path_of(name) + ".expected.json");
    return canonical(tintype::bytes_of(to_json(value))) == canonical(expected);
}

void has_its_digests(const replay_session& session) {
    for (const auto& each : session.checkpoints) {
        const auto digest = tintype::summary_digest(each.snapshot);
        REQUIRE(said(digest) == "no error");
        CHECK(tintype::to_hex(*digest) == tintype::to_hex(each.state_hash));
    }
}

struct golden_preview {
    BOOST_HANA_DEFINE_STRUCT(golden_preview, (std::string, data_hex), (std::string, hash_hex),
                             (std::string, preview));
};

} // namespace

TEST_CASE("golden: memvid's segments") {
    struct file {
        std::string_view name;
        std::size_t sessions;
    };

    for (const file& each : {file{"none", 0}, file{"one", 1}, file{"two", 2}, file{"many", 4}}) {
        CAPTURE(each.name);
        const auto bytes = tests::file_bytes(path_of(each.name) + ".mv2replay");
        REQUIRE(bytes.size() >= 24);
        const auto read = tintype::decode<segment, replay_segment>(bytes);
        REQUIRE(said(read) == "no error");
        CHECK(read->sessions.size() == each.sessions);
        CHECK(is_as_expected(read->sessions, each.name));
        for (const replay_session& session : read->sessions) {
            has_its_digests(session);
        }
        const auto again = tintype::encode<segment>(*read);
        REQUIRE(said(again) == "no error");
        CHECK(*again == bytes);
        CHECK(segment::size(*read) == bytes.size());

        const auto view = segment::view<replay_segment>(bytes);
        REQUIRE(said(view) == "no error");
        std::size_t index = 0;
        for (const byte_view frame : view->get<"sessions">()) {
            const auto one = tintype::decode<tintype::bincode_fixed, replay_session>(frame);
            REQUIRE(said(one) == "no error");
            CHECK(*one == read->sessions[index++]);
        }
        CHECK(index == each.sessions);
        const auto where = manifest_of(*read, 4096);
        CHECK(where.segment_offset == 4096);
        CHECK(where.segment_size == bytes.size());
        CHECK(where.session_count == each.sessions);
    }
}

TEST_CASE("golden: memvid's sessions that are being recorded") {
    for (const std::string_view name : {"active_new", "active_busy"}) {
        CAPTURE(name);
        const auto bytes = tests::file_bytes(path_of(name) + ".mv2active");
        REQUIRE(bytes.size() >= 16);
        const auto read = tintype::decode<active_file, active_session>(bytes);
        REQUIRE(said(read) == "no error");
        CHECK(is_as_expected(*read, name));
        has_its_digests(read->session);
        const auto again = tintype::encode<active_file>(*read);
        REQUIRE(said(again) == "no error");
        CHECK(*again == bytes);
    }
}

TEST_CASE("golden: memvid's files are refused as soon as they are cut, lengthened or said longer") {
    const auto bytes = tests::file_bytes(path_of("two") + ".mv2replay");
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        CHECK(!tintype::decode<segment, replay_segment>(byte_view{bytes}.first(size)).has_value());
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    CHECK(said(tintype::decode<segment, replay_segment>(longer)) ==
          "trailing_bytes in total_size @3117 1/0");
    auto total = bytes;
    total[16] ^= std::byte{1};
    CHECK(said(tintype::decode<segment, replay_segment>(total)) ==
          "trailing_bytes in total_size @3116 1/0");
    auto newer = bytes;
    newer[8] = std::byte{2};
    CHECK(said(tintype::decode<segment, replay_segment>(newer)) ==
          "unsupported_version in version @8 2/1");
    const auto active = tests::file_bytes(path_of("active_new") + ".mv2active");
    for (std::size_t size = 0; size != active.size(); ++size) {
        CHECK(!tintype::decode<active_file, active_session>(byte_view{active}.first(size))
                   .has_value());
    }
    auto more = active;
    more.push_back(std::byte{0});
    CHECK(!tintype::decode<active_file, active_session>(more).has_value());
}

TEST_CASE("golden: memvid's previews and hashes of data") {
    const auto text = tests::file_bytes(path_of("previews.json"));
    const auto all = tintype::decode<tintype::json<>, std::vector<golden_preview>>(text);
    REQUIRE(said(all) == "no error");
    REQUIRE(all->size() == 9);
    for (const golden_preview& each : *all) {
        CAPTURE(each.data_hex.substr(0, 40));
        const auto data = tintype::bytes_from_hex(each.data_hex);
        REQUIRE(data.has_value());
        const auto seen = tintype::observe(*data);
        CHECK(tintype::to_hex(seen.hash) == each.hash_hex);
        CHECK(seen.preview == each.preview);
    }
}

TEST_CASE("golden: data beyond memvid's limit are not looked at") {
    tintype::blob data(10485760, std::byte{0});
    CHECK(tintype::observe(data).preview.empty()); // control characters
    CHECK(tintype::observe(data).hash != digest{});
    data.push_back(std::byte{'a'});
    const auto seen = tintype::observe(data);
    CHECK(seen.preview == "[ERROR: Input size 10485761 exceeds maximum 10485760]");
    CHECK(tintype::to_hex(seen.hash) == std::string(64, 'f'));
}
