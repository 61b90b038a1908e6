// The one door to exceptions: the value passes, the error is thrown with all that it knows. Without
// exceptions there is no door, and this file is empty.

#include <tintype/core/or_throw.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string_view>
#include <system_error>
#include <type_traits>

#if defined(__cpp_exceptions)

namespace {

constexpr tintype::error lost{.code = tintype::errc::not_found, .where = "snapshot_7"};

static_assert(std::is_base_of_v<std::system_error, tintype::exception>);
static_assert(std::is_void_v<decltype(tintype::or_throw(tintype::result<void>{}))>);

} // namespace

TEST_CASE("or_throw: a value passes, moved and not copied") {
    CHECK(tintype::or_throw(tintype::result<int>{42}) == 42);
    tintype::or_throw(tintype::result<void>{});
    auto kept = tintype::or_throw(tintype::result<std::unique_ptr<int>>{std::make_unique<int>(7)});
    CHECK(*kept == 7);
}

TEST_CASE("or_throw: an error is thrown with all that it knows") {
    CHECK_THROWS_AS(tintype::or_throw(tintype::result<void>{tintype::fail(lost)}),
                    tintype::exception);
    bool caught = false;
    try {
        static_cast<void>(tintype::or_throw(tintype::result<int>{tintype::fail(lost)}));
    } catch (const tintype::exception& thrown) {
        caught = true;
        CHECK(thrown.error() == lost);
        CHECK(thrown.code() == tintype::errc::not_found);
        CHECK(thrown.code() == std::errc::no_such_file_or_directory);
        CHECK(std::string_view{thrown.what()}.starts_with("not found in snapshot_7"));
    }
    CHECK(caught);
}

TEST_CASE("or_throw: who knows only the standard's exceptions catches it, too") {
    bool caught = false;
    try {
        tintype::or_throw(tintype::result<void>{
            tintype::fail({.code = tintype::errc::no_space, .where = "snapshot_7"})});
    } catch (const std::system_error& thrown) {
        caught = true;
        CHECK(thrown.code() == std::errc::no_space_on_device);
        CHECK(std::errc::no_space_on_device == thrown.code());
        CHECK(tintype::errc::no_space == thrown.code());
        CHECK(&thrown.code().category() == &tintype::category());
        CHECK(std::string_view{thrown.what()} == "no space in snapshot_7");
    }
    CHECK(caught);
}

#endif
