#pragma once

// Small steps with objects that grow by segments, for tests of them.

#include <tintype/core/bytes.hpp>
#include <tintype/core/message.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/segment.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

inline tintype::result<void> put_object(const auto& storage, std::string_view name,
                                        tintype::byte_view bytes, bool over = false) {
    auto staged = storage.stage({.size_hint = bytes.size()});
    if (!staged) {
        return tintype::pass(staged);
    }
    if (auto done = staged->write(bytes); !done) {
        return done;
    }
    return over ? staged->replace(name) : staged->publish(name);
}

// Written and synced, by a handle that is kept.
inline tintype::result<void> grow(auto&& object, tintype::byte_view bytes) {
    auto done = object.write(bytes);
    return done ? object.sync() : done;
}

inline std::optional<tintype::blob> read_object(const auto& storage, std::string_view name) {
    const auto object = storage.open(name, tintype::access::map);
    if (!object) {
        return std::nullopt;
    }
    return tintype::blob(object->bytes().begin(), object->bytes().end());
}

inline std::vector<std::string> segment_names(const auto& below) {
    auto names = below.names();
    REQUIRE(names);
    std::erase_if(*names, [](const auto& each) { return !tintype::detail::is_segment_name(each); });
    std::ranges::sort(*names);
    return *names;
}

} // namespace tests
