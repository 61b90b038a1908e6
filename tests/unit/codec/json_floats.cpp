// Floats as JSON text, in both directions, against slow references: the standard library's digits
// laid out by the rule, and the C library's strtof and strtod.

#include <tintype/codec/json.hpp>
#include <tintype/core/mix.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using codec = tintype::json<>;

template <class F>
using bits_of = std::conditional_t<sizeof(F) == 4, std::uint32_t, std::uint64_t>;

// The digits d1..dn and the k of 0.d1..dn * 10^k, then the rule: plain up to `most` places before
// the point and down to more than `least` behind it, otherwise d1.d2..dn e(k-1).
template <std::floating_point F>
std::string reference(F number) {
    constexpr int most = sizeof(F) == 4 ? 13 : 16;
    constexpr int least = sizeof(F) == 4 ? -6 : -5;
    const std::string sign = std::signbit(number) ? "-" : "";
    if (number == 0) {
        return sign + "0.0";
    }
    char text[64];
    const auto end =
        std::to_chars(text, text + sizeof text, std::fabs(number), std::chars_format::scientific)
            .ptr;
    const std::string scientific(text, end);
    const std::size_t mark = scientific.find('e');
    std::string digits = scientific.substr(0, 1);
    if (mark > 1) {
        digits += scientific.substr(2, mark - 2);
    }
    const int n = static_cast<int>(digits.size());
    const int k = std::atoi(scientific.c_str() + mark + 1) + 1;
    if (k > least && k <= 0) {
        return sign + "0." + std::string(static_cast<std::size_t>(-k), '0') + digits;
    }
    if (k > 0 && k <= most) {
        return k >= n ? sign + digits + std::string(static_cast<std::size_t>(k - n), '0') + ".0"
                      : sign + digits.substr(0, static_cast<std::size_t>(k)) + "." +
                            digits.substr(static_cast<std::size_t>(k));
    }
    return sign + digits.substr(0, 1) + (n > 1 ? "." + digits.substr(1) : "") + "e" +
           std::to_string(k - 1);
}

template <std::floating_point F>
F c_library(const std::string& text) {
    if constexpr (sizeof(F) == 4) {
        return std::strtof(text.c_str(), nullptr);
    } else {
        return std::strtod(text.c_str(), nullptr);
    }
}

template <std::floating_point F>
bool same_bits(F a, F b) {
    return std::bit_cast<bits_of<F>>(a) == std::bit_cast<bits_of<F>>(b);
}

// Counts what differs, so that a million checks are one.
template <std::floating_point F>
class judge {
public:
    void operator()(F number) {
        if (!std::isfinite(number)) {
            return;
        }
        ++checked_;
        char text[tintype::serde_floats::room];
        const std::string written(text, tintype::serde_floats::write(text, number));
        const auto read = tintype::decode<codec, F>(tintype::bytes_of(written));
        if (written != reference(number) || !read || !same_bits(*read, number)) {
            if (wrong_++ == 0) {
                first_ = written + " instead of " + reference(number);
            }
        }
    }

    ~judge() {
        CHECK(checked_ > 0);
        INFO(first_);
        CHECK(wrong_ == 0);
    }

private:
    std::uint64_t checked_ = 0;
    std::uint64_t wrong_ = 0;
    std::string first_;
};

// The nearest float, whatever the text looks like; in a list too, where a quicker way may be taken.
template <std::floating_point F>
void reads_as_the_c_library(const std::vector<std::string>& texts) {
    std::string list = "[";
    for (const std::string& text : texts) {
        list += (list.size() == 1 ? "" : ",") + text;
    }
    list += "]";
    const auto all = tintype::decode<codec, std::vector<F>>(tintype::bytes_of(list));
    REQUIRE(all.has_value());
    REQUIRE(all->size() == texts.size());
    std::uint64_t wrong = 0;
    std::string first;
    for (std::size_t i = 0; i != texts.size(); ++i) {
        const F wanted = c_library<F>(texts[i]);
        const auto one = tintype::decode<codec, F>(tintype::bytes_of(texts[i]));
        if (!one || !same_bits(*one, wanted) || !same_bits((*all)[i], wanted)) {
            first = wrong++ == 0 ? texts[i] : first;
        }
    }
    INFO(first);
    CHECK(wrong == 0);
}

std::string random_digits(tintype::splitmix64& random, std::size_t count) {
    std::string digits;
    for (std::size_t i = 0; i != count; ++i) {
        digits += static_cast<char>('0' + random() % 10);
    }
    return digits;
}

} // namespace

TEST_CASE_TEMPLATE("the shapes of the texts", F, float, double) {
    for (const auto& [number, text] :
         std::vector<std::pair<double, std::string_view>>{{0.0, "0.0"},
                                                          {-0.0, "-0.0"},
                                                          {1, "1.0"},
                                                          {-1, "-1.0"},
                                                          {0.5, "0.5"},
                                                          {123456, "123456.0"},
                                                          {12.5, "12.5"},
                                                          {1e12, "1000000000000.0"},
                                                          {0.0009765625, "0.0009765625"},
                                                          {0x1p-13, "0.00012207031"},
                                                          {1e20, "1e20"}}) {
        if (sizeof(F) == 8 && text == "0.00012207031") {
            continue;
        }
        char out[tintype::serde_floats::room];
        CHECK(std::string_view(out, tintype::serde_floats::write(out, static_cast<F>(number))) ==
              text);
        CHECK(reference(static_cast<F>(number)) == text);
    }
}

TEST_CASE("where the two widths part") {
    char out[tintype::serde_floats::room];
    const auto text = [&](auto number) {
        return std::string(out, tintype::serde_floats::write(out, number));
    };
    CHECK(text(1e12F) == "1000000000000.0");
    CHECK(text(1e13F) == "1e13");
    CHECK(text(1e15) == "1000000000000000.0");
    CHECK(text(1e16) == "1e16");
    CHECK(text(0.00001F) == "0.00001");
    CHECK(text(0.000001F) == "0.000001");
    CHECK(text(1e-7F) == "1e-7");
    CHECK(text(0.00001) == "0.00001");
    CHECK(text(0.000001) == "1e-6");
    CHECK(text(std::numeric_limits<float>::max()) == "3.4028235e38");
    CHECK(text(std::numeric_limits<float>::denorm_min()) == "1e-45");
    CHECK(text(std::numeric_limits<double>::max()) == "1.7976931348623157e308");
    CHECK(text(-std::numeric_limits<double>::min()) == "-2.2250738585072014e-308");
    CHECK(text(std::numeric_limits<double>::denorm_min()) == "5e-324");
}

TEST_CASE_TEMPLATE("a million bit patterns, written and read", F, float, double) {
    judge<F> check;
    tintype::splitmix64 random{sizeof(F)};
    for (int i = 0; i != 1000000; ++i) {
        check(std::bit_cast<F>(static_cast<bits_of<F>>(random())));
    }
}

TEST_CASE_TEMPLATE("powers of two and ten, and what lies beside them", F, float, double) {
    judge<F> check;
    const auto around = [&](F number) {
        const auto bits = std::bit_cast<bits_of<F>>(number);
        for (bits_of<F> d = 0; d != 5; ++d) {
            check(std::bit_cast<F>(static_cast<bits_of<F>>(bits + d)));
            check(std::bit_cast<F>(static_cast<bits_of<F>>(bits - d)));
            check(-std::bit_cast<F>(static_cast<bits_of<F>>(bits + d)));
        }
    };
    for (int exponent = -1074; exponent <= 1023; ++exponent) {
        if (const auto power = static_cast<F>(std::ldexp(1.0, exponent)); power != 0) {
            around(power);
        }
    }
    for (int exponent = -323; exponent <= 308; ++exponent) {
        for (int digit = 1; digit <= 9; ++digit) {
            const auto number =
                c_library<F>(std::to_string(digit) + "e" + std::to_string(exponent));
            if (number != 0) {
                around(number);
            }
        }
    }
    around(std::numeric_limits<F>::max());
    around(std::numeric_limits<F>::min());
}

TEST_CASE_TEMPLATE("numbers without a normal form", F, float, double) {
    judge<F> check;
    tintype::splitmix64 random{1};
    for (bits_of<F> bits = 0; bits != 20000; ++bits) {
        check(std::bit_cast<F>(bits));
    }
    const auto end = std::bit_cast<bits_of<F>>(std::numeric_limits<F>::min());
    for (int i = 0; i != 100000; ++i) {
        check(std::bit_cast<F>(static_cast<bits_of<F>>(random() % end)));
    }
}

TEST_CASE_TEMPLATE("numbers with few digits", F, float, double) {
    judge<F> check;
    for (int thousandths = -20000; thousandths <= 20000; ++thousandths) {
        check(static_cast<F>(thousandths) / 1000);
        check(static_cast<F>(thousandths));
    }
    tintype::splitmix64 random{2};
    for (int i = 0; i != 200000; ++i) {
        check(static_cast<F>(static_cast<double>(random() >> 11U) * 0x1p-52 - 1));
    }
}

TEST_CASE("many at once have the texts of each alone") {
    tintype::splitmix64 random{6};
    std::uint64_t wrong = 0;
    std::vector<float> numbers;
    for (int round = 0; round != 40000; ++round) {
        numbers.clear();
        const std::size_t size = random() % 40;
        const std::uint64_t shape = random() % 4;
        while (numbers.size() != size) {
            const auto bits = static_cast<std::uint32_t>(random());
            float number = std::bit_cast<float>(bits);
            if (shape == 1 || (shape == 2 && bits % 8 != 0)) {
                number = static_cast<float>(bits) * 0x1p-31F - 1; // what vectors mostly hold
            } else if (shape == 3) {
                number = static_cast<float>(static_cast<std::int32_t>(bits) >> bits % 32) / 64;
            }
            if (std::isfinite(number)) {
                numbers.push_back(number);
            }
        }
        std::string wanted = "[";
        for (const float number : numbers) {
            wanted += (wanted.size() == 1 ? "" : ",") + reference(number);
        }
        wanted += "]";
        const auto text = tintype::encode<codec>(numbers);
        wrong += text && tintype::text_of(*text) == wanted ? 0U : 1U;
        const auto read = tintype::decode<codec, std::vector<float>>(tintype::bytes_of(wanted));
        wrong += read && tintype::encode<codec>(*read) == text ? 0U : 1U;
    }
    CHECK(wrong == 0);
    // Where a run of the writer ends, and what is no number behind it.
    for (const std::size_t size : {255U, 256U, 257U, 511U, 512U, 513U, 1025U}) {
        numbers.assign(size, 0.1F);
        const auto text = tintype::encode<codec>(numbers);
        REQUIRE(text.has_value());
        CHECK(text->size() == size * 4 + 1);
        numbers.back() = std::numeric_limits<float>::infinity();
        const auto refused = tintype::encode<codec>(numbers);
        REQUIRE(!refused.has_value());
        CHECK(refused.error().where.view() == "[" + std::to_string(size - 1) + "]");
    }
}

TEST_CASE_TEMPLATE("any number of digits is read exactly", F, float, double) {
    tintype::splitmix64 random{3};
    std::vector<std::string> texts;
    for (int i = 0; i != 200000; ++i) {
        std::string text = random() % 2 != 0 ? "-" : "";
        const std::size_t before = random() % 4 == 0 ? random() % 22 : 0;
        text += before == 0 ? "0"
                            : std::to_string(1 + random() % 9) + random_digits(random, before - 1);
        const std::size_t behind = random() % 24;
        text += behind == 0 ? "" : "." + random_digits(random, behind);
        if (random() % 4 == 0) {
            text += random() % 2 != 0 ? "e" : "E";
            text += random() % 3 == 0 ? "+" : "";
            text += std::to_string(text.back() == '+' ? static_cast<int>(random() % 15)
                                                      : static_cast<int>(random() % 60) - 45);
        }
        texts.push_back(text);
    }
    reads_as_the_c_library<F>(texts);
}

TEST_CASE("what lies in the middle of two floats, and beside it") {
    tintype::splitmix64 random{4};
    std::vector<std::string> texts;
    const auto add = [&](float below) {
        const auto bits = std::bit_cast<std::uint32_t>(below);
        const auto above = std::bit_cast<float>(bits + 1);
        if (!std::isfinite(above) || std::signbit(below)) {
            return;
        }
        const double middle = (static_cast<double>(below) + static_cast<double>(above)) / 2;
        for (const double number :
             {middle, std::nextafter(middle, 0.0), std::nextafter(middle, 1e39)}) {
            char text[512];
            for (const int digits : {17, 18, 19, 20, 30, 120}) {
                const int size = std::snprintf(text, sizeof text, "%.*e", digits, number);
                texts.emplace_back(text, static_cast<std::size_t>(size));
            }
            if (middle > 1e-20 && middle < 1e20) {
                const int size = std::snprintf(text, sizeof text, "%.110f", number);
                texts.emplace_back(text, static_cast<std::size_t>(size));
                // The middle exactly, and the least bit more.
                texts.push_back(texts.back() + "0000");
                texts.push_back(texts.back() + "1");
            }
        }
    };
    for (int i = 0; i != 3000; ++i) {
        add(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
        add(static_cast<float>(random() >> 11U) * 0x1p-53F);
        add(static_cast<float>(random() % 40000000));
    }
    add(16777216.0F);
    add(0.0F);
    reads_as_the_c_library<float>(texts);
}

TEST_CASE_TEMPLATE("long texts and far exponents", F, float, double) {
    std::vector<std::string> texts{"0e999999999999999999999",
                                   "0.0e-5",
                                   "-0E5",
                                   "1e-999999999999999999999",
                                   "0." + std::string(400, '0') + "1",
                                   "1" + std::string(30, '0'),
                                   "-1" + std::string(38, '0') + ".5",
                                   "0." + std::string(40, '0') + "1234567890123456789012345",
                                   "1" + std::string(400, '0') + "e-400",
                                   "0." + std::string(400, '0') + "123e400",
                                   "1e-46",
                                   "7e-46",
                                   "8e-46",
                                   "1.4e-45",
                                   "1.1754942e-38",
                                   "1.17549429e-38",
                                   "3.4028234663852886e38",
                                   "340282346638528859811704183484516925440",
                                   "123456789.123456789012345678901234567890",
                                   "9007199254740993",
                                   "9007199254740993.0",
                                   "9223372036854775807",
                                   "18446744073709551615",
                                   "18446744073709551616",
                                   "2.5e-324"};
    reads_as_the_c_library<F>(texts);
}

TEST_CASE_TEMPLATE("lists of every length and width, with white space anywhere", F, float, double) {
    tintype::splitmix64 random{5};
    for (const std::size_t size :
         {0U, 1U, 2U, 3U, 15U, 16U, 17U, 127U, 128U, 2047U, 2048U, 2049U, 4096U, 5000U}) {
        std::vector<F> numbers;
        std::string spaced = "[";
        std::string tight = "[";
        for (std::size_t i = 0; i != size; ++i) {
            numbers.push_back(static_cast<F>(static_cast<double>(random() >> 11U) * 0x1p-52 - 1));
            char text[tintype::serde_floats::room];
            const std::string_view number(text, tintype::serde_floats::write(text, numbers.back()));
            const std::string_view space = std::string_view(" \n\t\r  ").substr(0, random() % 6);
            tight.append(i == 0 ? "" : ",").append(number);
            spaced.append(i == 0 ? "" : ",").append(space).append(number);
            spaced.append(random() % 4 == 0 ? space : "");
        }
        CHECK(tintype::decode<codec, std::vector<F>>(tintype::bytes_of(tight + "]")) == numbers);
        CHECK(tintype::decode<codec, std::vector<F>>(tintype::bytes_of(spaced + "]")) == numbers);
        // Cut anywhere in the last numbers, nothing is read past the end and nothing believed.
        for (std::size_t cut = tight.size(); cut + 40 > tight.size() && cut != 0; --cut) {
            const std::vector<char> exactly(tight.begin(),
                                            tight.begin() + static_cast<std::ptrdiff_t>(cut));
            CHECK(!tintype::decode<codec, std::vector<F>>(
                       tintype::bytes_of({exactly.data(), exactly.size()}))
                       .has_value());
        }
    }
}

TEST_CASE("one wrong character in a list of floats is found where it is") {
    const std::string good = "[0.12345678,-0.5,0.75,1.25,-0.000012345678,0.1,0.123,0.25,0.5]";
    REQUIRE(tintype::decode<codec, std::vector<float>>(tintype::bytes_of(good)).has_value());
    for (std::size_t at = 1; at + 1 != good.size(); ++at) {
        for (const char wrong :
             {'x', '/', ':', '"', '\x80', '\xb0', '-', '.', ',', ']', '\0', '+'}) {
            std::string text = good;
            text[at] = wrong;
            const auto read = tintype::decode<codec, std::vector<float>>(tintype::bytes_of(text));
            // The same, one by one: optional floats are not read in runs.
            const auto slow =
                tintype::decode<codec, std::vector<std::optional<float>>>(tintype::bytes_of(text));
            CAPTURE(text);
            CHECK(read.has_value() == slow.has_value());
            if (read && slow) {
                CHECK(std::vector<std::optional<float>>(read->begin(), read->end()) == *slow);
            } else if (!read && !slow) {
                CHECK(read.error().offset == slow.error().offset);
                CHECK(read.error().where == slow.error().where);
                CHECK(read.error().code == slow.error().code);
            }
        }
    }
}
