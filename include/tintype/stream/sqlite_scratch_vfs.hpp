#pragma once

// How SQLite writes a copy that nobody else reads and that no crash has to leave whole: through the
// default VFS, but a page that is written behind the one before it waits until there are 64 KiB of
// them. Whatever else is done with the file, but for hints, writes first what waits. What could not
// be written is the error of that call and of every later one; only closing cannot tell, so ask for
// the size before. Link sqlite3.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/stream/sqlite.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <type_traits>

namespace tintype::inline v0::detail {

// A file's writes, in order, the latest of them not yet written.
class gathered_writes {
public:
    // SQLite's own way to write takes less than 128 KiB at once.
    static constexpr std::size_t most = std::size_t{64} << 10U;

    // Writes that are not adjacent, and what is too much together, go one after the other.
    [[nodiscard]] int write(sqlite3_file* to, byte_view bytes, sqlite3_int64 offset) noexcept {
        const bool adjacent = offset == offset_ + static_cast<sqlite3_int64>(size_);
        if (!adjacent || bytes.size() > most - size_) {
            if (const int status = flush(to); status != SQLITE_OK) {
                return status;
            }
        }
        if (status_ != SQLITE_OK) {
            return status_;
        }
        if (bytes.size() > most) {
            return status_ = to->pMethods->xWrite(to, bytes.data(), static_cast<int>(bytes.size()),
                                                  offset);
        }
        if (size_ == 0) {
            offset_ = offset;
        }
        copy_bytes(bytes, bytes_.data() + size_);
        size_ += bytes.size();
        return SQLITE_OK;
    }

    [[nodiscard]] int flush(sqlite3_file* to) noexcept {
        if (status_ == SQLITE_OK && size_ != 0) {
            status_ = to->pMethods->xWrite(to, bytes_.data(), static_cast<int>(size_), offset_);
        }
        size_ = 0;
        return status_;
    }

private:
    std::array<std::byte, most> bytes_;
    std::size_t size_ = 0;
    sqlite3_int64 offset_ = 0;
    int status_ = SQLITE_OK; // the first failure stays
};

// Known to SQLite, by a name that no other has, for as long as this lives, which must be longer
// than the connections that use it.
class sqlite_scratch_vfs {
public:
    sqlite_scratch_vfs() noexcept : base_(sqlite3_vfs_find(nullptr)) {
        if (base_ == nullptr) {
            return;
        }
        name_ += std::to_string(reinterpret_cast<std::uintptr_t>(this));
        // The first version of each interface: a copy needs neither a log nor memory maps.
        own_.iVersion = 1;
        own_.szOsFile = static_cast<int>(sizeof(file)) + base_->szOsFile;
        own_.mxPathname = base_->mxPathname;
        own_.zName = name_.c_str();
        own_.pAppData = base_;
        own_.xOpen = open_file;
        own_.xDelete = [](sqlite3_vfs* of, const char* path, int sync) {
            return base(of)->xDelete(base(of), path, sync);
        };
        own_.xAccess = [](sqlite3_vfs* of, const char* path, int flags, int* answer) {
            return base(of)->xAccess(base(of), path, flags, answer);
        };
        own_.xFullPathname = [](sqlite3_vfs* of, const char* path, int size, char* to) {
            return base(of)->xFullPathname(base(of), path, size, to);
        };
        own_.xDlOpen = [](sqlite3_vfs* of, const char* path) {
            return base(of)->xDlOpen(base(of), path);
        };
        own_.xDlError = [](sqlite3_vfs* of, int size, char* to) {
            base(of)->xDlError(base(of), size, to);
        };
        own_.xDlSym = [](sqlite3_vfs* of, void* library, const char* name) {
            return base(of)->xDlSym(base(of), library, name);
        };
        own_.xDlClose = [](sqlite3_vfs* of, void* library) {
            base(of)->xDlClose(base(of), library);
        };
        own_.xRandomness = [](sqlite3_vfs* of, int size, char* to) {
            return base(of)->xRandomness(base(of), size, to);
        };
        own_.xSleep = [](sqlite3_vfs* of, int time) { return base(of)->xSleep(base(of), time); };
        own_.xCurrentTime = [](sqlite3_vfs* of, double* to) {
            return base(of)->xCurrentTime(base(of), to);
        };
        own_.xGetLastError = [](sqlite3_vfs* of, int size, char* to) {
            return base(of)->xGetLastError(base(of), size, to);
        };
        registered_ = sqlite3_vfs_register(&own_, 0) == SQLITE_OK;
    }

    sqlite_scratch_vfs(const sqlite_scratch_vfs&) = delete;
    sqlite_scratch_vfs& operator=(const sqlite_scratch_vfs&) = delete;

    ~sqlite_scratch_vfs() {
        if (registered_) {
            sqlite3_vfs_unregister(&own_);
        }
    }

    // For sqlite3_open_v2; null, which is the default VFS, where this one could not be registered.
    [[nodiscard]] const char* name() const noexcept {
        return registered_ ? name_.c_str() : nullptr;
    }

private:
    // Behind it in SQLite's memory lies the default VFS's own.
    struct file : sqlite3_file {
        gathered_writes* writes;
    };

    static_assert(std::is_trivially_destructible_v<file> &&
                  sizeof(file) % alignof(std::uint64_t) == 0);

    [[nodiscard]] static sqlite3_vfs* base(sqlite3_vfs* of) noexcept {
        return static_cast<sqlite3_vfs*>(of->pAppData);
    }

    [[nodiscard]] static sqlite3_file* behind(sqlite3_file* of) noexcept {
        return reinterpret_cast<sqlite3_file*>(static_cast<file*>(of) + 1);
    }

    [[nodiscard]] static gathered_writes* writes(sqlite3_file* of) noexcept {
        return static_cast<file*>(of)->writes;
    }

    [[nodiscard]] static int flush(sqlite3_file* of) noexcept {
        return writes(of)->flush(behind(of));
    }

    // What is no database, and where memory is short, is the default VFS's alone.
    static int open_file(sqlite3_vfs* of, const char* path, sqlite3_file* raw, int flags,
                         int* opened) noexcept {
        std::unique_ptr<gathered_writes> writes;
        if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
            writes.reset(new (std::nothrow) gathered_writes);
        }
        if (writes == nullptr) {
            return base(of)->xOpen(base(of), path, raw, flags, opened);
        }
        auto* const made = ::new (raw) file{};
        sqlite3_file* const inner = behind(made);
        inner->pMethods = nullptr;
        const int status = base(of)->xOpen(base(of), path, inner, flags, opened);
        if (status != SQLITE_OK) {
            if (inner->pMethods != nullptr) {
                inner->pMethods->xClose(inner);
            }
            return status;
        }
        made->writes = writes.release();
        made->pMethods = &methods;
        return SQLITE_OK;
    }

    static int close(sqlite3_file* of) noexcept {
        const int flushed = flush(of);
        const int closed = behind(of)->pMethods->xClose(behind(of));
        delete writes(of);
        of->pMethods = nullptr;
        return flushed != SQLITE_OK ? flushed : closed;
    }

    static int read(sqlite3_file* of, void* to, int size, sqlite3_int64 offset) noexcept {
        const int status = flush(of);
        return status != SQLITE_OK ? status
                                   : behind(of)->pMethods->xRead(behind(of), to, size, offset);
    }

    static int write(sqlite3_file* of, const void* from, int size, sqlite3_int64 offset) noexcept {
        return writes(of)->write(
            behind(of), {static_cast<const std::byte*>(from), static_cast<std::size_t>(size)},
            offset);
    }

    static int truncate(sqlite3_file* of, sqlite3_int64 size) noexcept {
        const int status = flush(of);
        return status != SQLITE_OK ? status : behind(of)->pMethods->xTruncate(behind(of), size);
    }

    static int sync(sqlite3_file* of, int flags) noexcept {
        const int status = flush(of);
        return status != SQLITE_OK ? status : behind(of)->pMethods->xSync(behind(of), flags);
    }

    static int size(sqlite3_file* of, sqlite3_int64* to) noexcept {
        const int status = flush(of);
        return status != SQLITE_OK ? status : behind(of)->pMethods->xFileSize(behind(of), to);
    }

    // SQLite hints at the size before every write. When all pages of a commit are written it says
    // SQLITE_FCNTL_SYNC, also where it does not call xSync, and takes an error for the commit's.
    static int control(sqlite3_file* of, int what, void* with) noexcept {
        const int status = what == SQLITE_FCNTL_SIZE_HINT ? SQLITE_OK : flush(of);
        return status != SQLITE_OK ? status
                                   : behind(of)->pMethods->xFileControl(behind(of), what, with);
    }

    static int lock(sqlite3_file* of, int level) noexcept {
        return behind(of)->pMethods->xLock(behind(of), level);
    }

    static int unlock(sqlite3_file* of, int level) noexcept {
        const int flushed = flush(of);
        const int status = behind(of)->pMethods->xUnlock(behind(of), level);
        return flushed != SQLITE_OK ? flushed : status;
    }

    static int is_reserved(sqlite3_file* of, int* answer) noexcept {
        return behind(of)->pMethods->xCheckReservedLock(behind(of), answer);
    }

    static int sector_size(sqlite3_file* of) noexcept {
        return behind(of)->pMethods->xSectorSize(behind(of));
    }

    static int characteristics(sqlite3_file* of) noexcept {
        return behind(of)->pMethods->xDeviceCharacteristics(behind(of));
    }

    static const sqlite3_io_methods methods;

    sqlite3_vfs* base_;
    std::string name_ = "tintype-scratch-";
    sqlite3_vfs own_{};
    bool registered_ = false;
};

inline const sqlite3_io_methods sqlite_scratch_vfs::methods{
    .iVersion = 1,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// What is in a database's file, of so many pages as SQLite copied into it, with every write behind
// it and none of them lost.
[[nodiscard]] inline result<void> check_copied(sqlite3* of, std::uint64_t pages) {
    sqlite3_file* file = nullptr;
    int status =
        sqlite3_file_control(of, "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
    sqlite3_int64 size = 0;
    if (status == SQLITE_OK) {
        status = file->pMethods->xFileSize(file, &size);
    }
    // Where the file format has the size of a page: big-endian, 65536 as 1.
    std::array<unsigned char, 2> header{};
    if (status == SQLITE_OK) {
        status = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 16);
    }
    if (status != SQLITE_OK && status != SQLITE_IOERR_SHORT_READ) {
        return sqlite_failure(nullptr, status, "writing the copy");
    }
    const std::uint64_t stored = header[0] * 256U + header[1];
    const std::uint64_t page_size = stored == 1 ? 65536 : stored;
    // A database of nothing is copied as one page.
    const std::uint64_t wanted = (pages == 0 ? 1 : pages) * page_size;
    if (wanted == 0 || static_cast<std::uint64_t>(size) != wanted) {
        return fail({.code = errc::truncated,
                     .where = "the copy of a database",
                     .found = static_cast<std::uint64_t>(size),
                     .wanted = wanted,
                     .during = "writing the copy"});
    }
    return {};
}

} // namespace tintype::inline v0::detail
