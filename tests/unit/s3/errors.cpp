#include <tintype/core/message.hpp>
#include <tintype/s3/errors.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using namespace tintype;

s3_failure meaning(int status, std::string_view code) {
    return s3_meaning(status, code, "object", "bucket-name");
}

TEST_CASE("s3 errors: a code says more than a status") {
    const struct {
        int status;
        std::string_view code;
        errc means;
        bool passing;
    } all[] = {
        {404, "NoSuchKey", errc::not_found, false},
        {404, "NoSuchBucket", errc::not_found, false},
        {404, "NoSuchUpload", errc::not_found, false},
        {404, "", errc::not_found, false},
        {403, "SignatureDoesNotMatch", errc::permission_denied, false},
        {403, "InvalidAccessKeyId", errc::permission_denied, false},
        {403, "AccessDenied", errc::permission_denied, false},
        {403, "RequestTimeTooSkewed", errc::permission_denied, false},
        {403, "", errc::permission_denied, false},
        {403, "QuotaExceeded", errc::no_space, false},
        {400, "XMinioAdminBucketQuotaExceeded", errc::no_space, false},
        {507, "", errc::no_space, false},
        {400, "EntityTooLarge", errc::limit_exceeded, false},
        {400, "XAmzContentSHA256Mismatch", errc::checksum_mismatch, true},
        {400, "BadDigest", errc::checksum_mismatch, true},
        {400, "RequestTimeout", errc::timed_out, true},
        {412, "PreconditionFailed", errc::already_exists, false},
        {412, "", errc::already_exists, false},
        {409, "ConditionalRequestConflict", errc::in_use, true},
        {409, "", errc::in_use, true},
        {416, "InvalidRange", errc::out_of_bounds, false},
        {429, "", errc::io, true},
        {500, "InternalError", errc::io, true},
        {200, "InternalError", errc::io, true},
        {501, "NotImplemented", errc::unsupported, false},
        {502, "", errc::io, true},
        {503, "SlowDown", errc::io, true},
        {504, "", errc::io, true},
        {301, "PermanentRedirect", errc::io, false},
        {400, "NobodyKnowsThis", errc::io, false},
        {599, "NobodyKnowsThis", errc::io, true},
    };

    for (const auto& each : all) {
        INFO(each.status, " ", std::string{each.code});
        const auto failure = meaning(each.status, each.code);
        CHECK(failure.what.code == each.means);
        CHECK(failure.passing == each.passing);
        CHECK(failure.status == each.status);
        CHECK(failure.code == each.code);
        // What failed inside, or was answered before it was done, may be done for all that is
        // known. Who cannot do it did not.
        CHECK(failure.undone == ((each.status >= 300 && each.status < 500) || each.status == 501));
    }
}

TEST_CASE("s3 errors: each names what it is about") {
    CHECK(meaning(404, "NoSuchKey").what.where == "object");
    const auto bucket = meaning(404, "NoSuchBucket").what;
    CHECK(bucket.where == "bucket bucket-name");
    CHECK(bucket.during == "there is no such bucket");
    const auto refused = meaning(403, "SignatureDoesNotMatch").what;
    CHECK(refused.where == "object: SignatureDoesNotMatch");
    CHECK(message(refused) == "permission denied in object: SignatureDoesNotMatch: the signature "
                              "is not accepted: check the secret key and the region");
    CHECK(meaning(403, "RequestTimeTooSkewed").what.during == "the clocks differ");
    CHECK(s3_meaning(403, "AccessDenied", "", "bucket-name").what.where ==
          "bucket-name: AccessDenied");
    CHECK(meaning(400, "NobodyKnowsThis").what.found == 400);
}

TEST_CASE("s3 errors: what nobody knows is said to be unknown") {
    const auto unknown = as_unknown({.code = errc::permission_denied, .where = "object"});
    CHECK(unknown.code == errc::io);
    CHECK(unknown.where == "object");
    CHECK(unknown.during == outcome_unknown);
    CHECK(as_unknown({.code = errc::timed_out}).code == errc::timed_out);
    CHECK(as_unknown({.code = errc::cancelled}).code == errc::cancelled);
    CHECK(as_unknown({.code = errc::no_space}).code == errc::no_space);
}

} // namespace
