#pragma once

// The operations of one bucket, each a request that is tried until it is answered for good. What a
// failure says of whether it was carried out counts all tries. Keys are whole, with the prefix.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/md5.hpp>
#include <tintype/s3/entry.hpp>
#include <tintype/s3/sender.hpp>
#include <tintype/s3/xml_requests.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What must be so for a request to be carried out: nothing, no object there, or the one of that tag
// there, which is written in quotes or, for services that know no quotes, without.
struct s3_condition {
    std::string header{};
    std::string value{};

    [[nodiscard]] static s3_condition absent() { return {"if-none-match", "*"}; }

    [[nodiscard]] static s3_condition same(std::string_view tag) {
        return {"if-match", in_quotes(tag)};
    }

    [[nodiscard]] static s3_condition same_bare(std::string_view tag) {
        return {"if-match", std::string{tag}};
    }
};

// The metadata of an object; what is empty is left out.
struct s3_metadata {
    std::string writer{};
    std::string digest{};
    bool reserved = false;
};

struct s3_span {
    std::uint64_t offset = 0;
    std::uint64_t size = 0; // at least 1
};

namespace detail {

// RFC 4648, with its padding: how a header holds a digest.
[[nodiscard]] inline std::string base64_of(byte_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto group = bytes.subspan(at, std::min<std::size_t>(3, bytes.size() - at));
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i != 3; ++i) {
            bits = bits << 8U | (i < group.size() ? std::to_integer<std::uint32_t>(group[i]) : 0U);
        }
        for (std::size_t i = 0; i != 4; ++i) {
            text += i <= group.size() ? digits[bits >> (18U - 6U * i) & 63U] : '=';
        }
    }
    return text;
}

} // namespace detail

template <s3_transport Transport, credentials_policy Credentials>
class s3_client : public s3_sender<Transport, Credentials> {
    using base = s3_sender<Transport, Credentials>;

public:
    using base::base;

    // The tag of what is there now.
    [[nodiscard]] s3_tried<std::string> put(const std::string& key, byte_view body,
                                            const sha256::digest_type& digest,
                                            const s3_metadata& metadata,
                                            const s3_condition& only_if,
                                            const s3_patience& patience = {}) const {
        s3_call call{.method = "PUT", .key = key, .body = body, .digest = digest};
        call.destroys = only_if.header.empty(); // what is there, whoever put it there meanwhile
        add(call.headers, metadata);
        add(call.headers, only_if);
        return this->ask(call, patience, [](s3_answer& answer) -> s3_tried<std::string> {
            return std::string{bare_etag(answer.header("etag"))};
        });
    }

    struct got {
        s3_entry entry;
        std::uint64_t offset = 0; // of what was received
        blob body{};              // if not `into`
        std::size_t received = 0; // there
    };

    // The whole object, or those bytes of it that there are; it is a failure of 416 if there are
    // none. More than `most` bytes are a failure, too.
    [[nodiscard]] s3_tried<got> get(const std::string& key, std::optional<s3_span> range,
                                    mutable_bytes into, std::uint64_t most,
                                    const s3_condition& only_if,
                                    const s3_patience& patience = {}) const {
        // Refusals have a body, too.
        constexpr std::uint64_t least = std::uint64_t{64} << 10U;
        s3_call call{
            .method = "GET", .key = key, .into = into, .most = most < least ? least : most};
        add(call.headers, only_if);
        if (range) {
            call.headers.push_back({"range", range_text(*range)});
        }
        return this->ask(call, patience, [&](s3_answer& answer) -> s3_tried<got> {
            return this->received(answer, key, range, into, most);
        });
    }

    [[nodiscard]] s3_tried<s3_entry> head(const std::string& key,
                                          const s3_patience& patience = {}) const {
        return this->ask(
            {.method = "HEAD", .key = key}, patience, [&](s3_answer& answer) -> s3_tried<s3_entry> {
                if (auto entry = read_s3_entry(answer)) {
                    return *std::move(entry);
                }
                return std::unexpected(this->odd_answer({.code = errc::missing_field}, key));
            });
    }

    // Whether there was one, nobody says.
    [[nodiscard]] s3_tried<void> remove(const std::string& key, const s3_patience& patience = {},
                                        unsigned tries = 0) const {
        return this->ask({.method = "DELETE", .key = key, .tries = tries, .destroys = true},
                         patience, nothing);
    }

    // At most 1000 keys; those that could not be removed.
    [[nodiscard]] s3_tried<std::vector<s3_kept>> remove(std::span<const std::string> keys,
                                                        const s3_patience& patience = {}) const {
        const std::string body = delete_xml(keys);
        const s3_call call{
            .method = "POST",
            .query = s3_query{}.add("delete"),
            .headers = {{"content-type", "application/xml"},
                        {"content-md5", detail::base64_of(hash_of<md5>(bytes_of(body)))}},
            .body = bytes_of(body),
            .most = largest_list,
            .destroys = true,
        };
        return asked_for(call, patience, read_kept);
    }

    struct page {
        s3_page list;
        std::optional<timestamp> now; // the service's
    };

    // At most 1000 objects whose keys begin with the prefix and have no slash behind it.
    [[nodiscard]] s3_tried<page> list(std::string_view prefix, std::string_view token,
                                      const s3_patience& patience = {}) const {
        s3_call call{.method = "GET",
                     .query = s3_query{}
                                  .add("list-type", "2")
                                  .add("prefix", prefix)
                                  .add("delimiter", "/")
                                  .add("max-keys", "1000"),
                     .most = largest_list};
        if (!token.empty()) {
            call.query.add("continuation-token", token);
        }
        return this->ask(call, patience, [&](s3_answer& answer) -> s3_tried<page> {
            auto list = read_page(answer.body);
            if (!list) {
                return std::unexpected(this->odd_answer(list.error(), prefix));
            }
            return page{.list = *std::move(list), .now = time_in(answer, "date")};
        });
    }

    // The identity of a new upload.
    [[nodiscard]] s3_tried<std::string> begin_upload(const std::string& key,
                                                     const s3_metadata& metadata,
                                                     const s3_patience& patience = {}) const {
        s3_call call{.method = "POST", .key = key, .query = s3_query{}.add("uploads")};
        add(call.headers, metadata);
        return asked_for(call, patience, read_upload_id);
    }

    // Its tag, by which the upload is completed.
    [[nodiscard]] s3_tried<std::string> put_part(const std::string& key, const std::string& id,
                                                 unsigned number, byte_view body,
                                                 const sha256::digest_type& digest,
                                                 const s3_patience& patience = {}) const {
        const s3_call call{.method = "PUT",
                           .key = key,
                           .query = part_of(id, number),
                           .body = body,
                           .digest = digest};
        return this->ask(call, patience, [&](s3_answer& answer) -> s3_tried<std::string> {
            const auto tag = bare_etag(answer.header("etag"));
            if (tag.empty()) {
                return std::unexpected(this->odd_answer({.code = errc::missing_field}, key));
            }
            return std::string{tag};
        });
    }

    [[nodiscard]] s3_tried<std::string> copy_part(const std::string& from, const s3_span& range,
                                                  const std::string& key, const std::string& id,
                                                  unsigned number,
                                                  const s3_patience& patience = {}) const {
        const s3_call call{.method = "PUT",
                           .key = key,
                           .query = part_of(id, number),
                           .headers = {{"x-amz-copy-source", this->where().copy_source(from)},
                                       {"x-amz-copy-source-range", range_text(range)}}};
        auto done = asked_for(call, patience, read_outcome);
        if (done && done->etag.empty()) {
            return std::unexpected(this->odd_answer({.code = errc::missing_field}, key));
        }
        return done ? s3_tried<std::string>{std::move(done->etag)} : std::unexpected(done.error());
    }

    // Done twice it is done once.
    [[nodiscard]] s3_tried<void> complete(const std::string& key, const std::string& id,
                                          std::span<const std::string> tags,
                                          const s3_patience& patience = {}) const {
        const std::string body = complete_upload_xml(tags);
        const s3_call call{.method = "POST",
                           .key = key,
                           .query = s3_query{}.add("uploadId", id),
                           .headers = {{"content-type", "application/xml"}},
                           .body = bytes_of(body)};
        auto done = asked_for(call, patience, read_outcome);
        return done ? s3_tried<void>{} : std::unexpected(done.error());
    }

    // Not there any more is as good.
    [[nodiscard]] s3_tried<void> abort(const std::string& key, const std::string& id,
                                       const s3_patience& patience = {}, unsigned tries = 0) const {
        auto done = this->ask({.method = "DELETE",
                               .key = key,
                               .query = s3_query{}.add("uploadId", id),
                               .tries = tries},
                              patience, nothing);
        if (!done && done.error().what.code == errc::not_found && done.error().status == 404 &&
            done.error().code != "NoSuchBucket") {
            return {};
        }
        return done;
    }

    struct uploads_page {
        s3_uploads_page list;
        std::optional<timestamp> now;
    };

    // Uploads that were begun and neither completed nor aborted, at most 1000.
    [[nodiscard]] s3_tried<uploads_page> uploads(std::string_view prefix, std::string_view key,
                                                 std::string_view id,
                                                 const s3_patience& patience = {}) const {
        s3_call call{.method = "GET",
                     .query =
                         s3_query{}.add("uploads").add("prefix", prefix).add("max-uploads", "1000"),
                     .most = largest_list};
        if (!key.empty()) {
            call.query.add("key-marker", key);
            call.query.add("upload-id-marker", id);
        }
        return this->ask(call, patience, [&](s3_answer& answer) -> s3_tried<uploads_page> {
            auto list = read_uploads(answer.body);
            if (!list) {
                return std::unexpected(this->odd_answer(list.error(), prefix));
            }
            return uploads_page{.list = *std::move(list), .now = time_in(answer, "date")};
        });
    }

    // With metadata of its own, at most options().copy_limit bytes. Services that know conditions
    // on copies heed this one, others do not.
    [[nodiscard]] s3_tried<void> copy(const std::string& from, const std::string& key,
                                      const s3_metadata& metadata, const s3_condition& only_if,
                                      const s3_patience& patience = {}) const {
        s3_call call{.method = "PUT",
                     .key = key,
                     .headers = {{"x-amz-copy-source", this->where().copy_source(from)},
                                 {"x-amz-metadata-directive", "REPLACE"}}};
        add(call.headers, metadata);
        add(call.headers, only_if);
        auto done = asked_for(call, patience, read_outcome);
        return done ? s3_tried<void>{} : std::unexpected(done.error());
    }

private:
    static constexpr std::uint64_t largest_list = std::uint64_t{4} << 20U;

    static constexpr auto nothing = [](s3_answer&) -> s3_tried<void> { return {}; };

    static void add(std::vector<http_header>& headers, const s3_metadata& metadata) {
        if (!metadata.writer.empty()) {
            headers.push_back({std::string{s3_writer_header}, metadata.writer});
        }
        if (!metadata.digest.empty()) {
            headers.push_back({std::string{s3_digest_header}, metadata.digest});
        }
        if (metadata.reserved) {
            headers.push_back({std::string{s3_reserved_header}, "1"});
        }
    }

    static void add(std::vector<http_header>& headers, const s3_condition& only_if) {
        if (!only_if.header.empty()) {
            headers.push_back({only_if.header, only_if.value});
        }
    }

    [[nodiscard]] static s3_query part_of(const std::string& id, unsigned number) {
        return s3_query{}.add("partNumber", std::to_string(number)).add("uploadId", id);
    }

    [[nodiscard]] static std::string range_text(const s3_span& range) {
        std::string text = "bytes=";
        detail::append_number(text, range.offset);
        text += '-';
        detail::append_number(text, range.offset + (range.size - 1));
        return text;
    }

    // An answer whose body says what was done, or that it was not, under a status of 200.
    template <class T>
    [[nodiscard]] s3_tried<T> asked_for(const s3_call& call, const s3_patience& patience,
                                        result<T> (*read)(byte_view)) const {
        return this->ask(call, patience, [&](s3_answer& answer) -> s3_tried<T> {
            if (read_refusal(answer.body)) {
                auto failure = this->refusal(answer, call.key);
                failure.passing = failure.passing || failure.what.code == errc::io;
                return std::unexpected(std::move(failure));
            }
            auto outcome = read(answer.body);
            if (!outcome) {
                return std::unexpected(this->odd_answer(outcome.error(), call.key));
            }
            return *std::move(outcome);
        });
    }

    // Exactly what was asked for, or less where the object ends before.
    [[nodiscard]] s3_tried<got> received(s3_answer& answer, const std::string& key,
                                         std::optional<s3_span> range, mutable_bytes into,
                                         std::uint64_t most) const {
        const std::uint64_t size = answer.received + answer.body.size();
        const auto odd = [&](errc code, std::uint64_t found, std::uint64_t wanted) {
            return std::unexpected(
                this->odd_answer({.code = code, .found = found, .wanted = wanted}, key));
        };
        if (!into.empty() && !answer.body.empty()) {
            return odd(errc::limit_exceeded, size, into.size());
        }
        if (size > most && into.empty()) {
            return odd(errc::limit_exceeded, size, most);
        }
        if (answer.status == 200 && answer.header("content-length").empty()) {
            answer.headers.push_back({"content-length", std::to_string(size)});
        }
        auto entry = read_s3_entry(answer);
        if (!entry) {
            return odd(errc::missing_field, 0, 0);
        }
        got all{.entry = *std::move(entry)};
        std::uint64_t expected = all.entry.size;
        if (answer.status == 206) {
            const auto part = *read_content_range(answer.header("content-range"));
            if (!range || part.first != range->offset) {
                return odd(errc::invalid_value, part.first, range ? range->offset : 0);
            }
            all.offset = part.first;
            expected = std::min(range->size, part.total - part.first);
            if (part.last - part.first + 1 != expected) {
                return odd(errc::incomplete_stream, part.last - part.first + 1, expected);
            }
        }
        if (size != expected) {
            return odd(errc::incomplete_stream, size, expected);
        }
        all.body = std::move(answer.body);
        all.received = answer.received;
        return all;
    }
};

} // namespace tintype::inline v0
