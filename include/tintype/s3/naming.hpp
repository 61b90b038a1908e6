#pragma once

// How an object gets its name, and how it is found out whether it has it when nobody said so: every
// object carries who wrote it, so whoever looks knows whose it is. Nothing here is ever guessed.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/s3/client.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Of one object: `Client` is an s3_client, which outlives it.
template <class Client>
class s3_naming {
public:
    s3_naming(const Client& client, std::string writer)
        : client_(client), writer_(std::move(writer)) {}

    [[nodiscard]] const std::string& writer() const noexcept { return writer_; }

    // The bytes in one request, under a name that is free. `already_exists`: it was not. Returns
    // the tag.
    [[nodiscard]] result<std::string> put_new(const std::string& key, byte_view bytes,
                                              const sha256::digest_type& digest, bool reserved,
                                              const s3_patience& patience) const {
        // Who had the name may give it up between an answer and the look at it.
        constexpr int rounds = 3;
        for (int round = 0; round != rounds; ++round) {
            const auto put = client_.put(key, bytes, digest, metadata(digest, reserved),
                                         s3_condition::absent(), patience);
            if (put) {
                return *put;
            }
            const s3_failure& failure = put.error();
            const bool taken = failure.what.code == errc::already_exists;
            if (failure.undone && !taken) {
                return pass(put);
            }
            const auto there = client_.head(key);
            if (there && there->writer == writer_ && there->reserved == reserved) {
                return there->tag;
            }
            if (there) {
                return fail({.code = errc::already_exists, .where = client_.name_of(key)});
            }
            if (!taken || there.error().what.code != errc::not_found) {
                return fail(as_unknown(taken ? there.error().what : failure.what));
            }
        }
        return fail({.code = errc::already_exists, .where = client_.name_of(key)});
    }

    // The same over whatever has the name.
    [[nodiscard]] result<void> put_over(const std::string& key, byte_view bytes,
                                        const sha256::digest_type& digest,
                                        const s3_patience& patience) const {
        const auto put = client_.put(key, bytes, digest, metadata(digest, false), {}, patience);
        return put ? result<void>{} : settled(key, put.error());
    }

    // The other object, which is this one's bytes, under a name, over whatever has it.
    [[nodiscard]] result<void> copy_over(const std::string& from, const std::string& key,
                                         std::uint64_t size, const s3_digest& digest,
                                         const s3_condition& only_if,
                                         const s3_patience& patience) const {
        const s3_metadata metadata{.writer = writer_, .digest = write_s3_digest(digest)};
        const auto done = size <= client_.options().copy_limit
                              ? client_.copy(from, key, metadata, only_if, patience)
                              : copy_in_parts(from, key, size, metadata, patience);
        if (!done) {
            return settled(key, done.error());
        }
        // Cheap beside the copy: what was named is whole.
        const auto there = client_.head(key);
        if (there && there->writer == writer_ && there->size != size) {
            return fail({.code = errc::incomplete_stream,
                         .where = client_.name_of(key),
                         .found = there->size,
                         .wanted = size,
                         .during = "copying it to its name"});
        }
        return {};
    }

    // The upload's object under its key; it is one object however often this was asked for.
    [[nodiscard]] s3_tried<void> complete(const std::string& key, const std::string& id,
                                          std::span<const std::string> tags, std::uint64_t size,
                                          const s3_patience& patience) const {
        auto done = client_.complete(key, id, tags, patience);
        if (done || (done.error().undone && done.error().what.code != errc::not_found)) {
            return done;
        }
        const auto there = client_.head(key);
        if (there && there->writer == writer_ && !there->reserved && there->size == size) {
            return {};
        }
        return done;
    }

    // Whether the name is kept for this object.
    [[nodiscard]] bool keeps(const std::string& key) const {
        const auto there = client_.head(key);
        return there && there->writer == writer_ && there->reserved;
    }

    // A name that was kept and is not wanted any more, if it still is kept. Best effort.
    void release(const std::string& key) const {
        if (keeps(key)) {
            static_cast<void>(client_.remove(key));
        }
    }

private:
    [[nodiscard]] s3_metadata metadata(const sha256::digest_type& digest, bool reserved) const {
        return {
            .writer = writer_, .digest = write_s3_digest({.value = digest}), .reserved = reserved};
    }

    // What a failed request over a name came to.
    [[nodiscard]] result<void> settled(const std::string& key, const s3_failure& failure) const {
        const bool refused = failure.what.code == errc::already_exists;
        if (failure.undone && !refused) {
            return fail(failure.what);
        }
        const auto there = client_.head(key);
        if (there && there->writer == writer_ && !there->reserved) {
            return {};
        }
        return fail(failure.undone ? failure.what : as_unknown(failure.what));
    }

    [[nodiscard]] s3_tried<void> copy_in_parts(const std::string& from, const std::string& key,
                                               std::uint64_t size, const s3_metadata& metadata,
                                               const s3_patience& patience) const {
        constexpr std::uint64_t usual = std::uint64_t{256} << 20U;
        const std::uint64_t piece =
            std::min(client_.options().copy_limit, std::max(usual, size / s3_most_parts + 1));
        const auto id = client_.begin_upload(key, metadata, patience);
        if (!id) {
            // An upload that nobody knows of changes nothing.
            auto failure = id.error();
            failure.undone = true;
            return std::unexpected(std::move(failure));
        }
        std::vector<std::string> tags;
        for (std::uint64_t at = 0; at != size; at += std::min(piece, size - at)) {
            auto tag =
                client_.copy_part(from, {.offset = at, .size = std::min(piece, size - at)}, key,
                                  *id, static_cast<unsigned>(tags.size() + 1), patience);
            if (!tag) {
                static_cast<void>(client_.abort(key, *id));
                auto failure = tag.error();
                failure.undone = true;
                return std::unexpected(std::move(failure));
            }
            tags.push_back(*std::move(tag));
        }
        auto done = complete(key, *id, tags, size, patience);
        if (!done && done.error().undone) {
            static_cast<void>(client_.abort(key, *id));
        }
        return done;
    }

    const Client& client_;
    std::string writer_;
};

} // namespace tintype::inline v0
