// How others write a snapshot as JSON: two in serde_json's texts, with digits from std::to_chars
// and from fmt, which stand for serde_json itself, whose speed is theirs; and two in texts of
// their own.

#include "harness.hpp"
#include "json.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <string>
#include <string_view>

namespace bench {
namespace {

// "-1.2345e-07", shortest digits, as serde_json puts them; for the few that are not plain as they
// are.
char* lay_out(char* to, const char* from, const char* end) {
    const auto put = [&](const char* bytes, std::ptrdiff_t size) {
        std::memcpy(to, bytes, static_cast<std::size_t>(size));
        to += size;
    };
    if (*from == '-') {
        put(from++, 1);
    }
    const char* const mark =
        static_cast<const char*>(std::memchr(from, 'e', static_cast<std::size_t>(end - from)));
    char digits[16] = {*from};
    std::ptrdiff_t count = 1;
    if (from + 1 != mark) {
        count += mark - (from + 2);
        std::memcpy(digits + 1, from + 2, static_cast<std::size_t>(count - 1));
    }
    int exponent = 0;
    std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
    const int point = exponent + 1;
    if (point <= -6 || point > 13) {
        put(digits, 1);
        if (count != 1) {
            put(".", 1);
            put(digits + 1, count - 1);
        }
        put("e", 1);
        return std::to_chars(to, to + 5, exponent).ptr;
    }
    if (point <= 0) {
        put("0.00000", 2 - point);
        put(digits, count);
    } else if (point < count) {
        put(digits, point);
        put(".", 1);
        put(digits + point, count - point);
    } else {
        put(digits, count);
        put("000000000000", point - count);
        put(".0", 2);
    }
    return to;
}

// Where both libraries write what serde_json writes, digits and layout.
bool plain(float number) {
    const float size = std::abs(number);
    return size >= 1e-4F && size < 1e4F && std::trunc(number) != number;
}

struct to_chars_digits {
    static char* put(char* to, float number) {
        constexpr std::ptrdiff_t room = 32;
        if (plain(number)) [[likely]] {
            return std::to_chars(to, to + room, number, std::chars_format::fixed).ptr;
        }
        char text[room];
        const char* const end =
            std::to_chars(text, text + room, number, std::chars_format::scientific).ptr;
        return lay_out(to, text, end);
    }
};

struct fmt_digits {
    static char* put(char* to, float number) {
        if (plain(number)) [[likely]] {
            return fmt::format_to(to, FMT_COMPILE("{}"), number);
        }
        return to_chars_digits::put(to, number);
    }
};

// What one writes who knows the struct: no layer between the members and the memory.
template <class Digits>
class plain_writer {
public:
    explicit plain_writer(char* to) : at_(to) {}

    char* write(const snapshot_data& state) {
        text("{\"metadata\":");
        metadata(state.metadata);
        text(",\"namespaces\":[");
        each(state.namespaces, [&](const namespace_data& one) { space(one); });
        text("]}");
        return at_;
    }

private:
    void text(std::string_view bytes) {
        std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }

    void string(std::string_view bytes) {
        *at_++ = '"';
        for (const char byte : bytes) {
            constexpr std::string_view special = "\"\\\b\f\n\r\t";
            constexpr std::string_view letters = "\"\\bfnrt";
            if (static_cast<unsigned char>(byte) >= 0x20 && byte != '"' && byte != '\\')
                [[likely]] {
                *at_++ = byte;
            } else if (const auto which = special.find(byte); which != special.npos) {
                *at_++ = '\\';
                *at_++ = letters[which];
            } else {
                text("\\u00");
                *at_++ = static_cast<char>('0' + (byte >> 4));
                *at_++ = "0123456789abcdef"[byte & 15];
            }
        }
        *at_++ = '"';
    }

    void number(std::uint64_t value) { at_ = std::to_chars(at_, at_ + 20, value).ptr; }

    void optional(const optional_text& value) {
        if (value) {
            string(*value);
        } else {
            text("null");
        }
    }

    template <class Range, class Write>
    void each(const Range& range, Write write) {
        bool first = true;
        for (const auto& one : range) {
            if (!first) {
                *at_++ = ',';
            }
            first = false;
            write(one);
        }
    }

    void metadata(const snapshot_metadata& from) {
        text("{\"id\":");
        string(from.id);
        text(",\"created_at\":");
        number(from.created_at);
        text(",\"description\":");
        optional(from.description);
        text(",\"namespaces\":[");
        each(from.namespaces, [&](const std::string& name) { string(name); });
        text("],\"total_vectors\":");
        number(from.total_vectors);
        text(",\"size_bytes\":");
        number(from.size_bytes);
        text(from.type == snapshot_type::full
                 ? ",\"snapshot_type\":\"Full\",\"parent_id\":"
                 : ",\"snapshot_type\":\"Incremental\",\"parent_id\":");
        optional(from.parent_id);
        text(",\"version\":");
        string(from.version);
        text("}");
    }

    void space(const namespace_data& from) {
        text("{\"namespace\":");
        string(from.name);
        text(",\"vector_count\":");
        number(from.vector_count);
        text(",\"dimension\":");
        if (from.dimension) {
            number(*from.dimension);
        } else {
            text("null");
        }
        text(",\"vectors\":[");
        each(from.vectors, [&](const vector_entry& one) {
            text("{\"id\":");
            string(one.id);
            text(",\"values\":[");
            each(one.values, [&](float value) { at_ = Digits::put(at_, value); });
            text("],\"metadata\":");
            text(one.metadata.text());
            text("}");
        });
        text("]}");
    }

    char* at_;
};

template <class Digits>
std::string_view plain_write(const snapshot_data& state, std::span<char> memory) {
    const char* const end = plain_writer<Digits>{memory.data()}.write(state);
    return {memory.data(), static_cast<std::size_t>(end - memory.data())};
}

} // namespace

std::string_view to_chars_write(const snapshot_data& state, std::span<char> memory) {
    return plain_write<to_chars_digits>(state, memory);
}

std::string_view fmt_write(const snapshot_data& state, std::span<char> memory) {
    return plain_write<fmt_digits>(state, memory);
}

// A document of all of it, with floats of 32 bits, and its text; keys in the order that it likes.
std::string nlohmann_write(const snapshot_data& state) {
    using json = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t,
                                      std::uint64_t, float>;
    const auto optional_of = [](const auto& from) { return from ? json(*from) : json(nullptr); };
    json spaces = json::array();
    for (const namespace_data& from : state.namespaces) {
        json vectors = json::array();
        for (const vector_entry& each : from.vectors) {
            vectors.push_back({{"id", each.id},
                               {"values", each.values},
                               {"metadata", json::parse(each.metadata.text())}});
        }
        spaces.push_back({{"namespace", from.name},
                          {"vector_count", from.vector_count},
                          {"dimension", optional_of(from.dimension)},
                          {"vectors", std::move(vectors)}});
    }
    const snapshot_metadata& metadata = state.metadata;
    const json root{
        {"metadata",
         {{"id", metadata.id},
          {"created_at", metadata.created_at},
          {"description", optional_of(metadata.description)},
          {"namespaces", metadata.namespaces},
          {"total_vectors", metadata.total_vectors},
          {"size_bytes", metadata.size_bytes},
          {"snapshot_type", metadata.type == snapshot_type::full ? "Full" : "Incremental"},
          {"parent_id", optional_of(metadata.parent_id)},
          {"version", metadata.version}}},
        {"namespaces", std::move(spaces)}};
    return root.dump();
}

struct rapidjson_writer::buffer {
    rapidjson::StringBuffer own;
};

rapidjson_writer::rapidjson_writer() : buffer_(std::make_unique<buffer>()) {}

rapidjson_writer::~rapidjson_writer() = default;

// It knows no floats of 32 bits: their digits are those of doubles, twice as many.
std::string_view rapidjson_writer::write(const snapshot_data& state) {
    buffer_->own.Clear();
    rapidjson::Writer<rapidjson::StringBuffer> out{buffer_->own};
    const auto string = [&](std::string_view text) {
        out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    };
    const auto key = [&](std::string_view text) {
        out.Key(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    };
    const auto optional = [&](const optional_text& text) {
        if (text) {
            string(*text);
        } else {
            out.Null();
        }
    };
    const auto metadata = [&](const snapshot_metadata& from) {
        out.StartObject();
        key("id");
        string(from.id);
        key("created_at");
        out.Uint64(from.created_at);
        key("description");
        optional(from.description);
        key("namespaces");
        out.StartArray();
        for (const std::string& name : from.namespaces) {
            string(name);
        }
        out.EndArray();
        key("total_vectors");
        out.Uint64(from.total_vectors);
        key("size_bytes");
        out.Uint64(from.size_bytes);
        key("snapshot_type");
        string(from.type == snapshot_type::full ? "Full" : "Incremental");
        key("parent_id");
        optional(from.parent_id);
        key("version");
        string(from.version);
        out.EndObject();
    };
    const auto space = [&](const namespace_data& from) {
        out.StartObject();
        key("namespace");
        string(from.name);
        key("vector_count");
        out.Uint64(from.vector_count);
        key("dimension");
        if (from.dimension) {
            out.Uint64(*from.dimension);
        } else {
            out.Null();
        }
        key("vectors");
        out.StartArray();
        for (const vector_entry& each : from.vectors) {
            out.StartObject();
            key("id");
            string(each.id);
            key("values");
            out.StartArray();
            for (const float value : each.values) {
                out.Double(static_cast<double>(value));
            }
            out.EndArray();
            key("metadata");
            const std::string_view any = each.metadata.text();
            out.RawValue(any.data(), any.size(), rapidjson::kNullType);
            out.EndObject();
        }
        out.EndArray();
        out.EndObject();
    };
    out.StartObject();
    key("metadata");
    metadata(state.metadata);
    key("namespaces");
    out.StartArray();
    for (const namespace_data& each : state.namespaces) {
        space(each);
    }
    out.EndArray();
    out.EndObject();
    must(out.IsComplete(), "RapidJSON wrote half a text");
    return {buffer_->own.GetString(), buffer_->own.GetSize()};
}

} // namespace bench
