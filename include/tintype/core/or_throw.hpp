#pragma once

// The one door from error values to exceptions, for programs that prefer them. Without exceptions
// in the language whoever uses it is told so, and nothing else in the library notices.

#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>

#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <utility>

#if defined(__cpp_exceptions)

namespace tintype::inline v0 {

class exception : public std::system_error {
public:
    explicit exception(const tintype::error& what)
        : std::system_error(make_error_code(what.code)), line_(message(what)), error_(what) {}

    // The message alone: std::system_error would say the code a second time.
    [[nodiscard]] const char* what() const noexcept override { return line_.what(); }

    [[nodiscard]] const tintype::error& error() const noexcept { return error_; }

private:
    std::runtime_error line_; // a text that can be copied without throwing
    tintype::error error_;
};

// The value, or an `exception` that carries the error.
template <class T>
T or_throw(result<T> outcome) {
    if (!outcome) {
        throw exception(outcome.error());
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(outcome);
    }
}

} // namespace tintype::inline v0

#else

namespace tintype::inline v0 {

template <class T>
T or_throw(result<T>) {
    static_assert(sizeof(result<T>) == 0,
                  "tintype: or_throw needs exceptions: compile without -fno-exceptions, or look at "
                  "the result: if (!outcome) { return pass(outcome); }");
}

} // namespace tintype::inline v0

#endif
