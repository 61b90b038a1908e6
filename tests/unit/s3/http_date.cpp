// Dates in both forms, every cut and every changed character of them.

#include <tintype/s3/http_date.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace {

using tintype::http_date;
using tintype::iso_date;
using tintype::timestamp;
using namespace std::chrono_literals;

constexpr timestamp at(int year, unsigned month, unsigned day) {
    return timestamp{std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} /
                                           std::chrono::day{day}}};
}

static_assert(http_date("Sun, 06 Nov 1994 08:49:37 GMT") == at(1994, 11, 6) + 8h + 49min + 37s);
static_assert(iso_date("1994-11-06T08:49:37.120Z") == at(1994, 11, 6) + 8h + 49min + 37s + 120ms);

} // namespace

TEST_CASE("http_date: what headers say") {
    CHECK(http_date("Sun, 06 Nov 1994 08:49:37 GMT") == at(1994, 11, 6) + 8h + 49min + 37s);
    CHECK(http_date("Thu, 01 Jan 1970 00:00:00 GMT") == timestamp{});
    CHECK(http_date("Thu, 29 Feb 2024 23:59:59 GMT") == at(2024, 3, 1) - 1s);
    CHECK(http_date("Sat, 31 Dec 2016 23:59:60 GMT") == at(2017, 1, 1) - 1s);
    CHECK(http_date("Tue, 31 Dec 2261 23:59:59 GMT") == at(2262, 1, 1) - 1s);
    for (const std::string_view bad :
         {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
          "Sun, 31 Nov 1994 08:49:37 GMT", "Wed, 29 Feb 2023 00:00:00 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
          "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994", "Wed, 31 Dec 1969 23:59:59 GMT",
          "Wed, 01 Jan 2262 00:00:00 GMT", "unM, 06 Nov 1994 08:49:37 GMT",
          "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT", ""}) {
        CAPTURE(bad);
        const auto date = http_date(bad);
        REQUIRE_FALSE(date);
        CHECK(date.error().code == tintype::errc::invalid_value);
    }
}

TEST_CASE("iso_date: what XML says") {
    CHECK(iso_date("2026-11-22T07:37:16Z") == at(2026, 11, 22) + 7h + 37min + 16s);
    CHECK(iso_date("2026-11-22T07:37:16.5Z") == at(2026, 11, 22) + 7h + 37min + 16s + 500ms);
    CHECK(iso_date("2026-11-22T07:37:16.123456789Z") ==
          at(2026, 11, 22) + 7h + 37min + 16s + 123456789ns);
    CHECK(iso_date("1970-01-01T00:00:00.000Z") == timestamp{});
    for (const std::string_view bad :
         {"2026-11-22T07:37:16", "2026-11-22T07:37:16.Z", "2026-11-22T07:37:16.1234567890Z",
          "2026-11-22T07:37:16+00:00", "2026-11-22 07:37:16Z", "2026-13-22T07:37:16Z",
          "2026-00-22T07:37:16Z", "2026-02-29T07:37:16Z", "2026-11-22T24:37:16Z",
          "2026-11-22T07:37:16.1xZ", "2026-11-22T07:37:16.1z", "2026-11-22T07:37:16.",
          "2026-11-22T07:37:16ZZ", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", ""}) {
        CAPTURE(bad);
        CHECK_FALSE(iso_date(bad));
    }
}

TEST_CASE("http_date: no cut is a date, and no changed byte is anything but another") {
    const std::string header = "Sun, 06 Nov 1994 08:49:37 GMT";
    const std::string xml = "1994-11-06T08:49:37.123Z";
    for (std::size_t size = 0; size != header.size(); ++size) {
        CHECK_FALSE(http_date(std::string_view{header}.substr(0, size)));
    }
    for (std::size_t size = 0; size != xml.size(); ++size) {
        CHECK_FALSE(iso_date(std::string_view{xml}.substr(0, size)));
    }
    std::size_t same = 0;
    for (std::size_t i = 0; i != header.size(); ++i) {
        for (int byte = 0; byte != 256; ++byte) {
            auto changed = header;
            changed[i] = static_cast<char>(byte);
            same += changed != header && http_date(changed) == http_date(header) ? 1U : 0U;
        }
    }
    for (std::size_t i = 0; i != xml.size(); ++i) {
        for (int byte = 0; byte != 256; ++byte) {
            auto changed = xml;
            changed[i] = static_cast<char>(byte);
            same += changed != xml && iso_date(changed) == iso_date(xml) ? 1U : 0U;
        }
    }
    CHECK(same == 0);
}
