// Dakera's layout by itself: what its structs look like as text, which versions are known, and
// whether the numbers in a file agree with its vectors.

#include <tintype/codec/json.hpp>
#include <tintype/formats/dakera/layout.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using namespace tintype::dakera;
using tests::said;

stored_data some_data() {
    return {.metadata = {.id = "snap_5_0", .namespaces = {"a", "b", "c"}, .total_vectors = 3},
            .namespaces = {{.name = "a",
                            .vector_count = 2,
                            .dimension = 2,
                            .vectors = {{.id = "x", .values = {1, 2}, .metadata = {}},
                                        {.id = "y", .values = {3, 4}, .metadata = {}}}},
                           {.name = "b",
                            .vector_count = 1,
                            .dimension = 1,
                            .vectors = {{.id = "x", .values = {5}, .metadata = {}}}},
                           {.name = "c"}}};
}

template <class Change>
std::string checked(Change change) {
    auto data = some_data();
    change(data);
    return said(check(data));
}

std::string version(std::string_view text) {
    return said(known_version({.version = std::string{text}}));
}

} // namespace

TEST_CASE("dakera layout: the text of each struct") {
    const auto text = [](const auto& value) {
        const auto bytes = tintype::encode<tintype::json<>>(value);
        REQUIRE(said(bytes) == "no error");
        return std::string{tintype::text_of(*bytes)};
    };
    CHECK(text(snapshot_metadata{.id = "i"}) ==
          R"({"id":"i","created_at":0,"description":null,"namespaces":[],"total_vectors":0,)"
          R"("size_bytes":0,"snapshot_type":"Full","parent_id":null,"version":"1.0.0"})");
    CHECK(text(snapshot_metadata{.description = "",
                                 .snapshot_type = kind_of_snapshot::incremental,
                                 .parent_id = "p",
                                 .tintype = additions{}}) ==
          R"({"id":"","created_at":0,"description":"","namespaces":[],"total_vectors":0,)"
          R"("size_bytes":0,"snapshot_type":"Incremental","parent_id":"p","version":"1.0.0",)"
          R"("tintype":{}})");
    CHECK(text(additions{.hash = "h",
                         .digest = "d",
                         .state = "s",
                         .parent_state = "p",
                         .dropped = std::vector<std::string>{"n"}}) ==
          R"({"hash":"h","digest":"d","state":"s","parent_state":"p","dropped":["n"]})");
    CHECK(text(stored_namespace{.name = "n"}) ==
          R"({"namespace":"n","vector_count":0,"dimension":null,"vectors":[]})");
    CHECK(text(shown_namespace{.name = "n", .dimension = 3}) ==
          R"({"namespace":"n","vector_count":0,"dimension":3,"vectors":[]})");
    CHECK(text(vector_entry{.id = "v", .values = {1, -0.0F}, .metadata = 2}) ==
          R"({"id":"v","values":[1.0,-0.0],"metadata":2})");
    CHECK(text(shown_data{}).ends_with(R"("version":"1.0.0"},"namespaces":[]})"));
}

TEST_CASE("dakera layout: members may come in any order, and unknown ones are skipped") {
    const auto read = tintype::decode<tintype::json<>, vector_entry>(tests::blob_of(
        R"( {"ttl":{"a":[1e999,null]},"metadata":{"b":1,"a":2},"values":[1],"id":"v","expires":null} )"));
    REQUIRE(said(read) == "no error");
    CHECK(read->id == "v");
    CHECK(read->values == std::vector{1.0F});
    CHECK(read->metadata.text() == R"({"a":2,"b":1})");
}

TEST_CASE("dakera layout: versions") {
    CHECK(version("1.0.0") == "no error");
    CHECK(version("1.7.12-rc1") == "no error");
    CHECK(version("2.0.0") == "unsupported_version in version 2/1");
    CHECK(version("10.0.0") == "unsupported_version in version 10/1");
    CHECK(version("0.9.0") == "unsupported_version in version 0/1");
    CHECK(version("1") == "unsupported_version in version 1/1");
    CHECK(version("") == "unsupported_version in version 0/1");
    CHECK(version("v1.0.0") == "unsupported_version in version 0/1");
    CHECK(version("99999999999999999999.0") == "unsupported_version in version 0/1");
}

TEST_CASE("dakera layout: what agrees and what does not") {
    CHECK(checked([](stored_data&) {}) == "no error");
    CHECK(checked([](stored_data& data) { data.namespaces[0].vector_count = 3; }) ==
          "invalid_value in a.vector_count 3/2");
    CHECK(checked([](stored_data& data) { data.namespaces[2].vector_count = 1; }) ==
          "invalid_value in c.vector_count 1/0");
    CHECK(checked([](stored_data& data) { data.namespaces[0].dimension = 3; }) ==
          "invalid_value in a/x.values 2/3");
    CHECK(checked([](stored_data& data) { data.namespaces[0].vectors[1].values.pop_back(); }) ==
          "invalid_value in a/y.values 1/2");
    CHECK(checked([](stored_data& data) { data.namespaces[1].dimension.reset(); }) ==
          "missing_field in b.dimension 0/0");
    // One of a namespace without vectors says nothing that could be wrong.
    CHECK(checked([](stored_data& data) { data.namespaces[2].dimension = 768; }) == "no error");
    CHECK(checked([](stored_data& data) { data.metadata.total_vectors = 4; }) ==
          "invalid_value in metadata.total_vectors 4/3");
    CHECK(checked([](stored_data& data) { data.metadata.namespaces[1] = "B"; }) ==
          "invalid_value in metadata.namespaces: b 1/0");
    CHECK(checked([](stored_data& data) { data.metadata.namespaces.pop_back(); }) ==
          "invalid_value in metadata.namespaces 2/3");
    CHECK(checked([](stored_data& data) { data.namespaces.pop_back(); }) ==
          "invalid_value in metadata.namespaces 3/2");
}
