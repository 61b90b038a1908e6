#pragma once

// An index of hnswlib's as a source of the stream, and back. hnswlib throws, and does not look
// whether it could write: both end here. It believes any file that it is given, and a damaged one
// can load and then crash in a search, so nothing is loaded before its digest was verified. The
// only header that includes hnswlib, which needs exceptions.

#if !defined(__cpp_exceptions)
#error "tintype: <tintype/stream/hnsw.hpp> needs exceptions, because hnswlib throws them"
#endif

#if !__has_include(<hnswlib/hnswlib.h>)
#error "tintype: install hnswlib for hnswlib/hnswlib.h (Debian: libhnswlib-dev)"
#endif

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/stream/capture.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/pace.hpp>
#include <tintype/stream/source.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <hnswlib/hnswlib.h>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

// hnswlib's exceptions as values.
template <class Call>
[[nodiscard]] result<void> caught(std::string_view name, std::string_view during, Call call) {
    try {
        call();
        return {};
    } catch (const std::bad_alloc&) {
        return fail({.code = errc::out_of_memory, .where = name, .during = during});
    } catch (const std::exception& what) {
        return fail({.code = errc::io,
                     .where = std::string{name}.append(": ").append(what.what()),
                     .during = during});
    }
}

// What saveIndex() writes before the elements.
template <class Distance>
inline constexpr std::size_t saved_header_size = [] {
    using index = hnswlib::HierarchicalNSW<Distance>;
    return sizeof index::offsetLevel0_ + sizeof index::max_elements_ +
           sizeof index::cur_element_count + sizeof index::size_data_per_element_ +
           sizeof index::label_offset_ + sizeof index::offsetData_ + sizeof index::maxlevel_ +
           sizeof index::enterpoint_node_ + sizeof index::maxM_ + sizeof index::maxM0_ +
           sizeof index::M_ + sizeof index::mult_ + sizeof index::ef_construction_;
}();

// The bytes that saveIndex() writes if nothing goes wrong.
template <class Distance>
[[nodiscard]] std::uint64_t saved_size(const hnswlib::HierarchicalNSW<Distance>& index) {
    std::uint64_t size = saved_header_size<Distance>;
    const std::size_t count = index.cur_element_count;
    size += std::uint64_t{count} * index.size_data_per_element_;
    for (std::size_t i = 0; i != count; ++i) {
        const auto levels = static_cast<std::uint64_t>(std::max(index.element_levels_[i], 0));
        size += sizeof(unsigned int) + levels * index.size_links_per_element_;
    }
    return size;
}

} // namespace detail

// The index is saved while the guard is held: nobody may add to it then. It must stay until the
// exporter is open.
template <class Distance = float>
class hnsw_source {
public:
    explicit hnsw_source(hnswlib::HierarchicalNSW<Distance>& index,
                         std::string name = "index_0.idx")
        : index_(&index), name_(std::move(name)) {}

    [[nodiscard]] result<void> pin(capture& into) {
        if (auto good = good_name(name_); !good) {
            return good;
        }
        const auto folder = into.scratch();
        if (!folder) {
            return pass(folder);
        }
        const auto path = (*folder)->path_of(name_);
        auto saved = detail::caught(name_, "hnswlib saveIndex", [&] { index_->saveIndex(path); });
        if (!saved) {
            return saved;
        }
        auto file = (*folder)->open(name_);
        const auto size = file ? detail::size_of(*file) : result<std::uint64_t>{pass(file)};
        if (!size) {
            return pass(size);
        }
        const auto wanted = detail::saved_size(*index_);
        if (*size != wanted) {
            return fail({.code = errc::io,
                         .where = name_,
                         .found = *size,
                         .wanted = wanted,
                         .during = "hnswlib saveIndex: not all was written"});
        }
        if (auto stay = into.go_on(*size); !stay) {
            return stay;
        }
        return into.add_file(name_, file_kind::hnsw_index, *std::move(file));
    }

    [[nodiscard]] result<void> collect(capture&) { return {}; }

private:
    hnswlib::HierarchicalNSW<Distance>* index_;
    std::string name_;
};

// Whether a file is the one that the metadata speaks of.
template <hash_policy Hash>
[[nodiscard]] result<void> verify_file(const std::string& path, const file_info& expected,
                                       const monitor* watch = nullptr) {
    const auto digest = from_hex<typename Hash::digest_type>(expected.checksum);
    if (!digest) {
        return fail({.code = errc::invalid_value,
                     .where = expected.file_name + ": not a checksum by " + std::string{Hash::name},
                     .found = expected.checksum.size(),
                     .wanted = 2 * digest_size<Hash>});
    }
    const auto file = detail::open_regular(path);
    const auto size = file ? detail::size_of(*file) : result<std::uint64_t>{pass(file)};
    if (!size) {
        return pass(size);
    }
    if (*size != expected.file_size) {
        const bool less = *size < expected.file_size;
        return fail({.code = less ? errc::truncated : errc::trailing_bytes,
                     .where = expected.file_name,
                     .found = less ? *size : *size - expected.file_size,
                     .wanted = less ? expected.file_size : 0});
    }
    const pace by{std::nullopt, watch};
    Hash hash{};
    blob buffer(static_cast<std::size_t>(std::min<std::uint64_t>(*size, std::size_t{1} << 18U)));
    for (std::uint64_t at = 0; at != *size;) {
        const auto piece = mutable_bytes{buffer}.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), *size - at)));
        if (auto read = detail::read_whole(*file, at, piece, expected.file_name); !read) {
            return read;
        }
        hash.update(piece);
        at += piece.size();
        if (auto stay = by.go_on({.done = at, .total = *size}); !stay) {
            return stay;
        }
    }
    if (const auto found = hash.finish(); found != *digest) {
        return fail({.code = errc::checksum_mismatch,
                     .where = expected.file_name,
                     .found = leading_number(*digest),
                     .wanted = leading_number(found)});
    }
    return {};
}

// The index in a file, after the file's size and digest were verified. `space` must outlive it and
// be that which the index was made with. `room` is for how many elements; never less than it has.
// Of 0 it is as before, but hnswlib forgets the room of an index that has none.
template <hash_policy Hash, class Distance = float>
[[nodiscard]] result<std::unique_ptr<hnswlib::HierarchicalNSW<Distance>>>
load_index(const std::string& path, const file_info& expected,
           hnswlib::SpaceInterface<Distance>& space, std::size_t room = 0,
           const monitor* watch = nullptr) {
    using index_type = hnswlib::HierarchicalNSW<Distance>;
    if (auto good = verify_file<Hash>(path, expected, watch); !good) {
        return pass(good);
    }
    // hnswlib does not see that it read past the end of a shorter one.
    if (expected.file_size < detail::saved_header_size<Distance>) {
        return fail({.code = errc::invalid_value,
                     .where = expected.file_name,
                     .found = expected.file_size,
                     .wanted = detail::saved_header_size<Distance>});
    }
    std::unique_ptr<index_type> index;
    auto loaded = detail::caught(expected.file_name, "hnswlib loadIndex", [&] {
        index = std::make_unique<index_type>(&space, path, false, room);
    });
    if (!loaded) {
        return pass(loaded);
    }
    // An index made with another space has elements of another size: its data would be read past
    // its end.
    const std::size_t data = index->label_offset_ - index->offsetData_;
    if (data != space.get_data_size()) {
        return fail({.code = errc::invalid_value,
                     .where = expected.file_name + ": bytes of an element's vector",
                     .found = data,
                     .wanted = space.get_data_size()});
    }
    // Not every release counts them from zero.
    index->num_deleted_ = 0;
    for (std::size_t i = 0; i != index->cur_element_count; ++i) {
        index->num_deleted_ +=
            index->isMarkedDeleted(static_cast<hnswlib::tableint>(i)) ? std::size_t{1} : 0;
    }
    return index;
}

} // namespace tintype::inline v0
