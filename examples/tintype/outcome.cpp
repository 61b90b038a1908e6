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
    case errc::in_use:
    case errc::timed_out:
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
    if (constexpr std::string_view of_unknown = " of 0";
        what.code == tintype::errc::cancelled && what.found != 0 && line.ends_with(of_unknown)) {
        line.resize(line.size() - of_unknown.size());
    }
    // Where there are no numbers, `where` is a sentence, or as good as one.
    const bool unnumbered =
        what.code == tintype::errc::invalid_value && what.found == 0 && what.wanted == 0;
    const bool sentence = unnumbered || what.code == tintype::errc::missing_parent ||
                          what.code == tintype::errc::incomplete_stream ||
                          what.code == tintype::errc::cyclic_chain ||
                          what.code == tintype::errc::unsupported;
    const auto replace = [&](std::string_view from, std::string_view to) {
        if (const auto at = line.find(from); at != std::string::npos) {
            line.replace(at, from.size(), to);
        }
    };
    if (sentence && !what.where.empty()) {
        replace(" in ", ": ");
    }
    if (unnumbered) {
        const std::string shown{what.where.view()};
        replace(shown + ": 0", shown);
    }
    return line;
}

std::unexpected<failure> failed(std::string_view about, const tintype::error& what) {
    return std::unexpected(failure{.how = status_of(what),
                                   .about = std::string{about},
                                   .what = explained(about, what),
                                   .code = what.code});
}

std::unexpected<failure> failed_data(std::string_view about, const tintype::error& what) {
    using tintype::errc;
    auto known = failed(about, what);
    const bool in_data = what.code == errc::not_found || what.code == errc::already_exists ||
                         what.code == errc::bad_name || what.code == errc::unsupported;
    if (in_data && what.system == 0) {
        known.error().how = status::bad_data;
    }
    return known;
}

} // namespace tool
