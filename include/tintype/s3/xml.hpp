#pragma once

// A service's answer in XML as pugixml reads it; link with it. Everything in it is hostile: what is
// no number, is there twice, or would be read as something shorter is an error. No depth of nesting
// costs stack.

#if !__has_include(<pugixml.hpp>)
#error "tintype: install pugixml for pugixml.hpp (Debian: libpugixml-dev)"
#endif

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/encoding.hpp>
#include <tintype/s3/transfer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <string_view>

namespace tintype::inline v0::detail {

using xml_node = pugi::xml_node;

inline constexpr std::size_t most_xml_bytes = std::size_t{4} << 20U;
inline constexpr std::size_t longest_s3_text = 4096; // tokens, ids, messages

[[nodiscard]] inline std::unexpected<error> bad_xml(errc code, std::string_view where,
                                                    std::uint64_t found = 0,
                                                    std::uint64_t wanted = 0) noexcept {
    return fail({.code = code,
                 .where = where,
                 .found = found,
                 .wanted = wanted,
                 .during = "an answer in XML"});
}

// Bytes and references that end a text early where it is held as pugixml does: zeros, also such as
// become one when they overflow.
[[nodiscard]] inline result<void> check_characters(std::string_view text) noexcept {
    if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
        return fail({.code = errc::invalid_value, .where = "xml", .offset = zero});
    }
    for (auto at = text.find("&#"); at != std::string_view::npos; at = text.find("&#", at + 2)) {
        const bool hex = text.substr(at + 2).starts_with('x');
        std::uint32_t number = 0;
        for (std::size_t i = at + (hex ? 3 : 2); i < text.size() && number <= 0x10ffff; ++i) {
            const int digit = hex_digit(text[i]);
            if (digit < 0 || (!hex && digit > 9)) {
                break;
            }
            number = number * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
        }
        if (number == 0 || number > 0x10ffff) {
            return fail({.code = errc::invalid_value,
                         .where = "a character reference",
                         .offset = at,
                         .found = number,
                         .wanted = 1});
        }
    }
    return {};
}

class xml_answer {
public:
    // There is one root and nothing beside it.
    [[nodiscard]] static result<xml_answer> read(byte_view bytes) {
        if (bytes.size() > most_xml_bytes) {
            return bad_xml(errc::limit_exceeded, "xml", bytes.size(), most_xml_bytes);
        }
        if (auto good = check_characters(text_of(bytes)); !good) {
            return pass(good);
        }
        xml_answer answer;
        const auto parsed = answer.document_->load_buffer(
            bytes.data(), bytes.size(), pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol,
            pugi::encoding_utf8);
        if (parsed.status == pugi::status_out_of_memory) {
            return bad_xml(errc::out_of_memory, "xml", 0, bytes.size());
        }
        const auto first = answer.document_->first_child();
        if (!parsed || !first || first.next_sibling() || first.type() != pugi::node_element) {
            return fail({.code = errc::invalid_value,
                         .where = "xml",
                         .offset = parsed.offset >= 0 ? static_cast<std::uint64_t>(parsed.offset)
                                                      : error::no_offset,
                         .during = "an answer in XML"});
        }
        return answer;
    }

    [[nodiscard]] xml_node root() const { return document_->first_child(); }

    [[nodiscard]] bool is(const char* name) const {
        return std::string_view{root().name()} == name;
    }

private:
    // A document cannot be moved without walking through it.
    std::unique_ptr<pugi::xml_document> document_ = std::make_unique<pugi::xml_document>();
};

// The text of the one child of that name; nothing where there is none.
[[nodiscard]] inline result<std::optional<std::string_view>> maybe_text(xml_node parent,
                                                                        const char* name) {
    const auto child = parent.child(name);
    if (!child) {
        return std::optional<std::string_view>{};
    }
    if (child.next_sibling(name)) {
        return bad_xml(errc::duplicate, name);
    }
    const auto text = child.first_child();
    if (!text) {
        return std::string_view{};
    }
    if (text.next_sibling() ||
        (text.type() != pugi::node_pcdata && text.type() != pugi::node_cdata)) {
        return bad_xml(errc::invalid_value, name);
    }
    return std::string_view{text.value()};
}

[[nodiscard]] inline result<std::string_view> text_at(xml_node parent, const char* name,
                                                      std::size_t longest = longest_s3_text) {
    const auto text = maybe_text(parent, name);
    if (!text) {
        return pass(text);
    }
    if (!*text || (*text)->empty()) {
        return bad_xml(errc::missing_field, name);
    }
    if ((*text)->size() > longest) {
        return bad_xml(errc::length_overflow, name, (*text)->size(), longest);
    }
    return **text;
}

[[nodiscard]] inline result<std::uint64_t> number_at(xml_node parent, const char* name) {
    const auto text = text_at(parent, name);
    if (!text) {
        return pass(text);
    }
    const auto number = decimal(*text);
    if (!number || *number > ~std::uint64_t{0} >> 1U) {
        return bad_xml(errc::invalid_value, name, static_cast<unsigned char>(text->front()));
    }
    return *number;
}

[[nodiscard]] inline result<bool> flag_at(xml_node parent, const char* name) {
    const auto text = text_at(parent, name);
    if (!text) {
        return pass(text);
    }
    if (*text != "true" && *text != "false") {
        return bad_xml(errc::invalid_value, name, static_cast<unsigned char>(text->front()));
    }
    return *text == "true";
}

} // namespace tintype::inline v0::detail
