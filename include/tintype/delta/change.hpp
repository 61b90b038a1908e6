#pragma once

// What differs between two values of one structure, leaf by leaf: the elements that changed and
// where they stand, or what a run became. Elements differ if a bit does, unless a policy says
// otherwise.

#include <tintype/core/bytes.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/differing.hpp>
#include <tintype/delta/leaf.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

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

} // namespace tintype::inline v0
