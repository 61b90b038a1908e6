#pragma once

// The bytes of one piece in the library's own chains: the size of its records as columns, these,
// and, in a piece of changes, the keys of those erased as columns behind them.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/sink.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

// One value as the only row of a table.
struct single_row {
    template <class T>
    [[nodiscard]] static std::uint64_t size(const T& value) {
        return columns::size(std::span{&value, 1});
    }

    template <class T, byte_sink Sink>
    [[nodiscard]] static result<void> encode(const T& value, Sink& sink) {
        return columns::encode(std::span{&value, 1}, sink);
    }

    template <class T>
    [[nodiscard]] static result<T> decode(byte_view bytes, const decode_options& options) {
        // A vector of bools has no bools in it.
        using table = std::conditional_t<std::same_as<T, bool>, std::deque<T>, std::vector<T>>;
        auto rows = columns::decode<table>(bytes, options);
        if (!rows) {
            return pass(rows);
        }
        if (rows->size() != 1) {
            return fail({.code = errc::invalid_value, .found = rows->size(), .wanted = 1});
        }
        return std::move(rows->front());
    }
};

// Errors name what of the piece is wrong, with offsets from the start of the data. The place of the
// piece was held against the data.
struct piece_bytes {
    // `out`: an encoder. Erased keys are written only where the piece is one of changes.
    template <class Out>
    [[nodiscard]] static result<void> write(const piece_info& piece, const auto& records,
                                            const auto& erased, Out& out) {
        auto done = out.template number<std::endian::little>(columns::size(records));
        if (done) {
            done = columns::encode(records, out);
        }
        if (done && piece.kind == piece_kind::changes) {
            done = columns::encode(erased, out);
        }
        return done;
    }

    template <keyed_record R>
    [[nodiscard]] static result<loaded_piece<R>> read(byte_view data, const piece_info& piece,
                                                      const decode_options& options) {
        loaded_piece<R> loaded{.name = piece.name, .kind = piece.kind, .total = piece.total};
        if (piece.kind == piece_kind::dropped) {
            return loaded;
        }
        const auto parts = cut(data, piece);
        if (!parts) {
            return pass(parts);
        }
        auto records =
            located(columns::decode<std::vector<loaded_record<R>>>(parts->records, options), data,
                    parts->records, "records");
        if (!records) {
            return pass(records);
        }
        if (auto good = as_many(records->size(), piece.records, "records"); !good) {
            return pass(good);
        }
        loaded.records = *std::move(records);
        if (piece.kind == piece_kind::changes) {
            auto erased =
                located(columns::decode<std::vector<key_of_record<R>>>(parts->rest, options), data,
                        parts->rest, "erased");
            if (!erased) {
                return pass(erased);
            }
            if (auto good = as_many(erased->size(), piece.erased, "erased"); !good) {
                return pass(good);
            }
            loaded.erased = *std::move(erased);
        }
        return loaded;
    }

    // What reading would refuse, without making records.
    template <keyed_record R>
    [[nodiscard]] static result<void> check(byte_view data, const piece_info& piece,
                                            const decode_options& options) {
        const auto parts = cut(data, piece);
        if (!parts) {
            return pass(parts);
        }
        const auto records = located(columns::check<loaded_record<R>>(parts->records, options),
                                     data, parts->records, "records");
        if (!records) {
            return pass(records);
        }
        if (auto good = as_many(*records, piece.records, "records");
            !good || piece.kind != piece_kind::changes) {
            return good;
        }
        const auto erased = located(columns::check<key_of_record<R>>(parts->rest, options), data,
                                    parts->rest, "erased");
        return erased ? as_many(*erased, piece.erased, "erased") : pass(erased);
    }

    // The only record of a piece of the side state.
    template <class Value>
    [[nodiscard]] static result<Value> read_value(byte_view data, const piece_info& piece,
                                                  const decode_options& options) {
        const auto parts = cut(data, piece);
        if (!parts) {
            return pass(parts);
        }
        return located(single_row::decode<Value>(parts->records, options), data, parts->records,
                       "");
    }

private:
    struct halves {
        byte_view records;
        byte_view rest; // the erased keys; nothing where the piece is not one of changes
    };

    [[nodiscard]] static result<halves> cut(byte_view data, const piece_info& piece) {
        reader from{data.subspan(static_cast<std::size_t>(piece.offset),
                                 static_cast<std::size_t>(piece.size)),
                    piece.offset};
        const auto size = from.number<std::endian::little, std::uint64_t>("records");
        if (!size) {
            return pass(size);
        }
        const auto records = from.take(*size, "records");
        if (!records) {
            return pass(records);
        }
        if (piece.kind != piece_kind::changes && from.remaining() != 0) {
            return fail(
                {.code = errc::trailing_bytes, .offset = from.offset(), .found = from.remaining()});
        }
        return halves{*records, from.rest()};
    }

    // What the manifest says, and what is there.
    [[nodiscard]] static result<void> as_many(std::uint64_t there, std::uint64_t said,
                                              std::string_view what) {
        if (there != said) {
            return fail(
                {.code = errc::invalid_value, .where = what, .found = said, .wanted = there});
        }
        return {};
    }

    // A table, and in its error the place in the whole object.
    template <class T>
    [[nodiscard]] static result<T> located(result<T> table, byte_view data, byte_view bytes,
                                           std::string_view what) {
        if (!table) {
            error failed = table.error();
            if (failed.where.empty()) {
                failed.where = what;
            }
            if (failed.offset != error::no_offset) {
                failed.offset += static_cast<std::uint64_t>(bytes.data() - data.data());
            }
            return fail(failed);
        }
        return table;
    }
};

} // namespace tintype::inline v0::detail
