// A wire that does not say where a message ends.
// expect: extent

#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/reader.hpp>

using namespace tintype;

struct wire {
    static constexpr std::string_view name = "mine";

    static result<void> encode(const snapshot_chunk& chunk, blob& to) {
        return native_wire::encode(chunk, to);
    }
#if !defined(BAD)
    static result<message_extent> extent(byte_view begin, std::uint64_t most) {
        return native_wire::extent(begin, most);
    }
#endif
    static result<snapshot_chunk> decode(byte_view message, const decode_options& options) {
        return native_wire::decode(message, options);
    }
};

using reader_of_mine = chunk_reader<wire, memory_source>;

static_assert(sizeof(reader_of_mine) > 0);
