// What columns refuse: lies about numbers and lengths, other forms of the same values, limits; each
// with the column's path and the offset, and before anything is allocated.

#include <tintype/codec/columns.hpp>
#include <tintype/codec/columns/json_value.hpp>

#include "counting_new.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tests::said;
using tintype::blob;
using tintype::columns;

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

// Bytes by hand: numbers of eight bytes, and texts that are filled up to eight.
class bytes_of_columns {
public:
    bytes_of_columns& operator()(std::uint64_t number) {
        std::byte bytes[8];
        tintype::store<std::endian::little>(bytes, number);
        append(bytes_, bytes);
        return *this;
    }

    bytes_of_columns& operator()(std::string_view text) {
        append(bytes_, tintype::bytes_of(text));
        bytes_.resize((bytes_.size() + 7) / 8 * 8, std::byte{0});
        return *this;
    }

    operator const blob&() const { return bytes_; }

private:
    blob bytes_;
};

bytes_of_columns begin(std::uint64_t rows) {
    return bytes_of_columns()(rows);
}

template <class T>
std::string refused(const blob& bytes, const tintype::decode_options& options = {}) {
    return said(tintype::decode<columns, std::vector<T>>(bytes, options));
}

// The same, and nothing was allocated on the way to it.
template <class T>
std::string for_nothing(const blob& bytes, const tintype::decode_options& options = {}) {
    const tests::allocation_watch watch;
    const auto rows = tintype::decode<columns, std::vector<T>>(bytes, options);
    const auto allocations = watch.count();
    return said(rows) + (allocations == 0 ? "" : " after an allocation");
}

struct vector_row {
    using tag_map = std::map<std::string, std::vector<float>>;
    BOOST_HANA_DEFINE_STRUCT(vector_row, (std::string, id), (tag_map, tags));
};

struct group {
    BOOST_HANA_DEFINE_STRUCT(group, (std::uint8_t, kind), (std::vector<vector_row>, vectors));
};

} // namespace

TEST_CASE("hostile: columns, a number of rows that the bytes cannot hold costs nothing") {
    const blob none;
    CHECK(for_nothing<int>(none) == "truncated 0/8");
    CHECK(for_nothing<int>(tests::blob_of({1, 0, 0})) == "truncated 3/8");
    const auto lie = [](std::uint64_t rows) { return begin(rows)("12345678"); };
    CHECK(for_nothing<std::uint64_t>(lie(2)) == "truncated_section in rows @8 8/16");
    CHECK(for_nothing<std::uint64_t>(lie(most)) ==
          "truncated_section in rows @8 8/" + std::to_string(most));
    CHECK(for_nothing<std::uint64_t>(lie(most / 8 + 1)) ==
          "truncated_section in rows @8 8/" + std::to_string(most));
    CHECK(for_nothing<std::string>(lie(9)) == "truncated_section in rows @8 8/9");
    CHECK(for_nothing<std::optional<int>>(lie(9)) == "truncated_section in rows @8 8/9");
    // Ten bytes a row at least: the numbers, and one for each that can be empty.
    CHECK(for_nothing<std::pair<std::pair<std::uint64_t, std::string>, std::set<int>>>(lie(1)) ==
          "truncated_section in rows @8 8/10");
}

TEST_CASE("hostile: columns, lengths that lie") {
    using text = std::string;
    CHECK(for_nothing<text>(begin(2)(0)(most)) ==
          "truncated_section @24 0/" + std::to_string(most));
    CHECK(for_nothing<text>(begin(2)(0)(most / 2 + 1)) ==
          "truncated_section @24 0/" + std::to_string(most));
    CHECK(refused<text>(begin(2)(0)(5)("1234567890")) == "no error");
    CHECK(for_nothing<text>(begin(2)(0)(9)("1234567890123456")) == "truncated_section @24 16/18");
    CHECK(for_nothing<text>(begin(2)(8)(most / 2 + 1)(most / 2 + 1)) == "invalid_value @8 8/0");
    CHECK(for_nothing<text>(begin(2)(8)(most / 2 + 1)(most / 2 + 2)("x")) ==
          "truncated_section @32 8/" + std::to_string(most));
    CHECK(for_nothing<text>(begin(9)(1)(8)) == "truncated_section @16 8/9");
    using numbers = std::vector<std::uint64_t>;
    CHECK(for_nothing<numbers>(begin(1)(0)(most / 8 + 1)) ==
          "truncated_section @24 0/" + std::to_string(most));
    using nested = std::vector<std::vector<std::string>>;
    CHECK(for_nothing<nested>(begin(1)(0)(1 << 20)(0)(most)(1)) ==
          "truncated_section @48 0/" + std::to_string(most));
    using wide = std::vector<std::array<std::string, 1000>>;
    CHECK(for_nothing<wide>(begin(1)(0)(most / 10)(1)) ==
          "truncated_section @32 0/" + std::to_string(most));
}

TEST_CASE("hostile: columns, every value has one encoding") {
    using text = std::string;
    SUBCASE("a length that stands for all is not written out") {
        CHECK(for_nothing<text>(begin(2)(1)("\1\1")("ab")) == "invalid_value @8 1/0");
        CHECK(for_nothing<text>(begin(1)(1)("\1")("a")) == "invalid_value @8 1/0");
        CHECK(for_nothing<text>(begin(2)(0)(0)) == "invalid_value @16 0/1");
    }
    SUBCASE("lengths are no wider than they need be") {
        const auto lengths = [](std::uint64_t width, std::string_view both) {
            return begin(2)(width)(both)("ab");
        };
        using namespace std::string_view_literals;
        CHECK(refused<text>(lengths(1, "\2\0"sv)) == "no error");
        CHECK(for_nothing<text>(lengths(2, "\2\0\0\0"sv)) == "invalid_value @8 2/1");
        CHECK(for_nothing<text>(lengths(4, "\2\0\0\0\0\0\0\0"sv)) == "invalid_value @8 4/1");
        CHECK(for_nothing<text>(begin(2)(8)(2)(0)("ab")) == "invalid_value @8 8/1");
    }
    SUBCASE("lengths have one of four widths") {
        for (const std::uint64_t tag : {std::uint64_t{3}, std::uint64_t{5}, std::uint64_t{16},
                                        std::uint64_t{1} << 63U, most}) {
            CHECK(for_nothing<text>(begin(1)(tag)(1)("a")) ==
                  "invalid_value @8 " + std::to_string(tag) + "/0");
        }
    }
    SUBCASE("padding is zero") {
        using namespace std::string_view_literals;
        CHECK(for_nothing<std::uint8_t>(begin(1)("a\0\0\0\0\0\0\1"sv)) == "invalid_value @15 1/0");
        CHECK(for_nothing<std::uint8_t>(begin(1)("a\2"sv)) == "invalid_value @9 2/0");
        CHECK(for_nothing<text>(begin(2)(1)("\2\0\3"sv)("ab")) == "invalid_value @18 3/0");
    }
    SUBCASE("sets and maps are in their order") {
        using set = std::set<std::uint8_t>;
        CHECK(refused<set>(begin(1)(0)(2)("\1\2")) == "no error");
        CHECK(refused<set>(begin(1)(0)(2)("\2\1")) == "invalid_value @25 0/0");
        CHECK(refused<set>(begin(1)(0)(2)("\1\1")) == "duplicate @25 0/0");
        CHECK(refused<std::unordered_set<char>>(begin(1)(0)(2)("aa")) == "duplicate @25 0/0");
        CHECK(refused<std::multiset<char>>(begin(1)(0)(2)("aa")) == "no error");
        CHECK(refused<std::multiset<char>>(begin(1)(0)(2)("ba")) == "invalid_value @25 0/0");
        using map = std::map<std::uint8_t, std::uint8_t>;
        CHECK(refused<map>(begin(1)(0)(2)("\1\2")("\5\5")) == "no error");
        CHECK(refused<map>(begin(1)(0)(2)("\2\1")("\5\5")) == "invalid_value in key @24 0/0");
        CHECK(refused<map>(begin(1)(0)(2)("\1\1")("\5\5")) == "duplicate in key @24 0/0");
        using hashed = std::unordered_map<std::uint8_t, std::uint8_t>;
        CHECK(refused<hashed>(begin(1)(0)(2)("\1\1")("\5\5")) == "duplicate in key @24 0/0");
        using words = std::set<std::string>;
        CHECK(refused<words>(begin(1)(0)(2)(0)(1)("ba")) == "invalid_value @24 0/0");
    }
    SUBCASE("JSON is canonical") {
        using json = tintype::json_value;
        CHECK(refused<json>(begin(1)(0)(2)("12")) == "no error");
        CHECK(refused<json>(begin(1)(0)(2)(" 1")) == "invalid_value @24 0/0");
        CHECK(refused<json>(begin(1)(0)(7)("[1,2,}]")) == "invalid_value @29 125/48");
        CHECK(refused<json>(begin(1)(0)(4)("[[]]"), {.limits = {.depth = 1}}) ==
              "limit_exceeded @25 2/1");
    }
}

TEST_CASE("hostile: columns, what is no value of its type") {
    struct flag {
        BOOST_HANA_DEFINE_STRUCT(flag, (std::uint8_t, n), (bool, on));
    };

    CHECK(for_nothing<flag>(begin(2)("\1\2")("\1\2")) == "invalid_value in on @17 2/1");
    CHECK(for_nothing<std::vector<flag>>(begin(1)(0)(2)("\1\1\1\3")) == "invalid_value @27 3/1");
    CHECK(for_nothing<std::optional<int>>(begin(2)("\1\2")("abcd")) == "invalid_value @9 2/1");
    using numbers = std::variant<std::monostate, int>;
    CHECK(for_nothing<numbers>(begin(2)("\1\2")("abcd")) == "invalid_value @9 2/1");
}

TEST_CASE("hostile: columns, bytes left over") {
    const auto bytes = begin(1)("12345678")("more");
    CHECK(for_nothing<std::uint64_t>(bytes) == "trailing_bytes @16 8/0");
    CHECK(refused<std::uint64_t>(bytes, {.trailing = tintype::trailing::accept}) == "no error");
    CHECK(for_nothing<std::uint64_t>(begin(0)(0)) == "trailing_bytes @8 8/0");
}

TEST_CASE("hostile: columns, a refusal names the column") {
    const std::vector<group> groups{
        {.kind = 1, .vectors = {{.id = "a", .tags = {{"x", {1, 2}}, {"y", {3}}}}}}};
    const auto good = tintype::encode<columns>(groups);
    REQUIRE(good.has_value());
    REQUIRE(good->size() == 128);
    const auto cut = [&](std::size_t size) {
        return for_nothing<group>(blob(good->begin(), good->begin() + static_cast<int>(size)));
    };
    CHECK(cut(15) == "truncated_section in kind @9 6/7");
    CHECK(cut(31) == "truncated_section in vectors @24 7/8");
    CHECK(cut(40) == "truncated_section in vectors.id @40 0/8");
    CHECK(cut(56) == "truncated_section in vectors.tags @56 0/8");
    CHECK(cut(95) == "truncated_section in vectors.tags.key @90 5/6");
    CHECK(cut(111) == "truncated_section in vectors.tags.value @106 5/6");
    CHECK(cut(112) == "truncated_section in vectors.tags.value @112 0/12");
    using either = std::variant<int, std::pair<bool, std::optional<std::vector<bool>>>>;
    CHECK(for_nothing<either>(begin(1)("\1")("\1")("\1")(0)(1)("\2")) ==
          "invalid_value in 1.second @48 2/1");
}

TEST_CASE("hostile: columns, limits") {
    const auto limited = [](const auto& rows, const tintype::limits& limits) {
        using row = typename std::remove_cvref_t<decltype(rows)>::value_type;
        const auto bytes = tintype::encode<columns>(rows);
        REQUIRE(bytes.has_value());
        CHECK(tintype::decode<columns, std::vector<row>>(*bytes).has_value());
        const tests::allocation_watch watch;
        const auto outcome = tintype::decode<columns, std::vector<row>>(*bytes, {.limits = limits});
        CHECK((outcome || watch.count() == 0));
        return said(outcome);
    };
    const std::vector<std::uint32_t> numbers(5, 1);
    CHECK(limited(numbers, {.count = 5}) == "no error");
    CHECK(limited(numbers, {.count = 4}) == "limit_exceeded in rows @0 5/4");
    CHECK(limited(numbers, {.bytes = 20}) == "no error");
    CHECK(limited(numbers, {.bytes = 19}) == "limit_exceeded @8 20/19");
    // Of the elements in one row, but not of characters, which are bytes.
    const std::vector<std::vector<std::string>> texts{{"abcdefgh", "", "x"}, {}};
    CHECK(limited(texts, {.count = 3}) == "no error");
    CHECK(limited(texts, {.count = 2}) == "limit_exceeded @16 3/2");
    CHECK(limited(texts, {.bytes = 9}) == "no error");
    CHECK(limited(texts, {.bytes = 8}) == "limit_exceeded @40 9/8");
    const std::vector<std::vector<float>> same{{1, 2, 3}};
    CHECK(limited(same, {.count = 2}) == "limit_exceeded @16 3/2");
}

TEST_CASE("hostile: columns, a decode that succeeds takes what the rows need") {
    const std::vector<std::vector<float>> rows(1000, std::vector<float>(128, 1.0F));
    const auto bytes = tintype::encode<columns>(rows);
    REQUIRE(bytes.has_value());
    const tests::allocation_watch watch;
    const auto back = tintype::decode<columns, std::vector<std::vector<float>>>(*bytes);
    CHECK(watch.count() == 1001);
    CHECK(watch.peak() <= 1000 * (sizeof(rows[0]) + 128 * sizeof(float)) + 100000);
    CHECK(back == rows);
}

TEST_CASE("hostile: columns, a fault behind all the rows costs at most twice what they need") {
    std::vector<std::pair<std::string, std::set<std::uint8_t>>> rows(
        2000, {std::string(500, 'x'), {1, 2}});
    auto bytes = tintype::encode<columns>(rows);
    REQUIRE(bytes.has_value());
    REQUIRE(bytes->back() == std::byte{2});
    bytes->back() = std::byte{1};
    const tests::allocation_watch watch;
    const auto refused = tintype::decode<columns, decltype(rows)>(*bytes);
    CHECK(watch.peak() <= 2 * bytes->size() + 2000 * sizeof(rows[0]));
    CHECK(said(refused) == "duplicate in second @" + std::to_string(bytes->size() - 1) + " 0/0");
}

TEST_CASE("hostile: columns, a path without end is told by its last names") {
    using tintype::detail::column_path;
    const std::string name(60, 'n');
    std::vector<column_path> steps(20);
    for (std::size_t i = 0; i != steps.size(); ++i) {
        steps[i] = {.above = i == 0 ? nullptr : &steps[i - 1], .name = name};
    }
    const column_path last{.above = &steps.back(), .name = "last"};
    const auto text = last.text();
    CHECK(text.view().size() == tintype::label::capacity);
    CHECK(text.view().starts_with("nnn"));
    CHECK(text.view().ends_with("nnn.last"));
    CHECK(column_path{.above = &steps[0], .name = ""}.text().view() == name);
}
