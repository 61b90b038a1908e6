#pragma once

// The three wires that streams of chunks are known in, chosen while the tool runs: by name, or by
// what the bytes look like. Readers and writers of each, as one type.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/choice.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/chunk.hpp>

#include "outcome.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tool {

enum class wire_kind : std::uint8_t { native, protobuf, raft_json };

inline constexpr std::array all_wires{wire_kind::native, wire_kind::protobuf, wire_kind::raft_json};

[[nodiscard]] constexpr std::string_view name_of(wire_kind wire) noexcept {
    switch (wire) {
    case wire_kind::native:
        return "native";
    case wire_kind::protobuf:
        return "protobuf";
    case wire_kind::raft_json:
        break;
    }
    return "raft-json";
}

// What --wire says, or a wrong call that lists the names there are.
[[nodiscard]] outcome<wire_kind> wire_named(std::string_view name);

// Bytes from anywhere, so that readers need not be templates of where these come from.
class byte_input {
public:
    virtual ~byte_input() = default;
    [[nodiscard]] virtual tintype::result<std::size_t> read(tintype::mutable_bytes to) = 0;
};

class memory_input : public byte_input {
public:
    explicit memory_input(tintype::byte_view bytes) : source_(bytes) {}

    [[nodiscard]] tintype::result<std::size_t> read(tintype::mutable_bytes to) override {
        return source_.read(to);
    }

private:
    tintype::memory_source source_;
};

// As `chunk_reader`, which see.
class stream_reader {
public:
    virtual ~stream_reader() = default;
    [[nodiscard]] virtual tintype::result<bool> next(tintype::snapshot_chunk& into) = 0;
    [[nodiscard]] virtual bool over() const = 0;
    [[nodiscard]] virtual std::uint64_t offset() const = 0; // of the next message
};

// The input must outlive it. Bytes behind the final chunk are refused.
[[nodiscard]] std::unique_ptr<stream_reader> reader_of(wire_kind wire, byte_input& from);

// Appends one whole message.
[[nodiscard]] tintype::result<void>
encode_message(wire_kind wire, const tintype::snapshot_chunk& chunk, tintype::blob& to);

// More bytes from the beginning of a stream: as many as are asked for, or all there are.
class stream_begin {
public:
    virtual ~stream_begin() = default;
    [[nodiscard]] virtual tintype::result<tintype::byte_view> first(std::size_t size) = 0;
};

// `whole`: the stream begins as it should, with metadata that can be accepted. `any`: its first
// message is of a stream, or its beginning is damaged and the next message tells.
enum class likeness_of_stream : std::uint8_t { whole, any };

// The wire of a stream that begins so; nothing where it is none.
[[nodiscard]] tintype::result<std::optional<wire_kind>> recognised_wire(stream_begin& begin,
                                                                        likeness_of_stream how);
[[nodiscard]] std::optional<wire_kind> recognised_wire(tintype::byte_view bytes);

} // namespace tool
