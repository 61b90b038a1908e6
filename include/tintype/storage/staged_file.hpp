#pragma once

// A file on its way to a name: written under a temporary one, synced, then renamed. After an error
// of a write or a sync the file is abandoned, never written or synced again, since nobody knows any
// more what the disk holds of it.

#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/filesystem.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

inline constexpr std::string_view temporary_prefix = ".tintype-";
inline constexpr std::string_view temporary_suffix = ".tmp";

// A signal may interrupt any call before it did anything.
template <class Call>
[[nodiscard]] auto uninterrupted(Call call) {
    for (;;) {
        auto outcome = call();
        if (outcome || outcome.error().system != EINTR) {
            return outcome;
        }
    }
}

// Not random, only unlikely to be another's: creating the file decides.
[[nodiscard]] inline std::string temporary_name(std::uint64_t seed) {
    static std::atomic<std::uint64_t> counter{0};
    splitmix64 mix{seed ^ counter.fetch_add(1) << 48U};
    std::string name{temporary_prefix};
    append_number(name, mix(), 16, 16);
    return name += temporary_suffix;
}

[[nodiscard]] constexpr bool is_temporary(std::string_view name) noexcept {
    return name.starts_with(temporary_prefix) && name.ends_with(temporary_suffix);
}

} // namespace detail

// A temporary file on its way to a name.
template <filesystem_policy Filesystem>
class staged_file {
public:
    staged_file(Filesystem filesystem, typename Filesystem::folder folder,
                typename Filesystem::file file, std::string temporary, const stage_options& options)
        : filesystem_(std::move(filesystem)), folder_(std::move(folder)), file_(std::move(file)),
          temporary_(std::move(temporary)), options_(options) {}

    staged_file(staged_file&& other) noexcept
        : filesystem_(std::move(other.filesystem_)), folder_(std::move(other.folder_)),
          file_(std::move(other.file_)), temporary_(std::exchange(other.temporary_, {})),
          options_(other.options_), small_(std::move(other.small_)), written_(other.written_),
          flushed_(other.flushed_), sealed_(other.sealed_), failed_(other.failed_) {}

    staged_file& operator=(staged_file&&) = delete;

    ~staged_file() {
        if (!temporary_.empty()) {
            // Best effort: what stays behind is swept later.
            static_cast<void>(filesystem_.remove(folder_, temporary_));
        }
    }

    // Disk space for the size that was announced, before the first byte is written.
    [[nodiscard]] result<void> reserve() {
        if (options_.size_hint < reserve_from) {
            return {};
        }
        return noted(
            detail::uninterrupted([&] { return filesystem_.reserve(file_, options_.size_hint); }));
    }

    [[nodiscard]] result<void> write(byte_view bytes) {
        if (failed_) {
            return fail(*failed_);
        }
        if (sealed_) {
            return fail({.code = errc::unsupported, .during = "write after publish"});
        }
        if (small_.size() + bytes.size() <= small_limit) {
            if (small_.capacity() < small_limit) {
                small_.reserve(small_limit);
            }
            append(small_, bytes);
            return {};
        }
        return noted(pass_on(bytes));
    }

    [[nodiscard]] result<void> publish(std::string_view name) {
        return named(name, [&](const std::string& to) {
            return filesystem_.rename_new(folder_, temporary_, to);
        });
    }

    [[nodiscard]] result<void> replace(std::string_view name) {
        return named(name, [&](const std::string& to) {
            return filesystem_.rename_over(folder_, temporary_, to);
        });
    }

private:
    // Writes up to this size are gathered; larger ones go straight from the caller's memory.
    static constexpr std::size_t small_limit = std::size_t{32} << 10U;
    // Below this, reserving costs more than it saves.
    static constexpr std::uint64_t reserve_from = std::uint64_t{1} << 20U;
    // How far the disk may fall behind the writer.
    static constexpr std::uint64_t flush_distance = std::uint64_t{512} << 10U;

    // An error is final: after a failed write or sync nobody knows what the disk holds.
    result<void> noted(result<void> outcome) {
        if (!outcome) {
            failed_ = outcome.error();
        }
        return outcome;
    }

    result<void> pass_on(byte_view bytes) {
        std::array<byte_view, 2> pieces{byte_view{small_}, bytes};
        std::span<byte_view> rest{pieces};
        for (;;) {
            while (!rest.empty() && rest.front().empty()) {
                rest = rest.subspan(1);
            }
            if (rest.empty()) {
                break;
            }
            auto taken = detail::uninterrupted([&] { return filesystem_.write(file_, rest); });
            if (!taken || *taken == 0) {
                error what = taken ? error{.code = errc::io, .during = "write"} : taken.error();
                what.where = temporary_;
                what.offset = written_;
                return fail(what);
            }
            written_ += *taken;
            for (byte_view& piece : rest) {
                const auto part = std::min(piece.size(), *taken);
                piece = piece.subspan(part);
                *taken -= part;
            }
        }
        small_.clear();
        if (written_ - flushed_ >= flush_distance) {
            // Only a hint: whether the bytes arrive, sync() says.
            static_cast<void>(filesystem_.flush_behind(file_, flushed_, written_ - flushed_));
            flushed_ = written_;
        }
        if (options_.watch != nullptr) {
            return options_.watch->report({.done = written_, .total = options_.size_hint});
        }
        return {};
    }

    result<void> seal() {
        if (failed_) {
            return fail(*failed_);
        }
        if (sealed_) {
            return {};
        }
        if (auto done = noted(pass_on({})); !done) {
            return done;
        }
        if (auto done = noted(detail::uninterrupted([&] { return filesystem_.sync(file_); }));
            !done) {
            return done;
        }
        if (auto done = noted(filesystem_.close(file_)); !done) {
            return done;
        }
        sealed_ = true;
        return {};
    }

    template <class Rename>
    result<void> named(std::string_view name, Rename rename) {
        if (auto good = good_name(name); !good) {
            return good;
        }
        if (auto done = seal(); !done) {
            return done;
        }
        const std::string to{name};
        auto done = detail::uninterrupted([&] { return rename(to); });
        if (!done) {
            return done.error().code == errc::already_exists ? done : noted(done);
        }
        temporary_.clear();
        failed_ = error{.code = errc::not_found, .where = name, .during = "publish"};
        return detail::uninterrupted([&] { return filesystem_.sync_folder(folder_); });
    }

    Filesystem filesystem_;
    typename Filesystem::folder folder_;
    typename Filesystem::file file_;
    std::string temporary_; // empty once it has a name
    stage_options options_;
    blob small_;
    std::uint64_t written_ = 0;
    std::uint64_t flushed_ = 0;
    bool sealed_ = false;
    std::optional<error> failed_;
};

} // namespace tintype::inline v0
