#pragma once

// The live stores of the property tests, each with a world of few keys and values, so that what
// happens twice happens to the same key: one that tracks its changes, and one that does not and
// gives its records in any order. A plain copy is what both are held against.

#include <tintype/chain/columnar.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/chain/store.hpp>
#include <tintype/chain/tracked.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/formats/dakera.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tests {

struct reading {
    BOOST_HANA_DEFINE_STRUCT(reading, (double, level), (std::string, note));
};

struct counters {
    BOOST_HANA_DEFINE_STRUCT(counters, (std::uint64_t, writes),
                             (std::optional<std::string>, label));
};

// The key is not the first member.
struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (std::vector<std::uint16_t>, bits), (std::string, name),
                             (std::optional<float>, weight));
};

} // namespace tests

template <>
inline constexpr std::string_view tintype::record_key<tests::row> = "name";

namespace tests {

// Parts as vectors of described records, in whatever order they came.
template <tintype::described Record>
class shelf {
public:
    using record_type = Record;
    using key_type = tintype::key_of_record<Record>;
    using contents = tintype::chain_contents<Record, tintype::no_side>;

    [[nodiscard]] auto parts() const { return std::views::keys(parts_); }

    [[nodiscard]] const std::vector<Record>& records(std::string_view part) const {
        static const std::vector<Record> none{};
        const auto at = parts_.find(part);
        return at != parts_.end() ? at->second : none;
    }

    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces what) {
        if (what == tintype::replaces::everything) {
            parts_.clear();
        }
        for (auto& [name, records] : from.parts) {
            parts_[name] = std::move(records);
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view part,
                                               std::vector<Record>&& records) {
        std::vector<Record>& all = parts_[std::string{part}];
        for (Record& each : records) {
            const auto at = find(all, tintype::key_of(each));
            if (at != all.end()) {
                *at = std::move(each);
            } else {
                all.push_back(std::move(each));
            }
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view part,
                                              std::span<const key_type> keys) {
        const auto here = parts_.find(part);
        for (const key_type& key : keys) {
            if (here == parts_.end()) {
                break;
            }
            auto& all = here->second;
            if (const auto at = find(all, key); at != all.end()) {
                std::swap(*at, all.back());
                all.pop_back();
            }
        }
        return {};
    }

    void clear(std::string_view part) { parts_[std::string{part}].clear(); }

    void drop(std::string_view part) { parts_.erase(std::string{part}); }

private:
    [[nodiscard]] static auto find(std::vector<Record>& all, const key_type& key) {
        return std::ranges::find_if(
            all, [&](const Record& each) { return tintype::key_of(each) == key; });
    }

    std::map<std::string, std::vector<Record>, std::less<>> parts_;
};

using ledger_map = tintype::tracked<std::unordered_map<std::uint16_t, reading>>;

struct tracked_world {
    using store_type = tintype::part_store<ledger_map, counters>;
    using codec_type = tintype::chain_columns;
    using record = std::pair<std::uint16_t, reading>;

    [[nodiscard]] static record make(unsigned key, unsigned value) {
        constexpr std::array levels{0.0,
                                    -0.0,
                                    1.5,
                                    std::numeric_limits<double>::quiet_NaN(),
                                    -std::numeric_limits<double>::quiet_NaN(),
                                    std::numeric_limits<double>::infinity(),
                                    std::numeric_limits<double>::denorm_min(),
                                    -7e300};
        return {static_cast<std::uint16_t>(key * 257),
                {levels[value % levels.size()], std::string(value / levels.size(), 'n')}};
    }

    [[nodiscard]] static std::string text(const record& of) {
        return std::to_string(of.first) + "=" + std::to_string(of.second.level) + of.second.note;
    }
};

struct shelf_world {
    using store_type = shelf<row>;
    using codec_type = tintype::chain_columns;
    using record = row;

    [[nodiscard]] static record make(unsigned key, unsigned value) {
        return {std::vector<std::uint16_t>(value % 4, static_cast<std::uint16_t>(value)),
                std::string(key % 3, 'k') + std::to_string(key),
                value % 5 == 0 ? std::nullopt : std::optional{-0.5F * static_cast<float>(value)}};
    }

    [[nodiscard]] static std::string text(const record& of) {
        return of.name + "=" + (of.weight ? std::to_string(*of.weight) : "-");
    }
};

// An increment of this format holds whole parts.
struct dakera_world {
    using store_type = shelf<tintype::dakera::vector_entry>;
    using codec_type = tintype::dakera::chain_json<>;
    using record = tintype::dakera::vector_entry;

    [[nodiscard]] static record make(unsigned key, unsigned value) {
        record made{.id = "id " + std::to_string(key),
                    .values = {value % 3 == 0 ? -0.0F : 0.1F, static_cast<float>(value)}};
        if (value % 2 != 0) {
            made.metadata = tintype::json_value{static_cast<std::int64_t>(value)};
        }
        return made;
    }

    [[nodiscard]] static std::string text(const record& of) {
        return of.id + "=" + std::to_string(of.values.at(1));
    }
};

// All that a store holds, compared to the last bit.
template <class World>
struct plain_copy {
    using store_type = typename World::store_type;
    using record = typename World::record;
    using key = tintype::key_of_record<tintype::record_of<store_type>>;
    using part = std::map<key, record>;
    using side_type = tintype::side_of<store_type>;

    std::map<std::string, part> parts{};
    side_type side{};

    // Nothing if a key is there twice.
    [[nodiscard]] static std::optional<part> part_of(const auto& records) {
        part made;
        for (const auto& each : records) {
            if (!made.emplace(tintype::key_of(each), each).second) {
                return std::nullopt;
            }
        }
        return made;
    }

    [[nodiscard]] static std::optional<plain_copy> of(const store_type& store) {
        plain_copy made;
        for (const std::string& name : store.parts()) {
            auto records = part_of(store.records(name));
            if (!records) {
                return std::nullopt;
            }
            made.parts.emplace(name, *std::move(records));
        }
        if constexpr (tintype::described<side_type>) {
            made.side = store.side();
        }
        return made;
    }

    [[nodiscard]] bool same_side(const plain_copy& other) const {
        if constexpr (tintype::described<side_type>) {
            return tintype::identical(side, other.side);
        }
        return true;
    }

    [[nodiscard]] bool same(const plain_copy& other) const {
        return parts.size() == other.parts.size() && same_side(other) &&
               std::ranges::equal(parts, other.parts, [](const auto& a, const auto& b) {
                   return a.first == b.first && same_part(a.second, b.second);
               });
    }

    [[nodiscard]] static bool same_record(const record& a, const record& b) {
        return tintype::identical_records<record>(a, b);
    }

    [[nodiscard]] static bool same_part(const part& a, const part& b) {
        return std::ranges::equal(
            a, b, [](const auto& x, const auto& y) { return same_record(x.second, y.second); });
    }

    [[nodiscard]] std::string text() const {
        std::string all = "{";
        for (const auto& [name, records] : parts) {
            all += " " + name + "(";
            for (const auto& [name_of_record, each] : records) {
                all += " " + World::text(each);
            }
            all += " )";
        }
        if constexpr (tintype::described<side_type>) {
            all += " side " + std::to_string(side.writes) + " " + side.label.value_or("-");
        }
        return all + " }";
    }
};

} // namespace tests
