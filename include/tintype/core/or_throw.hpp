#pragma once

// The one door from error values to exceptions, for programs that prefer them. Without exceptions
// in the language the door is not there, and nothing else in the library notices.

#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>

#include <utility>

#if defined(__cpp_exceptions)

namespace tintype {

class exception : public std::system_error {
public:
    explicit exception(const tintype::error& what)
        : std::system_error(make_error_code(what.code), message(what)), error_(what) {}

    [[nodiscard]] const tintype::error& error() const noexcept { return error_; }

private:
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

} // namespace tintype

#endif
