// An agent that reads texts and remembers, in VelesDB's format. It is killed again and again in the
// middle of its saves by its own parent, opens its memory again, and has lost nothing that was
// acknowledged. Then its newest snapshot is damaged, and a large one is opened without reading it
// into memory.
//
//   agent_memory [--quick] FOLDER [TEXTS...]

#include "agent_memory.hpp"

#include <tintype/fmt.hpp>
#include <tintype/formats/velesdb.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using snapshots = tintype::velesdb::memory_snapshots<tintype::velesdb::vamm<2>>;

[[noreturn]] void stop(std::string_view doing, const tintype::error& what) {
    fmt::print(stderr, "agent_memory: {}: {}\n", doing, what);
    std::exit(3);
}

template <class T>
T must(std::string_view doing, tintype::result<T> outcome) {
    if (!outcome) {
        stop(doing, outcome.error());
    }
    return *std::move(outcome);
}

snapshots open(const std::string& folder, tintype::manager_options options = {}) {
    return must("open",
                snapshots::open(tintype::directory{folder}, tintype::keep_last{10}, options));
}

void row(std::string_view what, const std::string& value) {
    fmt::print("  {:<24} {}\n", what, value);
}

// What the child tells its parent once a save has returned.
struct acknowledgement {
    std::uint64_t version;
    std::uint32_t digest; // of the memory that was saved
};

std::uint32_t digest_of(const tintype::velesdb::memory_state& memory) {
    tintype::crc32 hash;
    tintype::for_each_member(memory, [&](auto, const auto& payload) { hash.update(payload); });
    return hash.finish();
}

// Learns, saves, acknowledges, for ever.
[[noreturn]] void live(const std::string& folder, const library& texts, int acknowledgements) {
    const auto memory = open(folder);
    agent mind;
    if (auto latest = memory.load_latest()) {
        mind = must("recall", agent::from(latest->state));
    } else if (latest.error().code != tintype::errc::not_found) {
        stop("load", latest.error());
    }
    for (;;) {
        mind.learn(texts.passage(mind.steps()));
        const auto state = must("remember", mind.to_state());
        const auto saved = must("save", memory.save(state));
        const acknowledgement done{saved.version, digest_of(state)};
        if (::write(acknowledgements, &done, sizeof done) != sizeof done) {
            std::exit(0);
        }
    }
}

struct tally {
    int kills = 0;
    int in_the_middle = 0;  // of a save: a temporary was left behind
    int unacknowledged = 0; // published, but killed before saying so
    std::uint64_t acknowledged = 0;
    std::uint64_t lost = 0;
};

std::vector<acknowledgement> live_until_killed(const std::string& folder, const library& texts,
                                               std::chrono::microseconds life) {
    int ends[2];
    if (::pipe(ends) != 0) {
        std::perror("agent_memory: pipe");
        std::exit(3);
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        live(folder, texts, ends[1]);
    }
    ::close(ends[1]);
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
    std::vector<acknowledgement> all;
    for (acknowledgement each{}; ::read(ends[0], &each, sizeof each) == sizeof each;) {
        all.push_back(each);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) {
        std::exit(3); // the child said why
    }
    return all;
}

bool left_a_temporary(const std::string& folder) {
    std::error_code absent;
    for (const auto& file : fs::directory_iterator{folder, absent}) {
        if (file.path().extension() == ".tmp") {
            return true;
        }
    }
    return false;
}

tally kill_and_recover(const std::string& folder, const library& texts, int kills) {
    tally count;
    tintype::splitmix64 random{20260101};
    acknowledgement last{};
    for (; count.kills != kills; ++count.kills) {
        const auto all = live_until_killed(folder, texts, 5ms + random() % 40'000 * 1us);
        count.acknowledged += all.size();
        last = all.empty() ? last : all.back();
        count.in_the_middle += left_a_temporary(folder) ? 1 : 0;
        // The parent knows that nobody else writes here, so every temporary is a dead child's.
        const auto memory = open(folder, {.sweep_grace = 0s});
        if (last.version == 0) {
            continue; // killed before the first save returned
        }
        const auto kept = memory.load(last.version);
        const auto latest = memory.load_latest();
        if (!kept || digest_of(kept->state) != last.digest || !latest ||
            latest->version < last.version) {
            ++count.lost;
        } else if (latest->version > last.version) {
            ++count.unacknowledged;
            last = {latest->version, digest_of(latest->state)};
        }
    }
    return count;
}

void damage(const std::string& path) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(0, std::ios::end);
    const auto middle = file.tellg() / 2;
    file.seekg(middle);
    const char byte = static_cast<char>(file.get());
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 0x10));
}

void fall_back(const std::string& folder) {
    const auto memory = open(folder);
    const auto newest = must("list", memory.versions()).back();
    damage(folder + "/" + tintype::velesdb::snapshot_names::name(newest));
    const auto refused = memory.load_latest();
    row("one bit of it flipped", refused ? "was not noticed" : fmt::format("{}", refused.error()));
    const auto recovered = must("recover", memory.load_latest_valid());
    const auto mind = must("recall", agent::from(recovered.state));
    row("fell back to",
        fmt::format("version {}, skipping {}: {} facts from {} passages", recovered.version,
                    recovered.skipped.size(), mind.facts(), mind.steps()));
    // The mind lives on from there; the damaged file stays for whoever wants to look at it.
    const auto saved = must("save", memory.save(recovered.state));
    row("saved again as", fmt::format("version {}", saved.version));
}

template <class Work>
double milliseconds(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

void open_a_large_one(const std::string& folder, const library& texts, std::size_t size) {
    tintype::velesdb::memory_state large;
    large.semantic.reserve(size);
    for (std::size_t step = 0; large.semantic.size() != size; ++step) {
        const auto passage = tintype::bytes_of(texts.passage(step));
        const auto part = passage.first(std::min(passage.size(), size - large.semantic.size()));
        large.semantic.insert(large.semantic.end(), part.begin(), part.end());
    }
    const auto mapping = open(folder);
    const auto copying = open(folder, {.access = tintype::access::copy});
    const auto saving = milliseconds([&] { must("save", mapping.save(large)); });
    row("saved, durable", fmt::format("{} MiB in {:.0f} ms", size >> 20U, saving));

    std::size_t seen = 0;
    const auto view = [&] { seen = must("view", mapping.view_latest())->get<"semantic">().size(); };
    const auto load = [&] { seen = must("load", copying.load_latest()).state.semantic.size(); };
    view(); // so that both find the file in the page cache
    const auto viewing = milliseconds(view);
    const auto loading = milliseconds(load);
    row("verified and viewed", fmt::format("{} MiB in {:.1f} ms", seen >> 20U, viewing));
    row("verified and copied", fmt::format("{} MiB in {:.1f} ms: {:.1f} times as long", seen >> 20U,
                                           loading, loading / viewing));
    fs::remove_all(folder);
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments{argv + 1, argv + argc};
    const bool quick = std::erase(arguments, "--quick") != 0;
    if (arguments.empty()) {
        fmt::print(stderr, "usage: agent_memory [--quick] FOLDER [TEXTS...]\n");
        return 2;
    }
    const std::string folder = arguments.front();
    arguments.erase(arguments.begin());
    if (arguments.empty()) {
        arguments.emplace_back("/usr/share/common-licenses");
    }
    fs::remove_all(folder);

    const library texts{arguments};
    if (texts.empty()) {
        fmt::print(stderr, "agent_memory: no text in {}\n", fmt::join(arguments, " "));
        return 3;
    }
    fmt::print("An agent reads, remembers, and is killed\n");
    row("reads", fmt::format("{} files, {} KiB, {} passages", texts.files(), texts.bytes() >> 10U,
                             texts.passages()));
    const auto count = kill_and_recover(folder, texts, quick ? 10 : 60);
    row("killed", fmt::format("{} times, {} of them in the middle of a save", count.kills,
                              count.in_the_middle));
    row("acknowledged saves", fmt::format("{}, lost: {}", count.acknowledged, count.lost));
    row("found unacknowledged", fmt::format("{}, whole", count.unacknowledged));
    const auto mind = must("recall", agent::from(must("load", open(folder).load_latest()).state));
    row("knows", fmt::format("{} facts from {} passages; its favourite words: {}", mind.facts(),
                             mind.steps(), mind.favourite_words(5)));

    fmt::print("\nIts newest snapshot is damaged\n");
    fall_back(folder);

    fmt::print("\nA large snapshot\n");
    open_a_large_one(folder + ".large", texts, std::size_t{quick ? 64U : 1024U} << 20U);
    return count.lost == 0 ? 0 : 1;
}
