// A store over another.

#include "remembering.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::result;
using objects = std::map<std::string, store_object, std::less<>>;

// Passes everything on but the opening of what is known.
class remembering_place : public place {
public:
    remembering_place(store of, std::shared_ptr<objects> seen)
        : of_(std::move(of)), seen_(std::move(seen)) {}

    [[nodiscard]] result<void> require() const override { return {}; }

    [[nodiscard]] result<store_staged> stage(const tintype::stage_options& options) const override {
        return of_.stage(options);
    }

    [[nodiscard]] result<store_object> open(std::string_view name,
                                            tintype::access how) const override {
        if (const auto known = seen_->find(name); known != seen_->end()) {
            return known->second;
        }
        auto object = of_.open(name, how);
        if (object) {
            seen_->emplace(name, *object);
        }
        return object;
    }

    [[nodiscard]] result<std::size_t> read(std::string_view name, std::uint64_t offset,
                                           tintype::mutable_bytes into) const override {
        return of_.read(name, offset, into);
    }

    [[nodiscard]] result<std::vector<tintype::object_info>> list() const override {
        return of_.list();
    }

    [[nodiscard]] result<std::vector<std::string>> names() const override { return of_.names(); }

    [[nodiscard]] result<bool> remove(std::string_view name) const override {
        return of_.remove(name);
    }

    [[nodiscard]] result<void> sync() const override { return of_.sync(); }

    [[nodiscard]] result<store_lock> lock() const override { return of_.lock(); }

    [[nodiscard]] result<std::size_t> sweep(std::chrono::nanoseconds grace) const override {
        return of_.sweep(grace);
    }

    [[nodiscard]] bool keeps_pointers() const noexcept override { return false; }

    [[nodiscard]] result<tintype::pointer> read_pointer(std::string_view name) const override {
        return tintype::fail({.code = tintype::errc::unsupported, .where = name});
    }

    [[nodiscard]] result<std::string> swap_pointer(std::string_view name, std::string_view,
                                                   tintype::byte_view) const override {
        return tintype::fail({.code = tintype::errc::unsupported, .where = name});
    }

private:
    store of_;
    std::shared_ptr<objects> seen_;
};

} // namespace

remembering::remembering(const class store& of)
    : store_(of.where(), std::make_shared<remembering_place>(of, seen_)) {}

} // namespace tool
