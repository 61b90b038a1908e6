#pragma once

// What is read once, from its beginning to its end, in pieces: a pipe, a device, standard input, or
// a file of any size. Its first bytes may be looked at before it is decided who reads it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/posix_handles.hpp>

#include "files.hpp"
#include "outcome.hpp"
#include "wires.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace tool {

// A signal while it waits for bytes is `cancelled`.
class piped : public byte_input, public stream_begin {
public:
    [[nodiscard]] static outcome<piped> open(const std::string& path);

    // Refused where somebody would have to type it.
    [[nodiscard]] static outcome<piped> standard_input();

    // The path, or "standard input".
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    // May be asked until the first read().
    [[nodiscard]] tintype::result<tintype::byte_view> first(std::size_t size) override;

    [[nodiscard]] tintype::result<std::size_t> read(tintype::mutable_bytes to) override;

    // All of it in memory, instead of read().
    [[nodiscard]] outcome<input> whole() &&;

private:
    piped(std::string name, tintype::detail::descriptor file)
        : name_(std::move(name)), file_(std::move(file)) {}

    // Until there are so many bytes, or no more.
    [[nodiscard]] tintype::result<void> fill(std::size_t size);
    [[nodiscard]] tintype::result<std::size_t> take(tintype::mutable_bytes to);

    std::string name_;
    tintype::detail::descriptor file_;
    tintype::blob seen_;
    std::size_t given_ = 0; // of what was seen
};

} // namespace tool
