// A thousand clusters of libraft's own simulator, with snapshots every few commands, servers that
// die and come back, networks that part, drop and dawdle. Afterwards all servers hold the same
// state; every command that was acknowledged is in it, once; and some got there by a snapshot.
// Some of them share chunks, where libraft gets manifests, while the chunks are swept.
//
//   TINTYPE_RAFT_SEEDS=N   so many clusters; TINTYPE_RAFT_FIRST=S   from that seed on

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/stream/manifest_from.hpp>
#include <tintype/stream/raft.hpp>
#include <tintype/stream/shared_sweep.hpp>

#include "support/clock.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

extern "C" {
#include <raft/fixture.h>
}

namespace {

using tintype::byte_view;
using tintype::result;

// A register that every command changes by what was there before, so that two orders of the same
// commands end apart; and all that were applied, so that one too many or too few shows.
struct ledger {
    BOOST_HANA_DEFINE_STRUCT(ledger, (std::uint64_t, value), (std::vector<std::uint64_t>, applied),
                             (tintype::blob, page));

    friend bool operator==(const ledger&, const ledger&) = default;
};

using sections =
    tintype::section_list<tintype::magic<"LEDG">, tintype::scalar<"value", std::uint64_t>,
                          tintype::section<"applied">, tintype::section<"page">,
                          tintype::checksum<tintype::crc32c>>;

struct counts {
    std::uint64_t snapshots = 0;
    std::uint64_t restored = 0;
    std::uint64_t busy = 0;
    std::uint64_t while_frozen = 0; // commands that came while libraft held a snapshot
    std::uint64_t acknowledged = 0;
    std::uint64_t swept = 0; // chunks
};

class node {
public:
    node(counts& to, tintype::splitmix64& chance) : to_(&to), chance_(&chance) {
        now_->page.assign(100, std::byte{});
    }

    [[nodiscard]] result<std::uint64_t> apply(byte_view command) {
        if (command.size() != sizeof(std::uint64_t)) {
            return tintype::fail({.code = tintype::errc::invalid_value, .found = command.size()});
        }
        if (now_.use_count() != 1) {
            ++to_->while_frozen;
            now_ = std::make_shared<ledger>(*now_);
        }
        const auto id = tintype::load<std::endian::little, std::uint64_t>(command.data());
        now_->value = now_->value * 0x5851f42d4c957f2dU + id;
        now_->applied.push_back(id);
        now_->page[id % now_->page.size()] ^= static_cast<std::byte>(now_->value >> 56U);
        return now_->applied.size();
    }

    // Now and then it cannot be done just then.
    [[nodiscard]] result<std::shared_ptr<const ledger>> freeze() {
        if ((*chance_)() % 8 == 0) {
            ++to_->busy;
            return tintype::fail({.code = tintype::errc::in_use});
        }
        ++to_->snapshots;
        return now_;
    }

    [[nodiscard]] result<void> adopt(ledger&& restored) {
        ++to_->restored;
        now_ = std::make_shared<ledger>(std::move(restored));
        return {};
    }

    [[nodiscard]] const ledger& state() const { return *now_; }

private:
    counts* to_;
    tintype::splitmix64* chance_;
    std::shared_ptr<ledger> now_ = std::make_shared<ledger>();
};

// libraft's heap, counted: what it hands over and takes back is neither lost nor freed twice.
class counted_heap {
public:
    counted_heap() { raft_heap_set(&heap_); }

    counted_heap(counted_heap&&) = delete;

    ~counted_heap() { raft_heap_set_default(); }

    [[nodiscard]] std::int64_t held() const { return held_; }

private:
    static std::int64_t& count(void* data) { return static_cast<counted_heap*>(data)->held_; }

    std::int64_t held_ = 0;
    raft_heap heap_{
        .data = this,
        .malloc = [](void* data, std::size_t size) -> void* {
            ++count(data);
            return std::malloc(size);
        },
        .free =
            [](void* data, void* memory) {
                --count(data);
                std::free(memory);
            },
        .calloc = [](void* data, std::size_t many, std::size_t size) -> void* {
            ++count(data);
            return std::calloc(many, size);
        },
        .realloc = [](void* data, void* memory, std::size_t size) -> void* {
            count(data) += memory == nullptr ? 1 : 0;
            return std::realloc(memory, size);
        },
        .aligned_alloc = nullptr,
        .aligned_free = nullptr,
    };
};

// What the servers of one cluster have in common besides libraft.
struct nothing_shared {
    using placement = tintype::inline_snapshots;

    [[nodiscard]] static placement of(unsigned) { return {}; }

    static std::uint64_t pass(unsigned) { return 0; }
};

// A storage whose clock goes on with the cluster's life, and chunks of a few commands.
struct chunks_shared {
    using storage = tintype::basic_memory_storage<tests::manual_clock>;
    using placement = tintype::manifest_from<storage>;

    [[nodiscard]] placement of(unsigned server) const {
        return placement{in,
                         {.group = "ledger",
                          .node = "server" + std::to_string(server),
                          .threshold = 200,
                          .chunk_size = 64,
                          .grace = std::chrono::hours{6},
                          .fetches = 1}};
    }

    // How many chunks went.
    [[nodiscard]] std::uint64_t pass(unsigned chance) const {
        clock.advance(std::chrono::minutes{10});
        if (chance % 8 != 0) {
            return 0;
        }
        const auto swept = tintype::sweep_shared(of(0).at());
        REQUIRE(swept);
        return swept->chunks;
    }

    tests::manual_clock clock{tintype::timestamp{std::chrono::hours{1000}}};
    storage in{clock};
};

template <class Codec, class Shared>
class cluster {
public:
    using adapter = tintype::raft_machine<node, Codec, tintype::snapshot_check_for<Codec>,
                                          typename Shared::placement>;

    cluster(std::uint64_t seed, counts& to) : random_{seed}, to_(&to) {
        aside_ = seed % 4 >= 2 && !std::is_same_v<Shared, nothing_shared>;
        const unsigned at_first = 3 + below(3);
        snapshot_every_ = 3 + below(20);
        kept_behind_ = 1 + below(6);
        pre_vote_ = below(2) == 0;
        REQUIRE(raft_fixture_initialize(&fixture_) == 0);
        for (unsigned i = 0; i != at_first; ++i) {
            grow();
        }
        raft_configuration all{};
        REQUIRE(raft_fixture_configuration(&fixture_, servers_, &all) == 0);
        REQUIRE(raft_fixture_bootstrap(&fixture_, &all) == 0);
        raft_configuration_close(&all);
        REQUIRE(raft_fixture_start(&fixture_) == 0);
    }

    cluster(cluster&&) = delete;

    ~cluster() { raft_fixture_close(&fixture_); }

    void suffer(unsigned rounds) {
        for (unsigned i = 0; i != rounds; ++i) {
            switch (below(9)) {
            case 0:
                kill_one();
                break;
            case 1:
                revive_one();
                break;
            case 2:
                part();
                break;
            case 3:
                join();
                break;
            default:
                submit(1 + below(12));
                break;
            }
            raft_fixture_step_until_elapsed(&fixture_, below(3) == 0 ? 400 : 1 + below(30));
            to_->swept += shared_.pass(i);
        }
    }

    // All are alive and hear each other again, and have done all that was asked of them.
    [[nodiscard]] bool recover() {
        join();
        for (unsigned i = 0; i != servers_; ++i) {
            if (!raft_fixture_alive(&fixture_, i)) {
                raft_fixture_revive(&fixture_, i);
            }
        }
        for (unsigned attempt = 0; attempt != 20; ++attempt) {
            // A command of the new term is what commits those before it.
            raft_fixture_step_until_has_leader(&fixture_, 60'000);
            submit(1);
            raft_fixture_step_until_elapsed(&fixture_, 5000);
            if (alike()) {
                return true;
            }
        }
        return false;
    }

    // A server that nobody knew, and that knows nothing, becomes one of them.
    void welcome() {
        grow();
        const unsigned late = servers_ - 1;
        REQUIRE(raft_start(raft_fixture_get(&fixture_, late)) == 0);

        raft* const leader = raft_fixture_get(&fixture_, raft_fixture_leader_index(&fixture_));
        const auto id = raft_id{late} + 1;
        changed_.call.data = &changed_;
        const auto told = [](raft_change* change, int status) {
            static_cast<membership*>(change->data)->status = status;
        };
        REQUIRE(raft_add(leader, &changed_.call, id, fixture_.servers[late].address, told) == 0);
        REQUIRE(work_until_changed());
        REQUIRE(raft_assign(leader, &changed_.call, id, RAFT_VOTER, told) == 0);
        REQUIRE(work_until_changed());
    }

    [[nodiscard]] const ledger& state(unsigned server) const { return nodes_[server].state(); }

    [[nodiscard]] unsigned servers() const { return servers_; }

    [[nodiscard]] const std::set<std::uint64_t>& acknowledged() const { return acknowledged_; }

    [[nodiscard]] const std::deque<adapter>& adapters() const { return adapters_; }

private:
    struct request {
        struct raft_apply call{};
        std::uint64_t id = 0;
        cluster* of = nullptr;
    };

    void grow() {
        const unsigned server = servers_++;
        nodes_.emplace_back(*to_, random_);
        // Some lend libraft everything, some little.
        adapters_.emplace_back(
            nodes_.back(), shared_.of(server),
            tintype::raft_machine_options{.threshold = below(2) == 0 ? 0U : 256U, .aside = aside_});
        // The simulator can work aside, and says so to nobody: libraft must not ask at first.
        raft_fsm* const machine = adapters_.back().fsm();
        const int version = std::exchange(machine->version, 2);
        REQUIRE(raft_fixture_grow(&fixture_, machine) == 0);
        machine->version = version;
        REQUIRE(tintype::let_work_aside(fixture_.servers[server].io));
        spare_the_disk(server);
        name_the_configuration(server);
        skip_what_is_in_a_snapshot(server);
        raft* const made = raft_fixture_get(&fixture_, server);
        raft_set_snapshot_threshold(made, snapshot_every_);
        raft_set_snapshot_trailing(made, kept_behind_);
        raft_set_install_snapshot_timeout(made, 2000);
        raft_set_max_catch_up_rounds(made, 1000);
        raft_set_max_catch_up_round_duration(made, 60'000);
        raft_set_pre_vote(made, pre_vote_);
        raft_fixture_set_randomized_election_timeout(&fixture_, server,
                                                     1000 + server * 150 + below(100));
        // Some are farther away and slower than others, and stay so: messages and writes that
        // overtake each other are more than libraft bears, and neither TCP nor its log does that.
        raft_fixture_set_network_latency(&fixture_, server, 1 + below(60));
        raft_fixture_set_disk_latency(&fixture_, server, disk_latency(server));
        take_time_for_snapshots(server);
    }

    // Once a snapshot was installed, the simulator's disk no longer knows which of its entries is
    // which, and cutting them off would reach past them. No server here starts again from its disk,
    // so what should be cut off may stay; to forget all is what installing itself asks for.
    void spare_the_disk(unsigned server) {
        static const auto forget = fixture_.servers[server].io.truncate;
        fixture_.servers[server].io.truncate = [](raft_io* io, raft_index first) {
            return first == 1 ? forget(io, first) : 0;
        };
    }

    // The simulator copies a snapshot without the index of its configuration, and the servers would
    // believe whatever stands there. Here it is the first entry, as long as it matters.
    void name_the_configuration(unsigned server) {
        static const auto get = fixture_.servers[server].io.snapshot_get;
        static raft_io_snapshot_get_cb send = nullptr;
        fixture_.servers[server].io.snapshot_get = [](raft_io* io, raft_io_snapshot_get* asked,
                                                      raft_io_snapshot_get_cb then) {
            send = then; // always the same one
            return get(io, asked,
                       [](raft_io_snapshot_get* got, raft_snapshot* snapshot, int status) {
                           if (snapshot != nullptr) {
                               snapshot->configuration_index = 1;
                           }
                           send(got, snapshot, status);
                       });
        };
    }

    // A leader that hears nothing of what it sent goes back to entries that a follower may have put
    // into a snapshot since. libraft's follower would append them once more; so they are taken for
    // what they are, entries that it has, before it sees them.
    void skip_what_is_in_a_snapshot(unsigned server) {
        static raft_io_recv_cb receive = nullptr;
        static const auto start = fixture_.servers[server].io.start;
        fixture_.servers[server].io.start = [](raft_io* io, unsigned every, raft_io_tick_cb tick,
                                               raft_io_recv_cb then) {
            receive = then; // always the same one
            return start(io, every, tick, [](raft_io* at, raft_message* message) {
                if (message->type == RAFT_IO_APPEND_ENTRIES) {
                    skip(*static_cast<raft*>(at->data), message->append_entries);
                }
                receive(at, message);
            });
        };
    }

    static void skip(const raft& by, raft_append_entries& sent) {
        const auto& known = by.log.snapshot;
        if (sent.prev_log_index >= known.last_index || sent.n_entries == 0) {
            return;
        }
        const auto had = static_cast<unsigned>(
            std::min<raft_index>(known.last_index - sent.prev_log_index, sent.n_entries));
        if (had == sent.n_entries) {
            raft_free(sent.entries[0].batch);
            raft_free(std::exchange(sent.entries, nullptr));
        } else {
            std::copy(sent.entries + had, sent.entries + sent.n_entries, sent.entries);
        }
        sent.n_entries -= had;
        sent.prev_log_index = known.last_index;
        sent.prev_log_term = known.last_term;
    }

    static unsigned disk_latency(unsigned server) { return 5 + server * 7; }

    // A snapshot takes longer than a write to the log, and commands go on beside it. (Not the other
    // way round: a leader that drops entries for a snapshot before it has written them loses
    // count.)
    void take_time_for_snapshots(unsigned server) {
        static raft_fixture* at = nullptr;
        at = &fixture_;
        static const auto put = fixture_.servers[server].io.snapshot_put;
        fixture_.servers[server].io.snapshot_put = [](raft_io* io, unsigned trailing,
                                                      raft_io_snapshot_put* asked,
                                                      const raft_snapshot* snapshot,
                                                      raft_io_snapshot_put_cb then) {
            unsigned here = 0;
            while (&at->servers[here].io != io) {
                ++here;
            }
            raft_fixture_set_disk_latency(at, here,
                                          100 + static_cast<unsigned>(snapshot->index % 8) * 60);
            const int code = put(io, trailing, asked, snapshot, then);
            raft_fixture_set_disk_latency(at, here, disk_latency(here));
            return code;
        };
    }

    struct membership {
        raft_change call{};
        std::optional<int> status{};
    };

    // libraft does not send a snapshot that ends where the log does, as long as the disk takes
    // longer to read it than the others to say that they have not got it: so there is work to do.
    [[nodiscard]] bool work_until_changed() {
        for (unsigned i = 0; i != 200 && !changed_.status; ++i) {
            raft_fixture_step_until_elapsed(&fixture_, 500);
            submit(1);
        }
        return std::exchange(changed_.status, std::nullopt) == 0;
    }

    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

    void kill_one() {
        const unsigned victim = below(servers_);
        if (raft_fixture_alive(&fixture_, victim)) {
            join();
            raft_fixture_kill(&fixture_, victim);
        }
    }

    void revive_one() {
        const unsigned first = below(servers_);
        for (unsigned i = 0; i != servers_; ++i) {
            const unsigned server = (first + i) % servers_;
            if (!raft_fixture_alive(&fixture_, server)) {
                join();
                raft_fixture_revive(&fixture_, server);
                return;
            }
        }
    }

    // One server against some of the others: what goes there, or what comes from there, or both;
    // lost without a word, or known to the sender to be lost.
    void part() {
        const unsigned lonely = below(servers_);
        const unsigned ways = 1 + below(3);
        const bool known = below(2) == 0;
        for (unsigned other = 0; other != servers_; ++other) {
            if (other == lonely || below(4) == 0) {
                continue;
            }
            if ((ways & 1U) != 0) {
                cut(lonely, other, known);
            }
            if ((ways & 2U) != 0) {
                cut(other, lonely, known);
            }
        }
    }

    void cut(unsigned from, unsigned to, bool known) {
        if (known) {
            raft_fixture_disconnect(&fixture_, from, to);
            disconnected_.emplace_back(from, to);
        } else if (std::ranges::find(disconnected_, std::pair{from, to}) == disconnected_.end()) {
            raft_fixture_saturate(&fixture_, from, to);
        }
    }

    void join() {
        for (const auto& [from, to] : std::exchange(disconnected_, {})) {
            raft_fixture_reconnect(&fixture_, from, to);
        }
        for (unsigned from = 0; from != servers_; ++from) {
            for (unsigned to = 0; to != servers_; ++to) {
                if (from != to && raft_fixture_alive(&fixture_, from) &&
                    raft_fixture_alive(&fixture_, to)) {
                    raft_fixture_desaturate(&fixture_, from, to);
                }
            }
        }
    }

    void submit(unsigned commands) {
        for (unsigned i = 0; i != servers_; ++i) {
            raft* const server = raft_fixture_get(&fixture_, i);
            if (!raft_fixture_alive(&fixture_, i) || raft_state(server) != RAFT_LEADER) {
                continue;
            }
            for (unsigned each = 0; each != commands; ++each) {
                submit_to(server);
            }
        }
    }

    void submit_to(raft* server) {
        request& made = requests_.emplace_back();
        made.id = ++last_id_;
        made.of = this;
        made.call.data = &made;
        raft_buffer command{.base = raft_malloc(sizeof made.id), .len = sizeof made.id};
        tintype::store<std::endian::little>(static_cast<std::byte*>(command.base), made.id);
        const int code = raft_apply(server, &made.call, &command, 1,
                                    [](struct raft_apply* done, int status, void* answer) {
                                        if (status == 0) {
                                            const auto& told = *static_cast<request*>(done->data);
                                            told.of->acknowledged_.insert(told.id);
                                            ++told.of->to_->acknowledged;
                                            REQUIRE(adapter::answer(answer) != nullptr);
                                            CHECK(*adapter::answer(answer) >= 1);
                                        }
                                    });
        if (code != 0) {
            raft_free(command.base);
        }
    }

    [[nodiscard]] bool alike() {
        const raft_index last = raft_last_applied(raft_fixture_get(&fixture_, 0));
        for (unsigned i = 0; i != servers_; ++i) {
            raft* const server = raft_fixture_get(&fixture_, i);
            if (raft_last_applied(server) != last || raft_last_index(server) != last) {
                return false;
            }
        }
        return true;
    }

    tintype::splitmix64 random_;
    counts* to_;
    Shared shared_{};
    bool aside_ = false;
    unsigned servers_ = 0;
    unsigned snapshot_every_ = 0;
    unsigned kept_behind_ = 0;
    bool pre_vote_ = false;
    raft_fixture fixture_{};
    std::deque<node> nodes_;
    std::deque<adapter> adapters_;
    std::deque<request> requests_;
    membership changed_;
    std::set<std::uint64_t> acknowledged_;
    std::vector<std::pair<unsigned, unsigned>> disconnected_;
    std::uint64_t last_id_ = 0;
};

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

template <class Codec, class Shared = nothing_shared>
void run(std::uint64_t seed, counts& to) {
    CAPTURE(seed);
    cluster<Codec, Shared> these{seed, to};
    these.suffer(100);
    REQUIRE(these.recover());
    if (seed % 4 < 2) {
        these.welcome();
        REQUIRE(these.recover());
    }

    const ledger& first = these.state(0);
    const auto expected = tintype::encode<Codec>(first);
    REQUIRE(expected);
    for (unsigned i = 1; i != these.servers(); ++i) {
        const auto digest =
            tintype::hash_of<tintype::crc32c>(*tintype::encode<Codec>(these.state(i)));
        CHECK(digest == tintype::hash_of<tintype::crc32c>(*expected));
        CHECK(these.state(i) == first);
    }
    const std::set<std::uint64_t> applied(first.applied.begin(), first.applied.end());
    CHECK(applied.size() == first.applied.size());
    CHECK(std::ranges::includes(applied, these.acknowledged()));
    for (const auto& adapter : these.adapters()) {
        if (const auto& failed = adapter.last_failure()) {
            CHECK(failed->step == tintype::raft_step::snapshot);
            CHECK(failed->what.code == tintype::errc::in_use);
        }
    }
}

} // namespace

TEST_CASE("raft: clusters that suffered end in the same state, some by way of a snapshot") {
    const auto seeds = number_of("TINTYPE_RAFT_SEEDS", 1000);
    const auto first = number_of("TINTYPE_RAFT_FIRST", 0);
    counts to;
    const counted_heap heap;
    for (std::uint64_t seed = first; seed != first + seeds; ++seed) {
        if (seed % 2 == 0) {
            run<sections>(seed, to);
        } else {
            run<tintype::bincode<>>(seed, to);
        }
        CHECK(heap.held() == 0);
    }
    MESSAGE(to.snapshots << " snapshots, " << to.restored << " restored, " << to.busy
                         << " put off; " << to.acknowledged << " commands acknowledged, "
                         << to.while_frozen << " applied beside a snapshot");
    if (seeds >= 100) {
        CHECK(to.restored >= seeds / 10);
        CHECK(to.snapshots >= seeds * 5);
        CHECK(to.busy >= seeds / 10);
        CHECK(to.while_frozen >= seeds);
        CHECK(to.acknowledged >= seeds * 20);
    }
}

TEST_CASE("raft: so do clusters whose servers share chunks, while these are swept") {
    const auto seeds = number_of("TINTYPE_RAFT_SEEDS", 60);
    const auto first = number_of("TINTYPE_RAFT_FIRST", 0);
    counts to;
    const counted_heap heap;
    for (std::uint64_t seed = first; seed != first + seeds; ++seed) {
        run<sections, chunks_shared>(seed, to);
        CHECK(heap.held() == 0);
    }
    MESSAGE(to.snapshots << " snapshots, " << to.restored << " restored, " << to.busy
                         << " put off; " << to.swept << " chunks swept");
    if (seeds >= 50) {
        CHECK(to.restored >= seeds / 10);
        CHECK(to.snapshots >= seeds * 5);
        CHECK(to.while_frozen >= seeds);
        CHECK(to.swept >= seeds);
    }
}
