#pragma once

// What one leaf was over many snapshots: its elements at first, and each change of them, as
// columns. Every column is a series of its own, so that what repeats, counts or creeps costs next
// to nothing, and one leaf is read without the others.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/exchange.hpp>
#include <tintype/delta/leaf.hpp>
#include <tintype/delta/measure.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/series.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// Calls visit.operator()<E>() for the type by which a series of such elements is packed; records
// and columns go byte by byte.
template <class Visit>
auto with_series_type(leaf_type type, Visit visit) {
    switch (type) {
    case leaf_type::i8:
        return visit.template operator()<std::int8_t>();
    case leaf_type::u16:
        return visit.template operator()<std::uint16_t>();
    case leaf_type::i16:
        return visit.template operator()<std::int16_t>();
    case leaf_type::u32:
        return visit.template operator()<std::uint32_t>();
    case leaf_type::i32:
        return visit.template operator()<std::int32_t>();
    case leaf_type::u64:
        return visit.template operator()<std::uint64_t>();
    case leaf_type::i64:
        return visit.template operator()<std::int64_t>();
    case leaf_type::f32:
        return visit.template operator()<float>();
    case leaf_type::f64:
        return visit.template operator()<double>();
    default:
        return visit.template operator()<std::uint8_t>();
    }
}

// Stored elements to or from the machine's order of bytes.
template <class E>
void to_native(std::span<E> elements) noexcept {
    if constexpr (std::endian::native != std::endian::little && sizeof(E) != 1) {
        for (E& each : elements) {
            auto* const at = reinterpret_cast<std::byte*>(&each);
            each = load<std::endian::little, E>(at);
        }
    }
}

inline void append_elements(leaf_type type, byte_view stored, blob& to) {
    with_series_type(type, [&]<class E>() {
        std::vector<E> values(stored.size() / sizeof(E));
        if (!values.empty()) {
            std::memcpy(values.data(), stored.data(), values.size() * sizeof(E));
        }
        to_native(std::span{values});
        encode_series<E>(values, to);
    });
}

// As they are stored.
[[nodiscard]] inline result<void> take_elements(leaf_type type, reader& in, mutable_bytes to) {
    return with_series_type(type, [&]<class E>() -> result<void> {
        std::vector<E> values(to.size() / sizeof(E));
        if (auto done = decode_series<E>(in, values, "values"); !done) {
            return done;
        }
        to_native(std::span{values});
        if (!values.empty()) {
            std::memcpy(to.data(), values.data(), to.size());
        }
        return {};
    });
}

template <class E>
[[nodiscard]] result<std::vector<E>> take_column(reader& in, std::uint64_t count,
                                                 std::uint64_t most, std::string_view part) {
    if (count > most) {
        return fail({.code = errc::limit_exceeded,
                     .where = part,
                     .offset = in.offset(),
                     .found = count,
                     .wanted = most});
    }
    std::vector<E> column(static_cast<std::size_t>(count));
    if (auto done = decode_series<E>(in, column, part); !done) {
        return pass(done);
    }
    return column;
}

} // namespace detail

class leaf_track {
public:
    // What a change takes in memory, besides its positions and values.
    static constexpr std::uint64_t change_bytes = 24;

    leaf_form form{};
    std::uint64_t initial = 0; // elements at first
    measure all{};             // of every snapshot in which there is the leaf, once for each

    // Columns: for each change the steps since the one before, how it changes, and the numbers that
    // says: how many elements, of a run that slid how many are gone before that.
    std::vector<std::uint32_t> gaps{};
    std::vector<std::uint8_t> ops{};
    std::vector<std::uint64_t> numbers{};
    std::vector<std::uint32_t> positions{};
    blob values{}; // the initial ones, and then those of each change, as they are stored

    void add(std::uint32_t gap, const change& what) {
        gaps.push_back(gap);
        const auto op = what.op == change_op::mapped ? change_op::sparse : what.op;
        ops.push_back(static_cast<std::uint8_t>(op));
        if (op == change_op::slid) {
            numbers.push_back(what.gone);
        }
        numbers.push_back(what.values.size() / form.width);
        positions.insert(positions.end(), what.positions.begin(), what.positions.end());
        append(values, what.values);
    }

    void encode(blob& to) const {
        // What is quickly read needs no summary.
        const bool counted = all.count != 0 && values.size() >= 256;
        const auto flags = (gaps.empty() ? 0U : 1U) | (counted ? 2U : 0U);
        to.push_back(static_cast<std::byte>(flags));
        if (counted) {
            append_varint(to, all.count);
            append_varint(to, all.nans);
            std::array<std::byte, 24> bytes{};
            store<std::endian::little>(bytes.data(), all.min);
            store<std::endian::little>(bytes.data() + 8, all.max);
            store<std::endian::little>(bytes.data() + 16, all.sum);
            append(to, bytes);
        }
        append_varint(to, initial);
        if (!gaps.empty()) {
            append_varint(to, gaps.size());
            append_varint(to, numbers.size());
            append_varint(to, positions.size());
            append_varint(to, values.size() / form.width);
            encode_series<std::uint32_t>(gaps, to);
            encode_series<std::uint8_t>(ops, to);
            encode_series<std::uint64_t>(numbers, to);
            encode_series<std::uint32_t>(positions, to);
        }
        detail::append_elements(form.type, values, to);
    }

    // `most` bytes of memory may be taken for it, and are taken off.
    [[nodiscard]] static result<leaf_track> decode(reader& in, const leaf_form& form,
                                                   std::uint64_t& most) {
        leaf_track track;
        track.form = form;
        const auto flags = track.decode_summary(in);
        if (!flags) {
            return pass(flags);
        }
        const auto initial = take_varint(in, "leaf");
        if (!initial) {
            return pass(initial);
        }
        track.initial = *initial;
        std::uint64_t elements = *initial;
        if ((*flags & 1U) != 0) {
            const auto total = track.decode_changes(in, most);
            if (!total) {
                return pass(total);
            }
            elements = *total;
        }
        const std::uint64_t width = std::max<std::uint64_t>(form.width, 1);
        if (elements > most / width || track.initial > elements ||
            (form.width == 0 && elements != 0)) {
            return fail({.code = errc::limit_exceeded,
                         .where = "values",
                         .offset = in.offset(),
                         .found = elements,
                         .wanted = most / width});
        }
        most -= elements * width;
        track.values.resize(static_cast<std::size_t>(elements * form.width));
        if (auto done = detail::take_elements(form.type, in, track.values); !done) {
            return pass(done);
        }
        if (form.type == leaf_type::boolean &&
            !std::ranges::all_of(track.values, [](std::byte b) { return b <= std::byte{1}; })) {
            return fail({.code = errc::invalid_value, .where = "values", .wanted = 1});
        }
        return track;
    }

    // The summary alone.
    [[nodiscard]] static result<measure> decode_measure(reader in) {
        leaf_track track;
        const auto flags = track.decode_summary(in);
        return flags ? result<measure>{track.all} : pass(flags);
    }

    // Whether the columns fit together: what next() and back() rely on. The steps are fewer than
    // this.
    [[nodiscard]] result<void> check(std::uint64_t steps) const {
        const auto refuse = [](std::uint64_t found, std::uint64_t wanted) {
            return fail({.code = errc::out_of_bounds,
                         .where = "changes",
                         .found = found,
                         .wanted = wanted});
        };
        std::uint64_t last = 0;
        std::size_t number = 0;
        std::uint64_t scattered = 0;
        std::uint64_t elements = initial;
        for (std::size_t i = 0; i != gaps.size(); ++i) {
            if (gaps[i] == 0 && i != 0) {
                return refuse(0, 1);
            }
            last += gaps[i];
            const auto op = static_cast<change_op>(ops[i]);
            if (ops[i] > 3 || op == change_op::mapped) {
                return refuse(ops[i], 3);
            }
            const std::size_t said = op == change_op::slid ? 2 : 1;
            if (said > numbers.size() - number) {
                return refuse(number + said, numbers.size());
            }
            number += said;
            const std::uint64_t count = numbers[number - 1];
            const std::uint64_t present = values.size() / std::max<std::uint64_t>(form.width, 1);
            if (count > present - elements) {
                return refuse(count, present - elements);
            }
            elements += count;
            if (op == change_op::sparse) {
                if (count > positions.size() - scattered) {
                    return refuse(count, positions.size() - scattered);
                }
                const auto mine = std::span{positions}.subspan(static_cast<std::size_t>(scattered),
                                                               static_cast<std::size_t>(count));
                for (std::size_t k = 1; k < mine.size(); ++k) {
                    if (mine[k] <= mine[k - 1]) {
                        return refuse(mine[k], std::uint64_t{mine[k - 1]} + 1);
                    }
                }
                scattered += count;
            }
        }
        if (!gaps.empty() && last >= steps) {
            return refuse(last, steps);
        }
        if (number != numbers.size() || scattered != positions.size() ||
            elements * form.width != values.size()) {
            return refuse(elements, values.size());
        }
        return {};
    }

private:
    [[nodiscard]] result<std::uint8_t> decode_summary(reader& in) {
        const auto flags = in.number<std::endian::little, std::uint8_t>("leaf");
        if (!flags) {
            return flags;
        }
        if (*flags > 3) {
            return fail({.code = errc::invalid_value,
                         .where = "leaf",
                         .offset = in.offset() - 1,
                         .found = *flags,
                         .wanted = 3});
        }
        if ((*flags & 2U) == 0) {
            return flags;
        }
        const auto count = take_varint(in, "summary");
        if (!count) {
            return pass(count);
        }
        const auto nans = take_varint(in, "summary");
        if (!nans) {
            return pass(nans);
        }
        const auto bytes = in.take(24, "summary");
        if (!bytes) {
            return pass(bytes);
        }
        constexpr auto little = std::endian::little;
        all = {.count = *count,
               .nans = *nans,
               .min = load<little, double>(bytes->data()),
               .max = load<little, double>(bytes->data() + 8),
               .sum = load<little, double>(bytes->data() + 16)};
        return flags;
    }

    // How many elements there are in all.
    [[nodiscard]] result<std::uint64_t> decode_changes(reader& in, std::uint64_t& most) {
        std::array<std::uint64_t, 4> counts{};
        for (std::uint64_t& each : counts) {
            const auto count = take_varint(in, "changes");
            if (!count) {
                return pass(count);
            }
            each = *count;
        }
        // A column of one number repeated costs next to nothing, however long it is.
        const std::uint64_t cells = most / 4;
        if (counts[0] > block_head::most_snapshots || counts[1] > 2 * counts[0] ||
            counts[2] > cells || change_bytes * counts[0] + 4 * counts[2] > most) {
            return fail({.code = errc::limit_exceeded,
                         .where = "changes",
                         .offset = in.offset(),
                         .found = std::max(counts[0], counts[2]),
                         .wanted = std::min<std::uint64_t>(block_head::most_snapshots, cells)});
        }
        most -= change_bytes * counts[0] + 4 * counts[2];
        const auto take = [&]<class E>(std::vector<E>& column, std::uint64_t count) {
            auto taken = detail::take_column<E>(in, count, count, "changes");
            if (!taken) {
                return result<void>{pass(taken)};
            }
            column = *std::move(taken);
            return result<void>{};
        };
        if (auto done = take(gaps, counts[0]); !done) {
            return pass(done);
        }
        if (auto done = take(ops, counts[0]); !done) {
            return pass(done);
        }
        if (auto done = take(numbers, counts[1]); !done) {
            return pass(done);
        }
        if (auto done = take(positions, counts[2]); !done) {
            return pass(done);
        }
        return counts[3];
    }
};

} // namespace tintype::inline v0
