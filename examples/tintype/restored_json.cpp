// Resolving a chain of Dakera's and writing what comes out.

#include "restored_json.hpp"

#include <tintype/codec/json.hpp>
#include <tintype/core/reflect.hpp>

#include "chains.hpp"
#include "files.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

// One of the text's elements.
struct restored_namespace {
    std::string name;
    std::optional<std::uint64_t> dimension;
    std::vector<tintype::dakera::vector_entry> vectors;
};

} // namespace tool

BOOST_HANA_ADAPT_STRUCT(tool::restored_namespace, name, dimension, vectors);

template <>
inline constexpr std::array<std::string_view, 3> tintype::json_names<tool::restored_namespace>{
    "namespace", "dimension", "vectors"};

namespace tool {

outcome<restored_counts> restore_dakera(terminal& on, const store& place, const std::string& id,
                                        const std::string& output) {
    const std::string& folder = place.where();
    const dakera_reader chain{place, chain_options_for(&on.watch(folder))};
    // Whatever is missing after this is missing from the snapshot.
    if (const auto there = chain.metadata(id); !there) {
        return no_snapshot(folder, id, there.error());
    }
    auto contents = chain.contents(id);
    if (!contents) {
        return failed_snapshot(folder, contents.error());
    }
    if (auto go_on = on.interrupted(folder); !go_on) {
        return pass(go_on);
    }
    restored_counts counts;
    std::vector<restored_namespace> all;
    for (auto& [name, vectors] : contents->parts) {
        std::ranges::sort(vectors, {}, &tintype::dakera::vector_entry::id);
        auto& next = all.emplace_back(restored_namespace{name, {}, std::move(vectors)});
        if (!next.vectors.empty()) {
            next.dimension = next.vectors.front().values.size();
        }
        ++counts.namespaces;
        counts.vectors += next.vectors.size();
    }
    auto done = write_output(
        output, 0,
        [&](byte_output& out) {
            measured_output counted{out};
            auto written = tintype::json<tintype::serde_style>::encode(all, counted);
            counts.size = counted.count();
            return written;
        },
        on.watch(output));
    if (!done) {
        return pass(done);
    }
    return counts;
}

} // namespace tool
