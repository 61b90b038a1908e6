#pragma once

// The library's versioned manager over every format of the table at once: a codec that recognises
// what it decodes and encodes a snapshot as what it is. Folders may hold several formats.

#include <tintype/formats/velesdb.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/manager/retention.hpp>
#include <tintype/manager/versioned.hpp>
#include <tintype/storage/concept.hpp>

#include "format.hpp"
#include "store.hpp"
#include "text.hpp"

#include <string>
#include <type_traits>
#include <utility>

namespace tool {

class any_codec {
public:
    [[nodiscard]] std::uint64_t size(const snapshot& state) const { return state.body->size(); }

    template <tintype::byte_sink Sink>
    [[nodiscard]] tintype::result<void> encode(const snapshot& state, Sink& sink) const {
        struct passed_on : byte_output {
            Sink* to;

            [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) override {
                return to->write(bytes);
            }
        } out;

        out.to = &sink;
        return state.body->encode(out);
    }

    template <std::same_as<snapshot> State>
    [[nodiscard]] tintype::result<State> decode(tintype::byte_view bytes,
                                                const tintype::decode_options& options = {}) const {
        return kind_of(bytes).decode(bytes, options);
    }

    // The format, once everything that can be checked was: nothing is copied for that.
    template <std::same_as<snapshot> State>
    [[nodiscard]] tintype::result<const format*>
    view(tintype::byte_view bytes, const tintype::decode_options& options = {}) const {
        const format& kind = kind_of(bytes);
        if (const auto good = kind.verify(bytes, options); !good) {
            return tintype::pass(good);
        }
        return &kind;
    }

private:
    // What stands in a version's file and is of no format is a damaged one of the newest format
    // that folders keep, which says best what is wrong with it.
    [[nodiscard]] static const format& kind_of(tintype::byte_view bytes) {
        const format* kind = recognised(bytes);
        return kind != nullptr ? *kind : *expected_in(tintype::velesdb::snapshot_names::name(1));
    }
};

static_assert(tintype::viewable_codec<any_codec, snapshot>);

using snapshot_names = tintype::velesdb::snapshot_names;

template <tintype::retention_policy Retention, tintype::storage_policy Store = store>
using snapshot_folder = tintype::versioned_manager<snapshot, any_codec, Store, tintype::no_hash,
                                                   Retention, snapshot_names>;

// A command that only looks leaves alone what crashed writers left behind: it must work in a folder
// that it may not write into.
enum class purpose { look, change };

template <tintype::retention_policy Retention, tintype::storage_policy Store>
[[nodiscard]] outcome<snapshot_folder<Retention, Store>>
open_versions(const Store& place, Retention retention, const tintype::monitor& watch, purpose why) {
    tintype::manager_options options{.decode = {.watch = &watch}};
    if (why == purpose::look) {
        options.sweep_grace = std::chrono::nanoseconds::max();
    }
    auto folder = snapshot_folder<Retention, Store>::open(place, std::move(retention), options);
    if (!folder) {
        return failed(place.where(), folder.error());
    }
    return *std::move(folder);
}

// The path of a version, for people.
[[nodiscard]] inline std::string path_of(const std::string& folder, std::uint64_t version) {
    return joined(folder, snapshot_names::name(version));
}

} // namespace tool
