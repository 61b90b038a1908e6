// Reading descriptors to their ends.

#include "piped.hpp"

#include <tintype/storage/posix.hpp>
#include <tintype/storage/staged_file.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace tool {

using tintype::errc;
using tintype::result;
using tintype::detail::descriptor;

outcome<piped> piped::open(const std::string& path) {
    // To open a named pipe a second time may mean to wait for a second writer.
    descriptor file{path == "/dev/stdin" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (file.get() < 0) {
        return failed(path, tintype::detail::system_failure("open", path).error());
    }
    return piped{path, std::move(file)};
}

outcome<piped> piped::standard_input() {
    const std::string name = "standard input";
    if (::isatty(STDIN_FILENO) == 1) {
        return wrong_call("standard input is a terminal: `-` reads what another program writes");
    }
    descriptor file{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)};
    if (file.get() < 0) {
        return failed(name, tintype::detail::system_failure("dup", name).error());
    }
    return piped{name, std::move(file)};
}

result<std::size_t> piped::take(tintype::mutable_bytes to) {
    const auto got = ::read(file_.get(), to.data(), to.size());
    if (got < 0) {
        return errno == EINTR ? tintype::fail({.code = errc::cancelled, .found = seen_.size()})
                              : tintype::detail::system_failure("read", name_);
    }
    return static_cast<std::size_t>(got);
}

result<void> piped::fill(std::size_t size) {
    constexpr std::size_t piece = std::size_t{1} << 20U;
    while (seen_.size() < size) {
        const std::size_t used = seen_.size();
        seen_.resize(std::min(size, used + piece));
        const auto got = take(tintype::mutable_bytes{seen_}.subspan(used));
        seen_.resize(used + got.value_or(0));
        if (!got) {
            return tintype::pass(got);
        }
        if (*got == 0) {
            break;
        }
    }
    return {};
}

result<tintype::byte_view> piped::first(std::size_t size) {
    if (auto done = fill(size); !done) {
        return tintype::pass(done);
    }
    return tintype::byte_view{seen_}.first(std::min(size, seen_.size()));
}

result<std::size_t> piped::read(tintype::mutable_bytes to) {
    if (given_ == seen_.size()) {
        seen_ = {};
        given_ = 0;
        return take(to);
    }
    const auto rest = tintype::byte_view{seen_}.subspan(given_);
    const auto size = std::min(rest.size(), to.size());
    tintype::copy_bytes(rest.first(size), to.data());
    given_ += size;
    return size;
}

outcome<input> piped::whole() && {
    // Unlike a file it may never end.
    constexpr std::size_t most = std::size_t{1} << 30U;
    if (auto done = fill(most + 1); !done) {
        return failed(name_, done.error());
    }
    if (seen_.size() > most) {
        return failed(
            name_,
            {.code = errc::limit_exceeded, .where = name_, .found = seen_.size(), .wanted = most});
    }
    return input{std::move(name_), store_object::of(tintype::stored_file<tintype::posix_filesystem>{
                                       std::move(seen_)})};
}

} // namespace tool
