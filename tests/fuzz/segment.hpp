#pragma once

// The body for segments: whatever lies behind the opening, an index names only what lies inside,
// each once, and where pages are what their writer would have written it is what a look at every
// record finds; a session that is read has the bytes that it was read from; and an owner goes on.

#include <tintype/codec/bincode.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/segment_index.hpp>
#include <tintype/storage/memory.hpp>

#include "bodies.hpp"
#include "log.hpp"
#include "support/segments.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace tests::fuzz {

// Encoded again it is the same, but for keys that were not in order.
template <class Codec, class T>
void comes_back(const T& value, byte_view bytes) {
    const auto again = tintype::encode<Codec>(value);
    must(again && again->size() == bytes.size(), "replay: as long as it was");
    const auto sorted = tintype::decode<Codec, T>(*again);
    must(sorted && *sorted == value, "replay: there and back");
    must(tintype::encode<Codec>(*sorted) == *again, "replay: one encoding");
}

// What a look at every record finds, and whether every record is sound, every page what it has to
// be by the records before it, and nothing behind the last looks like one.
struct naive_segment_index {
    std::vector<tintype::segment_entry> entries{};
    bool sound = true;

    explicit naive_segment_index(byte_view object) {
        const byte_view all = object;
        object = object.first(static_cast<std::size_t>(tintype::find_tail(object).whole));
        entries = naive_entries(object);
        tintype::scan_log(object, tintype::log_begin, [&]<class What>(const What& what) {
            if constexpr (std::same_as<What, tintype::log_record>) {
                take(object, what);
            } else {
                sound = false;
            }
        });
        for (std::size_t at = last_page_ + 8; at < all.size(); at += 8) {
            const auto header = tintype::header_at(all, at);
            sound = sound && !(header && header->kind == 4);
        }
    }

private:
    void forget(const tintype::uuid& id) {
        if (!there_.erase(id)) {
            return;
        }
        if (std::erase_if(page_.entries,
                          [&](const auto& each) { return each.summary.session_id == id; }) == 0) {
            page_.removed.push_back(id);
        }
    }

    void take(byte_view object, const tintype::log_record& record) {
        const auto payload = tintype::log_payload(object, record);
        if (!payload) {
            sound = false;
            return;
        }
        if (record.kind == 2) {
            tintype::reader in{*payload};
            const auto summary = tintype::detail::take_summary(in);
            sound = sound && summary;
            if (summary) {
                forget(summary->session_id);
                there_.insert(summary->session_id);
                page_.entries.push_back(
                    {.summary = *summary, .offset = record.offset, .size = record.size});
            }
        } else if (record.kind == 3) {
            const auto id = tintype::decode<tintype::bincode_fixed, tintype::uuid>(*payload);
            sound = sound && id;
            if (id) {
                forget(*id);
            }
        } else if (record.kind == 4) {
            page_.offset = record.offset;
            const auto wanted = tintype::encode<tintype::bincode_fixed>(page_).value();
            sound = sound && std::ranges::equal(wanted, *payload);
            last_page_ = static_cast<std::size_t>(record.offset);
            if (page_.full()) {
                page_ = {};
                page_.previous = record.offset;
            }
        }
    }

    std::set<tintype::uuid> there_{};
    tintype::segment_page page_{};
    std::size_t last_page_ = 0;
};

inline void index_fuzzed_segment(byte_view bytes) {
    const auto index = tintype::segment_index::of(bytes);
    const naive_segment_index naive{bytes};
    must(index.tail() <= bytes.size(), "segment: the tail is inside");
    std::set<tintype::uuid> seen;
    std::uint64_t live = 0;
    for (const tintype::segment_entry& each : index.entries()) {
        must(each.offset >= 8 && each.offset <= bytes.size() && bytes.size() - each.offset >= 32 &&
                 each.size <= bytes.size() - each.offset - 32,
             "segment: entries lie inside");
        must(seen.insert(each.summary.session_id).second, "segment: each once");
        must(index.find(each.summary.session_id) == each, "segment: each is found");
        live += tintype::record_extent(each.size);
        const auto stored = tintype::detail::session_bytes(bytes, each);
        const auto session = tintype::detail::read_session<small_session>(bytes, each, {});
        must(stored || !session, "segment: what is read was verified");
        if (session) {
            comes_back<tintype::bincode_fixed>(*session, *stored);
        }
    }
    must(live == index.live(), "segment: what is live is told");
    for (const auto& each : index.damage()) {
        must(each.offset <= bytes.size() && each.size <= bytes.size() - each.offset,
             "segment: damage lies inside");
        must(each.why.code != tintype::errc{}, "segment: damage has a reason");
    }
    must(!naive.sound || std::ranges::equal(index.entries(), naive.entries),
         "segment: pages and records agree");
    must(!naive.sound || index.damage().empty(), "segment: nothing is wrong with it");
}

inline void open_fuzzed_segment(byte_view bytes) {
    const tintype::memory_storage storage;
    must(put_object(storage, "s", bytes), "segment: kept");
    const auto reader = small_reader::open(storage, "s");
    auto segment = small_segment::open(storage, "s");
    must(reader && segment, "segment: with a right opening it is opened");
    static_cast<void>(reader->verify());
    std::vector<std::pair<tintype::uuid, small_session>> before;
    for (const tintype::segment_entry& each : segment->index().entries()) {
        if (auto session = segment->read(each.summary.session_id)) {
            before.emplace_back(each.summary.session_id, *std::move(session));
        }
    }
    const auto fresh = small_session_at(~std::uint64_t{0});
    const auto encoded = tintype::encode<tintype::bincode_fixed>(fresh).value();
    must(segment->replace(summary_of(fresh), encoded).has_value(), "segment: it goes on");
    must(!segment->compact() || segment->index().size() > before.size() ||
             segment->index().contains(fresh.session_id),
         "segment: compacting keeps it");
    segment = tintype::fail({});
    const auto again = small_segment::open(storage, "s");
    must(again && again->read(fresh.session_id) == fresh, "segment: what was appended is there");
    for (const auto& [id, session] : before) {
        must(id == fresh.session_id || again->read(id) == session,
             "segment: and what was there before");
    }
}

// The opening of a segment of small sessions; the input is what comes behind it.
[[nodiscard]] inline const blob& segment_start() {
    static const blob bytes = [] {
        const tintype::memory_storage storage;
        must(small_segment::open(storage, "s").has_value(), "segment: made");
        return object_bytes(storage, "s");
    }();
    return bytes;
}

inline void fuzz_segment(byte_view bytes) {
    blob whole = segment_start();
    tintype::append(whole, bytes);
    const auto seal = [](std::uint64_t kind, tintype::mutable_bytes payload) {
        if (kind != 2 || payload.size() < 8) {
            return;
        }
        const auto size = naive_number(payload, 4, 4);
        if (size <= payload.size() - 8) {
            tintype::store<std::endian::little>(
                payload.data(),
                naive_crc32c(payload.subspan(4, 4 + static_cast<std::size_t>(size))));
        }
    };
    index_fuzzed_segment(bytes);
    index_fuzzed_segment(whole);
    open_fuzzed_segment(whole);
    for (const bool payloads : {false, true}) {
        const auto fixed = with_right_headers(whole, segment_start().size(), payloads, seal);
        index_fuzzed_segment(fixed);
        open_fuzzed_segment(fixed);
    }
}

} // namespace tests::fuzz
