#pragma once

// The structure of a value as data: which leaves it has, each by its path and form, in the order
// of the walk. It is kept beside the leaves' bytes, and a value with just these leaves is made from
// it again.

#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/leaf.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace tintype::inline v0 {

// Bytes of all paths together, at most. They are written by how they differ, so few bytes could
// otherwise stand for any number of long ones.
inline constexpr std::size_t most_path_bytes = std::size_t{1} << 27U;

class leaf_table {
public:
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    [[nodiscard]] std::size_t path_bytes() const noexcept { return paths_.size(); }

    // What it takes in memory, about.
    [[nodiscard]] std::uint64_t footprint() const noexcept {
        return paths_.size() + entries_.size() * sizeof(entry);
    }

    [[nodiscard]] byte_view path(std::size_t leaf) const noexcept {
        return bytes_of(paths_).subspan(entries_[leaf].begin, entries_[leaf].size);
    }

    [[nodiscard]] const leaf_form& form(std::size_t leaf) const noexcept {
        return entries_[leaf].form;
    }

    void add(byte_view path, const leaf_form& form) {
        entries_.push_back({paths_.size(), path.size(), form});
        paths_.append(text_of(path));
    }

    void clear() noexcept {
        paths_.clear();
        entries_.clear();
    }

    friend bool operator==(const leaf_table& a, const leaf_table& b) noexcept {
        return a.entries_ == b.entries_ && a.paths_ == b.paths_;
    }

    // Leaf `leaf` as bytes that follow those of the leaf before it: how much of that one's path it
    // shares, the rest of its path, its form.
    void encode(std::size_t leaf, byte_view before, blob& to) const {
        const byte_view whole = path(leaf);
        const auto most = std::min(before.size(), whole.size());
        std::size_t shared = 0;
        while (shared != most && before[shared] == whole[shared]) {
            ++shared;
        }
        append_varint(to, shared);
        append_varint(to, whole.size() - shared);
        append(to, whole.subspan(shared));
        const leaf_form& what = form(leaf);
        const auto tag = static_cast<unsigned>(what.type) | (what.resizable() ? 0x80U : 0U) |
                         (what.extent > 1 ? 0x40U : 0U);
        to.push_back(static_cast<std::byte>(tag));
        if (what.extent > 1) {
            append_varint(to, what.extent);
        }
        if (what.type == leaf_type::record) {
            append_varint(to, what.width);
        }
    }

    void encode(blob& to) const {
        append_varint(to, size());
        for (std::size_t i = 0; i != size(); ++i) {
            encode(i, i == 0 ? byte_view{} : path(i - 1), to);
        }
    }

    // Adds what `encode` wrote for one leaf behind the last that is here.
    [[nodiscard]] result<void> decode_next(reader& in) {
        const entry last = entries_.empty() ? entry{} : entries_.back();
        const auto shared = take_varint(in, "leaf path");
        if (!shared) {
            return pass(shared);
        }
        if (*shared > last.size) {
            return fail({.code = errc::invalid_value,
                         .where = "leaf path",
                         .offset = in.offset(),
                         .found = *shared,
                         .wanted = last.size});
        }
        const auto size = take_varint(in, "leaf path");
        if (!size) {
            return pass(size);
        }
        const auto rest = in.take(*size, "leaf path");
        if (!rest) {
            return pass(rest);
        }
        auto form = take_form(in);
        if (!form) {
            return pass(form);
        }
        const std::uint64_t room = most_path_bytes - std::min(paths_.size(), most_path_bytes);
        if (*shared + rest->size() > room) {
            return fail({.code = errc::limit_exceeded,
                         .where = "leaf path",
                         .offset = in.offset(),
                         .found = *shared + rest->size(),
                         .wanted = room});
        }
        const std::size_t begin = paths_.size();
        const auto kept = static_cast<std::size_t>(*shared);
        paths_.append(paths_, last.begin, kept).append(text_of(*rest));
        entries_.push_back({begin, paths_.size() - begin, *form});
        return {};
    }

    [[nodiscard]] static result<leaf_table> decode(reader& in) {
        const auto count = take_varint(in, "leaves");
        if (!count) {
            return pass(count);
        }
        // Each takes three bytes at least.
        if (*count > in.remaining() / 3) {
            return fail({.code = errc::truncated_section,
                         .where = "leaves",
                         .offset = in.offset(),
                         .found = in.remaining() / 3,
                         .wanted = *count});
        }
        leaf_table table;
        table.entries_.reserve(static_cast<std::size_t>(*count));
        for (std::uint64_t i = 0; i != *count; ++i) {
            if (auto done = table.decode_next(in); !done) {
                return pass(done);
            }
        }
        return table;
    }

private:
    struct entry {
        std::size_t begin = 0;
        std::size_t size = 0;
        leaf_form form{};

        friend bool operator==(const entry&, const entry&) noexcept = default;
    };

    [[nodiscard]] static std::uint32_t width_of(leaf_type type) noexcept {
        switch (type) {
        case leaf_type::marker:
            return 0;
        case leaf_type::u16:
        case leaf_type::i16:
            return 2;
        case leaf_type::u32:
        case leaf_type::i32:
        case leaf_type::f32:
            return 4;
        case leaf_type::u64:
        case leaf_type::i64:
        case leaf_type::f64:
            return 8;
        default:
            return 1;
        }
    }

    [[nodiscard]] static result<std::uint32_t> take_least(reader& in, std::uint32_t least) {
        const auto number = take_varint(in, "leaf form");
        if (!number) {
            return pass(number);
        }
        if (*number < least || *number > std::numeric_limits<std::uint32_t>::max()) {
            return fail({.code = errc::invalid_value,
                         .where = "leaf form",
                         .offset = in.offset(),
                         .found = *number,
                         .wanted = least});
        }
        return static_cast<std::uint32_t>(*number);
    }

    [[nodiscard]] static result<leaf_form> take_form(reader& in) {
        const auto tag = in.number<std::endian::little, std::uint8_t>("leaf form");
        if (!tag) {
            return pass(tag);
        }
        const auto number = static_cast<std::uint8_t>(*tag & 0x3fU);
        const bool resizable = (*tag & 0x80U) != 0;
        const bool several = (*tag & 0x40U) != 0;
        const auto type = static_cast<leaf_type>(number);
        if (number >= leaf_types || (resizable && several) ||
            (type == leaf_type::marker && (resizable || several))) {
            return fail({.code = errc::invalid_value,
                         .where = "leaf form",
                         .offset = in.offset() - 1,
                         .found = *tag,
                         .wanted = leaf_types - 1});
        }
        leaf_form form{type, resizable || type == leaf_type::marker ? 0U : 1U, width_of(type)};
        if (several) {
            const auto extent = take_least(in, 2);
            if (!extent) {
                return pass(extent);
            }
            form.extent = *extent;
        }
        if (type == leaf_type::record) {
            const auto width = take_least(in, 1);
            if (!width) {
                return pass(width);
            }
            form.width = *width;
        }
        return form;
    }

    std::string paths_;
    std::vector<entry> entries_;
};

} // namespace tintype::inline v0
