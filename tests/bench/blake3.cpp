// BLAKE3 against merely copying the same bytes, against its own portable kernel, and, where it is
// installed, against b3sum, which is the authors' own program.

#include <tintype/hash/blake3.hpp>
#include <tintype/hash/hex.hpp>

#include "baselines.hpp"
#include "harness.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace bench {
namespace {

// A file that is nowhere but in memory, for a program to be told of.
class memory_file {
public:
    explicit memory_file(tintype::byte_view bytes) : file_(::memfd_create("bench", 0)) {
        must(file_ >= 0, "no file in memory");
        while (!bytes.empty()) {
            const ssize_t wrote = ::write(file_, bytes.data(), bytes.size());
            must(wrote > 0, "cannot write to memory");
            bytes = bytes.subspan(static_cast<std::size_t>(wrote));
        }
    }

    memory_file(const memory_file&) = delete;
    memory_file& operator=(const memory_file&) = delete;

    ~memory_file() { ::close(file_); }

    // As a child process sees it, too.
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
    int file_;
};

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// The processor time that b3sum takes for the file, and its digest; nothing if it is not installed.
std::optional<double> b3sum_seconds(const memory_file& file, std::string& digest) {
    std::string path = file.path();
    std::array<std::string, 4> words = {"b3sum", "--no-names", "--num-threads", "1"};
    std::array<char*, 6> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                      words[3].data(), path.data(),     nullptr};
    int ends[2];
    must(::pipe2(ends, O_CLOEXEC) == 0, "no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, "b3sum", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    digest.resize(64);
    const ssize_t got = ::read(ends[0], digest.data(), digest.size());
    ::close(ends[0]);
    if (failed != 0) {
        return std::nullopt;
    }
    int status = 0;
    struct rusage used{};
    must(::wait4(child, &status, 0, &used) == child && status == 0 && got == 64, "b3sum failed");
    return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

template <class Run>
double median_of(int rounds, Run run) {
    std::vector<double> all;
    for (int i = 0; i != rounds; ++i) {
        all.push_back(run());
    }
    std::ranges::sort(all);
    return all[all.size() / 2];
}

// Without what it takes to start the program, which is measured with an empty file.
void add_b3sum(rows& to, const std::string& what, tintype::byte_view bytes, int rounds) {
    const memory_file full{bytes};
    const memory_file empty{{}};
    std::string digest;
    if (!b3sum_seconds(empty, digest)) {
        std::fprintf(stderr, "  b3sum is not installed, and nothing is measured against it\n");
        return;
    }
    const double start = median_of(rounds, [&] { return *b3sum_seconds(empty, digest); });
    const double theirs = median_of(rounds, [&] { return *b3sum_seconds(full, digest); }) - start;
    tintype::blake3::digest_type found{};
    const contender ours{.name = "ours",
                         .run = [&] { found = tintype::hash_of<tintype::blake3>(bytes); }};
    const double mine = race({ours}, rounds).front();
    must(tintype::to_hex(found) == digest, "b3sum gave another answer");
    const auto speed = [&](double seconds) {
        return static_cast<double>(bytes.size()) / seconds / 1e6;
    };
    to.push_back({.area = "blake3",
                  .what = what,
                  .ours = speed(mine),
                  .unit = "MB/s",
                  .against = "b3sum, one thread, a file in memory",
                  .theirs = speed(theirs),
                  .ratio = theirs / mine,
                  .goal = 1.0});
}

} // namespace

void measure_blake3(const options& chosen, rows& to) {
    const std::size_t largest = 64 * mib;
    tintype::blob source(largest);
    tintype::blob target(largest);
    fill(source, 1);
    fill(target, 2);
    const int rounds = chosen.quick ? 5 : 21;
    for (const std::size_t size : {std::size_t{64}, kib, 16 * kib, mib, largest}) {
        const tintype::byte_view bytes = tintype::byte_view{source}.first(size);
        const contender ours{.name = "ours", .run = [bytes] {
                                 const auto found = tintype::hash_of<tintype::blake3>(bytes);
                                 keep(&found);
                             }};
        const contender portable{.name = "the portable kernel", .run = [bytes] {
                                     using namespace tintype::detail;
                                     blake3_tree tree(blake3_iv, 0);
                                     tree.update(blake3_kernel::portable, bytes);
                                     std::array<std::byte, 32> found;
                                     tree.output(blake3_kernel::portable, found, 0);
                                     keep(&found);
                                 }};
        const contender copying{.name = "memcpy", .run = [bytes, &target] {
                                    std::memcpy(target.data(), bytes.data(), bytes.size());
                                    keep(target.data());
                                }};
        const std::string what = "BLAKE3, " + size_text(size);
        duel(to, "blake3", what, ours, {{.run = portable}, {.run = copying}}, rounds, size);
        if (size == largest) {
            add_b3sum(to, what, bytes, rounds);
        }
    }
}

} // namespace bench
