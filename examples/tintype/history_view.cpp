// Walking through a history and showing what is found, damage included.

#include "history_view.hpp"

#include <tintype/core/clock.hpp>
#include <tintype/delta/reader.hpp>
#include <tintype/formats/cbtop.hpp>

#include "document.hpp"
#include "history_file.hpp"
#include "json.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::errc;
using tintype::cbtop::profile_snapshot;
using reader_type = tintype::delta_reader<profile_snapshot>;

// A small history is copied: whoever has mapped a tail that a writer cuts off dies of it.
constexpr std::uint64_t map_from = std::uint64_t{64} << 20U;

[[nodiscard]] outcome<reader_type> opened(const std::string& path) {
    const auto place = place_of_history(path);
    if (!place) {
        return std::unexpected(place.error());
    }
    auto reader = reader_type::open(
        place->storage, place->name,
        {.how = place->size < map_from ? tintype::access::copy : tintype::access::map});
    if (!reader && reader.error().code == errc::unsupported) {
        return std::unexpected(
            failure{.how = status::wrong_call,
                    .about = path,
                    .what = "unsupported: a history of other snapshots than profiles; `inspect` "
                            "and `verify` take it",
                    .code = errc::unsupported});
    }
    if (!reader) {
        return failed(path, reader.error());
    }
    return *std::move(reader);
}

// Whether what lies behind the last record stays: a writer may be in the middle of one.
[[nodiscard]] bool has_torn_tail(reader_type& reader) {
    constexpr int looks = 5;
    for (int i = 0; i != looks && reader.tail() != 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        const auto changed = reader.refresh();
        if (!changed || *changed) {
            return false;
        }
    }
    return reader.tail() != 0;
}

// What could not be shown, and why.
class unreadable {
public:
    void add(std::uint64_t index, const tintype::error& why) {
        if (ranges_.empty() || ranges_.back().last + 1 != index) {
            ranges_.push_back({index, index});
        }
        ranges_.back().last = index;
        note(why);
    }

    // What is known of the history without a look at any snapshot.
    void add(const reader_type& reader, bool torn) {
        for (const tintype::log_damage& each : reader.damage()) {
            note(each.why);
        }
        if (torn) {
            note({.code = errc::truncated_section,
                  .where = "tail",
                  .found = reader.tail(),
                  .during = "behind the last whole snapshot; torn or damaged"});
        }
        lost_ = reader.lost();
    }

    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

    [[nodiscard]] failure as_failure(const std::string& path) const {
        const tintype::error& first = all_.front();
        auto what = failed(path, first).error();
        what.what = said(first);
        const auto name = [&](const char* verb, const auto& ranges) {
            for (const char* before = "; "; const tintype::index_range& each : ranges) {
                what.what += before;
                what.what += &each == &ranges.front() ? fmt::format("{} ", verb) : "";
                what.what += each.first == each.last
                                 ? fmt::format("{}", each.first)
                                 : fmt::format("{} to {}", each.first, each.last);
                before = ", ";
            }
        };
        if (all_.size() > 1) {
            what.what += fmt::format("; {} more", counted(all_.size() - 1, "fault"));
        }
        name("unreadable:", ranges_);
        name("not there any more:", lost_);
        return what;
    }

    void append(std::string& to, const std::string& path) const {
        const auto ranges = [](const std::vector<tintype::index_range>& from) {
            json::array rows;
            for (const tintype::index_range& each : from) {
                rows.emplace_back(json::object{{"first", each.first}, {"last", each.last}});
            }
            return rows;
        };
        json::array faults;
        for (const tintype::error& each : all_) {
            faults.emplace_back(json::object{{"code", tintype::name_of(each.code)},
                                             {"offset", each.offset == tintype::error::no_offset
                                                            ? json::value{}
                                                            : json::value{each.offset}},
                                             {"message", said(each)}});
        }
        const failure first = as_failure(path);
        to += ",\"unreadable\":" + json::written(ranges(ranges_));
        to += ",\"lost\":" + json::written(ranges(lost_));
        to += ",\"damage\":" + json::written(std::move(faults));
        to += ",\"error\":" + json::written(json::object{{"code", tintype::name_of(first.code)},
                                                         {"message", first.what}});
    }

private:
    [[nodiscard]] static std::string said(const tintype::error& what) {
        if (what.where == "tail") {
            return fmt::format("torn tail: {} behind the last whole snapshot",
                               counted(what.found, "byte"));
        }
        return explained({}, what);
    }

    // Snapshots behind a damaged one fail for the same reason.
    void note(const tintype::error& why) {
        if (std::ranges::find(all_, why) == all_.end()) {
            all_.push_back(why);
        }
    }

    std::vector<tintype::error> all_;
    std::vector<tintype::index_range> ranges_; // that were asked for
    std::vector<tintype::index_range> lost_;
};

struct end_of_answer {
    bool truncated = false;
    std::uint64_t resume = 0; // the index to go on from
};

// Calls visit(cursor) for what the question lets through. As history::query(), which ends at the
// first snapshot that is damaged.
template <class Visit>
[[nodiscard]] outcome<end_of_answer> walk(terminal& on, const std::string& path,
                                          const reader_type& reader, const history_question& what,
                                          unreadable& damage, Visit visit) {
    const tintype::history_query& query = what.query;
    const std::uint64_t most =
        query.bytes != 0 ? query.bytes : tintype::cbtop::max_query_memory_bytes;
    std::uint64_t used = 0;
    std::uint64_t shown = 0;
    auto at = reader.read();
    for (const tintype::index_entry& each : reader.entries()) {
        if (each.index < query.start || (what.index && each.index != *what.index) ||
            !query.time.holds(each.time) || (query.label && each.label != *query.label)) {
            continue;
        }
        if (shown == query.limit) {
            break;
        }
        if (auto go_on = on.interrupted(path); !go_on) {
            return pass(go_on);
        }
        if (auto done = at.seek(each.index); !done) {
            damage.add(each.index, done.error());
            continue;
        }
        if (query.metric && !at.snapshot().metrics.contains(*query.metric)) {
            continue;
        }
        const std::uint64_t size = at.entry().facts.size;
        if (shown != 0 && size > most - std::min(most, used)) {
            return end_of_answer{.truncated = true, .resume = each.index};
        }
        used += size;
        ++shown;
        visit(at);
    }
    return end_of_answer{};
}

// Nothing, where no timestamp can hold it.
[[nodiscard]] std::string utc_of(std::uint64_t time) {
    constexpr std::uint64_t latest = std::uint64_t{1} << 63U;
    return time >= latest
               ? "-"
               : utc(tintype::timestamp{std::chrono::nanoseconds{static_cast<std::int64_t>(time)}});
}

[[nodiscard]] std::string number_text(double value, values_as how) {
    std::string text;
    append_value(text, value, how);
    std::erase(text, '"');
    if (how == values_as::numbers && !std::isfinite(value)) {
        text = fmt::format("{} ({})", std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf", text);
    }
    return text;
}

// Every value of a snapshot.
[[nodiscard]] std::string whole_view(const terminal& on, const profile_snapshot& snapshot,
                                     tintype::tier kept_as, values_as how) {
    json::object document{{"index", snapshot.index},
                          {"time", utc_of(snapshot.timestamp_ns) + " UTC"},
                          {"timestamp_ns", snapshot.timestamp_ns},
                          {"fingerprint", snapshot.workload_fingerprint},
                          {"tier", tintype::name_of(kept_as)},
                          {"checksum", fmt::format("{:08x}", snapshot.checksum)},
                          {"size", size_of(snapshot)}};
    json::array metadata;
    for (const auto& [key, value] : snapshot.metadata) {
        metadata.emplace_back(json::object{{"key", key}, {"value", value}});
    }
    document.emplace_back("metadata", std::move(metadata));
    std::string text = shown(on, document);
    for (const auto& [name, metric] : snapshot.metrics) {
        text += on.dye(style::bold, visible(name)) + "\n";
        table rows{{{"#", true}, {"TIMESTAMP NS", true}, {"VALUE", false}}};
        const std::size_t count = std::max(metric.values.size(), metric.timestamps.size());
        for (std::size_t i = 0; i != count; ++i) {
            rows.add(
                {{fmt::format("{}", i)},
                 {i < metric.timestamps.size() ? fmt::format("{}", metric.timestamps[i]) : "-"},
                 {i < metric.values.size() ? number_text(metric.values[i], how) : "-"}});
        }
        text += count == 0 ? "  none\n" : rows.shown(on, 2);
    }
    return text;
}

[[nodiscard]] std::vector<cell> row_of(const profile_snapshot& snapshot, tintype::tier kept_as) {
    constexpr std::size_t room = 40;
    std::string metrics;
    for (const auto& each : snapshot.metrics) {
        if (metrics.size() > 4 * room) {
            break; // more than is shown
        }
        metrics += metrics.empty() ? "" : ", ";
        metrics += each.first;
    }
    return {{fmt::format("{}", snapshot.index)},
            {utc_of(snapshot.timestamp_ns)},
            {fmt::format("{}", snapshot.timestamp_ns)},
            {visible(shortened(snapshot.workload_fingerprint, room))},
            {fmt::format("{}", snapshot.metrics.size())},
            {visible(shortened(metrics, room))},
            {std::string{tintype::name_of(kept_as)}}};
}

[[nodiscard]] std::unexpected<failure> no_snapshot(const std::string& path,
                                                   const reader_type& reader, std::uint64_t index) {
    const std::uint64_t next = reader.next_index();
    if (index >= next) {
        return failed(
            path,
            {.code = errc::out_of_bounds, .where = "history", .found = index, .wanted = next});
    }
    const auto lost = reader.lost();
    const bool damaged = std::ranges::any_of(lost, [&](const tintype::index_range& each) {
        return each.first <= index && index <= each.last;
    });
    return std::unexpected(
        failure{.how = status::bad_data,
                .about = path,
                .what = fmt::format("not found: snapshot {} of {} {}", index, next,
                                    damaged ? "was lost by damage" : "was let go by a cleanup"),
                .code = errc::not_found});
}

[[nodiscard]] outcome<end_of_answer> print_json(terminal& on, const std::string& path,
                                                const reader_type& reader,
                                                const history_question& what, unreadable& damage) {
    std::string text = "{\"snapshots\":[";
    const auto end = walk(on, path, reader, what, damage, [&](const auto& at) {
        append_snapshot(text, at.snapshot(), at.kept_as(), what.values);
        on.print(text);
        text = ",";
    });
    if (!end) {
        return end;
    }
    // Where there was a snapshot, a comma waits for another.
    on.print(text == "," ? "" : text);
    text = fmt::format("],\"truncated\":{}", end->truncated);
    if (end->truncated) {
        text += fmt::format(",\"resume\":{}", end->resume);
    }
    if (!damage.empty()) {
        damage.append(text, path);
    }
    on.print(text + "}\n");
    return end;
}

[[nodiscard]] outcome<end_of_answer> print_text(terminal& on, const std::string& path,
                                                const reader_type& reader,
                                                const history_question& what, unreadable& damage) {
    table rows{{{"INDEX", true},
                {"TAKEN (UTC)"},
                {"TIMESTAMP NS", true},
                {"FINGERPRINT"},
                {"METRICS", true},
                {"NAMES"},
                {"TIER"}}};
    const auto end = walk(on, path, reader, what, damage, [&](const auto& at) {
        if (what.index) {
            on.print(whole_view(on, at.snapshot(), at.kept_as(), what.values));
        } else {
            rows.add(row_of(at.snapshot(), at.kept_as()));
        }
    });
    if (end && !what.index) {
        on.print(rows.shown(on));
    }
    if (end && end->truncated) {
        on.remark(fmt::format("tintype: {}: there is more than the answer may take; --start {} "
                              "goes on, --bytes N takes more",
                              visible(path), end->resume));
    }
    return end;
}

} // namespace

outcome<status> show_history(terminal& on, const std::string& path, const history_question& what) {
    auto reader = opened(path);
    if (!reader) {
        return pass(reader);
    }
    unreadable damage;
    damage.add(*reader, has_torn_tail(*reader));
    if (what.index) {
        const auto entries = reader->entries();
        if (!std::ranges::binary_search(entries, *what.index, {}, &tintype::index_entry::index)) {
            return no_snapshot(path, *reader, *what.index);
        }
    }
    const auto end = what.json ? print_json(on, path, *reader, what, damage)
                               : print_text(on, path, *reader, what, damage);
    if (!end) {
        return std::unexpected(end.error());
    }
    if (!damage.empty()) {
        return std::unexpected(damage.as_failure(path));
    }
    return status::done;
}

} // namespace tool
