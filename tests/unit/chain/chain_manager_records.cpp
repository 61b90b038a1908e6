// Records of every kind and keys of every type, there and back to the last bit, through a full
// snapshot and an increment: a store of a user's, whose records are described structs.

#include <tintype/chain/chain_manager.hpp>

#include "fixtures.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using tests::full_of;
using tests::increment_of;
using tests::opened_chains;
using tests::said;
using tintype::key_of;
using tintype::memory_storage;

// Rows in the order in which they came.
template <class Row>
struct row_store {
    using record_type = Row;
    using key_type = tintype::key_of_record<Row>;
    using contents = tintype::chain_contents<Row>;

    [[nodiscard]] std::vector<std::string> parts() const { return {"rows"}; }

    [[nodiscard]] const std::vector<Row>& records(std::string_view) const { return rows; }

    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces) {
        rows = std::move(from.parts.find("rows")->second);
        lent = std::move(from.backing);
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view, std::vector<Row>&& more) {
        for (Row& each : more) {
            const key_type key{key_of(each)};
            std::erase_if(rows, [&](const Row& row) { return key_type{key_of(row)} == key; });
            rows.push_back(std::move(each));
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view, std::span<const key_type> keys) {
        for (const key_type& key : keys) {
            std::erase_if(rows, [&](const Row& row) { return key_type{key_of(row)} == key; });
        }
        return {};
    }

    [[nodiscard]] const Row* row(const auto& key) const {
        const auto at =
            std::ranges::find_if(rows, [&](const Row& each) { return key_of(each) == key; });
        return at != rows.end() ? &*at : nullptr;
    }

    std::vector<Row> rows{};
    std::vector<std::shared_ptr<const void>> lent{};
};

// A full snapshot of the first rows and an increment of the second come back, both ways.
template <class Row>
void there_and_back(const std::vector<Row>& first, const std::vector<Row>& second) {
    using store = row_store<Row>;
    static_assert(tintype::chain_store<store>);
    const auto manager = opened_chains<tests::chains<store>>(memory_storage{});
    store live{first};
    const auto full = full_of(manager, live);
    live.rows = second;
    const auto next = increment_of(manager, live, full);
    const auto same = [](const store& found, const std::vector<Row>& rows) {
        CHECK(found.rows.size() == rows.size());
        std::size_t wrong = 0;
        for (const Row& each : rows) {
            const Row* there = found.row(key_of(each));
            wrong += there != nullptr && tintype::identical(*there, each) ? 0U : 1U;
        }
        CHECK(wrong == 0);
    };
    for (const auto mode : {tintype::restore_mode::exact, tintype::restore_mode::upsert}) {
        store target;
        REQUIRE(manager.restore(target, full, {.mode = mode}));
        same(target, first);
        target.rows.clear();
        REQUIRE(manager.restore(target, next, {.mode = mode}));
        same(target, second);
    }
    // Nothing changed, so nothing is written, bits that compare unequal to themselves included.
    const auto none = manager.create_incremental(live, next);
    REQUIRE(none);
    CHECK(none->info.pieces.empty());
    const auto difference = manager.diff(full, next);
    REQUIRE(difference);
    CHECK(manager.diff(next, next)->empty());
}

struct inner {
    BOOST_HANA_DEFINE_STRUCT(inner, (double, x), (std::string, note));
};

using maybe_text = std::optional<std::string>;
using maybe_inner = std::optional<inner>;
using floats = std::vector<float>;
using inners = std::vector<inner>;
using named = std::map<std::string, std::int32_t>;
using either = std::variant<std::monostate, std::int64_t, std::string, inner>;
using four = std::array<std::uint16_t, 4>;
using flag_bits = std::vector<std::optional<bool>>;

struct everything {
    BOOST_HANA_DEFINE_STRUCT(everything, (std::uint64_t, id), (inner, nested), (maybe_text, text),
                             (maybe_inner, maybe), (floats, values), (inners, many),
                             (named, attributes), (either, one_of), (four, fixed),
                             (flag_bits, flags), (bool, on), (tintype::blob, bytes));
};

everything of(std::uint64_t id) {
    everything all{};
    all.id = id;
    all.nested = {-0.0, "nested"};
    if (id % 2 == 0) {
        all.text = id % 4 == 0 ? "" : "present";
        all.maybe = inner{std::numeric_limits<double>::infinity(), ""};
    }
    for (std::uint64_t i = 0; i != id % 5; ++i) {
        all.values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(0x7fc00000U + i)));
        all.many.push_back({std::bit_cast<double>(0xfff8000000000000U + i), std::string(i, 'x')});
        all.attributes[std::to_string(i)] = -5;
    }
    switch (id % 4) {
    case 1:
        all.one_of = std::int64_t{-1};
        break;
    case 2:
        all.one_of = std::string{};
        break;
    case 3:
        all.one_of = inner{-0.0, "in a variant"};
        break;
    default:
        break;
    }
    all.fixed = {1, 2, 3, static_cast<std::uint16_t>(id)};
    all.flags = {true, std::nullopt, false};
    all.on = id % 3 == 0;
    all.bytes = tests::noise(id, id);
    return all;
}

} // namespace

TEST_CASE("records: of nested structs, optionals, vectors, maps and variants") {
    std::vector<everything> first;
    std::vector<everything> second;
    for (std::uint64_t i = 0; i != 20; ++i) {
        first.push_back(of(i));
        if (i % 3 != 0) {
            second.push_back(of(i));
            if (i % 3 == 1) {
                second.back().nested.x = 0.0; // it was -0.0
            }
        }
    }
    second.push_back(of(77));
    there_and_back(first, second);
    there_and_back<everything>({}, second);
    there_and_back<everything>(first, {});
}

TEST_CASE("records: each bit of a float counts") {
    const auto weight = [](std::uint32_t bits) {
        everything row{};
        row.id = bits;
        row.values = {std::bit_cast<float>(bits)};
        return row;
    };
    std::vector<everything> first;
    std::vector<everything> second;
    for (const std::uint32_t bits :
         {0x00000000U, 0x80000000U, 0x7f800000U, 0xff800000U, 0x7fc00000U, 0x7fc00001U, 0x7f800001U,
          0xffffffffU, 0x00000001U, 0x807fffffU}) {
        first.push_back(weight(bits));
        second.push_back(weight(bits));
        second.back().values[0] = std::bit_cast<float>(bits ^ 1U);
    }
    there_and_back(first, second);
    using store = row_store<everything>;
    const auto manager = opened_chains<tests::chains<store>>(memory_storage{});
    store live{first};
    const auto full = full_of(manager, live);
    live.rows = second;
    const auto next = manager.create_incremental(live, full);
    REQUIRE(next);
    CHECK(tests::pieces_of(next->info) == tests::lines{"changes rows 10+0 of 10"});
}

namespace {

enum class color : std::int16_t { red = -5, green = 7, blue = 30'000 };
using uuid = std::array<std::byte, 16>;

struct by_string {
    BOOST_HANA_DEFINE_STRUCT(by_string, (std::string, key), (std::uint32_t, value));
};

struct by_enum {
    BOOST_HANA_DEFINE_STRUCT(by_enum, (color, key), (std::uint32_t, value));
};

struct by_uuid {
    BOOST_HANA_DEFINE_STRUCT(by_uuid, (std::uint32_t, value), (uuid, key));
};

struct by_signed {
    BOOST_HANA_DEFINE_STRUCT(by_signed, (std::int64_t, key), (std::uint32_t, value));
};

struct by_byte {
    BOOST_HANA_DEFINE_STRUCT(by_byte, (std::uint8_t, key), (std::uint32_t, value));
};

template <class Row, class Key>
std::vector<Row> rows_of(std::initializer_list<Key> keys, std::uint32_t value) {
    std::vector<Row> rows;
    for (const Key& key : keys) {
        rows.emplace_back();
        rows.back().key = key;
        rows.back().value = value++;
    }
    return rows;
}

uuid uuid_of(unsigned seed) {
    const auto bytes = tests::noise(16, seed);
    uuid made{};
    std::ranges::copy(bytes, made.begin());
    return made;
}

} // namespace

template <>
inline constexpr std::string_view tintype::record_key<by_uuid> = "key";

TEST_CASE("records: keys of numbers, text, enumerations and bytes") {
    const std::string long_key(100'000, 'k');
    there_and_back(
        rows_of<by_string, std::string>({"", "a", "b", std::string(1, '\0'), long_key}, 1),
        rows_of<by_string, std::string>({"c", "a", std::string(2, '\0'), long_key}, 2));
    there_and_back(rows_of<by_enum, color>({color::red, color::blue}, 1),
                   rows_of<by_enum, color>({color::green, static_cast<color>(-32768)}, 1));
    there_and_back(rows_of<by_uuid, uuid>({uuid{}, uuid_of(1), uuid_of(2)}, 1),
                   rows_of<by_uuid, uuid>({uuid_of(2), uuid_of(3), uuid{}}, 1));
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    there_and_back(rows_of<by_signed, std::int64_t>({least, -1, 0, most}, 1),
                   rows_of<by_signed, std::int64_t>({most, least, 1}, 1));
    std::vector<by_byte> all;
    for (unsigned i = 0; i != 256; ++i) {
        all.push_back({static_cast<std::uint8_t>(255 - i), i});
    }
    there_and_back(all, {all.begin(), all.begin() + 100});
}

TEST_CASE("records: the errors about them name their keys") {
    using store = row_store<by_uuid>;
    const auto manager = opened_chains<tests::chains<store>>(memory_storage{});
    store live{rows_of<by_uuid, uuid>({uuid_of(1), uuid{}, uuid_of(1)}, 1)};
    CHECK(said(manager.create_full(live)) ==
          "duplicate in rows/" + tintype::to_hex(uuid_of(1)) + " 0/0");
}

namespace {

struct lent_row {
    BOOST_HANA_DEFINE_STRUCT(lent_row, (std::string_view, key), (std::span<const float>, values));
};

} // namespace

TEST_CASE("records: views lent by the stored bytes live as long as the store keeps them") {
    const std::vector<float> flat{1, 2, 3, 4, 5, 6};
    row_store<lent_row> restored;
    {
        const auto manager = opened_chains<tests::chains<row_store<lent_row>>>(memory_storage{});
        row_store<lent_row> live{{{"one", {flat.data(), 3}}, {"two", {flat.data() + 3, 2}}}};
        const auto full = full_of(manager, live);
        live.rows[1].values = {flat.data() + 2, 4};
        live.rows.push_back({"", {}});
        const auto next = increment_of(manager, live, full);
        CHECK(tests::pieces_of(*manager.metadata(next)) == tests::lines{"changes rows 2+0 of 3"});
        REQUIRE(manager.restore(restored, next));
        CHECK(manager.remove(next) == true);
        CHECK(manager.remove(full) == true);
    }
    REQUIRE(restored.rows.size() == 3);
    CHECK(restored.lent.size() == 2);
    CHECK(std::ranges::equal(restored.row(std::string_view{"one"})->values,
                             std::vector<float>{1, 2, 3}));
    CHECK(std::ranges::equal(restored.row(std::string_view{"two"})->values,
                             std::vector<float>{3, 4, 5, 6}));
    CHECK(restored.row(std::string_view{""})->values.empty());
}

TEST_CASE("records: another struct in the same place is refused") {
    const memory_storage storage;
    const auto manager = opened_chains<tests::chains<row_store<by_string>>>(storage);
    row_store<by_string> live{rows_of<by_string, std::string>({"a"}, 1)};
    const auto full = full_of(manager, live);
    const auto other = opened_chains<tests::chains<row_store<by_signed>>>(storage);
    row_store<by_signed> target;
    CHECK(said(other.restore(target, full)) ==
          "unsupported in " + full + ": records {key:string,value:u32} 0/0");
    CHECK(said(other.create_incremental(target, full)) ==
          "unsupported in " + full + ": records {key:string,value:u32} 0/0");
    CHECK(other.list()->snapshots.size() == 1);
    CHECK(other.verify()->bad.size() == 1);
}
