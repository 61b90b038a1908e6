// What is asked of sessions wherever they are.

#include "session_source.hpp"

#include <tintype/core/progress.hpp>
#include <tintype/replay/uuid.hpp>

#include <utility>

namespace tool {

using tintype::errc;
using tintype::result;

std::unexpected<tintype::error> unknown_actions() {
    return tintype::fail({.code = errc::unsupported,
                          .where = "sessions",
                          .during = "the tool does not know the actions in them, only their "
                                    "program does; `sessions`, `inspect` and `verify` take them"});
}

json::object in_json(const tintype::session_summary& summary) {
    return {{"id", to_text(summary.session_id)},    {"name", summary.name},
            {"created_secs", summary.created_secs}, {"ended_secs", summary.ended_secs},
            {"actions", summary.action_count},      {"checkpoints", summary.checkpoint_count}};
}

json::array listed_sessions::in_json() const {
    json::array all;
    for (const tintype::session_summary& each : rows) {
        all.emplace_back(tool::in_json(each));
    }
    return all;
}

namespace {

[[nodiscard]] result<tintype::session_summary> checked(const session_source& source,
                                                       std::size_t index) {
    const auto session = source.read(index);
    if (!session) {
        return tintype::pass(session);
    }
    if (const auto good = source.consistent(*session); !good) {
        return tintype::pass(good);
    }
    return tintype::summary_of(*session);
}

} // namespace

listed_sessions list_of(const session_source& source, look how,
                        const tintype::decode_options& options) {
    listed_sessions all;
    const auto note = [&](const tintype::error& what) {
        if (!all.damage || what.code == errc::cancelled) {
            all.damage = what;
        }
    };
    if (const auto damage = source.damage(); !damage.empty()) {
        note(damage.front().why);
    }
    const std::size_t count = source.ids().size();
    for (std::size_t i = 0; i != count; ++i) {
        if (options.watch != nullptr) {
            const auto go_on =
                options.watch->report({.done = source.size() / count * i, .total = source.size()});
            if (!go_on) {
                note(go_on.error());
                break;
            }
        }
        const bool closely = how == look::all && source.knows_actions();
        auto summary = closely ? checked(source, i) : source.summary(i);
        if (!summary) {
            note(summary.error());
            // What cannot be read may say what it is all the same.
            summary = closely ? source.summary(i) : std::move(summary);
        }
        if (summary) {
            all.rows.push_back(*std::move(summary));
        }
    }
    return all;
}

} // namespace tool
