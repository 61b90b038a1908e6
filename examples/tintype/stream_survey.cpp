// Streams read to be looked at.

#include "stream_survey.hpp"

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/arrival.hpp>
#include <tintype/stream/importer.hpp>
#include <tintype/stream/scratch.hpp>
#include <tintype/stream/source.hpp>

#include "outcome.hpp"

#include <fmt/format.h>

#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace tool {

namespace {

using tintype::byte_view;
using tintype::errc;
using tintype::error;
using tintype::result;
using tintype::snapshot_chunk;
using checksums = tintype::vectorxlite::checksums;

// Files that are looked at and thrown away.
class discarded {
public:
    struct part {
        tintype::detail::descriptor file;
        std::string name;
    };

    explicit discarded(tintype::scratch_folder folder) : folder_(std::move(folder)) {}

    [[nodiscard]] result<part> create() {
        auto name = fmt::format("part-{}", next_++);
        auto file = folder_.create(name);
        return file ? part{*std::move(file), std::move(name)} : result<part>{tintype::pass(file)};
    }

    [[nodiscard]] result<void> write_at(part& to, std::uint64_t offset, byte_view bytes) {
        return tintype::detail::write_whole(to.file, offset, bytes, to.name);
    }

    [[nodiscard]] result<void> read_at(const part& from, std::uint64_t offset,
                                       tintype::mutable_bytes to) {
        return tintype::detail::read_whole(from.file, offset, to, from.name);
    }

    [[nodiscard]] result<void> truncate(part& of, std::uint64_t size) {
        return tintype::posix_filesystem{}.truncate(of.file, size);
    }

    [[nodiscard]] result<std::uint64_t> size(const part& of) {
        return tintype::detail::size_of(of.file);
    }

    [[nodiscard]] result<void> commit(const tintype::stream_metadata&, std::span<part>) {
        return {};
    }

private:
    tintype::scratch_folder folder_;
    std::uint64_t next_ = 0;
};

// The checksums of files whose chunks come one behind the other.
class hashed_files {
public:
    [[nodiscard]] result<void> begin(const tintype::stream_metadata& metadata) {
        auto over_all = checksums::for_digits(metadata.checksum);
        if (!over_all) {
            return tintype::pass(over_all);
        }
        tintype::update_with_files(*over_all, metadata.files);
        for (const tintype::file_info& each : metadata.files) {
            auto hash = checksums::for_digits(each.checksum);
            if (!hash) {
                return tintype::pass(hash);
            }
            files_.emplace(each.file_name, running{.hash = *std::move(hash)});
        }
        return over_all->check(metadata.checksum, "checksum of the snapshot");
    }

    void add(const tintype::file_piece& piece) {
        const auto at = files_.find(piece.file_name);
        if (at == files_.end() || at->second.size != piece.offset) {
            in_order_ = false;
            return;
        }
        at->second.hash.update(piece.data);
        at->second.size += piece.data.size();
    }

    [[nodiscard]] bool in_order() const noexcept { return in_order_; }

    void check(const tintype::stream_metadata& metadata, stream_damage& damage) const {
        for (const tintype::file_info& each : metadata.files) {
            const auto at = files_.find(each.file_name);
            if (at == files_.end() || at->second.size != each.file_size) {
                continue; // said already
            }
            if (auto good = at->second.hash.check(each.checksum, each.file_name); !good) {
                damage.note(good.error());
            }
        }
    }

private:
    struct running {
        checksums hash;
        std::uint64_t size = 0;
    };

    std::map<std::string, running, std::less<>> files_;
    bool in_order_ = true;
};

// Everything again, this time into files.
[[nodiscard]] result<void> check_on_disk(wire_kind wire, byte_view bytes,
                                         const tintype::monitor* watch, stream_damage& damage) {
    auto folder = tintype::scratch_folder::make();
    if (!folder) {
        return tintype::pass(folder);
    }
    memory_input from{bytes};
    const auto reader = reader_of(wire, from);
    tintype::importer<checksums, discarded> into{discarded{*std::move(folder)}, {.watch = watch}};
    const auto done = tintype::import_all(into, *reader);
    if (!done && is_of_the_system(done.error())) {
        return tintype::pass(done);
    }
    if (!done) {
        damage.note(done.error());
    }
    return {};
}

} // namespace

void stream_damage::note(const error& what) {
    const bool only_lacks = what.code == errc::incomplete_stream || what.code == errc::truncated;
    if (!only_lacks && !worst_) {
        worst_ = what;
    }
    if (!first_) {
        first_ = what;
    }
    // Only where it is told which chunks are lacking does that say something.
    if (what.code != errc::incomplete_stream && places_.size() < most_places) {
        places_.push_back(what);
    }
}

bool is_of_the_system(const error& what) noexcept {
    switch (what.code) {
    case errc::io:
    case errc::no_space:
    case errc::permission_denied:
    case errc::cancelled:
    case errc::out_of_memory:
    case errc::in_use:
    case errc::timed_out:
        return true;
    default:
        return what.system != 0;
    }
}

std::string listed(const std::vector<tintype::number_range>& sequences) {
    std::string text;
    for (const auto& [begin, end] : sequences) {
        text += text.empty() ? "" : ", ";
        if (end == std::numeric_limits<std::uint64_t>::max()) {
            text += fmt::format("{} and on", begin);
        } else if (end - begin == 1) {
            text += fmt::format("{}", begin);
        } else {
            text += fmt::format("{} to {}", begin, end - 1);
        }
    }
    return text;
}

error lacking(error what, const std::vector<tintype::number_range>& sequences) {
    if (!sequences.empty()) {
        what.where = "chunks lacking: " + listed(sequences);
    }
    return what;
}

std::string_view algorithm_of(std::string_view digits) noexcept {
    if (digits.size() == 2 * tintype::digest_size<tintype::sha256>) {
        return tintype::sha256::name;
    }
    return digits.size() == 2 * tintype::digest_size<tintype::poly31> ? tintype::poly31::name
                                                                      : "unknown";
}

json::object stream_survey::document() const {
    json::object all{
        {"format", "chunk-stream"}, {"wire", name_of(wire)},        {"chunks", chunks},
        {"complete", complete},     {"snapshot_id", json::value{}}, {"total_size", json::value{}}};
    json::array rows;
    if (metadata) {
        all[4].second = metadata->snapshot_id;
        all[5].second = metadata->total_size;
        for (const tintype::file_info& each : metadata->files) {
            rows.emplace_back(json::object{{"file_name", each.file_name},
                                           {"file_type", name_of(each.file_type)},
                                           {"file_size", each.file_size},
                                           {"checksum", each.checksum}});
        }
        all.emplace_back("files", std::move(rows));
        all.emplace_back("version", std::uint64_t{metadata->version});
        all.emplace_back("created_at", metadata->created_at);
        all.emplace_back("checksum", metadata->checksum);
        all.emplace_back("algorithm", algorithm_of(metadata->checksum));
    } else {
        all.emplace_back("files", std::move(rows));
    }
    if (!missing.empty()) {
        json::array ranges;
        for (const auto& [begin, end] : missing) {
            const bool open = end == std::numeric_limits<std::uint64_t>::max();
            ranges.emplace_back(json::object{
                {"first", begin}, {"last", open ? json::value{} : json::value{end - 1}}});
        }
        all.emplace_back("missing", std::move(ranges));
    }
    if (!places.empty()) {
        json::array told;
        for (const error& each : places) {
            told.emplace_back(
                json::object{{"offset", each.offset == error::no_offset ? json::value{}
                                                                        : json::value{each.offset}},
                             {"code", tintype::name_of(each.code)},
                             {"message", explained({}, each)}});
        }
        all.emplace_back("damage", std::move(told));
    }
    return all;
}

result<stream_survey> survey_stream(wire_kind wire, byte_input& from, std::uint64_t size,
                                    const byte_view* again, const tintype::monitor* watch) {
    stream_survey seen{.wire = wire};
    stream_damage damage;
    tintype::arrival arrived;
    hashed_files hashes;
    const auto reader = reader_of(wire, from);
    snapshot_chunk chunk;
    while (!reader->over()) {
        if (watch != nullptr) {
            if (auto go_on = watch->report({.done = reader->offset(), .total = size}); !go_on) {
                return tintype::pass(go_on);
            }
        }
        const auto more = reader->next(chunk);
        if (!more && is_of_the_system(more.error())) {
            return tintype::pass(more);
        }
        if (!more) {
            damage.note(more.error());
            continue;
        }
        if (auto good = arrived.check(chunk); !good) {
            damage.note(good.error());
            continue;
        }
        if (chunk.metadata && !arrived.metadata()) {
            if (auto good = hashes.begin(*chunk.metadata); !good) {
                damage.note(good.error());
            }
        }
        if (chunk.file_chunk) {
            hashes.add(*chunk.file_chunk);
        }
        arrived.take(chunk);
    }
    // What is behind the final chunk.
    const auto behind = reader->next(chunk);
    if (!behind && is_of_the_system(behind.error())) {
        return tintype::pass(behind);
    }
    if (!behind && !damage.first()) {
        damage.note(behind.error());
    }

    seen.chunks = arrived.count();
    seen.metadata = arrived.metadata();
    seen.missing = arrived.missing();
    const auto whole = arrived.check_complete();
    seen.complete = whole.has_value();
    if (arrived.metadata() && hashes.in_order()) {
        hashes.check(*arrived.metadata(), damage);
    }
    if (whole && !damage.first() && !hashes.in_order()) {
        if (again == nullptr) {
            damage.note({.code = errc::unsupported,
                         .where = name_of(wire),
                         .during = "chunks out of order can be checked in a file, not in a pipe"});
        } else if (auto done = check_on_disk(wire, *again, watch, damage); !done) {
            return tintype::pass(done);
        }
    }
    seen.places = damage.places();
    if (damage.worst()) {
        seen.damage = damage.worst();
    } else if (!whole) {
        seen.damage = lacking(whole.error(), seen.missing);
    } else if (damage.first()) {
        seen.damage = damage.first();
    }
    return seen;
}

} // namespace tool
