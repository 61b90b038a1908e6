// `sessions`, `session` and `compare`: what programs recorded of themselves.

#include <tintype/replay/compare.hpp>
#include <tintype/replay/uuid.hpp>

#include "command.hpp"
#include "format.hpp"
#include "json.hpp"
#include "session_json.hpp"
#include "session_source.hpp"
#include "session_view.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::errc;
using tintype::memvid::replay_session;

// A file and the sessions in it.
struct session_file {
    input file;
    std::unique_ptr<session_source> sessions;

    [[nodiscard]] static outcome<session_file> open(const std::string& path) {
        auto file = open_input(path);
        if (!file) {
            return pass(file);
        }
        const format* kind = recognised(file->bytes());
        if (kind == nullptr) {
            return std::unexpected(unrecognised(path, file->bytes()));
        }
        auto sessions = kind->sessions(file->bytes());
        if (!sessions) {
            return std::unexpected(
                failure{.how = status::wrong_call,
                        .about = path,
                        .what = fmt::format("there are no sessions in a {}", kind->name()),
                        .code = errc::unsupported});
        }
        return session_file{.file = *std::move(file), .sessions = std::move(sessions)};
    }

    // What is wrong with the file besides the sessions that were asked for.
    [[nodiscard]] std::optional<failure> damage() const {
        const auto all = sessions->damage();
        return all.empty() ? std::nullopt
                           : std::optional{failed(file.path(), all.front().why).error()};
    }

    // The session whose id is so, or alone begins so.
    [[nodiscard]] outcome<replay_session> read(const std::string& typed) const {
        const auto index = find(typed);
        if (!index) {
            return std::unexpected(index.error());
        }
        auto session = sessions->read(*index);
        if (!session) {
            return failed(file.path(), session.error());
        }
        return *std::move(session);
    }

private:
    [[nodiscard]] outcome<std::size_t> find(const std::string& typed) const {
        if (typed.empty()) {
            return wrong_call("ID is a session's id or the beginning of it, not nothing");
        }
        std::string begin = typed;
        std::ranges::transform(begin, begin.begin(), [](char c) {
            return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        const auto ids = sessions->ids();
        std::vector<std::string> found;
        std::size_t last = 0;
        for (std::size_t i = 0; i != ids.size(); ++i) {
            const auto text = ids[i] ? to_text(*ids[i]) : std::string{};
            auto digits = text;
            std::erase(digits, '-');
            if (text.starts_with(begin) || digits.starts_with(begin)) {
                found.push_back(text);
                last = i;
            }
        }
        if (found.size() == 1) {
            return last;
        }
        if (found.empty()) {
            // It may lie where the damage is.
            if (const auto broken = damage()) {
                return std::unexpected(*broken);
            }
            auto none = failed(file.path(), {.code = errc::not_found}).error();
            none.what = fmt::format("not found: session {}; `sessions` lists the {} there {}",
                                    typed, ids.size(), ids.size() == 1 ? "is" : "are");
            return std::unexpected(none);
        }
        constexpr std::size_t most = 4;
        const bool more = found.size() > most;
        const auto count = found.size();
        found.resize(std::min(count, most));
        return std::unexpected(
            failure{.how = status::wrong_call,
                    .about = file.path(),
                    .what = fmt::format("`{}` is the beginning of {} ids: {}{}", typed, count,
                                        fmt::join(found, ", "), more ? ", ..." : ""),
                    .code = errc::duplicate});
    }
};

[[nodiscard]] json::object in_json(const failure& what) {
    return {{"code", tintype::name_of(what.code)}, {"message", what.what}};
}

class sessions_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "sessions"; }

    [[nodiscard]] std::string_view summary() const override { return "list recorded sessions"; }

    [[nodiscard]] std::string_view usage() const override { return "FILE [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "FILE is a segment of ended sessions or holds the one that is being recorded: "
               "memvid's, or the library's own of any program. What is damaged is left out and "
               "told, and the exit status is 1. On a narrow terminal the ids are cut; `session` "
               "and `compare` take them so.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype sessions agent.mv2replay", "id, name, times, how many actions"},
                {"tintype sessions --json agent.mv2replay | jq -r '.sessions[-1].id'",
                 "the id of the last"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the segment")->required();
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto file = session_file::open(file_);
        if (!file) {
            return std::unexpected(file.error());
        }
        const auto seen = list_of(*file->sessions, look::summaries, {.watch = &on.watch(file_)});
        if (seen.damage && seen.damage->code == errc::cancelled) {
            return failed(file_, *seen.damage);
        }
        std::optional<failure> damage;
        if (seen.damage) {
            damage = failed(file_, *seen.damage).error();
        }
        if (json_) {
            json::object document{{"sessions", seen.in_json()}};
            if (damage) {
                document.emplace_back("error", in_json(*damage));
            }
            on.print(json::written(std::move(document)) + "\n");
        } else {
            on.print(listed(on, seen.rows));
        }
        if (damage) {
            return std::unexpected(*std::move(damage));
        }
        return status::done;
    }

private:
    std::string file_;
    bool json_ = false;
};

class session_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "session"; }

    [[nodiscard]] std::string_view summary() const override {
        return "show one session, action by action";
    }

    [[nodiscard]] std::string_view usage() const override { return "FILE ID [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "ID is a session's id, or as much of its beginning as tells it from the others. Of "
               "an action are shown its sequence, its time, what it was and on what, how long it "
               "took, and of what went in and came out the digest and a preview; checkpoints stand "
               "behind the action that they were taken after. On a terminal each line is cut to "
               "its width. In JSON everything is there, under memvid's names, digests in "
               "hexadecimal.\n"
               "Only that session is read. If it could be, but something else in the file is "
               "damaged, it is shown, and the exit status is 1. Sessions of other actions than "
               "memvid's can be listed and verified, but only their program knows what they say.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype session agent.mv2replay 4edc", "what the agent did"},
                {"tintype session --json agent.mv2replay 4edc | jq '.actions[].action_type'",
                 "its actions alone"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the segment")->required();
        parser.add_option("ID", id_, "the session")->required();
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto file = session_file::open(file_);
        if (!file) {
            return std::unexpected(file.error());
        }
        const auto session = file->read(id_);
        if (!session) {
            return std::unexpected(session.error());
        }
        std::optional<failure> damage;
        if (const auto good = file->sessions->consistent(*session); !good) {
            damage = failed(file_, good.error()).error();
        } else {
            damage = file->damage();
        }
        if (json_) {
            print_json(on, *session, damage);
        } else {
            print_timeline(on, *session);
        }
        if (damage) {
            return std::unexpected(*std::move(damage));
        }
        return status::done;
    }

private:
    std::string file_;
    std::string id_;
    bool json_ = false;
};

class compare_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "compare"; }

    [[nodiscard]] std::string_view summary() const override {
        return "tell where two sessions part";
    }

    [[nodiscard]] std::string_view usage() const override { return "FILE ID ID [--json]"; }

    [[nodiscard]] std::string details() const override {
        return "Actions are compared by their sequences: which are only in one of the two, and "
               "which differ, in what they are or in any field. Data that went in and came out "
               "does not count there, but `first parts` names the first action at which anything "
               "is otherwise, data included, or the first checkpoint of another state. An ID may "
               "be the beginning of one. The exit status is 0 whether or not they are identical.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {
            {"tintype compare agent.mv2replay 4edc 91b0", "yesterday's run and today's"},
            {"tintype compare --json agent.mv2replay 4edc 91b0 | jq .identical", "true or false"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FILE", file_, "the segment")->required();
        parser.add_option("A", a_, "a session's id")->required();
        parser.add_option("B", b_, "another session's")->required();
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        const auto file = session_file::open(file_);
        if (!file) {
            return std::unexpected(file.error());
        }
        const auto a = file->read(a_);
        if (!a) {
            return std::unexpected(a.error());
        }
        const auto b = file->read(b_);
        if (!b) {
            return std::unexpected(b.error());
        }
        const auto damage = file->damage();
        const auto found = tintype::compare(*a, *b);
        const auto first = tintype::first_divergence(*a, *b);
        if (json_) {
            on.print(json::written(document_of(found, first, damage)) + "\n");
        } else {
            on.print(compared(on, *a, *b, found, first));
        }
        if (damage) {
            return std::unexpected(*damage);
        }
        return status::done;
    }

private:
    [[nodiscard]] static json::object document_of(const tintype::session_comparison& found,
                                                  const std::optional<tintype::divergence>& first,
                                                  const std::optional<failure>& damage) {
        const auto numbers = [](const std::vector<std::uint64_t>& from) {
            return json::array{from.begin(), from.end()};
        };
        json::array differing;
        for (const tintype::differing_action& each : found.differing) {
            differing.emplace_back(
                json::object{{"sequence", each.sequence}, {"reason", each.reason}});
        }
        json::object document{{"identical", found.identical()},
                              {"only_in_a", numbers(found.only_in_a)},
                              {"only_in_b", numbers(found.only_in_b)},
                              {"differing", std::move(differing)},
                              {"matching", found.matching}};
        document.emplace_back("first_divergence",
                              first ? json::value{json::object{{"sequence", first->sequence},
                                                               {"checkpoint", first->checkpoint},
                                                               {"reason", first->why}}}
                                    : json::value{});
        if (damage) {
            document.emplace_back("error", in_json(*damage));
        }
        return document;
    }

    std::string file_;
    std::string a_;
    std::string b_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_sessions() {
    return std::make_unique<sessions_command>();
}

std::unique_ptr<command> make_session() {
    return std::make_unique<session_command>();
}

std::unique_ptr<command> make_compare() {
    return std::make_unique<compare_command>();
}

} // namespace tool
