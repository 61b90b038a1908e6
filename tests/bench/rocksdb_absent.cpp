// The peer where RocksDB is not installed: there is none.

#include "harness.hpp"
#include "rocksdb_peer.hpp"

namespace bench {
namespace {

constexpr std::string_view absent = "RocksDB is not installed";

} // namespace

void rocksdb_closer::operator()(rocksdb_peer* /*database*/) const noexcept {}

std::string rocksdb_version() {
    return {};
}

rocksdb_handle rocksdb_build(const std::string& /*folder*/, std::uint64_t /*records*/) {
    return nullptr;
}

void rocksdb_change(rocksdb_peer& /*database*/, std::uint64_t /*every*/,
                    std::uint32_t /*generation*/) {
    die(absent);
}

std::uint32_t rocksdb_back_up(rocksdb_peer& /*database*/) {
    die(absent);
}

void rocksdb_forget(rocksdb_peer& /*database*/) {
    die(absent);
}

void rocksdb_verify(const rocksdb_peer& /*database*/, std::uint32_t /*backup*/) {
    die(absent);
}

void rocksdb_restore(const rocksdb_peer& /*database*/, std::uint32_t /*backup*/,
                     const std::string& /*to*/) {
    die(absent);
}

void rocksdb_check(const std::string& /*folder*/, std::uint64_t /*records*/,
                   std::uint64_t /*every*/, std::uint32_t /*generation*/) {
    die(absent);
}

std::uint64_t rocksdb_backup_bytes(const rocksdb_peer& /*database*/) {
    die(absent);
}

} // namespace bench
