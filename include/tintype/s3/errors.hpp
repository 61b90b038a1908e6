#pragma once

// What an answer that is no success means: the error for the caller, whether the same request may
// go better later, and whether it was surely not carried out. Statuses are HTTP's; the codes, where
// a body names one, are those of S3 and of the services that speak like it.

#include <tintype/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0 {

// Said of whatever was asked for and never confirmed.
inline constexpr std::string_view outcome_unknown = "nobody knows whether it was done";

struct s3_failure {
    error what;
    int status = 0;       // 0 where there was no answer
    std::string code{};   // the service's word for it, if it said one
    bool passing = false; // trying again may help
    bool undone = true;   // surely not carried out, by this try or one before
};

namespace detail {

struct s3_code {
    std::string_view code;
    errc means;
    bool passing = false;
    std::string_view during{};
};

inline constexpr std::array s3_codes{
    s3_code{"NoSuchKey", errc::not_found},
    s3_code{"NoSuchBucket", errc::not_found, false, "there is no such bucket"},
    s3_code{"NoSuchUpload", errc::not_found, false, "the upload is gone"},
    s3_code{"SignatureDoesNotMatch", errc::permission_denied, false,
            "the signature is not accepted: check the secret key and the region"},
    s3_code{"InvalidAccessKeyId", errc::permission_denied, false,
            "the access key is not known there"},
    s3_code{"AccessDenied", errc::permission_denied, false,
            "not allowed: check the keys and the bucket's policy"},
    s3_code{"AllAccessDisabled", errc::permission_denied, false, "the bucket is closed"},
    s3_code{"ExpiredToken", errc::permission_denied, false, "the session has ended"},
    s3_code{"InvalidToken", errc::permission_denied, false, "the session token is not accepted"},
    s3_code{"AuthorizationHeaderMalformed", errc::permission_denied, false,
            "signed for another region"},
    s3_code{"RequestTimeTooSkewed", errc::permission_denied, false, "the clocks differ"},
    s3_code{"QuotaExceeded", errc::no_space, false, "the quota is used up"},
    s3_code{"XMinioAdminBucketQuotaExceeded", errc::no_space, false, "the quota is used up"},
    s3_code{"EntityTooLarge", errc::limit_exceeded, false, "too large for the service"},
    s3_code{"EntityTooSmall", errc::limit_exceeded, false, "a part too small for the service"},
    s3_code{"KeyTooLongError", errc::bad_name, false, "the prefix and the name are too long"},
    s3_code{"NotImplemented", errc::unsupported, false, "the service cannot do that"},
    // The bytes were changed on the way; the next time they may not be.
    s3_code{"XAmzContentSHA256Mismatch", errc::checksum_mismatch, true, "sending"},
    s3_code{"BadDigest", errc::checksum_mismatch, true, "sending"},
    s3_code{"IncompleteBody", errc::io, true, "sending"},
    s3_code{"RequestTimeout", errc::timed_out, true, "sending"},
    s3_code{"PreconditionFailed", errc::already_exists},
    // Two conditional requests at once: neither knows yet.
    s3_code{"ConditionalRequestConflict", errc::in_use, true, "others write the same name"},
    s3_code{"OperationAborted", errc::in_use, true, "others change the bucket"},
    s3_code{"ConcurrentModification", errc::in_use, true, "others write the same name"},
    s3_code{"SlowDown", errc::io, true, "the service has too much to do"},
    s3_code{"ServiceUnavailable", errc::io, true, "the service is not there"},
    s3_code{"InternalError", errc::io, true, "the service failed"},
};

// What is left where no code is known: also all that a HEAD, which has no body, can tell.
[[nodiscard]] constexpr s3_code s3_status(int status) noexcept {
    switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return {{}, errc::io, false, "the bucket is at another address or in another region"};
    case 401:
    case 403:
        return {{}, errc::permission_denied, false, "refused: check the keys and the bucket"};
    case 404:
        return {{}, errc::not_found};
    case 408:
        return {{}, errc::timed_out, true, "sending"};
    case 409:
        return {{}, errc::in_use, true, "others write there"};
    case 411:
    case 413:
        return {{}, errc::limit_exceeded, false, "too large for the service"};
    case 412:
        return {{}, errc::already_exists};
    case 416:
        return {{}, errc::out_of_bounds};
    case 429:
        return {{}, errc::io, true, "the service has too much to do"};
    case 501:
        return {{}, errc::unsupported, false, "the service cannot do that"};
    case 507:
        return {{}, errc::no_space, false, "the service is full"};
    default:
        return {{}, errc::io, status >= 500, "the service refused or failed"};
    }
}

} // namespace detail

// `status` as it came, or that of the error which a body of status 200 held; `code` may be empty;
// `name` is the object's. Only who sent it knows both clocks.
[[nodiscard]] inline s3_failure s3_meaning(int status, std::string_view code, std::string_view name,
                                           std::string_view bucket) {
    const auto known = std::ranges::find(detail::s3_codes, code, &detail::s3_code::code);
    const auto meaning = known != detail::s3_codes.end() ? *known : detail::s3_status(status);
    s3_failure failure{.what = {.code = meaning.means, .during = meaning.during},
                       .status = status,
                       .code = std::string{code},
                       // A proxy in between speaks for itself with these.
                       .passing =
                           meaning.passing || status == 502 || status == 503 || status == 504,
                       // Who cannot do a thing has not done it.
                       .undone = (status < 500 && status >= 300) || status == 501};
    error& what = failure.what;
    if (code == "NoSuchBucket") {
        what.where = "bucket " + std::string{bucket};
    } else if (what.code == errc::permission_denied && !code.empty()) {
        what.where = std::string{name.empty() ? bucket : name} + ": " + std::string{code};
    } else {
        what.where = name.empty() ? bucket : name;
    }
    if (what.code == errc::io) {
        what.found = static_cast<std::uint64_t>(status);
    }
    return failure;
}

// The same failure of something that others may build on if it was done after all.
[[nodiscard]] inline error as_unknown(error what) noexcept {
    if (what.code != errc::timed_out && what.code != errc::cancelled &&
        what.code != errc::no_space) {
        what.code = errc::io;
    }
    what.during = outcome_unknown;
    return what;
}

} // namespace tintype::inline v0
