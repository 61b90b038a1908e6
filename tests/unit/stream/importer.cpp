#include <tintype/core/mix.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/poly31.hpp>
#include <tintype/stream/importer.hpp>

#include "support/bytes.hpp"
#include "support/streams.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::chunks_of;
using tests::memory_staging;
using tests::memory_target;
using tests::noise;
using tests::stream_file;
using tintype::errc;
using tintype::number_range;
using tintype::snapshot_chunk;

using crc_importer = tintype::importer<tintype::hash_choice<tintype::crc32c>, memory_staging>;
using chunks = std::vector<snapshot_chunk>;

std::vector<stream_file> three_files(std::size_t size) {
    return {{"database.db", noise(size, 1), tintype::file_kind::sqlite_db},
            {"index_0.idx", noise(size / 2, 2), tintype::file_kind::hnsw_index},
            {"index_1.idx", {}, tintype::file_kind::hnsw_index}};
}

chunks shuffled(chunks all, std::uint64_t seed) {
    tintype::splitmix64 mix{seed};
    for (std::size_t i = all.size(); i > 1; --i) {
        std::swap(all[i - 1], all[static_cast<std::size_t>(mix() % i)]);
    }
    return all;
}

void check_files(const memory_target& target, const std::vector<stream_file>& files) {
    REQUIRE(target.commits == 1);
    REQUIRE(target.files.size() == files.size());
    for (const stream_file& each : files) {
        REQUIRE(target.files.at(each.name) == each.bytes);
    }
}

// What the first refusal says; every chunk is sent whatever came of the one before.
errc outcome_of(const chunks& all, memory_target& target) {
    crc_importer in{memory_staging{target}};
    errc first{};
    for (const snapshot_chunk& each : all) {
        if (const auto added = in.add(each); !added && first == errc{}) {
            first = added.error().code;
        }
    }
    const auto done = in.finish();
    return first == errc{} && !done ? done.error().code : first;
}

} // namespace

TEST_CASE("files of every size arrive in every order, and twice") {
    for (const std::size_t chunk_size : {1U, 7U, 64U}) {
        for (const std::size_t size :
             {std::size_t{0}, std::size_t{1}, chunk_size - 1, chunk_size, chunk_size + 1,
              2 * chunk_size - 1, 2 * chunk_size, 2 * chunk_size + 1, 5 * chunk_size}) {
            const auto files = three_files(size);
            const auto all = chunks_of(files, chunk_size);
            for (const std::uint64_t order : {0U, 1U, 2U, 3U, 4U}) {
                CAPTURE(chunk_size);
                CAPTURE(size);
                CAPTURE(order);
                auto sent = all;
                if (order == 1) {
                    std::ranges::reverse(sent);
                } else if (order >= 2) {
                    sent.insert(sent.end(), all.begin(), all.end());
                    sent = shuffled(std::move(sent), order);
                }
                memory_target target;
                crc_importer in{memory_staging{target}};
                for (const snapshot_chunk& each : sent) {
                    REQUIRE(in.add(each));
                }
                REQUIRE(in.complete());
                REQUIRE(in.missing().empty());
                const auto done = in.finish();
                REQUIRE(done);
                CHECK(done->snapshot_id == "snap_1700000000000_00c0ffee");
                CHECK(done->bytes_restored == size + size / 2);
                CHECK(done->files_restored == 3);
                check_files(target, files);
                CHECK(in.finish().error().code == errc::in_use);
                CHECK(in.add(all[0]).error().code == errc::in_use);
            }
        }
    }
}

TEST_CASE("a stream that lacks a chunk says which, and is whole once it came") {
    const auto files = three_files(50);
    const auto all = chunks_of(files, 8);
    for (std::size_t lost = 0; lost != all.size(); ++lost) {
        CAPTURE(lost);
        memory_target target;
        crc_importer in{memory_staging{target}};
        for (const snapshot_chunk& each : all) {
            if (each.sequence != lost) {
                REQUIRE(in.add(each));
            }
        }
        CHECK_FALSE(in.complete());
        const auto done = in.finish();
        REQUIRE_FALSE(done);
        CHECK(done.error().code == errc::incomplete_stream);
        CHECK(done.error().found == all.size() - 1);
        CHECK(target.commits == 0);
        const auto lacking = in.missing();
        REQUIRE(lacking.size() == 1);
        CHECK(lacking[0].begin == lost);
        CHECK(lacking[0].end ==
              (lost + 1 == all.size() ? std::numeric_limits<std::uint64_t>::max() : lost + 1));
        REQUIRE(in.add(all[lost]));
        REQUIRE(in.finish());
        check_files(target, files);
    }
}

TEST_CASE("a flipped bit anywhere is found, and nothing is restored") {
    const auto all = chunks_of(three_files(20), 8);
    for (std::size_t which = 0; which != all.size(); ++which) {
        if (all[which].file_chunk) {
            for (std::size_t at = 0; at != all[which].file_chunk->data.size(); ++at) {
                auto sent = all;
                sent[which].file_chunk->data[at] ^= std::byte{4};
                memory_target target;
                CHECK(outcome_of(sent, target) == errc::checksum_mismatch);
                CHECK(target.commits == 0);
            }
        }
    }
    for (std::size_t file = 0; file != 3; ++file) {
        auto sent = all;
        sent[0].metadata->files[file].checksum[3] ^= 1;
        memory_target target;
        CHECK(outcome_of(sent, target) == errc::checksum_mismatch);
        sent = all;
        sent[0].metadata->files[file].checksum = "0123";
        sent[0].metadata->checksum = all[0].metadata->checksum;
        CHECK(outcome_of(sent, target) == errc::checksum_mismatch);
        sent[0].metadata->checksum =
            tintype::checksum_of_files<tintype::crc32c>(sent[0].metadata->files);
        CHECK(outcome_of(sent, target) == errc::unsupported);
        CHECK(target.commits == 0);
    }
}

TEST_CASE("what contradicts what came before is refused, and the right one is taken after it") {
    const auto files = three_files(20);
    const auto all = chunks_of(files, 8);
    const auto refused = [&](std::size_t until, const auto& change, errc why) {
        auto bad = all[until];
        change(bad);
        memory_target target;
        crc_importer in{memory_staging{target}};
        for (std::size_t i = 0; i != until; ++i) {
            REQUIRE(in.add(all[i]));
        }
        const auto added = in.add(bad);
        REQUIRE_FALSE(added);
        CHECK(added.error().code == why);
        for (std::size_t i = until; i != all.size(); ++i) {
            REQUIRE(in.add(all[i]));
        }
        REQUIRE(in.finish());
        check_files(target, files);
    };
    const auto last = all.size() - 1;
    SUBCASE("shapes") {
        refused(0, [&](auto& chunk) { chunk.sequence = 1; }, errc::invalid_value);
        refused(0, [&](auto& chunk) { chunk.is_final = true; }, errc::invalid_value);
        refused(0, [&](auto& chunk) { chunk.file_chunk = all[1].file_chunk; }, errc::invalid_value);
        refused(0, [&](auto& chunk) { chunk.metadata.reset(); }, errc::invalid_value);
        refused(1, [&](auto& chunk) { chunk.sequence = 0; }, errc::invalid_value);
        refused(1, [&](auto& chunk) { chunk.is_final = true; }, errc::invalid_value);
        refused(1, [&](auto& chunk) { chunk.sequence = ~std::uint64_t{0}; }, errc::invalid_value);
        refused(last, [&](auto& chunk) { chunk.sequence = 0; }, errc::invalid_value);
        refused(1, [&](auto& chunk) { chunk.file_chunk->data.clear(); }, errc::invalid_value);
    }
    SUBCASE("the end") {
        refused(
            1, [&](auto& chunk) { chunk.file_chunk->is_last_chunk = true; }, errc::out_of_bounds);
        refused(3, [&](auto& chunk) { chunk.file_chunk->offset += 1; }, errc::out_of_bounds);
        refused(3, [&](auto& chunk) { chunk.file_chunk->data.pop_back(); }, errc::out_of_bounds);
        refused(
            3, [&](auto& chunk) { chunk.file_chunk->offset = ~std::uint64_t{0}; },
            errc::limit_exceeded);
        refused(last, [&](auto& chunk) { chunk.sequence = 2; }, errc::out_of_bounds);
    }
    SUBCASE("places that are taken") {
        // The first chunk's place with other bytes; with another sequence; the same sequence again.
        refused(2, [&](auto& chunk) { chunk.file_chunk->offset = 0; }, errc::duplicate);
        refused(2, [&](auto& chunk) { chunk.file_chunk->offset = 4; }, errc::duplicate);
        refused(2, [&](auto& chunk) { chunk.sequence = 1; }, errc::duplicate);
        refused(
            1,
            [&](auto& chunk) {
                chunk = all[0];
                chunk.metadata->snapshot_id += "x";
            },
            errc::duplicate);
    }
    SUBCASE("metadata") {
        refused(0, [&](auto& chunk) { chunk.metadata->version = 2; }, errc::unsupported_version);
        refused(0, [&](auto& chunk) { chunk.metadata->total_size += 1; }, errc::invalid_value);
        refused(
            0, [&](auto& chunk) { chunk.metadata->files[1].file_name = "database.db"; },
            errc::duplicate);
        refused(
            0, [&](auto& chunk) { chunk.metadata->files[1].file_size = ~std::uint64_t{0}; },
            errc::limit_exceeded);
        refused(0, [&](auto& chunk) { chunk.metadata->files.pop_back(); }, errc::checksum_mismatch);
    }
    SUBCASE("a file that is not listed") {
        refused(1, [&](auto& chunk) { chunk.file_chunk->file_name = "other.db"; }, errc::not_found);
    }
}

TEST_CASE("what comes behind the final chunk is refused") {
    const auto all = chunks_of(three_files(20), 8);
    memory_target target;
    crc_importer in{memory_staging{target}};
    REQUIRE(in.add(all.back()));
    auto behind = all[1];
    behind.sequence = all.size();
    CHECK(in.add(behind).error().code == errc::out_of_bounds);
    behind.sequence = all.size() - 1;
    CHECK(in.add(behind).error().code == errc::out_of_bounds);
    auto other_end = all.back();
    other_end.sequence += 1;
    CHECK(in.add(other_end).error().code == errc::out_of_bounds);
    other_end.sequence -= 2;
    CHECK(in.add(other_end).error().code == errc::out_of_bounds);
    CHECK(in.add(all.back()));
}

TEST_CASE("overlaps that say the same are taken") {
    const auto files = three_files(20);
    const auto all = chunks_of(files, 8);
    memory_target target;
    crc_importer in{memory_staging{target}};
    REQUIRE(in.add(all[0]));
    REQUIRE(in.add(all[1]));
    auto wide = all[2];
    wide.file_chunk->offset = 4;
    const auto bytes = tintype::byte_view{files[0].bytes}.subspan(4, 14);
    wide.file_chunk->data.assign(bytes.begin(), bytes.end());
    REQUIRE(in.add(wide));
    for (std::size_t i = 3; i != all.size(); ++i) {
        REQUIRE(in.add(all[i]));
    }
    REQUIRE(in.finish());
    check_files(target, files);
}

TEST_CASE("metadata that comes after the files is held against them") {
    const auto files = three_files(20);
    const auto all = chunks_of(files, 8);
    const auto outcome = [&](const snapshot_chunk& metadata) {
        memory_target target;
        crc_importer in{memory_staging{target}};
        for (std::size_t i = 1; i != all.size(); ++i) {
            REQUIRE(in.add(all[i]));
        }
        const auto added = in.add(metadata);
        return added ? errc{} : added.error().code;
    };
    CHECK(outcome(all[0]) == errc{});
    CHECK(outcome(chunks_of(three_files(22), 8)[0]) == errc::invalid_value);
    CHECK(outcome(chunks_of({files[0], files[1]}, 8)[0]) == errc::not_found);
    CHECK(outcome(chunks_of({}, 8)[0]) == errc::not_found);
}

TEST_CASE("chunks of two snapshots never make one") {
    auto files = three_files(40);
    const auto one = chunks_of(files, 8);
    files[0].bytes[13] ^= std::byte{1};
    files[1].bytes[13] ^= std::byte{1};
    const auto other = chunks_of(files, 8, "snap_1700000000001_00c0ffef");
    for (std::uint64_t seed = 0; seed != 64; ++seed) {
        CAPTURE(seed);
        tintype::splitmix64 mix{seed};
        auto sent = one;
        bool mixed = false;
        bool all_of_other = true;
        for (std::size_t i = 0; i != sent.size(); ++i) {
            const bool take = mix() % 2 != 0;
            sent[i] = take ? other[i] : one[i];
            mixed = mixed || take;
            all_of_other = all_of_other && (take || one[i] == other[i]);
        }
        memory_target target;
        const auto outcome = outcome_of(shuffled(sent, seed), target);
        if (target.commits != 0) {
            // Then no chunk that differs was mixed in.
            const bool first = target.files.at("database.db") == three_files(40)[0].bytes;
            CHECK(target.files.at("index_0.idx") ==
                  (first ? three_files(40)[1].bytes : files[1].bytes));
        } else {
            CHECK(outcome != errc{});
        }
    }
    // Both at once: the second metadata is refused.
    auto both = one;
    both.insert(both.end(), other.begin(), other.end());
    memory_target target;
    CHECK(outcome_of(both, target) == errc::duplicate);
    check_files(target, three_files(40));
}

TEST_CASE("names that lead elsewhere are refused, wherever they stand") {
    using namespace std::string_literals;
    const std::vector<std::string> hostile{"",
                                           ".",
                                           "..",
                                           "/",
                                           "/etc/passwd",
                                           "../up",
                                           "a/b",
                                           "a/../b",
                                           "./a",
                                           "a/",
                                           "//a",
                                           "~",
                                           "~root/x",
                                           "\\",
                                           "..\\up",
                                           "C:\\x",
                                           "C:x",
                                           "a\0b"s,
                                           "\0"s,
                                           "a\nb",
                                           "a\rb",
                                           " ",
                                           " a",
                                           "a b",
                                           "a\tb",
                                           ".hidden",
                                           ".tintype-x",
                                           "...",
                                           "..a",
                                           "\xff\xfe",
                                           "\xc0\xaf",
                                           "%2e%2e",
                                           "a:b",
                                           "a*b",
                                           "a?b",
                                           "a|b",
                                           "a<b",
                                           "a>b",
                                           "a\"b",
                                           "a'b",
                                           "$HOME",
                                           "`x`",
                                           "$(x)",
                                           "a;b",
                                           "a&b",
                                           "\xe2\x80\xae"
                                           "a",
                                           "\xc3\xa9",
                                           "a\x7f",
                                           "a\x1b[0m",
                                           "file://a",
                                           std::string(256, 'a'),
                                           std::string(70000, 'a')};
    REQUIRE(hostile.size() >= 50);
    const auto all = chunks_of(three_files(20), 8);
    for (const std::string& name : hostile) {
        CAPTURE(name);
        memory_target target;
        crc_importer in{memory_staging{target}};
        auto piece = all[1];
        piece.file_chunk->file_name = name;
        CHECK(in.add(piece).error().code == errc::bad_name);
        auto metadata = all[0];
        metadata.metadata->files[0].file_name = name;
        metadata.metadata->checksum =
            tintype::checksum_of_files<tintype::crc32c>(metadata.metadata->files);
        CHECK(in.add(metadata).error().code == errc::bad_name);
        CHECK(in.finish().error().code == errc::incomplete_stream);
        CHECK(target.files.empty());
    }
}

TEST_CASE("a failing call loses nothing: the chunk may come again") {
    const auto files = three_files(40);
    auto sent = shuffled(chunks_of(files, 8), 5);
    sent.push_back(sent[2]);
    sent.push_back(sent[5]);
    for (std::size_t until = 0;; ++until) {
        CAPTURE(until);
        memory_target target;
        target.calls_until_failure = until;
        crc_importer in{memory_staging{target}};
        std::size_t failures = 0;
        for (const snapshot_chunk& each : sent) {
            if (const auto added = in.add(each); !added) {
                CHECK(added.error().code == errc::io);
                ++failures;
                REQUIRE(in.add(each));
            }
        }
        auto done = in.finish();
        if (!done) {
            ++failures;
            CHECK(done.error().code == errc::io);
            CHECK(target.commits == 0);
            done = in.finish();
            // What was handed over to be switched is not in the importer's hands any more: it says
            // again what went wrong.
            if (!done) {
                CHECK(done.error().code == errc::io);
                CHECK(in.add(sent[0]).error().code == errc::io);
                continue;
            }
        }
        REQUIRE(done);
        check_files(target, files);
        if (failures == 0) {
            CHECK(until > 10);
            break;
        }
    }
}

TEST_CASE("limits are held before anything is kept") {
    const auto all = chunks_of(three_files(40), 8);
    const auto outcome = [&](const tintype::stream_limits& most, const chunks& sent) {
        memory_target target;
        crc_importer in{memory_staging{target}, {.most = most}};
        for (const snapshot_chunk& each : sent) {
            if (const auto added = in.add(each); !added) {
                return added.error().code;
            }
        }
        return errc{};
    };
    auto backwards = all;
    std::ranges::reverse(backwards);
    CHECK(outcome({.total_size = 60}, all) == errc{});
    CHECK(outcome({.total_size = 59}, all) == errc::limit_exceeded);
    CHECK(outcome({.total_size = 39}, backwards) == errc::limit_exceeded);
    CHECK(outcome({.files = 3}, all) == errc{});
    CHECK(outcome({.files = 2}, all) == errc::limit_exceeded);
    CHECK(outcome({.files = 2}, backwards) == errc::limit_exceeded);
    CHECK(outcome({.chunk_size = 8}, all) == errc{});
    CHECK(outcome({.chunk_size = 7}, all) == errc::limit_exceeded);

    // Every second chunk, for ever.
    memory_target target;
    crc_importer in{memory_staging{target}};
    std::uint64_t sequence = 1;
    for (;; sequence += 2) {
        const auto added = in.add({.metadata = {},
                                   .file_chunk = tintype::file_piece{.file_name = "a",
                                                                     .offset = sequence,
                                                                     .data = tests::blob_of("x"),
                                                                     .is_last_chunk = false},
                                   .sequence = sequence,
                                   .is_final = false});
        if (!added) {
            CHECK(added.error().code == errc::limit_exceeded);
            break;
        }
        REQUIRE(sequence < 1U << 20U);
    }
    // One of sequences and one of the file's bytes each. What closes a gap is taken; so is the
    // metadata.
    CHECK(sequence == tintype::arrival::most_ranges + 1);
    const auto bytes_at = [](std::uint64_t at) {
        return snapshot_chunk{.metadata = {},
                              .file_chunk = tintype::file_piece{.file_name = "a",
                                                                .offset = at,
                                                                .data = tests::blob_of("x"),
                                                                .is_last_chunk = false},
                              .sequence = at,
                              .is_final = false};
    };
    CHECK(in.add(bytes_at(6)));
    CHECK(in.add(bytes_at(2)));
    CHECK(in.add(bytes_at(sequence)));
    CHECK(in.add(chunks_of({{"a", tests::blob_of(std::string(70000, 'x'))}}, 1)[0]));
    CHECK(in.missing().size() > 30000);
}

TEST_CASE("what is refused for lack of space leaves no part, and no trace") {
    const auto files = three_files(20);
    const auto all = chunks_of(files, 8);
    memory_target target;
    crc_importer in{memory_staging{target}};
    // The second part for the metadata cannot be made.
    target.calls_until_failure = 1;
    CHECK(in.add(all[0]).error().code == errc::io);
    target.calls_until_failure = ~std::size_t{0};
    REQUIRE(in.add(all[1]));
    for (const snapshot_chunk& each : all) {
        REQUIRE(in.add(each));
    }
    REQUIRE(in.finish());
    check_files(target, files);
}

TEST_CASE("the parts of chunks that were refused are used again") {
    const auto files = three_files(20);
    const auto all = chunks_of(files, 8);
    memory_target target;
    crc_importer in{memory_staging{target}};
    for (int i = 0; i != 1000; ++i) {
        auto other = all[1];
        other.file_chunk->file_name = "f" + std::to_string(i);
        other.file_chunk->data.resize(2000, std::byte{7});
        // Behind the first, the part is there, and only its write fails, half done.
        target.calls_until_failure = i == 0 ? 1 : 0;
        CHECK(in.add(other).error().code == errc::io);
    }
    target.calls_until_failure = ~std::size_t{0};
    CHECK(target.created == 1);
    for (const snapshot_chunk& each : all) {
        REQUIRE(in.add(each));
    }
    REQUIRE(in.finish());
    check_files(target, files);
}

TEST_CASE("the total size holds before the metadata is there") {
    memory_target target;
    crc_importer in{memory_staging{target}, {.most = {.total_size = 100}}};
    std::uint64_t taken = 0;
    for (std::uint64_t i = 1; i != 50; ++i) {
        const auto added =
            in.add({.metadata = {},
                    .file_chunk = tintype::file_piece{.file_name = "f" + std::to_string(i),
                                                      .offset = 0,
                                                      .data = noise(9, i),
                                                      .is_last_chunk = true},
                    .sequence = i,
                    .is_final = false});
        if (added) {
            ++taken;
        } else {
            CHECK(added.error().code == errc::limit_exceeded);
        }
    }
    CHECK(taken == 11);
}

TEST_CASE("numbers at their ends") {
    // No limit, as somebody may say it.
    memory_target target;
    crc_importer in{memory_staging{target}, {.most = {.total_size = ~std::uint64_t{0}}}};
    auto end = chunks_of({{"a", {}}}, 1)[1];
    end.file_chunk->offset = ~std::uint64_t{0};
    CHECK(in.add(end).error().code == errc::limit_exceeded);
    end.file_chunk->offset = std::uint64_t{1} << 63U;
    CHECK(in.add(end).error().code == errc::limit_exceeded);
    end.file_chunk->offset -= 1;
    end.sequence = ~std::uint64_t{0} - 1;
    CHECK(in.add(end));
    CHECK(in.finish().error().found == 1);
    CHECK(in.finish().error().wanted == 2);
    CHECK(in.missing() == std::vector<number_range>{{0, end.sequence}});

    // Digits that are none.
    auto metadata = chunks_of(three_files(20), 8)[0];
    metadata.metadata->files[0].checksum[0] = 'x';
    metadata.metadata->checksum =
        tintype::checksum_of_files<tintype::crc32c>(metadata.metadata->files);
    memory_target other;
    crc_importer late{memory_staging{other}};
    CHECK(late.add(metadata).error().code == errc::invalid_value);
    CHECK(late.add(chunks_of(three_files(20), 8)[0]));
}

TEST_CASE("the checksum's length says which hash is meant") {
    using either = tintype::hash_choice<tintype::crc32c, tintype::poly31>;
    const auto files = three_files(40);
    const auto import = [&](const chunks& all) {
        memory_target target;
        tintype::importer<either, memory_staging> in{memory_staging{target}};
        for (const snapshot_chunk& each : all) {
            REQUIRE(in.add(each));
        }
        REQUIRE(in.finish());
        check_files(target, files);
    };
    import(chunks_of<tintype::crc32c>(files, 8));
    import(chunks_of<tintype::poly31>(files, 8));
    auto loud = chunks_of<tintype::poly31>(files, 8);
    for (auto& each : loud[0].metadata->files) {
        for (char& digit : each.checksum) {
            digit = digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
        }
    }
    loud[0].metadata->checksum =
        tintype::checksum_of_files<tintype::poly31>(loud[0].metadata->files);
    import(loud);
}

TEST_CASE("progress tells the bytes, and a stop is heeded between chunks") {
    const auto all = chunks_of(three_files(40), 8);
    memory_target target;
    std::vector<tintype::progress> told;
    const auto tell = [&](tintype::progress now) { told.push_back(now); };
    std::stop_source stop;
    const tintype::monitor watch{tell, stop.get_token()};
    crc_importer in{memory_staging{target}, {.most = {}, .watch = &watch}};
    for (std::size_t i = 0; i != 4; ++i) {
        REQUIRE(in.add(all[i]));
    }
    REQUIRE(told.size() == 4);
    CHECK(told[3].done == 24);
    CHECK(told[3].total == 60);
    stop.request_stop();
    CHECK(in.add(all[4]).error().code == errc::cancelled);
    CHECK(target.commits == 0);
}
