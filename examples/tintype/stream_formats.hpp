#pragma once

// Streams of chunks in their three wires (see stream_formats.cpp).

#include "format.hpp"
#include "piped.hpp"
#include "wires.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tool {

[[nodiscard]] std::vector<const format*> stream_formats();

// What a path leads to. A stream that comes through a pipe is not taken into memory: it is read as
// it comes, once.
struct opened_path {
    std::optional<input> file;
    std::unique_ptr<piped> pipe; // a stream, in place of the file
    const format* kind = nullptr;

    [[nodiscard]] tintype::result<void> verify(const tintype::decode_options& options) const;
    [[nodiscard]] tintype::result<inspection> inspect(const tintype::decode_options& options) const;
};

// `kind` is null where the bytes are of no known format.
[[nodiscard]] outcome<opened_path> open_and_recognise(const std::string& path);

} // namespace tool
