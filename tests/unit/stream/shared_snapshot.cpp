// Snapshots in shared chunks: every size around every boundary, every byte of a manifest and of a
// chunk flipped, storages that fail at every call, uploads at the same time and resumed ones, and
// sweeps beside all of it.

#include <tintype/storage/memory.hpp>
#include <tintype/stream/manifest_from.hpp>
#include <tintype/stream/shared_snapshot.hpp>
#include <tintype/stream/shared_sweep.hpp>
#include <tintype/stream/shared_upload.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::result;
using tintype::shared_manifest;

using memory = tintype::basic_memory_storage<tests::manual_clock>;

tests::manual_clock morning() {
    return tests::manual_clock{tintype::timestamp{1000h}};
}

constexpr std::uint64_t never = ~std::uint64_t{0};

// Memory of which the n-th call fails, before or after it has done its work. Copies count together.
class failing_storage {
    struct plan {
        std::uint64_t calls = 0;
        std::uint64_t fails_at = never;
        bool afterwards = false;
        std::function<void()> meanwhile{}; // in place of the failure
    };

    // Nothing is known of what such a call did.
    template <class Work>
    static auto tried(plan& now, const Work& work) -> decltype(work()) {
        bool fails = now.calls++ == now.fails_at;
        if (fails && now.meanwhile) {
            std::exchange(now.meanwhile, {})();
            fails = false;
        }
        if (fails && !now.afterwards) {
            return lost();
        }
        auto outcome = work();
        if (fails) {
            return lost();
        }
        return outcome;
    }

    static std::unexpected<tintype::error> lost() {
        return tintype::fail({.code = errc::io, .where = "the storage", .system = 5});
    }

public:
    class staged {
    public:
        staged(tintype::staged_of<memory> to, std::shared_ptr<plan> by)
            : to_(std::move(to)), by_(std::move(by)) {}

        [[nodiscard]] result<void> write(byte_view bytes) {
            return tried(*by_, [&] { return to_.write(bytes); });
        }

        [[nodiscard]] result<void> publish(std::string_view name) {
            return tried(*by_, [&] { return to_.publish(name); });
        }

        [[nodiscard]] result<void> replace(std::string_view name) {
            return tried(*by_, [&] { return to_.replace(name); });
        }

    private:
        tintype::staged_of<memory> to_;
        std::shared_ptr<plan> by_;
    };

    explicit failing_storage(memory inside) : inside_(std::move(inside)) {}

    [[nodiscard]] result<staged> stage(const tintype::stage_options& options = {}) const {
        return tried(*plan_,
                     [&]() -> result<staged> { return staged{*inside_.stage(options), plan_}; });
    }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        return tried(*plan_, [&] { return inside_.open(name, how); });
    }

    [[nodiscard]] auto list() const {
        return tried(*plan_, [&] { return inside_.list(); });
    }

    [[nodiscard]] auto names() const {
        return tried(*plan_, [&] { return inside_.names(); });
    }

    [[nodiscard]] result<bool> remove(std::string_view name) const {
        return tried(*plan_, [&] { return inside_.remove(name); });
    }

    [[nodiscard]] result<void> sync() const {
        return tried(*plan_, [&] { return inside_.sync(); });
    }

    void fail_at(std::uint64_t call, bool afterwards = false) {
        *plan_ = {.calls = 0, .fails_at = call, .afterwards = afterwards, .meanwhile = {}};
    }

    void do_meanwhile(std::uint64_t call, std::function<void()> what) {
        *plan_ = {.calls = 0, .fails_at = call, .afterwards = false, .meanwhile = std::move(what)};
    }

    [[nodiscard]] std::uint64_t calls() const { return plan_->calls; }

private:
    memory inside_;
    std::shared_ptr<plan> plan_ = std::make_shared<plan>();
};

static_assert(tintype::storage_policy<failing_storage>);

using shared = tintype::shared_snapshots<memory>;
using failing = tintype::shared_snapshots<failing_storage>;

tintype::shared_options small_chunks(std::string node = "n1") {
    return {.group = "g",
            .node = std::move(node),
            .threshold = 64,
            .chunk_size = 16,
            .grace = 1h,
            .fetches = 1};
}

template <class Storage>
result<shared_manifest> uploaded(const tintype::shared_snapshots<Storage>& to, byte_view bytes,
                                 tintype::shared_upload_counts* counts = nullptr,
                                 std::size_t piece = never) {
    tintype::shared_upload up{to};
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), piece));
        if (auto done = up.write(part); !done) {
            return pass(done);
        }
        bytes = bytes.subspan(part.size());
    }
    auto what = up.finish();
    if (counts != nullptr) {
        *counts = up.counts();
    }
    return what;
}

template <class Storage>
bool brings(const tintype::shared_snapshots<Storage>& from, const shared_manifest& what,
            byte_view expected) {
    const auto all = from.fetch(what);
    return all && std::ranges::equal(all->view(), expected);
}

std::string chunk_name(const shared_manifest& of, std::size_t index) {
    return tintype::chunk_name_of<tintype::blake3>(of, index);
}

void put(const memory& to, std::string_view name, byte_view bytes) {
    auto staged = to.stage();
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->replace(name));
}

std::size_t how_many(const memory& in, std::string_view part) {
    const auto names = in.names();
    REQUIRE(names);
    return static_cast<std::size_t>(std::ranges::count_if(
        *names, [&](const std::string& each) { return each.find(part) != std::string::npos; }));
}

// As a codec writes: little pieces, and long ones of the state's own.
template <class Placement>
result<blob> placed(const Placement& to, byte_view bytes, std::size_t borrowed_from = 8) {
    typename Placement::sink sink{to, 1};
    while (!bytes.empty()) {
        const auto little = bytes.first(std::min<std::size_t>(bytes.size(), 3));
        if (auto done = sink.write(little); !done) {
            return pass(done);
        }
        bytes = bytes.subspan(little.size());
        const auto own = bytes.first(std::min(bytes.size(), borrowed_from));
        if (auto done = sink.borrow(own); !done) {
            return pass(done);
        }
        bytes = bytes.subspan(own.size());
    }
    const auto pieces = sink.finish();
    if (!pieces) {
        return pass(pieces);
    }
    blob all;
    for (const byte_view piece : *pieces) {
        tintype::append(all, piece);
    }
    return all;
}

} // namespace

TEST_CASE("shared: every size around every boundary comes back, however it was cut") {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 31U, 32U, 33U, 47U, 48U, 49U, 160U}) {
        for (const std::size_t piece :
             {std::size_t{1}, std::size_t{16}, std::size_t{23}, std::size_t{1000}}) {
            CAPTURE(size);
            CAPTURE(piece);
            const memory storage{morning()};
            const shared first{storage, small_chunks()};
            const auto bytes = tests::noise(size, size);
            tintype::shared_upload_counts counts;
            const auto what = uploaded(first, bytes, &counts, piece);
            REQUIRE(what);
            CHECK(what->size == size);
            CHECK(tintype::chunk_count_of(*what) == (size + 15) / 16);
            CHECK(counts.chunks == (size + 15) / 16);
            CHECK(counts.written == counts.chunks);
            auto options = small_chunks("n2");
            options.fetches = 3;
            const shared second{storage, options};
            CHECK(brings(second, *what, bytes));
            CHECK(how_many(storage, ".blake3-") == counts.chunks);
            CHECK(how_many(storage, ".manifest.n1.") == 1);
            CHECK(how_many(storage, ".time.") == 0);
            REQUIRE(second.take(*what));
            CHECK(how_many(storage, ".manifest.n2.") == 1);
        }
    }
}

TEST_CASE("shared: a manifest that was damaged anywhere is refused, and so is another's") {
    const memory storage{morning()};
    const shared at{storage, small_chunks()};
    const auto what = uploaded(at, tests::noise(40));
    REQUIRE(what);
    const auto bytes = *tintype::encode<tintype::shared_manifest_list>(*what);
    CHECK(at.read(bytes) == *what);
    CHECK(tintype::begins_as_manifest(bytes));
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        CHECK_FALSE(at.read(byte_view{bytes}.first(size)));
    }
    auto longer = bytes;
    longer.push_back(std::byte{});
    CHECK_FALSE(at.read(longer));
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        for (const unsigned bit : {1U, 128U}) {
            auto other = bytes;
            other[i] ^= static_cast<std::byte>(bit);
            CHECK_FALSE(at.read(other));
        }
    }

    // Whoever writes a right checksum must still agree with himself.
    const auto refused = [&](auto change) {
        auto other = *what;
        change(other);
        CHECK_FALSE(at.fetch(other));
        CHECK_FALSE(at.take(other));
        return said(at.read(*tintype::encode<tintype::shared_manifest_list>(other)));
    };
    CHECK(refused([](auto& m) { m.chunk_size = 0; }) == "invalid_value in chunk_size 0/1");
    CHECK(refused([](auto& m) { m.chunk_size = 17; }).starts_with("checksum_mismatch in whole"));
    CHECK(refused([](auto& m) { m.chunk_size = 8; }) == "invalid_value in digests 3/5");
    CHECK(refused([](auto& m) { m.size = 49; }) == "invalid_value in digests 3/4");
    CHECK(refused([](auto& m) { m.size = 48; }).starts_with("checksum_mismatch in whole"));
    CHECK(refused([](auto& m) { m.digests.pop_back(); }) == "invalid_value in digests 2/3");
    CHECK(refused([](auto& m) { m.digests.clear(); }) == "invalid_value in digests 0/3");
    CHECK(refused([](auto& m) {
              std::swap(m.digests[0], m.digests[32]);
          }).starts_with("checksum_mismatch in whole"));
    CHECK(refused([](auto& m) { m.editions.pop_back(); }) == "invalid_value in editions 2/3");
    CHECK(refused([](auto& m) { m.whole.clear(); }).starts_with("checksum_mismatch in whole"));
    CHECK(refused([](auto& m) { m.group = "h"; }).starts_with("invalid_value in g: the manifest"));
    CHECK(refused([](auto& m) { m.hash = "sha256"; }).starts_with("unsupported in blake3"));
    CHECK(refused([](auto& m) {
              m.size = never;
          }).starts_with("limit_exceeded in size 18446744073709551615"));
    CHECK(refused([](auto& m) {
              m.size = m.chunk_size = std::uint64_t{1} << 40U;
          }).starts_with("limit_exceeded in chunk_size 1099511627776"));
    CHECK(how_many(storage, ".manifest.") == 1);
}

TEST_CASE("shared: a chunk that is missing, damaged or another's is named, with its place") {
    for (const unsigned fetches : {1U, 4U}) {
        const memory storage{morning()};
        auto options = small_chunks();
        options.fetches = fetches;
        const shared at{storage, options};
        const auto bytes = tests::noise(40);
        const auto what = uploaded(at, bytes);
        REQUIRE(what);
        for (std::size_t chunk = 0; chunk != 3; ++chunk) {
            const auto name = chunk_name(*what, chunk);
            const auto place = " @" + std::to_string(chunk * 16) + " ";
            const auto whole = byte_view{bytes}.subspan(chunk * 16, chunk == 2 ? 8U : 16U);
            const blob good{whole.begin(), whole.end()};
            for (std::size_t i = 0; i != good.size(); ++i) {
                auto bad = good;
                bad[i] ^= std::byte{16};
                put(storage, name, bad);
                CHECK(said(at.fetch(*what)).starts_with("checksum_mismatch in " + name + place));
            }
            for (std::size_t size = 0; size != good.size(); ++size) {
                put(storage, name, byte_view{good}.first(size));
                CHECK(said(at.fetch(*what)) == "truncated in " + name + place +
                                                   std::to_string(size) + "/" +
                                                   std::to_string(good.size()));
            }
            auto longer = good;
            longer.push_back(std::byte{});
            put(storage, name, longer);
            CHECK(said(at.fetch(*what)) == "trailing_bytes in " + name + place + "1/0");
            put(storage, name, tests::noise(good.size(), 77));
            CHECK(said(at.take(*what)).starts_with("checksum_mismatch in " + name + place));
            REQUIRE(storage.remove(name));
            CHECK(said(at.fetch(*what)) == "not_found in " + name + place + "0/0");
            put(storage, name, good);
        }
        CHECK(brings(at, *what, bytes));
    }
}

TEST_CASE("shared: what is there already is not written again, once it was looked at") {
    const auto clock = morning();
    const memory storage{clock};
    auto bytes = tests::noise(160);
    tintype::shared_upload_counts counts;
    const shared first{storage, small_chunks()};
    REQUIRE(uploaded(first, bytes, &counts));
    CHECK(counts.written == 10);

    // What this node refers to is relied on however old it is.
    clock.advance(100h);
    bytes[50] ^= std::byte{1};
    const auto changed = uploaded(first, bytes, &counts);
    REQUIRE(changed);
    CHECK(counts.chunks == 10);
    CHECK(counts.written == 1);
    CHECK(counts.compared == 0);

    // Others know nothing yet: what is young is compared, what is old written anew.
    const shared second{storage, small_chunks("n2")};
    const auto again = uploaded(second, bytes, &counts);
    REQUIRE(again);
    CHECK(again->whole == changed->whole);
    CHECK(again->id != changed->id);
    CHECK(counts.written == 9);
    CHECK(counts.compared == 1);
    const shared third{storage, small_chunks("n3")};
    clock.advance(29min);
    REQUIRE(uploaded(third, bytes, &counts));
    CHECK(counts.compared == 10);
    CHECK(counts.written == 0);

    // Who has fetched it knows it.
    const shared fourth{storage, small_chunks("n4")};
    REQUIRE(fourth.take(*again));
    clock.advance(100h);
    REQUIRE(uploaded(fourth, bytes, &counts));
    CHECK(counts.written + counts.compared == 0);

    // Believed is what was compared: a chunk that is not what it is called is put right.
    const auto name = chunk_name(*again, 4);
    put(storage, name, tests::noise(16, 5));
    put(storage, chunk_name(*again, 5), tests::noise(7, 5));
    const shared fifth{storage, small_chunks("n5")};
    const auto healed = uploaded(fifth, bytes, &counts);
    REQUIRE(healed);
    CHECK(counts.compared == 1);
    CHECK(counts.written == 10);
    CHECK(brings(first, *healed, bytes));

    // The same bytes twice are one chunk.
    REQUIRE(uploaded(fifth, blob(64, std::byte{7}), &counts));
    CHECK(counts.chunks == 4);
    CHECK(counts.written == 1);
}

TEST_CASE("shared: two upload the same at once") {
    // Both have looked before either writes.
    const memory storage{morning()};
    const auto bytes = tests::noise(50);
    const shared first{storage, small_chunks("n1")};
    const shared second{storage, small_chunks("n2")};
    tintype::shared_upload one{first};
    tintype::shared_upload two{second};
    REQUIRE(one.write(byte_view{bytes}.first(1)));
    REQUIRE(two.write(byte_view{bytes}.first(1)));
    REQUIRE(one.write(byte_view{bytes}.subspan(1)));
    const auto a = one.finish();
    REQUIRE(a);
    REQUIRE(two.write(byte_view{bytes}.subspan(1)));
    const auto b = two.finish();
    REQUIRE(b);
    CHECK(two.counts().compared == 0);
    CHECK(two.counts().written == 4);
    CHECK(brings(first, *a, bytes));
    CHECK(brings(second, *b, bytes));

    // And on threads.
    const auto more = tests::noise(2000, 3);
    std::deque<shared> nodes;
    std::vector<std::optional<shared_manifest>> made(4);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i != made.size(); ++i) {
        nodes.emplace_back(storage, small_chunks("t" + std::to_string(i)));
    }
    for (std::size_t i = 0; i != made.size(); ++i) {
        threads.emplace_back([&, i] {
            if (auto what = uploaded(nodes[i], more)) {
                made[i] = *std::move(what);
            }
        });
    }
    threads.clear();
    for (std::size_t i = 0; i != made.size(); ++i) {
        REQUIRE(made[i]);
        CHECK(brings(nodes[i], *made[i], more));
    }
    CHECK(how_many(storage, ".blake3-") >= 8 + 125);
}

TEST_CASE("shared: a storage that fails at any call is an error, and the next upload goes on") {
    const auto bytes = tests::noise(100);
    for (const bool afterwards : {false, true}) {
        bool whole = false;
        for (std::uint64_t at = 0; !whole; ++at) {
            CAPTURE(at);
            REQUIRE(at < 100);
            const memory inside{morning()};
            failing_storage storage{inside};
            const failing to{storage, small_chunks()};
            storage.fail_at(at, afterwards);
            const auto first = uploaded(to, bytes);
            whole = storage.calls() <= at;
            // Only the mark that tells the time may be left without a word.
            const bool left = how_many(inside, ".time.") != 0;
            CHECK(first.has_value() == (whole || at == 4));
            CHECK((first || said(first) == "io in the storage 0/0"));
            const auto there = how_many(inside, ".blake3-");
            storage.fail_at(never);
            tintype::shared_upload_counts counts;
            const auto second = uploaded(to, bytes, &counts);
            REQUIRE(second);
            CHECK(counts.written == 7 - there);
            CHECK(brings(to, *second, bytes));
            CHECK(how_many(inside, ".time.") == (left ? 1 : 0));

            const failing other{storage, small_chunks("n2")};
            storage.fail_at(at, afterwards);
            const auto got = other.take(*second);
            CHECK(got.has_value() == (storage.calls() <= at));
            storage.fail_at(never);
            CHECK(other.take(*second));
        }
    }
}

TEST_CASE("shared: names, sizes and times that cannot be are refused") {
    const memory storage{morning()};
    const std::string long_one(65, 'a');
    for (const std::string_view name :
         {std::string_view{}, std::string_view{"a.b"}, std::string_view{"a/b"},
          std::string_view{"."}, std::string_view{long_one}}) {
        auto options = small_chunks();
        options.group = name;
        CHECK(uploaded(shared{storage, options}, {}).error().code == errc::bad_name);
        options = small_chunks(std::string{name});
        CHECK(uploaded(shared{storage, options}, {}).error().code == errc::bad_name);
    }
    auto options = small_chunks();
    options.chunk_size = 0;
    CHECK(said(uploaded(shared{storage, options}, {})) == "invalid_value in chunk_size 0/1");
    options.chunk_size = 100;
    options.most.chunk_size = 99;
    CHECK(uploaded(shared{storage, options}, {}).error().code == errc::invalid_value);
    options = small_chunks();
    options.most.size = 31;
    CHECK(uploaded(shared{storage, options}, tests::noise(31)));
    CHECK(said(uploaded(shared{storage, options}, tests::noise(32))) ==
          "limit_exceeded in size 32/31");

    // Where nothing is ever young enough, no upload is quick enough either.
    options = small_chunks();
    options.grace = 0h;
    const shared hasty{storage, options};
    CHECK(uploaded(hasty, tests::noise(5)).error().code == errc::timed_out);

    // Other names of the group's are nothing of its own.
    CHECK(tintype::node_of_reference("g", "g.manifest.n1." + std::string(32, '0')) == "n1");
    CHECK_FALSE(tintype::node_of_reference("g", "g.manifest.n1." + std::string(32, 'g')));
    CHECK_FALSE(tintype::node_of_reference("g", "g.manifest.n1." + std::string(31, '0')));
    CHECK_FALSE(tintype::node_of_reference("g", "g.manifest.n.1." + std::string(32, '0')));
    CHECK_FALSE(tintype::node_of_reference("g", "g.manifest.." + std::string(32, '0')));
    CHECK_FALSE(tintype::node_of_reference("h", "g.manifest.n1." + std::string(32, '0')));
}

TEST_CASE("shared: from the threshold on a placement makes a manifest, and takes back both") {
    const memory storage{morning()};
    const tintype::manifest_from placement{storage, small_chunks()};
    for (const std::size_t size : {0U, 1U, 8U, 62U, 63U, 64U, 65U, 79U, 80U, 81U, 300U}) {
        for (const std::size_t borrowed : {std::size_t{0}, std::size_t{8}, std::size_t{1000}}) {
            CAPTURE(size);
            const auto bytes = tests::noise(size, size + borrowed);
            const auto made = placed(placement, bytes, borrowed);
            REQUIRE(made);
            const auto back = placement.fetched(*made, nullptr);
            REQUIRE(back);
            if (size < 64) {
                CHECK(*made == bytes);
                CHECK_FALSE(back->has_value());
            } else {
                CHECK(tintype::begins_as_manifest(*made));
                REQUIRE(back->has_value());
                CHECK(std::ranges::equal((*back)->view(), bytes));
            }
        }
    }

    // What could be mistaken for a manifest never is one.
    const auto before = how_many(storage, ".blake3-");
    for (const std::string_view text : {"TTSHARE", "TTSHARED", "TTSHARED and more"}) {
        const auto bytes = tests::blob_of(text);
        const auto made = placed(placement, bytes);
        REQUIRE(made);
        CHECK((*made == bytes) == (text == "TTSHARE"));
        const auto back = placement.fetched(*made, nullptr);
        REQUIRE(back);
        if (text != "TTSHARE") {
            REQUIRE(back->has_value());
            CHECK(std::ranges::equal((*back)->view(), bytes));
        }
    }
    CHECK(how_many(storage, ".blake3-") == before + 1 + 2);

    auto always = small_chunks();
    always.threshold = 0;
    const tintype::manifest_from eager{storage, always};
    const auto none = placed(eager, {});
    REQUIRE(none);
    const auto back = eager.fetched(*none, nullptr);
    REQUIRE(back);
    REQUIRE(back->has_value());
    CHECK((*back)->view().empty());
}

TEST_CASE("shared: progress is told, and a stop is heard") {
    const memory storage{morning()};
    const shared at{storage, small_chunks()};
    const auto bytes = tests::noise(160);
    const auto what = uploaded(at, bytes);
    REQUIRE(what);
    std::stop_source stop;
    std::uint64_t last = 0;
    auto told = [&](tintype::progress now) {
        CHECK(now.total == 160);
        last = now.done;
        if (now.done == 64) {
            stop.request_stop();
        }
    };
    const tintype::monitor watch{told, stop.get_token()};
    CHECK(said(at.fetch(*what, &watch)) == "cancelled 64/160");
    CHECK(last == 64);
    const tintype::monitor heard{told};
    CHECK(at.fetch(*what, &heard));
    CHECK(last == 160);
}

TEST_CASE("sweep: each node keeps its last manifests, and for the grace what came before") {
    const auto clock = morning();
    const memory storage{clock};
    const shared one{storage, small_chunks("n1")};
    const shared two{storage, small_chunks("n2")};
    const shared elsewhere{storage, [] {
                               auto options = small_chunks("n1");
                               options.group = "other";
                               return options;
                           }()};
    const auto state = [](unsigned seed) { return tests::noise(32, seed); };
    REQUIRE(uploaded(elsewhere, state(0)));
    const auto a = *uploaded(one, state(1));
    const auto of_two = *uploaded(two, state(2));
    clock.advance(10h);
    const auto b = *uploaded(one, state(3));
    clock.advance(10h);
    const auto c = *uploaded(one, state(4));
    put(storage, "g.notes", tests::noise(5));
    put(storage, "g.blake3-0123", tests::noise(5));

    // The first is behind the last two, but only just.
    auto swept = tintype::sweep_shared(one);
    REQUIRE(swept);
    CHECK(swept->references == 0);
    CHECK(swept->chunks == 0);
    CHECK(swept->kept == 4);
    CHECK(brings(one, a, state(1)));
    clock.advance(59min);
    CHECK(tintype::sweep_shared(one)->references == 0);
    clock.advance(1min);
    swept = tintype::sweep_shared(two);
    REQUIRE(swept);
    CHECK(swept->references == 1);
    CHECK(swept->chunks == 2);
    CHECK(swept->bytes == 32);
    CHECK(said(one.fetch(a)).starts_with("not_found in g.blake3-"));
    CHECK(brings(one, b, state(3)));
    CHECK(brings(one, c, state(4)));
    CHECK(brings(one, of_two, state(2)));
    CHECK(tintype::sweep_shared(one)->references == 0);

    // A node that goes on with another's manifest needs it, too.
    REQUIRE(two.take(b));
    REQUIRE(uploaded(one, state(5)));
    clock.advance(1min);
    REQUIRE(uploaded(one, state(6)));
    clock.advance(100h);
    swept = tintype::sweep_shared(one);
    CHECK(swept->references == 2);
    CHECK(swept->chunks == 2);
    CHECK(brings(two, b, state(3)));
    CHECK_FALSE(brings(two, c, state(4)));
    CHECK(brings(two, of_two, state(2)));

    // Until it is none of them any more.
    swept = tintype::sweep_shared(one, {.keep = 1, .members = {"n1"}});
    CHECK(swept->references == 3);
    CHECK(swept->kept == 1);
    CHECK(swept->chunks == 6);
    CHECK(how_many(storage, "g.blake3-") == 3);
    CHECK(how_many(storage, "g.notes") == 1);
    CHECK(how_many(storage, "other.") == 3);
    CHECK(said(tintype::sweep_shared(one, {.keep = 0})) == "invalid_value in keep 0/1");
}

TEST_CASE("sweep: a manifest that cannot be read stops it, and what others left is removed") {
    const auto clock = morning();
    const memory storage{clock};
    const shared one{storage, small_chunks("n1")};
    const auto bytes = tests::noise(48);
    REQUIRE(uploaded(one, bytes));
    {
        tintype::shared_upload never_finished{one};
        REQUIRE(never_finished.write(tests::noise(100, 8)));
    }
    put(storage, "g.time." + std::string(32, 'a'), {});
    CHECK(how_many(storage, ".blake3-") == 9);
    clock.advance(59min);
    CHECK(tintype::sweep_shared(one)->chunks == 0);
    clock.advance(1min);

    const auto name = tintype::reference_name_of("g", "n7", tintype::shared_id{});
    put(storage, name, tests::noise(100));
    CHECK(said(tintype::sweep_shared(one)).starts_with("invalid_magic in " + name));
    CHECK(how_many(storage, ".blake3-") == 9);
    // One of another hash needs none of these chunks.
    auto foreign = *uploaded(one, bytes);
    foreign.hash = "sha256";
    put(storage, name, *tintype::encode<tintype::shared_manifest_list>(foreign));
    const auto swept = tintype::sweep_shared(one);
    REQUIRE(swept);
    CHECK(swept->chunks == 6);
    CHECK(how_many(storage, ".blake3-") == 3);
    CHECK(how_many(storage, ".time.") == 0);
}

TEST_CASE("sweep: a storage that fails at any call leaves what is needed") {
    const auto bytes = tests::noise(100);
    const auto clock = morning();
    bool whole = false;
    for (std::uint64_t at = 0; !whole; ++at) {
        REQUIRE(at < 100);
        const memory inside{clock};
        failing_storage storage{inside};
        const failing node{storage, small_chunks()};
        REQUIRE(uploaded(node, tests::noise(64, 7)));
        clock.advance(1min);
        REQUIRE(uploaded(node, tests::noise(64, 8)));
        clock.advance(1min);
        const auto last = uploaded(node, bytes);
        REQUIRE(last);
        clock.advance(2h);
        storage.fail_at(at);
        const auto swept = tintype::sweep_shared(node, {.keep = 1});
        whole = storage.calls() <= at;
        CHECK(swept.has_value() == (whole || at == 4));
        storage.fail_at(never);
        CHECK(brings(node, *last, bytes));
        REQUIRE(tintype::sweep_shared(node, {.keep = 1}));
        CHECK(how_many(inside, ".blake3-") == 7);
        CHECK(how_many(inside, ".manifest.") == 1);
    }
}

TEST_CASE("sweep: what it takes for old may be uploaded again in the middle of it") {
    const auto bytes = tests::noise(100);
    bool whole = false;
    for (std::uint64_t at = 0; !whole; ++at) {
        CAPTURE(at);
        REQUIRE(at < 100);
        const auto clock = morning();
        const memory inside{clock};
        failing_storage storage{inside};
        // What the first left is old; the second has looked at all of it before and the third will.
        {
            tintype::shared_upload lost{shared{inside, small_chunks("n1")}};
            REQUIRE(lost.write(bytes));
        }
        clock.advance(31min);
        const shared second{inside, small_chunks("n2")};
        const shared third{inside, small_chunks("n3")};
        tintype::shared_upload begun{second};
        REQUIRE(begun.write(byte_view{bytes}.first(50)));
        clock.advance(29min);
        std::optional<shared_manifest> a;
        std::optional<shared_manifest> b;
        const auto work = [&] {
            REQUIRE(begun.write(byte_view{bytes}.subspan(50)));
            a = *begun.finish();
            b = *uploaded(third, bytes);
        };
        storage.do_meanwhile(at, work);
        REQUIRE(tintype::sweep_shared(failing{storage, small_chunks("n4")}));
        whole = storage.calls() <= at;
        if (whole) {
            CHECK(at > 6); // there was something to remove
            work();
        }
        REQUIRE(a);
        REQUIRE(b);
        CHECK(brings(second, *a, bytes));
        CHECK(brings(third, *b, bytes));
    }
}

TEST_CASE("sweep: whatever nodes do beside it, each can come back to its last two states") {
    for (std::uint64_t seed = 0; seed != 25; ++seed) {
        CAPTURE(seed);
        tintype::splitmix64 random{seed};
        const auto clock = morning();
        const memory storage{clock};

        struct node {
            explicit node(shared on) : at(std::move(on)) {}

            shared at;
            std::deque<std::pair<shared_manifest, blob>> kept{};
            std::optional<tintype::shared_upload<memory, tintype::blake3>> under_way{};
            blob uploading{};
            std::size_t written = 0;
        };

        std::deque<node> nodes;
        for (const char* name : {"n1", "n2", "n3"}) {
            nodes.emplace_back(shared{storage, small_chunks(name)});
        }
        auto state = tests::noise(100, seed);
        std::size_t removed = 0;
        const auto keep = [](node& of, const shared_manifest& what, blob bytes) {
            of.kept.emplace_back(what, std::move(bytes));
            if (of.kept.size() > 2) {
                of.kept.pop_front();
            }
        };
        const auto finish = [&](node& each) {
            if (each.under_way->write(byte_view{each.uploading}.subspan(each.written))) {
                const auto what = each.under_way->finish();
                REQUIRE(what);
                keep(each, *what, each.uploading);
            }
            each.under_way.reset();
        };
        for (unsigned step = 0; step != 150; ++step) {
            node& each = nodes[random() % nodes.size()];
            switch (random() % 8) {
            case 0:
                clock.advance(std::chrono::minutes{random() % 300});
                // Nobody's upload takes longer than half of the grace: such a one is given up.
                for (node& late : nodes) {
                    late.under_way.reset();
                }
                break;
            case 1:
                clock.advance(5min);
                break;
            case 2:
                state[random() % state.size()] ^= std::byte{1};
                break;
            case 3: // begins, and has written some
                each.under_way.emplace(each.at);
                each.uploading = state;
                each.written = random() % state.size();
                REQUIRE(each.under_way->write(byte_view{state}.first(each.written)));
                break;
            case 4:
                if (each.under_way) {
                    finish(each);
                }
                break;
            case 5: // has just got another's last one
                if (const node& other = nodes[random() % nodes.size()]; !other.kept.empty()) {
                    const auto last = other.kept.back();
                    REQUIRE(each.at.take(last.first));
                    keep(each, last.first, last.second);
                }
                break;
            case 6: // dies and comes back
                each.under_way.reset();
                each.at = shared{storage, each.at.options()};
                break;
            default: {
                const auto swept = tintype::sweep_shared(each.at);
                REQUIRE(swept);
                removed += swept->chunks;
                for (const node& of : nodes) {
                    for (const auto& [what, bytes] : of.kept) {
                        REQUIRE(brings(of.at, what, bytes));
                    }
                }
                break;
            }
            }
        }
        CHECK(removed != 0);
    }
}
