// A file that grows, on a filesystem that writes little at a time, runs full and fails: a refused
// write costs nothing, and after a sync that failed nothing is believed any more.

#include <tintype/storage/appended_file.hpp>
#include <tintype/storage/directory.hpp>

#include "crash/intercepted.hpp"
#include "crash/simulated_filesystem.hpp"
#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::call;
using tests::call_kind;
using tests::noise;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::result;

using filesystem = tests::intercepted<tests::simulated_filesystem>;
using storage = tintype::basic_directory<filesystem>;

std::unexpected<tintype::error> failing(int system) {
    return tintype::fail(
        {.code = tintype::code_of(system), .system = system, .during = "a call that fails"});
}

// An object of ten bytes, and what happens to the calls after that.
struct grown {
    grown() {
        auto staged = kept.stage();
        REQUIRE(staged);
        REQUIRE(staged->write(noise(10)));
        REQUIRE(staged->publish("object"));
        hooks->before = [this](call& what) {
            calls.push_back(what.kind);
            return before ? before(what) : result<void>{};
        };
    }

    [[nodiscard]] tintype::appended_file<filesystem> opened() const {
        auto object = kept.append("object");
        REQUIRE_MESSAGE(object.has_value(), said(object));
        return *std::move(object);
    }

    [[nodiscard]] blob bytes() const {
        const auto object = kept.open("object", tintype::access::copy);
        REQUIRE(object);
        return {object->bytes().begin(), object->bytes().end()};
    }

    [[nodiscard]] std::ptrdiff_t count(call_kind kind) const {
        return std::ranges::count(calls, kind);
    }

    std::shared_ptr<tests::interception> hooks = std::make_shared<tests::interception>();
    storage kept{"folder", filesystem{tests::simulated_filesystem{}, hooks}};
    std::function<result<void>(call&)> before{};
    std::vector<call_kind> calls{};
};

blob joined(const blob& first, byte_view second) {
    blob all = first;
    tintype::append(all, second);
    return all;
}

} // namespace

TEST_CASE("pieces are written in order, in as few calls as there can be") {
    grown at;
    auto object = at.opened();
    const blob more = noise(1000, 3);
    std::vector<byte_view> pieces{{}, byte_view{more}.first(1), {}, byte_view{more}.subspan(1)};
    REQUIRE(object.write(pieces));
    CHECK(at.count(call_kind::write) == 1);
    CHECK(at.bytes() == joined(noise(10), more));
    CHECK(object.size() == 1010);
    REQUIRE(object.write(byte_view{}));
    CHECK(at.count(call_kind::write) == 1);
    pieces.assign(17, byte_view{more}.first(1));
    REQUIRE(object.write(pieces));
    CHECK(at.count(call_kind::write) == 4);
    CHECK(object.size() == 1027);
}

TEST_CASE("writes may be short and interrupted at any byte") {
    const blob more = noise(50, 3);
    for (std::size_t piece = 1; piece != 50; ++piece) {
        for (std::size_t at_most = 1; at_most != 30; ++at_most) {
            grown at;
            auto object = at.opened();
            bool interrupted = false;
            at.before = [&](call& what) -> result<void> {
                what.at_most = at_most;
                interrupted = !interrupted && what.kind == call_kind::write;
                return interrupted ? result<void>{failing(EINTR)} : result<void>{};
            };
            const std::vector<byte_view> pieces{byte_view{more}.first(piece),
                                                byte_view{more}.subspan(piece)};
            REQUIRE(object.write(pieces));
            at.before = {};
            CHECK(at.bytes() == joined(noise(10), more));
        }
    }
}

TEST_CASE("a write that finds no space leaves the object as long as it was, durably") {
    for (std::size_t room = 0; room != 20; ++room) {
        grown at;
        auto object = at.opened();
        std::size_t left = room;
        at.before = [&](call& what) -> result<void> {
            if (what.kind != call_kind::write) {
                return {};
            }
            if (left == 0) {
                return failing(ENOSPC);
            }
            what.at_most = std::exchange(left, 0);
            return {};
        };
        const auto refused = object.write(noise(20));
        CHECK(said(refused) == "no_space in object @" + std::to_string(10 + room) + " 0/0");
        at.before = {};
        CHECK(object.size() == 10);
        CHECK(at.bytes() == noise(10));
        CHECK(at.count(call_kind::truncate) == 1);
        CHECK(at.calls.back() != call_kind::truncate); // a sync came behind it
        CHECK(at.count(call_kind::sync) == 1);
        REQUIRE(object.write(noise(5, 2)));
        REQUIRE(object.sync());
        CHECK(at.bytes() == joined(noise(10), noise(5, 2)));
    }
}

TEST_CASE("a disk that takes nothing and says nothing is an error, not a circle") {
    grown at;
    auto object = at.opened();
    at.before = [](call& what) -> result<void> {
        what.at_most = 0;
        return {};
    };
    CHECK(said(object.write(noise(3))) == "io in object @10 0/0");
}

TEST_CASE("what could not be undone or synced is not touched again") {
    for (const auto kind : {call_kind::truncate, call_kind::sync}) {
        grown at;
        auto object = at.opened();
        at.before = [&](call& what) -> result<void> {
            if (what.kind == call_kind::write) {
                return failing(ENOSPC);
            }
            return what.kind == kind ? result<void>{failing(EIO)} : result<void>{};
        };
        CHECK(object.write(noise(3)).error().code == errc::no_space);
        at.before = {};
        at.calls.clear();
        for (const auto& again : {object.write(noise(1)), object.sync(), object.truncate(0)}) {
            CHECK(said(again) == "io in object 0/0");
        }
        CHECK(at.calls.empty());
    }
    grown at;
    auto object = at.opened();
    REQUIRE(object.write(noise(3)));
    at.before = [](call& what) -> result<void> {
        return what.kind == call_kind::sync ? result<void>{failing(EIO)} : result<void>{};
    };
    CHECK(said(object.sync()) == "io in object 0/0");
    at.before = {};
    CHECK(said(object.sync()) == "io in object 0/0");
    CHECK(said(object.write(noise(3))) == "io in object 0/0");
    // Another handle knows nothing of it: it is the owner who must not go on.
    CHECK(at.kept.append("object"));
}

TEST_CASE("each call before the first write may fail") {
    for (const auto kind : {call_kind::open_folder, call_kind::open_to_append, call_kind::size}) {
        grown at;
        at.before = [&](call& what) -> result<void> {
            return what.kind == kind ? result<void>{failing(EIO)} : result<void>{};
        };
        CHECK(at.kept.append("object").error().system == EIO);
    }
    for (const auto kind : {call_kind::open_folder, call_kind::try_lock}) {
        grown at;
        at.before = [&](call& what) -> result<void> {
            return what.kind == kind ? result<void>{failing(EIO)} : result<void>{};
        };
        CHECK(at.kept.claim("object").error().system == EIO);
        at.before = {};
        CHECK(at.kept.claim("object"));
    }
}
