#pragma once

// A RocksDB database of vectors and its backups, as what a chain of snapshots is measured against:
// `records` keys (the number as eight bytes, big-endian) with 128 floats each. Plain functions; the
// caller times them, by the wall clock, as RocksDB works in threads of its own and waits for the
// disk. A call that fails or gives a wrong answer ends the program. Where RocksDB is not installed
// `rocksdb_version` is empty, `rocksdb_build` gives null and nothing else may be called.
//
//   auto database = rocksdb_build(folder, 1'000'000);    everything flushed, nothing in a log
//   auto full = rocksdb_back_up(*database);              the first: all of it, to folder/backups
//   rocksdb_change(*database, 100, 1);                   1 % of the records, scattered; flushed
//   auto increment = rocksdb_back_up(*database);         what is new since the last
//   rocksdb_verify(*database, increment);                reads all of it and its checksums
//   rocksdb_restore(*database, increment, to);           a database in the folder `to`
//   rocksdb_check(to, 1'000'000, 100, 1);                that it holds what it must; not timed
//   rocksdb_forget(*database);                           no backups: the next one is full again
//
// A handle that goes closes the database and removes `folder`; `to` is the caller's to remove.
// Backups are synced, as the engine does it unless told otherwise; nothing is compressed or
// compacted, so that a backup is what it copies.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bench {

using record = std::array<float, 128>;

// Numbers from -1 to 1 without a pattern. Generation 0 is what a database begins with.
[[nodiscard]] inline record record_of(std::uint64_t key, std::uint32_t generation) noexcept {
    record values;
    std::uint64_t state = (key << 20U | generation) * 0x9e3779b97f4a7c15U + 1;
    for (float& each : values) {
        state += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = (state ^ state >> 30U) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ mixed >> 27U) * 0x94d049bb133111ebU;
        each = static_cast<float>(static_cast<std::int32_t>(mixed >> 32U)) * 0x1p-31F;
    }
    return values;
}

struct rocksdb_peer;

struct rocksdb_closer {
    void operator()(rocksdb_peer* database) const noexcept;
};

using rocksdb_handle = std::unique_ptr<rocksdb_peer, rocksdb_closer>;

[[nodiscard]] std::string rocksdb_version();

[[nodiscard]] rocksdb_handle rocksdb_build(const std::string& folder, std::uint64_t records);

// Gives every `every`-th record, from the first on, the values of this generation.
void rocksdb_change(rocksdb_peer& database, std::uint64_t every, std::uint32_t generation);

[[nodiscard]] std::uint32_t rocksdb_back_up(rocksdb_peer& database);
void rocksdb_forget(rocksdb_peer& database);
void rocksdb_verify(const rocksdb_peer& database, std::uint32_t backup);
void rocksdb_restore(const rocksdb_peer& database, std::uint32_t backup, const std::string& to);

// That the database in the folder has so many records, of which every `every`-th is of this
// generation and the others as they were built. With generation 0 all are.
void rocksdb_check(const std::string& folder, std::uint64_t records, std::uint64_t every,
                   std::uint32_t generation);

// The bytes that all backups together take.
[[nodiscard]] std::uint64_t rocksdb_backup_bytes(const rocksdb_peer& database);

} // namespace bench
