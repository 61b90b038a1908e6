#pragma once

// A bucket in memory behind the transport's seam, with the conditions as Ceph has them: heeded on
// PUT, without quotes only, and ignored on copies, completions and removals. Any request can be
// made to fail, before or after it was carried out, and in other ways.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/md5.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/encoding.hpp>
#include <tintype/s3/transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

enum class s3_fault : std::uint8_t {
    none,
    no_connection,  // never sent
    request_lost,   // sent, not carried out, not answered
    answer_lost,    // carried out, not answered
    fails_before,   // 500, not carried out
    fails_after,    // 500, carried out
    overloaded,     // 503 and how long to wait, not carried out
    error_in_200,   // what says under a status of 200 that it was not carried out
    body_changed,   // of the request, on the way
    answer_changed, // the body of the answer, on the way
    late,           // not answered, and carried out after the next requests
    late_by_far,    // not answered, and carried out when everything is over
};

inline constexpr s3_fault s3_faults[] = {
    s3_fault::no_connection, s3_fault::request_lost, s3_fault::answer_lost,  s3_fault::fails_before,
    s3_fault::fails_after,   s3_fault::overloaded,   s3_fault::error_in_200, s3_fault::body_changed,
    s3_fault::late,          s3_fault::late_by_far,
};

struct scripted_object {
    tintype::blob bytes;
    std::string tag;
    std::vector<tintype::http_header> metadata;
    std::int64_t modified = 0; // seconds
};

class scripted_s3 {
    struct upload {
        std::string key;
        std::vector<tintype::http_header> metadata;
        std::map<unsigned, scripted_object> parts;
        std::int64_t initiated = 0;
    };

    struct kept_request {
        tintype::s3_request request;
        tintype::blob body;
        unsigned after = 0; // so many more requests
    };

    struct state {
        std::mutex mutex;
        std::map<std::string, scripted_object> objects;
        std::map<std::string, upload> uploads;
        std::vector<kept_request> late;
        std::int64_t now = 1'700'000'000;
        unsigned requests = 0;
        unsigned ids = 0;
        std::vector<std::string> log;
    };

public:
    // Asked for each request by its number, from 1.
    std::function<s3_fault(unsigned, const tintype::s3_request&)> fault{};
    bool bare_tags = true;       // conditions hold for tags without quotes only
    bool copies_checked = false; // conditions on copies are heeded
    bool copies_refused = false; // copies with conditions are not implemented
    std::size_t page = 1000;

    [[nodiscard]] tintype::transport_outcome send(const tintype::s3_request& request,
                                                  const tintype::s3_credentials&) const {
        const std::lock_guard hold{state_->mutex};
        const unsigned number = ++state_->requests;
        state_->log.push_back(std::string{request.method} + ' ' + request.target);
        const s3_fault how = fault ? fault(number, request) : s3_fault::none;
        auto outcome = answered(request, how);
        for (kept_request& each : state_->late) {
            each.after -= each.after != 0 && each.after != forever ? 1 : 0;
        }
        carry_out_late(0);
        return outcome;
    }

    // What was late comes now.
    void settle() const {
        const std::lock_guard hold{state_->mutex};
        carry_out_late(forever);
    }

    [[nodiscard]] unsigned requests() const { return state_->requests; }

    [[nodiscard]] const std::vector<std::string>& log() const { return state_->log; }

    [[nodiscard]] std::map<std::string, scripted_object>& objects() const {
        return state_->objects;
    }

    [[nodiscard]] std::size_t uploads() const { return state_->uploads.size(); }

    void pass_time(std::chrono::seconds time) const { state_->now += time.count(); }

    // As another tool puts it there.
    void put(const std::string& key, tintype::byte_view bytes) const {
        state_->objects[key] = made(bytes, {});
    }

private:
    static constexpr unsigned forever = ~0U;

    using answer = tintype::s3_answer;
    using query = std::map<std::string, std::string>;

    [[nodiscard]] static std::unexpected<tintype::transport_failure> lost(bool sent,
                                                                          tintype::errc code) {
        return std::unexpected(tintype::transport_failure{
            .what = {.code = code, .during = "the script"}, .sent = sent, .passing = true});
    }

    [[nodiscard]] tintype::transport_outcome answered(const tintype::s3_request& request,
                                                      s3_fault how) const {
        using tintype::errc;
        switch (how) {
        case s3_fault::no_connection:
            return lost(false, errc::io);
        case s3_fault::request_lost:
            return lost(true, errc::timed_out);
        case s3_fault::answer_lost:
            static_cast<void>(carried_out(request));
            return lost(true, errc::incomplete_stream);
        case s3_fault::late:
        case s3_fault::late_by_far:
            keep(request, how == s3_fault::late ? 3 : forever);
            return lost(true, errc::timed_out);
        case s3_fault::fails_after:
            static_cast<void>(carried_out(request));
            [[fallthrough]];
        case s3_fault::fails_before:
            return delivered(request, refused(500, "InternalError"));
        case s3_fault::overloaded: {
            auto busy = refused(503, "SlowDown");
            busy.headers.push_back({"retry-after", "2"});
            return delivered(request, std::move(busy));
        }
        case s3_fault::error_in_200:
            return delivered(request, refused(is_told_late(request) ? 200 : 500, "InternalError"));
        case s3_fault::body_changed:
            if (!request.body.empty()) {
                return delivered(request, refused(400, "XAmzContentSHA256Mismatch"));
            }
            break;
        case s3_fault::answer_changed: {
            auto changed = carried_out(request);
            if (!changed.body.empty()) {
                changed.body[changed.body.size() / 2] ^= std::byte{1};
            }
            return delivered(request, std::move(changed));
        }
        case s3_fault::none:
            break;
        }
        return delivered(request, carried_out(request));
    }

    // Completions and copies are answered before they are done.
    [[nodiscard]] static bool is_told_late(const tintype::s3_request& request) {
        return (request.method == "POST" && request.target.contains("uploadId=")) ||
               !header(request, "x-amz-copy-source").empty();
    }

    void keep(const tintype::s3_request& request, unsigned after) const {
        kept_request kept{
            .request = request, .body = {request.body.begin(), request.body.end()}, .after = after};
        kept.request.into = {};
        state_->late.push_back(std::move(kept));
    }

    void carry_out_late(unsigned most) const {
        for (std::size_t i = 0; i < state_->late.size();) {
            if (state_->late[i].after > most) {
                ++i;
                continue;
            }
            auto kept = std::move(state_->late[i]);
            state_->late.erase(state_->late.begin() + static_cast<std::ptrdiff_t>(i));
            kept.request.body = kept.body;
            static_cast<void>(carried_out(kept.request));
        }
    }

    // As a transport puts the answer where it was asked to.
    [[nodiscard]] static tintype::transport_outcome delivered(const tintype::s3_request& request,
                                                              answer all) {
        const bool into = all.status >= 200 && all.status < 300 && !request.into.empty();
        const std::uint64_t room = into ? request.into.size() : request.most;
        if (all.body.size() > room) {
            return std::unexpected(
                tintype::transport_failure{.what = {.code = tintype::errc::limit_exceeded,
                                                    .found = all.body.size(),
                                                    .wanted = room},
                                           .sent = true,
                                           .passing = false});
        }
        if (into) {
            tintype::copy_bytes(all.body, request.into.data());
            all.received = all.body.size();
            all.body.clear();
        }
        return all;
    }

    [[nodiscard]] static std::string_view header(const tintype::s3_request& request,
                                                 std::string_view name) {
        const auto at = std::ranges::find(request.headers, name, &tintype::http_header::name);
        return at != request.headers.end() ? std::string_view{at->value} : std::string_view{};
    }

    [[nodiscard]] static std::string http_time(std::int64_t seconds) {
        const auto when = std::chrono::sys_seconds{std::chrono::seconds{seconds}};
        const auto day = std::chrono::floor<std::chrono::days>(when);
        const std::chrono::year_month_day date{day};
        const std::chrono::hh_mm_ss time{when - day};
        constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        char text[64];
        std::snprintf(
            text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
            days[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
            months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
            static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
            static_cast<int>(time.seconds().count()));
        return text;
    }

    [[nodiscard]] static std::string iso_time(std::int64_t seconds) {
        const auto when = std::chrono::sys_seconds{std::chrono::seconds{seconds}};
        const auto day = std::chrono::floor<std::chrono::days>(when);
        const std::chrono::year_month_day date{day};
        const std::chrono::hh_mm_ss time{when - day};
        char text[64];
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.000Z",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                      static_cast<int>(time.minutes().count()),
                      static_cast<int>(time.seconds().count()));
        return text;
    }

    [[nodiscard]] answer with(int status, std::string_view body = {}) const {
        const auto bytes = tintype::bytes_of(body);
        answer made{.status = status, .headers = {}, .body = {bytes.begin(), bytes.end()}};
        made.headers.push_back({"date", http_time(state_->now)});
        made.headers.push_back({"content-length", std::to_string(body.size())});
        return made;
    }

    [[nodiscard]] answer refused(int status, const std::string& code) const {
        return with(status, "<Error><Code>" + code + "</Code><Message>scripted</Message></Error>");
    }

    [[nodiscard]] scripted_object made(tintype::byte_view bytes,
                                       std::vector<tintype::http_header> metadata) const {
        return {.bytes = {bytes.begin(), bytes.end()},
                .tag = tintype::to_hex(tintype::hash_of<tintype::md5>(bytes)),
                .metadata = std::move(metadata),
                .modified = state_->now};
    }

    [[nodiscard]] static std::vector<tintype::http_header>
    metadata_of(const tintype::s3_request& request) {
        std::vector<tintype::http_header> all;
        std::ranges::copy_if(request.headers, std::back_inserter(all),
                             [](const auto& each) { return each.name.starts_with("x-amz-meta-"); });
        return all;
    }

    [[nodiscard]] bool names(std::string_view value, const std::string& tag) const {
        return bare_tags ? value == tag : value == '"' + tag + '"';
    }

    // Whether the conditions of a PUT hold.
    [[nodiscard]] bool holds(const tintype::s3_request& request, const std::string& key) const {
        const auto there = state_->objects.find(key);
        const auto same = header(request, "if-match");
        if (header(request, "if-none-match") == "*" && there != state_->objects.end()) {
            return false;
        }
        return same.empty() || (there != state_->objects.end() && names(same, there->second.tag));
    }

    [[nodiscard]] answer carried_out(const tintype::s3_request& request) const {
        const auto digest = tintype::to_hex(tintype::hash_of<tintype::sha256>(request.body));
        if (header(request, "x-amz-content-sha256") != digest) {
            return refused(400, "XAmzContentSHA256Mismatch");
        }
        const std::string_view target = request.target;
        const auto mark = std::min(target.find('?'), target.size());
        query asked;
        for (std::size_t at = mark + 1; at < target.size();) {
            const auto end = std::min(target.find('&', at), target.size());
            const auto part = target.substr(at, end - at);
            const auto equals = part.find('=');
            asked[std::string{part.substr(0, equals)}] = *tintype::decoded(part.substr(equals + 1));
            at = end + 1;
        }
        const auto path = *tintype::decoded(target.substr(1, mark - 1));
        const auto slash = path.find('/');
        if (path.substr(0, slash) != "bucket") {
            return refused(404, "NoSuchBucket");
        }
        const auto key = path.substr(slash + 1);
        if (request.method == "GET") {
            return key.empty() ? (asked.contains("uploads") ? list_uploads(asked) : list(asked))
                               : get(request, key);
        }
        if (request.method == "HEAD") {
            return head(key);
        }
        if (request.method == "DELETE") {
            return remove(key, asked);
        }
        if (request.method == "POST") {
            return post(request, key, asked);
        }
        return put(request, key, asked);
    }

    void describe(answer& made_answer, const scripted_object& object) const {
        made_answer.headers.push_back({"etag", '"' + object.tag + '"'});
        made_answer.headers.push_back({"last-modified", http_time(object.modified)});
        made_answer.headers.insert(made_answer.headers.end(), object.metadata.begin(),
                                   object.metadata.end());
    }

    [[nodiscard]] answer head(const std::string& key) const {
        const auto there = state_->objects.find(key);
        if (there == state_->objects.end()) {
            return with(404);
        }
        auto found = with(200);
        found.headers.back().value = std::to_string(there->second.bytes.size());
        describe(found, there->second);
        return found;
    }

    [[nodiscard]] answer get(const tintype::s3_request& request, const std::string& key) const {
        const auto there = state_->objects.find(key);
        if (there == state_->objects.end()) {
            return refused(404, "NoSuchKey");
        }
        const auto& object = there->second;
        const auto same = header(request, "if-match");
        if (!same.empty() && same != '"' + object.tag + '"') {
            return refused(412, "PreconditionFailed");
        }
        const auto range = header(request, "range");
        if (range.empty()) {
            auto found = with(200, tintype::text_of(object.bytes));
            describe(found, object);
            return found;
        }
        unsigned long long first = 0;
        unsigned long long last = 0;
        std::sscanf(std::string{range}.c_str(), "bytes=%llu-%llu", &first, &last);
        const auto size = object.bytes.size();
        if (first >= size) {
            return refused(416, "InvalidRange");
        }
        last = std::min<unsigned long long>(last, size - 1);
        auto found = with(
            206, tintype::text_of(tintype::byte_view{object.bytes}.subspan(
                     static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1))));
        found.headers.push_back({"content-range", "bytes " + std::to_string(first) + '-' +
                                                      std::to_string(last) + '/' +
                                                      std::to_string(size)});
        describe(found, object);
        return found;
    }

    [[nodiscard]] answer remove(const std::string& key, query& asked) const {
        if (asked.contains("uploadId")) {
            return state_->uploads.erase(asked["uploadId"]) != 0 ? with(204)
                                                                 : refused(404, "NoSuchUpload");
        }
        state_->objects.erase(key);
        return with(204);
    }

    // What stands between the tags of that name, each time.
    [[nodiscard]] static std::vector<std::string> texts(std::string_view xml,
                                                        const std::string& name) {
        std::vector<std::string> all;
        const auto open = '<' + name + '>';
        const auto close = "</" + name + '>';
        for (auto at = xml.find(open); at != xml.npos; at = xml.find(open, at + 1)) {
            const auto begin = at + open.size();
            all.emplace_back(xml.substr(begin, xml.find(close, begin) - begin));
        }
        return all;
    }

    [[nodiscard]] answer post(const tintype::s3_request& request, const std::string& key,
                              query& asked) const {
        const auto body = tintype::text_of(request.body);
        if (asked.contains("delete")) {
            if (header(request, "content-md5").size() != 24) {
                return refused(400, "InvalidRequest");
            }
            for (const auto& each : texts(body, "Key")) {
                state_->objects.erase(each);
            }
            return with(200, "<DeleteResult></DeleteResult>");
        }
        if (asked.contains("uploads")) {
            const auto id = "upload~" + std::to_string(++state_->ids);
            state_->uploads[id] = {.key = key,
                                   .metadata = metadata_of(request),
                                   .parts = {},
                                   .initiated = state_->now};
            return with(200, "<InitiateMultipartUploadResult><UploadId>" + id +
                                 "</UploadId></InitiateMultipartUploadResult>");
        }
        const auto found = state_->uploads.find(asked["uploadId"]);
        const std::string done =
            "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>";
        if (found == state_->uploads.end()) {
            return state_->objects.contains(key) ? with(200, done) : refused(404, "NoSuchUpload");
        }
        scripted_object whole{
            .bytes = {}, .tag = {}, .metadata = found->second.metadata, .modified = state_->now};
        const auto tags = texts(body, "ETag");
        for (std::size_t i = 0; i != tags.size(); ++i) {
            const auto part = found->second.parts.find(static_cast<unsigned>(i + 1));
            if (part == found->second.parts.end() || part->second.tag != tags[i]) {
                return refused(400, "InvalidPart");
            }
            tintype::append(whole.bytes, part->second.bytes);
        }
        whole.tag = tintype::to_hex(tintype::hash_of<tintype::md5>(tintype::bytes_of(body))) + '-' +
                    std::to_string(tags.size());
        state_->objects[key] = std::move(whole);
        state_->uploads.erase(found);
        return with(200, done);
    }

    [[nodiscard]] answer put(const tintype::s3_request& request, const std::string& key,
                             query& asked) const {
        tintype::byte_view bytes = request.body;
        const auto source = header(request, "x-amz-copy-source");
        std::string copied_from;
        if (!source.empty()) {
            copied_from = *tintype::decoded(source);
            const auto there =
                state_->objects.find(copied_from.substr(std::string_view{"/bucket/"}.size()));
            if (there == state_->objects.end()) {
                return refused(404, "NoSuchKey");
            }
            bytes = there->second.bytes;
            unsigned long long first = 0;
            unsigned long long last = 0;
            const std::string range{header(request, "x-amz-copy-source-range")};
            if (std::sscanf(range.c_str(), "bytes=%llu-%llu", &first, &last) == 2) {
                if (last >= bytes.size()) {
                    return refused(400, "InvalidArgument");
                }
                bytes = bytes.subspan(static_cast<std::size_t>(first),
                                      static_cast<std::size_t>(last - first + 1));
            }
        }
        scripted_object object = made(bytes, metadata_of(request));
        if (asked.contains("partNumber")) {
            const auto found = state_->uploads.find(asked["uploadId"]);
            if (found == state_->uploads.end()) {
                return refused(404, "NoSuchUpload");
            }
            const auto tag = object.tag;
            found->second.parts[static_cast<unsigned>(std::stoul(asked["partNumber"]))] =
                std::move(object);
            if (!source.empty()) {
                return with(200, "<CopyPartResult><ETag>" + tag + "</ETag></CopyPartResult>");
            }
            auto done = with(200);
            done.headers.push_back({"etag", '"' + tag + '"'});
            return done;
        }
        if (!source.empty() && copies_refused && !header(request, "if-match").empty()) {
            return refused(501, "NotImplemented");
        }
        if ((source.empty() || copies_checked) && !holds(request, key)) {
            return refused(412, "PreconditionFailed");
        }
        const auto tag = object.tag;
        state_->objects[key] = std::move(object);
        if (!source.empty()) {
            return with(200, "<CopyObjectResult><ETag>" + tag + "</ETag></CopyObjectResult>");
        }
        auto done = with(200);
        done.headers.push_back({"etag", '"' + tag + '"'});
        return done;
    }

    [[nodiscard]] answer list(query& asked) const {
        std::string xml = "<ListBucketResult>";
        const auto& prefix = asked["prefix"];
        std::size_t count = 0;
        std::string next;
        for (const auto& [key, object] : state_->objects) {
            if (!key.starts_with(prefix) || key <= asked["continuation-token"] ||
                key.find('/', prefix.size()) != key.npos) {
                continue;
            }
            if (count++ == page) {
                break;
            }
            next = key;
            xml += "<Contents><Key>" + key + "</Key><Size>" + std::to_string(object.bytes.size()) +
                   "</Size><ETag>" + object.tag + "</ETag><LastModified>" +
                   iso_time(object.modified) + "</LastModified></Contents>";
        }
        xml += count > page ? "<IsTruncated>true</IsTruncated><NextContinuationToken>" + next +
                                  "</NextContinuationToken>"
                            : "<IsTruncated>false</IsTruncated>";
        return with(200, xml + "</ListBucketResult>");
    }

    [[nodiscard]] answer list_uploads(query& asked) const {
        std::string xml = "<ListMultipartUploadsResult>";
        std::size_t count = 0;
        std::string next;
        // In order of their ids, which is as good as any.
        for (const auto& [id, each] : state_->uploads) {
            if (!each.key.starts_with(asked["prefix"]) || id <= asked["upload-id-marker"]) {
                continue;
            }
            if (count++ == page) {
                break;
            }
            next = "<NextKeyMarker>" + each.key + "</NextKeyMarker><NextUploadIdMarker>" + id +
                   "</NextUploadIdMarker>";
            xml += "<Upload><Key>" + each.key + "</Key><UploadId>" + id + "</UploadId><Initiated>" +
                   iso_time(each.initiated) + "</Initiated></Upload>";
        }
        xml += count > page ? "<IsTruncated>true</IsTruncated>" + next
                            : "<IsTruncated>false</IsTruncated>";
        return with(200, xml + "</ListMultipartUploadsResult>");
    }

    std::shared_ptr<state> state_ = std::make_shared<state>();
};

static_assert(tintype::s3_transport<scripted_s3>);

// Where the scripted bucket is.
[[nodiscard]] inline tintype::s3_location scripted_location() {
    return {.endpoint = "http://scripted", .bucket = "bucket", .prefix = "p/"};
}

} // namespace tests
