// Numbers without a lock: each is given once, whoever stands still or crashes when, and whichever
// answer is lost.

#include <tintype/storage/memory.hpp>
#include <tintype/storage/numbers.hpp>

#include "support/clock.hpp"
#include "support/leased_storage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::manual_clock;
using tests::manual_waiting;
using tests::stall;
using tests::stalling_pointers;
using tests::swap_outcome;
using tintype::bytes_of;
using tintype::errc;
using tintype::last_number;
using tintype::next_number;
using tintype::raise_number;

void put(const auto& storage, std::string_view text) {
    const auto read = storage.read_pointer("number-series");
    REQUIRE(
        storage.swap_pointer("number-series", read ? read->tag : std::string{}, bytes_of(text)));
}

} // namespace

TEST_CASE("numbers: one after the other, in each series, and never below the least") {
    const tintype::memory_storage storage;
    CHECK(last_number(storage, "series") == 0U);
    CHECK(next_number(storage, "series") == 1U);
    CHECK(next_number(storage, "series") == 2U);
    CHECK(next_number(storage, "other") == 1U);
    CHECK(next_number(storage, "series", 2) == 3U);
    CHECK(next_number(storage, "series", 4) == 4U);
    CHECK(next_number(storage, "series", 100) == 100U);
    CHECK(next_number(storage, "series", 7) == 101U);
    CHECK(next_number(storage, "series", 0) == 102U);
    CHECK(last_number(storage, "series") == 102U);
    CHECK(last_number(storage, "other") == 1U);
    CHECK(next_number(storage, "../x").error().code == errc::bad_name);
    CHECK(last_number(storage, "../x").error().code == errc::bad_name);
    CHECK(storage.names()->empty());
}

TEST_CASE("numbers: a series can be raised and never goes back") {
    const tintype::memory_storage storage;
    REQUIRE(raise_number(storage, "series", 0));
    CHECK(last_number(storage, "series") == 0U);
    REQUIRE(raise_number(storage, "series", 5));
    CHECK(last_number(storage, "series") == 5U);
    for (const std::uint64_t lower : {0U, 4U, 5U}) {
        REQUIRE(raise_number(storage, "series", lower));
        CHECK(last_number(storage, "series") == 5U);
    }
    CHECK(next_number(storage, "series") == 6U);
}

TEST_CASE("numbers: after the last there is none") {
    const tintype::memory_storage storage;
    const auto last = ~std::uint64_t{0};
    CHECK(next_number(storage, "series", last - 1) == last - 1);
    CHECK(next_number(storage, "series") == last);
    for (const std::uint64_t least : {std::uint64_t{0}, std::uint64_t{1}, last}) {
        const auto refused = next_number(storage, "series", least);
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::out_of_bounds);
        CHECK(refused.error().found == last);
    }
    CHECK(raise_number(storage, "series", last));
}

TEST_CASE("numbers: none is given twice, wherever one stands still while others take some") {
    for (const auto when : {stall::moment::before, stall::moment::after}) {
        for (std::uint64_t others = 1; others != 4; ++others) {
            for (std::uint64_t n = 1;; ++n) {
                const manual_clock clock{tintype::timestamp{1000h}};
                const stalling_pointers::memory memory{clock};
                const stalling_pointers slow{memory};
                std::vector<std::uint64_t> given;
                bool was = false;
                slow.stalls() = {.at = n, .when = when, .meanwhile = [&] {
                                     was = true;
                                     for (std::uint64_t i = 0; i != others; ++i) {
                                         given.push_back(*next_number(memory, "series"));
                                     }
                                 }};
                for (int i = 0; i != 3; ++i) {
                    const auto own = next_number(slow, "series", 1, manual_waiting{clock});
                    REQUIRE(own);
                    given.push_back(*own);
                }
                given.push_back(*next_number(memory, "series"));
                std::ranges::sort(given);
                CHECK(std::ranges::adjacent_find(given) == given.end());
                CHECK(given.front() == 1);
                CHECK(given.back() == given.size()); // and none is left out
                if (!was) {
                    break;
                }
            }
        }
    }
}

TEST_CASE("numbers: what nobody answered is found out by reading, or given to nobody") {
    for (unsigned story = 0; story != 729; ++story) {
        const manual_clock clock{tintype::timestamp{1000h}};
        const stalling_pointers::memory memory{clock};
        const stalling_pointers unsure{memory};
        std::vector<std::uint64_t> given;
        unsure.interfere([&](std::uint64_t swap) {
            unsigned rest = story;
            for (std::uint64_t i = 1; i != swap && i != 7; ++i) {
                rest /= 3;
            }
            // Somebody else may have moved on before the look.
            if (swap == story % 5) {
                given.push_back(*next_number(memory, "series"));
            }
            return swap > 6 ? swap_outcome::answered : static_cast<swap_outcome>(rest % 3);
        });
        for (int i = 0; i != 3; ++i) {
            const auto own = next_number(unsure, "series", 1, manual_waiting{clock});
            if (own) {
                given.push_back(*own);
            } else {
                CHECK(own.error().code == errc::io);
            }
        }
        given.push_back(*next_number(memory, "series"));
        std::ranges::sort(given);
        CHECK(std::ranges::adjacent_find(given) == given.end());
    }
}

TEST_CASE("numbers: whoever is always slower gives up in the end") {
    const manual_clock clock{tintype::timestamp{1000h}};
    const stalling_pointers::memory memory{clock};
    const stalling_pointers slow{memory};
    slow.interfere([&](std::uint64_t) {
        REQUIRE(next_number(memory, "series"));
        return swap_outcome::answered;
    });
    const auto refused = next_number(slow, "series", 1, manual_waiting{clock});
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::timed_out);
    CHECK(refused.error().found == 200);
}

TEST_CASE("numbers: what the pointer says is read as it is written, or refused") {
    const std::string writer = "0123456789abcdef0123456789abcdef";
    const std::string text = "tintype-number-1 17 " + writer + "\n";
    const tintype::memory_storage storage;
    put(storage, text);
    CHECK(last_number(storage, "series") == 17U);
    CHECK(next_number(storage, "series") == 18U);
    CHECK(tintype::detail::number_state{17, writer}.text() == text);
    std::size_t odd = 0;
    for (std::size_t size = 0; size != text.size(); ++size) {
        odd += tintype::detail::number_state::parse(bytes_of(text).first(size)) ? 1U : 0U;
        for (unsigned flip = 1; flip != 256; ++flip) {
            std::string other = text;
            other[size] = static_cast<char>(static_cast<unsigned char>(other[size]) ^ flip);
            const auto read = tintype::detail::number_state::parse(bytes_of(other));
            odd += read && read->text() != other ? 1U : 0U;
        }
    }
    CHECK(odd == 0);
    for (const std::string& hostile :
         {std::string{}, text + text, std::string(1U << 16U, '1'),
          "tintype-number-1 18446744073709551616 " + writer + "\n",
          "tintype-number-1 017 " + writer + "\n", "tintype-number-1 17 " + writer,
          std::string{"tintype-number-1 17 \n"}, std::string{"tintype-number-1"}}) {
        put(storage, hostile);
        const auto refused = next_number(storage, "series");
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::invalid_value);
        CHECK(refused.error().found == hostile.size());
        CHECK(last_number(storage, "series").error().code == errc::invalid_value);
        CHECK(raise_number(storage, "series", 1).error().code == errc::invalid_value);
    }
}
