// The writer and the strict reader of a payload index.

#include "index_json.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <limits>

namespace tool {

using tintype::velesdb::payload_entry;
using tintype::velesdb::payload_index;

std::string written_index(const payload_index& index) {
    fmt::memory_buffer out;
    const auto to = std::back_inserter(out);
    fmt::format_to(to, "{{\"wal_position\":{},\"entries\":[", index.wal_position);
    // One entry a line: people look at these, and line tools count them.
    const char* separator = "\n";
    for (const payload_entry& each : index.entries) {
        fmt::format_to(to, "{}{{\"id\":{},\"offset\":{}}}", separator, each.id, each.offset);
        separator = ",\n";
    }
    fmt::format_to(to, "{}]}}\n", index.entries.empty() ? "" : "\n");
    return fmt::to_string(out);
}

namespace {

// Remembers the first thing that was wrong; after it, everything else fails as well.
class index_reader {
public:
    explicit index_reader(std::string_view text) : text_(text) {}

    [[nodiscard]] std::expected<payload_index, std::string> read() {
        payload_index index;
        members(std::array<std::string_view, 2>{"wal_position", "entries"}, [&](std::size_t which) {
            if (which == 0) {
                index.wal_position = integer();
            } else {
                entries(index.entries);
            }
        });
        if (good() && (skip_space(), at_ != text_.size())) {
            refuse("the end of the file");
        }
        if (!good()) {
            return std::unexpected(problem_);
        }
        return index;
    }

private:
    [[nodiscard]] bool good() const noexcept { return problem_.empty(); }

    // At where the reader stands now.
    void fault(std::string_view what) {
        if (good()) {
            const auto before = text_.substr(0, at_);
            const auto line = std::ranges::count(before, '\n') + 1;
            const auto column = at_ - (before.find_last_of('\n') + 1) + 1;
            problem_ = fmt::format("line {}, column {}: {}", line, column, what);
        }
    }

    void refuse(std::string_view wanted) {
        fault(
            at_ == text_.size()
                ? fmt::format("{} is wanted, but the file ends", wanted)
                : fmt::format("{} is wanted, not `{}`", wanted,
                              visible(text_.substr(at_, first_character(text_.substr(at_)).size))));
    }

    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    [[nodiscard]] bool take_if(char c) {
        skip_space();
        if (good() && at_ != text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }

    void take(char c) {
        if (!take_if(c)) {
            refuse(fmt::format("`{}`", c));
        }
    }

    [[nodiscard]] std::uint64_t integer() {
        skip_space();
        const auto start = at_;
        std::uint64_t value = 0;
        for (; good() && at_ != text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
            const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
            if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
                at_ = start;
                fault("the number is above 18446744073709551615");
                return 0;
            }
            value = value * 10 + digit;
        }
        if (at_ == start) {
            refuse("an integer from 0 on");
        } else if (text_[start] == '0' && at_ - start > 1) {
            at_ = start;
            fault("a number does not begin with 0");
        } else if (at_ != text_.size() &&
                   std::string_view{".eE"}.find(text_[at_]) != std::string_view::npos) {
            at_ = start;
            fault("the number is no integer");
        }
        return value;
    }

    // The keys have no escapes, so neither may be written with any.
    [[nodiscard]] std::string_view key() {
        take('"');
        if (!good()) {
            return {};
        }
        const auto end = text_.find('"', at_);
        if (end == std::string_view::npos) {
            fault("the name has no closing quote");
            return {};
        }
        const auto name = text_.substr(at_, end - at_);
        return name;
    }

    // An object with just these members, each once.
    template <std::size_t Count, class Read>
    void members(const std::array<std::string_view, Count>& names, Read read) {
        std::array<bool, Count> seen{};
        take('{');
        for (bool more = good() && !take_if('}'); good() && more; more = good() && next_of('}')) {
            const auto name = key();
            if (!good()) {
                return;
            }
            const auto found = std::ranges::find(names, name);
            if (found == names.end()) {
                fault(fmt::format("unknown name `{}`", visible(name.substr(0, 40))));
                return;
            }
            const auto which = static_cast<std::size_t>(found - names.begin());
            if (std::exchange(seen[which], true)) {
                fault(fmt::format("`{}` stands here a second time", name));
                return;
            }
            at_ += name.size() + 1;
            take(':');
            read(which);
        }
        const auto missing = std::ranges::find(seen, false);
        if (good() && missing != seen.end()) {
            fault(fmt::format("`{}` is missing",
                              names[static_cast<std::size_t>(missing - seen.begin())]));
        }
    }

    // Whether there is another element behind a comma; otherwise the list must be closed here.
    [[nodiscard]] bool next_of(char close) {
        if (take_if(',')) {
            return true;
        }
        if (!take_if(close)) {
            refuse(fmt::format("`,` or `{}`", close));
        }
        return false;
    }

    void entries(std::vector<payload_entry>& all) {
        take('[');
        for (bool more = good() && !take_if(']'); good() && more; more = good() && next_of(']')) {
            payload_entry entry{};
            members(std::array<std::string_view, 2>{"id", "offset"},
                    [&](std::size_t which) { (which == 0 ? entry.id : entry.offset) = integer(); });
            all.push_back(entry);
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string problem_;
};

} // namespace

std::expected<payload_index, std::string> read_index(std::string_view text) {
    return index_reader{text}.read();
}

} // namespace tool
