// A wire out of a framing and an encoding: what its messages are, what is refused, and how chunks
// are written into a sink, a pipe or a socket.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/stream/byte_source.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/wire.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/streams.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <limits>
#include <stop_token>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::result;
using tintype::snapshot_chunk;

using raft_json =
    tintype::framed<tintype::big_endian_length, tintype::json<tintype::go_style>, "raft-json">;
using short_json = tintype::framed<tintype::varint_length, tintype::json<tintype::go_style>>;
using short_bincode = tintype::framed<tintype::varint_length, tintype::bincode_fixed, "short">;

snapshot_chunk piece_of(blob data) {
    return {.metadata = {},
            .file_chunk =
                tintype::file_piece{
                    .file_name = "f", .offset = 3, .data = std::move(data), .is_last_chunk = false},
            .sequence = 5,
            .is_final = false};
}

struct two_ends {
    int reads = -1;
    int writes = -1;

    ~two_ends() {
        ::close(reads);
        ::close(writes);
    }
};

// The chunks by their sequence, as an exporter has them.
struct held_chunks {
    const std::vector<snapshot_chunk>* all;
    std::uint64_t bad = ~std::uint64_t{0};

    [[nodiscard]] std::uint64_t chunk_count() const { return all->size(); }

    [[nodiscard]] result<void> read(std::uint64_t sequence, snapshot_chunk& into) const {
        if (sequence == bad) {
            return tintype::fail({.code = tintype::errc::io, .where = "a file"});
        }
        into = (*all)[static_cast<std::size_t>(sequence)];
        return {};
    }
};

// Takes so many bytes and no more.
struct small_sink {
    std::size_t room;
    std::size_t calls = 0;

    [[nodiscard]] result<void> write(byte_view bytes) {
        ++calls;
        if (bytes.size() > room) {
            return tintype::fail({.code = tintype::errc::no_space, .where = "sink"});
        }
        room -= bytes.size();
        return {};
    }
};

} // namespace

TEST_CASE("wire: data of every size around a boundary") {
    std::size_t wrong = 0;
    const auto there_and_back = [&]<class Wire>(const snapshot_chunk& chunk, Wire) {
        blob message;
        wrong += Wire::encode(chunk, message) ? 0U : 1U;
        const auto back = Wire::decode(message, {});
        wrong += back && *back == chunk ? 0U : 1U;
        const auto extent = Wire::extent(message, message.size());
        wrong += extent && extent->size == message.size() ? 0U : 1U;
    };
    for (const std::size_t size : {0U, 1U, 2U, 3U, 7U, 100U, 127U, 128U, 4095U, 4096U, 4097U,
                                   16383U, 16384U, 65535U, 65536U, 65537U}) {
        const auto chunk = piece_of(tests::noise(size));
        there_and_back(chunk, raft_json{});
        there_and_back(chunk, short_json{});
        there_and_back(chunk, short_bincode{});
        there_and_back(chunk, tintype::native_wire{});
    }
    CHECK(wrong == 0);
}

TEST_CASE("wire: a length, then the chunk") {
    blob message;
    REQUIRE(raft_json::encode(piece_of(blob_of("foob")), message).has_value());
    constexpr std::string_view text =
        R"({"Metadata":null,"FileChunk":{"FileName":"f","Offset":3,"Data":"Zm9vYg==",)"
        R"("IsLastChunk":false},"Sequence":5,"IsFinal":false})";
    CHECK(text.size() == 0x7c);
    CHECK(tintype::text_of(message) == std::string("\0\0\0\x7c", 4) + std::string(text));

    // The room of the longest length is moved over where fewer bytes do.
    blob shorter;
    REQUIRE(short_json::encode(piece_of(blob_of("foob")), shorter).has_value());
    CHECK(tintype::text_of(shorter) == "\x7c" + std::string(text));
}

TEST_CASE("wire: what cannot be encoded leaves nothing behind") {
    snapshot_chunk bad = piece_of({});
    bad.file_chunk->file_name = "\xff";
    const auto leaves_nothing = [&]<class Wire>(Wire, std::string_view why) {
        blob to = blob_of("before");
        CHECK(said(Wire::encode(bad, to)) == why);
        CHECK(to == blob_of("before"));
    };
    leaves_nothing(raft_json{}, "invalid_utf8 in FileChunk.FileName @0 255/0");
    leaves_nothing(short_bincode{}, "invalid_utf8 in file_chunk.file_name @10 255/0");
    leaves_nothing(tintype::native_wire{}, "invalid_utf8 in file_name @9 255/0");
}

TEST_CASE("wire: lengths that claim too much or too little") {
    const blob claims_all = blob_of({0xff, 0xff, 0xff, 0xff});
    CHECK(said(raft_json::extent(claims_all, 1000)) ==
          "limit_exceeded in raft-json @0 4294967295/996");
    CHECK(raft_json::extent(claims_all, std::numeric_limits<std::uint64_t>::max()) ==
          tintype::message_extent{.size = 0x100000003, .known = true});
    CHECK(said(raft_json::decode(claims_all)) == "truncated in raft-json @0 0/4294967295");
    CHECK(said(raft_json::extent(claims_all, 3)) == "limit_exceeded in raft-json @0 4294967295/0");

    blob varint(10, std::byte{0xff});
    varint[9] = std::byte{1}; // 2^64 - 1
    constexpr auto any = std::numeric_limits<std::uint64_t>::max();
    CHECK(said(short_bincode::extent(varint, any)) ==
          "limit_exceeded in short @0 18446744073709551615/18446744073709551605");
    varint.assign(9, std::byte{0x80});
    varint.push_back(std::byte{1}); // 2^63
    CHECK(said(short_bincode::extent(varint, 4096)) ==
          "limit_exceeded in short @0 9223372036854775808/4086");
    CHECK(said(short_bincode::decode(varint)) == "truncated in short @0 0/9223372036854775808");

    blob message;
    REQUIRE(raft_json::encode(piece_of({}), message).has_value());
    message.push_back(std::byte{' '});
    CHECK(said(raft_json::decode(message)) == "trailing_bytes in raft-json @120 1/0");
    message[3] ^= std::byte{1};
    CHECK(said(raft_json::decode(byte_view{message}.first(3))) == "truncated in raft-json @0 3/4");
    // An encoding's offsets count from the message's first byte.
    message.resize(6);
    message[3] = std::byte{2};
    message[5] = std::byte{'x'};
    CHECK(said(raft_json::decode(message)) == "invalid_value @5 120/34");
}

TEST_CASE("wire: the largest message holds what the limits allow, in every wire") {
    const tintype::stream_limits most{.total_size = 1, .files = 3, .chunk_size = 70'000};
    snapshot_chunk chunk = piece_of(blob(most.chunk_size, std::byte{0xff}));
    chunk.file_chunk->file_name = std::string(255, '<');
    chunk.metadata = tintype::stream_metadata{};
    const tintype::file_info file{.file_name = std::string(255, '<'),
                                  .file_type = {},
                                  .file_size = std::numeric_limits<std::uint64_t>::max(),
                                  .checksum = std::string(128, 'f')};
    chunk.metadata->files.assign(most.files, file);
    for (const auto encode :
         {raft_json::encode, short_bincode::encode, tintype::native_wire::encode}) {
        blob message;
        REQUIRE(encode(chunk, message).has_value());
        CHECK(message.size() <= tintype::most_message_size(most));
    }
    constexpr auto none = std::numeric_limits<std::size_t>::max();
    CHECK(tintype::most_message_size({.total_size = 0, .files = none, .chunk_size = none}) >
          std::uint64_t{1} << 60U);
}

TEST_CASE("wire: a stream is written, from any chunk on, and the monitor is told") {
    const auto chunks = tests::chunks_of({{.name = "a", .bytes = tests::noise(25)}}, 10);
    held_chunks from{&chunks};
    blob whole;
    for (const snapshot_chunk& each : chunks) {
        REQUIRE(tintype::native_wire::encode(each, whole).has_value());
    }
    blob written;
    tintype::blob_sink sink(written);
    std::vector<std::uint64_t> told;
    auto tell = [&](tintype::progress now) {
        told.push_back(now.done);
        CHECK(now.total == chunks.size());
    };
    const tintype::monitor watch(tell);
    CHECK(tintype::write_stream<tintype::native_wire>(from, sink, 0, &watch) == whole.size());
    CHECK(written == whole);
    CHECK(told == std::vector<std::uint64_t>{1, 2, 3, 4, 5});

    blob rest;
    tintype::blob_sink other(rest);
    const auto bytes = tintype::write_stream<tintype::native_wire>(from, other, 3);
    CHECK(bytes == rest.size());
    CHECK(tintype::text_of(whole).ends_with(tintype::text_of(rest)));
    rest.clear();
    for (const std::uint64_t first : {std::uint64_t{5}, std::uint64_t{6}, ~std::uint64_t{0}}) {
        CHECK(said(tintype::write_stream<tintype::native_wire>(from, other, first)) ==
              "out_of_bounds in chunks of the stream " + std::to_string(first) + "/5");
    }
    CHECK(rest.empty());

    std::stop_source stop;
    stop.request_stop();
    const tintype::monitor stopped(stop.get_token());
    CHECK(said(tintype::write_stream<tintype::native_wire>(from, sink, 0, &stopped)) ==
          "cancelled 1/5");
    from.bad = 2;
    CHECK(said(tintype::write_stream<tintype::native_wire>(from, sink)) == "io in a file 0/0");
}

TEST_CASE("wire: a sink that fails is not written to again, a chunk that fails costs nothing") {
    small_sink sink{.room = 200};
    tintype::chunk_writer<tintype::native_wire, small_sink> out(sink);
    snapshot_chunk bad = piece_of({});
    bad.file_chunk->file_name = "\xff";
    CHECK(out.write(piece_of({})).has_value());
    const std::uint64_t taken = out.bytes();
    CHECK(!out.write(bad).has_value());
    CHECK(out.write(piece_of({})).has_value());
    CHECK(out.messages() == 2);
    CHECK(out.bytes() == 2 * taken);
    CHECK(said(out.write(piece_of(blob(100)))) == "no_space in sink 0/0");
    CHECK(sink.calls == 3);
    CHECK(said(out.write(piece_of({}))) == "no_space in sink 0/0");
    CHECK(sink.calls == 3);
    CHECK(out.messages() == 2);
}

TEST_CASE("byte_source: memory, in pieces of any size") {
    const blob bytes = tests::noise(100);
    for (const std::size_t piece : {1U, 3U, 99U, 100U, 101U}) {
        tintype::memory_source source(bytes);
        blob got;
        blob room(piece);
        for (auto more = source.read(room); *more != 0; more = source.read(room)) {
            tintype::append(got, byte_view{room}.first(*more));
        }
        CHECK(got == bytes);
        CHECK(source.read(room) == 0);
    }
}

TEST_CASE("byte_source: through a pipe, more than it holds at once") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    two_ends pipe{ends[0], ends[1]};
    const blob bytes = tests::noise(300'000);
    result<void> written;
    std::thread writer([&] {
        tintype::descriptor_sink sink(pipe.writes);
        written = sink.write(bytes);
        ::close(pipe.writes);
        pipe.writes = -1;
    });
    tintype::descriptor_source source(pipe.reads);
    blob got;
    blob room(70'000);
    auto more = source.read(room);
    for (; more && *more != 0; more = source.read(room)) {
        tintype::append(got, byte_view{room}.first(*more));
    }
    writer.join();
    CHECK(said(more) == "no error");
    CHECK(said(written) == "no error");
    CHECK(got == bytes);
    CHECK(source.read(room) == 0);
}

TEST_CASE("byte_source: errors of the system are values") {
    blob room(10);
    tintype::descriptor_source nowhere(-1);
    const auto read = nowhere.read(room);
    CHECK(said(read) == "io 0/10");
    CHECK(read.error().system == EBADF);
    CHECK(read.error().during == "read");
    tintype::descriptor_sink closed(-1);
    CHECK(closed.write({}).has_value());
    const auto written = closed.write(room);
    CHECK(said(written) == "io 0/10");
    CHECK(written.error().system == EBADF);

    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    two_ends pipe{ends[0], ends[1]};
    REQUIRE(::fcntl(pipe.reads, F_SETFL, O_NONBLOCK) == 0);
    REQUIRE(::fcntl(pipe.writes, F_SETFL, O_NONBLOCK) == 0);
    tintype::descriptor_source source(pipe.reads);
    CHECK(said(source.read(room)) == "timed_out 0/10");
    tintype::descriptor_sink sink(pipe.writes);
    CHECK(sink.write(room).has_value());
    CHECK(source.read(room) == 10);
    const auto full = sink.write(blob(1U << 22U));
    REQUIRE(!full.has_value());
    CHECK(full.error().code == tintype::errc::timed_out);
    CHECK(full.error().found > 0);
}

TEST_CASE("byte_source: calls that take a part, are interrupted, or take nothing") {
    const blob bytes = tests::noise(10);
    blob taken;
    int calls = 0;
    const auto some = [&](byte_view offered) -> ssize_t {
        ++calls;
        if (calls % 2 == 0) {
            errno = EINTR;
            return -1;
        }
        const byte_view part = offered.first(std::min<std::size_t>(offered.size(), 3));
        tintype::append(taken, part);
        return static_cast<ssize_t>(part.size());
    };
    CHECK(said(tintype::detail::put_all(bytes, some)) == "no error");
    CHECK(taken == bytes);
    CHECK(calls == 7);

    calls = 0;
    const auto none = [&](byte_view) -> ssize_t { return ++calls == 1 ? 4 : 0; };
    const auto stuck = tintype::detail::put_all(bytes, none);
    CHECK(said(stuck) == "io 4/10");
    CHECK(stuck.error().during == "write");
    CHECK(calls == 2);
}

TEST_CASE("byte_source: a socket whose other side has gone is an error and no signal") {
    // Were there a signal, the program would end here.
    REQUIRE((std::signal(SIGPIPE, SIG_DFL) != SIG_ERR));
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    two_ends sockets{ends[0], ends[1]};
    tintype::descriptor_sink sink(sockets.writes);
    CHECK(sink.write(blob_of("one")).has_value());
    blob room(10);
    CHECK(tintype::descriptor_source(sockets.reads).read(room) == 3);
    ::close(sockets.reads);
    sockets.reads = -1;
    const auto written = sink.write(blob_of("two"));
    REQUIRE(!written.has_value());
    CHECK(written.error().system == EPIPE);
    CHECK(said(written) == "io 0/3");
}
