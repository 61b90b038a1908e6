// A store of a million vectors in chains: full snapshots, increments of what changed, verifying and
// restoring, against the same bytes as one VAMM file, against the share of a full snapshot that an
// increment changes, and against RocksDB's backups of a database of the same size.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/formats/velesdb.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/storage/directory.hpp>

#include "folders.hpp"
#include "harness.hpp"
#include "rocksdb_peer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t dimension = 128;

struct vector_view {
    BOOST_HANA_DEFINE_STRUCT(vector_view, (std::uint64_t, id), (std::span<const float>, values));
};

// All vectors in one array, as an index has them; its records are views.
class flat_store {
public:
    using record_type = vector_view;

    explicit flat_store(std::size_t count) : values_(count * dimension) {
        for (std::size_t i = 0; i != values_.size(); ++i) {
            values_[i] = static_cast<float>(i);
        }
    }

    [[nodiscard]] static std::array<std::string_view, 1> parts() { return {"vectors"}; }

    [[nodiscard]] auto records(std::string_view) const {
        return std::views::iota(std::size_t{0}, values_.size() / dimension) |
               std::views::transform([this](std::size_t i) {
                   return vector_view{
                       i, std::span<const float>{values_}.subspan(i * dimension, dimension)};
               });
    }

    [[nodiscard]] tintype::result<void> replace(tintype::chain_contents<vector_view>&& contents,
                                                tintype::replaces) {
        const auto& all = contents.parts.begin()->second;
        values_.resize(all.size() * dimension);
        for (const vector_view& each : all) {
            std::memcpy(values_.data() + each.id * dimension, each.values.data(),
                        dimension * sizeof(float));
        }
        return {};
    }

    [[nodiscard]] static tintype::result<void> upsert(std::string_view,
                                                      std::vector<vector_view>&&) {
        return {};
    }

    [[nodiscard]] static tintype::result<void> erase(std::string_view,
                                                     std::span<const std::uint64_t>) {
        return {};
    }

private:
    std::vector<float> values_;
};

struct fields {
    BOOST_HANA_DEFINE_STRUCT(fields, (std::vector<float>, values));

    friend bool operator==(const fields&, const fields&) = default;
};

using plain_map = std::unordered_map<std::uint64_t, fields>;
using tracked_map = tintype::tracked<plain_map>;
using map_store = tintype::part_store<tracked_map>;

using flat_chain = tintype::chain_manager<flat_store>;
using map_chain = tintype::chain_manager<map_store>;
using vamm_file = tintype::velesdb::memory_snapshots<>;

[[nodiscard]] fields vector_of(std::size_t i) {
    fields made;
    for (std::size_t j = 0; j != dimension; ++j) {
        made.values.push_back(static_cast<float>(i * dimension + j));
    }
    return made;
}

// The same number of bytes as one section.
[[nodiscard]] tintype::velesdb::memory_state memory_of(std::size_t count) {
    tintype::velesdb::memory_state state;
    state.semantic.resize(count * (dimension * sizeof(float) + sizeof(std::uint64_t)));
    std::memset(state.semantic.data(), 7, state.semantic.size());
    return state;
}

class chain_race {
public:
    chain_race(std::size_t count, int rounds, std::string folder, rows& to)
        : count_(count), rounds_(rounds), folder_(std::move(folder)), to_(&to),
          text_(std::to_string(count) + " x 128 f32"), flat_(count), state_(memory_of(count)) {
        store_.part("vectors").reserve(count);
        for (std::size_t i = 0; i != count; ++i) {
            store_.part("vectors").insert_or_assign(i, vector_of(i));
        }
    }

    void saves() {
        const auto empty = [this] { emptied(folder_); };
        const rival file{{.name = "VAMM of the same bytes",
                          .run = [&] { must(vamm().save(state_).has_value(), "save"); },
                          .prepare = empty,
                          .waits = true},
                         1.0};
        duel(*to_, "chain", "full snapshot, records of spans, " + text_,
             {.name = "ours",
              .run = [&] { must(flat().create_full(flat_).has_value(), "full"); },
              .prepare = empty,
              .waits = true},
             {file}, rounds_);
        duel(*to_, "chain", "full snapshot, map of vectors, " + text_,
             {.name = "ours",
              .run = [&] { must(map().create_full(store_).has_value(), "full"); },
              .prepare = empty,
              .waits = true},
             {file}, rounds_);
    }

    void loads() {
        emptied(folder_);
        must(vamm().save(state_).has_value(), "save");
        const auto flat_id = must(flat().create_full(flat_), "full").info.id;
        const auto map_id = must(map().create_full(store_), "full").info.id;
        const rival view{{.name = "VAMM of the same bytes, verify and view",
                          .run =
                              [&] {
                                  const auto seen = vamm().view_latest();
                                  must(seen.has_value(), "view");
                                  keep(&*seen);
                              }},
                         1.0};
        duel(*to_, "chain", "verify and lend, " + text_,
             {.name = "ours",
              .run =
                  [&] {
                      const auto seen = flat().contents(flat_id);
                      must(seen.has_value(), "contents");
                      keep(&*seen);
                  }},
             {view}, rounds_);
        const rival copy{{.name = "VAMM of the same bytes, verify and copy",
                          .run =
                              [&] {
                                  const auto seen = vamm().load_latest();
                                  must(seen.has_value(), "load");
                                  keep(&*seen);
                              }},
                         1.0};
        duel(*to_, "chain", "restore, records of spans, " + text_,
             {.name = "ours",
              .run = [&] { must(flat().restore(flat_, flat_id).has_value(), "restore"); }},
             {copy}, rounds_);
        duel(*to_, "chain", "restore, map of vectors, " + text_,
             {.name = "ours",
              .run =
                  [&] {
                      map_store restored;
                      must(map().restore(restored, map_id).has_value(), "restore");
                      keep(&restored);
                  }},
             {{{copy.run}}}, rounds_);
    }

    // One record in a hundred is written again, and the increment holds just these.
    void increments() {
        emptied(folder_);
        const auto full = must(map().create_full(store_), "full").info;
        std::string parent = full.id;
        std::uint64_t size = 0;
        const contender increment{.name = "ours",
                                  .run =
                                      [&] {
                                          const auto taken =
                                              must(map().create_incremental(store_, parent), "inc");
                                          parent = taken.info.id;
                                          size = taken.info.data_size;
                                      },
                                  .prepare = [&] { change(); },
                                  .waits = true};
        const contender whole{
            .name = "a full snapshot",
            .run = [&] { parent = must(map().create_full(store_), "full").info.id; },
            .prepare = [&] { change(); },
            .waits = true};
        const auto medians = race({increment, whole}, rounds_);
        add("increment of 1 %, tracked, " + text_, medians[0] * 1e3, "ms",
            "1 % of a full snapshot's time", medians[1] * 10, 0.5);
        add("bytes of an increment of 1 %, " + text_, static_cast<double>(size), "bytes",
            "1 % of a full snapshot", static_cast<double>(full.data_size) / 100, std::nullopt);
        std::fprintf(stderr, "  increments\n");
    }

    // A database of as many records, and its backup engine.
    void rocksdb() {
        if (rocksdb_version().empty()) {
            std::fprintf(stderr, "  RocksDB is not installed: no rows against it\n");
            return;
        }
        emptied(folder_);
        const std::string name = "RocksDB " + rocksdb_version();
        const auto database = rocksdb_build(folder_ + "/rocksdb", count_);
        const rival backup{{.name = name + ", full backup",
                            .run = [&] { static_cast<void>(rocksdb_back_up(*database)); },
                            .prepare = [&] { rocksdb_forget(*database); },
                            .most = 3,
                            .waits = true},
                           4.0};
        duel(*to_, "chain", "full snapshot, map of vectors, " + text_,
             {.name = "ours",
              .run = [&] { must(map().create_full(store_).has_value(), "full"); },
              .prepare = [&] { emptied(folder_ + "/map"); },
              .waits = true},
             {backup}, rounds_);

        auto parent = must(map().create_full(store_), "full").info.id;
        std::uint32_t generation = 0;
        std::uint32_t newest = 0;
        const rival increment{{.name = name + ", incremental backup",
                               .run = [&] { newest = rocksdb_back_up(*database); },
                               .prepare = [&] { rocksdb_change(*database, 100, ++generation); },
                               .most = 3,
                               .waits = true}};
        duel(
            *to_, "chain", "increment of 1 %, tracked, " + text_,
            {.name = "ours",
             .run = [&] { parent = must(map().create_incremental(store_, parent), "inc").info.id; },
             .prepare = [&] { change(); },
             .most = 3,
             .waits = true},
            {increment}, rounds_);

        const rival verified{{.name = name + ", verify with checksums",
                              .run = [&] { rocksdb_verify(*database, newest); },
                              .most = 3,
                              .waits = true},
                             15.0};
        duel(*to_, "chain", "verify every snapshot, " + text_,
             {.name = "ours",
              .run = [&] { must(must(map().verify(), "verify").bad.empty(), "damaged"); },
              .waits = true},
             {verified}, rounds_);

        const std::string restored = folder_ + "/restored";
        const rival restore{{.name = name + ", restore",
                             .run = [&] { rocksdb_restore(*database, newest, restored); },
                             .prepare = [&] { emptied(restored); },
                             .most = 3,
                             .waits = true}};
        duel(*to_, "chain", "restore, map of vectors, " + text_,
             {.name = "ours",
              .run =
                  [&] {
                      map_store fresh;
                      must(map().restore(fresh, parent).has_value(), "restore");
                      keep(&fresh);
                  },
              .waits = true},
             {restore}, rounds_);
    }

    // What tracking costs a program that writes: nothing is snapshotted, and in between two.
    void writes() {
        plain_map plain = store_.part("vectors").map();
        tracked_map idle{plain};
        tracked_map busy{plain};
        busy.start("mark");
        const auto edit = [this](auto& map, auto find) {
            return [this, &map, find] {
                for (std::size_t i = 0; i != count_ / 10; ++i) {
                    find(map, (i * 7919) % count_).values[0] += 1;
                }
            };
        };
        const auto medians = race(
            {{.name = "tracked, nobody snapshots",
              .run = edit(idle, [](auto& map, auto key) -> fields& { return *map.edit(key); })},
             {.name = "tracked, since a snapshot",
              .run = edit(busy, [](auto& map, auto key) -> fields& { return *map.edit(key); })},
             {.name = "the map alone",
              .run = edit(plain,
                          [](auto& map, auto key) -> fields& { return map.find(key)->second; })}},
            rounds_ * 3);
        const std::string what = std::to_string(count_ / 10) + " edits";
        add(what + ", nobody snapshots", medians[0] * 1e3, "ms", "the map alone", medians[2] * 1e3,
            1.0);
        add(what + ", tracked", medians[1] * 1e3, "ms", "the map alone", medians[2] * 1e3,
            std::nullopt);
        std::fprintf(stderr, "  edits\n");
    }

private:
    // One record in a hundred, scattered.
    void change() {
        for (std::size_t i = 0; i != count_ / 100; ++i) {
            auto* edited = store_.part("vectors").edit((i * 7919 + round_) % count_);
            must(edited != nullptr, "no such vector");
            edited->values[round_ % dimension] += 1;
        }
        ++round_;
    }

    void add(const std::string& what, double ours, const std::string& unit,
             const std::string& against, double theirs, std::optional<double> goal) {
        to_->push_back({.area = "chain",
                        .what = what,
                        .ours = ours,
                        .unit = unit,
                        .against = against,
                        .theirs = theirs,
                        .ratio = theirs / ours,
                        .goal = goal});
    }

    [[nodiscard]] vamm_file vamm() const {
        return must(vamm_file::open(tintype::directory{folder_ + "/vamm"}, tintype::keep_last{1}),
                    "open");
    }

    [[nodiscard]] flat_chain flat() const {
        return must(flat_chain::open(tintype::directory{folder_ + "/flat"}, tintype::keep_last{1}),
                    "open");
    }

    [[nodiscard]] map_chain map() const {
        return must(map_chain::open(tintype::directory{folder_ + "/map"}, tintype::keep_last{3}),
                    "open");
    }

    std::size_t count_;
    int rounds_;
    std::size_t round_ = 0;
    std::string folder_;
    rows* to_;
    std::string text_;
    flat_store flat_;
    map_store store_;
    tintype::velesdb::memory_state state_;
};

} // namespace

void measure_chain(const options& chosen, rows& to) {
    const std::string folder = chosen.data + "/chain-" + std::to_string(::getpid());
    chain_race race{chosen.quick ? 50'000UL : 1'000'000UL, chosen.quick ? 3 : 9, folder, to};
    race.saves();
    race.loads();
    race.increments();
    race.rocksdb();
    race.writes();
    std::filesystem::remove_all(folder);
}

} // namespace bench
