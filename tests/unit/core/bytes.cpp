// Views of texts as bytes and back, and blobs that grow without filling what they are given.

#include "support/bytes.hpp"

#include <tintype/core/bytes.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using namespace std::string_view_literals;

static_assert(
    std::is_same_v<std::allocator_traits<tintype::blob::allocator_type>::value_type, std::byte>);
static_assert(
    std::is_same_v<std::allocator_traits<tintype::default_init_allocator<int>>::rebind_alloc<char>,
                   tintype::default_init_allocator<char>>);

// In a constant expression every element starts its life; what is given is always kept.
constexpr bool keeps_what_it_is_given() {
    tintype::blob bytes(3, std::byte{7});
    bytes.push_back(std::byte{8});
    bytes.insert(bytes.begin(), std::byte{6});
    const tintype::blob copy = bytes;
    bytes.clear();
    return copy == tests::blob_of({6, 7, 7, 7, 8}) && bytes.empty();
}

static_assert(keeps_what_it_is_given());

constexpr bool allocators_are_alike() {
    const tintype::default_init_allocator<int> of_int;
    const tintype::default_init_allocator<char> of_char{of_int};
    return of_char == tintype::default_init_allocator<char>{};
}

static_assert(allocators_are_alike());

constexpr bool appends() {
    tintype::blob bytes;
    append(bytes, {});
    append(bytes, tests::blob_of({1}));
    append(bytes, tests::blob_of({2, 3}));
    append(bytes, {});
    return bytes == tests::blob_of({1, 2, 3});
}

static_assert(appends());

// Not trivial: its constructor must run even where trivial elements are left alone.
struct counts_up {
    counts_up() : number(42) {}

    int number;
};

} // namespace

TEST_CASE("bytes: a blob keeps what it is given") {
    CHECK(keeps_what_it_is_given());
    CHECK(allocators_are_alike());
}

TEST_CASE("bytes: appending keeps what was there, through every growth") {
    CHECK(appends());
    tintype::blob bytes;
    tintype::blob expected;
    for (std::size_t size = 0; size != 200; ++size) {
        const auto some = tests::noise(size, size);
        append(bytes, some);
        expected.insert(expected.end(), some.begin(), some.end());
    }
    CHECK(bytes == expected);
}

TEST_CASE("bytes: growing inside the capacity fills nothing") {
    constexpr std::size_t size = 4096;
    tintype::blob bytes(size, std::byte{0x5A});
    bytes.clear();
    bytes.resize(size);
    CHECK(std::ranges::count(bytes, std::byte{0x5A}) == size);
    bytes.clear();
    bytes.resize(size, std::byte{1});
    CHECK(std::ranges::count(bytes, std::byte{1}) == size);
}

TEST_CASE("bytes: what is not trivial is constructed") {
    const std::vector<counts_up, tintype::default_init_allocator<counts_up>> some(3);
    CHECK(std::ranges::all_of(some, [](const counts_up& each) { return each.number == 42; }));
}

TEST_CASE("bytes: texts and bytes are views of the same memory") {
    for (const auto text : {""sv, "a"sv, "a\0b"sv, "\xFF\x80 tintype"sv}) {
        const auto bytes = tintype::bytes_of(text);
        CHECK(bytes.size() == text.size());
        CHECK(tintype::text_of(bytes) == text);
        CHECK(static_cast<const void*>(bytes.data()) == static_cast<const void*>(text.data()));
        CHECK(tintype::blob(bytes.begin(), bytes.end()) == tests::blob_of(text));
    }
}
