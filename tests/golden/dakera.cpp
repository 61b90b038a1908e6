// Snapshots that Dakera's own serializer wrote: every value in them is what the bit patterns beside
// them say, and writing them again gives the same bytes.

#include <tintype/codec/json.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum class snapshot_type : std::uint8_t { full, incremental };

using optional_text = std::optional<std::string>;
using optional_size = std::optional<std::uint64_t>;

struct snapshot_metadata {
    BOOST_HANA_DEFINE_STRUCT(snapshot_metadata, (std::string, id), (std::uint64_t, created_at),
                             (optional_text, description), (std::vector<std::string>, namespaces),
                             (std::uint64_t, total_vectors), (std::uint64_t, size_bytes),
                             (snapshot_type, type), (optional_text, parent_id),
                             (std::string, version));
};

struct vector_entry {
    BOOST_HANA_DEFINE_STRUCT(vector_entry, (std::string, id), (std::vector<float>, values),
                             (tintype::json_value, metadata));
};

struct namespace_data {
    BOOST_HANA_DEFINE_STRUCT(namespace_data, (std::string, name), (std::uint64_t, vector_count),
                             (optional_size, dimension), (std::vector<vector_entry>, vectors));
};

struct snapshot_data {
    BOOST_HANA_DEFINE_STRUCT(snapshot_data, (snapshot_metadata, metadata),
                             (std::vector<namespace_data>, namespaces));
};

// What NAME.bits.json holds.
struct vector_bits {
    BOOST_HANA_DEFINE_STRUCT(vector_bits, (std::vector<std::uint32_t>, bits), (std::string, id));
};

struct namespace_bits {
    BOOST_HANA_DEFINE_STRUCT(namespace_bits, (std::string, name),
                             (std::vector<vector_bits>, vectors));
};

} // namespace

template <>
inline constexpr std::array<tintype::json_enum_name<snapshot_type>, 2>
    tintype::json_enum_names<snapshot_type>{
        {{snapshot_type::full, "Full"}, {snapshot_type::incremental, "Incremental"}}};

template <>
inline constexpr std::array<std::string_view, 9> tintype::json_names<snapshot_metadata>{
    "id",         "created_at",    "description", "namespaces", "total_vectors",
    "size_bytes", "snapshot_type", "parent_id",   "version"};

template <>
inline constexpr std::array<std::string_view, 4> tintype::json_names<namespace_data>{
    "namespace", "vector_count", "dimension", "vectors"};

template <>
inline constexpr std::array<std::string_view, 2> tintype::json_names<namespace_bits>{"namespace",
                                                                                     "vectors"};

namespace {

using compact = tintype::json<tintype::serde_style>;
using pretty = tintype::json<tintype::serde_pretty_style>;

tintype::blob golden(const std::string& file) {
    return tests::file_bytes(std::string(TINTYPE_GOLDEN) + "/dakera/" + file);
}

template <class Codec, class State>
State read(tintype::byte_view bytes) {
    auto state = tintype::decode<Codec, State>(bytes);
    INFO((state ? std::string() : tintype::message(state.error())));
    REQUIRE(state.has_value());
    return *std::move(state);
}

const std::array<std::string, 6> names{"empty",        "full",   "incremental1",
                                       "incremental2", "pretty", "special_floats"};

} // namespace

TEST_CASE("every snapshot holds the values that stand beside it, bit for bit") {
    for (const std::string& name : names) {
        CAPTURE(name);
        const auto snapshot = read<compact, snapshot_data>(golden(name + ".snap"));
        const auto bits = read<compact, std::vector<namespace_bits>>(golden(name + ".bits.json"));
        REQUIRE(snapshot.namespaces.size() == bits.size());
        std::uint64_t vectors = 0;
        for (std::size_t n = 0; n != bits.size(); ++n) {
            const namespace_data& data = snapshot.namespaces[n];
            CHECK(data.name == bits[n].name);
            REQUIRE(data.vectors.size() == bits[n].vectors.size());
            CHECK(data.vector_count == data.vectors.size());
            CHECK(data.dimension.has_value() == !data.vectors.empty());
            for (std::size_t v = 0; v != data.vectors.size(); ++v) {
                CHECK(data.vectors[v].id == bits[n].vectors[v].id);
                CHECK(data.dimension == data.vectors[v].values.size());
                std::vector<std::uint32_t> found;
                for (const float value : data.vectors[v].values) {
                    found.push_back(std::bit_cast<std::uint32_t>(value));
                }
                CHECK(found == bits[n].vectors[v].bits);
            }
            vectors += data.vectors.size();
        }
        CHECK(snapshot.metadata.total_vectors == vectors);
    }
}

TEST_CASE("every snapshot is written again byte for byte") {
    for (const std::string& name : names) {
        CAPTURE(name);
        const tintype::blob bytes = golden(name + ".snap");
        REQUIRE(!bytes.empty());
        const auto snapshot = read<compact, snapshot_data>(bytes);
        const auto again = name == "pretty" ? tintype::encode<pretty>(snapshot)
                                            : tintype::encode<compact>(snapshot);
        REQUIRE(again.has_value());
        CHECK(tintype::text_of(*again) == tintype::text_of(bytes));
    }
}

TEST_CASE("every metadata file is written again byte for byte, and agrees with its snapshot") {
    for (const std::string& name : names) {
        CAPTURE(name);
        const tintype::blob bytes = golden(name + ".meta");
        REQUIRE(!bytes.empty());
        auto metadata = read<pretty, snapshot_metadata>(bytes);
        const auto again = tintype::encode<pretty>(metadata);
        REQUIRE(again.has_value());
        CHECK(tintype::text_of(*again) == tintype::text_of(bytes));

        const tintype::blob data = golden(name + ".snap");
        CHECK(metadata.size_bytes == data.size());
        metadata.size_bytes = 0;
        const auto inside = read<compact, snapshot_data>(data).metadata;
        CHECK(tintype::encode<compact>(inside) == tintype::encode<compact>(metadata));
    }
}

TEST_CASE("the metadata files say what the snapshots are") {
    const auto full = read<pretty, snapshot_metadata>(golden("full.meta"));
    const auto first = read<pretty, snapshot_metadata>(golden("incremental1.meta"));
    const auto second = read<pretty, snapshot_metadata>(golden("incremental2.meta"));
    CHECK(full.type == snapshot_type::full);
    CHECK(full.parent_id == std::nullopt);
    CHECK(full.description == "nightly");
    CHECK(full.namespaces == std::vector<std::string>{"users", "docs \u00e9"});
    CHECK(first.type == snapshot_type::incremental);
    CHECK(first.parent_id == full.id);
    CHECK(second.parent_id == first.id);
    CHECK(second.version == "1.0.0");
}

TEST_CASE("compact and pretty hold the same, and either is read by both codecs") {
    for (const std::string& name : names) {
        CAPTURE(name);
        const auto snapshot = read<pretty, snapshot_data>(golden(name + ".snap"));
        const auto short_text = tintype::encode<compact>(snapshot);
        const auto long_text = tintype::encode<pretty>(snapshot);
        REQUIRE(short_text.has_value());
        REQUIRE(long_text.has_value());
        CHECK(tintype::encode<compact>(read<compact, snapshot_data>(*long_text)) == short_text);
        CHECK(tintype::encode<pretty>(read<pretty, snapshot_data>(*short_text)) == long_text);
    }
}

TEST_CASE("no shorter or damaged snapshot is taken for another one silently") {
    const tintype::blob bytes = golden("incremental2.snap");
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        const auto cut =
            tintype::decode<compact, snapshot_data>(tintype::byte_view(bytes).first(size));
        REQUIRE(!cut.has_value());
        if (cut.error().code == tintype::errc::invalid_utf8) {
            CHECK(cut.error().offset + 4 > size); // a character that was cut in two
        } else {
            CHECK(cut.error().code == tintype::errc::truncated);
            CHECK(cut.error().offset == size);
        }
    }
    // A flipped bit is refused, or it stands in a text or a number: then that is what is written.
    std::size_t refused = 0;
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        for (const unsigned bit : {0U, 4U, 7U}) {
            tintype::blob damaged = bytes;
            damaged[i] ^= static_cast<std::byte>(1U << bit);
            const auto read_back = tintype::decode<compact, snapshot_data>(damaged);
            if (!read_back) {
                ++refused;
                continue;
            }
            const auto again = tintype::encode<compact>(*read_back);
            REQUIRE(again.has_value());
            CHECK(tintype::encode<compact>(read<compact, snapshot_data>(*again)) == again);
        }
    }
    CHECK(refused > bytes.size());
}
