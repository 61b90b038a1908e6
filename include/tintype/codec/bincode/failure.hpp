#pragma once

// What bincode refused, and the way to it: the walk names each level only as it comes back from a
// refusal, so the way costs nothing where all is well.

#include <tintype/core/error.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace tintype::inline v0::detail {

class bincode_failure {
public:
    // Both are false, to be returned.
    bool refuse(const error& what) noexcept {
        error_ = what;
        at_ = 0;
        full_ = false;
        return false;
    }

    // Of a way without end, the last of it.
    bool inside(std::string_view name) noexcept {
        const std::size_t wanted = name.size() + (at_ == 0 ? 0 : 1);
        if (full_ || wanted > path_.size() - at_) {
            full_ = true;
            return false;
        }
        if (at_ != 0) {
            *start(++at_) = '.';
        }
        at_ += name.size();
        name.copy(start(at_), name.size());
        return false;
    }

    [[nodiscard]] error told() const noexcept {
        error all = error_;
        if (at_ != 0) {
            all.where = std::string_view(path_.data() + path_.size() - at_, at_);
        }
        return all;
    }

private:
    char* start(std::size_t size) noexcept { return path_.data() + path_.size() - size; }

    error error_{};
    std::size_t at_ = 0; // characters of the path, which ends where the array does
    bool full_ = false;
    std::array<char, 256> path_;
};

} // namespace tintype::inline v0::detail
