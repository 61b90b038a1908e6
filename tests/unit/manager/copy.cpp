#include <tintype/manager/copy.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::copy_report;
using tintype::copy_unit;
using tintype::errc;
using tintype::memory_storage;
using tintype::result;

using indices = std::vector<std::size_t>;
using names = std::vector<std::string>;

// What happens to a storage: every call is counted, and one of them may fail.
struct happenings {
    int calls = 0;
    int failing = 0;         // the number of the call; 0 for none
    bool done_first = false; // the call that fails does its work first
    errc with = errc::io;
    int held = 0; // locks
    names published{};
    std::function<void(std::string_view)> before_publish{};
    std::function<void(std::string_view)> after_publish{};

    [[nodiscard]] bool fails() { return ++calls == failing; }

    [[nodiscard]] std::unexpected<tintype::error> broken() const {
        return tintype::fail({.code = with, .where = "broken"});
    }
};

struct told_lock {
    std::shared_ptr<happenings> told;

    explicit told_lock(std::shared_ptr<happenings> of) : told(std::move(of)) { ++told->held; }

    told_lock(told_lock&&) = default;
    told_lock& operator=(told_lock&&) = default;

    ~told_lock() {
        if (told != nullptr) {
            --told->held;
        }
    }
};

// `Ranges`: it can be read by ranges, and opening it whole is a failure of the copy.
template <bool Ranges>
class told_storage {
public:
    class staged {
    public:
        staged(tintype::staged_of<memory_storage> inner, std::shared_ptr<happenings> told)
            : inner_(std::move(inner)), told_(std::move(told)) {}

        result<void> write(byte_view bytes) {
            return told_->fails() ? result<void>{told_->broken()} : inner_.write(bytes);
        }

        result<void> publish(std::string_view name) {
            const bool fails = told_->fails();
            if (fails && !told_->done_first) {
                return told_->broken();
            }
            if (told_->before_publish) {
                told_->before_publish(name);
            }
            CHECK(told_->held == 1);
            auto done = inner_.publish(name);
            if (done) {
                told_->published.emplace_back(name);
            }
            if (done && told_->after_publish) {
                told_->after_publish(name);
            }
            return fails ? result<void>{told_->broken()} : done;
        }

        result<void> replace(std::string_view name) { return inner_.replace(name); }

    private:
        tintype::staged_of<memory_storage> inner_;
        std::shared_ptr<happenings> told_;
    };

    [[nodiscard]] result<staged> stage(const tintype::stage_options& options) const {
        if (told->fails()) {
            return told->broken();
        }
        return staged{*inner.stage(options), told};
    }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        auto object = inner.open(name, how);
        return told->fails() ? decltype(object){told->broken()} : std::move(object);
    }

    [[nodiscard]] result<std::size_t> read(std::string_view name, std::uint64_t offset,
                                           tintype::mutable_bytes into) const
    requires Ranges
    {
        if (told->fails()) {
            return told->broken();
        }
        const auto object = inner.open(name);
        if (!object) {
            return tintype::pass(object);
        }
        const auto bytes = object->bytes();
        const auto rest = bytes.subspan(std::min<std::size_t>(offset, bytes.size()));
        const auto size = std::min(rest.size(), into.size());
        tintype::copy_bytes(rest.first(size), into.data());
        return size;
    }

    [[nodiscard]] auto list() const { return inner.list(); }

    [[nodiscard]] auto names() const { return inner.names(); }

    [[nodiscard]] auto remove(std::string_view name) const { return inner.remove(name); }

    [[nodiscard]] result<void> sync() const {
        return told->fails() ? result<void>{told->broken()} : inner.sync();
    }

    [[nodiscard]] result<told_lock> lock() const {
        return told->fails() ? result<told_lock>{told->broken()} : told_lock{told};
    }

    memory_storage inner{};
    std::shared_ptr<happenings> told = std::make_shared<happenings>();
};

template <class S>
void put(const S& storage, std::string_view name, byte_view bytes) {
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->replace(name));
}

template <class S>
blob bytes_in(const S& storage, std::string_view name) {
    const auto object = storage.open(name, tintype::access::copy);
    REQUIRE(object);
    return {object->bytes().begin(), object->bytes().end()};
}

template <class S>
names names_in(const S& storage) {
    auto all = *storage.names();
    std::ranges::sort(all);
    return all;
}

// A chain of three with a pair of objects each, the last empty of data, and one that stands alone.
const std::vector<copy_unit> chain{{"one", {"1.data", "1.meta"}},
                                   {"two", {"2.data", "2.meta"}, 0},
                                   {"three", {"3.data", "3.meta"}, 1},
                                   {"alone", {"4.meta"}}};

memory_storage source() {
    memory_storage from;
    for (const copy_unit& unit : chain) {
        for (const std::string& name : unit.objects) {
            const auto seed = static_cast<std::size_t>(name[0]);
            put(from, name, tests::noise(name == "3.data" ? 0 : 40 + seed, seed));
        }
    }
    return from;
}

constexpr auto any = [](const copy_unit&) { return result<void>{}; };

template <class From, class To, class Check = decltype(any)>
copy_report copied(const From& from, const To& to, Check check = any,
                   const tintype::copy_options& options = {}) {
    return tintype::copy_objects(from, to, std::span{chain}, check, options);
}

template <class To>
bool same(const memory_storage& from, const To& to) {
    return names_in(from) == names_in(to) &&
           std::ranges::all_of(names_in(from), [&](const std::string& name) {
               return bytes_in(from, name) == bytes_in(to, name);
           });
}

// What whoever reads the target finds is whole: no manifest lacks its data or its parent.
template <class To>
void check_usable(const memory_storage& from, const To& to) {
    const auto there = names_in(to);
    const auto has = [&](const std::string& name) { return std::ranges::count(there, name) != 0; };
    for (const copy_unit& unit : chain) {
        if (has(unit.objects.back())) {
            CHECK(std::ranges::all_of(unit.objects, has));
            CHECK((!unit.needs || has(chain[*unit.needs].objects.back())));
        }
    }
    for (const std::string& name : there) {
        CHECK(bytes_in(from, name) == bytes_in(to, name));
    }
}

TEST_CASE_TEMPLATE("everything is copied once, in order, and then passed over", Storage,
                   told_storage<false>, told_storage<true>) {
    const auto from = source();
    const Storage to;
    auto done = copied(from, to);
    CHECK(done.copied == indices{0, 1, 2, 3});
    CHECK(done.skipped.empty());
    CHECK(done.failed.empty());
    CHECK(!done.stopped);
    CHECK(done.bytes == 2 * (40 + '1') + 2 * (40 + '2') + 40 + '3' + 40 + '4');
    CHECK(same(from, to.inner));
    CHECK(to.told->published ==
          names{"1.data", "1.meta", "2.data", "2.meta", "3.data", "3.meta", "4.meta"});
    CHECK(to.told->held == 0);

    REQUIRE(to.inner.remove("2.meta") == true);
    to.told->published.clear();
    done = copied(from, to);
    CHECK(done.copied == indices{1});
    CHECK(done.skipped == indices{0, 2, 3});
    CHECK(done.bytes == 40 + '2');
    CHECK(to.told->published == names{"2.meta"});
    CHECK(same(from, to.inner));
}

TEST_CASE_TEMPLATE("whatever call fails, what is there is usable and the next copy completes it",
                   Storage, told_storage<false>, told_storage<true>) {
    const auto from = source();
    for (const bool done_first : {false, true}) {
        int failing = 1;
        for (;; ++failing) {
            CAPTURE(failing);
            const Storage to;
            to.told->failing = failing;
            to.told->done_first = done_first;
            const auto first = copied(from, to);
            if (to.told->calls < failing) {
                CHECK(first.failed.empty());
                break;
            }
            // The look for what would be left over may fail unnoticed; no other call.
            REQUIRE(first.failed.size() == 1);
            CHECK(said(first.failed[0].what) == "io in broken 0/0");
            CHECK(first.stopped);
            CHECK(to.told->held == 0);
            check_usable(from, to.inner);
            to.told->failing = 0;
            const auto second = copied(from, to);
            CHECK(second.failed.empty());
            CHECK(second.copied.size() + second.skipped.size() == chain.size());
            CHECK(std::ranges::includes(second.skipped, first.copied));
            CHECK(same(from, to.inner));
        }
        CHECK(failing > 30);
    }
}

TEST_CASE("a target that another call says is gone, full or slow stops the copy") {
    const auto from = source();
    for (const errc code : {errc::no_space, errc::permission_denied, errc::timed_out}) {
        const told_storage<true> to;
        to.told->failing = 3;
        to.told->with = code;
        const auto done = copied(from, to);
        REQUIRE(done.failed.size() == 1);
        CHECK(done.failed[0].what.code == code);
        CHECK(done.stopped);
        CHECK(done.copied.empty());
    }
}

TEST_CASE_TEMPLATE("what is there with other bytes is named and stays as it is", Storage,
                   told_storage<false>, told_storage<true>) {
    const auto from = source();
    const auto ours = bytes_in(from, "2.meta");
    auto flipped = ours;
    flipped[60] ^= std::byte{1};
    const auto check = [&](const blob& theirs, std::size_t differs) {
        const Storage to;
        put(to.inner, "2.meta", theirs);
        const auto done = copied(from, to);
        CHECK(done.copied == indices{0, 3});
        REQUIRE(done.failed.size() == 2);
        CHECK(done.failed[0].unit == 1);
        CHECK(said(done.failed[0].what) ==
              "already_exists in 2.meta @" + std::to_string(differs) + " 0/0");
        CHECK(done.failed[1].unit == 2);
        CHECK(said(done.failed[1].what) == "missing_parent in three 0/0");
        CHECK(!done.stopped);
        CHECK(bytes_in(to.inner, "2.meta") == theirs);
        CHECK(names_in(to.inner) == names{"1.data", "1.meta", "2.meta", "4.meta"});
    };
    check(flipped, 60);
    check(blob(ours.begin(), ours.begin() + 10), 10);
    check({}, 0);
    auto longer = ours;
    longer.push_back(std::byte{});
    check(longer, ours.size());
}

TEST_CASE("an empty object is told from one that is not") {
    memory_storage from;
    put(from, "3.data", {});
    const std::vector<copy_unit> one{{"three", {"3.data"}}};
    const told_storage<true> to;
    put(to.inner, "3.data", tests::noise(1, 1));
    const auto done = tintype::copy_objects(from, to, std::span{one}, any);
    REQUIRE(done.failed.size() == 1);
    CHECK(said(done.failed[0].what) == "already_exists in 3.data @0 0/0");
}

TEST_CASE(
    "somebody takes a name meanwhile: with the same bytes it is as good, with others it stays") {
    const auto from = source();
    for (const bool equal : {true, false}) {
        const told_storage<true> to;
        const auto theirs = equal ? bytes_in(from, "2.meta") : tests::noise(7, 7);
        to.told->before_publish = [&](std::string_view name) {
            if (name == "2.meta") {
                put(to.inner, name, theirs);
            }
        };
        const auto done = copied(from, to);
        CHECK(bytes_in(to.inner, "2.meta") == theirs);
        if (equal) {
            CHECK(done.copied == indices{0, 1, 2, 3});
            CHECK(same(from, to.inner));
        } else {
            CHECK(done.copied == indices{0, 3});
            REQUIRE(done.failed.size() == 2);
            CHECK(said(done.failed[0].what) == "already_exists in 2.meta @0 0/0");
            // What was published for it was taken back.
            CHECK(names_in(to.inner) == names{"1.data", "1.meta", "2.meta", "4.meta"});
        }
    }
}

TEST_CASE("what is read back otherwise than it was written is an error and does not stay") {
    const auto from = source();
    const told_storage<true> to;
    to.told->after_publish = [&](std::string_view name) {
        if (name == "2.meta") {
            put(to.inner, name, tests::noise(40 + '2', 99));
        }
    };
    const auto done = copied(from, to);
    CHECK(done.copied == indices{0, 3});
    REQUIRE(done.failed.size() == 2);
    CHECK(said(done.failed[0].what) == "checksum_mismatch in 2.meta @0 0/0");
    CHECK(names_in(to.inner) == names{"1.data", "1.meta", "4.meta"});
    to.told->after_publish = nullptr;
    CHECK(copied(from, to).copied == indices{1, 2});
    CHECK(same(from, to.inner));
}

TEST_CASE("what the check refuses is not copied, nor what needs it; what is missing is told") {
    const auto from = source();
    const memory_storage to;
    const auto done = copied(from, to, [](const copy_unit& unit) -> result<void> {
        return unit.name == "two"
                   ? tintype::fail({.code = errc::truncated, .found = 1, .wanted = 2})
                   : result<void>{};
    });
    CHECK(done.copied == indices{0, 3});
    REQUIRE(done.failed.size() == 2);
    CHECK(said(done.failed[0].what) == "truncated 1/2");
    CHECK(done.failed[1].what.code == errc::missing_parent);

    REQUIRE(from.remove("4.meta") == true);
    const auto again = copied(from, to);
    CHECK(again.copied == indices{1, 2});
    REQUIRE(again.failed.size() == 1);
    CHECK(said(again.failed[0].what) == "not_found in 4.meta 0/0");
    CHECK(!again.stopped);
}

TEST_CASE("what needs a later unit, or itself, is not copied") {
    memory_storage from;
    put(from, "1.data", tests::noise(9, 9));
    for (const std::size_t needs : {std::size_t{0}, std::size_t{5}}) {
        const std::vector<copy_unit> one{{"one", {"1.data"}, needs}};
        const memory_storage to;
        const auto done = tintype::copy_objects(from, to, std::span{one}, any);
        REQUIRE(done.failed.size() == 1);
        CHECK(said(done.failed[0].what) == "missing_parent in one 0/0");
        CHECK(to.names()->empty());
    }
}

TEST_CASE("the watch is told of every byte once, and can stop the copy anywhere") {
    const auto from = source();
    std::uint64_t total = 0;
    const auto listed = from.list();
    REQUIRE(listed);
    for (const auto& each : *listed) {
        total += each.size;
    }
    for (std::size_t stop_at = 1;; ++stop_at) {
        CAPTURE(stop_at);
        std::size_t told = 0;
        tintype::progress last;
        std::stop_source stop;
        auto callback = [&](tintype::progress now) {
            CHECK(now.done >= last.done);
            last = now;
            if (++told == stop_at) {
                stop.request_stop();
            }
        };
        const tintype::monitor watch{callback, stop.get_token()};
        const memory_storage to;
        const auto done = copied(from, to, any, {.watch = &watch, .total = total});
        CHECK(last.total == total);
        check_usable(from, to);
        if (told < stop_at) {
            CHECK(last.done == total);
            CHECK(done.failed.empty());
            CHECK(stop_at > 10);
            return;
        }
        REQUIRE(done.failed.size() == 1);
        CHECK(done.failed[0].what.code == errc::cancelled);
        CHECK(done.stopped);
        CHECK(copied(from, to).failed.empty());
        CHECK(same(from, to));
    }
}

TEST_CASE("objects of several pieces, between folders, and the difference in any of them") {
    constexpr std::size_t piece = tintype::detail::piece_at_once;
    const tests::scratch place;
    const tintype::directory from{place / "from"};
    const tintype::directory to{place / "to"};
    const std::vector<copy_unit> one{{"one", {"big"}}};
    for (const std::size_t size : {piece - 1, piece, piece + 1, 2 * piece}) {
        CAPTURE(size);
        const auto bytes = tests::noise(size, size);
        put(from, "big", bytes);
        auto done = tintype::copy_objects(from, to, std::span{one}, any);
        CHECK(done.copied == indices{0});
        CHECK(done.bytes == size);
        CHECK(bytes_in(to, "big") == bytes);
        const told_storage<true> ranged;
        put(ranged.inner, "big", bytes);
        CHECK(tintype::copy_objects(from, ranged, std::span{one}, any).skipped == indices{0});
        auto longer = bytes;
        longer.push_back(std::byte{});
        put(ranged.inner, "big", longer);
        done = tintype::copy_objects(from, ranged, std::span{one}, any);
        REQUIRE(done.failed.size() == 1);
        CHECK(done.failed[0].what.offset == size);
        longer.resize(size - 1);
        put(ranged.inner, "big", longer);
        done = tintype::copy_objects(from, ranged, std::span{one}, any);
        REQUIRE(done.failed.size() == 1);
        CHECK(done.failed[0].what.offset == size - 1);
        REQUIRE(to.remove("big") == true);
    }
}

} // namespace
