// Each call of a switch fails, once or from then on; processes are killed at each call, on a real
// file system. All files are the old ones and there is an error, or they are the new ones after
// the next opening, and state() says which.

#include <tintype/storage/posix.hpp>
#include <tintype/stream/staging.hpp>

#include "support/child.hpp"
#include "support/scratch.hpp"
#include "switch_session.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using tests::call;
using tests::call_kind;
using tests::mutation;
using tests::side;
using tests::switch_case;
using tests::switch_session;
using tests::tally;
using tintype::result;
using tintype::switch_state;

void nothing_violated(const tally& seen) {
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
}

[[nodiscard]] bool never_interrupted(call_kind kind) {
    return kind == call_kind::close || kind == call_kind::size;
}

struct fault {
    int system;
    bool lasts;
};

constexpr fault faults[] = {
    {EIO, false}, {EIO, true}, {ENOSPC, false}, {ENOSPC, true}, {EINTR, false}};

// Fails the nth call of a session's, counted from now.
struct failing {
    failing(switch_session& at, std::size_t nth, fault what) {
        at.refuse = [this, until = at.calls + nth, &at, what](call& each) -> result<void> {
            const bool due = what.lasts ? at.calls >= until : at.calls == until;
            const bool passed_over = what.system == EINTR && never_interrupted(each.kind);
            if (!due || passed_over) {
                return {};
            }
            hit = true;
            return tintype::fail({.code = tintype::code_of(what.system), .system = what.system});
        };
    }

    bool hit = false;
};

void agrees(const switch_session& at, const result<void>& done) {
    if (done) {
        CHECK(at.state() == switch_state::new_files);
    }
    switch (at.state()) {
    case switch_state::old_files:
        CHECK(at.is_old());
        break;
    case switch_state::new_files:
        CHECK(at.is_new());
        break;
    case switch_state::undecided:
        CHECK((at.is_old() || at.is_new()));
        break;
    }
}

using posix = tests::intercepted<tintype::posix_filesystem>;

void fill(const std::string& path, const switch_case& of) {
    const tintype::posix_filesystem fs;
    REQUIRE(fs.make_folder(path));
    auto folder = fs.open_folder(path);
    REQUIRE(folder);
    for (const auto& [name, bytes] : of.old_files) {
        tests::put_file(fs, *folder, name, bytes);
    }
}

// The process is no more, in the middle of what it did.
[[nodiscard]] posix killed_at(std::size_t nth) {
    auto hooks = std::make_shared<tests::interception>();
    hooks->before = [left = nth](call&) mutable -> result<void> {
        if (--left == 0) {
            ::kill(::getpid(), SIGKILL);
        }
        return {};
    };
    return posix{tintype::posix_filesystem{}, std::move(hooks)};
}

template <class F>
[[nodiscard]] bool import(const std::string& path, const switch_case& of, const F& fs) {
    using staging_type = tintype::staging<F>;
    auto staging = staging_type::open(path, {}, fs);
    if (!staging) {
        return false;
    }
    std::vector<typename staging_type::part> parts;
    for (const tintype::blob& content : of.contents) {
        auto part = staging->create();
        if (!part || !staging->write_at(*part, 0, content)) {
            return false;
        }
        parts.push_back(*std::move(part));
    }
    return staging->commit(of.what, parts).has_value();
}

[[nodiscard]] side opened(const std::string& path, const switch_case& of) {
    const auto staging = tintype::staging<>::open(path);
    REQUIRE(staging);
    const auto restored = staging->restored();
    REQUIRE(restored);
    std::string wrong;
    const side found = tests::side_of(of, tintype::posix_filesystem{}, path, *restored, wrong);
    INFO(wrong);
    CHECK(found != side::wrong);
    return found;
}

} // namespace

TEST_CASE("each call of a switch fails") {
    tally seen;
    std::size_t errors = 0;
    std::size_t undecided = 0;
    std::size_t completed_later = 0;
    for (const bool links : {true, false}) {
        for (const fault what : faults) {
            for (std::size_t nth = 1, hit = 1; hit != 0; ++nth) {
                INFO("call ", nth, " errno ", what.system, " lasts ", what.lasts);
                switch_session at{seen, tests::two_files(), mutation::none, {.links = links}};
                at.looks = false;
                failing now{at, nth, what};
                const auto done = at.import();
                hit = now.hit ? 1 : 0;
                if (what.system == EINTR) {
                    CHECK(done);
                    hit = at.calls >= nth ? 1 : 0;
                }
                errors += done ? 0U : 1U;
                undecided += at.state() == switch_state::undecided ? 1U : 0U;
                completed_later += !done && at.state() == switch_state::new_files ? 1U : 0U;
                at.refuse = {};
                CHECK(at.open_again());
                agrees(at, done);
                CHECK((done || hit != 0));
                // Nothing is in the way of the next one.
                at.refuse = {};
                CHECK(at.import());
                CHECK(at.open_again());
                CHECK(at.is_new());
            }
        }
    }
    nothing_violated(seen);
    CHECK(errors > 100);
    CHECK(undecided > 5);
    CHECK(completed_later > 20);
}

TEST_CASE("each call of a switch fails, and then the power") {
    tally seen;
    for (std::size_t nth = 1, hit = 1; hit != 0; ++nth) {
        INFO("call ", nth);
        switch_session at{seen, tests::two_files()};
        failing now{at, nth, {EIO, false}};
        static_cast<void>(at.import(true));
        hit = now.hit ? 1 : 0;
        if (hit != 0) {
            at.refuse = {};
            CHECK(at.open_again());
        }
    }
    nothing_violated(seen);
    CHECK(seen.states.size() > 100);
}

TEST_CASE("each call fails of an opening that completes a switch") {
    tally seen;
    std::size_t errors = 0;
    std::size_t opened_new = 0;
    for (std::size_t gone = 20;; gone += 3) {
        bool done = false;
        for (const fault what : faults) {
            for (std::size_t nth = 1, hit = 1; hit != 0 && !done; ++nth) {
                INFO("gone at ", gone, ", call ", nth, " errno ", what.system);
                switch_session at{seen, tests::two_files()};
                at.looks = false;
                at.refuse = tests::gone_from(at.calls, gone);
                done = at.import().has_value() && at.calls < gone;
                failing now{at, nth, what};
                const auto opened = at.open_again();
                hit = now.hit ? 1 : 0;
                CHECK((opened || hit != 0));
                CHECK((opened || what.system != EINTR));
                errors += opened ? 0U : 1U;
                at.refuse = {};
                CHECK(at.open_again());
                opened_new += at.is_new() ? 1U : 0U;
                if (at.state() != switch_state::undecided) {
                    agrees(at, {tintype::fail({.code = tintype::errc::io})});
                }
            }
        }
        if (done) {
            break;
        }
    }
    nothing_violated(seen);
    CHECK(errors > 200);
    CHECK(opened_new > 200);
}

TEST_CASE("processes are killed at each call, and so are those that come after them") {
    const auto of = tests::two_files();
    std::size_t old_ones = 0;
    std::size_t new_ones = 0;
    for (std::size_t nth = 1;; ++nth) {
        INFO("call ", nth);
        const tests::scratch root;
        const auto path = root / "here";
        fill(path, of);
        tests::child first{[&](int) { return import(path, of, killed_at(nth)) ? 0 : 1; }};
        const int status = first.wait();
        if (status == 0) {
            CHECK(opened(path, of) == side::new_one);
            break;
        }
        REQUIRE(status == -SIGKILL);
        tests::child second{[&](int) {
            return tintype::staging<posix>::open(path, {}, killed_at(nth % 29 + 1)) ? 0 : 1;
        }};
        static_cast<void>(second.wait());
        const side found = opened(path, of);
        old_ones += found == side::old_one ? 1U : 0U;
        new_ones += found == side::new_one ? 1U : 0U;
        CHECK(opened(path, of) == found);
    }
    CHECK(old_ones > 20);
    CHECK(new_ones > 10);
}

namespace {

struct taken {
    std::size_t asked = 0;
    std::size_t replaced = 0;
    bool refuses = false;
    std::string path{};
    std::function<void()> look{}; // before it is replaced
};

// A replacer's content is where it put it, not in the folder.
struct taker {
    std::shared_ptr<taken> seen = std::make_shared<taken>();

    [[nodiscard]] result<bool> takes(const std::string&, const tintype::file_info& what) const {
        ++seen->asked;
        return what.file_type == tintype::file_kind::sqlite_db;
    }

    [[nodiscard]] result<void> replace(const std::string& path, const tintype::file_info&) const {
        ++seen->replaced;
        seen->look();
        if (seen->refuses) {
            return tintype::fail({.code = tintype::errc::invalid_value});
        }
        seen->path = path;
        return {};
    }
};

using taking = tintype::staging<tests::mutated_filesystem, taker>;

// A folder whose database somebody has open, and a process that is gone at one of its calls.
struct open_database {
    explicit open_database(const switch_case& what, std::size_t nth) : of(what) {
        REQUIRE(disk.make_folder(tests::switch_path));
        auto folder = disk.open_folder(tests::switch_path);
        for (const auto& [name, bytes] : of.old_files) {
            tests::put_file(disk, *folder, name, bytes);
        }
        hooks->before = [this, gone = tests::gone_from(calls, nth)](call& each) {
            ++calls;
            return gone(each);
        };
        // No power cut may make anybody believe that nothing was done.
        replacer.seen->look = [this] {
            const auto own = tests::switch_root(disk)->durable.at(".tintype-import")->folder;
            CHECK(own->durable.contains("begun"));
            CHECK(own->durable.contains("journal"));
        };
    }

    open_database(const open_database&) = delete;
    open_database& operator=(const open_database&) = delete;

    [[nodiscard]] bool import() const {
        auto staging = taking::open(tests::switch_path, replacer, fs);
        std::vector<taking::part> parts;
        for (std::size_t i = 0; staging && i != of.contents.size(); ++i) {
            auto part = staging->create();
            if (part && staging->write_at(*part, 0, of.contents[i])) {
                parts.push_back(*std::move(part));
            }
        }
        return staging && parts.size() == of.contents.size() && staging->commit(of.what, parts);
    }

    [[nodiscard]] tests::folder_files files() const {
        return tests::files_at(disk, tests::switch_path);
    }

    const switch_case& of;
    tests::simulated_filesystem disk{};
    std::size_t calls = 0;
    std::shared_ptr<tests::interception> hooks = std::make_shared<tests::interception>();
    tests::mutated_filesystem fs{disk, hooks};
    taker replacer{};
};

} // namespace

TEST_CASE("a replacer takes a database over, whenever the process dies") {
    const auto of = tests::two_files();
    std::size_t again = 0;
    for (std::size_t nth = 1;; ++nth) {
        INFO("call ", nth);
        open_database at{of, nth};
        const bool done = at.import();
        const auto before = std::exchange(at.replacer.seen->replaced, 0);
        const bool finished = at.calls < nth;
        at.hooks->before = {};
        REQUIRE(taking::open(tests::switch_path, at.replacer, at.fs));
        again += before != 0 && at.replacer.seen->replaced != 0 ? 1U : 0U;
        auto expected = of.old_files;
        if (!at.replacer.seen->path.empty()) {
            CHECK(at.replacer.seen->path == tests::switch_path + "/.tintype-import/part-0");
            expected["index_0.idx"] = of.contents[1];
        }
        CHECK(at.files() == expected);
        tests::show_private_folder(at.disk);
        for (const auto& [name, bytes] :
             tests::files_at(at.disk, tests::switch_path + "/.tintype-import")) {
            CHECK((name == "lock" || name == "restored"));
        }
        if (finished) {
            CHECK(done);
            CHECK(at.replacer.seen->replaced == 0);
            break;
        }
    }
    CHECK(again > 5);
}

// Abandoned where that is allowed, by one that dies, too; otherwise it is completed.
TEST_CASE("a switch is abandoned only while all is as it was") {
    const auto of = tests::two_files();
    std::size_t abandoned = 0;
    std::size_t refused = 0;
    for (const bool refuses : {true, false}) {
        for (std::size_t nth = 1; nth != 200; ++nth) {
            INFO("call ", nth, " refuses ", refuses);
            open_database at{of, nth};
            at.replacer.seen->refuses = refuses;
            const bool done = at.import();
            const bool ended = at.calls < nth;
            CHECK(!(done && refuses));
            at.calls = 0;
            at.hooks->before = [&at, gone = tests::gone_from(at.calls, nth % 13 + 3)](call& each) {
                ++at.calls;
                return gone(each);
            };
            static_cast<void>(taking::abandon(tests::switch_path, at.fs));
            at.hooks->before = {};
            const auto dropped = taking::abandon(tests::switch_path, at.fs);
            at.replacer.seen->refuses = false;
            if (dropped && at.replacer.seen->path.empty()) {
                ++abandoned;
                CHECK(at.files() == of.old_files);
                REQUIRE(taking::open(tests::switch_path, at.replacer, at.fs));
                CHECK(at.replacer.seen->path.empty());
                CHECK(at.files() == of.old_files);
            } else {
                refused += dropped ? 0U : 1U;
                REQUIRE(taking::open(tests::switch_path, at.replacer, at.fs));
                CHECK(!at.replacer.seen->path.empty());
                auto expected = of.old_files;
                expected["index_0.idx"] = of.contents[1];
                CHECK(at.files() == expected);
            }
            if (ended) {
                CHECK(dropped);
                break;
            }
        }
    }
    CHECK(abandoned > 40);
    CHECK(refused > 10);
}
