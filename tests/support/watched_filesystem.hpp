#pragma once

// A filesystem policy as a user would put one around the system's own: every call is counted and
// passed on, unless the test told it to fail, to be interrupted, or to take less than it was given.
// Copies share what they were told and what they counted.

#include <tintype/storage/posix.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

class watched_filesystem {
    using posix = tintype::posix_filesystem;

public:
    using folder = posix::folder;
    using file = posix::file;
    using mapping = posix::mapping;

    struct script {
        std::vector<std::string> calls;               // in order, without the arguments
        std::string failing;                          // the call that fails,
        int fail_with = EIO;                          // with this errno,
        std::uint64_t fail_after = 0;                 // after that many of it went well,
        std::uint64_t fail_times = ~std::uint64_t{0}; // that often
        std::size_t write_at_most = ~std::size_t{0};  // bytes that one write takes
        std::size_t read_at_most = ~std::size_t{0};
        std::uint64_t bytes_written = 0;
        std::mutex mutex; // for what calls change

        [[nodiscard]] std::size_t count(std::string_view call) const {
            return static_cast<std::size_t>(std::ranges::count(calls, call));
        }
    };

    // Fails from now on; what was counted before does not matter.
    void fail(std::string call, int with, std::uint64_t after = 0,
              std::uint64_t times = ~std::uint64_t{0}) const {
        script_->failing = std::move(call);
        script_->fail_with = with;
        script_->fail_after = after;
        script_->fail_times = times;
    }

    [[nodiscard]] script& told() const { return *script_; }

    [[nodiscard]] tintype::result<folder> open_folder(const std::string& path) const {
        return call("open_folder", [&] { return posix{}.open_folder(path); });
    }

    [[nodiscard]] tintype::result<void> make_folder(const std::string& path) const {
        return call("make_folder", [&] { return posix{}.make_folder(path); });
    }

    [[nodiscard]] tintype::result<file> create(const folder& in, const std::string& name) const {
        return call("create", [&] { return posix{}.create(in, name); });
    }

    [[nodiscard]] tintype::result<file> open(const folder& in, const std::string& name) const {
        return call("open", [&] { return posix{}.open(in, name); });
    }

    [[nodiscard]] tintype::result<void> reserve(file& of, std::uint64_t size) const {
        return call("reserve", [&] { return posix{}.reserve(of, size); });
    }

    [[nodiscard]] tintype::result<std::size_t>
    write(file& to, std::span<const tintype::byte_view> pieces) const {
        return call("write", [&] {
            auto room = script_->write_at_most;
            std::vector<tintype::byte_view> some;
            for (const tintype::byte_view piece : pieces) {
                some.push_back(piece.first(std::min(piece.size(), room)));
                room -= some.back().size();
            }
            auto taken = posix{}.write(to, some);
            const std::lock_guard hold{script_->mutex};
            script_->bytes_written += taken.value_or(0);
            return taken;
        });
    }

    [[nodiscard]] tintype::result<void> flush_behind(file& of, std::uint64_t begin,
                                                     std::uint64_t size) const {
        return call("flush_behind", [&] { return posix{}.flush_behind(of, begin, size); });
    }

    [[nodiscard]] tintype::result<void> sync(file& of) const {
        return call("sync", [&] { return posix{}.sync(of); });
    }

    [[nodiscard]] tintype::result<void> close(file& of) const {
        return call("close", [&] { return posix{}.close(of); });
    }

    [[nodiscard]] tintype::result<void> rename_new(const folder& in, const std::string& from,
                                                   const std::string& to) const {
        return call("rename_new", [&] { return posix{}.rename_new(in, from, to); });
    }

    [[nodiscard]] tintype::result<void> rename_over(const folder& in, const std::string& from,
                                                    const std::string& to) const {
        return call("rename_over", [&] { return posix{}.rename_over(in, from, to); });
    }

    [[nodiscard]] tintype::result<void> remove(const folder& in, const std::string& name) const {
        return call("remove", [&] { return posix{}.remove(in, name); });
    }

    [[nodiscard]] tintype::result<void> sync_folder(const folder& of) const {
        return call("sync_folder", [&] { return posix{}.sync_folder(of); });
    }

    [[nodiscard]] tintype::result<std::vector<tintype::object_info>>
    entries(const folder& in) const {
        return call("entries", [&] { return posix{}.entries(in); });
    }

    [[nodiscard]] tintype::result<std::vector<std::string>> names(const folder& in) const {
        return call("names", [&] { return posix{}.names(in); });
    }

    [[nodiscard]] tintype::result<std::uint64_t> size(const file& of) const {
        return call("size", [&] { return posix{}.size(of); });
    }

    [[nodiscard]] tintype::result<std::size_t> read(const file& from, std::uint64_t offset,
                                                    tintype::mutable_bytes to) const {
        return call("read", [&] {
            return posix{}.read(from, offset, to.first(std::min(to.size(), script_->read_at_most)));
        });
    }

    [[nodiscard]] tintype::result<mapping> map(const file& from, std::uint64_t size) const {
        return call("map", [&] { return posix{}.map(from, size); });
    }

    [[nodiscard]] tintype::result<void> lock(const folder& of) const {
        return call("lock", [&] { return posix{}.lock(of); });
    }

    [[nodiscard]] tintype::timestamp now() const { return posix{}.now(); }

private:
    template <class Call>
    [[nodiscard]] auto call(std::string_view name, Call go_on) const -> decltype(go_on()) {
        if (fails(name)) {
            return tintype::detail::system_failure("a call that fails", {}, script_->fail_with);
        }
        return go_on();
    }

    [[nodiscard]] bool fails(std::string_view name) const {
        const std::lock_guard hold{script_->mutex};
        script_->calls.emplace_back(name);
        if (name != script_->failing) {
            return false;
        }
        if (script_->fail_after != 0) {
            --script_->fail_after;
            return false;
        }
        return script_->fail_times != 0 && script_->fail_times-- != 0;
    }

    std::shared_ptr<script> script_ = std::make_shared<script>();
};

static_assert(tintype::filesystem_policy<watched_filesystem>);

} // namespace tests
