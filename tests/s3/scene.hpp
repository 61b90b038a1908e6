#pragma once

// What every test against the service needs: where it is, who asks, places that nobody used before,
// and what a store holds, seen without whatever stands between.

#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/curl.hpp>
#include <tintype/s3/location.hpp>
#include <tintype/s3/options.hpp>
#include <tintype/s3/storage.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace tests {

// Fails the test where it is not set.
inline std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    const std::string missing =
        std::string{name} + " is not set: tests/s3/ceph env DIR prints what is needed";
    REQUIRE_MESSAGE(value != nullptr, missing);
    return value;
}

// The keys of the user whose variables begin so.
inline tintype::given_credentials keys_of(const std::string& key, const std::string& secret) {
    return tintype::given_credentials{
        {.access_key = variable(key.c_str()), .secret_key = variable(secret.c_str())}};
}

inline tintype::given_credentials owner() {
    return keys_of("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
}

template <class Transport>
using store_over = tintype::basic_s3_storage<Transport, tintype::given_credentials>;

using store = store_over<tintype::curl_transport>;

inline std::string endpoint() {
    return variable("TINTYPE_S3_ENDPOINT");
}

inline std::uint16_t port_of(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

// A prefix that no other test and no other run uses.
inline std::string fresh_prefix() {
    static const std::uint64_t run = std::random_device{}();
    static std::uint64_t count = 0;
    return std::to_string(run) + "-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

inline tintype::s3_location place(const std::string& prefix = fresh_prefix(),
                                  const std::string& at = endpoint()) {
    const auto where =
        tintype::s3_location::parse("s3://" + variable("TINTYPE_S3_BUCKET") + "/" + prefix, at);
    REQUIRE(where);
    return *where;
}

// Waits as short as tests want them, and parts as small as the tests' service takes them.
inline tintype::s3_options quick() {
    tintype::s3_options options;
    options.part_size = std::size_t{64} << 10U;
    options.backoff = std::chrono::milliseconds{2};
    options.backoff_most = std::chrono::milliseconds{50};
    options.longest_upload = std::chrono::hours{0};
    return options;
}

inline store open_store(const tintype::s3_location& where = place(),
                        const tintype::s3_options& options = quick()) {
    return store{where, options, tintype::curl_transport{}, owner()};
}

template <class Storage>
tintype::result<void> put(const Storage& storage, std::string_view name, tintype::byte_view bytes,
                          bool replacing = false) {
    auto staged = storage.stage({.size_hint = bytes.size()});
    if (!staged) {
        return tintype::pass(staged);
    }
    if (auto done = staged->write(bytes); !done) {
        return done;
    }
    return replacing ? staged->replace(name) : staged->publish(name);
}

// What is kept under the name, or nothing.
template <class Storage>
std::optional<tintype::blob> kept(const Storage& storage, std::string_view name) {
    const auto object = storage.open(name, tintype::access::copy);
    if (!object) {
        CHECK_MESSAGE(object.error().code == tintype::errc::not_found,
                      tintype::message(object.error()));
        return std::nullopt;
    }
    return tintype::blob(object->bytes().begin(), object->bytes().end());
}

// The error in words, or "no error".
template <class T>
std::string words(const tintype::result<T>& outcome) {
    return outcome ? "no error" : tintype::message(outcome.error());
}

// Does to the cluster what the words say, at once.
inline void cluster(const std::string& command) {
    const auto space = command.find(' ');
    const std::string line = std::string{TINTYPE_CEPH} + " " + command.substr(0, space) + " '" +
                             variable("TINTYPE_S3_CLUSTER") + "'" +
                             (space == std::string::npos ? "" : command.substr(space));
    // No test's assertion: also called where a proxy is in the middle of a request.
    if (std::system(line.c_str()) != 0) {
        std::abort();
    }
}

} // namespace tests
