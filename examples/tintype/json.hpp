#pragma once

// A JSON document as a value, and its writer. Integers stay integers up to 64 bits, members stay in
// the order in which they were added, and what is printed is safe for terminals. The same document
// is what the tool shows people as aligned text (see document.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tool::json {

class value;
using array = std::vector<value>;
using object = std::vector<std::pair<std::string, value>>;

class value {
public:
    value() = default; // null

    value(bool truth) : data_(truth) {}

    value(std::uint64_t number) : data_(number) {}

    // From 0 on it is as if it had come unsigned.
    value(std::int64_t number) {
        if (number < 0) {
            data_ = number;
        } else {
            data_ = static_cast<std::uint64_t>(number);
        }
    }

    value(std::string text) : data_(std::move(text)) {}

    value(std::string_view text) : data_(std::string{text}) {}

    value(const char* text) : data_(std::string{text}) {}

    value(array elements) : data_(std::move(elements)) {}

    value(object members) : data_(std::move(members)) {}

    // Null where there is none.
    template <class T>
    value(const std::optional<T>& maybe) {
        if (maybe) {
            *this = value{*maybe};
        }
    }

    template <class T>
    [[nodiscard]] const T* get() const noexcept {
        return std::get_if<T>(&data_);
    }

    [[nodiscard]] bool is_null() const noexcept { return data_.index() == 0; }

private:
    std::variant<std::monostate, bool, std::uint64_t, std::int64_t, std::string, array, object>
        data_;
};

// On one line, without a line end.
[[nodiscard]] std::string written(const value& document);

} // namespace tool::json
