#pragma once

// Where a store of objects is: the service's address, the bucket, and what its keys begin with. And
// how keys and queries are written in a request so that its signature holds: percent-encoded as the
// fourth version of the signature has it, the query sorted by its names.

#include <tintype/core/error.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/encoding.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

// Where the bucket stands in the address: "http://host/bucket/key" or "http://bucket.host/key".
enum class s3_addressing : std::uint8_t { path, virtual_host };

namespace detail {

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_small(char c) noexcept {
    return c >= 'a' && c <= 'z';
}

// Four numbers with dots between: no name of a bucket, and no host that a bucket stands before.
[[nodiscard]] constexpr bool looks_like_ipv4(std::string_view text) noexcept {
    return std::ranges::count(text, '.') == 3 &&
           std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
}

[[nodiscard]] constexpr std::unexpected<error> bad_address(std::string_view what, char found,
                                                           std::string_view why) noexcept {
    return fail({.code = errc::invalid_value,
                 .where = what,
                 .found = static_cast<unsigned char>(found),
                 .during = why});
}

// S3's rules of 2024, as far as they can be seen in the name. Names whose ending says that they
// need other signatures (directory buckets, tables, access points of many regions) are refused.
[[nodiscard]] constexpr result<void> check_bucket(std::string_view name) noexcept {
    const auto bad = [&](std::uint64_t found, std::uint64_t wanted) {
        // What may be a secret that stands where it should not is not repeated.
        const bool plain = name.find_first_of("@:") == std::string_view::npos;
        return fail({.code = errc::bad_name,
                     .where = plain ? name : std::string_view{},
                     .found = found,
                     .wanted = wanted,
                     .during = "the name of the bucket"});
    };
    if (name.size() < 3 || name.size() > 63) {
        return bad(name.size(), 63);
    }
    char before = '.';
    for (const char c : name) {
        if (!(is_small(c) || is_digit(c) || c == '-' || c == '.') || (c == '.' && before == '.') ||
            (c == '-' && before == '.') || (c == '.' && before == '-')) {
            return bad(static_cast<unsigned char>(c), 0);
        }
        before = c;
    }
    if (before == '-' || before == '.') {
        return bad(static_cast<unsigned char>(before), 0);
    }
    if (looks_like_ipv4(name) || name.starts_with("xn--") || name.starts_with("sthree-") ||
        name.starts_with("amzn-s3-demo-") || name.ends_with(".mrap") || name.ends_with("--x-s3") ||
        name.ends_with("--table-s3")) {
        return bad(static_cast<unsigned char>(name.front()), 0);
    }
    return {};
}

// Empty, or segments with slashes between and one behind.
[[nodiscard]] inline result<std::string> checked_prefix(std::string_view text) {
    constexpr std::size_t longest = 512; // with a name behind, S3's limit of 1024 is far
    if (text.size() > longest) {
        return fail({.code = errc::bad_name,
                     .where = text,
                     .found = text.size(),
                     .wanted = longest,
                     .during = "the prefix"});
    }
    std::string prefix(text);
    if (!prefix.empty() && prefix.back() != '/') {
        prefix += '/';
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i != prefix.size(); ++i) {
        if (prefix[i] == '/') {
            const auto segment = std::string_view{prefix}.substr(begin, i - begin);
            if (segment.empty() || segment == "." || segment == "..") {
                return fail({.code = errc::bad_name,
                             .where = prefix,
                             .offset = begin,
                             .found = static_cast<unsigned char>(prefix[begin]),
                             .during = "the prefix"});
            }
            begin = i + 1;
        } else if (!is_unreserved(prefix[i]) && prefix[i] != '=') {
            return fail({.code = errc::bad_name,
                         .where = prefix,
                         .offset = i,
                         .found = static_cast<unsigned char>(prefix[i]),
                         .during = "the prefix"});
        }
    }
    return prefix;
}

struct endpoint_parts {
    std::string_view scheme; // with its "://"
    std::string_view host;   // with its port
    bool numeric = false;    // an address, not a name
};

// "http://host:port" or "https://host", and a slash behind if need be; nothing else.
[[nodiscard]] constexpr result<endpoint_parts> split_endpoint(std::string_view text) noexcept {
    // It may hold a password that should not be there: no error repeats it.
    const auto bad = [](char found, std::string_view why) {
        return bad_address("the service's address", found, why);
    };
    endpoint_parts parts;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (text.starts_with(scheme)) {
            parts.scheme = text.substr(0, scheme.size());
        }
    }
    if (parts.scheme.empty()) {
        return bad(text.empty() ? '\0' : text.front(), "it begins with http:// or https://");
    }
    text.remove_prefix(parts.scheme.size());
    if (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    parts.host = text;
    auto name = text;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || end < 3) {
            return bad('[', "no address stands in the brackets");
        }
        for (const char c : text.substr(1, end - 1)) {
            if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F') && c != ':' &&
                c != '.') {
                return bad(c, "an address in brackets");
            }
        }
        parts.numeric = true;
        has_port = end + 1 != text.size();
        if (has_port && text[end + 1] != ':') {
            return bad(text[end + 1], "behind the bracket stands a colon and the port");
        }
        port = has_port ? text.substr(end + 2) : port;
    } else {
        const auto colon = text.find(':');
        has_port = colon != std::string_view::npos;
        name = text.substr(0, colon);
        port = has_port ? text.substr(colon + 1) : port;
        char before = '.';
        for (const char c : name) {
            if (!is_unreserved(c) || c == '~' || (c == '.' && before == '.')) {
                return bad(c, "the name of its host");
            }
            before = c;
        }
        if (name.empty() || name.size() > 253) {
            return bad('\0', "the name of its host");
        }
        parts.numeric = looks_like_ipv4(name);
    }
    std::uint32_t number = 0;
    for (const char c : port.substr(0, 6)) {
        if (!is_digit(c)) {
            return bad(c, "its port");
        }
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (has_port && (number == 0 || number > 65535 || port.size() > 5)) {
        return bad(port.empty() ? '\0' : port.front(), "its port");
    }
    return parts;
}

} // namespace detail

struct s3_location {
    std::string endpoint{}; // "http://host:port"
    std::string bucket{};
    std::string prefix{}; // empty, or ends in '/'
    std::string region = "us-east-1";
    s3_addressing addressing = s3_addressing::path;

    // "s3://bucket", "s3://bucket/prefix" or "s3://bucket/prefix/". `bad_name` where the bucket's
    // name or the prefix is none, `invalid_value` where anything else is wrong.
    [[nodiscard]] static result<s3_location> parse(std::string_view text, std::string_view endpoint,
                                                   std::string_view region = "us-east-1",
                                                   s3_addressing addressing = s3_addressing::path) {
        constexpr std::string_view scheme = "s3://";
        if (!text.starts_with(scheme)) {
            return detail::bad_address("the place of the objects",
                                       text.empty() ? '\0' : text.front(),
                                       "it is written s3://BUCKET/PREFIX");
        }
        text.remove_prefix(scheme.size());
        const auto slash = std::min(text.find('/'), text.size());
        s3_location where{.bucket = std::string(text.substr(0, slash)),
                          .region = std::string(region),
                          .addressing = addressing};
        if (auto good = detail::check_bucket(where.bucket); !good) {
            return pass(good);
        }
        auto prefix = detail::checked_prefix(slash < text.size() ? text.substr(slash + 1) : "");
        if (!prefix) {
            return pass(prefix);
        }
        where.prefix = std::move(*prefix);
        const auto parts = detail::split_endpoint(endpoint);
        if (!parts) {
            return pass(parts);
        }
        if (parts->numeric && addressing == s3_addressing::virtual_host) {
            return detail::bad_address("the service's address", '\0',
                                       "no bucket can stand before a number: use path addressing");
        }
        where.endpoint = std::string(parts->scheme) + std::string(parts->host);
        const auto bad = std::ranges::find_if_not(region, [](char c) {
            return is_unreserved(c) &&
                   c != '~'; // above all no colon: the signature's scope has them
        });
        if (region.empty() || region.size() > 63 || bad != region.end()) {
            return detail::bad_address("the region", bad != region.end() ? *bad : '\0',
                                       "letters, digits and dashes");
        }
        return where;
    }

    // The service as the variables say that other tools read: AWS_ENDPOINT_URL_S3 or
    // AWS_ENDPOINT_URL (by path, if `addressing` does not say otherwise), else Amazon's own in
    // AWS_REGION or AWS_DEFAULT_REGION (by virtual host, but for buckets with a dot, which no
    // certificate covers).
    [[nodiscard]] static result<s3_location>
    from_environment(std::string_view text, std::optional<s3_addressing> addressing = {}) {
        const auto first_of = [](const char* one, const char* other) {
            const std::string value = detail::variable(one);
            return !value.empty() ? value : detail::variable(other);
        };
        std::string region = first_of("AWS_REGION", "AWS_DEFAULT_REGION");
        if (region.empty()) {
            region = "us-east-1";
        }
        if (const std::string given = first_of("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
            !given.empty()) {
            return parse(text, given, region, addressing.value_or(s3_addressing::path));
        }
        auto where = parse(text,
                           "https://s3." + region +
                               (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com"),
                           region, addressing.value_or(s3_addressing::virtual_host));
        if (where && !addressing && where->bucket.contains('.')) {
            where->addressing = s3_addressing::path;
        }
        return where;
    }

    // The whole key of a name.
    [[nodiscard]] std::string key(std::string_view name) const {
        return prefix + std::string(name);
    }

    // As a person writes it, and for errors.
    [[nodiscard]] std::string text() const { return "s3://" + bucket + "/" + prefix; }

    // "http://host:port", the bucket before the host where it belongs there.
    [[nodiscard]] std::string origin() const {
        if (addressing == s3_addressing::path) {
            return endpoint;
        }
        const auto host = endpoint.find("://") + 3;
        return endpoint.substr(0, host) + bucket + "." + endpoint.substr(host);
    }

    // "/path?query" of an object, by its whole key; of the bucket itself, for an empty key.
    [[nodiscard]] std::string target(std::string_view whole_key, const s3_query& query = {}) const {
        std::string made = addressing == s3_addressing::path ? "/" + bucket + "/" : "/";
        made += encoded_path(whole_key);
        if (!query.empty()) {
            made += '?';
            made += query.text();
        }
        return made;
    }

    // "/bucket/key", as a copy names its source, wherever the bucket stands in addresses.
    [[nodiscard]] std::string copy_source(std::string_view whole_key) const {
        return "/" + bucket + "/" + encoded_path(whole_key);
    }

    friend bool operator==(const s3_location&, const s3_location&) = default;
};

} // namespace tintype::inline v0
