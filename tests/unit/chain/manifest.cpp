// What a manifest can say, whoever wrote it: its own id, a parent where it needs one, pieces that
// lie inside the data and are there once.

#include <tintype/chain/manifest.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace {

using tests::said;
using tintype::errc;
using tintype::piece_info;
using tintype::piece_kind;
using tintype::plausible;
using tintype::snapshot_info;
using tintype::snapshot_kind;

constexpr auto largest = ~std::uint64_t{0};

snapshot_info full() {
    snapshot_info info;
    info.id = "one";
    info.data_size = 100;
    info.pieces.push_back({.name = "a", .offset = 64, .size = 36});
    return info;
}

snapshot_info increment() {
    snapshot_info info = full();
    info.type = snapshot_kind::incremental;
    info.parent_id = "zero";
    info.pieces[0].kind = piece_kind::changes;
    return info;
}

// What is said of a full snapshot after that was done to it.
std::string refusal(void (*change)(snapshot_info&), snapshot_info info = full()) {
    change(info);
    return said(plausible(info, "one"));
}

} // namespace

TEST_CASE("manifest: names of types and kinds") {
    CHECK(name_of(snapshot_kind::full) == "full");
    CHECK(name_of(snapshot_kind::incremental) == "incremental");
    CHECK(name_of(piece_kind::whole) == "whole");
    CHECK(name_of(piece_kind::changes) == "changes");
    CHECK(name_of(piece_kind::dropped) == "dropped");
    CHECK(name_of(piece_kind::side) == "side");
    CHECK(name_of(static_cast<piece_kind>(4)) == "unknown");
}

TEST_CASE("manifest: what can be") {
    CHECK(plausible(full(), "one"));
    CHECK(plausible(increment(), "one"));
    CHECK(plausible(snapshot_info{}, "")); // the id is judged by whoever looks it up
    auto info = increment();
    info.pieces = {{.name = "a"},
                   {.name = "b", .kind = piece_kind::changes},
                   {.name = "c", .kind = piece_kind::dropped},
                   {.name = "a", .kind = piece_kind::side}, // a member has a part's name
                   {.name = "", .offset = 100},
                   {.name = std::string(1, '\0'), .offset = 0, .size = 100}};
    CHECK(plausible(info, "one"));
}

TEST_CASE("manifest: of another id") {
    CHECK(said(plausible(full(), "two")) == "invalid_value in two: the manifest is of one 0/0");
    CHECK(said(plausible(full(), "on")) == "invalid_value in on: the manifest is of one 0/0");
    CHECK(said(plausible(full(), "")) == "invalid_value in : the manifest is of one 0/0");
}

TEST_CASE("manifest: types and parents that do not go together") {
    CHECK(refusal([](snapshot_info& info) { info.parent_id = "zero"; }) ==
          "invalid_value in one: a full snapshot has a parent 0/0");
    CHECK(refusal([](snapshot_info& info) { info.parent_id = ""; }) ==
          "invalid_value in one: a full snapshot has a parent 0/0");
    CHECK(refusal([](snapshot_info& info) { info.parent_id.reset(); }, increment()) ==
          "invalid_value in one: an incremental snapshot has no parent 0/0");
    CHECK(refusal([](snapshot_info& info) { info.type = static_cast<snapshot_kind>(2); }) ==
          "invalid_value in one: type 2/1");
    CHECK(refusal([](snapshot_info& info) { info.type = static_cast<snapshot_kind>(255); },
                  increment()) == "invalid_value in one: type 255/1");
}

TEST_CASE("manifest: kinds of pieces") {
    CHECK(refusal([](snapshot_info& info) { info.pieces[0].kind = static_cast<piece_kind>(4); }) ==
          "invalid_value in one: a 4/3");
    CHECK(refusal([](snapshot_info& info) { info.pieces[0].kind = static_cast<piece_kind>(255); },
                  increment()) == "invalid_value in one: a 255/3");
    for (const auto kind : {piece_kind::changes, piece_kind::dropped}) {
        auto info = full();
        info.pieces[0].kind = kind;
        CHECK(said(plausible(info, "one")) ==
              "invalid_value in one: a is not whole in a full snapshot 0/0");
    }
}

TEST_CASE("manifest: pieces outside of the data") {
    const auto at = [](std::uint64_t offset, std::uint64_t size) {
        auto info = full();
        info.pieces[0].offset = offset;
        info.pieces[0].size = size;
        return said(plausible(info, "one"));
    };
    CHECK(at(0, 100) == "no error");
    CHECK(at(100, 0) == "no error");
    CHECK(at(64, 37) == "truncated_section in one: a @64 100/37");
    CHECK(at(101, 0) == "truncated_section in one: a @101 100/0");
    CHECK(at(0, 101) == "truncated_section in one: a @0 100/101");
    CHECK(at(largest, 1) ==
          "truncated_section in one: a 100/1"); // the offset reads like none: it is the largest
    CHECK(at(1, largest).starts_with("truncated_section in one: a @1 100/"));
    CHECK(at(64, largest - 63).starts_with("truncated_section")); // together 0
    CHECK(at(largest - 35, 36).starts_with("truncated_section"));
    auto info = full();
    info.data_size = 0;
    CHECK(said(plausible(info, "one")) == "truncated_section in one: a @64 0/36");
    info.data_size = largest;
    info.pieces[0].offset = largest - 1;
    info.pieces[0].size = 1;
    CHECK(plausible(info, "one"));
}

TEST_CASE("manifest: pieces that are there twice") {
    auto info = full();
    for (const auto* name : {"z", "a", "m"}) {
        info.pieces.push_back({.name = name});
    }
    CHECK(said(plausible(info, "one")) == "duplicate in one: a 0/0");
    info.pieces[0].kind = piece_kind::side;
    CHECK(plausible(info, "one"));
    info.pieces.push_back({.name = "a", .kind = piece_kind::side});
    CHECK(said(plausible(info, "one")) == "duplicate in one: a 0/0");
    // Also where they are different words about a part.
    info = increment();
    info.pieces.push_back({.name = "a", .kind = piece_kind::dropped});
    CHECK(said(plausible(info, "one")) == "duplicate in one: a 0/0");
}

TEST_CASE("manifest: many pieces") {
    auto info = full();
    info.pieces.clear();
    for (int i = 0; i != 50'000; ++i) {
        info.pieces.push_back({.name = std::to_string(i * 7919 % 50'021)});
    }
    CHECK(plausible(info, "one"));
    info.pieces.push_back({.name = "0"});
    CHECK(said(plausible(info, "one")) == "duplicate in one: 0 0/0");
}
