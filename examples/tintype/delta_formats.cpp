// Histories, as the tool handles them: of any snapshots as far as records go, of cbtop's as far as
// each snapshot's own checksum.

#include "delta_formats.hpp"

#include <tintype/codec/columns.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/formats/cbtop.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>

#include "lent_storage.hpp"
#include "live_log.hpp"
#include "log_layout.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace tool {

namespace {

using tintype::byte_view;
using tintype::decode_options;
using tintype::errc;
using tintype::history_entry;
using tintype::history_group;
using tintype::history_survey;
using tintype::result;
using tintype::cbtop::profile_snapshot;

[[nodiscard]] bool is_profile(const history_survey& seen) {
    return seen.opening.schema == tintype::detail::schema_of_columns<profile_snapshot>();
}

// The snapshots that are there, each with the group that it is in.
template <class Visit>
void for_each_snapshot(const tintype::history_index& index, Visit visit) {
    for (auto place = index.at_or_after(0); place; place = index.after(*place)) {
        visit(index.entry(*place), index.groups()[place->group]);
    }
}

// Each record by its own checksum: the first that fails.
[[nodiscard]] result<void> check_records(byte_view bytes, const history_survey& seen,
                                         const decode_options& options) {
    result<void> good;
    const auto whole = bytes.first(static_cast<std::size_t>(bytes.size() - seen.tail));
    tintype::scan_log(whole, tintype::log_begin, [&]<class What>(const What& what) {
        if constexpr (std::is_same_v<What, tintype::log_record>) {
            if (good && options.watch != nullptr) {
                good = options.watch->report({.done = what.offset, .total = bytes.size()});
            }
            if (good) {
                const auto payload = tintype::log_payload(whole, what);
                good = payload ? result<void>{} : tintype::pass(payload);
            }
        }
    });
    return good;
}

// Each snapshot by the checksum that was taken of it.
[[nodiscard]] result<void> check_snapshots(byte_view bytes, const decode_options& options) {
    const auto reader =
        tintype::delta_reader<profile_snapshot, lent_storage>::open(lent_storage{bytes}, "history");
    if (!reader) {
        return tintype::pass(reader);
    }
    auto at = reader->read();
    for (const tintype::index_entry& each : reader->entries()) {
        if (options.watch != nullptr) {
            auto go_on = options.watch->report({.done = each.offset, .total = bytes.size()});
            if (!go_on) {
                return go_on;
            }
        }
        if (auto good = at.seek(each.index); !good) {
            return good;
        }
    }
    return {};
}

[[nodiscard]] result<void> check(byte_view bytes, const history_survey& seen,
                                 const decode_options& options) {
    if (!seen.damage.empty()) {
        return tintype::fail(seen.damage.front().why);
    }
    auto good = check_records(bytes, seen, options);
    if (good && is_profile(seen)) {
        good = check_snapshots(bytes, options);
    }
    return good ? check_tail(bytes, seen.tail) : good;
}

// All that is known of a history without its snapshots' content.
struct history_totals {
    struct kept {
        std::uint64_t snapshots = 0;
        std::uint64_t groups = 0;
        std::uint64_t size = 0; // bytes of records
    };

    std::uint64_t keyframes = 0;
    std::uint64_t deltas = 0;
    std::uint64_t packed = 0;
    std::uint64_t raw_size = 0;
    std::optional<std::uint64_t> first{}; // of the times
    std::optional<std::uint64_t> last{};
    std::array<kept, 3> tiers{};

    explicit history_totals(const tintype::history_index& index) {
        const history_group* before = nullptr;
        for_each_snapshot(index, [&](const history_entry& entry, const history_group& group) {
            const bool raw = group.kept_as == tintype::tier::raw;
            ++(!raw ? packed : entry.step == 0 ? keyframes : deltas);
            raw_size += entry.facts.size;
            first = std::min(first.value_or(entry.facts.time), entry.facts.time);
            last = std::max(last.value_or(entry.facts.time), entry.facts.time);
            kept& now = tiers[static_cast<std::size_t>(group.kept_as)];
            ++now.snapshots;
            if (std::exchange(before, &group) != &group) {
                ++now.groups;
                now.size += group.stored();
            }
        });
    }
};

void add_totals(json::object& document, const history_survey& seen) {
    const history_totals all{seen.index};
    document.insert(document.end(), {{"snapshots", seen.index.count()},
                                     {"keyframes", all.keyframes},
                                     {"deltas", all.deltas},
                                     {"packed", all.packed},
                                     {"raw_size", all.raw_size},
                                     {"stored_size", seen.index.live()},
                                     {"first_ns", all.first},
                                     {"last_ns", all.last},
                                     {"next_index", seen.index.next()},
                                     {"keyframe_interval", seen.opening.interval},
                                     {"tail_bytes", seen.tail},
                                     {"schema", seen.opening.schema}});
    json::array rows;
    for (std::size_t i = 0; i != all.tiers.size(); ++i) {
        rows.emplace_back(json::object{{"tier", tintype::name_of(static_cast<tintype::tier>(i))},
                                       {"snapshots", all.tiers[i].snapshots},
                                       {"groups", all.tiers[i].groups},
                                       {"stored_size", all.tiers[i].size}});
    }
    document.emplace_back("tiers", std::move(rows));
    if (const auto lost = seen.index.lost(); !lost.empty()) {
        json::array ranges;
        for (const tintype::index_range& each : lost) {
            ranges.emplace_back(json::object{{"first", each.first}, {"last", each.last}});
        }
        document.emplace_back("lost", std::move(ranges));
    }
    if (!seen.damage.empty()) {
        json::array places;
        for (const tintype::log_damage& each : seen.damage) {
            places.emplace_back(json::object{{"offset", each.offset},
                                             {"size", each.size},
                                             {"code", tintype::name_of(each.why.code)},
                                             {"message", explained({}, each.why)}});
        }
        document.emplace_back("damage", std::move(places));
    }
}

[[nodiscard]] std::uint64_t tail_of(byte_view bytes) {
    const auto seen = history_survey::of(bytes);
    return seen ? seen->tail : 0;
}

class delta_format : public format {
public:
    [[nodiscard]] std::string_view name() const override { return "delta-store"; }

    [[nodiscard]] std::string_view family() const override { return "delta-store"; }

    [[nodiscard]] std::string_view about() const override {
        return "history of snapshots: keyframes, deltas, packed blocks";
    }

    [[nodiscard]] likeness recognise(byte_view bytes) const override {
        const auto magic = tintype::bytes_of(tintype::history_magic);
        const auto stem = magic.first(magic.size() - 1); // without the digit of its version
        if (bytes.size() < magic.size() || !std::ranges::equal(bytes.first(stem.size()), stem)) {
            return likeness::none;
        }
        return bytes[stem.size()] == magic.back() ? likeness::exact : likeness::family;
    }

    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        const auto seen = history_survey::of(bytes);
        return seen ? check(bytes, *seen, options) : tintype::pass(seen);
    }

    [[nodiscard]] result<void> verify_file(const input& file,
                                           const decode_options& options) const override {
        return verify(steady_input{file, tail_of}.bytes(), options);
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        const auto seen = history_survey::of(bytes);
        inspection all{.document = {{"format", family()}, {"size", std::uint64_t{bytes.size()}}},
                       .damage = {}};
        if (!seen) {
            all.damage = seen.error();
            return all;
        }
        add_totals(all.document, *seen);
        if (auto good = check(bytes, *seen, options); !good) {
            if (good.error().code == errc::cancelled) {
                return tintype::pass(good);
            }
            all.damage = good.error();
        }
        return all;
    }

    [[nodiscard]] result<inspection> inspect_file(const input& file,
                                                  const decode_options& options) const override {
        return inspect(steady_input{file, tail_of}.bytes(), options);
    }

    [[nodiscard]] std::optional<list_layout> layout() const override {
        return log_layout(tintype::history_magic);
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes, const decode_options&) const override {
        if (auto good = tintype::check_log_magic(bytes, tintype::history_magic); !good) {
            return tintype::pass(good);
        }
        return tintype::fail({.code = errc::unsupported,
                              .where = family(),
                              .during = "a history is no single snapshot; `history` shows those "
                                        "in it, and `history --cleanup` writes it anew"});
    }
};

const delta_format delta;

} // namespace

std::vector<const format*> delta_formats() {
    return {&delta};
}

} // namespace tool
