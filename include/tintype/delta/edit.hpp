#pragma once

// How one structure becomes another: which leaves stay, go and come, in the order of the walk.

#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/table.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct leaf_edit {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    leaf_table table{};              // what it becomes
    std::vector<std::size_t> from{}; // for each leaf of it, which it was before, or `none`

    // Of two tables of one type. A leaf stays if it has the same path and form.
    [[nodiscard]] static leaf_edit between(const leaf_table& before, leaf_table&& after) {
        std::unordered_map<std::string_view, std::size_t> held;
        held.reserve(before.size());
        for (std::size_t i = 0; i != before.size(); ++i) {
            held.emplace(text_of(before.path(i)), i);
        }
        leaf_edit edit{std::move(after), {}};
        edit.from.resize(edit.table.size(), none);
        // The walk's order is one for all values of a type, but where keys have none of their own.
        std::size_t next = 0;
        for (std::size_t i = 0; i != edit.table.size(); ++i) {
            const auto at = held.find(text_of(edit.table.path(i)));
            if (at != held.end() && at->second >= next &&
                before.form(at->second) == edit.table.form(i)) {
                edit.from[i] = at->second;
                next = at->second + 1;
            }
        }
        return edit;
    }

    // Steps: so many leaves stay, go or come; those that come with path and form.
    void encode(std::size_t before, blob& to) const {
        blob steps;
        std::uint64_t count = 0;
        const auto step = [&](action what, std::size_t leaves) {
            if (leaves != 0) {
                append_varint(steps, 3 * static_cast<std::uint64_t>(leaves) + what);
                ++count;
            }
        };
        std::size_t next = 0;
        for (std::size_t i = 0; i != from.size();) {
            const std::size_t begin = i;
            if (from[i] == none) {
                while (i != from.size() && from[i] == none) {
                    ++i;
                }
                step(come, i - begin);
                for (std::size_t leaf = begin; leaf != i; ++leaf) {
                    table.encode(leaf, leaf == 0 ? byte_view{} : table.path(leaf - 1), steps);
                }
                continue;
            }
            step(go, from[i] - next);
            next = from[i];
            while (i != from.size() && from[i] == next) {
                ++i;
                ++next;
            }
            step(stay, i - begin);
        }
        step(go, before - next);
        append_varint(to, count);
        append(to, steps);
    }

    [[nodiscard]] static result<leaf_edit> decode(reader& in, const leaf_table& before) {
        const auto count = take_varint(in, "structure");
        if (!count) {
            return pass(count);
        }
        leaf_edit edit;
        std::size_t next = 0;
        for (std::uint64_t i = 0; i != *count; ++i) {
            const auto step = take_varint(in, "structure");
            if (!step) {
                return pass(step);
            }
            const std::uint64_t leaves = *step / 3;
            const std::uint64_t present =
                *step % 3 == come ? in.remaining() / 3 : before.size() - next;
            if (leaves > present) {
                return fail({.code = errc::out_of_bounds,
                             .where = "structure",
                             .offset = in.offset(),
                             .found = leaves,
                             .wanted = present});
            }
            for (std::uint64_t k = 0; k != leaves; ++k) {
                if (*step % 3 == come) {
                    if (auto done = edit.table.decode_next(in); !done) {
                        return pass(done);
                    }
                    edit.from.push_back(none);
                } else {
                    if (*step % 3 == stay) {
                        edit.table.add(before.path(next), before.form(next));
                        edit.from.push_back(next);
                    }
                    ++next;
                }
            }
        }
        if (next != before.size()) {
            return fail({.code = errc::truncated_section,
                         .where = "structure",
                         .offset = in.offset(),
                         .found = next,
                         .wanted = before.size()});
        }
        return edit;
    }

private:
    enum action : std::uint8_t { stay = 0, go = 1, come = 2 };
};

} // namespace tintype::inline v0
