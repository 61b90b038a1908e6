// A format in three versions: reading the same, an older and the oldest one, a newer and an unknown
// one, and upgrades that cannot be made.

#include <tintype/codec/releases.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/sealed.hpp"

#include <doctest/doctest.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

namespace {

using tests::blob_of;
using tests::said;
using tests::sealed;

template <std::uint8_t Version, class... Fields>
using file = tintype::section_list<tintype::magic<"CFG">, tintype::version<std::uint8_t, Version>,
                                   Fields..., tintype::checksum<tintype::crc32>>;

// First a width in one byte, then in two, then a width and a height.
struct state_1 {
    BOOST_HANA_DEFINE_STRUCT(state_1, (std::uint8_t, width));
};

struct state_2 {
    BOOST_HANA_DEFINE_STRUCT(state_2, (std::uint16_t, width));

    friend constexpr bool operator==(const state_2&, const state_2&) = default;
};

struct state_3 {
    BOOST_HANA_DEFINE_STRUCT(state_3, (std::uint16_t, width), (std::uint16_t, height));

    friend constexpr bool operator==(const state_3&, const state_3&) = default;
};

using file_1 = file<1, tintype::scalar<"width", std::uint8_t>>;
using file_2 = file<2, tintype::scalar<"width", std::uint16_t>>;
// Version 4: 3 was never released.
using file_4 =
    file<4, tintype::scalar<"width", std::uint16_t>, tintype::scalar<"height", std::uint16_t>>;

struct widen {
    constexpr tintype::result<state_2> operator()(state_1&& old) const {
        return state_2{.width = static_cast<std::uint16_t>(old.width * 10)};
    }
};

// A width of 0 had no meaning before, and has none now.
struct add_height {
    constexpr tintype::result<state_3> operator()(state_2&& old) const {
        if (old.width == 0) {
            return tintype::fail({.code = tintype::errc::invalid_value, .where = "width"});
        }
        return state_3{.width = old.width, .height = 1};
    }
};

using all = tintype::releases<tintype::release<file_1, state_1, widen>,
                              tintype::release<file_2, state_2, add_height>,
                              tintype::release<file_4, state_3>>;

static_assert(std::same_as<all::state, state_3> && std::same_as<all::hash, tintype::crc32>);
static_assert(tintype::viewable_codec<all, state_3> && tintype::sized_codec<all, state_3>);
static_assert(!tintype::codec_for<all, state_2>);

template <std::uint8_t Version>
constexpr tintype::blob bytes_of(std::initializer_list<unsigned> body) {
    auto bytes = blob_of("CFG");
    bytes.push_back(std::byte{Version});
    append(bytes, blob_of(body));
    return sealed(bytes);
}

constexpr bool reads_every_release() {
    return tintype::decode<all, state_3>(bytes_of<1>({7})) == state_3{.width = 70, .height = 1} &&
           tintype::decode<all, state_3>(bytes_of<2>({1, 2})) ==
               state_3{.width = 0x0201, .height = 1} &&
           tintype::decode<all, state_3>(bytes_of<4>({1, 2, 3, 4})) ==
               state_3{.width = 0x0201, .height = 0x0403};
}

static_assert(reads_every_release());

constexpr bool writes_the_newest() {
    const state_3 state{.width = 5, .height = 6};
    const auto bytes = tintype::encode<all>(state);
    return bytes == bytes_of<4>({5, 0, 6, 0}) && all::size(state) == bytes->size() &&
           tintype::decode<all, state_3>(*bytes) == state;
}

static_assert(writes_the_newest());

auto refusal(const tintype::blob& bytes, const tintype::decode_options& options = {}) {
    return said(tintype::decode<all, state_3>(bytes, options));
}

// A state that can only be moved: the path of upgrades copies nothing.
struct only_moves {
    BOOST_HANA_DEFINE_STRUCT(only_moves, (std::unique_ptr<int>, kept));
};

struct keep {
    tintype::result<only_moves> operator()(only_moves&& old) const { return std::move(old); }
};

template <std::uint8_t Version>
using moving_file =
    tintype::section_list<tintype::version<std::uint8_t, Version>, tintype::transient<"kept">>;

} // namespace

TEST_CASE("releases: the oldest, an older and the same version are read") {
    CHECK(reads_every_release());
}

TEST_CASE("releases: the newest version is written") {
    CHECK(writes_the_newest());
}

TEST_CASE("releases: a version that never was or is not yet is named, beside the newest known") {
    CHECK(refusal(bytes_of<0>({1, 2, 3, 4})) == "unsupported_version in version @3 0/4");
    CHECK(refusal(bytes_of<3>({1, 2, 3, 4})) == "unsupported_version in version @3 3/4");
    CHECK(refusal(bytes_of<5>({1, 2, 3, 4})) == "unsupported_version in version @3 5/4");
    CHECK(refusal(bytes_of<255>({1, 2, 3, 4})) == "unsupported_version in version @3 255/4");
}

TEST_CASE("releases: the errors are those of the version that the bytes claim") {
    CHECK(refusal({}) == "truncated 0/12");
    CHECK(refusal(blob_of("CFG")) == "truncated 3/12");
    CHECK(refusal(blob_of("CFG\x01")) == "truncated 4/9");
    CHECK(refusal(blob_of("CFG\x02")) == "truncated 4/10");
    CHECK(refusal(blob_of("XFG\x01wcrc4")).starts_with("invalid_magic in CFG @0"));
    auto bad = bytes_of<1>({7});
    bad[4] = std::byte{8};
    CHECK(refusal(bad).starts_with("checksum_mismatch @5"));
    CHECK(refusal(bad, {.integrity = tintype::integrity::skip}) == "no error");
    CHECK(refusal(bytes_of<1>({7, 8})) == "trailing_bytes @5 1/0");
    CHECK(refusal(bytes_of<1>({7, 8}), {.trailing = tintype::trailing::accept}) == "no error");
}

TEST_CASE("releases: an upgrade that cannot be made is the decode's error") {
    CHECK(refusal(bytes_of<2>({0, 0})) == "invalid_value in width 0/0");
    // Two steps up from the oldest.
    CHECK(refusal(bytes_of<1>({0})) == "invalid_value in width 0/0");
    CHECK(refusal(bytes_of<4>({0, 0, 0, 0})) == "no error");
}

TEST_CASE("releases: only the newest can be viewed") {
    const auto newest = bytes_of<4>({1, 0, 2, 0});
    const auto view = all::view<state_3>(newest);
    REQUIRE(view.has_value());
    CHECK(view->get<"width">() == 1);
    CHECK(view->get<"height">() == 2);
    CHECK(said(all::view<state_3>(bytes_of<2>({1, 2, 0, 0}))) ==
          "unsupported_version in version @3 2/4");
}

TEST_CASE("releases: a single one is a codec as well") {
    using one = tintype::releases<tintype::release<file_2, state_2>>;
    CHECK(tintype::decode<one, state_2>(bytes_of<2>({1, 2})) == state_2{.width = 0x0201});
    CHECK(tintype::encode<one>(state_2{.width = 3}) == bytes_of<2>({3, 0}));
}

TEST_CASE("releases: states are moved up the path") {
    using moved = tintype::releases<tintype::release<moving_file<1>, only_moves, keep>,
                                    tintype::release<moving_file<2>, only_moves>>;
    CHECK(tintype::decode<moved, only_moves>(blob_of({1})).has_value());
    CHECK(tintype::decode<moved, only_moves>(blob_of({2})).has_value());
}
