#pragma once

// The library's own wire: each message a section list under a checksum, with a head that has one of
// its own. So a length is believed only if it is what was written, damage costs the message that it
// is in, and the next one is found behind it. See docs/wires.md.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/wire.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace tintype::inline v0 {

// The digest of every byte before it, which is of the list's own hash. Whether it is the right one,
// a wire asks before there is a whole message; here it is a part of what the checksum covers.
struct head_checksum : detail::number_field<std::uint32_t> {
    static constexpr std::string_view name = "head_checksum";
    static constexpr field_kind kind = field_kind::custom;

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out& out) {
        return out.template number<Order>(out.digest());
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context&) {
        const auto found = from.number<Order, std::uint32_t>(name);
        if (!found) {
            return pass(found);
        }
        return parsed{*found};
    }

    [[nodiscard]] static constexpr field_layout describe() {
        auto layout = layout_of(name, kind);
        layout.text = crc32c::name;
        return layout;
    }
};

using native_message =
    section_list<magic<"TTCHUNK">, version<std::uint8_t, 1>, total_size<std::uint64_t>,
                 head_checksum, scalar<"sequence", std::uint64_t>, scalar<"is_final", bool>,
                 frame<"metadata", bincode_fixed, std::uint32_t>,
                 frame<"file_chunk", bincode_fixed>, checksum<crc32c>>;

static_assert(describes<native_message, snapshot_chunk>);
static_assert(native_message::layout()[2].offset == 8);  // total_size
static_assert(native_message::layout()[3].offset == 16); // head_checksum
static_assert(native_message::layout()[4].offset == 20); // sequence
static_assert(native_message::layout()[5].offset == 28); // is_final
static_assert(native_message::layout()[6].offset == 29); // metadata
static_assert(native_message::min_size == 45);

struct native_wire {
    static constexpr std::string_view name = "native";
    static constexpr std::string_view magic = "TTCHUNK";
    static constexpr std::size_t head_size = 20; // bytes
    static constexpr std::size_t least_size = head_size + digest_size<crc32c>;

    [[nodiscard]] static result<void> encode(const snapshot_chunk& chunk, blob& to) {
        const std::size_t before = to.size();
        const auto size = static_cast<std::size_t>(native_message::size(chunk));
        if (to.capacity() - before < size) {
            to.reserve(std::max(before + size, 2 * to.capacity()));
        }
        blob_sink sink{to};
        auto done = native_message::encode(chunk, sink);
        if (!done) {
            to.resize(before);
        }
        return done;
    }

    // `invalid_magic` as soon as one of the bytes is another, `checksum_mismatch` where the head is
    // not what was written; only then is the size looked at. It is believed in every version.
    [[nodiscard]] static result<message_extent> extent(byte_view begin, std::uint64_t most) {
        constexpr auto little = std::endian::little;
        const std::size_t seen = std::min(begin.size(), magic.size());
        if (text_of(begin.first(seen)) != magic.substr(0, seen)) {
            return fail({.code = errc::invalid_magic,
                         .where = name,
                         .offset = 0,
                         .found = first_eight(begin),
                         .wanted = first_eight(bytes_of(magic))});
        }
        if (begin.size() < head_size) {
            return message_extent{.size = head_size};
        }
        const auto stored = load<little, std::uint32_t>(begin.data() + 16);
        const auto computed = hash_of<crc32c>(begin.first(16));
        if (stored != computed) {
            return fail({.code = errc::checksum_mismatch,
                         .where = head_checksum::name,
                         .offset = 16,
                         .found = stored,
                         .wanted = computed});
        }
        const auto size = load<little, std::uint64_t>(begin.data() + 8);
        if (size > most) {
            return fail({.code = errc::limit_exceeded,
                         .where = name,
                         .offset = 8,
                         .found = size,
                         .wanted = most});
        }
        if (size < least_size) {
            return fail({.code = errc::invalid_value,
                         .where = name,
                         .offset = 8,
                         .found = size,
                         .wanted = least_size});
        }
        return message_extent{.size = size, .known = true};
    }

    [[nodiscard]] static result<snapshot_chunk> decode(byte_view message,
                                                       const decode_options& options = {}) {
        snapshot_chunk chunk{};
        if (auto done = decode_into(message, chunk, options); !done) {
            return pass(done);
        }
        return chunk;
    }

    // The name and the data are copied into the memory that the chunk has already.
    [[nodiscard]] static result<void> decode_into(byte_view message, snapshot_chunk& into,
                                                  const decode_options& options = {}) {
        constexpr auto any = std::numeric_limits<std::uint64_t>::max();
        const auto head = extent(message, any);
        if (!head) {
            return pass(head);
        }
        if (head->known && message[version_at] != std::byte{newest_version}) {
            return fail({.code = errc::unsupported_version,
                         .where = name,
                         .offset = version_at,
                         .found = std::to_integer<std::uint64_t>(message[version_at]),
                         .wanted = newest_version});
        }
        const auto found = native_message::parse(message, options);
        if (!found) {
            return pass(found);
        }
        const auto& metadata = std::get<native_message::index_of("metadata")>(*found);
        const auto& piece = std::get<native_message::index_of("file_chunk")>(*found);

        auto about = bincode_fixed::decode<std::optional<stream_metadata>>(metadata.bytes, options);
        if (!about) {
            return detail::inside(about.error(), "metadata", metadata.offset);
        }
        // The bytes of the data are no records that a limit counts.
        decode_options bytewise = options;
        bytewise.limits.count = options.limits.bytes;
        const auto view = bincode_fixed::view<std::optional<file_piece>>(piece.bytes, bytewise);
        if (!view) {
            return detail::inside(view.error(), "file_chunk", piece.offset);
        }
        into.metadata = *std::move(about);
        into.sequence = std::get<native_message::index_of("sequence")>(*found);
        into.is_final = std::get<native_message::index_of("is_final")>(*found);
        if (!*view) {
            into.file_chunk.reset();
            return {};
        }
        if (!into.file_chunk) {
            into.file_chunk.emplace();
        }
        const auto& seen = **view;
        const byte_view data = seen.template get<"data">();
        into.file_chunk->file_name = seen.template get<"file_name">();
        into.file_chunk->offset = seen.template get<"offset">();
        into.file_chunk->data.resize(data.size());
        copy_bytes(data, into.file_chunk->data.data());
        into.file_chunk->is_last_chunk = seen.template get<"is_last_chunk">();
        return {};
    }

    // Whether the last four bytes are the checksum of those before, as they are in every version.
    [[nodiscard]] static bool is_intact(byte_view message) noexcept {
        if (message.size() < least_size) {
            return false;
        }
        const std::size_t before = message.size() - digest_size<crc32c>;
        return load<std::endian::little, std::uint32_t>(message.data() + before) ==
               hash_of<crc32c>(message.first(before));
    }

    // Where the magic stands, or at the end so much of it as there is.
    [[nodiscard]] static std::size_t find(byte_view bytes) noexcept {
        const std::string_view text = text_of(bytes);
        if (const auto at = text.find(magic); at != std::string_view::npos) {
            return at;
        }
        for (std::size_t size = std::min(text.size(), magic.size() - 1); size != 0; --size) {
            if (text.ends_with(magic.substr(0, size))) {
                return text.size() - size;
            }
        }
        return text.size();
    }

private:
    static constexpr std::size_t version_at = 7; // bytes from the first
    static constexpr std::uint8_t newest_version = 1;

    [[nodiscard]] static constexpr std::uint64_t first_eight(byte_view bytes) noexcept {
        std::uint64_t number = 0;
        for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
            number = number << 8U | std::to_integer<std::uint64_t>(byte);
        }
        return number;
    }
};

static_assert(reusing_wire<native_wire> && searchable_wire<native_wire>);

} // namespace tintype::inline v0
