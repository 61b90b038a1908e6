#pragma once

// The state whose JSON is measured, and the others that read and write it: a snapshot of vectors as
// Dakera keeps it. The readers get the text with room behind it and give the same structs; the
// writers write into memory that was used before.

#include <tintype/codec/json.hpp>
#include <tintype/core/reflect.hpp>

#include "harness.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class snapshot_type : std::uint8_t { full, incremental };

using optional_text = std::optional<std::string>;
using optional_size = std::optional<std::uint64_t>;

struct snapshot_metadata {
    BOOST_HANA_DEFINE_STRUCT(snapshot_metadata, (std::string, id), (std::uint64_t, created_at),
                             (optional_text, description), (std::vector<std::string>, namespaces),
                             (std::uint64_t, total_vectors), (std::uint64_t, size_bytes),
                             (snapshot_type, type), (optional_text, parent_id),
                             (std::string, version));

    friend bool operator==(const snapshot_metadata&, const snapshot_metadata&) = default;
};

struct vector_entry {
    BOOST_HANA_DEFINE_STRUCT(vector_entry, (std::string, id), (std::vector<float>, values),
                             (tintype::json_value, metadata));

    friend bool operator==(const vector_entry&, const vector_entry&) = default;
};

struct namespace_data {
    BOOST_HANA_DEFINE_STRUCT(namespace_data, (std::string, name), (std::uint64_t, vector_count),
                             (optional_size, dimension), (std::vector<vector_entry>, vectors));

    friend bool operator==(const namespace_data&, const namespace_data&) = default;
};

struct snapshot_data {
    BOOST_HANA_DEFINE_STRUCT(snapshot_data, (snapshot_metadata, metadata),
                             (std::vector<namespace_data>, namespaces));

    friend bool operator==(const snapshot_data&, const snapshot_data&) = default;
};

// A text in memory that may be read a little beyond its end, as simdjson must; zero there.
class padded_text {
public:
    explicit padded_text(std::string_view text) : size_(text.size()), bytes_(text) {
        bytes_.resize(size_ + padding);
    }

    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }

    [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.size(); }

private:
    static constexpr std::size_t padding = 64;

    std::size_t size_;
    std::string bytes_;
};

// Keeps what its parser keeps between two texts.
class simdjson_reader {
public:
    simdjson_reader();
    simdjson_reader(simdjson_reader&&) = delete;
    simdjson_reader& operator=(simdjson_reader&&) = delete;
    ~simdjson_reader();

    [[nodiscard]] snapshot_data read(const padded_text& from);

    // Which of its instruction sets it uses.
    [[nodiscard]] static std::string flavour();

private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

[[nodiscard]] snapshot_data rapidjson_read(const padded_text& from);
[[nodiscard]] snapshot_data nlohmann_read(std::string_view text);

// serde_json's own texts, with digits from std::to_chars and from fmt; the memory must be large
// enough.
[[nodiscard]] std::string_view to_chars_write(const snapshot_data& state, std::span<char> memory);
[[nodiscard]] std::string_view fmt_write(const snapshot_data& state, std::span<char> memory);

// Texts of their own making.
[[nodiscard]] std::string nlohmann_write(const snapshot_data& state);

class rapidjson_writer {
public:
    rapidjson_writer();
    rapidjson_writer(rapidjson_writer&&) = delete;
    rapidjson_writer& operator=(rapidjson_writer&&) = delete;
    ~rapidjson_writer();

    // Good until the next one.
    [[nodiscard]] std::string_view write(const snapshot_data& state);

private:
    struct buffer;
    std::unique_ptr<buffer> buffer_;
};

} // namespace bench

template <>
inline constexpr std::array<tintype::json_enum_name<bench::snapshot_type>, 2>
    tintype::json_enum_names<bench::snapshot_type>{
        {{bench::snapshot_type::full, "Full"}, {bench::snapshot_type::incremental, "Incremental"}}};

template <>
inline constexpr std::array<std::string_view, 9> tintype::json_names<bench::snapshot_metadata>{
    "id",         "created_at",    "description", "namespaces", "total_vectors",
    "size_bytes", "snapshot_type", "parent_id",   "version"};

template <>
inline constexpr std::array<std::string_view, 4> tintype::json_names<bench::namespace_data>{
    "namespace", "vector_count", "dimension", "vectors"};
