#pragma once

// A sink that uploads a snapshot in chunks while it is encoded. A chunk that is there already is
// not written again, if it is what its name says, and if no sweep can take it for old before there
// is a reference to it.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/shared_listing.hpp>
#include <tintype/stream/shared_manifest.hpp>
#include <tintype/stream/shared_snapshot.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

// What an upload came to.
struct shared_upload_counts {
    std::uint64_t chunks = 0;
    std::uint64_t written = 0;  // new ones
    std::uint64_t compared = 0; // read back, as another may have written them
};

// A sink for one snapshot, of which a chunk at the most is in memory. One that is not finished
// leaves chunks, which the next upload finds and a sweep removes.
template <storage_policy Storage, naming_hash Hash>
class shared_upload {
    using clock = std::chrono::steady_clock;

public:
    explicit shared_upload(shared_snapshots<Storage, Hash> to) : to_(std::move(to)) {}

    // After an error only destruction is left.
    [[nodiscard]] result<void> write(byte_view bytes) {
        const std::size_t chunk = to_.options().chunk_size;
        if (auto ready = prepare(); !ready) {
            return ready;
        }
        while (!bytes.empty()) {
            if (begun_.empty() && bytes.size() >= chunk) {
                if (auto done = put(bytes.first(chunk)); !done) {
                    return done;
                }
                bytes = bytes.subspan(chunk);
                continue;
            }
            const auto part = bytes.first(std::min(bytes.size(), chunk - begun_.size()));
            begun_.reserve(chunk);
            append(begun_, part);
            bytes = bytes.subspan(part.size());
            if (begun_.size() == chunk) {
                if (auto done = put(begun_); !done) {
                    return done;
                }
                begun_.clear();
            }
        }
        return {};
    }

    // Its manifest, once all chunks are durable and this node's reference keeps them: they were all
    // there after that was to be seen. `timed_out` or `incomplete_stream`: a sweep may have come in
    // between; the next upload finds what is left.
    [[nodiscard]] result<shared_manifest> finish() {
        if (auto ready = prepare(); !ready) {
            return pass(ready);
        }
        if (!begun_.empty()) {
            if (auto done = put(std::exchange(begun_, {})); !done) {
                return pass(done);
            }
        }
        what_.id = detail::random_shared_id();
        what_.chunk_size = to_.options().chunk_size;
        what_.group = to_.options().group;
        what_.hash = Hash::name;
        what_.whole = digest_over_all<Hash>(what_);
        if (what_.size > to_.options().most.size) {
            return fail({.code = errc::limit_exceeded,
                         .where = "size",
                         .found = what_.size,
                         .wanted = to_.options().most.size});
        }
        // Another's chunk may be there to be seen and not be durable yet.
        if (auto done = to_.storage().sync(); !done) {
            return pass(done);
        }
        if (auto done = to_.refer_to(what_); !done) {
            return pass(done);
        }
        if (auto good = all_there(); !good) {
            return pass(good);
        }
        return what_;
    }

    [[nodiscard]] const shared_upload_counts& counts() const noexcept { return counts_; }

private:
    result<void> prepare() {
        if (known_) {
            return {};
        }
        if (auto good = to_.check_options(); !good) {
            return good;
        }
        began_ = clock::now();
        auto found = list_shared(to_.storage(), to_.options().group);
        if (!found) {
            return pass(found);
        }
        known_ = *std::move(found);
        return {};
    }

    result<void> put(byte_view bytes) {
        const auto digest = hash_of<Hash>(bytes);
        auto place = mine_.find(digest);
        if (place == mine_.end()) {
            auto edition = look_for(digest, bytes);
            if (!edition) {
                return pass(edition);
            }
            if (!*edition) {
                *edition = edition_;
                const auto name = name_of(digest, edition_);
                if (auto done = detail::publish_bytes(to_.storage(), name, bytes); !done) {
                    return done;
                }
                to_.prove({name});
                ++counts_.written;
            }
            place = mine_.emplace(digest, **edition).first;
        }
        ++counts_.chunks;
        append(what_.digests, digest);
        what_.editions.push_back(place->second);
        what_.size += bytes.size();
        return {};
    }

    [[nodiscard]] std::string name_of(const typename Hash::digest_type& digest,
                                      std::uint64_t edition) const {
        return chunk_name_of<Hash>(to_.options().group, digest, edition);
    }

    // One that is there can be relied on while this node's reference keeps it, or while no sweep
    // can find it old before there is a reference to it.
    result<std::optional<std::uint64_t>> look_for(const typename Hash::digest_type& digest,
                                                  byte_view bytes) {
        const auto first = name_of(digest, 0);
        const auto last = name_of(digest, ~std::uint64_t{0});
        for (auto at = known_->objects.lower_bound(first);
             at != known_->objects.end() && at->first <= last; ++at) {
            const auto& [name, entry] = *at;
            const auto edition =
                from_hex<std::uint64_t>(std::string_view{name}.substr(name.find_last_of('.') + 1));
            const auto known = to_.known_of(name);
            const bool young = entry.modified > known_->now - to_.options().grace / 2;
            if (!edition || entry.size != bytes.size() || (!known.held && !young)) {
                continue;
            }
            if (!known.proved) {
                const auto same = compared(name, bytes);
                if (!same) {
                    return pass(same);
                }
                if (!*same) {
                    continue;
                }
                to_.prove({name});
            }
            return edition;
        }
        return std::nullopt;
    }

    result<bool> compared(const std::string& name, byte_view bytes) {
        ++counts_.compared;
        const auto object = to_.storage().open(name, to_.options().access);
        if (!object) {
            const bool gone = object.error().code == errc::not_found;
            return gone ? result<bool>{false} : pass(object);
        }
        return std::ranges::equal(object->bytes(), bytes);
    }

    result<void> all_there() {
        const auto names = to_.storage().names();
        if (!names) {
            return pass(names);
        }
        const std::set<std::string_view> now(names->begin(), names->end());
        std::uint64_t arrived = 0;
        std::string missing;
        for (const auto& [digest, edition] : mine_) {
            auto name = name_of(digest, edition);
            if (now.contains(name)) {
                ++arrived;
            } else {
                missing = std::move(name);
            }
        }
        if (arrived != mine_.size()) {
            return fail({.code = errc::incomplete_stream,
                         .where = missing,
                         .found = arrived,
                         .wanted = mine_.size()});
        }
        const auto took = clock::now() - began_;
        if (took > to_.options().grace / 2) {
            const auto seconds = [](auto time) {
                return static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::seconds>(time).count());
            };
            return fail({.code = errc::timed_out,
                         .found = seconds(took),
                         .wanted = seconds(to_.options().grace / 2),
                         .during = "an upload within half of the grace, in seconds"});
        }
        return {};
    }

    shared_snapshots<Storage, Hash> to_;
    clock::time_point began_{};
    std::optional<shared_listing> known_{}; // when the upload began
    blob begun_{};                          // less than a chunk
    shared_manifest what_{};
    std::map<typename Hash::digest_type, std::uint64_t> mine_{}; // to its edition
    std::uint64_t edition_ = detail::random_edition();           // of what is written
    shared_upload_counts counts_{};
};

} // namespace tintype::inline v0
