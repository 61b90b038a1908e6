// The library's own codec of chains: where the bytes lie, that everything comes back, and that a
// manifest and its data that do not agree are refused before anything is allocated for a lie.

#include <tintype/chain/columnar.hpp>

#include "fixtures.hpp"
#include "unit/hostile/counting_new.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using tests::forge;
using tests::forged;
using tests::said;
using tests::text_record;
using tintype::byte_view;
using tintype::chain_columns;
using tintype::errc;
using tintype::piece_info;
using tintype::piece_kind;
using tintype::snapshot_info;

constexpr auto largest = ~std::uint64_t{0};
const tintype::decode_options verify{};

// A full snapshot of two parts, or an increment of three kinds of pieces.
forged two_parts() {
    return forge("one", {},
                 {{"a", piece_kind::whole, {{1, "one"}, {2, "two"}}},
                  {"b", piece_kind::whole, {{9, "nine"}}}});
}

forged three_kinds() {
    return forge("two", "one",
                 {{"a", piece_kind::changes, {{3, "three"}}, {1, 2}, 1},
                  {"b", piece_kind::dropped},
                  {"c", piece_kind::whole, {{7, "seven"}}}});
}

// What decoding all pieces says, after the check that every manifest goes through.
template <class R = text_record>
auto decoded(const forged& snapshot, const tintype::decode_options& options = {}) {
    using outcome = tintype::result<std::vector<tintype::loaded_piece<R>>>;
    const auto data = byte_view{snapshot.data};
    if (auto good = plausible(snapshot.info, snapshot.info.id); !good) {
        return outcome{tintype::pass(good)};
    }
    std::vector<const piece_info*> all;
    for (const piece_info& each : snapshot.info.pieces) {
        all.push_back(&each);
    }
    auto pieces = chain_columns::decode<R>(data, snapshot.info, all, options);
    // Looking without making records refuses the same for the same reason.
    const auto checked = chain_columns::check<R>(data, snapshot.info, options);
    CHECK(said(checked) == said(pieces));
    return pieces;
}

template <class R = text_record>
std::string refusal(forged snapshot, auto change) {
    change(snapshot);
    const tests::allocation_watch watch;
    const auto pieces = decoded<R>(snapshot);
    CHECK(watch.peak() < 16'384);
    return said(pieces);
}

} // namespace

TEST_CASE("columnar: a head, then every piece at a multiple of 64, and zeros between") {
    auto snapshot = three_kinds();
    const auto& info = snapshot.info;
    const byte_view data{snapshot.data};
    CHECK(tintype::text_of(data.first(8)) == "TTPIECES");
    CHECK(tintype::load<std::endian::little, std::uint64_t>(data.data() + 8) == 1);
    REQUIRE(info.pieces.size() == 3);
    CHECK(info.pieces[0].offset == 64);
    CHECK(info.pieces[1].offset == 0);
    CHECK(info.pieces[1].size == 0);
    CHECK(info.pieces[1].digest.empty());
    const auto end = info.pieces[0].offset + info.pieces[0].size;
    CHECK(info.pieces[2].offset == (end + 63) / 64 * 64);
    CHECK(info.pieces[2].offset + info.pieces[2].size == info.data_size);
    CHECK(info.data_size == data.size());
    CHECK(info.records == 2);
    CHECK(info.schema == "(u64,string)");
    for (std::size_t i = 16; i != 64; ++i) {
        CHECK(data[i] == std::byte{0});
    }
    for (auto i = static_cast<std::size_t>(end); i != info.pieces[2].offset; ++i) {
        CHECK(data[i] == std::byte{0});
    }
    // The size of the records, these, and the erased keys behind them.
    const auto piece = data.subspan(64, static_cast<std::size_t>(info.pieces[0].size));
    const auto records = tintype::load<std::endian::little, std::uint64_t>(piece.data());
    const std::vector<std::pair<std::uint64_t, std::string>> put{{3, "three"}};
    const std::vector<std::uint64_t> erased{1, 2};
    CHECK(records == tintype::columns::size(put));
    CHECK(piece.size() == 8 + records + tintype::columns::size(erased));
    CHECK(tintype::encode<tintype::columns>(put) ==
          tintype::blob(piece.begin() + 8, piece.begin() + 8 + static_cast<long>(records)));
    const auto digest = tintype::digest_bytes(tintype::hash_of<tintype::crc32c>(piece));
    CHECK(std::ranges::equal(info.pieces[0].digest, digest));

    const std::vector<tintype::part_piece<text_record>> none;
    CHECK(chain_columns::size_hint(none) == 16);
    const auto empty = forge("empty", {}, {});
    CHECK(empty.data.size() == 16);
    CHECK(decoded(empty)->empty());
}

TEST_CASE("columnar: pieces come back in the order wanted, and only those") {
    const auto snapshot = three_kinds();
    const auto all = decoded(snapshot);
    REQUIRE(all);
    REQUIRE(all->size() == 3);
    CHECK((*all)[0].name == "a");
    CHECK((*all)[0].kind == piece_kind::changes);
    CHECK((*all)[0].records == std::vector<std::pair<std::uint64_t, std::string>>{{3, "three"}});
    CHECK((*all)[0].erased == std::vector<std::uint64_t>{1, 2});
    CHECK((*all)[0].total == 1);
    CHECK((*all)[1].kind == piece_kind::dropped);
    CHECK((*all)[2].records[0].second == "seven");
    const std::vector<const piece_info*> wanted{&snapshot.info.pieces[2], &snapshot.info.pieces[0]};
    const auto some =
        chain_columns::decode<text_record>(snapshot.data, snapshot.info, wanted, verify);
    REQUIRE(some);
    REQUIRE(some->size() == 2);
    CHECK((*some)[0].name == "c");
    CHECK((*some)[1].name == "a");
    CHECK(chain_columns::decode<text_record>(snapshot.data, snapshot.info, {}, verify)->empty());
}

TEST_CASE("columnar: data that is no data, or of another version") {
    CHECK(refusal(two_parts(), [](forged& it) {
              it.data.resize(15);
              it.info.pieces.clear();
              it.info.data_size = 15;
          }) == "truncated in one.snap @0 15/16");
    CHECK(refusal(two_parts(), [](forged& it) {
              it.data[7] = std::byte{'s'};
          }).starts_with("invalid_magic in one.snap @0 "));
    CHECK(refusal(two_parts(), [](forged& it) { it.data[8] = std::byte{2}; }) ==
          "unsupported_version in one.snap @0 2/1");
    CHECK(refusal(two_parts(), [](forged& it) { it.data[8] = std::byte{0}; }) ==
          "unsupported_version in one.snap @0 0/1");
    CHECK(refusal(two_parts(), [](forged& it) { it.info.schema = "(u64,u64)"; }) ==
          "unsupported in one: records (u64,u64) 0/0");
    CHECK(refusal(two_parts(), [](forged& it) { it.info.schema = ""; }) ==
          "unsupported in one: records  0/0");
}

TEST_CASE("columnar: pieces lie where the ones before them end, and nowhere else") {
    const auto right = two_parts().info;
    const auto second = right.pieces[1].offset;
    const auto wanted = "/" + std::to_string(second);
    const auto moved = [](std::size_t piece, std::uint64_t offset) {
        return refusal(two_parts(), [&](forged& it) { it.info.pieces[piece].offset = offset; });
    };
    CHECK(moved(0, 0) == "invalid_value in one: a 0/64");
    CHECK(moved(0, 16) == "invalid_value in one: a 16/64");
    CHECK(moved(0, 63) == "invalid_value in one: a 63/64");
    CHECK(moved(0, 65) == "invalid_value in one: a 65/64");
    CHECK(moved(1, 64) == "invalid_value in one: b 64" + wanted); // both are the same bytes
    CHECK(moved(1, second - 1) == "invalid_value in one: b " + std::to_string(second - 1) + wanted);
    CHECK(moved(1, largest).starts_with("truncated_section in one: b"));
    CHECK(refusal(two_parts(), [](forged& it) {
              std::swap(it.info.pieces[0], it.info.pieces[1]);
          }) == "invalid_value in one: b " + std::to_string(second) + "/64");

    const auto sized = [](std::size_t piece, std::uint64_t size) {
        return refusal(two_parts(), [&](forged& it) { it.info.pieces[piece].size = size; });
    };
    CHECK(sized(0, right.pieces[0].size + 1).starts_with("trailing_bytes in one: a @"));
    CHECK(sized(0, second).starts_with("truncated_section in one: a @64"));
    CHECK(sized(1, right.pieces[1].size + 1)
              .starts_with("truncated_section in one: b @" + std::to_string(second) + " "));
    CHECK(sized(1, right.pieces[1].size - 1).starts_with("trailing_bytes in one.snap"));
    CHECK(sized(0, largest).starts_with("truncated_section in one: a"));
    CHECK(sized(0, largest - 63).starts_with("truncated_section in one: a"));
    CHECK(sized(0, 0) == "invalid_value in one: b " + std::to_string(second) + "/64");

    // Data that goes on behind the pieces, or that no piece speaks of.
    CHECK(refusal(two_parts(), [](forged& it) {
              it.data.push_back({});
              ++it.info.data_size;
          }) == "trailing_bytes in one.snap @" + std::to_string(right.data_size) + " 1/0");
    CHECK(refusal(two_parts(), [](forged& it) {
              it.info.pieces.pop_back();
          }).starts_with("trailing_bytes in one.snap @"));
    CHECK(refusal(two_parts(), [](forged& it) { it.info.pieces.erase(it.info.pieces.begin()); }) ==
          "invalid_value in one: b " + std::to_string(second) + "/64");
    // The manifest's own word on the size may be a lie, too.
    CHECK(refusal(two_parts(), [&](forged& it) {
              it.info.data_size = largest;
              it.info.pieces[1].size = largest - second;
          }).starts_with("truncated_section in one: b @" + std::to_string(second)));
}

TEST_CASE("columnar: every byte between the pieces is zero") {
    const auto snapshot = three_kinds();
    const auto end = static_cast<std::size_t>(64 + snapshot.info.pieces[0].size);
    std::size_t accepted = 0;
    for (std::size_t at = 16; at != snapshot.info.pieces[2].offset; ++at) {
        if (at == 64) {
            at = end;
        }
        for (const unsigned value : {1U, 0x80U, 0xffU}) {
            auto other = snapshot;
            other.data[at] = static_cast<std::byte>(value);
            const auto refused = decoded(other);
            accepted += refused ? 1U : 0U;
            const auto piece = at < 64 ? "two: a" : "two: c";
            const auto begin = at < 64 ? std::size_t{16} : end;
            CHECK(said(refused) == "invalid_value in " + std::string{piece} + " @" +
                                       std::to_string(begin) + " " + std::to_string(value) + "/0");
        }
    }
    CHECK(accepted == 0);
}

TEST_CASE("columnar: counts that lie, in the manifest and in the data") {
    const auto counted = [](auto member, std::uint64_t value) {
        return refusal(three_kinds(), [&](forged& it) { it.info.pieces[0].*member = value; });
    };
    for (const auto lie : {std::uint64_t{0}, std::uint64_t{3}, largest, largest / 8}) {
        CHECK(counted(&piece_info::records, lie) ==
              "invalid_value in two: a, records " + std::to_string(lie) + "/1");
        CHECK(counted(&piece_info::erased, lie) ==
              "invalid_value in two: a, erased " + std::to_string(lie) + "/2");
    }
    // The number in front of the records, and that of their rows; the erased keys' rows.
    const auto piece = three_kinds().info.pieces[0];
    const auto records =
        tintype::load<std::endian::little, std::uint64_t>(three_kinds().data.data() + 64);
    const auto written = [&](std::size_t at, std::uint64_t value) {
        return refusal(three_kinds(), [&](forged& it) {
            tintype::store<std::endian::little>(it.data.data() + at, value);
            it.reseal();
        });
    };
    for (const auto lie : {piece.size, piece.size - 7, largest, largest - 64, largest / 2}) {
        CHECK(written(64, lie) == "truncated_section in two: a, records @72 " +
                                      std::to_string(piece.size - 8) + "/" + std::to_string(lie));
    }
    CHECK(written(64, piece.size - 8).starts_with("trailing_bytes in two: a, records"));
    CHECK(written(64, 0) == "truncated in two: a, records 0/8");
    const auto product = [](std::uint64_t count, std::uint64_t least) {
        return std::to_string(count > largest / least ? largest : count * least);
    };
    for (const auto lie : {std::uint64_t{1000}, largest, largest / 9, std::uint64_t{1} << 61U}) {
        CHECK(written(72, lie) == "truncated_section in two: a, rows @80 " +
                                      std::to_string(records - 8) + "/" + product(lie, 9));
        CHECK(written(static_cast<std::size_t>(72 + records), lie) ==
              "truncated_section in two: a, rows @" + std::to_string(72 + records + 8) + " 16/" +
                  product(lie, 8));
    }
    CHECK(written(72, 0).starts_with("trailing_bytes in two: a, records @80"));
}

TEST_CASE("columnar: what stands behind the records of a whole part is refused") {
    auto snapshot = forge("one", {}, {{"a", piece_kind::whole, {{1, "one"}}}});
    snapshot.data.push_back(std::byte{0});
    ++snapshot.info.pieces[0].size;
    snapshot.reseal();
    CHECK(said(decoded(snapshot)) ==
          "trailing_bytes in one: a @" + std::to_string(snapshot.data.size() - 1) + " 1/0");
    // Also where the manifest calls changes whole, or what is whole changes.
    auto kinds = three_kinds();
    kinds.info.pieces[0].kind = piece_kind::whole;
    CHECK(said(decoded(kinds)).starts_with("trailing_bytes in two: a @"));
    kinds = three_kinds();
    kinds.info.pieces[2].kind = piece_kind::changes;
    CHECK(said(decoded(kinds)) == "truncated in two: c, erased 0/8");
}

TEST_CASE("columnar: data cut off anywhere, flipped anywhere, under digests that fit") {
    const auto snapshot = three_kinds();
    std::size_t accepted = 0;
    std::size_t outside = 0;
    const auto look = [&](const forged& other) {
        const auto pieces = decoded(other);
        if (!pieces) {
            const auto offset = pieces.error().offset;
            outside +=
                offset == tintype::error::no_offset || offset <= snapshot.data.size() ? 0U : 1U;
        }
        return pieces.has_value();
    };
    for (std::size_t size = 0; size != snapshot.data.size(); ++size) {
        auto other = snapshot;
        other.data.resize(size);
        accepted += look(other) ? 1U : 0U;
        other.info.data_size = size;
        accepted += look(other) ? 1U : 0U;
    }
    CHECK(accepted == 0);
    for (std::size_t bit = 0; bit != 8 * snapshot.data.size(); ++bit) {
        auto other = snapshot;
        other.data[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
        accepted += look(other) ? 1U : 0U; // another key, another text
    }
    CHECK(accepted > 0);
    CHECK(accepted < 2 * 8 * snapshot.data.size() / 3);
    CHECK(outside == 0);
}

TEST_CASE("columnar: records described differently are not read as these") {
    using numbers = std::pair<const std::uint64_t, std::uint64_t>;
    using signed_keys = std::pair<const std::int64_t, std::string>;
    CHECK(said(decoded<numbers>(two_parts())) == "unsupported in one: records (u64,string) 0/0");
    CHECK(said(decoded<signed_keys>(two_parts())) ==
          "unsupported in one: records (u64,string) 0/0");
    CHECK(decoded<std::pair<std::uint64_t, std::string>>(two_parts()));
}

namespace {

// The same members as `tests::mood` but for one thing.
struct other_level {
    BOOST_HANA_DEFINE_STRUCT(other_level, (std::string, name), (float, level),
                             (std::vector<float>, weights));
};

struct other_name {
    BOOST_HANA_DEFINE_STRUCT(other_name, (std::string, nickname), (std::uint32_t, level),
                             (std::vector<float>, weights));
};

struct fewer {
    BOOST_HANA_DEFINE_STRUCT(fewer, (std::string, name), (std::uint32_t, level));
};

struct more {
    BOOST_HANA_DEFINE_STRUCT(more, (std::string, name), (std::uint32_t, level),
                             (std::vector<float>, weights), (bool, on));
};

forged with_side(const tests::mood& mood) {
    forged made;
    made.info.id = "one";
    made.info.data = "one.snap";
    tintype::blob_sink sink{made.data};
    const std::vector<tintype::part_piece<text_record>> none;
    REQUIRE(chain_columns::encode<tintype::crc32c>(made.info, none, &mood, sink));
    return made;
}

enum class colors : std::uint8_t { red, blue };
using maybe = std::optional<double>;
using names = std::map<std::uint32_t, std::string>;
using flags = std::array<bool, 3>;
using nested = std::vector<std::vector<int>>;

struct all_kinds {
    BOOST_HANA_DEFINE_STRUCT(all_kinds, (bool, on), (colors, color), (maybe, absent),
                             (names, named), (flags, three), (nested, deep));
};

template <class Side>
auto side_of(const forged& it) {
    return chain_columns::decode_side<Side>(it.data, it.info, verify);
}

} // namespace

TEST_CASE("columnar: a side state is a piece for each member") {
    const tests::mood mood{"calm", 7, {0.5F, -0.0F}};
    const auto snapshot = with_side(mood);
    CHECK(tests::pieces_of(snapshot.info) ==
          tests::lines{"side name 1+0 of 0", "side level 1+0 of 0", "side weights 1+0 of 0"});
    const auto read = side_of<tests::mood>(snapshot);
    REQUIRE(read);
    CHECK(*read == mood);
    const auto none = side_of<tintype::no_side>(snapshot);
    REQUIRE(none);
    CHECK(!none->has_value());
    CHECK(snapshot.info.schema == "(u64,string) side {name:string,level:u32,weights:[f32]}");
}

TEST_CASE("columnar: a side state of another struct is refused") {
    const auto snapshot = with_side({"calm", 7, {0.5F}});
    const std::string refused =
        "unsupported in one: records (u64,string) side {name:string,level:u32,weights:[f32]} 0/0";
    CHECK(said(side_of<other_name>(snapshot)) == refused);
    CHECK(said(side_of<other_level>(snapshot)) == refused);
    CHECK(said(side_of<fewer>(snapshot)) == refused);
    CHECK(said(side_of<more>(snapshot)) == refused);
    CHECK(said(side_of<tests::mood>(two_parts())) ==
          "unsupported in one: records (u64,string) 0/0");
}

TEST_CASE("columnar: a side state of every kind of member") {
    const all_kinds written{true, colors::blue, {}, {{1, "one"}}, {false, true, true}, {{3}, {}}};
    forged made;
    tintype::blob_sink sink{made.data};
    const std::vector<tintype::part_piece<text_record>> none;
    REQUIRE(chain_columns::encode<tintype::crc32c>(made.info, none, &written, sink));
    const auto read = side_of<all_kinds>(made);
    INFO(said(read));
    REQUIRE(read);
    CHECK(tintype::identical(**read, written));
}

TEST_CASE("columnar: side members that are not one value each") {
    const auto snapshot = with_side({"calm", 7, {0.5F}});
    auto it = snapshot;
    it.info.pieces[1].name = "name"; // twice the same name; the first is taken
    CHECK(said(side_of<tests::mood>(it)) == "missing_field in one: level 0/0");
    it = snapshot;
    // Two levels in the place of one.
    const std::vector<std::uint32_t> two{1, 2};
    const auto rows = tintype::encode<tintype::columns>(two);
    REQUIRE(rows);
    auto& piece = it.info.pieces[1];
    it.data.resize(static_cast<std::size_t>(piece.offset));
    tintype::blob_sink sink{it.data};
    tintype::encoder<tintype::blob_sink, tintype::crc32c> out{sink, 0};
    REQUIRE(out.number<std::endian::little>(std::uint64_t{rows->size()}));
    REQUIRE(out.write(*rows));
    piece.size = 8 + rows->size();
    it.info.pieces.pop_back();
    it.info.data_size = it.data.size();
    CHECK(said(side_of<tests::mood>(it)) == "invalid_value in one: level 2/1");
}

TEST_CASE("columnar: manifests come back, whatever they say") {
    snapshot_info info;
    const auto there_and_back = [&] {
        const auto bytes = chain_columns::encode_info<tintype::crc32c>(info);
        REQUIRE(bytes);
        const auto back = chain_columns::decode_info(*bytes);
        INFO(said(back));
        REQUIRE(back);
        CHECK(*back == info);
    };
    there_and_back();
    info = three_kinds().info;
    info.description = "";
    info.state = tests::noise(32);
    info.parent_state = tests::noise(4);
    info.created_at = std::numeric_limits<std::int64_t>::min();
    there_and_back();
    info.description = std::string(100'000, '\0');
    info.parent_id.reset();
    info.pieces[0].total = largest;
    info.pieces.resize(1000);
    there_and_back();
}

TEST_CASE("columnar: a manifest is refused whatever is cut from it or flipped") {
    const auto good = *chain_columns::encode_info<tintype::crc32c>(three_kinds().info);
    std::size_t accepted = 0;
    std::size_t allocations = 0;
    const auto look = [&](byte_view bytes) {
        const tests::allocation_watch watch;
        accepted += chain_columns::decode_info(bytes).has_value() ? 1U : 0U;
        allocations += watch.count();
    };
    for (std::size_t size = 0; size != good.size(); ++size) {
        look(byte_view{good}.first(size));
    }
    for (std::size_t bit = 0; bit != 8 * good.size(); ++bit) {
        auto other = good;
        other[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
        look(other);
    }
    auto longer = good;
    longer.push_back(std::byte{0});
    look(longer);
    CHECK(accepted == 0);
    CHECK(allocations == 0);
}

TEST_CASE("columnar: a manifest with a lie under a right checksum costs no more than its bytes") {
    const auto good = *chain_columns::encode_info<tintype::crc32c>(three_kinds().info);
    std::size_t accepted = 0;
    for (std::size_t at = 0; at + 8 <= good.size() - 4; ++at) {
        for (const std::uint64_t lie : {largest, largest / 2, std::uint64_t{1} << 32U,
                                        std::uint64_t{1000}, std::uint64_t{0}}) {
            auto other = good;
            tintype::store<std::endian::little>(other.data() + at, lie);
            const auto body = byte_view{other}.first(other.size() - 4);
            tintype::store<std::endian::little>(other.data() + body.size(),
                                                tintype::hash_of<tintype::crc32c>(body));
            const tests::allocation_watch watch;
            const auto read = chain_columns::decode_info(other);
            CHECK(watch.peak() < 64 * good.size());
            if (read) {
                ++accepted;
                CHECK(chain_columns::encode_info<tintype::crc32c>(*read) == other);
            }
        }
    }
    CHECK(accepted > 0); // numbers that may be anything
}

namespace {

struct vector_row {
    BOOST_HANA_DEFINE_STRUCT(vector_row, (std::uint64_t, id), (std::string_view, label),
                             (std::span<const float>, values));
};

} // namespace

TEST_CASE("columnar: records of views lend what is stored") {
    const std::vector<float> flat{1, 2, 3, 4, 5, 6};
    const std::vector<vector_row> rows{{1, "one", {flat.data(), 3}}, {2, "", {flat.data() + 3, 3}}};
    auto snapshot = forge<vector_row>("one", {}, {{"a", piece_kind::whole, rows}});
    const auto pieces = decoded<vector_row>(snapshot);
    REQUIRE(pieces);
    const auto& read = pieces->front().records;
    REQUIRE(read.size() == 2);
    CHECK(read[0].label == "one");
    CHECK(std::ranges::equal(read[1].values, rows[1].values));
    const auto* begin = snapshot.data.data();
    const auto* values = reinterpret_cast<const std::byte*>(read[0].values.data());
    CHECK((values >= begin && values < begin + snapshot.data.size()));
    // Bytes that lie askew cannot be lent as floats.
    tintype::blob askew(snapshot.data.size() + 1);
    std::ranges::copy(snapshot.data, askew.begin() + 1);
    const std::vector<const piece_info*> wanted{&snapshot.info.pieces[0]};
    const auto refused = chain_columns::decode<vector_row>(byte_view{askew}.subspan(1),
                                                           snapshot.info, wanted, verify);
    CHECK(said(refused).starts_with("unsupported in one: a, values"));
}
