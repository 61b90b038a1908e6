// Every operation through a proxy that does harm to its n-th request or answer, for every n and in
// every manner. One fault alone is always got over, but for what cannot be told from the truth;
// with a service that is gone from the n-th request on, it is an error. Either way nothing that was
// acknowledged is lost, nothing is half there, and no byte is believed that was not written.

#include "proxy.hpp"
#include "scene.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using tests::fault;
using tests::kept;
using tests::proxy;
using tests::store;
using tests::words;
using tintype::blob;
using tintype::errc;

struct manner {
    std::string_view name;
    fault what;
    bool lies = false; // an answer's bytes are changed: what they say may be wrong
    bool gone = false; // from the n-th on, all are harmed
};

constexpr std::chrono::milliseconds patience{400};

std::vector<manner> manners() {
    using kind = fault::kind;
    std::vector<manner> all{
        {"refused", {.what = kind::refuse_request}},
        {"busy", {.what = kind::busy}},
        {"lost", {.what = kind::lose_answer}},
        {"cut at once", {.what = kind::cut_answer, .at = 1}},
        {"cut in its head", {.what = kind::cut_answer, .at = 60}},
        {"cut in its body", {.what = kind::cut_body, .at = 30}},
        {"too late", {.delay = 2 * patience}},
        {"carried out twice", {.what = kind::send_twice}},
        {"said twice", {.what = kind::answer_twice}},
        {"gone before", {.what = kind::refuse_request}, false, true},
        {"gone after", {.what = kind::lose_answer}, false, true},
    };
    for (const std::size_t at : {0U, 45U, 150U, 777U}) {
        all.push_back({"changed", {.what = kind::flip_byte, .at = at}, true});
    }
    return all;
}

struct scene {
    tintype::s3_location where = tests::place();
    store direct = tests::open_store(where);
    store harmed;
    const manner* how = nullptr;

    explicit scene(const proxy& between) : harmed(tests::open_store(through(between), hurried())) {}

    [[nodiscard]] tintype::s3_location through(const proxy& between) const {
        auto other = where;
        other.endpoint = between.endpoint();
        return other;
    }

    static tintype::s3_options hurried() {
        auto options = tests::quick();
        options.timeout = patience;
        options.tries = 3;
        return options;
    }

    // What one fault must not lead to; many may, and lies.
    template <class T>
    void must_be_done(const tintype::result<T>& outcome) const {
        if (!how->gone && !how->lies) {
            CHECK(words(outcome) == "no error");
        }
    }
};

// prepares, acts through the proxy and looks, for every n until the operation is done before.
template <class Prepare, class Act>
void sweep(Prepare prepare, Act act) {
    proxy between{tests::port_of(tests::endpoint())};
    for (const manner& how : manners()) {
        for (std::uint64_t n = 1;; ++n) {
            INFO("the answer number ", n, " is ", how.name);
            INFO("at ", how.what.at);
            scene now{between};
            now.how = &how;
            prepare(now.direct);
            between.harm([&](const proxy::exchange& each) {
                return each.number == n || (how.gone && each.number > n) ? how.what : fault{};
            });
            act(now);
            const auto passed = between.seen();
            std::string told;
            for (const auto& each : passed) {
                told += each.method + " " + each.target + " " + std::to_string(each.status) + "\n";
            }
            INFO(told);
            REQUIRE(passed.size() < 200);
            between.harm();
            if (passed.size() < n) {
                CHECK(n > 1);
                break;
            }
        }
    }
}

const blob small = tests::noise(5000, 1);
const blob large = tests::noise(150'000, 2); // three parts
const blob other = tests::noise(4093, 3);    // as large as what keeps a name

void nothing(const store&) {}

// Only names in the list that can be opened, and nothing left that a sweep does not find.
void is_tidy(const store& storage) {
    const auto names = storage.names();
    REQUIRE(names);
    for (const auto& name : *names) {
        CHECK(kept(storage, name).has_value());
    }
    CHECK(words(storage.sweep(std::chrono::nanoseconds{0})) == "no error");
    CHECK(storage.names().value() == *names);
}

void publishes(const blob& bytes) {
    sweep(nothing, [&](const scene& now) {
        const auto done = tests::put(now.harmed, "object", bytes);
        now.must_be_done(done);
        const auto found = kept(now.direct, "object");
        CHECK((!found || *found == bytes));
        CHECK((!done || found));
        if (!done) {
            // There was no other.
            CHECK(done.error().code != errc::already_exists);
        }
        is_tidy(now.direct);
    });
}

void does_not_publish(const blob& bytes) {
    sweep([](const store& storage) { REQUIRE(tests::put(storage, "object", other)); },
          [&](const scene& now) {
              const auto done = tests::put(now.harmed, "object", bytes);
              CHECK(!done);
              if (!now.how->gone && !now.how->lies) {
                  CHECK(done.error().code == errc::already_exists);
              }
              CHECK(kept(now.direct, "object") == other);
              is_tidy(now.direct);
          });
}

void replaces(const blob& bytes) {
    sweep([](const store& storage) { REQUIRE(tests::put(storage, "object", other)); },
          [&](const scene& now) {
              const auto done = tests::put(now.harmed, "object", bytes, true);
              now.must_be_done(done);
              const auto found = kept(now.direct, "object");
              REQUIRE(found);
              CHECK((*found == bytes || (!done && *found == other)));
              is_tidy(now.direct);
          });
}

void opens(const blob& bytes) {
    sweep([&](const store& storage) { REQUIRE(tests::put(storage, "object", bytes)); },
          [&](const scene& now) {
              const auto object = now.harmed.open("object", tintype::access::map);
              // Changed bytes are asked for again.
              if (!now.how->gone) {
                  CHECK(words(object) == "no error");
              }
              if (object) {
                  CHECK(std::ranges::equal(object->bytes(), bytes));
              }
          });
}

} // namespace

TEST_CASE("harm: publishing") {
    SUBCASE("nothing") {
        publishes({});
    }
    SUBCASE("one request's worth") {
        publishes(small);
    }
    SUBCASE("three parts") {
        publishes(large);
    }
}

TEST_CASE("harm: publishing under a name that is another's") {
    SUBCASE("one request's worth") {
        does_not_publish(small);
    }
    SUBCASE("three parts") {
        does_not_publish(large);
    }
}

TEST_CASE("harm: replacing") {
    SUBCASE("one request's worth") {
        replaces(small);
    }
    SUBCASE("three parts") {
        replaces(large);
    }
}

TEST_CASE("harm: opening") {
    SUBCASE("nothing") {
        opens({});
    }
    SUBCASE("one request's worth") {
        opens(small);
    }
    SUBCASE("three parts") {
        opens(large);
    }
}

TEST_CASE("harm: opening what is not there") {
    sweep(nothing, [](const scene& now) {
        const auto object = now.harmed.open("object", tintype::access::map);
        REQUIRE(!object);
        if (!now.how->gone && !now.how->lies) {
            CHECK(object.error().code == errc::not_found);
        }
    });
}

TEST_CASE("harm: listing") {
    sweep(
        [](const store& storage) {
            REQUIRE(tests::put(storage, "one", small));
            REQUIRE(tests::put(storage, "two", other)); // looked at: it might only keep a name
        },
        [](const scene& now) {
            auto names = now.harmed.names();
            // Nothing vouches for the bytes of a list but the connection's own encryption.
            if (now.how->lies) {
                return;
            }
            now.must_be_done(names);
            if (names) {
                std::ranges::sort(*names);
                CHECK(*names == std::vector<std::string>{"one", "two"});
            }
        });
}

TEST_CASE("harm: removing") {
    sweep(
        [](const store& storage) {
            REQUIRE(tests::put(storage, "object", small));
            REQUIRE(tests::put(storage, "other", other));
        },
        [](const scene& now) {
            const auto done = now.harmed.remove("object");
            now.must_be_done(done);
            if (done) {
                CHECK(*done);
                CHECK(kept(now.direct, "object") == std::nullopt);
            }
            CHECK(kept(now.direct, "other") == other);
        });
}

TEST_CASE("harm: swapping a pointer") {
    const blob first = tests::blob_of("first");
    const blob second = tests::blob_of("second");
    const auto look = [](const scene& now, const tintype::result<std::string>& done,
                         const blob& wanted, const blob* before) {
        now.must_be_done(done);
        const auto found = now.direct.read_pointer("pointer");
        if (done) {
            REQUIRE(found);
            CHECK(found->bytes == wanted);
            CHECK(found->tag == *done);
            return;
        }
        // Nobody else was there.
        CHECK(done.error().code != errc::already_exists);
        if (found) {
            CHECK((found->bytes == wanted || (before != nullptr && found->bytes == *before)));
        } else {
            CHECK(before == nullptr);
            CHECK(found.error().code == errc::not_found);
        }
    };
    SUBCASE("where there was none") {
        sweep(nothing, [&](const scene& now) {
            look(now, now.harmed.swap_pointer("pointer", "", first), first, nullptr);
        });
    }
    SUBCASE("where one was") {
        sweep([&](const store& storage) { REQUIRE(storage.swap_pointer("pointer", "", first)); },
              [&](const scene& now) {
                  const auto tag = now.direct.read_pointer("pointer").value().tag;
                  look(now, now.harmed.swap_pointer("pointer", tag, second), second, &first);
              });
    }
    SUBCASE("that another has changed") {
        sweep(
            [&](const store& storage) {
                const auto tag = storage.swap_pointer("pointer", "", first).value();
                REQUIRE(storage.swap_pointer("pointer", tag, other));
            },
            [&](const scene& now) {
                // The tag of what was there before, as another store gives it.
                const auto apart = tests::open_store();
                const auto old = apart.swap_pointer("pointer", "", first).value();
                const auto done = now.harmed.swap_pointer("pointer", old, second);
                REQUIRE(!done);
                // Of a try that was not answered nobody knows whether the others came after it.
                if (!now.how->gone && !now.how->lies) {
                    CHECK((done.error().code == errc::already_exists ||
                           done.error().during == tintype::outcome_unknown));
                }
                CHECK(now.direct.read_pointer("pointer").value().bytes == other);
            });
    }
}

// Whoever is told so has the name, and nobody else has: also where every third answer is lost.
TEST_CASE("harm: writers race for names while answers are lost") {
    constexpr std::size_t writers = 4;
    constexpr std::size_t names = 24;
    proxy between{tests::port_of(tests::endpoint())};
    const scene now{between};
    between.harm([](const proxy::exchange& each) {
        using kind = fault::kind;
        return each.number % 3 == 0   ? fault{.what = kind::lose_answer}
               : each.number % 7 == 0 ? fault{.what = kind::send_twice}
                                      : fault{};
    });
    std::vector<std::vector<bool>> won(writers, std::vector<bool>(names));
    {
        std::vector<std::jthread> all;
        for (std::size_t me = 0; me != writers; ++me) {
            all.emplace_back([&, me] {
                const auto mine = tests::open_store(now.through(between), tests::quick());
                for (std::size_t i = 0; i != names; ++i) {
                    const auto bytes = tests::noise(i % 4 == 0 ? 70'000 : 100, me);
                    won[me][i] = tests::put(mine, "name-" + std::to_string(i), bytes).has_value();
                }
            });
        }
    }
    for (std::size_t i = 0; i != names; ++i) {
        INFO("name ", i);
        const auto found = kept(now.direct, "name-" + std::to_string(i));
        std::size_t winners = 0;
        for (std::size_t me = 0; me != writers; ++me) {
            if (won[me][i]) {
                ++winners;
                REQUIRE(found);
                CHECK(*found == tests::noise(i % 4 == 0 ? 70'000 : 100, me));
            }
        }
        CHECK(winners == 1);
    }
    is_tidy(now.direct);
}
