#pragma once

// The records of a history's log. What is known of a snapshot without its content stands in front
// of the content, with a checksum of its own, so that opening a history reads that alone.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/series.hpp>
#include <tintype/log/sealed.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

inline constexpr std::string_view history_magic = "TTDELTA1";

enum class history_record : std::uint32_t {
    opening = 1,  // what the history is of; the first
    keyframe = 2, // a snapshot by itself
    delta = 3,    // a snapshot by what changed since the one before
    block = 4,    // many, packed; in place of all records of these before it
    floor = 5,    // what is below an index is gone
};

// How a snapshot is kept, from the quickest to the smallest.
enum class tier : std::uint8_t {
    raw = 0,        // keyframes and deltas, as they are appended
    compressed = 1, // a block for each keyframe
    archive = 2,    // a block for many
};

[[nodiscard]] constexpr std::string_view name_of(tier which) noexcept {
    return which == tier::raw ? "raw" : which == tier::compressed ? "compressed" : "archive";
}

// What is known of a snapshot.
struct snapshot_facts {
    std::uint64_t index = 0;
    std::uint64_t time = 0;     // nanoseconds since 1970
    std::uint64_t checksum = 0; // taken when it was appended
    std::uint64_t size = 0;     // bytes, of the snapshot itself

    friend constexpr bool operator==(const snapshot_facts&,
                                     const snapshot_facts&) noexcept = default;
};

namespace detail {

[[nodiscard]] inline result<std::string_view> take_text(reader& in, std::string_view part) {
    const auto size = take_varint(in, part);
    if (!size) {
        return pass(size);
    }
    const auto bytes = in.take(*size, part);
    return bytes ? result<std::string_view>{text_of(*bytes)} : pass(bytes);
}

inline void append_text(blob& to, std::string_view text) {
    append_varint(to, text.size());
    append(to, bytes_of(text));
}

template <class T>
[[nodiscard]] result<void> take_numbers(reader& in, std::span<T> numbers, std::string_view part) {
    return decode_series<T>(in, numbers, part);
}

} // namespace detail

// The first record.
struct history_opening {
    static constexpr std::uint64_t newest = 1;

    std::uint64_t salt = 0;     // tells a history from the one that was written in its place
    std::uint64_t interval = 0; // snapshots from one keyframe to the next
    std::string schema{};       // of the snapshots, as the columns codec says it

    [[nodiscard]] blob encode() const {
        blob facts;
        append_varint(facts, newest);
        append_varint(facts, salt);
        append_varint(facts, interval);
        detail::append_text(facts, schema);
        blob to;
        detail::append_sealed(to, facts);
        return to;
    }

    [[nodiscard]] static result<history_opening> decode(byte_view payload, std::uint64_t offset) {
        reader all{payload, offset};
        auto in = detail::take_sealed(all, "opening");
        if (!in) {
            return pass(in);
        }
        const auto version = take_varint(*in, "version");
        if (!version) {
            return pass(version);
        }
        if (*version != newest) {
            return fail({.code = errc::unsupported_version,
                         .where = "opening",
                         .offset = offset,
                         .found = *version,
                         .wanted = newest});
        }
        const auto salt = take_varint(*in, "salt");
        if (!salt) {
            return pass(salt);
        }
        const auto interval = take_varint(*in, "keyframe interval");
        if (!interval) {
            return pass(interval);
        }
        if (*interval == 0) {
            return fail({.code = errc::invalid_value, .where = "keyframe interval", .wanted = 1});
        }
        const auto schema = detail::take_text(*in, "schema");
        if (!schema) {
            return pass(schema);
        }
        return history_opening{*salt, *interval, std::string{*schema}};
    }
};

// What stands before the content of a keyframe or delta.
struct snapshot_head {
    snapshot_facts facts{};
    bool restructured = false;               // of a delta: the leaves are others
    std::optional<std::string_view> label{}; // nothing: as the snapshot before

    void encode(blob& to) const {
        blob head;
        head.reserve(64);
        const auto flags = (label ? 1U : 0U) | (restructured ? 2U : 0U);
        head.push_back(static_cast<std::byte>(flags));
        append_varint(head, facts.index);
        append_varint(head, facts.time);
        append_varint(head, facts.checksum);
        append_varint(head, facts.size);
        if (label) {
            detail::append_text(head, *label);
        }
        detail::append_sealed(to, head);
    }

    // Leaves `all` at the content.
    [[nodiscard]] static result<snapshot_head> decode(reader& all) {
        auto in = detail::take_sealed(all, "snapshot");
        if (!in) {
            return pass(in);
        }
        const auto flags = in->number<std::endian::little, std::uint8_t>("flags");
        if (!flags) {
            return pass(flags);
        }
        if (*flags > 3) {
            return fail({.code = errc::invalid_value,
                         .where = "flags",
                         .offset = in->offset() - 1,
                         .found = *flags,
                         .wanted = 3});
        }
        snapshot_head head;
        head.restructured = (*flags & 2U) != 0;
        for (std::uint64_t* to :
             {&head.facts.index, &head.facts.time, &head.facts.checksum, &head.facts.size}) {
            const auto number = take_varint(*in, "snapshot");
            if (!number) {
                return pass(number);
            }
            *to = *number;
        }
        if ((*flags & 1U) != 0) {
            const auto label = detail::take_text(*in, "label");
            if (!label) {
                return pass(label);
            }
            head.label = *label;
        }
        if (auto done = detail::nothing_left(*in, "snapshot"); !done) {
            return pass(done);
        }
        return head;
    }
};

// What stands before the content of a block.
struct block_head {
    tier kept_as = tier::compressed;
    std::uint64_t first = 0; // the indices that it stands for: those of them that it does not hold
    std::uint64_t last = 0;  // are gone
    std::vector<snapshot_facts> snapshots{};
    std::vector<std::string> labels{};
    std::vector<std::uint32_t> label_of{}; // for each snapshot, one of the labels

    void encode(blob& to) const {
        blob head;
        head.push_back(static_cast<std::byte>(kept_as));
        append_varint(head, first);
        append_varint(head, last);
        append_varint(head, snapshots.size());
        std::vector<std::uint64_t> column(snapshots.size());
        for (const auto part : columns) {
            for (std::size_t i = 0; i != column.size(); ++i) {
                column[i] = snapshots[i].*part;
            }
            encode_series<std::uint64_t>(column, head);
        }
        append_varint(head, labels.size());
        for (const auto& label : labels) {
            detail::append_text(head, label);
        }
        encode_series<std::uint32_t>(label_of, head);
        detail::append_sealed(to, head);
    }

    // Leaves `all` at the content.
    [[nodiscard]] static result<block_head> decode(reader& all) {
        auto in = detail::take_sealed(all, "block");
        if (!in) {
            return pass(in);
        }
        block_head head;
        const auto kept_as = in->number<std::endian::little, std::uint8_t>("tier");
        if (!kept_as) {
            return pass(kept_as);
        }
        head.kept_as = static_cast<tier>(*kept_as);
        std::uint64_t count = 0;
        for (std::uint64_t* to : {&head.first, &head.last, &count}) {
            const auto number = take_varint(*in, "block");
            if (!number) {
                return pass(number);
            }
            *to = *number;
        }
        const auto refuse = [&](std::uint64_t found, std::uint64_t wanted) {
            return fail({.code = errc::invalid_value,
                         .where = "block",
                         .offset = in->offset(),
                         .found = found,
                         .wanted = wanted});
        };
        if (*kept_as < 1 || *kept_as > 2) {
            return refuse(*kept_as, 2);
        }
        // A constant series costs next to nothing, whatever it stands for.
        if (head.last < head.first || count > most_snapshots || count == 0 ||
            count - 1 > head.last - head.first) {
            return refuse(count, most_snapshots);
        }
        head.snapshots.resize(static_cast<std::size_t>(count));
        std::vector<std::uint64_t> column(head.snapshots.size());
        for (const auto part : columns) {
            if (auto done = detail::take_numbers(*in, std::span{column}, "block"); !done) {
                return pass(done);
            }
            for (std::size_t i = 0; i != column.size(); ++i) {
                head.snapshots[i].*part = column[i];
            }
        }
        std::uint64_t next = head.first;
        for (const auto& each : head.snapshots) {
            if (each.index < next || each.index > head.last) {
                return refuse(each.index, next);
            }
            next = each.index + 1;
        }
        if (auto done = head.take_labels(*in); !done) {
            return pass(done);
        }
        return head;
    }

    // So that what one block takes in memory is bounded.
    static constexpr std::uint64_t most_snapshots = 4096;

private:
    static constexpr std::array columns{&snapshot_facts::index, &snapshot_facts::time,
                                        &snapshot_facts::checksum, &snapshot_facts::size};

    [[nodiscard]] result<void> take_labels(reader& in) {
        const auto count = take_varint(in, "labels");
        if (!count) {
            return pass(count);
        }
        if (*count > in.remaining() || *count == 0) {
            return fail({.code = errc::truncated_section,
                         .where = "labels",
                         .offset = in.offset(),
                         .found = in.remaining(),
                         .wanted = *count});
        }
        for (std::uint64_t i = 0; i != *count; ++i) {
            const auto label = detail::take_text(in, "labels");
            if (!label) {
                return pass(label);
            }
            labels.emplace_back(*label);
        }
        label_of.resize(snapshots.size());
        if (auto done = detail::take_numbers(in, std::span{label_of}, "labels"); !done) {
            return done;
        }
        for (const std::uint32_t each : label_of) {
            if (each >= labels.size()) {
                return fail({.code = errc::out_of_bounds,
                             .where = "labels",
                             .offset = in.offset(),
                             .found = each,
                             .wanted = labels.size()});
            }
        }
        return detail::nothing_left(in, "labels");
    }
};

// What is below the index is gone, and the next snapshot gets that number, whatever is left.
struct history_floor {
    std::uint64_t kept_from = 0;
    std::uint64_t next = 0;

    [[nodiscard]] blob encode() const {
        blob facts;
        append_varint(facts, kept_from);
        append_varint(facts, next);
        blob to;
        detail::append_sealed(to, facts);
        return to;
    }

    [[nodiscard]] static result<history_floor> decode(reader& all) {
        auto in = detail::take_sealed(all, "floor");
        if (!in) {
            return pass(in);
        }
        const auto kept_from = take_varint(*in, "floor");
        if (!kept_from) {
            return pass(kept_from);
        }
        const auto next = take_varint(*in, "floor");
        if (!next) {
            return pass(next);
        }
        return history_floor{*kept_from, *next};
    }
};

} // namespace tintype::inline v0
