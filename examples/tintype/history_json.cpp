// The writer and the strict reader of profile snapshots.

#include "history_json.hpp"

#include <tintype/codec/json/canonical.hpp>
#include <tintype/codec/json/float_text.hpp>
#include <tintype/codec/json/number.hpp>

#include "json.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tool {

namespace cbtop = tintype::cbtop;
using tintype::errc;
using tintype::detail::json_input;

void append_value(std::string& to, double value, values_as how) {
    if (how == values_as::bits || !std::isfinite(value)) {
        to += fmt::format("\"{:016x}\"", std::bit_cast<std::uint64_t>(value));
        return;
    }
    std::array<char, tintype::serde_floats::room> text{};
    to.append(text.data(), tintype::serde_floats::write(text.data(), value));
}

namespace {

void append_text(std::string& to, std::string_view text) {
    to += json::written(text);
}

// Of any range; `each` appends one element.
template <class Range, class Each>
void append_list(std::string& to, char open, const Range& all, char close, Each each) {
    to += open;
    for (bool first = true; const auto& element : all) {
        to += first ? "" : ",";
        first = false;
        each(element);
    }
    to += close;
}

void append_metric(std::string& to, std::string_view name, const cbtop::metric_data& metric,
                   values_as how) {
    to += "{\"values\":";
    append_list(to, '[', metric.values, ']', [&](double each) { append_value(to, each, how); });
    to += ",\"timestamps\":";
    append_list(to, '[', metric.timestamps, ']',
                [&](std::uint64_t each) { to += fmt::format_int(each).str(); });
    if (metric.name != name) {
        to += ",\"name\":";
        append_text(to, metric.name);
    }
    to += '}';
}

} // namespace

void append_snapshot(std::string& to, const cbtop::profile_snapshot& snapshot,
                     tintype::tier kept_as, values_as how) {
    to += fmt::format("{{\"index\":{},\"timestamp_ns\":{},\"fingerprint\":", snapshot.index,
                      snapshot.timestamp_ns);
    append_text(to, snapshot.workload_fingerprint);
    to += ",\"metrics\":";
    append_list(to, '{', snapshot.metrics, '}', [&](const auto& each) {
        append_text(to, each.first);
        to += ':';
        append_metric(to, each.first, each.second, how);
    });
    to += ",\"metadata\":";
    append_list(to, '{', snapshot.metadata, '}', [&](const auto& each) {
        append_text(to, each.first);
        to += ':';
        append_text(to, each.second);
    });
    to += fmt::format(",\"checksum\":{},\"tier\":\"{}\"}}", snapshot.checksum,
                      tintype::name_of(kept_as));
}

namespace {

// Functions return false once the text was refused.
class snapshot_reader {
public:
    snapshot_reader(json_input& in, std::string& said) : in_(in), said_(said) {}

    [[nodiscard]] bool read(cbtop::profile_snapshot& snapshot) {
        constexpr std::array<std::string_view, 7> names{
            "timestamp_ns", "fingerprint", "metrics", "metadata", "index", "checksum", "tier"};
        return members(names, 3, [&](std::size_t which) {
            switch (which) {
            case 0:
                return integer(snapshot.timestamp_ns);
            case 1:
                return text(snapshot.workload_fingerprint);
            case 2:
                return map(snapshot.metrics,
                           [&](const std::string& name, cbtop::metric_data& metric) {
                               metric.name = name;
                               return read(metric);
                           });
            case 3:
                return map(snapshot.metadata,
                           [&](const std::string&, std::string& value) { return text(value); });
            default:
                scratch_.clear();
                return tintype::detail::read_canonical(in_, scratch_,
                                                       tintype::detail::huge_numbers::keep);
            }
        });
    }

private:
    [[nodiscard]] bool read(cbtop::metric_data& metric) {
        constexpr std::array<std::string_view, 3> names{"values", "timestamps", "name"};
        return members(names, 1, [&](std::size_t which) {
            return which == 0 ? list(metric.values, [&](double& each) { return value(each); })
                   : which == 1
                       ? list(metric.timestamps, [&](std::uint64_t& each) { return integer(each); })
                       : text(metric.name);
        });
    }

    bool refuse(const char* place, errc code, std::string what) {
        said_ = std::move(what);
        return in_.refuse_at(place, code);
    }

    // What stands at a place, for a sentence.
    [[nodiscard]] std::string shown(const char* place) const {
        const std::string_view rest{place, static_cast<std::size_t>(in_.end() - place)};
        return rest.empty()
                   ? "the end"
                   : fmt::format("`{}`", visible(rest.substr(0, first_character(rest).size)));
    }

    [[nodiscard]] bool integer(std::uint64_t& number) {
        in_.skip_space();
        const char* const start = in_.at;
        return tintype::detail::read_integer(in_, number) ||
               refuse(start, errc::invalid_value,
                      "an integer from 0 to 18446744073709551615 is wanted");
    }

    [[nodiscard]] bool text(std::string& to) {
        std::string_view read;
        in_.skip_space();
        if (in_.at == in_.end() || *in_.at != '"') {
            return refuse(in_.at, errc::invalid_value,
                          fmt::format("a text is wanted, not {}", shown(in_.at)));
        }
        ++in_.at;
        if (!in_.string(read)) {
            return false;
        }
        to = read;
        return true;
    }

    [[nodiscard]] bool value(double& to) {
        in_.skip_space();
        const char* const start = in_.at;
        if (in_.take('"')) {
            std::string_view digits;
            if (!in_.string(digits)) {
                return false;
            }
            std::uint64_t bits = 0;
            const char* const end = digits.data() + digits.size();
            const auto read = std::from_chars(digits.data(), end, bits, 16);
            if (digits.size() != 16 || read.ec != std::errc{} || read.ptr != end) {
                return refuse(start, errc::invalid_value,
                              fmt::format("the bits of a value are 16 hexadecimal digits, not `{}`",
                                          visible(shortened(digits, 40))));
            }
            to = std::bit_cast<double>(bits);
            return true;
        }
        const bool begins =
            start != in_.end() && (*start == '-' || tintype::detail::is_digit(start, in_.end()));
        if (!begins) {
            return refuse(start, errc::invalid_value,
                          fmt::format("a number, or its bits as 16 hexadecimal digits in quotes, "
                                      "is wanted, not {}",
                                      shown(start)));
        }
        if (tintype::detail::read_float(in_, to)) {
            return true;
        }
        // Where it was not the grammar, the reader went back to the beginning.
        return in_.at == start
                   ? refuse(start, errc::invalid_value, "the number is beyond the largest there is")
                   : false;
    }

    template <class T, class Read>
    [[nodiscard]] bool list(std::vector<T>& all, Read read) {
        if (!in_.expect('[') || !in_.enter()) {
            return false;
        }
        if (!in_.take(']')) {
            do {
                if (!read(all.emplace_back())) {
                    tintype::detail::put_before(in_.path, all.size() - 1);
                    return false;
                }
            } while (in_.take(','));
            if (!closed(']')) {
                return false;
            }
        }
        in_.leave();
        return true;
    }

    [[nodiscard]] bool closed(char close) {
        if (in_.take(close)) {
            return true;
        }
        return in_.at == in_.end()
                   ? in_.unexpected()
                   : refuse(in_.at, errc::invalid_value,
                            fmt::format("`,` or `{}` is wanted, not {}", close, shown(in_.at)));
    }

    // Calls member(name, start) behind each colon.
    template <class Member>
    [[nodiscard]] bool object(Member member) {
        if (!in_.expect('{') || !in_.enter()) {
            return false;
        }
        if (!in_.take('}')) {
            do {
                in_.skip_space();
                const char* const start = in_.at;
                std::string_view read;
                if (!in_.expect('"') || !in_.string(read)) {
                    return false;
                }
                const std::string name{read};
                if (!in_.expect(':') || !member(name, start)) {
                    tintype::detail::put_before(in_.path, visible(shortened(name, 60)));
                    return false;
                }
            } while (in_.take(','));
            if (!closed('}')) {
                return false;
            }
        }
        in_.leave();
        return true;
    }

    bool again(const char* start) {
        return refuse(start, errc::duplicate, "it stands here a second time");
    }

    // The first `required` of the names must be there, the others may, each once.
    template <std::size_t Count, class Read>
    [[nodiscard]] bool members(const std::array<std::string_view, Count>& names,
                               std::size_t required, Read read) {
        std::array<bool, Count> seen{};
        const bool good = object([&](std::string_view name, const char* start) {
            const auto found = std::ranges::find(names, name);
            if (found == names.end()) {
                const auto guess = meant(name, names);
                return refuse(start, errc::invalid_value,
                              guess
                                  ? fmt::format("the name is not known, did you mean `{}`?", *guess)
                                  : "the name is not known");
            }
            const auto which = static_cast<std::size_t>(found - names.begin());
            if (seen[which]) {
                return again(start);
            }
            seen[which] = true;
            return read(which);
        });
        if (!good) {
            return false;
        }
        const auto needed = std::span{seen}.first(required);
        const auto missing = std::ranges::find(needed, false);
        return missing == needed.end() ||
               refuse(in_.at - 1, errc::missing_field,
                      fmt::format("`{}` is missing",
                                  names[static_cast<std::size_t>(missing - needed.begin())]));
    }

    template <class Map, class Read>
    [[nodiscard]] bool map(Map& all, Read read) {
        return object([&](const std::string& name, const char* start) {
            const auto [at, fresh] = all.try_emplace(name);
            return fresh ? read(name, at->second) : again(start);
        });
    }

    json_input& in_;
    std::string& said_;
    std::string scratch_;
};

} // namespace

std::expected<std::optional<cbtop::profile_snapshot>, text_fault> snapshot_texts::next() {
    in_.skip_space();
    if (in_.at == in_.end()) {
        return std::nullopt;
    }
    cbtop::profile_snapshot snapshot{};
    if (!snapshot_reader{in_, said_}.read(snapshot)) {
        return std::unexpected(fault());
    }
    return snapshot;
}

text_fault snapshot_texts::fault() const {
    const tintype::error what = in_.failure();
    const auto at = static_cast<std::size_t>(std::min<std::uint64_t>(what.offset, text_.size()));
    const auto rest = text_.substr(at);
    std::string sentence = said_;
    if (!sentence.empty()) {
        // It was said where it was found.
    } else if (what.code == errc::limit_exceeded) {
        sentence = fmt::format("values inside values, more than {} deep", what.wanted);
    } else if (what.code == errc::invalid_utf8) {
        sentence = fmt::format("the byte {:02x} is no UTF-8 here", what.found);
    } else if (rest.empty()) {
        sentence = "the text ends here";
    } else {
        sentence = fmt::format("`{}` may not stand here",
                               visible(rest.substr(0, first_character(rest).size)));
        if (what.wanted > 0x20 && what.wanted < 0x7f) {
            sentence += fmt::format(", but `{}`", static_cast<char>(what.wanted));
        }
    }
    if (!in_.path.empty()) {
        sentence.insert(0, in_.path + ": ");
    }
    return {.place = tintype::line_and_column(text_, at),
            .code = rest.empty() && said_.empty() ? errc::truncated : what.code,
            .what = std::move(sentence)};
}

} // namespace tool
