#pragma once

// Stores as users would write them, for the suites: one of described records on shelves, which
// notes what it does in a journal, and one that keeps columns and makes its records while asked.

#include <tintype/chain/store.hpp>
#include <tintype/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

using book_id = std::array<std::byte, 8>;
using pages = std::vector<double>;
using title = std::optional<std::string>;

struct book {
    BOOST_HANA_DEFINE_STRUCT(book, (title, name), (pages, content), (book_id, id));
};

} // namespace tests

template <>
inline constexpr std::string_view tintype::record_key<tests::book> = "id";

namespace tests {

// Parts in the order in which they came, records in no order at all. Each part's journal says what
// was done to it since a mark.
class library {
public:
    using record_type = book;
    using contents = tintype::chain_contents<book>;

    [[nodiscard]] std::vector<std::string_view> parts() const {
        std::vector<std::string_view> names;
        for (const shelf& each : shelves_) {
            names.push_back(each.name);
        }
        return names;
    }

    [[nodiscard]] const std::vector<book>& records(std::string_view part) const {
        static const std::vector<book> none{};
        const shelf* found = find_shelf(part);
        return found != nullptr ? found->books : none;
    }

    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces what) {
        if (what == tintype::replaces::everything) {
            shelves_.clear();
        }
        for (auto& [name, books] : from.parts) {
            at(name) = {name, std::move(books), {}, {}};
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view part, std::vector<book>&& books) {
        shelf& on = at(part);
        for (book& each : books) {
            on.journal.push_back(each.id);
            std::erase_if(on.books, [&](const book& other) { return other.id == each.id; });
            on.books.insert(on.books.begin(), std::move(each));
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view part, std::span<const book_id> ids) {
        if (find_shelf(part) != nullptr) {
            shelf& on = at(part);
            for (const book_id& id : ids) {
                on.journal.push_back(id);
                std::erase_if(on.books, [&](const book& each) { return each.id == id; });
            }
        }
        return {};
    }

    [[nodiscard]] std::optional<std::vector<book_id>> changes_since(std::string_view part,
                                                                    std::string_view mark) const {
        const shelf* found = find_shelf(part);
        return found != nullptr && found->mark == mark ? std::optional{found->journal}
                                                       : std::nullopt;
    }

    [[nodiscard]] const book* find(std::string_view part, const book_id& id) const {
        const auto& books = records(part);
        const auto place = std::ranges::find(books, id, &book::id);
        return place != books.end() ? &*place : nullptr;
    }

    void taken(std::string_view part, std::string_view mark) {
        if (find_shelf(part) != nullptr) {
            at(part).mark = mark;
            at(part).journal.clear();
        }
    }

private:
    struct shelf {
        std::string name;
        std::vector<book> books{};
        std::optional<std::string> mark{};
        std::vector<book_id> journal{};
    };

    [[nodiscard]] const shelf* find_shelf(std::string_view name) const {
        const auto place = std::ranges::find(shelves_, name, &shelf::name);
        return place != shelves_.end() ? &*place : nullptr;
    }

    shelf& at(std::string_view name) {
        const auto place = std::ranges::find(shelves_, name, &shelf::name);
        return place != shelves_.end() ? *place : shelves_.emplace_back(std::string{name});
    }

    std::vector<shelf> shelves_;
};

struct point {
    BOOST_HANA_DEFINE_STRUCT(point, (std::uint32_t, id), (std::string_view, label),
                             (std::span<const float>, values));
};

// All values of a part in one flat array; its records are views of it that are made while asked.
class flat_store {
    static constexpr std::size_t dimension = 3;

    struct column {
        std::vector<std::uint32_t> ids{};
        std::vector<std::string> labels{};
        std::vector<float> values{};

        [[nodiscard]] point operator[](std::size_t i) const {
            return {ids[i], labels[i], std::span{values}.subspan(i * dimension, dimension)};
        }

        void put(const point& each) {
            erase(each.id);
            ids.push_back(each.id);
            labels.emplace_back(each.label);
            values.insert(values.end(), each.values.begin(), each.values.end());
        }

        void erase(std::uint32_t id) {
            const auto i = std::ranges::find(ids, id) - ids.begin();
            if (i != std::ssize(ids)) {
                ids.erase(ids.begin() + i);
                labels.erase(labels.begin() + i);
                const auto first = values.begin() + i * static_cast<std::ptrdiff_t>(dimension);
                values.erase(first, first + static_cast<std::ptrdiff_t>(dimension));
            }
        }
    };

public:
    using record_type = point;
    using contents = tintype::chain_contents<point>;

    [[nodiscard]] auto parts() const {
        return std::views::keys(columns_) |
               std::views::transform([](const std::string& name) { return name.c_str(); });
    }

    [[nodiscard]] auto records(std::string_view part) const {
        static const column none{};
        const auto place = columns_.find(part);
        const column& of = place != columns_.end() ? place->second : none;
        return std::views::iota(std::size_t{0}, of.ids.size()) |
               std::views::transform([&of](std::size_t i) { return of[i]; });
    }

    [[nodiscard]] tintype::result<void> replace(contents&& from, tintype::replaces what) {
        if (what == tintype::replaces::everything) {
            columns_.clear();
        }
        for (const auto& [name, points] : from.parts) {
            columns_[name] = {};
            for (const point& each : points) {
                columns_[name].put(each);
            }
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> upsert(std::string_view part, std::vector<point>&& points) {
        column& to = columns_[std::string{part}];
        for (const point& each : points) {
            to.put(each);
        }
        return {};
    }

    [[nodiscard]] tintype::result<void> erase(std::string_view part,
                                              std::span<const std::uint32_t> ids) {
        if (const auto place = columns_.find(part); place != columns_.end()) {
            for (const std::uint32_t id : ids) {
                place->second.erase(id);
            }
        }
        return {};
    }

private:
    std::map<std::string, column, std::less<>> columns_;
};

} // namespace tests
