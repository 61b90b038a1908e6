#pragma once

// The agent and what it reads. Its mind is four payloads, each described to the library like any
// other state: facts, episodes, habits, and when to forget.

#include <tintype/codec/raw.hpp>
#include <tintype/formats/velesdb.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Passages of the text files in some folders, in a fixed order.
class library {
public:
    explicit library(const std::vector<std::string>& folders) {
        namespace fs = std::filesystem;
        std::vector<fs::path> paths;
        for (const auto& folder : folders) {
            std::error_code skipped;
            for (const auto& each : fs::recursive_directory_iterator{folder, skipped}) {
                if (each.is_regular_file(skipped) && !each.is_symlink(skipped)) {
                    paths.push_back(each.path());
                }
            }
        }
        std::ranges::sort(paths);
        for (const auto& path : paths) {
            std::ifstream file{path, std::ios::binary};
            const std::string text{std::istreambuf_iterator<char>{file}, {}};
            bytes_ += text.size();
            ++files_;
            split(text);
        }
    }

    [[nodiscard]] bool empty() const { return passages_.empty(); }

    [[nodiscard]] std::size_t files() const { return files_; }

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    [[nodiscard]] std::size_t passages() const { return passages_.size(); }

    // After the last comes the first again.
    [[nodiscard]] std::string_view passage(std::uint64_t step) const {
        return passages_[step % passages_.size()];
    }

private:
    void split(std::string_view text) {
        while (!text.empty()) {
            const auto end = std::min(text.find("\n\n"), text.size());
            if (text.substr(0, end).find_first_not_of(" \n\t") != std::string_view::npos) {
                passages_.emplace_back(text.substr(0, end));
            }
            text.remove_prefix(std::min(end + 2, text.size()));
        }
    }

    std::vector<std::string> passages_;
    std::size_t files_ = 0;
    std::size_t bytes_ = 0;
};

struct fact_table {
    BOOST_HANA_DEFINE_STRUCT(fact_table, (std::vector<std::string>, facts));
};

using fact_payload =
    tintype::section_list<tintype::frames<"facts", tintype::raw_codec, std::uint32_t>>;

// What one passage brought.
struct episode {
    BOOST_HANA_DEFINE_STRUCT(episode, (std::uint64_t, step), (std::uint32_t, bytes),
                             (std::uint32_t, new_facts));
};

struct episode_table {
    BOOST_HANA_DEFINE_STRUCT(episode_table, (std::vector<episode>, episodes));
};

using episode_payload = tintype::section_list<tintype::records<"episodes", episode>>;

struct habit_table {
    BOOST_HANA_DEFINE_STRUCT(habit_table, (std::vector<std::string>, words),
                             (std::vector<std::uint32_t>, uses));
};

using habit_payload =
    tintype::section_list<tintype::frames<"words", tintype::raw_codec, std::uint8_t>,
                          tintype::records<"uses", std::uint32_t>>;

class agent {
public:
    [[nodiscard]] std::uint64_t steps() const { return episodes_.size(); }

    [[nodiscard]] std::size_t facts() const { return facts_.size(); }

    // Sentences become facts, words become habits, and the reading itself an episode.
    void learn(std::string_view passage) {
        const auto before = facts_.size();
        for (std::string_view rest = passage; !rest.empty();) {
            const auto end = std::min(rest.find(". "), rest.size());
            auto sentence = words_of(rest.substr(0, end));
            if (!sentence.empty()) {
                facts_.insert(std::move(sentence));
            }
            rest.remove_prefix(std::min(end + 2, rest.size()));
        }
        episodes_.push_back({.step = steps(),
                             .bytes = static_cast<std::uint32_t>(passage.size()),
                             .new_facts = static_cast<std::uint32_t>(facts_.size() - before)});
    }

    [[nodiscard]] std::string favourite_words(std::size_t how_many) const {
        std::vector<std::pair<std::uint32_t, std::string>> all;
        for (const auto& [word, uses] : habits_) {
            if (word.size() > 6) {
                all.emplace_back(uses, word);
            }
        }
        std::ranges::sort(all, std::greater<>{});
        std::string line;
        for (std::size_t i = 0; i != std::min(how_many, all.size()); ++i) {
            line += fmt::format("{}{} ({})", i == 0 ? "" : ", ", all[i].second, all[i].first);
        }
        return line;
    }

    [[nodiscard]] tintype::result<tintype::velesdb::memory_state> to_state() const {
        namespace veles = tintype::velesdb;
        habit_table habits;
        for (const auto& [word, uses] : habits_) {
            habits.words.push_back(word);
            habits.uses.push_back(uses);
        }
        veles::ttl_table<veles::ttl_entry> ttl;
        for (const episode& each : episodes_) {
            // An episode is worth remembering for a thousand steps.
            ttl.entries.push_back({.kind = veles::memory_kind::episodic,
                                   .id = each.step,
                                   .expires_at = each.step + 1000,
                                   .created_at = each.step});
        }
        auto semantic = tintype::encode<fact_payload>(fact_table{{facts_.begin(), facts_.end()}});
        auto episodic = tintype::encode<episode_payload>(episode_table{episodes_});
        auto procedural = tintype::encode<habit_payload>(habits);
        auto forgetting = tintype::encode<veles::ttl_payload<veles::ttl_entry>>(ttl);
        for (const auto* each : {&semantic, &episodic, &procedural, &forgetting}) {
            if (!*each) {
                return tintype::pass(*each);
            }
        }
        return veles::memory_state{*std::move(semantic), *std::move(episodic),
                                   *std::move(procedural), *std::move(forgetting)};
    }

    [[nodiscard]] static tintype::result<agent> from(const tintype::velesdb::memory_state& state) {
        auto facts = tintype::decode<fact_payload, fact_table>(state.semantic);
        auto episodes = tintype::decode<episode_payload, episode_table>(state.episodic);
        auto habits = tintype::decode<habit_payload, habit_table>(state.procedural);
        if (!facts) {
            return tintype::pass(facts);
        }
        if (!episodes) {
            return tintype::pass(episodes);
        }
        if (!habits) {
            return tintype::pass(habits);
        }
        if (habits->words.size() != habits->uses.size()) {
            return tintype::fail({.code = tintype::errc::invalid_value,
                                  .where = "procedural",
                                  .found = habits->uses.size(),
                                  .wanted = habits->words.size()});
        }
        agent mind;
        mind.facts_ = {facts->facts.begin(), facts->facts.end()};
        mind.episodes_ = std::move(episodes->episodes);
        for (std::size_t i = 0; i != habits->words.size(); ++i) {
            mind.habits_[habits->words[i]] = habits->uses[i];
        }
        return mind;
    }

private:
    // The sentence with single spaces; each of its words is used once more.
    std::string words_of(std::string_view sentence) {
        std::string clean;
        std::string word;
        const auto finish = [&] {
            if (!word.empty()) {
                (clean += clean.empty() ? "" : " ") += word;
                // A habit's word has a length of one byte.
                ++habits_[word.substr(0, 255)];
                word.clear();
            }
        };
        for (const char c : sentence) {
            if (c == ' ' || c == '\n' || c == '\t') {
                finish();
            } else {
                word += c;
            }
        }
        finish();
        return clean;
    }

    std::set<std::string> facts_;
    std::vector<episode> episodes_;
    std::map<std::string, std::uint32_t> habits_;
};
