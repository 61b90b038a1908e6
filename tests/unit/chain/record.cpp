// Records and their keys: which member is the key, which types can be one, and lists of records
// that lie in a store, in a view of it, or nowhere but in the list.

#include <tintype/chain/record.hpp>

#include "support/said.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using tests::said;
using tintype::key_of;
using tintype::key_of_record;
using tintype::key_text;
using tintype::keyed_record;
using tintype::loaded_record;
using tintype::record_key_type;
using tintype::record_list;
using tintype::unique_keys;

enum class color : std::uint8_t { red = 1, blue = 2 };
using uuid = std::array<std::byte, 16>;

struct first_key {
    BOOST_HANA_DEFINE_STRUCT(first_key, (std::uint64_t, id), (float, weight));
};

struct last_key {
    BOOST_HANA_DEFINE_STRUCT(last_key, (float, weight), (std::string, name));
};

struct view_key {
    BOOST_HANA_DEFINE_STRUCT(view_key, (std::string_view, name), (std::uint32_t, value));
};

struct float_key {
    BOOST_HANA_DEFINE_STRUCT(float_key, (float, weight), (std::uint64_t, id));
};

struct described_key {
    BOOST_HANA_DEFINE_STRUCT(described_key, (first_key, id));
};

using optional_number = std::optional<int>;

struct optional_key {
    BOOST_HANA_DEFINE_STRUCT(optional_key, (optional_number, id));
};

} // namespace

template <>
inline constexpr std::string_view tintype::record_key<last_key> = "name";

namespace {

static_assert(tintype::record_key<first_key> == "id");
static_assert(keyed_record<first_key> && keyed_record<last_key> && keyed_record<view_key>);
static_assert(!keyed_record<float_key> && !keyed_record<described_key>);
static_assert(!keyed_record<optional_key> && !keyed_record<int> && !keyed_record<std::string>);
static_assert(keyed_record<std::pair<const int, float>> && keyed_record<std::pair<int, float>>);
static_assert(!keyed_record<std::pair<float, int>>);
static_assert(std::same_as<key_of_record<last_key>, std::string>);
static_assert(std::same_as<key_of_record<view_key>, std::string>); // a tombstone owns its key
static_assert(std::same_as<key_of_record<std::pair<const uuid, int>>, uuid>);
static_assert(std::same_as<loaded_record<first_key>, first_key>);
static_assert(std::same_as<loaded_record<std::pair<const int, float>>, std::pair<int, float>>);

static_assert(record_key_type<std::uint64_t> && record_key_type<std::int8_t> &&
              record_key_type<char> && record_key_type<color> && record_key_type<std::byte> &&
              record_key_type<std::string> && record_key_type<std::string_view> &&
              record_key_type<uuid> && record_key_type<std::array<unsigned char, 3>>);
static_assert(!record_key_type<float> && !record_key_type<bool> && !record_key_type<double> &&
              !record_key_type<std::array<float, 2>> && !record_key_type<std::array<int, 2>> &&
              !record_key_type<std::vector<char>> && !record_key_type<int*>);

static_assert(key_of(first_key{7, 0.5F}) == 7);
static_assert(key_of(std::pair<const int, float>{3, 1.0F}) == 3);

using pair = std::pair<const std::uint64_t, std::string>;

std::vector<std::uint64_t> keys_of(const auto& list) {
    std::vector<std::uint64_t> keys;
    for (const auto& each : list.records()) {
        keys.push_back(key_of(each));
    }
    return keys;
}

using keys = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("record: the key is the first member unless told") {
    CHECK(key_of(last_key{0.5F, "here"}) == "here");
    const last_key record{0.5F, "where it lies"};
    CHECK(&key_of(record) == &record.name);
}

TEST_CASE("record: keys as errors name them") {
    CHECK(key_text(std::uint64_t{18446744073709551615U}) == "18446744073709551615");
    CHECK(key_text(-5) == "-5");
    CHECK(key_text(color::blue) == "2");
    CHECK(key_text(std::string_view{"a key"}) == "a key");
    CHECK(key_text(std::array{std::byte{0x0f}, std::byte{0xa0}}) == "0fa0");
}

TEST_CASE("record: keys are hashed and found whoever owns their text") {
    const tintype::key_hash<std::string> hash;
    CHECK(hash(std::string{"abc"}) == hash(std::string_view{"abc"}));
    const tintype::key_hash<uuid> bytes;
    uuid one{};
    uuid other{};
    other[15] = std::byte{1};
    CHECK(bytes(one) == bytes(uuid{}));
    CHECK(bytes(one) != bytes(other));
    CHECK(tintype::key_hash<color>{}(color::red) != tintype::key_hash<color>{}(color::blue));
}

TEST_CASE("record: identical to the last bit") {
    const float nan = std::bit_cast<float>(0x7fc00001U);
    CHECK(tintype::identical_records<first_key>({1, nan}, {1, nan}));
    CHECK(!tintype::identical_records<first_key>({1, 0.0F}, {1, -0.0F}));
    using weighed = std::pair<const int, float>;
    CHECK(tintype::identical_records<weighed>({1, nan}, {1, nan}));
    CHECK(!tintype::identical_records<weighed>({1, 0.0F}, {1, -0.0F}));
    CHECK(!tintype::identical_records<weighed>({1, 1.0F}, {2, 1.0F}));
}

TEST_CASE("record: a list points at what stays") {
    const std::map<std::uint64_t, std::string> map{{1, "one"}, {2, "two"}};
    const auto of_map = record_list<pair>::of(map);
    CHECK(of_map.size() == 2);
    CHECK(&*of_map.records().begin() == &*map.begin());
    const std::unordered_map<std::uint64_t, std::string> hashed{{7, "seven"}};
    CHECK(&*record_list<pair>::of(hashed).records().begin() == &*hashed.begin());

    std::vector<first_key> rows{{1, 0}, {2, 0}, {3, 0}};
    CHECK(&*record_list<first_key>::of(rows).records().begin() == rows.data());
    // Through views of what stays.
    const auto tail = std::views::drop(rows, 1);
    const auto of_view = record_list<first_key>::of(tail);
    CHECK(&*of_view.records().begin() == rows.data() + 1);
    const auto odd = record_list<first_key>::of(
        rows | std::views::filter([](const first_key& each) { return each.id % 2 == 1; }));
    CHECK(keys_of(odd) == keys{1, 3});
    // A view that may itself hold what it shows is copied from.
    CHECK(&*odd.records().begin() != rows.data());
    const std::list<first_key> linked{{4, 0}, {5, 0}};
    CHECK(keys_of(record_list<first_key>::of(linked)) == keys{4, 5});
}

TEST_CASE("record: a list keeps what is made while it is asked") {
    const auto made = record_list<first_key>::of(
        std::views::iota(std::uint64_t{0}, std::uint64_t{100}) |
        std::views::transform([](std::uint64_t i) { return first_key{i, 0.5F}; }));
    CHECK(made.size() == 100);
    CHECK(keys_of(made)[99] == 99);
    const auto from_container =
        record_list<first_key>::of(std::vector<first_key>{{7, 0}, {8, 0}}); // nobody else has it
    CHECK(keys_of(from_container) == keys{7, 8});
    // Moving the list moves no record.
    auto first = record_list<pair>::of(std::map<std::uint64_t, std::string>{
        {1, "a text that is too long to lie inside of a string"}, {2, "b"}});
    const auto* where = &*first.records().begin();
    const auto second = std::move(first);
    CHECK(&*second.records().begin() == where);
    CHECK(keys_of(second) == keys{1, 2});
}

TEST_CASE("record: a list is filled one by one, and cut down to some") {
    const std::vector<first_key> rows{{1, 0}, {2, 0}, {3, 0}};
    record_list<first_key> list;
    CHECK(list.size() == 0);
    CHECK(list.records().empty());
    list.point_at(rows[2]);
    list.point_at(rows[0]);
    CHECK(keys_of(list) == keys{3, 1});
    const std::vector<const first_key*> one{&rows[1]};
    const std::vector<const first_key*> two{&rows[2], &rows[0]};
    list.only({&one, &two});
    CHECK(keys_of(list) == keys{2, 3, 1});
    list.only({});
    CHECK(list.size() == 0);
}

TEST_CASE("record: keys that are there twice are named, in any order") {
    const auto check = [](std::vector<first_key> rows) {
        return said(unique_keys<first_key>(rows, "part"));
    };
    CHECK(check({}) == "no error");
    CHECK(check({{1, 0}}) == "no error");
    CHECK(check({{1, 0}, {2, 0}, {3, 0}}) == "no error");
    CHECK(check({{3, 0}, {1, 0}, {2, 0}}) == "no error");
    CHECK(check({{1, 0}, {1, 1}}) == "duplicate in part/1 0/0");
    CHECK(check({{1, 0}, {2, 0}, {3, 0}, {1, 0}}) == "duplicate in part/1 0/0");
    CHECK(check({{9, 0}, {2, 0}, {3, 0}, {2, 0}, {9, 0}}) == "duplicate in part/2 0/0");
    const std::vector<view_key> views{{"b", 1}, {"a", 2}, {"b", 3}};
    CHECK(said(unique_keys<view_key>(views, "")) == "duplicate in /b 0/0");
    using bytes_record = std::pair<uuid, int>;
    const std::vector<bytes_record> bytes{{uuid{}, 1}, {uuid{}, 2}};
    CHECK(said(unique_keys<bytes_record>(bytes, "p")) ==
          "duplicate in p/00000000000000000000000000000000 0/0");
    using colored = std::pair<color, int>;
    const std::vector<colored> colors{{color::blue, 1}, {color::red, 2}, {color::blue, 3}};
    CHECK(said(unique_keys<colored>(colors, "p")) == "duplicate in p/2 0/0");
}
