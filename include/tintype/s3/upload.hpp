#pragma once

// An object on its way to a name in a bucket. What fits one part is kept in memory and put under
// its name in one request. More goes to a temporary key as a multipart upload while it is written,
// its parts in parallel; naming it is then a copy inside the service, for which the name is kept by
// a small object that only one of many can put there. Dropped, it is aborted; what a crash leaves
// of it is swept later.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/s3/client.hpp>
#include <tintype/s3/naming.hpp>
#include <tintype/s3/part_sender.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/pointer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

// `Store` is what the copies of a storage share: its client, and the guard that is asked before a
// name is given.
template <class Store>
class s3_staged {
    using client_type = typename Store::client_type;

public:
    s3_staged(std::shared_ptr<const Store> store, const stage_options& options)
        : store_(std::move(store)),
          naming_(std::make_unique<s3_naming<client_type>>(store_->client, random_writer())),
          options_(options), part_size_(part_size_for(options.size_hint)) {
        temporary_ = client().where().key(".tintype-" + naming_->writer() + ".tmp");
    }

    s3_staged(s3_staged&&) noexcept = default;
    s3_staged& operator=(s3_staged&&) = delete;

    ~s3_staged() { discard(); }

    [[nodiscard]] result<void> write(byte_view bytes) {
        if (failed_) {
            return fail(*failed_);
        }
        if (sealed_) {
            return fail({.code = errc::unsupported, .during = "write after publish"});
        }
        while (!bytes.empty()) {
            // The last part is never empty, so a full one waits for the first byte behind it.
            if (gathered_.size() == part_size_) {
                if (auto done = noted(hand_over()); !done) {
                    return done;
                }
            }
            const auto piece = bytes.first(std::min(bytes.size(), part_size_ - gathered_.size()));
            make_room(gathered_.size() + piece.size());
            append(gathered_, piece);
            written_ += piece.size();
            bytes = bytes.subspan(piece.size());
        }
        return noted(patience().go_on());
    }

    [[nodiscard]] result<void> publish(std::string_view name) { return named(name, false); }

    [[nodiscard]] result<void> replace(std::string_view name) { return named(name, true); }

private:
    [[nodiscard]] const client_type& client() const noexcept { return store_->client; }

    [[nodiscard]] s3_patience patience() const noexcept {
        return {options_.watch, {.done = written_, .total = options_.size_hint}};
    }

    [[nodiscard]] s3_patience naming_patience() const noexcept {
        return patience().with(store_->guard());
    }

    // As many parts as an upload may have hold what was announced.
    [[nodiscard]] std::size_t part_size_for(std::uint64_t hint) const noexcept {
        const std::uint64_t least = hint / s3_most_parts + (hint % s3_most_parts != 0 ? 1 : 0);
        return std::max<std::size_t>(std::max<std::size_t>(client().options().part_size, 1),
                                     static_cast<std::size_t>(least));
    }

    // By doubling, as a vector does, but never beyond a part.
    void make_room(std::size_t size) {
        if (size > gathered_.capacity()) {
            const auto hint =
                static_cast<std::size_t>(std::min<std::uint64_t>(options_.size_hint, part_size_));
            gathered_.reserve(
                std::min(part_size_, std::max({size, 2 * gathered_.capacity(), hint})));
        }
    }

    // What lies under the temporary key. Best effort: what stays behind is swept later.
    void discard() {
        if (store_ == nullptr || sender_ == nullptr) {
            return;
        }
        constexpr unsigned tries = 2;
        const std::string id = sender_->id();
        sender_.reset();
        if (!complete_) {
            static_cast<void>(client().abort(temporary_, id, {}, tries));
        }
        if (completing_) {
            static_cast<void>(client().remove(temporary_, {}, tries));
        }
    }

    // An error of the upload is final; so is one of which nobody knows what it left.
    result<void> noted(result<void> outcome) {
        if (!outcome) {
            failed_ = outcome.error();
        }
        return outcome;
    }

    [[nodiscard]] result<void> hand_over() {
        if (sender_ == nullptr) {
            auto id = client().begin_upload(temporary_, {.writer = naming_->writer()}, patience());
            if (!id) {
                return pass(id);
            }
            sender_ =
                std::make_unique<s3_part_sender<client_type>>(client(), temporary_, *std::move(id));
        }
        if (sender_->tags().size() == s3_most_parts) {
            return fail({.code = errc::limit_exceeded,
                         .where = "an upload's parts",
                         .found = s3_most_parts + 1,
                         .wanted = s3_most_parts});
        }
        if (auto sent = sender_->send(std::move(gathered_), patience()); !sent) {
            return sent;
        }
        gathered_ = sender_->spare();
        return {};
    }

    // Everything written lies under the temporary key, as one object.
    [[nodiscard]] result<void> complete() {
        if (complete_) {
            return {};
        }
        if (auto done = hand_over(); !done) {
            return done;
        }
        gathered_ = blob{};
        if (auto done = sender_->finish(patience()); !done) {
            return done;
        }
        completing_ = true;
        auto done =
            naming_->complete(temporary_, sender_->id(), sender_->tags(), written_, patience());
        if (!done) {
            return pass(done);
        }
        complete_ = true;
        digest_ = digest_of_parts(sender_->digests(), part_size_);
        return {};
    }

    [[nodiscard]] result<void> named(std::string_view name, bool over) {
        if (auto good = good_name(name); !good) {
            return good;
        }
        if (failed_) {
            return fail(*failed_);
        }
        sealed_ = true;
        const std::string key = client().where().key(name);
        auto done = sender_ == nullptr ? named_whole(key, over) : named_by_copy(key, over);
        if (!done) {
            return done.error().code == errc::already_exists ? done : noted(done);
        }
        failed_ = error{.code = errc::not_found, .where = name, .during = "publish"};
        gathered_ = blob{};
        discard();
        return {};
    }

    [[nodiscard]] result<void> named_whole(const std::string& key, bool over) {
        const auto digest = hash_of<sha256>(gathered_);
        if (over) {
            return naming_->put_over(key, gathered_, digest, naming_patience());
        }
        const auto put = naming_->put_new(key, gathered_, digest, false, naming_patience());
        return put ? result<void>{} : pass(put);
    }

    [[nodiscard]] result<void> named_by_copy(const std::string& key, bool over) {
        if (auto done = noted(complete()); !done) {
            return done;
        }
        if (over) {
            return naming_->copy_over(temporary_, key, written_, digest_, {}, naming_patience());
        }
        const blob keeper(s3_reserved_size, std::byte{0});
        const auto kept =
            naming_->put_new(key, keeper, hash_of<sha256>(keeper), true, naming_patience());
        if (!kept) {
            return pass(kept);
        }
        // Services that know no conditions on copies do not heed it or refuse it, and some that do
        // want it without quotes.
        result<void> done{};
        for (const auto& only_if :
             {s3_condition::same(*kept), s3_condition::same_bare(*kept), s3_condition{}}) {
            done =
                naming_->copy_over(temporary_, key, written_, digest_, only_if, naming_patience());
            const bool refused =
                !done && (done.error().code == errc::unsupported ||
                          (done.error().code == errc::already_exists && naming_->keeps(key)));
            if (!refused) {
                break;
            }
        }
        if (!done && done.error().during != outcome_unknown) {
            naming_->release(key);
        }
        return done;
    }

    std::shared_ptr<const Store> store_; // null once moved from
    std::unique_ptr<s3_naming<client_type>> naming_;
    stage_options options_;
    std::size_t part_size_;
    std::string temporary_; // the key that it has until it has a name
    blob gathered_;         // what is not on its way yet
    std::uint64_t written_ = 0;
    std::unique_ptr<s3_part_sender<client_type>> sender_; // null where one request does
    s3_digest digest_{};                                  // once complete
    bool completing_ = false;                             // the temporary object may be there
    bool complete_ = false;
    bool sealed_ = false;
    std::optional<error> failed_;
};

} // namespace tintype::inline v0
