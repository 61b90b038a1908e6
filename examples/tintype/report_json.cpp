// The facts of a report as one document.

#include "chains.hpp"
#include "report_model.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

namespace tool::report {

namespace {

[[nodiscard]] std::string time_text(tintype::timestamp time) {
    return utc(time, 'T') + "Z";
}

[[nodiscard]] json::value in_json(const std::optional<fault>& what) {
    return what ? json::value{json::object{{"code", what->code}, {"message", what->message}}}
                : json::value{};
}

// As `history` prints values with --bits.
[[nodiscard]] std::string bits_of(double value) {
    return fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value));
}

template <class Rows, class InJson>
[[nodiscard]] json::array list(const Rows& rows, InJson in_json) {
    json::array all;
    for (const auto& each : rows) {
        all.emplace_back(in_json(each));
    }
    return all;
}

[[nodiscard]] json::object in_json(const version_row& row) {
    return {{"version", row.version},      {"file", row.file},
            {"format", row.format},        {"size", row.size},
            {"time", time_text(row.time)}, {"pinned", row.pinned},
            {"unchanged", row.unchanged},  {"ok", !row.bad},
            {"error", in_json(row.bad)}};
}

[[nodiscard]] json::object in_json(const snapshot_row& row) {
    const auto known = [&](auto value) {
        return row.info ? json::value{value(*row.info)} : json::value{};
    };
    using info = tintype::snapshot_info;
    return {{"id", row.id},
            {"snapshot_type", known([](const info& i) { return type_name(i.type); })},
            {"parent_id", known([](const info& i) { return json::value{i.parent_id}; })},
            {"created_at", known([](const info& i) { return seconds_of(i); })},
            {"size_bytes", known([](const info& i) { return i.data_size; })},
            {"records", known([](const info& i) { return i.records; })},
            {"description", known([](const info& i) { return json::value{i.description}; })},
            {"restore_links", std::uint64_t{row.links}},
            {"restore_bytes", row.reads},
            {"estimated_whole_bytes", row.as_whole},
            {"ok", !row.bad},
            {"rests_on", row.rests_on.empty() ? json::value{} : json::value{row.rests_on}},
            {"error", in_json(row.bad)}};
}

[[nodiscard]] json::object in_json(const chain_facts& chain) {
    return {{"kind", chain.dakera ? "dakera" : "own"},
            {"snapshots",
             list(chain.snapshots, [](const snapshot_row& each) { return in_json(each); })},
            {"strays", list(chain.strays, [](const snapshot_row& each) {
                 return json::object{{"file", each.file}, {"error", in_json(each.bad)}};
             })}};
}

[[nodiscard]] json::object in_json(const retention_plan& plan) {
    std::uint64_t freed = 0;
    for (const decision_row& each : plan.decisions) {
        freed += each.keep ? 0 : each.size;
    }
    return {{"rules", plan.rules},
            {"example", !plan.given},
            {"of", plan.of_chain ? "chain" : "versions"},
            {"refused", plan.refused.empty() ? json::value{} : json::value{plan.refused}},
            {"freed_bytes", freed},
            {"decisions", list(plan.decisions, [](const decision_row& each) {
                 return json::object{{"name", each.name},
                                     {"keep", each.keep},
                                     {"reason", each.reason},
                                     {"size", each.size},
                                     {"time", time_text(each.time)}};
             })}};
}

[[nodiscard]] json::object in_json(const history_facts& history) {
    return {{"file", history.file},
            {"inspect", history.document},
            {"profiles", history.profiles},
            {"every", history.every},
            {"more_metrics", history.more_metrics},
            {"metrics", list(history.metrics, [](const metric_series& metric) {
                 return json::object{{"name", metric.name},
                                     {"unplotted", metric.unplotted},
                                     {"points", list(metric.points, [](const metric_point& each) {
                                          return json::object{{"time_ns", each.time},
                                                              {"mean", bits_of(each.mean)},
                                                              {"least", bits_of(each.least)},
                                                              {"most", bits_of(each.most)}};
                                      })}};
             })}};
}

[[nodiscard]] json::object in_json(const session_facts& sessions) {
    return {{"file", sessions.file},
            {"format", sessions.format},
            {"sessions", list(sessions.sessions, [](const session_row& each) {
                 return json::object{{"id", each.id},
                                     {"name", each.name},
                                     {"created_secs", each.created_secs},
                                     {"ended_secs", each.ended_secs},
                                     {"actions", each.actions},
                                     {"checkpoints", each.checkpoints}};
             })}};
}

[[nodiscard]] json::value in_json(const std::optional<import_facts>& imported) {
    if (!imported) {
        return {};
    }
    return json::object{{"snapshot_id", imported->snapshot_id},
                        {"error", in_json(imported->interrupted)},
                        {"files", list(imported->files, [](const imported_row& each) {
                             return json::object{{"name", each.name},
                                                 {"ok", !each.bad},
                                                 {"error", in_json(each.bad)}};
                         })}};
}

} // namespace

json::object folder_facts::document() const {
    return {{"folder", folder},
            {"now", time_text(now)},
            {"ok", damage.empty()},
            {"damage", list(damage,
                            [](const damage_row& each) {
                                return json::object{
                                    {"file", each.file},
                                    {"format", each.format},
                                    {"id", each.id.empty() ? json::value{} : json::value{each.id}},
                                    {"rests", each.rests},
                                    {"code", each.what.code},
                                    {"message", each.what.message}};
                            })},
            {"versions", list(versions, [](const version_row& each) { return in_json(each); })},
            {"chain", chain ? json::value{in_json(*chain)} : json::value{}},
            {"retention", list(plans, [](const retention_plan& each) { return in_json(each); })},
            {"histories", list(histories, [](const history_facts& each) { return in_json(each); })},
            {"sessions", list(sessions, [](const session_facts& each) { return in_json(each); })},
            {"streams", list(streams,
                             [](const stream_facts& each) {
                                 return json::object{{"file", each.file},
                                                     {"inspect", each.document}};
                             })},
            {"imported", in_json(imported)},
            {"folders", list(folders, [](const std::string& each) { return json::value{each}; })},
            {"files", list(files, [](const file_row& each) {
                 json::object row{
                     {"name", each.name},
                     {"size", each.size},
                     {"time", each.time ? json::value{time_text(*each.time)} : json::value{}},
                     {"format", each.format.empty() ? json::value{} : json::value{each.format}},
                     {"part", each.part.empty() ? json::value{} : json::value{each.part}},
                     {"ok", !each.bad},
                     {"error", in_json(each.bad)}};
                 if (!each.document.empty()) {
                     row.emplace_back("inspect", each.document);
                 }
                 return row;
             })}};
}

} // namespace tool::report
