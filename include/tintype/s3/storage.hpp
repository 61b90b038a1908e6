#pragma once

// Objects in a bucket of a service that speaks S3. An object is a key, its bytes just as they are;
// who wrote it and the digest of its bytes are its metadata. What was answered is durable, and
// every answer that was lost is made up for by looking. Copies of the storage share their
// connections.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/client.hpp>
#include <tintype/s3/credential_files.hpp>
#include <tintype/s3/curl.hpp>
#include <tintype/s3/download.hpp>
#include <tintype/s3/listing.hpp>
#include <tintype/s3/location.hpp>
#include <tintype/s3/lock.hpp>
#include <tintype/s3/options.hpp>
#include <tintype/s3/pointers.hpp>
#include <tintype/s3/upload.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/lease.hpp>
#include <tintype/storage/pointer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <s3_transport Transport = curl_transport,
          credentials_policy Credentials = default_credentials>
class basic_s3_storage {
    using client_type = s3_client<Transport, Credentials>;

    struct shared {
        using client_type = basic_s3_storage::client_type;

        shared(s3_location where, s3_options options, Transport transport, Credentials who)
            : client(std::move(where), std::move(options), std::move(transport), std::move(who)) {}

        [[nodiscard]] const s3_guard& guard() const noexcept { return *turn; }

        client_type client;
        mutable std::atomic<bool> bare_tags{false};
        std::shared_ptr<s3_turn> turn = std::make_shared<s3_turn>();
    };

    // What a lease needs of the storage.
    struct pointers {
        std::shared_ptr<const shared> store;

        [[nodiscard]] result<pointer> read_pointer(std::string_view name) const {
            return s3_pointers{store->client, store->bare_tags}.read(name);
        }

        [[nodiscard]] result<std::string> swap_pointer(std::string_view name, std::string_view tag,
                                                       byte_view bytes) const {
            return s3_pointers{store->client, store->bare_tags}.swap(name, tag, bytes);
        }
    };

public:
    using staged = s3_staged<shared>;

    // Nothing is asked yet.
    explicit basic_s3_storage(s3_location where, s3_options options = {},
                              Transport transport = Transport{},
                              Credentials credentials = Credentials{})
        : shared_(std::make_shared<shared>(std::move(where), std::move(options),
                                           std::move(transport), std::move(credentials))) {}

    [[nodiscard]] const s3_location& where() const noexcept { return client().where(); }

    [[nodiscard]] result<staged> stage(const stage_options& options = {}) const {
        return staged{shared_, options};
    }

    // Both ways of access lend memory of the object's own.
    [[nodiscard]] result<s3_object> open(std::string_view name, access = access::map) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        return download_of(name).whole();
    }

    // Those of the bytes from the offset on that there are, at most as many as fit. No digest
    // vouches for them.
    [[nodiscard]] result<std::size_t> read(std::string_view name, std::uint64_t offset,
                                           mutable_bytes into) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        return download_of(name).range(offset, into);
    }

    // All bytes in order through buffers that are used again, as many parts at the same time as
    // there are buffers; their number. What the sink was given may be believed when this has
    // returned, for only then the digest is known.
    template <byte_sink Sink>
    [[nodiscard]] result<std::uint64_t> stream(std::string_view name, Sink& sink,
                                               std::span<blob> buffers) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        return download_of(name).stream(sink, buffers);
    }

    // A thousand in one request.
    [[nodiscard]] result<std::vector<object_info>> list() const {
        return s3_listing{client()}.objects();
    }

    // Only the objects whose names begin so; a beginning that no name has is `bad_name`.
    [[nodiscard]] result<std::vector<object_info>> list(std::string_view beginning) const {
        if (auto good = good_name(beginning); !good) {
            return pass(good);
        }
        return s3_listing{client()}.objects(beginning);
    }

    [[nodiscard]] result<std::vector<std::string>> names() const {
        auto all = list();
        if (!all) {
            return pass(all);
        }
        std::vector<std::string> names;
        names.reserve(all->size());
        for (object_info& each : *all) {
            names.push_back(std::move(each.name));
        }
        return names;
    }

    // Of many that remove it at the same time several may be told that there was one.
    [[nodiscard]] result<bool> remove(std::string_view name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        const auto key = where().key(name);
        const auto there = client().head(key);
        if (!there && there.error().what.code == errc::not_found) {
            // Only an answer with a body says what it is that is missing.
            const auto which = client().get(key, s3_span{.offset = 0, .size = 1}, {}, 1, {});
            return !which && which.error().code == "NoSuchBucket" ? pass(which)
                                                                  : result<bool>{false};
        }
        if (!there) {
            return pass(there);
        }
        if (there->reserved) {
            return false; // it is no object yet
        }
        auto done = client().remove(key, guarded());
        return done ? result<bool>{true} : pass(done);
    }

    // Those that there are of these names; a thousand in one request. After an error some of them
    // may be gone.
    [[nodiscard]] result<void> remove_all(std::span<const std::string> names) const {
        for (const std::string& name : names) {
            if (auto good = good_name(name); !good) {
                return good;
            }
        }
        return s3_listing{client()}.remove(names, guarded());
    }

    // Every answer said that it is durable.
    [[nodiscard]] result<void> sync() const { return {}; }

    // Uploads that were begun and neither named nor given up, and names that are kept for such.
    // By the service's clock, to the second; an upload stays for `longest_upload` also where the
    // grace is shorter. A grace of less than the time that all tries of one
    // request may take endangers objects that are on their way; with none everything goes.
    [[nodiscard]] result<std::size_t> sweep(std::chrono::nanoseconds grace) const {
        return s3_listing{client()}.sweep(grace);
    }

    [[nodiscard]] result<pointer> read_pointer(std::string_view name) const {
        return pointers{shared_}.read_pointer(name);
    }

    [[nodiscard]] result<std::string> swap_pointer(std::string_view name, std::string_view tag,
                                                   byte_view bytes) const {
        return pointers{shared_}.swap_pointer(name, tag, bytes);
    }

    // Kept by a lease, so it can be lost: check() says so, and while this thread holds it, whatever
    // would give or take a name fails with `timed_out` instead. Not for one thread twice. Destroyed
    // on any thread.
    [[nodiscard]] result<s3_lock<pointers>> lock() const {
        return s3_lock<pointers>::take(shared_->turn, pointers{shared_}, lease_options_of());
    }

    // The same for one name; `in_use` at once where another has it. check() says whether it was
    // lost.
    [[nodiscard]] result<lease<pointers>> claim(std::string_view name) const {
        if (auto good = good_name_to_claim(name); !good) {
            return pass(good);
        }
        auto held = lease<pointers>::try_acquire(pointers{shared_}, "claim-" + std::string{name},
                                                 lease_options_of());
        if (!held && held.error().code == errc::in_use) {
            return fail({.code = errc::in_use, .where = name, .found = 1});
        }
        return held;
    }

private:
    [[nodiscard]] s3_patience guarded() const { return s3_patience{}.with(shared_->guard()); }

    [[nodiscard]] lease_options lease_options_of() const {
        const auto term = client().options().lease_term;
        return {.term = term, .margin = term / 4};
    }

    [[nodiscard]] const client_type& client() const noexcept { return shared_->client; }

    [[nodiscard]] s3_download<client_type> download_of(std::string_view name) const {
        return {client(), where().key(name)};
    }

    std::shared_ptr<const shared> shared_;
};

using s3_storage = basic_s3_storage<>;

static_assert(lockable_storage<s3_storage> && sweepable_storage<s3_storage> &&
              pointer_storage<s3_storage>);

} // namespace tintype::inline v0
