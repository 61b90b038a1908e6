#pragma once

// What lies in a bucket below a prefix: the objects, and what writers left behind who are no more.

#include <tintype/core/error.hpp>
#include <tintype/s3/client.hpp>
#include <tintype/storage/concept.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// Whether a list that is continued by markers comes back to where it was, however long the way.
class marker_circle {
public:
    [[nodiscard]] bool closed_by(std::string marker) {
        if (marker == kept_) {
            return true;
        }
        if (++seen_ == next_) {
            kept_ = std::move(marker);
            next_ *= 2;
        }
        return false;
    }

private:
    std::optional<std::string> kept_;
    std::uint64_t seen_ = 0;
    std::uint64_t next_ = 1;
};

} // namespace detail

// `Client` is an s3_client, which outlives it.
template <class Client>
class s3_listing {
public:
    explicit s3_listing(const Client& client) : client_(client) {}

    // Those whose names begin so.
    [[nodiscard]] result<std::vector<object_info>> objects(std::string_view beginning = {}) const {
        std::vector<object_info> all;
        auto done = each_page(client_.where().key(beginning), [&](auto& page) -> result<void> {
            for (s3_listed& each : page.list.objects) {
                const auto name = client_.name_of(each.key);
                if (!good_name(name)) {
                    continue;
                }
                if (each.size == s3_reserved_size) {
                    const auto kept = reserved(each.key);
                    if (!kept) {
                        return pass(kept);
                    }
                    if (*kept) {
                        continue;
                    }
                }
                all.push_back(
                    {.name = std::string{name}, .size = each.size, .modified = each.modified});
            }
            return {};
        });
        return done ? result<std::vector<object_info>>{std::move(all)} : pass(done);
    }

    [[nodiscard]] result<void> remove(std::span<const std::string> names,
                                      const s3_patience& patience) const {
        while (!names.empty()) {
            std::vector<std::string> keys;
            for (const std::string& name : names.first(std::min(names.size(), batch))) {
                keys.push_back(client_.where().key(name));
            }
            const auto kept = client_.remove(std::span<const std::string>{keys}, patience);
            if (!kept) {
                return pass(kept);
            }
            if (!kept->empty()) {
                return fail(client_.meaning_of(kept->front()).what);
            }
            names = names.subspan(keys.size());
        }
        return {};
    }

    [[nodiscard]] result<std::size_t> sweep(std::chrono::nanoseconds grace) const {
        const bool everything = grace == std::chrono::nanoseconds{0};
        auto uploads = stale_uploads(everything ? grace
                                                : std::max<std::chrono::nanoseconds>(
                                                      grace, client_.options().longest_upload));
        if (!uploads) {
            return pass(uploads);
        }
        for (const s3_upload& each : *uploads) {
            if (auto gone = client_.abort(each.key, each.id); !gone) {
                return pass(gone);
            }
        }
        std::vector<std::string> stale;
        auto done = each_page(client_.where().prefix, [&](auto& page) -> result<void> {
            for (s3_listed& each : page.list.objects) {
                if (!too_old(each.modified, page.now, grace)) {
                    continue;
                }
                const auto name = client_.name_of(each.key);
                bool left = is_temporary(name);
                if (good_name(name) && each.size == s3_reserved_size) {
                    const auto kept = reserved(each.key);
                    if (!kept) {
                        return pass(kept);
                    }
                    left = *kept;
                }
                if (left) {
                    stale.push_back(std::move(each.key));
                }
            }
            return {};
        });
        if (!done) {
            return pass(done);
        }
        for (const std::string& key : stale) {
            if (auto gone = client_.remove(key); !gone) {
                return pass(gone);
            }
        }
        return uploads->size() + stale.size();
    }

private:
    static constexpr std::size_t batch = 1000;

    [[nodiscard]] static bool is_temporary(std::string_view name) noexcept {
        return name.starts_with(".tintype-") && name.ends_with(".tmp") && !name.contains('/') &&
               !name.starts_with(".tintype-pointer-");
    }

    // With no grace at all everything is; without a clock of the service's nothing else is.
    [[nodiscard]] static bool too_old(timestamp when, std::optional<timestamp> now,
                                      std::chrono::nanoseconds grace) noexcept {
        return grace == std::chrono::nanoseconds{0} || (now && when <= *now - grace);
    }

    // One that is gone by now is no object either.
    [[nodiscard]] result<bool> reserved(const std::string& key) const {
        const auto there = client_.head(key);
        if (!there && there.error().what.code == errc::not_found) {
            return true;
        }
        return there ? result<bool>{there->reserved} : pass(there);
    }

    template <class Take>
    [[nodiscard]] result<void> each_page(std::string_view prefix, Take take) const {
        std::string token;
        detail::marker_circle circle;
        do {
            auto page = client_.list(prefix, token);
            if (!page) {
                return pass(page);
            }
            if (auto done = take(*page); !done) {
                return done;
            }
            if (!page->list.next.empty() && circle.closed_by(page->list.next)) {
                return fail({.code = errc::invalid_value,
                             .where = prefix,
                             .during = "the list goes round in a circle"});
            }
            token = std::move(page->list.next);
        } while (!token.empty());
        return {};
    }

    // Of names, too: an object too large for one copy is put together under its name.
    [[nodiscard]] result<std::vector<s3_upload>>
    stale_uploads(std::chrono::nanoseconds grace) const {
        std::vector<s3_upload> stale;
        std::string key;
        std::string id;
        detail::marker_circle circle;
        for (;;) {
            auto page = client_.uploads(client_.where().prefix, key, id);
            if (!page) {
                return pass(page);
            }
            for (s3_upload& each : page->list.uploads) {
                const auto name = client_.name_of(each.key);
                if ((is_temporary(name) || good_name(name)) &&
                    too_old(each.initiated, page->now, grace)) {
                    stale.push_back(std::move(each));
                }
            }
            if (!page->list.truncated) {
                return stale;
            }
            if (circle.closed_by(page->list.next_key + '\n' + page->list.next_id)) {
                return fail({.code = errc::invalid_value,
                             .where = client_.where().prefix,
                             .during = "the list goes round in a circle"});
            }
            key = std::move(page->list.next_key);
            id = std::move(page->list.next_id);
        }
    }

    const Client& client_;
};

} // namespace tintype::inline v0
