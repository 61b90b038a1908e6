// Random lives of a history against a plain list of its snapshots: what is there is exactly what
// was appended, whatever happened since. What fails is printed as the shortest life that does, with
// the seed: see chain.cpp for how to repeat it.

#include <tintype/delta/reader.hpp>
#include <tintype/storage/memory.hpp>

#include "support/histories.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <ostream>
#include <rapidcheck.h>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tests::complaint;
using tests::plain_history;
using tests::sample;
using tests::sample_second;
using tests::sample_start;
using tintype::memory_storage;

enum class deed : std::uint8_t {
    append, // what became of the last
    other,  // something else altogether
    jump,   // the snapshots' time, either way
    cleanup,
    compact,
    flush,
    crash, // what was not flushed is gone, or some of it
    reopen,
    get,
    query,
    scan,
    changes,
    look, // a reader's
};

constexpr std::array<std::string_view, 13> names{
    "append", "other", "jump",  "cleanup", "compact", "flush", "crash",
    "reopen", "get",   "query", "scan",    "changes", "look"};

struct step {
    deed what{};
    std::uint32_t number = 0; // says what exactly
};

struct life {
    std::vector<step> steps;
};

std::ostream& operator<<(std::ostream& out, const step& of) {
    return out << names[static_cast<std::size_t>(of.what)] << " " << of.number;
}

std::ostream& operator<<(std::ostream& out, const life& of) {
    for (const step& each : of.steps) {
        out << "\n  " << each;
    }
    return out;
}

rc::Gen<life> lives(int longest) {
    const auto what = rc::gen::weightedElement<deed>({
        {40, deed::append},
        {3, deed::other},
        {2, deed::jump},
        {9, deed::cleanup},
        {2, deed::compact},
        {3, deed::flush},
        {3, deed::crash},
        {3, deed::reopen},
        {8, deed::get},
        {4, deed::query},
        {3, deed::scan},
        {4, deed::changes},
        {3, deed::look},
    });
    const auto one = rc::gen::build<step>(
        rc::gen::set(&step::what, what),
        rc::gen::set(&step::number, rc::gen::inRange<std::uint32_t>(0, 1U << 20U)));
    return rc::gen::map(rc::gen::resize(longest, rc::gen::container<std::vector<step>>(
                                                     rc::gen::resize(rc::kNominalSize, one))),
                        [](std::vector<step> steps) { return life{std::move(steps)}; });
}

using occurrences = std::map<std::string_view, std::uint64_t>;

// Every other snapshot with an even second, and so the same ones each time.
class even_seconds {
public:
    [[nodiscard]] static bool keeps(const tintype::snapshot_facts& facts) noexcept {
        return facts.time / sample_second % 2 == 0;
    }
};

class story {
    using store = tintype::delta_store<sample, memory_storage>;
    using reader = tintype::delta_reader<sample, memory_storage>;

public:
    story(occurrences& seen, std::uint32_t kind) : seen_(seen), interval_(1 + kind % 7) { open(); }

    [[nodiscard]] complaint live(const life& of) {
        for (const step& each : of.steps) {
            ++seen_["steps"];
            ++seen_[names[static_cast<std::size_t>(each.what)]];
            if (auto wrong = done(each)) {
                std::ostringstream out;
                out << "at " << each << ": " << *wrong;
                return out.str();
            }
        }
        if (auto wrong = tests::holds(*held_, plain_)) {
            return "at last: " + *wrong;
        }
        open();
        auto wrong = tests::holds(*held_, plain_);
        return wrong ? "opened again: " + *wrong : wrong;
    }

private:
    void open() {
        held_.reset();
        auto opened =
            store::open(storage_, "history",
                        {.keyframe_interval = interval_, .flush = tintype::flush_on_request{}});
        RC_ASSERT(opened.has_value());
        held_.emplace(*std::move(opened));
    }

    [[nodiscard]] complaint done(const step& of) {
        tintype::splitmix64 random{of.number};
        switch (of.what) {
        case deed::append:
            last_ = tests::changed(last_, of.number);
            return append();
        case deed::other:
            last_ = sample{.timestamp_ns = last_.timestamp_ns,
                           .fingerprint = std::string(of.number % 3, '\0'),
                           .metrics = {},
                           .ticks = {},
                           .notes = {},
                           .level = of.number,
                           .good = false};
            for (std::uint32_t i = 0; i != of.number % 5; ++i) {
                last_ = tests::changed(last_, random());
            }
            return append();
        case deed::jump:
            last_.timestamp_ns = sample_start + random() % 200 * sample_second;
            return std::nullopt;
        case deed::cleanup:
            return cleanup(random);
        case deed::compact:
            return good(held_->compact());
        case deed::flush:
            return good(held_->flush());
        case deed::crash:
            return crash(random);
        case deed::reopen: {
            open();
            return tests::gives_back(*held_, plain_);
        }
        case deed::get:
            return get(random() % (plain_.next + 2));
        case deed::query:
            return query(random);
        case deed::scan:
            return tests::gives_back(*held_, plain_);
        case deed::changes:
            return tests::answers(*held_, plain_, name(random), range(random));
        case deed::look: {
            if (!reader_) {
                auto opened = reader::open(storage_, "history");
                RC_ASSERT(opened.has_value());
                reader_.emplace(*std::move(opened));
            } else if (auto wrong = tests::gives_back(*reader_, seen_then_)) {
                return "a reader: " + *wrong;
            } else if (auto again = reader_->refresh(); !again) {
                return tintype::message(again.error());
            }
            seen_then_ = plain_;
            return tests::gives_back(*reader_, plain_);
        }
        }
        return std::nullopt;
    }

    static complaint good(const tintype::result<void>& outcome) {
        return outcome ? complaint{} : tintype::message(outcome.error());
    }

    [[nodiscard]] complaint append() {
        const auto index = held_->append(last_);
        if (!index || *index != plain_.next) {
            return "it is not appended";
        }
        plain_.add(last_);
        return get(*index);
    }

    [[nodiscard]] complaint get(std::uint64_t index) const {
        const auto got = held_->get(index);
        const auto wanted = plain_.kept.find(index);
        if (wanted == plain_.kept.end()) {
            return got ? complaint{"what is gone is there"} : complaint{};
        }
        if (!got) {
            return tintype::message(got.error());
        }
        return tintype::identical(*got, wanted->second) ? complaint{} : "another than was appended";
    }

    static const std::string& name(tintype::splitmix64& random) {
        return tests::sample_names[random() % tests::sample_names.size()];
    }

    static tintype::time_range range(tintype::splitmix64& random) {
        if (random() % 2 == 0) {
            return {};
        }
        const std::uint64_t from = random() % 100;
        return {sample_start + from * sample_second,
                sample_start + (from + random() % 60) * sample_second};
    }

    [[nodiscard]] complaint query(tintype::splitmix64& random) const {
        tintype::history_query what{.time = range(random)};
        if (random() % 3 == 0) {
            what.label = name(random);
        }
        if (random() % 3 == 0) {
            what.metric = "metrics." + name(random);
        }
        if (random() % 3 == 0) {
            what.limit = random() % 9;
        }
        if (random() % 3 == 0) {
            what.start = random() % (plain_.next + 1);
        }
        if (random() % 2 == 0) {
            what.bytes = 1 + random() % 2000;
        }
        return tests::pages(*held_, plain_, what);
    }

    // What is let go by age goes from the front, and what is thinned is told by its number.
    [[nodiscard]] complaint cleanup(tintype::splitmix64& random) {
        const std::uint64_t now = last_.timestamp_ns + random() % 40 * sample_second;
        const auto age = [&] { return std::chrono::seconds{random() % 60}; };
        const bool thin = random() % 8 == 0;
        tintype::cleanup_options<even_seconds> thinning{
            .raw_max_age = age(),
            .compressed_max_age = age(),
            .archive_max_age = age() + age() + age(),
            .archive_block = 1 + random() % 40,
            .moves = random() % 4 == 0 ? random() % 4 : ~std::uint64_t{0},
            .compact = random() % 4 != 0,
            .tolerated_waste = random() % 3 == 0 ? 0U : 2000U};
        const tintype::cleanup_options<> all{.raw_max_age = thinning.raw_max_age,
                                             .compressed_max_age = thinning.compressed_max_age,
                                             .archive_max_age = thinning.archive_max_age,
                                             .archive_block = thinning.archive_block,
                                             .moves = thinning.moves,
                                             .compact = thinning.compact,
                                             .tolerated_waste = thinning.tolerated_waste};
        const auto outcome = thin ? held_->cleanup(now, thinning) : held_->cleanup(now, all);
        if (!outcome) {
            return tintype::message(outcome.error());
        }
        const auto past =
            static_cast<std::uint64_t>(std::chrono::nanoseconds{thinning.archive_max_age}.count());
        std::uint64_t dropped = 0;
        while (!plain_.kept.empty() && plain_.kept.begin()->second.timestamp_ns < now - past) {
            plain_.kept.erase(plain_.kept.begin());
            ++dropped;
        }
        std::uint64_t thinned = 0;
        if (thin) {
            for (auto each = plain_.kept.begin(); each != plain_.kept.end();) {
                const bool gone = !held_->get(each->first);
                if (gone && each->second.timestamp_ns / sample_second % 2 == 0) {
                    return "what the policy keeps is gone";
                }
                thinned += gone ? 1 : 0;
                each = gone ? plain_.kept.erase(each) : std::next(each);
            }
        }
        if (outcome->dropped != dropped || outcome->thinned != thinned || outcome->damaged != 0) {
            return std::to_string(outcome->dropped) + " were dropped and " +
                   std::to_string(outcome->thinned) + " thinned, not " + std::to_string(dropped) +
                   " and " + std::to_string(thinned);
        }
        seen_["snapshots compressed"] += outcome->compressed;
        seen_["snapshots archived"] += outcome->archived;
        seen_["snapshots dropped"] += dropped;
        seen_["snapshots thinned"] += thinned;
        seen_["compactions"] += outcome->compacted ? 1U : 0U;
        if (!held_->lost().empty()) {
            return "something is lost";
        }
        return tests::gives_back(*held_, plain_);
    }

    // Of what was not flushed a beginning stays; the bytes behind it may be anything.
    [[nodiscard]] complaint crash(tintype::splitmix64& random) {
        const std::uint64_t durable = held_->durable_size();
        const std::uint64_t size = held_->size();
        held_.reset();
        reader_.reset();
        const std::uint64_t left = durable + random() % (size - durable + 1);
        {
            auto object = storage_.append("history").value();
            static_cast<void>(object.truncate(left));
            if (random() % 2 == 0) {
                tintype::blob noise(random() % 50);
                for (std::byte& each : noise) {
                    each = static_cast<std::byte>(random());
                }
                static_cast<void>(object.write(tintype::byte_view{noise}));
            }
        }
        open();
        // Cleanups flush, so what is missing now are the last that were appended, unflushed.
        if (!held_->lost().empty() || !held_->damage().empty()) {
            return "a tail that is gone is no damage";
        }
        const std::uint64_t next = held_->next_index();
        if (next > plain_.next) {
            return "more than was appended";
        }
        plain_.kept.erase(plain_.kept.lower_bound(next), plain_.kept.end());
        seen_["snapshots that a crash took"] += plain_.next - next;
        plain_.next = next;
        return held_->size() < durable ? complaint{"what was durable is gone"}
                                       : tests::gives_back(*held_, plain_);
    }

    occurrences& seen_;
    std::uint64_t interval_;
    memory_storage storage_{};
    std::optional<store> held_{};
    std::optional<reader> reader_{};
    sample last_ = tests::sample_at(0);
    plain_history plain_{};
    plain_history seen_then_{};
};

} // namespace

TEST_CASE("a history is what a plain list of its snapshots is") {
    static const std::string given = [] {
        const char* text = std::getenv("RC_PARAMS");
        return std::string{text != nullptr ? text : ""};
    }();
    ::setenv("RC_PARAMS", ("max_success=8000 " + given).c_str(), 1);
    occurrences seen;
    std::size_t lived = 0;
    const bool good = rc::check("a history", [&] {
        const auto kind = *rc::gen::inRange<std::uint32_t>(0, 7);
        const auto all = *lives(120);
        ++lived;
        story one{seen, kind};
        if (const auto wrong = one.live(all)) {
            RC_FAIL(*wrong);
        }
    });
    CHECK(good);
    for (const auto& [what, count] : seen) {
        std::printf("%10zu %s\n", static_cast<std::size_t>(count), std::string{what}.c_str());
    }
    std::printf("%zu histories\n", lived);
}
