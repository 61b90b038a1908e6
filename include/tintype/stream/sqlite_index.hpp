#pragma once

// Which index files a schema speaks of: the statement of a virtual table of vectorlite's, taken
// apart as SQLite takes it apart. The text is anybody's: it is walked once, without recursion, and
// what it is not sure of is no index.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

class sql_tokens {
public:
    struct token {
        std::string_view text; // empty at the end; quoted ones with their quotes
        bool quoted = false;
        std::size_t begin = 0; // in the statement
    };

    explicit sql_tokens(std::string_view text) noexcept : text_(text) {}

    // The next one behind spaces and comments.
    [[nodiscard]] token next() noexcept {
        skip();
        const std::size_t begin = at_;
        if (at_ == text_.size()) {
            return {{}, false, begin};
        }
        const char first = text_[at_++];
        const bool quoted = first == '\'' || first == '"' || first == '`' || first == '[';
        if (quoted) {
            close(first == '[' ? ']' : first);
        } else if (is_word(first)) {
            while (at_ != text_.size() && is_word(text_[at_])) {
                ++at_;
            }
        }
        return {text_.substr(begin, at_ - begin), quoted, begin};
    }

    [[nodiscard]] std::string_view between(std::size_t begin, std::size_t end) const noexcept {
        return text_.substr(begin, end - begin);
    }

    [[nodiscard]] static constexpr bool is_word(char c) noexcept {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
    }

private:
    void skip() noexcept {
        constexpr std::string_view spaces = " \t\n\r\f";
        for (;;) {
            at_ = std::min(text_.find_first_not_of(spaces, at_), text_.size());
            const auto rest = text_.substr(at_);
            const bool line = rest.starts_with("--");
            if (!line && !rest.starts_with("/*")) {
                return;
            }
            const auto end = line ? text_.find('\n', at_) : text_.find("*/", at_ + 2);
            at_ = end == std::string_view::npos ? text_.size() : end + (line ? 1 : 2);
        }
    }

    // Behind the quote that ends it; two of them are one inside, but for brackets.
    void close(char quote) noexcept {
        for (;;) {
            const auto end = text_.find(quote, at_);
            if (end == std::string_view::npos) {
                at_ = text_.size();
                return;
            }
            at_ = end + 1;
            if (quote == ']' || at_ == text_.size() || text_[at_] != quote) {
                return;
            }
            ++at_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

// SQL's words know no case outside of ASCII.
[[nodiscard]] constexpr bool same_word(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; };
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i != a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

// Without its quotes; nothing where the closing one is missing.
[[nodiscard]] inline std::optional<std::string> unquoted(std::string_view text) {
    const char quote = text.front() == '[' ? ']' : text.front();
    if (text.size() < 2 || text.back() != quote) {
        return std::nullopt;
    }
    text = text.substr(1, text.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i != text.size(); ++i) {
        plain += text[i];
        if (text[i] == quote) {
            if (++i == text.size() || text[i] != quote) {
                return std::nullopt; // the last quote was half of a pair
            }
        }
    }
    return plain;
}

// What one argument says if it looks like a path: one quoted text, or one run of characters that
// has a dot or a slash, is no number, and has nothing that other arguments have.
[[nodiscard]] inline std::optional<std::string> path_in(std::string_view argument, bool quoted) {
    std::optional<std::string> path;
    if (quoted) {
        path = unquoted(argument);
    } else if (argument.find_first_of("./") != std::string_view::npos &&
               argument.find_first_not_of("0123456789.") != std::string_view::npos &&
               argument.find_first_of(" \t\n\r\f()[]{}=<>'\"`;*") == std::string_view::npos) {
        path = std::string{argument};
    }
    if (path && (path->empty() || path->find('\0') != std::string::npos)) {
        return std::nullopt;
    }
    return path;
}

// `CREATE VIRTUAL TABLE ... USING vectorlite(column, index parameters, path)`: the last of the
// arguments behind the first that looks like a path.
[[nodiscard]] inline std::optional<std::string> index_path_of(std::string_view statement) {
    sql_tokens tokens{statement};
    auto now = tokens.next();
    for (const std::string_view word : {"create", "virtual", "table"}) {
        if (now.quoted || !same_word(now.text, word)) {
            return std::nullopt;
        }
        now = tokens.next();
    }
    // A table may be called "using", but then its name is quoted or the word comes twice in a row.
    for (bool name = false; !now.text.empty(); now = tokens.next()) {
        if (name && !now.quoted && same_word(now.text, "using")) {
            break;
        }
        name = true;
    }
    now = tokens.next();
    const auto module = now.quoted ? unquoted(now.text) : std::string{now.text};
    if (!module || !same_word(*module, "vectorlite") || tokens.next().text != "(") {
        return std::nullopt;
    }
    std::optional<std::string> found;
    std::size_t depth = 1;
    std::size_t index = 0;
    std::size_t begin = 0; // of the argument's first token
    std::size_t end = 0;   // behind its last
    std::size_t count = 0; // of its tokens
    bool quoted = false;   // the only one so far
    while (depth != 0) {
        now = tokens.next();
        if (now.text.empty()) {
            return std::nullopt; // the list does not end
        }
        const bool plain = !now.quoted;
        depth += plain && now.text == "(" ? 1U : 0U;
        depth -= plain && now.text == ")" ? 1U : 0U;
        if (depth == 0 || (depth == 1 && plain && now.text == ",")) {
            if (index != 0 && count != 0) {
                if (auto path = path_in(tokens.between(begin, end), quoted && count == 1)) {
                    found = std::move(path);
                }
            }
            ++index;
            count = 0;
            continue;
        }
        begin = count == 0 ? now.begin : begin;
        quoted = count == 0 && now.quoted;
        end = now.begin + now.text.size();
        ++count;
    }
    return found;
}

} // namespace tintype::inline v0::detail
