#pragma once

// The body for columns: whatever is accepted is the one encoding of what was read, as long as was
// said, and lends the same as it copies. Columns of every shape, so that any bytes meet most of the
// reader.

#include <tintype/codec/columns.hpp>
#include <tintype/codec/columns/json_value.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/reflect.hpp>

#include "bodies.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tests::fuzz {

struct column_flag {
    BOOST_HANA_DEFINE_STRUCT(column_flag, (bool, on), (std::uint16_t, n));
};

// As a store of vectors has it; the first byte of the input says which rows are meant.
struct column_vector {
    BOOST_HANA_DEFINE_STRUCT(column_vector, (std::string, id), (std::vector<float>, values),
                             (std::optional<tintype::json_value>, metadata));
};

struct lent_vector {
    BOOST_HANA_DEFINE_STRUCT(lent_vector, (std::string_view, id), (std::span<const float>, values),
                             (std::optional<tintype::json_value>, metadata));
};

struct column_mixture {
    using either = std::variant<std::monostate, std::uint8_t, std::vector<std::string>>;
    using names = std::array<std::string, 2>;
    using tree = std::map<std::string, std::set<std::uint8_t>>;
    using inner = std::pair<either, std::vector<column_flag>>;
    BOOST_HANA_DEFINE_STRUCT(column_mixture, (tree, tags), (std::vector<inner>, parts),
                             (names, both));
};

template <class Rows>
void gather_columns(const Rows& rows, const blob& bytes) {
    tintype::gather_sink gathered;
    must(tintype::columns::encode(rows, gathered).has_value(), "columns: into another sink");
    blob joined;
    for (const byte_view piece : gathered.pieces()) {
        tintype::append(joined, piece);
    }
    must(joined == bytes, "columns: the same bytes in another sink");
}

template <class Row>
void columns_round_trip(byte_view bytes) {
    using tintype::columns;
    using rows = std::vector<Row>;
    const auto read = tintype::decode<columns, rows>(bytes);
    const auto lenient =
        tintype::decode<columns, rows>(bytes, {.trailing = tintype::trailing::accept});
    if (!read) {
        must(read.error().offset == tintype::error::no_offset ||
                 read.error().offset <= bytes.size(),
             "columns: a refusal is in the bytes");
        must(read.error().code != tintype::errc{}, "columns: a refusal has a code");
    } else {
        must(lenient && tintype::identical(*lenient, *read), "columns: lenience changes nothing");
        must(columns::size(*read) == bytes.size(), "columns: the size is told");
    }
    if (lenient) {
        const auto again = tintype::encode<columns>(*lenient);
        must(again && again->size() <= bytes.size(), "columns: what was read can be written");
        must(std::ranges::equal(*again, bytes.first(again->size())),
             "columns: rows have one encoding");
        gather_columns(*lenient, *again);
    }
}

inline void fuzz_columns(byte_view bytes) {
    if (bytes.empty()) {
        return;
    }
    const auto which = std::to_integer<unsigned>(bytes[0]);
    // At an address that anything may be lent from.
    const blob input(bytes.begin() + 1, bytes.end());
    if (which % 2 == 0) {
        columns_round_trip<column_vector>(input);
        columns_round_trip<lent_vector>(input);
        const auto own = tintype::decode<tintype::columns, std::vector<column_vector>>(input);
        const auto lent = tintype::decode<tintype::columns, std::vector<lent_vector>>(input);
        must(own.has_value() == lent.has_value(), "columns: what is copied can be lent");
        must(own || own.error() == lent.error(), "columns: for the same reason");
        must(!own || tintype::encode<tintype::columns>(*own) ==
                         tintype::encode<tintype::columns>(*lent),
             "columns: lent and copied are the same");
    } else {
        columns_round_trip<column_mixture>(input);
    }
}

} // namespace tests::fuzz
