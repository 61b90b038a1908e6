// Names, readers and recognition of the wires.

#include "wires.hpp"

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/reader.hpp>

#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace tool {

namespace {

using tintype::byte_view;
using tintype::native_wire;
using tintype::result;
using tintype::snapshot_chunk;
using tintype::vectorxlite::protobuf_wire;
using tintype::vectorxlite::raft_wire;

static_assert(native_wire::name == name_of(wire_kind::native));
static_assert(protobuf_wire::name == name_of(wire_kind::protobuf));
static_assert(raft_wire::name == name_of(wire_kind::raft_json));

// Calls `use` with the wire's own type.
template <class Use>
auto with_wire(wire_kind wire, Use use) {
    switch (wire) {
    case wire_kind::native:
        return use(native_wire{});
    case wire_kind::protobuf:
        return use(protobuf_wire{});
    case wire_kind::raft_json:
        break;
    }
    return use(raft_wire{});
}

template <class Wire>
class reader_in : public stream_reader {
public:
    explicit reader_in(byte_input& from) : reader_(from, {.trailing = tintype::trailing::refuse}) {}

    [[nodiscard]] result<bool> next(snapshot_chunk& into) override { return reader_.next(into); }

    [[nodiscard]] bool over() const override { return reader_.over(); }

    [[nodiscard]] std::uint64_t offset() const override { return reader_.offset(); }

private:
    tintype::chunk_reader<Wire, byte_input> reader_;
};

class bytes_begin : public stream_begin {
public:
    explicit bytes_begin(byte_view bytes) : bytes_(bytes) {}

    [[nodiscard]] result<byte_view> first(std::size_t size) override {
        return bytes_.first(std::min(size, bytes_.size()));
    }

private:
    byte_view bytes_;
};

[[nodiscard]] bool is_chunk(const snapshot_chunk& chunk, likeness_of_stream how) {
    if (how == likeness_of_stream::whole) {
        return chunk.metadata && chunk.sequence == 0 && !chunk.file_chunk && !chunk.is_final &&
               tintype::check_metadata(*chunk.metadata);
    }
    return int{chunk.metadata.has_value()} + int{chunk.file_chunk.has_value()} +
               int{chunk.is_final} ==
           1;
}

// Protobuf has no magic: the first message is read, if it is no longer than one may be.
[[nodiscard]] result<bool> begins_in_protobuf(stream_begin& begin, likeness_of_stream how) {
    const std::uint64_t most = tintype::most_message_size(
        {.chunk_size = how == likeness_of_stream::whole ? 0 : tintype::stream_limits{}.chunk_size});
    auto head = begin.first(tintype::longest_varint);
    if (!head) {
        return tintype::pass(head);
    }
    const auto extent = protobuf_wire::extent(*head, most);
    if (!extent || !extent->known) {
        return false;
    }
    const auto message = begin.first(static_cast<std::size_t>(extent->size));
    if (!message) {
        return tintype::pass(message);
    }
    if (message->size() != extent->size) {
        return false;
    }
    const auto chunk = protobuf_wire::decode(*message);
    return chunk && is_chunk(*chunk, how);
}

} // namespace

outcome<wire_kind> wire_named(std::string_view name) {
    std::vector<std::string_view> names;
    for (const wire_kind each : all_wires) {
        if (name == name_of(each)) {
            return each;
        }
        names.push_back(name_of(each));
    }
    return wrong_call(fmt::format("--wire is one of {}, not `{}`", fmt::join(names, ", "), name));
}

std::unique_ptr<stream_reader> reader_of(wire_kind wire, byte_input& from) {
    return with_wire(wire, [&]<class Wire>(Wire) -> std::unique_ptr<stream_reader> {
        return std::make_unique<reader_in<Wire>>(from);
    });
}

result<void> encode_message(wire_kind wire, const snapshot_chunk& chunk, tintype::blob& to) {
    return with_wire(wire, [&]<class Wire>(Wire) { return Wire::encode(chunk, to); });
}

result<std::optional<wire_kind>> recognised_wire(stream_begin& begin, likeness_of_stream how) {
    const auto head = begin.first(native_wire::magic.size());
    if (!head) {
        return tintype::pass(head);
    }
    if (tintype::text_of(*head) == native_wire::magic) {
        return wire_kind::native;
    }
    constexpr std::size_t length_size = 4;
    const auto most = tintype::most_message_size({});
    if (head->size() > length_size && (*head)[length_size] == std::byte{'{'} &&
        raft_wire::extent(*head, most)) {
        return wire_kind::raft_json;
    }
    const auto protobuf = begins_in_protobuf(begin, how);
    if (!protobuf) {
        return tintype::pass(protobuf);
    }
    if (*protobuf) {
        return wire_kind::protobuf;
    }
    if (how == likeness_of_stream::any) {
        constexpr std::size_t far = std::size_t{1} << 20U;
        const auto more = begin.first(far);
        if (!more) {
            return tintype::pass(more);
        }
        if (tintype::text_of(*more).find(native_wire::magic) != std::string_view::npos) {
            return wire_kind::native;
        }
    }
    return std::optional<wire_kind>{};
}

std::optional<wire_kind> recognised_wire(byte_view bytes) {
    bytes_begin begin{bytes};
    return recognised_wire(begin, likeness_of_stream::whole).value_or(std::nullopt);
}

} // namespace tool
