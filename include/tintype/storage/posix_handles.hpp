#pragma once

// What a POSIX system lends, and has to be given back: file descriptors and mapped memory.

#include <tintype/core/bytes.hpp>

#include <cstddef>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace tintype::inline v0::detail {

// A file descriptor that closes itself.
class descriptor {
public:
    descriptor() = default;

    explicit descriptor(int number) noexcept : number_(number) {}

    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }

    ~descriptor() {
        if (number_ >= 0) {
            // Whoever must know whether this succeeds closes through `release`.
            ::close(number_);
        }
    }

    [[nodiscard]] int get() const noexcept { return number_; }

    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_ = -1;
};

// Bytes that a file lends.
class mapped_bytes {
public:
    mapped_bytes() = default;

    explicit mapped_bytes(byte_view bytes) noexcept : bytes_(bytes) {}

    mapped_bytes(mapped_bytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

    mapped_bytes& operator=(mapped_bytes&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    ~mapped_bytes() {
        if (!bytes_.empty()) {
            ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
        }
    }

    [[nodiscard]] byte_view bytes() const noexcept { return bytes_; }

private:
    byte_view bytes_;
};

} // namespace tintype::inline v0::detail
