#pragma once

// Records on their way into an object: as the pieces of one write, or as a whole log in an object
// that has no name yet.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/log/marks.hpp>
#include <tintype/log/record.hpp>
#include <tintype/storage/concept.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// A record as pieces to be written at once: header, the caller's payload where it lies, padding.
class record_pieces {
public:
    record_pieces(std::uint32_t kind, std::uint64_t offset, std::span<const byte_view> payload) {
        std::uint64_t size = 0;
        for (const byte_view piece : payload) {
            size += piece.size();
        }
        header_ = encode_header(
            {.kind = kind, .offset = offset, .size = size, .checksum = payload_checksum(payload)});
        extent_ = record_extent(size);
        pieces_.reserve(payload.size() + 2);
        pieces_.emplace_back(header_);
        pieces_.insert(pieces_.end(), payload.begin(), payload.end());
        pieces_.push_back(byte_view{zeros}.first(record_padding(size)));
    }

    record_pieces(const record_pieces&) = delete;
    record_pieces& operator=(const record_pieces&) = delete;

    [[nodiscard]] const encoded_header& header() const noexcept { return header_; }

    [[nodiscard]] std::uint64_t extent() const noexcept { return extent_; }

    [[nodiscard]] std::span<const byte_view> pieces() const noexcept { return pieces_; }

private:
    static constexpr std::array<std::byte, record_header::alignment> zeros{};

    encoded_header header_{};
    std::uint64_t extent_ = 0;
    std::vector<byte_view> pieces_;
};

// Writes a whole log into an object without a name.
template <staged_object Staged>
class log_draft {
public:
    log_draft(Staged& staged, const monitor* watch, std::uint64_t total)
        : staged_(staged), watch_(watch), total_(total) {}

    [[nodiscard]] result<void> begin(std::string_view magic) {
        at_ = magic.size();
        return noted(staged_.write(bytes_of(magic)));
    }

    [[nodiscard]] result<std::uint64_t> put(std::uint32_t kind,
                                            std::span<const byte_view> payload) {
        if (failed_) {
            return fail(*failed_);
        }
        const record_pieces record{kind, at_, payload};
        for (const byte_view piece : record.pieces()) {
            if (auto done = noted(staged_.write(piece)); !done) {
                return pass(done);
            }
        }
        marks_.add(record.header(), at_, record.extent());
        const auto offset = std::exchange(at_, at_ + record.extent());
        if (watch_ != nullptr) {
            if (auto go_on = noted(watch_->report({.done = at_, .total = total_})); !go_on) {
                return pass(go_on);
            }
        }
        return offset;
    }

    // An error that the caller of put() may have let pass.
    [[nodiscard]] result<void> outcome() const {
        if (failed_) {
            return fail(*failed_);
        }
        if (marks_.last_offset == 0) {
            return fail({.code = errc::missing_field, .where = "first record"});
        }
        return {};
    }

    [[nodiscard]] const log_marks& marks() const noexcept { return marks_; }

private:
    result<void> noted(result<void> done) {
        if (!done) {
            failed_ = done.error();
        }
        return done;
    }

    Staged& staged_;
    const monitor* watch_;
    std::uint64_t total_;
    std::uint64_t at_ = 0;
    log_marks marks_{};
    std::optional<error> failed_;
};

} // namespace detail

} // namespace tintype::inline v0
