#pragma once

// The formats again, each parsed by hand from its page and as plainly as can be: a second opinion
// on what is to be accepted. Nothing here uses the library's codecs, and no number is added to
// another before it was compared.

#include <tintype/core/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tests::fuzz {

// A place in bytes that remembers whether it ever ran out of them.
class naive_reader {
public:
    explicit naive_reader(tintype::byte_view bytes) : bytes_(bytes) {}

    [[nodiscard]] bool good() const { return good_; }

    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

    tintype::byte_view take(std::uint64_t size) {
        if (!good_ || size > bytes_.size()) {
            good_ = false;
            return {};
        }
        const auto taken = bytes_.first(static_cast<std::size_t>(size));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }

    std::uint64_t little(std::size_t size) {
        std::uint64_t number = 0;
        std::uint64_t place = 1;
        for (const std::byte byte : take(size)) {
            number += place * std::to_integer<std::uint64_t>(byte);
            place *= 256;
        }
        return number;
    }

    bool is(std::string_view text) {
        return std::ranges::equal(take(text.size()), text, {},
                                  [](std::byte b) { return static_cast<char>(b); }) &&
               good_;
    }

private:
    tintype::byte_view bytes_;
    bool good_ = true;
};

// CRC-32 a bit at a time.
inline std::uint64_t naive_crc(tintype::byte_view bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit != 8; ++bit) {
            crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
        }
    }
    return ~crc;
}

// What stands before a right checksum in the last four bytes.
inline std::optional<tintype::byte_view> naive_body(tintype::byte_view bytes) {
    if (bytes.size() < 4) {
        return std::nullopt;
    }
    const auto body = bytes.first(bytes.size() - 4);
    naive_reader end{bytes.last(4)};
    return end.little(4) == naive_crc(body) ? std::optional{body} : std::nullopt;
}

struct naive_memory {
    std::uint64_t version = 0;
    std::array<tintype::byte_view, 4> parts{};
};

inline std::optional<naive_memory> naive_vamm(tintype::byte_view bytes) {
    const auto body = naive_body(bytes);
    if (!body) {
        return std::nullopt;
    }
    naive_reader from{*body};
    naive_memory memory;
    bool good = from.is("VAMM");
    memory.version = from.little(1);
    for (auto& part : memory.parts) {
        part = from.take(from.little(8));
    }
    good = good && from.good() && from.left() == 0;
    return good ? std::optional{memory} : std::nullopt;
}

struct naive_index {
    std::uint64_t wal_position = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> entries{};
};

inline std::optional<naive_index> naive_vsnp(tintype::byte_view bytes) {
    const auto body = naive_body(bytes);
    if (!body) {
        return std::nullopt;
    }
    naive_reader from{*body};
    naive_index index;
    bool good = from.is("VSNP") && from.little(1) == 1;
    index.wal_position = from.little(8);
    const auto count = from.little(8);
    good = good && from.good() && from.left() % 16 == 0 && from.left() / 16 == count;
    while (good && from.left() != 0) {
        const auto id = from.little(8);
        index.entries.emplace_back(id, from.little(8));
    }
    return good ? std::optional{index} : std::nullopt;
}

// The old table's entries, 24 bytes each.
using naive_table = std::vector<tintype::byte_view>;

inline std::optional<naive_table> naive_ttl_1(tintype::byte_view bytes) {
    naive_reader from{bytes};
    const auto count = from.little(8);
    if (!from.good() || from.left() % 24 != 0 || from.left() / 24 != count) {
        return std::nullopt;
    }
    naive_table table;
    while (from.left() != 0) {
        table.push_back(from.take(24));
    }
    return table;
}

// The new table: a kind in front of each entry, and each entry three times.
inline std::vector<std::byte> migrated(const naive_table& table) {
    std::vector<std::byte> bytes;
    for (std::uint64_t i = 0, rest = 3 * table.size(); i != 8; ++i, rest /= 256) {
        bytes.push_back(static_cast<std::byte>(rest % 256));
    }
    for (const auto& entry : table) {
        for (unsigned char kind = 0; kind != 3; ++kind) {
            bytes.push_back(std::byte{kind});
            bytes.insert(bytes.end(), entry.begin(), entry.end());
        }
    }
    return bytes;
}

struct naive_part {
    bool on = false;
    std::vector<std::uint16_t> values{};
};

struct naive_parts {
    std::vector<naive_part> parts{};
    tintype::byte_view title{};
    std::size_t longest = 0; // of the title, the frames and the sections inside them
};

inline std::optional<naive_parts> naive_segment(tintype::byte_view bytes) {
    const auto body = naive_body(bytes);
    if (!body) {
        return std::nullopt;
    }
    naive_reader from{*body};
    naive_parts found;
    bool good = from.is("SG") && from.little(1) == 1;
    const auto count = from.little(2);
    good = good && from.little(2) == bytes.size();
    for (std::uint64_t i = 0; i != count && good && from.good(); ++i) {
        const auto frame = from.take(from.little(1));
        naive_reader inside{frame};
        const auto on = inside.little(1);
        const auto size = inside.little(1);
        good = inside.good() && on <= 1 && inside.left() == size && size % 2 == 0;
        naive_part part{.on = on == 1};
        while (good && inside.left() != 0) {
            const auto high = inside.little(1);
            part.values.push_back(static_cast<std::uint16_t>(256 * high + inside.little(1)));
        }
        found.parts.push_back(part);
        found.longest = std::max(found.longest, frame.size());
    }
    found.title = from.take(from.left());
    found.longest = std::max(found.longest, found.title.size());
    return good && from.good() ? std::optional{found} : std::nullopt;
}

// "s-", at least three digits without a zero too many, ".x", and no more than 64 bits.
inline std::optional<std::uint64_t> naive_version(std::string_view text) {
    if (text.size() < 7 || text.substr(0, 2) != "s-" || text.substr(text.size() - 2) != ".x") {
        return std::nullopt;
    }
    const auto digits = text.substr(2, text.size() - 4);
    if (digits.find_first_not_of("0123456789") != std::string_view::npos ||
        (digits.size() > 3 && digits[0] == '0')) {
        return std::nullopt;
    }
    constexpr std::string_view most = "18446744073709551615";
    if (digits.size() > most.size() || (digits.size() == most.size() && digits > most)) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (const char digit : digits) {
        number = 10 * number + static_cast<std::uint64_t>(digit - '0');
    }
    return number;
}

inline bool naive_good_name(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !text.empty() && text.size() <= 255 && text[0] != '.' &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

inline std::optional<std::uint32_t> naive_hex(std::string_view text, std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
    std::uint32_t number = 0;
    for (const char c : text) {
        const auto place = digits.find(c);
        if (place == std::string_view::npos) {
            return std::nullopt;
        }
        number = 16 * number + static_cast<std::uint32_t>(place % 16);
    }
    return text.size() == size ? std::optional{number} : std::nullopt;
}

} // namespace tests::fuzz
