#pragma once

// The changes of one snapshot made where they are read, for whoever never takes them back.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/exchange.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/leaves.hpp>
#include <tintype/delta/step.hpp>
#include <tintype/delta/table.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tintype::inline v0 {

// Changes are applied as they are read; those that are rare by way of a change_list.
class change_applier {
public:
    // What change_writer took down, to these leaves. After an error they are not to be believed.
    [[nodiscard]] result<void> apply(reader& in, std::span<const leaf_handle> leaves,
                                     const limits& most) {
        const auto count = take_varint(in, "changes");
        if (!count) {
            return pass(count);
        }
        return detail::each_change(in, *count, leaves.size(), [&](std::size_t leaf, change_op op) {
            return one(in, op, leaves[leaf], most);
        });
    }

private:
    // Elements of these widths are put where they belong as they are read.
    result<void> one(reader& in, change_op op, const leaf_handle& to, const limits& most) {
        const leaf_form& form = to.ops->form;
        const bool plain = to.ops->reorder == nullptr && to.ops->data != nullptr &&
                           form.type != leaf_type::boolean;
        if (plain && op == change_op::sparse) {
            return sparse(in, to);
        }
        if (plain && op == change_op::replaced && !form.resizable()) {
            const std::size_t size = std::size_t{form.extent} * form.width;
            const auto bytes = in.take(size, "change");
            if (!bytes) {
                return pass(bytes);
            }
            copy_bytes(*bytes, to.ops->data(to.at));
            return {};
        }
        return rare(in, op, to, most);
    }

    result<void> sparse(reader& in, const leaf_handle& to) {
        const auto count = take_varint(in, "change");
        if (!count) {
            return pass(count);
        }
        const std::size_t width = to.ops->form.width;
        // Each takes a byte for its place and its own.
        if (*count > in.remaining() / (1 + width)) {
            return fail({.code = errc::truncated_section,
                         .where = "change",
                         .offset = in.offset(),
                         .found = in.remaining() / (1 + width),
                         .wanted = *count});
        }
        const std::size_t present = to.ops->count(to.at);
        positions_.resize(static_cast<std::size_t>(*count));
        std::uint64_t next = 0;
        byte_view rest = in.rest();
        std::size_t at = 0;
        for (std::uint32_t& each : positions_) {
            std::uint64_t gap = 0;
            if (at != rest.size() && rest[at] < std::byte{0x80}) {
                gap = std::to_integer<std::uint64_t>(rest[at++]);
            } else {
                in.skip(at);
                const auto long_gap = take_varint(in, "change");
                if (!long_gap) {
                    return pass(long_gap);
                }
                gap = *long_gap;
                rest = in.rest();
                at = 0;
            }
            if (gap >= present - next) {
                return fail({.code = errc::out_of_bounds,
                             .where = "change",
                             .offset = in.offset(),
                             .found = gap,
                             .wanted = present - next});
            }
            next += gap;
            each = static_cast<std::uint32_t>(next++);
        }
        in.skip(at);
        const auto values = in.take(positions_.size() * width, "change");
        if (!values) {
            return pass(values);
        }
        std::byte* const data = to.ops->data(to.at);
        switch (width) {
        case 1:
            scatter<1>(data, values->data());
            break;
        case 4:
            scatter<4>(data, values->data());
            break;
        case 8:
            scatter<8>(data, values->data());
            break;
        default:
            for (std::size_t i = 0; i != positions_.size(); ++i) {
                std::memcpy(data + positions_[i] * width, values->data() + i * width, width);
            }
        }
        return {};
    }

    template <std::size_t Width>
    void scatter(std::byte* data, const std::byte* values) const noexcept {
        for (const std::uint32_t at : positions_) {
            std::memcpy(data + std::size_t{at} * Width, values, Width);
            values += Width;
        }
    }

    result<void> rare(reader& in, change_op op, const leaf_handle& to, const limits& most) {
        if (auto done = list_.read_one(in, op, to.ops->form); !done) {
            return done;
        }
        return exchange(list_.changes().front(), to, most);
    }

    std::vector<std::uint32_t> positions_;
    change_list list_;
};

} // namespace tintype::inline v0
