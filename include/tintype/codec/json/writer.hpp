#pragma once

// Writes described values as JSON in a style, through a buffer of fixed size, in one pass. What
// JSON cannot say (a float that is no number, a text that is no UTF-8) is refused with the path to
// it.

#include <tintype/codec/json/base64.hpp>
#include <tintype/codec/json/input.hpp>
#include <tintype/codec/json/schema.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/codec/json/value.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/sink.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tintype::inline v0::detail {

template <json_style Style, byte_sink Sink>
class json_writer {
public:
    explicit json_writer(Sink& sink)
        : sink_(&sink), memory_(std::make_unique_for_overwrite<char[]>(buffer_size)),
          at_(memory_.get()), end_(at_ + buffer_size) {}

    template <class T>
    [[nodiscard]] result<void> run(const T& root) {
        if (!write(root) || !flush()) {
            if (refused_) {
                error_.where = path_;
            }
            return fail(error_);
        }
        return {};
    }

private:
    static constexpr std::size_t buffer_size = std::size_t{1} << 16U;
    static constexpr std::size_t most_at_once = 256; // bytes of one number, whatever the style

    template <class T>
    bool write(const T& value) {
        constexpr kind what = kind_of<T>;
        static_assert(what != kind::pair,
                      "json does not write a std::pair, whose two values have no names; describe a "
                      "struct");
        if constexpr (std::is_same_v<T, json_value>) {
            return any(value);
        } else if constexpr (what == kind::scalar) {
            return scalar(value);
        } else if constexpr (what == kind::string) {
            return string({value.data(), value.size()});
        } else if constexpr (what == kind::optional) {
            return value ? write(*value) : put("null");
        } else if constexpr (json_blob<T, Style>) {
            return base64({std::data(value), std::size(value)});
        } else if constexpr (quick_floats<T>) {
            return floats(std::data(value), std::size(value));
        } else if constexpr (what == kind::sequence || what == kind::array) {
            return elements(value);
        } else if constexpr (what == kind::map) {
            return entries(value);
        } else {
            static_assert(what == kind::described,
                          "json writes numbers, strings, arrays, optionals, sequences, maps with "
                          "text keys, json_value and described structs; describe this one");
            return members(value, std::make_index_sequence<member_count<T>>{});
        }
    }

    template <class T>
    bool scalar(T value) {
        if constexpr (std::is_same_v<T, bool>) {
            return put(value ? "true" : "false");
        } else if constexpr (json_named_enum<T>) {
            for (const auto& each : json_enum_names<T>) {
                if (each.value == value) {
                    return string(each.name);
                }
            }
            return refuse(errc::invalid_value, static_cast<std::uint64_t>(value));
        } else if constexpr (std::is_enum_v<T>) {
            return scalar(static_cast<std::underlying_type_t<T>>(value));
        } else if constexpr (std::is_floating_point_v<T>) {
            if (!room(most_at_once) || !finite(value)) {
                return false;
            }
            at_ = Style::floats::write(at_, value);
            return true;
        } else {
            if (!room(most_at_once)) {
                return false;
            }
            at_ = std::to_chars(at_, end_, +value).ptr; // promoted: a char is a number here
            return true;
        }
    }

    bool base64(byte_view bytes) {
        constexpr std::size_t most = 3 * 1024;
        bool good = put("\"");
        while (good && !bytes.empty()) {
            const byte_view piece = bytes.first(std::min(bytes.size(), most));
            good = room(most / 3 * 4);
            at_ = good ? base64_encode(piece, at_) : at_;
            bytes = bytes.subspan(piece.size());
        }
        return good && put("\"");
    }

    template <class F>
    static bool is_finite(F value) noexcept {
        using bits = bits_of<F>;
        constexpr bits infinity = std::bit_cast<bits>(std::numeric_limits<F>::infinity());
        return (std::bit_cast<bits>(value) & infinity) != infinity;
    }

    template <class F>
    bool finite(F value) {
        return is_finite(value) || refuse(errc::invalid_value, std::bit_cast<bits_of<F>>(value));
    }

    // Floats side by side, of which the style writes many at once, with commas.
    template <class T>
    static constexpr bool quick_floats = [] {
        if constexpr ((kind_of<T> == kind::sequence || kind_of<T> == kind::array) &&
                      std::ranges::contiguous_range<T>) {
            return !Style::pretty && requires(char* to, const std::ranges::range_value_t<T>* from) {
                { Style::floats::write_run(to, from, std::size_t{}) } -> std::same_as<char*>;
            };
        } else {
            return false;
        }
    }();

    template <class F>
    bool floats(const F* from, std::size_t count) {
        constexpr std::size_t most = 256;
        if (!begin('[')) {
            return false;
        }
        for (std::size_t index = 0; index != count;) {
            const std::size_t run = std::min(count - index, most);
            bool good = true;
            for (std::size_t i = 0; i != run; ++i) {
                good &= is_finite(from[index + i]);
            }
            if (!good) {
                index += static_cast<std::size_t>(
                    std::find_if_not(from + index, from + count, &is_finite<F>) - (from + index));
                put_before(path_, index);
                return finite(from[index]);
            }
            if (!room(most * (Style::floats::room + 1))) {
                return false;
            }
            at_ = Style::floats::write_run(at_, from + index, run);
            index += run;
        }
        at_ -= count != 0 ? 1 : 0; // the last comma
        return finish(']', count == 0);
    }

    bool string(std::string_view text) {
        bool good = put("\"");
        const auto put_piece = [&](std::string_view piece) { good = good && put(piece); };
        const char* bad = nullptr;
        if constexpr (json_escapes_of<Style> == json_escapes::html) {
            bad = escape_for_pages(text, put_piece);
        } else {
            bad = escape(text, put_piece);
        }
        if (bad != nullptr) {
            error_.offset = static_cast<std::uint64_t>(bad - text.data());
            return refuse(errc::invalid_utf8, byte_at(bad));
        }
        return good && put("\"");
    }

    template <class Range>
    bool elements(const Range& range) {
        std::size_t index = 0;
        bool good = begin('[');
        for (const auto& each : range) {
            if (!(good && separate(index == 0) && write_element(each))) {
                good = false;
                put_before(path_, index);
                break;
            }
            ++index;
        }
        return good && finish(']', index == 0);
    }

    // Also for what is no reference to a value, as the elements of vector<bool>.
    template <class T>
    bool write_element(const T& element) {
        return write(element);
    }

    template <class Map>
    bool entries(const Map& map) {
        static_assert(kind_of<typename Map::key_type> == kind::string,
                      "the keys of a JSON object are texts");
        bool first = true;
        bool good = begin('{');
        for (const auto& [key, value] : map) {
            good = good && separate(first) && string({key.data(), key.size()}) &&
                   put(Style::pretty ? ": " : ":") && write(value);
            if (!good) {
                put_before(path_, std::string_view(key.data(), key.size()));
                return false;
            }
            first = false;
        }
        return good && finish('}', first);
    }

    template <class T, std::size_t... I>
    bool members(const T& object, std::index_sequence<I...>) {
        bool first = true;
        return begin('{') && (one_member<I>(object, first) && ...) && finish('}', first);
    }

    template <std::size_t I, class T>
    bool one_member(const T& object, bool& first) {
        const auto& value = member<I>(object);
        if constexpr (is_omitted<std::remove_cvref_t<decltype(value)>>) {
            if (!value) {
                return true;
            }
        }
        constexpr std::string_view key = json_key<Style, T, I, Style::pretty>;
        if (separate(first) && put(key) && write(value)) {
            first = false;
            return true;
        }
        put_before(path_, Style::template names<T>[I]);
        return false;
    }

    // A canonical text: as it is, or with white space put between its parts.
    bool any(const json_value& value) {
        if constexpr (!Style::pretty) {
            return put(value.text());
        } else {
            const std::string_view text = value.text();
            bool good = true;
            for (std::size_t i = 0; good && i != text.size(); ++i) {
                const char each = text[i];
                if (each == '"') {
                    const std::size_t start = i++;
                    for (; text[i] != '"'; i += text[i] == '\\' ? 2U : 1U) {
                    }
                    good = put(text.substr(start, i + 1 - start));
                } else if (each == '[' || each == '{') {
                    const bool empty = text[i + 1] == ']' || text[i + 1] == '}';
                    good = begin(each) && (empty || separate(true));
                } else if (each == ']' || each == '}') {
                    good = finish(each, text[i - 1] == '[' || text[i - 1] == '{');
                } else if (each == ',') {
                    good = separate(false);
                } else {
                    good = put(each == ':' ? std::string_view(": ") : text.substr(i, 1));
                }
            }
            return good;
        }
    }

    bool begin(char bracket) {
        ++depth_;
        return put({&bracket, 1});
    }

    // Before each element or member.
    bool separate(bool first) {
        if constexpr (Style::pretty) {
            return (first || put(",")) && new_line();
        } else {
            return first || put(",");
        }
    }

    bool finish(char bracket, bool empty) {
        --depth_;
        if constexpr (Style::pretty) {
            if (!empty && !new_line()) {
                return false;
            }
        }
        return put({&bracket, 1});
    }

    bool new_line() {
        bool good = put("\n");
        for (std::size_t i = 0; good && i != depth_; ++i) {
            good = put("  ");
        }
        return good;
    }

    bool put(std::string_view text) {
        if (text.size() <= static_cast<std::size_t>(end_ - at_)) {
            std::memcpy(at_, text.data(), text.size());
            at_ += text.size();
            return true;
        }
        if (!flush()) {
            return false;
        }
        return text.size() <= buffer_size ? put(text) : pass_on(text);
    }

    // So many bytes, which must fit the buffer, may now be written at `at_`.
    bool room(std::size_t size) { return static_cast<std::size_t>(end_ - at_) >= size || flush(); }

    bool flush() {
        const std::string_view text(memory_.get(), static_cast<std::size_t>(at_ - memory_.get()));
        at_ = memory_.get();
        return pass_on(text);
    }

    bool pass_on(std::string_view text) {
        const auto done = sink_->write(bytes_of(text));
        if (!done) {
            error_ = done.error();
        }
        return done.has_value();
    }

    bool refuse(errc code, std::uint64_t found) {
        error_.code = code;
        error_.found = found;
        refused_ = true;
        return false;
    }

    Sink* sink_;
    std::unique_ptr<char[]> memory_;
    char* at_;
    char* end_;
    std::size_t depth_ = 0;
    error error_{};
    bool refused_ = false; // by the writer, not by the sink
    std::string path_;
};

} // namespace tintype::inline v0::detail
