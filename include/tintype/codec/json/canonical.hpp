#pragma once

// Any JSON value, read without knowing what it is: checked in full and written again as serde_json
// writes a `Value`. Compact, the keys of each object in the order of their bytes, floats as the
// shortest digits, strings with the fewest escapes. Equal values are equal texts. Nesting takes no
// stack but a vector, and is limited.

#include <tintype/codec/json/float_text.hpp>
#include <tintype/codec/json/number.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

inline void append_string(std::string& into, std::string_view text) {
    into += '"';
    static_cast<void>(escape(text, [&](std::string_view piece) { into += piece; }));
    into += '"';
}

inline void append_float(std::string& into, double number) {
    char text[serde_floats::room];
    into.append(text, serde_floats::write(text, number));
}

// The next byte of a string's meaning, in a canonical text; -1 at the closing quote.
[[nodiscard]] inline int next_byte(const char*& at) noexcept {
    if (*at == '"') {
        return -1;
    }
    if (*at != '\\') {
        return static_cast<unsigned char>(*at++);
    }
    constexpr std::string_view letters = "\"\\bfnrt";
    constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
    const char letter = at[1];
    if (letter != 'u') {
        at += 2;
        return meanings[letters.find(letter)];
    }
    const auto digit = [](char hex) { return hex <= '9' ? hex - '0' : hex - 'a' + 10; };
    const int byte = digit(at[4]) * 16 + digit(at[5]);
    at += 6;
    return byte;
}

// Compares two canonical strings, opening quotes included, by the bytes that they mean.
[[nodiscard]] inline int compare_strings(const char* a, const char* b) noexcept {
    for (++a, ++b;;) {
        const int x = next_byte(a);
        const int y = next_byte(b);
        if (x != y || x < 0) {
            return x - y;
        }
    }
}

// In a value that nobody asked for, numbers may be larger than any double.
enum class huge_numbers : unsigned char { refuse, keep };

class canonical_writer {
public:
    canonical_writer(json_input& in, std::string& out, huge_numbers huge) noexcept
        : in_(in), out_(out), huge_(huge) {}

    // Appends the value that comes next.
    [[nodiscard]] bool run() {
        for (;;) {
            bool opened = false;
            if (!begin_value(opened)) {
                return false;
            }
            while (!opened) {
                // Behind a value: what comes next is up to the container that it stands in.
                if (open_.empty()) {
                    return true;
                }
                const bool object = open_.back().object;
                if (in_.take(',')) {
                    out_ += ',';
                    if (object && !key()) {
                        return false;
                    }
                    break;
                }
                if (!in_.expect(object ? '}' : ']') || !close()) {
                    return false;
                }
            }
        }
    }

private:
    struct container {
        bool object;
        std::size_t members; // where its own begin among all
    };

    struct member {
        std::size_t text; // where its key's quote is in the output
        const char* source;
    };

    // True in `opened` where an array or object began that is not empty.
    bool begin_value(bool& opened) {
        in_.skip_space();
        if (in_.at == in_.end()) {
            return in_.unexpected();
        }
        switch (*in_.at) {
        case '{':
        case '[':
            return open(opened);
        case '"':
            return string();
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number();
        }
    }

    bool open(bool& opened) {
        const bool object = *in_.at == '{';
        out_ += *in_.at++;
        if (!in_.enter()) {
            return false;
        }
        open_.push_back({.object = object, .members = members_.size()});
        if (in_.take(object ? '}' : ']')) {
            return close();
        }
        opened = true;
        return !object || key();
    }

    bool close() {
        const container closed = open_.back();
        open_.pop_back();
        in_.leave();
        if (!closed.object) {
            out_ += ']';
            return true;
        }
        const auto first = members_.begin() + static_cast<std::ptrdiff_t>(closed.members);
        const auto order = [&](const member& a, const member& b) {
            return compare_strings(&out_[a.text], &out_[b.text]);
        };
        // In order and no two alike, as a serializer with a sorted map leaves them.
        const auto wrong = std::adjacent_find(
            first, members_.end(), [&](const auto& a, const auto& b) { return order(a, b) >= 0; });
        const bool good = wrong == members_.end() || sort(first, order);
        members_.resize(closed.members);
        out_ += '}';
        return good;
    }

    template <class First, class Order>
    bool sort(First first, Order order) {
        const std::size_t start = first->text;
        std::vector<std::pair<member, std::size_t>> sorted; // with where each one ends
        sorted.reserve(static_cast<std::size_t>(members_.end() - first));
        for (auto each = first; each != members_.end(); ++each) {
            const auto next = each + 1;
            sorted.emplace_back(*each, next == members_.end() ? out_.size() : next->text - 1);
        }
        std::ranges::sort(sorted, [&](const auto& a, const auto& b) {
            const int before = order(a.first, b.first);
            return before != 0 ? before < 0 : a.first.text < b.first.text;
        });
        std::string text;
        text.reserve(out_.size() - start);
        const member* before = nullptr;
        for (const auto& [each, end] : sorted) {
            if (before != nullptr && order(*before, each) == 0) {
                return in_.refuse_at(each.source, errc::duplicate);
            }
            text += before != nullptr ? "," : "";
            text.append(out_, each.text, end - each.text);
            before = &each;
        }
        out_.replace(start, std::string::npos, text);
        return true;
    }

    bool key() {
        in_.skip_space();
        members_.push_back({.text = out_.size(), .source = in_.at});
        if (!in_.expect('"')) {
            return false;
        }
        --in_.at;
        if (!string() || !in_.expect(':')) {
            return false;
        }
        out_ += ':';
        return true;
    }

    bool string() {
        ++in_.at;
        std::string_view text;
        if (!in_.string(text)) {
            return false;
        }
        if (text.data() == in_.buffer.data()) {
            append_string(out_, text);
        } else {
            // What needed no escape when it was read needs none now.
            out_ += '"';
            out_ += text;
            out_ += '"';
        }
        return true;
    }

    bool word(std::string_view text) {
        out_ += text;
        return in_.expect_word(text);
    }

    bool number() {
        json_number number;
        if (!scan_number(in_, number)) {
            return false;
        }
        const std::string_view text(number.start, static_cast<std::size_t>(in_.at - number.start));
        if (number.integer && fits_integer(number, text)) {
            out_ += text;
            return true;
        }
        double value = 0;
        if (float_of(in_, number, value)) {
            append_float(out_, value);
            return true;
        }
        if (huge_ == huge_numbers::keep) {
            in_.at = text.data() + text.size();
            out_ += text;
            return true;
        }
        return false;
    }

    // u64 or i64; an integer beyond them is a float, and so is -0.
    static bool fits_integer(const json_number& number, std::string_view text) noexcept {
        if (number.negative) {
            return number.mantissa != 0 && number.digits <= 19 &&
                   number.mantissa <= std::uint64_t{1} << 63U;
        }
        std::uint64_t value = 0;
        return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
    }

    json_input& in_;
    std::string& out_;
    huge_numbers huge_;
    std::vector<container> open_;
    std::vector<member> members_;
};

// Appends the value that comes next in canonical form.
[[nodiscard]] inline bool read_canonical(json_input& in, std::string& out,
                                         huge_numbers huge = huge_numbers::refuse) {
    return canonical_writer(in, out, huge).run();
}

} // namespace tintype::inline v0::detail
