#pragma once

// A block as it lies in a record, before its tracks are decoded: the structure of the first
// snapshot, what became of it, and the bytes of each track. No type is needed to read so far.

#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/table.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What a block may take in memory once it is decoded, where nothing else is said.
inline constexpr std::uint64_t most_block_bytes = std::uint64_t{1} << 30U;

struct block_content {
    struct edit_at {
        std::uint32_t step = 0;
        leaf_edit edit{};
    };

    leaf_table table{};
    std::vector<edit_at> edits{};
    std::vector<leaf_form> forms{}; // of each track
    std::vector<std::uint32_t> born{};
    std::vector<reader> tracks{};

    // `in` stands behind the block's head.
    // `most` bytes of memory may be taken for it.
    [[nodiscard]] static result<block_content> decode(reader& in, std::uint64_t steps,
                                                      std::uint64_t most = most_block_bytes) {
        block_content content;
        const auto size = take_varint(in, "leaves");
        if (!size) {
            return pass(size);
        }
        const auto bytes = in.take(*size, "leaves");
        if (!bytes) {
            return pass(bytes);
        }
        reader table{*bytes, in.offset() - *size};
        auto decoded = leaf_table::decode(table);
        if (!decoded) {
            return pass(decoded);
        }
        if (auto done = detail::nothing_left(table, "leaves"); !done) {
            return pass(done);
        }
        content.table = *std::move(decoded);
        for (std::size_t i = 0; i != content.table.size(); ++i) {
            content.forms.push_back(content.table.form(i));
            content.born.push_back(0);
        }
        if (auto done = content.take_edits(in, steps, most); !done) {
            return pass(done);
        }
        if (auto done = content.take_tracks(in); !done) {
            return pass(done);
        }
        return content;
    }

private:
    [[nodiscard]] result<void> take_edits(reader& in, std::uint64_t steps, std::uint64_t most) {
        const auto count = take_varint(in, "structure");
        if (!count) {
            return pass(count);
        }
        std::uint64_t last = 0;
        const leaf_table* before = &table;
        for (std::uint64_t i = 0; i != *count; ++i) {
            const auto step = take_varint(in, "structure");
            if (!step) {
                return pass(step);
            }
            if (*step <= last || *step >= steps) {
                return fail({.code = errc::out_of_bounds,
                             .where = "structure",
                             .offset = in.offset(),
                             .found = *step,
                             .wanted = steps});
            }
            last = *step;
            const auto size = take_varint(in, "structure");
            if (!size) {
                return pass(size);
            }
            const auto bytes = in.take(*size, "structure");
            if (!bytes) {
                return pass(bytes);
            }
            reader inner{*bytes, in.offset() - *size};
            auto edit = leaf_edit::decode(inner, *before);
            if (!edit) {
                return pass(edit);
            }
            if (auto done = detail::nothing_left(inner, "structure"); !done) {
                return done;
            }
            for (std::size_t leaf = 0; leaf != edit->from.size(); ++leaf) {
                if (edit->from[leaf] == leaf_edit::none) {
                    forms.push_back(edit->table.form(leaf));
                    born.push_back(static_cast<std::uint32_t>(*step));
                }
            }
            const std::uint64_t taken = edit->table.footprint();
            if (taken > most) {
                return fail({.code = errc::limit_exceeded,
                             .where = "structure",
                             .offset = in.offset(),
                             .found = taken,
                             .wanted = most});
            }
            most -= taken;
            edits.push_back({static_cast<std::uint32_t>(*step), *std::move(edit)});
            before = &edits.back().edit.table;
        }
        return {};
    }

    [[nodiscard]] result<void> take_tracks(reader& in) {
        const auto count = take_varint(in, "leaves");
        if (!count) {
            return pass(count);
        }
        if (*count != forms.size()) {
            return fail({.code = errc::invalid_value,
                         .where = "leaves",
                         .offset = in.offset(),
                         .found = *count,
                         .wanted = forms.size()});
        }
        for (std::uint64_t i = 0; i != *count; ++i) {
            const auto size = take_varint(in, "leaf");
            if (!size) {
                return pass(size);
            }
            const auto bytes = in.take(*size, "leaf");
            if (!bytes) {
                return pass(bytes);
            }
            tracks.emplace_back(*bytes, in.offset() - *size);
        }
        return detail::nothing_left(in, "block");
    }
};

} // namespace tintype::inline v0
