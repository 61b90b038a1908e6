#pragma once

// Where an exporter's files come from: files, bytes, objects of a storage, or whatever models the
// concept.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/storage/posix_handles.hpp>
#include <tintype/stream/capture.hpp>
#include <tintype/stream/chunk.hpp>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <linux/fs.h>
#endif

namespace tintype::inline v0 {

// pin(into): called while the user's guard keeps everybody from writing: fixes the moment, and does
//     no more than that needs.
// collect(into): called once, after it, while others write again: does the rest.
// Either adds files; what it adds stays as it was at the moment of pin(). Called once each.
template <class S>
concept chunk_source = std::move_constructible<S> && requires(S& source, capture& into) {
    { source.pin(into) } -> std::same_as<result<void>>;
    { source.collect(into) } -> std::same_as<result<void>>;
};

namespace detail {

template <class S>
concept pins = requires(S& source, capture& into) {
    { source.pin(into) } -> std::same_as<result<void>>;
};

} // namespace detail

template <class S>
struct source_rules {
    static_assert(std::move_constructible<S>,
                  "tintype: a source of a stream is given by value and moved: it needs a move "
                  "constructor");
    static_assert(detail::pins<S>,
                  "tintype: a source of a stream needs `result<void> pin(capture&)`, which fixes "
                  "the moment");
    static_assert(!detail::pins<S> || chunk_source<S>,
                  "tintype: a source of a stream needs `result<void> collect(capture&)`, which "
                  "adds its files");
    static constexpr bool kept = chunk_source<S>;
};

namespace detail {

inline constexpr std::size_t copy_piece = std::size_t{4} << 20U; // bytes

[[nodiscard]] inline result<void> write_whole(const descriptor& to, std::uint64_t offset,
                                              byte_view bytes, std::string_view name) {
    while (!bytes.empty()) {
        const auto taken =
            ::pwrite(to.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (taken < 0 && errno == EINTR) {
            continue;
        }
        if (taken <= 0) {
            return system_failure("write", name, taken < 0 ? errno : EIO);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(taken));
        offset += static_cast<std::size_t>(taken);
    }
    return {};
}

// One piece by the kernel, which may share the blocks; how much. `unsupported` where it cannot.
[[nodiscard]] inline result<std::size_t> copy_in_kernel(const descriptor& from,
                                                        const descriptor& to, std::uint64_t offset,
                                                        std::size_t size, std::string_view name) {
#if defined(__linux__)
    auto in = static_cast<::off64_t>(offset);
    auto out = static_cast<::off64_t>(offset);
    for (;;) {
        const auto copied = ::copy_file_range(from.get(), &in, to.get(), &out, size, 0);
        if (copied > 0) {
            return static_cast<std::size_t>(copied);
        }
        // Some file systems, those of /proc for one, say that there is nothing where there is.
        if (copied == 0 || errno == EXDEV || errno == EINVAL || errno == ENOSYS ||
            errno == EOPNOTSUPP || errno == EPERM) {
            break;
        }
        if (errno != EINTR) {
            return system_failure("copy_file_range", name);
        }
    }
#else
    static_cast<void>(from);
    static_cast<void>(to);
    static_cast<void>(offset);
    static_cast<void>(size);
#endif
    return fail({.code = errc::unsupported, .where = name});
}

// `to` is new and empty. Blocks are shared where the file system can.
[[nodiscard]] inline result<void> copy_file(const descriptor& from, const descriptor& to,
                                            std::uint64_t size, std::string_view name,
                                            capture& into) {
#if defined(__linux__)
    if (::ioctl(to.get(), FICLONE, from.get()) == 0) {
        return into.go_on(size);
    }
#endif
    blob buffer;
    for (std::uint64_t done = 0; done != size;) {
        const auto piece =
            static_cast<std::size_t>(std::min<std::uint64_t>(size - done, copy_piece));
        auto copied = buffer.empty() ? copy_in_kernel(from, to, done, piece, name)
                                     : result<std::size_t>{fail({.code = errc::unsupported})};
        if (!copied && copied.error().code != errc::unsupported) {
            return pass(copied);
        }
        if (!copied) {
            buffer.resize(std::min<std::size_t>(piece, std::size_t{1} << 18U));
            const auto part = mutable_bytes{buffer};
            if (auto read = read_whole(from, done, part, name); !read) {
                return read;
            }
            if (auto wrote = write_whole(to, done, part, name); !wrote) {
                return wrote;
            }
            copied = part.size();
        }
        done += *copied;
        if (auto stay = into.go_on(*copied); !stay) {
            return stay;
        }
    }
    return {};
}

// A regular file by any path, symbolic links included: the path is the user's own.
[[nodiscard]] inline result<descriptor> open_regular(const std::string& path, int more = 0) {
    // Without O_NONBLOCK a pipe of that name would make us wait for its writer.
    descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | more)};
    struct stat status{};
    if (file.get() < 0) {
        return system_failure("open", path);
    }
    if (::fstat(file.get(), &status) != 0) {
        return system_failure("fstat", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail({.code = errc::unsupported, .where = path, .during = "not a regular file"});
    }
    return file;
}

// A copy of the file as it is now, open, and without a name that lasts. `in_use` if it was written
// to meanwhile.
[[nodiscard]] inline result<descriptor> copy_aside(const descriptor& from, const std::string& name,
                                                   capture& into) {
    const auto folder = into.scratch();
    if (!folder) {
        return pass(folder);
    }
    struct stat before{};
    struct stat after{};
    if (::fstat(from.get(), &before) != 0) {
        return system_failure("fstat", name);
    }
    auto copy = (*folder)->create(name);
    if (!copy) {
        return copy;
    }
    auto copied = copy_file(from, *copy, static_cast<std::uint64_t>(before.st_size), name, into);
    if (copied && ::fstat(from.get(), &after) != 0) {
        return system_failure("fstat", name);
    }
    const bool written =
        copied ? after.st_size != before.st_size || modified_at(after) != modified_at(before)
               : copied.error().code == errc::truncated;
    if (written) {
        return fail({.code = errc::in_use,
                     .where = name,
                     .found = 1,
                     .during = "the file was written to while it was copied"});
    }
    return copied ? std::move(copy) : result<descriptor>{pass(copied)};
}

[[nodiscard]] inline std::string last_component(std::string_view path) {
    return std::string{path.substr(path.find_last_of('/') + 1)};
}

} // namespace detail

// A file is copied while the guard is held, for it may be written to afterwards. One that is only
// ever replaced, never written in place, need not be: `immutable` keeps it open, at no cost.
// Neither is for a live SQLite database: opened and closed beside SQLite, it loses its locks.
enum class file_use : std::uint8_t { copied, immutable };

class file_source {
public:
    // The name in the stream is the path's last component unless another is given.
    explicit file_source(std::string path, file_kind kind = file_kind::unknown,
                         std::string name = {}, file_use use = file_use::copied)
        : path_(std::move(path)),
          name_(name.empty() ? detail::last_component(path_) : std::move(name)), kind_(kind),
          use_(use) {}

    [[nodiscard]] result<void> pin(capture& into) {
        if (auto good = good_name(name_); !good) {
            return good;
        }
        auto file = detail::open_regular(path_);
        if (file && use_ == file_use::copied) {
            file = detail::copy_aside(*file, name_, into);
        }
        return file ? into.add_file(name_, kind_, *std::move(file)) : result<void>{pass(file)};
    }

    [[nodiscard]] result<void> collect(capture&) { return {}; }

private:
    std::string path_;
    std::string name_;
    file_kind kind_;
    file_use use_;
};

namespace detail {

// The two kinds of bytes that have no bytes() of their own.
struct kept_bytes {
    std::shared_ptr<const blob> keep;
    byte_view view;

    [[nodiscard]] byte_view bytes() const noexcept { return view; }
};

} // namespace detail

// Bytes, with whatever keeps them.
template <byte_owner Owner = detail::kept_bytes>
class bytes_source {
public:
    bytes_source(std::string name, Owner owner, file_kind kind = file_kind::unknown)
        : name_(std::move(name)), owner_(std::move(owner)), kind_(kind) {}

    [[nodiscard]] result<void> pin(capture& into) {
        return into.add_bytes(name_, kind_, std::move(owner_));
    }

    [[nodiscard]] result<void> collect(capture&) { return {}; }

private:
    std::string name_;
    Owner owner_;
    file_kind kind_;
};

[[nodiscard]] inline bytes_source<> source_of(std::string name, std::shared_ptr<const blob> bytes,
                                              file_kind kind = file_kind::unknown) {
    const byte_view view = *bytes;
    return {std::move(name), detail::kept_bytes{std::move(bytes), view}, kind};
}

[[nodiscard]] inline bytes_source<> source_of(std::string name, blob bytes,
                                              file_kind kind = file_kind::unknown) {
    return source_of(std::move(name), std::make_shared<const blob>(std::move(bytes)), kind);
}

// The bytes must stay until the exporter is gone.
[[nodiscard]] inline bytes_source<> source_of_view(std::string name, byte_view bytes,
                                                   file_kind kind = file_kind::unknown) {
    return {std::move(name), detail::kept_bytes{{}, bytes}, kind};
}

// Objects of a storage under their own names, in the order given. They are opened while the guard
// is held and stay as they are, also when they are removed from the storage afterwards.
template <storage_policy Storage>
class object_source {
public:
    object_source(Storage storage, std::vector<std::string> names,
                  file_kind kind = file_kind::unknown, access how = access::map)
        : storage_(std::move(storage)), names_(std::move(names)), kind_(kind), how_(how) {}

    [[nodiscard]] result<void> pin(capture& into) {
        for (const std::string& name : names_) {
            auto object = storage_.open(name, how_);
            if (!object) {
                return pass(object);
            }
            if (auto added = into.add_bytes(name, kind_, *std::move(object)); !added) {
                return added;
            }
        }
        return {};
    }

    [[nodiscard]] result<void> collect(capture&) { return {}; }

private:
    Storage storage_;
    std::vector<std::string> names_;
    file_kind kind_;
    access how_;
};

// The names of the objects that a snapshot of a chain consists of, from the full one's manifest to
// its own data. `chains` is a chain manager, archive or reader.
template <class Chains>
[[nodiscard]] result<std::vector<std::string>>
object_names_of_chain(const Chains& chains, std::string_view id,
                      std::string_view info_suffix = ".meta") {
    const auto links = chains.chain(id);
    if (!links) {
        return pass(links);
    }
    std::vector<std::string> names;
    for (const auto& link : *links) {
        names.push_back(std::string{link.id}.append(info_suffix));
        names.push_back(link.data);
    }
    return names;
}

static_assert(chunk_source<file_source> && chunk_source<bytes_source<>>);

} // namespace tintype::inline v0
