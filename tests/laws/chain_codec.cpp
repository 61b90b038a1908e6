// The laws of codecs of chains and of ids, over the library's and over a user's.

#include "chain_codec.hpp"

#include <tintype/chain/columnar.hpp>

#include "chain_ids.hpp"
#include "chain_stores.hpp"
#include "unit/chain/whole_parts.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tintype;

struct mood {
    BOOST_HANA_DEFINE_STRUCT(mood, (std::uint32_t, level), (std::vector<float>, weights),
                             (bool, on));
};

using text_record = std::pair<const std::uint64_t, std::string>;

const auto numbered = [](std::uint64_t number, std::uint64_t salt) {
    return std::pair{number, std::string(salt, 'x')};
};

const auto no_side_state = [](std::uint64_t) { return no_side{}; };

// Ids that a user counts without a clock.
struct counted_ids {
    [[nodiscard]] std::string next(timestamp) const {
        return "snapshot-" + std::to_string((*given)++);
    }

    [[nodiscard]] std::optional<id_order> order(std::string_view) const { return std::nullopt; }

    std::shared_ptr<std::atomic<int>> given = std::make_shared<std::atomic<int>>(0);
};

} // namespace

TEST_CASE("laws: chains as columns") {
    laws::chain_codec_laws<text_record, no_side>(chain_columns{}, numbered, no_side_state);
    laws::chain_codec_laws<text_record, mood>(chain_columns{}, numbered, [](std::uint64_t salt) {
        return mood{static_cast<std::uint32_t>(salt), std::vector<float>(salt, -0.0F), salt == 1};
    });
}

TEST_CASE("laws: chains as columns, of described records") {
    laws::chain_codec_laws<tests::book, no_side>(
        chain_columns{},
        [](std::uint64_t number, std::uint64_t salt) {
            tests::book made{};
            made.id = std::bit_cast<tests::book_id>(number);
            made.content.assign(salt, 0.5);
            return made;
        },
        no_side_state);
}

TEST_CASE("laws: a user's codec of whole parts") {
    laws::chain_codec_laws<text_record, no_side>(tests::whole_parts{}, numbered, no_side_state);
}

TEST_CASE("laws: ids by the time, and a user's") {
    laws::id_laws(timed_ids<>{});
    laws::id_laws(timed_ids<"">{});
    laws::id_laws(timed_ids<"a.b-c_">{});
    laws::id_laws(counted_ids{});
}
