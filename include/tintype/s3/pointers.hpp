#pragma once

// Pointers in a bucket: small objects that are replaced only by who knows the tag of what is there,
// which is its ETag.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/md5.hpp>
#include <tintype/s3/client.hpp>
#include <tintype/s3/integrity.hpp>
#include <tintype/storage/pointer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

inline constexpr std::string_view s3_pointer_prefix = ".tintype-pointer-";

inline constexpr std::size_t largest_s3_pointer = std::size_t{1} << 20U;

// `Client` is an s3_client, which outlives it, as does the flag: whether the service wants tags
// without quotes, which is found out once.
template <class Client>
class s3_pointers {
public:
    s3_pointers(const Client& client, std::atomic<bool>& bare_tags)
        : client_(client), bare_tags_(bare_tags) {}

    [[nodiscard]] result<pointer> read(std::string_view name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        constexpr int rounds = 3; // what was changed on the way may come whole the next time
        for (int round = 1;; ++round) {
            auto got = client_.get(key_of(name), {}, {}, largest_s3_pointer, {});
            if (!got && got.error().what.code == errc::not_found) {
                auto what = got.error().what;
                if (got.error().code != "NoSuchBucket") {
                    what.where = name;
                }
                return fail(what);
            }
            if (!got) {
                return pass(got);
            }
            auto integrity = s3_integrity::of(got->entry, name, client_.options().believe_foreign);
            if (!integrity) {
                return pass(integrity);
            }
            integrity->update(got->body);
            if (auto same = integrity->finish(); !same) {
                if (round == rounds) {
                    return pass(same);
                }
                continue;
            }
            return pointer{.bytes = std::move(got->body),
                           .tag = std::move(got->entry.tag),
                           .age = age_of(got->entry)};
        }
    }

    [[nodiscard]] result<std::string> swap(std::string_view name, std::string_view tag,
                                           byte_view bytes) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        if (bytes.size() > largest_s3_pointer) {
            return fail({.code = errc::limit_exceeded,
                         .where = name,
                         .found = bytes.size(),
                         .wanted = largest_s3_pointer});
        }
        const swapping what{.name = name,
                            .key = key_of(name),
                            .tag = tag,
                            .bytes = bytes,
                            .digest = hash_of<sha256>(bytes),
                            .writer = random_writer()};
        bool doubt = false;
        if (tag.empty()) {
            return put(what, s3_condition::absent(), doubt);
        }
        // Where the state is there and the service did not see it, it may read tags the other way.
        // Should there have been another reason, the same is asked for once more, which is no harm.
        const bool bare = bare_tags_.load();
        // Services that want them so may compare no more of a tag than theirs has, an MD5 in hex.
        constexpr std::size_t digits = 2 * sizeof(md5::digest_type);
        if (bare && tag.size() != digits) {
            return fail({.code = errc::already_exists, .where = name});
        }
        auto done = put(what, condition(tag, bare), doubt);
        if (!done && done.error().code == errc::unsupported) {
            done = put(what, condition(tag, !bare), doubt);
            if (done) {
                bare_tags_.store(!bare);
            } else if (doubt && done.error().code == errc::unsupported) {
                return fail(as_unknown(done.error()));
            }
        }
        return done;
    }

private:
    struct swapping {
        std::string_view name;
        std::string key;
        std::string_view tag;
        byte_view bytes;
        sha256::digest_type digest;
        std::string writer;
    };

    [[nodiscard]] std::string key_of(std::string_view name) const {
        return client_.where().key(std::string{s3_pointer_prefix} + std::string{name});
    }

    [[nodiscard]] static s3_condition condition(std::string_view tag, bool bare) {
        return bare ? s3_condition::same_bare(tag) : s3_condition::same(tag);
    }

    // Both times are rounded down, so the difference may be a second too long.
    [[nodiscard]] static std::chrono::nanoseconds age_of(const s3_entry& entry) {
        if (!entry.now || !entry.modified) {
            return {};
        }
        return std::max<std::chrono::nanoseconds>(
            *entry.now - *entry.modified - std::chrono::seconds{1}, std::chrono::nanoseconds{0});
    }

    // `unsupported`: the condition holds, and yet nothing was done. `doubt`: a request before this
    // one may have been carried out, or this one.
    [[nodiscard]] result<std::string> put(const swapping& what, const s3_condition& only_if,
                                          bool& doubt) const {
        const auto done = client_.put(
            what.key, what.bytes, what.digest,
            {.writer = what.writer, .digest = write_s3_digest({.value = what.digest})}, only_if);
        if (done) {
            return *done;
        }
        const s3_failure& failure = done.error();
        // Some say so where there is none to compare with.
        const bool refused =
            failure.what.code == errc::already_exists ||
            (failure.what.code == errc::not_found && failure.code != "NoSuchBucket");
        doubt = doubt || !failure.undone;
        if (!doubt && !refused) {
            return pass(done);
        }
        const auto there = client_.head(what.key);
        if (there && there->writer == what.writer) {
            return there->tag;
        }
        const bool absent = !there && there.error().what.code == errc::not_found;
        if (!there && !absent) {
            return fail(as_unknown(there.error().what));
        }
        if (there && there->tag == what.tag && !what.tag.empty()) {
            return fail({.code = errc::unsupported,
                         .where = what.name,
                         .during = "the service heeds no condition on a tag"});
        }
        if (!doubt) {
            return fail({.code = errc::already_exists, .where = what.name});
        }
        // Still the state before, for a request that may yet come; or another's that came after.
        return fail(as_unknown(failure.what));
    }

    const Client& client_;
    std::atomic<bool>& bare_tags_;
};

} // namespace tintype::inline v0
