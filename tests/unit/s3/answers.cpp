// What the service says, as Ceph and Amazon write it: read right, cut anywhere, with anything
// missing, twice, or of another kind.

#include <tintype/s3/answers.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tintype::bytes_of;
using tintype::errc;
using namespace std::chrono_literals;

constexpr tintype::timestamp morning{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 7h +
                                     37min + 16s + 542ms};

const std::string page =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult "
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
    "<Name>wire</Name><Prefix>a=b/</Prefix><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>"
    "<NextContinuationToken>a=b/odd name</NextContinuationToken>"
    "<Contents><Key>a%3Db%2Fone</Key><LastModified>2026-11-22T07:37:16.542Z</LastModified>"
    "<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size>"
    "<StorageClass>STANDARD</StorageClass><Owner><ID>x</ID></Owner></Contents>"
    "<Contents><Key>a%3Db%2Fodd%20%2B+name</Key>"
    "<LastModified>2026-11-22T07:37:16.542Z</LastModified>"
    "<ETag>\"e-2\"</ETag><Size>9223372036854775807</Size></Contents></ListBucketResult>";

const std::string uploads =
    "<ListMultipartUploadsResult><Bucket>wire</Bucket><EncodingType>url</EncodingType>"
    "<NextKeyMarker>a%2Fb</NextKeyMarker><NextUploadIdMarker>2~id</NextUploadIdMarker>"
    "<MaxUploads>1000</MaxUploads><IsTruncated>true</IsTruncated><Upload><Key>a%2Fb</Key>"
    "<UploadId>1~id</UploadId><Initiated>2026-11-22T07:37:16.542Z</Initiated></Upload>"
    "<Upload><Key>a%2Fb</Key><UploadId>2~id</UploadId>"
    "<Initiated>2026-11-22T07:37:16.542Z</Initiated></Upload></ListMultipartUploadsResult>";

const std::string refusal = "<Error><Code>NoSuchKey</Code><Message>It's gone</Message>"
                            "<RequestId>tx1</RequestId></Error>";

const std::string begun = "<InitiateMultipartUploadResult><Bucket>wire</Bucket><Key>a</Key>"
                          "<UploadId>2~qo3</UploadId></InitiateMultipartUploadResult>";

const std::string copied = "<CopyObjectResult><LastModified>2026-11-22T07:37:16.542Z"
                           "</LastModified><ETag>5d41</ETag></CopyObjectResult>";

const std::string kept = "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key>"
                         "<Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>";

// The first of these in the text gives way to the other.
std::string with(std::string text, std::string_view what, std::string_view other) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), other);
}

template <class T>
std::string code_of(const tintype::result<T>& read) {
    return read ? "good" : std::string(name_of(read.error().code));
}

std::string page_code(const std::string& text) {
    return code_of(tintype::read_page(bytes_of(text)));
}

// No cut of it is an answer, and no changed byte is more than an error.
template <class Read>
void cut_and_flip(const std::string& text, Read read) {
    std::size_t good = 0;
    for (std::size_t size = 0; size != text.size(); ++size) {
        good += read(bytes_of(std::string_view{text}.substr(0, size))) ? 1U : 0U;
    }
    CHECK(good == 0);
    for (std::size_t i = 0; i != text.size(); ++i) {
        for (const unsigned mask : {0x01U, 0x20U, 0x80U, 0xffU}) {
            auto changed = text;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ mask);
            good += read(bytes_of(changed)) ? 1U : 0U;
        }
    }
    CHECK(good < 4 * text.size());
    CHECK(read(bytes_of(text)));
}

} // namespace

TEST_CASE("answers: a page of objects") {
    const auto read = tintype::read_page(bytes_of(page));
    REQUIRE(read);
    CHECK(read->next == "a=b/odd name");
    REQUIRE(read->objects.size() == 2);
    CHECK(read->objects[0].key == "a=b/one");
    CHECK(read->objects[0].size == 5);
    CHECK(read->objects[0].etag == "5d41402abc4b2a76b9719d911017c592");
    CHECK(read->objects[0].modified == morning);
    CHECK(read->objects[1].key == "a=b/odd + name");
    CHECK(read->objects[1].size == 9223372036854775807);
    CHECK(read->objects[1].etag == "e-2");

    const auto last = tintype::read_page(
        bytes_of("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"));
    REQUIRE(last);
    CHECK(last->objects.empty());
    CHECK(last->next.empty());
    // A service that does not encode says so by silence.
    const auto plain =
        tintype::read_page(bytes_of(with(page, "<EncodingType>url</EncodingType>", "")));
    REQUIRE(plain);
    CHECK(plain->objects[0].key == "a%3Db%2Fone");
}

TEST_CASE("answers: pages that are none") {
    CHECK(page_code(refusal) == "invalid_value");
    CHECK(page_code(with(page, "<IsTruncated>true</IsTruncated>", "")) == "missing_field");
    CHECK(page_code(with(page, ">true<", ">maybe<")) == "invalid_value");
    CHECK(page_code(with(page, ">true<", ">true</IsTruncated><IsTruncated>true<")) == "duplicate");
    CHECK(page_code(with(page, "a=b/odd name", "")) == "missing_field");
    CHECK(page_code(with(page, "a=b/odd name", std::string(4096, 't'))) == "good");
    CHECK(page_code(with(page, "a=b/odd name", std::string(4097, 't'))) == "length_overflow");
    CHECK(page_code(with(page, "<Size>5</Size>", "")) == "missing_field");
    CHECK(page_code(with(page, "<Size>5<", "<Size>-5<")) == "invalid_value");
    CHECK(page_code(with(page, "<Size>5<", "<Size>9223372036854775808<")) == "invalid_value");
    CHECK(page_code(with(page, "<Size>5<", "<Size>5</Size><Size>5<")) == "duplicate");
    CHECK(page_code(with(page, "<Key>a%3Db%2Fone</Key>", "")) == "missing_field");
    CHECK(page_code(with(page, "a%3Db%2Fone", "")) == "missing_field");
    CHECK(page_code(with(page, "a%3Db%2Fone", "a%3")) == "invalid_value");
    CHECK(page_code(with(page, "a%3Db%2Fone", "a%3Db%2Fodd%20%2B%20name")) == "duplicate");
    CHECK(page_code(with(page, "a%3Db%2Fone", std::string(1024, 'k'))) == "good");
    CHECK(page_code(with(page, "a%3Db%2Fone", std::string(1025, 'k'))) == "length_overflow");
    CHECK(page_code(with(page, "2026-11-22T07", "2026-11-22T77")) == "invalid_value");
    CHECK(page_code(with(page, "&quot;5d41402abc4b2a76b9719d911017c592&quot;", "")) ==
          "missing_field");
    CHECK(page_code(with(page, ">url<", ">rot13<")) == "unsupported");
    cut_and_flip(page, [](auto bytes) { return tintype::read_page(bytes).has_value(); });
}

TEST_CASE("answers: a page of uploads") {
    const auto read = tintype::read_uploads(bytes_of(uploads));
    REQUIRE(read);
    CHECK(read->truncated);
    CHECK(read->next_key == "a/b");
    CHECK(read->next_id == "2~id");
    REQUIRE(read->uploads.size() == 2);
    CHECK(read->uploads[0].key == "a/b");
    CHECK(read->uploads[0].id == "1~id");
    CHECK(read->uploads[0].initiated == morning);
    CHECK(read->uploads[1].id == "2~id");
    const auto code = [](const std::string& text) {
        return code_of(tintype::read_uploads(bytes_of(text)));
    };
    CHECK(code(page) == "invalid_value");
    CHECK(code(with(uploads, "<NextKeyMarker>a%2Fb</NextKeyMarker>", "")) == "missing_field");
    CHECK(code(with(uploads, "<NextUploadIdMarker>2~id</NextUploadIdMarker>", "")) ==
          "missing_field");
    CHECK(code(with(uploads, "<UploadId>1~id</UploadId>", "")) == "missing_field");
    CHECK(code(with(uploads, ">1~id<", "><")) == "missing_field");
    CHECK(code(with(uploads, "<IsTruncated>true</IsTruncated>", "")) == "missing_field");
    CHECK(code(with(uploads, "<Initiated>2026", "<Initiated>x026")) == "invalid_value");
    // At the end of the list the markers may be empty or absent.
    auto last = with(uploads, "<IsTruncated>true", "<IsTruncated>false");
    last = with(last, "<NextKeyMarker>a%2Fb</NextKeyMarker>", "");
    CHECK(code(with(last, "2~id</NextUploadIdMarker>", "</NextUploadIdMarker>")) == "good");
    cut_and_flip(uploads, [](auto bytes) { return tintype::read_uploads(bytes).has_value(); });
}

TEST_CASE("answers: an upload's id") {
    const auto id = tintype::read_upload_id(bytes_of(begun));
    REQUIRE(id);
    CHECK(*id == "2~qo3");
    const auto code = [](const std::string& text) {
        return code_of(tintype::read_upload_id(bytes_of(text)));
    };
    CHECK(code(refusal) == "invalid_value");
    CHECK(code(with(begun, "2~qo3", "")) == "missing_field");
    CHECK(code(with(begun, "2~qo3", "1</UploadId><UploadId>2")) == "duplicate");
    cut_and_flip(begun, [](auto bytes) { return tintype::read_upload_id(bytes).has_value(); });
}

TEST_CASE("answers: refusals") {
    const auto read = tintype::read_refusal(bytes_of(refusal));
    REQUIRE(read);
    CHECK(read->code == "NoSuchKey");
    CHECK(read->message == "It's gone");
    const auto code = [](const std::string& text) {
        return code_of(tintype::read_refusal(bytes_of(text)));
    };
    CHECK(code("<html><body>502</body></html>") == "invalid_value");
    CHECK(code("<Error><Message>no</Message></Error>") == "missing_field");
    CHECK(code("<Error><Code></Code></Error>") == "missing_field");
    CHECK(code("<Error><Code>a b</Code></Error>") == "invalid_value");
    CHECK(code("<Error><Code>a\x1b[1m</Code></Error>") == "invalid_value");
    CHECK(code("<Error><Code>A</Code><Code>B</Code></Error>") == "duplicate");
    CHECK(code("<Error><Code>" + std::string(64, 'A') + "</Code></Error>") == "good");
    CHECK(code("<Error><Code>" + std::string(65, 'A') + "</Code></Error>") == "length_overflow");
    const auto quiet = tintype::read_refusal(
        bytes_of("<Error><Code>A</Code><Message>" + std::string(9000, 'm') + "</Message></Error>"));
    REQUIRE(quiet);
    CHECK(quiet->message.size() == 4096);
    cut_and_flip(refusal, [](auto bytes) { return tintype::read_refusal(bytes).has_value(); });
}

TEST_CASE("answers: what a finished upload or a copy says") {
    const auto read = tintype::read_outcome(bytes_of(copied));
    REQUIRE(read);
    CHECK_FALSE(read->refused);
    CHECK(read->etag == "5d41");
    for (const std::string root : {"CompleteMultipartUploadResult", "CopyPartResult"}) {
        CAPTURE(root);
        const auto other = tintype::read_outcome(
            bytes_of("<" + root + "><ETag>&quot;x-3&quot;</ETag></" + root + ">"));
        REQUIRE(other);
        CHECK(other->etag == "x-3");
        const auto silent =
            tintype::read_outcome(bytes_of("<" + root + "><ETag></ETag></" + root + ">"));
        REQUIRE(silent);
        CHECK(silent->etag.empty());
    }
    const auto refused = tintype::read_outcome(bytes_of(refusal));
    REQUIRE(refused);
    REQUIRE(refused->refused);
    CHECK(refused->refused->code == "NoSuchKey");
    CHECK(code_of(tintype::read_outcome(bytes_of(page))) == "invalid_value");
    CHECK(code_of(tintype::read_outcome(bytes_of("<Error/>"))) == "missing_field");
    CHECK(code_of(tintype::read_outcome(
              bytes_of("<CopyObjectResult><ETag>a</ETag><ETag>b</ETag></CopyObjectResult>"))) ==
          "duplicate");
    cut_and_flip(copied, [](auto bytes) { return tintype::read_outcome(bytes).has_value(); });
}

TEST_CASE("answers: what was not removed") {
    const auto read = tintype::read_kept(bytes_of(kept));
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    CHECK((*read)[0].key == "b");
    CHECK((*read)[0].why.code == "AccessDenied");
    CHECK((*read)[0].why.message == "no");
    const auto code = [](const std::string& text) {
        return code_of(tintype::read_kept(bytes_of(text)));
    };
    CHECK(code("<DeleteResult/>") == "good");
    CHECK(code(refusal) == "invalid_value");
    CHECK(code(with(kept, "<Key>b</Key>", "")) == "missing_field");
    CHECK(code(with(kept, "<Code>AccessDenied</Code>", "")) == "missing_field");
    CHECK(code(with(kept, "</DeleteResult>",
                    "<Error><Key>b</Key><Code>X</Code></Error></DeleteResult>")) == "duplicate");
    cut_and_flip(kept, [](auto bytes) { return tintype::read_kept(bytes).has_value(); });
}

TEST_CASE("answers: ETags without their quotes") {
    CHECK(tintype::bare_etag("\"a\"") == "a");
    CHECK(tintype::bare_etag("a") == "a");
    CHECK(tintype::bare_etag("\"\"").empty());
    CHECK(tintype::bare_etag("\"") == "\"");
    CHECK(tintype::bare_etag("\"a") == "\"a");
    CHECK(tintype::bare_etag("W/\"a\"") == "W/\"a\"");
    CHECK(tintype::bare_etag("").empty());
}
