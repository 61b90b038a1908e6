#pragma once

// bincode read a second time, from the page that says what it is: a schema, and a plain recursive
// reader that makes a text of the values. It shares nothing with the library.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tests {

struct naive_schema {
    enum class what {
        boolean,
        uint,
        sint,
        raw,
        index,
        text,
        list,
        map,
        fixed,
        option,
        choice,
        all
    };

    what is = what::all;
    std::size_t number = 0;            // bytes of a number, indices, elements of a list; 0: any
    std::vector<naive_schema> parts{}; // element; key and value; alternatives; members
};

class naive_bincode {
public:
    naive_bincode(std::span<const std::byte> bytes, bool variable)
        : bytes_(bytes), variable_(variable) {}

    // The values as a text, or nothing where the bytes are no such values and nothing else.
    std::optional<std::string> read(const naive_schema& schema) {
        std::string text = value(schema);
        return good_ && at_ == bytes_.size() ? std::optional{text} : std::nullopt;
    }

private:
    using what = naive_schema::what;

    std::uint64_t little(std::size_t size) {
        if (bytes_.size() - at_ < size) {
            good_ = false;
            at_ = bytes_.size();
            return 0;
        }
        std::uint64_t number = 0;
        for (std::size_t i = 0; i != size; ++i) {
            number |= static_cast<std::uint64_t>(bytes_[at_++]) << (8 * i);
        }
        return number;
    }

    std::uint64_t uint(std::size_t size) {
        if (!variable_ || size == 1) {
            return little(size);
        }
        const std::uint64_t first = little(1);
        if (first < 251) {
            return first;
        }
        const std::size_t wide = first == 251 ? 2 : first == 252 ? 4 : first == 253 ? 8 : 0;
        const std::uint64_t number = wide == 0 ? 0 : little(wide);
        const std::uint64_t least = first == 251 ? 251 : first == 252 ? 65536 : 4294967296;
        good_ = good_ && wide != 0 && number >= least && wide <= size;
        return number;
    }

    std::uint64_t flag() {
        const std::uint64_t byte = little(1);
        good_ = good_ && byte < 2;
        return byte;
    }

    std::string value(const naive_schema& schema) {
        if (!good_) {
            return {};
        }
        std::string all;
        switch (schema.is) {
        case what::boolean:
            return flag() != 0 ? "yes" : "no";
        case what::uint:
            return std::to_string(uint(schema.number));
        case what::sint: {
            const std::uint64_t raw = uint(schema.number);
            if (!variable_ || schema.number == 1) {
                const std::size_t unused = 64 - 8 * schema.number;
                return std::to_string(static_cast<std::int64_t>(raw << unused) >> unused);
            }
            const auto half = static_cast<std::int64_t>(raw / 2);
            return std::to_string(raw % 2 == 0 ? half : -half - 1);
        }
        case what::raw:
            return std::to_string(little(schema.number));
        case what::index: {
            const std::uint64_t which = uint(4);
            good_ = good_ && which < schema.number;
            return std::to_string(which);
        }
        case what::text: {
            std::uint64_t size = uint(8);
            for (; good_ && size != 0; --size) {
                all += static_cast<char>(little(1));
            }
            good_ = good_ && utf8(all);
            return "'" + all + "'";
        }
        case what::list: {
            std::uint64_t count = uint(8);
            good_ = good_ && (schema.number == 0 || count == schema.number);
            for (; good_ && count != 0; --count) {
                all += value(schema.parts[0]) + ",";
            }
            return "[" + all + "]";
        }
        case what::map: {
            std::set<std::string> keys;
            std::set<std::string> entries;
            std::uint64_t count = uint(8);
            for (; good_ && count != 0; --count) {
                std::string key = value(schema.parts[0]);
                good_ = keys.insert(key).second && good_;
                std::string mapped = value(schema.parts[1]);
                entries.insert(key + ":" + mapped);
            }
            for (const auto& each : entries) {
                all += each + ",";
            }
            return "<" + all + ">";
        }
        case what::fixed:
            for (std::size_t i = 0; i != schema.number; ++i) {
                all += value(schema.parts[0]) + ",";
            }
            return "(" + all + ")";
        case what::option:
            return flag() != 0 ? "?" + value(schema.parts[0]) : "none";
        case what::choice: {
            const std::uint64_t which = uint(4);
            good_ = good_ && which < schema.parts.size();
            return good_ ? std::to_string(which) + "=" +
                               value(schema.parts[static_cast<std::size_t>(which)])
                         : "";
        }
        case what::all:
            for (const auto& each : schema.parts) {
                all += value(each) + ";";
            }
            return "{" + all + "}";
        }
        return all;
    }

    // By what each character stands for, after it was put together.
    static bool utf8(const std::string& text) {
        for (std::size_t i = 0; i < text.size();) {
            const auto lead = static_cast<unsigned char>(text[i]);
            const int ones = std::countl_one(lead);
            if (ones == 0) {
                ++i;
                continue;
            }
            const auto size = static_cast<std::size_t>(ones);
            if (ones == 1 || ones > 4 || text.size() - i < size) {
                return false;
            }
            std::uint32_t point = lead & (0x7FU >> size);
            for (std::size_t k = 1; k != size; ++k) {
                const auto next = static_cast<unsigned char>(text[i + k]);
                if (next >> 6U != 2) {
                    return false;
                }
                point = point << 6U | (next & 63U);
            }
            const std::uint32_t least = ones == 2 ? 0x80 : ones == 3 ? 0x800 : 0x10000;
            if (point < least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
                return false;
            }
            i += size;
        }
        return true;
    }

    std::span<const std::byte> bytes_;
    bool variable_;
    std::size_t at_ = 0;
    bool good_ = true;
};

} // namespace tests
