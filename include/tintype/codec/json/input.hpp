#pragma once

// A JSON text that is being read: the place in it, the error once there is one, and the two things
// that every reader needs: white space and strings. Refusals are remembered with the offset, and
// the path to the member is put before them while the callers return.

#include <tintype/codec/json/characters.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

struct text_position {
    std::uint64_t line = 1;   // from 1; a line ends with '\n'
    std::uint64_t column = 1; // from 1, in characters of UTF-8

    friend constexpr bool operator==(const text_position&, const text_position&) noexcept = default;
};

// Where an error's offset lies, for people. An offset behind the end means the end.
[[nodiscard]] constexpr text_position line_and_column(std::string_view text,
                                                      std::uint64_t offset) noexcept {
    text_position place;
    for (const char each : text.substr(0, std::min<std::uint64_t>(offset, text.size()))) {
        if (each == '\n') {
            ++place.line;
            place.column = 1;
        } else if ((static_cast<unsigned char>(each) & 0xc0U) != 0x80) {
            ++place.column;
        }
    }
    return place;
}

namespace detail {

// "values" before "[5]" is "values[5]", and "vectors[17]" before "values" "vectors[17].values".
inline void put_before(std::string& path, std::string_view part) {
    std::string whole(part);
    if (!path.empty() && path.front() != '[') {
        whole += '.';
    }
    path.insert(0, whole);
}

inline void put_before(std::string& path, std::size_t index) {
    put_before(path, "[" + std::to_string(index) + "]");
}

// Functions return false once the text was refused; then nothing but the error matters any more.
class json_input {
public:
    json_input(std::string_view text, const decode_options& options) noexcept
        : at(text.data()), begin_(at), end_(at + text.size()), options_(&options) {
        next_report_ = report_every;
    }

    const char* at;

    [[nodiscard]] const char* end() const noexcept { return end_; }

    [[nodiscard]] const tintype::limits& limits() const noexcept { return options_->limits; }

    [[nodiscard]] std::uint64_t offset() const noexcept {
        return static_cast<std::uint64_t>(at - begin_);
    }

    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at); }

    [[nodiscard]] bool starts_with(std::string_view literal) const noexcept {
        return left() >= literal.size() && std::string_view(at, literal.size()) == literal;
    }

    void skip_space() noexcept {
        while (at != end_ && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
            ++at;
        }
    }

    // Skips white space and takes the character if it is the next one.
    [[nodiscard]] bool take(char wanted) noexcept {
        skip_space();
        if (at == end_ || *at != wanted) {
            return false;
        }
        ++at;
        return true;
    }

    [[nodiscard]] bool expect(char wanted) {
        return take(wanted) || unexpected(static_cast<unsigned char>(wanted));
    }

    // The rest of a word of which the first character was seen.
    [[nodiscard]] bool expect_word(std::string_view word) {
        if (starts_with(word)) {
            at += word.size();
            return true;
        }
        // It differs, or ends, before the word does.
        std::size_t same = 0;
        for (; at != end_ && *at == word[same]; ++at) {
            ++same;
        }
        return unexpected(static_cast<unsigned char>(word[same]));
    }

    // The byte here, or the end, is not what the grammar allows.
    [[nodiscard]] bool unexpected(std::uint64_t wanted = 0) {
        if (at == end_) {
            return refuse(errc::truncated, offset(), offset() + 1);
        }
        return refuse(errc::invalid_value, byte_at(at), wanted);
    }

    [[nodiscard]] bool refuse(errc code, std::uint64_t found = 0, std::uint64_t wanted = 0) {
        error_ = {.code = code, .offset = offset(), .found = found, .wanted = wanted};
        return false;
    }

    [[nodiscard]] bool refuse_at(const char* place, errc code, std::uint64_t found = 0,
                                 std::uint64_t wanted = 0) {
        at = place;
        return refuse(code, found, wanted);
    }

    [[nodiscard]] bool within(std::uint64_t found, std::uint64_t limit) {
        return found <= limit || refuse(errc::limit_exceeded, found, limit);
    }

    // Behind the bracket that opens an array or object, which must be left again.
    [[nodiscard]] bool enter() {
        return ++depth_ <= options_->limits.depth ||
               refuse_at(at - 1, errc::limit_exceeded, depth_, options_->limits.depth);
    }

    void leave() noexcept { --depth_; }

    // For loops: tells the monitor now and then.
    [[nodiscard]] bool watched() {
        if (options_->watch == nullptr || offset() < next_report_) {
            return true;
        }
        next_report_ = offset() + report_every;
        const auto going_on = options_->watch->report(
            {.done = offset(), .total = static_cast<std::uint64_t>(end_ - begin_)});
        if (!going_on) {
            error_ = going_on.error();
        }
        return going_on.has_value();
    }

    // Nothing but white space may stand behind the outermost value.
    [[nodiscard]] bool finish(trailing behind) {
        skip_space();
        return at == end_ || behind == trailing::accept || refuse(errc::trailing_bytes, left());
    }

    // A string whose opening quote was taken: a view of the text where nothing is escaped in it, of
    // `buffer` otherwise.
    [[nodiscard]] bool string(std::string_view& value) {
        const char* const start = at;
        at = skip_text(at, end_);
        if (at != end_ && *at == '"') {
            value = {start, static_cast<std::size_t>(at - start)};
            ++at;
            return value.size() <= limits().bytes ||
                   refuse_at(start, errc::limit_exceeded, value.size(), limits().bytes);
        }
        buffer.assign(start, at);
        for (;;) {
            if (at == end_) {
                return unexpected('"');
            }
            if (buffer.size() > limits().bytes) {
                return refuse_at(start, errc::limit_exceeded, buffer.size(), limits().bytes);
            }
            if (*at == '"') {
                ++at;
                value = buffer;
                return true;
            }
            if (*at != '\\') {
                return byte_at(at) < 0x20 ? refuse(errc::invalid_value, byte_at(at), 0x20)
                                          : refuse(errc::invalid_utf8, byte_at(at));
            }
            if (!escaped(buffer)) {
                return false;
            }
            const char* const run = at;
            at = skip_text(at, end_);
            buffer.append(run, at);
        }
    }

    std::string path; // to what was refused
    std::string buffer;

    [[nodiscard]] error failure() const {
        error what = error_;
        if (what.where.empty()) {
            what.where = path;
        }
        return what;
    }

private:
    static constexpr std::uint64_t report_every = std::uint64_t{1} << 20U;

    [[nodiscard]] bool escaped(std::string& into) {
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const char* const start = at++;
        if (at == end_) {
            return unexpected();
        }
        if (const auto which = letters.find(*at); which != std::string_view::npos) {
            into += meanings[which];
            ++at;
            return true;
        }
        std::uint32_t code = 0;
        if (*at != 'u') {
            return unexpected();
        }
        ++at;
        if (!four_hex(code)) {
            return false;
        }
        if (code >= 0xd800 && code < 0xe000) {
            std::uint32_t low = 0;
            if (code >= 0xdc00 || !starts_with("\\u")) {
                return refuse_at(start, errc::invalid_value, code);
            }
            at += 2;
            if (!four_hex(low)) {
                return false;
            }
            if (low < 0xdc00 || low >= 0xe000) {
                return refuse_at(start, errc::invalid_value, code);
            }
            code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
        }
        append_utf8(into, code);
        return true;
    }

    [[nodiscard]] bool four_hex(std::uint32_t& code) {
        for (int i = 0; i != 4; ++i) {
            const unsigned byte = at == end_ ? 0 : byte_at(at);
            const unsigned lower = byte | 0x20U;
            if (byte >= '0' && byte <= '9') {
                code = code * 16 + (byte - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                code = code * 16 + (lower - 'a' + 10);
            } else {
                return unexpected();
            }
            ++at;
        }
        return true;
    }

    static void append_utf8(std::string& into, std::uint32_t code) {
        const auto next = [&](unsigned shift) {
            into += static_cast<char>(0x80U | (code >> shift & 0x3fU));
        };
        if (code < 0x80) {
            into += static_cast<char>(code);
        } else if (code < 0x800) {
            into += static_cast<char>(0xc0U | code >> 6U);
            next(0);
        } else if (code < 0x10000) {
            into += static_cast<char>(0xe0U | code >> 12U);
            next(6);
            next(0);
        } else {
            into += static_cast<char>(0xf0U | code >> 18U);
            next(12);
            next(6);
            next(0);
        }
    }

    const char* begin_;
    const char* end_;
    const decode_options* options_;
    std::uint64_t next_report_ = 0;
    std::uint64_t depth_ = 0;
    error error_{};
};

} // namespace detail

} // namespace tintype::inline v0
