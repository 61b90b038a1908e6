#pragma once

// A folder of our own for files that live only while they are read. Nobody else may enter it, and
// it is gone when its owner is: on destruction, or, where the process died, when the next one is
// made beside it. A locked file in it tells the living from the dead.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/storage/posix_handles.hpp>
#include <tintype/storage/staged_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

class scratch_folder {
public:
    static constexpr std::string_view prefix = "tintype-scratch-";

    // Under `parent`, which is made if need be; where it is empty, under $TMPDIR, or under /tmp.
    // Sweeps that place first.
    [[nodiscard]] static result<scratch_folder> make(const std::string& parent = {}) {
        const std::string under = place(parent);
        if (!parent.empty()) {
            const auto there = posix_filesystem{}.open_folder(under);
            if (!there && there.error().code == errc::not_found) {
                if (auto made = posix_filesystem{}.make_folder(under); !made) {
                    return pass(made);
                }
            }
        }
        if (auto swept = sweep(under); !swept) {
            return pass(swept);
        }
        for (;;) {
            std::string path = under + "/" + std::string{prefix} + "XXXXXX";
            if (::mkdtemp(path.data()) == nullptr) {
                return detail::system_failure("mkdtemp", under);
            }
            auto folder = posix_filesystem{}.open_folder(path);
            auto lock = folder ? held(*folder) : result<detail::descriptor>{pass(folder)};
            if (lock) {
                return scratch_folder{std::move(path), *std::move(folder), *std::move(lock)};
            }
            // Somebody who swept took it for a dead one before it was locked.
            if (lock.error().code != errc::in_use && lock.error().code != errc::not_found) {
                static_cast<void>(::rmdir(path.c_str()));
                return pass(lock);
            }
        }
    }

    // Removes what dead processes of this user left under `parent`; how many folders that were.
    [[nodiscard]] static result<std::size_t> sweep(const std::string& parent = {}) {
        const std::string under = place(parent);
        const std::unique_ptr<DIR, int (*)(DIR*)> all{::opendir(under.c_str()), ::closedir};
        if (all == nullptr) {
            return detail::system_failure("opendir", under);
        }
        std::size_t count = 0;
        while (const struct dirent* entry = ::readdir(all.get())) {
            const std::string name = entry->d_name;
            if (!name.starts_with(prefix)) {
                continue;
            }
            constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
            const detail::descriptor folder{::openat(::dirfd(all.get()), name.c_str(), flags)};
            struct stat status{};
            if (folder.get() < 0 || ::fstat(folder.get(), &status) != 0 ||
                status.st_uid != ::geteuid()) {
                continue;
            }
            // Whose lock cannot be had is alive, or another sweeper's. Everything else here is best
            // effort: the next sweep comes by again.
            if (const auto lock = held(folder); lock) {
                empty(folder);
                const bool gone = ::unlinkat(::dirfd(all.get()), name.c_str(), AT_REMOVEDIR) == 0;
                count += gone ? std::size_t{1} : 0;
            }
        }
        return count;
    }

    scratch_folder(scratch_folder&&) noexcept = default;

    scratch_folder& operator=(scratch_folder&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(folder_, other.folder_);
        std::swap(lock_, other.lock_);
        return *this;
    }

    ~scratch_folder() {
        if (folder_.get() >= 0) {
            empty(folder_);
            static_cast<void>(::rmdir(path_.c_str()));
        }
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // For libraries that want a path.
    [[nodiscard]] std::string path_of(std::string_view name) const {
        return (path_ + "/").append(name);
    }

    // A new file to write and read.
    [[nodiscard]] result<detail::descriptor> create(const std::string& name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        constexpr int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        detail::descriptor file{::openat(folder_.get(), name.c_str(), flags, 0600)};
        if (file.get() < 0) {
            return detail::system_failure("open", name);
        }
        return file;
    }

    // One that somebody else wrote into the folder.
    [[nodiscard]] result<detail::descriptor> open(const std::string& name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        return detail::uninterrupted([&] { return posix_filesystem{}.open(folder_, name); });
    }

    // Names need not last as long as what is open.
    [[nodiscard]] result<void> remove(const std::string& name) const {
        if (auto good = good_name(name); !good) {
            return good;
        }
        return posix_filesystem{}.remove(folder_, name);
    }

private:
    static constexpr const char* lock_name = ".lock";

    scratch_folder(std::string path, detail::descriptor folder, detail::descriptor lock)
        : path_(std::move(path)), folder_(std::move(folder)), lock_(std::move(lock)) {}

    [[nodiscard]] static std::string place(const std::string& parent) {
        if (!parent.empty()) {
            return parent;
        }
        const char* given = std::getenv("TMPDIR");
        return given != nullptr && *given != '\0' ? given : "/tmp";
    }

    // The lock; `in_use` if another has it, `not_found` if the folder went meanwhile.
    [[nodiscard]] static result<detail::descriptor> held(const detail::descriptor& folder) {
        auto lock =
            detail::uninterrupted([&] { return posix_filesystem{}.try_lock(folder, lock_name); });
        struct stat mine{};
        struct stat there{};
        // A lock on a file that was removed since keeps nobody out.
        if (lock && (::fstat(lock->get(), &mine) != 0 ||
                     ::fstatat(folder.get(), lock_name, &there, AT_SYMLINK_NOFOLLOW) != 0 ||
                     mine.st_ino != there.st_ino)) {
            return fail({.code = errc::not_found, .where = lock_name});
        }
        return lock;
    }

    // The lock goes last: until then nobody else comes in.
    static void empty(const detail::descriptor& folder) {
        const int number = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const std::unique_ptr<DIR, int (*)(DIR*)> all{number < 0 ? nullptr : ::fdopendir(number),
                                                      ::closedir};
        if (all == nullptr) {
            detail::descriptor close{number};
            return;
        }
        std::vector<std::string> names;
        while (const struct dirent* entry = ::readdir(all.get())) {
            if (const std::string_view name = entry->d_name;
                name != "." && name != ".." && name != lock_name) {
                names.emplace_back(name);
            }
        }
        names.emplace_back(lock_name);
        for (const std::string& name : names) {
            static_cast<void>(::unlinkat(folder.get(), name.c_str(), 0));
        }
    }

    std::string path_;
    detail::descriptor folder_;
    detail::descriptor lock_;
};

} // namespace tintype::inline v0
