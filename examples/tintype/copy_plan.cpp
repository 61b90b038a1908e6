// Finding out what there is to copy, and what is whole.

#include "copy_plan.hpp"

#include <tintype/chain/upkeep.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/hash/watched.hpp>

#include "chain_survey.hpp"
#include "format.hpp"
#include "text.hpp"
#include "versions.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

namespace tool {

namespace {

using tintype::errc;
using tintype::result;
using tintype::snapshot_info;

constexpr std::string_view pin_suffix = ".pin";

// Beside a version's object may stand what says its digest: a short text under its name and that of
// a hash.
[[nodiscard]] std::vector<std::string>
digests_beside(const std::string& name,
               const std::map<std::string, std::uint64_t, std::less<>>& sizes) {
    constexpr std::uint64_t longest = 1024;
    std::vector<std::string> all;
    const auto lead = name + ".";
    for (auto each = sizes.lower_bound(lead); each != sizes.end() && each->first.starts_with(lead);
         ++each) {
        const auto hash = std::string_view{each->first}.substr(lead.size());
        const bool plain = std::ranges::all_of(
            hash, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
        if (plain && !each->first.ends_with(pin_suffix) && each->second <= longest) {
            all.push_back(each->first);
        }
    }
    return all;
}

// An error if the digest is of this hash and not that of the bytes.
template <class Hash>
[[nodiscard]] result<void> held_against(tintype::byte_view bytes, std::string_view name,
                                        tintype::byte_view line, const tintype::monitor& watch) {
    if (!name.ends_with(std::string{"."}.append(Hash::name))) {
        return {};
    }
    const auto text = tintype::text_of(line);
    const auto stored =
        tintype::from_hex<typename Hash::digest_type>(text.substr(0, text.find(' ')));
    if (!stored) {
        return tintype::fail({.code = errc::invalid_value, .where = name, .found = text.size()});
    }
    const auto computed = tintype::watched_hash<Hash>(bytes, &watch);
    if (!computed) {
        return tintype::pass(computed);
    }
    if (*stored != *computed) {
        return tintype::fail({.code = errc::checksum_mismatch,
                              .where = name,
                              .found = tintype::leading_number(*stored),
                              .wanted = tintype::leading_number(*computed)});
    }
    return {};
}

template <class... Hashes>
[[nodiscard]] result<void> held_against_any(tintype::byte_view bytes, std::string_view name,
                                            tintype::byte_view line,
                                            const tintype::monitor& watch) {
    result<void> good;
    static_cast<void>(((good = held_against<Hashes>(bytes, name, line, watch)) && ...));
    return good;
}

} // namespace

outcome<copy_plan> copy_plan::of(terminal& on, const store& from, const copy_choice& choice) {
    copy_plan plan{from};
    const auto objects = from.list();
    if (!objects) {
        return failed(from.where(), objects.error());
    }
    for (const tintype::object_info& each : *objects) {
        plan.sizes_.emplace(each.name, each.size);
    }
    const bool all = choice.versions.empty() && choice.ids.empty();
    if (all || !choice.versions.empty()) {
        if (auto done = plan.add_versions(from, all ? nullptr : &choice.versions); !done) {
            return pass(done);
        }
    }
    if (all || !choice.ids.empty()) {
        if (auto done = plan.add_chain(on, from, all ? nullptr : &choice.ids); !done) {
            return pass(done);
        }
    }
    if (plan.items_.empty()) {
        return std::unexpected(failure{.how = status::system,
                                       .about = from.where(),
                                       .what = "there is no snapshot in this folder",
                                       .code = errc::not_found});
    }
    return plan;
}

void copy_plan::add(item of, std::vector<std::string> objects, std::optional<std::size_t> needs) {
    for (const std::string& name : objects) {
        const auto found = sizes_.find(name);
        bytes_ += found == sizes_.end() ? 0 : found->second;
    }
    const auto* id = of.name.get<std::string>();
    units_.push_back(
        {.name = id != nullptr ? *id : of.object, .objects = std::move(objects), .needs = needs});
    items_.push_back(std::move(of));
}

outcome<void> copy_plan::add_versions(const store& from, const std::vector<std::uint64_t>* chosen) {
    std::vector<std::uint64_t> versions;
    for (const auto& [name, size] : sizes_) {
        if (const auto version = snapshot_names::parse(name)) {
            versions.push_back(*version);
        }
    }
    std::ranges::sort(versions);
    for (const std::uint64_t each : chosen != nullptr ? *chosen : std::vector<std::uint64_t>{}) {
        if (!std::ranges::binary_search(versions, each)) {
            return failed(path_of(from.where(), each), {.code = errc::not_found});
        }
    }
    for (const std::uint64_t version : versions) {
        if (chosen != nullptr && std::ranges::find(*chosen, version) == chosen->end()) {
            continue;
        }
        const auto name = snapshot_names::name(version);
        auto objects = digests_beside(name, sizes_);
        objects.push_back(name);
        add({.name = version, .object = name}, std::move(objects), std::nullopt);
        if (auto pin = name + std::string{pin_suffix}; sizes_.contains(pin)) {
            const auto needs = units_.size() - 1;
            add({.name = version, .pin = true, .object = pin}, {pin}, needs);
        }
    }
    return {};
}

outcome<void> copy_plan::add_chain(terminal& on, const store& from,
                                   const std::vector<std::string>* chosen) {
    const auto seen = chain_in(from);
    if (!seen) {
        return std::unexpected(seen.error());
    }
    if (*seen) {
        kind_ = (*seen)->kind;
        chain_ = open_chain(known_.store(), *kind_, &on.watch(from.where()));
    }
    std::map<std::string_view, const seen_snapshot*> by_id;
    std::optional<chain_survey> found;
    if (*seen) {
        auto surveyed = survey_chain(on, from, *open_chain(from, *kind_, &on.watch(from.where())),
                                     look::manifests);
        if (!surveyed) {
            return std::unexpected(surveyed.error());
        }
        found = *std::move(surveyed);
        for (const seen_snapshot& each : found->snapshots) {
            by_id.emplace(each.id, &each);
        }
    }
    std::set<std::string_view> wanted;
    for (const std::string& id : chosen != nullptr ? *chosen : std::vector<std::string>{}) {
        if (!by_id.contains(id)) {
            return no_snapshot(from.where(), id, {.code = errc::not_found});
        }
        for (auto link = by_id.find(id);
             link != by_id.end() && wanted.insert(link->first).second;) {
            const auto& info = link->second->info;
            link = info && info->parent_id ? by_id.find(*info->parent_id) : by_id.end();
        }
    }
    std::vector<const snapshot_info*> whole;
    for (const auto& [id, snapshot] : by_id) {
        if (chosen != nullptr && !wanted.contains(id)) {
            continue;
        }
        if (snapshot->what) {
            auto what = *snapshot->what;
            what.what = reason_of(*snapshot);
            add({.name = id, .object = snapshot->file, .what = std::move(what)}, {}, std::nullopt);
        } else {
            whole.push_back(&*snapshot->info);
        }
    }
    std::map<std::string_view, std::size_t> places;
    for (const snapshot_info* each : std::views::reverse(tintype::children_first(whole))) {
        const auto parent = each->parent_id ? places.find(*each->parent_id) : places.end();
        places.emplace(each->id, units_.size());
        add({.name = each->id, .object = each->id + std::string{manifest_suffix}, .info = *each},
            {each->data, each->id + std::string{manifest_suffix}},
            parent == places.end() ? std::nullopt : std::optional{parent->second});
    }
    return {};
}

result<void> copy_plan::check(terminal& on, const tintype::copy_unit& unit) {
    item& of = items_[static_cast<std::size_t>(&unit - units_.data())];
    known_.forget();
    if (!of.what) {
        of.what = fault_of(on, of);
    }
    return of.what ? result<void>{tintype::fail({.code = of.what->code})} : result<void>{};
}

std::optional<failure> copy_plan::fault_of(terminal& on, const item& of) const {
    return of.pin ? std::nullopt : of.info ? fault_of_snapshot(on, of) : fault_of_version(on, of);
}

std::optional<failure> copy_plan::fault_of_version(terminal& on, const item& of) const {
    const auto path = joined(where_, of.object);
    const auto& watch = on.watch(path);
    const auto object = from().open(of.object);
    if (!object) {
        return failed(path, object.error()).error();
    }
    const format* kind = recognised(object->bytes());
    if (kind == nullptr) {
        kind = expected_in(of.object);
    }
    if (const auto good = kind->verify(object->bytes(), {.watch = &watch}); !good) {
        return failed_data(path, good.error()).error();
    }
    for (const std::string& name : digests_beside(of.object, sizes_)) {
        const auto line = from().open(name);
        if (!line) {
            return failed(joined(where_, name), line.error()).error();
        }
        const auto good =
            held_against_any<tintype::sha256, tintype::blake3, tintype::crc32c, tintype::crc32>(
                object->bytes(), name, line->bytes(), watch);
        if (!good) {
            return failed(path, good.error()).error();
        }
    }
    return std::nullopt;
}

std::optional<failure> copy_plan::fault_of_snapshot(terminal& on, const item& of) const {
    const auto path = joined(where_, of.info->data);
    static_cast<void>(on.watch(path));
    const auto now = chain_->metadata(of.info->id);
    if (!now) {
        return failed(joined(where_, of.object), now.error()).error();
    }
    if (*now != *of.info) {
        return failure{.how = status::system,
                       .about = joined(where_, of.object),
                       .what = "was written anew meanwhile: copy again",
                       .code = errc::in_use};
    }
    if (const auto good = chain_->check_data(*of.info); !good) {
        return failed_snapshot(path, good.error()).error();
    }
    return std::nullopt;
}

} // namespace tool
