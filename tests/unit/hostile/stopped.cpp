// Whoever watches can stop a codec in each of its loops, also in those that are inside others;
// nothing is given out then, and the error says how far it came.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/codec/columns/json_value.hpp>
#include <tintype/codec/json.hpp>
#include <tintype/codec/protobuf.hpp>
#include <tintype/core/progress.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using tintype::blob;
using tintype::errc;

// Asks for a stop when it is told for the so-many-eth time.
class stopping {
public:
    explicit stopping(std::size_t at) : left_(at) {}

    template <class Codec, class State>
    tintype::result<State> decode(tintype::byte_view bytes) {
        auto hear = [this](tintype::progress) {
            if (--left_ == 0) {
                stop_.request_stop();
            }
        };
        const tintype::monitor watch(hear, stop_.get_token());
        return tintype::decode<Codec, State>(bytes, {.watch = &watch});
    }

private:
    std::size_t left_;
    std::stop_source stop_;
};

template <class Codec, class State>
void stops(const State& state, std::size_t at = 1) {
    const auto bytes = tintype::encode<Codec>(state);
    REQUIRE(bytes.has_value());
    CHECK(tintype::decode<Codec, State>(*bytes).has_value());
    const auto outcome = stopping{at}.decode<Codec, State>(*bytes);
    REQUIRE(!outcome.has_value());
    CHECK(outcome.error().code == errc::cancelled);
    CHECK(outcome.error().found <= bytes->size());
    CHECK(outcome.error().wanted == bytes->size());
}

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (std::string, x), (std::string, y));
};

template <class T>
using rows = std::vector<T>;

const std::string text = "some text";
const std::string large(std::size_t{5} << 20U, 'x');

} // namespace

TEST_CASE("stopped: bincode, in a sequence, a set and a map") {
    stops<tintype::bincode_fixed>(std::vector{text});
    stops<tintype::bincode_fixed>(std::set{text});
    stops<tintype::bincode_variable>(std::map<std::string, std::string>{{text, text}});
    const auto viewed = [](const auto& state) {
        using state_type = std::remove_cvref_t<decltype(state)>;
        const auto bytes = tintype::encode<tintype::bincode_fixed>(state);
        std::stop_source stop;
        stop.request_stop();
        const tintype::monitor watch(stop.get_token());
        const auto outcome = tintype::bincode_fixed::view<state_type>(*bytes, {.watch = &watch});
        return !outcome.has_value() && outcome.error().code == errc::cancelled;
    };
    CHECK(viewed(std::vector{text}));
    CHECK(viewed(std::map<std::string, std::string>{{text, text}}));
}

TEST_CASE("stopped: columns, wherever a text lies") {
    using tintype::columns;
    stops<columns>(rows<std::array<std::string, 2>>{{text, text}});
    stops<columns>(rows<std::vector<std::string>>{{text, text}});
    stops<columns>(rows<std::set<std::string>>{{text}});
    stops<columns>(rows<std::map<std::string, std::string>>{{{text, text}}});
    stops<columns>(rows<std::optional<std::string>>{text});
    stops<columns>(rows<std::pair<std::string, int>>{{text, 1}});
    stops<columns>(rows<std::variant<int, std::string>>{text});
    stops<columns>(rows<point>{{text, text}});
    stops<columns>(rows<tintype::json_value>{tintype::json_value(1)});
    stops<columns>(rows<std::uint32_t>{1, 2});
}

TEST_CASE("stopped: columns, in what comes later") {
    using tintype::columns;
    // The keys are told of first, then the values.
    stops<columns>(rows<std::map<std::string, std::string>>{{{large, large}}}, 2);
    stops<columns>(rows<std::pair<std::string, std::string>>{{large, large}}, 2);
    stops<columns>(rows<point>{{large, large}}, 2);
    stops<columns>(
        rows<std::variant<std::vector<std::string>, std::string>>{std::vector{large}, large}, 2);
}

TEST_CASE("stopped: json, in an array, an object and a map") {
    using codec = tintype::json<>;
    stops<codec>(std::vector{large, large});
    stops<codec>(std::map<std::string, std::string>{{"a", large}, {"b", text}});
    stops<codec>(point{large, text});
}

TEST_CASE("stopped: protobuf, between two fields") {
    stops<tintype::protobuf>(point{text, text});
}
