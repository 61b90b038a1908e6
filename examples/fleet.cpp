// A fleet keeps one logbook in a bucket. Its ships, a process each, save their reports into it at
// the same time, without a lock; the harbour master prunes it meanwhile; a historian reads back
// what was acknowledged. In the middle something happens to the store, if a command is given for
// that: an OSD of a Ceph is killed. At the end all is counted: what was acknowledged is there,
// whole, or was pruned by the rule; every number was given once.
//
//   fleet [--ships N] [--seconds S] [--keep N] [--plain] [--in-the-middle COMMAND]
//   s3://BUCKET/PREFIX
//
// The endpoint and the keys come from the environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY.

#include <tintype/core/message.hpp>
#include <tintype/fmt.hpp>

#include "fleet/crew.hpp"
#include "fleet/report.hpp"

#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using fleet::deed;
using fleet::told;

struct voyage {
    tintype::s3_location bucket;
    std::uint32_t ships = 5;
    std::chrono::seconds lasts{20};
    std::size_t keep = 40;
    std::string in_the_middle;
    bool colour = true;
};

std::uint32_t milliseconds_since(clock_type::time_point start) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - start).count());
}

template <tintype::retention_policy Retention>
auto opened(const voyage& of, Retention retention) {
    return fleet::logbook<Retention>::open(tintype::s3_storage{of.bucket}, std::move(retention));
}

void complain(std::string_view who, const tintype::error& what) {
    fmt::print(stderr, "  {}: {}\n", who, tintype::message(what));
}

// Saves one report after the other. A save that failed may have been done all the same: its report
// is given up, and the next is another.
template <class Say>
void sail(const voyage& of, std::uint32_t ship, clock_type::time_point until, Say say) {
    const auto book = opened(of, tintype::keep_all{});
    for (std::uint32_t number = 1; book && clock_type::now() < until; ++number) {
        const auto start = clock_type::now();
        const auto saved = book->save(fleet::report_of(ship, number));
        if (!saved) {
            complain(fmt::format("ship {}", ship), saved.error());
        }
        say(told{.what = saved ? deed::saved : deed::trouble,
                 .ship = ship,
                 .number = number,
                 .version = saved ? static_cast<std::uint32_t>(saved->version) : 0,
                 .milliseconds = milliseconds_since(start)});
    }
}

template <class Say>
void prune(const voyage& of, clock_type::time_point until, Say say) {
    const auto book = opened(of, tintype::keep_last{tintype::positive::of(of.keep).value()});
    while (book && clock_type::now() < until) {
        const auto start = clock_type::now();
        const auto done = book->prune();
        if (!done || !done->failures.empty()) {
            complain("the harbour master", done ? done->failures.front() : done.error());
            say(told{.what = deed::trouble, .milliseconds = milliseconds_since(start)});
        }
        for (std::size_t i = 0; done && i != done->removed.size(); ++i) {
            say(told{.what = deed::removed,
                     .version = static_cast<std::uint32_t>(done->removed[i])});
        }
        std::this_thread::sleep_for(250ms);
    }
}

// Nothing that was found under a number may be anything but what its ship reported.
template <class Say>
void read_back(const voyage& of, clock_type::time_point until, Say say) {
    const auto book = opened(of, tintype::keep_all{});
    while (book && clock_type::now() < until) {
        const auto start = clock_type::now();
        const auto latest = book->load_latest();
        told what{.what = deed::restored, .milliseconds = milliseconds_since(start)};
        if (latest) {
            what.version = static_cast<std::uint32_t>(latest->version);
            what.ship = latest->state.ship;
            what.number = latest->state.number;
            if (latest->state != fleet::report_of(what.ship, what.number)) {
                what.what = deed::wrong;
            }
        } else if (latest.error().code == tintype::errc::not_found) {
            std::this_thread::sleep_for(50ms); // nobody has saved yet
            continue;
        } else {
            complain("the historian", latest.error());
            const auto code = latest.error().code;
            what.what = code == tintype::errc::io || code == tintype::errc::timed_out
                            ? deed::trouble
                            : deed::wrong;
        }
        say(what);
    }
}

struct tally {
    struct entry {
        std::uint32_t ship = 0;
        std::uint32_t number = 0;
    };

    std::map<std::uint32_t, entry> saved{}; // by the version
    std::set<std::uint32_t> removed{};
    std::size_t twice = 0; // numbers that two saves were given
    std::size_t restored = 0;
    std::size_t troubles = 0;
    std::size_t wrong = 0;
    std::vector<std::uint32_t> took{}; // milliseconds of each save

    void hear(const told& what) {
        switch (what.what) {
        case deed::saved:
            twice +=
                saved.try_emplace(what.version, entry{what.ship, what.number}).second ? 0U : 1U;
            took.push_back(what.milliseconds);
            break;
        case deed::removed:
            removed.insert(what.version);
            break;
        case deed::restored:
            ++restored;
            break;
        case deed::trouble:
            ++troubles;
            break;
        case deed::wrong:
            ++wrong;
            break;
        }
    }
};

class screen {
public:
    explicit screen(bool colour) : colour_(colour) {}

    void title(std::string_view text) const {
        fmt::print("\n{}\n",
                   colour_ ? fmt::format(fmt::emphasis::bold, "{}", text) : std::string{text});
    }

    void row(std::string_view what, std::string_view value) const {
        fmt::print("  {:<24} {}\n", what, value);
        static_cast<void>(std::fflush(stdout));
    }

private:
    bool colour_;
};

// Listens until all are home. Halfway the command is run.
bool listen(const voyage& of, fleet::crew& crew, tally& all, const screen& to) {
    const auto start = clock_type::now();
    const auto told_each = of.lasts / 4;
    auto next = start + told_each;
    bool happened = of.in_the_middle.empty();
    for (;;) {
        told what;
        if (crew.hear(what, 50)) {
            all.hear(what);
        } else if (crew.at_work() == 0) {
            return true;
        }
        const auto now = clock_type::now();
        if (!happened && now > start + of.lasts / 2) {
            happened = true;
            to.row("in the middle", of.in_the_middle);
            if (std::system(of.in_the_middle.c_str()) != 0) {
                fmt::print(stderr, "fleet: that failed\n");
                return false;
            }
        }
        if (now > next) {
            to.row(fmt::format("after {:.0f} s", milliseconds_since(start) / 1000.0),
                   fmt::format("{} saved, {} pruned, {} read back", all.saved.size(),
                               all.removed.size(), all.restored));
            next += told_each;
        }
    }
}

// Reads all that is in the bucket now, and counts what was acknowledged and is neither there nor
// pruned, and what is not what was saved.
tintype::result<void> take_stock(const voyage& of, tally& all, const screen& to) {
    const auto book = opened(of, tintype::keep_all{});
    if (!book) {
        return tintype::pass(book);
    }
    const auto there = book->versions();
    if (!there) {
        return tintype::pass(there);
    }
    std::size_t lost = 0;
    std::size_t whole = 0;
    for (const auto& [version, entry] : all.saved) {
        if (!std::ranges::binary_search(*there, version)) {
            lost += all.removed.contains(version) ? 0U : 1U;
            continue;
        }
        const auto found = book->load(version);
        if (found && found->state == fleet::report_of(entry.ship, entry.number)) {
            ++whole;
        } else {
            ++all.wrong;
        }
    }
    std::ranges::sort(all.took);
    const auto quantile = [&](std::size_t percent) {
        return all.took.empty() ? 0U : all.took[(all.took.size() - 1) * percent / 100];
    };
    to.row("acknowledged", fmt::format("{} saves of {} ships; half within {} ms, all within {} ms",
                                       all.saved.size(), of.ships, quantile(50), quantile(100)));
    to.row("pruned by the rule", fmt::format("{}", all.removed.size()));
    to.row("there, and whole", fmt::format("{}", whole));
    to.row("read back under way", fmt::format("{}", all.restored));
    to.row("tried in vain", fmt::format("{}", all.troubles));
    to.row("numbers given twice", fmt::format("{}", all.twice));
    to.row("lost", fmt::format("{}", lost));
    to.row("not what was saved", fmt::format("{}", all.wrong));
    const bool good = lost == 0 && all.wrong == 0 && all.twice == 0 && !all.saved.empty();
    to.row("", good ? "nothing that was acknowledged is lost" : "this must not happen");
    return good ? tintype::result<void>{}
                : tintype::fail({.code = tintype::errc::incomplete_stream,
                                 .where = "the logbook",
                                 .found = whole + all.removed.size(),
                                 .wanted = all.saved.size()});
}

int play(const voyage& of) {
    const screen to{of.colour};
    to.title(fmt::format("{} ships, a harbour master and a historian at {}", of.ships,
                         of.bucket.text()));
    tally all;
    {
        fleet::crew crew;
        const auto until = clock_type::now() + of.lasts;
        for (std::uint32_t ship = 1; ship <= of.ships; ++ship) {
            if (!crew.sign_on([&](auto say) { sail(of, ship, until, say); })) {
                fmt::print(stderr, "fleet: no process for ship {}\n", ship);
                return 3;
            }
        }
        if (!crew.sign_on([&](auto say) { prune(of, until, say); }) ||
            !crew.sign_on([&](auto say) { read_back(of, until, say); })) {
            fmt::print(stderr, "fleet: no more processes\n");
            return 3;
        }
        if (!listen(of, crew, all, to)) {
            return 3;
        }
    }
    to.title("All are home, and the logbook is read");
    const auto good = take_stock(of, all, to);
    if (!good) {
        fmt::print(stderr, "fleet: {}\n", tintype::message(good.error()));
        return good.error().code == tintype::errc::incomplete_stream ? 1 : 3;
    }
    return 0;
}

std::optional<voyage> asked(int argc, char** argv) {
    voyage of;
    of.colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    std::optional<std::string> place;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool more = i + 1 < argc;
        if (word == "--plain") {
            of.colour = false;
        } else if (word == "--ships" && more) {
            of.ships = static_cast<std::uint32_t>(std::strtoul(argv[++i], nullptr, 10));
        } else if (word == "--seconds" && more) {
            of.lasts = std::chrono::seconds{std::strtoul(argv[++i], nullptr, 10)};
        } else if (word == "--keep" && more) {
            of.keep = std::strtoul(argv[++i], nullptr, 10);
        } else if (word == "--in-the-middle" && more) {
            of.in_the_middle = argv[++i];
        } else if (!word.starts_with("--") && !place) {
            place = word;
        } else {
            return std::nullopt;
        }
    }
    if (!place || of.ships == 0 || of.ships > 64 || of.keep == 0 || of.lasts.count() == 0) {
        return std::nullopt;
    }
    auto bucket = tintype::s3_location::from_environment(*place);
    if (!bucket) {
        fmt::print(stderr, "fleet: {}\n", tintype::message(bucket.error()));
        return std::nullopt;
    }
    of.bucket = *std::move(bucket);
    return of;
}

} // namespace

int main(int argc, char** argv) {
    const auto of = asked(argc, argv);
    if (!of) {
        fmt::print(stderr, "usage: fleet [--ships N] [--seconds S] [--keep N] [--plain]\n"
                           "             [--in-the-middle COMMAND] s3://BUCKET/PREFIX\n");
        return 2;
    }
    return play(*of);
}
