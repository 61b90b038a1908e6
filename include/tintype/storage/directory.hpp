#pragma once

// Objects as the files of one folder. Publishing is: a temporary of a unique name, all bytes
// written, the file synced, renamed without replacing, the folder synced; an error in any of these
// is reported, and what was there before still is. The folder is made when the first object is.

#include <tintype/core/rules.hpp>
#include <tintype/storage/appended_file.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/filesystem.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/storage/staged_file.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// A published file: mapped, or read into memory.
template <filesystem_policy Filesystem>
class stored_file {
public:
    explicit stored_file(typename Filesystem::mapping mapping) : mapping_(std::move(mapping)) {}

    explicit stored_file(blob bytes) : copy_(std::move(bytes)) {}

    [[nodiscard]] byte_view bytes() const noexcept {
        return copy_ ? byte_view{*copy_} : mapping_.bytes();
    }

private:
    typename Filesystem::mapping mapping_{};
    std::optional<blob> copy_;
};

template <obeys<filesystem_rules> Filesystem = posix_filesystem>
class basic_directory {
public:
    // Nothing is opened or made yet.
    explicit basic_directory(std::string path, Filesystem filesystem = {})
        : path_(path.empty() ? "." : std::move(path)), filesystem_(std::move(filesystem)) {}

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    [[nodiscard]] result<staged_file<Filesystem>> stage(const stage_options& options = {}) const {
        auto folder = durable_folder();
        if (!folder) {
            return pass(folder);
        }
        for (;;) {
            auto name = detail::temporary_name(
                static_cast<std::uint64_t>(filesystem_.now().time_since_epoch().count()));
            auto file = detail::uninterrupted([&] { return filesystem_.create(*folder, name); });
            if (!file && file.error().code == errc::already_exists) {
                continue;
            }
            if (!file) {
                return pass(file);
            }
            staged_file<Filesystem> staged{filesystem_, *std::move(folder), *std::move(file),
                                           std::move(name), options};
            if (auto done = staged.reserve(); !done) {
                return pass(done);
            }
            return staged;
        }
    }

    [[nodiscard]] result<stored_file<Filesystem>> open(std::string_view name,
                                                       access how = access::map) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        auto folder = opened();
        if (!folder) {
            return pass(folder);
        }
        const std::string file_name{name};
        auto file = detail::uninterrupted([&] { return filesystem_.open(*folder, file_name); });
        if (!file) {
            return pass(file);
        }
        const auto size = filesystem_.size(*file);
        if (!size) {
            return pass(size);
        }
        if (*size > std::numeric_limits<std::size_t>::max()) {
            return fail({.code = errc::length_overflow,
                         .where = name,
                         .found = *size,
                         .wanted = std::numeric_limits<std::size_t>::max()});
        }
        if (how == access::copy) {
            return copied(*file, *size, name);
        }
        auto mapping = filesystem_.map(*file, *size);
        if (!mapping) {
            return pass(mapping);
        }
        return stored_file<Filesystem>{*std::move(mapping)};
    }

    [[nodiscard]] result<std::vector<object_info>> list() const {
        return listed<object_info>([&](auto& folder) { return filesystem_.entries(folder); },
                                   [](const object_info& each) { return good_name(each.name); });
    }

    [[nodiscard]] result<std::vector<std::string>> names() const {
        return listed<std::string>([&](auto& folder) { return filesystem_.names(folder); },
                                   [](const std::string& each) { return good_name(each); });
    }

    [[nodiscard("tintype: look at the result: it may be an error")]] result<bool>
    remove(std::string_view name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        auto folder = opened();
        if (!folder) {
            return folder.error().code == errc::not_found ? result<bool>{false} : pass(folder);
        }
        return removed(*folder, std::string{name});
    }

    [[nodiscard("tintype: look at the result: it may be an error")]] result<void> sync() const {
        auto folder = opened();
        if (!folder) {
            return pass(folder);
        }
        return detail::uninterrupted([&] { return filesystem_.sync_folder(*folder); });
    }

    [[nodiscard]] result<appended_file<Filesystem>> append(std::string_view name) const
    requires appending_filesystem<Filesystem>
    {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        auto folder = opened();
        if (!folder) {
            return pass(folder);
        }
        const std::string file_name{name};
        auto file =
            detail::uninterrupted([&] { return filesystem_.open_to_append(*folder, file_name); });
        if (!file) {
            return pass(file);
        }
        const auto size = filesystem_.size(*file);
        if (!size) {
            return pass(size);
        }
        return appended_file<Filesystem>{filesystem_, *std::move(file), file_name, *size};
    }

    // Locks a hidden file beside the object, for the object may be replaced. Makes the folder. The
    // file stays: whoever removed it while another held it would let in a second owner.
    [[nodiscard]] result<typename Filesystem::file> claim(std::string_view name) const
    requires appending_filesystem<Filesystem>
    {
        if (auto good = good_name_to_claim(name); !good) {
            return pass(good);
        }
        auto folder = durable_folder();
        if (!folder) {
            return pass(folder);
        }
        const auto lock_name = "." + std::string{name} + ".lock";
        auto held = detail::uninterrupted([&] { return filesystem_.try_lock(*folder, lock_name); });
        if (!held && held.error().code == errc::in_use) {
            return fail({.code = errc::in_use, .where = name, .found = 1});
        }
        return held;
    }

    // Held until the returned handle is destroyed, against every thread and process.
    [[nodiscard]] result<typename Filesystem::folder> lock() const {
        auto folder = opened();
        if (!folder) {
            return folder;
        }
        auto done = detail::uninterrupted([&] { return filesystem_.lock(*folder); });
        return done ? std::move(folder) : result<typename Filesystem::folder>{pass(done)};
    }

    [[nodiscard]] result<std::size_t> sweep(std::chrono::nanoseconds grace) const {
        auto folder = opened();
        if (!folder) {
            return folder.error().code == errc::not_found ? result<std::size_t>{0} : pass(folder);
        }
        auto all = detail::uninterrupted([&] { return filesystem_.entries(*folder); });
        if (!all) {
            return pass(all);
        }
        std::size_t count = 0;
        for (const object_info& each : *all) {
            if (!detail::is_temporary(each.name) || each.modified > filesystem_.now() - grace) {
                continue;
            }
            const auto gone = removed(*folder, each.name);
            if (!gone) {
                return pass(gone);
            }
            count += *gone ? std::size_t{1} : 0;
        }
        return count;
    }

private:
    [[nodiscard]] result<typename Filesystem::folder> opened() const {
        return detail::uninterrupted([&] { return filesystem_.open_folder(path_); });
    }

    // A folder that is there may be another's who has not made its name durable yet, or who could
    // not, so the first object of each directory sees to that itself.
    [[nodiscard]] result<typename Filesystem::folder> durable_folder() const {
        auto folder = opened();
        if (folder ? !durable_->load() : folder.error().code == errc::not_found) {
            auto made = detail::uninterrupted([&] { return filesystem_.make_folder(path_); });
            if (!made) {
                return pass(made);
            }
            durable_->store(true);
            folder = opened();
        }
        return folder;
    }

    [[nodiscard]] result<bool> removed(typename Filesystem::folder& folder,
                                       const std::string& name) const {
        auto done = detail::uninterrupted([&] { return filesystem_.remove(folder, name); });
        if (!done && done.error().code == errc::not_found) {
            return false;
        }
        return done ? result<bool>{true} : pass(done);
    }

    template <class Entry, class Ask, class Good>
    [[nodiscard]] result<std::vector<Entry>> listed(Ask ask, Good good) const {
        auto folder = opened();
        if (!folder) {
            return folder.error().code == errc::not_found ? result<std::vector<Entry>>{}
                                                          : pass(folder);
        }
        auto all = detail::uninterrupted([&] { return ask(*folder); });
        if (all) {
            std::erase_if(*all, [&](const Entry& each) { return !good(each); });
        }
        return all;
    }

    [[nodiscard]] result<stored_file<Filesystem>>
    copied(typename Filesystem::file& file, std::uint64_t size, std::string_view name) const {
        blob bytes(static_cast<std::size_t>(size));
        for (std::size_t at = 0; at != bytes.size();) {
            const auto got = detail::uninterrupted(
                [&] { return filesystem_.read(file, at, mutable_bytes{bytes}.subspan(at)); });
            if (!got) {
                return pass(got);
            }
            if (*got == 0) {
                return fail({.code = errc::truncated, .where = name, .found = at, .wanted = size});
            }
            at += *got;
        }
        return stored_file<Filesystem>{std::move(bytes)};
    }

    std::string path_;
    Filesystem filesystem_;
    std::shared_ptr<std::atomic<bool>> durable_ = std::make_shared<std::atomic<bool>>(false);
};

using directory = basic_directory<>;

static_assert(lockable_storage<directory> && sweepable_storage<directory> &&
              appendable_storage<directory>);

} // namespace tintype::inline v0
