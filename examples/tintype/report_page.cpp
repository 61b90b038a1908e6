// The page, from top to bottom.

#include "report_page.hpp"

#include "report_charts.hpp"
#include "report_html.hpp"
#include "report_style.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace tool::report {

namespace {

using tintype::timestamp;

// Rows that a table has at most: what is more is in the JSON document.
constexpr std::size_t most_rows = 400;

constexpr std::string_view column_n = " class=\"n\"";

[[nodiscard]] const json::value* member(const json::object& of, std::string_view name) {
    const auto found = std::ranges::find(of, name, &std::pair<std::string, json::value>::first);
    return found == of.end() ? nullptr : &found->second;
}

[[nodiscard]] std::uint64_t number_in(const json::object& of, std::string_view name) {
    const auto* value = member(of, name);
    const auto* number = value != nullptr ? value->get<std::uint64_t>() : nullptr;
    return number != nullptr ? *number : 0;
}

[[nodiscard]] std::string seconds_text(std::int64_t secs) {
    constexpr std::int64_t most = 9'000'000'000;
    return secs < -most || secs > most ? fmt::format("{} s", secs)
                                       : date_text(timestamp{std::chrono::seconds{secs}});
}

[[nodiscard]] std::string ns_text(std::uint64_t ns) {
    constexpr std::uint64_t latest = std::uint64_t{1} << 63U;
    return ns >= latest
               ? fmt::format("{} ns", ns)
               : date_text(timestamp{std::chrono::nanoseconds{static_cast<std::int64_t>(ns)}});
}

struct column {
    std::string_view title;
    bool number = false;
};

[[nodiscard]] std::string table_head(std::string_view label, std::string_view of,
                                     const std::vector<column>& columns) {
    auto html =
        fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">"
                    "<table{}><thead><tr>",
                    escaped(label), of);
    for (const column& each : columns) {
        html += fmt::format("<th scope=\"col\"{}>{}</th>", each.number ? column_n : "",
                            escaped(each.title));
    }
    return html + "</tr></thead><tbody>\n";
}

constexpr std::string_view table_end = "</tbody></table></div>\n";

[[nodiscard]] std::string more_rows(std::size_t all) {
    return all <= most_rows
               ? std::string{}
               : fmt::format("<p class=\"note\">{} more are not shown; <code>--json</code> has "
                             "them.</p>\n",
                             grouped(all - most_rows));
}

[[nodiscard]] std::string state_tag(const std::optional<fault>& bad) {
    return !bad          ? "<span class=\"tag good\">ok</span>"
           : bad->unread ? "<span class=\"tag bad\">not read</span>"
                         : "<span class=\"tag bad\">damaged</span>";
}

// What is wrong stands in one place, at the top of the page.
[[nodiscard]] std::string state_cell(const std::optional<fault>& bad) {
    return fmt::format("<td>{}</td>", state_tag(bad));
}

// Two lengths one above the other, the first being what there would be.
[[nodiscard]] std::string meters(std::string_view first, std::uint64_t whole,
                                 std::string_view second, std::uint64_t kept) {
    const double most = static_cast<double>(std::max<std::uint64_t>({whole, kept, 1}));
    const auto row = [&](std::string_view title, std::uint64_t size, const char* of) {
        return fmt::format("<b>{}</b><i{} style=\"width:{:.1f}%\"></i><span>{}</span>", title, of,
                           100 * static_cast<double>(size) / most, human_size(size));
    };
    return "<div class=\"meter\">" + row(first, whole, " class=\"raw\"") + row(second, kept, "") +
           "</div>\n";
}

[[nodiscard]] std::string node_key(std::string_view of, std::string_view shape,
                                   std::string_view name) {
    return fmt::format("<li><svg class=\"node {}\" width=\"11\" height=\"11\" aria-hidden=\"true\">"
                       "<g class=\"node {}\">{}</g></svg>{}</li>",
                       of, of, shape, name);
}

constexpr std::string_view square = "<rect x=\".5\" y=\".5\" width=\"10\" height=\"10\" rx=\"2\"/>";
constexpr std::string_view circle = "<circle cx=\"5.5\" cy=\"5.5\" r=\"4.5\"/>";
constexpr std::string_view cross = "<path class=\"cross\" d=\"M1.5 1.5L9.5 9.5M1.5 9.5L9.5 1.5\"/>";

class page {
public:
    explicit page(const folder_facts& facts) : facts_(facts) {}

    [[nodiscard]] std::string run() {
        const std::string title =
            escaped(facts_.folder.ends_with('/') || facts_.folder.rfind('/') == std::string::npos
                        ? facts_.folder
                        : facts_.folder.substr(facts_.folder.rfind('/') + 1),
                    120);
        damage();
        timeline();
        versions();
        chain();
        savings();
        retention();
        histories();
        sessions();
        streams();
        imported();
        files();
        std::string html = fmt::format(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<link rel=\"icon\" href=\"data:,\">\n<title>{}: snapshots</title>\n<style>{}</style>\n"
            "</head>\n<body>\n",
            title, page_style);
        html += header(title);
        html += "<main>\n" + body_ + "</main>\n";
        html +=
            fmt::format("<footer><p>Written by <code>tintype report</code>; times are UTC, ages "
                        "are as of {} UTC. Nothing on this page is loaded from elsewhere.</p>"
                        "</footer>\n</body>\n</html>\n",
                        date_text(facts_.now));
        return html;
    }

private:
    [[nodiscard]] std::string age(timestamp time) const { return human_age(facts_.now - time); }

    [[nodiscard]] static std::string ago(const std::string& age) {
        return age.ends_with("future") ? age : age + " ago";
    }

    void section(std::string_view id, std::string_view title, std::string_view html) {
        nav_.emplace_back(id, title);
        body_ +=
            fmt::format("<section id=\"{}\" aria-labelledby=\"{}-title\"><h2 id=\"{}-title\">{}"
                        "</h2>\n{}</section>\n",
                        id, id, id, title, html);
    }

    // "A chain of 5 snapshots of Dakera's, 1 history."
    [[nodiscard]] std::string what_it_is() const {
        std::vector<std::string> parts;
        if (!facts_.versions.empty()) {
            std::set<std::string> formats;
            for (const version_row& each : facts_.versions) {
                if (!each.format.empty()) {
                    formats.insert(each.format);
                }
            }
            parts.push_back(fmt::format(
                "{} ({})", counted(facts_.versions.size(), "version"),
                formats.empty() ? "of no known format" : fmt::format("{}", joined_names(formats))));
        }
        if (facts_.chain) {
            const auto& rows = facts_.chain->snapshots;
            const auto full = std::ranges::count_if(rows, [](const snapshot_row& each) {
                return each.info && each.info->type == tintype::snapshot_kind::full;
            });
            const auto incremental = std::ranges::count_if(rows, [](const snapshot_row& each) {
                return each.info && each.info->type != tintype::snapshot_kind::full;
            });
            parts.push_back(fmt::format(
                "a chain of {} ({}: {} full, {} incremental)", counted(rows.size(), "snapshot"),
                facts_.chain->dakera ? "Dakera's" : "the library's own", full, incremental));
        }
        if (!facts_.histories.empty()) {
            parts.push_back(facts_.histories.size() == 1
                                ? std::string{"a history"}
                                : fmt::format("{} histories", facts_.histories.size()));
        }
        if (!facts_.sessions.empty()) {
            std::size_t count = 0;
            for (const session_facts& each : facts_.sessions) {
                count += each.sessions.size();
            }
            parts.push_back(fmt::format("{} in {}", counted(count, "recorded session"),
                                        counted(facts_.sessions.size(), "file")));
        }
        if (!facts_.streams.empty()) {
            parts.push_back(counted(facts_.streams.size(), "chunk stream"));
        }
        if (facts_.imported) {
            parts.emplace_back("files that came from a stream");
        }
        const auto loose = std::ranges::count_if(
            facts_.files, [](const file_row& each) { return !each.document.empty(); });
        if (loose != 0) {
            parts.push_back(counted(static_cast<std::uint64_t>(loose), "other file") +
                            " of known formats");
        }
        if (parts.empty()) {
            return facts_.files.empty() ? "The folder is empty."
                                        : "Nothing in this folder is of a known format.";
        }
        std::string text = "Holds ";
        for (std::size_t i = 0; i != parts.size(); ++i) {
            text += i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ";
            text += parts[i];
        }
        return text + ".";
    }

    [[nodiscard]] static std::string joined_names(const std::set<std::string>& names) {
        std::string text;
        for (const std::string& each : names) {
            text += (text.empty() ? "" : ", ") + each;
        }
        return text;
    }

    [[nodiscard]] std::string header(std::string_view title) const {
        auto html = fmt::format("<header>\n<h1>{}</h1>\n<p class=\"soft mono\">{}</p>\n<p>{}</p>\n",
                                title, escaped(facts_.folder), escaped(what_it_is()));
        html += verdict() + tiles();
        if (nav_.size() > 1) {
            html += "<nav aria-label=\"Sections\">";
            for (const auto& [id, name] : nav_) {
                html += fmt::format("<a href=\"#{}\">{}</a>", id, name);
            }
            html += "</nav>\n";
        }
        return html + "</header>\n";
    }

    [[nodiscard]] std::string verdict() const {
        if (facts_.files.empty() && facts_.folders.empty()) {
            return {};
        }
        if (facts_.damage.empty()) {
            const bool known = std::ranges::any_of(facts_.files, [](const file_row& each) {
                return !each.format.empty() || !each.part.empty();
            });
            return known
                       ? "<p class=\"verdict good\">Everything that can be checked is right.</p>\n"
                       : std::string{};
        }
        const auto rests = std::ranges::count_if(facts_.damage, &damage_row::rests);
        const auto own = facts_.damage.size() - static_cast<std::size_t>(rests);
        auto text = counted(own, "thing") + (own == 1 ? " is" : " are") + " damaged";
        if (rests != 0) {
            text += fmt::format("; {} on damaged ones",
                                rests == 1 ? "1 snapshot rests"
                                           : fmt::format("{} snapshots rest", rests));
        }
        return fmt::format("<p class=\"verdict bad\">{}.</p>\n", text);
    }

    [[nodiscard]] static std::string tile(std::string_view name, std::string_view value,
                                          std::string_view small = {}) {
        return fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>", name, value,
                           small.empty() ? "" : fmt::format("<small>{}</small>", small));
    }

    [[nodiscard]] std::string tiles() const {
        if (facts_.files.empty()) {
            return {};
        }
        std::string html = "<dl class=\"tiles\">";
        const std::size_t in_chain = facts_.chain ? facts_.chain->snapshots.size() : 0;
        if (const auto count = facts_.versions.size() + in_chain; count != 0) {
            html += tile("Snapshots", grouped(count),
                         facts_.versions.empty() ? "in a chain"
                         : in_chain == 0         ? "versions"
                                                 : "versions, and in a chain");
        }
        std::optional<timestamp> newest;
        for (const version_row& each : facts_.versions) {
            newest = std::max(newest.value_or(each.time), each.time);
        }
        for (const snapshot_row& each :
             facts_.chain ? facts_.chain->snapshots : std::vector<snapshot_row>{}) {
            if (each.info) {
                const timestamp time{std::chrono::nanoseconds{each.info->created_at}};
                newest = std::max(newest.value_or(time), time);
            }
        }
        if (newest) {
            html += tile("Newest", ago(age(*newest)), date_text(*newest));
        }
        std::uint64_t held = 0;
        for (const history_facts& each : facts_.histories) {
            held += number_in(each.document, "snapshots");
        }
        if (!facts_.histories.empty()) {
            html += tile("In histories", grouped(held), held == 1 ? "snapshot" : "snapshots");
        }
        std::size_t sessions = 0;
        std::uint64_t actions = 0;
        for (const session_facts& each : facts_.sessions) {
            sessions += each.sessions.size();
            for (const session_row& row : each.sessions) {
                actions += row.actions;
            }
        }
        if (!facts_.sessions.empty()) {
            html += tile("Sessions", grouped(sessions),
                         actions == 1 ? "1 action" : grouped(actions) + " actions");
        }
        std::uint64_t size = 0;
        for (const file_row& each : facts_.files) {
            size += each.size;
        }
        html += tile("Files", grouped(facts_.files.size()), human_size(size));
        const auto bad = std::ranges::count_if(facts_.damage,
                                               [](const damage_row& each) { return !each.rests; });
        html += bad == 0 ? tile("Damaged", "0")
                         : tile("Damaged", fmt::format("<span class=\"badtext\">{}</span>", bad));
        return html + "</dl>\n";
    }

    void damage() {
        if (facts_.damage.empty()) {
            return;
        }
        // What has one cause is told once: whatever rests on a snapshot that is lost says the same.
        using cause = std::pair<bool, std::string>;
        std::vector<cause> causes;
        std::map<cause, std::vector<const damage_row*>> by_cause;
        for (const bool rests : {false, true}) {
            for (const damage_row& each : facts_.damage) {
                if (each.rests == rests) {
                    auto& rows = by_cause[{rests, each.what.code + each.what.message}];
                    if (rows.empty()) {
                        causes.emplace_back(rests, each.what.code + each.what.message);
                    }
                    rows.push_back(&each);
                }
            }
        }
        std::string html = "<ul class=\"damage\">\n";
        for (std::size_t i = 0; i != std::min(causes.size(), most_rows); ++i) {
            const auto& rows = by_cause.at(causes[i]);
            const fault& what = rows.front()->what;
            html += fmt::format("<li{}>", causes[i].first ? " class=\"rests\"" : "");
            for (std::size_t row = 0; row != std::min(rows.size(), shown_by_cause); ++row) {
                html += damaged_file(*rows[row]);
            }
            html += fmt::format("{} <span class=\"tag{}\">{}</span>", escaped(what.message),
                                causes[i].first ? "" : " bad", escaped(what.code));
            if (rows.size() > shown_by_cause) {
                html += fmt::format("<details><summary>the same of {} more</summary>",
                                    grouped(rows.size() - shown_by_cause));
                for (std::size_t row = shown_by_cause; row != std::min(rows.size(), most_rows);
                     ++row) {
                    html += damaged_file(*rows[row]);
                }
                html += "</details>";
            }
            html += "</li>\n";
        }
        html += "</ul>\n" + more_rows(causes.size());
        section("damage", "Damage", html);
    }

    static constexpr std::size_t shown_by_cause = 3;

    [[nodiscard]] std::string damaged_file(const damage_row& row) const {
        return fmt::format("<span class=\"mono\">{}</span> <span class=\"soft\">{}</span><br>\n",
                           escaped(row.file == "." ? facts_.folder : row.file),
                           escaped(row.format));
    }

    void timeline() {
        std::vector<mark> marks;
        bool incremental = false;
        bool full = false;
        bool bad = false;
        const auto add = [&](timestamp time, std::uint64_t size, mark_kind kind, bool damaged,
                             const std::string& name, std::string_view what) {
            bad = bad || damaged;
            (kind == mark_kind::incremental ? incremental : full) = true;
            marks.push_back({.time = time,
                             .bytes = size,
                             .kind = kind,
                             .bad = damaged,
                             .title = fmt::format("{}: {}, {}, {} UTC{}", escaped(name, 80), what,
                                                  human_size(size), date_text(time),
                                                  damaged ? ", damaged" : "")});
        };
        for (const version_row& each : facts_.versions) {
            add(each.time, each.size, mark_kind::version, each.bad.has_value(),
                "version " + std::to_string(each.version), escaped(each.format));
        }
        if (facts_.chain) {
            for (const snapshot_row& each : std::views::reverse(facts_.chain->snapshots)) {
                if (each.info) {
                    const bool whole = each.info->type == tintype::snapshot_kind::full;
                    add(timestamp{std::chrono::nanoseconds{each.info->created_at}},
                        each.info->data_size, whole ? mark_kind::full : mark_kind::incremental,
                        each.bad.has_value(), each.id, tintype::name_of(each.info->type));
                }
            }
        }
        if (marks.empty()) {
            return;
        }
        constexpr std::size_t most_marks = 2000;
        const auto all = marks.size();
        if (all > most_marks) {
            marks.erase(marks.begin(),
                        marks.end() - static_cast<std::ptrdiff_t>(most_marks)); // oldest first
        }
        std::string html = "<p class=\"note\">When each snapshot was taken, and how large its file "
                           "is.</p>\n";
        html += timeline_chart(marks);
        html += "<ul class=\"key\">";
        html += full ? node_key("full", square, facts_.versions.empty() ? "full" : "whole")
                     : std::string{};
        html += incremental ? node_key("inc", circle, "incremental") : std::string{};
        html += bad ? node_key("cross", cross, "damaged, or resting on what is") : std::string{};
        html += "</ul>\n";
        if (all > most_marks) {
            html += fmt::format("<p class=\"note\">The newest {} of {}.</p>\n", grouped(most_marks),
                                grouped(all));
        }
        section("timeline", "Timeline", html);
    }

    [[nodiscard]] static std::string bar(std::uint64_t size, std::uint64_t most,
                                         std::string_view of = {}) {
        return fmt::format("<span class=\"bar\" aria-hidden=\"true\"><i{} "
                           "style=\"width:{:.1f}%\"></i></span>",
                           of,
                           100 * static_cast<double>(size) /
                               static_cast<double>(std::max<std::uint64_t>(most, 1)));
    }

    void versions() {
        if (facts_.versions.empty()) {
            return;
        }
        const auto most = std::ranges::max(facts_.versions, {}, &version_row::size).size;
        auto html = table_head("Versions", "",
                               {{"Version", true},
                                {"State"},
                                {"Saved"},
                                {"Age", true},
                                {"Size", true},
                                {"As before", true},
                                {"Format"}});
        std::size_t shown = 0;
        for (const version_row& each : std::views::reverse(facts_.versions)) {
            if (++shown > most_rows) {
                break;
            }
            html += fmt::format(
                "<tr><td class=\"n\">{}</td><td>{}{}</td><td>{}</td><td class=\"n\">{}</td>"
                "<td class=\"n\">{}{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                each.version, state_tag(each.bad),
                each.pinned ? " <span class=\"tag\">pinned</span>" : "", date_text(each.time),
                age(each.time), human_size(each.size), bar(each.size, most),
                each.bad ? "-" : percent(each.unchanged, each.size), escaped(each.format));
        }
        html += table_end;
        html += more_rows(facts_.versions.size());
        section("versions", "Versions", html);
    }

    void chain() {
        if (!facts_.chain || (facts_.chain->snapshots.empty() && facts_.chain->strays.empty())) {
            return;
        }
        const chain_facts& of = *facts_.chain;
        std::string html =
            "<p class=\"note\">Newest first. A line leads from each snapshot down to "
            "the one that it was taken on; a restore reads all of them.</p>\n";
        html += table_head("The chain", " class=\"graph\"",
                           {{""},
                            {"Snapshot"},
                            {"State"},
                            {"Type"},
                            {"Taken"},
                            {"Age", true},
                            {"Size", true},
                            {"Records", true},
                            {"A restore reads", true},
                            {"Description"}});
        std::uint64_t most = 0;
        for (const snapshot_row& each : of.snapshots) {
            most = std::max(most, each.info ? each.info->data_size : 0);
        }
        for (const graph_row& each : chain_graph(of, most_rows)) {
            html += fmt::format("<tr><td>{}</td><td class=\"mono\">{}</td>", each.svg,
                                escaped(each.id, 80));
            html += each.snapshot == nullptr ? "<td><span class=\"tag bad\">missing</span></td>"
                    : each.snapshot->rests_on.empty()
                        ? state_cell(each.snapshot->bad)
                        : "<td><span class=\"tag bad\">rests on damage</span></td>";
            html += each.snapshot == nullptr || !each.snapshot->info
                        ? "<td></td><td></td><td></td><td></td><td></td><td></td><td></td>"
                        : row_of(*each.snapshot, most);
            html += "</tr>\n";
        }
        for (const snapshot_row& each : of.strays) {
            html +=
                fmt::format("<tr><td></td><td class=\"mono\">{}</td>{}<td></td><td></td><td></td>"
                            "<td></td><td></td><td></td><td></td></tr>\n",
                            escaped(each.file, 80), state_cell(each.bad));
        }
        html += table_end;
        html += more_rows(of.snapshots.size());
        section("chain", "Chain", html);
    }

    [[nodiscard]] std::string row_of(const snapshot_row& row, std::uint64_t most) const {
        const tintype::snapshot_info& info = *row.info;
        const bool full = info.type == tintype::snapshot_kind::full;
        const timestamp time{std::chrono::nanoseconds{info.created_at}};
        return fmt::format(
            "<td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}{}</td>"
            "<td class=\"n\">{}</td><td class=\"n\">{}{}</td><td>{}</td>",
            tintype::name_of(info.type), date_text(time), age(time), human_size(info.data_size),
            bar(info.data_size, most, full ? "" : " class=\"inc\""), grouped(info.records),
            human_size(row.reads), row.links > 1 ? fmt::format(" in {}", row.links) : "",
            escaped(info.description.value_or(""), 60));
    }

    void savings() {
        std::string html;
        if (facts_.chain) {
            std::uint64_t whole = 0;
            std::uint64_t kept = 0;
            for (const snapshot_row& each : facts_.chain->snapshots) {
                whole += each.as_whole;
                kept += each.info ? each.info->data_size : 0;
            }
            if (kept != 0) {
                html += "<h3>The chain</h3>\n";
                html += meters("as whole snapshots", std::max(whole, kept), "as it is", kept);
                html += fmt::format(
                    "<p class=\"note\">Increments save {}. {}</p>\n",
                    percent(whole - std::min(whole, kept), whole),
                    facts_.chain->dakera
                        ? "At least: an incremental snapshot is taken to be as large as the one "
                          "that it rests on."
                        : "Estimated: the records that each snapshot holds, times what one takes.");
            }
        }
        std::uint64_t size = 0;
        std::uint64_t unchanged = 0;
        for (const version_row& each : facts_.versions) {
            size += each.size;
            unchanged += each.unchanged;
        }
        if (facts_.versions.size() > 1) {
            html += "<h3>Versions</h3>\n";
            html += meters("as they are", size, "changes alone", size - std::min(size, unchanged));
            html +=
                fmt::format("<p class=\"note\">{} of all bytes are in sections that are the same "
                            "in the version before.</p>\n",
                            percent(unchanged, size));
        }
        for (const history_facts& each : facts_.histories) {
            const auto raw = number_in(each.document, "raw_size");
            const auto stored = number_in(each.document, "stored_size");
            if (raw != 0) {
                html += fmt::format("<h3>{}</h3>\n", escaped(each.file));
                html += meters("as whole snapshots", raw, "as it is", stored);
                html += fmt::format(
                    "<p class=\"note\">{}: {} of the bytes that {} would take one by one.</p>\n",
                    stored <= raw && stored != 0
                        ? fmt::format("{:.1f} times smaller",
                                      static_cast<double>(raw) / static_cast<double>(stored))
                        : "No smaller",
                    percent(stored, raw),
                    counted(number_in(each.document, "snapshots"), "snapshot"));
            }
        }
        if (!html.empty()) {
            section("savings", "Savings", html);
        }
    }

    [[nodiscard]] std::string decisions(const retention_plan& plan, bool keep) const {
        auto html = table_head(keep ? "Would stay" : "Would go", "",
                               {{plan.of_chain ? "Snapshot" : "Version", !plan.of_chain},
                                {"Taken"},
                                {"Age", true},
                                {"Size", true},
                                {"Reason"}});
        std::size_t shown = 0;
        std::size_t all = 0;
        // What goes, oldest first: that is the order in which it would.
        std::vector<const decision_row*> rows;
        for (const decision_row& each : plan.decisions) {
            if (each.keep == keep) {
                rows.push_back(&each);
            }
        }
        if (!keep) {
            std::ranges::reverse(rows);
        }
        all = rows.size();
        for (const decision_row* each : rows) {
            if (++shown > most_rows) {
                break;
            }
            html += fmt::format("<tr><td{}>{}</td><td>{}</td><td class=\"n\">{}</td>"
                                "<td class=\"n\">{}</td><td>{}</td></tr>\n",
                                plan.of_chain ? " class=\"mono\"" : " class=\"n\"",
                                escaped(each->name, 80), date_text(each->time), age(each->time),
                                human_size(each->size), escaped(each->reason, 160));
        }
        html += table_end;
        return html + more_rows(all);
    }

    void retention() {
        if (facts_.plans.empty()) {
            return;
        }
        std::string html =
            facts_.plans.front().given
                ? "<p class=\"note\">What <code>tintype prune</code> would do now.</p>\n"
                : "<p class=\"note\">What <code>tintype prune</code> would do now under two sets "
                  "of "
                  "rules, as examples. Give your own to see theirs.</p>\n";
        for (const retention_plan& each : facts_.plans) {
            std::uint64_t freed = 0;
            std::size_t going = 0;
            for (const decision_row& row : each.decisions) {
                going += row.keep ? 0U : 1U;
                freed += row.keep ? 0 : row.size;
            }
            const auto staying = each.decisions.size() - going;
            html += fmt::format("<h3><code>{}</code>{}</h3>\n", escaped(each.rules),
                                !facts_.versions.empty() && facts_.chain
                                    ? each.of_chain ? " (chain)" : " (versions)"
                                    : "");
            if (!each.refused.empty()) {
                html += fmt::format("<p>Nothing would go: {}.</p>\n", escaped(each.refused));
            }
            if (going == 0) {
                html += fmt::format("<p>{}</p>\n", each.refused.empty() ? "Nothing would go." : "");
            } else {
                html += fmt::format("<p>{} of {} {} go, {}.</p>\n", going, each.decisions.size(),
                                    each.refused.empty() ? "would" : "otherwise would",
                                    human_size(freed));
                html += decisions(each, false);
            }
            html += fmt::format("<details><summary>{} would stay, and why</summary>{}</details>\n",
                                staying, decisions(each, true));
        }
        section("retention", "Retention", html);
    }

    void histories() {
        std::string html;
        for (const history_facts& each : facts_.histories) {
            html += fmt::format("<h3>{}</h3>\n", escaped(each.file));
            html += fmt::format("<p class=\"note\">{} from {} to {}: {}, {}, {} packed.</p>\n",
                                counted(number_in(each.document, "snapshots"), "snapshot"),
                                ns_text(number_in(each.document, "first_ns")),
                                ns_text(number_in(each.document, "last_ns")),
                                counted(number_in(each.document, "keyframes"), "keyframe"),
                                counted(number_in(each.document, "deltas"), "delta"),
                                number_in(each.document, "packed"));
            html += "<div class=\"charts\">\n";
            if (auto chart = growth_chart(each.growth); !chart.empty()) {
                html +=
                    "<figure><figcaption>Size <span>as whole snapshots and as kept, "
                    "bytes</span></figcaption>" +
                    chart +
                    "<ul class=\"key\"><li><i style=\"background:var(--raw)\"></i>as whole "
                    "snapshots</li><li><i style=\"background:var(--full)\"></i>as kept</li></ul>"
                    "</figure>\n";
            }
            for (const metric_series& metric : each.metrics) {
                html += figure_of(metric);
            }
            html += "</div>\n";
            if (each.more_metrics != 0) {
                html += fmt::format("<p class=\"note\">{} more metrics are not drawn.</p>\n",
                                    grouped(each.more_metrics));
            }
            if (each.every != 1) {
                html += fmt::format("<p class=\"note\">Metrics are of one in {} snapshots.</p>\n",
                                    grouped(each.every));
            }
            if (!each.profiles) {
                html +=
                    "<p class=\"note\">Its snapshots are not profiles: what they hold only their "
                    "program knows.</p>\n";
            }
            html += "<details><summary>All that is known of it</summary>" +
                    document_of(each.document) + "</details>\n";
        }
        if (!html.empty()) {
            section("histories", "Histories", html);
        }
    }

    [[nodiscard]] static std::string figure_of(const metric_series& metric) {
        const auto chart = metric_chart(metric);
        std::string note;
        if (metric.unplotted != 0) {
            note = fmt::format("; {} not finite", counted(metric.unplotted, "value"));
        }
        return fmt::format("<figure><figcaption>{} <span>mean, and least to greatest{}</span>"
                           "</figcaption>{}</figure>\n",
                           escaped(metric.name, 80), note,
                           chart.empty() ? "<p class=\"note\">no finite values</p>" : chart);
    }

    void sessions() {
        std::string html;
        for (const session_facts& each : facts_.sessions) {
            html += fmt::format("<h3>{} <span class=\"tag\">{}</span></h3>\n", escaped(each.file),
                                escaped(each.format));
            if (each.sessions.empty()) {
                html += "<p class=\"note\">No session in it can be read.</p>\n";
                continue;
            }
            html += table_head("Sessions of " + each.file, "",
                               {{"Name"},
                                {"Created"},
                                {"Duration", true},
                                {"Actions", true},
                                {"Checkpoints", true},
                                {"Id"}});
            for (std::size_t i = 0; i != std::min(each.sessions.size(), most_rows); ++i) {
                const session_row& row = each.sessions[i];
                html += fmt::format(
                    "<tr><td class=\"name\">{}</td><td>{}</td><td class=\"n\">{}</td>"
                    "<td class=\"n\">{}</td><td class=\"n\">{}</td><td "
                    "class=\"mono\">{}</td></tr>\n",
                    row.name ? escaped(*row.name, 120) : "-", seconds_text(row.created_secs),
                    lasted(row), grouped(row.actions), grouped(row.checkpoints), escaped(row.id));
            }
            html += table_end;
            html += more_rows(each.sessions.size());
            html += strips_of(each);
        }
        if (!html.empty()) {
            section("sessions", "Sessions", html);
        }
    }

    [[nodiscard]] static std::string lasted(const session_row& of) {
        if (!of.ended_secs) {
            return "not ended";
        }
        constexpr std::int64_t most = 9'000'000'000;
        const auto clamped = [](std::int64_t secs) {
            return std::clamp(secs, -most / 2, most / 2);
        };
        const auto secs = clamped(*of.ended_secs) - clamped(of.created_secs);
        return human_age(std::chrono::seconds{std::max<std::int64_t>(secs, 0)});
    }

    // What each did, in its order.
    [[nodiscard]] static std::string strips_of(const session_facts& of) {
        constexpr std::size_t most_strips = 24;
        std::string html;
        std::set<std::size_t> kinds;
        bool checkpoints = false;
        std::size_t drawn = 0;
        for (const session_row& each : of.sessions) {
            const auto strip = session_strip(of, each);
            if (strip.empty() || drawn == most_strips) {
                continue;
            }
            ++drawn;
            html += fmt::format(
                "<figure><figcaption>{} <span>{}{}</span></figcaption>{}</figure>\n",
                escaped(each.name.value_or(each.id.substr(0, 8)), 80),
                counted(each.actions, "action"),
                each.marks.size() < each.actions ? fmt::format(", the first {}", each.marks.size())
                                                 : "",
                strip);
            checkpoints = checkpoints || !each.checkpoints_before.empty();
            for (const action_mark& mark : each.marks) {
                kinds.insert(mark.kind);
            }
        }
        if (html.empty()) {
            return {};
        }
        html += "<ul class=\"key\">";
        for (const std::size_t kind : kinds) {
            html += fmt::format("<li><i style=\"background:var(--k{})\"></i>{}</li>", kind % 8,
                                kind < of.kinds.size() ? escaped(of.kinds[kind]) : "");
        }
        return html + (checkpoints ? "<li><i style=\"background:var(--ink);width:2px\"></i>"
                                     "checkpoint</li></ul>\n"
                                   : "</ul>\n");
    }

    void streams() {
        std::string html;
        for (const stream_facts& each : facts_.streams) {
            const auto* complete = member(each.document, "complete");
            const bool whole =
                complete != nullptr && complete->get<bool>() != nullptr && *complete->get<bool>();
            html += fmt::format("<h3>{} {}</h3>\n", escaped(each.file),
                                whole ? "<span class=\"tag good\">complete</span>"
                                      : "<span class=\"tag bad\">incomplete</span>");
            html += document_of(each.document);
        }
        if (!html.empty()) {
            section("streams", "Streams", html);
        }
    }

    void imported() {
        if (!facts_.imported) {
            return;
        }
        const import_facts& of = *facts_.imported;
        std::string html;
        if (of.interrupted) {
            html += fmt::format("<p class=\"badtext\">{}</p>\n", escaped(of.interrupted->message));
        }
        if (!of.files.empty()) {
            html +=
                fmt::format("<p class=\"note\">The files of <span class=\"mono\">{}</span>, held "
                            "against what came.</p>\n",
                            escaped(of.snapshot_id, 120));
            html += table_head("Imported files", "", {{"File"}, {"What"}, {"State"}});
            for (const imported_row& each : of.files) {
                html += fmt::format("<tr><td class=\"mono name\">{}</td><td>{}</td>{}</tr>\n",
                                    escaped(each.name, 120), escaped(each.facts, 120),
                                    state_cell(each.bad));
            }
            html += table_end;
        } else if (!of.interrupted) {
            html += "<p class=\"note\">An importer has a folder here, and nothing came yet.</p>\n";
        }
        section("imported", "Imported", html);
    }

    void files() {
        if (facts_.files.empty() && facts_.folders.empty()) {
            return;
        }
        auto html =
            facts_.files.empty()
                ? std::string{}
                : table_head(
                      "Files", "",
                      {{"File"}, {"State"}, {"Size", true}, {"Format"}, {"Part of"}, {"Written"}});
        std::size_t shown = 0;
        std::string details;
        for (const file_row& each : facts_.files) {
            if (++shown <= most_rows) {
                const bool known = !each.format.empty() || !each.part.empty() || each.bad;
                html += fmt::format(
                    "<tr><td class=\"mono name\">{}</td>{}<td class=\"n\">{}</td><td>{}</td>"
                    "<td>{}</td><td>{}</td></tr>\n",
                    escaped(each.name, 200),
                    known ? state_cell(each.bad) : std::string{"<td></td>"}, human_size(each.size),
                    each.format.empty() ? "<span class=\"soft\">unknown</span>"
                                        : escaped(each.format),
                    escaped(each.part), each.time ? date_text(*each.time) : "");
            }
            if (!each.document.empty() && shown <= most_rows) {
                details +=
                    fmt::format("<details><summary class=\"mono\">{}</summary>{}</details>\n",
                                escaped(each.name, 200), document_of(each.document));
            }
        }
        html += facts_.files.empty() ? "" : table_end;
        html += more_rows(facts_.files.size()) + details;
        if (!facts_.folders.empty()) {
            html += fmt::format("<p class=\"note\">{} in it, not looked into: ",
                                counted(facts_.folders.size(), "folder"));
            for (std::size_t i = 0; i != std::min<std::size_t>(facts_.folders.size(), 20); ++i) {
                html += fmt::format("{}<code>{}</code>", i == 0 ? "" : ", ",
                                    escaped(facts_.folders[i], 80));
            }
            html += facts_.folders.size() > 20 ? ", ...</p>\n" : "</p>\n";
        }
        section("files", "Files", html);
    }

    // What `inspect` says, as a list, and lists of things as tables. Documents are a few levels
    // deep.
    [[nodiscard]] static std::string document_of(const json::object& document) {
        std::string facts = "<dl class=\"facts\">";
        std::string tables;
        for (const auto& [name, value] : document) {
            std::string title = name;
            std::ranges::replace(title, '_', ' ');
            const auto* rows = value.get<json::array>();
            if (rows != nullptr && !rows->empty() && rows->front().get<json::object>() != nullptr) {
                tables += table_of(title, *rows);
                continue;
            }
            facts += fmt::format("<dt>{}</dt><dd>{}</dd>", escaped(title, 80), plain(name, value));
        }
        return facts + "</dl>\n" + tables;
    }

    [[nodiscard]] static std::string table_of(const std::string& title, const json::array& rows) {
        std::vector<column> columns;
        const auto& first = *rows.front().get<json::object>();
        std::vector<std::string> titles;
        for (const auto& each : first) {
            titles.push_back(each.first);
            std::ranges::replace(titles.back(), '_', ' ');
        }
        for (std::size_t i = 0; i != first.size(); ++i) {
            columns.push_back({titles[i], first[i].second.get<std::uint64_t>() != nullptr});
        }
        auto html = fmt::format("<h3>{}</h3>", escaped(title)) + table_head(title, "", columns);
        std::size_t shown = 0;
        for (const json::value& row : rows) {
            const auto* members = row.get<json::object>();
            if (members == nullptr || ++shown > most_rows) {
                continue;
            }
            html += "<tr>";
            for (const auto& [name, value] : *members) {
                html += fmt::format("<td{}>{}</td>",
                                    value.get<std::uint64_t>() != nullptr ? column_n : "",
                                    plain(name, value));
            }
            html += "</tr>\n";
        }
        html += table_end;
        return html + more_rows(rows.size());
    }

    [[nodiscard]] static std::string plain(std::string_view name, const json::value& value) {
        if (const auto* text = value.get<std::string>()) {
            return escaped(*text, 200);
        }
        if (const auto* number = value.get<std::uint64_t>()) {
            constexpr std::uint64_t latest = 9'000'000'000;
            if (name.ends_with("_ns")) {
                return ns_text(*number);
            }
            if (name == "created_at" && *number > latest && *number < 1000 * latest) {
                return seconds_text(static_cast<std::int64_t>(*number / 1000)); // of a stream
            }
            if ((name == "created_at" || name.ends_with("_secs")) && *number < latest) {
                return seconds_text(static_cast<std::int64_t>(*number));
            }
            const bool size = name == "size" || name.ends_with("_size") || name == "size_bytes";
            return size ? human_size(*number) : grouped(*number);
        }
        if (const auto* elements = value.get<json::array>()) {
            std::string all;
            for (std::size_t i = 0; i != std::min<std::size_t>(elements->size(), 20); ++i) {
                all += (i == 0 ? "" : ", ") + plain({}, (*elements)[i]);
            }
            return elements->empty()       ? "none"
                   : elements->size() > 20 ? fmt::format("{}, ... {} in all", all, elements->size())
                                           : all;
        }
        if (const auto* members = value.get<json::object>()) {
            std::string all;
            for (const auto& [key, held] : *members) {
                all += fmt::format("{}<span class=\"soft\">{}</span> {}", all.empty() ? "" : ", ",
                                   escaped(key, 80), plain(key, held));
            }
            return all;
        }
        return value.is_null() ? "-" : escaped(json::written(value), 200);
    }

    const folder_facts& facts_;
    std::string body_;
    std::vector<std::pair<std::string_view, std::string_view>> nav_;
};

} // namespace

std::string page_of(const folder_facts& facts) {
    return page{facts}.run();
}

} // namespace tool::report
