#pragma once

// A value together with its leaves: what a history writes from and reads into. It writes itself
// whole, or as what it takes to make it from the state before; it becomes what was written.

#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/leaves.hpp>
#include <tintype/delta/table.hpp>
#include <tintype/delta/walk.hpp>
#include <tintype/hash/crc32c.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <class T>
class leaf_state {
public:
    [[nodiscard]] const T& value() const noexcept { return *value_; }

    // For members that are no part of what is kept.
    [[nodiscard]] T& value() noexcept { return *value_; }

    [[nodiscard]] const leaf_table& table() const noexcept { return table_; }

    [[nodiscard]] std::span<const leaf_handle> leaves() const noexcept { return leaves_; }

    // Becomes the value. Where the structure stays, leaves keep their memory.
    [[nodiscard]] result<void> assign(const T& next) {
        if (!leaves_.empty() && same_structure(*value_, next)) {
            copy_leaves copy;
            detail::paired_leaves<copy_leaves>{copy}.go(*value_, next);
            return {};
        }
        leaves_.clear(); // not to be believed until they were looked at
        *value_ = next;
        return looked_at();
    }

    // Becomes the value; takes down what that changes. Refused, and nothing is changed, where the
    // structure is another.
    template <class Same>
    [[nodiscard]] bool change_to(const T& next, detail::change_writer<Same>& changes) {
        changes.begin();
        if (leaves_.empty() || !same_structure(*value_, next)) {
            return false;
        }
        detail::paired_leaves<detail::change_writer<Same>>{changes}.go(*value_, next);
        return true;
    }

    // Everything: the structure, and each leaf in order.
    void write(detail::claimed_bytes& to) const {
        std::byte* at = to.room(longest_varint);
        to.took(store_varint(at, encoded_table_.size()));
        to.add(encoded_table_);
        for (const leaf_handle& each : leaves_) {
            write_leaf(each, to);
        }
    }

    [[nodiscard]] result<void> read(reader& in, const limits& most) {
        const auto size = take_varint(in, "leaves");
        if (!size) {
            return pass(size);
        }
        const auto table = in.take(*size, "leaves");
        if (!table) {
            return pass(table);
        }
        if (leaves_.empty() || !std::ranges::equal(*table, encoded_table_)) {
            if (auto done = restructured(*table, in.offset() - *size); !done) {
                return done;
            }
        }
        for (const leaf_handle& each : leaves_) {
            if (auto done = read_leaf(each, in, most); !done) {
                return done;
            }
        }
        return {};
    }

    // The structure becomes another: leaves that stay keep what is in them, others are empty or
    // zero.
    [[nodiscard]] result<void> restructure(leaf_table&& table, std::span<const std::size_t> from) {
        auto fresh = std::make_unique<T>();
        std::vector<leaf_handle> leaves;
        if (auto done = make_leaves(table, *fresh, leaves); !done) {
            return done;
        }
        for (std::size_t i = 0; i != leaves.size(); ++i) {
            if (auto done = from[i] == leaf_edit::none ? cleared(leaves[i])
                                                       : moved(leaves_[from[i]], leaves[i]);
                !done) {
                return done;
            }
        }
        blob encoded;
        table.encode(encoded);
        value_ = std::move(fresh);
        leaves_ = std::move(leaves);
        table_ = std::move(table);
        encoded_table_ = std::move(encoded);
        return {};
    }

    void swap(leaf_state& other) noexcept {
        std::swap(value_, other.value_);
        std::swap(table_, other.table_);
        std::swap(encoded_table_, other.encoded_table_);
        std::swap(leaves_, other.leaves_);
    }

    // Of every leaf: of a run its length, and the elements as they are stored.
    [[nodiscard]] std::uint32_t checksum() const {
        crc32c sum;
        for (const leaf_handle& each : leaves_) {
            const auto add = [&](byte_view bytes) {
                if (each.ops->form.resizable()) {
                    std::array<std::byte, 8> length{};
                    store<std::endian::little>(length.data(),
                                               static_cast<std::uint64_t>(bytes.size()));
                    sum.update(length);
                }
                sum.update(bytes);
            };
            if (each.ops->settled != nullptr) {
                add(each.ops->settled(each.at));
            } else {
                with_bytes(each, add);
            }
        }
        return sum.finish();
    }

    // Bytes of all elements.
    [[nodiscard]] std::uint64_t size() const {
        std::uint64_t sum = 0;
        for (const leaf_handle& each : leaves_) {
            with_bytes(each, [&](byte_view bytes) { sum += bytes.size(); });
        }
        return sum;
    }

    // The elements of a leaf as they are stored; the view holds while `visit` runs.
    template <class Visit>
    static void with_bytes(const leaf_handle& leaf, Visit&& visit) {
        const leaf_ops& ops = *leaf.ops;
        if (ops.form.type == leaf_type::marker) {
            return;
        }
        if (ops.encode != nullptr) {
            visit(byte_view{ops.encode(leaf.at)});
            return;
        }
        const std::size_t count = ops.count(leaf.at);
        const byte_view bytes{ops.data(leaf.at), count * ops.form.width};
        if (ops.reorder == nullptr) {
            visit(bytes);
            return;
        }
        blob stored(bytes.begin(), bytes.end());
        ops.reorder(stored.data(), count);
        visit(byte_view{stored});
    }

private:
    struct copy_leaves {
        void marker() noexcept {}

        template <class U>
        void leaf(U& to, const U& from) {
            detail::copy_leaf(to, from);
        }
    };

    [[nodiscard]] result<void> looked_at() {
        table_.clear();
        leaves_.clear();
        encoded_table_.clear();
        if (auto done = leaves_of(*value_, &table_, &leaves_); !done) {
            leaves_.clear();
            return done;
        }
        table_.encode(encoded_table_);
        return {};
    }

    [[nodiscard]] result<void> restructured(byte_view table, std::uint64_t offset) {
        reader in{table, offset};
        auto decoded = leaf_table::decode(in);
        if (!decoded) {
            return pass(decoded);
        }
        if (in.remaining() != 0) {
            return fail({.code = errc::trailing_bytes,
                         .where = "leaves",
                         .offset = in.offset(),
                         .found = in.remaining()});
        }
        leaves_.clear();
        std::vector<leaf_handle> leaves;
        if (auto done = make_leaves(*decoded, *value_, leaves); !done) {
            return done;
        }
        leaves_ = std::move(leaves);
        table_ = *std::move(decoded);
        encoded_table_.assign(table.begin(), table.end());
        return {};
    }

    static void write_leaf(const leaf_handle& leaf, detail::claimed_bytes& to) {
        with_bytes(leaf, [&](byte_view bytes) {
            if (leaf.ops->form.resizable()) {
                std::byte* const at = to.room(longest_varint);
                to.took(store_varint(at, bytes.size() / leaf.ops->form.width));
            }
            to.add(bytes);
        });
    }

    static result<void> read_leaf(const leaf_handle& leaf, reader& in, const limits& most) {
        const leaf_ops& ops = *leaf.ops;
        if (ops.form.type == leaf_type::marker) {
            return {};
        }
        std::uint64_t count = 0;
        if (ops.form.resizable()) {
            const auto stored = take_varint(in, "leaf");
            if (!stored) {
                return pass(stored);
            }
            count = *stored;
            if (count > in.remaining() / ops.form.width) {
                return fail({.code = errc::truncated_section,
                             .where = "leaf",
                             .offset = in.offset(),
                             .found = in.remaining() / ops.form.width,
                             .wanted = count});
            }
        } else {
            count = ops.count(leaf.at);
        }
        const auto bytes = in.take(count * ops.form.width, "leaf");
        if (!bytes) {
            return pass(bytes);
        }
        return set_leaf(leaf, *bytes, most);
    }

    // To elements as they are stored; as many as there are where it cannot be resized.
    static result<void> set_leaf(const leaf_handle& leaf, byte_view bytes, const limits& most) {
        const leaf_ops& ops = *leaf.ops;
        if (ops.decode != nullptr) {
            return ops.decode(leaf.at, bytes, most);
        }
        if (ops.form.type == leaf_type::boolean &&
            !std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; })) {
            return fail({.code = errc::invalid_value, .where = "leaf", .wanted = 1});
        }
        const std::size_t count = bytes.size() / ops.form.width;
        if (ops.form.resizable() && ops.count(leaf.at) != count) {
            ops.resize(leaf.at, count);
        }
        if (count != 0) {
            std::byte* const to = ops.data(leaf.at);
            std::memcpy(to, bytes.data(), bytes.size());
            if (ops.reorder != nullptr) {
                ops.reorder(to, count);
            }
        }
        return {};
    }

    static result<void> cleared(const leaf_handle& leaf) {
        const leaf_ops& ops = *leaf.ops;
        if (ops.clear != nullptr) {
            ops.clear(leaf.at);
        }
        if (ops.data == nullptr) {
            return {};
        }
        if (ops.form.resizable()) {
            ops.resize(leaf.at, 0);
        } else {
            std::fill_n(ops.data(leaf.at), ops.count(leaf.at) * ops.form.width, std::byte{0});
        }
        return {};
    }

    static result<void> moved(const leaf_handle& from, const leaf_handle& to) {
        const leaf_ops& ops = *to.ops;
        if (ops.form.type == leaf_type::marker) {
            return {};
        }
        if (ops.decode != nullptr) {
            return ops.decode(to.at, ops.encode(from.at), {});
        }
        const std::size_t count = ops.count(from.at);
        if (ops.form.resizable()) {
            ops.resize(to.at, count);
        }
        if (count != 0) {
            std::memcpy(ops.data(to.at), ops.data(from.at), count * ops.form.width);
        }
        return {};
    }

    std::unique_ptr<T> value_ = std::make_unique<T>();
    leaf_table table_;
    blob encoded_table_;
    std::vector<leaf_handle> leaves_; // empty where the value is not to be believed
};

} // namespace tintype::inline v0
