#pragma once

// Opening a folder by one name beneath another, where nobody can lead the name elsewhere: Linux is
// told so, and everywhere the last component is not followed.

#include <cerrno>
#include <fcntl.h>
#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tintype::detail {

// A descriptor, or -1 with errno; ELOOP or ENOTDIR where the name is no folder.
[[nodiscard]] inline int open_folder_beneath(int in, const char* name) noexcept {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
#if defined(SYS_openat2) && defined(RESOLVE_BENEATH)
    struct open_how how{};
    how.flags = static_cast<decltype(how.flags)>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    for (int attempts = 0; attempts != 16; ++attempts) {
        const auto opened = ::syscall(SYS_openat2, in, name, &how, sizeof how);
        if (opened >= 0) {
            return static_cast<int>(opened);
        }
        // EAGAIN: something was renamed meanwhile, so that nothing is certain.
        if (errno != EAGAIN) {
            break;
        }
    }
    // EPERM: a sandbox that does not know the call.
    if (errno != ENOSYS && errno != EPERM && errno != EAGAIN) {
        return -1;
    }
#endif
    return ::openat(in, name, flags);
}

} // namespace tintype::detail
