// The mapping from the library's errors to exit statuses and lines.

#include "outcome.hpp"

#include <tintype/core/message.hpp>

namespace tool {

status status_of(const tintype::error& what) noexcept {
    using tintype::errc;
    switch (what.code) {
    case errc::not_found:
    case errc::already_exists:
    case errc::io:
    case errc::no_space:
    case errc::permission_denied:
    case errc::cancelled:
    case errc::out_of_memory:
        return status::system;
    case errc::unsupported:
        return status::wrong_call;
    case errc::bad_name:
        return what.system != 0 ? status::system : status::wrong_call;
    default:
        return status::bad_data;
    }
}

std::string explained(std::string_view about, tintype::error what) {
    const std::string_view where = what.where.view();
    // A system call names the last part of a path that stands in front of the message anyway, or a
    // temporary that is already gone.
    if (what.system != 0 || about.ends_with(where) || where.starts_with(".tintype-")) {
        what.where = {};
    }
    auto line = tintype::message(what);
    // Of these, `where` is a sentence.
    const bool sentence = what.code == tintype::errc::missing_parent ||
                          what.code == tintype::errc::cyclic_chain ||
                          what.code == tintype::errc::unsupported;
    if (sentence && !what.where.empty()) {
        constexpr std::string_view before = " in ";
        line.replace(line.find(before), before.size(), ": ");
    }
    return line;
}

std::unexpected<failure> failed(std::string_view about, const tintype::error& what) {
    return std::unexpected(failure{.how = status_of(what),
                                   .about = std::string{about},
                                   .what = explained(about, what),
                                   .code = what.code});
}

} // namespace tool
