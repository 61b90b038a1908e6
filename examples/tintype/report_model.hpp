#pragma once

// What there is to report of a folder: facts alone, in the order in which they are told, gathered
// by the surveys behind `ls`, `verify`, `prune` and `inspect`. Nothing in it depends on anything
// but the folder, the rules and the time that it is asked for. Every text may come from a file and
// is as it was found there; whoever shows it makes it harmless.

#include <tintype/chain/manifest.hpp>
#include <tintype/core/clock.hpp>

#include "json.hpp"
#include "outcome.hpp"
#include "retention_rules.hpp"
#include "terminal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool::report {

// What is wrong with a file, with the numbers.
struct fault {
    std::string code;
    std::string message;
    bool unread = false; // the system's fault: nobody knows what is in it
};

struct version_row {
    std::uint64_t version = 0;
    std::string file{};
    std::string format{};
    std::uint64_t size = 0;
    tintype::timestamp time{};
    bool pinned = false;
    std::optional<fault> bad{};
    std::uint64_t unchanged = 0; // bytes of sections that are as in the version before
};

struct snapshot_row {
    std::string id{};
    std::string file{};                           // what there is to say is about this one
    std::optional<tintype::snapshot_info> info{}; // nothing where the manifest cannot be read
    std::optional<fault> bad{};
    std::string rests_on{};     // the damaged one that is to blame
    std::size_t links = 0;      // snapshots that a restore reads
    std::uint64_t reads = 0;    // and bytes of them
    std::uint64_t as_whole = 0; // bytes that it would take by itself, estimated
};

struct chain_facts {
    bool dakera = false;
    std::vector<snapshot_row> snapshots{}; // newest first
    std::vector<snapshot_row> strays{};    // data of which no manifest speaks
};

struct decision_row {
    std::string name{};
    std::uint64_t size = 0;
    tintype::timestamp time{};
    bool keep = false;
    std::string reason{};
};

// What `prune` would do under some rules.
struct retention_plan {
    std::string rules{}; // as they are typed
    bool given = false;  // and not an example
    bool of_chain = false;
    std::string refused{};                 // why nothing would go, whatever the rules say
    std::vector<decision_row> decisions{}; // newest first
};

// One point stands for one snapshot or several beside each other.
struct metric_point {
    std::int64_t time = 0; // Unix nanoseconds
    double mean = 0;
    double least = 0;
    double most = 0;
};

struct metric_series {
    std::string name{};
    std::vector<metric_point> points{};
    std::uint64_t unplotted = 0; // values that are no numbers, or infinite
};

struct growth_point {
    std::uint64_t index = 0; // of the snapshot
    std::uint64_t raw = 0;   // bytes of all up to it, as whole ones
    std::uint64_t stored = 0;
};

struct history_facts {
    std::string file{};
    json::object document{}; // as `inspect` has it
    std::vector<growth_point> growth{};
    bool profiles = false;   // its snapshots are profiles, so there are metrics
    std::uint64_t every = 1; // of so many snapshots one was read for them
    std::vector<metric_series> metrics{};
    std::uint64_t more_metrics = 0; // that are not among them
};

struct action_mark {
    std::uint64_t sequence = 0;
    std::int64_t secs = 0;
    std::uint64_t duration_ms = 0;
    std::size_t kind = 0; // in session_facts::kinds
};

struct session_row {
    std::string id{};
    std::optional<std::string> name{};
    std::int64_t created_secs = 0;
    std::optional<std::int64_t> ended_secs{};
    std::uint64_t actions = 0;
    std::uint64_t checkpoints = 0;
    std::vector<action_mark> marks{};
    std::vector<std::uint64_t> checkpoints_before{}; // the sequence of the action behind each
};

struct session_facts {
    std::string file{};
    std::string format{};
    std::vector<std::string_view> kinds{}; // of actions
    std::vector<session_row> sessions{};
};

struct stream_facts {
    std::string file{};
    json::object document{}; // as `inspect` has it
};

struct imported_row {
    std::string name{};
    std::string facts{};
    std::optional<fault> bad{};
};

struct import_facts {
    std::string snapshot_id{};
    std::vector<imported_row> files{};
    std::optional<fault> interrupted{};
};

struct file_row {
    std::string name{};
    std::uint64_t size = 0;
    std::optional<tintype::timestamp> time{};
    std::string format{}; // empty where it is not known
    std::string part{};   // of what: "version 3", "chain"
    std::optional<fault> bad{};
    json::object document{}; // as `inspect` has it, of files that are not shown elsewhere
};

struct damage_row {
    std::string file{};
    std::string format{};
    std::string id{}; // of the snapshot in a chain
    fault what{};
    bool rests = false; // only what it rests on is damaged
};

struct folder_facts {
    std::string folder{};
    tintype::timestamp now{};
    std::vector<version_row> versions{}; // oldest first
    std::optional<chain_facts> chain{};
    std::vector<retention_plan> plans{};
    std::vector<history_facts> histories{};
    std::vector<session_facts> sessions{};
    std::vector<stream_facts> streams{};
    std::optional<import_facts> imported{};
    std::vector<std::string> folders{}; // in it, which are not looked into
    std::vector<file_row> files{};      // all of them, by name
    std::vector<damage_row> damage{};

    [[nodiscard]] json::object document() const;
};

struct question {
    std::string folder{};
    tintype::timestamp now{};
    std::optional<rule_policy> rules{}; // examples where there are none
    std::string rules_text{};
    std::string except{}; // a file in the folder that is not looked at: the report itself
};

// Fails where the folder cannot be read or the work was stopped; damage is among the facts.
[[nodiscard]] outcome<folder_facts> gather(terminal& on, const question& about);

} // namespace tool::report
