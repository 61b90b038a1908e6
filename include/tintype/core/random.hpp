#pragma once

// Numbers from the system's source of random ones, for names that nobody else has. What
// `std::random_device` gives, without <random>: no other standard header costs as much to compile.

#include <tintype/core/language.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace tintype::inline v0 {

namespace detail {

// For where the system call is refused, as an old kernel or a sandbox does.
[[nodiscard]] inline bool read_random_device(void* to, std::size_t size) noexcept {
    const int file = ::open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t count = 0;
    do {
        count = ::read(file, to, size);
    } while (count < 0 && errno == EINTR);
    ::close(file);
    return count >= 0 && static_cast<std::size_t>(count) == size;
}

// A process without any source of them cannot name what it writes: it ends.
[[nodiscard]] inline std::uint64_t system_random() noexcept {
    std::uint64_t number = 0;
    if (::getentropy(&number, sizeof number) != 0 && !read_random_device(&number, sizeof number)) {
        std::abort();
    }
    return number;
}

} // namespace detail

} // namespace tintype::inline v0
