#pragma once

// A published file that grows at its end. What a write could not finish is cut off again, durably;
// after a failed sync nothing is written any more, since nobody knows what the disk holds.

#include <tintype/storage/concept.hpp>
#include <tintype/storage/filesystem.hpp>
#include <tintype/storage/staged_file.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tintype::inline v0 {

// Of a filesystem that appends.
template <filesystem_policy Filesystem>
class appended_file {
public:
    appended_file(Filesystem filesystem, typename Filesystem::file file, std::string name,
                  std::uint64_t size)
        : filesystem_(std::move(filesystem)), file_(std::move(file)), name_(std::move(name)),
          size_(size) {}

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    [[nodiscard]] result<void> write(byte_view bytes) {
        return write(std::span<const byte_view>{&bytes, 1});
    }

    [[nodiscard]] result<void> write(std::span<const byte_view> pieces) {
        if (failed_) {
            return fail(*failed_);
        }
        std::uint64_t written = 0;
        auto done = write_all(pieces, written);
        if (done) {
            size_ += written;
            return done;
        }
        done.error().where = name_;
        done.error().offset = size_ + written;
        // Until the cut is durable, a power cut could bring back what was refused, under what is
        // written next.
        if (truncate(size_)) {
            static_cast<void>(sync());
        }
        return done;
    }

    [[nodiscard]] result<void> sync() {
        if (failed_) {
            return fail(*failed_);
        }
        return noted(detail::uninterrupted([&] { return filesystem_.sync(file_); }));
    }

    [[nodiscard]] result<void> truncate(std::uint64_t size) {
        if (failed_) {
            return fail(*failed_);
        }
        auto done = noted(detail::uninterrupted([&] { return filesystem_.truncate(file_, size); }));
        if (done) {
            size_ = size;
        }
        return done;
    }

private:
    // As many as one write of the filesystem takes at a time.
    static constexpr std::size_t most_pieces = 8;

    // `written` is how far it came.
    [[nodiscard]] result<void> write_all(std::span<const byte_view> pieces,
                                         std::uint64_t& written) {
        std::size_t into = 0; // bytes of the first piece that are written
        for (;;) {
            std::array<byte_view, most_pieces> some{};
            std::size_t count = 0;
            while (!pieces.empty() && pieces.front().size() == into) {
                pieces = pieces.subspan(1);
                into = 0;
            }
            for (; count != std::min(pieces.size(), most_pieces); ++count) {
                some[count] = pieces[count].subspan(count == 0 ? into : 0);
            }
            if (count == 0) {
                return {};
            }
            const auto taken = detail::uninterrupted(
                [&] { return filesystem_.write(file_, std::span{some}.first(count)); });
            if (!taken) {
                return pass(taken);
            }
            if (*taken == 0) {
                return fail({.code = errc::io, .during = "write"});
            }
            written += *taken;
            into += *taken;
            while (!pieces.empty() && into >= pieces.front().size()) {
                into -= pieces.front().size();
                pieces = pieces.subspan(1);
            }
        }
    }

    result<void> noted(result<void> outcome) {
        if (!outcome) {
            outcome.error().where = name_;
            failed_ = outcome.error();
        }
        return outcome;
    }

    Filesystem filesystem_;
    typename Filesystem::file file_;
    std::string name_;
    std::uint64_t size_;
    std::optional<error> failed_;
};

} // namespace tintype::inline v0
