// Opening and replacing files by a person's path.

#include "files.hpp"

#include "piped.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

namespace tool {

namespace {

using tintype::errc;
using tintype::posix_filesystem;
using tintype::result;

// Where a path leads, through every link.
[[nodiscard]] result<std::string> resolved(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real{::realpath(path.c_str(), nullptr),
                                                      &std::free};
    if (real == nullptr) {
        return tintype::detail::system_failure("open", path);
    }
    return std::string{real.get()};
}

[[nodiscard]] std::unexpected<failure> refused(const std::string& path, std::string what) {
    return std::unexpected(failure{.how = status::wrong_call,
                                   .about = path,
                                   .what = std::move(what),
                                   .code = errc::unsupported});
}

[[nodiscard]] result<tintype::blob> copied(posix_filesystem::file& file, std::uint64_t size) {
    tintype::blob bytes(static_cast<std::size_t>(size));
    for (std::size_t at = 0; at != bytes.size();) {
        const auto got = tintype::detail::uninterrupted([&] {
            return posix_filesystem{}.read(file, at, tintype::mutable_bytes{bytes}.subspan(at));
        });
        if (!got) {
            return tintype::pass(got);
        }
        if (*got == 0) {
            return tintype::fail({.code = errc::truncated, .found = at, .wanted = size});
        }
        at += *got;
    }
    return bytes;
}

// The library's filesystem with the one target that a person named: `replace` gives the temporary
// that name, whatever it looks like, and the permissions of what it replaces. Missing folders are
// not made.
struct named_target : posix_filesystem {
    std::string target;
    std::optional<::mode_t> mode;

    [[nodiscard]] result<void> make_folder(const std::string& path) const {
        const auto there = open_folder(path);
        return there ? result<void>{} : tintype::pass(there);
    }

    [[nodiscard]] result<file> create(const folder& in, const std::string& name) const {
        auto made = posix_filesystem::create(in, name);
        if (made && mode && ::fchmod(made->get(), *mode) != 0) {
            return tintype::detail::system_failure("fchmod", name);
        }
        return made;
    }

    [[nodiscard]] result<void> rename_over(const folder& in, const std::string& from,
                                           const std::string&) const {
        return posix_filesystem::rename_over(in, from, target);
    }
};

class staged_output : public byte_output {
public:
    explicit staged_output(tintype::staged_file<named_target> staged)
        : staged_(std::move(staged)) {}

    [[nodiscard]] result<void> write(tintype::byte_view bytes) override {
        return staged_.write(bytes);
    }

    [[nodiscard]] result<void> commit() { return staged_.replace("target"); }

private:
    tintype::staged_file<named_target> staged_;
};

class object_output : public byte_output {
public:
    object_output(store_staged staged, std::string name)
        : staged_(std::move(staged)), name_(std::move(name)) {}

    [[nodiscard]] result<void> write(tintype::byte_view bytes) override {
        return staged_.write(bytes);
    }

    [[nodiscard]] result<void> commit() { return staged_.replace(name_); }

private:
    store_staged staged_;
    std::string name_;
};

class device_output : public byte_output {
public:
    explicit device_output(tintype::detail::descriptor device) : device_(std::move(device)) {}

    [[nodiscard]] result<void> write(tintype::byte_view bytes) override {
        while (!bytes.empty()) {
            const std::array pieces{bytes};
            const auto wrote = tintype::detail::uninterrupted(
                [&] { return posix_filesystem{}.write(device_, pieces); });
            if (!wrote) {
                return tintype::pass(wrote);
            }
            bytes = bytes.subspan(*wrote);
        }
        return {};
    }

    [[nodiscard]] result<void> commit() { return posix_filesystem{}.close(device_); }

private:
    tintype::detail::descriptor device_;
};

template <class Output>
[[nodiscard]] outcome<void> encoded(const std::string& path, Output output,
                                    const encode_into& encode) {
    auto done = encode(output);
    if (done) {
        done = output.commit();
    }
    if (!done) {
        return failed(path, done.error());
    }
    return {};
}

[[nodiscard]] outcome<void> into_device(const std::string& path, const encode_into& encode) {
    tintype::detail::descriptor device{::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
    if (device.get() < 0) {
        return failed(path, tintype::detail::system_failure("open", path).error());
    }
    return encoded(path, device_output{std::move(device)}, encode);
}

[[nodiscard]] outcome<input> open_object(const std::string& path) {
    const auto place = open_store(folder_of(path));
    if (!place) {
        return std::unexpected(place.error());
    }
    auto object = place->open(file_name_of(path));
    if (!object) {
        return failed(path, object.error());
    }
    return input{path, *std::move(object)};
}

[[nodiscard]] outcome<void> into_object(const std::string& path, std::uint64_t size,
                                        const encode_into& encode, const tintype::monitor& watch) {
    const auto place = open_store(folder_of(path));
    if (!place) {
        return std::unexpected(place.error());
    }
    const auto name = file_name_of(path);
    if (const auto good = tintype::good_name(name); !good) {
        return failed(path, good.error());
    }
    auto staged = place->stage({.size_hint = size, .watch = &watch});
    if (!staged) {
        return failed(path, staged.error());
    }
    return encoded(path, object_output{*std::move(staged), name}, encode);
}

} // namespace

std::string folder_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string file_name_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    return path.substr(slash == std::string::npos ? 0 : slash + 1);
}

result<void> measured_output::write(tintype::byte_view bytes) {
    count_ += bytes.size();
    same_ = same_ && bytes.size() <= expected_.size() &&
            std::ranges::equal(bytes, expected_.first(bytes.size()));
    expected_ = expected_.subspan(std::min(bytes.size(), expected_.size()));
    return to_.write(bytes);
}

outcome<input> open_input(const std::string& path) {
    if (names_bucket(path)) {
        return open_object(path);
    }
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
        if (S_ISDIR(found.st_mode)) {
            return refused(path, "is a folder: `ls` and `verify` take folders");
        }
        auto device = piped::open(path);
        return device ? std::move(*device).whole() : outcome<input>{pass(device)};
    }
    const auto real = resolved(path);
    if (!real) {
        return failed(path, real.error());
    }
    const posix_filesystem filesystem;
    // From an absolute path the folder makes no difference.
    auto file = tintype::detail::uninterrupted([&] { return filesystem.open({}, *real); });
    if (!file) {
        return failed(path, file.error());
    }
    const auto size = filesystem.size(*file);
    if (!size) {
        return failed(path, size.error());
    }
    constexpr std::uint64_t map_from = std::uint64_t{16} << 20U;
    if (*size < map_from) {
        auto bytes = copied(*file, *size);
        if (!bytes) {
            return failed(path, bytes.error());
        }
        return input{path,
                     store_object::of(tintype::stored_file<posix_filesystem>{*std::move(bytes)})};
    }
    auto mapping = filesystem.map(*file, *size);
    if (!mapping) {
        return failed(path, mapping.error());
    }
    return input{path,
                 store_object::of(tintype::stored_file<posix_filesystem>{*std::move(mapping)})};
}

outcome<tintype::blob> read_input(const std::string& path, const tintype::monitor& watch) {
    const auto file = open_input(path);
    if (!file) {
        return std::unexpected(file.error());
    }
    const auto from = file->bytes();
    tintype::blob bytes(from.size());
    constexpr std::size_t piece = std::size_t{4} << 20U;
    for (std::size_t done = 0; done != from.size();) {
        const auto size = std::min(piece, from.size() - done);
        std::memcpy(bytes.data() + done, from.data() + done, size);
        done += size;
        if (auto go_on = watch.report({.done = done, .total = from.size()}); !go_on) {
            return failed(path, go_on.error());
        }
    }
    return bytes;
}

outcome<void> write_output(const std::string& path, std::uint64_t size, const encode_into& encode,
                           const tintype::monitor& watch) {
    if (names_bucket(path)) {
        return into_object(path, size, encode, watch);
    }
    named_target target;
    std::string full = path;
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0) {
        if (S_ISDIR(found.st_mode)) {
            return failed(path, tintype::detail::system_failure("open", path, EISDIR).error());
        }
        if (!S_ISREG(found.st_mode)) {
            return into_device(path, encode);
        }
        const auto real = resolved(path);
        if (!real) {
            return failed(path, real.error());
        }
        full = *real;
        target.mode = found.st_mode & ::mode_t{07777};
    }
    target.target = file_name_of(full);
    if (target.target.empty()) {
        return failed(path, tintype::detail::system_failure("open", path, ENOENT).error());
    }
    const tintype::basic_directory<named_target> place{folder_of(full), target};
    auto staged = place.stage({.size_hint = size, .watch = &watch});
    if (!staged) {
        return failed(path, staged.error());
    }
    return encoded(path, staged_output{*std::move(staged)}, encode);
}

outcome<void> write_parts(const std::string& folder, const std::vector<part>& parts,
                          const tintype::monitor& watch) {
    const auto place = open_store(folder);
    if (!place) {
        return std::unexpected(place.error());
    }
    std::vector<store_staged> staged;
    const auto complaint = [&](const part& each, const tintype::error& what) {
        return failed(joined(folder, each.file), what);
    };
    for (const part& each : parts) {
        const auto bytes = each.content();
        auto file = place->stage({.size_hint = bytes.size(), .watch = &watch});
        if (!file) {
            return complaint(each, file.error());
        }
        if (auto done = file->write(bytes); !done) {
            return complaint(each, done.error());
        }
        staged.push_back(*std::move(file));
    }
    for (std::size_t i = 0; i != parts.size(); ++i) {
        if (auto done = staged[i].replace(parts[i].file); !done) {
            return complaint(parts[i], done.error());
        }
    }
    return {};
}

outcome<void> require_folder(const std::string& path) {
    if (auto folder = require_no_bucket(path); !folder) {
        return folder;
    }
    if (const auto folder = posix_filesystem{}.open_folder(path); !folder) {
        return failed(path, folder.error());
    }
    return {};
}

} // namespace tool
