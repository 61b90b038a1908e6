#pragma once

// Who asks: an access key, its secret, and the token of a session where there is one. Where they
// come from is a policy: given, from the environment, or from the file that other tools share. No
// secret gets into an error.

#include <tintype/core/error.hpp>

#include <concepts>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace tintype::inline v0 {

struct s3_credentials {
    std::string access_key;
    std::string secret_key;
    std::string session_token{}; // empty where the keys are not a session's
};

// Asked before each request, from many threads, so that keys may change while a program runs.
// Copies ask the same place.
template <class P>
concept credentials_policy = std::copyable<P> && requires(const P& policy) {
    { policy.current() } -> std::same_as<result<s3_credentials>>;
};

class given_credentials {
public:
    explicit given_credentials(s3_credentials who) : who_(std::move(who)) {}

    [[nodiscard]] result<s3_credentials> current() const { return who_; }

private:
    s3_credentials who_;
};

namespace detail {

// Empty where it is not set. Not while another thread changes the environment.
[[nodiscard]] inline std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

} // namespace detail

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one; read for each
// request. A variable that is empty is not set.
class environment_credentials {
public:
    [[nodiscard]] result<s3_credentials> current() const {
        auto who = find();
        if (!who) {
            return pass(who);
        }
        if (!*who) {
            return fail({.code = errc::permission_denied,
                         .where = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                         .during = "no credentials"});
        }
        return std::move(**who);
    }

    // Nothing where neither key is set; one without the other is an error all the same.
    [[nodiscard]] static result<std::optional<s3_credentials>> find() {
        s3_credentials who{.access_key = detail::variable("AWS_ACCESS_KEY_ID"),
                           .secret_key = detail::variable("AWS_SECRET_ACCESS_KEY"),
                           .session_token = detail::variable("AWS_SESSION_TOKEN")};
        if (who.access_key.empty() && who.secret_key.empty()) {
            return std::optional<s3_credentials>{};
        }
        if (who.access_key.empty() || who.secret_key.empty()) {
            return fail({.code = errc::permission_denied,
                         .where = who.access_key.empty() ? "AWS_ACCESS_KEY_ID is not set"
                                                         : "AWS_SECRET_ACCESS_KEY is not set",
                         .during = "one of two credentials"});
        }
        return std::optional{std::move(who)};
    }
};

static_assert(credentials_policy<given_credentials>);
static_assert(credentials_policy<environment_credentials>);

} // namespace tintype::inline v0
