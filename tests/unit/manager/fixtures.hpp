#pragma once

// What the managers' tests share: a small state and its format, a hash whose digest is bytes, and a
// storage of the user's that fails, counts and interferes as the test tells it.

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/manager/versioned.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/clock.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

struct note {
    BOOST_HANA_DEFINE_STRUCT(note, (std::uint64_t, number), (tintype::blob, text));

    friend bool operator==(const note&, const note&) = default;
};

inline note note_of(std::uint64_t number, std::size_t size = 20) {
    return {number, noise(size, number)};
}

using note_format =
    tintype::section_list<tintype::magic<"NOTE">, tintype::version<std::uint8_t, 1>,
                          tintype::scalar<"number", std::uint64_t>, tintype::section<"text">,
                          tintype::checksum<tintype::crc32>>;

// Two FNV-1a sums with different starts, as sixteen bytes.
struct wide_hash {
    using digest_type = std::array<std::byte, 16>;
    static constexpr std::string_view name = "wide";

    constexpr void update(tintype::byte_view bytes) noexcept {
        for (const std::byte byte : bytes) {
            one = (one ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
            two = (two ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept {
        digest_type digest{};
        tintype::store<std::endian::big>(digest.data(), one);
        tintype::store<std::endian::big>(digest.data() + 8, two);
        return digest;
    }

    std::uint64_t one = 0xcbf29ce484222325U;
    std::uint64_t two = 0x9ae16a3b2f90404fU;
};

// What a test tells the storage, and what the storage tells the test.
struct orders {
    std::set<std::string> unremovable;
    bool sync_fails = false;
    bool names_fail = false;
    bool list_fails = false;
    int syncs = 0;
    std::vector<std::string> removed;
    std::function<void(std::string_view)> before_publish; // somebody is faster
    std::function<void(std::string_view)> before_open;
};

// Passes everything on to another storage, but for the orders. There is a lock only if asked for.
template <class Inner, bool Lockable>
class ordered_storage {
public:
    class staged {
    public:
        staged(tintype::staged_of<Inner> inner, std::shared_ptr<orders> told)
            : inner_(std::move(inner)), told_(std::move(told)) {}

        [[nodiscard]] auto write(tintype::byte_view bytes) { return inner_.write(bytes); }

        [[nodiscard]] auto publish(std::string_view name) {
            if (told_->before_publish) {
                told_->before_publish(name);
            }
            return inner_.publish(name);
        }

        [[nodiscard]] auto replace(std::string_view name) { return inner_.replace(name); }

    private:
        tintype::staged_of<Inner> inner_;
        std::shared_ptr<orders> told_;
    };

    explicit ordered_storage(Inner inner) : inner_(std::move(inner)) {}

    [[nodiscard]] orders& told() const { return *told_; }

    [[nodiscard]] tintype::result<staged> stage(const tintype::stage_options& options = {}) const {
        auto inner = inner_.stage(options);
        if (!inner) {
            return tintype::pass(inner);
        }
        return staged{*std::move(inner), told_};
    }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        if (told_->before_open) {
            told_->before_open(name);
        }
        return inner_.open(name, how);
    }

    [[nodiscard]] auto list() const {
        return told_->list_fails ? decltype(inner_.list()){broken("list")} : inner_.list();
    }

    [[nodiscard]] auto names() const {
        return told_->names_fail ? decltype(inner_.names()){broken("names")} : inner_.names();
    }

    [[nodiscard]] tintype::result<bool> remove(std::string_view name) const {
        if (told_->unremovable.contains(std::string{name})) {
            return broken(name);
        }
        told_->removed.emplace_back(name);
        return inner_.remove(name);
    }

    [[nodiscard]] tintype::result<void> sync() const {
        ++told_->syncs;
        return told_->sync_fails ? tintype::result<void>{broken("sync")} : inner_.sync();
    }

    [[nodiscard]] auto lock() const
    requires Lockable
    {
        return inner_.lock();
    }

private:
    [[nodiscard]] static std::unexpected<tintype::error> broken(std::string_view where) {
        return tintype::fail({.code = tintype::errc::io, .where = where});
    }

    Inner inner_;
    std::shared_ptr<orders> told_ = std::make_shared<orders>();
};

using unlocked_storage = ordered_storage<tintype::memory_storage, false>;
using locked_storage = ordered_storage<tintype::memory_storage, true>;

static_assert(tintype::storage_policy<unlocked_storage>);
static_assert(!tintype::lockable_storage<unlocked_storage>);
static_assert(tintype::lockable_storage<locked_storage>);

template <tintype::storage_policy S>
void put_object(const S& storage, std::string_view name, tintype::byte_view bytes) {
    auto staged = storage.stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(bytes));
    REQUIRE(staged->replace(name));
}

template <tintype::storage_policy S>
[[nodiscard]] tintype::blob object_bytes(const S& storage, std::string_view name) {
    const auto object = storage.open(name, tintype::access::copy);
    REQUIRE(object);
    return {object->bytes().begin(), object->bytes().end()};
}

template <tintype::storage_policy S>
[[nodiscard]] std::vector<std::string> sorted_names(const S& storage) {
    auto names = storage.names();
    REQUIRE(names);
    std::ranges::sort(*names);
    return *names;
}

template <class Storage, class Hash = tintype::no_hash, class Retention = tintype::keep_all>
using notes = tintype::versioned_manager<note, note_format, Storage, Hash, Retention>;

template <class Manager, class Storage, class Retention = tintype::keep_all>
Manager opened(Storage storage, Retention retention = {}, tintype::manager_options options = {}) {
    auto manager = Manager::open(std::move(storage), std::move(retention), options);
    REQUIRE(manager);
    return *std::move(manager);
}

// The version that saving a note of that number gave.
template <class Manager>
std::uint64_t saved_as(const Manager& manager, std::uint64_t number, std::size_t size = 20) {
    const auto done = manager.save(note_of(number, size));
    REQUIRE(done);
    return done->version;
}

using versions = std::vector<std::uint64_t>;

} // namespace tests
