#pragma once

// Objects in memory, for tests and for programs that keep snapshots only while they run. The same
// contract as on disk, but nothing outlives the last copy of the storage. Copies share the objects.

#include <tintype/core/clock.hpp>
#include <tintype/storage/concept.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype {

template <clock_policy Clock = system_clock>
class basic_memory_storage {
    struct entry {
        std::shared_ptr<const blob> bytes;
        timestamp modified;
    };

    struct shared {
        explicit shared(Clock from) : clock(std::move(from)) {}

        Clock clock;
        std::mutex mutex; // guards `objects`
        std::map<std::string, entry, std::less<>> objects;
        std::mutex numbering; // what lock() holds
    };

public:
    class staged {
    public:
        staged(std::shared_ptr<shared> storage, const stage_options& options)
            : storage_(std::move(storage)), bytes_(std::make_unique<blob>()), options_(options) {}

        [[nodiscard]] result<void> write(byte_view bytes) {
            if (failed_) {
                return fail(*failed_);
            }
            if (bytes_ == nullptr || sealed_) {
                return fail({.code = errc::unsupported, .during = "write after publish"});
            }
            append(*bytes_, bytes);
            if (options_.watch != nullptr) {
                auto go_on =
                    options_.watch->report({.done = bytes_->size(), .total = options_.size_hint});
                if (!go_on) {
                    failed_ = go_on.error();
                }
                return go_on;
            }
            return {};
        }

        [[nodiscard]] result<void> publish(std::string_view name) { return named(name, false); }

        [[nodiscard]] result<void> replace(std::string_view name) { return named(name, true); }

    private:
        [[nodiscard]] result<void> named(std::string_view name, bool over) {
            if (auto good = good_name(name); !good) {
                return good;
            }
            if (failed_) {
                return fail(*failed_);
            }
            if (bytes_ == nullptr) {
                return fail({.code = errc::not_found, .where = name, .during = "publish"});
            }
            sealed_ = true;
            const std::lock_guard hold{storage_->mutex};
            const auto [place, fresh] = storage_->objects.try_emplace(std::string{name});
            if (!fresh && !over) {
                return fail({.code = errc::already_exists, .where = name});
            }
            place->second = {std::move(bytes_), storage_->clock.now()};
            return {};
        }

        std::shared_ptr<shared> storage_;
        std::unique_ptr<blob> bytes_; // null once it has a name
        bool sealed_ = false;
        std::optional<error> failed_;
        stage_options options_;
    };

    class stored {
    public:
        explicit stored(std::shared_ptr<const blob> bytes) : bytes_(std::move(bytes)) {}

        [[nodiscard]] byte_view bytes() const noexcept { return *bytes_; }

    private:
        std::shared_ptr<const blob> bytes_;
    };

    explicit basic_memory_storage(Clock clock = {})
        : shared_(std::make_shared<shared>(std::move(clock))) {}

    [[nodiscard]] result<staged> stage(const stage_options& options = {}) const {
        return staged{shared_, options};
    }

    // Both ways of access lend the same memory: nobody can truncate it.
    [[nodiscard]] result<stored> open(std::string_view name, access = access::map) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        const std::lock_guard hold{shared_->mutex};
        const auto place = shared_->objects.find(name);
        if (place == shared_->objects.end()) {
            return fail({.code = errc::not_found, .where = name});
        }
        return stored{place->second.bytes};
    }

    [[nodiscard]] result<std::vector<object_info>> list() const {
        const std::lock_guard hold{shared_->mutex};
        std::vector<object_info> all;
        for (const auto& [name, object] : shared_->objects) {
            all.push_back(
                {.name = name, .size = object.bytes->size(), .modified = object.modified});
        }
        return all;
    }

    [[nodiscard]] result<std::vector<std::string>> names() const {
        const std::lock_guard hold{shared_->mutex};
        std::vector<std::string> all;
        for (const auto& [name, object] : shared_->objects) {
            all.push_back(name);
        }
        return all;
    }

    [[nodiscard]] result<bool> remove(std::string_view name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        const std::lock_guard hold{shared_->mutex};
        const auto place = shared_->objects.find(name);
        if (place == shared_->objects.end()) {
            return false;
        }
        shared_->objects.erase(place);
        return true;
    }

    [[nodiscard]] result<void> sync() const { return {}; }

    [[nodiscard]] result<std::unique_lock<std::mutex>> lock() const {
        return std::unique_lock{shared_->numbering};
    }

private:
    std::shared_ptr<shared> shared_;
};

using memory_storage = basic_memory_storage<>;

static_assert(lockable_storage<memory_storage>);

} // namespace tintype
