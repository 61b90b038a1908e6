// Chunks out of bytes that arrive in any pieces: what is told of damage, of the end and of a source
// that fails, what the reader goes on behind, and that it never asks for more memory than arrived.

#include <tintype/codec/json.hpp>
#include <tintype/codec/json/go_style.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/native.hpp>
#include <tintype/stream/reader.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"
#include "support/streams.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using tests::blob_of;
using tests::said;
using tintype::blob;
using tintype::byte_view;
using tintype::errc;
using tintype::native_wire;
using tintype::result;
using tintype::snapshot_chunk;

using raft_json =
    tintype::framed<tintype::big_endian_length, tintype::json<tintype::go_style>, "raft-json">;
using short_json =
    tintype::framed<tintype::varint_length, tintype::json<tintype::go_style>, "short-json">;

// Gives the bytes in pieces of `least` to `most`, and fails once where it is told to.
class piecewise_source {
public:
    explicit piecewise_source(byte_view bytes, std::size_t least = 1, std::size_t most = 1)
        : bytes_(bytes), least_(least), most_(most) {}

    std::uint64_t fails_at = ~std::uint64_t{0}; // offset
    std::size_t asked_at_most = 0;
    std::size_t reads = 0;
    std::size_t empty_reads = 0; // which no reader may ask for

    [[nodiscard]] result<std::size_t> read(tintype::mutable_bytes to) {
        ++reads;
        asked_at_most = std::max(asked_at_most, to.size());
        empty_reads += to.empty() ? 1U : 0U;
        if (at_ == fails_at) {
            fails_at = ~std::uint64_t{0};
            return tintype::fail({.code = errc::io, .where = "a line", .system = 5});
        }
        std::size_t size = least_ + static_cast<std::size_t>(random_() % (most_ - least_ + 1));
        size = std::min({size, to.size(), bytes_.size() - at_});
        if (at_ < fails_at) {
            size = std::min<std::size_t>(size, static_cast<std::size_t>(fails_at - at_));
        }
        tintype::copy_bytes(bytes_.subspan(at_, size), to.data());
        at_ += size;
        return size;
    }

private:
    byte_view bytes_;
    std::size_t least_;
    std::size_t most_;
    std::size_t at_ = 0;
    tintype::splitmix64 random_{7};
};

std::vector<snapshot_chunk> small_stream() {
    return tests::chunks_of({{.name = "a", .bytes = tests::noise(9)}, {.name = "b", .bytes = {}}},
                            5);
}

template <class Wire>
blob stream_of(const std::vector<snapshot_chunk>& chunks) {
    blob stream;
    for (const snapshot_chunk& each : chunks) {
        REQUIRE(said(Wire::encode(each, stream)) == "no error");
    }
    return stream;
}

struct texts : std::vector<std::string> {
    using std::vector<std::string>::vector;

    friend std::ostream& operator<<(std::ostream& to, const texts& all) {
        for (const std::string& each : all) {
            to << each << "; ";
        }
        return to;
    }
};

struct outcome {
    std::vector<snapshot_chunk> chunks;
    texts errors;
    bool ended = false; // well
};

// All that comes, until it is over.
template <class Wire, class Source>
outcome read_all(Source& source, const tintype::chunk_reader_options& options = {}) {
    tintype::chunk_reader<Wire, Source> reader(source, options);
    outcome all;
    for (;;) {
        snapshot_chunk chunk;
        const auto got = reader.next(chunk);
        if (got && !*got) {
            all.ended = true;
            return all;
        }
        if (got) {
            all.chunks.push_back(std::move(chunk));
        } else {
            all.errors.push_back(said(got));
            if (reader.over()) {
                return all;
            }
        }
        REQUIRE(all.errors.size() < 100'000);
    }
}

template <class Wire>
outcome read_bytes(byte_view bytes, const tintype::chunk_reader_options& options = {}) {
    tintype::memory_source source(bytes);
    return read_all<Wire>(source, options);
}

// Counts the bytes that are looked at in a search.
struct counting_wire : native_wire {
    static inline std::uint64_t looked_at = 0;

    [[nodiscard]] static bool is_intact(byte_view message) noexcept {
        looked_at += message.size();
        return native_wire::is_intact(message);
    }
};

// A head of the library's own wire that is right and claims so many bytes.
blob head_claiming(std::uint64_t size) {
    blob head = blob_of("TTCHUNK\1");
    head.resize(native_wire::head_size);
    tintype::store<std::endian::little>(head.data() + 8, size);
    tintype::store<std::endian::little>(
        head.data() + 16, tintype::hash_of<tintype::crc32c>(byte_view{head}.first(16)));
    return head;
}

} // namespace

TEST_CASE_TEMPLATE("reader: pieces of any size, data of every size around a boundary", Wire,
                   native_wire, raft_json, short_json) {
    std::size_t wrong = 0;
    const auto small = small_stream();
    const blob bytes = stream_of<Wire>(small);
    for (const auto& [least, most] : {std::pair<std::size_t, std::size_t>{1, 1},
                                      {2, 2},
                                      {1, 100},
                                      {bytes.size() - 1, bytes.size() - 1},
                                      {1U << 20U, 1U << 20U}}) {
        piecewise_source source(bytes, least, most);
        const outcome all = read_all<Wire>(source, {.trailing = tintype::trailing::refuse});
        wrong += all.ended && all.errors.empty() && all.chunks == small ? 0U : 1U;
    }
    for (const std::size_t size : {0U, 1U, 7U, 4095U, 4096U, 4097U, 65535U, 65536U, 65537U}) {
        const auto chunks =
            tests::chunks_of({{.name = "file", .bytes = tests::noise(3 * size + 1)}}, size + 1);
        const blob stream = stream_of<Wire>(chunks);
        for (const std::size_t most : {std::size_t{9000}, stream.size()}) {
            piecewise_source source(stream, most / 2, most);
            const outcome all = read_all<Wire>(source);
            wrong += all.ended && all.errors.empty() && all.chunks == chunks ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("reader: a message larger than the buffer was") {
    const auto chunks =
        tests::chunks_of({{.name = "f", .bytes = tests::noise(3'000'001)}}, 1'000'000);
    const blob stream = stream_of<native_wire>(chunks);
    piecewise_source source(stream, 50'000, 150'000);
    const outcome all = read_all<native_wire>(source);
    CHECK(all.ended);
    CHECK((all.chunks == chunks));
    CHECK(source.asked_at_most <= 1'100'000);
    CHECK(source.empty_reads == 0);
    CHECK(source.reads < 200);
}

TEST_CASE_TEMPLATE("reader: a stream that is cut anywhere is no stream", Wire, native_wire,
                   raft_json, short_json) {
    const auto chunks = small_stream();
    const blob stream = stream_of<Wire>(chunks);
    std::vector<std::size_t> ends{0};
    for (const snapshot_chunk& each : chunks) {
        ends.push_back(ends.back() + stream_of<Wire>({each}).size());
    }
    std::size_t wrong = 0;
    for (std::size_t size = 0; size != stream.size(); ++size) {
        piecewise_source source(byte_view{stream}.first(size), 1, 50);
        const outcome all = read_all<Wire>(source);
        const auto whole =
            static_cast<std::size_t>(std::ranges::upper_bound(ends, size) - ends.begin() - 1);
        wrong += all.ended || all.chunks.size() != whole ? 1U : 0U;
        wrong += std::equal(all.chunks.begin(), all.chunks.end(), chunks.begin()) ? 0U : 1U;
        const std::string none = "incomplete_stream in " + std::string(Wire::name) + " @" +
                                 std::to_string(size) + " " + std::to_string(whole) + "/" +
                                 std::to_string(whole + 1);
        if (size == ends[whole]) {
            wrong += all.errors == texts{none} ? 0U : 1U;
        } else {
            const std::string cut = "truncated in " + std::string(Wire::name) + " @" +
                                    std::to_string(ends[whole]) + " " +
                                    std::to_string(size - ends[whole]) + "/";
            wrong += all.errors.front().starts_with(cut) ? 0U : 1U;
            wrong += all.errors.size() == 1 ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("reader: damage costs the message that it is in, in the library's own wire") {
    const auto chunks = small_stream();
    const blob stream = stream_of<native_wire>(chunks);
    std::size_t wrong = 0;
    for (std::size_t at = 0; at != stream.size(); ++at) {
        for (const unsigned mask : {1U, 0x80U, 0xffU}) {
            blob bad = stream;
            bad[at] ^= static_cast<std::byte>(mask);
            piecewise_source source(bad, 30, 200);
            const outcome all = read_all<native_wire>(source);
            const bool last = all.chunks.size() + 1 == chunks.size() && !all.ended;
            wrong += all.chunks.size() + 1 == chunks.size() ? 0U : 1U;
            // Those that came are some of those that went, in order.
            auto from = chunks.begin();
            for (const snapshot_chunk& each : all.chunks) {
                from = std::find(from, chunks.end(), each);
                wrong += from == chunks.end() ? 1U : 0U;
                from += from == chunks.end() ? 0 : 1;
            }
            wrong += all.errors.size() == (last ? 2U : 1U) ? 0U : 1U;
            wrong += last && !all.errors.back().starts_with("incomplete_stream") ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("reader: damage elsewhere is refused or a chunk, and ends", Wire, raft_json,
                   short_json) {
    const blob stream = stream_of<Wire>(small_stream());
    std::size_t wrong = 0;
    for (std::size_t at = 0; at != stream.size(); ++at) {
        for (const unsigned mask : {1U, 0x80U}) {
            blob bad = stream;
            bad[at] ^= static_cast<std::byte>(mask);
            const outcome all = read_bytes<Wire>(bad);
            wrong += all.chunks.size() > 5 || all.errors.size() > stream.size() ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("reader: bytes between messages are told of once and passed over") {
    const auto chunks = small_stream();
    blob stream = stream_of<native_wire>({chunks[0]});
    const std::size_t before = stream.size();
    tintype::append(stream, blob_of("TTCHUN TTCHUNK TTTCHUNK\1 which is no head, nor is this:"));
    tintype::append(stream, tests::noise(5000));
    const std::size_t behind = stream.size();
    tintype::append(stream, stream_of<native_wire>({chunks[1], chunks[4]}));
    for (const std::size_t most : {1U, 40U, 100'000U}) {
        piecewise_source source(stream, 1, most);
        tintype::chunk_reader<native_wire, piecewise_source> reader(source);
        snapshot_chunk chunk;
        CHECK(reader.next(chunk) == true);
        const auto none = reader.next(chunk);
        REQUIRE(!none.has_value());
        CHECK(none.error().code == errc::invalid_magic);
        CHECK(none.error().offset == before);
        CHECK(!reader.over());
        CHECK(reader.next(chunk) == true);
        CHECK(chunk == chunks[1]);
        CHECK(reader.passed_over() == behind - before);
        CHECK(reader.next(chunk) == true);
        CHECK(reader.next(chunk) == false);
        CHECK(reader.offset() == stream.size());
        CHECK(reader.chunks() == 3);
        CHECK(reader.messages() == 3);
    }
}

TEST_CASE("reader: a message that is whole and no chunk, then the next") {
    const auto chunks = small_stream();
    blob stream = stream_of<raft_json>({chunks[0]});
    const std::size_t first = stream.size();
    tintype::append(stream, blob_of({0, 0, 0, 5, '{', '"', 'x', '"', '}'}));
    tintype::append(stream, blob_of({0, 0, 0, 0}));
    tintype::append(stream, stream_of<raft_json>({chunks.back()}));
    const outcome all = read_bytes<raft_json>(stream);
    CHECK(all.ended);
    CHECK(all.chunks.size() == 2);
    CHECK(all.errors == texts{"invalid_value in x @" + std::to_string(first + 8) + " 125/58",
                              "truncated in raft-json @" + std::to_string(first + 13) + " 0/1"});
}

TEST_CASE("reader: lengths that nobody can believe take no memory") {
    constexpr tintype::chunk_reader_options most_mebibyte{
        .limits = {.files = 4096, .chunk_size = 1U << 20U}};
    const auto claimed = [&]<class Wire>(Wire, blob stream) {
        stream.resize(stream.size() + 1000);
        piecewise_source source(stream, 1, 300);
        const outcome all = read_all<Wire>(source, most_mebibyte);
        CHECK(all.chunks.empty());
        CHECK(source.asked_at_most <= 256U << 10U);
        CHECK(source.empty_reads == 0);
        return all.errors;
    };
    blob varint(9, std::byte{0x80});
    varint.push_back(std::byte{1});
    CHECK(claimed(short_json{}, varint) ==
          texts{"limit_exceeded in short-json @0 9223372036854775808/9852234"});
    varint.assign(9, std::byte{0xff});
    varint.push_back(std::byte{1});
    CHECK(claimed(short_json{}, varint) ==
          texts{"limit_exceeded in short-json @0 18446744073709551615/9852234"});
    varint.back() = std::byte{2};
    CHECK(claimed(short_json{}, varint) == texts{"length_overflow in varint_length @0 2/1"});
    CHECK(claimed(raft_json{}, blob_of({0xff, 0xff, 0xff, 0xff})) ==
          texts{"limit_exceeded in raft-json @0 4294967295/9852240"});
    for (const std::uint64_t size : {std::uint64_t{0xffffffff}, std::uint64_t{1} << 63U,
                                     std::numeric_limits<std::uint64_t>::max()}) {
        CHECK(claimed(native_wire{}, head_claiming(size)) ==
              texts{"limit_exceeded in native @8 " + std::to_string(size) + "/9852244",
                    "incomplete_stream in native @1020 0/1"});
    }
    // Within the limit, and not there.
    CHECK(claimed(raft_json{}, blob_of({0, 0x80, 0, 0})) ==
          texts{"truncated in raft-json @0 1004/8388612"});
    CHECK(claimed(native_wire{}, head_claiming(8U << 20U)) ==
          texts{"truncated in native @0 1020/8388608"});
}

TEST_CASE("reader: an error of the framing is for good") {
    blob stream(11, std::byte{0xff});
    tintype::memory_source source(stream);
    tintype::chunk_reader<short_json, tintype::memory_source> reader(source);
    snapshot_chunk chunk;
    CHECK(!reader.over());
    for (int i = 0; i != 3; ++i) {
        CHECK(said(reader.next(chunk)) == "length_overflow in varint_length @0 255/1");
        CHECK(reader.over());
    }
    CHECK(reader.chunks() == 0);
}

TEST_CASE("reader: limits on data and files, and the message is passed over") {
    const auto chunks = small_stream();
    const blob stream = stream_of<native_wire>(chunks);
    tintype::memory_source source(stream);
    tintype::chunk_reader<native_wire, tintype::memory_source> reader(
        source, {.limits = {.files = 1, .chunk_size = 4}});
    snapshot_chunk chunk;
    CHECK(said(reader.next(chunk)).starts_with("limit_exceeded in files @"));
    CHECK(said(reader.next(chunk)).starts_with("limit_exceeded in data @"));
    CHECK(reader.messages() == 2);
    CHECK(reader.chunks() == 0);
    CHECK(reader.next(chunk) == true); // the other four bytes
    CHECK(chunk == chunks[2]);
    CHECK(reader.chunks() == 1);
}

TEST_CASE_TEMPLATE("reader: a source that fails is no end, and may be asked again", Wire,
                   native_wire, raft_json) {
    const auto chunks = small_stream();
    const blob stream = stream_of<Wire>(chunks);
    std::size_t wrong = 0;
    for (std::size_t at = 0; at != stream.size(); ++at) {
        piecewise_source source(stream, 1, 70);
        source.fails_at = at;
        const outcome all = read_all<Wire>(source, {.trailing = tintype::trailing::refuse});
        wrong += all.ended && all.chunks == chunks ? 0U : 1U;
        wrong += all.errors == texts{"io in a line @" + std::to_string(at) + " 0/0"} ? 0U : 1U;
    }
    CHECK(wrong == 0);
}

TEST_CASE("reader: what comes behind the final chunk") {
    const auto chunks = small_stream();
    blob stream = stream_of<raft_json>(chunks);
    const std::size_t size = stream.size();
    tintype::append(stream, blob(stream));
    tintype::memory_source source(stream);
    tintype::chunk_reader<raft_json, tintype::memory_source> reader(source);
    snapshot_chunk chunk;
    for (std::size_t i = 0; i != chunks.size(); ++i) {
        REQUIRE(reader.next(chunk) == true);
    }
    CHECK(reader.over());
    CHECK(reader.next(chunk) == false);
    CHECK(reader.next(chunk) == false);
    CHECK(reader.offset() == size);
    CHECK(reader.pending().size() == size);
    CHECK(std::ranges::equal(reader.pending(), byte_view{stream}.first(size)));

    const outcome strict = read_bytes<raft_json>(stream, {.trailing = tintype::trailing::refuse});
    CHECK(!strict.ended);
    CHECK(strict.chunks.size() == chunks.size());
    CHECK(strict.errors == texts{"trailing_bytes in raft-json @" + std::to_string(size) + " " +
                                 std::to_string(size) + "/0"});
    piecewise_source one(byte_view{stream}.first(size + 1));
    CHECK(read_all<raft_json>(one, {.trailing = tintype::trailing::refuse}).errors ==
          texts{"trailing_bytes in raft-json @" + std::to_string(size) + " 1/0"});
}

TEST_CASE("reader: a message over the limit is passed over whole, whatever it holds") {
    // Its data is itself a stream, of which nothing may be taken for a part of this one.
    auto chunks = small_stream();
    chunks[1].file_chunk->data = stream_of<native_wire>(small_stream());
    chunks[1].file_chunk->data.resize(200'000);
    const blob stream = stream_of<native_wire>(chunks);
    piecewise_source source(stream, 1, 700);
    const outcome all = read_all<native_wire>(source, {.limits = {.files = 4, .chunk_size = 5}});
    CHECK(all.ended);
    CHECK(all.errors.size() == 1);
    CHECK((all.chunks == std::vector{chunks[0], chunks[2], chunks[3], chunks[4]}));
}

TEST_CASE("reader: what is left of a search at the end is no message") {
    const auto chunks = small_stream();
    blob stream = stream_of<native_wire>({chunks[0]});
    tintype::append(stream, blob_of("???TTCHUNTTCHUNK\1\1"));
    const std::string end = std::to_string(stream.size());
    const outcome none = read_bytes<native_wire>(stream);
    CHECK(none.chunks.size() == 1);
    CHECK(none.errors.size() == 2);
    CHECK(none.errors.back() == "incomplete_stream in native @" + end + " 1/2");
    // Nor is a head that was come upon, in front of less than it claims.
    tintype::append(stream, head_claiming(100));
    CHECK(read_bytes<native_wire>(stream).errors.back() ==
          "incomplete_stream in native @" + std::to_string(stream.size()) + " 1/2");
    // One that was expected is.
    stream = head_claiming(100);
    CHECK(read_bytes<native_wire>(stream).errors == texts{"truncated in native @0 20/100"});
}

TEST_CASE("reader: a message that is cut off is not searched, whatever it holds") {
    auto chunks = small_stream();
    chunks[1].file_chunk->data = stream_of<native_wire>(small_stream());
    const blob stream = stream_of<native_wire>({chunks[0], chunks[1]});
    const outcome all = read_bytes<native_wire>(byte_view{stream}.first(stream.size() - 1));
    CHECK(all.chunks.size() == 1);
    CHECK(all.errors.size() == 1);
    // Nor is one whose data is damaged.
    blob bad = stream;
    bad[bad.size() - 100] ^= std::byte{1};
    CHECK(read_bytes<native_wire>(bad).chunks.size() == 1);
}

TEST_CASE("reader: damage costs the message that it is in, whatever heads its data holds") {
    const auto chunks = small_stream();
    blob heads;
    const auto claims = [&](std::uint64_t size) { tintype::append(heads, head_claiming(size)); };
    std::size_t wrong = 0;
    const auto try_heads = [&] {
        auto sent = chunks;
        sent[1].file_chunk->data = heads;
        blob stream = stream_of<native_wire>(sent);
        const std::size_t first = stream_of<native_wire>({chunks[0]}).size();
        for (const std::size_t at : {0U, 6U, 7U, 9U, 15U, 19U}) {
            for (const std::size_t most : {3U, 300U, 1U << 20U}) {
                blob bad = stream;
                bad[first + at] ^= std::byte{4};
                piecewise_source source(bad, 1, most);
                const outcome all = read_all<native_wire>(source);
                wrong += all.ended && all.errors.size() == 1 ? 0U : 1U;
                wrong +=
                    all.chunks == std::vector{chunks[0], chunks[2], chunks[3], chunks[4]} ? 0U : 1U;
                wrong += source.asked_at_most <= 256U << 10U ? 0U : 1U;
            }
        }
        heads.clear();
    };
    // Too long, not there, reaching into those behind, ending with the stream, too short.
    for (const std::uint64_t size :
         {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 62U,
          std::uint64_t{60} << 20U, std::uint64_t{90'000}, std::uint64_t{300}, std::uint64_t{200},
          std::uint64_t{100}, std::uint64_t{45}, std::uint64_t{24}, std::uint64_t{20},
          std::uint64_t{0}}) {
        claims(size);
        try_heads();
        heads = tests::noise(11);
        claims(size);
        claims(size);
        heads.resize(heads.size() + 50, std::byte{0});
        try_heads();
    }
    for (std::uint64_t size = 0; size < 700; size += 53) {
        claims(size);
        claims(std::uint64_t{1} << 62U);
        claims(size + 5);
        try_heads();
    }
    CHECK(wrong == 0);
}

TEST_CASE("reader: what is come upon is believed only whole, and then told of like any") {
    const auto chunks = small_stream();
    const blob good = stream_of<native_wire>({chunks[1]});
    std::size_t wrong = 0;
    for (std::size_t at = 0; at != good.size(); ++at) {
        blob stream = blob_of("?");
        tintype::append(stream, good);
        stream[1 + at] ^= std::byte{1};
        tintype::append(stream, stream_of<native_wire>({chunks[2], chunks[4]}));
        const outcome all = read_bytes<native_wire>(stream);
        wrong += all.ended && all.errors.size() == 1 && all.chunks.size() == 2 ? 0U : 1U;
    }
    CHECK(wrong == 0);
    // Right checksums, and no chunk inside.
    blob stream = head_claiming(60);
    stream.resize(56, std::byte{0});
    const auto digest = tintype::hash_of<tintype::crc32c>(stream);
    stream.resize(60);
    tintype::store<std::endian::little>(stream.data() + 56, digest);
    stream.insert(stream.begin(), std::byte{'?'});
    tintype::append(stream, stream_of<native_wire>({chunks[4]}));
    const outcome all = read_bytes<native_wire>(stream);
    CHECK(all.ended);
    CHECK(all.chunks.size() == 1);
    REQUIRE(all.errors.size() == 2);
    CHECK(all.errors[0].starts_with("invalid_magic in native @0 "));
    CHECK(all.errors[1] == "trailing_bytes in native @42 15/0");
}

TEST_CASE("reader: a message of another version is passed over whole, whatever it holds") {
    auto chunks = small_stream();
    chunks[1].file_chunk->data = stream_of<native_wire>(small_stream());
    for (const std::string_view before : {"", "?"}) {
        blob message = stream_of<native_wire>({chunks[1]});
        message[7] = std::byte{2};
        tintype::store<std::endian::little>(
            message.data() + 16, tintype::hash_of<tintype::crc32c>(byte_view{message}.first(16)));
        const std::size_t size = message.size() - 4;
        tintype::store<std::endian::little>(
            message.data() + size,
            tintype::hash_of<tintype::crc32c>(byte_view{message}.first(size)));
        blob stream = stream_of<native_wire>({chunks[0]});
        tintype::append(stream, tintype::bytes_of(before));
        const std::string at = std::to_string(stream.size() + 7);
        tintype::append(stream, message);
        tintype::append(stream, stream_of<native_wire>({chunks[2], chunks[4]}));
        for (const std::size_t most : {1U, 100U, 100'000U}) {
            piecewise_source source(stream, 1, most);
            const outcome all = read_all<native_wire>(source);
            CHECK(all.ended);
            CHECK((all.chunks == std::vector{chunks[0], chunks[2], chunks[4]}));
            CHECK(all.errors.size() == 1 + before.size());
            CHECK(all.errors.back() == "unsupported_version in native @" + at + " 2/1");
        }
    }
}

TEST_CASE("reader: it stays where it is made") {
    using reader = tintype::chunk_reader<native_wire, tintype::memory_source>;
    CHECK(!std::is_move_constructible_v<reader>);
    CHECK(!std::is_copy_constructible_v<reader>);
    CHECK(!std::is_move_assignable_v<reader>);
    CHECK(!std::is_copy_assignable_v<reader>);
}

TEST_CASE("reader: heads everywhere that are come upon are looked behind only so often") {
    // If each were, 10 000 times 400 000 bytes would be hashed.
    blob stream = blob_of("?");
    for (int i = 0; i != 30'000; ++i) {
        tintype::append(stream, head_claiming(400'000));
    }
    const std::size_t size = stream.size();
    counting_wire::looked_at = 0;
    outcome all = read_bytes<counting_wire>(stream);
    CHECK(counting_wire::looked_at > 32 * size);
    CHECK(counting_wire::looked_at <= 65 * size);
    CHECK(all.chunks.empty());
    REQUIRE(all.errors.size() == 2);
    CHECK(all.errors[1] == "incomplete_stream in native @" + std::to_string(size) + " 0/1");
    // They cost nothing that comes behind, while there are not that many.
    const auto chunks = small_stream();
    const blob rest = stream_of<native_wire>(chunks);
    stream.resize(1 + 60 * native_wire::head_size);
    stream.resize(stream.size() + 500'000, std::byte{0});
    tintype::append(stream, rest);
    piecewise_source source(stream, 1, 9000);
    all = read_all<native_wire>(source);
    CHECK(all.ended);
    CHECK(all.errors.size() == 1);
    CHECK((all.chunks == chunks));
}

TEST_CASE("reader: bytes that look like messages everywhere take one look each") {
    // If each place were looked at to the end of what it claims, this would take minutes.
    blob stream;
    for (int i = 0; i != 10'000; ++i) {
        tintype::append(stream, head_claiming(90'000));
    }
    outcome all = read_bytes<native_wire>(stream);
    CHECK(all.chunks.empty());
    REQUIRE(all.errors.size() == 3);
    CHECK(all.errors[0].starts_with("checksum_mismatch in native @89996 "));
    CHECK(all.errors[1].starts_with("checksum_mismatch in native @179996 "));
    CHECK(all.errors[2] == "truncated in native @180000 20000/90000");
    stream.resize(270'000);
    tintype::append(stream, stream_of<native_wire>({small_stream().back()}));
    all = read_bytes<native_wire>(stream);
    CHECK(all.ended);
    CHECK(all.chunks.size() == 1);
    CHECK(all.errors.size() == 3);

    stream.clear();
    for (int i = 0; i != 50'000; ++i) {
        tintype::append(stream, blob_of("TTCHUNK"));
    }
    CHECK(read_bytes<native_wire>(stream).errors.size() == 2);
}
