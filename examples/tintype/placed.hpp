#pragma once

// A storage policy of the library as a place for stores.

#include <tintype/storage/concept.hpp>
#include <tintype/storage/pointer.hpp>

#include "store.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tool {

template <tintype::staged_object Staged>
class placed_staged : public store_staged::any {
public:
    explicit placed_staged(Staged staged) : staged_(std::move(staged)) {}

    [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) override {
        return staged_.write(bytes);
    }

    [[nodiscard]] tintype::result<void> publish(std::string_view name) override {
        return staged_.publish(name);
    }

    [[nodiscard]] tintype::result<void> replace(std::string_view name) override {
        return staged_.replace(name);
    }

private:
    Staged staged_;
};

template <class Handle>
class placed_lock : public store_lock::any {
public:
    explicit placed_lock(Handle handle) : handle_(std::move(handle)) {}

    [[nodiscard]] tintype::result<void> check() const override {
        if constexpr (requires { handle_.check(); }) {
            return handle_.check();
        } else {
            return {};
        }
    }

private:
    Handle handle_;
};

template <tintype::storage_policy Storage>
class placed : public place {
public:
    explicit placed(Storage storage) : storage_(std::move(storage)) {}

    [[nodiscard]] const Storage& storage() const noexcept { return storage_; }

    [[nodiscard]] tintype::result<void> require() const override { return {}; }

    [[nodiscard]] tintype::result<store_staged>
    stage(const tintype::stage_options& options) const override {
        auto staged = storage_.stage(options);
        if (!staged) {
            return tintype::pass(staged);
        }
        using staged_type = placed_staged<tintype::staged_of<Storage>>;
        return store_staged{std::make_unique<staged_type>(*std::move(staged))};
    }

    [[nodiscard]] tintype::result<store_object> open(std::string_view name,
                                                     tintype::access how) const override {
        auto object = storage_.open(name, how);
        if (!object) {
            return tintype::pass(object);
        }
        return store_object::of(*std::move(object));
    }

    [[nodiscard]] tintype::result<std::size_t> read(std::string_view name, std::uint64_t offset,
                                                    tintype::mutable_bytes into) const override {
        if constexpr (requires { storage_.read(name, offset, into); }) {
            return storage_.read(name, offset, into);
        } else {
            const auto object = storage_.open(name, tintype::access::map);
            if (!object) {
                return tintype::pass(object);
            }
            const auto bytes = object->bytes();
            const auto rest = bytes.subspan(std::min<std::size_t>(offset, bytes.size()));
            const auto size = std::min(rest.size(), into.size());
            tintype::copy_bytes(rest.first(size), into.data());
            return size;
        }
    }

    [[nodiscard]] tintype::result<std::vector<tintype::object_info>> list() const override {
        return storage_.list();
    }

    [[nodiscard]] tintype::result<std::vector<std::string>> names() const override {
        return storage_.names();
    }

    [[nodiscard]] tintype::result<bool> remove(std::string_view name) const override {
        return storage_.remove(name);
    }

    [[nodiscard]] tintype::result<void> sync() const override { return storage_.sync(); }

    [[nodiscard]] tintype::result<store_lock> lock() const override {
        auto held = storage_.lock();
        if (!held) {
            return tintype::pass(held);
        }
        using handle = typename decltype(held)::value_type;
        return store_lock{std::make_unique<placed_lock<handle>>(*std::move(held))};
    }

    [[nodiscard]] tintype::result<std::size_t>
    sweep(std::chrono::nanoseconds grace) const override {
        return storage_.sweep(grace);
    }

    [[nodiscard]] bool keeps_pointers() const noexcept override {
        return tintype::pointer_storage<Storage>;
    }

    [[nodiscard]] tintype::result<tintype::pointer>
    read_pointer(std::string_view name) const override {
        if constexpr (tintype::pointer_storage<Storage>) {
            return storage_.read_pointer(name);
        } else {
            return no_pointers(name);
        }
    }

    [[nodiscard]] tintype::result<std::string>
    swap_pointer(std::string_view name, std::string_view tag,
                 tintype::byte_view bytes) const override {
        if constexpr (tintype::pointer_storage<Storage>) {
            return storage_.swap_pointer(name, tag, bytes);
        } else {
            return no_pointers(name);
        }
    }

private:
    [[nodiscard]] static std::unexpected<tintype::error> no_pointers(std::string_view name) {
        return tintype::fail({.code = tintype::errc::unsupported, .where = name});
    }

    Storage storage_;
};

} // namespace tool
