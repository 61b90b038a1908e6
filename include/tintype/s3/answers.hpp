#pragma once

// What the answers of the object store's service say. Another document than the one that is awaited
// is `invalid_value`, what is not there `missing_field`, a key that is there twice `duplicate`.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/encoding.hpp>
#include <tintype/s3/http_date.hpp>
#include <tintype/s3/xml.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What the service says is wrong. The code consists of letters, digits, dots, dashes and
// underscores; the message is any text.
struct s3_refusal {
    std::string code;
    std::string message;
};

// ETags are without their quotes, here and below.
struct s3_listed {
    std::string key;
    std::uint64_t size = 0;
    std::string etag;
    timestamp modified{};
};

struct s3_page {
    std::vector<s3_listed> objects;
    std::string next; // continues the list; empty where it is at its end
};

struct s3_upload {
    std::string key;
    std::string id;
    timestamp initiated{};
};

struct s3_uploads_page {
    std::vector<s3_upload> uploads;
    bool truncated = false;
    std::string next_key{}; // markers that continue the list
    std::string next_id{};
};

// Of requests whose 200 may hold an error: a finished upload, a copy, the copy of a part.
struct s3_outcome {
    std::optional<s3_refusal> refused;
    std::string etag; // empty where the service does not say
};

struct s3_kept {
    std::string key;
    s3_refusal why;
};

// Without its quotes; a weak one keeps its mark, and so is equal to no other.
[[nodiscard]] constexpr std::string_view bare_etag(std::string_view text) noexcept {
    return text.size() >= 2 && text.starts_with('"') && text.ends_with('"')
               ? text.substr(1, text.size() - 2)
               : text;
}

namespace detail {

inline constexpr std::size_t longest_s3_key = 1024;

// A key is encoded where the page says so.
[[nodiscard]] inline result<std::string> key_at(xml_node parent, const char* name, bool encoded) {
    const auto text = text_at(parent, name, 3 * longest_s3_key);
    if (!text) {
        return pass(text);
    }
    auto key = encoded ? decoded(*text) : result<std::string>(std::string(*text));
    if (key && key->size() > longest_s3_key) {
        return bad_xml(errc::length_overflow, name, key->size(), longest_s3_key);
    }
    return key;
}

[[nodiscard]] inline result<bool> says_encoded(xml_node page) {
    const auto text = maybe_text(page, "EncodingType");
    if (!text) {
        return pass(text);
    }
    if (*text && !(*text)->empty() && **text != "url") {
        return bad_xml(errc::unsupported, "EncodingType");
    }
    return *text && **text == "url";
}

[[nodiscard]] inline result<s3_refusal> refusal_in(xml_node node) {
    constexpr std::size_t longest_code = 64;
    const auto code = text_at(node, "Code", longest_code);
    if (!code) {
        return pass(code);
    }
    const auto bad =
        std::ranges::find_if_not(*code, [](char c) { return is_unreserved(c) && c != '~'; });
    if (bad != code->end()) {
        return bad_xml(errc::invalid_value, "Code", static_cast<unsigned char>(*bad));
    }
    const auto message = maybe_text(node, "Message");
    if (!message) {
        return pass(message);
    }
    return s3_refusal{.code = std::string(*code),
                      .message = std::string(message->value_or("").substr(0, longest_s3_text))};
}

template <class T>
[[nodiscard]] result<void> no_key_twice(const std::vector<T>& all) {
    std::vector<std::string_view> keys;
    keys.reserve(all.size());
    for (const T& each : all) {
        keys.push_back(each.key);
    }
    std::ranges::sort(keys);
    const auto twice = std::ranges::adjacent_find(keys);
    if (twice != keys.end()) {
        return bad_xml(errc::duplicate, *twice);
    }
    return {};
}

[[nodiscard]] inline std::unexpected<error> wrong_root(const xml_answer& answer) {
    return bad_xml(errc::invalid_value, answer.root().name());
}

[[nodiscard]] inline result<s3_listed> listed_in(xml_node node, bool encoded) {
    auto key = key_at(node, "Key", encoded);
    if (!key) {
        return pass(key);
    }
    const auto size = number_at(node, "Size");
    if (!size) {
        return pass(size);
    }
    const auto etag = text_at(node, "ETag");
    if (!etag) {
        return pass(etag);
    }
    const auto modified = text_at(node, "LastModified");
    const auto when = modified ? iso_date(*modified) : result<timestamp>(pass(modified));
    if (!when) {
        return pass(when);
    }
    return s3_listed{.key = std::move(*key),
                     .size = *size,
                     .etag = std::string(bare_etag(*etag)),
                     .modified = *when};
}

[[nodiscard]] inline result<s3_upload> upload_in(xml_node node, bool encoded) {
    auto key = key_at(node, "Key", encoded);
    if (!key) {
        return pass(key);
    }
    const auto id = text_at(node, "UploadId");
    if (!id) {
        return pass(id);
    }
    const auto initiated = text_at(node, "Initiated");
    const auto when = initiated ? iso_date(*initiated) : result<timestamp>(pass(initiated));
    if (!when) {
        return pass(when);
    }
    return s3_upload{.key = std::move(*key), .id = std::string(*id), .initiated = *when};
}

} // namespace detail

// The body of an answer that is no success.
[[nodiscard]] inline result<s3_refusal> read_refusal(byte_view body) {
    const auto answer = detail::xml_answer::read(body);
    if (!answer) {
        return pass(answer);
    }
    return answer->is("Error") ? detail::refusal_in(answer->root()) : detail::wrong_root(*answer);
}

// ListObjectsV2.
[[nodiscard]] inline result<s3_page> read_page(byte_view body) {
    const auto answer = detail::xml_answer::read(body);
    if (!answer) {
        return pass(answer);
    }
    if (!answer->is("ListBucketResult")) {
        return detail::wrong_root(*answer);
    }
    const auto encoded = detail::says_encoded(answer->root());
    if (!encoded) {
        return pass(encoded);
    }
    s3_page page;
    for (const auto node : answer->root().children("Contents")) {
        auto object = detail::listed_in(node, *encoded);
        if (!object) {
            return pass(object);
        }
        page.objects.push_back(std::move(*object));
    }
    if (auto once = detail::no_key_twice(page.objects); !once) {
        return pass(once);
    }
    const auto truncated = detail::flag_at(answer->root(), "IsTruncated");
    if (!truncated) {
        return pass(truncated);
    }
    if (*truncated) {
        const auto next = detail::text_at(answer->root(), "NextContinuationToken");
        if (!next) {
            return pass(next);
        }
        page.next = *next;
    }
    return page;
}

// ListMultipartUploads. A key may have many uploads.
[[nodiscard]] inline result<s3_uploads_page> read_uploads(byte_view body) {
    const auto answer = detail::xml_answer::read(body);
    if (!answer) {
        return pass(answer);
    }
    if (!answer->is("ListMultipartUploadsResult")) {
        return detail::wrong_root(*answer);
    }
    const auto encoded = detail::says_encoded(answer->root());
    if (!encoded) {
        return pass(encoded);
    }
    s3_uploads_page page;
    for (const auto node : answer->root().children("Upload")) {
        auto upload = detail::upload_in(node, *encoded);
        if (!upload) {
            return pass(upload);
        }
        page.uploads.push_back(std::move(*upload));
    }
    const auto truncated = detail::flag_at(answer->root(), "IsTruncated");
    if (!truncated) {
        return pass(truncated);
    }
    page.truncated = *truncated;
    if (page.truncated) {
        auto key = detail::key_at(answer->root(), "NextKeyMarker", *encoded);
        if (!key) {
            return pass(key);
        }
        const auto id = detail::text_at(answer->root(), "NextUploadIdMarker");
        if (!id) {
            return pass(id);
        }
        page.next_key = std::move(*key);
        page.next_id = *id;
    }
    return page;
}

// CreateMultipartUpload: the upload's id.
[[nodiscard]] inline result<std::string> read_upload_id(byte_view body) {
    const auto answer = detail::xml_answer::read(body);
    if (!answer) {
        return pass(answer);
    }
    if (!answer->is("InitiateMultipartUploadResult")) {
        return detail::wrong_root(*answer);
    }
    const auto id = detail::text_at(answer->root(), "UploadId");
    if (!id) {
        return pass(id);
    }
    return std::string(*id);
}

// CompleteMultipartUpload, CopyObject and UploadPartCopy.
[[nodiscard]] inline result<s3_outcome> read_outcome(byte_view body) {
    const auto answer = detail::xml_answer::read(body);
    if (!answer) {
        return pass(answer);
    }
    if (answer->is("Error")) {
        auto refused = detail::refusal_in(answer->root());
        if (!refused) {
            return pass(refused);
        }
        return s3_outcome{.refused = std::move(*refused), .etag = {}};
    }
    if (!answer->is("CompleteMultipartUploadResult") && !answer->is("CopyObjectResult") &&
        !answer->is("CopyPartResult")) {
        return detail::wrong_root(*answer);
    }
    const auto etag = detail::maybe_text(answer->root(), "ETag");
    if (!etag) {
        return pass(etag);
    }
    return s3_outcome{.refused = {}, .etag = std::string(bare_etag(etag->value_or("")))};
}

// DeleteObjects: what was not removed.
[[nodiscard]] inline result<std::vector<s3_kept>> read_kept(byte_view body) {
    const auto answer = detail::xml_answer::read(body);
    if (!answer) {
        return pass(answer);
    }
    if (!answer->is("DeleteResult")) {
        return detail::wrong_root(*answer);
    }
    std::vector<s3_kept> kept;
    for (const auto node : answer->root().children("Error")) {
        auto key = detail::key_at(node, "Key", false);
        if (!key) {
            return pass(key);
        }
        auto why = detail::refusal_in(node);
        if (!why) {
            return pass(why);
        }
        kept.push_back({.key = std::move(*key), .why = std::move(*why)});
    }
    if (auto once = detail::no_key_twice(kept); !once) {
        return pass(once);
    }
    return kept;
}

} // namespace tintype::inline v0
