// Errors as values: labels that always fit, names for every code, and the two ways into the
// standard's error codes.

#include <tintype/core/error.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
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

TEST_CASE(
    "error: codes with a sibling in the standard are equal to it, whichever side it stands on") {
    struct sibling {
        errc own;
        std::errc standard;
    };

    constexpr std::array siblings{
        sibling{errc::not_found, std::errc::no_such_file_or_directory},
        sibling{errc::already_exists, std::errc::file_exists},
        sibling{errc::no_space, std::errc::no_space_on_device},
        sibling{errc::permission_denied, std::errc::permission_denied},
        sibling{errc::cancelled, std::errc::operation_canceled},
        sibling{errc::out_of_memory, std::errc::not_enough_memory},
        sibling{errc::io, std::errc::io_error},
        sibling{errc::invalid_utf8, std::errc::illegal_byte_sequence},
        sibling{errc::length_overflow, std::errc::value_too_large},
        sibling{errc::unsupported, std::errc::not_supported},
        sibling{errc::in_use, std::errc::device_or_resource_busy},
        sibling{errc::timed_out, std::errc::timed_out},
    };
    for (unsigned number = 1; number <= last_code; ++number) {
        const auto own = static_cast<errc>(number);
        const std::error_code code = own;
        CHECK(code == own);
        CHECK(own == code);
        bool has_sibling = false;
        for (const sibling& each : siblings) {
            CHECK((code == each.standard) == (own == each.own));
            CHECK((each.standard == code) == (own == each.own));
            CHECK((code != each.standard) == (own != each.own));
            has_sibling = has_sibling || own == each.own;
        }
        // One without is a condition of its own.
        const auto condition = code.default_error_condition();
        CHECK((condition.category() == tintype::category()) == !has_sibling);
        CHECK((condition == std::error_condition{static_cast<int>(number), tintype::category()}) ==
              !has_sibling);
    }
}

TEST_CASE("error: the same number of another category is another code") {
    const std::error_code system{static_cast<int>(errc::truncated), std::system_category()};
    const std::error_code generic{static_cast<int>(errc::truncated), std::generic_category()};
    const std::error_code own = errc::truncated;
    CHECK(own != system);
    CHECK(own != generic);
    CHECK(system != errc::truncated);
    // EPERM is 1, as `truncated` is.
    CHECK(own != std::errc::operation_not_permitted);
    std::error_code kept = std::make_error_code(std::errc::io_error);
    kept = errc::in_use;
    CHECK(kept == errc::in_use);
    CHECK(std::hash<std::error_code>{}(kept) == std::hash<std::error_code>{}(errc::in_use));
    kept.clear();
    CHECK(!kept);
}

TEST_CASE("error: the system's own number comes back as the system's code") {
    const tintype::error what{.code = errc::no_space, .system = ENOSPC, .during = "write"};
    CHECK(what.system_code() == std::errc::no_space_on_device);
    CHECK(!tintype::error{}.system_code());
}
