#pragma once

// Small sessions for tests of segments, and what is read of a segment without its index.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/segment_index.hpp>
#include <tintype/replay/segment_record.hpp>
#include <tintype/replay/session.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/memory.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

struct said_word {
    BOOST_HANA_DEFINE_STRUCT(said_word, (std::string, word), (std::uint64_t, times));
    friend bool operator==(const said_word&, const said_word&) = default;
};

struct word_count {
    BOOST_HANA_DEFINE_STRUCT(word_count, (std::uint64_t, words));
    friend bool operator==(const word_count&, const word_count&) = default;
};

using small_session = tintype::session<said_word, word_count>;
using small_segment = tintype::session_segment<small_session, tintype::memory_storage>;
using small_reader = tintype::segment_reader<small_session, tintype::memory_storage>;

[[nodiscard]] inline tintype::uuid uuid_at(std::uint64_t number) {
    tintype::uuid id;
    tintype::store<std::endian::big>(id.bytes.data() + 8, number);
    return id;
}

// The session of that number, which ended; `words` of a size that the number says.
[[nodiscard]] inline small_session small_session_at(std::uint64_t number, std::size_t actions = 2) {
    small_session made{};
    made.session_id = uuid_at(number);
    if (number % 3 != 0) {
        made.name = "session " + std::to_string(number);
    }
    made.created_secs = static_cast<std::int64_t>(1000 + number);
    made.ended_secs = made.created_secs + 5;
    made.metadata = {{"number", std::to_string(number)}};
    made.version = tintype::session_version;
    for (std::size_t i = 0; i != actions; ++i) {
        auto& action = made.actions.emplace_back();
        action.sequence = i;
        action.action = {.word = std::string(number % 7, 'w'), .times = number};
        action.affected = {number, i};
    }
    auto& checkpoint = made.checkpoints.emplace_back();
    checkpoint.snapshot = {.words = number * 7};
    return made;
}

// The bytes of an object.
[[nodiscard]] inline tintype::blob object_bytes(const tintype::memory_storage& storage,
                                                std::string_view name) {
    const auto object = storage.open(name);
    return object ? tintype::blob(object->bytes().begin(), object->bytes().end()) : tintype::blob{};
}

// Puts bytes under a name.
inline bool put_object(const tintype::memory_storage& storage, std::string_view name,
                       tintype::byte_view bytes) {
    auto staged = storage.stage();
    return staged && staged->write(bytes) && staged->replace(name);
}

// The sessions of a segment whose headers are whole, record after record, the last of an id.
[[nodiscard]] inline std::vector<tintype::segment_entry> naive_entries(tintype::byte_view object) {
    std::vector<tintype::segment_entry> all;
    const auto forget = [&](const tintype::uuid& id) {
        std::erase_if(all, [&](const auto& each) { return each.summary.session_id == id; });
    };
    tintype::scan_log(object, tintype::log_begin, [&]<class What>(const What& what) {
        if constexpr (std::same_as<What, tintype::log_record>) {
            const auto payload = object.subspan(static_cast<std::size_t>(what.offset) + 32,
                                                static_cast<std::size_t>(what.size));
            if (what.kind == 2) {
                tintype::reader in{payload};
                if (auto summary = tintype::detail::take_summary(in)) {
                    forget(summary->session_id);
                    all.push_back({.summary = *summary, .offset = what.offset, .size = what.size});
                }
            } else if (what.kind == 3 && tintype::log_payload(object, what)) {
                if (const auto id =
                        tintype::decode<tintype::bincode_fixed, tintype::uuid>(payload)) {
                    forget(*id);
                }
            }
        }
    });
    return all;
}

// The offsets of all records of a kind.
[[nodiscard]] inline std::vector<tintype::log_record> records_of(tintype::byte_view object,
                                                                 tintype::segment_record kind) {
    std::vector<tintype::log_record> all;
    tintype::scan_log(object, tintype::log_begin, [&]<class What>(const What& what) {
        if constexpr (std::same_as<What, tintype::log_record>) {
            if (what.kind == static_cast<std::uint32_t>(kind)) {
                all.push_back(what);
            }
        }
    });
    return all;
}

} // namespace tests
