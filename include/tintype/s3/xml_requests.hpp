#pragma once

// What is asked in XML: the parts that make an upload whole, and the keys to remove.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

namespace detail {

inline void append_escaped(std::string& made, std::string_view text) {
    for (const char c : text) {
        switch (c) {
        case '&':
            made += "&amp;";
            break;
        case '<':
            made += "&lt;";
            break;
        case '>':
            made += "&gt;";
            break;
        case '"':
            made += "&quot;";
            break;
        case '\'':
            made += "&apos;";
            break;
        case '\r': // would be read as a line's end
            made += "&#13;";
            break;
        default:
            made += c;
        }
    }
}

inline constexpr std::string_view s3_namespace =
    " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

} // namespace detail

// The ETags of parts 1, 2, ... as the service gave them.
[[nodiscard]] inline std::string complete_upload_xml(std::span<const std::string> etags) {
    std::string made = "<CompleteMultipartUpload";
    made += detail::s3_namespace;
    made += '>';
    for (std::size_t i = 0; i != etags.size(); ++i) {
        made += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>";
        detail::append_escaped(made, etags[i]);
        made += "</ETag></Part>";
    }
    return made + "</CompleteMultipartUpload>";
}

// Whole keys; the answer names only those that were not removed.
[[nodiscard]] inline std::string delete_xml(std::span<const std::string> keys) {
    std::string made = "<Delete";
    made += detail::s3_namespace;
    made += "><Quiet>true</Quiet>";
    for (const std::string& key : keys) {
        made += "<Object><Key>";
        detail::append_escaped(made, key);
        made += "</Key></Object>";
    }
    return made + "</Delete>";
}

} // namespace tintype::inline v0
