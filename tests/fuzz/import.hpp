#pragma once

// The body for the importer: the input is a script of chunks of two snapshots, whole or changed,
// and of calls that fail. Whatever was sent in whatever order, what is restored is one of the two,
// and nothing is restored before a finish() that says so.

#include <tintype/hash/blake3.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/stream/importer.hpp>

#include "bodies.hpp"
#include "support/bytes.hpp"
#include "support/streams.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tests::fuzz {

struct two_snapshots {
    std::vector<stream_file> files[2] = {
        {{"database.db", noise(37, 1)}, {"index_0.idx", noise(16, 2)}, {"index_1.idx", {}}},
        {{"database.db", noise(41, 3)},
         {"index_0.idx", noise(16, 4)},
         {"index_1.idx", noise(1, 5)}}};
    std::vector<tintype::snapshot_chunk> chunks[2] = {
        chunks_of<tintype::blake3>(files[0], 8),
        chunks_of<tintype::blake3>(files[1], 8, "snap_1700000000001_00c0ffef")};
};

// One of the chunks, changed as two bytes say.
inline tintype::snapshot_chunk scripted_chunk(const two_snapshots& from, unsigned which,
                                              unsigned change) {
    const auto& all = from.chunks[which & 1U];
    auto chunk = all[(which >> 1U) % all.size()];
    const unsigned amount = change >> 4U;
    auto* const piece = chunk.file_chunk ? &*chunk.file_chunk : nullptr;
    switch (change & 15U) {
    case 1:
        chunk.sequence += amount;
        break;
    case 2:
        chunk.sequence -= amount;
        break;
    case 3:
        chunk.is_final = !chunk.is_final;
        break;
    case 4:
        chunk.metadata = from.chunks[amount & 1U][0].metadata;
        break;
    case 5:
        chunk.file_chunk = all[1].file_chunk;
        break;
    case 6:
        if (piece != nullptr) {
            piece->offset += amount;
        }
        break;
    case 7:
        if (piece != nullptr) {
            piece->is_last_chunk = !piece->is_last_chunk;
        }
        break;
    case 8:
        if (piece != nullptr && amount < piece->data.size()) {
            piece->data[amount] ^= std::byte{1};
        }
        break;
    case 9:
        if (piece != nullptr && amount <= piece->data.size()) {
            piece->data.resize(amount);
        }
        break;
    case 10:
        if (piece != nullptr) {
            piece->file_name = amount < 3 ? from.files[0][amount].name : "../index_0.idx";
        }
        break;
    default:
        break;
    }
    return chunk;
}

inline void fuzz_import(byte_view bytes) {
    static const two_snapshots from;
    using importer = tintype::importer<tintype::hash_choice<tintype::blake3>, memory_staging>;
    memory_target target;
    importer in{memory_staging{target}};
    const auto finish = [&] {
        const bool complete = in.complete();
        const auto done = in.finish();
        must(done.has_value() == (target.commits == 1), "import: restored just when it says so");
        must(!done || complete, "import: nothing is finished that is not complete");
        must(!complete || in.missing().empty(), "import: what is complete lacks nothing");
        if (done) {
            const auto& files = from.files[target.files.at("database.db").size() == 37 ? 0 : 1];
            must(target.files.size() == files.size(), "import: all files");
            for (const stream_file& each : files) {
                must(target.files.at(each.name) == each.bytes, "import: one snapshot, and whole");
            }
        }
        return done.has_value();
    };
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const auto which = std::to_integer<unsigned>(bytes[i]);
        const auto change = std::to_integer<unsigned>(bytes[i + 1]);
        target.calls_until_failure = (change & 15U) == 11 ? change >> 4U : ~std::size_t{0};
        const auto lacking = in.missing();
        if (const auto added = in.add(scripted_chunk(from, which, change)); !added) {
            must(in.missing() == lacking, "import: a refused chunk changes nothing");
        }
        if ((change & 15U) == 12 && finish()) {
            return;
        }
    }
    // Whatever came of that, the rest of a snapshot makes it whole, or is refused.
    target.calls_until_failure = ~std::size_t{0};
    for (const auto& each : from.chunks[bytes.size() & 1U]) {
        static_cast<void>(in.add(each));
    }
    static_cast<void>(finish());
}

} // namespace tests::fuzz
