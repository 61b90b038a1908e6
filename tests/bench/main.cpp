// tintype_bench: measures the library against its peers and the limits of the machine, prints one
// table an area, and writes the same as JSON and as a plot.

#include "harness.hpp"
#include "rocksdb_peer.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace {

using measure = void (*)(const bench::options&, bench::rows&);

struct area {
    std::string_view name;
    measure run;
    bool asked_only = false; // it is no comparison, and prints what it finds
};

constexpr area areas[] = {{"checksum", bench::measure_checksums},
                          {"blake3", bench::measure_blake3},
                          {"vamm", bench::measure_vamm_memory},
                          {"vamm", bench::measure_vamm_files},
                          {"json", bench::measure_json},
                          {"bincode", bench::measure_bincode},
                          {"chain", bench::measure_chain},
                          {"rocksdb", bench::measure_rocksdb, true},
                          {"series", bench::measure_series},
                          {"delta", bench::measure_delta},
                          {"replay", bench::measure_replay},
                          {"stream", bench::measure_stream_wires},
                          {"stream", bench::measure_stream},
                          {"compile", bench::measure_compile},
                          {"s3", bench::measure_s3}};

constexpr std::string_view usage =
    "tintype_bench [--quick] [--area NAME] [--json FILE] [--svg FILE] [--data FOLDER]\n"
    "tintype_bench --show FILE\n"
    "\n"
    "  --quick        fewer rounds, and nothing of 1 GiB\n"
    "  --area NAME    only this area; may be repeated. checksum, blake3, vamm, json, bincode,\n"
    "                 chain, series, delta, replay, stream, compile, s3 (which needs the\n"
    "                 variables that `tests/s3/ceph env` prints), and only if it is asked for\n"
    "                 rocksdb: a peer alone\n"
    "  --json FILE    write the figures\n"
    "  --svg FILE     write a plot of the ratios\n"
    "  --data FOLDER  where files are written: a disk, as it is measured too\n"
    "                 (TMPDIR, or build/bench-data)\n"
    "  --size MIB     of what the areas stream and s3 carry (1024, or 64 if quick)\n"
    "  --show FILE    print the tables of figures that --json wrote; measures nothing\n";

[[noreturn]] void misused(std::string_view argument) {
    std::fprintf(stderr, "tintype_bench: %.*s\n%.*s", static_cast<int>(argument.size()),
                 argument.data(), static_cast<int>(usage.size()), usage.data());
    std::exit(2);
}

bench::options parsed(std::span<char*> arguments) {
    bench::options chosen;
    std::string size;
    if (const char* folder = std::getenv("TMPDIR"); folder != nullptr && *folder != '\0') {
        chosen.data = std::string{folder} + "/tintype-bench";
    }
    for (std::size_t i = 0; i != arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--quick") {
            chosen.quick = true;
            continue;
        }
        if (name == "--help") {
            std::fwrite(usage.data(), 1, usage.size(), stdout);
            std::exit(0);
        }
        std::string* value = name == "--area"   ? &chosen.areas.emplace_back()
                             : name == "--json" ? &chosen.json
                             : name == "--svg"  ? &chosen.svg
                             : name == "--data" ? &chosen.data
                             : name == "--show" ? &chosen.show
                             : name == "--size" ? &size
                                                : nullptr;
        if (value == nullptr) {
            misused("no option '" + std::string{name} + "'");
        }
        if (++i == arguments.size()) {
            misused(std::string{name} + " needs a value");
        }
        *value = arguments[i];
    }
    if (!size.empty()) {
        chosen.size = std::strtoull(size.c_str(), nullptr, 10);
        if (chosen.size == 0 || chosen.size > 65536) {
            misused("--size takes 1 to 65536 MiB");
        }
    }
    for (const std::string& each : chosen.areas) {
        if (std::ranges::find(areas, each, &area::name) == std::end(areas)) {
            misused("no area '" + each + "'");
        }
    }
    return chosen;
}

} // namespace

int main(int count, char** arguments) {
    const auto chosen = parsed(std::span{arguments, static_cast<std::size_t>(count)}.subspan(1));
    if (!chosen.show.empty()) {
        const auto shown = bench::read_json(chosen.show);
        if (!shown) {
            bench::die("cannot read figures from " + chosen.show);
        }
        bench::print_tables(*shown);
        return 0;
    }
    bench::rows all;
    for (const area& each : areas) {
        const bool named = std::ranges::find(chosen.areas, each.name) != chosen.areas.end();
        if (named || (chosen.areas.empty() && !each.asked_only)) {
            each.run(chosen, all);
        }
    }
    bench::print_tables(all);
    if (bench::rocksdb_version().empty()) {
        std::printf("\nRocksDB is not installed, and nothing is measured against it.\n");
    }
    if (!chosen.json.empty() && !bench::write_json(all, chosen.json)) {
        bench::die("cannot write " + chosen.json);
    }
    if (!chosen.svg.empty() && !bench::write_svg(all, chosen.svg)) {
        bench::die("cannot write " + chosen.svg);
    }
}
