#pragma once

// Going through what one leaf was, change by change.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/delta/exchange.hpp>
#include <tintype/delta/leaves.hpp>
#include <tintype/delta/track.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>

namespace tintype::inline v0 {

// A way through the changes of a track, there and back. Applied changes leave what was before in
// the track, so it must be the only one.
class track_cursor {
public:
    explicit track_cursor(leaf_track& track) noexcept : track_(&track), element_(track.initial) {}

    // Calls see(change) with what was applied, as what takes it back.
    template <class See>
    [[nodiscard]] result<void> next(const leaf_handle& leaf, const limits& most, See see) {
        change what = current();
        if (auto done = exchange(what, leaf, most); !done) {
            return done;
        }
        see(std::as_const(what));
        keep(std::move(what));
        const auto op = static_cast<change_op>(track_->ops[at_]);
        number_ += op == change_op::slid ? 2 : 1;
        const std::uint64_t count = track_->numbers[number_ - 1];
        element_ += count;
        position_ += op == change_op::sparse ? count : 0;
        ++at_;
        return {};
    }

    [[nodiscard]] result<void> next(const leaf_handle& leaf, const limits& most) {
        return next(leaf, most, [](const change&) {});
    }

    [[nodiscard]] result<void> back(const leaf_handle& leaf, const limits& most) {
        --at_;
        const auto op = static_cast<change_op>(track_->ops[at_]);
        const std::uint64_t count = track_->numbers[number_ - 1];
        number_ -= op == change_op::slid ? 2 : 1;
        element_ -= count;
        position_ -= op == change_op::sparse ? count : 0;
        change what = current();
        if (auto done = exchange(what, leaf, most); !done) {
            return done;
        }
        keep(std::move(what));
        return {};
    }

private:
    [[nodiscard]] change current() {
        const auto op = static_cast<change_op>(track_->ops[at_]);
        change what{.op = op};
        const std::size_t said = number_ + (op == change_op::slid ? 1 : 0);
        if (op == change_op::slid) {
            what.gone = track_->numbers[number_];
        }
        const auto count = static_cast<std::size_t>(track_->numbers[said]);
        const std::size_t width = track_->form.width;
        what.values = mutable_bytes{track_->values}.subspan(
            static_cast<std::size_t>(element_) * width, count * width);
        if (op == change_op::sparse) {
            what.positions =
                std::span{track_->positions}.subspan(static_cast<std::size_t>(position_), count);
        }
        if (const auto run = runs_.find(at_); run != runs_.end()) {
            what.held = true;
            what.run = std::move(run->second);
            runs_.erase(run);
        }
        return what;
    }

    void keep(change&& what) {
        if (what.held) {
            runs_.insert_or_assign(at_, std::move(what.run));
        }
    }

    leaf_track* track_;
    std::size_t at_ = 0;
    std::size_t number_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t element_;
    std::unordered_map<std::size_t, blob> runs_; // what runs of another length were, or become
};

} // namespace tintype::inline v0
