// Every call of the storage below fails once, before it did anything or after it did, and every
// object below is damaged, in every way: what was acknowledged is there, in order, or an error says
// that something is missing. It never is only shorter.

#include <tintype/storage/memory.hpp>
#include <tintype/storage/segments.hpp>

#include "support/bytes.hpp"
#include "support/growing.hpp"
#include "support/unappendable.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace {

using tests::grow;
using tests::noise;
using tests::put_object;
using tests::read_object;
using tests::segment_names;
using tests::storage_call;
using tests::storage_fault;
using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::memory_storage;
using tintype::segmented;

using below = tests::unappendable<>;

constexpr std::size_t whole = 220;

// The object is at each moment a beginning of the same bytes, however often it was cut.
class life {
public:
    life(std::size_t nth, storage_fault fault, std::size_t keep_from)
        : keep_from_(keep_from), nth_(nth), fault_(fault) {
        store_.hooks().on = [this](storage_call, std::string_view) {
            return counts_ && ++calls_ == nth_ ? fault_ : storage_fault::none;
        };
    }

    void run() {
        if (keep_from_ == 0) {
            live(segmented{store_, {.merge_from = 3, .merge_grace = {}}});
        } else {
            live(segmented{store_,
                           tintype::seal_from{local_, keep_from_},
                           {.merge_from = 3, .merge_grace = {}}});
        }
    }

    [[nodiscard]] std::size_t calls() const { return calls_; }

    // The fault came in a step whose outcome it decides, and that step said so.
    [[nodiscard]] bool reported() const { return reported_; }

private:
    template <class Storage>
    void live(const Storage& storage) {
        if (!put_object(storage, "log", byte_view{bytes_}.first(10))) {
            reported_ = true;
            const auto again = put_object(storage, "log", byte_view{bytes_}.first(10));
            REQUIRE((again || again.error().code == errc::already_exists));
        }
        acknowledged_ = 10;
        check(storage);
        until(storage, 110, 20);
        cut(storage, 75);
        until(storage, 140, 30);
        cut(storage, 3);
        until(storage, whole, 50);
        counts_ = false;
        REQUIRE(storage.seal("log"));
        check(storage);
        CHECK(acknowledged_ == whole);
        CHECK(storage.list()->front().size == whole);
        CHECK(storage.append("log")->size() == whole);
        REQUIRE(storage.sweep({}));
        CHECK(segment_names(store_).size() <= 12);
        check(storage);
    }

    template <class Storage>
    void until(const Storage& storage, std::size_t end, std::size_t step) {
        for (int tries = 0; acknowledged_ != end; ++tries) {
            REQUIRE(tries != 4);
            auto object = storage.append("log");
            if (!object) {
                reported_ = true;
                continue;
            }
            REQUIRE(object->size() >= acknowledged_);
            REQUIRE(object->size() <= end);
            for (std::size_t at = object->size(); acknowledged_ != end;) {
                const auto next = std::min(step, end - at);
                const auto done = grow(*object, byte_view{bytes_}.subspan(at, next));
                if (!done) {
                    reported_ = true;
                    check(storage);
                    break;
                }
                at += next;
                acknowledged_ = at;
                check(storage);
            }
        }
    }

    template <class Storage>
    void cut(const Storage& storage, std::size_t size) {
        for (int tries = 0; acknowledged_ != size; ++tries) {
            REQUIRE(tries != 3);
            auto object = storage.append("log");
            acknowledged_ = std::min(acknowledged_, size); // either, from now on
            if (object && object->truncate(size) && object->sync()) {
                CHECK(object->size() == size);
            } else {
                reported_ = true;
                acknowledged_ = whole; // so that it is tried again
            }
            if (acknowledged_ == size) {
                check(storage);
            }
        }
    }

    // As the same program sees it, and another.
    template <class Storage>
    void check(const Storage& storage) {
        const bool counts = std::exchange(counts_, false);
        right(read_object(storage, "log"));
        if (keep_from_ == 0) {
            right(read_object(segmented{store_.elsewhere()}, "log"));
        } else {
            const tintype::seal_from tail{local_, keep_from_};
            right(read_object(segmented{store_.elsewhere(), tail}, "log"));
        }
        counts_ = counts;
    }

    void right(const std::optional<blob>& now) const {
        REQUIRE(now);
        CHECK((now->size() >= acknowledged_ && now->size() <= whole &&
               std::ranges::equal(*now, byte_view{bytes_}.first(now->size()))));
    }

    blob bytes_ = noise(whole);
    std::size_t keep_from_; // 0: each sync seals
    std::size_t nth_;
    storage_fault fault_;
    below store_{};
    memory_storage local_{};
    bool counts_ = true;
    std::size_t calls_ = 0;
    std::size_t acknowledged_ = 0;
    bool reported_ = false;
};

void each_call_fails_once(std::size_t keep_from) {
    std::size_t lives = 0;
    std::size_t reported = 0;
    for (const auto fault : {storage_fault::before, storage_fault::after}) {
        for (std::size_t nth = 1;; ++nth) {
            INFO("call ", nth, ", ", fault == storage_fault::before ? "before" : "after");
            life one{nth, fault, keep_from};
            one.run();
            if (one.calls() < nth) {
                CHECK(!one.reported());
                break;
            }
            ++lives;
            reported += one.reported() ? 1U : 0U;
        }
    }
    CHECK(lives > 100);
    CHECK(reported > lives / 4);
}

// A log of a head and segments, some of them merged, beside what was merged.
blob made(const below& store, std::size_t merge_from) {
    const segmented storage{store, {.merge_from = merge_from}};
    const blob bytes = noise(10 + 8 * 40);
    REQUIRE(put_object(storage, "log", byte_view{bytes}.first(10)));
    auto object = storage.append("log");
    REQUIRE(object);
    for (std::size_t i = 0; i != 8; ++i) {
        REQUIRE(grow(*object, byte_view{bytes}.subspan(10 + i * 40, 40)));
    }
    return bytes;
}

} // namespace

TEST_CASE("each call fails once, and nothing that was acknowledged is lost") {
    each_call_fails_once(0);
}

TEST_CASE("each call fails once beside a kept tail, and nothing that was acknowledged is lost") {
    each_call_fails_once(40);
}

TEST_CASE("of an object whose parts are damaged nothing is read, or all of it") {
    const below store;
    const blob bytes = made(store, 3);
    const auto names = *store.names();
    REQUIRE(names.size() > 4);
    std::size_t refused = 0;
    std::size_t read = 0;
    const auto look = [&] {
        const below again = store.elsewhere();
        again.hooks().on = [](storage_call kind, std::string_view) {
            return kind == storage_call::remove ? storage_fault::before : storage_fault::none;
        };
        const segmented storage{again};
        const auto now = storage.open("log");
        if (now) {
            CHECK(std::ranges::equal(now->bytes(), bytes));
            ++read;
        } else {
            ++refused;
        }
        // Whoever appends goes on behind all of it, or not at all.
        const auto object = storage.append("log");
        CHECK((!object || object->size() == bytes.size()));
        REQUIRE(storage.list());
    };
    for (const auto& name : names) {
        INFO(name);
        const blob good = *read_object(store, name);
        const auto put_back = [&](byte_view changed) {
            REQUIRE(put_object(store, name, changed, true));
            look();
            REQUIRE(put_object(store, name, good, true));
        };
        for (std::size_t i = 0; i != 64; ++i) {
            auto bad = good;
            bad[i] ^= std::byte{1} << (i % 8);
            put_back(bad);
        }
        // A head of which nothing is left is no head any more, nor one of a few characters.
        for (std::size_t size = name == "log" ? 8 : 0; size != good.size(); ++size) {
            put_back(byte_view{good}.first(size));
        }
        auto longer = good;
        longer.push_back(std::byte{0});
        put_back(longer);
    }
    CHECK(refused > 200);
    CHECK(read > 0); // of what was merged, and is not looked at any more
    look();
}

TEST_CASE("a missing segment is told by those behind it, and others' are no part of it") {
    const below store;
    const blob bytes = made(store, 0);
    const segmented storage{store};
    const auto names = segment_names(store);
    REQUIRE(names.size() >= 3);
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        const auto good = *read_object(store, names[i]);
        REQUIRE(store.remove(names[i]));
        const auto refused = segmented{store.elsewhere()}.open("log");
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::incomplete_stream);
        CHECK(!segmented{store.elsewhere()}.append("log"));
        const auto listed = storage.list();
        REQUIRE(listed);
        CHECK(listed->front().size < bytes.size());
        REQUIRE(put_object(store, names[i], good));
    }
    // One that is listed and never there.
    store.hooks().on = [&](storage_call kind, std::string_view name) {
        return kind == storage_call::open && name == names[1] ? storage_fault::before
                                                              : storage_fault::none;
    };
    CHECK(!storage.open("log"));
    store.hooks().on = {};

    const auto last = *read_object(store, names.back());
    const std::string beginning = names.back().substr(0, names.back().size() - 16);
    for (const std::string& name :
         {beginning + "0000000000000011",                  // inside another
          beginning + "x", beginning + "000000000000014A", // no segment's name
          std::string{"tintype.segment-"}, "tintype.segment-" + std::string(200, '0'),
          tintype::detail::segments_of("log", std::string(32, '0')) + "000000000000014a",
          tintype::detail::segments_of("lag", std::string(32, '0')) + "000000000000014a"}) {
        INFO(name);
        REQUIRE(put_object(store, name, last));
        CHECK(read_object(segmented{store.elsewhere()}, "log") == bytes);
        CHECK(storage.list()->size() == 1);
        REQUIRE(store.remove(name));
    }
    // Before the head ends none can begin.
    REQUIRE(put_object(store, beginning + "0000000000000001", last));
    CHECK(storage.open("log").error().code == errc::trailing_bytes);
    REQUIRE(store.remove(beginning + "0000000000000001"));
    // Where one could be, but it says that it is another, or nothing.
    for (const blob& content : {last, blob{}, noise(64), noise(100), blob(64)}) {
        REQUIRE(put_object(store, beginning + "000000000000014a", content));
        CHECK(!segmented{store.elsewhere()}.open("log"));
        CHECK(!segmented{store.elsewhere()}.append("log"));
        REQUIRE(store.remove(beginning + "000000000000014a"));
    }
    CHECK(read_object(segmented{store.elsewhere()}, "log") == bytes);
}
