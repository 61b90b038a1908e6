#pragma once

// The fourth version of Amazon's signature, over one request's headers. Made here and not by
// libcurl, which up to its version 7.88 puts headers in a wrong order of which one's name begins
// with the other's, as those of a copy do. A pure function of the request, the keys and the time.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/transport.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

// RFC 2104.
[[nodiscard]] inline sha256::digest_type hmac_sha256(byte_view key, byte_view text) noexcept {
    constexpr std::size_t block = 64;
    std::array<std::byte, block> inner{};
    if (key.size() > block) {
        const auto digest = hash_of<sha256>(key);
        std::ranges::copy(digest, inner.begin());
    } else {
        std::ranges::copy(key, inner.begin());
    }
    auto outer = inner;
    std::ranges::for_each(inner, [](std::byte& byte) { byte ^= std::byte{0x36}; });
    std::ranges::for_each(outer, [](std::byte& byte) { byte ^= std::byte{0x5c}; });
    sha256 first;
    first.update(inner);
    first.update(text);
    sha256 second;
    second.update(outer);
    second.update(first.finish());
    return second.finish();
}

// "20130524T000000Z"
[[nodiscard]] inline std::string signing_date(timestamp when) {
    const auto second = std::chrono::floor<std::chrono::seconds>(when);
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{second - day};
    std::string text;
    const auto put = [&](unsigned number, unsigned digits) {
        std::string some(digits, '0');
        for (std::size_t i = some.size(); i-- != 0; number /= 10) {
            some[i] = static_cast<char>('0' + number % 10);
        }
        text += some;
    };
    put(static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put(static_cast<unsigned>(date.month()), 2);
    put(static_cast<unsigned>(date.day()), 2);
    text += 'T';
    put(static_cast<unsigned>(time.hours().count()), 2);
    put(static_cast<unsigned>(time.minutes().count()), 2);
    put(static_cast<unsigned>(time.seconds().count()), 2);
    text += 'Z';
    return text;
}

// What stands behind "://", without a port that the scheme has anyway.
[[nodiscard]] constexpr std::string_view host_of(std::string_view origin) noexcept {
    const bool plain = origin.starts_with("http://");
    auto host = origin.substr(std::min(origin.find("://"), origin.size() - 3) + 3);
    const std::string_view usual = plain ? ":80" : ":443";
    if (host.ends_with(usual)) {
        host.remove_suffix(usual.size());
    }
    return host;
}

// As it is signed: no blanks at the ends, one in place of several.
[[nodiscard]] inline std::string canonical_value(std::string_view value) {
    std::string made;
    for (const char c : value) {
        if (c != ' ' || (!made.empty() && made.back() != ' ')) {
            made += c;
        }
    }
    while (made.ends_with(' ')) {
        made.pop_back();
    }
    return made;
}

// All headers to be sent, in the order of their names, in small letters: the request's and those
// that the signature adds.
[[nodiscard]] inline std::vector<http_header>
signed_headers(const s3_request& request, const s3_credentials& who, timestamp now) {
    constexpr std::string_view digest_name = "x-amz-content-sha256";
    std::vector<http_header> headers;
    for (const auto& [name, value] : request.headers) {
        std::string small = name;
        std::ranges::transform(small, small.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        headers.push_back({std::move(small), value});
    }
    const auto given = std::ranges::find(headers, digest_name, &http_header::name);
    const std::string digest =
        given != headers.end() ? given->value : to_hex(hash_of<sha256>(request.body));
    if (given == headers.end()) {
        headers.push_back({std::string(digest_name), digest});
    }
    const std::string date = signing_date(now);
    headers.push_back({"x-amz-date", date});
    headers.push_back({"host", std::string(host_of(request.origin))});
    if (!who.session_token.empty()) {
        headers.push_back({"x-amz-security-token", who.session_token});
    }
    std::ranges::sort(headers, {}, &http_header::name);

    std::string names;
    std::string lines;
    for (const auto& [name, value] : headers) {
        names += (names.empty() ? "" : ";") + name;
        lines += name + ":" + canonical_value(value) + "\n";
    }
    const auto question = std::min(request.target.find('?'), request.target.size());
    const std::string path = request.target.substr(0, question);
    const std::string query =
        question < request.target.size() ? request.target.substr(question + 1) : "";
    const std::string canonical = std::string(request.method) + "\n" + path + "\n" + query + "\n" +
                                  lines + "\n" + names + "\n" + digest;

    const std::string day = date.substr(0, 8);
    const std::string scope = day + "/" + request.region + "/s3/aws4_request";
    const std::string text = "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" +
                             to_hex(hash_of<sha256>(bytes_of(canonical)));
    const std::string secret = "AWS4" + who.secret_key;
    auto key = hmac_sha256(bytes_of(secret), bytes_of(day));
    for (const std::string_view part : {std::string_view{request.region}, std::string_view{"s3"},
                                        std::string_view{"aws4_request"}}) {
        key = hmac_sha256(key, bytes_of(part));
    }
    headers.push_back({"authorization", "AWS4-HMAC-SHA256 Credential=" + who.access_key + "/" +
                                            scope + ",SignedHeaders=" + names + ",Signature=" +
                                            to_hex(hmac_sha256(key, bytes_of(text)))});
    return headers;
}

} // namespace tintype::inline v0::detail
