#pragma once

// Objects in memory, for tests and for programs that keep snapshots only while they run. The same
// contract as on disk, but nothing outlives the last copy of the storage. Copies share the objects.
// An object that is appended to grows into room that no reader looks at, and moves to a larger
// place when that is used up; readers keep the place that they were lent.

#include <tintype/core/clock.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/pointer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

template <clock_policy Clock = system_clock>
class basic_memory_storage {
    // Only the first `size` bytes are the object's.
    struct entry {
        std::shared_ptr<blob> bytes;
        std::size_t size = 0;
        timestamp modified{};
    };

    // Of a pointer.
    struct state {
        blob bytes;
        std::uint64_t count = 0; // of the states so far: its tag
        timestamp since{};
    };

    // By the text itself, whoever holds it.
    struct by_text {
        using is_transparent = void;

        [[nodiscard]] bool operator()(std::string_view one, std::string_view other) const noexcept {
            return one < other;
        }
    };

    struct shared {
        explicit shared(Clock from) : clock(std::move(from)) {}

        Clock clock;
        std::mutex mutex; // guards what follows, and what the entries hold
        std::map<std::string, std::shared_ptr<entry>, by_text> objects;
        std::set<std::string, by_text> claimed;
        std::map<std::string, state, by_text> pointers;
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
            tintype::append(*bytes_, bytes);
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
            const auto size = bytes_->size();
            place->second =
                std::make_shared<entry>(entry{std::move(bytes_), size, storage_->clock.now()});
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
        stored(std::shared_ptr<const blob> owner, byte_view bytes)
            : owner_(std::move(owner)), bytes_(bytes) {}

        [[nodiscard]] byte_view bytes() const noexcept { return bytes_; }

    private:
        std::shared_ptr<const blob> owner_;
        byte_view bytes_;
    };

    class appended {
    public:
        appended(std::shared_ptr<shared> storage, std::shared_ptr<entry> object)
            : storage_(std::move(storage)), object_(std::move(object)), size_(object_->size) {}

        [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

        [[nodiscard]] result<void> write(byte_view bytes) {
            return write(std::span<const byte_view>{&bytes, 1});
        }

        [[nodiscard]] result<void> write(std::span<const byte_view> pieces) {
            std::size_t more = 0;
            for (const byte_view piece : pieces) {
                more += piece.size();
            }
            const std::lock_guard hold{storage_->mutex};
            if (more > object_->bytes->size() - object_->size) {
                move_to(std::max(object_->size + more, object_->size * 2));
            }
            auto to = mutable_bytes{*object_->bytes}.subspan(object_->size);
            for (const byte_view piece : pieces) {
                copy_bytes(piece, to.data());
                to = to.subspan(piece.size());
            }
            object_->size += more;
            object_->modified = storage_->clock.now();
            size_ = object_->size;
            return {};
        }

        [[nodiscard("tintype: look at the result: it may be an error")]] result<void> sync() {
            return {};
        }

        [[nodiscard]] result<void> truncate(std::uint64_t size) {
            const std::lock_guard hold{storage_->mutex};
            // What is written next may not change the bytes that readers were lent.
            object_->size = static_cast<std::size_t>(std::min<std::uint64_t>(size, object_->size));
            object_->modified = storage_->clock.now();
            move_to(object_->size);
            size_ = object_->size;
            return {};
        }

    private:
        void move_to(std::size_t room) {
            auto larger = std::make_shared<blob>(room);
            copy_bytes(byte_view{*object_->bytes}.first(object_->size), larger->data());
            object_->bytes = std::move(larger);
        }

        std::shared_ptr<shared> storage_;
        std::shared_ptr<entry> object_;
        std::uint64_t size_;
    };

    class claim_handle {
    public:
        claim_handle(std::shared_ptr<shared> storage, std::string name)
            : storage_(std::move(storage)), name_(std::move(name)) {}

        claim_handle(claim_handle&&) = default;

        claim_handle& operator=(claim_handle&& other) noexcept {
            std::swap(storage_, other.storage_);
            std::swap(name_, other.name_);
            return *this;
        }

        ~claim_handle() {
            if (storage_ != nullptr) {
                const std::lock_guard hold{storage_->mutex};
                storage_->claimed.erase(name_);
            }
        }

    private:
        std::shared_ptr<shared> storage_; // null once moved from
        std::string name_;
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
        const entry& object = *place->second;
        return stored{object.bytes, byte_view{*object.bytes}.first(object.size)};
    }

    [[nodiscard]] result<appended> append(std::string_view name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        const std::lock_guard hold{shared_->mutex};
        const auto place = shared_->objects.find(name);
        if (place == shared_->objects.end()) {
            return fail({.code = errc::not_found, .where = name});
        }
        return appended{shared_, place->second};
    }

    [[nodiscard]] result<claim_handle> claim(std::string_view name) const {
        if (auto good = good_name_to_claim(name); !good) {
            return pass(good);
        }
        const std::lock_guard hold{shared_->mutex};
        if (!shared_->claimed.emplace(name).second) {
            return fail({.code = errc::in_use, .where = name, .found = 1});
        }
        return claim_handle{shared_, std::string{name}};
    }

    [[nodiscard]] result<std::vector<object_info>> list() const {
        const std::lock_guard hold{shared_->mutex};
        std::vector<object_info> all;
        for (const auto& [name, object] : shared_->objects) {
            all.push_back({.name = name, .size = object->size, .modified = object->modified});
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

    [[nodiscard("tintype: look at the result: it may be an error")]] result<bool>
    remove(std::string_view name) const {
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

    [[nodiscard("tintype: look at the result: it may be an error")]] result<void> sync() const {
        return {};
    }

    [[nodiscard]] result<pointer> read_pointer(std::string_view name) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        const std::lock_guard hold{shared_->mutex};
        const auto place = shared_->pointers.find(name);
        if (place == shared_->pointers.end()) {
            return fail({.code = errc::not_found, .where = name});
        }
        const state& now = place->second;
        return pointer{.bytes = now.bytes,
                       .tag = std::to_string(now.count),
                       .age = std::max(shared_->clock.now() - now.since, {})};
    }

    [[nodiscard]] result<std::string> swap_pointer(std::string_view name, std::string_view tag,
                                                   byte_view bytes) const {
        if (auto good = good_name(name); !good) {
            return pass(good);
        }
        const std::lock_guard hold{shared_->mutex};
        const auto place = shared_->pointers.find(name);
        const bool there = place != shared_->pointers.end();
        if (tag != (there ? std::to_string(place->second.count) : std::string{})) {
            return fail({.code = errc::already_exists, .where = name});
        }
        state& now = there ? place->second : shared_->pointers[std::string{name}];
        now.bytes.assign(bytes.begin(), bytes.end());
        now.since = shared_->clock.now();
        return std::to_string(++now.count);
    }

    [[nodiscard]] result<std::unique_lock<std::mutex>> lock() const {
        return std::unique_lock{shared_->numbering};
    }

private:
    std::shared_ptr<shared> shared_;
};

using memory_storage = basic_memory_storage<>;

static_assert(lockable_storage<memory_storage> && appendable_storage<memory_storage> &&
              pointer_storage<memory_storage>);

} // namespace tintype::inline v0
