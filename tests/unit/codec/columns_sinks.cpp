// What columns copy and what they do not: adjacent memory goes to a borrowing sink as it lies, rows
// of spans point into the bytes they were read from. Forms of a user's own, and what stops either.

#include <tintype/codec/columns.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

// Numbers in memory are the stored bytes; elsewhere each is turned around on the way.
constexpr bool little = std::endian::native == std::endian::little;

using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::columns;

struct lent_row {
    BOOST_HANA_DEFINE_STRUCT(lent_row, (std::uint64_t, id), (std::span<const float>, values),
                             (std::string_view, name));
};

struct own_row {
    BOOST_HANA_DEFINE_STRUCT(own_row, (std::uint64_t, id), (std::vector<float>, values),
                             (std::string, name));
};

static_assert(columns::schema<lent_row>() == columns::schema<own_row>());

// Rows of a flat store: every span is a piece of one array.
struct flat_store {
    flat_store(std::size_t rows, std::size_t dimension) : numbers(rows * dimension) {
        for (std::size_t i = 0; i != numbers.size(); ++i) {
            numbers[i] = static_cast<float>(i);
        }
        for (std::size_t i = 0; i != rows; ++i) {
            all.push_back({.id = i,
                           .values = std::span(numbers).subspan(i * dimension, dimension),
                           .name = "name"});
        }
    }

    std::vector<float> numbers;
    std::vector<lent_row> all{};
};

// Remembers what it was lent, and what it had to copy.
struct lending_sink {
    tintype::result<void> write(byte_view bytes) {
        append(all, bytes);
        return {};
    }

    tintype::result<void> borrow(byte_view bytes) {
        append(all, bytes);
        borrowed.push_back(bytes);
        return {};
    }

    blob all{};
    std::vector<byte_view> borrowed{};
};

// Takes so many writes, and refuses the next.
struct failing_sink {
    tintype::result<void> write(byte_view) {
        if (left == 0) {
            return tintype::fail({.code = tintype::errc::no_space, .where = "disk"});
        }
        --left;
        return {};
    }

    std::size_t left;
};

// A point in time in whole seconds, which columns know nothing of.
using moment = std::chrono::sys_seconds;

// A type that lets nobody look inside, but for one text.
class name_of_a_day {
public:
    name_of_a_day() = default;

    explicit name_of_a_day(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const { return name_; }

    friend bool operator==(const name_of_a_day&, const name_of_a_day&) = default;

private:
    std::string name_ = "Monday";
};

struct opaque {
    int* inside;
};

} // namespace

template <>
struct tintype::column_form<moment> {
    using stored = std::int64_t;
    static constexpr std::string_view name = "seconds";

    static stored to(const moment& when) { return when.time_since_epoch().count(); }

    static result<moment> from(stored&& count, const limits&) {
        return moment{std::chrono::seconds{count}};
    }
};

template <>
struct tintype::column_form<name_of_a_day> {
    using stored = std::string;
    static constexpr std::string_view name = "day";

    static const stored& to(const name_of_a_day& day) { return day.name(); }

    static result<name_of_a_day> from(stored&& text, const limits&) {
        if (!text.ends_with("day")) {
            return fail({.code = errc::invalid_value, .found = text.size()});
        }
        return name_of_a_day(std::move(text));
    }
};

TEST_CASE("columns: a flat store of spans is written without a copy") {
    const flat_store store(1000, 128);
    lending_sink sink;
    REQUIRE(columns::encode(store.all, sink).has_value());
    CHECK(tintype::encode<columns>(store.all) == sink.all);
    if (little) {
        REQUIRE(sink.borrowed.size() == 1);
        CHECK(sink.borrowed[0].data() == std::as_bytes(std::span(store.numbers)).data());
        CHECK(sink.borrowed[0].size() == store.numbers.size() * sizeof(float));
    } else {
        CHECK(sink.borrowed.empty());
    }
}

TEST_CASE("columns: a run ends where memory does, and a short one is copied") {
    flat_store store(1000, 128);
    // The second half in the order of its end: no two rows are adjacent there.
    std::reverse(store.all.begin() + 500, store.all.end());
    store.all[100].values = {};
    lending_sink sink;
    REQUIRE(columns::encode(store.all, sink).has_value());
    if (little) {
        const auto* start = std::as_bytes(std::span(store.numbers)).data();
        REQUIRE(sink.borrowed.size() == 1);
        CHECK(sink.borrowed[0].data() == start + std::size_t{101} * 512);
        CHECK(sink.borrowed[0].size() == std::size_t{399} * 512);
    }
    CHECK(tintype::encode<columns>(store.all) == sink.all);

    // From 64 KiB on it is worth it.
    const std::vector<blob> blobs{blob(65535), blob(65536), blob(3)};
    lending_sink few;
    REQUIRE(columns::encode(blobs, few).has_value());
    REQUIRE(few.borrowed.size() == 1);
    CHECK(few.borrowed[0].data() == blobs[1].data());
    CHECK(tintype::encode<columns>(blobs) == few.all);
}

TEST_CASE("columns: rows of arrays are one piece of memory") {
    const std::vector<std::array<std::uint8_t, 256>> rows(300);
    lending_sink sink;
    REQUIRE(columns::encode(rows, sink).has_value());
    REQUIRE(sink.borrowed.size() == 1);
    CHECK(sink.borrowed[0].size() == rows.size() * sizeof(rows[0]));
}

TEST_CASE("columns: of rows that are made for the visit, only what their views show is borrowed") {
    const flat_store store(200, 128);
    const auto by_value = [](auto make) {
        return std::views::iota(0U, 200U) | std::views::transform(make);
    };
    const auto lent = by_value([&](unsigned i) { return store.all[i]; });
    lending_sink sink;
    REQUIRE(columns::encode(lent, sink).has_value());
    CHECK(sink.borrowed.size() == (little ? 1 : 0));
    CHECK(tintype::encode<columns>(store.all) == sink.all);

    const auto owned = by_value([&](unsigned i) {
        const auto& row = store.all[i];
        return own_row{row.id, {row.values.begin(), row.values.end()}, std::string(row.name)};
    });
    lending_sink copies;
    REQUIRE(columns::encode(owned, copies).has_value());
    CHECK(copies.borrowed.empty());
    CHECK(copies.all == sink.all);

    // Long ones: what is borrowed is read when the rows are gone.
    const auto long_ones = by_value([](unsigned i) {
        return std::pair{std::string(70000 + i, 'x'),
                         name_of_a_day(std::string(70000, 'y') + "day")};
    });
    tintype::gather_sink gathered;
    const auto three = long_ones | std::views::take(3);
    REQUIRE(columns::encode(three, gathered).has_value());
    blob joined;
    for (const byte_view piece : gathered.pieces()) {
        append(joined, piece);
    }
    CHECK(tintype::encode<columns>(three) == joined);
}

TEST_CASE("columns: spans and string views are lent out of the bytes") {
    const flat_store store(9, 5);
    const auto bytes = tintype::encode<columns>(store.all);
    REQUIRE(bytes.has_value());
    const auto lent = tintype::decode<columns, std::vector<lent_row>>(*bytes);
    if (!little) {
        CHECK(said(lent) == "unsupported in values @96 0/0");
        CHECK(lent.error().during == "lending values of the other byte order");
        return;
    }
    REQUIRE(lent.has_value());
    CHECK(tintype::encode<columns>(*lent) == bytes);
    for (std::size_t i = 0; i != 9; ++i) {
        const auto& row = (*lent)[i];
        CHECK(row.id == i);
        CHECK(std::ranges::equal(row.values, store.all[i].values));
        CHECK(row.name == "name");
        const auto values = std::as_bytes(row.values);
        CHECK(values.data() == bytes->data() + 8 + 72 + 16 + i * 20);
        CHECK(tintype::bytes_of(row.name).data() == bytes->data() + 8 + 72 + 16 + 184 + 16 + i * 4);
    }
    const auto own = tintype::decode<columns, std::vector<own_row>>(*bytes);
    REQUIRE(own.has_value());
    CHECK(tintype::encode<columns>(*own) == bytes);
}

TEST_CASE("columns: what cannot be lent is refused, or read into memory of its own") {
    const flat_store store(9, 5);
    const auto bytes = tintype::encode<columns>(store.all);
    REQUIRE(bytes.has_value());
    blob moved(bytes->size() + 1);
    std::ranges::copy(*bytes, moved.begin() + 1);
    const auto askew = byte_view{moved}.subspan(1);
    const auto refused = tintype::decode<columns, std::vector<lent_row>>(askew);
    CHECK(said(refused) == "unsupported in values @96 0/0");
    CHECK((!little ||
           refused.error().during == "lending values from bytes that are not aligned for them"));
    const auto own = tintype::decode<columns, std::vector<own_row>>(askew);
    REQUIRE(own.has_value());
    CHECK(tintype::encode<columns>(*own) == bytes);
    // Characters lie anywhere, and so does nothing.
    const auto names = tintype::encode<columns>(std::vector<std::string>{"a", ""});
    std::ranges::copy(*names, moved.begin() + 1);
    const auto some = askew.first(names->size());
    CHECK(tintype::decode<columns, std::vector<std::string_view>>(some) ==
          std::vector<std::string_view>{"a", ""});
    const auto empty = tintype::encode<columns>(std::vector<std::vector<float>>(2));
    std::ranges::copy(*empty, moved.begin() + 1);
    CHECK(tintype::decode<columns, std::vector<std::span<const float>>>(askew.first(empty->size()))
              .has_value());
    // Bools were looked at, so they can be lent.
    const auto bools = tintype::encode<columns>(std::vector<std::vector<bool>>{{true, false}});
    const auto lent = tintype::decode<columns, std::vector<std::span<const bool>>>(*bools);
    REQUIRE(lent.has_value());
    CHECK((*lent)[0][0]);
    CHECK(!(*lent)[0][1]);
}

TEST_CASE("columns: spans of anything can be written") {
    const std::vector<std::vector<std::string>> rows{{"a", "bc"}, {}, {"d"}};
    const std::vector<std::span<const std::string>> spans(rows.begin(), rows.end());
    CHECK(tintype::encode<columns>(spans) == tintype::encode<columns>(rows));
}

TEST_CASE("columns: a form of one's own stands for what columns cannot look into") {
    static_assert(tintype::columnar<moment> && !tintype::columnar<opaque>);
    static_assert(!tintype::columnar<std::vector<opaque>> && !tintype::columnar<std::monostate>);
    static_assert(columns::schema<std::pair<moment, name_of_a_day>>() ==
                  "(seconds(i64),day(string))");
    using row = std::pair<moment, std::optional<name_of_a_day>>;
    const std::vector<row> rows{{moment{std::chrono::seconds{7}}, name_of_a_day("Friday")},
                                {moment{std::chrono::seconds{-1}}, {}}};
    const auto bytes = tintype::encode<columns>(rows);
    REQUIRE(bytes.has_value());
    CHECK(columns::size(rows) == bytes->size());
    CHECK(tintype::decode<columns, std::vector<row>>(*bytes) == rows);
    auto bad = *bytes;
    REQUIRE(bad[48] == std::byte{'F'});
    bad[53] = std::byte{'Y'};
    CHECK(said(tintype::decode<columns, std::vector<row>>(bad)) ==
          "invalid_value in second @32 6/0");

    // Where the rows stay, so does what a form refers to.
    const std::vector<name_of_a_day> days(3, name_of_a_day(std::string(70000, 'x') + "day"));
    lending_sink sink;
    REQUIRE(columns::encode(days, sink).has_value());
    CHECK(sink.borrowed.size() == 3);
}

TEST_CASE("columns: the sink's own error comes back as it was") {
    const std::vector<std::string> rows(3000, std::string(100, 'x'));
    std::size_t failures = 0;
    for (std::size_t writes = 0;; ++writes) {
        failing_sink sink{writes};
        const auto outcome = columns::encode(rows, sink);
        if (outcome) {
            break;
        }
        CHECK(said(outcome) == "no_space in disk 0/0");
        ++failures;
    }
    CHECK(failures == 5); // 300,032 bytes through a buffer of 64 KiB
}

TEST_CASE("columns: rows that change while they are written are refused") {
    // The lengths are measured and written, then the last row grows.
    std::size_t calls = 0;
    const auto rows = std::views::iota(0U, 3U) | std::views::transform([&calls](unsigned) {
                          return std::string(++calls == 6 ? 5 : 4, 'x');
                      });
    CHECK(said(tintype::encode<columns>(rows)) == "invalid_value @24 0/0");
    calls = 0;
    tintype::gather_sink gathered;
    CHECK(said(columns::encode(rows, gathered)) == "invalid_value @24 0/0");
}

TEST_CASE("columns: a variant without any value cannot be written") {
#if defined(__cpp_exceptions)
    struct fragile {
        BOOST_HANA_DEFINE_STRUCT(fragile, (std::string, text));

        fragile() = default;

        explicit fragile(int number) { throw number; }
    };

    std::vector<std::pair<int, std::variant<std::string, fragile>>> rows(2);
    try {
        rows[1].second.emplace<1>(7);
    } catch (int) {
    }
    REQUIRE(rows[1].second.valueless_by_exception());
    const auto outcome = tintype::encode<columns>(rows);
    REQUIRE(!outcome.has_value());
    CHECK(outcome.error().code == tintype::errc::invalid_value);
    CHECK(outcome.error().where.view() == "second");
    CHECK(outcome.error().wanted == 2);
#endif
}

TEST_CASE("columns: reading can be watched and stopped") {
    const std::vector<blob> rows(20, blob(std::size_t{1} << 20U));
    const auto bytes = tintype::encode<columns>(rows);
    REQUIRE(bytes.has_value());
    std::vector<std::uint64_t> told;
    std::uint64_t total = 0;
    const auto hear = [&](tintype::progress now) {
        told.push_back(now.done);
        total = now.total;
    };
    const tintype::monitor watch(hear);
    CHECK(tintype::decode<columns, std::vector<blob>>(*bytes, {.watch = &watch}) == rows);
    CHECK(total == bytes->size());
    CHECK(told.size() == 5);
    CHECK(std::ranges::is_sorted(told));

    std::stop_source stop;
    std::size_t calls = 0;
    const auto stop_soon = [&](tintype::progress) {
        if (++calls == 2) {
            stop.request_stop();
        }
    };
    const tintype::monitor stopped(stop_soon, stop.get_token());
    const auto outcome = tintype::decode<columns, std::vector<blob>>(*bytes, {.watch = &stopped});
    REQUIRE(!outcome.has_value());
    CHECK(outcome.error().code == tintype::errc::cancelled);
    CHECK(calls == 2);
}
