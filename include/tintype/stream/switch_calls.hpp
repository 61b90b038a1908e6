#pragma once

// What the steps of a switch know of the system's calls: the names that they use, what their errors
// mean, and going on where a call did only a part of what it was asked for.

#include <tintype/core/error.hpp>
#include <tintype/storage/staged_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tintype::inline v0::detail {

// No file of a stream has such a name: good_name() allows no leading dot.
inline constexpr const char* private_folder_name = ".tintype-import";
inline constexpr const char* switch_prefix = ".tintype-switch-";

// In the private folder, beside the parts.
inline constexpr const char* lock_name = "lock";
inline constexpr const char* journal_name = "journal";
inline constexpr const char* restored_name = "restored";
// While it is there with a plan, a replacer may have taken something over.
inline constexpr const char* begun_name = "begun";

// Of link(): the file system has no links, or none from here to there, or no more for this file.
[[nodiscard]] constexpr bool has_no_links(int system) noexcept {
    return system == EPERM || system == EOPNOTSUPP || system == ENOTSUP || system == EXDEV ||
           system == EMLINK || system == ENOSYS;
}

// Of copy_mode(): the file system has no such permissions, or they are not ours to give.
[[nodiscard]] constexpr bool has_no_modes(int system) noexcept {
    return system == EPERM || system == EOPNOTSUPP || system == ENOTSUP || system == ENOSYS;
}

// Goes on until all is moved: a call may move less than it is given.
template <class Move>
[[nodiscard]] result<void> in_pieces(std::size_t size, std::uint64_t offset,
                                     const std::string& name, std::string_view during, Move move) {
    for (std::size_t at = 0; at != size;) {
        const auto moved = uninterrupted([&] { return move(at); });
        if (!moved || *moved == 0) {
            error what = moved ? error{.code = errc::io, .during = during} : moved.error();
            what.where = name;
            what.offset = offset + at;
            what.found = at;
            what.wanted = size;
            return fail(what);
        }
        at += *moved;
    }
    return {};
}

} // namespace tintype::inline v0::detail
