#pragma once

// A storage as an object store is one: whatever another keeps, but nothing can be appended to. Each
// call is counted, and may be made to fail, before it does anything or after it did.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/storage/pointer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

enum class storage_call : std::uint8_t { stage, write, publish, replace, open, list, remove, sync };

enum class storage_fault : std::uint8_t { none, before, after };

struct storage_hooks {
    // Asked with each call and the name that it is about.
    std::function<storage_fault(storage_call, std::string_view)> on{};
    bool claims_lost = false;
};

// How much a model can do beside the concept.
enum class storage_extras : std::uint8_t { claims, leases, parts };

template <tintype::appendable_storage Base = tintype::memory_storage,
          storage_extras Extras = storage_extras::claims>
class unappendable {
    template <class Call>
    [[nodiscard]] static auto through(storage_hooks& hooks, storage_call kind,
                                      std::string_view name, Call call) -> decltype(call()) {
        const auto fault = hooks.on ? hooks.on(kind, name) : storage_fault::none;
        const auto failed = tintype::fail({.code = tintype::errc::io, .where = name});
        if (fault == storage_fault::before) {
            return failed;
        }
        auto done = call();
        if (fault == storage_fault::after) {
            return failed;
        }
        return done;
    }

public:
    class staged {
    public:
        staged(tintype::staged_of<Base> object, std::shared_ptr<storage_hooks> hooks)
            : object_(std::move(object)), hooks_(std::move(hooks)) {}

        [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) {
            return through(*hooks_, storage_call::write, "", [&] { return object_.write(bytes); });
        }

        [[nodiscard]] tintype::result<void> publish(std::string_view name) {
            return through(*hooks_, storage_call::publish, name,
                           [&] { return object_.publish(name); });
        }

        [[nodiscard]] tintype::result<void> replace(std::string_view name) {
            return through(*hooks_, storage_call::replace, name,
                           [&] { return object_.replace(name); });
        }

    private:
        tintype::staged_of<Base> object_;
        std::shared_ptr<storage_hooks> hooks_;
    };

    // One that can be lost.
    class claim_type {
    public:
        claim_type(tintype::claim_of<Base> claim, std::shared_ptr<storage_hooks> hooks)
            : claim_(std::move(claim)), hooks_(std::move(hooks)) {}

        [[nodiscard]] tintype::result<void> check() const {
            if (hooks_->claims_lost) {
                return tintype::fail({.code = tintype::errc::timed_out});
            }
            return {};
        }

    private:
        tintype::claim_of<Base> claim_;
        std::shared_ptr<storage_hooks> hooks_;
    };

    explicit unappendable(Base base = Base{}) : base_(std::move(base)) {}

    [[nodiscard]] const Base& base() const noexcept { return base_; }

    [[nodiscard]] storage_hooks& hooks() const noexcept { return *hooks_; }

    // The same objects, asked for by another process: nothing but the objects is shared.
    [[nodiscard]] unappendable elsewhere() const { return unappendable{base_}; }

    [[nodiscard]] tintype::result<staged> stage(const tintype::stage_options& options = {}) const {
        return through(*hooks_, storage_call::stage, "", [&]() -> tintype::result<staged> {
            auto made = base_.stage(options);
            return made ? tintype::result<staged>{staged{*std::move(made), hooks_}}
                        : tintype::pass(made);
        });
    }

    [[nodiscard]] auto open(std::string_view name,
                            tintype::access how = tintype::access::map) const {
        return through(*hooks_, storage_call::open, name, [&] { return base_.open(name, how); });
    }

    [[nodiscard]] tintype::result<std::vector<tintype::object_info>> list() const {
        return through(*hooks_, storage_call::list, "", [&] { return base_.list(); });
    }

    [[nodiscard]] tintype::result<std::vector<std::string>> names() const {
        return through(*hooks_, storage_call::list, "", [&] { return base_.names(); });
    }

    [[nodiscard]] tintype::result<bool> remove(std::string_view name) const {
        return through(*hooks_, storage_call::remove, name, [&] { return base_.remove(name); });
    }

    [[nodiscard]] tintype::result<void> sync() const {
        return through(*hooks_, storage_call::sync, "", [&] { return base_.sync(); });
    }

    [[nodiscard]] auto lock() const
    requires tintype::lockable_storage<Base>
    {
        return base_.lock();
    }

    [[nodiscard]] tintype::result<claim_type> claim(std::string_view name) const
    requires(Extras != storage_extras::leases)
    {
        auto made = base_.claim(name);
        return made ? tintype::result<claim_type>{claim_type{*std::move(made), hooks_}}
                    : tintype::pass(made);
    }

    [[nodiscard]] auto sweep(std::chrono::nanoseconds grace) const
    requires tintype::sweepable_storage<Base>
    {
        return base_.sweep(grace);
    }

    // A prefix, and a part, in one request.
    [[nodiscard]] tintype::result<std::vector<tintype::object_info>>
    list(std::string_view beginning) const
    requires(Extras == storage_extras::parts)
    {
        auto all = list();
        if (all) {
            std::erase_if(*all,
                          [&](const auto& each) { return !each.name.starts_with(beginning); });
        }
        return all;
    }

    [[nodiscard]] tintype::result<std::size_t> read(std::string_view name, std::uint64_t offset,
                                                    tintype::mutable_bytes to) const
    requires(Extras == storage_extras::parts)
    {
        const auto object = open(name);
        if (!object) {
            return tintype::pass(object);
        }
        const auto all = object->bytes();
        const auto part = all.subspan(std::min<std::size_t>(offset, all.size()));
        const auto size = std::min(part.size(), to.size());
        tintype::copy_bytes(part.first(size), to.data());
        return size;
    }

    [[nodiscard]] auto read_pointer(std::string_view name) const
    requires(Extras == storage_extras::leases && tintype::keeps_pointers<Base>)
    {
        return base_.read_pointer(name);
    }

    [[nodiscard]] auto swap_pointer(std::string_view name, std::string_view tag,
                                    tintype::byte_view bytes) const
    requires(Extras == storage_extras::leases && tintype::keeps_pointers<Base>)
    {
        return base_.swap_pointer(name, tag, bytes);
    }

private:
    Base base_;
    std::shared_ptr<storage_hooks> hooks_ = std::make_shared<storage_hooks>();
};

} // namespace tests
