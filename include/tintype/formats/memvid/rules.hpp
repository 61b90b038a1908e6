#pragma once

// How memvid's engine replays: it does nothing again but searches, and otherwise looks whether the
// store is as the session left it.

#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/formats/memvid/types.hpp>
#include <tintype/replay/engine.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0::memvid {

struct search_hit {
    std::uint64_t frame_id = 0;
    std::optional<float> score{}; // 0 to 1
};

// search(query, most): the best hits, at most so many.
template <class S>
concept replay_store = requires(const S& store, std::uint64_t number, std::string_view query) {
    { store.frame_count() } -> std::convertible_to<std::uint64_t>;
    { store.contains(number) } -> std::convertible_to<bool>;
    { store.search(query, number) } -> std::same_as<result<std::vector<search_hit>>>;
};

struct rule_settings {
    bool skip_puts = false; // updates and deletions too
    bool skip_finds = false;
    bool skip_asks = false;
    std::optional<std::uint64_t> top_k{}; // of searches, instead of as many as were found
    bool adaptive = false;                // count only hits of at least that score
    float min_relevancy = 0.5F;
    bool audit = false; // an ask must have recorded which frames it was answered from
    std::optional<std::string> use_model{}; // of an audit; it is shown
};

// Where the original begins: with the action that the checkpoint was taken behind.
[[nodiscard]] inline replay_options from_checkpoint(std::uint64_t id) {
    return {.from_checkpoint = id, .repeat_checkpointed = true};
}

class rules {
public:
    rules() = default;

    explicit rules(rule_settings settings) : settings_(std::move(settings)) {}

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store& store, const put& what,
                                          const replay_action&) const {
        if (settings_.skip_puts) {
            return skipped();
        }
        const std::uint64_t frames = store.frame_count();
        return frames != 0
                   ? step_outcome{verdict::matched, "put of frame " + text(what.frame_id) + ", " +
                                                        text(frames) + " frames in the store"}
                   : mismatch("no frames in the store");
    }

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store& store, const put_many& what,
                                          const replay_action&) const {
        if (settings_.skip_puts) {
            return skipped();
        }
        const auto there = static_cast<std::uint64_t>(std::ranges::count_if(
            what.frame_ids, [&](std::uint64_t id) { return store.contains(id); }));
        return there == what.count
                   ? step_outcome{}
                   : mismatch("expected " + text(what.count) + " frames, found " + text(there));
    }

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store& store, const find& what,
                                          const replay_action&) const {
        if (settings_.skip_finds) {
            return skipped();
        }
        const std::uint64_t most = settings_.top_k.value_or(what.result_count);
        const auto hits = store.search(what.query, most);
        if (!hits) {
            return mismatch("search failed: " + message(hits.error()));
        }
        const auto found =
            static_cast<std::uint64_t>(std::ranges::count_if(*hits, [&](const search_hit& hit) {
                return !settings_.adaptive || hit.score.value_or(0) >= settings_.min_relevancy;
            }));
        if (found == what.result_count) {
            return {verdict::matched, settings_.adaptive
                                          ? "matched with scores of at least " +
                                                std::to_string(settings_.min_relevancy)
                                          : std::string{}};
        }
        return mismatch("expected " + text(what.result_count) + " results, got " + text(found) +
                        (settings_.top_k ? " of at most " + text(most) : std::string{}) +
                        listed(*hits));
    }

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store&, const ask& what,
                                          const replay_action& action) const {
        if (settings_.skip_asks) {
            return skipped();
        }
        std::string shown = '"' + what.query + "\" to " + what.provider + ':' + what.model;
        if (settings_.audit && settings_.use_model) {
            shown += ", now " + *settings_.use_model;
        }
        shown += ", from frames [";
        for (std::size_t i = 0; i != action.affected.size(); ++i) {
            shown += (i == 0 ? "" : ", ") + text(action.affected[i]);
        }
        shown += "], answered \"" + action.output_preview + '"';
        const bool frozen = !action.affected.empty();
        return {settings_.audit && !frozen ? verdict::mismatched : verdict::matched,
                std::move(shown)};
    }

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store&, const mark& what,
                                          const replay_action&) const {
        return {verdict::matched, "checkpoint " + text(what.checkpoint_id)};
    }

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store& store, const update& what,
                                          const replay_action&) const {
        if (settings_.skip_puts) {
            return skipped();
        }
        return store.contains(what.frame_id)
                   ? step_outcome{}
                   : mismatch("frame " + text(what.frame_id) + " is not there");
    }

    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store& store, const erase& what,
                                          const replay_action&) const {
        if (settings_.skip_puts) {
            return skipped();
        }
        return store.contains(what.frame_id)
                   ? mismatch("frame " + text(what.frame_id) + " is still there")
                   : step_outcome{};
    }

    // A tool's answer is not the store's to give.
    template <replay_store Store>
    [[nodiscard]] step_outcome operator()(const Store&, const tool_call& what,
                                          const replay_action&) const {
        return {verdict::skipped, "tool call of " + what.name};
    }

private:
    [[nodiscard]] static std::string text(std::uint64_t number) { return std::to_string(number); }

    [[nodiscard]] static step_outcome skipped() { return {verdict::skipped, "skipped"}; }

    [[nodiscard]] static step_outcome mismatch(std::string why) {
        return {verdict::mismatched, std::move(why)};
    }

    // Which frames, and how good they are: what a search with another top k is made for.
    [[nodiscard]] static std::string listed(const std::vector<search_hit>& hits) {
        std::string all;
        for (const search_hit& hit : hits) {
            all += (all.empty() ? ": " : ", ") + text(hit.frame_id);
            if (hit.score) {
                all += " (" + std::to_string(*hit.score) + ')';
            }
        }
        return all;
    }

    rule_settings settings_{};
};

} // namespace tintype::inline v0::memvid
