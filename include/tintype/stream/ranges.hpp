#pragma once

// Which numbers of a sequence are there: chunks, or the bytes of a file, that arrived in any order.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

namespace tintype::inline v0 {

// From `begin` up to and without `end`.
struct number_range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    [[nodiscard]] constexpr bool empty() const noexcept { return begin == end; }

    friend constexpr bool operator==(const number_range&, const number_range&) = default;
};

// Ranges that touch are one, so that what comes in order takes no more memory than one range.
class number_ranges {
public:
    void add(number_range what) {
        if (what.empty()) {
            return;
        }
        auto at = ranges_.upper_bound(what.begin);
        if (at != ranges_.begin()) {
            const auto before = std::prev(at);
            if (before->second >= what.begin) {
                at = before;
                what.begin = before->first;
            }
        }
        for (; at != ranges_.end() && at->first <= what.end; at = ranges_.erase(at)) {
            what.end = what.end < at->second ? at->second : what.end;
        }
        ranges_.emplace_hint(at, what.begin, what.end);
    }

    [[nodiscard]] bool contains(number_range what) const {
        const auto behind = ranges_.upper_bound(what.begin);
        return what.empty() || (behind != ranges_.begin() && std::prev(behind)->second >= what.end);
    }

    // How many ranges add() would make one with it.
    [[nodiscard]] std::size_t touched(number_range what) const {
        std::size_t count = 0;
        auto at = ranges_.upper_bound(what.end);
        while (at != ranges_.begin() && std::prev(at)->second >= what.begin) {
            --at;
            ++count;
        }
        return count;
    }

    // The parts of `within` that are there, or those that are not, in order.
    [[nodiscard]] std::vector<number_range> present(number_range within) const {
        std::vector<number_range> found;
        walk(within, [&](number_range each, bool there) {
            if (there) {
                found.push_back(each);
            }
        });
        return found;
    }

    [[nodiscard]] std::vector<number_range> absent(number_range within) const {
        std::vector<number_range> found;
        walk(within, [&](number_range each, bool there) {
            if (!there) {
                found.push_back(each);
            }
        });
        return found;
    }

    // How many ranges there are: what this costs.
    [[nodiscard]] std::size_t size() const noexcept { return ranges_.size(); }

    // Behind the last; 0 where there is none.
    [[nodiscard]] std::uint64_t end() const noexcept {
        return ranges_.empty() ? 0 : std::prev(ranges_.end())->second;
    }

    // How many numbers there are.
    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t all = 0;
        for (const auto& [begin, end] : ranges_) {
            all += end - begin;
        }
        return all;
    }

private:
    template <class Visit>
    void walk(number_range within, Visit visit) const {
        auto at = ranges_.upper_bound(within.begin);
        if (at != ranges_.begin() && std::prev(at)->second > within.begin) {
            --at;
        }
        while (!within.empty()) {
            const auto next =
                at == ranges_.end() || at->first > within.end ? within.end : at->first;
            if (next > within.begin) {
                visit(number_range{within.begin, next}, false);
                within.begin = next;
                continue;
            }
            const auto until = at->second < within.end ? at->second : within.end;
            visit(number_range{within.begin, until}, true);
            within.begin = until;
            ++at;
        }
    }

    std::map<std::uint64_t, std::uint64_t> ranges_; // begin to end
};

} // namespace tintype::inline v0
