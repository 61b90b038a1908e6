#pragma once

// A filesystem in memory that knows what a power cut would leave of it: how much of each file is on
// the disk, and which changes of each folder were made since that folder was last synced. Copies of
// the policy share one disk, from as many threads as there are.

#include <tintype/storage/filesystem.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tests {

struct simulated_options {
    std::size_t sector = 16;                   // what the disk writes whole or not at all
    std::size_t write_limit = ~std::size_t{0}; // the most that one write takes
    std::size_t failing_syncs = 0;             // so many syncs of files fail from now on
    std::size_t failing_parent_syncs = 0;      // so many folders are made without a durable name
    bool links = true;                         // whether a file may have several names
};

struct simulated_folder;

// What a sync made durable and nothing took back or overwrote since is a prefix.
struct simulated_inode {
    tintype::blob bytes{};
    std::size_t durable = 0;
    // What it held before each cut, and each write into its middle, since the last sync.
    std::vector<tintype::blob> longer{};
    std::shared_ptr<simulated_folder> folder{}; // of one that is no file
    // A sync failed: the system took the pages for clean, and later syncs find nothing to do.
    bool lost = false;
    tintype::timestamp modified{};
    unsigned mode = 0644;
};

using simulated_inode_ref = std::shared_ptr<simulated_inode>;
using simulated_names = std::map<std::string, simulated_inode_ref>;

struct simulated_folder {
    // What one operation does to one name; without an inode the name goes.
    struct edit {
        std::string name;
        simulated_inode_ref inode;
    };

    simulated_names visible{};
    simulated_names durable{};
    std::vector<std::vector<edit>> pending{}; // one element an operation
    bool has_durable_name = false;            // in the folder above
    bool locked = false;
    std::set<std::string> held{}; // files that somebody locked

    void change(std::vector<edit> operation) {
        for (const edit& each : operation) {
            apply(visible, each);
        }
        pending.push_back(std::move(operation));
    }

    static void apply(simulated_names& names, const edit& what) {
        if (what.inode) {
            names.insert_or_assign(what.name, what.inode);
        } else {
            names.erase(what.name);
        }
    }
};

struct simulated_disk {
    std::mutex mutex{};
    std::condition_variable unlocked{};
    simulated_options options{};
    std::map<std::string, std::shared_ptr<simulated_folder>> folders{};
    std::chrono::nanoseconds time{std::chrono::hours{24 * 365 * 30}};
    std::uint64_t revision = 0; // grows with every change, durable or not
};

class simulated_filesystem {
public:
    class folder {
    public:
        folder() = default;

        folder(std::shared_ptr<simulated_disk> disk, std::shared_ptr<simulated_folder> state)
            : disk_(std::move(disk)), state_(std::move(state)) {}

        folder(folder&& other) noexcept
            : disk_(std::move(other.disk_)), state_(std::move(other.state_)),
              holds_(std::exchange(other.holds_, false)) {}

        folder& operator=(folder&& other) noexcept {
            std::swap(disk_, other.disk_);
            std::swap(state_, other.state_);
            std::swap(holds_, other.holds_);
            return *this;
        }

        ~folder() {
            if (holds_) {
                const std::scoped_lock guard{disk_->mutex};
                state_->locked = false;
                disk_->unlocked.notify_all();
            }
        }

    private:
        friend simulated_filesystem;
        std::shared_ptr<simulated_disk> disk_;
        std::shared_ptr<simulated_folder> state_;
        bool holds_ = false;
    };

    class file {
    private:
        friend simulated_filesystem;
        simulated_inode_ref inode_; // null once closed
        bool writable_ = false;
        std::shared_ptr<void> lock_{};
    };

    // A copy, so that it stays as it is whatever happens to the file.
    class mapping {
    public:
        mapping() = default;

        explicit mapping(tintype::blob bytes) : bytes_(std::move(bytes)) {}

        [[nodiscard]] tintype::byte_view bytes() const noexcept { return bytes_; }

    private:
        tintype::blob bytes_;
    };

    explicit simulated_filesystem(simulated_options options = {})
        : disk_(std::make_shared<simulated_disk>()) {
        disk_->options = options;
    }

    [[nodiscard]] simulated_disk& disk() const noexcept { return *disk_; }

    [[nodiscard]] tintype::result<folder> open_folder(const std::string& path) const {
        const std::scoped_lock guard{disk_->mutex};
        const auto at = disk_->folders.find(path);
        if (at == disk_->folders.end()) {
            return failure(ENOENT, "open", path);
        }
        return folder{disk_, at->second};
    }

    [[nodiscard]] tintype::result<void> make_folder(const std::string& path) const {
        const auto guard = changing();
        auto& state = disk_->folders[path];
        if (!state) {
            state = std::make_shared<simulated_folder>();
        }
        if (disk_->options.failing_parent_syncs != 0) {
            --disk_->options.failing_parent_syncs;
            return failure(EIO, "fsync", path);
        }
        state->has_durable_name = true;
        return {};
    }

    [[nodiscard]] tintype::result<file> create(const folder& in, const std::string& name) const {
        const auto guard = changing();
        if (in.state_->visible.contains(name)) {
            return failure(EEXIST, "open", name);
        }
        file made;
        made.inode_ = std::make_shared<simulated_inode>();
        made.inode_->modified = tick();
        made.writable_ = true;
        in.state_->change({{name, made.inode_}});
        return made;
    }

    [[nodiscard]] tintype::result<file> open(const folder& in, const std::string& name) const {
        const std::scoped_lock guard{disk_->mutex};
        const auto at = in.state_->visible.find(name);
        if (at == in.state_->visible.end()) {
            return failure(ENOENT, "open", name);
        }
        if (at->second->folder) {
            return tintype::fail({.code = tintype::errc::unsupported, .where = name});
        }
        file opened;
        opened.inode_ = at->second;
        return opened;
    }

    [[nodiscard]] tintype::result<file> open_to_append(const folder& in,
                                                       const std::string& name) const {
        auto opened = open(in, name);
        if (opened) {
            opened->writable_ = true;
        }
        return opened;
    }

    [[nodiscard]] tintype::result<file> open_to_write(const folder& in,
                                                      const std::string& name) const {
        return open_to_append(in, name);
    }

    [[nodiscard]] tintype::result<std::size_t> write_at(const file& to, std::uint64_t offset,
                                                        tintype::byte_view bytes) const {
        const auto guard = changing();
        if (!written_to(to)) {
            return failure(EBADF, "write");
        }
        bytes = bytes.first(std::min(bytes.size(), disk_->options.write_limit));
        auto& inode = *to.inode_;
        const auto begin = static_cast<std::size_t>(offset);
        if (bytes.empty()) {
            return 0;
        }
        if (begin < inode.bytes.size()) {
            inode.longer.push_back(inode.bytes);
            inode.durable = std::min(inode.durable, begin);
        }
        inode.bytes.resize(std::max(inode.bytes.size(), begin + bytes.size()), std::byte{});
        std::ranges::copy(bytes, inode.bytes.begin() + static_cast<std::ptrdiff_t>(begin));
        inode.modified = tick();
        return bytes.size();
    }

    [[nodiscard]] tintype::result<void> make_folder_in(const folder& in,
                                                       const std::string& name) const {
        const auto guard = changing();
        if (!in.state_->visible.contains(name)) {
            auto made = std::make_shared<simulated_inode>();
            made->folder = std::make_shared<simulated_folder>();
            made->folder->has_durable_name = true; // as long as the folder above knows it
            in.state_->change({{name, std::move(made)}});
        }
        return {};
    }

    [[nodiscard]] tintype::result<folder> open_folder_in(const folder& in,
                                                         const std::string& name) const {
        const std::scoped_lock guard{disk_->mutex};
        const auto at = in.state_->visible.find(name);
        if (at == in.state_->visible.end()) {
            return failure(ENOENT, "open", name);
        }
        if (!at->second->folder) {
            return tintype::fail({.code = tintype::errc::unsupported, .where = name});
        }
        return folder{disk_, at->second->folder};
    }

    [[nodiscard]] tintype::result<void> link_new(const folder& from, const std::string& name,
                                                 const folder& to, const std::string& other) const {
        const auto guard = changing();
        const auto at = from.state_->visible.find(name);
        if (at == from.state_->visible.end()) {
            return failure(ENOENT, "link", name);
        }
        if (at->second->folder || !disk_->options.links) {
            return failure(EPERM, "link", other);
        }
        if (to.state_->visible.contains(other)) {
            return failure(EEXIST, "link", other);
        }
        to.state_->change({{other, at->second}});
        return {};
    }

    [[nodiscard]] tintype::result<bool> copy_mode(const folder& from, const std::string& name,
                                                  const file& to) const {
        const auto guard = changing();
        if (!to.inode_) {
            return failure(EBADF, "fchmod", name);
        }
        const auto at = from.state_->visible.find(name);
        const bool none = at == from.state_->visible.end() || at->second->folder;
        return !none && std::exchange(to.inode_->mode, at->second->mode) != at->second->mode;
    }

    [[nodiscard]] tintype::result<void> truncate(const file& of, std::uint64_t size) const {
        const auto guard = changing();
        if (!written_to(of)) {
            return failure(EBADF, "ftruncate");
        }
        auto& inode = *of.inode_;
        if (size < inode.bytes.size()) {
            inode.longer.push_back(inode.bytes);
        }
        inode.bytes.resize(static_cast<std::size_t>(size), std::byte{});
        inode.durable = std::min(inode.durable, inode.bytes.size());
        inode.modified = tick();
        return {};
    }

    [[nodiscard]] tintype::result<file> try_lock(const folder& in, const std::string& name) const {
        const auto guard = changing();
        if (!in.state_->held.insert(name).second) {
            return tintype::fail({.code = tintype::errc::in_use, .where = name, .found = 1});
        }
        file locked;
        auto& inode = in.state_->visible[name];
        if (!inode) {
            const auto made = std::make_shared<simulated_inode>();
            made->modified = tick();
            in.state_->change({{name, made}});
        }
        locked.inode_ = inode;
        locked.lock_ =
            std::shared_ptr<void>{nullptr, [disk = disk_, state = in.state_, name](void*) {
                                      const std::scoped_lock unlocking{disk->mutex};
                                      state->held.erase(name);
                                  }};
        return locked;
    }

    [[nodiscard]] tintype::result<void> reserve(const file& to, std::uint64_t) const {
        return written_to(to) ? tintype::result<void>{} : failure(EBADF, "fallocate");
    }

    [[nodiscard]] tintype::result<std::size_t>
    write(const file& to, std::span<const tintype::byte_view> pieces) const {
        const auto guard = changing();
        if (!written_to(to)) {
            return failure(EBADF, "write");
        }
        std::size_t left = disk_->options.write_limit;
        for (tintype::byte_view piece : pieces) {
            piece = piece.first(std::min(left, piece.size()));
            to.inode_->bytes.insert(to.inode_->bytes.end(), piece.begin(), piece.end());
            left -= piece.size();
        }
        to.inode_->modified = tick();
        return disk_->options.write_limit - left;
    }

    [[nodiscard]] tintype::result<void> flush_behind(const file& of, std::uint64_t,
                                                     std::uint64_t) const {
        return written_to(of) ? tintype::result<void>{} : failure(EBADF, "sync_file_range");
    }

    [[nodiscard]] tintype::result<void> sync(const file& of) const {
        const auto guard = changing();
        if (!of.inode_) {
            return failure(EBADF, "fsync");
        }
        if (disk_->options.failing_syncs != 0) {
            --disk_->options.failing_syncs;
            of.inode_->lost = true;
            return failure(EIO, "fsync");
        }
        if (!of.inode_->lost) {
            of.inode_->durable = of.inode_->bytes.size();
            of.inode_->longer.clear();
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> close(file& of) const {
        return std::exchange(of.inode_, nullptr) ? tintype::result<void>{}
                                                 : failure(EBADF, "close");
    }

    [[nodiscard]] tintype::result<void> rename_new(const folder& in, const std::string& from,
                                                   const std::string& to) const {
        return renamed(in, from, to, false);
    }

    [[nodiscard]] tintype::result<void> rename_over(const folder& in, const std::string& from,
                                                    const std::string& to) const {
        return renamed(in, from, to, true);
    }

    [[nodiscard]] tintype::result<void> remove(const folder& in, const std::string& name) const {
        const auto guard = changing();
        const auto at = in.state_->visible.find(name);
        if (at == in.state_->visible.end()) {
            return failure(ENOENT, "unlink", name);
        }
        if (at->second->folder) {
            return failure(EISDIR, "unlink", name);
        }
        in.state_->change({{name, nullptr}});
        return {};
    }

    // Makes names durable, and no byte of what they name.
    [[nodiscard]] tintype::result<void> sync_folder(const folder& of) const {
        const auto guard = changing();
        of.state_->pending.clear();
        of.state_->durable = of.state_->visible;
        return {};
    }

    [[nodiscard]] tintype::result<std::vector<tintype::object_info>>
    entries(const folder& in) const {
        const std::scoped_lock guard{disk_->mutex};
        std::vector<tintype::object_info> all;
        for (const auto& [name, inode] : in.state_->visible) {
            if (!inode->folder) {
                all.push_back(
                    {.name = name, .size = inode->bytes.size(), .modified = inode->modified});
            }
        }
        return all;
    }

    [[nodiscard]] tintype::result<std::vector<std::string>> names(const folder& in) const {
        const std::scoped_lock guard{disk_->mutex};
        std::vector<std::string> all;
        for (const auto& [name, inode] : in.state_->visible) {
            if (!inode->folder) {
                all.push_back(name);
            }
        }
        return all;
    }

    [[nodiscard]] tintype::result<std::uint64_t> size(const file& of) const {
        const std::scoped_lock guard{disk_->mutex};
        return of.inode_->bytes.size();
    }

    [[nodiscard]] tintype::result<std::size_t> read(const file& from, std::uint64_t offset,
                                                    tintype::mutable_bytes to) const {
        const std::scoped_lock guard{disk_->mutex};
        const auto rest = from_offset(*from.inode_, offset, to.size());
        std::ranges::copy(rest, to.begin());
        return rest.size();
    }

    [[nodiscard]] tintype::result<mapping> map(const file& from, std::uint64_t size) const {
        const std::scoped_lock guard{disk_->mutex};
        const auto bytes = from_offset(*from.inode_, 0, static_cast<std::size_t>(size));
        return mapping{tintype::blob{bytes.begin(), bytes.end()}};
    }

    [[nodiscard]] tintype::result<void> lock(folder& of) const {
        std::unique_lock guard{disk_->mutex};
        if (!of.holds_) {
            disk_->unlocked.wait(guard, [&] { return !of.state_->locked; });
            of.state_->locked = of.holds_ = true;
        }
        return {};
    }

    [[nodiscard]] tintype::timestamp now() const {
        const std::scoped_lock guard{disk_->mutex};
        return tick();
    }

private:
    [[nodiscard]] static std::unexpected<tintype::error>
    failure(int system, std::string_view during, std::string_view where = {}) {
        return tintype::fail(
            {.code = tintype::code_of(system), .where = where, .system = system, .during = during});
    }

    [[nodiscard]] static bool written_to(const file& to) { return to.inode_ && to.writable_; }

    [[nodiscard]] static tintype::byte_view from_offset(const simulated_inode& inode,
                                                        std::uint64_t offset, std::size_t size) {
        const auto begin = std::min<std::uint64_t>(offset, inode.bytes.size());
        const auto rest = tintype::byte_view{inode.bytes}.subspan(static_cast<std::size_t>(begin));
        return rest.first(std::min(size, rest.size()));
    }

    [[nodiscard]] std::unique_lock<std::mutex> changing() const {
        std::unique_lock guard{disk_->mutex};
        ++disk_->revision;
        return guard;
    }

    [[nodiscard]] tintype::timestamp tick() const {
        disk_->time += std::chrono::microseconds{1};
        return tintype::timestamp{disk_->time};
    }

    [[nodiscard]] tintype::result<void> renamed(const folder& in, const std::string& from,
                                                const std::string& to, bool over) const {
        const auto guard = changing();
        const auto at = in.state_->visible.find(from);
        if (at == in.state_->visible.end()) {
            return failure(ENOENT, "rename", from);
        }
        const auto taken = in.state_->visible.find(to);
        if (taken != in.state_->visible.end()) {
            if (!over) {
                return failure(EEXIST, "rename", to);
            }
            if (taken->second->folder) {
                return failure(EISDIR, "rename", to);
            }
            if (taken->second == at->second) {
                return {}; // two names of one file both stay
            }
        }
        in.state_->change({{to, at->second}, {from, nullptr}});
        return {};
    }

    std::shared_ptr<simulated_disk> disk_;
};

static_assert(tintype::linking_filesystem<simulated_filesystem>);

} // namespace tests
