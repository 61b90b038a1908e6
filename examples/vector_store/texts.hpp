#pragma once

// The texts that there are to know: the paragraphs of the text files in some folders, each folder a
// shelf. The same folders give the same paragraphs in the same order.

#include <tintype/core/mix.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

struct paragraph {
    std::string source; // the file, within its folder
    std::string text;   // one line of printable ASCII
};

struct shelf {
    std::string name;
    std::vector<paragraph> paragraphs;
};

class library {
public:
    // Each folder is a path, or NAME=PATH. Of each, `most` paragraphs are taken.
    library(const std::vector<std::string>& folders, std::size_t most) {
        for (const std::string& each : folders) {
            const auto cut = each.find('=');
            const std::filesystem::path path =
                cut == std::string::npos ? each : each.substr(cut + 1);
            const auto last = path.has_filename() ? path : path.parent_path();
            shelf read{.name = cut == std::string::npos ? last.filename().string()
                                                        : each.substr(0, cut),
                       .paragraphs = {}};
            fill(read, path);
            shuffle(read.paragraphs);
            read.paragraphs.resize(std::min(most, read.paragraphs.size()));
            if (!read.paragraphs.empty()) {
                shelves_.push_back(std::move(read));
            }
        }
    }

    [[nodiscard]] const std::vector<shelf>& shelves() const { return shelves_; }

    [[nodiscard]] std::size_t files() const { return files_; }

    [[nodiscard]] std::size_t paragraphs() const {
        std::size_t sum = 0;
        for (const shelf& each : shelves_) {
            sum += each.paragraphs.size();
        }
        return sum;
    }

private:
    void fill(shelf& into, const std::filesystem::path& folder) {
        namespace fs = std::filesystem;
        std::vector<fs::path> paths;
        std::error_code skipped;
        for (auto at = fs::recursive_directory_iterator{folder, skipped};
             !skipped && at != fs::recursive_directory_iterator{}; at.increment(skipped)) {
            const auto kind = at->path().extension();
            if (at->is_regular_file(skipped) && !at->is_symlink(skipped) &&
                (kind.empty() || kind == ".md" || kind == ".txt")) {
                paths.push_back(at->path());
            }
        }
        std::ranges::sort(paths);
        for (const fs::path& path : paths) {
            std::ifstream file{path, std::ios::binary};
            const std::string text{std::istreambuf_iterator<char>{file}, {}};
            ++files_;
            split(text, path.lexically_relative(folder).string(), into);
        }
    }

    // Sentences, not tables: mostly letters, and of ordinary length.
    [[nodiscard]] static bool readable(std::string_view text) {
        const auto letters = std::ranges::count_if(text, [](char c) {
            return c == ' ' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        });
        return text.size() >= 120 && text.size() <= 1200 &&
               std::cmp_greater(letters, text.size() / 10 * 9);
    }

    // What many files repeat, such as a licence, is taken once.
    void split(std::string_view text, const std::string& source, shelf& into) {
        std::string line;
        const auto finish = [&] {
            if (readable(line) && seen_.insert(line).second) {
                into.paragraphs.push_back({.source = source, .text = line});
            }
            line.clear();
        };
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            const auto before = line.size();
            for (const char c : text.substr(0, end)) {
                const bool blank = c == ' ' || c == '\t';
                if (c > ' ' && c <= '~') {
                    line += c;
                } else if (blank && !line.empty() && line.back() != ' ') {
                    line += ' ';
                }
            }
            const auto added = std::string_view{line}.substr(before);
            // Debian's copyright files have a "." in an empty line.
            if (added.find_first_not_of(" .") == std::string_view::npos) {
                line.resize(before);
                finish();
            } else if (line.back() != ' ') {
                line += ' ';
            }
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        finish();
    }

    static void shuffle(std::vector<paragraph>& all) {
        tintype::splitmix64 random{all.size()};
        for (std::size_t i = all.size(); i > 1; --i) {
            std::swap(all[i - 1], all[random() % i]);
        }
    }

    std::vector<shelf> shelves_;
    std::unordered_set<std::string> seen_;
    std::size_t files_ = 0;
};
