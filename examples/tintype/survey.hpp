#pragma once

// Where the fields of a section list lie in bytes that may be damaged. `parse` gives all fields or
// none; a survey gives those that can still be followed, which is what somebody needs who looks at
// a damaged file. It believes nothing: lengths are held against the bytes as ever, the checksum is
// the caller's.

#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tool {

struct seen_field {
    tintype::field_layout layout;
    std::uint64_t offset = 0;              // of the payload, behind its length or count
    tintype::byte_view payload{};          // of sections, records and tails
    std::optional<std::uint64_t> number{}; // of numbers, or how many records
};

// The fields before the first that does not fit the bytes, in the order in which they lie there.
template <class List>
[[nodiscard]] std::vector<seen_field> survey(tintype::byte_view bytes) {
    constexpr std::size_t field_count = std::tuple_size_v<typename List::parsed>;
    constexpr auto layouts = List::layout();
    // A file that is too short for all fields ends anywhere, but not in a checksum.
    const bool has_end = bytes.size() >= List::min_size;
    const auto digest = tintype::digest_size<typename List::hash>;
    const auto body = has_end ? bytes.first(bytes.size() - digest) : bytes;

    const tintype::decode_options options{};
    std::array<tintype::counted, field_count> counts{};
    tintype::parse_context context{.options = options, .total = bytes.size(), .counts = counts};
    tintype::reader from{body};
    tintype::reader end{bytes.subspan(body.size()), body.size()};
    std::vector<seen_field> seen;

    const auto step = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
        using field = typename List::template field_at<Index>;
        auto& source = field::kind == tintype::field_kind::checksum ? end : from;
        if constexpr (field::kind == tintype::field_kind::count) {
            counts[Index].name = field::name;
        }
        const auto start = source.offset();
        const auto found = field::template parse<List::order>(source, context);
        if (!found) {
            return false;
        }
        seen_field now{.layout = layouts[Index], .offset = start};
        using parsed = typename field::parsed;
        if constexpr (std::same_as<parsed, tintype::byte_view>) {
            now.payload = *found;
            now.offset = source.offset() - found->size();
            if (now.layout.stride != 0) {
                now.number = found->size() / now.layout.stride;
            }
        } else if constexpr (std::unsigned_integral<parsed>) {
            now.number = *found;
        }
        seen.push_back(now);
        return true;
    };
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        static_cast<void>((step(std::integral_constant<std::size_t, Index>{}) && ...));
    }(std::make_index_sequence<field_count>{});
    return seen;
}

} // namespace tool
