// Files that change hands together, through power cuts: in every state that one could leave, and
// whatever of the next opening another cuts short, all are new or all are old. Processes that die
// and leave what no disk holds yet; file systems without links; and mutants of the protocol, which
// must be caught.

#include "log_mutants.hpp"
#include "switch_session.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

namespace {

using tests::mutation;
using tests::scenario;
using tests::switch_session;
using tests::tally;

template <mutation How>
void import_two(tally& seen) {
    switch_session at{seen, tests::two_files(), How};
    CHECK(at.import());
}

// Parts that are synced as they come leave fewer states.
template <mutation How>
void import_four(tally& seen) {
    switch_session at{seen, tests::four_files(), How};
    CHECK(at.import(true));
}

template <mutation How>
void a_few_bytes_at_a_time(tally& seen) {
    switch_session at{seen, tests::two_files(), How, {.write_limit = 90}};
    CHECK(at.import(true));
}

template <mutation How>
void without_links(tally& seen) {
    switch_session at{seen, tests::two_files(), How, {.links = false}};
    CHECK(at.import());
}

// Into a folder that holds nothing, and nobody knows yet.
template <mutation How>
void into_nothing(tally& seen) {
    auto what = tests::two_files();
    what.old_files.clear();
    switch_session at{seen, what, How};
    CHECK(at.import(true));
}

// The process dies at each call; nothing that it did is durable but by its own doing. The next one
// goes on, and the power is cut at each call of its.
template <mutation How>
void processes_that_die(tally& seen) {
    std::size_t old_ones = 0;
    std::size_t new_ones = 0;
    for (std::size_t nth = 1;; ++nth) {
        switch_session at{seen, tests::two_files(), How};
        at.looks = false;
        at.refuse = tests::gone_from(at.calls, nth);
        const bool done = at.import(true).has_value();
        if (done && at.calls < nth) {
            break;
        }
        at.refuse = {};
        at.looks = true;
        CHECK(at.open_again());
        old_ones += at.is_old() ? 1U : 0U;
        new_ones += at.is_new() ? 1U : 0U;
    }
    CHECK(old_ones > 10);
    CHECK(new_ones > 10);
}

constexpr scenario scenarios[] = {
    {"two files", import_two<mutation::none>},
    {"four files", import_four<mutation::none>},
    {"few bytes at a time", a_few_bytes_at_a_time<mutation::none>},
    {"without links", without_links<mutation::none>},
    {"into nothing", into_nothing<mutation::none>},
    {"processes that die", processes_that_die<mutation::none>},
};

} // namespace

TEST_CASE("no power cut leaves some files new and some old") {
    tests::hold("switch", scenarios);
}

TEST_CASE("mutants of the switch are caught") {
    const auto is_caught = [](const char* name, void (*run)(tally&)) {
        INFO(std::string{name});
        CHECK(tests::caught("switch", name, run));
    };
    is_caught("parts not synced", into_nothing<mutation::parts_not_synced>);
    is_caught("journal not synced", into_nothing<mutation::journal_not_synced>);
    is_caught("copies not synced", without_links<mutation::copies_not_synced>);
    is_caught("private name not synced", import_two<mutation::private_name_not_synced>);
    is_caught("part names not synced", into_nothing<mutation::part_names_not_synced>);
    is_caught("journal name not synced", import_two<mutation::journal_name_not_synced>);
    is_caught("target not synced", import_two<mutation::target_not_synced>);
    is_caught("note not synced", import_two<mutation::note_not_synced>);
    is_caught("renamed, not linked", import_two<mutation::moved_not_linked>);
    is_caught("companions left", import_two<mutation::companions_left>);
    is_caught("believed at once", processes_that_die<mutation::believed_at_once>);
}
