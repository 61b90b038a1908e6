#pragma once

// A state that follows a program's: each time it is shown the next snapshot it becomes that, and
// says what had to change.

#include <tintype/core/error.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/leaves.hpp>
#include <tintype/delta/state.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace tintype::inline v0 {

template <class T, same_policy Same = exact>
class state_differ {
public:
    explicit state_differ(Same same = {}) : changes_(std::move(same)) {}

    [[nodiscard]] const leaf_state<T>& state() const noexcept { return state_; }

    // Without a look at what was.
    [[nodiscard]] result<void> start(const T& next) { return state_.assign(next); }

    // After an error the next one must be a start.
    [[nodiscard]] result<void> to(const T& next) {
        edit_.reset();
        if (state_.change_to(next, changes_)) {
            return {};
        }
        leaf_table table;
        // The table only reads it.
        if (auto done = leaves_of(next, &table, nullptr); !done) {
            return done;
        }
        edit_ = leaf_edit::between(state_.table(), std::move(table));
        if (auto done = state_.restructure(leaf_table{edit_->table}, edit_->from); !done) {
            return done;
        }
        if (!state_.change_to(next, changes_)) {
            // Only a value that is not the same each time it is gone through.
            return fail({.code = errc::invalid_value, .where = "snapshot"});
        }
        return {};
    }

    // Where the structure became another.
    [[nodiscard]] const std::optional<leaf_edit>& edit() const noexcept { return edit_; }

    // How many leaves changed, and how: what change_list reads.
    [[nodiscard]] std::uint64_t count() const noexcept { return changes_.count(); }

    [[nodiscard]] byte_view changes() const noexcept { return changes_.bytes(); }

private:
    leaf_state<T> state_;
    detail::change_writer<Same> changes_;
    std::optional<leaf_edit> edit_;
};

} // namespace tintype::inline v0
