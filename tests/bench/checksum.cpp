// The checksums of the library against other libraries', against a table of bytes, and against
// merely copying and merely reading the same bytes.

#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>

#include "baselines.hpp"
#include "harness.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <isa-l.h>
#include <libdeflate.h>
#include <xxhash.h>
#include <zlib.h>

namespace bench {
namespace {

// What one of them makes of the bytes; 0 where that is no checksum of ours to compare.
struct reader {
    std::string name;
    std::function<std::uint32_t(byte_view)> run;
    std::optional<double> goal{};
    bool slow = false;
    bool same = true; // must give our answer
};

void add(rows& to, const std::string& what, byte_view bytes, const reader& ours,
         const std::vector<reader>& others, int rounds) {
    const std::uint32_t wanted = ours.run(bytes);
    const auto contender_of = [&](const reader& each) {
        return contender{
            .name = each.name,
            .run =
                [&each, bytes, wanted] {
                    const std::uint32_t found = each.run(bytes);
                    keep(&found);
                    must(!each.same || found == wanted, each.name + " gave another answer");
                },
            .most = each.slow && bytes.size() >= gib ? 3 : std::numeric_limits<int>::max()};
    };
    std::vector<contender> all{contender_of(ours)};
    for (const reader& each : others) {
        all.push_back(contender_of(each));
    }
    const auto medians = race(all, rounds);
    const auto speed = [&](double seconds) {
        return static_cast<double>(bytes.size()) / seconds / 1e9;
    };
    for (std::size_t i = 0; i != others.size(); ++i) {
        to.push_back({.area = "checksum",
                      .what = what,
                      .ours = speed(medians[0]),
                      .unit = "GB/s",
                      .against = others[i].name,
                      .theirs = speed(medians[i + 1]),
                      .ratio = medians[i + 1] / medians[0],
                      .goal = bytes.size() >= 64 * mib ? others[i].goal : std::nullopt});
    }
    std::fprintf(stderr, "  %s\n", what.c_str());
}

auto* data_of(byte_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

} // namespace

void measure_checksums(const options& chosen, rows& to) {
    const std::size_t largest = chosen.quick ? 64 * mib : gib;
    tintype::blob source(largest);
    tintype::blob target(largest);
    fill(source, 1);
    fill(target, 2);

    const reader crc32{"ours", [](byte_view bytes) -> std::uint32_t {
                           return tintype::hash_of<tintype::crc32>(bytes);
                       }};
    const reader crc32c{"ours", [](byte_view bytes) -> std::uint32_t {
                            return tintype::hash_of<tintype::crc32c>(bytes);
                        }};
    const reader xxh3{.name = "XXH3, 64 bit",
                      .run =
                          [](byte_view bytes) {
                              const auto hash = XXH3_64bits(bytes.data(), bytes.size());
                              return static_cast<std::uint32_t>(hash);
                          },
                      .same = false};
    const reader copying{.name = "memcpy",
                         .run =
                             [&](byte_view bytes) {
                                 std::memcpy(target.data(), bytes.data(), bytes.size());
                                 keep(target.data());
                                 return std::uint32_t{0};
                             },
                         .same = false};
    const reader reading{
        .name = "read bandwidth",
        .run = [](byte_view bytes) { return static_cast<std::uint32_t>(read_all(bytes)); },
        .goal = 0.95,
        .same = false};

    const std::vector<reader> crc32_others{
        {.name = "byte table", .run = seed_crc, .goal = 45, .slow = true},
        {.name = "zlib",
         .run =
             [](byte_view bytes) {
                 return static_cast<std::uint32_t>(::crc32_z(0, data_of(bytes), bytes.size()));
             }},
        {.name = "ISA-L",
         .run = [](byte_view bytes) { return ::crc32_gzip_refl(0, data_of(bytes), bytes.size()); },
         .goal = 1.5},
        {.name = "libdeflate",
         .run = [](byte_view bytes) { return ::libdeflate_crc32(0, bytes.data(), bytes.size()); },
         .goal = 1.5},
        xxh3,
        copying,
        reading};
    const std::vector<reader> crc32c_others{
        {.name = "byte table", .run = table_crc<0x82F63B78U>, .slow = true},
        {.name = "ISA-L",
         .run =
             [](byte_view bytes) {
                 return ~::crc32_iscsi(const_cast<unsigned char*>(data_of(bytes)),
                                       static_cast<int>(bytes.size()), ~0U);
             }},
        copying,
        {.name = reading.name, .run = reading.run, .same = false}};

    for (const std::size_t size : {mib, 64 * mib, gib}) {
        if (size > largest) {
            continue;
        }
        const byte_view bytes = byte_view{source}.first(size);
        const int rounds = chosen.quick ? 5 : size == gib ? 9 : 21;
        add(to, "CRC-32, " + size_text(size), bytes, crc32, crc32_others, rounds);
        add(to, "CRC-32C, " + size_text(size), bytes, crc32c, crc32c_others, rounds);
    }
}

} // namespace bench
