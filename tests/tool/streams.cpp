// Standard streams, terminals and signals.

#include <tintype/formats/velesdb.hpp>

#include "run.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

namespace {

using tests::golden;
using tests::ran;
using tests::scratch;
using tests::tool;
using tests::tool_on_terminal;
using tests::words;

[[nodiscard]] bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// A memory whose semantic section is a hole of that size; it takes next to no disk.
void write_hollow_memory(const std::string& path, std::uint64_t size) {
    tintype::velesdb::memory_state state;
    auto bytes = *tintype::encode<tintype::velesdb::vamm<2>>(state);
    tintype::store<std::endian::little>(bytes.data() + 5, size);
    tests::write_file(path, tintype::byte_view{bytes}.first(13));
    std::filesystem::resize_file(path, bytes.size() + size);
}

} // namespace

TEST_CASE("redirected output has no colours, a terminal's has") {
    const words calls[] = {{"inspect", golden("tiny.v1.vamm")},
                           {"verify", golden("tiny.v1.vamm"), golden("tiny.ttl.bin")},
                           {"help"},
                           {"help", "prune"},
                           {"layout"}};
    for (const words& call : calls) {
        CAPTURE(call);
        const ran plain = tool(call);
        CHECK(!holds(plain.out + plain.err, "\x1b"));
        const ran coloured = tool_on_terminal(call, 80);
        CHECK(coloured.status == plain.status);
        CHECK(holds(coloured.out, "\x1b["));
        CHECK(tool_on_terminal(call, 80, {"NO_COLOR=1"}).out == plain.out + plain.err);
        CHECK(tool_on_terminal(call, 80, {"TERM=dumb"}).out == plain.out + plain.err);
        CHECK(tool_on_terminal(call, 80, {"NO_COLOR="}).out == coloured.out);
    }
}

TEST_CASE("output that cannot be written is a failure, whatever was printed") {
    for (const words& call : {words{"inspect", golden("tiny.v1.vamm")}, words{"help"},
                              words{"layout", "--json"}, words{"--version"}}) {
        CAPTURE(call);
        const ran full = tool(call, {.out_to = "/dev/full"});
        CHECK(full.status == 3);
        CHECK(full.err == "tintype: standard output: No space left on device\n");
        const ran closed = tool(call, {.out_closed = true});
        CHECK(closed.status == 3);
        CHECK(closed.err == "tintype: standard output: Bad file descriptor\n");
    }
}

TEST_CASE("what is printed never ends up in a file that is written") {
    const scratch folder;
    const ran call =
        tool({"rewrite", golden("tiny.v1.vamm"), "-o", folder / "out"}, {.out_closed = true});
    CHECK(call.status == 3);
    CHECK(tests::file_bytes(folder / "out") == tests::golden_bytes("tiny.v1.vamm"));
}

TEST_CASE("Ctrl-C stops long work, with a status and a line") {
    const scratch folder;
    write_hollow_memory(folder / "x", std::uint64_t{1} << 37U);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        CAPTURE(signal);
        for (const words& call : {words{"inspect", folder / "x"}, words{"verify", folder / "x"},
                                  words{"unpack", folder / "x", "-d", folder / "out"}}) {
            const ran stopped = tool(call, {.meanwhile = [&](pid_t child) {
                                         if (tests::wait_until_ready(child)) {
                                             ::kill(child, signal);
                                         }
                                     }});
            CHECK(stopped.status == 3);
            CHECK(stopped.out == "");
            CHECK(stopped.err.starts_with("tintype: " + folder / "x" + ": cancelled: "));
            // Where the signal came before the first byte, nothing was done yet of nothing known.
            CHECK((stopped.err.ends_with(" of 137438953509\n") ||
                   stopped.err.ends_with(": cancelled: 0 of 0\n")));
        }
    }
    CHECK(tests::names_in(folder.path()) == words{"x"});
}

TEST_CASE("Ctrl-C in the middle of a save leaves nothing behind") {
    using namespace std::chrono_literals;
    const scratch folder;
    tests::write_file(folder / "big", "");
    std::filesystem::resize_file(folder / "big", std::uint64_t{256} << 20U);
    bool seen = false;
    const ran call =
        tool({"save", folder / "s", "--format", "vamm-2", "--section", "semantic=" + folder / "big",
              "--section", "episodic=/dev/null", "--section", "procedural=/dev/null", "--section",
              "ttl=/dev/null"},
             {.meanwhile = [&](pid_t child) {
                 // Until the temporary is there, which is when writing begins.
                 while (!seen && ::kill(child, 0) == 0) {
                     seen = tests::exists(folder / "s") && !tests::names_in(folder / "s").empty();
                 }
                 ::kill(child, SIGINT);
             }});
    REQUIRE(seen);
    CHECK(call.status == 3);
    CHECK(holds(call.err, "cancelled: "));
    CHECK(tests::names_in(folder / "s").empty());
}

TEST_CASE("a progress bar on a terminal only, wiped in the end") {
    const scratch folder;
    write_hollow_memory(folder / "x", std::uint64_t{1} << 37U);
    const auto stop_after_a_while = [](pid_t child) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1500});
        ::kill(child, SIGINT);
    };
    const ran plain = tool({"inspect", folder / "x"}, {.meanwhile = stop_after_a_while});
    CHECK(plain.status == 3);
    CHECK(plain.err.starts_with("tintype: "));

    const auto shown = [&](unsigned columns, const words& environment) {
        return tool_on_terminal({"inspect", folder / "x"}, columns, environment, stop_after_a_while)
            .out;
    };
    const auto wide = shown(100, {});
    CHECK(holds(wide, "/x ["));
    CHECK(holds(wide, " of 128.0 GiB\x1b[K"));
    CHECK(holds(wide, "\x1b[Ktintype: "));
    // On a narrow one there is no room for the bar, but for the numbers.
    CHECK(!holds(shown(40, {}), "["
                                "="));
    CHECK(!holds(shown(80, {"NO_COLOR=1"}), "GiB"));
}

TEST_CASE("a file that shrinks while it is read is a failure, not a crash") {
    const scratch folder;
    write_hollow_memory(folder / "x", std::uint64_t{1} << 37U);
    const ran call = tool({"verify", folder / "x"}, {.meanwhile = [&](pid_t child) {
                              REQUIRE(tests::wait_until_ready(child));
                              std::this_thread::sleep_for(std::chrono::milliseconds{200});
                              std::filesystem::resize_file(folder / "x", 100);
                          }});
    CHECK(call.status != 0);
    CHECK(call.status <= 3);
    CHECK(call.err.starts_with("tintype: ") != holds(call.out, "BAD"));
}
