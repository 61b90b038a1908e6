#pragma once

// Whether bytes that came from a bucket are those that were put there: by the digest that their
// writer gave them, or, where another tool put them there in one request, by their MD5, which is
// their ETag. Either is compared before a byte is believed.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/md5.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/entry.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

class s3_integrity {
public:
    // `missing_field` where nothing vouches for the bytes, unless they are believed all the same.
    [[nodiscard]] static result<s3_integrity> of(const s3_entry& entry, std::string_view name,
                                                 bool believe_foreign) {
        s3_integrity known;
        known.name_ = name;
        if (!entry.digest.empty()) {
            known.digest_ = read_s3_digest(entry.digest);
            const auto part = known.digest_ ? known.digest_->part_size : 0;
            if (!known.digest_ || (part != 0 && entry.size / s3_most_parts > part)) {
                return fail({.code = errc::invalid_value,
                             .where = name,
                             .found = part,
                             .during = "reading its digest"});
            }
            return known;
        }
        if (entry.tag_of_bytes) {
            known.tag_ = from_hex<md5::digest_type>(entry.tag);
        }
        if (!known.tag_ && !believe_foreign) {
            return fail({.code = errc::missing_field,
                         .where = name,
                         .during = "nothing vouches for its bytes"});
        }
        return known;
    }

    // The size of the parts that are hashed one by one; 0 where all is hashed as one.
    [[nodiscard]] std::uint64_t part_size() const noexcept {
        return digest_ ? digest_->part_size : 0;
    }

    // The next bytes, in order.
    void update(byte_view bytes) {
        if (tag_) {
            of_all_by_md5_.update(bytes);
        }
        if (!digest_) {
            return;
        }
        while (!bytes.empty()) {
            auto piece = bytes;
            if (part_size() != 0) {
                piece = bytes.first(static_cast<std::size_t>(
                    std::min<std::uint64_t>(bytes.size(), part_size() - in_part_)));
                in_part_ += piece.size();
            }
            running_.update(piece);
            bytes = bytes.subspan(piece.size());
            if (part_size() != 0 && in_part_ == part_size()) {
                end_part();
            }
        }
    }

    // All was there.
    [[nodiscard]] result<void> finish() {
        if (tag_) {
            return compared(*tag_, of_all_by_md5_.finish());
        }
        if (!digest_) {
            return {};
        }
        if (part_size() == 0) {
            return compared(digest_->value, running_.finish());
        }
        if (in_part_ != 0) {
            end_part();
        }
        return finish(parts_);
    }

    // The same, the parts having been hashed elsewhere.
    [[nodiscard]] result<void> finish(std::span<const sha256::digest_type> parts) const {
        return compared(digest_->value, digest_of_parts(parts, part_size()).value);
    }

private:
    void end_part() {
        parts_.push_back(running_.finish());
        running_ = {};
        in_part_ = 0;
    }

    template <class Digest>
    [[nodiscard]] result<void> compared(const Digest& stored, const Digest& computed) const {
        if (stored == computed) {
            return {};
        }
        const auto first = [](const Digest& digest) {
            std::uint64_t number = 0;
            for (std::size_t i = 0; i != sizeof number; ++i) {
                number = number << 8U | std::to_integer<std::uint64_t>(digest[i]);
            }
            return number;
        };
        return fail({.code = errc::checksum_mismatch,
                     .where = name_,
                     .found = first(stored),
                     .wanted = first(computed)});
    }

    std::string name_;
    std::optional<s3_digest> digest_;
    std::optional<md5::digest_type> tag_;
    sha256 running_;
    md5 of_all_by_md5_;
    std::uint64_t in_part_ = 0;
    std::vector<sha256::digest_type> parts_;
};

} // namespace tintype::inline v0
