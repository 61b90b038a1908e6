#pragma once

// Dakera's files as texts written by hand, so that anything in them may be a lie.

#include <tintype/hash/none.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/dakera_folder.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace tests {

// A full snapshot of three vectors in two namespaces.
struct handmade {
    std::string id = "snap_5_0";
    std::string meta = R"({
  "id": "snap_5_0",
  "created_at": 1700000000,
  "description": "d",
  "namespaces": [
    "a",
    "b"
  ],
  "total_vectors": 3,
  "size_bytes": SIZE,
  "snapshot_type": "Full",
  "parent_id": null,
  "version": "1.0.0"
})";
    std::string snap =
        R"({"metadata":{"id":"snap_5_0","created_at":1700000000,"description":"d",)"
        R"("namespaces":["a","b"],"total_vectors":3,"size_bytes":0,"snapshot_type":"Full",)"
        R"("parent_id":null,"version":"1.0.0"},"namespaces":[)"
        R"({"namespace":"a","vector_count":2,"dimension":2,"vectors":[)"
        R"({"id":"x","values":[1.5,-0.25],"metadata":null},)"
        R"({"id":"y","values":[0.0,3.0],"metadata":{"k":[1,2]}}]},)"
        R"({"namespace":"b","vector_count":1,"dimension":1,"vectors":[)"
        R"({"id":"z","values":[7.0],"metadata":"text"}]}]})";

    // The text must be there just once.
    static void change(std::string& text, std::string_view from, std::string_view to) {
        const auto at = text.find(from);
        REQUIRE_MESSAGE(at != std::string::npos, from);
        REQUIRE_MESSAGE(text.find(from, at + 1) == std::string::npos, from);
        text.replace(at, from.size(), to);
    }

    [[nodiscard]] handmade with_meta(std::string_view from, std::string_view to) && {
        change(meta, from, to);
        return std::move(*this);
    }

    [[nodiscard]] handmade with_snap(std::string_view from, std::string_view to) && {
        change(snap, from, to);
        return std::move(*this);
    }

    // One more member of the metadata beside the data.
    [[nodiscard]] handmade with_additions(std::string_view text) && {
        return std::move(*this).with_meta("\"1.0.0\"\n",
                                          "\"1.0.0\",\n  \"tintype\": " + std::string(text) + "\n");
    }

    // An increment on that parent, under an id of its own; it has what the full snapshot had.
    [[nodiscard]] static handmade increment(const std::string& id, std::string_view parent) {
        handmade made;
        made.id = id;
        for (std::string* text : {&made.meta, &made.snap}) {
            change(*text, "snap_5_0", id);
            change(*text, "\"Full\"", "\"Incremental\"");
        }
        const std::string quoted = '"' + std::string(parent) + '"';
        return std::move(made)
            .with_meta("\"parent_id\": null", "\"parent_id\": " + quoted)
            .with_snap("\"parent_id\":null", "\"parent_id\":" + quoted);
    }

    // The metadata with the size that the data has, unless it was given one.
    [[nodiscard]] std::string sized_meta() const {
        std::string text = meta;
        if (const auto at = text.find("SIZE"); at != std::string::npos) {
            text.replace(at, 4, std::to_string(snap.size()));
        }
        return text;
    }

    template <tintype::storage_policy Storage>
    void put(const Storage& storage) const {
        put_file(storage, id + ".snap", blob_of(snap));
        put_file(storage, id + ".meta", blob_of(sized_meta()));
    }

    [[nodiscard]] tintype::memory_storage folder() const {
        tintype::memory_storage storage;
        put(storage);
        return storage;
    }

    // What whoever asks for all of it is told.
    template <class Hash = tintype::no_hash>
    [[nodiscard]] std::string refusal() const {
        const vector_reader<Hash> reader{folder()};
        const auto contents = reader.contents(id);
        const auto verified = reader.verify();
        REQUIRE(said(verified) == "no error");
        CHECK(verified->good.empty() != contents.has_value());
        return said(contents);
    }
};

} // namespace tests
