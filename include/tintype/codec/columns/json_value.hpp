#pragma once

// `json_value` in columns: its canonical text, so that equal values are equal bytes. Any other text
// is refused, and so is one that is deeper than `limits.depth`.

#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/json/value.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>

#include <string_view>

namespace tintype::inline v0 {

template <>
struct column_form<json_value> {
    using stored = std::string_view;
    static constexpr std::string_view name = "json";

    [[nodiscard]] static stored to(const json_value& value) noexcept { return value.text(); }

    [[nodiscard]] static result<json_value> from(stored&& text, const limits& limits) {
        auto value = json_value::parse(text, limits);
        if (value && value->text() != text) {
            return fail({.code = errc::invalid_value, .offset = 0});
        }
        return value;
    }
};

} // namespace tintype::inline v0
