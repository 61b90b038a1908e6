#pragma once

// What differs between two values of one structure, leaf by leaf: the elements that changed and
// where they stand, or what a run became. Elements differ if a bit does, unless a policy says
// otherwise. Changes are applied by exchanging old for new, so that what was applied can be taken
// back.

#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/differing.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/table.hpp>
#include <tintype/delta/walk.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace tintype {

// How one leaf changed. All but `replaced` leave what they do not name as it was.
enum class change_op : std::uint8_t {
    sparse = 0,   // a few elements, each with its position
    mapped = 1,   // many, with a bit for each position
    replaced = 2, // all of them; a run may become another length
    slid = 3,     // a run lost elements at its front and got others at its end
};

// Elements are the same if all of their bits are.
struct exact {
    static constexpr bool bitwise = true;
};

// Floating-point elements are the same if they are no further apart than this, or if all of their
// bits are the same. The history then gives back what it has kept, not what was appended.
struct within {
    static constexpr bool bitwise = false;
    double tolerance = 0;

    template <std::floating_point T>
    [[nodiscard]] bool operator()(T a, T b) const noexcept {
        // Not for NaN and infinities, which are never near anything.
        return std::abs(static_cast<double>(a) - static_cast<double>(b)) <= tolerance;
    }
};

// Asked of floating-point elements only, and only where a bit differs.
template <class S>
concept same_policy = std::copyable<S> && requires {
    { S::bitwise } -> std::convertible_to<bool>;
} && (S::bitwise || requires(const S& same, double number, float smaller) {
                          { same(number, number) } -> std::same_as<bool>;
                          { same(smaller, smaller) } -> std::same_as<bool>;
                      });

namespace detail {

// Bytes that grow by room claimed ahead, for many small writes.
class claimed_bytes {
public:
    // Room for so many at the end; `took` says where the written ones end.
    [[nodiscard]] std::byte* room(std::size_t size) {
        if (storage_.size() - used_ < size) {
            storage_.resize(std::max(2 * storage_.size(), used_ + size));
        }
        return storage_.data() + used_;
    }

    void took(const std::byte* end) noexcept {
        used_ = static_cast<std::size_t>(end - storage_.data());
    }

    void add(byte_view bytes) {
        if (!bytes.empty()) {
            std::byte* const to = room(bytes.size());
            std::memcpy(to, bytes.data(), bytes.size());
            used_ += bytes.size();
        }
    }

    void clear() noexcept { used_ = 0; }

    [[nodiscard]] byte_view bytes() const noexcept { return byte_view{storage_}.first(used_); }

private:
    blob storage_;
    std::size_t used_ = 0;
};

// Elements in the order of bytes that they are stored in.
template <run_element E>
[[nodiscard]] std::byte* put_elements(std::byte* to, const E* from, std::size_t count) {
    if constexpr (std::endian::native == std::endian::little || sizeof(E) == 1) {
        if (count != 0) {
            std::memcpy(to, from, count * sizeof(E));
        }
        return to + count * sizeof(E);
    } else {
        for (; count != 0; --count, ++from, to += sizeof(E)) {
            store_packed<std::endian::little>(to, *from);
        }
        return to;
    }
}

// Takes the changes down, and makes the first of the two what the second is.
template <same_policy Same>
class change_writer {
public:
    explicit change_writer(Same same = {}) : same_(std::move(same)) {}

    // A new pair of values.
    void begin() {
        out_.clear();
        count_ = 0;
        leaf_ = 0;
        next_ = 0;
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    [[nodiscard]] byte_view bytes() const noexcept { return out_.bytes(); }

    void marker() noexcept { ++leaf_; }

    template <class T>
    void leaf(T& before, const T& now) {
        if constexpr (leaf_shape_v<T> == leaf_shape::encoded) {
            encoded(before, now);
        } else {
            elements(before, now);
        }
        ++leaf_;
    }

private:
    template <class T>
    void encoded(T& before, const T& now) {
        if (!identical(before, now)) {
            const blob bytes = column_bytes(now);
            std::byte* to = start(change_op::replaced, longest_varint + bytes.size());
            to = store_varint(to, bytes.size());
            out_.took(put_elements(to, bytes.data(), bytes.size()));
            before = now;
        }
    }

    template <class T>
    void elements(T& before, const T& now) {
        using element = leaf_element_t<T>;
        const auto fresh = leaf_elements(now);
        const auto held = leaf_elements(before);
        if constexpr (leaf_shape_v<T> == leaf_shape::run) {
            if (held.size() != fresh.size()) {
                resized(before, now);
                return;
            }
        }
        if (fresh.size() <= 1) {
            if (!fresh.empty() && !same(held[0], fresh[0])) {
                replaced<T>(fresh);
                std::memcpy(held.data(), fresh.data(), fresh.size_bytes());
            }
            return;
        }
        // Of a long run most often nothing has changed, and that is told quicker.
        if (fresh.size() > 1024 &&
            std::memcmp(held.data(), fresh.data(), fresh.size_bytes()) == 0) {
            return;
        }
        words_.resize((fresh.size() + 63) / 64);
        std::size_t changed = 0;
        if constexpr (Same::bitwise) {
            changed = differing(held.data(), fresh.data(), fresh.size(), words_.data());
        } else {
            changed = differing_by(held, fresh);
        }
        if (changed == 0) {
            return;
        }
        if (4 * changed > 3 * fresh.size()) {
            if constexpr (leaf_shape_v<T> == leaf_shape::run) {
                if (Same::bitwise && slid<T>(held, fresh)) {
                    std::memcpy(held.data(), fresh.data(), fresh.size_bytes());
                    return;
                }
            }
            if (Same::bitwise || changed == fresh.size()) {
                replaced<T>(fresh);
                std::memcpy(held.data(), fresh.data(), fresh.size_bytes());
                return;
            }
        }
        const std::size_t count = fresh.size();
        const bool few = 8 * changed <= count;
        const std::size_t places =
            longest_varint * (few ? changed + 1 : 1) + (few ? 0 : (count + 7) / 8);
        std::byte* to =
            start(few ? change_op::sparse : change_op::mapped, places + changed * sizeof(element));
        if (few) {
            to = store_varint(to, changed);
            std::size_t expected = 0;
            each_bit(count, [&](std::size_t at) {
                to = store_varint(to, at - expected);
                expected = at + 1;
            });
        } else {
            to = store_varint(to, count);
            for (std::size_t i = 0; i != (count + 7) / 8; ++i) {
                *to++ = static_cast<std::byte>(words_[i / 8] >> 8U * (i % 8));
            }
        }
        each_bit(count, [&](std::size_t at) {
            to = put_elements(to, fresh.data() + at, 1);
            held[at] = fresh[at];
        });
        out_.took(to);
    }

    template <class E>
    [[nodiscard]] bool same(const E& a, const E& b) const noexcept {
        if (std::memcmp(&a, &b, sizeof(E)) == 0) {
            return true;
        }
        if constexpr (!Same::bitwise && std::is_floating_point_v<E>) {
            return same_(a, b);
        } else {
            return false;
        }
    }

    template <class E>
    [[nodiscard]] std::size_t differing_by(std::span<E> held, std::span<const E> fresh) {
        std::ranges::fill(words_, 0);
        std::size_t changed = 0;
        for (std::size_t i = 0; i != fresh.size(); ++i) {
            if (!same(held[i], fresh[i])) {
                words_[i / 64] |= std::uint64_t{1} << i % 64;
                ++changed;
            }
        }
        return changed;
    }

    template <class Visit>
    void each_bit(std::size_t count, Visit visit) const {
        for (std::size_t word = 0; word != (count + 63) / 64; ++word) {
            for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
                visit(64 * word + static_cast<std::size_t>(std::countr_zero(bits)));
            }
        }
    }

    template <class T>
    void resized(T& before, const T& now) {
        const auto fresh = leaf_elements(now);
        if (!slid<T>(leaf_elements(std::as_const(before)), fresh)) {
            replaced<T>(fresh);
        }
        before = now;
    }

    template <class T, class Elements>
    void replaced(Elements fresh) {
        std::byte* to = start(change_op::replaced, longest_varint + fresh.size_bytes());
        if constexpr (leaf_shape_v<T> == leaf_shape::run) {
            to = store_varint(to, fresh.size());
        }
        out_.took(put_elements(to, fresh.data(), fresh.size()));
    }

    // If what is held begins with what stays, after so many that go, and at least half stays.
    template <class T, class Held, class Fresh>
    [[nodiscard]] bool slid(Held held, Fresh fresh) {
        using element = leaf_element_t<T>;
        if (held.empty() || fresh.empty()) {
            return false;
        }
        const std::size_t most = std::min<std::size_t>(held.size() / 2, 4096);
        for (std::size_t gone = 0; gone <= most; ++gone) {
            const std::size_t stays = held.size() - gone;
            if (std::memcmp(held.data() + gone, fresh.data(), sizeof(element)) != 0 ||
                stays > fresh.size() ||
                std::memcmp(held.data() + gone, fresh.data(), stays * sizeof(element)) != 0) {
                continue;
            }
            const auto tail = fresh.subspan(stays);
            std::byte* to = start(change_op::slid, 2 * longest_varint + tail.size_bytes());
            to = store_varint(to, gone);
            to = store_varint(to, tail.size());
            out_.took(put_elements(to, tail.data(), tail.size()));
            return true;
        }
        return false;
    }

    // Room for a change of this leaf, of so many bytes behind its head.
    [[nodiscard]] std::byte* start(change_op op, std::size_t size) {
        std::byte* to = out_.room(longest_varint + size);
        to = store_varint(to, 4 * (leaf_ - next_) + static_cast<std::uint64_t>(op));
        next_ = leaf_ + 1;
        ++count_;
        return to;
    }

    Same same_;
    claimed_bytes out_;
    std::vector<std::uint64_t> words_;
    std::uint64_t count_ = 0;
    std::uint64_t leaf_ = 0;
    std::uint64_t next_ = 0; // the first that a change can still be of
};

} // namespace detail

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

} // namespace tintype
