// The RocksDB peer alone: that it gives back what it was given, and how long its calls take. No
// comparison, so it runs only when it is asked for.

#include "harness.hpp"
#include "rocksdb_peer.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

// The seconds of one call, with nothing of what was before still on its way to the disk.
template <class Act>
double wall_seconds(const std::string& folder, Act act) {
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(handle >= 0 && ::syncfs(handle) == 0, "syncfs");
    ::close(handle);
    const double begin = seconds_by(CLOCK_MONOTONIC);
    act();
    return seconds_by(CLOCK_MONOTONIC) - begin;
}

void print(const char* what, std::vector<double> seconds) {
    std::ranges::sort(seconds);
    std::printf("%-36s %10.1f ms  (%.1f to %.1f)\n", what, seconds[seconds.size() / 2] * 1e3,
                seconds.front() * 1e3, seconds.back() * 1e3);
}

} // namespace

void measure_rocksdb(const options& chosen, rows& /*to*/) {
    const std::string version = rocksdb_version();
    if (version.empty()) {
        return;
    }
    const std::uint64_t records = chosen.quick ? 100'000 : 1'000'000;
    const std::size_t rounds = chosen.quick ? 2 : 5;
    const std::string folder = chosen.data + "/rocksdb-" + std::to_string(::getpid());
    const std::string restored = folder + "-restored";
    std::filesystem::create_directories(chosen.data);
    rocksdb_handle database;
    const double build =
        wall_seconds(chosen.data, [&] { database = rocksdb_build(folder, records); });

    std::vector<double> full, verify, restore, change, increment, verify_both, restore_both;
    std::uint32_t backup = 0;
    std::uint64_t full_bytes = 0;
    std::uint64_t bytes = 0;
    const auto time = [&](std::vector<double>& to, auto act) {
        to.push_back(wall_seconds(chosen.data, act));
    };
    for (std::size_t round = 0; round != rounds; ++round) {
        const auto generation = static_cast<std::uint32_t>(round);
        rocksdb_forget(*database);
        time(full, [&] { backup = rocksdb_back_up(*database); });
        full_bytes = rocksdb_backup_bytes(*database);
        time(verify, [&] { rocksdb_verify(*database, backup); });
        time(restore, [&] { rocksdb_restore(*database, backup, restored); });
        rocksdb_check(restored, records, 100, generation);
        std::filesystem::remove_all(restored);

        time(change, [&] { rocksdb_change(*database, 100, generation + 1); });
        time(increment, [&] { backup = rocksdb_back_up(*database); });
        bytes = rocksdb_backup_bytes(*database) - full_bytes;
        time(verify_both, [&] { rocksdb_verify(*database, backup); });
        time(restore_both, [&] { rocksdb_restore(*database, backup, restored); });
        rocksdb_check(restored, records, 100, generation + 1);
        std::filesystem::remove_all(restored);
    }
    std::printf("\nRocksDB %s, %llu records of 520 bytes\n", version.c_str(),
                static_cast<unsigned long long>(records));
    print("build and flush", {build});
    print("full backup", full);
    print("verify it", verify);
    print("restore it", restore);
    print("change 1 % and flush", change);
    print("incremental backup", increment);
    print("verify it with what it needs", verify_both);
    print("restore it with what it needs", restore_both);
    std::printf("%-36s %10.1f MB\n%-36s %10.1f MB\n", "full backup, on disk",
                static_cast<double>(full_bytes) / 1e6, "incremental backup, on disk",
                static_cast<double>(bytes) / 1e6);
}

} // namespace bench
