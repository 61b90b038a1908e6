#pragma once

// A refusal as one line that shows everything in it, so that a test compares all of an error at
// once and a failing one prints both sides.

#include <tintype/core/error.hpp>

#include <string>

namespace tests {

// "code in where @offset found/wanted", without what is empty or absent.
inline std::string said(const tintype::error& what) {
    std::string line{name_of(what.code)};
    if (!what.where.empty()) {
        line += " in ";
        line += what.where.view();
    }
    if (what.offset != tintype::error::no_offset) {
        line += " @" + std::to_string(what.offset);
    }
    return line + " " + std::to_string(what.found) + "/" + std::to_string(what.wanted);
}

template <class T>
std::string said(const tintype::result<T>& outcome) {
    return outcome ? "no error" : said(outcome.error());
}

} // namespace tests
