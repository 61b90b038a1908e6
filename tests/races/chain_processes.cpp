// Processes that take snapshots of a chain in one real folder at the same time, on each other's and
// their own, let old ones go, compact, read, and are killed in the middle: no id is given out
// twice, what is listed is exactly what was taken, and no child is without its parent.

#include "chain_labelled.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

// What a process tells the one that started it, in memory that both have, so that it stays when the
// process is killed.
class board {
public:
    static constexpr std::size_t room = 20'000;

    void tell(const std::string& id, std::uint32_t label) {
        note& next = notes_[count_.load() % room];
        std::strncpy(next.id, id.c_str(), sizeof next.id - 1);
        next.label = label;
        ++count_;
    }

    void complain(const std::string& what) {
        std::strncpy(complaint_, what.c_str(), sizeof complaint_ - 1);
        complained_ = true;
    }

    [[nodiscard]] std::string complaint() const { return complained_ ? complaint_ : ""; }

    [[nodiscard]] std::size_t count() const { return count_.load(); }

    [[nodiscard]] std::vector<std::pair<std::string, std::uint32_t>> told() const {
        REQUIRE(count() <= room);
        std::vector<std::pair<std::string, std::uint32_t>> all;
        for (std::size_t i = 0; i != count(); ++i) {
            all.emplace_back(notes_[i].id, notes_[i].label);
        }
        return all;
    }

private:
    struct note {
        char id[44];
        std::uint32_t label;
    };

    std::atomic<std::size_t> count_ = 0;
    std::atomic<bool> complained_ = false;
    char complaint_[300]{};
    note notes_[room]{};
};

// A child that runs `work(board)`.
class process {
public:
    template <class Work>
    explicit process(Work work) {
        void* memory = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(memory != MAP_FAILED);
        board_ = new (memory) board;
        // What is still buffered would be written twice.
        static_cast<void>(std::fflush(nullptr));
        id_ = ::fork();
        REQUIRE(id_ >= 0);
        if (id_ == 0) {
            work(*board_);
            ::_exit(0);
        }
    }

    process(process&& other) noexcept
        : id_(std::exchange(other.id_, -1)), board_(std::exchange(other.board_, nullptr)) {}

    process& operator=(process&&) = delete;

    ~process() {
        if (id_ > 0) {
            kill();
            static_cast<void>(wait());
        }
        if (board_ != nullptr) {
            ::munmap(board_, sizeof(board));
        }
    }

    void kill() const { ::kill(id_, SIGKILL); }

    // Its exit status, or minus the signal that ended it.
    [[nodiscard]] int wait() {
        int status = 0;
        REQUIRE(::waitpid(std::exchange(id_, -1), &status, 0) > 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    [[nodiscard]] const board& says() const { return *board_; }

private:
    ::pid_t id_ = -1;
    board* board_ = nullptr;
};

template <class Retention>
auto opened(const std::string& path, const Retention& retention,
            std::chrono::nanoseconds grace = std::chrono::hours{1}) {
    return tests::chain_of_labelled<Retention>::open(tintype::directory{path}, retention,
                                                     {.most_links = 6, .sweep_grace = grace});
}

constexpr std::uint32_t label_space = 1'000'000;

template <class Retention>
void take_many(board& to, const std::string& path, const Retention& retention, std::uint32_t who,
               std::uint32_t count, bool with_upkeep) {
    const auto manager = opened(path, retention);
    if (!manager) {
        return to.complain("open: " + tintype::message(manager.error()));
    }
    tests::labelled_store store;
    tintype::splitmix64 random{who};
    for (std::uint32_t i = 0; i != count; ++i) {
        const std::uint32_t label = who * label_space + i;
        std::string taken;
        if (const auto wrong =
                tests::work_on_chain(*manager, store, label, with_upkeep, random, taken)) {
            return to.complain(*wrong);
        }
        to.tell(taken, label);
    }
}

// Until `stopped` says so.
void read_many(board& to, const std::string& path, const board& stopped) {
    const auto manager = opened(path, tintype::keep_all{});
    if (!manager) {
        return to.complain("open: " + tintype::message(manager.error()));
    }
    tintype::splitmix64 random{99};
    while (stopped.count() == 0) {
        const std::string id = tests::any_of(*manager, random);
        if (id.empty()) {
            continue;
        }
        if (const auto wrong = tests::wrong_with(*manager, id)) {
            return to.complain(*wrong);
        }
        to.tell(id, 0);
        if (random() % 16 == 0) {
            const auto verified = manager->verify();
            if (!verified || !verified->bad.empty()) {
                return to.complain("verify: " + tintype::message(verified ? verified->bad[0].what
                                                                          : verified.error()));
            }
        }
    }
}

// Everything that is there is whole, has its parents, and is all that there is.
void is_whole(const std::string& path) {
    const auto manager = opened(path, tintype::keep_all{}, std::chrono::nanoseconds{0});
    REQUIRE(manager.has_value());
    const auto listed = manager->list().value();
    CHECK(listed.damaged.empty());
    for (const auto& each : listed.snapshots) {
        CHECK(manager->exists(each.id).value());
        const auto wrong = tests::wrong_with(*manager, each.id);
        CHECK_MESSAGE(!wrong, wrong.value_or(""));
    }
    const auto verified = manager->verify().value();
    CHECK(verified.bad.empty());
    CHECK(verified.good.size() == listed.snapshots.size());
    const tintype::posix_filesystem filesystem;
    auto folder = filesystem.open_folder(path).value();
    CHECK(filesystem.names(folder).value().size() == 2 * listed.snapshots.size());
}

// Four take snapshots, two read; the ids that were given out.
template <class Retention>
std::map<std::string, std::uint32_t> takers_and_readers(const std::string& path,
                                                        const Retention& retention,
                                                        std::uint32_t count, bool with_upkeep) {
    void* memory =
        ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    board* const stopped = new (memory) board;
    std::vector<process> readers;
    for (int i = 0; i != 2; ++i) {
        readers.emplace_back([&](board& to) { read_many(to, path, *stopped); });
    }
    std::vector<process> takers;
    for (std::uint32_t who = 1; who != 5; ++who) {
        takers.emplace_back(
            [&, who](board& to) { take_many(to, path, retention, who, count, with_upkeep); });
    }
    std::map<std::string, std::uint32_t> ids;
    for (process& each : takers) {
        CHECK(each.wait() == 0);
        CHECK(each.says().complaint() == "");
        const auto told = each.says().told();
        CHECK(told.size() == count);
        for (const auto& [id, label] : told) {
            CHECK_MESSAGE(ids.emplace(id, label).second, id << " was given out twice");
        }
    }
    stopped->tell("stop", 0);
    std::size_t read = 0;
    for (process& each : readers) {
        CHECK(each.wait() == 0);
        CHECK(each.says().complaint() == "");
        read += each.says().count();
    }
    ::munmap(memory, sizeof(board));
    MESSAGE(ids.size() << " snapshots taken by four processes, " << read << " read by two");
    CHECK(read > 0);
    return ids;
}

} // namespace

TEST_CASE("four processes on one chain give out every id once and lose nothing") {
    const tests::scratch folder;
    const std::string path = folder / "chain";
    const auto ids = takers_and_readers(path, tintype::keep_all{}, 60, false);
    const auto manager = opened(path, tintype::keep_all{});
    REQUIRE(manager.has_value());
    CHECK(manager->list().value().snapshots.size() == ids.size());
    for (const auto& [id, label] : ids) {
        REQUIRE(manager->exists(id).value());
        const auto wrong = tests::wrong_with(*manager, id, label);
        CHECK_MESSAGE(!wrong, wrong.value_or(""));
    }
    is_whole(path);
}

TEST_CASE("readers of a chain see whole snapshots while four processes keep only the last") {
    const tests::scratch folder;
    const std::string path = folder / "chain";
    const auto ids = takers_and_readers(path, tintype::keep_last{3}, 150, false);
    const auto manager = opened(path, tintype::keep_last{3});
    REQUIRE(manager->prune().has_value());
    const auto listed = manager->list().value();
    for (const auto& each : listed.snapshots) {
        CHECK(ids.contains(each.id));
    }
    is_whole(path);
}

TEST_CASE("snapshots stay what they are while processes compact and remove them") {
    const tests::scratch folder;
    const std::string path = folder / "chain";
    static_cast<void>(takers_and_readers(path, tintype::keep_last{8}, 150, true));
    is_whole(path);
}

TEST_CASE("what a killed process took is there, and nothing half") {
    const tests::scratch folder;
    const std::string path = folder / "chain";
    tintype::splitmix64 random{1};
    std::map<std::string, std::uint32_t> acknowledged;
    for (std::uint32_t round = 1; round <= 20; ++round) {
        std::vector<process> takers;
        for (std::uint32_t i = 0; i != 2; ++i) {
            takers.emplace_back([&, i](board& to) {
                take_many(to, path, tintype::keep_all{}, round * 2 + i, 10'000, false);
            });
        }
        for (process& each : takers) {
            while (each.says().count() == 0 && each.says().complaint().empty()) {
                std::this_thread::yield();
            }
            std::this_thread::sleep_for(std::chrono::microseconds{random() % 30'000});
            each.kill();
            CHECK(each.wait() == -SIGKILL);
            CHECK(each.says().complaint() == "");
            for (const auto& [id, label] : each.says().told()) {
                CHECK(acknowledged.emplace(id, label).second);
            }
        }
        is_whole(path);
    }
    const auto manager = opened(path, tintype::keep_all{});
    for (const auto& [id, label] : acknowledged) {
        REQUIRE(manager->exists(id).value());
        const auto wrong = tests::wrong_with(*manager, id, label);
        CHECK_MESSAGE(!wrong, wrong.value_or(""));
    }
    MESSAGE(acknowledged.size() << " snapshots acknowledged by 40 killed processes");
    CHECK(acknowledged.size() >= 40);
}
