#pragma once

// The body for logs: whatever the bytes are, records, gaps and tail fill them without overlapping,
// as a scan written by hand from the format's page finds them; and a writer that opens them cuts
// the tail, loses nothing else, and goes on.

#include <tintype/log/view.hpp>
#include <tintype/log/writer.hpp>
#include <tintype/storage/memory.hpp>

#include "bodies.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tests::fuzz {

inline constexpr std::string_view fuzz_log_magic = "FUZZLOG1";

// Byte by byte, as the page says.
[[nodiscard]] inline std::uint64_t naive_number(byte_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = size; i != 0; --i) {
        number = number * 256 + std::to_integer<std::uint64_t>(bytes[at + i - 1]);
    }
    return number;
}

[[nodiscard]] inline std::uint32_t naive_crc32c(byte_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit != 8; ++bit) {
            crc = (crc & 1U) != 0 ? crc >> 1U ^ 0x82f63b78U : crc >> 1U;
        }
    }
    return ~crc;
}

// The payload's size, if a header lies there.
[[nodiscard]] inline std::optional<std::uint64_t> naive_header(byte_view bytes, std::size_t at) {
    if (bytes.size() < at + 32 || tintype::text_of(bytes.subspan(at, 4)) != "TREC" ||
        naive_number(bytes, at + 8, 8) != at ||
        naive_number(bytes, at + 28, 4) != naive_crc32c(bytes.subspan(at, 28))) {
        return std::nullopt;
    }
    return naive_number(bytes, at + 16, 8);
}

struct naive_log {
    std::vector<tintype::log_record> records{};
    std::vector<tintype::log_gap> gaps{};
    std::uint64_t whole = 0;
};

[[nodiscard]] inline bool naive_whole(byte_view bytes, const tintype::log_record& record) {
    const auto at = static_cast<std::size_t>(record.offset);
    const auto padded = static_cast<std::size_t>((record.size + 7) / 8 * 8);
    return naive_number(bytes, at + 24, 4) == naive_crc32c(bytes.subspan(at + 32, padded));
}

[[nodiscard]] inline naive_log naive_scan(byte_view bytes) {
    naive_log all;
    std::size_t behind = std::min<std::size_t>(8, bytes.size());
    for (std::size_t at = behind; at < bytes.size();) {
        const auto size = naive_header(bytes, at);
        if (!size) {
            at += 8;
            continue;
        }
        const std::uint64_t room = bytes.size() - at - 32;
        if (*size > room || (*size + 7) / 8 * 8 > room) {
            if (at == behind) {
                break;
            }
            at += 8;
            continue;
        }
        if (at != behind) {
            if (!naive_whole(bytes, {.kind = 0, .offset = at, .size = *size})) {
                at += 8; // one that was only come upon
                continue;
            }
            all.gaps.push_back({.offset = behind, .size = at - behind});
        }
        all.records.push_back({.kind = static_cast<std::uint32_t>(naive_number(bytes, at + 4, 4)),
                               .offset = at,
                               .size = *size});
        at += static_cast<std::size_t>(32 + (*size + 7) / 8 * 8);
        behind = at;
    }
    all.whole = behind;
    return all;
}

inline void open_fuzzed_log(byte_view bytes, const tintype::log_end& tail) {
    using storage_type = tintype::memory_storage;
    using writer = tintype::log_writer<storage_type>;
    const storage_type storage;
    auto staged = storage.stage();
    must(staged && staged->write(bytes) && staged->publish("log"), "log: kept");
    const auto view = tintype::log_view<storage_type>::open(storage, "log", fuzz_log_magic);
    auto log = writer::open(storage, "log", fuzz_log_magic);
    must(!log || view, "log: what can be written can be read");
    must(log.has_value() == tail.last.has_value(), "log: opened if any record is whole");
    if (!log) {
        must(storage.open("log")->bytes().size() == bytes.size(), "log: refused as it is");
        return;
    }
    must(view->bytes().size() == tail.whole && view->tail() == tail.tail, "log: readers agree");
    must(log->cut() == tail.tail && log->size() == tail.whole, "log: the tail is cut off");
    must(log->append(1, bytes) == tail.whole, "log: it goes on");
    log = tintype::fail({});
    must(writer::open(storage, "log", fuzz_log_magic).value().cut() == 0, "log: nothing is torn");
    const auto object = storage.open("log");
    must(std::ranges::equal(object->bytes().first(static_cast<std::size_t>(tail.whole)),
                            bytes.first(static_cast<std::size_t>(tail.whole))),
         "log: nothing else is touched");
}

inline void scan_fuzzed_log(byte_view bytes) {
    naive_log seen;
    std::uint64_t at = std::min<std::size_t>(8, bytes.size());
    const auto end = tintype::scan_log(bytes, 0, [&]<class What>(const What& what) {
        must(what.offset == at, "log: nothing is left out or seen twice");
        if constexpr (std::is_same_v<What, tintype::log_record>) {
            seen.records.push_back(what);
            at += tintype::record_extent(what.size);
        } else {
            must(what.size != 0, "log: no gap of nothing");
            seen.gaps.push_back(what);
            at += what.size;
        }
    });
    must(end.whole == at && end.whole + end.tail == bytes.size(), "log: the rest is tail");
    const auto naive = naive_scan(bytes);
    must(seen.records == naive.records && seen.gaps == naive.gaps && end.whole == naive.whole,
         "log: naive agrees");
    std::optional<tintype::log_record> last;
    for (const auto& record : seen.records) {
        const auto payload = tintype::log_payload(bytes, record);
        must(payload.has_value() == naive_whole(bytes, record), "log: naive agrees on payloads");
        must(!payload || payload->size() == record.size, "log: the payload as it was told");
        must(payload || payload.error().offset == record.offset, "log: errors say where");
        last = payload ? record : last;
    }
    const auto tail = tintype::find_tail(bytes);
    must(tail.last == last, "log: the tail begins behind the last whole record");
    must(tail.whole + tail.tail == bytes.size() && tail.whole <= end.whole, "log: no more of it");
    if (tintype::check_log_magic(bytes, fuzz_log_magic)) {
        open_fuzzed_log(bytes, tail);
    }
}

// The bytes with headers that belong where they are, as few inputs would have one by chance, and
// with right payloads, after `inside(kind, payload)` had a look at each.
template <class Inside>
[[nodiscard]] blob with_right_headers(byte_view bytes, std::size_t from, bool payloads,
                                      Inside inside) {
    blob fixed(bytes.begin(), bytes.end());
    for (std::size_t at = from; at + 32 <= fixed.size(); at += 8) {
        if (tintype::text_of(byte_view{fixed}.subspan(at, 4)) != "TREC") {
            continue;
        }
        auto header = tintype::mutable_bytes{fixed}.subspan(at);
        tintype::store<std::endian::little>(&header[8], std::uint64_t{at});
        const auto size = naive_number(header, 16, 8);
        if (payloads && size <= header.size() - 32 && (size + 7) / 8 * 8 <= header.size() - 32) {
            inside(naive_number(header, 4, 4), header.subspan(32, static_cast<std::size_t>(size)));
            tintype::store<std::endian::little>(
                &header[24], naive_crc32c(byte_view{header}.subspan(
                                 32, static_cast<std::size_t>((size + 7) / 8 * 8))));
        }
        tintype::store<std::endian::little>(&header[28], naive_crc32c(byte_view{header}.first(28)));
    }
    return fixed;
}

inline void fuzz_log(byte_view bytes) {
    scan_fuzzed_log(bytes);
    blob named(bytes.begin(), bytes.end());
    std::ranges::copy(
        tintype::bytes_of(fuzz_log_magic).first(std::min<std::size_t>(8, named.size())),
        named.begin());
    for (const bool payloads : {false, true}) {
        scan_fuzzed_log(with_right_headers(named, 8, payloads, [](auto, auto) {}));
    }
}

} // namespace tests::fuzz
