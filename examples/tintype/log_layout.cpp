// Records of logs as a section list, which the compiler holds against what the library writes.

#include "log_layout.hpp"

#include <tintype/codec/section_list.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/log/record.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tool {

namespace {

using tintype::field_kind;
using tintype::field_layout;
using tintype::record_header;

// A header and no payload.
struct bare_record {
    BOOST_HANA_DEFINE_STRUCT(bare_record, (std::uint32_t, kind), (std::uint64_t, offset),
                             (std::uint32_t, payload_checksum), (std::uint32_t, header_checksum),
                             (std::string, payload));
};

using record_list =
    tintype::section_list<tintype::magic<"TREC">, tintype::scalar<"kind", std::uint32_t>,
                          tintype::scalar<"offset", std::uint64_t>,
                          tintype::count<"payload", std::uint64_t>,
                          tintype::scalar<"payload_checksum", std::uint32_t>,
                          tintype::scalar<"header_checksum", std::uint32_t>,
                          tintype::records<"payload", char, tintype::counted_apart>>;

static_assert(tintype::describes<record_list, bare_record>);
static_assert(record_list::min_size == record_header::bytes);

// Whether the list finds in a header what was written there.
[[nodiscard]] consteval bool reads_headers() {
    const record_header wanted{.kind = 7, .offset = 0x1122334455667788, .checksum = 0x99aabbcc};
    const auto bytes = tintype::encode_header(wanted);
    const auto found = record_list::parse(tintype::byte_view{bytes});
    return found && std::get<1>(*found) == wanted.kind && std::get<2>(*found) == wanted.offset &&
           std::get<3>(*found) == 0 && std::get<4>(*found) == wanted.checksum &&
           std::get<5>(*found) ==
               tintype::hash_of<tintype::crc32c>(tintype::byte_view{bytes}.first(28));
}

static_assert(reads_headers());

} // namespace

list_layout log_layout(std::string_view magic) {
    constexpr auto list = record_list::layout();
    list_layout layout{.endian = "little",
                       .min_size = magic.size() + record_list::min_size,
                       .fields = {list.begin(), list.end()},
                       .repeated = "record",
                       .head = {{.name = "magic",
                                 .kind = field_kind::magic,
                                 .type = "characters",
                                 .offset = 0,
                                 .size = magic.size(),
                                 .least = magic.size(),
                                 .text = magic}}};
    for (field_layout& each : layout.fields) {
        if (each.name == "header_checksum") {
            each.kind = field_kind::custom;
            each.text = tintype::crc32c::name;
        } else if (each.kind == field_kind::records) {
            each.type = "bytes";
        }
    }
    layout.fields.push_back(
        {.name = "padding", .type = padding_type, .number = record_header::alignment});
    return layout;
}

} // namespace tool
