#pragma once

// A change as it is applied: by exchanging old for new, so that what was applied can be taken back.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/differing.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/leaves.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace tintype::inline v0 {

// One change as it is applied. Its values are exchanged with the leaf's, so it must own them.
struct change {
    std::uint32_t leaf = 0;
    change_op op = change_op::sparse;
    bool held = false;                          // `run` holds what is to come, rather than `values`
    std::uint64_t gone = 0;                     // `slid`
    std::span<const std::uint32_t> positions{}; // `sparse`, `mapped`: ascending
    mutable_bytes values{};                     // as they are stored
    blob run{}; // what a run of another length was; of one that slid, what is gone
};

namespace detail {

// The first elements go, and the values come at the end.
[[nodiscard]] inline result<void> slide(change& what, const leaf_handle& leaf) {
    const leaf_ops& ops = *leaf.ops;
    const std::size_t width = ops.form.width;
    const std::size_t count = ops.count(leaf.at);
    if (what.gone > count) {
        return fail(
            {.code = errc::out_of_bounds, .where = "change", .found = what.gone, .wanted = count});
    }
    const auto gone = static_cast<std::size_t>(what.gone);
    const std::size_t came = what.values.size() / width;
    std::byte* data = ops.data(leaf.at);
    what.run.assign(data, data + gone * width);
    if (gone != 0 && gone != count) {
        std::memmove(data, data + gone * width, (count - gone) * width);
    }
    ops.resize(leaf.at, count - gone + came);
    data = ops.data(leaf.at) + (count - gone) * width;
    copy_bytes(what.values, data);
    if (ops.reorder != nullptr && came != 0) {
        ops.reorder(data, came);
    }
    what.held = true;
    return {};
}

[[nodiscard]] inline result<void> slide_back(change& what, const leaf_handle& leaf) {
    const leaf_ops& ops = *leaf.ops;
    const std::size_t width = ops.form.width;
    const std::size_t gone = what.run.size() / width;
    const std::size_t stays = ops.count(leaf.at) - what.values.size() / width;
    ops.resize(leaf.at, gone + stays);
    std::byte* const data = ops.data(leaf.at);
    if (gone != 0 && stays != 0) {
        std::memmove(data + gone * width, data, stays * width);
    }
    copy_bytes(what.run, data);
    what.run.clear();
    what.held = false;
    return {};
}

} // namespace detail

// Applies a change, and makes it the change that takes this one back. An error leaves the leaf in
// no state to be believed.
[[nodiscard]] inline result<void> exchange(change& what, const leaf_handle& leaf,
                                           const limits& most = {}) {
    const leaf_ops& ops = *leaf.ops;
    const leaf_form& form = ops.form;
    const auto refuse = [](std::uint64_t found, std::uint64_t wanted) {
        return fail(
            {.code = errc::out_of_bounds, .where = "change", .found = found, .wanted = wanted});
    };
    const auto booleans = [&](byte_view bytes) {
        return form.type != leaf_type::boolean ||
               std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; });
    };
    if (form.type == leaf_type::marker) {
        return refuse(what.leaf, 0);
    }
    if (!booleans(what.values)) {
        return fail({.code = errc::invalid_value, .where = "change", .wanted = 1});
    }
    if (form.type == leaf_type::columns) {
        if (what.op != change_op::replaced) {
            return refuse(static_cast<std::uint64_t>(what.op), 2);
        }
        blob before = ops.encode(leaf.at);
        const byte_view now = what.held ? byte_view{what.run} : byte_view{what.values};
        if (auto done = ops.decode(leaf.at, now, most); !done) {
            return done;
        }
        what.run = std::move(before);
        what.held = true;
        return {};
    }
    const std::size_t width = form.width;
    std::byte* data = ops.data(leaf.at);
    const std::size_t count = ops.count(leaf.at);
    if (what.op == change_op::sparse || what.op == change_op::mapped) {
        if (what.positions.empty()) {
            return {};
        }
        if (what.positions.back() >= count) {
            return refuse(what.positions.back(), count);
        }
        detail::exchange_scattered(data, what.positions, what.values.data(), width, ops.reorder);
        return {};
    }
    const auto reorder = [&](std::byte* at, std::size_t elements) {
        if (ops.reorder != nullptr && elements != 0) {
            ops.reorder(at, elements);
        }
    };
    if (!form.resizable()) {
        if (what.op != change_op::replaced || what.values.size() != count * width) {
            return refuse(what.values.size() / width, count);
        }
        reorder(data, count);
        std::swap_ranges(what.values.begin(), what.values.end(), data);
        reorder(data, count);
        return {};
    }
    if (what.op == change_op::slid) {
        return what.held ? detail::slide_back(what, leaf) : detail::slide(what, leaf);
    }
    if (!what.held && what.values.size() == count * width) {
        reorder(data, count);
        std::swap_ranges(what.values.begin(), what.values.end(), data);
        reorder(data, count);
        return {};
    }
    // A run of another length keeps what it was, in the machine's order of bytes.
    blob before(data, data + count * width);
    const byte_view fresh = what.held ? byte_view{what.run} : byte_view{what.values};
    ops.resize(leaf.at, fresh.size() / width);
    data = ops.data(leaf.at);
    copy_bytes(fresh, data);
    if (!what.held) {
        reorder(data, fresh.size() / width);
    }
    what.run = std::move(before);
    what.held = true;
    return {};
}

} // namespace tintype::inline v0
