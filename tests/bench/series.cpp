// The series codecs against Gorilla: bits a value, and the speed both ways into and out of memory
// that was used before.

#include <tintype/core/bytes.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/delta/series.hpp>

#include "gorilla.hpp"
#include "harness.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace bench {
namespace {

using tintype::blob;

constexpr std::size_t series_length = 131'072;

class dice {
public:
    std::uint64_t below(std::uint64_t most) { return random_() % most; }

    // Between -1 and 1.
    double around() { return static_cast<double>(random_() >> 11U) * 0x1p-52 - 1; }

private:
    tintype::splitmix64 random_{7};
};

template <class T, class Next>
std::vector<T> series_of(Next next) {
    std::vector<T> values(series_length);
    dice random;
    for (T& value : values) {
        value = next(random);
    }
    return values;
}

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void measure(const std::string& what, const std::vector<T>& values, double goal,
             const options& chosen, rows& to) {
    blob ours;
    blob theirs;
    std::vector<T> read(values.size());
    const auto encode = [&] {
        ours.clear();
        tintype::encode_series<T>(values, ours);
        keep(ours.data());
    };
    const auto decode = [&] {
        tintype::reader in{ours};
        must(tintype::decode_series<T>(in, read), "series: read");
        keep(read.data());
    };
    const auto encode_theirs = [&] {
        gorilla::encode(values, theirs);
        theirs.resize(theirs.size() + 16); // its reader's room
        keep(theirs.data());
    };
    const auto decode_theirs = [&] {
        gorilla::decode(theirs, read);
        keep(read.data());
    };
    encode();
    decode();
    must(same(read, values), "series: other values came back");
    encode_theirs();
    decode_theirs();
    must(same(read, values), "gorilla: other values came back");

    const auto bits = [&](std::size_t bytes) {
        return 8 * static_cast<double>(bytes) / static_cast<double>(values.size());
    };
    to.push_back({.area = "series",
                  .what = what + ", size",
                  .ours = bits(ours.size()),
                  .unit = "bits a value",
                  .against = "Gorilla",
                  .theirs = bits(theirs.size() - 16),
                  .ratio = bits(theirs.size() - 16) / bits(ours.size()),
                  .goal = goal});
    const int rounds = chosen.quick ? 5 : 25;
    const std::size_t bytes = values.size() * sizeof(T);
    duel(to, "series", what + ", encode", {.name = "ours", .run = encode},
         {{.run = {.name = "Gorilla", .run = encode_theirs}}}, rounds, bytes);
    duel(to, "series", what + ", decode", {.name = "ours", .run = decode},
         {{.run = {.name = "Gorilla", .run = decode_theirs}}}, rounds, bytes);
}

} // namespace

void measure_series(const options& chosen, rows& to) {
    double counter = 0;
    measure("counter", series_of<double>([&](dice& random) {
                return counter += static_cast<double>(random.below(16));
            }),
            1, chosen, to);
    double gauge = 50;
    measure("integer gauge", series_of<double>([&](dice& random) {
                return gauge = random.below(5) < 3 ? gauge : static_cast<double>(random.below(100));
            }),
            1, chosen, to);
    double walk = 100;
    measure("two-decimal walk", series_of<double>([&](dice& random) {
                walk += random.around() / 2;
                return std::round(walk * 100) / 100;
            }),
            6, chosen, to);
    double full = 100;
    measure("full-precision walk",
            series_of<double>([&](dice& random) { return full += random.around() / 2; }), 1, chosen,
            to);
    measure("constant", series_of<double>([](dice&) { return 42.5; }), 1, chosen, to);
    std::uint64_t ticks = 0;
    measure("nanoseconds with jitter", series_of<std::uint64_t>([&](dice& random) {
                return 1'700'000'000'000'000'000 + 1'000'000'000 * ticks++ + random.below(100'000);
            }),
            1, chosen, to);
}

} // namespace bench
