// Reading and writing a snapshot of vectors as JSON, against others that do the same, against the
// bare bytes, and the memory that it takes.

#include "json.hpp"

#include <tintype/codec/concept.hpp>
#include <tintype/codec/json.hpp>
#include <tintype/core/bytes.hpp>

#include "baselines.hpp"
#include "harness.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {
namespace {

using compact = tintype::json<tintype::serde_style>;

// Embeddings: random directions of length 1.
snapshot_data state_of(std::size_t count, std::size_t dimension) {
    std::mt19937_64 random(7);
    std::normal_distribution<float> normal;
    namespace_data space{
        .name = "documents", .vector_count = count, .dimension = dimension, .vectors = {}};
    space.vectors.reserve(count);
    for (std::size_t i = 0; i != count; ++i) {
        std::vector<float> values(dimension);
        float squares = 0;
        for (float& each : values) {
            each = normal(random);
            squares += each * each;
        }
        for (float& each : values) {
            each /= std::sqrt(squares);
        }
        space.vectors.push_back(
            {.id = "v" + std::to_string(i), .values = std::move(values), .metadata = {}});
    }
    return {.metadata = {.id = "snap_1700000100000_1",
                         .created_at = 1700000100,
                         .description = "nightly",
                         .namespaces = {"documents"},
                         .total_vectors = count,
                         .size_bytes = 0,
                         .type = snapshot_type::full,
                         .parent_id = std::nullopt,
                         .version = "1.0.0"},
            .namespaces = {std::move(space)}};
}

// Every kind of text that a float has, and texts that need escapes.
snapshot_data odd_state() {
    snapshot_data state = state_of(3, 4);
    std::vector<float>& values = state.namespaces[0].vectors[0].values;
    using limits = std::numeric_limits<float>;
    for (const float number : {0.0F,          1.0F,
                               1.5F,          9.5F,
                               16777216.0F,   16777218.0F,
                               123456.79F,    1e10F,
                               1e12F,         9.999999e12F,
                               1e13F,         1.2345678e13F,
                               1e-4F,         1e-5F,
                               1e-6F,         1.2345678e-6F,
                               1e-7F,         0.1F,
                               0.33333334F,   limits::min(),
                               limits::max(), limits::denorm_min(),
                               1e4F,          9999.5F}) {
        values.push_back(number);
        values.push_back(-number);
    }
    state.metadata.description = "quotes \" and \\, lines \n\t, controls \x01\x1f, é";
    return state;
}

// All of them must give what ours gives.
void check_readers(const snapshot_data& wanted, const padded_text& text) {
    const auto ours =
        must(tintype::decode<compact, snapshot_data>(tintype::bytes_of(text.text())), "decode");
    must(ours == wanted, "ours read another state");
    must(simdjson_reader{}.read(text) == wanted, "simdjson read another state");
    must(rapidjson_read(text) == wanted, "RapidJSON read another state");
    must(nlohmann_read(text.text()) == wanted, "nlohmann read another state");
}

void check_writers(const snapshot_data& state, std::span<char> memory) {
    const auto encoded = must(tintype::encode<compact>(state), "encode");
    const std::string_view wanted = tintype::text_of(encoded);
    must(to_chars_write(state, memory) == wanted, "the writer with to_chars wrote another text");
    must(fmt_write(state, memory) == wanted, "the writer with fmt wrote another text");
    must(nlohmann_read(nlohmann_write(state)) == state, "nlohmann wrote another state");
    rapidjson_writer writer;
    must(rapidjson_read(padded_text{writer.write(state)}) == state,
         "RapidJSON wrote another state");
}

std::string title(std::string_view what, std::size_t bytes) {
    char size[32];
    std::snprintf(size, sizeof size, ", %.1f MB", static_cast<double>(bytes) / 1e6);
    return std::string{what} + size;
}

void measure_read(const padded_text& text, int rounds, rows& to) {
    const byte_view bytes = tintype::bytes_of(text.text());
    simdjson_reader simdjson;
    const auto reading = [](std::string name, auto read) {
        return contender{.name = std::move(name), .run = [read] {
                             const auto state = read();
                             keep(&state);
                         }};
    };
    duel(to, "json", title("read", bytes.size()),
         reading("ours",
                 [&] { return must(tintype::decode<compact, snapshot_data>(bytes), "decode"); }),
         {{reading("simdjson on demand, " + simdjson_reader::flavour(),
                   [&] { return simdjson.read(text); }),
           2.5},
          {reading("RapidJSON, events", [&] { return rapidjson_read(text); })},
          {reading("nlohmann, document", [&] { return nlohmann_read(text.text()); })},
          {reading("read bandwidth", [&] { return read_all(bytes); })}},
         rounds, bytes.size());
}

void measure_write(const snapshot_data& state, std::string_view text, std::span<char> memory,
                   int rounds, rows& to) {
    rapidjson_writer rapidjson;
    const auto writing = [](std::string name, auto write) {
        return contender{.name = std::move(name), .run = [write] { keep(write().data()); }};
    };
    // Into memory that was used before.
    duel(to, "json", title("write", text.size()),
         writing("ours",
                 [&] {
                     const auto room = std::as_writable_bytes(memory);
                     return room.first(must(tintype::encode_into<compact>(room, state), "encode"));
                 }),
         {{writing("std::to_chars, serde's texts", [&] { return to_chars_write(state, memory); }),
           3.0},
          {writing("fmt, serde's texts", [&] { return fmt_write(state, memory); })},
          {writing("RapidJSON, its own texts", [&] { return rapidjson.write(state); })},
          {writing("nlohmann, document", [&] { return nlohmann_write(state); })},
          {writing("memcpy of the text",
                   [&] {
                       std::memcpy(memory.data(), text.data(), text.size());
                       return memory;
                   })}},
         rounds, text.size());
    // Into memory that the system has to give first: one that grows against one that is large
    // enough.
    duel(to, "json", title("write to a blob of its own", text.size()),
         writing("ours", [&] { return must(tintype::encode<compact>(state), "encode"); }),
         {{{.name = "std::to_chars, serde's texts",
            .run =
                [&] {
                    grown_bytes fresh{memory.size()};
                    auto* const room = reinterpret_cast<char*>(fresh.filled(memory.size()));
                    keep(to_chars_write(state, {room, memory.size()}).data());
                }}}},
         rounds, text.size());
}

// Takes the bytes as a file does: they are not kept.
struct passing_sink {
    [[nodiscard]] static tintype::result<void> write(byte_view bytes) {
        keep(bytes.data());
        return {};
    }
};

void measure_memory(const padded_text& text, const snapshot_data& state, rows& to) {
    const byte_view bytes = tintype::bytes_of(text.text());

    struct user {
        std::string name;
        double peak;
        std::optional<double> goal{};
    };

    const auto add = [&](const std::string& what, double payload, double ours,
                         const std::vector<user>& others) {
        for (const user& each : others) {
            to.push_back({.area = "json",
                          .what = what,
                          .ours = ours / payload,
                          .unit = "x payload",
                          .against = each.name,
                          .theirs = each.peak / payload,
                          // The system counts pages: less than one is not told from none.
                          .ratio = each.peak / std::max(ours, static_cast<double>(4 * kib)),
                          .goal = each.goal});
        }
        std::fprintf(stderr, "  %s\n", what.c_str());
    };
    constexpr double at_most = 1 / 1.2;

    const double held = peak_of([&] { return state; });
    add("peak memory of a read", held,
        peak_of([&] { return must(tintype::decode<compact, snapshot_data>(bytes), "decode"); }),
        {{"the state itself", held, at_most},
         {"simdjson on demand", peak_of([&] { return simdjson_reader{}.read(text); })},
         {"RapidJSON, events", peak_of([&] { return rapidjson_read(text); })},
         {"nlohmann, document", peak_of([&] { return nlohmann_read(text.text()); })}});

    const auto size = static_cast<double>(bytes.size());
    const double theirs = peak_of([&] { return nlohmann_write(state); });
    add("peak memory of a write to a sink", size, peak_of([&] {
            passing_sink sink;
            must(compact::encode(state, sink).has_value(), "encode");
            return 0;
        }),
        {{"the text itself", size, at_most}, {"nlohmann, document", theirs}});
    add("peak memory of a write to a blob", size,
        peak_of([&] { return must(tintype::encode<compact>(state), "encode"); }),
        {{"the text itself", size, at_most}, {"nlohmann, document", theirs}});
}

} // namespace

void measure_json(const options& chosen, rows& to) {
    const snapshot_data state = state_of(chosen.quick ? 10'000 : 100'000, 128);
    const padded_text text{tintype::text_of(must(tintype::encode<compact>(state), "encode"))};
    // Doubles of another writer take up to twice the bytes.
    std::string memory(2 * text.text().size(), '\0');
    check_readers(state, text);
    check_writers(state, memory);
    check_writers(odd_state(), memory);
    const int rounds = chosen.quick ? 5 : 21;
    measure_read(text, rounds, to);
    measure_write(state, text.text(), memory, rounds, to);
    measure_memory(text, state, to);
}

} // namespace bench
