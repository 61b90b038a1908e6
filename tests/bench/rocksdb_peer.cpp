// The peer where RocksDB is installed.

#include "rocksdb_peer.hpp"

#include <tintype/core/endian.hpp>

#include "harness.hpp"

#include <bit>
#include <cstring>
#include <filesystem>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/backup_engine.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>
#include <thread>

namespace bench {

struct rocksdb_peer {
    std::string folder;
    std::uint64_t records = 0;
    std::unique_ptr<rocksdb::DB> own{};
    std::unique_ptr<rocksdb::BackupEngine> backups{};
};

namespace {

void must_do(const rocksdb::Status& status, std::string_view what) {
    if (!status.ok()) {
        std::fprintf(stderr, "%s\n", status.ToString().c_str());
        die(what);
    }
}

using key_bytes = std::array<std::byte, 8>;

key_bytes key_of(std::uint64_t number) {
    key_bytes bytes;
    tintype::store<std::endian::big>(bytes.data(), number);
    return bytes;
}

rocksdb::Slice slice_of(const auto& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), sizeof bytes};
}

// Every `every`-th record, without a log: it is flushed before anybody relies on it.
void put(rocksdb_peer& database, std::uint64_t every, std::uint32_t generation) {
    constexpr std::size_t batch_size = 1000;
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    rocksdb::WriteBatch batch;
    const auto write = [&] {
        must_do(database.own->Write(options, &batch), "RocksDB did not write");
        batch.Clear();
    };
    for (std::uint64_t key = 0; key < database.records; key += every) {
        must_do(batch.Put(slice_of(key_of(key)), slice_of(record_of(key, generation))),
                "RocksDB did not take a record");
        if (static_cast<std::size_t>(batch.Count()) == batch_size) {
            write();
        }
    }
    write();
    must_do(database.own->Flush({}), "RocksDB did not flush");
}

void open_backups(rocksdb_peer& database) {
    rocksdb::BackupEngineOptions options{database.folder + "/backups"};
    options.max_background_operations =
        static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    rocksdb::BackupEngine* opened = nullptr;
    must_do(rocksdb::BackupEngine::Open(options, rocksdb::Env::Default(), &opened),
            "RocksDB did not open its backups");
    database.backups.reset(opened);
}

} // namespace

void rocksdb_closer::operator()(rocksdb_peer* database) const noexcept {
    const std::string folder = database->folder;
    delete database;
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

std::string rocksdb_version() {
    return rocksdb::GetRocksVersionAsString();
}

rocksdb_handle rocksdb_build(const std::string& folder, std::uint64_t records) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    rocksdb_handle database{new rocksdb_peer{.folder = folder, .records = records}};
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.disable_auto_compactions = true;
    options.level0_slowdown_writes_trigger = 1 << 20;
    options.level0_stop_writes_trigger = 1 << 20;
    rocksdb::DB* opened = nullptr;
    must_do(rocksdb::DB::Open(options, folder + "/database", &opened), "RocksDB did not open");
    database->own.reset(opened);
    put(*database, 1, 0);
    open_backups(*database);
    return database;
}

void rocksdb_change(rocksdb_peer& database, std::uint64_t every, std::uint32_t generation) {
    put(database, every, generation);
}

std::uint32_t rocksdb_back_up(rocksdb_peer& database) {
    rocksdb::BackupID made = 0;
    must_do(database.backups->CreateNewBackup(rocksdb::CreateBackupOptions{}, database.own.get(),
                                              &made),
            "RocksDB made no backup");
    return made;
}

void rocksdb_forget(rocksdb_peer& database) {
    database.backups.reset();
    std::filesystem::remove_all(database.folder + "/backups");
    open_backups(database);
}

void rocksdb_verify(const rocksdb_peer& database, std::uint32_t backup) {
    must_do(database.backups->VerifyBackup(backup, true), "RocksDB did not verify a backup");
}

void rocksdb_restore(const rocksdb_peer& database, std::uint32_t backup, const std::string& to) {
    must_do(database.backups->RestoreDBFromBackup(backup, to, to), "RocksDB did not restore");
}

void rocksdb_check(const std::string& folder, std::uint64_t records, std::uint64_t every,
                   std::uint32_t generation) {
    rocksdb::DB* opened = nullptr;
    must_do(rocksdb::DB::OpenForReadOnly({}, folder, &opened),
            "RocksDB did not open what it restored");
    const std::unique_ptr<rocksdb::DB> database{opened};
    const std::unique_ptr<rocksdb::Iterator> at{database->NewIterator({})};
    std::uint64_t key = 0;
    for (at->SeekToFirst(); at->Valid(); at->Next(), ++key) {
        const record wanted = record_of(key, key % every == 0 ? generation : 0);
        must(at->key() == slice_of(key_of(key)) && at->value() == slice_of(wanted),
             "RocksDB restored another record");
    }
    must_do(at->status(), "RocksDB did not read what it restored");
    must(key == records, "RocksDB restored another number of records");
}

std::uint64_t rocksdb_backup_bytes(const rocksdb_peer& database) {
    std::uint64_t bytes = 0;
    for (const auto& each :
         std::filesystem::recursive_directory_iterator{database.folder + "/backups"}) {
        bytes += each.is_regular_file() ? each.file_size() : 0;
    }
    return bytes;
}

} // namespace bench
