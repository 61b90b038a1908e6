// Errors as values: labels that always fit, names for every code, and the two ways into the
// standard's error codes.

#include <tintype/core/error.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace {

using tintype::errc;
using tintype::label;

static_assert(std::is_trivially_copyable_v<tintype::error>);
static_assert(std::is_error_code_enum_v<errc>);
static_assert(tintype::error{}.offset == ~std::uint64_t{0});

constexpr auto last_code = static_cast<unsigned>(errc::timed_out);

// A letter that tells every place apart from its neighbours.
std::string text_of_size(std::size_t size) {
    std::string text;
    while (text.size() != size) {
        text += static_cast<char>('a' + text.size() % 26);
    }
    return text;
}

constexpr bool labels_hold_what_fits() {
    const label empty;
    const label name{"semantic"};
    return empty.empty() && empty.view().empty() && name.view() == "semantic" &&
           name == label{std::string_view{"semantic"}} && !(name == empty);
}

static_assert(labels_hold_what_fits());

constexpr bool results_pass_errors_on() {
    const tintype::result<int> failed =
        tintype::fail({.code = errc::truncated, .where = "x", .found = 1, .wanted = 2});
    const tintype::result<std::string_view> passed = tintype::pass(failed);
    return !passed && passed.error() == failed.error() && passed.error().found == 1 &&
           !(passed.error() == tintype::error{.code = errc::truncated, .where = "x", .found = 1});
}

static_assert(results_pass_errors_on());

constexpr bool every_code_has_a_name() {
    for (unsigned code = 1; code <= last_code; ++code) {
        if (name_of(static_cast<errc>(code)) == "unknown") {
            return false;
        }
    }
    return name_of(errc{0}) == "unknown" && name_of(static_cast<errc>(last_code + 1)) == "unknown";
}

static_assert(every_code_has_a_name());

} // namespace

TEST_CASE("error: labels hold what fits") {
    CHECK(labels_hold_what_fits());
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, label::capacity - 1, label::capacity}) {
        const auto text = text_of_size(size);
        CHECK(label{text}.view() == text);
    }
}

TEST_CASE("error: a label that does not fit keeps its two ends") {
    for (const std::size_t size : {label::capacity + 1, label::capacity + 2, std::size_t{1000}}) {
        const auto text = text_of_size(size);
        const label kept{text};
        CHECK(kept.view().size() == label::capacity);
        const auto gap = kept.view().find("...");
        CHECK(gap == 46);
        CHECK(text.starts_with(kept.view().substr(0, gap)));
        CHECK(text.ends_with(kept.view().substr(gap + 3)));
    }
}

TEST_CASE("error: results pass errors on") {
    CHECK(results_pass_errors_on());
}

TEST_CASE("error: every code has a name of its own") {
    CHECK(every_code_has_a_name());
    std::set<std::string_view> names;
    for (unsigned code = 1; code <= last_code; ++code) {
        names.insert(name_of(static_cast<errc>(code)));
    }
    CHECK(names.size() == last_code);
}

TEST_CASE("error: the category says the code's name") {
    const std::error_code code = errc::checksum_mismatch;
    CHECK(&code.category() == &tintype::category());
    CHECK(std::string_view{code.category().name()} == "tintype");
    CHECK(code.message() == "checksum_mismatch");
    CHECK(code.value() == 4);
    CHECK(code == errc::checksum_mismatch);
    CHECK(code != std::error_code{errc::truncated});
}

TEST_CASE("error: codes with a sibling in the standard are equal to it") {
    CHECK(std::error_code{errc::not_found} == std::errc::no_such_file_or_directory);
    CHECK(std::error_code{errc::already_exists} == std::errc::file_exists);
    CHECK(std::error_code{errc::no_space} == std::errc::no_space_on_device);
    CHECK(std::error_code{errc::permission_denied} == std::errc::permission_denied);
    CHECK(std::error_code{errc::cancelled} == std::errc::operation_canceled);
    CHECK(std::error_code{errc::out_of_memory} == std::errc::not_enough_memory);
    CHECK(std::error_code{errc::io} == std::errc::io_error);
    const auto own = std::error_code{errc::truncated}.default_error_condition();
    CHECK(&own.category() == &tintype::category());
    CHECK(own.value() == 1);
}

TEST_CASE("error: the system's own number comes back as the system's code") {
    const tintype::error what{.code = errc::no_space, .system = ENOSPC, .during = "write"};
    CHECK(what.system_code() == std::errc::no_space_on_device);
    CHECK(!tintype::error{}.system_code());
}
