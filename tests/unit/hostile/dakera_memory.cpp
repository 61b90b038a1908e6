// What a snapshot in Dakera's format costs beside the vectors themselves: a buffer and a pointer a
// vector when it is written, and when it is read nothing in proportion to the text.

#include <tintype/formats/dakera.hpp>
#include <tintype/storage/directory.hpp>

#include "counting_new.hpp"
#include "support/dakera_folder.hpp"
#include "support/said.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace {

using namespace tintype::dakera;
using tests::said;
using tests::vector_store;

constexpr std::size_t slack = std::size_t{256} << 10U;

struct shape {
    std::size_t vectors;
    std::size_t dimension;
};

// Each about two megabytes of text.
constexpr shape shapes[] = {{1, 200'000}, {150, 1536}, {2000, 100}, {20'000, 4}};

// Two namespaces of which the second is a tenth of the first; ids in no order.
vector_store vectors_of(const shape& of) {
    vector_store store;
    tintype::splitmix64 random{of.vectors};
    const auto metadata = *tintype::json_value::parse(R"({"rank":764,"title":"a title"})");
    for (const auto& [name, count] : {std::pair{"large", of.vectors}, {"small", of.vectors / 10}}) {
        tests::entries& into = store[name];
        for (std::size_t i = 0; i != count; ++i) {
            vector_entry& each = into.emplace_back();
            each.id = "vector-" + std::to_string(random()) + "-" + std::to_string(i);
            each.metadata = metadata;
            for (std::size_t d = 0; d != of.dimension; ++d) {
                each.values.push_back(static_cast<float>(random() % 2'000'000) / 1e6F - 1.0F);
            }
        }
    }
    return store;
}

// What the contents themselves hold.
std::size_t held_by(const tintype::chain_contents<vector_entry>& contents) {
    const tests::allocation_watch watch;
    const auto copy = contents.parts;
    CHECK(copy.size() == contents.parts.size());
    return watch.peak();
}

} // namespace

TEST_CASE("hostile: Dakera, writing takes a buffer and a pointer a vector, reading what is read") {
    using manager_type = tests::vector_snapshots<tintype::crc32c, tintype::serde_style,
                                                 tintype::keep_all, tintype::directory>;
    for (const shape& each : shapes) {
        CAPTURE(each.vectors);
        const tests::scratch scratch;
        const auto manager =
            tests::opened_vectors<manager_type>(tintype::directory{scratch / "folder"});
        auto store = vectors_of(each);

        const tests::allocation_watch writing;
        const auto taken = manager.create_full(store);
        const auto write_peak = writing.peak();
        REQUIRE(said(taken) == "no error");
        const std::size_t payload = taken->info.data_size;

        const tests::allocation_watch reading;
        const auto contents = manager.contents(taken->info.id);
        const auto read_peak = reading.peak();
        REQUIRE(said(contents) == "no error");
        const auto held = held_by(*contents);
        CHECK(contents->parts.at("large") == store.records("large"));

        const tests::allocation_watch verifying;
        CHECK(manager.verify()->good.size() == 1);
        const auto verify_peak = verifying.peak();

        CHECK(write_peak <= slack + 48 * each.vectors);
        CHECK(read_peak <= held + 3 * payload / 4 + slack);
        CHECK(verify_peak <= held + 3 * payload / 4 + slack);
    }
}
