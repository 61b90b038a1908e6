#pragma once

// A decorator around any filesystem policy: it asks before each call whether to make it, may
// shorten what a write or a read moves, and tells afterwards that it was made.

#include <tintype/storage/filesystem.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

enum class call_kind : std::uint8_t {
    open_folder,
    make_folder,
    create,
    open,
    reserve,
    write,
    flush_behind,
    sync,
    close,
    rename_new,
    rename_over,
    remove,
    sync_folder,
    entries,
    names,
    size,
    read,
    map,
    lock,
    open_to_append,
    truncate,
    try_lock,
    make_folder_in,
    open_folder_in,
    open_to_write,
    write_at,
    link_new,
    copy_mode,
};

struct call {
    call_kind kind{};
    std::string_view name{};               // that the call is about, where it is told one
    std::size_t at_most = ~std::size_t{0}; // bytes that a write or a read may move
};

struct interception {
    // An error is returned in place of making the call.
    std::function<tintype::result<void>(call&)> before{};
    std::function<void(const call&, bool done)> after{};
};

template <tintype::filesystem_policy Base>
class intercepted {
public:
    using folder = typename Base::folder;
    using file = typename Base::file;
    using mapping = typename Base::mapping;

    explicit intercepted(Base base = Base{},
                         std::shared_ptr<interception> hooks = std::make_shared<interception>())
        : base_(std::move(base)), hooks_(std::move(hooks)) {}

    [[nodiscard]] tintype::result<folder> open_folder(const std::string& path) const {
        return through({call_kind::open_folder, path},
                       [&](const call&) { return base_.open_folder(path); });
    }

    [[nodiscard]] tintype::result<void> make_folder(const std::string& path) const {
        return through({call_kind::make_folder, path},
                       [&](const call&) { return base_.make_folder(path); });
    }

    [[nodiscard]] tintype::result<file> create(folder& in, const std::string& name) const {
        return through({call_kind::create, name},
                       [&](const call&) { return base_.create(in, name); });
    }

    [[nodiscard]] tintype::result<file> open(folder& in, const std::string& name) const {
        return through({call_kind::open, name}, [&](const call&) { return base_.open(in, name); });
    }

    [[nodiscard]] tintype::result<void> reserve(file& to, std::uint64_t size) const {
        return through({call_kind::reserve}, [&](const call&) { return base_.reserve(to, size); });
    }

    [[nodiscard]] tintype::result<std::size_t>
    write(file& to, std::span<const tintype::byte_view> pieces) const {
        return through({call_kind::write}, [&](const call& what) {
            std::vector<tintype::byte_view> shortened;
            for (std::size_t left = what.at_most; const tintype::byte_view piece : pieces) {
                shortened.push_back(piece.first(std::min(left, piece.size())));
                left -= shortened.back().size();
            }
            return base_.write(to, shortened);
        });
    }

    [[nodiscard]] tintype::result<void> flush_behind(file& of, std::uint64_t begin,
                                                     std::uint64_t size) const {
        return through({call_kind::flush_behind},
                       [&](const call&) { return base_.flush_behind(of, begin, size); });
    }

    [[nodiscard]] tintype::result<void> sync(file& of) const {
        return through({call_kind::sync}, [&](const call&) { return base_.sync(of); });
    }

    [[nodiscard]] tintype::result<void> close(file& of) const {
        return through({call_kind::close}, [&](const call&) { return base_.close(of); });
    }

    [[nodiscard]] tintype::result<void> rename_new(folder& in, const std::string& from,
                                                   const std::string& to) const {
        return through({call_kind::rename_new, to},
                       [&](const call&) { return base_.rename_new(in, from, to); });
    }

    [[nodiscard]] tintype::result<void> rename_over(folder& in, const std::string& from,
                                                    const std::string& to) const {
        return through({call_kind::rename_over, to},
                       [&](const call&) { return base_.rename_over(in, from, to); });
    }

    [[nodiscard]] tintype::result<void> remove(folder& in, const std::string& name) const {
        return through({call_kind::remove, name},
                       [&](const call&) { return base_.remove(in, name); });
    }

    [[nodiscard]] tintype::result<void> sync_folder(folder& of) const {
        return through({call_kind::sync_folder},
                       [&](const call&) { return base_.sync_folder(of); });
    }

    [[nodiscard]] tintype::result<std::vector<tintype::object_info>> entries(folder& in) const {
        return through({call_kind::entries}, [&](const call&) { return base_.entries(in); });
    }

    [[nodiscard]] tintype::result<std::vector<std::string>> names(folder& in) const {
        return through({call_kind::names}, [&](const call&) { return base_.names(in); });
    }

    [[nodiscard]] tintype::result<std::uint64_t> size(file& of) const {
        return through({call_kind::size}, [&](const call&) { return base_.size(of); });
    }

    [[nodiscard]] tintype::result<std::size_t> read(file& from, std::uint64_t offset,
                                                    tintype::mutable_bytes to) const {
        return through({call_kind::read}, [&](const call& what) {
            return base_.read(from, offset, to.first(std::min(what.at_most, to.size())));
        });
    }

    [[nodiscard]] tintype::result<mapping> map(file& from, std::uint64_t size) const {
        return through({call_kind::map}, [&](const call&) { return base_.map(from, size); });
    }

    [[nodiscard]] tintype::result<void> lock(folder& of) const {
        return through({call_kind::lock}, [&](const call&) { return base_.lock(of); });
    }

    [[nodiscard]] tintype::result<file> open_to_append(folder& in, const std::string& name) const
    requires tintype::appending_filesystem<Base>
    {
        return through({call_kind::open_to_append, name},
                       [&](const call&) { return base_.open_to_append(in, name); });
    }

    [[nodiscard]] tintype::result<void> truncate(file& of, std::uint64_t size) const
    requires tintype::appending_filesystem<Base>
    {
        return through({call_kind::truncate},
                       [&](const call&) { return base_.truncate(of, size); });
    }

    [[nodiscard]] tintype::result<file> try_lock(folder& in, const std::string& name) const
    requires tintype::appending_filesystem<Base>
    {
        return through({call_kind::try_lock, name},
                       [&](const call&) { return base_.try_lock(in, name); });
    }

    [[nodiscard]] tintype::result<void> make_folder_in(folder& in, const std::string& name) const
    requires tintype::linking_filesystem<Base>
    {
        return through({call_kind::make_folder_in, name},
                       [&](const call&) { return base_.make_folder_in(in, name); });
    }

    [[nodiscard]] tintype::result<folder> open_folder_in(folder& in, const std::string& name) const
    requires tintype::linking_filesystem<Base>
    {
        return through({call_kind::open_folder_in, name},
                       [&](const call&) { return base_.open_folder_in(in, name); });
    }

    [[nodiscard]] tintype::result<file> open_to_write(folder& in, const std::string& name) const
    requires tintype::linking_filesystem<Base>
    {
        return through({call_kind::open_to_write, name},
                       [&](const call&) { return base_.open_to_write(in, name); });
    }

    [[nodiscard]] tintype::result<std::size_t> write_at(file& to, std::uint64_t offset,
                                                        tintype::byte_view bytes) const
    requires tintype::linking_filesystem<Base>
    {
        return through({call_kind::write_at}, [&](const call& what) {
            return base_.write_at(to, offset, bytes.first(std::min(what.at_most, bytes.size())));
        });
    }

    [[nodiscard]] tintype::result<void> link_new(folder& from, const std::string& name, folder& to,
                                                 const std::string& other) const
    requires tintype::linking_filesystem<Base>
    {
        return through({call_kind::link_new, other},
                       [&](const call&) { return base_.link_new(from, name, to, other); });
    }

    [[nodiscard]] tintype::result<bool> copy_mode(folder& from, const std::string& name,
                                                  file& to) const
    requires tintype::linking_filesystem<Base>
    {
        return through({call_kind::copy_mode, name},
                       [&](const call&) { return base_.copy_mode(from, name, to); });
    }

    [[nodiscard]] tintype::timestamp now() const { return base_.now(); }

private:
    template <class Make>
    [[nodiscard]] auto through(call what, Make make) const -> decltype(make(what)) {
        if (hooks_->before) {
            if (auto allowed = hooks_->before(what); !allowed) {
                return tintype::pass(allowed);
            }
        }
        auto outcome = make(what);
        if (hooks_->after) {
            hooks_->after(what, outcome.has_value());
        }
        return outcome;
    }

    Base base_;
    std::shared_ptr<interception> hooks_;
};

} // namespace tests
