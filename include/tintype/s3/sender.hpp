#pragma once

// One request, sent until it is answered for good: signed over what is really sent, tried again
// with a back-off where that may help, and at last either what was asked for or a failure that says
// whether the request may have been carried out by any of the tries.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/random.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/answers.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/encoding.hpp>
#include <tintype/s3/entry.hpp>
#include <tintype/s3/errors.hpp>
#include <tintype/s3/location.hpp>
#include <tintype/s3/options.hpp>
#include <tintype/s3/retry.hpp>
#include <tintype/s3/transport.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <class T>
using s3_tried = std::expected<T, s3_failure>;

// A failure of something that has nothing to lose: only the error counts.
template <class T>
[[nodiscard]] std::unexpected<error> pass(const s3_tried<T>& failed) noexcept {
    return fail(failed.error().what);
}

struct s3_call {
    std::string_view method; // a literal
    std::string key{};       // the whole one, with the prefix; empty for the bucket itself
    s3_query query{};
    std::vector<http_header> headers{};
    byte_view body{};
    std::optional<sha256::digest_type> digest{}; // of the body, where it is known already
    mutable_bytes into{};
    std::uint64_t most = std::uint64_t{1} << 20U;
    unsigned tries = 0;    // 0: as many as the options say
    bool destroys = false; // and so may not be on its way when somebody else's turn has come
};

template <s3_transport Transport, credentials_policy Credentials>
class s3_sender {
public:
    s3_sender(s3_location where, s3_options options, Transport transport, Credentials credentials)
        : where_(std::move(where)), options_(std::move(options)), transport_(std::move(transport)),
          credentials_(std::move(credentials)), seed_(detail::system_random()) {}

    [[nodiscard]] const s3_location& where() const noexcept { return where_; }

    [[nodiscard]] const s3_options& options() const noexcept { return options_; }

    // What stands in errors for the object of that key.
    [[nodiscard]] std::string_view name_of(std::string_view key) const noexcept {
        return key.starts_with(where_.prefix) ? key.substr(where_.prefix.size()) : key;
    }

    // `read` makes of a successful answer what is wanted; it may find that it is a failure.
    template <class Read>
    [[nodiscard]] auto ask(const s3_call& call, const s3_patience& patience, Read read) const
        -> decltype(read(std::declval<s3_answer&>())) {
        s3_request request = request_for(call);
        s3_backoff backoff{options_, seed_.fetch_add(0x9e3779b97f4a7c15U)};
        bool undone = true;
        const unsigned tries = call.tries != 0 ? call.tries : options_.tries;
        for (unsigned tried = 1;; ++tried) {
            std::chrono::milliseconds asked{};
            if (auto go_on = patience.go_on(); !go_on) {
                return std::unexpected(s3_failure{.what = go_on.error(), .undone = undone});
            }
            if (call.destroys) {
                request.timeout = patience.longest(options_.timeout);
            }
            auto answer = ask_once(request, call.key, asked);
            auto outcome =
                answer ? read(*answer) : decltype(read(*answer)){std::unexpect, answer.error()};
            if (outcome) {
                return outcome;
            }
            s3_failure& failure = outcome.error();
            undone = undone && failure.undone;
            failure.undone = undone;
            if (!failure.passing || tried >= tries) {
                return outcome;
            }
            if (auto go_on = backoff.wait(backoff.next(asked), patience); !go_on) {
                return std::unexpected(s3_failure{.what = go_on.error(), .undone = undone});
            }
        }
    }

    // What an answer of 200 to 299 means that cannot be understood: it was carried out, perhaps.
    [[nodiscard]] s3_failure odd_answer(const error& what, std::string_view key) const {
        s3_failure failure{.what = what, .status = 200, .passing = true, .undone = false};
        const auto name = name_of(key);
        failure.what.where = name.empty() ? std::string_view{where_.bucket} : name;
        failure.what.during = "reading the service's answer";
        return failure;
    }

    // What the error in a body means, whatever its status; a success may hold one, too.
    [[nodiscard]] s3_failure refusal(const s3_answer& answer, std::string_view key) const {
        const auto said = read_refusal(answer.body);
        const std::string_view code = said ? std::string_view{said->code} : std::string_view{};
        auto failure = s3_meaning(answer.status, code, name_of(key), where_.bucket);
        if (code == "RequestTimeTooSkewed") {
            const auto seconds = [](timestamp when) {
                return static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch())
                        .count());
            };
            failure.what.found = seconds(system_clock{}.now());
            failure.what.wanted = seconds(time_in(answer, "date").value_or(timestamp{}));
        }
        return failure;
    }

    // Why one of many keys was not removed.
    [[nodiscard]] s3_failure meaning_of(const s3_kept& kept) const {
        return s3_meaning(200, kept.why.code, name_of(kept.key), where_.bucket);
    }

private:
    [[nodiscard]] s3_request request_for(const s3_call& call) const {
        s3_request request{.method = call.method,
                           .origin = where_.origin(),
                           .target = where_.target(call.key, call.query),
                           .headers = call.headers,
                           .body = call.body,
                           .into = call.into,
                           .most = call.most,
                           .region = where_.region,
                           .timeout = options_.timeout,
                           .connect_timeout = options_.connect_timeout};
        request.headers.push_back(
            {"x-amz-content-sha256",
             to_hex(call.digest ? *call.digest : hash_of<sha256>(call.body))});
        return request;
    }

    [[nodiscard]] s3_tried<s3_answer> ask_once(const s3_request& request, std::string_view key,
                                               std::chrono::milliseconds& asked) const {
        const auto who = credentials_.current();
        if (!who) {
            return std::unexpected(s3_failure{.what = who.error()});
        }
        auto answer = transport_.send(request, *who);
        if (!answer) {
            s3_failure failure{.what = answer.error().what,
                               .passing = answer.error().passing,
                               .undone = !answer.error().sent};
            if (failure.what.where.empty()) {
                failure.what.where = name_of(key);
            }
            return std::unexpected(std::move(failure));
        }
        if (answer->status >= 200 && answer->status < 300) {
            return *std::move(answer);
        }
        asked = read_retry_after(answer->header("retry-after"), time_in(*answer, "date"));
        return std::unexpected(refusal(*answer, key));
    }

    s3_location where_;
    s3_options options_;
    Transport transport_;
    Credentials credentials_;
    mutable std::atomic<std::uint64_t> seed_;
};

} // namespace tintype::inline v0
