#pragma once

// A history as it is lived: each step is done to the real manager and to the model, and then all
// that is there is held against the model. The first thing that is wrong ends it.

#include <tintype/chain/chain_manager.hpp>
#include <tintype/core/message.hpp>
#include <tintype/storage/memory.hpp>

#include "answers.hpp"
#include "held.hpp"
#include "live.hpp"
#include "model.hpp"
#include "steps.hpp"
#include "stores.hpp"
#include "support/clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

// How often what happened, over many histories: a property that never came to its point says
// nothing.
using occurrences = std::map<std::string_view, std::size_t>;

template <class World>
class story {
    using store_type = typename World::store_type;
    using codec_type = typename World::codec_type;
    using storage_type = tintype::basic_memory_storage<manual_clock>;
    using manager_type =
        tintype::chain_manager<store_type, storage_type, codec_type, tintype::crc32c,
                               tintype::keep_last, tintype::timed_ids<>, manual_clock>;
    using model_type = chain_model<World>;
    using contents = plain_copy<World>;
    using is_right = answers<World>;
    using code = tintype::errc;

    static constexpr std::size_t most_links = 5;
    static constexpr std::string_view unknown = "snap_7_x";

public:
    explicit story(occurrences& seen) : seen_(seen), manager_(opened()) {}

    // What is wrong, with all that was done up to there.
    [[nodiscard]] complaint live(const history& of) {
        for (const step& each : of.steps) {
            ++seen_["steps"];
            told_ << "\n  " << each;
            complaint wrong = done(each);
            if (!wrong) {
                wrong = held<World, manager_type>{manager_, model_}.everything(stores_);
            }
            if (wrong) {
                return "after" + told_.str() + "\n" + *wrong;
            }
        }
        return std::nullopt;
    }

private:
    [[nodiscard]] manager_type opened() const {
        return manager_type::open(
                   storage_, tintype::keep_last{tintype::positive::of(keep_).value()},
                   {.most_links = most_links, .sweep_grace = std::chrono::nanoseconds{0}}, {}, {},
                   clock_)
            .value();
    }

    [[nodiscard]] complaint done(const step& of) {
        live_store<World>& here = stores_[of.store];
        if (here.edited(of)) {
            return std::nullopt;
        }
        switch (of.what) {
        case deed::full:
            return full(here);
        case deed::incremental:
            return incremental(here, of);
        case deed::restore:
            return restore(here, of);
        case deed::upsert:
            return upsert(here, of);
        case deed::remove:
            return remove(of);
        case deed::compact:
            return compact(of);
        case deed::prune:
            return prune();
        case deed::reopen:
            keep_ = std::array<std::size_t, 4>{1, 2, 3, 1000}[of.value % 4U];
            manager_ = opened();
            return std::nullopt;
        case deed::set_clock:
            set_clock(of.value);
            return std::nullopt;
        default:
            return diff(of);
        }
    }

    [[nodiscard]] static complaint refused(const auto& outcome, code wanted) {
        if (outcome) {
            return "it was to be refused: " + std::string{name_of(wanted)};
        }
        return outcome.error().code == wanted
                   ? std::nullopt
                   : complaint{"refused, but by " + tintype::message(outcome.error())};
    }

    [[nodiscard]] std::string id_of(std::size_t back) const {
        const auto* at = model_.newest_but(back);
        return at != nullptr ? at->id : std::string{unknown};
    }

    [[nodiscard]] static std::optional<std::vector<std::string>> asked(const step& of) {
        auto names = names_of(of);
        return names.empty() ? std::nullopt : std::optional{std::move(names)};
    }

    [[nodiscard]] complaint full(live_store<World>& here) {
        const std::string text = "full " + std::to_string(taken_);
        const auto taken = manager_.create_full(here.store, {.description = text});
        if (!taken) {
            return tintype::message(taken.error());
        }
        ++seen_["fulls"];
        return took(here, *taken, {taken_, taken->info.id, std::nullopt, text, here.plain, {}},
                    names_in(here.plain));
    }

    [[nodiscard]] complaint incremental(live_store<World>& here, const step& of) {
        const auto* parent = model_.newest_but(of.back);
        if (model_.all().empty() && of.value % 4 != 0) {
            return full(here);
        }
        const auto names = asked(of);
        auto passing = here.touched(id_of(of.back));
        const auto taken =
            manager_.create_incremental(here.store, id_of(of.back), {.parts = names});
        if (parent == nullptr) {
            return refused(taken, code::not_found);
        }
        if (model_.path(parent->id).size() >= most_links) {
            ++seen_["chains too long"];
            return refused(taken, code::limit_exceeded);
        }
        contents holds = parent->holds;
        std::vector<std::string> covered;
        std::set<std::string> all;
        for (const auto* side : {&here.plain.parts, &holds.parts}) {
            for (const auto& [name, records] : *side) {
                all.insert(name);
            }
        }
        for (const std::string& name : names.value_or(std::vector(all.begin(), all.end()))) {
            if (!all.contains(name)) {
                return refused(taken, code::not_found);
            }
            covered.push_back(name);
        }
        if (!taken) {
            return tintype::message(taken.error());
        }
        for (const std::string& name : covered) {
            if (auto wrong = is_right::costs(here, taken->info, name, *parent, names.has_value())) {
                return wrong;
            }
            const auto now = here.plain.parts.find(name);
            if (now != here.plain.parts.end()) {
                holds.parts.insert_or_assign(name, now->second);
            } else {
                holds.parts.erase(name);
            }
        }
        if (taken->info.pieces.size() > covered.size() + is_right::sides) {
            return "the increment holds parts that it was not asked for";
        }
        holds.side = here.plain.side;
        ++seen_[names ? "increments of named parts" : "increments"];
        return took(here, *taken,
                    {taken_, taken->info.id, parent->id, std::nullopt, holds, std::move(passing)},
                    covered);
    }

    static constexpr std::size_t sides = tintype::described<typename contents::side_type> ? 2 : 0;

    [[nodiscard]] static std::vector<std::string> names_in(const contents& of) {
        std::vector<std::string> names;
        for (const auto& [name, records] : of.parts) {
            names.push_back(name);
        }
        return names;
    }

    [[nodiscard]] complaint took(live_store<World>& here, const tintype::taken_snapshot& taken,
                                 typename model_type::snapshot made,
                                 const std::vector<std::string>& covered) {
        ++taken_;
        told_ << ": #" << made.number;
        if (!ids_.insert(made.id).second) {
            return made.id + " was given before";
        }
        here.taken(covered, made.id);
        model_.add(std::move(made));
        return gone(taken.cleanup, model_.keep_last(keep_), "let go by retention");
    }

    // Exactly these went, children before their parents.
    [[nodiscard]] complaint gone(const tintype::removed_snapshots& outcome,
                                 const std::set<std::string>& wanted, std::string_view why) {
        if (!outcome.failures.empty()) {
            return "not removed: " + tintype::message(outcome.failures.front());
        }
        if (std::set(outcome.removed.begin(), outcome.removed.end()) != wanted ||
            outcome.removed.size() != wanted.size()) {
            return std::to_string(outcome.removed.size()) + " went, not " +
                   std::to_string(wanted.size());
        }
        seen_[why] += wanted.size();
        return std::nullopt;
    }

    [[nodiscard]] complaint restore(live_store<World>& here, const step& of) {
        const auto* from = model_.newest_but(of.back);
        const auto names = asked(of);
        const auto outcome = manager_.restore(here.store, id_of(of.back), {.parts = names});
        if (from == nullptr) {
            return refused(outcome, code::not_found);
        }
        std::size_t records = 0;
        const auto all = names.value_or(names_in(from->holds));
        for (const std::string& name : all) {
            const auto at = from->holds.parts.find(name);
            if (at == from->holds.parts.end()) {
                return refused(outcome, code::not_found);
            }
            records += at->second.size();
        }
        if (!outcome) {
            return tintype::message(outcome.error());
        }
        if (outcome->id != from->id || outcome->parts != all.size() ||
            outcome->records != records) {
            return "restored " + std::to_string(outcome->parts) + " parts and " +
                   std::to_string(outcome->records) + " records";
        }
        if (names) {
            for (const std::string& name : *names) {
                here.plain.parts.insert_or_assign(name, from->holds.parts.at(name));
            }
        } else {
            for (const std::string_view name : part_names) {
                here.forget(std::string{name});
            }
            here.plain = from->holds;
        }
        here.taken(all, from->id);
        ++seen_[names ? "restores of named parts" : "restores"];
        return std::nullopt;
    }

    [[nodiscard]] complaint upsert(live_store<World>& here, const step& of) {
        const auto* from = model_.newest_but(of.back);
        const auto names = asked(of);
        const auto outcome = manager_.restore(
            here.store, id_of(of.back), {.mode = tintype::restore_mode::upsert, .parts = names});
        if (from == nullptr) {
            return refused(outcome, code::not_found);
        }
        for (const std::string& name : names.value_or(std::vector<std::string>{})) {
            if (!is_right::ever_had(model_, from->id, name)) {
                return refused(outcome, code::not_found);
            }
        }
        if (!outcome) {
            return tintype::message(outcome.error());
        }
        ++seen_["upserts"];
        const auto now = contents::of(here.store);
        if (!now) {
            return "a key is there twice";
        }
        for (const std::string_view name : part_names) {
            here.blur(std::string{name});
        }
        return is_right::put_into(std::exchange(here.plain, *now), *now, model_, *from, names);
    }

    [[nodiscard]] complaint remove(const step& of) {
        const auto* target = model_.newest_but(of.key);
        const bool rebase = of.value % 2 != 0;
        const auto outcome =
            manager_.remove(id_of(of.key), rebase ? tintype::removal::rebase_children
                                                  : tintype::removal::refuse_parents);
        if (target == nullptr) {
            return outcome && !*outcome ? std::nullopt : complaint{"it removed what was not there"};
        }
        const std::size_t children = model_.children(target->id);
        if (children != 0 && !rebase) {
            ++seen_["parents that stay"];
            return refused(outcome, code::in_use);
        }
        if (children != 0 && !codec_type::names_data) {
            return refused(outcome, code::unsupported);
        }
        if (!outcome || !*outcome) {
            return outcome ? "nothing was removed" : tintype::message(outcome.error());
        }
        ++seen_[children != 0 ? "removals that rebase" : "removals"];
        model_.remove(target->id);
        return std::nullopt;
    }

    [[nodiscard]] complaint compact(const step& of) {
        const auto* target = model_.newest_but(of.back);
        const auto outcome = manager_.compact(id_of(of.back));
        if (target == nullptr) {
            return refused(outcome, code::not_found);
        }
        const std::string id = target->id;
        const std::size_t links = model_.path(id).size();
        if (!codec_type::names_data && of.back != 0 && links != 1) {
            return refused(outcome, code::unsupported);
        }
        if (!outcome) {
            return tintype::message(outcome.error());
        }
        if (outcome->info.type != tintype::snapshot_kind::full ||
            (outcome->info.id == id) != (codec_type::names_data || links == 1)) {
            return "it is " + outcome->info.id + " that stands for the chain";
        }
        std::optional<std::pair<std::string, std::size_t>> copy;
        if (outcome->info.id != id) {
            copy.emplace(outcome->info.id, taken_++);
            ids_.insert(outcome->info.id);
        }
        seen_["compactions"] += links != 1 ? 1 : 0;
        return gone(outcome->cleanup, model_.compact(id, copy), "let go by compaction");
    }

    [[nodiscard]] complaint prune() {
        const auto planned = manager_.plan();
        const auto outcome = manager_.prune();
        if (!planned || !outcome) {
            return tintype::message(planned ? outcome.error() : planned.error());
        }
        const auto wanted = model_.keep_last(keep_);
        for (const auto& each : *planned) {
            if (each.keep == wanted.contains(each.info.id)) {
                return each.info.id + " was planned otherwise: " + each.reason;
            }
        }
        return gone(*outcome, wanted, "pruned");
    }

    void set_clock(unsigned value) const {
        using namespace std::chrono_literals;
        constexpr std::array<std::chrono::nanoseconds, 8> jumps{1ns,       1ms,  1s,  1h,
                                                                24h * 400, -1ns, -1s, -24h * 400};
        const auto at = value % 16;
        if (at < jumps.size()) {
            clock_.advance(jumps[at]);
        } else {
            constexpr std::array<std::int64_t, 4> times{0, -1, 7'000'000'000'000'000'000,
                                                        1'700'000'000'000'000'000};
            clock_.set(tintype::timestamp{std::chrono::nanoseconds{times[at % times.size()]}});
        }
    }

    [[nodiscard]] complaint diff(const step& of) {
        const auto* before = model_.newest_but(of.back);
        const auto* after = model_.newest_but(of.key);
        const auto outcome = manager_.diff(id_of(of.back), id_of(of.key));
        if (before == nullptr || after == nullptr) {
            return refused(outcome, code::not_found);
        }
        if (!outcome) {
            return tintype::message(outcome.error());
        }
        ++seen_["differences"];
        return is_right::makes(before->holds, after->holds, *outcome);
    }

    occurrences& seen_;
    manual_clock clock_{tintype::timestamp{std::chrono::hours{24 * 365 * 50}}};
    storage_type storage_{clock_};
    std::size_t keep_ = 1000;
    manager_type manager_;
    std::array<live_store<World>, 2> stores_{};
    model_type model_{};
    std::size_t taken_ = 0;
    std::set<std::string> ids_{};
    std::ostringstream told_{};
};

} // namespace tests
