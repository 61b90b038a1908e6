#pragma once

// What went wrong, as a value: a code, where in the bytes, in which part, the two numbers that
// disagree, and the system's own error. An `error` allocates nothing and is trivially copyable, so
// it can say "out of memory" and be made in a constant expression.

#include <tintype/core/language.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>

namespace tintype::inline v0 {

// The comment on each code says what `error::found` and `error::wanted` hold.
enum class errc : std::uint8_t {
    truncated = 1,       // bytes present, least that are needed
    invalid_magic,       // the first eight bytes found, those wanted (as big-endian numbers)
    unsupported_version, // version found, newest version known
    checksum_mismatch,   // digest stored, digest computed (the first eight bytes of long ones)
    truncated_section,   // bytes left, bytes claimed
    trailing_bytes,      // bytes left over, 0
    length_overflow,     // the length, the largest that its prefix or the machine can hold
    limit_exceeded,      // what was asked, the limit
    invalid_value,       // the value, the least or only one allowed
    invalid_utf8,        // the byte, 0
    missing_field,       // 0, 0
    duplicate,           // 0, 0
    not_found,           // 0, 0
    out_of_bounds,       // the index, how many there are
    already_exists,      // 0, 0
    missing_parent,      // 0, 0
    cyclic_chain,        // 0, 0
    incomplete_stream,   // what arrived, what was announced
    bad_name,            // the offending byte or the name's length, 0 or the longest allowed
    io,                  // bytes done, bytes wanted
    no_space,            // bytes done, bytes wanted
    permission_denied,   // 0, 0
    cancelled,           // done, total
    out_of_memory,       // 0, bytes wanted
    unsupported,         // 0, 0
    in_use,              // how many others need it, 0
    timed_out,           // what was done, what there was to do
};

// The code's name as it is written in C++ and in the tool's JSON.
[[nodiscard]] constexpr std::string_view name_of(errc code) noexcept {
    switch (code) {
    case errc::truncated:
        return "truncated";
    case errc::invalid_magic:
        return "invalid_magic";
    case errc::unsupported_version:
        return "unsupported_version";
    case errc::checksum_mismatch:
        return "checksum_mismatch";
    case errc::truncated_section:
        return "truncated_section";
    case errc::trailing_bytes:
        return "trailing_bytes";
    case errc::length_overflow:
        return "length_overflow";
    case errc::limit_exceeded:
        return "limit_exceeded";
    case errc::invalid_value:
        return "invalid_value";
    case errc::invalid_utf8:
        return "invalid_utf8";
    case errc::missing_field:
        return "missing_field";
    case errc::duplicate:
        return "duplicate";
    case errc::not_found:
        return "not_found";
    case errc::out_of_bounds:
        return "out_of_bounds";
    case errc::already_exists:
        return "already_exists";
    case errc::missing_parent:
        return "missing_parent";
    case errc::cyclic_chain:
        return "cyclic_chain";
    case errc::incomplete_stream:
        return "incomplete_stream";
    case errc::bad_name:
        return "bad_name";
    case errc::io:
        return "io";
    case errc::no_space:
        return "no_space";
    case errc::permission_denied:
        return "permission_denied";
    case errc::cancelled:
        return "cancelled";
    case errc::out_of_memory:
        return "out_of_memory";
    case errc::unsupported:
        return "unsupported";
    case errc::in_use:
        return "in_use";
    case errc::timed_out:
        return "timed_out";
    }
    return "unknown";
}

// A name kept inside the error itself. A text that does not fit keeps its two ends around "...".
class label {
public:
    static constexpr std::size_t capacity = 95;

    constexpr label() noexcept = default;

    constexpr label(std::string_view text) noexcept { assign(text); }

    constexpr label(const char* text) noexcept { assign(text); }

    constexpr label(const std::string& text) noexcept { assign(text); }

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text_, size_}; }

    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

    friend constexpr bool operator==(const label& a, const label& b) noexcept {
        return a.view() == b.view();
    }

private:
    constexpr void assign(std::string_view text) noexcept {
        if (text.size() <= capacity) {
            append(text);
            return;
        }
        constexpr std::string_view gap = "...";
        constexpr std::size_t head = (capacity - gap.size()) / 2;
        constexpr std::size_t tail = capacity - gap.size() - head;
        append(text.substr(0, head));
        append(gap);
        append(text.substr(text.size() - tail));
    }

    constexpr void append(std::string_view text) noexcept {
        for (const char character : text) {
            text_[size_++] = character;
        }
    }

    char text_[capacity]{};
    std::uint8_t size_ = 0;
};

struct [[nodiscard]] error {
    static constexpr std::uint64_t no_offset = ~std::uint64_t{0};

    errc code{};
    label where{};                    // the section, object or id that it is about; may be empty
    std::uint64_t offset = no_offset; // bytes from the start of the object
    std::uint64_t found = 0;          // what each of the two holds stands beside each code
    std::uint64_t wanted = 0;
    int system = 0;            // errno, or 0 where no system call failed
    std::string_view during{}; // the system call that failed, a literal

    [[nodiscard]] std::error_code system_code() const noexcept {
        return {system, std::system_category()};
    }

    friend constexpr bool operator==(const error&, const error&) noexcept = default;
};

template <class T>
using result = std::expected<T, error>;

[[nodiscard]] constexpr std::unexpected<error> fail(const error& what) noexcept {
    return std::unexpected<error>(what);
}

// Passes the error of another result on: `if (!done) { return pass(done); }`.
template <class T>
[[nodiscard]] constexpr std::unexpected<error> pass(const result<T>& failed) noexcept {
    return std::unexpected<error>(failed.error());
}

class error_category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "tintype"; }

    [[nodiscard]] std::string message(int code) const override {
        return std::string(name_of(static_cast<errc>(code)));
    }

    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        switch (static_cast<errc>(code)) {
        case errc::not_found:
            return std::errc::no_such_file_or_directory;
        case errc::already_exists:
            return std::errc::file_exists;
        case errc::no_space:
            return std::errc::no_space_on_device;
        case errc::permission_denied:
            return std::errc::permission_denied;
        case errc::cancelled:
            return std::errc::operation_canceled;
        case errc::out_of_memory:
            return std::errc::not_enough_memory;
        case errc::io:
            return std::errc::io_error;
        case errc::invalid_utf8:
            return std::errc::illegal_byte_sequence;
        case errc::length_overflow:
            return std::errc::value_too_large;
        case errc::unsupported:
            return std::errc::not_supported;
        case errc::in_use:
            return std::errc::device_or_resource_busy;
        case errc::timed_out:
            return std::errc::timed_out;
        default:
            return {code, *this};
        }
    }
};

[[nodiscard]] inline const std::error_category& category() noexcept {
    static const error_category the_category;
    return the_category;
}

[[nodiscard]] inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), category()};
}

} // namespace tintype::inline v0

template <>
struct std::is_error_code_enum<tintype::errc> : std::true_type {};
