// Lies about lengths cost no memory in bincode, and a check for a view takes none at all.

#include <tintype/codec/bincode.hpp>

#include "counting_new.hpp"
#include "support/bincode_values.hpp"
#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using namespace tests::bincoded;
using tintype::bincode_fixed;
using tintype::bincode_variable;
using tintype::blob;

// The allocations of a decode that must be refused.
template <class Codec, class T>
std::size_t allocations(const blob& bytes, const tintype::decode_options& options = {}) {
    const tests::allocation_watch watch;
    const auto read = tintype::decode<Codec, T>(bytes, options);
    const std::size_t count = watch.count();
    CHECK(!read.has_value());
    return count;
}

template <class T>
void check_lies() {
    for (const unsigned shift : {32U, 40U, 63U, 64U}) {
        const std::uint64_t count =
            shift == 64 ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{1} << shift;
        auto fixed = *tintype::encode<bincode_fixed>(count);
        auto variable = *tintype::encode<bincode_variable>(count);
        fixed.resize(fixed.size() + 100, std::byte{1});
        variable.resize(variable.size() + 100, std::byte{1});
        CHECK(allocations<bincode_fixed, T>(fixed) == 0);
        CHECK(allocations<bincode_variable, T>(variable) == 0);
    }
}

} // namespace

TEST_CASE("hostile bincode: a length that is a lie allocates nothing") {
    check_lies<std::string>();
    check_lies<std::vector<std::byte>>();
    check_lies<std::vector<std::uint64_t>>();
    check_lies<std::vector<std::string>>();
    check_lies<std::vector<mixture>>();
    check_lies<std::vector<bool>>();
    check_lies<std::set<std::string>>();
    check_lies<std::map<std::uint32_t, std::string>>();
    check_lies<std::vector<nothing>>();
    const auto lie = *tintype::encode<bincode_fixed>(std::uint64_t{1} << 40U);
    CHECK(allocations<bincode_fixed, std::vector<nothing>>(lie, {.limits = {.count = 1000}}) == 0);
}

TEST_CASE("hostile bincode: no more is allocated than the bytes present could hold") {
    // Each of so many could be there, but for the last.
    blob bytes = *tintype::encode<bincode_fixed>(std::vector<std::string>(1000));
    bytes[8 + 8 * 999] = std::byte{1};
    const tests::allocation_watch watch;
    CHECK(!tintype::decode<bincode_fixed, std::vector<std::string>>(bytes).has_value());
    CHECK(watch.peak() <= 1000 * sizeof(std::string) + 64);
}

TEST_CASE("hostile bincode: checking for a view and walking through it allocate nothing") {
    const mixture value = values{17}.mixed();
    const auto bytes = *tintype::encode<bincode_variable>(value);
    const tests::allocation_watch watch;
    const auto view = bincode_variable::view<mixture>(bytes);
    std::size_t seen = 0;
    if (view) {
        for (const auto pick : view->get<"picks">()) {
            seen += pick.index() + 1;
        }
    }
    CHECK(watch.count() == 0);
    CHECK(view.has_value());
    CHECK(seen >= value.picks.size());
}
