#pragma once

// The seam under the object store: one signed request, one answer. What may be tried again, and
// what an answer means, is decided above it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/credentials.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

struct http_header {
    std::string name; // in small letters
    std::string value;
};

struct s3_request {
    std::string_view method; // "PUT", a literal
    std::string origin;      // "http://host:port", without a slash at the end
    std::string target;      // "/path?query", percent-encoded, the query sorted by its names
    // Signed all, but for those that the transport adds itself: host, date, authorization, length.
    std::vector<http_header> headers;
    byte_view body{};       // stays as it is until the answer is there
    mutable_bytes into{};   // where the body of an answer of 200 to 299 goes, if it fits
    std::uint64_t most = 0; // bytes of a body that is not received into `into`; more is an error
    std::string region;     // that the request is signed for
    std::chrono::milliseconds timeout{}; // for all of it
    std::chrono::milliseconds connect_timeout{};
};

struct s3_answer {
    int status = 0;
    std::vector<http_header> headers;
    blob body;                // what was not received into the request's `into`
    std::size_t received = 0; // bytes there

    // Empty where there is none of that name.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        const auto at = std::ranges::find(headers, name, &http_header::name);
        return at != headers.end() ? std::string_view{at->value} : std::string_view{};
    }
};

// No answer, or not all of one.
struct transport_failure {
    error what;
    // Whether the other side may have been given the request: then nobody knows what it did.
    bool sent = true;
    // Whether trying again may help: a refused certificate or a malformed address stays so.
    bool passing = true;
};

using transport_outcome = std::expected<s3_answer, transport_failure>;

// send(): from many threads at the same time. An answer of any status is a success; a body that is
// cut short, or longer than its place, is none. Copies share their connections.
template <class T>
concept s3_transport = std::copyable<T> && requires(const T& transport, const s3_request& request,
                                                    const s3_credentials& who) {
    { transport.send(request, who) } -> std::same_as<transport_outcome>;
};

} // namespace tintype::inline v0
