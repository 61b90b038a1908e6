// Recorded sessions of an agent as bincode: written into fresh and into used memory, read into
// values of their own, and viewed; against a writer and a reader as the program that made the
// format has them, against cereal, a writer by hand, and the bare bytes.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/codec/frames.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/mix.hpp>
#include <tintype/core/reflect.hpp>

#include "baselines.hpp"
#include "harness.hpp"

#include <array>
#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bench {
namespace {

using u64 = std::uint64_t;
using digest = std::array<std::byte, 32>;
using text = std::string;
using numbers = std::vector<u64>;

struct put {
    BOOST_HANA_DEFINE_STRUCT(put, (u64, frame_id));
    bool operator==(const put&) const = default;
};

struct put_many {
    BOOST_HANA_DEFINE_STRUCT(put_many, (numbers, frame_ids), (u64, count));
    bool operator==(const put_many&) const = default;
};

struct find {
    BOOST_HANA_DEFINE_STRUCT(find, (text, query), (text, mode), (u64, result_count));
    bool operator==(const find&) const = default;
};

struct ask {
    BOOST_HANA_DEFINE_STRUCT(ask, (text, query), (text, provider), (text, model));
    bool operator==(const ask&) const = default;
};

struct mark {
    BOOST_HANA_DEFINE_STRUCT(mark, (u64, checkpoint_id));
    bool operator==(const mark&) const = default;
};

struct update {
    BOOST_HANA_DEFINE_STRUCT(update, (u64, frame_id));
    bool operator==(const update&) const = default;
};

struct removal {
    BOOST_HANA_DEFINE_STRUCT(removal, (u64, frame_id));
    bool operator==(const removal&) const = default;
};

struct tool_call {
    BOOST_HANA_DEFINE_STRUCT(tool_call, (text, name), (digest, args_hash));
    bool operator==(const tool_call&) const = default;
};

using action_type = std::variant<put, put_many, find, ask, mark, update, removal, tool_call>;

struct action {
    BOOST_HANA_DEFINE_STRUCT(action, (u64, sequence), (std::int64_t, timestamp_secs),
                             (action_type, type), (digest, input_hash), (digest, output_hash),
                             (text, input_preview), (text, output_preview),
                             (numbers, affected_frames), (u64, duration_ms));
    bool operator==(const action&) const = default;
};

// As the program keeps it: sixteen bytes behind their length.
struct uuid {
    std::array<std::byte, 16> bytes{};

    template <class Archive>
    void serialize(Archive& archive) {
        archive(bytes);
    }

    bool operator==(const uuid&) const = default;
};

struct session {
    using words = std::map<text, text>;
    BOOST_HANA_DEFINE_STRUCT(session, (uuid, session_id), (std::optional<text>, name),
                             (std::int64_t, created_secs),
                             (std::optional<std::int64_t>, ended_secs),
                             (std::vector<action>, actions), (words, metadata),
                             (std::uint32_t, version));
    bool operator==(const session&) const = default;
};

} // namespace
} // namespace bench

template <>
struct tintype::bincode_form<bench::uuid> {
    using stored = tintype::byte_view;

    static stored to(const bench::uuid& id) { return id.bytes; }

    static result<bench::uuid> from(stored&& kept, const limits&) {
        if (kept.size() != 16) {
            return fail({.code = errc::invalid_value, .found = kept.size(), .wanted = 16});
        }
        bench::uuid id;
        std::ranges::copy(kept, id.bytes.begin());
        return id;
    }
};

namespace bench {
namespace {

struct segment {
    BOOST_HANA_DEFINE_STRUCT(segment, (std::vector<session>, sessions));
};

using codec = tintype::bincode_fixed;
using segment_file =
    tintype::section_list<tintype::magic<"MV2RPLY!">, tintype::version<std::uint32_t, 1>,
                          tintype::count<"sessions", std::uint32_t>, tintype::total_size<u64>,
                          tintype::frames<"sessions", codec, u64, tintype::counted_apart>>;

// For cereal, in its own format.
template <class Archive, class T>
requires tintype::described<T> && (!std::same_as<T, session::words>)
void serialize(Archive& archive, T& value) {
    tintype::for_each_member(value, [&](auto, auto& part) { archive(part); });
}

class maker {
public:
    session made(std::size_t count) {
        session all{.session_id = {},
                    .name = "nightly run",
                    .created_secs = 1700000000,
                    .ended_secs = 1700003600,
                    .actions = {},
                    .metadata = {{"agent", "indexer"}, {"host", "node-7"}},
                    .version = 1};
        all.actions.reserve(count);
        for (std::size_t i = 0; i != count; ++i) {
            all.actions.push_back(one(i));
        }
        return all;
    }

private:
    u64 below(u64 most) { return random_() % most; }

    digest hash() {
        digest bytes;
        for (std::byte& each : bytes) {
            each = static_cast<std::byte>(random_());
        }
        return bytes;
    }

    // Words of an agent's log, now and then with one that is not English.
    text prose(u64 size) {
        constexpr std::string_view words[] = {"frame ", "index ",  "the ",    "query ", "result ",
                                              "of ",    "vector ", "memory ", "at ",    "page "};
        text all;
        while (all.size() < size) {
            all += below(500) == 0 ? "na\u00efve " : words[below(std::size(words))];
        }
        return all;
    }

    numbers frames(u64 most) {
        numbers all(below(most));
        for (u64& each : all) {
            each = random_() >> 40U;
        }
        return all;
    }

    action_type type() {
        switch (below(8)) {
        case 0:
            return put{below(100000)};
        case 1: {
            numbers ids = frames(8);
            const u64 count = ids.size();
            return put_many{std::move(ids), count};
        }
        case 2:
            return find{prose(40), "hybrid", below(20)};
        case 3:
            return ask{prose(60), "local", "small-instruct"};
        case 4:
            return mark{below(100)};
        case 5:
            return update{below(100000)};
        case 6:
            return removal{below(100000)};
        default:
            return tool_call{"search", hash()};
        }
    }

    action one(std::size_t i) {
        return {.sequence = i,
                .timestamp_secs = static_cast<std::int64_t>(1700000000 + i),
                .type = type(),
                .input_hash = hash(),
                .output_hash = hash(),
                .input_preview = prose(40 + below(100)),
                .output_preview = prose(60 + below(120)),
                .affected_frames = frames(6),
                .duration_ms = below(5000)};
    }

    tintype::splitmix64 random_{11};
};

// The program's own way to write: a vector that grows, numbers one by one, arrays a byte at a time.
struct growing_output {
    std::vector<std::byte> bytes;

    void one(std::byte value) { bytes.push_back(value); }

    void many(const void* from, std::size_t size) {
        const auto* first = static_cast<const std::byte*>(from);
        bytes.insert(bytes.end(), first, first + size);
    }
};

// What one writes who knows the struct and its size: no checks.
struct counted_output {
    std::byte* at;

    void one(std::byte value) { *at++ = value; }

    void many(const void* from, std::size_t size) {
        if (size != 0) {
            std::memcpy(at, from, size);
            at += size;
        }
    }
};

// The same bytes from both, by hand.
template <class Output>
struct by_hand {
    static constexpr bool grows = std::same_as<Output, growing_output>;

    Output out;

    template <class T>
    void number(T value) {
        out.many(&value, sizeof value);
    }

    void bytes(const digest& value) {
        if constexpr (grows) {
            for (const std::byte each : value) {
                out.one(each);
            }
        } else {
            out.many(value.data(), value.size());
        }
    }

    void string(const text& value) {
        number(u64{value.size()});
        out.many(value.data(), value.size());
    }

    void list(const numbers& values) {
        number(u64{values.size()});
        if constexpr (grows) {
            for (const u64 each : values) {
                number(each);
            }
        } else {
            out.many(values.data(), values.size() * sizeof(u64));
        }
    }

    void write(const action_type& value) {
        number(static_cast<std::uint32_t>(value.index()));
        switch (value.index()) {
        case 0:
            return number(std::get<0>(value).frame_id);
        case 1:
            list(std::get<1>(value).frame_ids);
            return number(std::get<1>(value).count);
        case 2:
            string(std::get<2>(value).query);
            string(std::get<2>(value).mode);
            return number(std::get<2>(value).result_count);
        case 3:
            string(std::get<3>(value).query);
            string(std::get<3>(value).provider);
            return string(std::get<3>(value).model);
        case 4:
            return number(std::get<4>(value).checkpoint_id);
        case 5:
            return number(std::get<5>(value).frame_id);
        case 6:
            return number(std::get<6>(value).frame_id);
        default:
            string(std::get<7>(value).name);
            return bytes(std::get<7>(value).args_hash);
        }
    }

    void write(const action& value) {
        number(value.sequence);
        number(value.timestamp_secs);
        write(value.type);
        bytes(value.input_hash);
        bytes(value.output_hash);
        string(value.input_preview);
        string(value.output_preview);
        list(value.affected_frames);
        number(value.duration_ms);
    }

    void write(const session& value) {
        number(u64{16});
        out.many(value.session_id.bytes.data(), 16);
        out.one(std::byte{value.name.has_value()});
        if (value.name) {
            string(*value.name);
        }
        number(value.created_secs);
        out.one(std::byte{value.ended_secs.has_value()});
        if (value.ended_secs) {
            number(*value.ended_secs);
        }
        number(u64{value.actions.size()});
        for (const action& each : value.actions) {
            write(each);
        }
        number(u64{value.metadata.size()});
        for (const auto& [key, word] : value.metadata) {
            string(key);
            string(word);
        }
        number(value.version);
    }
};

std::vector<std::byte> grown(const session& state) {
    by_hand<growing_output> writer{};
    writer.write(state);
    return std::move(writer.out.bytes);
}

std::byte* counted(const session& state, std::byte* to) {
    by_hand<counted_output> writer{.out = {to}};
    writer.write(state);
    return writer.out.at;
}

// The file as the program makes it: each session in a vector of its own, then all behind each
// other.
std::vector<std::byte> grown_segment(const segment& state) {
    std::vector<std::vector<std::byte>> parts;
    u64 total = 24;
    for (const session& each : state.sessions) {
        parts.push_back(grown(each));
        total += 8 + parts.back().size();
    }
    growing_output out;
    out.many("MV2RPLY!", 8);
    const std::uint32_t head[] = {1, static_cast<std::uint32_t>(parts.size())};
    out.many(head, sizeof head);
    out.many(&total, sizeof total);
    for (const auto& each : parts) {
        const u64 size = each.size();
        out.many(&size, sizeof size);
        out.many(each.data(), each.size());
    }
    return std::move(out.bytes);
}

// And its way to read: a check for each number, arrays a byte and lists an element at a time.
class plain_reader {
public:
    explicit plain_reader(byte_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    session read_session() {
        session value;
        must(number<u64>() == 16, "no uuid");
        std::memcpy(value.session_id.bytes.data(), take(16), 16);
        optional(value.name, [&] { return string(); });
        value.created_secs = number<std::int64_t>();
        optional(value.ended_secs, [&] { return number<std::int64_t>(); });
        for (u64 i = number<u64>(); i != 0; --i) {
            value.actions.push_back(read_action());
        }
        for (u64 i = number<u64>(); i != 0; --i) {
            text key = string();
            value.metadata.emplace(std::move(key), string());
        }
        value.version = number<std::uint32_t>();
        must(at_ == end_, "bytes are left over");
        return value;
    }

private:
    const std::byte* take(u64 size) {
        must(size <= static_cast<u64>(end_ - at_), "bytes end too early");
        return std::exchange(at_, at_ + size);
    }

    template <class T>
    T number() {
        T value;
        std::memcpy(&value, take(sizeof value), sizeof value);
        return value;
    }

    digest bytes() {
        digest value;
        for (std::byte& each : value) {
            each = *take(1);
        }
        return value;
    }

    text string() {
        const u64 size = number<u64>();
        text value(reinterpret_cast<const char*>(take(size)), size);
        must(tintype::is_utf8(value), "no UTF-8");
        return value;
    }

    numbers list() {
        const u64 size = number<u64>();
        numbers values;
        values.reserve(std::min<u64>(size, 4096));
        for (u64 i = 0; i != size; ++i) {
            values.push_back(number<u64>());
        }
        return values;
    }

    template <class T, class Read>
    void optional(std::optional<T>& value, Read read) {
        if (number<std::uint8_t>() != 0) {
            value = read();
        }
    }

    action_type read_type() {
        switch (number<std::uint32_t>()) {
        case 0:
            return put{number<u64>()};
        case 1: {
            numbers ids = list();
            return put_many{std::move(ids), number<u64>()};
        }
        case 2: {
            text query = string();
            text mode = string();
            return find{std::move(query), std::move(mode), number<u64>()};
        }
        case 3: {
            text query = string();
            text provider = string();
            return ask{std::move(query), std::move(provider), string()};
        }
        case 4:
            return mark{number<u64>()};
        case 5:
            return update{number<u64>()};
        case 6:
            return removal{number<u64>()};
        case 7: {
            text name = string();
            return tool_call{std::move(name), bytes()};
        }
        default:
            die("no such action");
        }
    }

    action read_action() {
        action value;
        value.sequence = number<u64>();
        value.timestamp_secs = number<std::int64_t>();
        value.type = read_type();
        value.input_hash = bytes();
        value.output_hash = bytes();
        value.input_preview = string();
        value.output_preview = string();
        value.affected_frames = list();
        value.duration_ms = number<u64>();
        return value;
    }

    const std::byte* at_;
    const std::byte* end_;
};

// Memory as a stream, for cereal.
class memory_stream : public std::streambuf {
public:
    explicit memory_stream(std::span<char> memory) {
        setp(memory.data(), memory.data() + memory.size());
        setg(memory.data(), memory.data(), memory.data() + memory.size());
    }

    [[nodiscard]] std::size_t written() const { return static_cast<std::size_t>(pptr() - pbase()); }
};

std::size_t cereal_write(const session& state, std::span<char> memory) {
    memory_stream buffer{memory};
    std::ostream stream{&buffer};
    cereal::BinaryOutputArchive archive{stream};
    archive(state);
    return buffer.written();
}

session cereal_read(std::span<char> memory) {
    memory_stream buffer{memory};
    std::istream stream{&buffer};
    cereal::BinaryInputArchive archive{stream};
    session state;
    archive(state);
    return state;
}

// Every string and number of every action, where they lie.
u64 walked(byte_view bytes) {
    u64 sum = 0;
    const auto shown = must(codec::view<session>(bytes), "view");
    for (const auto each : shown.get<"actions">()) {
        sum += each.get<"sequence">() + each.get<"type">().index() +
               each.get<"input_preview">().size() + each.get<"output_preview">().size() +
               each.get<"affected_frames">().size() + each.get<"duration_ms">();
    }
    return sum;
}

template <class Write>
contender doing(std::string name, Write run) {
    return {.name = std::move(name), .run = [run] {
                const auto made = run();
                keep(&made);
            }};
}

void measure_writing(const session& state, byte_view bytes, std::span<char> memory, int rounds,
                     rows& to) {
    const std::span<std::byte> room = std::as_writable_bytes(memory);
    duel(to, "bincode", "encode into used memory",
         doing("ours",
               [&, room] { return must(tintype::encode_into<codec>(room, state), "encode"); }),
         {{doing("a writer by hand", [&, room] { return counted(state, room.data()); }), 1.0},
          {doing("cereal, its own bytes", [&, memory] { return cereal_write(state, memory); })},
          {doing("memcpy of the bytes",
                 [&, room] {
                     std::memcpy(room.data(), bytes.data(), bytes.size());
                     return room.data();
                 })}},
         rounds, bytes.size());
    duel(to, "bincode", "encode into fresh memory",
         doing("ours", [&] { return must(tintype::encode<codec>(state), "encode"); }),
         {{doing("a vector that grows", [&] { return grown(state); })},
          {doing("a writer by hand, its size known",
                 [&] {
                     grown_bytes fresh{bytes.size()};
                     counted(state, fresh.filled(bytes.size()));
                     return fresh;
                 }),
           1.0}},
         rounds, bytes.size());
}

void measure_segment(const segment& state, int rounds, rows& to) {
    const auto bytes = must(tintype::encode<segment_file>(state), "encode");
    must(std::ranges::equal(bytes, grown_segment(state)), "the segments differ");
    tintype::blob room(bytes.size());
    duel(to, "bincode", "encode a segment of 100 sessions",
         doing("ours",
               [&] { return must(tintype::encode_into<segment_file>(room, state), "encode"); }),
         {{doing("each into a vector that grows", [&] { return grown_segment(state); }), 10.0}},
         rounds, bytes.size());
}

void measure_reading(byte_view bytes, std::span<char> cereals, int rounds, rows& to) {
    // What was read is given back to the heap before the next, which takes as long for everybody.
    std::optional<session> read;
    const auto reading = [&](std::string name, auto from) {
        return contender{.name = std::move(name),
                         .run = [&read, from] { read.emplace(from()); },
                         .prepare = [&read] { read.reset(); }};
    };
    duel(to, "bincode", "decode",
         reading("ours", [=] { return must(tintype::decode<codec, session>(bytes), "decode"); }),
         {{reading("a byte and a number at a time",
                   [=] { return plain_reader{bytes}.read_session(); }),
           3.5},
          {reading("cereal, its own bytes", [=] { return cereal_read(cereals); })}},
         rounds, bytes.size());
    read.reset();
    duel(to, "bincode", "check and view",
         doing("ours", [=] { return must(codec::view<session>(bytes), "view"); }),
         {{doing("a byte and a number at a time",
                 [=] { return plain_reader{bytes}.read_session(); }),
           10.0},
          {doing("read bandwidth", [=] { return read_all(bytes); })}},
         rounds, bytes.size());
    duel(to, "bincode", "check, view, and look at every action",
         doing("ours", [=] { return walked(bytes); }),
         {{doing("a byte and a number at a time",
                 [=] { return plain_reader{bytes}.read_session(); })},
          {doing("decode, ours",
                 [=] { return must(tintype::decode<codec, session>(bytes), "decode"); })}},
         rounds, bytes.size());
}

} // namespace

void measure_bincode(const options& chosen, rows& to) {
    const std::size_t count = chosen.quick ? 10'000 : 100'000;
    const session state = maker{}.made(count);
    const auto bytes = must(tintype::encode<codec>(state), "encode");
    must(std::ranges::equal(bytes, grown(state)), "the writer by hand wrote other bytes");
    must(must(tintype::decode<codec, session>(bytes), "decode") == state, "ours read another");
    must(plain_reader{bytes}.read_session() == state, "the plain reader read another");
    std::string memory(2 * bytes.size(), '\0');
    std::string cereals(2 * bytes.size(), '\0');
    cereals.resize(cereal_write(state, cereals));
    must(cereal_read(cereals) == state, "cereal read another");

    segment all;
    maker some;
    for (int i = 0; i != 100; ++i) {
        all.sessions.push_back(some.made(count / 100));
    }
    const int rounds = chosen.quick ? 5 : 21;
    measure_writing(state, bytes, memory, rounds, to);
    measure_segment(all, rounds, to);
    measure_reading(bytes, cereals, rounds, to);
}

} // namespace bench
