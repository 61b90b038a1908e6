#pragma once

// The storage under objects that grow by segments: which segments an object has, their bytes, and
// who has claimed its name. Nothing that is read is believed before its marks are looked at.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/lease.hpp>
#include <tintype/storage/pointer.hpp>
#include <tintype/storage/segment.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct segmented_options {
    // So many segments of about a size, next to each other, are merged into one; 0 and 1: never.
    std::size_t merge_from = 16;
    // No merged segment is larger; and so many bytes that were not synced are sealed unasked.
    std::uint64_t merge_to = std::uint64_t{64} << 20U;
    // What was merged stays beside it for so long, for readers that have listed it.
    std::chrono::nanoseconds merge_grace = std::chrono::seconds{10};
    // With more segments, because they could not be merged, nothing is appended any more.
    std::size_t most_segments = 10'000;
    // Of claims, where the storage has none of its own.
    lease_options lease{};
};

namespace detail {

template <class S>
concept claims_names = requires(const S& storage, std::string_view name) {
    requires std::move_constructible<typename decltype(storage.claim(name))::value_type>;
};

// What a storage may do better than the concept asks: list what begins with a text, read a part.
template <class S>
concept lists_beginnings = requires(const S& storage, std::string_view beginning) {
    { storage.list(beginning) } -> std::same_as<result<std::vector<object_info>>>;
};

template <class S>
concept reads_parts =
    requires(const S& storage, std::string_view name, std::uint64_t offset, mutable_bytes to) {
        { storage.read(name, offset, to) } -> std::same_as<result<std::size_t>>;
    };

template <class S>
[[nodiscard]] auto claim_through(const S& storage, std::string_view name,
                                 [[maybe_unused]] const lease_options& options) {
    if constexpr (claims_names<S>) {
        return storage.claim(name);
    } else {
        static_assert(pointer_storage<S>,
                      "segmented<Storage> needs Storage::claim(name), or Storage to be a "
                      "pointer_storage, so that a lease can stand for the claim: without either "
                      "nothing keeps two processes from owning the same log");
        auto held = lease<S>::try_acquire(storage, std::string{"claim-"} += name, options);
        if (!held) {
            held.error().where = name;
        }
        return held;
    }
}

// The claims that are held through one storage and its copies.
template <class S>
class segment_claims {
    using claim_type = typename decltype(claim_through(std::declval<const S&>(), std::string_view{},
                                                       lease_options{}))::value_type;

public:
    // Claims that can be lost say so by check().
    struct held {
        claim_type claim;

        [[nodiscard]] result<void> check() const {
            if constexpr (requires {
                              { claim.check() } -> std::same_as<result<void>>;
                          }) {
                return claim.check();
            } else {
                return {};
            }
        }
    };

    [[nodiscard]] std::shared_ptr<held> add(std::string_view name, claim_type claim) {
        auto made = std::make_shared<held>(std::move(claim));
        const std::lock_guard hold{mutex_};
        std::erase_if(held_, [](const auto& each) { return each.second.expired(); });
        held_.insert_or_assign(std::string{name}, made);
        return made;
    }

    // Null where nobody here claimed it.
    [[nodiscard]] std::shared_ptr<held> find(std::string_view name) {
        const std::lock_guard hold{mutex_};
        const auto place = held_.find(name);
        return place == held_.end() ? nullptr : place->second.lock();
    }

    // Whoever claimed the name still owns it.
    [[nodiscard]] result<void> check(std::string_view name) {
        const auto mine = find(name);
        return mine ? mine->check() : result<void>{};
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<held>, std::less<>> held_;
};

// A segment that is missing may be only just merged, or listed too early: one looks again, so
// often.
inline constexpr int segment_looks = 8;

template <class Look>
[[nodiscard]] auto looked(Look look) {
    for (int again = 1;; ++again) {
        auto found = look();
        if (found || found.error().code != errc::incomplete_stream || again == segment_looks) {
            return found;
        }
    }
}

template <storage_policy S>
class segment_store {
public:
    explicit segment_store(S storage) : storage_(std::move(storage)) {}

    [[nodiscard]] const S& storage() const noexcept { return storage_; }

    // All segments of objects of that name, whichever head they are of.
    [[nodiscard]] result<std::vector<object_info>> list(std::string_view object) const {
        const auto beginning = segments_of(object);
        auto all = [&] {
            if constexpr (lists_beginnings<S>) {
                return storage_.list(beginning);
            } else {
                return storage_.list();
            }
        }();
        if (all) {
            std::erase_if(
                *all, [&](const object_info& each) { return !each.name.starts_with(beginning); });
        }
        return all;
    }

    // Of the head's segments in a list, those that the object is made of. `incomplete_stream` where
    // one is missing before another, and `truncated` where one cannot be what it says.
    [[nodiscard]] static result<segment_run> run(std::span<const object_info> listed,
                                                 std::string_view object,
                                                 std::string_view generation, std::uint64_t head) {
        const auto beginning = segments_of(object, generation);
        std::vector<segment_piece> pieces;
        for (const object_info& each : listed) {
            if (each.name.starts_with(beginning)) {
                if (const auto piece = segment_of(each, beginning)) {
                    if (!*piece) {
                        return pass(*piece);
                    }
                    if ((*piece)->begin < head) {
                        return fail({.code = errc::trailing_bytes,
                                     .where = object,
                                     .offset = (*piece)->begin,
                                     .found = head - (*piece)->begin,
                                     .during = "a segment begins before the head ends"});
                    }
                    pieces.push_back(**piece);
                }
            }
        }
        auto found = run_of(std::move(pieces), head);
        if (found.apart) {
            return fail({.code = errc::incomplete_stream,
                         .where = object,
                         .offset = found.end,
                         .found = found.end,
                         .wanted = found.apart->end,
                         .during = "a segment is missing"});
        }
        return found;
    }

    // The generation of the head that has the name now; empty for an object that is none.
    [[nodiscard]] result<std::string> generation(std::string_view object) const {
        if constexpr (reads_parts<S>) {
            segment_mark::encoded first{};
            const auto got = storage_.read(object, 0, mutable_bytes{first});
            if (!got) {
                return pass(got);
            }
            return generation_of(byte_view{first}.first(std::min(*got, first.size())), object);
        } else {
            const auto head = storage_.open(object, access::map);
            return head ? generation_of(head->bytes(), object) : result<std::string>{pass(head)};
        }
    }

    // The object's bytes from..to, all of which are in the run, behind what `out` holds.
    [[nodiscard]] result<void> fetch(std::string_view object, std::string_view generation,
                                     std::span<const segment_piece> pieces, std::uint64_t from,
                                     std::uint64_t to, blob& out) const {
        for (const segment_piece& piece : pieces) {
            const auto end = std::min(piece.end, to);
            if (end <= from || piece.begin > from) {
                continue;
            }
            auto done = with_piece(object, generation, piece, [&](byte_view bytes) -> result<void> {
                append(out, bytes.subspan(static_cast<std::size_t>(from - piece.begin),
                                          static_cast<std::size_t>(end - from)));
                return {};
            });
            if (!done) {
                return done;
            }
            from = end;
        }
        if (from < to) {
            return fail({.code = errc::incomplete_stream,
                         .where = object,
                         .offset = from,
                         .found = from,
                         .wanted = to});
        }
        return {};
    }

    // That the segment is what it was listed as, so far as its mark says.
    [[nodiscard]] result<void> check_piece(std::string_view object, std::string_view generation,
                                           const segment_piece& piece) const {
        if constexpr (reads_parts<S>) {
            const auto name = segment_name(object, generation, piece);
            segment_mark::encoded first{};
            const auto got = storage_.read(name, 0, mutable_bytes{first});
            return got ? check_mark(byte_view{first}.first(std::min(*got, first.size())), name,
                                    generation, piece)
                       : gone(got.error(), name);
        } else {
            return with_piece(object, generation, piece, [](byte_view) { return result<void>{}; });
        }
    }

    // Calls take(bytes) with what is in the segment. `incomplete_stream` where it went.
    template <class Take>
    [[nodiscard]] result<void> with_piece(std::string_view object, std::string_view generation,
                                          const segment_piece& piece, Take take) const {
        const auto name = segment_name(object, generation, piece);
        const auto opened = storage_.open(name, access::map);
        if (!opened) {
            return gone(opened.error(), name);
        }
        const byte_view all = opened->bytes();
        if (auto good = check_mark(all, name, generation, piece); !good) {
            return good;
        }
        if (all.size() - segment_mark::bytes != piece.size()) {
            return fail({.code = errc::truncated,
                         .where = name,
                         .found = all.size(),
                         .wanted = segment_mark::bytes + piece.size()});
        }
        return take(all.subspan(segment_mark::bytes));
    }

    // What of a kept tail lies behind the sealed bytes. `in_use` where these are others.
    [[nodiscard]] result<byte_view> unsealed(std::string_view object, std::string_view generation,
                                             const segment_run& run, std::uint64_t begin,
                                             byte_view tail) const {
        if (begin > run.end) {
            return fail({.code = errc::incomplete_stream,
                         .where = object,
                         .offset = run.end,
                         .found = run.end,
                         .wanted = begin,
                         .during = "segments before the kept tail are missing"});
        }
        const auto both =
            static_cast<std::size_t>(std::min<std::uint64_t>(run.end - begin, tail.size()));
        blob there;
        if (auto done = fetch(object, generation, run.pieces, begin, begin + both, there); !done) {
            return pass(done);
        }
        if (!std::ranges::equal(there, tail.first(both))) {
            return fail({.code = errc::in_use,
                         .where = object,
                         .offset = begin,
                         .found = 1,
                         .during = "another went on where the kept tail begins"});
        }
        return tail.subspan(both);
    }

    // How many of the bytes are in the segment that begins where `piece` does, if the writer made
    // it of them; `in_use` for another's.
    [[nodiscard]] result<std::uint64_t>
    size_of_own(std::string_view object, std::string_view generation, std::string_view writer,
                const segment_piece& piece, byte_view bytes) const {
        const auto name = segment_name(object, generation, piece);
        const auto there = storage_.open(name, access::map);
        if (!there) {
            return pass(there);
        }
        const auto mark =
            segment_mark::decode(there->bytes(), segment_mark::segment, name, generation);
        if (!mark) {
            return pass(mark);
        }
        const byte_view held = there->bytes().subspan(segment_mark::bytes);
        if (mark->writer != writer || held.empty() || held.size() > bytes.size() ||
            !std::ranges::equal(held, bytes.first(held.size()))) {
            return fail({.code = errc::in_use, .where = name, .found = 1});
        }
        return held.size();
    }

    // Publishes the segment, which fill(staged) -> result<void> writes. `already_exists`.
    template <class Fill>
    [[nodiscard]] result<void> put(std::string_view object, std::string_view generation,
                                   const std::string& writer, const segment_piece& piece,
                                   Fill fill) const {
        auto staged = storage_.stage({.size_hint = segment_mark::bytes + piece.size()});
        if (!staged) {
            return pass(staged);
        }
        const auto head =
            segment_mark{.writer = writer, .begin = piece.begin, .size = piece.size()}.encode(
                segment_mark::segment, generation);
        if (auto done = staged->write(head); !done) {
            return done;
        }
        if (result<void> done = fill(*staged); !done) {
            return done;
        }
        return staged->publish(segment_name(object, generation, piece));
    }

    // Best effort: what stays is swept later. That their bytes are elsewhere, or their head is
    // gone, is made durable before.
    std::size_t remove(const std::vector<std::string>& names) const {
        std::size_t gone = 0;
        if (names.empty() || !storage_.sync()) {
            return gone;
        }
        for (const std::string& each : names) {
            gone += storage_.remove(each).value_or(false) ? 1U : 0U;
        }
        return gone;
    }

private:
    [[nodiscard]] static std::unexpected<error> gone(error what, std::string_view name) {
        if (what.code == errc::not_found) {
            what = {.code = errc::incomplete_stream,
                    .where = name,
                    .during = "a segment that was listed is gone"};
        }
        return fail(what);
    }

    [[nodiscard]] static result<void> check_mark(byte_view bytes, std::string_view name,
                                                 std::string_view generation,
                                                 const segment_piece& piece) {
        const auto mark = segment_mark::decode(bytes, segment_mark::segment, name, generation);
        if (!mark) {
            return pass(mark);
        }
        if (mark->begin != piece.begin || mark->size != piece.size()) {
            return fail({.code = errc::truncated,
                         .where = name,
                         .offset = mark->begin,
                         .found = piece.size(),
                         .wanted = mark->size});
        }
        return {};
    }

    S storage_;
};

} // namespace detail

} // namespace tintype::inline v0
