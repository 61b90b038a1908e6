// Histories as files: what they are, beside their writers, and damaged.

#include <tintype/delta/store.hpp>
#include <tintype/formats/cbtop.hpp>

#include "chain_folders.hpp"
#include "run.hpp"

#include <boost/hana.hpp>
#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using tests::count_of;
using tests::holds;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::words;
using tintype::cbtop::profile_snapshot;

struct reading {
    BOOST_HANA_DEFINE_STRUCT(reading, (std::uint64_t, timestamp_ns), (double, degrees));
};

template <class T>
using store = tintype::delta_store<T>;

[[nodiscard]] profile_snapshot profile(std::uint64_t number) {
    profile_snapshot made{};
    made.timestamp_ns = 1000 + number;
    made.workload_fingerprint = "w";
    made.metrics["cpu"] = {.name = "cpu",
                           .values = std::vector<double>(20, static_cast<double>(number)),
                           .timestamps = {number}};
    return made;
}

[[nodiscard]] store<profile_snapshot> opened(const scratch& folder) {
    return *store<profile_snapshot>::open(tintype::directory{folder.path()}, "h");
}

void make_history(const scratch& folder, std::uint64_t count) {
    auto made = opened(folder);
    for (std::uint64_t i = 0; i != count; ++i) {
        REQUIRE(made.append(profile(i)) == i);
    }
}

void flip(const std::string& path, std::uint64_t offset) {
    auto bytes = tests::file_bytes(path);
    bytes[static_cast<std::size_t>(offset)] ^= std::byte{0x04};
    tests::write_file(path, bytes);
}

[[nodiscard]] std::uint64_t number_in(const std::string& text, std::string_view name) {
    const auto at = text.find(name);
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(at + name.size()));
}

} // namespace

TEST_CASE("the document of a history") {
    const scratch folder;
    make_history(folder, 25);
    const auto store_of = opened(folder);
    const ran call = tool({"inspect", "--json", folder / "h"});
    CHECK(call.status == 0);
    CHECK(call.err == "");
    CHECK(call.out.starts_with(
        R"({"format":"delta-store","size":)" + std::to_string(store_of.size()) +
        R"(,"snapshots":25,"keyframes":3,"deltas":22,"packed":0,"raw_size":)" +
        std::to_string(store_of.raw_size()) + R"(,"stored_size":)" +
        std::to_string(store_of.stored_size()) +
        R"(,"first_ns":1000,"last_ns":1024,"next_index":25,"keyframe_interval":10,)"
        R"("tail_bytes":0,"schema":"{index:u64,)"));
    CHECK(call.out.ends_with(R"("tiers":[{"tier":"raw","snapshots":25,"groups":3,"stored_size":)" +
                             std::to_string(store_of.stored_size()) +
                             R"(},{"tier":"compressed","snapshots":0,"groups":0,"stored_size":0},)"
                             R"({"tier":"archive","snapshots":0,"groups":0,"stored_size":0}]})"
                             "\n"));
    CHECK(holds(tool({"inspect", folder / "h"}).out, "\nsnapshots          25\n"));
}

TEST_CASE("a history of other snapshots is inspected and verified, not shown") {
    const scratch folder;
    auto made = *store<reading>::open(tintype::directory{folder.path()}, "h");
    REQUIRE(made.append({.timestamp_ns = 5, .degrees = 21.5}));
    REQUIRE(made.append({.timestamp_ns = 6, .degrees = 21.25}));
    const ran seen = tool({"inspect", "--json", folder / "h"});
    CHECK(seen.status == 0);
    CHECK(holds(seen.out, R"("snapshots":2,"keyframes":1,"deltas":1,)"));
    CHECK(holds(seen.out, R"("schema":"{timestamp_ns:u64,degrees:f64}")"));
    CHECK(tool({"verify", folder / "h"}).status == 0);
    const ran shown = tool({"history", folder / "h"});
    CHECK(shown.status == 2);
    CHECK(shown.err == "tintype: " + folder / "h" +
                           ": unsupported: a history of other snapshots than profiles; `inspect` "
                           "and `verify` take it\n");
}

TEST_CASE("an empty history is whole") {
    const scratch folder;
    make_history(folder, 0);
    const ran seen = tool({"inspect", "--json", folder / "h"});
    CHECK(seen.status == 0);
    CHECK(holds(seen.out, R"("snapshots":0,"keyframes":0,"deltas":0,)"));
    CHECK(holds(seen.out, R"("first_ns":null,"last_ns":null,"next_index":0,)"));
    CHECK(tool({"history", "--json", folder / "h"}).out ==
          "{\"snapshots\":[],\"truncated\":false}\n");
}

TEST_CASE("beside a writer histories are read, and not written") {
    const scratch folder;
    make_history(folder, 3);
    auto writer = opened(folder);
    REQUIRE(writer.append(profile(3)));
    const ran seen = tool({"history", "--json", folder / "h"});
    CHECK(seen.status == 0);
    CHECK(count_of(seen.out, "\"checksum\":") == 4);
    CHECK(tool({"inspect", folder / "h"}).status == 0);
    CHECK(tool({"verify", folder.path()}).status == 0);
    CHECK(!holds(tool({"verify", folder.path()}).out, ".lock"));
    for (const words& call : {words{"history", folder / "h", "--append",
                                    R"({"timestamp_ns":1,"fingerprint":"","metrics":{}})"},
                              words{"history", folder / "h", "--cleanup", "5"}}) {
        const ran refused = tool(call);
        CHECK(refused.status == 3);
        CHECK(refused.out == "");
        CHECK(holds(refused.err, folder / "h" + ": in use"));
    }
    REQUIRE(writer.append(profile(4)) == 4);
}

TEST_CASE("a writer that is busy never makes a whole history look torn") {
    const scratch folder;
    make_history(folder, 1);
    const pid_t child = ::fork();
    if (child == 0) {
        auto writer = *store<profile_snapshot>::open(tintype::directory{folder.path()}, "h",
                                                     {.flush = tintype::flush_on_request{}});
        for (std::uint64_t i = 1; i != 3000; ++i) {
            auto next = profile(i);
            next.metrics["cpu"].values.assign(500, 1.0 / static_cast<double>(i));
            if (!writer.append(next)) {
                ::_exit(1);
            }
            ::usleep(1000);
        }
        ::_exit(0);
    }
    for (int i = 0; i != 10; ++i) {
        for (const words& call : {words{"history", "--limit", "1", folder / "h"},
                                  words{"inspect", folder / "h"}, words{"verify", folder / "h"}}) {
            const ran done = tool(call);
            CAPTURE(call);
            CAPTURE(done.err + done.out);
            CHECK(done.status == 0);
        }
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
}

TEST_CASE("a torn tail is called that, and everything before it is shown") {
    const scratch folder;
    make_history(folder, 12);
    const auto whole = tests::file_bytes(folder / "h");
    const std::uint64_t before = opened(folder).entries()[11].offset;
    for (auto size = before + 1; size != whole.size(); ++size) {
        if (size % 31 != 0 && size + 2 < whole.size() && size > before + 2) {
            continue; // each takes a moment
        }
        CAPTURE(size);
        tests::write_file(folder / "h",
                          tintype::byte_view{whole}.first(static_cast<std::size_t>(size)));
        const ran shown = tool({"history", "--json", folder / "h"});
        CHECK(shown.status == 1);
        CHECK(count_of(shown.out, "\"checksum\":") == 11);
        CHECK(shown.err ==
              "tintype: " + folder / "h" + ": torn tail: " + std::to_string(size - before) +
                  " byte" + (size - before == 1 ? "" : "s") + " behind the last whole snapshot\n");
        const ran verified = tool({"verify", "--json", folder / "h"});
        CHECK(verified.status == 1);
        CHECK(holds(verified.out, "truncated"));
        CHECK(holds(verified.out, " in tail: "));
        CHECK(holds(verified.out, ": torn or damaged; the next writer cuts it off"));
        const ran seen = tool({"inspect", "--json", folder / "h"});
        CHECK(seen.status == 1);
        CHECK(number_in(seen.out, "\"tail_bytes\":") == size - before);
        CHECK(number_in(seen.out, "\"snapshots\":") == 11);
    }
    const ran next = tool({"history", folder / "h", "--append",
                           R"({"timestamp_ns":1,"fingerprint":"","metrics":{}})"});
    CHECK(next.status == 0);
    CHECK(next.out == folder / "h" + "  1 snapshot appended, index 11\n");
    CHECK(next.err == "tintype: " + folder / "h" + ": " +
                          std::to_string(whole.size() - 1 - before) +
                          " bytes of a torn tail were cut off\n");
    CHECK(tool({"verify", folder / "h"}).status == 0);
}

TEST_CASE("damage costs what needs it, and is told after the rest") {
    const scratch folder;
    make_history(folder, 30);
    const auto entries = opened(folder).entries();
    const auto whole = tests::file_bytes(folder / "h");
    // The content of a delta: the rest of its group cannot be made without it.
    flip(folder / "h", entries[13].offset + 32 + entries[13].size - 1);
    const ran shown = tool({"history", "--json", folder / "h"});
    CHECK(shown.status == 1);
    CHECK(count_of(shown.out, "\"tier\":") == 23);
    CHECK(holds(shown.out, R"("truncated":false,"unreadable":[{"first":13,"last":19}],"lost":[],)"
                           R"("damage":[{"code":"checksum_mismatch","offset":)" +
                               std::to_string(entries[13].offset)));
    CHECK(holds(shown.err, ": checksum mismatch in record: stored "));
    CHECK(shown.err.ends_with("; unreadable: 13 to 19\n"));
    CHECK(count_of(shown.err, "\n") == 1);
    const ran text = tool({"history", folder / "h"});
    CHECK(text.status == 1);
    CHECK(count_of(text.out, "\n") == 24);
    // What is asked for is whole.
    CHECK(tool({"history", folder / "h", "--index", "12"}).status == 0);
    const ran one = tool({"history", folder / "h", "--index", "15", "--json"});
    CHECK(one.status == 1);
    CHECK(one.out.starts_with("{\"snapshots\":[],\"truncated\":false,\"unreadable\":"));
    for (const words& call : {words{"verify", folder / "h"}, words{"verify", folder.path()}}) {
        const ran bad = tool(call);
        CHECK(bad.status == 1);
        CHECK(holds(bad.out, "BAD  " + folder / "h" +
                                 "  delta-store: checksum mismatch in record: stored "));
    }
    CHECK(tool({"inspect", folder / "h"}).status == 1);

    // A keyframe's header: its whole group is gone.
    tests::write_file(folder / "h", whole);
    flip(folder / "h", entries[10].offset + 3);
    const ran lost = tool({"history", "--json", folder / "h"});
    CHECK(lost.status == 1);
    CHECK(count_of(lost.out, "\"tier\":") == 20);
    CHECK(holds(lost.out, R"("lost":[{"first":10,"last":19}])"));
    const ran gone = tool({"history", folder / "h", "--index", "15"});
    CHECK(gone.status == 1);
    CHECK(holds(gone.err, "not found: snapshot 15 of 30 was lost by damage\n"));
    const ran seen = tool({"inspect", "--json", folder / "h"});
    CHECK(seen.status == 1);
    CHECK(holds(seen.out, R"("lost":[{"first":10,"last":19}],"damage":[{"offset":)"));

    // A file that is cut off in its opening, and one that is none.
    tests::write_file(folder / "h", tintype::byte_view{whole}.first(30));
    for (const std::string command : {"history", "inspect", "verify"}) {
        CHECK(tool({command, folder / "h"}).status == 1);
    }
    flip(folder / "h", 7);
    CHECK(holds(tool({"verify", "--json", folder / "h"}).out, "\"code\":\"invalid_magic\""));
}

TEST_CASE("every byte of a history matters") {
    const scratch folder;
    make_history(folder, 3);
    const auto whole = tests::file_bytes(folder / "h");
    for (std::size_t i = 0; i < whole.size(); i += 19) {
        CAPTURE(i);
        auto flipped = whole;
        flipped[i] ^= std::byte{0x10};
        tests::write_file(folder / "h", flipped);
        const ran call = tool({"verify", "--json", folder / "h"});
        CHECK(call.status == 1);
        CHECK(holds(call.out, "\"ok\":false"));
    }
}

TEST_CASE("a history is not rewritten as one snapshot") {
    const scratch folder;
    make_history(folder, 1);
    const ran call = tool({"rewrite", folder / "h", "-o", folder / "out"});
    CHECK(call.status == 2);
    CHECK(!tests::exists(folder / "out"));
    CHECK(call.err == "tintype: " + folder / "h" +
                          ": unsupported: delta-store: a history is no single snapshot; `history` "
                          "shows those in it, and `history --cleanup` writes it anew\n");
}
