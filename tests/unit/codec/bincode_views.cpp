// Views of bincode show what decode reads, where it lies.

#include <tintype/codec/bincode.hpp>

#include "support/bincode_values.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace tests::bincoded;
using tintype::bincode_fixed;
using tintype::bincode_variable;
using tintype::blob;
using tintype::byte_view;

template <class View>
std::string text_of_choice(const View& shown) {
    return std::visit(
        []<class Held>(const Held& held) -> std::string {
            if constexpr (requires { held.template get<"x">(); }) {
                return said_of(point{held.template get<"x">(), held.template get<"y">()});
            } else if constexpr (std::same_as<Held, std::string_view>) {
                return said_of(std::string(held));
            } else {
                return said_of(held);
            }
        },
        shown);
}

template <class Codec>
void check_view(const mixture& value) {
    const auto bytes = *tintype::encode<Codec>(value);
    const auto viewed = Codec::template view<mixture>(bytes);
    REQUIRE(viewed.has_value());
    const auto& view = *viewed;
    CHECK(view.template get<"on">() == value.on);
    CHECK(view.template get<"tiny">() == value.tiny);
    CHECK(view.template get<"wide">() == value.wide);
    CHECK(view.template get<"deep">() == value.deep);
    CHECK(view.template get<"ratio">() == value.ratio);
    CHECK(view.template get<"tint">() == value.tint);
    CHECK(std::ranges::equal(view.template get<"id">(), value.id.bytes));
    CHECK(view.template get<"name">() == value.name);
    const std::span<const std::byte, 3> hash = view.template get<"hash">();
    CHECK(std::ranges::equal(hash, value.hash));
    CHECK(std::ranges::equal(view.template get<"pair">(), value.pair));
    const std::optional<std::string_view> note = view.template get<"note">();
    CHECK(note.has_value() == value.note.has_value());
    CHECK(note.value_or("") == value.note.value_or(""));
    CHECK(std::ranges::equal(view.template get<"values">(), value.values));
    CHECK(std::ranges::equal(view.template get<"flags">(), value.flags));
    CHECK(std::ranges::equal(view.template get<"some">(), value.some));

    const auto picks = view.template get<"picks">();
    REQUIRE(picks.size() == value.picks.size());
    const auto index = picks.indexed();
    CHECK(index.size() == picks.size());
    std::size_t i = 0;
    for (const auto pick : picks) {
        CHECK(pick.index() == value.picks[i].index());
        CHECK(index[i].index() == value.picks[i].index());
        const std::string wanted =
            std::visit([](const auto& held) { return said_of(held); }, value.picks[i]);
        CHECK(text_of_choice(pick) == wanted);
        CHECK(text_of_choice(index[i]) == wanted);
        ++i;
    }
    CHECK(i == value.picks.size());

    std::map<std::string, std::int32_t> by_name;
    for (const auto& [key, mapped] : view.template get<"by_name">()) {
        by_name.emplace(key, mapped);
    }
    CHECK(by_name == value.by_name);
    std::unordered_map<std::uint16_t, std::string> by_number;
    for (const auto& [key, mapped] : view.template get<"by_number">()) {
        by_number.emplace(key, mapped);
    }
    CHECK(by_number == value.by_number);
    CHECK(view.template get<"both">() == value.both);
    CHECK(view.bytes().data() == bytes.data());
    CHECK(view.bytes().size() == bytes.size());
}

} // namespace

TEST_CASE("bincode_views: they agree with random values") {
    for (std::uint64_t seed = 200; seed != 260; ++seed) {
        const mixture value = values{seed}.mixed();
        check_view<bincode_fixed>(value);
        check_view<bincode_variable>(value);
    }
}

TEST_CASE("bincode_views: structs in a row are a range, by index where they are of one size") {
    const std::vector<point> points{{1, 2}, {-3, 400}, {5, 6}};
    const std::vector<std::pair<color, bool>> pairs{{color::red, true}, {color::blue, false}};
    const auto packed = *tintype::encode<bincode_fixed>(points);
    const auto lent = bincode_fixed::view<std::vector<point>>(packed);
    REQUIRE(lent.has_value());
    CHECK(std::ranges::equal(*lent, points));
    static_assert(std::ranges::random_access_range<decltype(*lent)>);

    const auto bytes = *tintype::encode<bincode_fixed>(pairs);
    const auto rows = bincode_fixed::view<decltype(pairs)>(bytes);
    REQUIRE(rows.has_value());
    CHECK((*rows)[1] == pairs[1]);
    CHECK(std::ranges::equal(*rows, pairs));

    const auto narrow = *tintype::encode<bincode_variable>(points);
    const auto viewed = bincode_variable::view<std::vector<point>>(narrow);
    REQUIRE(viewed.has_value());
    static_assert(std::forward_iterator<decltype(viewed->begin())>);
    static_assert(std::ranges::view<std::remove_cvref_t<decltype(*viewed)>>);
    CHECK(std::ranges::distance(*viewed) == 3);
    CHECK((*viewed->begin()).get<"x">() == 1);
    CHECK((*std::next(viewed->begin())).get<"y">() == 400);
    CHECK(viewed->indexed()[2].get<"x">() == 5);
    CHECK(!viewed->empty());
}

TEST_CASE("bincode_views: empty ones") {
    const auto nothing_at_all = *tintype::encode<bincode_variable>(std::vector<std::string>{});
    const auto none = bincode_variable::view<std::vector<std::string>>(nothing_at_all);
    REQUIRE(none.has_value());
    CHECK(none->begin() == none->end());
    CHECK(none->indexed().size() == 0);
    CHECK(bincode_fixed::view<nothing>(byte_view{}).has_value());
    const auto text = *tintype::encode<bincode_fixed>(std::string{});
    CHECK(bincode_fixed::view<std::string>(text)->empty());
}
