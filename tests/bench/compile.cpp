// What the library costs to compile, beside the headers that it includes and peers that encode and
// decode the same struct: user time at -O0, the size of the object, its symbols. The compiler is
// the one that built this program. The least of several rounds counts: a compiler always does the
// same, and whatever else the machine does comes on top.

#include "folders.hpp"
#include "harness.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <random>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utility>
#include <vector>

extern char** environ;

namespace bench {
namespace {

struct probe {
    std::string name; // of a file in compile/
    double seconds = std::numeric_limits<double>::infinity();
    double object = 0;  // bytes
    double longest = 0; // characters of a defined symbol
    double symbols = 0; // characters of all together
};

// The parts of a list that CMake wrote.
std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const auto end = std::min(list.find(':'), list.size());
        if (end != 0) {
            parts.emplace_back(list.substr(0, end));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return parts;
}

// User seconds of a command and of what it started.
double user_seconds(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (std::string& each : command) {
        arguments.push_back(each.data());
    }
    arguments.push_back(nullptr);
    pid_t child = 0;
    must(::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) == 0,
         "cannot start the compiler");
    int status = 0;
    struct rusage used{};
    must(::wait4(child, &status, 0, &used) == child && status == 0, "a probe does not compile");
    return static_cast<double>(used.ru_utime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec) * 1e-6;
}

std::string object_of(const std::string& folder, const probe& each) {
    return folder + "/" + each.name + ".o";
}

void compile(const std::string& folder, probe& each) {
    std::vector<std::string> command{TINTYPE_BENCH_COMPILER, "-std=c++23", "-O0", "-c"};
    for (const std::string& path : parts_of(TINTYPE_BENCH_INCLUDES)) {
        command.push_back("-I" + path);
    }
    command.push_back(std::string{TINTYPE_BENCH_PROBES} + "/" + each.name + ".cpp");
    command.emplace_back("-o");
    command.push_back(object_of(folder, each));
    each.seconds = std::min(each.seconds, user_seconds(std::move(command)));
}

void look_at_object(const std::string& folder, probe& each) {
    const std::string object = object_of(folder, each);
    struct stat status{};
    must(::stat(object.c_str(), &status) == 0, "a probe has no object");
    each.object = static_cast<double>(status.st_size);
    const std::string command =
        std::string{TINTYPE_BENCH_NM} + " -P --defined-only '" + object + "'";
    std::FILE* symbols = ::popen(command.c_str(), "r");
    must(symbols != nullptr, "cannot start nm");
    std::size_t length = 0;
    bool in_name = true;
    for (int c = std::fgetc(symbols); c != EOF; c = std::fgetc(symbols)) {
        if (c == '\n') {
            length = 0;
            in_name = true;
        } else if (c == ' ') {
            in_name = false;
        } else if (in_name) {
            each.longest = std::max(each.longest, static_cast<double>(++length));
            ++each.symbols;
        }
    }
    must(::pclose(symbols) == 0, "nm does not read an object");
}

} // namespace

void measure_compile(const options& chosen, rows& to) {
    const std::string folder = chosen.data + "/compile";
    emptied(folder);
    std::array<probe, 9> probes{{{"empty"},
                                 {"hana"},
                                 {"standard"},
                                 {"tintype"},
                                 {"vamm_whole"},
                                 {"vamm_narrow"},
                                 {"velesdb"},
                                 {"cereal"},
                                 {"nlohmann"}}};
    const auto& [empty, hana, standard, whole, vamm, narrow, velesdb, cereal, nlohmann] = probes;
    std::vector<probe*> order;
    for (probe& each : probes) {
        order.push_back(&each);
    }
    std::mt19937 random(1);
    for (int round = chosen.quick ? 3 : 9; round != 0; --round) {
        std::shuffle(order.begin(), order.end(), random);
        for (probe* each : order) {
            compile(folder, *each);
        }
    }
    for (probe& each : probes) {
        look_at_object(folder, each);
    }

    const auto add = [&](std::string what, double ours, std::string unit, std::string against,
                         double theirs, std::optional<double> goal = std::nullopt) {
        to.push_back({.area = "compile",
                      .what = std::move(what),
                      .ours = ours,
                      .unit = std::move(unit),
                      .against = std::move(against),
                      .theirs = theirs,
                      .ratio = theirs / ours,
                      .goal = goal});
    };
    const double codec = std::max(vamm.seconds - whole.seconds, 1e-3);
    add("tintype.hpp", whole.seconds, "s", "nothing", empty.seconds);
    add("tintype.hpp", whole.seconds, "s", "its headers of Hana", hana.seconds, 1 / 1.5);
    add("tintype.hpp", whole.seconds, "s", "all its headers of others", standard.seconds);
    add("tintype.hpp", whole.seconds, "s", "at most", 0.9, 1.0);
    add("a VAMM codec, added to tintype.hpp", codec, "s", "at most", 0.3, 1.0);
    const auto beside = [&](const std::string& what, const probe& ours) {
        add(what, ours.seconds, "s", "cereal", cereal.seconds);
        add(what, ours.seconds, "s", "nlohmann, CBOR", nlohmann.seconds);
    };
    beside("four payloads there and back, tintype.hpp", vamm);
    beside("four payloads there and back, narrow headers", narrow);
    beside("formats/velesdb.hpp", velesdb);
    const auto measure = [&](const std::string& what, std::string unit, double scale,
                             double probe::* figure) {
        for (const auto* peer : {&cereal, &nlohmann}) {
            add(what, narrow.*figure / scale, unit, peer == &cereal ? "cereal" : "nlohmann, CBOR",
                (*peer).*figure / scale);
        }
    };
    measure("object, narrow headers", "KiB", 1024, &probe::object);
    measure("longest symbol, narrow headers", "characters", 1, &probe::longest);
    measure("all symbols, narrow headers", "KiB", 1024, &probe::symbols);
    add("object, tintype.hpp", vamm.object / 1024, "KiB", "narrow headers", narrow.object / 1024);
    std::fprintf(stderr, "  what the headers cost\n");
}

} // namespace bench
