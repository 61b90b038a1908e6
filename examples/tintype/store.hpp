#pragma once

// Where a command's snapshots are: a folder, or a bucket of an object store under s3://. For the
// library both are one storage policy, so that a command's managers are compiled once; what a
// person typed becomes a store here and nowhere else.

#include <tintype/storage/concept.hpp>
#include <tintype/storage/pointer.hpp>

#include "outcome.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

// An opened object of any storage. Copies share the bytes.
class store_object {
public:
    store_object() = default;

    // No constructor: whether it is an opened object itself would depend on that.
    template <tintype::opened_object Object>
    [[nodiscard]] static store_object of(Object object) {
        auto owner = std::make_shared<const Object>(std::move(object));
        store_object any;
        any.bytes_ = owner->bytes();
        any.owner_ = std::move(owner);
        return any;
    }

    [[nodiscard]] tintype::byte_view bytes() const noexcept { return bytes_; }

private:
    std::shared_ptr<const void> owner_;
    tintype::byte_view bytes_{};
};

class store_staged {
public:
    class any {
    public:
        virtual ~any() = default;
        [[nodiscard]] virtual tintype::result<void> write(tintype::byte_view bytes) = 0;
        [[nodiscard]] virtual tintype::result<void> publish(std::string_view name) = 0;
        [[nodiscard]] virtual tintype::result<void> replace(std::string_view name) = 0;
    };

    explicit store_staged(std::unique_ptr<any> of) : of_(std::move(of)) {}

    [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) {
        return of_->write(bytes);
    }

    [[nodiscard]] tintype::result<void> publish(std::string_view name) {
        return of_->publish(name);
    }

    [[nodiscard]] tintype::result<void> replace(std::string_view name) {
        return of_->replace(name);
    }

private:
    std::unique_ptr<any> of_;
};

class store_lock {
public:
    class any {
    public:
        virtual ~any() = default;
        [[nodiscard]] virtual tintype::result<void> check() const = 0;
    };

    explicit store_lock(std::unique_ptr<any> of) : of_(std::move(of)) {}

    // Whether it still keeps others out: locks of some storages are lost where their owner was
    // silent for too long.
    [[nodiscard]] tintype::result<void> check() const { return of_->check(); }

private:
    std::unique_ptr<any> of_;
};

// A storage behind a store; the contracts are those of the storage policies.
class place {
public:
    virtual ~place() = default;
    [[nodiscard]] virtual tintype::result<void> require() const = 0;
    [[nodiscard]] virtual tintype::result<store_staged>
    stage(const tintype::stage_options& options) const = 0;
    [[nodiscard]] virtual tintype::result<store_object> open(std::string_view name,
                                                             tintype::access how) const = 0;
    [[nodiscard]] virtual tintype::result<std::size_t>
    read(std::string_view name, std::uint64_t offset, tintype::mutable_bytes into) const = 0;
    [[nodiscard]] virtual tintype::result<std::vector<tintype::object_info>> list() const = 0;
    [[nodiscard]] virtual tintype::result<std::vector<std::string>> names() const = 0;
    [[nodiscard]] virtual tintype::result<bool> remove(std::string_view name) const = 0;
    [[nodiscard]] virtual tintype::result<void> sync() const = 0;
    [[nodiscard]] virtual tintype::result<store_lock> lock() const = 0;
    [[nodiscard]] virtual tintype::result<std::size_t>
    sweep(std::chrono::nanoseconds grace) const = 0;
    [[nodiscard]] virtual bool keeps_pointers() const noexcept = 0;
    [[nodiscard]] virtual tintype::result<tintype::pointer>
    read_pointer(std::string_view name) const = 0;
    [[nodiscard]] virtual tintype::result<std::string>
    swap_pointer(std::string_view name, std::string_view tag, tintype::byte_view bytes) const = 0;
};

class store {
public:
    store(std::string where, std::shared_ptr<const place> at)
        : where_(std::move(where)), at_(std::move(at)) {}

    // As the person called it.
    [[nodiscard]] const std::string& where() const noexcept { return where_; }

    [[nodiscard]] tintype::result<store_staged>
    stage(const tintype::stage_options& options = {}) const {
        return at_->stage(options);
    }

    [[nodiscard]] tintype::result<store_object>
    open(std::string_view name, tintype::access how = tintype::access::map) const {
        return at_->open(name, how);
    }

    [[nodiscard]] tintype::result<std::size_t> read(std::string_view name, std::uint64_t offset,
                                                    tintype::mutable_bytes into) const {
        return at_->read(name, offset, into);
    }

    [[nodiscard]] tintype::result<std::vector<tintype::object_info>> list() const {
        return at_->list();
    }

    [[nodiscard]] tintype::result<std::vector<std::string>> names() const { return at_->names(); }

    [[nodiscard]] tintype::result<bool> remove(std::string_view name) const {
        return at_->remove(name);
    }

    [[nodiscard]] tintype::result<void> sync() const { return at_->sync(); }

    [[nodiscard]] tintype::result<store_lock> lock() const { return at_->lock(); }

    [[nodiscard]] tintype::result<std::size_t> sweep(std::chrono::nanoseconds grace) const {
        return at_->sweep(grace);
    }

    // `not_found` where there is no such folder. A bucket says so when it is first used.
    [[nodiscard]] outcome<void> require() const {
        const auto there = at_->require();
        return there ? outcome<void>{} : failed(where_, there.error());
    }

    [[nodiscard]] bool keeps_pointers() const noexcept { return at_->keeps_pointers(); }

protected:
    [[nodiscard]] const place& at() const noexcept { return *at_; }

private:
    std::string where_;
    std::shared_ptr<const place> at_;
};

// A store that keeps pointers, for managers that agree by them with those that other programs have
// in the same place.
class pointer_store : public store {
public:
    explicit pointer_store(store of) : store(std::move(of)) {}

    [[nodiscard]] tintype::result<tintype::pointer> read_pointer(std::string_view name) const {
        return at().read_pointer(name);
    }

    [[nodiscard]] tintype::result<std::string>
    swap_pointer(std::string_view name, std::string_view tag, tintype::byte_view bytes) const {
        return at().swap_pointer(name, tag, bytes);
    }
};

static_assert(tintype::lockable_storage<store> && tintype::sweepable_storage<store>);
static_assert(tintype::pointer_storage<pointer_store> && !tintype::pointer_storage<store>);

// Whether it is s3://bucket or s3://bucket/prefix.
[[nodiscard]] constexpr bool names_bucket(std::string_view where) noexcept {
    return where.starts_with("s3://");
}

// Nothing is looked for yet. A bucket's service, keys and region are the environment's.
[[nodiscard]] outcome<store> open_store(const std::string& where);

// The same of a folder that has to be there.
[[nodiscard]] outcome<store> require_store(const std::string& where);

// For what files are kept in alone.
[[nodiscard]] outcome<void> require_no_bucket(std::string_view where);

} // namespace tool
