#pragma once

// The seam under `directory`: the few calls that it makes of an operating system, so that a
// simulated one can be put there that loses power, runs out of space or fails at any of them. A
// policy makes one call each and reports what it said; retries and loops are the caller's.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/storage/concept.hpp>

#include <cerrno>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

// The library's code for an errno; `errc::io` where there is no better one.
[[nodiscard]] constexpr errc code_of(int system) noexcept {
    switch (system) {
    case ENOENT:
        return errc::not_found;
    case EEXIST:
        return errc::already_exists;
    case ENOSPC:
    case EDQUOT:
        return errc::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
        return errc::permission_denied;
    case ENOMEM:
        return errc::out_of_memory;
    case ELOOP:
    case ENAMETOOLONG:
        return errc::bad_name;
    default:
        return errc::io;
    }
}

// `folder` and `file` are handles that close themselves. A name is one component, checked before;
// none is ever followed through a symbolic link.
//
// open_folder(path)          a folder that exists
// make_folder(path)          with its parents, where they are missing; its name is durable when it
//                            returns, whoever made it
// create(folder, name)       a new file to write, `already_exists` if the name is taken
// open(folder, name)         a regular file to read; `unsupported` if it is anything else
// reserve(file, size)        disk space for that many bytes, without changing the file's size
// write(file, pieces)        appends, in order; how many bytes it took, perhaps fewer than given
// flush_behind(file, begin, size)   begins to write those bytes to the disk, promising nothing
// sync(file)                 the file's bytes and size are durable
// close(file)                and says if an earlier write failed after all
// rename_new(folder, from, to)      atomically, `already_exists` if the name is taken
// rename_over(folder, from, to)     atomically, in place of what had the name
// remove(folder, name)       a file
// sync_folder(folder)        the names in it are durable
// entries(folder), names(folder)    the regular files in it; names may be without their sizes
// size(file), read(file, offset, to), map(file, size)    `map` lends bytes until it is destroyed
// lock(folder)               waits until no other handle holds it; released with the folder's
// handle now()                      by the clock that stamps the files
template <class F>
concept filesystem_policy =
    std::copyable<F> && std::movable<typename F::folder> && std::movable<typename F::file> &&
    std::movable<typename F::mapping> &&
    requires(const F& fs, typename F::folder& folder, typename F::file& file,
             const typename F::mapping& mapping, const std::string& path, const std::string& name,
             std::uint64_t number, std::span<const byte_view> pieces, mutable_bytes memory) {
        { fs.open_folder(path) } -> std::same_as<result<typename F::folder>>;
        { fs.make_folder(path) } -> std::same_as<result<void>>;
        { fs.create(folder, name) } -> std::same_as<result<typename F::file>>;
        { fs.open(folder, name) } -> std::same_as<result<typename F::file>>;
        { fs.reserve(file, number) } -> std::same_as<result<void>>;
        { fs.write(file, pieces) } -> std::same_as<result<std::size_t>>;
        { fs.flush_behind(file, number, number) } -> std::same_as<result<void>>;
        { fs.sync(file) } -> std::same_as<result<void>>;
        { fs.close(file) } -> std::same_as<result<void>>;
        { fs.rename_new(folder, name, name) } -> std::same_as<result<void>>;
        { fs.rename_over(folder, name, name) } -> std::same_as<result<void>>;
        { fs.remove(folder, name) } -> std::same_as<result<void>>;
        { fs.sync_folder(folder) } -> std::same_as<result<void>>;
        { fs.entries(folder) } -> std::same_as<result<std::vector<object_info>>>;
        { fs.names(folder) } -> std::same_as<result<std::vector<std::string>>>;
        { fs.size(file) } -> std::same_as<result<std::uint64_t>>;
        { fs.read(file, number, memory) } -> std::same_as<result<std::size_t>>;
        { fs.map(file, number) } -> std::same_as<result<typename F::mapping>>;
        { mapping.bytes() } -> std::same_as<byte_view>;
        { fs.lock(folder) } -> std::same_as<result<void>>;
        { fs.now() } -> std::same_as<timestamp>;
    };

namespace detail {

template <class F>
concept has_handles = std::movable<typename F::folder> && std::movable<typename F::file> &&
                      std::movable<typename F::mapping>;

// Each call alone, so that the first that is missing can be named.
template <class F>
struct filesystem_calls {
    static constexpr bool open_folder_ = requires(const F& fs, const std::string& path) {
        { fs.open_folder(path) } -> std::same_as<result<typename F::folder>>;
    };
    static constexpr bool make_folder_ = requires(const F& fs, const std::string& path) {
        { fs.make_folder(path) } -> std::same_as<result<void>>;
    };
    static constexpr bool create_ =
        requires(const F& fs, typename F::folder& folder, const std::string& name) {
            { fs.create(folder, name) } -> std::same_as<result<typename F::file>>;
        };
    static constexpr bool open_ =
        requires(const F& fs, typename F::folder& folder, const std::string& name) {
            { fs.open(folder, name) } -> std::same_as<result<typename F::file>>;
        };
    static constexpr bool reserve_ =
        requires(const F& fs, typename F::file& file, std::uint64_t number) {
            { fs.reserve(file, number) } -> std::same_as<result<void>>;
        };
    static constexpr bool write_ =
        requires(const F& fs, typename F::file& file, std::span<const byte_view> pieces) {
            { fs.write(file, pieces) } -> std::same_as<result<std::size_t>>;
        };
    static constexpr bool flush_behind_ =
        requires(const F& fs, typename F::file& file, std::uint64_t number) {
            { fs.flush_behind(file, number, number) } -> std::same_as<result<void>>;
        };
    static constexpr bool sync_ = requires(const F& fs, typename F::file& file) {
        { fs.sync(file) } -> std::same_as<result<void>>;
    };
    static constexpr bool close_ = requires(const F& fs, typename F::file& file) {
        { fs.close(file) } -> std::same_as<result<void>>;
    };
    static constexpr bool rename_new_ =
        requires(const F& fs, typename F::folder& folder, const std::string& name) {
            { fs.rename_new(folder, name, name) } -> std::same_as<result<void>>;
        };
    static constexpr bool rename_over_ =
        requires(const F& fs, typename F::folder& folder, const std::string& name) {
            { fs.rename_over(folder, name, name) } -> std::same_as<result<void>>;
        };
    static constexpr bool remove_ =
        requires(const F& fs, typename F::folder& folder, const std::string& name) {
            { fs.remove(folder, name) } -> std::same_as<result<void>>;
        };
    static constexpr bool sync_folder_ = requires(const F& fs, typename F::folder& folder) {
        { fs.sync_folder(folder) } -> std::same_as<result<void>>;
    };
    static constexpr bool entries_ = requires(const F& fs, typename F::folder& folder) {
        { fs.entries(folder) } -> std::same_as<result<std::vector<object_info>>>;
    };
    static constexpr bool names_ = requires(const F& fs, typename F::folder& folder) {
        { fs.names(folder) } -> std::same_as<result<std::vector<std::string>>>;
    };
    static constexpr bool size_ = requires(const F& fs, typename F::file& file) {
        { fs.size(file) } -> std::same_as<result<std::uint64_t>>;
    };
    static constexpr bool read_ =
        requires(const F& fs, typename F::file& file, std::uint64_t number, mutable_bytes memory) {
            { fs.read(file, number, memory) } -> std::same_as<result<std::size_t>>;
        };
    static constexpr bool map_ =
        requires(const F& fs, typename F::file& file, std::uint64_t number) {
            { fs.map(file, number) } -> std::same_as<result<typename F::mapping>>;
        };
    static constexpr bool lock_ = requires(const F& fs, typename F::folder& folder) {
        { fs.lock(folder) } -> std::same_as<result<void>>;
    };
    static constexpr bool now_ = requires(const F& fs) {
        { fs.now() } -> std::same_as<timestamp>;
    };
};

} // namespace detail

template <class F>
struct filesystem_rules {
    using calls = detail::filesystem_calls<F>;

    static_assert(detail::has_handles<F>, "tintype: a filesystem needs the movable types "
                                          "`folder`, `file` and `mapping`");
    static_assert(
        calls::open_folder_,
        "tintype: a filesystem needs `result<folder> open_folder(const std::string& path) const`");
    static_assert(
        calls::make_folder_,
        "tintype: a filesystem needs `result<void> make_folder(const std::string& path) const`");
    static_assert(calls::create_, "tintype: a filesystem needs `result<file> create(folder&, const "
                                  "std::string& name) const`");
    static_assert(
        calls::open_,
        "tintype: a filesystem needs `result<file> open(folder&, const std::string& name) const`");
    static_assert(
        calls::reserve_,
        "tintype: a filesystem needs `result<void> reserve(file&, std::uint64_t size) const`");
    static_assert(calls::write_, "tintype: a filesystem needs `result<std::size_t> write(file&, "
                                 "std::span<const byte_view> pieces) const`");
    static_assert(calls::flush_behind_,
                  "tintype: a filesystem needs `result<void> flush_behind(file&, std::uint64_t "
                  "begin, std::uint64_t size) const`");
    static_assert(calls::sync_, "tintype: a filesystem needs `result<void> sync(file&) const`");
    static_assert(calls::close_, "tintype: a filesystem needs `result<void> close(file&) const`");
    static_assert(calls::rename_new_,
                  "tintype: a filesystem needs `result<void> rename_new(folder&, const "
                  "std::string& from, const std::string& to) const`");
    static_assert(calls::rename_over_,
                  "tintype: a filesystem needs `result<void> rename_over(folder&, const "
                  "std::string& from, const std::string& to) const`");
    static_assert(calls::remove_, "tintype: a filesystem needs `result<void> remove(folder&, const "
                                  "std::string& name) const`");
    static_assert(calls::sync_folder_,
                  "tintype: a filesystem needs `result<void> sync_folder(folder&) const`");
    static_assert(
        calls::entries_,
        "tintype: a filesystem needs `result<std::vector<object_info>> entries(folder&) const`");
    static_assert(
        calls::names_,
        "tintype: a filesystem needs `result<std::vector<std::string>> names(folder&) const`");
    static_assert(calls::size_,
                  "tintype: a filesystem needs `result<std::uint64_t> size(file&) const`");
    static_assert(calls::read_, "tintype: a filesystem needs `result<std::size_t> read(file&, "
                                "std::uint64_t offset, mutable_bytes to) const`");
    static_assert(
        calls::map_,
        "tintype: a filesystem needs `result<mapping> map(file&, std::uint64_t size) const`");
    static_assert(calls::lock_, "tintype: a filesystem needs `result<void> lock(folder&) const`");
    static_assert(calls::now_, "tintype: a filesystem needs `timestamp now() const`");
    static_assert(!calls::map_ || filesystem_policy<F>,
                  "tintype: a filesystem is copyable, and its mapping has `byte_view bytes() "
                  "const`");
    static constexpr bool kept = filesystem_policy<F>;
};

// What logs need beside that: files that are written to after they got their name.
//
// open_to_append(folder, name)      a regular file that exists, to write at its end: `not_found`
//                                   if it does not, `unsupported` if it is anything else
// truncate(file, size)              cuts off what is behind that many bytes
// try_lock(folder, name)            a handle of the file of that name, which is made if need be,
//                                   that no other handle of any process holds until this one is
//                                   destroyed; `in_use` at once if one does
template <class F>
concept appending_filesystem =
    filesystem_policy<F> &&
    requires(const F& fs, typename F::folder& folder, typename F::file& file,
             const std::string& name, std::uint64_t size) {
        { fs.open_to_append(folder, name) } -> std::same_as<result<typename F::file>>;
        { fs.truncate(file, size) } -> std::same_as<result<void>>;
        { fs.try_lock(folder, name) } -> std::same_as<result<typename F::file>>;
    };

// What sets of files need that change hands together: a place of their own beneath the folder,
// writing anywhere in a file, and second names.
//
// make_folder_in(folder, name)      directly beneath, for its owner alone; one that is there is
//                                   fine. sync_folder(folder) makes its name durable
// open_folder_in(folder, name)      one that exists directly beneath: `unsupported` if the name is
//                                   anything else, a symbolic link to a folder among it
// open_to_write(folder, name)       a regular file that exists, to read and to write at any place:
//                                   `not_found` if it does not, `unsupported` if it is anything
//                                   else
// write_at(file, offset, bytes)     how many of the bytes it took, perhaps fewer than given
// link_new(from, name, to, other)   one more name, in the folder `to`, for the file that has `name`
//                                   in `from`; `already_exists` if it is taken
// copy_mode(folder, name, file)     gives an open file the permissions of the regular file of that
//                                   name, and its owner and group where that is allowed; its own
//                                   owner may read it in any case. Where a symbolic link has the
//                                   name it is its owner's alone. Whether that changed anything:
//                                   where there is neither, nothing
template <class F>
concept linking_filesystem =
    appending_filesystem<F> &&
    requires(const F& fs, typename F::folder& folder, typename F::file& file,
             const std::string& name, std::uint64_t offset, byte_view bytes) {
        { fs.make_folder_in(folder, name) } -> std::same_as<result<void>>;
        { fs.open_folder_in(folder, name) } -> std::same_as<result<typename F::folder>>;
        { fs.open_to_write(folder, name) } -> std::same_as<result<typename F::file>>;
        { fs.write_at(file, offset, bytes) } -> std::same_as<result<std::size_t>>;
        { fs.link_new(folder, name, folder, name) } -> std::same_as<result<void>>;
        { fs.copy_mode(folder, name, file) } -> std::same_as<result<bool>>;
    };

} // namespace tintype::inline v0
