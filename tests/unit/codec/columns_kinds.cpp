// Rows there and back, of every kind and of each number of rows around a block's end: bit for bit,
// as long as was said, and through every sort of sink.

#include <tintype/codec/columns.hpp>

#include "columns_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace tests::rows;
using tintype::columns;

template <class... Ts>
void go_there_and_back(std::size_t most = 1000) {
    const auto one = [&]<class T>(std::type_identity<T>) {
        CAPTURE(columns::schema<T>());
        std::size_t bad = 0;
        for (const std::size_t count : {0U, 1U, 2U, 7U, 8U, 9U, 1000U}) {
            for (const auto sort : tests::all_lengths) {
                bad += tests::failures(tests::rows_of<T>(std::min(count, most), sort));
            }
        }
        CHECK(bad == 0);
    };
    (one(std::type_identity<Ts>{}), ...);
}

} // namespace

TEST_CASE("columns: packed rows go there and back") {
    go_there_and_back<std::uint8_t, std::int16_t, std::uint32_t, std::uint64_t, float, double,
                      colour, std::byte, char>();
    go_there_and_back<std::array<float, 3>, std::array<bool, 2>, std::array<float, 40>, point,
                      flagged, std::pair<point, bool>, std::array<std::array<std::byte, 3>, 3>>();
}

TEST_CASE("columns: rows with strings and sequences of numbers go there and back") {
    go_there_and_back<std::string, std::vector<float>, tintype::blob, std::vector<bool>,
                      std::deque<std::int32_t>, std::list<double>, std::set<std::int16_t>,
                      std::multiset<std::int8_t>, std::vector<point>, std::vector<flagged>,
                      std::vector<std::array<std::uint16_t, 2>>>();
}

TEST_CASE("columns: rows with sequences of anything go there and back") {
    go_there_and_back<std::vector<std::string>, std::list<std::string>, std::set<std::string>,
                      std::vector<std::vector<std::vector<float>>>, std::array<std::string, 2>,
                      std::array<std::array<std::string, 2>, 2>, std::set<std::vector<int>>>();
}

TEST_CASE("columns: maps, optionals and variants go there and back") {
    go_there_and_back<std::map<std::string, std::vector<float>>, std::multimap<std::int8_t, int>,
                      std::map<int, std::map<std::string, bool>>, std::optional<std::uint8_t>,
                      std::optional<std::optional<std::string>>, alternatives,
                      std::variant<bool, std::optional<float>>, tintype::json_value,
                      std::vector<tintype::json_value>, std::map<bool, std::string>>();
}

TEST_CASE("columns: described rows go there and back, structs in structs") {
    go_there_and_back<third, second, first>();
    go_there_and_back<everything>(9);
}

TEST_CASE("columns: values larger than the buffers on the way go there and back") {
    go_there_and_back<std::array<double, 2000>, many_flags, std::vector<many_flags>,
                      std::array<std::array<bool, 100>, 100>>(9);
}
