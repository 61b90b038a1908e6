#pragma once

// The library's own codec of chains. The data: a head, then every piece at a multiple of 64 bytes,
// its records as columns. The manifest: a section list with a CRC of its own. Records that are
// views of their values lend them from the stored bytes.

#include <tintype/chain/codec.hpp>
#include <tintype/chain/manifest.hpp>
#include <tintype/chain/piece_bytes.hpp>
#include <tintype/chain/record.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/codec/encoder.hpp>
#include <tintype/codec/frames.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct chain_columns {
    static constexpr std::string_view info_suffix = ".meta";
    static constexpr std::string_view data_suffix = ".snap";
    static constexpr bool increments_of_records = true;
    static constexpr bool places_pieces = true;
    static constexpr bool names_data = true;

    using info_list = section_list<magic<"TTMANIFEST">, version<std::uint16_t, 1>,
                                   payload<detail::single_row>, checksum<crc32c>>;

    static_assert(info_list::min_size == 24);

    // In front of the pieces: what the object is, and which version of it.
    static constexpr std::string_view data_magic = "TTPIECES";
    static constexpr std::uint64_t data_version = 1;
    static constexpr std::uint64_t piece_alignment = 64;

    template <hash_policy>
    [[nodiscard]] static result<blob> encode_info(const snapshot_info& info) {
        return tintype::encode<info_list>(info);
    }

    [[nodiscard]] static result<snapshot_info> decode_info(byte_view bytes,
                                                           const decode_options& options = {}) {
        auto info = tintype::decode<info_list, snapshot_info>(bytes, options);
        if (info) {
            if (auto good = counted(*info); !good) {
                return pass(good);
            }
        }
        return info;
    }

    // Bytes that the pieces will take, without their padding.
    template <keyed_record R>
    [[nodiscard]] static std::uint64_t size_hint(const std::vector<part_piece<R>>& parts) {
        std::uint64_t sum = head_size;
        for (const part_piece<R>& each : parts) {
            sum += columns::size(each.records.records()) + piece_alignment;
        }
        return sum;
    }

    template <hash_policy Hash, keyed_record R, class Side, byte_sink Sink>
    [[nodiscard]] static result<void> encode(snapshot_info& info,
                                             const std::vector<part_piece<R>>& parts,
                                             const Side* side, Sink& sink) {
        info.schema = columns::schema<R>();
        if constexpr (described<Side>) {
            info.schema.append(side_mark).append(columns::schema<Side>());
        }
        info.pieces.clear();
        info.records = 0;
        std::uint64_t at = 0;
        if (auto done = write_head(sink, at); !done) {
            return done;
        }
        for (const part_piece<R>& each : parts) {
            piece_info piece{.name = each.name,
                             .kind = each.kind,
                             .records = each.records.size(),
                             .erased = each.erased.size(),
                             .total = each.total};
            info.records += piece.records;
            auto done =
                each.kind == piece_kind::dropped
                    ? result<void>{}
                    : write_piece<Hash>(piece, sink, at, each.records.records(), each.erased);
            if (!done) {
                return done;
            }
            info.pieces.push_back(std::move(piece));
        }
        if constexpr (described<Side>) {
            const std::vector<std::uint64_t> no_keys;
            result<void> done;
            for_each_member(*side, [&](std::string_view name, const auto& value) {
                piece_info piece{.name = std::string{name}, .kind = piece_kind::side, .records = 1};
                if (done) {
                    done = write_piece<Hash>(piece, sink, at, std::span{&value, 1}, no_keys);
                    info.pieces.push_back(std::move(piece));
                }
            });
            if (!done) {
                return done;
            }
        }
        info.data_size = at;
        return {};
    }

    template <keyed_record R>
    [[nodiscard]] static result<std::vector<loaded_piece<R>>>
    decode(byte_view data, const snapshot_info& info, std::span<const piece_info* const> wanted,
           const decode_options& options) {
        if (auto good = check_frame<R>(data, info); !good) {
            return pass(good);
        }
        std::vector<loaded_piece<R>> pieces;
        for (const piece_info* each : wanted) {
            auto piece = detail::piece_bytes::read<R>(data, *each, options);
            if (!piece) {
                return inside(piece.error(), info, *each);
            }
            pieces.push_back(*std::move(piece));
        }
        return pieces;
    }

    // What decoding would refuse, but keys that are there twice, without making records.
    template <keyed_record R>
    [[nodiscard]] static result<void> check(byte_view data, const snapshot_info& info,
                                            const decode_options& options) {
        if (auto good = check_frame<R>(data, info); !good) {
            return good;
        }
        for (const piece_info& each : info.pieces) {
            if (each.kind == piece_kind::whole || each.kind == piece_kind::changes) {
                if (auto good = detail::piece_bytes::check<R>(data, each, options); !good) {
                    return inside(good.error(), info, each);
                }
            }
        }
        return {};
    }

    template <class Side>
    [[nodiscard]] static result<std::optional<Side>>
    decode_side(byte_view data, const snapshot_info& info, const decode_options& options) {
        std::optional<Side> side;
        if constexpr (described<Side>) {
            if (auto good = check_frame(data, info); !good) {
                return pass(good);
            }
            const auto at = info.schema.find(side_mark);
            if (at == info.schema.npos ||
                info.schema.substr(at + side_mark.size()) != columns::schema<Side>()) {
                return fail(
                    {.code = errc::unsupported,
                     .where = info.id + ": records " + info.schema,
                     .during = "the side state was described differently when it was written"});
            }
            side.emplace();
            result<void> good;
            for_each_member(*side, [&](std::string_view name, auto& value) {
                if (good) {
                    good = read_side(data, info, name, value, options);
                }
            });
            if (!good) {
                return pass(good);
            }
        }
        return side;
    }

private:
    static constexpr std::uint64_t head_size = 16;

    // In a schema, between what the records are and what the side state is.
    static constexpr std::string_view side_mark = " side ";

    // The counts that no piece's bytes speak of.
    [[nodiscard]] static result<void> counted(const snapshot_info& info) {
        std::uint64_t sum = 0;
        for (const piece_info& each : info.pieces) {
            if (each.kind == piece_kind::dropped && each.records != 0) {
                return fail({.code = errc::invalid_value,
                             .where = each.name + ", records",
                             .found = each.records});
            }
            if (each.kind != piece_kind::changes && each.erased != 0) {
                return fail({.code = errc::invalid_value,
                             .where = each.name + ", erased",
                             .found = each.erased});
            }
            sum += each.kind == piece_kind::side ? 0 : each.records;
        }
        if (sum != info.records) {
            return fail({.code = errc::invalid_value,
                         .where = "records",
                         .found = info.records,
                         .wanted = sum});
        }
        return {};
    }

    [[nodiscard]] static constexpr std::uint64_t padding(std::uint64_t at) noexcept {
        return (piece_alignment - at % piece_alignment) % piece_alignment;
    }

    [[nodiscard]] static result<void> write_head(auto& sink, std::uint64_t& at) {
        std::array<std::byte, head_size> head{};
        std::ranges::copy(bytes_of(data_magic), head.begin());
        store<std::endian::little>(head.data() + 8, data_version);
        at = head.size();
        return sink.write(head);
    }

    template <hash_policy Hash, class Sink>
    [[nodiscard]] static result<void> write_piece(piece_info& piece, Sink& sink, std::uint64_t& at,
                                                  const auto& records, const auto& erased) {
        constexpr std::array<std::byte, piece_alignment> zeros{};
        const auto gap = static_cast<std::size_t>(padding(at));
        if (auto done = sink.write(byte_view{zeros}.first(gap)); !done) {
            return done;
        }
        piece.offset = at + gap;
        encoder<Sink, Hash> out{sink, 0};
        auto done = detail::piece_bytes::write(piece, records, erased, out);
        piece.size = out.written();
        at = piece.offset + piece.size;
        const auto digest = digest_bytes(out.digest());
        piece.digest.assign(digest.begin(), digest.end());
        return done;
    }

    template <class Value>
    [[nodiscard]] static result<void> read_side(byte_view data, const snapshot_info& info,
                                                std::string_view name, Value& value,
                                                const decode_options& options) {
        const auto piece = std::ranges::find_if(info.pieces, [&](const piece_info& each) {
            return each.kind == piece_kind::side && each.name == name;
        });
        if (piece == info.pieces.end()) {
            return fail({.code = errc::missing_field,
                         .where = std::string{info.id}.append(": ").append(name)});
        }
        auto read = detail::piece_bytes::read_value<Value>(data, *piece, options);
        if (!read) {
            return inside(read.error(), info, *piece);
        }
        value = *std::move(read);
        return {};
    }

    template <keyed_record R>
    [[nodiscard]] static result<void> check_frame(byte_view data, const snapshot_info& info) {
        if (info.schema.substr(0, info.schema.find(side_mark)) != columns::schema<R>()) {
            return fail(
                {.code = errc::unsupported,
                 .where = info.id + ": records " + info.schema,
                 .during = "the records were described differently when they were written"});
        }
        return check_frame(data, info);
    }

    [[nodiscard]] static result<void> check_frame(byte_view data, const snapshot_info& info) {
        const auto wrong = [&](errc code, std::uint64_t found, std::uint64_t wanted) {
            return fail(
                {.code = code, .where = info.data, .offset = 0, .found = found, .wanted = wanted});
        };
        if (data.size() < head_size) {
            return wrong(errc::truncated, data.size(), head_size);
        }
        if (text_of(data.first(data_magic.size())) != data_magic) {
            return wrong(errc::invalid_magic, load<std::endian::big, std::uint64_t>(data.data()),
                         load<std::endian::big, std::uint64_t>(bytes_of(data_magic).data()));
        }
        const auto found = load<std::endian::little, std::uint64_t>(data.data() + 8);
        if (found != data_version) {
            return wrong(errc::unsupported_version, found, data_version);
        }
        return only_pieces(data, info);
    }

    // What no piece's digest covers is the padding between them, and that is zero.
    [[nodiscard]] static result<void> only_pieces(byte_view data, const snapshot_info& info) {
        std::uint64_t at = head_size;
        for (const piece_info& each : info.pieces) {
            if (each.kind == piece_kind::dropped) {
                continue;
            }
            const auto gap = padding(at);
            if (each.offset != at + gap) {
                return inside(
                    {.code = errc::invalid_value, .found = each.offset, .wanted = at + gap}, info,
                    each);
            }
            if (each.offset > data.size() || each.size > data.size() - each.offset) {
                return inside({.code = errc::truncated_section,
                               .offset = each.offset,
                               .found = data.size(),
                               .wanted = each.size},
                              info, each);
            }
            const auto between =
                data.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(gap));
            for (const std::byte each_byte : between) {
                if (each_byte != std::byte{0}) {
                    return inside({.code = errc::invalid_value,
                                   .offset = at,
                                   .found = std::to_integer<std::uint64_t>(each_byte)},
                                  info, each);
                }
            }
            at = each.offset + each.size;
        }
        if (at != data.size()) {
            return fail({.code = errc::trailing_bytes,
                         .where = info.data,
                         .offset = at,
                         .found = data.size() - at});
        }
        return {};
    }

    // Says of which part of which snapshot a codec of columns complained.
    [[nodiscard]] static std::unexpected<error> inside(error what, const snapshot_info& info,
                                                       const piece_info& piece) {
        std::string where = info.id + ": " + piece.name;
        if (!what.where.empty()) {
            where.append(", ").append(what.where.view());
        }
        what.where = where;
        return fail(what);
    }
};

} // namespace tintype::inline v0
