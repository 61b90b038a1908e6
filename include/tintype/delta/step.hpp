#pragma once

// What leads from one snapshot to the next, read from its bytes: perhaps another structure, and
// the changes of leaves. A step that was taken can be taken back.

#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/exchange.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/delta/table.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// Calls one(leaf, op) behind each of so many heads of changes.
template <class One>
[[nodiscard]] result<void> each_change(reader& in, std::uint64_t count, std::size_t leaves,
                                       One one) {
    std::size_t leaf = 0;
    for (std::uint64_t i = 0; i != count; ++i) {
        const auto head = take_varint(in, "change");
        if (!head) {
            return pass(head);
        }
        if (*head / 4 >= leaves - leaf) {
            return fail({.code = errc::out_of_bounds,
                         .where = "change",
                         .offset = in.offset(),
                         .found = *head / 4,
                         .wanted = leaves - leaf});
        }
        leaf += static_cast<std::size_t>(*head / 4);
        if (auto done = one(leaf, static_cast<change_op>(*head % 4)); !done) {
            return done;
        }
        ++leaf;
    }
    return {};
}

} // namespace detail

// The changes of one snapshot, whose bytes it owns.
class change_list {
public:
    [[nodiscard]] std::span<change> changes() noexcept { return changes_; }

    [[nodiscard]] std::span<const change> changes() const noexcept { return changes_; }

    // What change_writer took down, for leaves of these forms. How many elements a leaf has is
    // checked when it is changed.
    template <class Forms>
    [[nodiscard]] result<void> read(reader& in, const Forms& form_of, std::size_t leaves) {
        const auto count = take_varint(in, "changes");
        if (!count) {
            return pass(count);
        }
        if (*count > in.remaining() || *count > leaves) {
            return fail({.code = errc::out_of_bounds,
                         .where = "changes",
                         .offset = in.offset(),
                         .found = *count,
                         .wanted = std::min<std::uint64_t>(in.remaining(), leaves)});
        }
        begin(in);
        auto done = detail::each_change(in, *count, leaves, [&](std::size_t leaf, change_op op) {
            return one(in, static_cast<std::uint32_t>(leaf), op, form_of(leaf));
        });
        if (!done) {
            return done;
        }
        settle();
        return {};
    }

    // One change alone, behind its head.
    [[nodiscard]] result<void> read_one(reader& in, change_op op, const leaf_form& form) {
        bytes_.clear();
        changes_.clear();
        places_.clear();
        positions_.clear();
        auto done = one(in, 0, op, form);
        settle();
        return done;
    }

private:
    struct place {
        std::size_t positions = 0;
        std::size_t count = 0;
    };

    void begin(const reader& in) {
        bytes_.clear();
        bytes_.reserve(in.rest().size()); // so that they stay where they are
        changes_.clear();
        places_.clear();
        positions_.clear();
    }

    // The bytes of so many elements that come next, in the list's own memory.
    [[nodiscard]] result<mutable_bytes> own(reader& in, std::uint64_t count, std::uint64_t width) {
        if (width == 0 || count > in.remaining() / width) {
            return fail({.code = errc::truncated_section,
                         .where = "change",
                         .offset = in.offset(),
                         .found = width == 0 ? 0 : in.remaining() / width,
                         .wanted = count});
        }
        const auto taken = in.take(count * width, "change");
        const std::size_t at = bytes_.size();
        append(bytes_, *taken);
        return mutable_bytes{bytes_}.subspan(at, taken->size());
    }

    [[nodiscard]] result<void> one(reader& in, std::uint32_t leaf, change_op op,
                                   const leaf_form& form) {
        change what{.leaf = leaf, .op = op};
        place positions{positions_.size(), 0};
        std::uint64_t elements = form.extent;
        if (op == change_op::sparse) {
            const auto count = take_varint(in, "change");
            if (!count) {
                return pass(count);
            }
            elements = *count;
            if (auto done = sparse(in, elements); !done) {
                return done;
            }
        } else if (op == change_op::mapped) {
            const auto found = mapped(in, form.width);
            if (!found) {
                return pass(found);
            }
            elements = *found;
        } else {
            if (op == change_op::slid) {
                const auto gone = take_varint(in, "change");
                if (!gone) {
                    return pass(gone);
                }
                what.gone = *gone;
            }
            if (form.resizable()) {
                const auto count = take_varint(in, "change");
                if (!count) {
                    return pass(count);
                }
                elements = *count;
            }
        }
        const auto values = own(in, elements, form.width);
        if (!values) {
            return pass(values);
        }
        positions.count = positions_.size() - positions.positions;
        what.values = *values;
        changes_.push_back(std::move(what));
        places_.push_back(positions);
        return {};
    }

    [[nodiscard]] result<void> sparse(reader& in, std::uint64_t count) {
        if (count > in.remaining()) {
            return fail({.code = errc::truncated_section,
                         .where = "change",
                         .offset = in.offset(),
                         .found = in.remaining(),
                         .wanted = count});
        }
        std::uint64_t next = 0;
        for (std::uint64_t i = 0; i != count; ++i) {
            const auto gap = take_varint(in, "change");
            if (!gap) {
                return pass(gap);
            }
            constexpr std::uint64_t end = std::uint64_t{1} << 32U;
            if (*gap >= end - next) {
                return fail({.code = errc::out_of_bounds,
                             .where = "change",
                             .offset = in.offset(),
                             .found = *gap,
                             .wanted = end - next});
            }
            next += *gap;
            positions_.push_back(static_cast<std::uint32_t>(next));
            ++next;
        }
        return {};
    }

    // How many bits are set: not more than the elements that follow.
    [[nodiscard]] result<std::uint64_t> mapped(reader& in, std::uint64_t width) {
        const auto count = take_varint(in, "change");
        if (!count) {
            return pass(count);
        }
        const auto bits = in.take(*count / 8 + (*count % 8 != 0 ? 1 : 0), "change");
        if (!bits) {
            return pass(bits);
        }
        std::uint64_t set = 0;
        for (const std::byte each : *bits) {
            set += static_cast<std::uint64_t>(std::popcount(std::to_integer<std::uint8_t>(each)));
        }
        if (*count > std::numeric_limits<std::uint32_t>::max() ||
            set > in.remaining() / std::max<std::uint64_t>(width, 1)) {
            return fail({.code = errc::truncated_section,
                         .where = "change",
                         .offset = in.offset(),
                         .found = in.remaining(),
                         .wanted = set});
        }
        for (std::size_t i = 0; i != bits->size(); ++i) {
            for (auto left = std::to_integer<std::uint8_t>((*bits)[i]); left != 0;
                 left &= static_cast<std::uint8_t>(left - 1U)) {
                positions_.push_back(static_cast<std::uint32_t>(
                    8 * i + static_cast<std::size_t>(std::countr_zero(left))));
            }
        }
        return set;
    }

    // Positions may have moved while there came more.
    void settle() {
        for (std::size_t i = 0; i != changes_.size(); ++i) {
            changes_[i].positions =
                std::span{positions_}.subspan(places_[i].positions, places_[i].count);
        }
    }

    blob bytes_;
    std::vector<change> changes_;
    std::vector<place> places_;
    std::vector<std::uint32_t> positions_;
};

} // namespace tintype::inline v0
