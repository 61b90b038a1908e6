// Encoding, decoding and viewing a VAMM file in memory: how long it takes against the way of the
// program that the format comes from, and against copying and reading the same bytes.

#include <tintype/codec/concept.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/formats/velesdb.hpp>

#include "baselines.hpp"
#include "harness.hpp"
#include "vamm.hpp"

#include <cstring>
#include <optional>
#include <string>

namespace bench {
namespace {

constexpr std::optional<double> none = std::nullopt;

void measure_size(std::size_t size, int rounds, rows& to) {
    const auto state = state_of(size);
    const auto seen = sections_of(state);
    const std::string text = size_text(size);
    const bool large = size >= gib;
    const int slow = large ? 3 : rounds;
    const auto encoded_size = static_cast<std::size_t>(vamm::size(state));
    tintype::blob encoded(encoded_size);
    tintype::blob other(encoded_size);
    fill(encoded, 3);
    fill(other, 4);

    static_cast<void>(must(tintype::encode_into<vamm>(encoded, state), "encode"));
    {
        const auto theirs = seed_encode(seen);
        must(theirs.bytes().size() == encoded.size() &&
                 std::memcmp(theirs.bytes().data(), encoded.data(), encoded.size()) == 0,
             "the baseline encodes to other bytes");
    }

    const contender seed_encodes{.name = "table CRC, growing vector",
                                 .run = [&] { keep(seed_encode(seen).bytes().data()); },
                                 .most = slow};
    const contender seed_decodes{.name = "table CRC, sections copied",
                                 .run = [&] { keep(seed_decode(encoded)[3].bytes().data()); },
                                 .most = slow};
    const contender copies{.name = "memcpy", .run = [&] {
                               std::memcpy(other.data(), encoded.data(), encoded.size());
                               keep(other.data());
                           }};
    const contender reads{.name = "read bandwidth", .run = [&] {
                              const auto sum = read_all(encoded);
                              keep(&sum);
                          }};

    duel(to, "vamm", "encode into the caller's memory, " + text,
         {.name = "ours",
          .run =
              [&] {
                  const auto done = tintype::encode_into<vamm>(encoded, state);
                  must(done.has_value(), "encode");
                  keep(encoded.data());
              }},
         {{seed_encodes, large ? std::optional{40.0} : none}, {copies, none}}, rounds);
    duel(to, "vamm", "encode to pieces of the state, " + text,
         {.name = "ours",
          .run =
              [&] {
                  tintype::gather_sink sink;
                  must(vamm::encode(state, sink).has_value(), "encode");
                  keep(sink.pieces().data());
              }},
         {{seed_encodes, large ? std::optional{40.0} : none}, {reads, none}}, rounds);
    duel(to, "vamm", "decode to a state of its own, " + text,
         {.name = "ours",
          .run =
              [&] {
                  const auto decoded = tintype::decode<vamm, memory_state>(encoded);
                  must(decoded.has_value(), "decode");
                  keep(&*decoded);
              }},
         {{seed_decodes, none}}, large ? 5 : rounds);
    duel(to, "vamm", "verify and view, " + text,
         {.name = "ours",
          .run =
              [&] {
                  const auto view = vamm::view<memory_state>(encoded);
                  must(view.has_value(), "view");
                  keep(view->template get<"ttl">().data());
              }},
         {{seed_decodes, none}, {reads, none}}, rounds);
}

// A view of bytes that were verified before takes the same time at any size.
void measure_unverified(std::size_t large, rows& to) {
    const auto viewing = [](const tintype::blob& bytes) {
        return [&bytes] {
            const auto view =
                vamm::view<memory_state>(bytes, {.integrity = tintype::integrity::skip});
            must(view.has_value(), "view");
            keep(view->template get<"ttl">().data());
        };
    };
    const auto big = must(tintype::encode<vamm>(state_of(large)), "encode");
    const auto small = must(tintype::encode<vamm>(state_of(mib)), "encode");
    duel(to, "vamm", "view without verifying, " + size_text(large),
         {.name = "ours", .run = viewing(big)},
         {{{.name = "the same, 1 MiB", .run = viewing(small)}, none}}, 21);
}

} // namespace

void measure_vamm_memory(const options& chosen, rows& to) {
    for (const std::size_t size : {mib, 64 * mib, gib}) {
        if (!chosen.quick || size < gib) {
            measure_size(size, chosen.quick ? 5 : size == gib ? 9 : 15, to);
        }
    }
    measure_unverified(chosen.quick ? 64 * mib : gib, to);
}

} // namespace bench
