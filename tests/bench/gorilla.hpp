#pragma once

// Gorilla (Pelkonen and others, 2015) as the paper has it, written for speed on today's machines:
// floats by xor, timestamps by delta of delta. Only the escape of a delta of delta is wider than in
// the paper, where time is in seconds: 64 bits.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bench::gorilla {

// The most significant bit first, as in the paper.
class bit_writer {
public:
    explicit bit_writer(tintype::blob& to) : to_(&to) { to.clear(); }

    void put(std::uint64_t value, unsigned bits) {
        if (bits > free_) {
            const unsigned rest = bits - free_;
            gathered_ = free_ == 64 ? value >> rest : gathered_ << free_ | value >> rest;
            flush();
            bits = rest;
            value &= ~std::uint64_t{0} >> (64 - rest);
        }
        gathered_ = bits == 64 ? value : gathered_ << bits | value;
        free_ -= bits;
        if (free_ == 0) {
            flush();
        }
    }

    void finish() {
        if (free_ != 64) {
            gathered_ <<= free_;
            flush();
        }
    }

private:
    void flush() {
        std::byte bytes[8];
        tintype::store<std::endian::big>(bytes, gathered_);
        tintype::append(*to_, bytes);
        gathered_ = 0;
        free_ = 64;
    }

    tintype::blob* to_;
    std::uint64_t gathered_ = 0;
    unsigned free_ = 64;
};

// Believes what it reads, and reads up to 16 bytes behind the last bit.
class bit_reader {
public:
    explicit bit_reader(const std::byte* from) : from_(from) {}

    // 1 to 64 of them.
    std::uint64_t take(unsigned bits) noexcept {
        const std::byte* const at = from_ + at_ / 8;
        const unsigned shift = at_ % 8;
        std::uint64_t value = tintype::load<std::endian::big, std::uint64_t>(at) << shift;
        if (shift != 0) {
            value |= std::to_integer<std::uint64_t>(at[8]) >> (8 - shift);
        }
        at_ += bits;
        return value >> (64 - bits);
    }

private:
    const std::byte* from_;
    std::size_t at_ = 0;
};

inline void encode(std::span<const double> values, tintype::blob& to) {
    bit_writer out{to};
    auto before = std::bit_cast<std::uint64_t>(values[0]);
    out.put(before, 64);
    unsigned leading = 64;
    unsigned trailing = 0;
    for (const double value : values.subspan(1)) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const std::uint64_t different = bits ^ before;
        before = bits;
        if (different == 0) {
            out.put(0, 1);
            continue;
        }
        const auto own_leading = std::min(static_cast<unsigned>(std::countl_zero(different)), 31U);
        const auto own_trailing = static_cast<unsigned>(std::countr_zero(different));
        if (leading <= own_leading && trailing <= own_trailing && leading != 64) {
            out.put(2, 2);
            out.put(different >> trailing, 64 - leading - trailing);
        } else {
            leading = own_leading;
            trailing = own_trailing;
            const unsigned length = 64 - leading - trailing;
            out.put(std::uint64_t{3} << 11U | leading << 6U | (length - 1), 13);
            out.put(different >> trailing, length);
        }
    }
    out.finish();
}

inline void decode(const tintype::blob& from, std::span<double> values) {
    bit_reader in{from.data()};
    std::uint64_t bits = in.take(64);
    values[0] = std::bit_cast<double>(bits);
    unsigned length = 0;
    unsigned trailing = 0;
    for (double& value : values.subspan(1)) {
        if (in.take(1) != 0) {
            if (in.take(1) != 0) {
                const std::uint64_t where = in.take(11);
                length = static_cast<unsigned>(where % 64) + 1;
                trailing = 64 - static_cast<unsigned>(where / 64) - length;
            }
            bits ^= in.take(length) << trailing;
        }
        value = std::bit_cast<double>(bits);
    }
}

// How many bits say a delta of delta, and what stands before them.
struct time_form {
    unsigned prefix;
    unsigned prefix_bits;
    unsigned bits;
};

inline constexpr time_form time_forms[] = {{2, 2, 7}, {6, 3, 9}, {14, 4, 12}, {15, 4, 64}};

inline void encode(std::span<const std::uint64_t> values, tintype::blob& to) {
    bit_writer out{to};
    out.put(values[0], 64);
    std::uint64_t delta = 0;
    for (std::size_t i = 1; i != values.size(); ++i) {
        const std::uint64_t now = values[i] - values[i - 1];
        const std::uint64_t change = now - delta;
        delta = now;
        if (change == 0) {
            out.put(0, 1);
            continue;
        }
        const time_form* form = time_forms;
        while (form->bits != 64 && change + (std::uint64_t{1} << (form->bits - 1)) - 1 >=
                                       std::uint64_t{1} << form->bits) {
            ++form;
        }
        out.put(form->prefix, form->prefix_bits);
        out.put(form->bits == 64 ? change : change + (std::uint64_t{1} << (form->bits - 1)) - 1,
                form->bits);
    }
    out.finish();
}

inline void decode(const tintype::blob& from, std::span<std::uint64_t> values) {
    bit_reader in{from.data()};
    std::uint64_t value = in.take(64);
    std::uint64_t delta = 0;
    values[0] = value;
    for (std::uint64_t& each : values.subspan(1)) {
        if (in.take(1) != 0) {
            const time_form* form = time_forms;
            while (form->prefix_bits < 4 && in.take(1) != 0) {
                ++form;
            }
            if (form == time_forms + 2) {
                form += in.take(1);
            }
            delta += form->bits == 64
                         ? in.take(64)
                         : in.take(form->bits) - ((std::uint64_t{1} << (form->bits - 1)) - 1);
        }
        value += delta;
        each = value;
    }
}

} // namespace bench::gorilla
