#pragma once

// Where columns are written to, a block at a time: small values through a buffer of fixed size, or
// straight into what a sink claims for them; memory that stays, in runs as long as it is adjacent,
// and a long run past the buffer, borrowed if the sink can.

#include <tintype/codec/columns/lengths.hpp>
#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

namespace tintype::inline v0::detail {

// Counts what would be written.
class column_size {
public:
    static constexpr bool counts_only = true;

    void block(std::uint64_t size) noexcept {
        total_ = saturated_sum(total_, saturated_sum(size, padding_of(size)));
    }

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

private:
    std::uint64_t total_ = 0;
};

template <byte_sink Sink>
class column_output {
public:
    static constexpr bool counts_only = false;

    explicit column_output(Sink& sink) : sink_(&sink) {
        if constexpr (!claims) {
            memory_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
            at_ = memory_.get();
            end_ = at_ + buffer_size;
        }
    }

    // A block of so many bytes comes next. It is written with `put` and `copy`, or with `keep`.
    bool begin(std::uint64_t size, const column_path& path) {
        constexpr auto most = std::numeric_limits<std::uint64_t>::max() / 2;
        if (size > most) {
            return refuse({.code = errc::length_overflow,
                           .where = path.text(),
                           .offset = start_,
                           .found = size,
                           .wanted = most});
        }
        start_ += size_ + padding_of(size_);
        size_ = size;
        if constexpr (claims) {
            const auto padding = static_cast<std::size_t>(padding_of(size));
            const auto room = sink_->claim(static_cast<std::size_t>(size) + padding);
            if (!room) {
                return refuse(room.error());
            }
            at_ = room->data();
            end_ = at_ + size;
            std::fill_n(end_, padding, std::byte{0});
        }
        return true;
    }

    template <packed T>
    bool put(const T& value) {
        constexpr std::size_t size = packed_size<T>;
        if constexpr (stored_as_is<T>) {
            if (room() < size) {
                return copy({reinterpret_cast<const std::byte*>(&value), size});
            }
            std::memcpy(at_, &value, size);
        } else {
            if (room() < size) {
                return put_slowly(value);
            }
            store_packed<std::endian::little>(at_, value);
        }
        at_ += size;
        return true;
    }

    // Bytes that may be gone when this returns.
    bool copy(byte_view bytes) {
        if constexpr (claims) {
            if (bytes.size() > room()) {
                changed_ = true; // found out in `end`
                return true;
            }
        } else {
            if (bytes.size() > room() && !flush()) {
                return false;
            }
            if (bytes.size() > room()) {
                flushed_ += bytes.size();
                return passed(sink_->write(bytes));
            }
        }
        if (!bytes.empty()) {
            std::memcpy(at_, bytes.data(), bytes.size());
            at_ += bytes.size();
        }
        return true;
    }

    // Bytes that stay until the sink was used.
    bool keep(byte_view bytes) {
        if (bytes.empty()) {
            return true;
        }
        if (!run_.empty() && run_.data() + run_.size() == bytes.data()) {
            run_ = {run_.data(), run_.size() + bytes.size()};
            return true;
        }
        const bool done = end_run();
        run_ = bytes;
        return done;
    }

    // The block is full, and padded.
    bool end(const column_path& path) {
        if (!end_run()) {
            return false;
        }
        if constexpr (claims) {
            changed_ = changed_ || at_ != end_;
        } else {
            changed_ = flushed_ + static_cast<std::uint64_t>(at_ - memory_.get()) != start_ + size_;
        }
        if (changed_) {
            return refuse({.code = errc::invalid_value, .where = path.text(), .offset = start_});
        }
        if constexpr (!claims) {
            constexpr std::array<std::byte, 8> zeros{};
            return copy(byte_view{zeros}.first(static_cast<std::size_t>(padding_of(size_))));
        }
        return true;
    }

    // What is still in the buffer.
    bool flush() {
        if constexpr (!claims) {
            const byte_view bytes{memory_.get(), static_cast<std::size_t>(at_ - memory_.get())};
            at_ = memory_.get();
            flushed_ += bytes.size();
            return bytes.empty() || passed(sink_->write(bytes));
        }
        return true;
    }

    bool refuse(const error& what) {
        error_ = what;
        return false;
    }

    [[nodiscard]] const error& failure() const noexcept { return error_; }

private:
    static constexpr bool claims = claiming_sink<Sink> && !borrowing_sink<Sink>;
    static constexpr std::size_t buffer_size = std::size_t{64} << 10U;

    [[nodiscard]] std::size_t room() const noexcept { return static_cast<std::size_t>(end_ - at_); }

    template <packed T>
    bool put_slowly(const T& value) {
        if constexpr (packed_size<T> <= 4096) {
            std::array<std::byte, packed_size<T>> bytes{};
            store_packed<std::endian::little>(bytes.data(), value);
            return copy(bytes);
        } else if constexpr (is_fixed_array<T>) {
            return std::ranges::all_of(value, [this](const auto& each) { return this->put(each); });
        } else {
            bool good = true;
            for_each_member(value, [&](auto, const auto& part) { good = good && put(part); });
            return good;
        }
    }

    bool end_run() {
        const byte_view run = run_;
        run_ = {};
        if constexpr (borrowing_sink<Sink>) {
            if (run.size() >= buffer_size) {
                flushed_ += run.size();
                return flush() && passed(sink_->borrow(run));
            }
        }
        return copy(run);
    }

    bool passed(const result<void>& done) {
        if (!done) {
            error_ = done.error();
        }
        return done.has_value();
    }

    Sink* sink_;
    std::unique_ptr<std::byte[]> memory_{}; // not where the sink's own is written to
    std::byte* at_ = nullptr;
    std::byte* end_ = nullptr;
    byte_view run_{};
    std::uint64_t flushed_ = 0;
    std::uint64_t start_ = 0; // of the block
    std::uint64_t size_ = 0;
    bool changed_ = false;
    error error_{};
};

} // namespace tintype::inline v0::detail
