#pragma once

// Rows as columns: a codec of any range of described records that keeps each member of all rows
// side by side, numbers and the elements of sequences as they lie in memory. It writes rows of
// spans without copying what is adjacent, lends spans when it reads, and gives every rows exactly
// one encoding. See docs/columns.md.

#include <tintype/codec/columns/checker.hpp>
#include <tintype/codec/columns/filler.hpp>
#include <tintype/codec/columns/output.hpp>
#include <tintype/codec/columns/schema.hpp>
#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/columns/writer.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/crc32c.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string_view>
#include <type_traits>

namespace tintype::inline v0 {

// Rows that can be written: they are gone through several times and must be the same each time. A
// row may be made when it is asked for; views in it must outlive the encoded bytes' use.
template <class R>
concept column_rows = std::ranges::forward_range<const R> && std::ranges::sized_range<const R> &&
                      std::same_as<std::remove_cvref_t<std::ranges::range_reference_t<const R>>,
                                   std::ranges::range_value_t<const R>> &&
                      columnar<std::ranges::range_value_t<const R>>;

// Rows that can be read: so many are made, and then filled.
template <class R>
concept resizable_column_rows =
    column_rows<R> && std::constructible_from<R, std::size_t> &&
    std::same_as<std::ranges::range_reference_t<R>, std::ranges::range_value_t<R>&>;

struct columns {
    template <column_rows Rows>
    [[nodiscard]] static std::uint64_t size(const Rows& rows) {
        detail::column_size out;
        static_cast<void>(walk(rows, out));
        return out.total();
    }

    template <column_rows Rows, byte_sink Sink>
    [[nodiscard]] static result<void> encode(const Rows& rows, Sink& sink) {
        detail::column_output<Sink> out(sink);
        if (!walk(rows, out) || !out.flush()) {
            return fail(out.failure());
        }
        return {};
    }

    // Whether the bytes are columns of T, without making rows of them: everything that decode
    // refuses but keys that come twice or out of order, and forms that are none. The number of
    // rows.
    template <columnar T>
    [[nodiscard]] static result<std::uint64_t> check(byte_view bytes,
                                                     const decode_options& options = {}) {
        const auto found = checked<T>(bytes, options);
        return found ? result<std::uint64_t>{found->count} : pass(found);
    }

    // Spans and string views in the rows point into `bytes`.
    template <resizable_column_rows Rows>
    [[nodiscard]] static result<Rows> decode(byte_view bytes, const decode_options& options = {}) {
        using row = std::ranges::range_value_t<Rows>;
        const auto found = checked<row>(bytes, options);
        if (!found) {
            return pass(found);
        }
        Rows rows(static_cast<std::size_t>(found->count));
        detail::column_filler fill(found->bytes, options);
        if (!fill.node<row>(each_of<row>(rows), found->count, detail::column_path{})) {
            return fail(fill.failure());
        }
        return rows;
    }

    // The columns of a T as a text: keep it, or a digest of it, beside the bytes, and bytes of
    // another struct are told from those of this one.
    template <columnar T>
    [[nodiscard]] static constexpr std::string_view schema() noexcept {
        return {detail::schema_characters<T>.data(), detail::schema_characters<T>.size()};
    }

private:
    struct table {
        std::uint64_t count = 0; // of rows
        byte_view bytes{};       // without what is left over behind them
    };

    template <class T>
    [[nodiscard]] static result<table> checked(byte_view bytes, const decode_options& options) {
        detail::column_checker check(bytes, options.limits);
        table found;
        if (!check.rows(found.count, detail::least_of<T>()) ||
            !check.node<T>(found.count, detail::column_path{})) {
            return fail(check.failure());
        }
        const std::uint64_t size = check.offset();
        if (options.trailing == trailing::refuse && size != bytes.size()) {
            return fail(
                {.code = errc::trailing_bytes, .offset = size, .found = bytes.size() - size});
        }
        found.bytes = bytes.first(static_cast<std::size_t>(size));
        return found;
    }

    template <class Row, class Rows>
    static auto each_of(Rows& rows) {
        return [&rows](auto&& visit) {
            const auto end = std::ranges::end(rows);
            for (auto at = std::ranges::begin(rows); at != end; ++at) {
                if (!visit(static_cast<Row&>(*at))) {
                    return false;
                }
            }
            return true;
        };
    }

    template <class Rows, class Out>
    static bool walk(const Rows& rows, Out& out) {
        using row = std::ranges::range_value_t<const Rows>;
        using reference = std::ranges::range_reference_t<const Rows>;
        constexpr auto stays = detail::staying_of<reference>(detail::staying::all);
        const std::uint64_t count = std::ranges::size(rows);
        const detail::column_path root{};
        const auto each = [&rows](auto&& visit) { return detail::visit_elements(rows, visit); };
        return number_of_rows(count, out) &&
               detail::column_writer<Out>(out).template node<stays, row>(each, count, root);
    }

    template <class Out>
    static bool number_of_rows(std::uint64_t count, Out& out) {
        const detail::column_path path{.name = "rows"};
        if constexpr (Out::counts_only) {
            out.block(sizeof count);
            return true;
        } else {
            return out.begin(sizeof count, path) && out.put(count) && out.end(path);
        }
    }
};

namespace detail {

// Of a type that columns cannot look into: nothing.
template <class T>
[[nodiscard]] constexpr std::string_view schema_of_columns() noexcept {
    if constexpr (columnar<T>) {
        return columns::schema<T>();
    } else {
        return {};
    }
}

// `unsupported` where something was written of another type; `found` and `wanted` tell the schemas
// apart.
[[nodiscard]] inline result<void> check_schema(std::string_view stored, std::string_view mine,
                                               std::string_view during) {
    if (stored != mine) {
        return fail({.code = errc::unsupported,
                     .where = stored,
                     .found = hash_of<crc32c>(bytes_of(stored)),
                     .wanted = hash_of<crc32c>(bytes_of(mine)),
                     .during = during});
    }
    return {};
}

} // namespace detail

} // namespace tintype::inline v0
