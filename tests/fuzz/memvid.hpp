#pragma once

// The body for memvid's two files: any bytes are refused or are the encoding of what was read, but
// for metadata whose keys were not in order, which come out sorted; and a view agrees.

#include <tintype/formats/memvid.hpp>

#include "bodies.hpp"

#include <algorithm>
#include <cstddef>

namespace tests::fuzz {

namespace memvid = tintype::memvid;

// Reads them; encoded again they have the same size, and are the same a second time.
template <class Codec, class T>
tintype::result<T> memvid_decoded(byte_view bytes) {
    auto read = tintype::decode<Codec, T>(bytes);
    if (!read) {
        const auto offset = read.error().offset;
        must(offset == tintype::error::no_offset || offset <= bytes.size(),
             "memvid: errors are inside");
        must(read.error().code != tintype::errc{}, "memvid: errors have a code");
        return read;
    }
    const auto again = tintype::encode<Codec>(*read);
    must(again && again->size() == bytes.size() && Codec::size(*read) == bytes.size(),
         "memvid: as long as it was");
    const auto sorted = tintype::decode<Codec, T>(*again);
    must(sorted && *sorted == *read, "memvid: there and back");
    must(tintype::encode<Codec>(*sorted) == *again, "memvid: one encoding");
    return read;
}

inline void fuzz_memvid(byte_view bytes) {
    const auto read = memvid_decoded<memvid::segment, memvid::replay_segment>(bytes);
    const auto view = memvid::segment::view<memvid::replay_segment>(bytes);
    must(view.has_value() || !read.has_value(), "memvid: a view accepts what is read");
    bool all = view.has_value();
    std::size_t count = 0;
    if (view) {
        for (const byte_view frame : view->get<"sessions">()) {
            const auto session =
                tintype::decode<tintype::bincode_fixed, memvid::replay_session>(frame);
            all = all && session;
            must(!read || (count < read->sessions.size() && session == read->sessions[count]),
                 "memvid: the same sessions are viewed");
            ++count;
        }
        must(!read || count == read->sessions.size(), "memvid: and as many");
        must(read.has_value() == all, "memvid: read if all its sessions are");
    }
    if (read) {
        const bool one_key = std::ranges::all_of(
            read->sessions, [](const auto& each) { return each.metadata.size() < 2; });
        must(!one_key || std::ranges::equal(*tintype::encode<memvid::segment>(*read), bytes),
             "memvid: encode(decode(bytes)) == bytes");
        const auto made = memvid::manifest_of(*read, 0);
        must(made.segment_size == bytes.size() && made.session_count == count,
             "memvid: the manifest says the same");
    }
    const auto active = memvid_decoded<memvid::active_file, memvid::active_session>(bytes);
    must(!active || active->session.metadata.size() > 1 ||
             std::ranges::equal(*tintype::encode<memvid::active_file>(*active), bytes),
         "memvid: encode(decode(bytes)) == bytes, an active one");
    static_cast<void>(memvid::active_file::view<memvid::active_session>(bytes));
}

} // namespace tests::fuzz
