#pragma once

// A JSON value of any shape, kept as the one text that it has in canonical form: copying, comparing
// and writing it are a string's, and no depth of nesting costs any stack. `json_view` walks through
// it. Other JSON libraries are reached by `parse` and `text`.

#include <tintype/codec/json/canonical.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

enum class json_type : std::uint8_t { null, boolean, number, string, array, object };

// Part of a `json_value`, which must outlive it.
class json_view {
public:
    [[nodiscard]] std::string_view text() const noexcept { return text_; }

    [[nodiscard]] json_type type() const noexcept {
        switch (text_.front()) {
        case 'n':
            return json_type::null;
        case 't':
        case 'f':
            return json_type::boolean;
        case '"':
            return json_type::string;
        case '[':
            return json_type::array;
        case '{':
            return json_type::object;
        default:
            return json_type::number;
        }
    }

    [[nodiscard]] bool is_null() const noexcept { return type() == json_type::null; }

    // Nothing where the value is of another type, or none that fits.
    [[nodiscard]] std::optional<bool> boolean() const noexcept {
        return type() == json_type::boolean ? std::optional(text_ == "true") : std::nullopt;
    }

    template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>) && (!std::same_as<Number, bool>)
    [[nodiscard]] std::optional<Number> number() const noexcept {
        Number value{};
        const char* const end = text_.data() + text_.size();
        const auto read = std::from_chars(text_.data(), end, value);
        return read.ec == std::errc{} && read.ptr == end ? std::optional(value) : std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> string() const {
        if (type() != json_type::string) {
            return std::nullopt;
        }
        std::string value;
        const char* at = text_.data() + 1;
        for (int byte = detail::next_byte(at); byte >= 0; byte = detail::next_byte(at)) {
            value += static_cast<char>(byte);
        }
        return value;
    }

    // The elements of an array, the values of an object; nothing in anything else.
    [[nodiscard]] std::vector<json_view> elements() const {
        std::vector<json_view> all;
        walk([&](json_view, json_view element) {
            all.push_back(element);
            return true;
        });
        return all;
    }

    // The keys of an object (each a string) with their values, in the order of the keys' bytes.
    [[nodiscard]] std::vector<std::pair<json_view, json_view>> members() const {
        std::vector<std::pair<json_view, json_view>> all;
        if (type() == json_type::object) {
            walk([&](json_view key, json_view value) {
                all.emplace_back(key, value);
                return true;
            });
        }
        return all;
    }

    [[nodiscard]] std::optional<json_view> find(std::string_view key) const {
        std::string wanted;
        detail::append_string(wanted, key);
        std::optional<json_view> found;
        if (type() == json_type::object) {
            walk([&](json_view name, json_view value) {
                if (name.text() == wanted) {
                    found = value;
                }
                return !found.has_value();
            });
        }
        return found;
    }

    friend bool operator==(const json_view&, const json_view&) noexcept = default;

private:
    friend class json_value;

    explicit json_view(std::string_view text) noexcept : text_(text) {}

    // One behind the value that begins at `at`.
    static const char* end_of(const char* at) noexcept {
        std::size_t depth = 0;
        do {
            switch (*at++) {
            case '"':
                for (; *at != '"'; at += *at == '\\' ? 2 : 1) {
                }
                ++at;
                break;
            case '[':
            case '{':
                ++depth;
                break;
            case ']':
            case '}':
                --depth;
                break;
            default:
                break;
            }
        } while (depth != 0);
        return at;
    }

    // The same, where it may be a number or a word and something stands behind it.
    static const char* end_of_element(const char* at) noexcept {
        if (*at == '"' || *at == '[' || *at == '{') {
            return end_of(at);
        }
        while (*at != ',' && *at != ']' && *at != '}') {
            ++at;
        }
        return at;
    }

    template <class Visit>
    void walk(Visit visit) const {
        const bool object = type() == json_type::object;
        if ((!object && type() != json_type::array) || text_.size() == 2) {
            return;
        }
        const auto between = [](const char* from, const char* to) {
            return json_view({from, static_cast<std::size_t>(to - from)});
        };
        const char* at = text_.data();
        do {
            ++at;
            const char* const key_end = object ? end_of(at) : at;
            const char* const value = object ? key_end + 1 : at;
            const char* const value_end = end_of_element(value);
            if (!visit(between(at, key_end), between(value, value_end))) {
                return;
            }
            at = value_end;
        } while (*at == ',');
    }

    std::string_view text_;
};

class json_value {
public:
    json_value() : text_("null") {}

    json_value(std::nullptr_t) : json_value() {}

    json_value(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}

    template <std::integral Number>
    requires(!std::same_as<Number, bool>)
    json_value(Number number) : text_(std::to_string(number)) {}

    // JSON has no infinity and no NaN: `invalid_value`.
    [[nodiscard]] static result<json_value> number(double value) {
        if (!std::isfinite(value)) {
            return fail(
                {.code = errc::invalid_value, .found = std::bit_cast<std::uint64_t>(value)});
        }
        json_value made;
        made.text_.clear();
        detail::append_float(made.text_, value);
        return made;
    }

    // `invalid_utf8` where it is none.
    [[nodiscard]] static result<json_value> string(std::string_view text) {
        json_value made;
        made.text_ = '"';
        const char* const bad =
            detail::escape(text, [&](std::string_view piece) { made.text_ += piece; });
        if (bad != nullptr) {
            return fail({.code = errc::invalid_utf8,
                         .offset = static_cast<std::uint64_t>(bad - text.data()),
                         .found = detail::byte_at(bad)});
        }
        made.text_ += '"';
        return made;
    }

    [[nodiscard]] static json_value array(std::span<const json_value> elements) {
        json_value made;
        made.text_ = '[';
        for (const json_value& each : elements) {
            made.text_ += made.text_.size() == 1 ? "" : ",";
            made.text_ += each.text_;
        }
        made.text_ += ']';
        return made;
    }

    // In any order. `duplicate` where a key comes twice, `invalid_utf8` where one is none.
    [[nodiscard]] static result<json_value>
    object(std::span<const std::pair<std::string, json_value>> members) {
        std::string text = "{";
        std::size_t nesting = 1;
        for (const auto& [key, value] : members) {
            const auto name = string(key);
            if (!name) {
                return pass(name);
            }
            text += text.size() == 1 ? "" : ",";
            text += name->text_ + ':' + value.text_;
            nesting += value.text_.size();
        }
        text += '}';
        constexpr auto most = std::numeric_limits<std::uint32_t>::max();
        return parse(text,
                     {.depth = static_cast<std::uint32_t>(std::min<std::size_t>(nesting, most))});
    }

    // One value with nothing but white space around it.
    [[nodiscard]] static result<json_value> parse(std::string_view text,
                                                  const limits& limits = {}) {
        const decode_options options{.limits = limits};
        detail::json_input in(text, options);
        json_value made;
        made.text_.clear();
        if (!detail::read_canonical(in, made.text_) || !in.finish(trailing::refuse)) {
            return fail(in.failure());
        }
        return made;
    }

    [[nodiscard]] std::string_view text() const noexcept { return text_; }

    [[nodiscard]] json_view view() const noexcept { return json_view(text_); }

    [[nodiscard]] bool is_null() const noexcept { return view().is_null(); }

    friend bool operator==(const json_value&, const json_value&) noexcept = default;

    // The value that comes next in the text; for the codec.
    [[nodiscard]] bool read(detail::json_input& in, std::string& scratch) {
        if (in.starts_with("null")) {
            in.at += 4;
            text_ = "null";
            return true;
        }
        scratch.clear();
        if (!detail::read_canonical(in, scratch)) {
            return false;
        }
        text_.assign(scratch); // exactly as large as it is
        return true;
    }

private:
    std::string text_;
};

} // namespace tintype::inline v0
