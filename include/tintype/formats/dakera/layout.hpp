#pragma once

// What Dakera's two files of a snapshot hold: `{id}.meta`, what is known of it, and `{id}.snap`,
// that and the vectors by namespace. The structs here are the layout, member by member; the
// compiler pins their names, and `check` says whether the numbers in a file agree with its vectors.

#include <tintype/chain/record.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/codec/json/value.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tintype::inline v0::dakera {

inline constexpr std::string_view format_version = "1.0.0";

enum class kind_of_snapshot : std::uint8_t { full, incremental };

// What this library adds. Digests and states are hexadecimal.
struct additions {
    omit_if_absent<std::string> hash{};   // the algorithm; with it come a digest and a state
    omit_if_absent<std::string> digest{}; // of the data
    omit_if_absent<std::string> state{};
    omit_if_absent<std::string> parent_state{};
    omit_if_absent<std::vector<std::string>> dropped{}; // namespaces gone since the parent

    friend bool operator==(const additions&, const additions&) = default;
};

struct snapshot_metadata {
    std::string id{};
    std::uint64_t created_at = 0; // Unix seconds
    std::optional<std::string> description{};
    std::vector<std::string> namespaces{};
    std::uint64_t total_vectors = 0;
    std::uint64_t size_bytes = 0; // of the data; 0 inside it, where it is not known yet
    kind_of_snapshot snapshot_type = kind_of_snapshot::full;
    std::optional<std::string> parent_id{};
    std::string version{format_version};
    omit_if_absent<additions> tintype{}; // inside the data no more than `dropped`

    friend bool operator==(const snapshot_metadata&, const snapshot_metadata&) = default;
};

// A record of a namespace. `metadata` is any JSON.
struct vector_entry {
    std::string id{};
    std::vector<float> values{};
    json_value metadata{};

    friend bool operator==(const vector_entry&, const vector_entry&) = default;
};

// Vectors: a sequence of entries, or a view of one.
template <class Vectors>
struct namespace_data {
    std::string name{};
    std::uint64_t vector_count = 0;
    std::optional<std::uint64_t> dimension{}; // nothing where there are no vectors
    Vectors vectors{};
};

template <class Vectors>
struct snapshot_data {
    snapshot_metadata metadata{};
    std::vector<namespace_data<Vectors>> namespaces{};
};

// As they are read.
using stored_namespace = namespace_data<std::vector<vector_entry>>;
using stored_data = snapshot_data<std::vector<vector_entry>>;

// As they are written: out of a store's own memory.
using shown_namespace = namespace_data<record_view<vector_entry>>;
using shown_data = snapshot_data<record_view<vector_entry>>;

// (GCC 12 ends itself where it first meets the defaults of a template's members inside nested
// braces; here it meets them before.)
static_assert(std::is_nothrow_default_constructible_v<stored_namespace>);
static_assert(std::is_default_constructible_v<shown_namespace>);

} // namespace tintype::inline v0::dakera

BOOST_HANA_ADAPT_STRUCT(tintype::dakera::additions, hash, digest, state, parent_state, dropped);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::snapshot_metadata, id, created_at, description, namespaces,
                        total_vectors, size_bytes, snapshot_type, parent_id, version, tintype);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::vector_entry, id, values, metadata);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::stored_namespace, name, vector_count, dimension, vectors);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::stored_data, metadata, namespaces);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::shown_namespace, name, vector_count, dimension, vectors);
BOOST_HANA_ADAPT_STRUCT(tintype::dakera::shown_data, metadata, namespaces);

namespace tintype::inline v0 {

template <>
inline constexpr std::array<json_enum_name<dakera::kind_of_snapshot>, 2>
    json_enum_names<dakera::kind_of_snapshot>{
        {{dakera::kind_of_snapshot::full, "Full"},
         {dakera::kind_of_snapshot::incremental, "Incremental"}}};

template <>
inline constexpr std::array<std::string_view, 4> json_names<dakera::stored_namespace>{
    "namespace", "vector_count", "dimension", "vectors"};

template <>
inline constexpr std::array<std::string_view, 4> json_names<dakera::shown_namespace> =
    json_names<dakera::stored_namespace>;

} // namespace tintype::inline v0

namespace tintype::inline v0::dakera {

// The layout is the members' names, their order and the width of their numbers.
template <std::size_t Count>
using names = std::array<std::string_view, Count>;

static_assert(json_names<snapshot_metadata> ==
              names<10>{"id", "created_at", "description", "namespaces", "total_vectors",
                        "size_bytes", "snapshot_type", "parent_id", "version", "tintype"});
static_assert(json_names<stored_data> == names<2>{"metadata", "namespaces"});
static_assert(json_names<stored_namespace> ==
              names<4>{"namespace", "vector_count", "dimension", "vectors"});
static_assert(json_names<vector_entry> == names<3>{"id", "values", "metadata"});
static_assert(json_names<additions> ==
              names<5>{"hash", "digest", "state", "parent_state", "dropped"});
static_assert(json_names<shown_data> == json_names<stored_data> &&
              json_names<shown_namespace> == json_names<stored_namespace>);
static_assert(std::same_as<named_member_type<vector_entry, "values">, std::vector<float>>);
static_assert(std::same_as<named_member_type<snapshot_metadata, "created_at">, std::uint64_t>);
static_assert(record_key<vector_entry> == "id");

// What another 1.x adds is skipped.
[[nodiscard]] inline result<void> known_version(const snapshot_metadata& metadata) {
    const std::string& version = metadata.version;
    if (version.starts_with("1.")) {
        return {};
    }
    std::uint64_t found = 0;
    std::from_chars(version.data(), version.data() + version.size(), found);
    return fail(
        {.code = errc::unsupported_version, .where = "version", .found = found, .wanted = 1});
}

// Counts and dimensions are what the vectors say. That no id is there twice is the chain's to see.
[[nodiscard]] inline result<void> check(const stored_namespace& of) {
    const auto wrong = [&](const std::string& what, std::uint64_t found, std::uint64_t wanted) {
        return fail({.code = errc::invalid_value,
                     .where = of.name + what,
                     .found = found,
                     .wanted = wanted});
    };
    if (of.vector_count != of.vectors.size()) {
        return wrong(".vector_count", of.vector_count, of.vectors.size());
    }
    if (!of.dimension && !of.vectors.empty()) {
        return fail({.code = errc::missing_field, .where = of.name + ".dimension"});
    }
    for (const vector_entry& each : of.vectors) {
        if (each.values.size() != of.dimension) {
            return wrong("/" + each.id + ".values", each.values.size(), *of.dimension);
        }
    }
    return {};
}

// The same of all of it, and that the metadata inside names just these namespaces.
[[nodiscard]] inline result<void> check(const stored_data& data) {
    const snapshot_metadata& metadata = data.metadata;
    const auto wrong = [](std::string_view what, std::uint64_t found, std::uint64_t wanted) {
        return fail({.code = errc::invalid_value, .where = what, .found = found, .wanted = wanted});
    };
    if (data.namespaces.size() != metadata.namespaces.size()) {
        return wrong("metadata.namespaces", metadata.namespaces.size(), data.namespaces.size());
    }
    std::uint64_t total = 0;
    for (std::size_t i = 0; i != data.namespaces.size(); ++i) {
        const stored_namespace& each = data.namespaces[i];
        if (each.name != metadata.namespaces[i]) {
            return wrong("metadata.namespaces: " + each.name, i, 0);
        }
        if (auto good = check(each); !good) {
            return good;
        }
        total += each.vectors.size();
    }
    if (total != metadata.total_vectors) {
        return wrong("metadata.total_vectors", metadata.total_vectors, total);
    }
    return {};
}

} // namespace tintype::inline v0::dakera
