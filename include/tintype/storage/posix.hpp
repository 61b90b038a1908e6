#pragma once

// The filesystem policy of a POSIX system, Linux first. Every name is resolved beneath an open
// folder and never through a symbolic link; files are mapped shared and read-only.

#include <tintype/storage/filesystem.hpp>
#include <tintype/storage/posix_beneath.hpp>
#include <tintype/storage/posix_handles.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <limits>
#include <memory>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

[[nodiscard]] inline std::unexpected<error>
system_failure(std::string_view during, std::string_view where, int system = errno) noexcept {
    return fail({.code = code_of(system), .where = where, .system = system, .during = during});
}

[[nodiscard]] inline result<void> system_result(int status, std::string_view during,
                                                std::string_view where = {}) noexcept {
    if (status != 0) {
        return system_failure(during, where);
    }
    return {};
}

[[nodiscard]] inline timestamp modified_at(const struct stat& status) noexcept {
#if defined(__APPLE__)
    const auto& time = status.st_mtimespec;
#else
    const auto& time = status.st_mtim;
#endif
    // A file may claim any year; what no timestamp can hold becomes about the nearest that can.
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
    const auto seconds = std::clamp<std::int64_t>(time.tv_sec, -most, most);
    return timestamp{std::chrono::seconds{seconds} + std::chrono::nanoseconds{time.tv_nsec}};
}

} // namespace detail

struct posix_filesystem {
    using folder = detail::descriptor;
    using file = detail::descriptor;
    using mapping = detail::mapped_bytes;

    [[nodiscard]] result<folder> open_folder(const std::string& path) const {
        return opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path);
    }

    [[nodiscard]] result<void> make_folder(const std::string& path) const {
        for (std::size_t end = 0; end != std::string::npos;) {
            end = path.find('/', end + 1);
            const auto part = path.substr(0, end);
            const bool made = ::mkdir(part.c_str(), 0777) == 0;
            if (!made && errno != EEXIST) {
                return detail::system_failure("mkdir", part);
            }
            // One that is there may be since a moment ago, by another's hand, and not be durable
            // yet. Where its parent cannot be synced at all, nobody promised that it is.
            auto done = sync_parent_of(part);
            if (!done && (made || done.error().system == EIO)) {
                return done;
            }
        }
        return {};
    }

    [[nodiscard]] result<file> create(const folder& in, const std::string& name) const {
        constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        return opened(::openat(in.get(), name.c_str(), flags, 0666), "open", name);
    }

    [[nodiscard]] result<file> open(const folder& in, const std::string& name) const {
        // Without O_NONBLOCK a pipe of that name would make us wait for its writer.
        constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        return regular(opened(::openat(in.get(), name.c_str(), flags), "open", name), name);
    }

    [[nodiscard]] result<file> open_to_append(const folder& in, const std::string& name) const {
        return opened_to_write(in, name, O_WRONLY | O_APPEND);
    }

    [[nodiscard]] result<file> open_to_write(const folder& in, const std::string& name) const {
        return opened_to_write(in, name, O_RDWR);
    }

    [[nodiscard]] result<void> make_folder_in(const folder& in, const std::string& name) const {
        const bool there = ::mkdirat(in.get(), name.c_str(), 0700) == 0 || errno == EEXIST;
        return there ? result<void>{} : detail::system_failure("mkdir", name);
    }

    [[nodiscard]] result<folder> open_folder_in(const folder& in, const std::string& name) const {
        auto handle = opened(detail::open_folder_beneath(in.get(), name.c_str()), "open", name);
        if (!handle && (handle.error().system == ENOTDIR || handle.error().system == ELOOP)) {
            return fail({.code = errc::unsupported, .where = name});
        }
        return handle;
    }

    [[nodiscard]] result<std::size_t> write_at(file& to, std::uint64_t offset,
                                               byte_view bytes) const {
        const auto written =
            ::pwrite(to.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            return detail::system_failure("write", {});
        }
        return static_cast<std::size_t>(written);
    }

    [[nodiscard]] result<void> link_new(const folder& from, const std::string& name,
                                        const folder& to, const std::string& other) const {
        return detail::system_result(::linkat(from.get(), name.c_str(), to.get(), other.c_str(), 0),
                                     "link", other);
    }

    [[nodiscard]] result<bool> copy_mode(const folder& from, const std::string& name,
                                         file& to) const {
        const int changed = detail::copy_mode_beneath(from.get(), name.c_str(), to.get());
        return changed < 0 ? detail::system_failure("fchmod", name) : result<bool>{changed == 1};
    }

    [[nodiscard]] result<void> truncate(file& of, std::uint64_t size) const {
        return detail::system_result(::ftruncate(of.get(), static_cast<off_t>(size)), "ftruncate");
    }

    // A lock belongs to the open file: a child that was forked while it was held holds it too,
    // until it ends or runs another program.
    [[nodiscard]] result<file> try_lock(const folder& in, const std::string& name) const {
        constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        auto handle =
            regular(opened(::openat(in.get(), name.c_str(), flags, 0666), "open", name), name);
        if (!handle || ::flock(handle->get(), LOCK_EX | LOCK_NB) == 0) {
            return handle;
        }
        if (errno == EWOULDBLOCK) {
            return fail({.code = errc::in_use, .where = name, .found = 1});
        }
        return detail::system_failure("flock", name);
    }

    [[nodiscard]] result<void> reserve(file& to, std::uint64_t size) const {
#if defined(__linux__)
        // A file system that cannot reserve says so; then the writes find out about the space.
        if (::fallocate(to.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) != 0 &&
            errno != EOPNOTSUPP && errno != ENOSYS) {
            return detail::system_failure("fallocate", {});
        }
#else
        static_cast<void>(to);
        static_cast<void>(size);
#endif
        return {};
    }

    [[nodiscard]] result<std::size_t> write(file& to, std::span<const byte_view> pieces) const {
        std::array<struct iovec, 8> vectors{};
        const auto count = std::min(pieces.size(), vectors.size());
        for (std::size_t i = 0; i != count; ++i) {
            vectors[i] = {const_cast<std::byte*>(pieces[i].data()), pieces[i].size()};
        }
        const auto written = ::writev(to.get(), vectors.data(), static_cast<int>(count));
        if (written < 0) {
            return detail::system_failure("write", {});
        }
        return static_cast<std::size_t>(written);
    }

    [[nodiscard]] result<void> flush_behind(file& of, std::uint64_t begin,
                                            std::uint64_t size) const {
#if defined(__linux__)
        return detail::system_result(::sync_file_range(of.get(), static_cast<off_t>(begin),
                                                       static_cast<off_t>(size),
                                                       SYNC_FILE_RANGE_WRITE),
                                     "sync_file_range");
#else
        static_cast<void>(of);
        static_cast<void>(begin + size);
        return {};
#endif
    }

    [[nodiscard]] result<void> sync(file& of) const {
#if defined(__APPLE__)
        return detail::system_result(::fcntl(of.get(), F_FULLFSYNC), "fsync");
#else
        return detail::system_result(::fsync(of.get()), "fsync");
#endif
    }

    [[nodiscard]] result<void> close(file& of) const {
        const int status = ::close(of.release());
        // The descriptor is gone even then.
        return status != 0 && errno == EINTR ? result<void>{}
                                             : detail::system_result(status, "close");
    }

    [[nodiscard]] result<void> rename_new(const folder& in, const std::string& from,
                                          const std::string& to) const {
#if defined(__linux__)
        if (::renameat2(in.get(), from.c_str(), in.get(), to.c_str(), RENAME_NOREPLACE) == 0) {
            return {};
        }
        if (errno != EINVAL && errno != ENOSYS) {
            return detail::system_failure("rename", to);
        }
#endif
        // A file system without it has links: the name appears whole or not at all just as well,
        // and what is left over on a crash in between is a stale temporary.
        if (::linkat(in.get(), from.c_str(), in.get(), to.c_str(), 0) != 0) {
            return detail::system_failure("link", to);
        }
        static_cast<void>(remove(in, from));
        return {};
    }

    [[nodiscard]] result<void> rename_over(const folder& in, const std::string& from,
                                           const std::string& to) const {
        return detail::system_result(::renameat(in.get(), from.c_str(), in.get(), to.c_str()),
                                     "rename", to);
    }

    [[nodiscard]] result<void> remove(const folder& in, const std::string& name) const {
        return detail::system_result(::unlinkat(in.get(), name.c_str(), 0), "unlink", name);
    }

    [[nodiscard]] result<void> sync_folder(const folder& of) const {
#if defined(__APPLE__)
        return detail::system_result(::fcntl(of.get(), F_FULLFSYNC), "fsync", "the folder");
#else
        return detail::system_result(::fsync(of.get()), "fsync", "the folder");
#endif
    }

    [[nodiscard]] result<std::vector<object_info>> entries(const folder& in) const {
        std::vector<object_info> all;
        auto done = each_regular_file(in, [&](int at, const char* name) -> result<void> {
            struct stat status{};
            if (::fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
                // Somebody else may have removed it since the folder was read.
                return errno == ENOENT ? result<void>{}
                                       : result<void>{detail::system_failure("stat", name)};
            }
            if (S_ISREG(status.st_mode)) {
                all.push_back({.name = name,
                               .size = static_cast<std::uint64_t>(status.st_size),
                               .modified = detail::modified_at(status)});
            }
            return {};
        });
        return done ? result<std::vector<object_info>>{std::move(all)}
                    : result<std::vector<object_info>>{pass(done)};
    }

    [[nodiscard]] result<std::vector<std::string>> names(const folder& in) const {
        std::vector<std::string> all;
        auto done = each_regular_file(in, [&](int, const char* name) -> result<void> {
            all.emplace_back(name);
            return {};
        });
        return done ? result<std::vector<std::string>>{std::move(all)}
                    : result<std::vector<std::string>>{pass(done)};
    }

    [[nodiscard]] result<std::uint64_t> size(const file& of) const {
        struct stat status{};
        if (::fstat(of.get(), &status) != 0) {
            return detail::system_failure("fstat", {});
        }
        return static_cast<std::uint64_t>(status.st_size);
    }

    [[nodiscard]] result<std::size_t> read(const file& from, std::uint64_t offset,
                                           mutable_bytes to) const {
        const auto got = ::pread(from.get(), to.data(), to.size(), static_cast<off_t>(offset));
        if (got < 0) {
            return detail::system_failure("read", {});
        }
        return static_cast<std::size_t>(got);
    }

    [[nodiscard]] result<mapping> map(const file& from, std::uint64_t size) const {
        if (size == 0) {
            return mapping{};
        }
        const auto length = static_cast<std::size_t>(size);
        void* at = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, from.get(), 0);
        if (at == MAP_FAILED) {
            return detail::system_failure("mmap", {});
        }
        return mapping{byte_view{static_cast<const std::byte*>(at), length}};
    }

    [[nodiscard]] result<void> lock(const folder& of) const {
        return detail::system_result(::flock(of.get(), LOCK_EX), "flock", "the folder");
    }

    [[nodiscard]] timestamp now() const { return system_clock{}.now(); }

private:
    [[nodiscard]] static result<detail::descriptor> opened(int number, std::string_view during,
                                                           std::string_view where) {
        if (number < 0) {
            return detail::system_failure(during, where);
        }
        return detail::descriptor{number};
    }

    [[nodiscard]] static result<file> regular(result<file> handle, const std::string& name) {
        struct stat status{};
        if (handle && ::fstat(handle->get(), &status) != 0) {
            return detail::system_failure("fstat", name);
        }
        if (handle && !S_ISREG(status.st_mode)) {
            return fail({.code = errc::unsupported, .where = name});
        }
        return handle;
    }

    [[nodiscard]] static result<file> opened_to_write(const folder& in, const std::string& name,
                                                      int how) {
        const int flags = how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        auto handle = opened(::openat(in.get(), name.c_str(), flags), "open", name);
        // A pipe that nobody reads, or a folder.
        if (!handle && (handle.error().system == ENXIO || handle.error().system == EISDIR)) {
            return fail({.code = errc::unsupported, .where = name});
        }
        return regular(std::move(handle), name);
    }

    [[nodiscard]] result<void> sync_parent_of(const std::string& path) const {
        const auto slash = path.find_last_of('/');
        const auto parent = slash == std::string::npos ? std::string{"."}
                            : slash == 0               ? std::string{"/"}
                                                       : path.substr(0, slash);
        auto in = open_folder(parent);
        return in ? sync_folder(*in) : result<void>{pass(in)};
    }

    // Not every file system says in the entry; one that is gone meanwhile is none.
    [[nodiscard]] static bool is_regular(int in, const struct dirent& entry) noexcept {
        struct stat status{};
        if (entry.d_type != DT_UNKNOWN) {
            return entry.d_type == DT_REG;
        }
        // Any other error is met, and reported, by whoever opens it.
        return ::fstatat(in, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0
                   ? S_ISREG(status.st_mode)
                   : errno != ENOENT;
    }

    template <class Visit>
    [[nodiscard]] static result<void> each_regular_file(const folder& in, Visit visit) {
        // The stream takes the descriptor over and moves its place, so it gets one of its own.
        const int own = ::openat(in.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (own < 0) {
            return detail::system_failure("open", "the folder");
        }

        struct close_stream {
            void operator()(DIR* stream) const noexcept { ::closedir(stream); }
        };

        const std::unique_ptr<DIR, close_stream> stream{::fdopendir(own)};
        if (stream == nullptr) {
            const auto failed = detail::system_failure("fdopendir", "the folder");
            ::close(own);
            return failed;
        }
        for (;;) {
            errno = 0;
            const struct dirent* entry = ::readdir(stream.get());
            if (entry == nullptr) {
                return errno == 0 ? result<void>{}
                                  : result<void>{detail::system_failure("readdir", "the folder")};
            }
            if (!is_regular(own, *entry)) {
                continue;
            }
            if (auto done = visit(own, entry->d_name); !done) {
                return done;
            }
        }
    }
};

static_assert(linking_filesystem<posix_filesystem>);

} // namespace tintype::inline v0
