#pragma once

// A file without a disk, for a library that reads and writes files only.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace notes {

class memory_file {
public:
    [[nodiscard]] static tintype::result<memory_file> make() {
        memory_file made{memfd_create("index", MFD_CLOEXEC)};
        if (made.file_ < 0) {
            return failed("memfd_create");
        }
        return made;
    }

    [[nodiscard]] static tintype::result<memory_file> holding(tintype::byte_view bytes) {
        auto made = make();
        for (std::size_t done = 0; made && done != bytes.size();) {
            const ssize_t written = write(made->file_, bytes.data() + done, bytes.size() - done);
            if (written < 0 && errno != EINTR) {
                return failed("write");
            }
            done += written > 0 ? static_cast<std::size_t>(written) : 0;
        }
        return made;
    }

    memory_file(memory_file&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

    ~memory_file() {
        if (file_ >= 0) {
            close(file_);
        }
    }

    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

    [[nodiscard]] tintype::result<tintype::blob> bytes() const {
        struct stat about{};
        if (fstat(file_, &about) != 0) {
            return failed("fstat");
        }
        tintype::blob all(static_cast<std::size_t>(about.st_size));
        for (std::size_t done = 0; done != all.size();) {
            const ssize_t got =
                pread(file_, all.data() + done, all.size() - done, static_cast<off_t>(done));
            if (got == 0 || (got < 0 && errno != EINTR)) {
                return failed("pread");
            }
            done += got > 0 ? static_cast<std::size_t>(got) : 0;
        }
        return all;
    }

private:
    explicit memory_file(int file) noexcept : file_(file) {}

    [[nodiscard]] static std::unexpected<tintype::error> failed(std::string_view call) {
        return tintype::fail({.code = tintype::errc::io, .system = errno, .during = call});
    }

    int file_;
};

} // namespace notes
