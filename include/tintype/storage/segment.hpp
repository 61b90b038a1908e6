#pragma once

// How an object lies that is appended to where nothing can be: a head under the object's own name,
// which says by a random number which head it is, and beside it segments, each under a name that
// says of which head it is and at which of the object's bytes it begins. Neither is ever changed.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/storage/concept.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

inline constexpr std::string_view segment_prefix = "tintype.segment-";

// Names that no object but a segment may have.
[[nodiscard]] constexpr bool is_segment_name(std::string_view name) noexcept {
    return name.starts_with(segment_prefix);
}

// Tells apart by accident only: who lies about it is found out by the heads.
[[nodiscard]] inline std::uint64_t mix_of(byte_view bytes, std::uint64_t seed = 0) noexcept {
    std::uint64_t all = splitmix64{seed ^ bytes.size()}();
    for (const std::byte each : bytes) {
        all = splitmix64{all ^ std::to_integer<std::uint64_t>(each)}();
    }
    return all;
}

// What begins a head, a segment and a tail that is kept: 64 bytes, so that what follows is aligned
// as the object is.
//
//      0  magic, 8 characters, the last of them the version
//      8  32 hex digits: of a head its generation, else who wrote it
//     40  u64: 0 in a head, else at which of the object's bytes what follows begins
//     48  u64: of a segment how many bytes follow, else 0
//     56  u64: the mix of the 56 bytes before, with that of the generation as the seed
struct segment_mark {
    static constexpr std::size_t bytes = 64;
    static constexpr std::size_t digits = 32;
    static constexpr std::string_view head{"TINTHEA\1", 8};
    static constexpr std::string_view segment{"TINTSEG\1", 8};
    static constexpr std::string_view tail{"TINTTAI\1", 8};

    std::string writer; // of a head its generation
    std::uint64_t begin = 0;
    std::uint64_t size = 0;

    using encoded = std::array<std::byte, bytes>;

    [[nodiscard]] encoded encode(std::string_view magic, std::string_view generation = {}) const {
        encoded all{};
        copy_bytes(bytes_of(magic), all.data());
        copy_bytes(bytes_of(writer).first(std::min(writer.size(), digits)), all.data() + 8);
        store<std::endian::little>(all.data() + 40, begin);
        store<std::endian::little>(all.data() + 48, size);
        store<std::endian::little>(all.data() + 56, check_of(all, generation));
        return all;
    }

    [[nodiscard]] static result<segment_mark> decode(byte_view from, std::string_view magic,
                                                     std::string_view name,
                                                     std::string_view generation = {}) {
        if (from.size() < bytes) {
            return fail(
                {.code = errc::truncated, .where = name, .found = from.size(), .wanted = bytes});
        }
        if (text_of(from.first(8)) != magic) {
            return fail({.code = errc::invalid_magic,
                         .where = name,
                         .found = load<std::endian::big, std::uint64_t>(from.data()),
                         .wanted = load<std::endian::big, std::uint64_t>(bytes_of(magic).data())});
        }
        const auto said = load<std::endian::little, std::uint64_t>(from.data() + 56);
        if (const auto made = check_of(from, generation); made != said) {
            return fail({.code = errc::checksum_mismatch,
                         .where = name,
                         .offset = 56,
                         .found = said,
                         .wanted = made});
        }
        return segment_mark{.writer = std::string{text_of(from.subspan(8, digits))},
                            .begin = load<std::endian::little, std::uint64_t>(from.data() + 40),
                            .size = load<std::endian::little, std::uint64_t>(from.data() + 48)};
    }

    [[nodiscard]] static std::uint64_t check_of(byte_view from, std::string_view generation) {
        return mix_of(from.first(56), mix_of(bytes_of(generation)));
    }
};

// The generation that a head says it is of; empty for an object that nobody put there as one, which
// is read as it is. Of a head any part of whose mark is damaged: why it cannot be believed.
[[nodiscard]] inline result<std::string> generation_of(byte_view object, std::string_view name) {
    const bool called =
        text_of(object.first(std::min<std::size_t>(object.size(), 8))) == segment_mark::head;
    if (called) {
        auto mark = segment_mark::decode(object, segment_mark::head, name);
        if (mark && mark->writer.find_first_not_of("0123456789abcdef") != std::string::npos) {
            return fail({.code = errc::invalid_value, .where = name, .offset = 8});
        }
        return mark ? result<std::string>{std::move(mark->writer)} : pass(mark);
    }
    if (object.size() < segment_mark::bytes) {
        return std::string{};
    }
    // Its first characters may be what is damaged: then the rest still is a mark.
    segment_mark::encoded mended{};
    copy_bytes(object.first(segment_mark::bytes), mended.data());
    copy_bytes(bytes_of(segment_mark::head), mended.data());
    const auto mark = segment_mark::decode(mended, segment_mark::head, name);
    return mark ? result<std::string>{pass(segment_mark::decode(object, segment_mark::head, name))}
                : result<std::string>{std::string{}};
}

// One segment. Those that were appended have names that say where they begin, so that only one of
// two writers can make the one at an offset. What several of these were merged into says where it
// ends, too: it stands beside them until they are removed.
struct segment_piece {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool merged = false;

    friend bool operator==(const segment_piece&, const segment_piece&) = default;

    [[nodiscard]] std::uint64_t size() const noexcept { return end - begin; }
};

// What all names of the object's segments begin with.
[[nodiscard]] inline std::string segments_of(std::string_view object) {
    std::string name{segment_prefix};
    append_number(name, mix_of(bytes_of(object)), 16, 16);
    return name += '-';
}

[[nodiscard]] inline std::string segments_of(std::string_view object, std::string_view generation) {
    return (segments_of(object) += generation) += '-';
}

[[nodiscard]] inline std::string segment_name(std::string_view object, std::string_view generation,
                                              const segment_piece& piece) {
    std::string name = segments_of(object, generation);
    append_number(name, piece.begin, 16, 16);
    if (piece.merged) {
        name += '-';
        append_number(name, piece.end, 16, 16);
    }
    return name;
}

// Of a name that begins with segments_of(object, generation), and an object of that size; nothing
// for a name that no segment has.
[[nodiscard]] inline std::optional<result<segment_piece>> segment_of(const object_info& info,
                                                                     std::string_view beginning) {
    const std::string_view rest = std::string_view{info.name}.substr(beginning.size());
    const auto number = [](std::string_view text, std::uint64_t& to) {
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), to, 16);
        const bool lower = std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
        return wrong == std::errc{} && end == text.data() + text.size() && lower;
    };
    segment_piece piece{.merged = rest.size() == 33};
    std::uint64_t end = 0;
    if ((rest.size() != 16 && !piece.merged) || !number(rest.substr(0, 16), piece.begin) ||
        (piece.merged && (rest[16] != '-' || !number(rest.substr(17), end)))) {
        return std::nullopt;
    }
    const auto size = info.size - std::min<std::uint64_t>(info.size, segment_mark::bytes);
    const bool fits = size != 0 && size <= std::numeric_limits<std::uint64_t>::max() - piece.begin;
    piece.end = fits ? piece.begin + size : piece.begin;
    if (!fits || (piece.merged && piece.end != end)) {
        return fail({.code = errc::truncated,
                     .where = info.name,
                     .found = info.size,
                     .wanted = piece.merged && end > piece.begin
                                   ? end - piece.begin + segment_mark::bytes
                                   : segment_mark::bytes + 1});
    }
    return piece;
}

// Which segments an object is made of, in order; each but the first may begin before the one before
// it ends, with the same bytes.
struct segment_run {
    std::vector<segment_piece> pieces{};
    std::vector<segment_piece> covered{}; // not needed: their bytes are in others
    std::uint64_t end = 0;                // of the object
    std::optional<segment_piece> apart{}; // lies behind a gap: something is missing
};

// Of a generation's segments behind a head of so many bytes. One that was appended counts only
// where the others end: whatever stands inside a merged one was merged into it, or came too late.
[[nodiscard]] inline segment_run run_of(std::vector<segment_piece> all, std::uint64_t head) {
    std::ranges::sort(all, [](const segment_piece& a, const segment_piece& b) {
        return std::pair{a.begin, b.end} < std::pair{b.begin, a.end};
    });
    segment_run run{.end = head};
    auto next = all.begin();
    std::optional<segment_piece> widest; // merged, and begins where we are or before
    const auto take = [&](const segment_piece& piece) {
        run.pieces.push_back(piece);
        run.end = piece.end;
    };
    for (;;) {
        std::optional<segment_piece> appended;
        for (; next != all.end() && next->begin <= run.end; ++next) {
            if (next->merged && next->end > (widest ? widest->end : run.end)) {
                widest = *next;
            } else if (!next->merged && next->begin == run.end && !appended) {
                appended = *next;
            }
        }
        if (widest && widest->end > run.end) {
            take(*widest);
        } else if (appended && appended->end > run.end) {
            take(*appended);
        } else {
            break;
        }
    }
    if (next != all.end()) {
        run.apart = *next;
    }
    for (const segment_piece& piece : all) {
        const auto place =
            std::ranges::lower_bound(run.pieces, piece.begin, {}, &segment_piece::begin);
        if (piece.begin < run.end && (place == run.pieces.end() || *place != piece)) {
            run.covered.push_back(piece);
        }
    }
    return run;
}

// How many of the last segments are to be merged, so that there are never many of about a size: at
// least `from` of them, of which none is larger than the last but by less than that factor, and
// that have no more than `to` bytes together. 0: none yet.
[[nodiscard]] inline std::size_t mergeable(const std::vector<segment_piece>& run, std::size_t from,
                                           std::uint64_t to) {
    if (from < 2 || run.size() < from) {
        return 0;
    }
    const auto level_of = [&](std::uint64_t size) {
        int level = 0;
        for (size /= 4096; size >= from; size /= from) {
            ++level;
        }
        return level;
    };
    const int level = level_of(run.back().size());
    std::size_t count = 0;
    for (auto piece = run.rbegin(); piece != run.rend(); ++piece, ++count) {
        if (level_of(piece->size()) > level || run.back().end - piece->begin > to) {
            break;
        }
    }
    return count < from ? 0 : count;
}

} // namespace tintype::inline v0::detail
