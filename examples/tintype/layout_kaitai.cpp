// Layouts in the language of Kaitai Struct.

#include "layout_kaitai.hpp"

#include <tintype/codec/value_layout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::field_kind;
using tintype::field_layout;
using tintype::value_layout;
using tintype::value_part;
using tintype::value_shape;

// A name as Kaitai has them: a small letter, then small letters, digits and underlines.
[[nodiscard]] std::string identifier(std::string_view name) {
    std::string id;
    for (const char c : name) {
        const bool digit = c >= '0' && c <= '9';
        if (id.empty() && (digit || c == '_')) {
            id += "x_";
        }
        if (c >= 'A' && c <= 'Z') {
            id += static_cast<char>(c - 'A' + 'a');
        } else {
            id += digit || (c >= 'a' && c <= 'z') ? c : '_';
        }
    }
    return id.empty() ? "value" : id;
}

// "u64" is "u8" there: it counts bytes. Empty for what is no number.
[[nodiscard]] std::string_view number_type(std::string_view type) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> types{
        {{"u8", "u1"},
         {"u16", "u2"},
         {"u32", "u4"},
         {"u64", "u8"},
         {"i8", "s1"},
         {"i16", "s2"},
         {"i32", "s4"},
         {"i64", "s8"},
         {"f32", "f4"},
         {"f64", "f8"},
         {"bool", "u1"}}};
    const auto* found =
        std::ranges::find(types, type, &std::pair<std::string_view, std::string_view>::first);
    return found == types.end() ? std::string_view{} : found->second;
}

[[nodiscard]] bool is_byte(const value_layout& value) {
    return value.shape == value_shape::number && value.type == "u8";
}

[[nodiscard]] std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

constexpr std::string_view left = "_io.size - _io.pos";

// So many bytes each, and `behind` more after all of them.
[[nodiscard]] std::string fitting(std::uint64_t each, std::uint64_t behind) {
    const auto room = behind == 0 ? std::string{left} : fmt::format("{} - {}", left, behind);
    const auto most = each < 2 ? room : fmt::format("({}) / {}", room, each);
    // Where bytes are missing already, the room is no number without a sign.
    return behind == 0 ? fmt::format("max: {}", most)
                       : fmt::format("expr: {} >= {} and _ <= {}", left, behind, most);
}

// The attributes of one type, in their order; ids that come twice get a number.
class sequence {
public:
    // Each of `lines` is one key with its value; those that begin with spaces belong to the one
    // before.
    void add(std::string_view id, std::vector<std::string> lines) {
        std::string name = identifier(id);
        for (int i = 2; !taken_.insert(name).second; ++i) {
            name = fmt::format("{}_{}", identifier(id), i);
        }
        text_ += fmt::format("- id: {}\n", name);
        for (const std::string& line : lines) {
            text_ += fmt::format("  {}\n", line);
        }
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    std::set<std::string> taken_;
};

[[nodiscard]] std::string indented(std::string_view text, std::size_t by) {
    std::string out;
    while (!text.empty()) {
        const auto end = text.find('\n');
        out.append(by, ' ').append(text.substr(0, end)).append("\n");
        text.remove_prefix(end + 1);
    }
    return out;
}

class writer {
public:
    explicit writer(const list_layout& layout) : layout_(layout) {}

    [[nodiscard]] std::string run(std::string_view name, std::string_view about) {
        sequence root;
        if (layout_.repeated.empty()) {
            fields(root, layout_.fields);
            root.add("end_of_file", nothing_left());
        } else {
            fields(root, layout_.head);
            const auto type =
                define(layout_.repeated, [&](sequence& to) { fields(to, layout_.fields); });
            root.add(fmt::format("{}s", layout_.repeated),
                     {fmt::format("type: {}", type), "repeat: until", "repeat-until: _io.eof"});
        }
        std::string out = fmt::format(
            "meta:\n  id: {}\n  title: {}\n  endian: {}\n  ks-version: 0.9\n"
            "doc: |\n  Written from the description that the codec is compiled from. Checksums are "
            "given\n  as they are stored, and are not computed.\nseq:\n{}",
            identifier(name), quoted(fmt::format("{}: {}", name, about)),
            layout_.endian == "big" ? "be" : "le", indented(root.text(), 2));
        if (!types_.empty()) {
            out += "types:\n";
        }
        for (const auto& [type, body] : types_) {
            out += fmt::format("  {}:\n{}", type, body);
        }
        return out;
    }

private:
    [[nodiscard]] static std::vector<std::string> nothing_left() {
        return {"size: 0", "valid:", "  expr: _io.eof"};
    }

    // A type of that name, or of one like it; its place is kept before `fill` asks for others.
    template <class Fill>
    std::string define(std::string_view wanted, Fill fill) {
        std::string name = identifier(wanted);
        for (int i = 2; !names_.insert(name).second; ++i) {
            name = fmt::format("{}_{}", identifier(wanted), i);
        }
        const std::size_t place = types_.size();
        types_.emplace_back(name, "");
        sequence to;
        fill(to);
        std::string body;
        // An encoding has an order of its own, whatever the list's is.
        if (in_value_ && layout_.endian == "big") {
            body += "    meta:\n      endian: le\n";
        }
        body += to.text().empty() ? "    seq: []\n" : "    seq:\n" + indented(to.text(), 6);
        types_[place].second = std::move(body);
        return name;
    }

    // What is said of a list or an option of it.
    [[nodiscard]] static std::string name_for(const value_layout& value, std::string_view hint) {
        switch (value.shape) {
        case value_shape::number:
            return std::string{value.type};
        case value_shape::string:
            return "text";
        case value_shape::array:
            return fmt::format(
                "{}_{}",
                is_byte(*value.parts[0].value) ? "bytes" : name_for(*value.parts[0].value, hint),
                value.extent);
        case value_shape::sequence:
            return is_byte(*value.parts[0].value)
                       ? std::string{"bytes"}
                       : fmt::format("list_of_{}", name_for(*value.parts[0].value, hint));
        case value_shape::optional:
            return fmt::format("optional_{}", name_for(*value.parts[0].value, hint));
        case value_shape::map:
            return fmt::format("map_of_{}_to_{}", name_for(*value.parts[0].value, hint),
                               name_for(*value.parts[1].value, hint));
        case value_shape::members:
        case value_shape::enumeration:
        case value_shape::variant:
        case value_shape::nothing:
            break;
        }
        return std::string{value.name.empty() ? hint : value.name};
    }

    // What stands there, as the keys of an attribute.
    [[nodiscard]] std::vector<std::string> keys_of(const value_layout& value,
                                                   std::string_view hint) {
        switch (value.shape) {
        case value_shape::number: {
            std::vector keys{fmt::format("type: {}", number_type(value.type))};
            if (value.type == "bool") {
                keys.emplace_back("valid:");
                keys.emplace_back("  any-of: [0, 1]");
            }
            return keys;
        }
        case value_shape::enumeration:
            return {fmt::format("type: {}", number_type(value.type))};
        case value_shape::array: {
            const value_layout& each = *value.parts[0].value;
            if (is_byte(each)) {
                return {fmt::format("size: {}", value.extent)};
            }
            if (each.shape == value_shape::array) {
                break;
            }
            auto keys = keys_of(each, hint);
            keys.emplace_back("repeat: expr");
            keys.emplace_back(fmt::format("repeat-expr: {}", value.extent));
            return keys;
        }
        default:
            break;
        }
        return {fmt::format("type: {}", type_of(value, hint))};
    }

    [[nodiscard]] const std::string& type_of(const value_layout& value, std::string_view hint) {
        if (const auto known = known_.find(&value); known != known_.end()) {
            return known->second;
        }
        const bool outer = std::exchange(in_value_, true);
        auto name = define(name_for(value, hint), [&](sequence& to) { fill(to, value, hint); });
        in_value_ = outer;
        return known_.emplace(&value, std::move(name)).first->second;
    }

    void fill(sequence& to, const value_layout& value, std::string_view hint) {
        const auto part = [&](std::size_t i) -> const value_layout& {
            return *value.parts[i].value;
        };
        const auto length = [&](std::string_view id, std::uint64_t each) {
            to.add(id, {fmt::format("type: {}", number_type(value.type)),
                        "valid:", "  " + fitting(each, 0)});
        };
        const auto repeated = [](std::vector<std::string> keys) {
            keys.emplace_back("repeat: expr");
            keys.emplace_back("repeat-expr: num");
            return keys;
        };
        switch (value.shape) {
        case value_shape::string:
            length("len", 1);
            to.add("value", {"size: len", "type: str", "encoding: UTF-8"});
            break;
        case value_shape::sequence:
            if (is_byte(part(0))) {
                length("len", 1);
                to.add("value", {"size: len"});
            } else {
                length("num", part(0).least);
                to.add("items", repeated(single(part(0), hint)));
            }
            break;
        case value_shape::map: {
            length("num", part(0).least + part(1).least);
            const auto entry =
                define(fmt::format("entry_of_{}", name_for(value, hint)), [&](sequence& in) {
                    in.add("key", keys_of(part(0), "key"));
                    in.add("value", keys_of(part(1), "value"));
                });
            to.add("entries", repeated({fmt::format("type: {}", entry)}));
            break;
        }
        case value_shape::optional: {
            to.add("has_value", {"type: u1", "valid:", "  any-of: [0, 1]"});
            auto keys = keys_of(part(0), hint);
            keys.emplace_back("if: has_value == 1");
            to.add("value", std::move(keys));
            break;
        }
        case value_shape::variant: {
            to.add("index", {fmt::format("type: {}", number_type(value.type)),
                             "valid:", fmt::format("  max: {}", value.parts.size() - 1)});
            std::vector<std::string> keys{"type:", "  switch-on: index", "  cases:"};
            for (std::size_t i = 0; i != value.parts.size(); ++i) {
                keys.emplace_back(
                    fmt::format("    {}: {}", i, boxed(part(i), value.parts[i].name)));
            }
            to.add("value", std::move(keys));
            break;
        }
        case value_shape::array:
            to.add("items", keys_of(part(0), hint));
            break;
        default:
            for (const value_part& each : value.parts) {
                to.add(each.name, keys_of(*each.value, each.name));
            }
        }
    }

    // As keys that can be repeated: an array is, already.
    [[nodiscard]] std::vector<std::string> single(const value_layout& value,
                                                  std::string_view hint) {
        if (value.shape == value_shape::array && !is_byte(*value.parts[0].value)) {
            return {fmt::format("type: {}", boxed(value, hint))};
        }
        return keys_of(value, hint);
    }

    // A type for it alone.
    [[nodiscard]] std::string boxed(const value_layout& value, std::string_view hint) {
        if (value.shape == value_shape::number || value.shape == value_shape::enumeration ||
            value.shape == value_shape::array) {
            return define(fmt::format("only_{}", name_for(value, hint)),
                          [&](sequence& to) { to.add("value", keys_of(value, hint)); });
        }
        return type_of(value, hint);
    }

    // One value and nothing behind it.
    [[nodiscard]] std::string framed(const value_layout& value, std::string_view name) {
        return define(fmt::format("{}_frame", name), [&](sequence& to) {
            to.add("value", keys_of(value, name));
            to.add("end_of_frame", nothing_left());
        });
    }

    // A frame's bytes, behind their length.
    [[nodiscard]] std::vector<std::string> frame_keys(const field_layout& field,
                                                      std::string_view length) {
        std::vector keys{fmt::format("size: {}", length)};
        if (field.value != nullptr) {
            keys.push_back(fmt::format("type: {}", framed(*field.value, field.name)));
        }
        return keys;
    }

    [[nodiscard]] std::string record_of(std::string_view name,
                                        std::span<const field_layout> parts) {
        return define(name, [&](sequence& to) {
            for (const field_layout& each : parts) {
                to.add(each.name, plain(each));
            }
        });
    }

    // A field of a fixed size.
    [[nodiscard]] std::vector<std::string> plain(const field_layout& field) {
        if (!field.parts.empty()) {
            return {fmt::format("type: {}", record_of(field.name, field.parts))};
        }
        const auto type = number_type(field.type);
        if (type.empty()) {
            return {fmt::format("size: {}", field.size.value_or(0))};
        }
        std::vector keys{fmt::format("type: {}", type)};
        if (field.type == "bool") {
            keys.emplace_back("valid:");
            keys.emplace_back("  any-of: [0, 1]");
        }
        return keys;
    }

    // Records by their number: members, numbers, or bytes.
    [[nodiscard]] std::vector<std::string> record_keys(const field_layout& field,
                                                       std::string_view number) {
        if (field.stride == 1 && field.parts.empty()) {
            return {fmt::format("size: {}", number)};
        }
        const auto type = number_type(field.type);
        return {!field.parts.empty()
                    ? fmt::format("type: {}",
                                  record_of(fmt::format("{}_record", field.name), field.parts))
                : type.empty() ? fmt::format("size: {}", field.stride)
                               : fmt::format("type: {}", type),
                "repeat: expr", fmt::format("repeat-expr: {}", number)};
    }

    // What one of a counted field's costs at least.
    [[nodiscard]] static std::uint64_t unit_of(const field_layout& field) {
        if (field.stride != 0) {
            return field.stride;
        }
        static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> sizes{
            {{"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8}}};
        for (const auto& [type, size] : sizes) {
            if (field.each == type) {
                return size + (field.value == nullptr ? 0 : field.value->least);
            }
        }
        return 1;
    }

    void fields(sequence& to, std::span<const field_layout> all) {
        for (std::size_t i = 0; i != all.size(); ++i) {
            const field_layout& field = all[i];
            const auto rest = all.subspan(i + 1);
            std::uint64_t behind = 0;
            for (const field_layout& each : rest) {
                behind += each.least;
            }
            if (field.kind == field_kind::total_size && !layout_.repeated.empty()) {
                whole(to, field, rest);
                return;
            }
            add(to, field, rest, behind);
        }
    }

    // What a message's size says is all that its other fields may look at.
    void whole(sequence& to, const field_layout& field, std::span<const field_layout> rest) {
        const std::uint64_t before = field.offset.value_or(0) + field.size.value_or(0);
        to.add(field.name,
               {fmt::format("type: {}", number_type(field.type)), "valid:",
                fmt::format("  expr: _ >= {} and _ - {} <= {}", layout_.min_size, before, left)});
        const auto body = define("body", [&](sequence& in) {
            fields(in, rest);
            in.add("end_of_message", nothing_left());
        });
        to.add("body",
               {fmt::format("size: total_size - {}", before), fmt::format("type: {}", body)});
    }

    void add(sequence& to, const field_layout& field, std::span<const field_layout> rest,
             std::uint64_t behind) {
        const auto number = [](std::string_view type) {
            return fmt::format("type: {}", number_type(type));
        };
        const auto length = [&](std::string_view id, std::string_view type, std::uint64_t each) {
            to.add(id, {number(type), "valid:", "  " + fitting(each, behind)});
        };
        const auto counted = [&](std::vector<std::string> keys) {
            keys.emplace_back("repeat: expr");
            keys.emplace_back(fmt::format("repeat-expr: num_{}", identifier(field.name)));
            return keys;
        };
        const auto len = fmt::format("len_{}", identifier(field.name));
        const auto num = fmt::format("num_{}", identifier(field.name));
        switch (field.kind) {
        case field_kind::magic: {
            std::string bytes;
            for (const char c : field.text) {
                bytes += fmt::format("{}{:#04x}", bytes.empty() ? "" : ", ",
                                     static_cast<unsigned char>(c));
            }
            to.add(field.name, {fmt::format("contents: [{}]", bytes),
                                fmt::format("doc: {}", quoted(field.text))});
            break;
        }
        case field_kind::version:
            to.add(field.name, {number(field.type), fmt::format("valid: {}", field.number)});
            break;
        case field_kind::count: {
            const auto what = std::ranges::find(rest, field.name, &field_layout::name);
            length(num, field.type, what == rest.end() ? 1 : unit_of(*what));
            break;
        }
        case field_kind::total_size:
            to.add(field.name, {number(field.type), "valid:", "  expr: _ == _io.size"});
            break;
        case field_kind::section:
            length(len, field.prefix, 1);
            to.add(field.name, {fmt::format("size: {}", len)});
            break;
        case field_kind::records:
            if (!field.prefix.empty()) {
                length(num, field.prefix, field.stride);
            }
            to.add(field.name, record_keys(field, num));
            break;
        case field_kind::frame:
            length(len, field.prefix, 1);
            to.add(field.name, frame_keys(field, len));
            break;
        case field_kind::frames: {
            if (!field.prefix.empty()) {
                length(num, field.prefix, unit_of(field));
            }
            const auto type = define(fmt::format("one_of_{}", field.name), [&](sequence& in) {
                in.add("len", {number(field.each), "valid:", "  " + fitting(1, 0)});
                in.add("frame", frame_keys(field, "len"));
            });
            to.add(field.name, counted({fmt::format("type: {}", type)}));
            break;
        }
        case field_kind::tail:
            to.add(field.name, {behind == 0 ? std::string{"size-eos: true"}
                                            : fmt::format("size: {} - {}", left, behind)});
            break;
        case field_kind::scalar:
        case field_kind::checksum:
        case field_kind::custom:
            if (field.size && *field.size == 0) {
                break;
            }
            auto keys = plain(field);
            if (field.type == padding_type) {
                keys = {fmt::format("size: ({0} - _io.pos % {0}) % {0}", field.number)};
            } else if (!field.size) {
                // A field of somebody's own, of which only he knows where it ends.
                keys = {behind == 0 ? std::string{"size-eos: true"}
                                    : fmt::format("size: {} - {}", left, behind)};
            }
            if (!field.text.empty()) {
                keys.push_back(fmt::format(
                    "doc: {} of all bytes before it{}", field.text,
                    layout_.repeated.empty() ? "" : fmt::format(" in the {}", layout_.repeated)));
            }
            to.add(field.name, std::move(keys));
            break;
        }
    }

    const list_layout& layout_;
    std::vector<std::pair<std::string, std::string>> types_; // in the order of first mention
    std::set<std::string> names_;
    std::map<const value_layout*, std::string> known_;
    bool in_value_ = false;
};

} // namespace

std::string in_kaitai(std::string_view name, std::string_view about, const list_layout& layout) {
    return writer{layout}.run(name, about);
}

} // namespace tool
