#pragma once

// JSON as Go's encoding/json writes a struct without tags: exported names made of the members' own,
// enumerations as numbers, bytes in base64, `null` for what is absent, and floats and escapes of
// its own. What Go writes for a nil slice or map is read as an empty one.

#include <tintype/codec/json/float_text.hpp>
#include <tintype/codec/json/shortest_float.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

// Words that Go's linters want in capitals, wherever they stand in a name.
inline constexpr std::string_view go_initialisms[] = {
    "acl",   "api", "ascii", "cpu",  "css", "dns",  "eof",  "guid", "html", "http",
    "https", "id",  "ip",    "json", "lhs", "qps",  "ram",  "rhs",  "rpc",  "sla",
    "smtp",  "sql", "ssh",   "tcp",  "tls", "ttl",  "udp",  "ui",   "uid",  "uuid",
    "uri",   "url", "utf8",  "vm",   "xml", "xmpp", "xsrf", "xss"};

[[nodiscard]] constexpr char go_capital(char letter) noexcept {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

// The name of one of the description's members: `to` has room for as many characters. How many it
// takes.
[[nodiscard]] constexpr std::size_t go_name(std::string_view snake, char* to) noexcept {
    char* const begin = to;
    while (!snake.empty()) {
        const std::string_view word = snake.substr(0, snake.find('_'));
        const bool all = std::ranges::find(go_initialisms, word) != std::end(go_initialisms);
        for (std::size_t i = 0; i != word.size(); ++i) {
            *to++ = i == 0 || all ? go_capital(word[i]) : word[i];
        }
        snake.remove_prefix(std::min(word.size() + 1, snake.size()));
    }
    return static_cast<std::size_t>(to - begin);
}

// A name that the type gives its member for every JSON is kept, as a tag in Go would be.
template <described T, std::size_t I>
inline constexpr auto go_name_text = [] {
    constexpr std::string_view given = json_names<T>[I];
    std::array<char, given.size() + 1> text{};
    if (given == member_names<T>[I]) {
        static_cast<void>(go_name(given, text.data()));
    } else {
        std::ranges::copy(given, text.begin());
    }
    return text;
}();

template <described T>
inline constexpr auto go_names = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{
        std::string_view(go_name_text<T, I>.data())...};
}(std::make_index_sequence<member_count<T>>{});

} // namespace detail

// The shortest digits, without a point where there is nothing behind it; with an exponent below
// 1e-6 and from 1e21 on.
struct go_floats {
    static constexpr std::size_t room = 40;

    static char* write(char* to, float number) noexcept {
        const auto bits = std::bit_cast<std::uint32_t>(number);
        const std::uint32_t magnitude = bits & 0x7fffffffU;
        if (magnitude == 0) {
            return zero(to, bits >> 31U != 0);
        }
        const auto shortest = shortest_digits(magnitude);
        char digits[9] = {shortest.first};
        for (std::size_t i = 0; i != 8; ++i) {
            digits[i + 1] = static_cast<char>(shortest.others >> (8 * i) & 0xffU);
        }
        return lay_out(to, bits >> 31U != 0, digits, shortest.count, shortest.point);
    }

    static char* write(char* to, double number) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(number);
        const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63U);
        if (magnitude == 0) {
            return zero(to, bits >> 63U != 0);
        }
        const auto shortest = shortest_digits(std::bit_cast<double>(magnitude));
        return lay_out(to, bits >> 63U != 0, shortest.all.data(), shortest.count, shortest.point);
    }

private:
    static char* zero(char* to, bool negative) noexcept {
        *to = '-';
        to += negative ? 1 : 0;
        *to = '0';
        return to + 1;
    }

    static char* lay_out(char* to, bool negative, const char* digits, int count,
                         int point) noexcept {
        *to = '-';
        to += negative ? 1 : 0;
        char* const begin = to;
        to = detail::lay_out(to, digits, count, point, -6, 21);
        if (point >= count && point <= 21) {
            return to - 2; // ".0"
        }
        if (point > 21) {
            // e+21: an exponent without a minus has a plus.
            char* const exponent = std::find(begin, to, 'e') + 1;
            std::copy_backward(exponent, to, to + 1);
            *exponent = '+';
            ++to;
        }
        return to;
    }
};

struct go_style : serde_style {
    static constexpr json_bytes bytes = json_bytes::base64;
    static constexpr json_escapes escapes = json_escapes::html;
    static constexpr bool null_is_empty = true;
    using floats = go_floats;

    template <described T>
    static constexpr auto names = detail::go_names<T>;
};

} // namespace tintype::inline v0
