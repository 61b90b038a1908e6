// UTF-8 at every size and place, against the definition.

#include <tintype/core/utf8.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

std::string character(std::uint32_t point) {
    std::string bytes;
    const auto put = [&](std::uint32_t byte) { bytes += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0U | point >> 6U);
        put(0x80U | (point & 63U));
    } else if (point < 0x10000) {
        put(0xE0U | point >> 12U);
        put(0x80U | (point >> 6U & 63U));
        put(0x80U | (point & 63U));
    } else {
        put(0xF0U | point >> 18U);
        put(0x80U | (point >> 12U & 63U));
        put(0x80U | (point >> 6U & 63U));
        put(0x80U | (point & 63U));
    }
    return bytes;
}

} // namespace

TEST_CASE("utf8: every character, and nothing else of its shape") {
    std::size_t wrong = 0;
    for (std::uint32_t point = 0; point != 0x110000 + 0x1000; ++point) {
        const bool good = point < 0x110000 && (point < 0xD800 || point >= 0xE000);
        wrong += tintype::is_utf8(character(point)) == good ? 0U : 1U;
    }
    CHECK(wrong == 0);
    for (const std::string_view bad :
         {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x88\x80\x80\x80",
          "\xff", "\x80", "\xc3", "\xe4\xb8", "\xf0\x9f\x98", "\xc3(", "\xe4(\xad"}) {
        CHECK(tintype::utf8_prefix(bad) == 0);
        CHECK(!tintype::is_utf8(bad));
    }
}

TEST_CASE("utf8: a bad byte, and a good character, at every place of every size") {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size != 300; ++size) {
        std::string text(size, 'a');
        wrong += tintype::utf8_prefix(text) == size ? 0U : 1U;
        for (std::size_t at = 0; at != size; ++at) {
            text[at] = '\x80';
            wrong += tintype::utf8_prefix(text) == at ? 0U : 1U;
            std::string copied(size, '?');
            wrong += tintype::detail::copy_ascii(text.data(), size, copied.data()) ? 1U : 0U;
            wrong += copied == text ? 0U : 1U;
            if (at + 1 != size) {
                text[at] = '\xc3';
                text[at + 1] = '\xa9';
                wrong += tintype::utf8_prefix(text) == size ? 0U : 1U;
                text[at + 1] = 'a';
            }
            text[at] = 'a';
        }
        std::string copied(size, '?');
        wrong += tintype::detail::copy_ascii(text.data(), size, copied.data()) ? 0U : 1U;
        wrong += copied == text ? 0U : 1U;
    }
    CHECK(wrong == 0);
}
