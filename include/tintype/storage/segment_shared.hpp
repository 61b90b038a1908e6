#pragma once

// What a storage of segments and its copies share: the objects that grow through it, what readers
// have of them in memory, and reading itself, from a list and a head to all bytes in one place.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/grown.hpp>
#include <tintype/storage/segment.hpp>
#include <tintype/storage/segment_store.hpp>
#include <tintype/storage/tail.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// The head's own bytes where there is no more than it, else a copy of everything, which readers of
// the same object share.
template <storage_policy Storage>
class segmented_object {
public:
    segmented_object(object_of<Storage> object, std::size_t from)
        : object_(std::move(object)), from_(from) {}

    segmented_object(std::shared_ptr<const void> owner, byte_view bytes)
        : owner_(std::move(owner)), bytes_(bytes) {}

    [[nodiscard]] byte_view bytes() const noexcept {
        return object_ ? object_->bytes().subspan(from_) : bytes_;
    }

private:
    std::optional<object_of<Storage>> object_{};
    std::size_t from_ = 0;
    std::shared_ptr<const void> owner_{};
    byte_view bytes_{};
};

namespace detail {

template <storage_policy Storage, tail_policy Tail>
class segment_shared {
    using store_type = segment_store<Storage>;
    using grown_type = grown<Storage, Tail>;
    using object_type = segmented_object<Storage>;

    // Head and segments. The first `size` bytes never change; room is left behind them for what is
    // appended while somebody still reads them.
    struct joined {
        std::string generation;
        std::uint64_t head = 0; // bytes of the object in its head
        blob room{};
        std::size_t size = 0;
        std::size_t sealed = 0; // so many of them will never be others
    };

    struct head_facts {
        std::uint64_t size = 0; // with the mark
        timestamp modified{};
        std::string generation{};
    };

public:
    // An object at one moment: listed first, so that of a head that is there afterwards all the
    // segments are in the list that it had by then.
    struct sight {
        std::string generation{}; // empty: it was not put there to grow
        std::uint64_t head = 0;
        segment_run run{};
        std::optional<object_of<Storage>> object{}; // none where `lent` has its bytes
        std::shared_ptr<joined> lent{};
    };

    segment_shared(Storage storage, Tail its_tails, const segmented_options& its_options)
        : store(std::move(storage)), tails(std::move(its_tails)), options(its_options) {}

    [[nodiscard]] result<sight> seen(std::string_view name, access how) {
        const auto listed = store.list(name);
        if (!listed) {
            return pass(listed);
        }
        sight now{.lent = find_lent(name)};
        if (reads_parts<Storage> && now.lent) {
            auto generation = store.generation(name);
            if (!generation) {
                return pass(generation);
            }
            now.generation = *std::move(generation);
        }
        if (now.lent && !now.generation.empty() && now.lent->generation == now.generation) {
            now.head = now.lent->head;
        } else {
            auto object = store.storage().open(name, how);
            if (!object) {
                return pass(object);
            }
            auto generation = generation_of(object->bytes(), name);
            if (!generation) {
                return pass(generation);
            }
            now.generation = *std::move(generation);
            now.object.emplace(*std::move(object));
            if (now.generation.empty()) {
                return now;
            }
            now.head = now.object->bytes().size() - segment_mark::bytes;
            if (now.lent && now.lent->generation != now.generation) {
                now.lent = nullptr;
            }
        }
        auto run = store_type::run(*listed, name, now.generation, now.head);
        if (!run) {
            return pass(run);
        }
        now.run = *std::move(run);
        return now;
    }

    [[nodiscard]] result<object_type> open(std::string_view name, access how) {
        // Before the list: what is sealed in between is in both.
        const auto growing = find_growing(name);
        auto tail = growing ? growing->tail() : segment_tail{};
        auto now = seen(name, how);
        if (!now) {
            return pass(now);
        }
        if (now->generation.empty()) {
            return object_type{*std::move(now->object), 0};
        }
        if (tail.generation != now->generation) {
            tail = {.generation = {}, .begin = now->run.end, .bytes = {}};
            if constexpr (Tail::keeps) {
                auto found = tails.find(now->generation);
                if (!found) {
                    return pass(found);
                }
                if (*found) {
                    tail.begin = (*found)->begin;
                    tail.bytes = std::move((*found)->bytes);
                }
            }
        }
        byte_view rest;
        if (Tail::keeps || tail.begin >= now->run.end) {
            const auto unsealed =
                store.unsealed(name, now->generation, now->run, tail.begin, tail.bytes);
            if (!unsealed) {
                return pass(unsealed);
            }
            rest = *unsealed;
        } // else all of it is sealed by now, or another's bytes are there, and it never will be
        if (now->run.pieces.empty() && rest.empty() && now->object) {
            return object_type{*std::move(now->object), segment_mark::bytes};
        }
        return lend(name, *now, rest);
    }

    // The whole object's size; false where its head went meanwhile. `segments` are in order.
    [[nodiscard]] result<bool> add_segments(object_info& head,
                                            std::span<const object_info> segments) {
        const auto beginning = segments_of(head.name);
        const auto first = std::ranges::lower_bound(segments, beginning, {}, &object_info::name);
        const auto last =
            std::ranges::find_if_not(first, segments.end(), [&](const object_info& each) {
                return each.name.starts_with(beginning);
            });
        const auto facts = facts_of(head, first == last);
        if (!facts) {
            switch (facts.error().code) {
            case errc::not_found:
                return false;
            case errc::truncated:
            case errc::checksum_mismatch:
            case errc::invalid_value:
            case errc::invalid_magic:
                return true; // a mark that is damaged: as it lies there
            default:
                return pass(facts);
            }
        }
        if (facts->generation.empty()) {
            return true;
        }
        head.size -= std::min<std::uint64_t>(head.size, segment_mark::bytes);
        const auto run = store_type::run({first, last}, head.name, facts->generation, head.size);
        // Of a damaged object, and of one that is merged just now, what is before the gap.
        if (run) {
            head.size = run->end;
        } else if (run.error().code == errc::incomplete_stream) {
            head.size = run.error().offset;
        }
        for (auto each = first; each != last; ++each) {
            head.modified = std::max(head.modified, each->modified);
        }
        if (const auto growing = find_growing(head.name)) {
            const auto tail = growing->tail();
            if (tail.generation == facts->generation) {
                head.size = std::max(head.size, tail.begin + tail.bytes.size());
            }
        }
        return true;
    }

    [[nodiscard]] std::shared_ptr<grown_type> find_growing(std::string_view name) {
        const std::lock_guard hold{mutex_};
        const auto place = growing_.find(name);
        return place == growing_.end() ? nullptr : place->second;
    }

    [[nodiscard]] std::vector<std::shared_ptr<grown_type>> all_growing() {
        const std::lock_guard hold{mutex_};
        std::vector<std::shared_ptr<grown_type>> all;
        for (const auto& [name, object] : growing_) {
            all.push_back(object);
        }
        return all;
    }

    void add_growing(std::string_view name, std::shared_ptr<grown_type> object) {
        const std::lock_guard hold{mutex_};
        growing_.insert_or_assign(std::string{name}, std::move(object));
    }

    // Another has the name, or none.
    void forget(std::string_view name) {
        const std::lock_guard hold{mutex_};
        const auto drop = [&](auto& all) {
            if (const auto place = all.find(name); place != all.end()) {
                all.erase(place);
            }
        };
        drop(growing_);
        drop(lent_);
        drop(heads_);
    }

    // What of the object's is there before its head goes, to go after it.
    struct belongings {
        std::vector<std::string> segments{};
        std::string generation{}; // of a tail that is kept
    };

    [[nodiscard]] belongings belongings_of(std::string_view name) {
        belongings all;
        if (auto listed = store.list(name)) {
            for (object_info& each : *listed) {
                all.segments.push_back(std::move(each.name));
            }
        }
        if constexpr (Tail::keeps) {
            all.generation = store.generation(name).value_or(std::string{});
        }
        return all;
    }

    // Best effort, as every removal of what nobody sees.
    void remove(const belongings& all) {
        store.remove(all.segments);
        if (!all.generation.empty()) {
            static_cast<void>(tails.forget(all.generation));
        }
    }

    store_type store;
    Tail tails;
    segmented_options options;
    std::shared_ptr<segment_claims<Storage>> claims = std::make_shared<segment_claims<Storage>>();
    std::mutex appending{}; // one begins at a time

private:
    [[nodiscard]] std::shared_ptr<joined> find_lent(std::string_view name) {
        const std::lock_guard hold{mutex_};
        const auto place = lent_.find(name);
        return place == lent_.end() ? nullptr : place->second.lock();
    }

    // What is not joined yet is fetched.
    [[nodiscard]] result<object_type> lend(std::string_view name, const sight& now,
                                           byte_view rest) {
        std::size_t have = 0;
        if (now.lent) {
            const std::lock_guard hold{mutex_};
            have = std::min(now.lent->sealed, static_cast<std::size_t>(now.run.end));
        }
        blob fresh;
        fresh.reserve(static_cast<std::size_t>(now.run.end) - have + rest.size());
        if (have == 0 && now.object) {
            append(fresh, now.object->bytes().subspan(segment_mark::bytes));
        }
        if (auto done = store.fetch(name, now.generation, now.run.pieces, have + fresh.size(),
                                    now.run.end, fresh);
            !done) {
            return pass(done);
        }
        append(fresh, rest);
        const std::lock_guard hold{mutex_};
        auto all = extended(now, have, fresh);
        lent_.insert_or_assign(std::string{name}, all);
        all->sealed = std::max(all->sealed, static_cast<std::size_t>(now.run.end));
        const byte_view bytes = byte_view{all->room}.first(have + fresh.size());
        return object_type{std::move(all), bytes};
    }

    // The first `have` bytes that are joined, then `fresh`: in their place, if there is room for
    // it. Bytes that were lent before they were sealed may have been cut off since.
    [[nodiscard]] std::shared_ptr<joined> extended(const sight& now, std::size_t have,
                                                   byte_view fresh) {
        const std::size_t size = have + fresh.size();
        auto all = now.lent;
        const bool fits =
            all && all->room.size() >= size &&
            std::ranges::equal(byte_view{all->room}.first(std::min(all->size, size)).subspan(have),
                               fresh.first(std::min(all->size, size) - have));
        if (!fits) {
            std::erase_if(lent_, [](const auto& each) { return each.second.expired(); });
            all = std::make_shared<joined>(joined{.generation = now.generation,
                                                  .head = now.head,
                                                  .room = blob(size + size / 2),
                                                  .size = have,
                                                  .sealed = have});
            if (now.lent) {
                copy_bytes(byte_view{now.lent->room}.first(have), all->room.data());
            }
        }
        if (all->size < size) {
            copy_bytes(fresh.subspan(all->size - have), all->room.data() + all->size);
            all->size = size;
        }
        return all;
    }

    // A head that has no segments is looked at once.
    [[nodiscard]] result<head_facts> facts_of(const object_info& head, bool alone) {
        if (alone) {
            const std::lock_guard hold{mutex_};
            const auto place = heads_.find(head.name);
            if (place != heads_.end() && place->second.size == head.size &&
                place->second.modified == head.modified) {
                return place->second;
            }
        }
        auto generation = store.generation(head.name);
        if (!generation) {
            return pass(generation);
        }
        head_facts facts{
            .size = head.size, .modified = head.modified, .generation = *std::move(generation)};
        const std::lock_guard hold{mutex_};
        heads_.insert_or_assign(head.name, facts);
        return facts;
    }

    std::mutex mutex_; // guards what follows, and what is joined
    std::map<std::string, std::shared_ptr<grown_type>, std::less<>> growing_{};
    std::map<std::string, std::weak_ptr<joined>, std::less<>> lent_{};
    std::map<std::string, head_facts, std::less<>> heads_{};
};

} // namespace detail

} // namespace tintype::inline v0
