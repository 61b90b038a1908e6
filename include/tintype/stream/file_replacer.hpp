#pragma once

// Who else may put a file's new content in the place of the old one, where renaming will not do.

#include <tintype/core/error.hpp>
#include <tintype/stream/chunk.hpp>

#include <concepts>
#include <string>

namespace tintype::inline v0 {

// For files whose content somebody else takes over, so that no file is put in another's place, nor
// what belongs to that one removed: where the old database is open, it is not its file that must be
// replaced but what is in it. The path is that of the part, which is only read.
//
// takes(path, file)      whether it takes this one over; asked once for every file before the
//                        switch counts. True is a promise: whatever can be known beforehand to be
//                        in the way is an error here, which leaves all as it was
// replace(path, file)    takes over what it promised to, when the switch has begun to count, and
//                        again after a crash, for content that it took over before, too. Durable
//                        when it returns; an error leaves what was there, but for `io`, after
//                        which nobody knows, and the next open() of the folder tries again
template <class R>
concept file_replacer = std::move_constructible<R> &&
                        requires(R& replacer, const std::string& path, const file_info& what) {
                            { replacer.takes(path, what) } -> std::same_as<result<bool>>;
                            { replacer.replace(path, what) } -> std::same_as<result<void>>;
                        };

// Takes nothing over. What another one promised to, it leaves to that one: `unsupported`.
struct rename_all {
    [[nodiscard]] result<bool> takes(const std::string&, const file_info&) const { return false; }

    [[nodiscard]] result<void> replace(const std::string&, const file_info& what) const {
        return fail({.code = errc::unsupported,
                     .where = what.file_name,
                     .during = "replacing what another replacer has to"});
    }
};

} // namespace tintype::inline v0
