#pragma once

// Where the bytes of a machine's snapshot go: all of them to the library that replicates, or, from
// a threshold on, into chunks in a storage that the nodes share, and only a manifest to the
// library. The first bytes of a snapshot say which of the two it is.

#include <tintype/codec/concept.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/shared_manifest.hpp>
#include <tintype/stream/shared_snapshot.hpp>
#include <tintype/stream/shared_upload.hpp>
#include <tintype/stream/snapshot_placement.hpp>
#include <tintype/stream/state_machine.hpp>
#include <tintype/stream/vectored_sink.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace tintype::inline v0 {

// Smaller snapshots are as inline_snapshots makes them, and what that made is restored.
template <storage_policy Storage, naming_hash Hash = blake3>
class manifest_from {
public:
    explicit manifest_from(shared_snapshots<Storage, Hash> at) : at_(std::move(at)) {}

    explicit manifest_from(Storage storage, shared_options options = {})
        : at_(std::move(storage), std::move(options)) {}

    // To be swept, for one.
    [[nodiscard]] const shared_snapshots<Storage, Hash>& at() const noexcept { return at_; }

    // Keeps no more than the threshold, or else a chunk, of what it does not borrow.
    class sink {
    public:
        sink(const manifest_from& to, std::size_t borrowed)
            : at_(to.at_), few_(std::in_place, borrowed) {}

        sink(sink&&) = delete;

        [[nodiscard]] result<void> write(byte_view bytes) {
            if (auto ready = room_for(bytes.size()); !ready) {
                return ready;
            }
            return many_ ? many_->write(bytes) : few_->write(bytes);
        }

        [[nodiscard]] result<void> borrow(byte_view bytes) {
            if (auto ready = room_for(bytes.size()); !ready) {
                return ready;
            }
            return many_ ? many_->write(bytes) : few_->borrow(bytes);
        }

        // What the library gets. A short snapshot that looks like a manifest is shared, too.
        [[nodiscard]] result<std::span<const byte_view>> finish() {
            if (few_ && (few_->size() >= at_.options().threshold || looks_like_manifest())) {
                if (auto done = share(); !done) {
                    return pass(done);
                }
            }
            if (few_) {
                return few_->pieces();
            }
            const auto what = many_->finish();
            if (!what) {
                return pass(what);
            }
            auto bytes = encode<shared_manifest_list>(*what);
            if (!bytes) {
                return pass(bytes);
            }
            manifest_ = *std::move(bytes);
            piece_ = manifest_;
            return std::span<const byte_view>{&piece_, 1};
        }

        // What was uploaded; nothing where all goes to the library.
        [[nodiscard]] std::optional<shared_upload_counts> counts() const {
            return many_ ? std::optional{many_->counts()} : std::nullopt;
        }

    private:
        result<void> room_for(std::size_t more) {
            if (few_ && more >= at_.options().threshold - few_->size()) {
                return share();
            }
            return {};
        }

        result<void> share() {
            many_.emplace(at_);
            for (const byte_view piece : few_->pieces()) {
                if (auto done = many_->write(piece); !done) {
                    return done;
                }
            }
            few_.reset();
            return {};
        }

        [[nodiscard]] bool looks_like_manifest() const {
            blob first;
            for (const byte_view piece : few_->pieces()) {
                append(first, piece.first(std::min(piece.size(),
                                                   shared_manifest_magic.size() - first.size())));
            }
            return begins_as_manifest(first);
        }

        shared_snapshots<Storage, Hash> at_;
        std::optional<vectored_sink> few_;
        std::optional<shared_upload<Storage, Hash>> many_{};
        blob manifest_{};
        byte_view piece_{};
    };

    [[nodiscard]] result<std::optional<owned_bytes>> fetched(byte_view snapshot,
                                                             const monitor* watch) const {
        if (!begins_as_manifest(snapshot)) {
            return std::nullopt;
        }
        const auto what = at_.read(snapshot);
        if (!what) {
            return pass(what);
        }
        auto all = at_.take(*what, watch);
        if (!all) {
            return pass(all);
        }
        return std::optional{*std::move(all)};
    }

private:
    shared_snapshots<Storage, Hash> at_;
};

} // namespace tintype::inline v0
