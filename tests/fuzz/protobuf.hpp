#pragma once

// The body for protobuf: a reader written from the format's definition accepts the same and reads
// the same; what is read is written in one form, which is read as the same; messages one behind the
// other are one message merged.

#include <tintype/codec/protobuf.hpp>

#include "bodies.hpp"
#include "support/protobuf_values.hpp"

#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tests::fuzz {

// A message taken apart into its fields first, whatever they mean; then given to the members.
class naive_protobuf {
public:
    struct field {
        std::uint64_t number = 0;
        unsigned type = 0;
        std::uint64_t value = 0; // of a varint or a fixed one
        blob bytes;
    };

    // Nothing where the bytes are no message.
    static std::optional<std::vector<field>> fields_of(byte_view bytes) {
        naive_protobuf in{bytes};
        std::vector<field> all;
        while (in.at_ != bytes.size()) {
            const auto one = in.next();
            if (!one || !in.closed(*one, 1)) {
                return {};
            }
            all.push_back(*one);
        }
        return all;
    }

    static std::optional<std::vector<std::uint64_t>> varints_of(byte_view bytes) {
        naive_protobuf in{bytes};
        std::vector<std::uint64_t> all;
        while (in.at_ != bytes.size()) {
            const auto one = in.varint();
            if (!one) {
                return {};
            }
            all.push_back(*one);
        }
        return all;
    }

private:
    explicit naive_protobuf(byte_view bytes) : bytes_(bytes) {}

    std::optional<std::uint64_t> varint() {
        std::uint64_t sum = 0;
        for (unsigned i = 0; i != 10 && at_ != bytes_.size(); ++i) {
            const auto byte = std::to_integer<std::uint64_t>(bytes_[at_++]);
            sum += (byte % 128) << (7 * i);
            if (byte < 128) {
                return sum;
            }
        }
        return {};
    }

    std::optional<std::uint64_t> little(unsigned size) {
        std::uint64_t sum = 0;
        for (unsigned i = 0; i != size; ++i, ++at_) {
            if (at_ == bytes_.size()) {
                return {};
            }
            sum += std::to_integer<std::uint64_t>(bytes_[at_]) << (8 * i);
        }
        return sum;
    }

    std::optional<field> next() {
        const auto tag = varint();
        if (!tag || *tag >= std::uint64_t{1} << 32U || *tag < 8) {
            return {};
        }
        field one{.number = *tag / 8, .type = static_cast<unsigned>(*tag % 8), .bytes = {}};
        std::optional<std::uint64_t> value = 0;
        if (one.type == 0) {
            value = varint();
        } else if (one.type == 1 || one.type == 5) {
            value = little(one.type == 1 ? 8 : 4);
        } else if (one.type == 2) {
            value = varint();
            if (!value || *value > bytes_.size() - at_) {
                return {};
            }
            const auto some = bytes_.subspan(at_, static_cast<std::size_t>(*value));
            one.bytes.assign(some.begin(), some.end());
            at_ += some.size();
        } else if (one.type > 4) {
            return {};
        }
        if (!value) {
            return {};
        }
        one.value = *value;
        return one;
    }

    // The rest of a group, if the field begins one; the end of one alone is none.
    bool closed(const field& one, unsigned depth) {
        if (one.type != 3) {
            return one.type != 4;
        }
        for (; depth <= 64;) {
            const auto inside = next();
            if (!inside) {
                return false;
            }
            if (inside->type == 4) {
                return inside->number == one.number;
            }
            if (!closed(*inside, depth + 1)) {
                return false;
            }
        }
        return false;
    }

    byte_view bytes_;
    std::size_t at_ = 0;
};

// Each function takes one field into a member, and says whether it may be there.
class naive_kinds {
public:
    static std::optional<protobuffed::kinds> of(byte_view bytes) {
        protobuffed::kinds all{};
        const auto fields = naive_protobuf::fields_of(bytes);
        if (!fields) {
            return {};
        }
        for (const field& one : *fields) {
            if (!known(all, one)) {
                return {};
            }
        }
        return all;
    }

private:
    using field = naive_protobuf::field;

    static bool known(protobuffed::kinds& all, const field& one) {
        const auto listed = [&](auto& list) {
            list.emplace_back();
            return take(list.back(), one);
        };
        switch (one.number) {
        case 1:
            return take(all.flag, one);
        case 2:
            return take(all.small, one);
        case 3:
            return take(all.wide, one);
        case 4:
            return take(all.count, one);
        case 5:
            return take(all.total, one);
        case 6:
            return take(all.ratio, one);
        case 7:
            return take(all.exact, one);
        case 8:
            return take(all.tint, one);
        case 9:
            return take(all.text, one);
        case 10:
            return take(all.data, one);
        case 11:
            return take(all.one, one);
        case 12:
            return maybe(all.perhaps, one);
        case 13:
            return maybe(all.told, one);
        case 14:
            return maybe(all.said, one);
        case 15:
            return maybe(all.asked, one);
        case 16:
            return numbers(all.numbers, one, 0);
        case 17:
            return numbers(all.flags, one, 0);
        case 18:
            return numbers(all.ratios, one, 4);
        case 19:
            return numbers(all.exacts, one, 8);
        case 20:
            return numbers(all.tints, one, 0);
        case 21:
            return listed(all.texts);
        case 22:
            return listed(all.blobs);
        case 23:
            return listed(all.several);
        case 24:
            return entry(all.totals, one);
        case 25:
            return entry(all.levels, one);
        case 26:
            return entry(all.answers, one);
        default:
            return true;
        }
    }

    template <class T>
    static bool take(T& number, const field& one)
    requires(std::is_integral_v<T> || std::is_enum_v<T>)
    {
        if constexpr (std::is_same_v<T, bool>) {
            number = one.value != 0;
        } else {
            number = static_cast<T>(one.value);
        }
        return one.type == 0;
    }

    static bool take(float& number, const field& one) {
        number = std::bit_cast<float>(static_cast<std::uint32_t>(one.value));
        return one.type == 5;
    }

    static bool take(double& number, const field& one) {
        number = std::bit_cast<double>(one.value);
        return one.type == 1;
    }

    static bool take(std::string& text, const field& one) {
        text = tintype::text_of(one.bytes);
        return one.type == 2 && tintype::is_utf8(text);
    }

    template <class Allocator>
    static bool take(std::vector<std::byte, Allocator>& bytes, const field& one) {
        bytes.assign(one.bytes.begin(), one.bytes.end());
        return one.type == 2;
    }

    static bool take(protobuffed::inner& message, const field& one) {
        const auto fields = naive_protobuf::fields_of(one.bytes);
        if (one.type != 2 || !fields) {
            return false;
        }
        for (const field& part : *fields) {
            if ((part.number == 1 && !take(message.name, part)) ||
                (part.number == 2 && !take(message.level, part))) {
                return false;
            }
        }
        return true;
    }

    template <class T>
    static bool maybe(std::optional<T>& value, const field& one) {
        if (!value) {
            value.emplace();
        }
        return take(*value, one);
    }

    // `width`: of each in a packed list, or 0 where they are varints.
    template <class T>
    static bool numbers(std::vector<T>& list, const field& one, std::size_t width) {
        std::vector<field> parts;
        if (one.type != 2) {
            parts.push_back(one);
        } else if (width == 0) {
            const auto all = naive_protobuf::varints_of(one.bytes);
            if (!all) {
                return false;
            }
            for (const std::uint64_t each : *all) {
                parts.push_back({.value = each, .bytes = {}});
            }
        } else {
            for (std::size_t at = 0; at != one.bytes.size(); at += width) {
                if (width > one.bytes.size() - at) {
                    return false;
                }
                field part{.type = width == 4 ? 5U : 1U, .bytes = {}};
                for (std::size_t i = 0; i != width; ++i) {
                    part.value |= std::to_integer<std::uint64_t>(one.bytes[at + i]) << (8 * i);
                }
                parts.push_back(part);
            }
        }
        for (const field& part : parts) {
            T value{};
            if (!take(value, part)) {
                return false;
            }
            list.push_back(value);
        }
        return true;
    }

    template <class Map>
    static bool entry(Map& map, const field& one) {
        const auto fields = naive_protobuf::fields_of(one.bytes);
        if (one.type != 2 || !fields) {
            return false;
        }
        typename Map::key_type key{};
        typename Map::mapped_type value{};
        for (const field& part : *fields) {
            if ((part.number == 1 && !take(key, part)) ||
                (part.number == 2 && !take(value, part))) {
                return false;
            }
        }
        map[key] = value;
        return true;
    }
};

inline void fuzz_protobuf(byte_view bytes) {
    using protobuffed::kinds;
    using tintype::protobuf;
    const auto read = tintype::decode<protobuf, kinds>(bytes);
    const auto naive = naive_kinds::of(bytes);
    must(read.has_value() == naive.has_value(), "protobuf: naive accepts the same");
    const tintype::limits few{.bytes = 8, .count = 2};
    const auto limited = tintype::decode<protobuf, kinds>(bytes, {.limits = few});
    if (!read) {
        must(read.error().code != tintype::errc{}, "protobuf: a refusal has a code");
        must(read.error().offset <= bytes.size(), "protobuf: a refusal is in the bytes");
        must(!limited.has_value(), "protobuf: limits accept nothing more");
        return;
    }
    must(!limited || (limited->text.size() <= 8 && limited->numbers.size() <= 2 &&
                      limited->several.size() <= 2 && limited->levels.size() <= 2),
         "protobuf: limits are kept");
    // Numbers that are none are not equal to themselves: their bytes are.
    const auto again = tintype::encode<protobuf>(*read);
    must(again.has_value(), "protobuf: what was read can be written");
    must(protobuf::size(*read) == again->size(), "protobuf: the size is told");
    must(tintype::encode<protobuf>(*naive) == *again, "protobuf: naive reads the same");
    auto same = tintype::decode<protobuf, kinds>(*again);
    must(same.has_value(), "protobuf: what was written can be read");
    must(tintype::encode<protobuf>(*same) == *again, "protobuf: there and back");

    blob twice(again->begin(), again->end());
    tintype::append(twice, bytes);
    const auto joined = tintype::decode<protobuf, kinds>(twice);
    must(joined.has_value(), "protobuf: two messages are one");
    must(protobuf::merge(*same, bytes).has_value(), "protobuf: one is merged into the other");
    must(tintype::encode<protobuf>(*same) == tintype::encode<protobuf>(*joined),
         "protobuf: joined or merged is the same");
}

} // namespace tests::fuzz
