// Saving VAMM snapshots durably and loading them again, through a manager in a folder, and the
// memory that it takes: against the way of the program that the format comes from, against the
// disk, and against the bare system calls.

#include <tintype/codec/concept.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/directory.hpp>

#include "baselines.hpp"
#include "folders.hpp"
#include "harness.hpp"
#include "vamm.hpp"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

namespace bench {
namespace {

constexpr std::optional<double> none = std::nullopt;

using manager = tintype::velesdb::memory_snapshots<vamm>;

[[nodiscard]] manager opened(const std::string& folder) {
    return must(manager::open(tintype::directory{folder}, tintype::keep_last{1}), "open");
}

void measure_size(std::size_t size, int rounds, const std::string& folder, rows& to) {
    const auto state = state_of(size);
    const auto seen = sections_of(state);
    const auto encoded = must(tintype::encode<vamm>(state), "encode");
    const std::string text = size_text(size);
    const bool large = size >= gib;
    const bool small = size <= mib;
    emptied(folder);
    const auto snapshots = opened(folder);
    const auto empty = [&] { emptied(folder); };

    const contender seed_saves{.name = "table CRC, growing vector, fsync, rename",
                               .run = [&] { seed_save(seen, folder); },
                               .prepare = empty,
                               .most = large ? 3 : rounds,
                               .waits = true};
    const rival disk{{.name = "the disk",
                      .run = [&] { disk_save(encoded, folder); },
                      .prepare = empty,
                      .waits = true},
                     large ? std::optional{1.0} : none};
    const rival calls{{.name = "bare system calls",
                       .run = [&] { bare_save(encoded, folder); },
                       .prepare = empty,
                       .waits = true},
                      size == mib ? std::optional{1 / 1.1} : none};
    duel(to, "vamm", "durable save, " + text,
         {.name = "ours",
          .run = [&] { must(snapshots.save(state).has_value(), "save"); },
          .prepare = empty,
          .waits = true},
         {{seed_saves, large ? std::optional{15.0} : none}, small ? calls : disk}, rounds);

    emptied(folder);
    const auto saved = must(snapshots.save(state), "save");
    const std::string path = folder + '/' + tintype::velesdb::snapshot_names::name(saved.version);
    {
        const auto view = must(snapshots.view_latest(), "view");
        must(view.object.bytes().size() == encoded.size() &&
                 std::memcmp(view.object.bytes().data(), encoded.data(), encoded.size()) == 0,
             "another file than was encoded");
    }
    const auto mapped =
        must(tintype::directory{folder}.open(tintype::velesdb::snapshot_names::name(saved.version)),
             "open");
    std::vector<rival> rivals{
        {{.name = "table CRC, read, copy",
          .run = [&] { keep(seed_load(path)[3].bytes().data()); },
          .most = large ? 3 : rounds},
         large         ? std::optional{80.0}
         : size == mib ? std::optional{36.0}
                       : none},
        // What any load through a map must pay: a fresh map's page faults, and reading.
        {{.name = "map and read",
          .run =
              [&] {
                  const auto sum = read_file(path);
                  keep(&sum);
              }},
         large ? std::optional{0.95} : none}};
    if (!small) {
        rivals.push_back({{.name = "read, mapped before", .run = [&] {
                               const auto sum = read_all(mapped.bytes());
                               keep(&sum);
                           }}});
    }
    duel(to, "vamm", "load and verify, " + text,
         {.name = "ours",
          .run =
              [&] {
                  const auto view = snapshots.view_latest();
                  must(view.has_value(), "view");
                  keep((*view)->get<"ttl">().data());
              }},
         std::move(rivals), large ? 9 : 21);
}

// A field of /proc/self/status, in KiB.
[[nodiscard]] long status_of(const char* field) {
    std::FILE* file = std::fopen("/proc/self/status", "r");
    must(file != nullptr, "no /proc/self/status");
    char line[256];
    long found = -1;
    while (std::fgets(line, sizeof line, file) != nullptr) {
        if (std::strncmp(line, field, std::strlen(field)) == 0) {
            found = std::strtol(line + std::strlen(field) + 1, nullptr, 10);
        }
    }
    std::fclose(file);
    return found;
}

// The most memory that was the process's own during `act`, beyond what was before, in KiB. Pages of
// mapped files are the system's cache, not ours; what `act` returns still holds them when counted.
template <class Act>
[[nodiscard]] long extra_memory(Act act) {
    std::FILE* reset = std::fopen("/proc/self/clear_refs", "w");
    must(reset != nullptr && std::fputs("5", reset) >= 0 && std::fclose(reset) == 0,
         "cannot reset the peak of memory");
    const long files = status_of("RssFile");
    const long before = status_of("VmRSS");
    const auto held = act();
    keep(&held);
    const long extra = status_of("VmHWM") - before - (status_of("RssFile") - files);
    return std::max(extra, 0L);
}

void add_memory(rows& to, const std::string& what, long ours, const std::string& against,
                long theirs) {
    to.push_back({.area = "vamm",
                  .what = what,
                  .ours = static_cast<double>(ours),
                  .unit = "KiB",
                  .against = against,
                  .theirs = static_cast<double>(theirs),
                  // The system counts pages: less than one is not told from none.
                  .ratio = static_cast<double>(theirs) / static_cast<double>(std::max(ours, 4L))});
}

void measure_memory(std::size_t size, const std::string& folder, rows& to) {
    const auto state = state_of(size);
    const auto seen = sections_of(state);
    const std::string text = size_text(size);
    emptied(folder);
    const auto snapshots = opened(folder);
    // Once unmeasured, so that code and its tables are in memory before.
    must(snapshots.save(state).has_value(), "save");
    const std::string path = folder + '/' + tintype::velesdb::snapshot_names::name(1);
    static_cast<void>(must(snapshots.view_latest(), "view"));
    const long their_load = extra_memory([&] { return seed_load(path); });
    const long our_load = extra_memory([&] { return snapshots.view_latest(); });
    const long our_save = extra_memory([&] { return snapshots.save(state); });
    const long their_save = extra_memory([&] {
        seed_save(seen, folder);
        return 0;
    });
    add_memory(to, "extra memory of a save, " + text, our_save, "table CRC, growing vector",
               their_save);
    add_memory(to, "extra memory of a load, " + text, our_load, "table CRC, read, copy",
               their_load);
    std::fprintf(stderr, "  memory\n");
}

} // namespace

void measure_vamm_files(const options& chosen, rows& to) {
    const std::string folder = chosen.data + "/vamm-" + std::to_string(::getpid());
    for (const std::size_t size : {4 * kib, mib, 64 * mib, gib}) {
        if (!chosen.quick || size < gib) {
            measure_size(size,
                         chosen.quick  ? 5
                         : size == gib ? 9
                         : size > mib  ? 15
                                       : 61,
                         folder, to);
        }
    }
    measure_memory(chosen.quick ? 64 * mib : gib, folder, to);
    std::filesystem::remove_all(folder);
}

} // namespace bench
