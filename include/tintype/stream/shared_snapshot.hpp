#pragma once

// Snapshots in chunks that several nodes share: one uploads them (shared_upload.hpp), the others
// fetch them by the manifest, and believe no byte before its digest was computed where it lies.
// Each node says by references, copies of manifests, which chunks it needs.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/stream/shared_listing.hpp>
#include <tintype/stream/shared_manifest.hpp>
#include <tintype/stream/state_machine.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// All nodes of a group give the same `group` and `grace`, and each its own `node`.
struct shared_options {
    std::string group = "raft";
    std::string node = "node";
    // Snapshots of fewer bytes are not shared.
    std::uint64_t threshold = std::uint64_t{64} << 20U;
    std::size_t chunk_size = std::size_t{8} << 20U;
    // What nobody refers to is removed after so long. An upload must be done within half of it.
    std::chrono::nanoseconds grace = std::chrono::hours{24};
    unsigned fetches = 4; // of chunks at a time, each on a thread; 1 needs none
    tintype::access access = access::copy;
    shared_limits most{}; // of what other nodes wrote
};

template <storage_policy Storage, naming_hash Hash>
class shared_upload;

// Copies share what is known of the storage; all may be used from many threads.
template <storage_policy Storage, naming_hash Hash = blake3>
class shared_snapshots {
public:
    using digest_type = typename Hash::digest_type;
    using storage_type = Storage;

    explicit shared_snapshots(Storage storage, shared_options options = {})
        : shared_(std::make_shared<shared>(std::move(storage), std::move(options))) {}

    [[nodiscard]] const Storage& storage() const noexcept { return shared_->storage; }

    [[nodiscard]] const shared_options& options() const noexcept { return shared_->options; }

    [[nodiscard]] result<shared_manifest> read(byte_view bytes) const {
        return read_manifest<Hash>(bytes, options().group, options().most);
    }

    // Says that this node needs the chunks, until it says so of `keep` later manifests.
    [[nodiscard]] result<void> refer_to(const shared_manifest& what) const {
        if (auto good = check_options(); !good) {
            return good;
        }
        const auto bytes = encode<shared_manifest_list>(what);
        if (!bytes) {
            return pass(bytes);
        }
        const std::lock_guard in_turn{shared_->referring};
        auto done = detail::publish_bytes(
            storage(),
            reference_name_of(options().group, options().node, detail::random_shared_id()), *bytes);
        // After an error nobody knows which reference is the last one.
        keep(done ? names_of(what) : chunk_names{});
        return done;
    }

    // The whole snapshot, verified.
    [[nodiscard]] result<owned_bytes> fetch(const shared_manifest& what,
                                            const monitor* watch = nullptr) const {
        if (auto good = check_manifest<Hash>(what, options().group); !good) {
            return pass(good);
        }
        // Memory for all is asked for once the storage has shown that it has some of it.
        if (what.size != 0) {
            if (auto good = fetch_chunk(what, 0, {}); !good) {
                return pass(good);
            }
        }
        const auto size = static_cast<std::size_t>(what.size);
        auto* const memory = new (std::nothrow) std::byte[std::max<std::size_t>(size, 1)];
        if (memory == nullptr) {
            return fail({.code = errc::out_of_memory, .wanted = what.size});
        }
        owned_bytes all{memory, size, [](std::byte* mine) { delete[] mine; }};
        if (auto done = fetch_all(what, {memory, size}, watch); !done) {
            return pass(done);
        }
        return all;
    }

    // The same for a node that goes on with it: it says first that it needs the chunks, however
    // long they take.
    [[nodiscard]] result<owned_bytes> take(const shared_manifest& what,
                                           const monitor* watch = nullptr) const {
        if (auto good = check_manifest<Hash>(what, options().group); !good) {
            return pass(good);
        }
        if (auto done = refer_to(what); !done) {
            return pass(done);
        }
        auto all = fetch(what, watch);
        if (all) {
            prove(names_of(what));
        }
        return all;
    }

private:
    friend class shared_upload<Storage, Hash>;

    using chunk_names = std::set<std::string>;

    struct shared {
        shared(Storage from, shared_options how)
            : storage(std::move(from)), options(std::move(how)) {}

        const Storage storage;
        const shared_options options;
        std::mutex referring; // one reference after the other
        std::mutex mutex;     // guards what follows
        chunk_names held{};   // that this node's last reference keeps
        chunk_names proved{}; // that were written or read here
    };

    [[nodiscard]] result<void> check_options() const {
        if (auto good = good_shared_name(options().group); !good) {
            return good;
        }
        if (auto good = good_shared_name(options().node); !good) {
            return good;
        }
        if (options().chunk_size == 0 || options().chunk_size > options().most.chunk_size) {
            return fail({.code = errc::invalid_value,
                         .where = "chunk_size",
                         .found = options().chunk_size,
                         .wanted = 1});
        }
        return {};
    }

    [[nodiscard]] static chunk_names names_of(const shared_manifest& what) {
        chunk_names all;
        for (std::size_t i = 0; i != what.editions.size(); ++i) {
            all.insert(chunk_name_of<Hash>(what, i));
        }
        return all;
    }

    void keep(chunk_names now) const {
        const std::lock_guard hold{shared_->mutex};
        shared_->held = std::move(now);
        std::erase_if(shared_->proved,
                      [&](const std::string& each) { return !shared_->held.contains(each); });
    }

    void prove(chunk_names more) const {
        const std::lock_guard hold{shared_->mutex};
        shared_->proved.merge(more);
    }

    struct knowledge {
        bool held = false;
        bool proved = false;
    };

    [[nodiscard]] knowledge known_of(const std::string& name) const {
        const std::lock_guard hold{shared_->mutex};
        return {.held = shared_->held.contains(name), .proved = shared_->proved.contains(name)};
    }

    [[nodiscard]] static std::uint64_t size_of_chunk(const shared_manifest& what,
                                                     std::size_t index) noexcept {
        return std::min(what.size - index * what.chunk_size, what.chunk_size);
    }

    [[nodiscard]] result<void> fetch_all(const shared_manifest& what, mutable_bytes to,
                                         const monitor* watch) const {
        const auto count = static_cast<std::size_t>(chunk_count_of(what));
        std::atomic<std::size_t> next{0};
        std::atomic<std::uint64_t> done{0};
        std::mutex mutex;
        std::size_t failed_at = count;
        result<void> outcome;
        const auto work = [&](const monitor* told) {
            for (std::size_t i = next++; i < count; i = next++) {
                auto good = fetch_chunk(what, i, to);
                const std::uint64_t now = done += size_of_chunk(what, i);
                if (good && told != nullptr) {
                    good = told->report({.done = now, .total = what.size});
                }
                if (!good) {
                    const std::lock_guard hold{mutex};
                    if (i < failed_at) {
                        failed_at = i;
                        outcome = good;
                    }
                    next = count;
                }
            }
        };
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < std::min<std::size_t>(options().fetches, count); ++i) {
            others.emplace_back([&] { work(nullptr); });
        }
        work(watch);
        others.clear();
        return outcome;
    }

    // Into its place in `to`, or only looked at where that is empty.
    [[nodiscard]] result<void> fetch_chunk(const shared_manifest& what, std::size_t index,
                                           mutable_bytes to) const {
        const auto digest = digest_at<Hash>(what, index);
        const auto name = chunk_name_of<Hash>(what, index);
        const std::uint64_t offset = index * what.chunk_size;
        const auto size = size_of_chunk(what, index);
        const auto object = storage().open(name, options().access);
        if (!object) {
            error wrong = object.error();
            wrong.where = name;
            wrong.offset = offset;
            return fail(wrong);
        }
        byte_view bytes = object->bytes();
        if (bytes.size() != size) {
            const bool less = bytes.size() < size;
            return fail({.code = less ? errc::truncated : errc::trailing_bytes,
                         .where = name,
                         .offset = offset,
                         .found = less ? bytes.size() : bytes.size() - size,
                         .wanted = less ? size : 0});
        }
        if (!to.empty()) {
            const auto place =
                to.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
            copy_bytes(bytes, place.data());
            bytes = place;
        }
        const auto computed = hash_of<Hash>(bytes);
        if (computed != digest) {
            return fail({.code = errc::checksum_mismatch,
                         .where = name,
                         .offset = offset,
                         .found = leading_number(digest),
                         .wanted = leading_number(computed)});
        }
        return {};
    }

    std::shared_ptr<shared> shared_;
};

} // namespace tintype::inline v0
