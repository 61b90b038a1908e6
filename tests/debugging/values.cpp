// Values of the vocabulary types, for the printers to show: each `expect(...)` is a line of the
// form "name = what a debugger shows", and `stop` is where it is asked.

#include <tintype/chain/ids.hpp>
#include <tintype/codec/field.hpp>
#include <tintype/codec/json/value.hpp>
#include <tintype/codec/packed_view.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/fixed_string.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/message.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/replay/uuid.hpp>
#include <tintype/stream/ranges.hpp>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace {

using tintype::errc;

struct point {
    int x;
    int y;
};

[[gnu::noinline]] void stop() {
    asm volatile("" : : : "memory");
}

// The address makes the compiler keep the value.
void expect(std::string_view name, const volatile void* value, std::string_view shown) {
    asm volatile("" : : "r"(value) : "memory");
    std::printf("%.*s = %.*s\n", static_cast<int>(name.size()), name.data(),
                static_cast<int>(shown.size()), shown.data());
}

// Every code with and without the rest of what an error can say.
void errors() {
    tintype::error what{};
    for (unsigned code = 0; code <= static_cast<unsigned>(errc::timed_out) + 1; ++code) {
        for (unsigned shape = 0; shape != 4; ++shape) {
            what = {.code = static_cast<errc>(code)};
            if ((shape & 1U) != 0) {
                what.where = "ttl\n\x7f";
                what.found = shape == 1 ? 0x11223344 : 0x1122334455667788;
                what.wanted = 7;
                what.offset = 29;
            }
            if ((shape & 2U) != 0) {
                what.system = ENOSPC;
                what.during = "write";
            }
            // A number that is no code has nothing that message() could say of it.
            const bool known = tintype::name_of(what.code) != "unknown";
            if (known) {
                expect("what", &what, tintype::message(what));
                stop();
            }
        }
    }
    what = {.code = errc::io, .system = EIO};
    expect("what", &what, tintype::message(what));
    stop();
    what.where = std::string(200, 'x');
    expect("what", &what, tintype::message(what));
    stop();
}

} // namespace

int main() {
    errors();

    const errc code = errc::checksum_mismatch;
    const auto no_code = static_cast<errc>(200);
    const tintype::field_kind kind = tintype::field_kind::frames;
    const tintype::label name{"semantic \"part\""};
    const tintype::label no_name{};
    const tintype::fixed_string magic{"VAMM"};

    const tintype::result<int> seven = 7;
    const tintype::result<void> done{};
    const tintype::result<point> place = point{3, -4};
    const tintype::result<int> no_seven = tintype::fail({.code = errc::not_found, .where = "part"});
    const tintype::result<void> not_done = tintype::fail({.code = errc::cancelled});
    const tintype::result<tintype::byte_view> no_bytes =
        tintype::fail({.code = errc::truncated, .found = 1, .wanted = 2});

    std::array<std::byte, 25> memory{};
    for (std::size_t i = 0; i != memory.size(); ++i) {
        memory[i] = static_cast<std::byte>(i * 11);
    }
    const tintype::byte_view none{};
    const tintype::byte_view one{memory.data(), 1};
    const tintype::byte_view brief{memory.data(), 24};
    const tintype::byte_view longer{memory};
    const tintype::mutable_bytes writable{memory.data(), 3};
    const tintype::byte_view lost{std::bit_cast<const std::byte*>(std::uintptr_t{16}), 40};
    const tintype::blob owned(memory.begin(), memory.begin() + 2);
    const tintype::blob nothing{};
    const auto& borrowed = owned;

    const std::array<std::byte, 4> digest{std::byte{0xde}, std::byte{0xad}, std::byte{0x00},
                                          std::byte{0x0f}};
    tintype::uuid id{};
    for (std::size_t i = 0; i != id.bytes.size(); ++i) {
        id.bytes[i] = static_cast<std::byte>(i * 17);
    }
    const tintype::timestamp epoch{};
    const tintype::timestamp before = epoch - std::chrono::nanoseconds{1};
    const tintype::timestamp later =
        epoch + std::chrono::sys_days{std::chrono::year{2026} / 1 / 31}.time_since_epoch() +
        std::chrono::nanoseconds{43'200'000'000'005};
    const tintype::timestamp newest = tintype::timestamp::max();
    const tintype::id_order order{.milliseconds = 1'769'860'800'250, .counter = 3};

    const tintype::limits free_limits{};
    const tintype::limits narrow{.bytes = 4096, .count = 10, .depth = 3};
    const tintype::number_range range{.begin = 3, .end = 9};
    const tintype::number_ranges no_ranges{};
    tintype::number_ranges ranges{};
    for (std::uint64_t i = 0; i != 9; ++i) {
        ranges.add({.begin = i * 10, .end = i * 10 + 5});
    }
    const std::array<std::uint16_t, 3> numbers{1, 2, 65535};
    const tintype::packed_view<std::uint16_t, std::endian::little> little{
        std::as_bytes(std::span{numbers})};
    const tintype::packed_view<std::uint16_t, std::endian::big> big{
        std::as_bytes(std::span{numbers}).first(4)};
    const tintype::field_layout layout{.name = "ttl",
                                       .kind = tintype::field_kind::section,
                                       .type = "bytes",
                                       .prefix = "u64",
                                       .least = 8};
    const tintype::json_value json = tintype::json_value::parse("{\"a\": [1, true]}").value();
    const tintype::json_view inner = json.view();

    expect("code", &code, "checksum_mismatch");
    expect("no_code", &no_code, "unknown (200)");
    expect("kind", &kind, "frames");
    expect("name", &name, "\"semantic \\\"part\\\"\"");
    expect("no_name", &no_name, "\"\"");
    expect("magic", &magic, "\"VAMM\"");
    expect("seven", &seven, "value = {value = 7}");
    expect("done", &done, "done");
    expect("place", &place, "value = {value = {x = 3, y = -4}}");
    expect("no_seven", &no_seven, "error: " + tintype::message(no_seven.error()));
    expect("not_done", &not_done, "error: " + tintype::message(not_done.error()));
    expect("no_bytes", &no_bytes, "error: " + tintype::message(no_bytes.error()));
    expect("none", &none, "0 bytes");
    expect("one", &one, "1 byte: 00");
    const std::string first = "00 0b 16 21 2c 37 42 4d 58 63 6e 79 84 8f 9a a5 b0 bb c6 d1 dc e7 "
                              "f2 fd";
    expect("brief", &brief, "24 bytes: " + first);
    expect("longer", &longer, "25 bytes: " + first + " ...");
    expect("writable", &writable, "3 bytes: 00 0b 16");
    expect("lost", &lost, "40 bytes at 0x10, which cannot be read");
    expect("owned", &owned, "2 bytes: 00 0b");
    expect("nothing", &nothing, "0 bytes");
    expect("borrowed", &borrowed, "2 bytes: 00 0b");
    expect("digest", &digest, "dead000f");
    expect("id", &id, tintype::to_text(id));
    expect("epoch", &epoch, "1970-01-01 00:00:00 UTC");
    expect("before", &before, "1969-12-31 23:59:59.999999999 UTC");
    expect("later", &later, "2026-01-31 12:00:00.000000005 UTC");
    expect("newest", &newest, "2262-04-11 23:47:16.854775807 UTC");
    expect("order", &order, "2026-01-31 12:00:00.250000000 UTC, counter 3");
    expect("free_limits", &free_limits, "bytes: no limit, count: no limit, depth: 64");
    expect("narrow", &narrow, "bytes: 4096, count: 10, depth: 3");
    expect("range", &range, "[3, 9)");
    expect("no_ranges", &no_ranges, "none");
    expect("ranges", &ranges,
           "[0, 5) [10, 15) [20, 25) [30, 35) [40, 45) [50, 55) [60, 65) [70, 75) [80, 85)");
    expect("little", &little, "3 packed values = {1, 2, 65535}");
    expect("big", &big, "packed 4 bytes: 01 00 02 00");
    expect("layout", &layout, "section ttl: bytes, at least 8 bytes");
    expect("json", &json, "{\"a\":[1,true]}");
    expect("inner", &inner, "{\"a\":[1,true]}");
    stop();
}
