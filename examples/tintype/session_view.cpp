// Tables, timelines and comparisons of recorded sessions. Every text in them comes from a file.

#include "session_view.hpp"

#include <tintype/core/clock.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/replay/action.hpp>
#include <tintype/replay/uuid.hpp>

#include "document.hpp"
#include "json.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tool {

namespace {

namespace memvid = tintype::memvid;

// Nothing that a clock says, where no timestamp can hold it.
[[nodiscard]] std::string date(std::int64_t secs) {
    constexpr std::int64_t most = 9'000'000'000;
    return secs < -most || secs > most ? fmt::format("{} s", secs)
                                       : utc(tintype::timestamp{std::chrono::seconds{secs}});
}

[[nodiscard]] std::string lasted(const auto& of) {
    if (!of.ended_secs) {
        return "-";
    }
    constexpr std::uint64_t most = 9'000'000'000;
    const auto secs = std::min(tintype::duration_secs(of, *of.ended_secs), most);
    return human_age(std::chrono::seconds{static_cast<std::int64_t>(secs)});
}

constexpr std::size_t least_shown = 8; // characters of an id

// How many characters of every id tell it from all others.
[[nodiscard]] std::size_t telling(const std::vector<tintype::session_summary>& sessions) {
    std::vector<std::string> ids;
    std::ranges::transform(sessions, std::back_inserter(ids),
                           [](const auto& each) { return to_text(each.session_id); });
    std::ranges::sort(ids);
    std::size_t most = least_shown;
    for (std::size_t i = 1; i < ids.size(); ++i) {
        const auto [a, b] = std::ranges::mismatch(ids[i - 1], ids[i]);
        most = std::max(most, static_cast<std::size_t>(a - ids[i - 1].begin()) + 1);
    }
    return most;
}

[[nodiscard]] table table_of(const std::vector<tintype::session_summary>& sessions,
                             std::size_t id_columns, std::size_t name_columns) {
    table rows{{{"ID"},
                {"NAME"},
                {"CREATED (UTC)"},
                {"DURATION", true},
                {"ACTIONS", true},
                {"CHECKPOINTS", true}}};
    for (const tintype::session_summary& each : sessions) {
        const auto name = each.name ? visible(*each.name) : std::string{"-"};
        rows.add({{to_text(each.session_id).substr(0, id_columns)},
                  {shortened(name, name_columns)},
                  {date(each.created_secs)},
                  {lasted(each)},
                  {fmt::format("{}", each.action_count)},
                  {fmt::format("{}", each.checkpoint_count)}});
    }
    return rows;
}

// How much of a value is shown.
struct brevity {
    std::size_t columns = 0;  // of a text
    std::size_t elements = 0; // of a list
};

template <class T>
[[nodiscard]] std::string brief(const T& value, const brevity& most) {
    if constexpr (std::integral<T>) {
        return fmt::format("{}", value);
    } else if constexpr (std::same_as<T, std::string>) {
        return '"' + shortened(visible(value), most.columns) + '"';
    } else if constexpr (std::same_as<T, memvid::digest>) {
        return tintype::to_hex(value).substr(0, 16);
    } else {
        std::string all;
        for (std::size_t i = 0; i != std::min(value.size(), most.elements); ++i) {
            all += (i == 0 ? "" : ", ") + brief(value[i], most);
        }
        return value.size() <= most.elements
                   ? fmt::format("[{}]", all)
                   : fmt::format("[{}, ... {} in all]", all, value.size());
    }
}

class timeline {
public:
    timeline(terminal& on, const memvid::replay_session& session)
        : on_(on), session_(session), columns_(on.columns()) {
        std::uint64_t latest = 0;
        for (const auto& each : session.actions) {
            latest = std::max(latest, each.sequence);
        }
        width_ = std::max<std::size_t>(3, fmt::format_int(latest).size());
    }

    void print() {
        line({{fmt::format("{:>{}}  {:19}  {:10}  {}", "SEQ", width_, "TIME (UTC)", "ACTION",
                           "WHAT"),
               style::bold}});
        for (const memvid::replay_action& each : session_.actions) {
            checkpoints_before(each.sequence);
            print(each);
        }
        for (; next_ != session_.checkpoints.size(); ++next_) {
            print(session_.checkpoints[next_]);
        }
    }

private:
    void checkpoints_before(std::uint64_t sequence) {
        const auto& all = session_.checkpoints;
        for (; next_ != all.size() && tintype::first_after(all[next_]) <= sequence; ++next_) {
            print(all[next_]);
        }
    }

    void print(const memvid::replay_action& action) {
        const brevity most{.columns = columns_ ? std::max<std::size_t>(*columns_ / 3, 12) : whole,
                           .elements = columns_ ? 2U : 8U};
        std::string what;
        const auto add = [&](std::string_view text) {
            what += what.empty() ? "" : ", ";
            what += text;
        };
        tintype::with_action(action.action, [&](const auto& of) {
            tintype::for_each_member(of, [&](std::string_view name, const auto& held) {
                add(fmt::format("{} {}", name, brief(held, most)));
            });
        });
        if (action.duration_ms != 0) {
            add(fmt::format("{} ms", action.duration_ms));
        }
        if (!action.affected.empty()) {
            add("affected " + brief(action.affected, most));
        }
        line({{fmt::format("{:>{}}  ", action.sequence, width_)},
              {fmt::format("{:19}  ", date(action.timestamp_secs)), style::dim},
              {fmt::format("{:10}  ", tintype::action_name(action.action)), style::bold},
              {what}});
        seen("in ", action.input_hash, action.input_preview);
        seen("out", action.output_hash, action.output_preview);
    }

    void print(const memvid::replay_session::checkpoint_type& taken) {
        line({{fmt::format("{:>{}}  {:19}  ", "-", width_, date(taken.timestamp_secs)), style::dim},
              {fmt::format("checkpoint {}", taken.id), style::changed},
              {fmt::format("  state {}, {}, generation {}, wal {}", brief(taken.state_hash, {}),
                           counted(taken.snapshot.frame_count, "frame"), taken.snapshot.generation,
                           taken.snapshot.wal_sequence),
               style::dim}});
    }

    // What went in or came out, if anything: as much of it as was kept and fits.
    void seen(std::string_view which, const memvid::digest& hash, std::string_view preview) {
        if (hash == memvid::digest{} && preview.empty()) {
            return;
        }
        line({{fmt::format("{:{}}{} {}  ", "", width_ + 2, which, brief(hash, {})), style::dim},
              {preview.empty() ? "" : '"' + visible(preview) + '"'}});
    }

    // Cells side by side, as much of them as the terminal has columns for.
    void line(const std::vector<cell>& cells) {
        std::size_t left = columns_.value_or(whole);
        std::string text;
        std::size_t owed = 0; // spaces not written yet: none at the end of a line
        for (const cell& each : cells) {
            auto shown = shortened(each.text, left);
            left -= std::min(left, columns_of(shown));
            const auto end = shown.find_last_not_of(' ') + 1;
            if (end != 0) {
                text.append(owed, ' ');
                owed = 0;
                text += on_.dye(each.how, std::string_view{shown}.substr(0, end));
            }
            owed += shown.size() - end;
        }
        on_.print(text + '\n');
    }

    static constexpr std::size_t whole = std::size_t{1} << 40U;

    terminal& on_;
    const memvid::replay_session& session_;
    std::optional<std::size_t> columns_;
    std::size_t width_ = 3; // of a sequence
    std::size_t next_ = 0;  // checkpoint
};

// "4, 5, 9 to 12"
[[nodiscard]] std::string ranges(const std::vector<std::uint64_t>& ascending) {
    std::string all;
    for (std::size_t i = 0; i != ascending.size();) {
        std::size_t last = i;
        while (last + 1 != ascending.size() && ascending[last + 1] == ascending[last] + 1) {
            ++last;
        }
        all += all.empty() ? "" : ", ";
        all += i == last ? fmt::format("{}", ascending[i])
                         : fmt::format("{} to {}", ascending[i], ascending[last]);
        i = last + 1;
    }
    return all.empty() ? "none" : all;
}

[[nodiscard]] std::string titled(const memvid::replay_session& session) {
    return to_text(session.session_id) + (session.name ? "  " + *session.name : std::string{});
}

} // namespace

std::string listed(const terminal& on, const std::vector<tintype::session_summary>& sessions) {
    constexpr std::size_t whole_id = 36;
    const auto columns = on.columns();
    if (!columns) {
        return table_of(sessions, whole_id, std::size_t{1} << 40U).shown(on);
    }
    constexpr std::size_t room_for_name = 40;
    auto rows = table_of(sessions, whole_id, room_for_name);
    if (rows.width() > *columns) {
        const auto id = telling(sessions);
        const auto without_names = table_of(sessions, id, 4).width() - 4;
        rows = table_of(sessions, id,
                        std::max<std::size_t>(*columns - std::min(*columns, without_names), 4));
    }
    return rows.shown(on);
}

void print_timeline(terminal& on, const memvid::replay_session& session) {
    json::object document{{"session", to_text(session.session_id)},
                          {"name", session.name},
                          {"created", date(session.created_secs) + " UTC"}};
    document.emplace_back("ended",
                          session.ended_secs
                              ? json::value{fmt::format("{} UTC, after {}",
                                                        date(*session.ended_secs), lasted(session))}
                              : json::value{});
    document.emplace_back("actions", std::uint64_t{session.actions.size()});
    document.emplace_back("checkpoints", std::uint64_t{session.checkpoints.size()});
    if (!session.metadata.empty()) {
        json::array metadata;
        for (const auto& [key, value] : session.metadata) {
            metadata.emplace_back(json::object{{"key", key}, {"value", value}});
        }
        document.emplace_back("metadata", std::move(metadata));
    }
    on.print(shown(on, document));
    if (!session.actions.empty() || !session.checkpoints.empty()) {
        on.print("\n");
        timeline{on, session}.print();
    }
}

std::string compared(const terminal& on, const memvid::replay_session& a,
                     const memvid::replay_session& b, const tintype::session_comparison& found,
                     const std::optional<tintype::divergence>& first) {
    const auto columns = on.columns();
    const auto cut = [&](const std::string& text) {
        constexpr std::size_t in_front = 13; // of the widest title or sequence
        return columns ? shortened(visible(text), std::max(*columns, 2 * in_front) - in_front)
                       : text;
    };
    json::object document{
        {"a", titled(a)}, {"b", titled(b)}, {"identical", found.identical() ? "yes" : "no"}};
    if (!first) {
        document.emplace_back("first parts",
                              found.identical() ? "nowhere" : "not in what came out");
    } else {
        document.emplace_back("first parts",
                              cut(first->checkpoint
                                      ? fmt::format("checkpoint {}, behind action {}: {}",
                                                    *first->checkpoint, first->sequence, first->why)
                                      : fmt::format("action {}: {}", first->sequence, first->why)));
    }
    document.emplace_back("matching", found.matching);
    document.emplace_back("only in a", ranges(found.only_in_a));
    document.emplace_back("only in b", ranges(found.only_in_b));
    if (!found.differing.empty()) {
        json::array rows;
        for (const tintype::differing_action& each : found.differing) {
            rows.emplace_back(
                json::object{{"sequence", each.sequence}, {"reason", cut(each.reason)}});
        }
        document.emplace_back("differing", std::move(rows));
    }
    return shown(on, document);
}

} // namespace tool
