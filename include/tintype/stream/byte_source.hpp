#pragma once

// Where a stream's bytes come from: as many as there are now, until there are none any more. Here
// are those in memory and those of a file descriptor, and the way out into a descriptor; the way
// out into memory is `blob_sink`.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/storage/filesystem.hpp>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace tintype::inline v0 {

// read(to): how many bytes of `to`, which is not empty, it has filled; 0 at the end, and from then
// on. Fewer than there is room for say nothing. After an error it may be asked again.
template <class S>
concept byte_source = requires(S from, mutable_bytes to) {
    { from.read(to) } -> std::same_as<result<std::size_t>>;
};

template <class S>
struct byte_source_rules {
    static_assert(byte_source<S>,
                  "tintype: what chunks are read from needs `result<std::size_t> "
                  "read(mutable_bytes to)`: how many bytes it filled, 0 at the end");
    static constexpr bool kept = byte_source<S>;
};

// The caller's memory, which must outlive it.
class memory_source {
public:
    explicit constexpr memory_source(byte_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] constexpr result<std::size_t> read(mutable_bytes to) noexcept {
        const std::size_t size = std::min(to.size(), rest_.size());
        copy_bytes(rest_.first(size), to.data());
        rest_ = rest_.subspan(size);
        return size;
    }

private:
    byte_view rest_;
};

namespace detail {

// `timed_out` where a socket's own timeout has passed, or where nothing is there now and the
// descriptor does not wait: the call may be made again.
[[nodiscard]] inline std::unexpected<error> descriptor_failure(std::string_view during,
                                                               std::size_t done, std::size_t all,
                                                               int system) noexcept {
    const bool later = system == EAGAIN || system == EWOULDBLOCK;
    return fail({.code = later ? errc::timed_out : code_of(system),
                 .found = done,
                 .wanted = all,
                 .system = system,
                 .during = during});
}

// All of the bytes, by as many calls of put(bytes) as it takes, each at most 2^30 of them. A call
// that takes none and says that it is well would do so for ever: `io`.
template <class Put>
[[nodiscard]] result<void> put_all(byte_view bytes, Put put) noexcept {
    // Some systems refuse more in one call.
    constexpr std::size_t most_at_once = std::size_t{1} << 30U;
    for (std::size_t done = 0; done != bytes.size();) {
        const auto rest = bytes.subspan(done);
        const ssize_t taken = put(rest.first(std::min(rest.size(), most_at_once)));
        if (taken > 0) {
            done += static_cast<std::size_t>(taken);
        } else if (taken == 0) {
            return fail(
                {.code = errc::io, .found = done, .wanted = bytes.size(), .during = "write"});
        } else if (errno != EINTR) {
            return descriptor_failure("write", done, bytes.size(), errno);
        }
    }
    return {};
}

} // namespace detail

// A file, pipe or socket of the caller's, who closes it.
class descriptor_source {
public:
    explicit descriptor_source(int descriptor) noexcept : descriptor_(descriptor) {}

    [[nodiscard]] result<std::size_t> read(mutable_bytes to) const noexcept {
        for (;;) {
            const auto got = ::read(descriptor_, to.data(), std::min(to.size(), most_at_once));
            if (got >= 0) {
                return static_cast<std::size_t>(got);
            }
            if (errno != EINTR) {
                return detail::descriptor_failure("read", 0, to.size(), errno);
            }
        }
    }

private:
    // Some systems refuse more in one call.
    static constexpr std::size_t most_at_once = std::size_t{1} << 30U;

    int descriptor_;
};

// The same for writing: all of the bytes, in as many calls as it takes. After an error nobody knows
// how many of them the other side will see: `found` have left. Where the other side has gone, the
// error is EPIPE. A socket is asked not to send SIGPIPE; for a pipe the program itself must ignore
// that signal (`signal(SIGPIPE, SIG_IGN)`), or it ends there.
class descriptor_sink {
public:
    explicit descriptor_sink(int descriptor) noexcept : descriptor_(descriptor) {}

    [[nodiscard]] result<void> write(byte_view bytes) noexcept {
        return detail::put_all(bytes, [this](byte_view some) { return write_some(some); });
    }

private:
    [[nodiscard]] ssize_t write_some(byte_view bytes) noexcept {
#ifdef MSG_NOSIGNAL
        if (socket_) {
            const auto put = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (put >= 0 || errno != ENOTSOCK) {
                return put;
            }
            socket_ = false;
        }
#endif
        return ::write(descriptor_, bytes.data(), bytes.size());
    }

    int descriptor_;
    bool socket_ = true; // until it turned out to be none
};

static_assert(byte_source<memory_source> && byte_source<descriptor_source>);

} // namespace tintype::inline v0
