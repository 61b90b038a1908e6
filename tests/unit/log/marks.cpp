// Whether two logs are one that grew.

#include <tintype/log/marks.hpp>

#include "support/bytes.hpp"
#include "support/logs.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace {

using tests::log_of;
using tests::noise;
using tintype::blob;
using tintype::byte_view;

tintype::log_marks marks_in(byte_view bytes) {
    return tintype::marks_of(bytes, tests::scan(bytes).end.last.value());
}

} // namespace

TEST_CASE("marks hold in what grew, and not in what is shorter or another") {
    std::vector<blob> payloads;
    std::vector<blob> logs;
    for (std::size_t i = 0; i != 6; ++i) {
        payloads.push_back(noise(i * 5, i));
        logs.push_back(log_of(payloads));
    }
    for (std::size_t i = 0; i != logs.size(); ++i) {
        const auto marks = marks_in(logs[i]);
        CHECK(marks.size == logs[i].size());
        for (std::size_t j = 0; j != logs.size(); ++j) {
            CHECK(marks.hold_in(logs[j]) == (j >= i));
        }
        blob torn = logs[i];
        torn.pop_back();
        CHECK(!marks.hold_in(torn));
        CHECK(!marks.hold_in({}));
    }
    payloads[0] = noise(1);
    CHECK(!marks_in(logs[3]).hold_in(log_of(payloads)));
    payloads[0] = {};
    payloads[3] = noise(15, 99); // of the size that was there
    CHECK(!marks_in(logs[3]).hold_in(log_of(payloads)));
    CHECK(marks_in(logs[2]).hold_in(log_of(payloads)));
}

TEST_CASE("marks of nothing hold nowhere") {
    CHECK(!tintype::log_marks{}.hold_in(log_of({noise(5)})));
    CHECK(!tintype::log_marks{}.hold_in({}));
}

TEST_CASE("marks are the same by appending and by looking") {
    blob bytes = tests::blob_of(tests::log_magic);
    tintype::log_marks marks;
    for (std::uint32_t i = 0; i != 4; ++i) {
        const blob payload = noise(i * 3);
        const std::vector<byte_view> pieces{payload};
        const tintype::detail::record_pieces record{i, bytes.size(), pieces};
        marks.add(record.header(), bytes.size(), record.extent());
        for (const auto piece : record.pieces()) {
            tintype::append(bytes, piece);
        }
        CHECK(marks == marks_in(bytes));
        CHECK(marks.hold_in(bytes));
    }
}
