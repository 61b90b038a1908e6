#pragma once

// What is to be streamed, as its sources left it: files that nothing changes any more, though what
// they were taken from goes on. They are bytes that somebody keeps, or open files whose names may
// be gone, so that nothing is left behind when the program dies while it streams.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/posix.hpp>
#include <tintype/storage/posix_handles.hpp>
#include <tintype/storage/staged_file.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/scratch.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Fills all of the memory with the bytes from that offset on, or says why not.
using file_reader = std::move_only_function<result<void>(std::uint64_t, mutable_bytes) const>;

struct captured_file {
    std::string name;
    file_kind kind = file_kind::unknown;
    std::uint64_t size = 0;
    file_reader read;
};

namespace detail {

[[nodiscard]] inline result<std::uint64_t> size_of(const descriptor& file) {
    return uninterrupted([&] { return posix_filesystem{}.size(file); });
}

// All of the memory, or an error that says where; `truncated` at the file's end.
[[nodiscard]] inline result<void> read_whole(const descriptor& file, std::uint64_t offset,
                                             mutable_bytes to, std::string_view name) {
    for (std::size_t done = 0; done != to.size();) {
        const auto got = uninterrupted(
            [&] { return posix_filesystem{}.read(file, offset + done, to.subspan(done)); });
        if (!got || *got == 0) {
            error what = got ? error{.code = errc::truncated,
                                     .found = offset + done,
                                     .wanted = offset + to.size()}
                             : got.error();
            what.where = name;
            what.offset = offset + done;
            return fail(what);
        }
        done += *got;
    }
    return {};
}

// A file that must stay as large as it was.
[[nodiscard]] inline file_reader reader_of(descriptor file, std::uint64_t size, std::string name) {
    return [file = std::move(file), size,
            name = std::move(name)](std::uint64_t offset, mutable_bytes to) -> result<void> {
        const auto now = size_of(file);
        if (!now) {
            return pass(now);
        }
        if (*now != size) {
            return fail({.code = *now < size ? errc::truncated : errc::trailing_bytes,
                         .where = name,
                         .offset = std::min(*now, size),
                         .found = *now < size ? *now : *now - size,
                         .wanted = *now < size ? size : 0,
                         .during = "the file changed while it was streamed"});
        }
        return read_whole(file, offset, to, name);
    };
}

} // namespace detail

// What keeps bytes for as long as it lives.
template <class O>
concept byte_owner = std::move_constructible<O> && requires(const O& owner) {
    { owner.bytes() } -> std::convertible_to<byte_view>;
};

// What sources put their files into. Files stand in the order of their sources, and in that in
// which each source added them, whenever it did.
class capture {
public:
    explicit capture(std::string temp_dir = {}, const pace& by = pace{})
        : temp_dir_(std::move(temp_dir)), pace_(by) {}

    // `duplicate` if another source gave the name, `limit_exceeded` if there are too many.
    [[nodiscard]] result<void> add(captured_file file) {
        if (auto good = good_name(file.name); !good) {
            return good;
        }
        const auto same = [&](const entry& each) { return each.file.name == file.name; };
        if (std::ranges::any_of(files_, same)) {
            return fail({.code = errc::duplicate, .where = file.name});
        }
        if (files_.size() == stream_limits{}.files) {
            return fail({.code = errc::limit_exceeded,
                         .where = "files of the stream",
                         .found = files_.size() + 1,
                         .wanted = stream_limits{}.files});
        }
        const auto behind = std::ranges::upper_bound(files_, source_, {}, &entry::source);
        files_.insert(behind, {source_, std::move(file)});
        return {};
    }

    // As many bytes as the owner has now.
    template <byte_owner Owner>
    [[nodiscard]] result<void> add_bytes(std::string name, file_kind kind, Owner owner) {
        const std::uint64_t size = byte_view{owner.bytes()}.size();
        return add({.name = name,
                    .kind = kind,
                    .size = size,
                    .read = [size, name = std::move(name), owner = std::move(owner)](
                                std::uint64_t offset, mutable_bytes to) -> result<void> {
                        // Asked again, for they may lie within the owner, which has moved.
                        const byte_view bytes = owner.bytes();
                        if (bytes.size() != size || offset > size || to.size() > size - offset) {
                            return fail({.code = errc::truncated,
                                         .where = name,
                                         .offset = offset,
                                         .found = bytes.size(),
                                         .wanted = offset + to.size()});
                        }
                        copy_bytes(bytes.subspan(static_cast<std::size_t>(offset), to.size()),
                                   to.data());
                        return {};
                    }});
    }

    // A regular file, open for reading, as it is now.
    [[nodiscard]] result<void> add_file(std::string name, file_kind kind, detail::descriptor file) {
        const auto size = detail::size_of(file);
        if (!size) {
            return pass(size);
        }
        return add({.name = name,
                    .kind = kind,
                    .size = *size,
                    .read = detail::reader_of(std::move(file), *size, name)});
    }

    // A private folder, made when it is first asked for. It goes when the capture does: what is to
    // be read later must have been added, or be open.
    [[nodiscard]] result<const scratch_folder*> scratch() {
        if (!scratch_) {
            auto made = scratch_folder::make(temp_dir_);
            if (!made) {
                return pass(made);
            }
            scratch_.emplace(*std::move(made));
        }
        return &*scratch_;
    }

    // Sources that take more than a moment ask this between pieces of a few MiB at most, and report
    // the bytes done since they asked last.
    [[nodiscard]] result<void> go_on(std::uint64_t more) {
        done_ += more;
        return pace_.go_on({.done = done_});
    }

    [[nodiscard]] const pace& by() const noexcept { return pace_; }

    [[nodiscard]] progress now() const noexcept { return {.done = done_}; }

    // Whose files are added from now on.
    void set_source(std::size_t number) noexcept { source_ = number; }

    [[nodiscard]] std::vector<captured_file> take_files() {
        std::vector<captured_file> all;
        all.reserve(files_.size());
        for (entry& each : files_) {
            all.push_back(std::move(each.file));
        }
        files_.clear();
        return all;
    }

private:
    struct entry {
        std::size_t source = 0;
        captured_file file;
    };

    std::string temp_dir_;
    pace pace_;
    std::optional<scratch_folder> scratch_;
    std::vector<entry> files_;
    std::size_t source_ = 0;
    std::uint64_t done_ = 0;
};

} // namespace tintype::inline v0
