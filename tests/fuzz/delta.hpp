#pragma once

// The body for the delta store: any bytes are refused or give some value, whichever part they are
// taken for; what was accepted is written and comes back, and changes that were made are taken
// back.

#include <tintype/core/identical.hpp>
#include <tintype/delta/apply.hpp>
#include <tintype/delta/block.hpp>
#include <tintype/delta/edit.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/path.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/delta/step.hpp>
#include <tintype/delta/table.hpp>

#include "bodies.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tests::fuzz {

struct fuzz_part {
    BOOST_HANA_DEFINE_STRUCT(fuzz_part, (std::string, name), (std::vector<fuzz_part>, parts));
};

struct fuzz_state {
    using by_name = std::map<std::string, double>;
    using either = std::variant<std::monostate, std::int16_t, std::string>;
    BOOST_HANA_DEFINE_STRUCT(fuzz_state, (std::uint32_t, id), (bool, on),
                             (std::vector<float>, values), (by_name, metrics), (either, one),
                             (std::optional<fuzz_part>, part), (std::set<std::int32_t>, tags));
};

using fuzz_leaves = tintype::leaf_state<fuzz_state>;

// What the changes and edits of an input are of.
[[nodiscard]] inline fuzz_leaves fuzz_start() {
    fuzz_state value{};
    value.values = {1, 2, 3, 4};
    value.metrics = {{"a", 1}, {"b", 2}};
    value.part = fuzz_part{"p", {{"q", {}}}};
    value.tags = {1, 2};
    fuzz_leaves state;
    must(state.assign(value).has_value(), "delta: a value is taken");
    return state;
}

inline void delta_comes_back(const fuzz_leaves& state) {
    tintype::detail::claimed_bytes bytes;
    state.write(bytes);
    fuzz_leaves again;
    tintype::reader in{bytes.bytes()};
    must(again.read(in, {}).has_value() && in.remaining() == 0, "delta: what is written is read");
    must(tintype::identical(again.value(), state.value()), "delta: every bit comes back");
    must(again.checksum() == state.checksum(), "delta: and the checksum with it");
}

inline void delta_keyframe(byte_view bytes) {
    fuzz_leaves state;
    tintype::reader in{bytes};
    if (state.read(in, {})) {
        delta_comes_back(state);
        for (std::size_t i = 0; i != state.table().size(); ++i) {
            static_cast<void>(tintype::path_text<fuzz_state>(state.table().path(i)));
        }
    }
    tintype::reader other{bytes};
    if (const auto table = tintype::leaf_table::decode(other)) {
        blob encoded;
        table->encode(encoded);
        tintype::reader back{encoded};
        const auto again = tintype::leaf_table::decode(back);
        must(again && *again == *table, "delta: a structure is written as it was read");
        fuzz_state value;
        std::vector<tintype::leaf_handle> handles;
        if (tintype::make_leaves(*table, value, handles)) {
            must(handles.size() == table->size(), "delta: just these leaves");
        }
    }
}

// The changes of one snapshot: there, back, and made where they are read.
inline void delta_changes(byte_view bytes, const fuzz_leaves& state) {
    const auto leaves = state.leaves();
    fuzz_leaves before;
    fuzz_leaves applied;
    must(before.assign(state.value()) && applied.assign(state.value()), "delta: copied");
    tintype::change_list list;
    tintype::reader in{bytes};
    const auto read =
        list.read(in, [&](std::size_t leaf) { return leaves[leaf].ops->form; }, leaves.size());
    bool made = read.has_value();
    if (made) {
        for (tintype::change& each : list.changes()) {
            made = made && exchange(each, before.leaves()[each.leaf]).has_value();
        }
    }
    tintype::change_applier applier;
    tintype::reader other{bytes};
    const auto done = applier.apply(other, applied.leaves(), {});
    if (!made) {
        return;
    }
    delta_comes_back(before);
    must(!done || tintype::identical(applied.value(), before.value()),
         "delta: both ways to make changes agree");
    for (tintype::change& each : list.changes()) {
        must(exchange(each, before.leaves()[each.leaf]).has_value(), "delta: taken back");
    }
    must(tintype::identical(before.value(), state.value()), "delta: to the last bit");
}

inline void delta_edit(byte_view bytes) {
    auto state = fuzz_start();
    tintype::reader in{bytes};
    auto edit = tintype::leaf_edit::decode(in, state.table());
    if (!edit) {
        return;
    }
    must(edit->from.size() == edit->table.size(), "delta: an edit of each leaf");
    blob encoded;
    edit->encode(state.table().size(), encoded);
    tintype::reader back{encoded};
    const auto again = tintype::leaf_edit::decode(back, state.table());
    must(again && again->table == edit->table && again->from == edit->from,
         "delta: an edit is written as it was read");
    if (state.restructure(std::move(edit->table), edit->from)) {
        delta_comes_back(state);
        delta_changes(in.rest(), state);
    }
}

// A block of as many snapshots as the first byte says.
inline void delta_block(byte_view bytes) {
    if (bytes.empty()) {
        return;
    }
    const std::size_t steps = 1 + std::to_integer<std::size_t>(bytes[0]) % 8;
    fuzz_leaves state;
    tintype::block_reader<fuzz_state> block;
    tintype::reader in{bytes.subspan(1)};
    if (!block.open(in, steps, state, {.bytes = std::uint64_t{1} << 20U})) {
        return;
    }
    std::vector<fuzz_state> seen{state.value()};
    while (seen.size() != steps && block.next(state)) {
        seen.push_back(state.value());
    }
    if (seen.size() == steps) {
        for (std::size_t i = steps - 1; i != 0; --i) {
            must(block.back(state).has_value(), "delta: back through a block");
            must(tintype::identical(state.value(), seen[i - 1]), "delta: as it was");
        }
    }
}

// Under a seal that is right, as few inputs would have one by chance.
inline void delta_heads(byte_view bytes) {
    blob sealed;
    tintype::detail::append_sealed(sealed, bytes);
    for (const byte_view each : {bytes, byte_view{sealed}}) {
        tintype::reader in{each};
        if (const auto head = tintype::snapshot_head::decode(in)) {
            blob again;
            head->encode(again);
            tintype::reader back{again};
            const auto other = tintype::snapshot_head::decode(back);
            must(other && other->facts == head->facts && other->label == head->label,
                 "delta: facts come back");
        }
        tintype::reader other{each};
        if (const auto head = tintype::block_head::decode(other)) {
            blob again;
            head->encode(again);
            tintype::reader back{again};
            const auto read = tintype::block_head::decode(back);
            must(read && read->snapshots == head->snapshots && read->labels == head->labels &&
                     read->label_of == head->label_of,
                 "delta: a block's facts come back");
        }
        static_cast<void>(tintype::history_opening::decode(each, 0));
        tintype::history_index index;
        for (std::uint32_t kind = 1; kind != 7; ++kind) {
            static_cast<void>(index.add({kind, 8, each.size()}, each));
        }
        static_cast<void>(index.lost());
    }
}

// The first byte says what the rest is taken for.
inline void fuzz_delta(byte_view bytes) {
    if (bytes.empty()) {
        return;
    }
    const byte_view rest = bytes.subspan(1);
    switch (std::to_integer<unsigned>(bytes[0]) % 5) {
    case 0:
        return delta_keyframe(rest);
    case 1:
        return delta_changes(rest, fuzz_start());
    case 2:
        return delta_edit(rest);
    case 3:
        return delta_block(rest);
    default:
        return delta_heads(rest);
    }
}

} // namespace tests::fuzz
