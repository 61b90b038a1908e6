#pragma once

// What is to be done so that a folder's files change hands as one, as a journal keeps it: which
// part becomes which file, which ones a replacer takes over, and what the old files leave behind
// that must go with them. A plan is believed only if it could have been written here, whatever its
// checksum says.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/message.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/chunk.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// A file that belonged to the old content of another one, and would be taken for the new one's.
struct companion {
    BOOST_HANA_DEFINE_STRUCT(companion, (std::string, name),
                             (std::uint64_t, of)); // the index of that one among the files

    friend bool operator==(const companion&, const companion&) = default;
};

struct switch_plan {
    BOOST_HANA_DEFINE_STRUCT(switch_plan,
                             (std::uint64_t, number), // another than that of any before
                             (stream_metadata, what),
                             (std::vector<std::uint64_t>, parts), // in the order of the files
                             (std::vector<std::uint64_t>, taken), // indexes of files, ascending
                             (std::vector<companion>, removed));

    friend bool operator==(const switch_plan&, const switch_plan&) = default;
};

// That a switch was completed: what the folder holds.
struct switch_note {
    BOOST_HANA_DEFINE_STRUCT(switch_note, (std::uint64_t, number), (stream_metadata, what));

    friend bool operator==(const switch_note&, const switch_note&) = default;
};

using switch_plan_list =
    section_list<magic<"TTSWITCH">, version<std::uint16_t, 1>, scalar<"number", std::uint64_t>,
                 frame<"what", bincode_fixed>, records<"parts", std::uint64_t>,
                 records<"taken", std::uint64_t>, frames<"removed", bincode_fixed>,
                 checksum<crc32c>>;

using switch_note_list =
    section_list<magic<"TTSWITCHED">, version<std::uint16_t, 1>, scalar<"number", std::uint64_t>,
                 frame<"what", bincode_fixed>, checksum<crc32c>>;

// The most that a journal may have; one that is longer is neither written nor read.
inline constexpr std::uint64_t longest_journal = std::uint64_t{64} << 20U; // bytes

// SQLite finds these by the database's name, and would apply the old one's log to the new one.
inline constexpr std::array<std::string_view, 3> database_companions{"-wal", "-shm", "-journal"};

[[nodiscard]] inline std::string part_name(std::uint64_t number) {
    std::string name{"part-"};
    detail::append_number(name, number);
    return name;
}

// What every database begins with.
inline constexpr std::string_view database_magic{"SQLite format 3\0", 16};

[[nodiscard]] inline std::set<std::string_view> names_of(const std::vector<file_info>& files) {
    std::set<std::string_view> all;
    for (const file_info& each : files) {
        all.insert(each.file_name);
    }
    return all;
}

// The companions of those files that are databases, but for those that the stream itself brings.
[[nodiscard]] inline std::vector<companion> companions_of(const stream_metadata& what,
                                                          const std::vector<bool>& databases) {
    const auto brought = names_of(what.files);
    std::vector<companion> all;
    for (std::uint64_t of = 0; const file_info& each : what.files) {
        for (const std::string_view suffix : database_companions) {
            auto name = each.file_name + std::string{suffix};
            // No file can have a name that is too long.
            if (databases[static_cast<std::size_t>(of)] && name.size() <= longest_name &&
                !brought.contains(name)) {
                all.push_back({.name = std::move(name), .of = of});
            }
        }
        ++of;
    }
    return all;
}

namespace detail {

[[nodiscard]] inline std::unexpected<error> bad_plan(std::string_view where, std::size_t found,
                                                     std::size_t wanted) {
    return fail({.code = errc::invalid_value,
                 .where = where,
                 .found = found,
                 .wanted = wanted,
                 .during = "plan of a switch"});
}

} // namespace detail

// Whether each file has a part of its own.
[[nodiscard]] inline result<void> check_plan_parts(const switch_plan& plan) {
    constexpr auto any = std::numeric_limits<std::size_t>::max();
    if (auto good = check_metadata(plan.what, {.files = any, .chunk_size = any}); !good) {
        return good;
    }
    if (plan.parts.size() != plan.what.files.size()) {
        return detail::bad_plan("parts", plan.parts.size(), plan.what.files.size());
    }
    if (const std::set<std::uint64_t> apart(plan.parts.begin(), plan.parts.end());
        apart.size() != plan.parts.size()) {
        return detail::bad_plan("parts", apart.size(), plan.parts.size());
    }
    return {};
}

// A stream must not bring what belongs to a file that a replacer takes over (`unsupported`): its
// old content may be in use, and what belongs to that, too.
[[nodiscard]] inline result<void> check_plan(const switch_plan& plan) {
    if (auto good = check_plan_parts(plan); !good) {
        return good;
    }
    const auto& files = plan.what.files;
    std::vector<bool> databases(files.size());
    for (std::size_t i = 0; i != files.size(); ++i) {
        databases[i] = files[i].file_type == file_kind::sqlite_db;
    }
    for (const companion& each : plan.removed) {
        if (each.of >= files.size()) {
            return detail::bad_plan("removed", plan.removed.size(), files.size());
        }
        databases[static_cast<std::size_t>(each.of)] = true;
    }
    const auto brought = names_of(files);
    for (std::uint64_t next = 0; const std::uint64_t taken : plan.taken) {
        if (taken < next || taken >= files.size()) {
            return detail::bad_plan("taken", plan.taken.size(), files.size());
        }
        next = taken + 1;
        const auto at = static_cast<std::size_t>(taken);
        databases[at] = false;
        for (const std::string_view suffix : database_companions) {
            const auto name = files[at].file_name + std::string{suffix};
            if (brought.contains(name)) {
                return fail({.code = errc::unsupported,
                             .where = name,
                             .during = "it belongs to a file that a replacer takes over"});
            }
        }
    }
    if (const auto known = companions_of(plan.what, databases); plan.removed != known) {
        return detail::bad_plan("removed", plan.removed.size(), known.size());
    }
    return {};
}

[[nodiscard]] inline result<blob> encode_plan(const switch_plan& plan) {
    if (auto good = check_plan(plan); !good) {
        return pass(good);
    }
    auto bytes = encode<switch_plan_list>(plan);
    if (bytes && bytes->size() > longest_journal) {
        return fail({.code = errc::limit_exceeded,
                     .where = "plan of a switch",
                     .found = bytes->size(),
                     .wanted = longest_journal});
    }
    return bytes;
}

[[nodiscard]] inline result<switch_plan> decode_plan(byte_view bytes) {
    auto plan = decode<switch_plan_list, switch_plan>(bytes);
    if (plan) {
        if (auto good = check_plan(*plan); !good) {
            return pass(good);
        }
    }
    return plan;
}

[[nodiscard]] inline result<blob> encode_note(const switch_note& note) {
    return encode<switch_note_list>(note);
}

[[nodiscard]] inline result<switch_note> decode_note(byte_view bytes) {
    return decode<switch_note_list, switch_note>(bytes);
}

} // namespace tintype::inline v0
