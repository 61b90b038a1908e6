#pragma once

// hnswlib's graph of near neighbours. It is made of records in ascending order of their ids from a
// fixed seed, so equal records make equal graphs, and these answer alike to the last bit.

#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>

#include "embedder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <hnswlib/hnswlib.h>
#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

struct index_parameters {
    std::uint32_t neighbours = 12;       // of each point
    std::uint32_t effort_building = 40;  // points looked at to place one
    std::uint32_t effort_searching = 80; // and to find one
    std::uint64_t seed = 1891;
};

BOOST_HANA_ADAPT_STRUCT(index_parameters, neighbours, effort_building, effort_searching, seed);

struct hit {
    std::uint64_t id = 0;
    float distance = 0;
};

class search_index {
public:
    // records: each with an id and values, by ascending id.
    [[nodiscard]] static tintype::result<search_index> of(const auto& records,
                                                          const index_parameters& parameters) {
        search_index made;
        try {
            made.graph_ = std::make_unique<graph>(
                &space(), std::max<std::size_t>(1, std::ranges::size(records)),
                parameters.neighbours, parameters.effort_building, parameters.seed);
            made.graph_->setEf(parameters.effort_searching);
            for (const auto& each : records) {
                if (each.values.size() != dimensions) {
                    return tintype::fail({.code = tintype::errc::invalid_value,
                                          .where = "values of " + std::to_string(each.id),
                                          .found = each.values.size(),
                                          .wanted = dimensions});
                }
                made.graph_->addPoint(each.values.data(), each.id);
            }
        } catch (const std::exception& what) {
            return tintype::fail(
                {.code = tintype::errc::out_of_memory, .where = what.what(), .during = "hnswlib"});
        }
        return made;
    }

    // Nearest first.
    [[nodiscard]] std::vector<hit> nearest(const std::vector<float>& to, std::size_t most) const {
        auto queue = graph_->searchKnn(to.data(), most);
        std::vector<hit> found(queue.size());
        for (std::size_t i = found.size(); i-- != 0; queue.pop()) {
            found[i] = {.id = queue.top().second, .distance = queue.top().first};
        }
        return found;
    }

private:
    using graph = hnswlib::HierarchicalNSW<float>;

    static hnswlib::InnerProductSpace& space() {
        static hnswlib::InnerProductSpace shared{dimensions};
        return shared;
    }

    std::unique_ptr<graph> graph_;
};
