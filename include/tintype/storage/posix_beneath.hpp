#pragma once

// What is done to a name beneath a folder where nobody can lead it elsewhere: opening a folder of
// that name (Linux is told so, and everywhere the last component is not followed), and passing on
// whom a file of that name belongs to and who may do what with it.

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/xattr.h>
#endif
#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

namespace tintype::inline v0::detail {

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

// Whether the file has a list of users and groups beside its mode; then the group's bits of the
// mode say what any of these may do at the most. Asked without opening it, for closing it would
// drop the locks that this process may have on it.
[[nodiscard]] inline bool has_access_list(int in, const char* name) noexcept {
#if defined(__linux__)
    std::array<char, 320> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d/%s", in, name);
    const auto size = ::lgetxattr(path.data(), "system.posix_acl_access", nullptr, 0);
    return size > 0 || (size < 0 && errno != ENODATA && errno != EOPNOTSUPP);
#else
    static_cast<void>(in);
    static_cast<void>(name);
    return false;
#endif
}

// 1 if it changed something, 0 if not, or -1 with errno. A group that cannot be given, or of which
// the mode alone does not tell what it may do, leaves the group with what everybody may do. What
// takes a symbolic link's place is its owner's alone: of what it led to, nothing is known.
[[nodiscard]] inline int copy_mode_beneath(int in, const char* name, int to) noexcept {
    struct stat from{};
    struct stat now{};
    if (::fstatat(in, name, &from, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (::fstat(to, &now) != 0) {
        return -1;
    }
    if (S_ISLNK(from.st_mode) && (now.st_mode & 077U) != 0) {
        return ::fchmod(to, now.st_mode & 0700U) == 0 ? 1 : -1;
    }
    if (!S_ISREG(from.st_mode)) {
        return 0;
    }
    bool changed = false;
    auto mode = (from.st_mode & 0777U) | S_IRUSR;
    if (has_access_list(in, name)) {
        mode = (mode & ~070U) | ((mode & 07U) << 3U);
    }
    if (now.st_uid != from.st_uid || now.st_gid != from.st_gid) {
        if (::fchown(to, from.st_uid, from.st_gid) == 0 ||
            (now.st_gid != from.st_gid && ::fchown(to, static_cast<uid_t>(-1), from.st_gid) == 0)) {
            changed = true;
        } else if (errno != EPERM && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) {
            return -1;
        } else if (now.st_gid != from.st_gid) {
            mode = (mode & ~070U) | ((mode & 07U) << 3U);
        }
    }
    if ((now.st_mode & 07777U) != mode) {
        if (::fchmod(to, static_cast<mode_t>(mode)) != 0) {
            return -1;
        }
        changed = true;
    }
    return changed ? 1 : 0;
}

} // namespace tintype::inline v0::detail
