#pragma once

// Logs for tests, made by hand out of headers and payloads, and what is read of one.

#include <tintype/log/scan.hpp>
#include <tintype/log/writer.hpp>

#include "bytes.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace tests {

inline constexpr std::string_view log_magic = "TESTLOG1";

inline void append_record(tintype::blob& bytes, std::uint32_t kind, tintype::byte_view payload) {
    const std::vector<tintype::byte_view> pieces{payload};
    const tintype::detail::record_pieces record{kind, bytes.size(), pieces};
    for (const auto piece : record.pieces()) {
        tintype::append(bytes, piece);
    }
}

// One record for each payload, of kinds 1, 2, ...
[[nodiscard]] inline tintype::blob log_of(const std::vector<tintype::blob>& payloads) {
    tintype::blob bytes = blob_of(log_magic);
    for (std::uint32_t kind = 1; const tintype::blob& payload : payloads) {
        append_record(bytes, kind++, payload);
    }
    return bytes;
}

struct scanned {
    std::vector<tintype::log_record> records{};
    std::vector<tintype::log_gap> gaps{};
    tintype::log_end end{};

    void operator()(const tintype::log_record& record) { records.push_back(record); }

    void operator()(const tintype::log_gap& gap) { gaps.push_back(gap); }
};

[[nodiscard]] inline scanned scan(tintype::byte_view bytes,
                                  std::uint64_t from = tintype::log_begin) {
    scanned all;
    all.end = tintype::scan_log(bytes, from, [&](const auto& what) { all(what); });
    return all;
}

// A record that was read whole.
struct read_record {
    std::uint32_t kind = 0;
    std::uint64_t offset = 0;
    tintype::blob payload{};

    friend bool operator==(const read_record&, const read_record&) = default;
};

// Those whose payloads hold.
[[nodiscard]] inline std::vector<read_record> whole_records(tintype::byte_view bytes) {
    std::vector<read_record> all;
    for (const auto& record : scan(bytes).records) {
        if (const auto payload = tintype::log_payload(bytes, record)) {
            all.push_back({.kind = record.kind,
                           .offset = record.offset,
                           .payload = {payload->begin(), payload->end()}});
        }
    }
    return all;
}

} // namespace tests
