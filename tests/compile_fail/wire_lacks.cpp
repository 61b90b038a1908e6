// A wire without one of its functions, and a source of bytes that reads nothing.
// expect 1: tintype: a wire needs `static result<message_extent> extent\(byte_view begin
// expect 2: tintype: a wire needs `static result<void> encode\(const snapshot_chunk&
// expect 3: tintype: a wire needs `static result<snapshot_chunk> decode\(byte_view message
// expect 4: tintype: what chunks are read from needs `result<std::size_t> read\(mutable_bytes to\)`

#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/reader.hpp>

using namespace tintype;

struct wire {
    static constexpr std::string_view name = "mine";

#if BAD != 2
    static result<void> encode(const snapshot_chunk& chunk, blob& to) {
        return native_wire::encode(chunk, to);
    }
#endif
#if BAD != 1
    static result<message_extent> extent(byte_view begin, std::uint64_t most) {
        return native_wire::extent(begin, most);
    }
#endif
#if BAD == 3
    static snapshot_chunk decode(byte_view, const decode_options&) { return {}; }
#else
    static result<snapshot_chunk> decode(byte_view message, const decode_options& options) {
        return native_wire::decode(message, options);
    }
#endif
};

#if BAD == 4
using source = byte_view;
#else
using source = memory_source;
#endif

using reader_of_mine = chunk_reader<wire, source>;

static_assert(sizeof(reader_of_mine) > 0);
