#pragma once

// Who else may put a file's new content in the place of the old one, where renaming will not do.

#include <tintype/core/error.hpp>
#include <tintype/stream/chunk.hpp>

#include <concepts>
#include <string>

namespace tintype {

// (path of the part, file): true if it took the content over, so that no file is put in another's
// place, nor what belongs to that one removed: where the old database is open, it is not its file
// that must be replaced but what is in it. It is asked once for every file when the switch has
// begun to count, and again after a crash, for content that it took over before, too; it only reads
// the part. After an error of its the switch is carried on by the next open().
template <class R>
concept file_replacer = std::move_constructible<R> &&
                        requires(R& replace, const std::string& path, const file_info& what) {
                            { replace(path, what) } -> std::same_as<result<bool>>;
                        };

struct rename_all {
    [[nodiscard]] result<bool> operator()(const std::string&, const file_info&) const {
        return false;
    }
};

} // namespace tintype
