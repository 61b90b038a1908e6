// What Dakera's files may not say, each refused with the place: texts written by hand, without
// digests, so that nothing but its own check stops each lie.

#include <tintype/formats/dakera.hpp>

#include "dakera_handmade.hpp"
#include "support/bytes.hpp"
#include "support/dakera_folder.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace tintype::dakera;
using tests::handmade;
using tests::said;

std::string with_snap(std::string_view from, std::string_view to) {
    return handmade{}.with_snap(from, to).refusal();
}

std::string with_meta(std::string_view from, std::string_view to) {
    return handmade{}.with_meta(from, to).refusal();
}

std::string with_additions(std::string_view text) {
    return handmade{}.with_additions(text).refusal<tintype::crc32c>();
}

// An increment behind the full snapshot, both changed by the test.
std::string of_increment(const handmade& increment, const handmade& full = {}) {
    const auto storage = full.folder();
    increment.put(storage);
    const tests::vector_reader<tintype::crc32c> reader{storage};
    return said(reader.contents(increment.id));
}

// Where a text stands in the data, as long as nothing before it was changed.
std::string place(std::string_view text, std::size_t behind = 0) {
    const auto at = handmade{}.snap.find(text);
    REQUIRE_MESSAGE(at != std::string::npos, text);
    return "@" + std::to_string(at + behind);
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i != times; ++i) {
        all += text;
    }
    return all;
}

} // namespace

TEST_CASE("dakera refusals: the files by hand are good before anything in them is wrong") {
    CHECK(handmade{}.refusal() == "no error");
    CHECK(handmade{}.refusal<tintype::crc32c>() == "no error");
    const auto contents = tests::vector_reader<>{handmade{}.folder()}.contents("snap_5_0");
    REQUIRE(contents);
    REQUIRE(contents->parts.size() == 2);
    CHECK(contents->parts.at("a") ==
          tests::entries{{.id = "x", .values = {1.5F, -0.25F}, .metadata = {}},
                         {.id = "y",
                          .values = {0.0F, 3.0F},
                          .metadata = *tintype::json_value::parse("{\"k\":[1,2]}")}});
    CHECK(contents->parts.at("b").size() == 1);
    CHECK(of_increment(handmade::increment("snap_6_1", "snap_5_0")) == "no error");
}

TEST_CASE("dakera refusals: counts, dimensions and names that disagree") {
    CHECK(with_snap("\"vector_count\":2", "\"vector_count\":3") ==
          "invalid_value in snap_5_0.snap: a.vector_count 3/2");
    CHECK(with_snap("\"vector_count\":2", "\"vector_count\":0") ==
          "invalid_value in snap_5_0.snap: a.vector_count 0/2");
    CHECK(with_snap("\"vector_count\":2", "\"vector_count\":18446744073709551615") ==
          "invalid_value in snap_5_0.snap: a.vector_count 18446744073709551615/2");
    CHECK(with_snap("\"dimension\":2", "\"dimension\":3") ==
          "invalid_value in snap_5_0.snap: a/x.values 2/3");
    CHECK(with_snap("\"dimension\":2", "\"dimension\":null") ==
          "missing_field in snap_5_0.snap: a.dimension 0/0");
    CHECK(with_snap("[0.0,3.0]", "[0.0]") == "invalid_value in snap_5_0.snap: a/y.values 1/2");
    CHECK(with_snap("[0.0,3.0]", "[0.0,3.0,1]") ==
          "invalid_value in snap_5_0.snap: a/y.values 3/2");
    CHECK(with_snap("\"total_vectors\":3", "\"total_vectors\":4") ==
          "invalid_value in snap_5_0.snap: metadata.total_vectors 0/0");
    CHECK(with_meta("\"total_vectors\": 3", "\"total_vectors\": 4") ==
          "invalid_value in snap_5_0.snap: metadata.total_vectors 0/0");
    CHECK(handmade{}
              .with_meta("\"total_vectors\": 3", "\"total_vectors\": 4")
              .with_snap("\"total_vectors\":3", "\"total_vectors\":4")
              .refusal() == "invalid_value in snap_5_0.snap: metadata.total_vectors 4/3");
    CHECK(with_snap("\"namespace\":\"b\"", "\"namespace\":\"c\"") ==
          "invalid_value in snap_5_0.snap: metadata.namespaces: c 1/0");
    CHECK(with_snap(R"(["a","b"])", R"(["b","a"])") ==
          "invalid_value in snap_5_0.snap: metadata.namespaces 0/0");
    CHECK(
        handmade{}.with_meta(",\n    \"b\"", "").with_snap(R"(["a","b"])", R"(["a"])").refusal() ==
        "invalid_value in snap_5_0.snap: metadata.namespaces 1/2");
}

TEST_CASE("dakera refusals: what is there twice") {
    CHECK(with_snap("\"id\":\"y\"", "\"id\":\"x\"") == "duplicate in snap_5_0: a/x 0/0");
    // The same id in two namespaces is two vectors.
    CHECK(with_snap("\"id\":\"z\"", "\"id\":\"x\"") == "no error");
    CHECK(handmade{}
              .with_meta("\"b\"", "\"a\"")
              .with_snap(R"(["a","b"])", R"(["a","a"])")
              .with_snap("\"namespace\":\"b\"", "\"namespace\":\"a\"")
              .refusal() == "duplicate in snap_5_0: a 0/0");
    CHECK(with_snap("\"id\":\"x\",", "\"id\":\"x\",\"id\":\"x\",") ==
          "duplicate in snap_5_0.snap: namespaces[0].vectors[0].id " + place("\"values\":[1.5") +
              " 0/0");
    CHECK(with_snap("{\"k\":[1,2]}", "{\"k\":1,\"\\u006b\":2}") ==
          "duplicate in snap_5_0.snap: namespaces[0].vectors[1].metadata " + place("{\"k\"", 7) +
              " 0/0");
    CHECK(with_meta("\"version\"", "\"id\"") ==
          "duplicate in snap_5_0.meta: id @" +
              std::to_string(handmade{}.sized_meta().find("\"version\"")) + " 0/0");

    // The codec by itself, below the chain that would have seen it first.
    const auto twice = handmade{}
                           .with_meta("\"b\"", "\"a\"")
                           .with_snap(R"(["a","b"])", R"(["a","a"])")
                           .with_snap("\"namespace\":\"b\"", "\"namespace\":\"a\"");
    const auto info = tests::info_in(tests::blob_of(twice.sized_meta()));
    CHECK(said(tests::pieces_in(tests::blob_of(twice.snap), info)) ==
          "duplicate in snap_5_0.snap: a 0/0");
    const auto good = tests::info_in(tests::blob_of(handmade{}.sized_meta()));
    const tintype::piece_info other{.name = "c"};
    const std::array wanted{&good.pieces[0], &other};
    CHECK(said(chain_json<>::decode<vector_entry>(tests::blob_of(handmade{}.snap), good, wanted,
                                                  {})) == "not_found in snap_5_0.snap: c 0/0");
}

TEST_CASE("dakera refusals: numbers that no f32 can hold") {
    const auto value = [](std::string_view text) { return with_snap("1.5", text); };
    const auto refused = [](std::size_t behind, std::string_view numbers) {
        return "invalid_value in snap_5_0.snap: namespaces[0].vectors[0].values[0] " +
               place("1.5", behind) + " " + std::string(numbers);
    };
    // Powers of ten: of its first digit, and the largest that there is.
    CHECK(value("1e39") == refused(0, "39/38"));
    CHECK(value("-1e39") == refused(0, "39/38"));
    CHECK(value("3.4028236e38") == refused(0, "38/38"));
    CHECK(value("1e400") == refused(0, "400/38"));
    CHECK(value("340282356779733661637539395458142568448") == refused(0, "38/38"));
    CHECK(value("3.4028235e38") == "no error");
    CHECK(value("1e-999") == "no error");
    CHECK(value("null") == refused(0, "110/48"));
    CHECK(value("NaN") == refused(0, "78/48"));
    CHECK(value("Infinity") == refused(0, "73/48"));
    CHECK(value("-Infinity") == refused(1, "73/48"));
    CHECK(value("true") == refused(0, "116/48"));
    CHECK(value("\"1.5\"") == refused(0, "34/48"));
    CHECK(value("[1.5]") == refused(0, "91/48"));
    CHECK(value("01.5") == refused(1, "49/46"));
    CHECK(value("+1.5") == refused(0, "43/48"));
    CHECK(value(".5") == refused(0, "46/48"));
    CHECK(value("1.") == refused(2, "44/48"));
    // In metadata they are f64.
    CHECK(with_snap("[1,2]", "[1e39,1e308]") == "no error");
    CHECK(with_snap("[1,2]", "[1,1e309]") ==
          "invalid_value in snap_5_0.snap: namespaces[0].vectors[1].metadata " + place("[1,2]", 3) +
              " 309/308");
}

TEST_CASE("dakera refusals: numbers that are no counts") {
    const auto count = [](std::string_view text) {
        return with_snap("\"vector_count\":2", "\"vector_count\":" + std::string(text));
    };
    const std::string where = "invalid_value in snap_5_0.snap: namespaces[0].vector_count @";
    const auto most = std::to_string(~std::uint64_t{0});
    CHECK(count("-2").starts_with(where));
    CHECK(count("2.0").starts_with(where));
    CHECK(count("2e0").starts_with(where));
    CHECK(count("18446744073709551616") ==
          where + place("\"vector_count\":2", 15).substr(1) + " " + most + "/" + most);
    CHECK(count("null").starts_with(where));
}

TEST_CASE("dakera refusals: texts that are no UTF-8") {
    for (const std::string_view bad :
         {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
        const auto first = std::to_string(static_cast<unsigned char>(bad[0]));
        CHECK(with_snap("\"id\":\"y\"", "\"id\":\"y" + std::string(bad) + "\"") ==
              "invalid_utf8 in snap_5_0.snap: namespaces[0].vectors[1].id " + place("\"y\"", 2) +
                  " " + first + "/0");
        CHECK(
            with_snap("\"text\"", "\"" + std::string(bad) + "\"")
                .starts_with("invalid_utf8 in snap_5_0.snap: namespaces[1].vectors[0].metadata @"));
        CHECK(with_meta("\"d\"", "\"" + std::string(bad) + "\"") ==
              "invalid_utf8 in snap_5_0.meta: description @68 " + first + "/0");
    }
    CHECK(with_snap("\"id\":\"y\"", "\"id\":\"\\ud800\"") ==
          "invalid_value in snap_5_0.snap: namespaces[0].vectors[1].id " + place("\"y\"", 1) +
              " 55296/0");
    CHECK(with_snap("\"id\":\"y\"", "\"id\":\"y\n\"") ==
          "invalid_value in snap_5_0.snap: namespaces[0].vectors[1].id " + place("\"y\"", 2) +
              " 10/32");
}

TEST_CASE("dakera refusals: values inside values, however many") {
    const auto nested = [](std::size_t depth) {
        return handmade{}.with_snap("\"text\"", repeated("[", depth) + repeated("]", depth));
    };
    CHECK(nested(59).refusal() == "no error");
    const std::string where =
        "limit_exceeded in snap_5_0.snap: namespaces[1].vectors[0].metadata @";
    const auto start = handmade{}.snap.find("\"text\"");
    const std::string at = std::to_string(start + 59);
    CHECK(nested(60).refusal() == where + at + " 65/64");
    CHECK(nested(1'000'000).refusal() == where + at + " 65/64");
    // Not even closed; in an object; in a member that nobody knows; in the metadata beside.
    CHECK(with_snap("\"text\"", repeated("[", 1'000'000)) == where + at + " 65/64");
    CHECK(with_snap("\"text\"", repeated("{\"a\":", 1'000'000)) ==
          where + std::to_string(start + 59 * 5) + " 65/64");
    CHECK(with_snap("\"metadata\":\"text\"", "\"metadata\":0,\"u\":" + repeated("[", 1'000'000))
              .starts_with("limit_exceeded in snap_5_0.snap: namespaces[1].vectors[0].u @"));
    CHECK(with_meta("\"version\"", "\"u\": " + repeated("[", 1'000'000))
              .starts_with("limit_exceeded in snap_5_0.meta: u @"));
    CHECK(with_meta("\"d\"", repeated("[", 1'000'000)) ==
          "invalid_value in snap_5_0.meta: description @67 91/34");

    // Whoever allows more gets it, and it takes no stack.
    const auto deep = nested(1'000'000);
    const tests::vector_reader<> patient{deep.folder(),
                                         {.decode = {.limits = {.depth = 2'000'000}}}};
    const auto contents = patient.contents("snap_5_0");
    REQUIRE(said(contents) == "no error");
    CHECK(contents->parts.at("b")[0].metadata.text().size() == 2'000'000);
}

TEST_CASE("dakera refusals: each field that is missing") {
    const std::pair<std::string_view, std::string_view> in_data[] = {
        {"\"id\":\"snap_5_0\",", "metadata.id"},
        {"\"created_at\":1700000000,", "metadata.created_at"},
        {"\"description\":\"d\",", "metadata.description"},
        {"\"namespaces\":[\"a\",\"b\"],", "metadata.namespaces"},
        {"\"total_vectors\":3,", "metadata.total_vectors"},
        {"\"size_bytes\":0,", "metadata.size_bytes"},
        {"\"snapshot_type\":\"Full\",", "metadata.snapshot_type"},
        {"\"parent_id\":null,", "metadata.parent_id"},
        {",\"version\":\"1.0.0\"", "metadata.version"},
        {"\"namespace\":\"a\",", "namespaces[0].namespace"},
        {"\"vector_count\":2,", "namespaces[0].vector_count"},
        {"\"dimension\":2,", "namespaces[0].dimension"},
        {",\"vectors\":[{\"id\":\"z\",\"values\":[7.0],\"metadata\":\"text\"}]",
         "namespaces[1].vectors"},
        {"\"id\":\"x\",", "namespaces[0].vectors[0].id"},
        {"\"values\":[1.5,-0.25],", "namespaces[0].vectors[0].values"},
        {",\"metadata\":null", "namespaces[0].vectors[0].metadata"}};
    for (const auto& [text, path] : in_data) {
        const auto line = with_snap(text, "");
        CHECK(line.starts_with("missing_field in snap_5_0.snap: " + std::string(path) + " @"));
        CHECK(line.ends_with(" 0/0"));
    }
    auto headless = handmade{};
    headless.snap.erase(1, headless.snap.find("\"namespaces\":[{") - 1);
    CHECK(headless.refusal().starts_with("missing_field in snap_5_0.snap: metadata @"));
    auto empty = handmade{};
    empty.snap.erase(empty.snap.find(",\"namespaces\":[{"));
    empty.snap += '}';
    CHECK(empty.refusal().starts_with("missing_field in snap_5_0.snap: namespaces @"));
    CHECK(with_snap("\"vectors\":[{\"id\":\"z\"", "\"vectors\":null,\"u\":[{\"id\":\"z\"")
              .starts_with("invalid_value in snap_5_0.snap: namespaces[1].vectors @"));

    const std::pair<std::string_view, std::string_view> beside[] = {
        {"\"id\": \"snap_5_0\",", "id"},
        {"\"created_at\": 1700000000,", "created_at"},
        {"\"description\": \"d\",", "description"},
        {"\"namespaces\": [\n    \"a\",\n    \"b\"\n  ],", "namespaces"},
        {"\"total_vectors\": 3,", "total_vectors"},
        {"\"size_bytes\": SIZE,", "size_bytes"},
        {"\"snapshot_type\": \"Full\",", "snapshot_type"},
        {"\"parent_id\": null,", "parent_id"},
        {",\n  \"version\": \"1.0.0\"", "version"}};
    for (const auto& [text, path] : beside) {
        CHECK(with_meta(text, "").starts_with(
            "missing_field in snap_5_0.meta: " + std::string(path) + " @"));
    }
}

TEST_CASE("dakera refusals: versions, times and types") {
    CHECK(with_meta("1.0.0", "2.0.0") == "unsupported_version in snap_5_0.meta: version 2/1");
    // Both say the same.
    CHECK(with_snap("1.0.0", "2.0.0") == "invalid_value in snap_5_0.snap: metadata.version 0/0");
    CHECK(with_meta("1.0.0", "1.1.0") == "invalid_value in snap_5_0.snap: metadata.version 0/0");
    CHECK(handmade{}.with_meta("1.0.0", "1.1.0").with_snap("1.0.0", "1.1.0").refusal() ==
          "no error");

    const auto at = [](std::string_view seconds) {
        return handmade{}
            .with_meta("1700000000", seconds)
            .with_snap("1700000000", seconds)
            .refusal();
    };
    CHECK(at("9223372036") == "no error");
    CHECK(at("9223372037") == "invalid_value in snap_5_0.meta: created_at 9223372037/9223372036");
    CHECK(at("18446744073709551615") ==
          "invalid_value in snap_5_0.meta: created_at 18446744073709551615/9223372036");
    CHECK(at("18446744073709551616").starts_with("invalid_value in snap_5_0.meta: created_at @"));
    CHECK(at("-1").starts_with("invalid_value in snap_5_0.meta: created_at @"));
    CHECK(with_meta("1700000000", "1700000001") ==
          "invalid_value in snap_5_0.snap: metadata.created_at 0/0");

    CHECK(with_meta("\"Full\"", "\"full\"")
              .starts_with("invalid_value in snap_5_0.meta: snapshot_type @"));
    CHECK(with_meta("\"Full\"", "\"Incremental\"") ==
          "invalid_value in snap_5_0: an incremental snapshot has no parent 0/0");
    CHECK(with_meta("\"parent_id\": null", "\"parent_id\": \"snap_4_0\"") ==
          "invalid_value in snap_5_0: a full snapshot has a parent 0/0");
    CHECK(with_snap("\"Full\"", "\"Incremental\"") ==
          "invalid_value in snap_5_0.snap: metadata.snapshot_type 0/0");
    CHECK(with_snap("\"parent_id\":null", "\"parent_id\":\"snap_5_0\"") ==
          "invalid_value in snap_5_0.snap: metadata.parent_id 0/0");
    CHECK(with_meta("\"description\": \"d\"", "\"description\": null") ==
          "invalid_value in snap_5_0.snap: metadata.description 0/0");
    CHECK(with_snap("\"description\":\"d\"", "\"description\":\"\"") ==
          "invalid_value in snap_5_0.snap: metadata.description 0/0");
    CHECK(with_meta("snap_5_0", "snap_6_0") ==
          "invalid_value in snap_5_0: the manifest is of snap_6_0 0/0");
    CHECK(with_snap("snap_5_0", "snap_6_0") == "invalid_value in snap_5_0.snap: metadata.id 0/0");
    CHECK(with_meta("}", "} x").starts_with("trailing_bytes in snap_5_0.meta"));
    CHECK(with_snap("\"text\"}]}]}", "\"text\"}]}]} x")
              .starts_with("trailing_bytes in snap_5_0.snap"));
}

TEST_CASE("dakera refusals: what is added is whole or not there") {
    const auto data =
        tintype::to_hex(tintype::hash_of<tintype::crc32c>(tests::blob_of(handmade{}.snap)));
    const std::string hash = R"("hash": "crc32c")";
    const std::string digest = R"("digest": ")" + data + '"';
    const std::string state = R"("state": "00")";
    const auto all = [](const auto&... members) {
        std::string text;
        ((text += (text.empty() ? "" : ", ") + std::string(members)), ...);
        return with_additions("{" + text + "}");
    };
    CHECK(all() == "no error");
    CHECK(all(hash, digest, state) == "no error");
    CHECK(all(hash, digest, state, R"("parent_state": "ABcd", "more": [])") == "no error");
    CHECK(all(digest, state) == "missing_field in snap_5_0.meta: tintype.hash 0/0");
    CHECK(all(R"("hash": "")", digest, state) ==
          "missing_field in snap_5_0.meta: tintype.hash 0/0");
    CHECK(all(R"("parent_state": "00")") == "missing_field in snap_5_0.meta: tintype.hash 0/0");
    CHECK(all(hash, state) == "missing_field in snap_5_0.meta: tintype.digest 0/0");
    CHECK(all(hash, digest) == "missing_field in snap_5_0.meta: tintype.state 0/0");
    CHECK(all(R"("hash": "crc33c")", digest, state) ==
          "unsupported in snap_5_0: digests by crc33c 0/0");

    for (const std::string_view bad : {"", "0", "abc", "xy", "0 ", "0x00"}) {
        const auto line = "invalid_value in snap_5_0.meta: tintype.";
        const auto size = std::to_string(bad.size()) + "/0";
        const auto named = [&](std::string_view name) {
            return '"' + std::string(name) + "\": \"" + std::string(bad) + '"';
        };
        CHECK(all(hash, named("digest"), state) == line + ("digest " + size));
        CHECK(all(hash, digest, named("state")) == line + ("state " + size));
        CHECK(all(hash, digest, state, named("parent_state")) == line + ("parent_state " + size));
    }
    CHECK(all(hash, R"("digest": "00")", state).starts_with("checksum_mismatch in snap_5_0.snap"));
    CHECK(all(hash, R"("digest": 12)", state)
              .starts_with("invalid_value in snap_5_0.meta: tintype.digest @"));
    CHECK(with_additions("null") == "no error");
    CHECK(with_additions("[]").starts_with("invalid_value in snap_5_0.meta: tintype @"));
}

TEST_CASE("dakera refusals: namespaces that went") {
    const auto increment = [](std::string_view beside, std::string_view in_data) {
        auto made = handmade::increment("snap_6_1", "snap_5_0");
        if (!beside.empty()) {
            made = std::move(made).with_additions("{\"dropped\": [" + std::string(beside) + "]}");
        }
        if (!in_data.empty()) {
            made = std::move(made).with_snap("\"1.0.0\"", "\"1.0.0\",\"tintype\":{\"dropped\":[" +
                                                              std::string(in_data) + "]}");
        }
        return made;
    };
    CHECK(of_increment(increment("\"c\"", "\"c\"")) == "no error");
    const std::string differs = "invalid_value in snap_6_1.snap: metadata.tintype 0/0";
    CHECK(of_increment(increment("\"c\"", "")) == differs);
    CHECK(of_increment(increment("", "\"c\"")) == differs);
    CHECK(of_increment(increment("\"c\"", "\"d\"")) == differs);
    CHECK(of_increment(increment("\"c\", \"d\"", "\"c\"")) == differs);
    CHECK(of_increment(increment("\"a\"", "\"a\"")) == "duplicate in snap_6_1: a 0/0");
    CHECK(of_increment(increment("\"c\", \"c\"", "\"c\",\"c\"")) == "duplicate in snap_6_1: c 0/0");
    CHECK(with_additions("{\"dropped\": [\"c\"]}") ==
          "invalid_value in snap_5_0: c is not whole in a full snapshot 0/0");
    CHECK(with_additions("{\"dropped\": \"c\"}")
              .starts_with("invalid_value in snap_5_0.meta: tintype.dropped @"));
}

TEST_CASE("dakera refusals: ids that are paths") {
    const auto storage = handmade{}.folder();
    const tests::vector_reader<> reader{storage};
    const auto manager = tests::opened_vectors(storage);
    tests::vector_store store;
    using namespace std::string_view_literals;
    for (const std::string_view id :
         {"../snap_5_0"sv, "/etc/passwd"sv, "a/b"sv, "."sv, ".."sv, ".hidden"sv, ""sv,
          "snap_5_0\0"sv, "snap 5"sv, "snap_5_0\n"sv, "sn\xC3\xA4p"sv, "..\\x"sv, "*"sv}) {
        CAPTURE(id);
        CHECK(reader.metadata(id).error().code == tintype::errc::bad_name);
        CHECK(reader.contents(id).error().code == tintype::errc::bad_name);
        CHECK(reader.chain(id).error().code == tintype::errc::bad_name);
        CHECK(manager.restore(store, id).error().code == tintype::errc::bad_name);
        CHECK(reader.exists(id) == false);
        CHECK(manager.remove(id) == false);
        CHECK(of_increment(handmade::increment("snap_6_1", id.find_first_of("\n\0\\"sv) ==
                                                                   std::string_view::npos
                                                               ? id
                                                               : "../x"sv))
                  .starts_with("missing_parent in snap_6_1 needs "));
    }
    CHECK(reader.metadata(std::string(250, 'a')).error().code == tintype::errc::not_found);
    CHECK(said(reader.metadata(std::string(251, 'a'))).ends_with(" 256/255"));
    CHECK(storage.names()->size() == 2);
}

TEST_CASE("dakera refusals: parents that are missing, circles, chains that are too long") {
    CHECK(of_increment(handmade::increment("snap_6_1", "snap_4_0")) ==
          "missing_parent in snap_6_1 needs snap_4_0 0/0");
    CHECK(of_increment(handmade::increment("snap_6_1", "snap_6_1")) ==
          "cyclic_chain in snap_6_1 comes back to snap_6_1 0/0");
    // A parent that cannot be believed, and one that another took the name of.
    CHECK(of_increment(handmade::increment("snap_6_1", "snap_5_0"),
                       handmade{}.with_meta("1.0.0", "2.0.0")) ==
          "unsupported_version in snap_5_0.meta: version 2/1");
    CHECK(of_increment(handmade::increment("snap_6_1", "snap_5_0")
                           .with_additions(R"({"hash": "crc32c", "digest": "00", "state": "01",)"
                                           R"( "parent_state": "02"})")) ==
          "missing_parent in snap_6_1 needs snap_5_0 0/0");

    const tintype::memory_storage circle;
    handmade::increment("snap_6_1", "snap_8_3").put(circle);
    handmade::increment("snap_7_2", "snap_6_1").put(circle);
    handmade::increment("snap_8_3", "snap_7_2").put(circle);
    const tests::vector_reader<> reader{circle};
    CHECK(said(reader.contents("snap_7_2")) ==
          "cyclic_chain in snap_8_3 comes back to snap_7_2 0/0");
    CHECK(reader.verify()->good.empty());
    CHECK(reader.verify()->bad.size() == 3);
    auto store = tests::vector_store{};
    CHECK(said(tests::opened_vectors(circle).create_incremental(store, "snap_6_1")) ==
          "cyclic_chain in snap_7_2 comes back to snap_6_1 0/0");

    const auto line = handmade{}.folder();
    std::string parent = "snap_5_0";
    for (int i = 6; i != 10; ++i) {
        const auto id = "snap_" + std::to_string(i) + "_0";
        handmade::increment(id, parent).put(line);
        parent = id;
    }
    CHECK(said(tests::vector_reader<>{line}.contents(parent)) == "no error");
    CHECK(said(tests::vector_reader<>{line, {.most_links = 5}}.contents(parent)) == "no error");
    CHECK(said(tests::vector_reader<>{line, {.most_links = 4}}.contents(parent)) ==
          "limit_exceeded in snap_9_0, its chain at snap_5_0 5/4");
}
