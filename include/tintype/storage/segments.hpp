#pragma once

// A storage in which objects can be appended to, on any storage in which they cannot, such as an
// object store. What is appended goes into sealed segments beside the object, each immutable and
// made under a name that only one writer can have: of two that append at one offset, one is told so
// at once, although there is no lock. Readers see the object whole, and segments nowhere.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/claim_watch.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/grown.hpp>
#include <tintype/storage/pointer.hpp>
#include <tintype/storage/segment.hpp>
#include <tintype/storage/segment_shared.hpp>
#include <tintype/storage/segment_store.hpp>
#include <tintype/storage/tail.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Every object that is put here begins, in the storage below, with a mark of 64 bytes. Objects that
// were put there without it are read as they are, and cannot be appended to (`unsupported`).
//
// What appended objects promise is kept with these differences. What was written and not synced is
// seen through copies of this storage only, until the tail's policy has it sealed. A sync() that
// meets another writer is `in_use`, and what it was to make durable is dropped. truncate() into
// what was sealed writes a new head, durably, and is `in_use` where another has the name by then.
//
// Whoever merges, cuts or replaces what grows owns its claim; so does whoever appends while others
// may do that. A claim that can be lost is looked at before and after each segment.
template <storage_policy Storage, tail_policy Tail = seal_each_sync>
requires std::copyable<Storage>
class segmented {
    using grown_type = detail::grown<Storage, Tail>;
    using held_claim = typename detail::segment_claims<Storage>::held;
    using shared = detail::segment_shared<Storage, Tail>;
    using claim_watch = detail::claim_watch<detail::segment_claims<Storage>>;

public:
    class staged {
    public:
        staged(std::shared_ptr<shared> storage, std::unique_ptr<claim_watch> still,
               staged_of<Storage> object, const stage_options& options)
            : storage_(std::move(storage)), still_(std::move(still)), object_(std::move(object)),
              options_(options) {}

        [[nodiscard]] result<void> write(byte_view bytes) {
            if (failed_) {
                return fail(*failed_);
            }
            auto done = object_.write(bytes);
            if (done) {
                written_ += bytes.size();
                if (options_.watch != nullptr) {
                    done = options_.watch->report({.done = written_, .total = options_.size_hint});
                }
            }
            if (!done) {
                failed_ = done.error();
            }
            return done;
        }

        [[nodiscard]] result<void> publish(std::string_view name) {
            if (auto good = good_to_have(name); !good) {
                return good;
            }
            return failed_ ? fail(*failed_) : object_.publish(name);
        }

        // The segments of what had the name go afterwards.
        [[nodiscard]] result<void> replace(std::string_view name) {
            if (auto good = good_to_have(name); !good) {
                return good;
            }
            if (failed_) {
                return fail(*failed_);
            }
            if (auto good = storage_->claims->check(name); !good) {
                return good;
            }
            const auto old = storage_->belongings_of(name);
            if (auto done = still_->replace(object_, name); !done) {
                return done;
            }
            storage_->forget(name);
            if (auto good = storage_->claims->check(name); !good) {
                return good;
            }
            storage_->remove(old);
            return {};
        }

    private:
        std::shared_ptr<shared> storage_;
        std::unique_ptr<claim_watch> still_;
        staged_of<Storage> object_;
        stage_options options_;
        std::uint64_t written_ = 0;
        std::optional<error> failed_{};
    };

    class appended {
    public:
        explicit appended(std::shared_ptr<grown_type> object)
            : object_(std::move(object)), size_(object_->size()) {}

        [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

        [[nodiscard]] result<void> write(byte_view bytes) {
            return write(std::span<const byte_view>{&bytes, 1});
        }

        [[nodiscard]] result<void> write(std::span<const byte_view> pieces) {
            return noted(object_->write(pieces));
        }

        [[nodiscard]] result<void> sync() { return object_->sync(); }

        [[nodiscard]] result<void> truncate(std::uint64_t size) {
            return noted(object_->truncate(size));
        }

        // What is written is durable in the storage itself, whatever the tail's policy.
        [[nodiscard]] result<void> seal() { return object_->seal(); }

    private:
        result<void> noted(result<void> done) {
            size_ = object_->size();
            return done;
        }

        std::shared_ptr<grown_type> object_;
        std::uint64_t size_;
    };

    class claim_handle {
    public:
        explicit claim_handle(std::shared_ptr<held_claim> held) : held_(std::move(held)) {}

        // Whether it still is ours, where it can be lost.
        [[nodiscard]] result<void> check() const { return held_->check(); }

    private:
        std::shared_ptr<held_claim> held_;
    };

    explicit segmented(Storage storage, const segmented_options& options = {})
    requires std::default_initializable<Tail>
        : segmented(std::move(storage), Tail{}, options) {}

    segmented(Storage storage, Tail tail, const segmented_options& options = {})
        : shared_(std::make_shared<shared>(std::move(storage), std::move(tail), options)) {}

    [[nodiscard]] const Storage& below() const noexcept { return shared_->store.storage(); }

    [[nodiscard]] result<staged> stage(const stage_options& options = {}) const {
        const auto announced = options.size_hint;
        auto still = std::make_unique<claim_watch>(shared_->claims);
        auto object = below().stage(
            {.size_hint = announced == 0 ? 0 : announced + detail::segment_mark::bytes,
             .watch = still->watch()});
        if (!object) {
            return pass(object);
        }
        const auto mark =
            detail::segment_mark{.writer = random_writer()}.encode(detail::segment_mark::head);
        if (auto done = object->write(mark); !done) {
            return pass(done);
        }
        return staged{shared_, std::move(still), *std::move(object), options};
    }

    // Never shorter than what was sealed when it was called: `incomplete_stream` where a segment is
    // missing.
    [[nodiscard]] result<segmented_object<Storage>> open(std::string_view name,
                                                         access how = access::map) const {
        if (auto good = good_to_have(name); !good) {
            return pass(good);
        }
        return detail::looked([&] { return shared_->open(name, how); });
    }

    [[nodiscard]] result<appended> append(std::string_view name) const {
        if (auto good = good_to_have(name); !good) {
            return pass(good);
        }
        const std::lock_guard one{shared_->appending};
        return detail::looked([&] { return appending(name); });
    }

    [[nodiscard]] result<claim_handle> claim(std::string_view name) const {
        if (auto good = good_name_to_claim(name); !good) {
            return pass(good);
        }
        if (auto good = good_to_have(name); !good) {
            return pass(good);
        }
        auto held = detail::claim_through(below(), name, shared_->options.lease);
        if (!held) {
            return pass(held);
        }
        return claim_handle{shared_->claims->add(name, *std::move(held))};
    }

    // Seals what was appended to the object through this storage, and a kept tail.
    [[nodiscard]] result<void> seal(std::string_view name) const {
        auto object = append(name);
        return object ? object->seal() : result<void>{pass(object)};
    }

    // Heads with their segments. The first look at each head reads its mark.
    [[nodiscard]] result<std::vector<object_info>> list() const {
        auto all = below().list();
        if (!all) {
            return pass(all);
        }
        std::vector<object_info> segments;
        std::erase_if(*all, [&](object_info& each) {
            const bool hidden = detail::is_segment_name(each.name);
            if (hidden) {
                segments.push_back(std::move(each));
            }
            return hidden;
        });
        std::ranges::sort(segments, {}, &object_info::name);
        std::vector<object_info> heads;
        for (object_info& each : *all) {
            auto there = shared_->add_segments(each, segments);
            if (!there) {
                return pass(there);
            }
            if (*there) {
                heads.push_back(std::move(each));
            }
        }
        return heads;
    }

    [[nodiscard]] result<std::vector<std::string>> names() const {
        auto all = below().names();
        if (all) {
            std::erase_if(*all, [](const auto& each) { return detail::is_segment_name(each); });
        }
        return all;
    }

    [[nodiscard]] result<bool> remove(std::string_view name) const {
        if (auto good = good_to_have(name); !good) {
            return pass(good);
        }
        const auto old = shared_->belongings_of(name);
        const auto gone = below().remove(name);
        if (gone && *gone) {
            shared_->forget(name);
            shared_->remove(old);
        }
        return gone;
    }

    // Also what is appended to objects through this storage.
    [[nodiscard]] result<void> sync() const {
        for (const auto& object : shared_->all_growing()) {
            if (object->has_tail()) {
                if (auto done = object->sync(); !done) {
                    return done;
                }
            }
        }
        return below().sync();
    }

    // What the storage below sweeps, and segments whose head is gone, which are of use to nobody
    // however young they are.
    [[nodiscard]] result<std::size_t> sweep(std::chrono::nanoseconds grace) const {
        std::size_t count = 0;
        if constexpr (sweepable_storage<Storage>) {
            const auto swept = below().sweep(grace);
            if (!swept) {
                return swept;
            }
            count = *swept;
        }
        auto found = below().names();
        if (!found) {
            return pass(found);
        }
        std::erase_if(*found, [](const auto& each) { return !detail::is_segment_name(each); });
        if (found->empty()) {
            return count;
        }
        // Listed after the segments: each of these had its head before it was made.
        const auto heads = names();
        if (!heads) {
            return pass(heads);
        }
        std::set<std::string> living;
        for (const std::string& each : *heads) {
            const auto generation = shared_->store.generation(each);
            if (generation && !generation->empty()) {
                living.insert(detail::segments_of(each, *generation));
            } else if (!generation && generation.error().code != errc::not_found) {
                return pass(generation);
            }
        }
        std::erase_if(*found, [&](const std::string& each) {
            const auto after = living.upper_bound(each);
            return after != living.begin() && each.starts_with(*std::prev(after));
        });
        return count + shared_->store.remove(*found);
    }

    [[nodiscard]] auto lock() const
    requires lockable_storage<Storage>
    {
        return below().lock();
    }

    [[nodiscard]] result<pointer> read_pointer(std::string_view name) const
    requires keeps_pointers<Storage>
    {
        return below().read_pointer(name);
    }

    [[nodiscard]] result<std::string> swap_pointer(std::string_view name, std::string_view tag,
                                                   byte_view bytes) const
    requires keeps_pointers<Storage>
    {
        return below().swap_pointer(name, tag, bytes);
    }

private:
    [[nodiscard]] static result<void> good_to_have(std::string_view name) {
        if (detail::is_segment_name(name)) {
            return fail({.code = errc::bad_name,
                         .where = name,
                         .found = static_cast<unsigned char>(name.front()),
                         .during = "names of segments"});
        }
        return good_name(name);
    }

    [[nodiscard]] result<appended> appending(std::string_view name) const {
        auto now = shared_->seen(name, access::map);
        if (!now) {
            return pass(now);
        }
        if (now->generation.empty()) {
            return fail({.code = errc::unsupported,
                         .where = name,
                         .during = "appending to an object that was not put there to grow"});
        }
        // Shared where somebody writes to it here, or has written what is not sealed.
        if (auto object = shared_->find_growing(name);
            object && object->goes_on(now->generation) &&
            (object->has_tail() || object.use_count() > 2)) {
            return appended{std::move(object)};
        }
        auto made = std::make_shared<grown_type>(shared_->store, shared_->tails, shared_->claims,
                                                 shared_->options, std::string{name});
        if (auto done = made->begin(std::move(now->generation), std::move(now->run)); !done) {
            return pass(done);
        }
        shared_->add_growing(name, made);
        return appended{std::move(made)};
    }

    std::shared_ptr<shared> shared_;
};

} // namespace tintype::inline v0
