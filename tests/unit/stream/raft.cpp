// The adapter, called as libraft calls it: what becomes of commands and answers, of a snapshot's
// memory while commands go on, of good and bad bytes to be restored, and of every failure.

#include <tintype/codec/json.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/stream/manifest_from.hpp>
#include <tintype/stream/raft.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

namespace {

using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::result;

// libraft's own heap, counted: what was taken from it must go back to it.
class counted_heap {
public:
    counted_heap() { raft_heap_set(&heap_); }

    counted_heap(counted_heap&&) = delete;

    ~counted_heap() { raft_heap_set_default(); }

    [[nodiscard]] int held() const { return held_; }

private:
    static counted_heap& self(void* data) { return *static_cast<counted_heap*>(data); }

    int held_ = 0;
    raft_heap heap_{
        .data = this,
        .malloc = [](void* data, std::size_t size) -> void* {
            ++self(data).held_;
            return std::malloc(size);
        },
        .free =
            [](void* data, void* memory) {
                --self(data).held_;
                std::free(memory);
            },
        .calloc = nullptr,
        .realloc = nullptr,
        .aligned_alloc = nullptr,
        .aligned_free = nullptr,
    };
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, commands), (blob, large), (std::string, log));

    friend bool operator==(const state&, const state&) = default;
};

using list =
    tintype::section_list<tintype::magic<"RAFT">, tintype::version<std::uint8_t, 1>,
                          tintype::scalar<"commands", std::uint64_t>, tintype::section<"large">,
                          tintype::section<"log", std::uint8_t>, tintype::checksum<tintype::crc32>>;
using bare =
    tintype::section_list<tintype::scalar<"commands", std::uint64_t>, tintype::section<"large">,
                          tintype::section<"log", std::uint8_t>>;

// Appends each command to its text, and copies its state first if a snapshot still needs it. What
// it is told to fail at, it fails at.
struct machine {
    [[nodiscard]] result<std::size_t> apply(byte_view command) {
        if (failing_apply) {
            return tintype::fail({.code = *failing_apply, .where = "apply"});
        }
        if (now.use_count() != 1) {
            now = std::make_shared<state>(*now);
        }
        ++now->commands;
        now->log += tintype::text_of(command);
        if (!now->large.empty()) {
            now->large[0] = static_cast<std::byte>(now->commands);
        }
        return now->log.size();
    }

    [[nodiscard]] result<std::shared_ptr<const state>> freeze() {
        if (failing_freeze) {
            return tintype::fail({.code = *failing_freeze, .where = "freeze"});
        }
        return now;
    }

    [[nodiscard]] result<void> adopt(state&& restored) {
        if (failing_adopt) {
            return tintype::fail({.code = *failing_adopt, .where = "adopt"});
        }
        now = std::make_shared<state>(std::move(restored));
        return {};
    }

    std::shared_ptr<state> now = std::make_shared<state>();
    std::optional<errc> failing_apply{};
    std::optional<errc> failing_freeze{};
    std::optional<errc> failing_adopt{};
};

// Shows what is restored in the very bytes that libraft brought.
struct shelf {
    using restored = tintype::restored_view<tintype::view_of<list, state>>;

    [[nodiscard]] result<void> apply(byte_view) { return {}; }

    [[nodiscard]] result<std::unique_ptr<const state>> freeze() {
        auto frozen = std::make_unique<state>();
        frozen->large.assign(shown->view.get<"large">().begin(), shown->view.get<"large">().end());
        return frozen;
    }

    [[nodiscard]] result<void> adopt(restored&& what) {
        if (failing) {
            return tintype::fail({.code = errc::no_space});
        }
        shown = std::move(what);
        return {};
    }

    std::optional<restored> shown{};
    bool failing = false;
};

// libraft's side of the contract, with the memory where libraft has it.
template <class Adapter>
struct caller {
    int apply(std::string_view command, void** answer) {
        std::string text{command};
        const raft_buffer buffer{.base = text.data(), .len = text.size()};
        return to.fsm()->apply(to.fsm(), &buffer, answer);
    }

    int apply(std::string_view command) {
        void* ignored = this;
        return apply(command, &ignored);
    }

    int snapshot() { return to.fsm()->snapshot(to.fsm(), &buffers, &count); }

    // As libraft does it where the bytes are made on another thread.
    int snapshot_aside() {
        int code = snapshot();
        if (code == 0) {
            std::jthread{[&] { code = to.fsm()->snapshot_async(to.fsm(), &buffers, &count); }};
        }
        return code;
    }

    [[nodiscard]] blob bytes() const {
        blob all;
        for (unsigned i = 0; i != count; ++i) {
            tintype::append(all, {static_cast<const std::byte*>(buffers[i].base), buffers[i].len});
        }
        return all;
    }

    int finalize() { return to.fsm()->snapshot_finalize(to.fsm(), &buffers, &count); }

    // Whole: what a snapshot holds.
    blob taken() {
        REQUIRE(snapshot() == 0);
        auto all = bytes();
        REQUIRE(finalize() == 0);
        return all;
    }

    int restore(byte_view snapshot_bytes) {
        raft_buffer buffer{.base = raft_malloc(snapshot_bytes.size() + 1),
                           .len = snapshot_bytes.size()};
        if (!snapshot_bytes.empty()) {
            std::memcpy(buffer.base, snapshot_bytes.data(), snapshot_bytes.size());
        }
        const int code = to.fsm()->restore(to.fsm(), &buffer);
        if (code != 0) {
            raft_free(buffer.base);
        }
        return code;
    }

    [[nodiscard]] std::string failure() const {
        return to.last_failure() ? std::string{name_of(to.last_failure()->step)} + ": " +
                                       tests::said(to.last_failure()->what)
                                 : "none";
    }

    Adapter& to;
    raft_buffer* buffers = nullptr;
    unsigned count = 0;
};

using adapter = tintype::raft_machine<machine, list>;

static_assert(!std::is_move_constructible_v<adapter>);

using shared_chunks = tintype::manifest_from<tintype::memory_storage>;

// Everything of a few KiB and more is shared.
tintype::shared_options few_chunks(std::string node) {
    return {.group = "notes", .node = std::move(node), .threshold = 2048, .chunk_size = 1000};
}

std::string some_chunk(const tintype::memory_storage& storage) {
    const auto names = storage.names();
    REQUIRE(names);
    for (const auto& name : *names) {
        if (name.starts_with("notes.blake3-")) {
            return name;
        }
    }
    return {};
}

state sample() {
    return {.commands = 3, .large = tests::noise(10'000, 5), .log = "abc"};
}

} // namespace

TEST_CASE("raft: a command's answer is there until the next one, and a failed one has none") {
    machine user;
    adapter made{user};
    caller<adapter> raft{made};
    CHECK(made.fsm()->version == 2);
    CHECK_FALSE(static_cast<bool>(made.fsm()->snapshot_async));
    void* answer = nullptr;
    REQUIRE(raft.apply("one", &answer) == 0);
    REQUIRE(adapter::answer(answer) != nullptr);
    CHECK(*adapter::answer(answer) == 3);
    REQUIRE(raft.apply("", &answer) == 0);
    CHECK(*adapter::answer(answer) == 3);
    REQUIRE(raft.apply("two", &answer) == 0);
    CHECK(*adapter::answer(answer) == 6);
    CHECK(raft.failure() == "none");

    user.failing_apply = errc::no_space;
    CHECK(raft.apply("three", &answer) == RAFT_NOSPACE);
    CHECK(answer == nullptr);
    CHECK(raft.failure() == "apply: no_space in apply 0/0");
    made.clear_failure();
    CHECK(raft.failure() == "none");
    CHECK(user.now->commands == 3);
}

TEST_CASE("raft: a machine that answers nothing is told nothing") {
    counted_heap heap;
    {
        shelf user;
        tintype::raft_machine<shelf, list> made{user};
        caller<decltype(made)> raft{made};
        void* answer = &user;
        CHECK(raft.apply("one", &answer) == 0);
        CHECK(answer == nullptr);
    }
    CHECK(heap.held() == 0);
}

TEST_CASE("raft: a snapshot is the state's own memory, and stays while commands go on") {
    machine user;
    adapter made{user};
    caller<adapter> raft{made};
    *user.now = sample();
    const auto* large = user.now->large.data();
    const auto expected = *tintype::encode<list>(sample());

    REQUIRE(raft.snapshot() == 0);
    REQUIRE(raft.count == 3);
    CHECK(raft.buffers[1].base == large);
    CHECK(raft.buffers[1].len == 10'000);
    const std::weak_ptr<const state> frozen = user.now;
    for (unsigned i = 0; i != 10; ++i) {
        REQUIRE(raft.apply("later") == 0);
    }
    CHECK(raft.bytes() == expected);
    CHECK(user.now->commands == 13);
    CHECK(user.now->large.data() != large);
    CHECK_FALSE(frozen.expired());
    CHECK(raft.finalize() == 0);
    CHECK(frozen.expired());
    CHECK(raft.buffers == nullptr);
    CHECK(raft.count == 0);

    CHECK(tintype::decode<list, state>(raft.taken()) == *user.now);
}

TEST_CASE("raft: what is copied is the user's to say") {
    machine user;
    *user.now = sample();
    adapter made{user, {.threshold = 10'001}};
    caller<adapter> raft{made};
    REQUIRE(raft.snapshot() == 0);
    for (unsigned i = 0; i != raft.count; ++i) {
        CHECK(raft.buffers[i].base != user.now->large.data());
    }
    CHECK(raft.bytes() == *tintype::encode<list>(sample()));
}

TEST_CASE("raft: one snapshot at a time, and one that nobody finalized goes with the adapter") {
    machine user;
    std::weak_ptr<const state> frozen;
    {
        adapter made{user};
        caller<adapter> raft{made};
        *user.now = sample();
        REQUIRE(raft.snapshot() == 0);
        frozen = user.now;
        const auto bytes = raft.bytes();
        caller<adapter> second{made};
        CHECK(second.snapshot() == RAFT_BUSY);
        CHECK(second.buffers == nullptr);
        CHECK(second.count == 0);
        CHECK(second.failure() == "snapshot: in_use 1/0");
        CHECK(raft.bytes() == bytes);
        REQUIRE(raft.apply("goes on") == 0);
        CHECK_FALSE(frozen.expired());
    }
    CHECK(frozen.expired());
}

TEST_CASE("raft: a snapshot that fails leaves nothing behind") {
    machine user;
    adapter made{user};
    caller<adapter> raft{made};
    *user.now = sample();
    const auto before = *user.now;

    user.failing_freeze = errc::in_use;
    CHECK(raft.snapshot() == RAFT_BUSY);
    CHECK(raft.failure() == "snapshot: in_use in freeze 0/0");
    user.failing_freeze = errc::out_of_memory;
    CHECK(raft.snapshot() == RAFT_NOMEM);
    user.failing_freeze.reset();

    // The log's length is kept in a byte.
    user.now->log.assign(256, 'x');
    CHECK(raft.snapshot() == RAFT_TOOBIG);
    CHECK(raft.failure().starts_with("snapshot: length_overflow in log @"));
    CHECK(raft.buffers == nullptr);
    CHECK(raft.count == 0);
    CHECK(user.now.use_count() == 1);

    *user.now = before;
    CHECK(tintype::decode<list, state>(raft.taken()) == before);
}

TEST_CASE("raft: a snapshot comes back as it was, and its bytes go back to libraft's heap") {
    counted_heap heap;
    machine first;
    *first.now = sample();
    adapter from{first};
    const auto bytes = caller<adapter>{from}.taken();

    machine second;
    second.now->log = "what was there goes";
    adapter made{second};
    caller<adapter> raft{made};
    CHECK(raft.restore(bytes) == 0);
    CHECK(*second.now == sample());
    CHECK(heap.held() == 0);
    CHECK(raft.taken() == bytes);
    REQUIRE(raft.apply("on") == 0);
    CHECK(second.now->log == "abcon");
}

TEST_CASE("raft: damaged bytes are refused, and the state is as it was") {
    counted_heap heap;
    machine user;
    *user.now = {.commands = 1, .large = tests::blob_of("xy"), .log = "ab"};
    adapter made{user, {.threshold = 1}};
    caller<adapter> raft{made};
    const auto bytes = raft.taken();
    const auto before = *user.now;
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        CHECK(raft.restore(byte_view{bytes}.first(size)) != 0);
    }
    for (std::size_t at = 0; at != bytes.size(); ++at) {
        for (const unsigned bit : {1U, 128U}) {
            auto other = bytes;
            other[at] ^= static_cast<std::byte>(bit);
            CHECK(raft.restore(other) != 0);
        }
    }
    CHECK(*user.now == before);

    CHECK(raft.restore({}) == RAFT_CORRUPT);
    CHECK(raft.failure().starts_with("restore: truncated"));
    auto other = bytes;
    other[0] ^= std::byte{1};
    CHECK(raft.restore(other) == RAFT_MALFORMED);
    CHECK(raft.failure().starts_with("restore: invalid_magic"));
    other = bytes;
    other.back() ^= std::byte{1};
    CHECK(raft.restore(other) == RAFT_CORRUPT);
    CHECK(raft.failure().starts_with("restore: checksum_mismatch"));
    CHECK(heap.held() == 0);
}

TEST_CASE("raft: a machine that does not take a state keeps its own") {
    counted_heap heap;
    machine user;
    adapter made{user};
    caller<adapter> raft{made};
    *user.now = sample();
    const auto bytes = raft.taken();
    user.now->log = "mine";
    user.failing_adopt = errc::permission_denied;
    CHECK(raft.restore(bytes) == RAFT_UNAUTHORIZED);
    CHECK(raft.failure() == "restore: permission_denied in adopt 0/0");
    CHECK(user.now->log == "mine");
    CHECK(heap.held() == 0);
}

TEST_CASE("raft: limits hold for what other nodes send") {
    machine user;
    *user.now = sample();
    adapter from{user};
    const auto bytes = caller<adapter>{from}.taken();
    adapter made{user, {.decode = {.limits = {.bytes = 9'999}}}};
    caller<adapter> raft{made};
    CHECK(raft.restore(bytes) == RAFT_TOOBIG);
    CHECK(raft.failure().starts_with("restore: limit_exceeded in large"));
    CHECK(*user.now == sample());
}

TEST_CASE("raft: a codec without a checksum gets one") {
    using guarded = tintype::raft_machine<machine, bare>;
    counted_heap heap;
    machine user;
    *user.now = {.commands = 1, .large = tests::noise(5000), .log = "ab"};
    const auto before = *user.now;
    guarded made{user};
    caller<guarded> raft{made};
    const auto bytes = raft.taken();
    const auto plain = *tintype::encode<bare>(before);
    REQUIRE(bytes.size() == plain.size() + 4);
    CHECK(std::equal(plain.begin(), plain.end(), bytes.begin()));
    CHECK(tintype::load<std::endian::little, std::uint32_t>(bytes.data() + plain.size()) ==
          tintype::hash_of<tintype::crc32c>(plain));

    for (const std::size_t at : {std::size_t{0}, std::size_t{20}, bytes.size() - 4}) {
        auto other = bytes;
        other[at] ^= std::byte{4};
        CHECK(raft.restore(other) == RAFT_CORRUPT);
        CHECK(raft.failure().starts_with("restore: checksum_mismatch @"));
    }
    for (std::size_t size = 0; size != 4; ++size) {
        CHECK(raft.restore(byte_view{bytes}.first(size)) == RAFT_CORRUPT);
        CHECK(raft.failure() == "restore: truncated " + std::to_string(size) + "/4");
    }
    user.now->log = "other";
    REQUIRE(raft.restore(bytes) == 0);
    CHECK(*user.now == before);
    CHECK(heap.held() == 0);

    // Who says that it need not be looked at is believed; what the codec itself finds, it refuses.
    auto other = bytes;
    other[3] ^= std::byte{4};
    guarded trusting{user, {.decode = {.integrity = tintype::integrity::skip}}};
    CHECK(caller<guarded>{trusting}.restore(other) == 0);
    CHECK(*user.now != before);
    using unguarded = tintype::raft_machine<machine, bare, tintype::no_hash>;
    unguarded believing{user};
    CHECK(caller<unguarded>{believing}.restore(plain) == 0);
    CHECK(caller<unguarded>{believing}.taken() == plain);
    CHECK(caller<unguarded>{believing}.restore(bytes) == RAFT_CORRUPT);
    CHECK(heap.held() == 0);
}

TEST_CASE("raft: any codec will do") {
    using texts = tintype::raft_machine<machine, tintype::json<>>;
    machine user;
    *user.now = sample();
    texts made{user};
    caller<texts> raft{made};
    const auto bytes = raft.taken();
    CHECK(tintype::text_of(bytes).starts_with("{\"commands\":3,"));
    user.now->log = "other";
    CHECK(raft.restore(bytes) == 0);
    CHECK(*user.now == sample());
}

TEST_CASE("raft: a view of the restored bytes is not a copy, and keeps them") {
    counted_heap heap;
    const auto bytes = *tintype::encode<list>(sample());
    {
        shelf user;
        tintype::raft_machine<shelf, list> made{user};
        REQUIRE(caller<decltype(made)>{made}.restore(bytes) == 0);
        CHECK(heap.held() == 1);
        const auto large = (*user.shown)->get<"large">();
        const auto held = user.shown->bytes.view();
        CHECK(large.data() > held.data());
        CHECK(large.data() < held.data() + held.size());
        CHECK(std::equal(large.begin(), large.end(), sample().large.begin()));
        CHECK((*user.shown)->get<"log">() == "abc");

        // The next one takes the place of this one, unless it is refused.
        auto bad = bytes;
        bad[40] ^= std::byte{1};
        CHECK(caller<decltype(made)>{made}.restore(bad) == RAFT_CORRUPT);
        CHECK(heap.held() == 1);
        user.failing = true;
        CHECK(caller<decltype(made)>{made}.restore(bytes) == RAFT_NOSPACE);
        CHECK(heap.held() == 1);
        CHECK(user.shown->bytes.view().data() == held.data());
        user.failing = false;
        CHECK(caller<decltype(made)>{made}.restore(bytes) == 0);
        CHECK(heap.held() == 1);
        CHECK(user.shown->bytes.view().data() != held.data());
    }
    CHECK(heap.held() == 0);
}

TEST_CASE("raft: a large snapshot is a manifest, and a small one is as ever") {
    using sharing = tintype::raft_machine<machine, bare, tintype::crc32c, shared_chunks>;
    counted_heap heap;
    const tintype::memory_storage storage;
    machine first;
    sharing from{first, shared_chunks{storage, few_chunks("n1")}};
    caller<sharing> sender{from};
    machine second;
    second.now->log = "mine";
    const auto before = *second.now;
    sharing made{second, shared_chunks{storage, few_chunks("n2")}};
    caller<sharing> raft{made};

    first.now->log = "few";
    const auto small = sender.taken();
    CHECK(storage.names()->empty());
    CHECK(small ==
          caller<tintype::raft_machine<machine, bare>>{
              *std::make_unique<tintype::raft_machine<machine, bare>>(first)}
              .taken());

    *first.now = sample();
    REQUIRE(sender.snapshot() == 0);
    CHECK(sender.count == 1);
    const auto manifest = sender.bytes();
    CHECK(manifest.size() < 1000);
    CHECK(tintype::text_of(manifest).starts_with("TTSHARED"));
    CHECK(sender.finalize() == 0);
    CHECK(storage.names()->size() == 11 + 1);

    // A chunk that is damaged or not there leaves the state as it was, and so does the manifest.
    const auto name = some_chunk(storage);
    const auto chunk = storage.open(name);
    REQUIRE(chunk);
    const auto put = [&](byte_view bytes) {
        auto staged = storage.stage();
        REQUIRE(staged->write(bytes));
        REQUIRE(staged->replace(name));
    };
    put(tests::noise(chunk->bytes().size()));
    CHECK(raft.restore(manifest) == RAFT_CORRUPT);
    CHECK(raft.failure().starts_with("restore: checksum_mismatch in " + name + " @"));
    REQUIRE(storage.remove(name));
    CHECK(raft.restore(manifest) == RAFT_NOTFOUND);
    CHECK(raft.failure().starts_with("restore: not_found in " + name + " @"));
    put(chunk->bytes());
    for (std::size_t at = 0; at != manifest.size(); ++at) {
        auto other = manifest;
        other[at] ^= std::byte{1};
        CHECK(raft.restore(other) != 0);
    }
    for (std::size_t size = 0; size != manifest.size(); ++size) {
        CHECK(raft.restore(byte_view{manifest}.first(size)) != 0);
    }
    second.failing_adopt = errc::no_space;
    CHECK(raft.restore(manifest) == RAFT_NOSPACE);
    second.failing_adopt.reset();
    CHECK(*second.now == before);
    CHECK(heap.held() == 0);

    CHECK(raft.restore(manifest) == 0);
    CHECK(*second.now == sample());
    CHECK(raft.restore(small) == 0);
    CHECK(second.now->log == "few");
    CHECK(heap.held() == 0);
}

TEST_CASE("raft: a view of shared chunks keeps what was fetched, and libraft's buffer goes") {
    using sharing = tintype::raft_machine<shelf, list, tintype::no_hash, shared_chunks>;
    counted_heap heap;
    const tintype::memory_storage storage;
    machine user;
    *user.now = sample();
    tintype::raft_machine<machine, list, tintype::no_hash, shared_chunks> from{
        user, shared_chunks{storage, few_chunks("n1")}};
    const auto manifest = caller<decltype(from)>{from}.taken();
    shelf shown;
    sharing made{shown, shared_chunks{storage, few_chunks("n2")}};
    REQUIRE(caller<sharing>{made}.restore(manifest) == 0);
    CHECK(heap.held() == 0);
    CHECK((*shown.shown)->get<"log">() == "abc");
    const auto large = (*shown.shown)->get<"large">();
    CHECK(std::equal(large.begin(), large.end(), sample().large.begin()));
    CHECK(large.data() > shown.shown->bytes.view().data());
}

TEST_CASE("raft: a snapshot is made aside while commands go on") {
    using sharing = tintype::raft_machine<machine, list, tintype::no_hash, shared_chunks>;
    const tintype::memory_storage storage;
    machine user;
    *user.now = sample();
    sharing made{user, shared_chunks{storage, few_chunks("n1")}, {.aside = true}};
    caller<sharing> raft{made};
    CHECK(made.fsm()->version == 3);
    REQUIRE(raft.snapshot() == 0);
    CHECK(raft.count == 0);
    int code = -1;
    {
        const std::jthread aside{
            [&] { code = made.fsm()->snapshot_async(made.fsm(), &raft.buffers, &raft.count); }};
        for (unsigned i = 0; i != 100; ++i) {
            REQUIRE(raft.apply("later") == 0);
        }
    }
    REQUIRE(code == 0);
    const auto manifest = raft.bytes();
    REQUIRE(raft.finalize() == 0);
    machine second;
    sharing other{second, shared_chunks{storage, few_chunks("n2")}};
    CHECK(caller<sharing>{other}.restore(manifest) == 0);
    CHECK(*second.now == sample());
    CHECK(user.now->commands == 103);

    // What goes wrong there is told when libraft finalizes, and the next one may be made.
    user.now->log.assign(256, 'x');
    CHECK(raft.snapshot_aside() == RAFT_TOOBIG);
    CHECK(raft.failure() == "none");
    caller<sharing> meanwhile{made};
    CHECK(meanwhile.snapshot() == RAFT_BUSY);
    made.clear_failure();
    REQUIRE(raft.finalize() == 0);
    CHECK(raft.failure().starts_with("snapshot: length_overflow in log @"));
    user.now->log = "short";
    REQUIRE(raft.snapshot_aside() == 0);
    CHECK(raft.count == 1);
    CHECK(raft.finalize() == 0);

    // The same without chunks.
    tintype::raft_machine<machine, list> plain{user, {.aside = true}};
    caller<decltype(plain)> all{plain};
    REQUIRE(all.snapshot_aside() == 0);
    CHECK(all.bytes() == *tintype::encode<list>(*user.now));
    CHECK(all.finalize() == 0);

    raft_io io{};
    CHECK_FALSE(tintype::let_work_aside(io));
    CHECK(io.version == 0);
    io.async_work = [](raft_io*, raft_io_async_work*, raft_io_async_work_cb) { return 0; };
    CHECK(tintype::let_work_aside(io));
    CHECK(io.version == 2);
}

TEST_CASE("raft: every code is told as an error, and only two as one that passes") {
    for (unsigned code = 1; name_of(static_cast<errc>(code)) != "unknown"; ++code) {
        CAPTURE(name_of(static_cast<errc>(code)));
        const auto told = tintype::raft_code_of(static_cast<errc>(code));
        CHECK(told > 0);
        CHECK(told <= RAFT_TOOMANY);
        const bool passes =
            static_cast<errc>(code) == errc::in_use || static_cast<errc>(code) == errc::timed_out;
        CHECK((told == RAFT_BUSY) == passes);
    }
}
