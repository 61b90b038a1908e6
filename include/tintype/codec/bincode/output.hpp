#pragma once

// Where bincode is written to: into the memory that a sink claims for so much of it as was counted,
// or through a buffer, where a sink is only written to or can borrow.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tintype::inline v0::detail {

// Straight into what a sink makes room for.
template <claiming_sink Sink>
class bincode_claims {
public:
    static constexpr bool fits_all = true;

    explicit bincode_claims(Sink& sink) noexcept : sink_(&sink) {}

    // Whether so many bytes can have room in one piece.
    [[nodiscard]] static bool fits(std::uint64_t) noexcept { return true; }

    // Room for the next bytes, all of which will be written; null if the sink refused.
    [[nodiscard]] std::byte* room(std::size_t size) {
        const auto claimed = sink_->claim(size);
        if (!claimed) {
            error_ = claimed.error();
            return nullptr;
        }
        written_ += size;
        return claimed->data();
    }

    bool copy(byte_view bytes) {
        if (bytes.empty()) {
            return true;
        }
        std::byte* const to = room(bytes.size());
        if (to == nullptr) {
            return false;
        }
        copy_bytes(bytes, to);
        return true;
    }

    bool keep(byte_view bytes) { return copy(bytes); }

    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

    static bool finish() noexcept { return true; }

    // What the sink said.
    [[nodiscard]] const error& failure() const noexcept { return error_; }

private:
    Sink* sink_;
    std::uint64_t written_ = 0;
    error error_{};
};

// Small at first, so that a value of a few bytes asks for no memory.
template <byte_sink Sink>
class bincode_buffer {
public:
    static constexpr bool fits_all = false;

    explicit bincode_buffer(Sink& sink) noexcept : sink_(&sink) {}

    bincode_buffer(bincode_buffer&&) = delete;

    [[nodiscard]] static bool fits(std::uint64_t size) noexcept { return size <= large; }

    [[nodiscard]] std::byte* room(std::size_t size) {
        if (size > size_ - used_ && !make_room(size)) {
            return nullptr;
        }
        std::byte* const here = memory_ + used_;
        used_ += size;
        return here;
    }

    // Bytes that may be gone when this returns.
    bool copy(byte_view bytes) {
        if (bytes.size() > size_ - used_ && !make_room(bytes.size())) {
            return false;
        }
        if (bytes.size() > size_ - used_) {
            if (!finish()) {
                return false;
            }
            flushed_ += bytes.size();
            return passed(sink_->write(bytes));
        }
        copy_bytes(bytes, memory_ + used_);
        used_ += bytes.size();
        return true;
    }

    // Bytes that stay until the sink was used.
    bool keep(byte_view bytes) {
        if constexpr (borrowing_sink<Sink>) {
            if (bytes.size() >= large) {
                if (!finish()) {
                    return false;
                }
                flushed_ += bytes.size();
                return passed(sink_->borrow(bytes));
            }
        }
        return copy(bytes);
    }

    [[nodiscard]] std::uint64_t written() const noexcept { return flushed_ + used_; }

    // Empties the buffer.
    bool finish() {
        const byte_view bytes{memory_, used_};
        flushed_ += used_;
        used_ = 0;
        return bytes.empty() || passed(sink_->write(bytes));
    }

    // What the sink said.
    [[nodiscard]] error failure() const noexcept { return error_; }

private:
    static constexpr std::size_t large = std::size_t{64} << 10U;

    // Room for what fits, and none beyond that.
    bool make_room(std::size_t size) {
        if (large_ != nullptr || size > large) {
            return finish();
        }
        large_ = std::make_unique_for_overwrite<std::byte[]>(large);
        copy_bytes({memory_, used_}, large_.get());
        memory_ = large_.get();
        size_ = large;
        return size <= size_ - used_ || finish();
    }

    bool passed(const result<void>& done) noexcept {
        if (!done) {
            error_ = done.error();
        }
        return done.has_value();
    }

    Sink* sink_;
    std::array<std::byte, 1024> small_;
    std::unique_ptr<std::byte[]> large_{};
    std::byte* memory_ = small_.data();
    std::size_t size_ = small_.size();
    std::size_t used_ = 0;
    std::uint64_t flushed_ = 0;
    error error_{};
};

} // namespace tintype::inline v0::detail
