#pragma once

// Texts as points: words and pairs of neighbouring words, each hashed to a place and a sign. No
// model, no file, and the same text is the same point on every run.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

inline constexpr std::size_t dimensions = 256;

// Words of three letters and more that every text has, and that say nothing of it; in order.
inline constexpr std::array<std::string_view, 44> everywhere{
    "all",  "and",   "any",   "are",  "been", "but",  "can",   "does",  "each", "for",  "from",
    "had",  "has",   "have",  "how",  "into", "its",  "may",   "more",  "must", "not",  "one",
    "our",  "over",  "shall", "such", "than", "that", "the",   "their", "them", "then", "they",
    "this", "under", "was",   "were", "what", "when", "which", "who",   "will", "with", "you"};
static_assert(std::ranges::is_sorted(everywhere));

// Of length 1, or zero where there is no word.
[[nodiscard]] inline std::vector<float> embed(std::string_view text) {
    std::vector<float> point(dimensions);
    const auto add = [&](std::string_view feature, float weight) {
        std::uint64_t hash = 0xcbf29ce484222325U; // FNV-1a
        for (const char c : feature) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        }
        hash ^= hash >> 29U;
        point[hash % dimensions] += (hash >> 60U) % 2 == 0 ? weight : -weight;
    };
    std::string before;
    std::string word;
    const auto finish = [&] {
        if (word.size() >= 3 && !std::ranges::binary_search(everywhere, word)) {
            // "licence", "licences", "licensing"
            word.resize(std::min<std::size_t>(word.size(), 5));
            add(word, 1.0F);
            if (!before.empty()) {
                add(before + ' ' + word, 0.5F);
            }
            before = word;
        }
        word.clear();
    };
    for (const char c : text) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            word += c;
        } else if (c >= 'A' && c <= 'Z') {
            word += static_cast<char>(c - 'A' + 'a');
        } else {
            finish();
        }
    }
    finish();
    // A word that comes ten times does not say ten times as much.
    double length = 0;
    for (float& each : point) {
        each = std::copysign(std::sqrt(std::abs(each)), each);
        length += double{each} * double{each};
    }
    for (float& each : point) {
        each = length == 0 ? 0.0F : static_cast<float>(each / std::sqrt(length));
    }
    return point;
}
