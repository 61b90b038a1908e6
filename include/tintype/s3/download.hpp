#pragma once

// Objects out of a bucket: whole, in parallel ranges straight into one place, and not returned
// before their digest was compared; a range of one; or streamed through buffers that are used
// again. All ranges of one object are of the same state of it: the ETag says so.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/s3/client.hpp>
#include <tintype/s3/integrity.hpp>
#include <tintype/s3/workers.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What came from the bucket, in memory of its own.
class s3_object {
public:
    explicit s3_object(blob small) : small_(std::move(small)), bytes_(small_) {}

    s3_object(std::unique_ptr<std::byte[]> large, std::size_t size)
        : large_(std::move(large)), bytes_(large_.get(), size) {}

    s3_object(s3_object&&) = default; // neither moves the bytes
    s3_object& operator=(s3_object&&) = default;

    [[nodiscard]] byte_view bytes() const noexcept { return bytes_; }

private:
    blob small_{};
    std::unique_ptr<std::byte[]> large_;
    byte_view bytes_;
};

// `Client` is an s3_client, which outlives it.
template <class Client>
class s3_download {
public:
    s3_download(const Client& client, std::string key)
        : client_(client), key_(std::move(key)), name_(client.name_of(key_)) {}

    [[nodiscard]] result<s3_object> whole() const {
        // A transfer may have been changed on the way, or the object while it was read.
        constexpr int rounds = 3;
        for (int round = 1;; ++round) {
            auto object = whole_once();
            const bool again = !object && (object.error().code == errc::checksum_mismatch ||
                                           object.error().during == replaced);
            if (!again || round == rounds) {
                return object;
            }
        }
    }

    // Those of the bytes from the offset on that there are, at most as many as fit. No digest
    // vouches for a range: who needs that opens the whole.
    [[nodiscard]] result<std::size_t> range(std::uint64_t offset, mutable_bytes into) const {
        if (into.empty() || offset > std::numeric_limits<std::uint64_t>::max() - into.size()) {
            return 0;
        }
        const auto got = client_.get(key_, s3_span{.offset = offset, .size = into.size()}, into,
                                     into.size(), {});
        if (!got && got.error().status == range_not_there) {
            return 0;
        }
        if (!got) {
            return pass(got);
        }
        if (got->entry.reserved) {
            return fail(absent());
        }
        if (got->offset != offset) {
            return fail({.code = errc::unsupported,
                         .where = name_,
                         .during = "the service sends no ranges"});
        }
        return got->received;
    }

    // All bytes, in order. Nothing that the sink was given may be believed before this has
    // returned their number. As many ranges are on their way at the same time as there are
    // buffers, which are made as large as a part.
    template <byte_sink Sink>
    [[nodiscard]] result<std::uint64_t> stream(Sink& sink, std::span<blob> buffers) const {
        auto first = beginning();
        if (!first) {
            return pass(first);
        }
        auto integrity = s3_integrity::of(first->entry, name_, client_.options().believe_foreign);
        if (!integrity) {
            return pass(integrity);
        }
        const auto deliver = [&](byte_view bytes) {
            integrity->update(bytes);
            return sink.write(bytes);
        };
        if (auto done = deliver(first->body); !done) {
            return pass(done);
        }
        std::uint64_t at = first->body.size();
        first->body = blob{};
        blob own;
        const std::span<blob> rooms = buffers.empty() ? std::span<blob>{&own, 1} : buffers;
        const std::uint64_t total = first->entry.size;
        const auto room = static_cast<std::size_t>(std::min(part(), total - at));
        while (at != total) {
            std::size_t count = 0;
            for (std::uint64_t end = at; end != total && count != rooms.size(); ++count) {
                const auto size =
                    static_cast<std::size_t>(std::min<std::uint64_t>(room, total - end));
                rooms[count].resize(size);
                end += size;
            }
            auto got = in_parallel(count, static_cast<unsigned>(count),
                                   [&](std::size_t i, const std::atomic<bool>& stopped) {
                                       return fetch(first->entry, at + i * std::uint64_t{room},
                                                    rooms[i], stopped);
                                   });
            for (std::size_t i = 0; got && i != count; ++i) {
                got = deliver(rooms[i]);
                at += rooms[i].size();
            }
            if (!got) {
                return pass(got);
            }
        }
        if (auto same = integrity->finish(); !same) {
            return pass(same);
        }
        return total;
    }

private:
    static constexpr int range_not_there = 416;
    static constexpr std::string_view replaced = "it was replaced meanwhile";

    [[nodiscard]] std::uint64_t part() const noexcept {
        return std::max<std::uint64_t>(client_.options().part_size, 1);
    }

    [[nodiscard]] error absent() const noexcept {
        return {.code = errc::not_found, .where = name_};
    }

    [[nodiscard]] error was_replaced(std::uint64_t at, std::uint64_t total) const noexcept {
        return {.code = errc::incomplete_stream,
                .where = name_,
                .found = at,
                .wanted = total,
                .during = replaced};
    }

    // The first part, which tells how much there is; it is all of most objects.
    [[nodiscard]] result<typename Client::got> beginning() const {
        auto first = client_.get(key_, s3_span{.offset = 0, .size = part()}, {}, part(), {});
        if (!first && first.error().status == range_not_there) {
            // Nothing can be a range of no bytes.
            auto entry = client_.head(key_);
            if (!entry) {
                return pass(entry);
            }
            if (entry->size != 0) {
                return fail(was_replaced(0, entry->size));
            }
            return typename Client::got{.entry = *std::move(entry)};
        }
        if (!first) {
            return pass(first);
        }
        if (first->entry.reserved) {
            return fail(absent());
        }
        return *std::move(first);
    }

    // Exactly those bytes of that state of the object.
    [[nodiscard]] result<void> fetch(const s3_entry& entry, std::uint64_t offset,
                                     mutable_bytes into, const std::atomic<bool>& stopped) const {
        while (!into.empty()) {
            const auto piece =
                into.first(static_cast<std::size_t>(std::min<std::uint64_t>(part(), into.size())));
            const auto got =
                client_.get(key_, s3_span{.offset = offset, .size = piece.size()}, piece,
                            piece.size(), s3_condition::same(entry.tag), s3_patience{stopped});
            if (!got && (got.error().what.code == errc::already_exists ||
                         got.error().what.code == errc::not_found ||
                         got.error().status == range_not_there)) {
                return fail(was_replaced(offset, entry.size));
            }
            if (!got) {
                return pass(got);
            }
            if (got->offset != offset || got->received != piece.size() ||
                got->entry.size != entry.size || got->entry.tag != entry.tag) {
                return fail(was_replaced(offset, entry.size));
            }
            into = into.subspan(piece.size());
            offset += piece.size();
        }
        return {};
    }

    [[nodiscard]] result<s3_object> whole_once() const {
        auto first = beginning();
        if (!first) {
            return pass(first);
        }
        auto integrity = s3_integrity::of(first->entry, name_, client_.options().believe_foreign);
        if (!integrity) {
            return pass(integrity);
        }
        if (first->body.size() == first->entry.size) {
            integrity->update(first->body);
            auto same = integrity->finish();
            return same ? result<s3_object>{s3_object{std::move(first->body)}} : pass(same);
        }
        return rest(*std::move(first), *integrity);
    }

    [[nodiscard]] result<s3_object> rest(typename Client::got first,
                                         s3_integrity& integrity) const {
        const std::uint64_t total = first.entry.size;
        std::unique_ptr<std::byte[]> memory;
        if (total <= static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max())) {
            memory.reset(new (std::nothrow) std::byte[static_cast<std::size_t>(total)]);
        }
        if (memory == nullptr) {
            return fail({.code = errc::out_of_memory, .where = name_, .wanted = total});
        }
        const mutable_bytes all{memory.get(), static_cast<std::size_t>(total)};
        copy_bytes(first.body, all.data());
        const std::size_t have = first.body.size();
        first.body = blob{};
        // Pieces as the digest has them, so that each is hashed where it was received.
        const std::uint64_t piece = integrity.part_size() != 0 ? integrity.part_size() : part();
        const auto count = static_cast<std::size_t>(total / piece + (total % piece != 0 ? 1 : 0));
        std::vector<sha256::digest_type> digests(integrity.part_size() != 0 ? count : 0);
        auto done = in_parallel(
            count, client_.options().parts_in_flight,
            [&](std::size_t i, const std::atomic<bool>& stopped) -> result<void> {
                const auto begin = static_cast<std::size_t>(i * piece);
                const auto bytes = all.subspan(
                    begin, static_cast<std::size_t>(std::min<std::uint64_t>(piece, total - begin)));
                const auto known = std::min(bytes.size(), have - std::min(have, begin));
                auto got = fetch(first.entry, begin + known, bytes.subspan(known), stopped);
                if (got && !digests.empty()) {
                    digests[i] = hash_of<sha256>(bytes);
                }
                return got;
            });
        if (done && digests.empty()) {
            integrity.update(all);
            done = integrity.finish();
        } else if (done) {
            done = integrity.finish(digests);
        }
        if (!done) {
            return pass(done);
        }
        return s3_object{std::move(memory), all.size()};
    }

    const Client& client_;
    std::string key_;
    std::string name_;
};

} // namespace tintype::inline v0
