// A value and its leaves: what is written comes back to the last bit, in whatever state it is read
// into, and the structure becomes another and the first again.

#include <tintype/core/identical.hpp>
#include <tintype/delta/state.hpp>

#include "fixtures.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::everything;
using tests::said;
using tests::small;
using tintype::blob;
using tintype::identical;
using tintype::leaf_edit;
using tintype::leaf_state;
using tintype::leaf_table;
using tintype::reader;

template <class T>
leaf_state<T> state_of(const T& value) {
    leaf_state<T> state;
    REQUIRE(said(state.assign(value)) == "no error");
    return state;
}

template <class T>
void read_into(leaf_state<T>& state, const blob& bytes) {
    reader in{bytes};
    REQUIRE(said(state.read(in, {})) == "no error");
    REQUIRE(in.remaining() == 0);
}

} // namespace

TEST_CASE("state: what is written is read, to the last bit") {
    leaf_state<everything> reused;
    for (std::uint64_t seed = 0; seed != 150; ++seed) {
        CAPTURE(seed);
        const auto value = tests::random_value<everything>(seed);
        const auto state = state_of(value);
        REQUIRE(identical(state.value(), value));
        const blob bytes = tests::written(state);
        read_into(reused, bytes);
        REQUIRE(identical(reused.value(), value));
        REQUIRE(reused.checksum() == state.checksum());
        REQUIRE(reused.size() == state.size());
        REQUIRE(reused.table() == state.table());
        leaf_state<everything> fresh;
        read_into(fresh, bytes);
        REQUIRE(identical(fresh.value(), value));
    }
}

TEST_CASE("state: numbers that are easily lost") {
    tests::named value;
    using limits = std::numeric_limits<double>;
    value.values = {0.0,
                    -0.0,
                    limits::infinity(),
                    -limits::infinity(),
                    limits::denorm_min(),
                    -limits::denorm_min(),
                    limits::max(),
                    limits::lowest(),
                    std::bit_cast<double>(0x7ff8000000000001U),
                    std::bit_cast<double>(0xfff8dead0000beefU),
                    std::bit_cast<double>(0x7ff0000000000001U)};
    value.name = std::string("\0a\0", 3);
    leaf_state<tests::named> read;
    read_into(read, tests::written(state_of(value)));
    CHECK(identical(read.value(), value));
    CHECK(read.value().name.size() == 3);
}

TEST_CASE("state: the bytes") {
    small value{};
    value.id = 0x01020304;
    value.on = true;
    value.values = {1.0};
    value.metrics = {{"m", -0.0}};
    // Five leaves and a marker: the structure, then each leaf; runs with their length.
    blob expected;
    const blob table = tests::blob_of(
        {6, 0, 1, 0, 5, 0, 1, 1, 11, 0, 1, 2, 0x8a, 0, 1, 3, 0, 1, 2, 1, 'm', 10, 0, 1, 4, 0x8e});
    tintype::append_varint(expected, table.size());
    append(expected, table);
    append(expected, tests::blob_of({4, 3,    2,    1, 1, 1, 0, 0, 0, 0, 0,
                                     0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x80}));
    const blob bytes = tests::written(state_of(value));
    REQUIRE(bytes.size() > expected.size());
    CHECK(std::ranges::equal(tintype::byte_view{bytes}.first(expected.size()), expected));
}

TEST_CASE("state: empty and absent are told apart") {
    std::vector<tests::nests> all(10);
    all[1].maybe_text.emplace();
    all[2].maybe_many.emplace();
    all[3].groups[""];
    all[4].groups["a"];
    all[5].groups["a"][""] = 0;
    all[6].items.resize(1);
    all[7].one_of.emplace<3>();
    all[8].one_of.emplace<1>();
    all[9].counts[""] = 0;
    for (std::size_t i = 0; i != all.size(); ++i) {
        leaf_state<tests::nests> read;
        read_into(read, tests::written(state_of(all[i])));
        for (std::size_t k = 0; k != all.size(); ++k) {
            CHECK_MESSAGE(identical(read.value(), all[k]) == (i == k), i, " ", k);
        }
    }
}

TEST_CASE("state: assigned where the structure stays and where it does not") {
    leaf_state<everything> state;
    for (std::uint64_t seed = 0; seed != 40; ++seed) {
        auto value = tests::random_value<everything>(seed);
        tests::scrambler random{seed};
        for (unsigned step = 0; step != 4; ++step) {
            REQUIRE(state.assign(value));
            REQUIRE(identical(state.value(), value));
            REQUIRE(state.table() == state_of(value).table());
            REQUIRE(state.checksum() == state_of(value).checksum());
            random.change(value);
        }
    }
}

TEST_CASE("state: another structure, and the first again") {
    for (std::uint64_t seed = 0; seed != 60; ++seed) {
        CAPTURE(seed);
        const auto before = tests::random_value<everything>(2 * seed);
        const auto after = tests::random_value<everything>(2 * seed + 1);
        auto state = state_of(before);
        const auto target = state_of(after);
        auto there = leaf_edit::between(state.table(), leaf_table{target.table()});
        auto back = leaf_edit::between(target.table(), leaf_table{state.table()});
        leaf_state<everything> other;
        REQUIRE(other.assign(state.value()));
        REQUIRE(said(other.restructure(leaf_table{there.table}, there.from)) == "no error");
        REQUIRE(other.table() == target.table());
        REQUIRE(tintype::same_structure(other.value(), after));
        REQUIRE(other.leaves().size() == target.leaves().size());
        // Those that came are empty or zero; those that stayed are as they were.
        for (std::size_t i = 0; i != there.from.size(); ++i) {
            blob was;
            blob now;
            leaf_state<everything>::with_bytes(other.leaves()[i], [&](tintype::byte_view bytes) {
                now.assign(bytes.begin(), bytes.end());
            });
            if (other.table().form(i).type == tintype::leaf_type::columns) {
                continue; // hashed containers have no order
            }
            if (there.from[i] != leaf_edit::none) {
                leaf_state<everything>::with_bytes(
                    state.leaves()[there.from[i]],
                    [&](tintype::byte_view bytes) { was.assign(bytes.begin(), bytes.end()); });
                REQUIRE(was == now);
            } else {
                REQUIRE(std::ranges::count(now, std::byte{0}) ==
                        static_cast<std::ptrdiff_t>(now.size()));
                REQUIRE((!other.table().form(i).resizable() || now.empty()));
            }
        }
        state.swap(other);
        REQUIRE(identical(other.value(), before));
        REQUIRE(state.table() == target.table());
        REQUIRE(said(state.restructure(leaf_table{back.table}, back.from)) == "no error");
        REQUIRE(state.table() == other.table());
    }
}

namespace {

// As its constructor leaves it, it has leaves that few of its values have.
struct opinionated {
    opinionated() = default;
    std::optional<std::int32_t> limit = 10;
    std::vector<std::string> names{"a", "b"};
    std::map<std::string, double> numbers{{"x", 1}};
    std::variant<std::vector<std::string>, int> either = std::vector<std::string>{"c"};
    std::string text = "text";
    std::list<int> chain{1, 2};
};

struct opinions {
    std::vector<opinionated> all{2};
    std::map<std::string, opinionated> by_name;
    std::variant<std::monostate, opinionated> one = opinionated{};
    std::optional<opinionated> maybe = opinionated{};
};

} // namespace

BOOST_HANA_ADAPT_STRUCT(opinionated, limit, names, numbers, either, text, chain);
BOOST_HANA_ADAPT_STRUCT(opinions, all, by_name, one, maybe);

TEST_CASE("state: what a default constructor puts in is no part of another value") {
    opinionated bare;
    bare.limit.reset();
    bare.names.clear();
    bare.numbers.clear();
    bare.either = 3;
    bare.text.clear();
    bare.chain.clear();
    leaf_state<opinionated> read;
    read_into(read, tests::written(state_of(bare)));
    CHECK(identical(read.value(), bare));
    const opinionated full;
    read_into(read, tests::written(state_of(full)));
    CHECK(identical(read.value(), full));

    std::vector<opinions> values(4);
    values[1].all.clear();
    values[1].one = std::monostate{};
    values[1].maybe.reset();
    values[2].all = {bare, full, bare};
    values[2].by_name = {{"bare", bare}, {"full", full}};
    values[2].one = bare;
    values[2].maybe = bare;
    for (const auto& from : values) {
        leaf_state<opinions> state;
        read_into(state, tests::written(state_of(from)));
        REQUIRE(identical(state.value(), from));
        for (const auto& to : values) {
            auto other = state_of(from);
            const auto target = state_of(to);
            const auto edit = leaf_edit::between(other.table(), leaf_table{target.table()});
            REQUIRE(said(other.restructure(leaf_table{edit.table}, edit.from)) == "no error");
            CHECK(other.table() == target.table());
        }
    }
    // A leaf that came is empty even where it has no elements of its own.
    auto none = state_of(values[1]);
    const auto one = state_of(values[0]);
    const auto edit = leaf_edit::between(none.table(), leaf_table{one.table()});
    REQUIRE(none.restructure(leaf_table{edit.table}, edit.from));
    REQUIRE(none.value().maybe);
    CHECK(none.value().maybe->chain.empty());
    CHECK(none.value().maybe->text.empty());
    CHECK(none.value().maybe->limit == 0);
}

namespace {

// Plain arrays, as C structs have them.
struct plain {
    std::int32_t numbers[3]{};
    std::string texts[2]{};
};

} // namespace

BOOST_HANA_ADAPT_STRUCT(plain, numbers, texts);

TEST_CASE("state: arrays of the language") {
    plain value;
    value.numbers[1] = -5;
    value.texts[1] = "second";
    leaf_state<plain> read;
    read_into(read, tests::written(state_of(value)));
    CHECK(read.value().numbers[1] == -5);
    CHECK(read.value().texts[1] == "second");
    plain next = value;
    next.numbers[2] = 6;
    REQUIRE(read.assign(next));
    CHECK(read.value().numbers[2] == 6);
    tintype::detail::change_writer<tintype::exact> changes;
    REQUIRE(read.change_to(value, changes));
    CHECK(changes.count() == 1);
    CHECK(read.value().numbers[2] == 0);
}

TEST_CASE("state: checksums") {
    // Each byte counts, and so does where a run ends.
    tests::named a;
    a.name = "ab";
    a.values = {1};
    auto b = a;
    b.values[0] = 1.0000000000000002;
    CHECK(state_of(a).checksum() != state_of(b).checksum());
    std::vector<std::string> one{"ab", ""};
    std::vector<std::string> two{"a", "b"};
    CHECK(state_of(one).checksum() != state_of(two).checksum());
    CHECK(state_of(one).size() == 2);
}

TEST_CASE("state: too deep a value is refused, and the next one is not") {
    leaf_state<tests::tree> state;
    // Each link of the chain is two values deep: the elements and the element.
    REQUIRE(said(state.assign(tests::chain_of(31))) == "no error");
    CHECK(identical(state.value(), tests::chain_of(31)));
    leaf_state<tests::tree> read;
    read_into(read, tests::written(state));
    CHECK(identical(read.value(), tests::chain_of(31)));
    CHECK(said(state.assign(tests::chain_of(32))) == "limit_exceeded in depth 65/64");
    CHECK(said(state.assign(tests::chain_of(5000))) == "limit_exceeded in depth 65/64");
    CHECK(state.leaves().empty());
    REQUIRE(state.assign(tests::chain_of(2)));
    CHECK(identical(state.value(), tests::chain_of(2)));
}

TEST_CASE("state: refusals carry numbers") {
    small value{};
    value.values = {1, 2};
    const blob bytes = tests::written(state_of(value));
    leaf_state<small> state;
    const auto refused = [&](const blob& from) {
        reader in{from};
        return said(state.read(in, {}));
    };
    CHECK(refused({}) == "truncated_section in leaves @0 0/1");
    blob cut = bytes;
    cut.resize(3);
    CHECK(refused(cut) == "truncated_section in leaves @1 2/21");
    // The table ends at 22; then come the number, the truth, and the run's length.
    blob lie = bytes;
    REQUIRE(lie[26] == std::byte{0});
    lie[26] = std::byte{2};
    CHECK(refused(lie) == "invalid_value in leaf 0/1");
    lie = bytes;
    REQUIRE(lie[27] == std::byte{2});
    lie[27] = std::byte{0x7f};
    CHECK(refused(lie) ==
          "truncated_section in leaf @28 " + std::to_string((lie.size() - 28) / 8) + "/127");
    // A structure that no value of the type has.
    lie = bytes;
    lie[2 + 3] = std::byte{7}; // an i64 where there is a u32
    CHECK(refused(lie) == "invalid_value in leaves 5/5");
    lie = bytes;
    lie[0] = std::byte{22};
    CHECK(refused(lie) == "trailing_bytes in leaves @22 1/0");
    reader whole{bytes};
    CHECK(said(state.read(whole, {})) == "no error");
    CHECK(identical(state.value(), value));
}
