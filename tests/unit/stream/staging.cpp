// Staging and switching a folder's files, on a real file system: what is kept where, what is in the
// way and what is not, what damage of the journal means, and who is told what. That no crash
// mixes old and new is for tests/crash.

#include <tintype/stream/staging.hpp>

#include "support/bytes.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace tintype;
using part = staging<>::part;

struct content {
    std::string name;
    file_kind kind;
    blob bytes;
};

[[nodiscard]] stream_metadata metadata_of(const std::vector<content>& all) {
    stream_metadata what{};
    what.snapshot_id = "snap";
    what.version = stream_metadata::newest;
    for (const content& each : all) {
        what.files.push_back({each.name, each.kind, each.bytes.size(), {}});
        what.total_size += each.bytes.size();
    }
    return what;
}

template <class Staging>
[[nodiscard]] auto staged(Staging& in, const std::vector<content>& all) {
    std::vector<typename Staging::part> made;
    for (const content& each : all) {
        auto next = in.create();
        REQUIRE(next);
        REQUIRE(in.write_at(*next, 0, each.bytes));
        made.push_back(*std::move(next));
    }
    return made;
}

template <class Staging>
[[nodiscard]] result<void> switched(Staging& in, const std::vector<content>& all) {
    auto made = staged(in, all);
    return in.commit(metadata_of(all), made);
}

[[nodiscard]] staging<> opened(const std::string& path) {
    auto made = staging<>::open(path);
    REQUIRE(made);
    return *std::move(made);
}

[[nodiscard]] errc refused(const std::string& path) {
    const auto made = staging<>::open(path);
    REQUIRE(!made);
    return made.error().code;
}

template <class Staging>
[[nodiscard]] bool holds(const Staging& in, const stream_metadata& what) {
    const auto restored = in.restored();
    return restored && *restored && **restored == what;
}

void put(const std::string& path, byte_view bytes) {
    const auto slash = path.find_last_of('/');
    const posix_filesystem fs;
    auto folder = fs.open_folder(path.substr(0, slash));
    REQUIRE(folder);
    static_cast<void>(fs.remove(*folder, path.substr(slash + 1)));
    auto file = fs.create(*folder, path.substr(slash + 1));
    REQUIRE(file);
    REQUIRE(fs.write(*file, std::span{&bytes, 1}) == bytes.size());
}

[[nodiscard]] std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> all;
    for (const auto& each : std::filesystem::directory_iterator{path}) {
        all.push_back(each.path().filename().string());
    }
    std::ranges::sort(all);
    return all;
}

using list = std::vector<std::string>;

const std::vector<content> two{{"database.db", file_kind::sqlite_db, tests::noise(5000, 1)},
                               {"index_0.idx", file_kind::hnsw_index, tests::noise(300, 2)}};

struct place {
    tests::scratch root;
    std::string path = root / "here";
    std::string own = path + "/.tintype-import";

    [[nodiscard]] blob bytes(const std::string& name) const {
        return tests::file_bytes(path + "/" + name);
    }
};

[[nodiscard]] switch_plan plan_of(const std::vector<content>& all) {
    switch_plan plan{
        .number = 1, .what = metadata_of(all), .parts = {}, .taken = {}, .removed = {}};
    std::vector<bool> databases;
    for (const content& each : all) {
        plan.parts.push_back(plan.parts.size());
        databases.push_back(each.kind == file_kind::sqlite_db);
    }
    plan.removed = companions_of(plan.what, databases);
    return plan;
}

// A folder whose switch was cut off: the journal counts, and nothing is done yet.
[[nodiscard]] switch_plan cut_off(const place& at) {
    auto staging = opened(at.path);
    auto made = staged(staging, two);
    const auto plan = plan_of(two);
    put(at.own + "/journal", *encode_plan(plan));
    // So that the destructor leaves the parts alone.
    for (const char* name : {"part-0", "part-1"}) {
        std::filesystem::rename(at.own + "/" + name, at.own + "/kept-" + name);
    }
    return plan;
}

void give_back(const place& at) {
    for (const char* name : {"part-0", "part-1"}) {
        std::filesystem::rename(at.own + "/kept-" + name, at.own + "/" + name);
    }
}

} // namespace

TEST_CASE("parts become files together") {
    const place at;
    auto staging = opened(at.path);
    CHECK(staging.folder() == at.path);
    CHECK(!staging.restored().value());
    CHECK(staging.state() == switch_state::old_files);
    CHECK(names_in(at.path) == list{".tintype-import"});

    auto made = staged(staging, two);
    CHECK(made[0].number() == 0);
    CHECK(made[1].number() == 1);
    CHECK(names_in(at.own) == list{"lock", "part-0", "part-1"});
    CHECK(staging.size(made[0]) == 5000U);
    REQUIRE(staging.commit(metadata_of(two), made));
    CHECK(staging.committed());
    CHECK(holds(staging, metadata_of(two)));
    CHECK(names_in(at.path) == list{".tintype-import", "database.db", "index_0.idx"});
    CHECK(names_in(at.own) == list{"lock", "restored"});
    for (const content& each : two) {
        CHECK(at.bytes(each.name) == each.bytes);
        CHECK(std::filesystem::hard_link_count(at.path + "/" + each.name) == 1);
    }

    // And again, by the same one and by another.
    auto next = two;
    next[0].bytes = tests::noise(10, 3);
    REQUIRE(switched(staging, next));
    CHECK(at.bytes("database.db") == next[0].bytes);
    const auto moved = std::move(staging);
    CHECK(holds(moved, metadata_of(next)));
    CHECK(refused(at.path) == errc::in_use);
}

TEST_CASE("bytes come in any order and are read back exactly") {
    const place at;
    auto staging = opened(at.path);
    auto first = staging.create();
    REQUIRE(first);
    const blob bytes = tests::noise(1000);
    const byte_view all{bytes};
    REQUIRE(staging.write_at(*first, 600, all.subspan(600)));
    REQUIRE(staging.write_at(*first, 0, all.first(600)));
    REQUIRE(staging.write_at(*first, 300, all.subspan(300, 400)));
    REQUIRE(staging.write_at(*first, 5000, {}));
    CHECK(staging.size(*first) == 1000U);
    blob got(1000);
    REQUIRE(staging.read_at(*first, 0, got));
    CHECK(got == bytes);
    blob some(7);
    REQUIRE(staging.read_at(*first, 993, some));
    CHECK(std::ranges::equal(some, all.last(7)));
    for (const std::uint64_t offset : {994U, 1000U, 2000U}) {
        const auto beyond = staging.read_at(*first, offset, some);
        REQUIRE(!beyond);
        CHECK(beyond.error().where == label{"part-0"});
    }
    CHECK(staging.sync(*first));
    CHECK(staging.sync(*first));
    for (const std::uint64_t offset : {~std::uint64_t{0}, std::uint64_t{1} << 63U}) {
        const auto too_far = staging.write_at(*first, offset, all.first(1));
        REQUIRE(!too_far);
        CHECK(too_far.error().code == errc::length_overflow);
    }
}

TEST_CASE("what is not committed leaves nothing") {
    const place at;
    put((std::filesystem::create_directory(at.path), at.path + "/database.db"), bytes_of("old"));
    {
        auto staging = opened(at.path);
        auto made = staged(staging, two);
        CHECK(names_in(at.own).size() == 3);
        CHECK(staging.discard());
        CHECK(names_in(at.own) == list{"lock"});
        made = staged(staging, two);
        CHECK(made[0].number() == 2);
    }
    CHECK(names_in(at.own) == list{"lock"});
    CHECK(at.bytes("database.db") == tests::blob_of("old"));
    // A crash's leftovers, too.
    for (const char* name : {"part-0", "part-7", "journal.new", "restored.new", "part-1-wal"}) {
        put(at.own + "/" + name, bytes_of("left"));
    }
    auto staging = opened(at.path);
    CHECK(names_in(at.own) == list{"lock"});
    CHECK(switched(staging, two));
}

TEST_CASE("what an old database left beside itself goes with it") {
    const place at;
    std::filesystem::create_directory(at.path);
    for (const char* name : {"database.db", "database.db-wal", "database.db-shm",
                             "database.db-journal", "index_0.idx-wal", "other.db-wal"}) {
        put(at.path + "/" + name, bytes_of("old"));
    }
    auto with_log = two;
    with_log.push_back({"database.db-wal", file_kind::wal, tests::noise(60)});
    {
        auto staging = opened(at.path);
        REQUIRE(switched(staging, with_log));
    }
    CHECK(names_in(at.path) == list{".tintype-import", "database.db", "database.db-wal",
                                    "index_0.idx", "index_0.idx-wal", "other.db-wal"});
    CHECK(at.bytes("database.db-wal") == with_log[2].bytes);
    auto staging = opened(at.path);
    REQUIRE(switched(staging, two));
    CHECK(names_in(at.path) ==
          list{".tintype-import", "database.db", "index_0.idx", "index_0.idx-wal", "other.db-wal"});
}

TEST_CASE("links under the files' names are replaced, and folders refused before anything is") {
    const place at;
    std::filesystem::create_directory(at.path);
    put(at.root / "outside", bytes_of("outside"));
    REQUIRE(::symlink("../outside", (at.path + "/database.db").c_str()) == 0);
    REQUIRE(::symlink("../outside", (at.path + "/database.db-wal").c_str()) == 0);
    REQUIRE(::symlink("../outside", (at.path + "/.tintype-switch-0").c_str()) == 0);
    REQUIRE(::mkfifo((at.path + "/index_0.idx").c_str(), 0600) == 0);
    {
        auto staging = opened(at.path);
        REQUIRE(switched(staging, two));
    }
    CHECK(names_in(at.path) == list{".tintype-import", "database.db", "index_0.idx"});
    for (const content& each : two) {
        CHECK(at.bytes(each.name) == each.bytes);
        CHECK(std::filesystem::is_regular_file(
            std::filesystem::symlink_status(at.path + "/" + each.name)));
    }
    CHECK(tests::file_bytes(at.root / "outside") == tests::blob_of("outside"));

    auto staging = opened(at.path);
    auto third = two;
    third.push_back({"third", file_kind::unknown, tests::noise(3)});
    for (const char* name : {"third", "database.db-shm"}) {
        INFO("folder ", name);
        std::filesystem::create_directory(at.path + "/" + name);
        const auto done = switched(staging, third);
        REQUIRE(!done);
        CHECK(done.error().code == errc::unsupported);
        CHECK(done.error().where == label{name});
        CHECK(staging.state() == switch_state::old_files);
        CHECK(at.bytes("database.db") == two[0].bytes);
        std::filesystem::remove(at.path + "/" + name);
    }
    CHECK(switched(staging, third));
}

TEST_CASE("nothing else is taken for the private folder") {
    const place at;
    std::filesystem::create_directory(at.path);
    std::filesystem::create_directory(at.root / "elsewhere");
    REQUIRE(::symlink("../elsewhere", at.own.c_str()) == 0);
    CHECK(refused(at.path) == errc::unsupported);
    CHECK(names_in(at.root / "elsewhere").empty());
    std::filesystem::remove(at.own);
    put(at.own, bytes_of("a file"));
    CHECK(refused(at.path) == errc::unsupported);
    CHECK(tests::file_bytes(at.own) == tests::blob_of("a file"));
    std::filesystem::remove(at.own);
    CHECK(opened(at.path).discard());
}

TEST_CASE("metadata and parts must fit each other") {
    const place at;
    auto staging = opened(at.path);
    auto made = staged(staging, two);
    const auto code_of_commit = [&](const stream_metadata& what, std::span<part> some) {
        const auto done = staging.commit(what, some);
        REQUIRE(!done);
        CHECK(staging.state() == switch_state::old_files);
        return done.error().code;
    };
    const auto good = metadata_of(two);
    CHECK(code_of_commit(good, std::span{made}.first(1)) == errc::invalid_value);
    CHECK(code_of_commit(good, {}) == errc::invalid_value);
    auto bad = good;
    bad.files[1].file_name = "../index";
    CHECK(code_of_commit(bad, made) == errc::bad_name);
    bad.files[1].file_name = ".tintype-import";
    CHECK(code_of_commit(bad, made) == errc::bad_name);
    bad.files[1].file_name = "database.db";
    CHECK(code_of_commit(bad, made) == errc::duplicate);
    bad = good;
    ++bad.files[0].file_size;
    CHECK(code_of_commit(bad, made) == errc::invalid_value);
    ++bad.total_size;
    CHECK(code_of_commit(bad, made) == errc::invalid_value);
    bad = good;
    bad.version = 2;
    CHECK(code_of_commit(bad, made) == errc::unsupported_version);
    CHECK(names_in(at.path) == list{".tintype-import"});
    // None of these cost anything.
    CHECK(staging.commit(good, made));
    CHECK(at.bytes("index_0.idx") == two[1].bytes);
    CHECK(staging.commit(metadata_of({}), {}));
}

TEST_CASE("a switch that counts is completed by whoever opens the folder") {
    const place at;
    std::filesystem::create_directory(at.path);
    put(at.path + "/database.db", bytes_of("old"));
    put(at.path + "/database.db-wal", bytes_of("old"));
    const auto plan = cut_off(at);
    give_back(at);
    put(at.path + "/.tintype-switch-1", bytes_of("left"));
    {
        const auto staging = opened(at.path);
        CHECK(holds(staging, plan.what));
        CHECK(names_in(at.path) == list{".tintype-import", "database.db", "index_0.idx"});
        CHECK(names_in(at.own) == list{"lock", "restored"});
        CHECK(at.bytes("database.db") == two[0].bytes);
    }
    // Once it is noted, a journal that comes back means nothing: somebody may have written since.
    put(at.own + "/journal", *encode_plan(plan));
    put(at.path + "/database.db", bytes_of("newer"));
    put(at.path + "/database.db-wal", bytes_of("newer"));
    auto staging = opened(at.path);
    CHECK(at.bytes("database.db") == tests::blob_of("newer"));
    CHECK(at.bytes("database.db-wal") == tests::blob_of("newer"));
    CHECK(names_in(at.own) == list{"lock", "restored"});
    CHECK(switched(staging, two));
}

TEST_CASE("a journal that is damaged is an error, and nothing is touched") {
    const place at;
    std::filesystem::create_directory(at.path);
    put(at.path + "/database.db", bytes_of("old"));
    const auto plan = cut_off(at);
    give_back(at);
    const blob good = *encode_plan(plan);
    const auto untouched = [&] {
        CHECK(at.bytes("database.db") == tests::blob_of("old"));
        CHECK(names_in(at.own) == list{"journal", "lock", "part-0", "part-1"});
    };
    const auto refused_with = [&](byte_view bytes, errc code) {
        put(at.own + "/journal", bytes);
        const auto made = staging<>::open(at.path);
        REQUIRE(!made);
        CHECK(made.error().code == code);
        CHECK(!made.error().where.empty());
    };
    for (std::size_t i = 10; i < good.size(); i += 23) {
        blob bad = good;
        bad[i] ^= std::byte{1};
        refused_with(bad, errc::checksum_mismatch);
    }
    refused_with({}, errc::truncated);
    refused_with(byte_view{good}.first(good.size() - 1), errc::checksum_mismatch);
    blob newer = good;
    newer[8] = std::byte{2};
    refused_with(newer, errc::unsupported_version);
    untouched();
    // Parts that are not what the journal says.
    put(at.own + "/journal", good);
    put(at.own + "/part-1", bytes_of("short"));
    CHECK(refused(at.path) == errc::invalid_value);
    untouched();
    std::filesystem::remove(at.own + "/part-1");
    CHECK(refused(at.path) == errc::not_found);
    CHECK(at.bytes("database.db") == tests::blob_of("old"));
    put(at.own + "/part-1", two[1].bytes);
    CHECK(holds(opened(at.path), plan.what));
    CHECK(at.bytes("index_0.idx") == two[1].bytes);
}

TEST_CASE("a journal is believed only if it could have been written") {
    auto plan = plan_of(two);
    REQUIRE(plan.removed.size() == 3);
    const auto encoded = encode_plan(plan);
    REQUIRE(encoded);
    CHECK(decode_plan(*encoded) == plan);
    const auto code_of_reading = [](const switch_plan& what) {
        CHECK(!encode_plan(what));
        const auto read = decode_plan(*encode<switch_plan_list>(what));
        REQUIRE(!read);
        return read.error().code;
    };
    auto bad = plan;
    bad.removed[1].name = "passwords";
    CHECK(code_of_reading(bad) == errc::invalid_value);
    bad.removed[1] = {.name = "database.db-wal", .of = 7};
    CHECK(code_of_reading(bad) == errc::invalid_value);
    bad = plan;
    bad.removed.pop_back();
    CHECK(code_of_reading(bad) == errc::invalid_value);
    bad.removed.clear();
    CHECK(code_of_reading(bad) == errc::invalid_value);
    bad.taken = {0};
    CHECK(decode_plan(*encode_plan(bad)) == bad);
    for (const auto& taken : {std::vector<std::uint64_t>{2}, {0, 0}, {1, 0}, {0, ~0ULL}}) {
        bad.taken = taken;
        CHECK(code_of_reading(bad) == errc::invalid_value);
    }
    bad = plan;
    bad.taken = {0}; // and what belongs to it is removed
    CHECK(code_of_reading(bad) == errc::invalid_value);
    bad.removed.clear();
    for (const char* name : {"database.db-wal", "database.db-shm", "database.db-journal"}) {
        bad.what.files[1].file_name = name;
        CHECK(code_of_reading(bad) == errc::unsupported);
    }
    // What a file's first bytes told is in the plan and nowhere else.
    bad = plan;
    bad.what.files[0].file_type = file_kind::unknown;
    CHECK(decode_plan(*encode_plan(bad)) == bad);
    bad.removed.clear();
    CHECK(decode_plan(*encode_plan(bad)) == bad);
    bad = plan;
    bad.what.files[0].file_name = "..";
    CHECK(code_of_reading(bad) == errc::bad_name);
    bad = plan;
    bad.parts = {1, 1};
    CHECK(code_of_reading(bad) == errc::invalid_value);
    bad.parts = {1};
    CHECK(code_of_reading(bad) == errc::invalid_value);
    // Names that no file can have are not among what is removed.
    plan.what.files[0].file_name = std::string(252, 'n');
    CHECK(companions_of(plan.what, {true, false}).empty());
    plan.what.files[0].file_name = std::string(251, 'n');
    CHECK(companions_of(plan.what, {true, false}).size() == 2);
    const blob note = *encode_note({.number = 3, .what = plan.what});
    for (std::size_t size = 0; size != note.size(); ++size) {
        CHECK(!decode_note(byte_view{note}.first(size)));
    }
    CHECK(decode_note(note)->number == 3);
}

TEST_CASE("a damaged note of what the folder holds costs only that") {
    const place at;
    {
        auto staging = opened(at.path);
        REQUIRE(switched(staging, two));
    }
    blob note = tests::file_bytes(at.own + "/restored");
    note.back() ^= std::byte{1};
    put(at.own + "/restored", note);
    auto staging = opened(at.path);
    const auto unknown = staging.restored();
    REQUIRE(!unknown);
    CHECK(unknown.error().code == errc::checksum_mismatch);
    CHECK(at.bytes("database.db") == two[0].bytes);
    REQUIRE(switched(staging, two));
    CHECK(holds(staging, metadata_of(two)));
}

// Whatever was in the old note: the same switch is not begun anew, and another one is not taken for
// the one that was noted.
TEST_CASE("a journal beside a damaged note is carried out") {
    const place at;
    {
        auto staging = opened(at.path);
        REQUIRE(switched(staging, two));
    }
    const auto damaged_note = [&] {
        blob note = tests::file_bytes(at.own + "/restored");
        note[20] ^= std::byte{1};
        put(at.own + "/restored", note);
    };
    damaged_note();
    auto next = two;
    next[1].bytes = tests::noise(310, 9);
    auto plan = plan_of(next);
    put(at.own + "/part-0", next[0].bytes);
    put(at.own + "/part-1", next[1].bytes);
    put(at.own + "/journal", *encode_plan(plan));
    {
        const auto staging = opened(at.path);
        CHECK(holds(staging, plan.what));
        CHECK(at.bytes("index_0.idx") == next[1].bytes);
    }
    // The number is that of the note; it is another switch all the same.
    plan = plan_of(two);
    put(at.own + "/part-0", two[0].bytes);
    put(at.own + "/part-1", two[1].bytes);
    put(at.own + "/journal", *encode_plan(plan));
    CHECK(holds(opened(at.path), plan.what));
    CHECK(at.bytes("index_0.idx") == two[1].bytes);
    // Numbers that nobody knows any more are not used again.
    damaged_note();
    {
        auto staging = opened(at.path);
        REQUIRE(switched(staging, two));
    }
    const auto note = decode_note(tests::file_bytes(at.own + "/restored"));
    REQUIRE(note);
    CHECK(note->number > 1'000'000);
}

TEST_CASE("a file keeps the permissions of the one before it") {
    const place at;
    std::filesystem::create_directory(at.path);
    const auto mode_of = [&](const std::string& name) {
        struct stat status{};
        REQUIRE(::lstat((at.path + "/" + name).c_str(), &status) == 0);
        return status.st_mode & 07777U;
    };
    const auto before = ::umask(022);
    for (const unsigned mode : {0600U, 0640U, 0666U, 0444U, 0755U}) {
        put(at.path + "/database.db", bytes_of("old"));
        REQUIRE(::chmod((at.path + "/database.db").c_str(), mode) == 0);
        std::filesystem::remove(at.path + "/index_0.idx");
        auto staging = opened(at.path);
        auto made = staged(staging, two);
        for (auto& each : made) {
            REQUIRE(staging.sync(each));
        }
        REQUIRE(staging.commit(metadata_of(two), made));
        CHECK(mode_of("database.db") == mode);
        CHECK(mode_of("index_0.idx") == 0644U);
    }
    // Its owner may read it, and nobody inherits more than permissions.
    REQUIRE(::chmod((at.path + "/database.db").c_str(), 04020) == 0);
    // A link's permissions are nobody's: what takes its place is its owner's alone.
    std::filesystem::remove(at.path + "/index_0.idx");
    put(at.root / "outside", bytes_of("outside"));
    REQUIRE(::chmod((at.root / "outside").c_str(), 0666) == 0);
    REQUIRE(::symlink("../outside", (at.path + "/index_0.idx").c_str()) == 0);
    auto staging = opened(at.path);
    REQUIRE(switched(staging, two));
    CHECK(mode_of("database.db") == 0420U);
    CHECK(mode_of("index_0.idx") == 0600U);
    ::umask(before);
}

TEST_CASE("a log is as private as its database") {
    const place at;
    std::filesystem::create_directory(at.path);
    const auto before = ::umask(022);
    put(at.path + "/database.db", bytes_of("old"));
    REQUIRE(::chmod((at.path + "/database.db").c_str(), 0600) == 0);
    const std::vector<content> with_log{{"database.db", file_kind::sqlite_db, tests::noise(50, 1)},
                                        {"database.db-wal", file_kind::wal, tests::noise(50, 2)}};
    auto staging = opened(at.path);
    REQUIRE(switched(staging, with_log));
    struct stat status{};
    REQUIRE(::stat((at.path + "/database.db-wal").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600U);
    ::umask(before);
}

TEST_CASE("what begins as a database is one, whatever its kind says") {
    for (const std::uint64_t size : {15U, 16U, 4000U}) {
        const place at;
        std::filesystem::create_directory(at.path);
        put(at.path + "/database.db-wal", bytes_of("old log"));
        auto odd = two;
        odd[0].kind = static_cast<file_kind>(77);
        odd[0].bytes.resize(size);
        std::ranges::copy(bytes_of(database_magic.substr(0, size)), odd[0].bytes.begin());
        auto staging = opened(at.path);
        REQUIRE(switched(staging, odd));
        CHECK(std::filesystem::exists(at.path + "/database.db-wal") == (size < 16));
        odd[0].bytes.resize(20);
        odd[0].bytes[15] = std::byte{1};
        put(at.path + "/database.db-wal", bytes_of("log"));
        REQUIRE(switched(staging, odd));
        CHECK(std::filesystem::exists(at.path + "/database.db-wal"));
    }
}

namespace {

struct taker_state {
    blob bytes{};
    int asked = 0;
    int times = 0;
    int refusals = 0;       // of replace(), from now on
    std::string bad_name{}; // takes() refuses it
    list names{"database.db"};
};

// Takes over files of some names.
struct taker {
    std::shared_ptr<taker_state> state = std::make_shared<taker_state>();

    [[nodiscard]] result<bool> takes(const std::string& path, const file_info& what) const {
        ++state->asked;
        CHECK(std::filesystem::file_size(path) == what.file_size);
        if (what.file_name == state->bad_name) {
            return fail({.code = errc::invalid_value, .where = what.file_name});
        }
        return std::ranges::find(state->names, what.file_name) != state->names.end();
    }

    [[nodiscard]] result<void> replace(const std::string& path, const file_info& what) const {
        ++state->times;
        if (state->refusals != 0 || what.file_name == state->bad_name) {
            state->refusals -= state->refusals != 0 ? 1 : 0;
            return fail({.code = errc::timed_out, .where = what.file_name});
        }
        state->bytes = tests::file_bytes(path);
        return {};
    }
};

using taking = staging<posix_filesystem, taker>;

// A folder of which somebody has the database open.
struct open_place : place {
    open_place() {
        std::filesystem::create_directory(path);
        for (const char* name : {"database.db", "database.db-wal", "index_0.idx"}) {
            put(path + "/" + name, bytes_of("open"));
        }
    }

    [[nodiscard]] bool is_old() const {
        return bytes("database.db") == tests::blob_of("open") &&
               bytes("index_0.idx") == tests::blob_of("open") &&
               names_in(path) ==
                   list{".tintype-import", "database.db", "database.db-wal", "index_0.idx"};
    }
};

} // namespace

TEST_CASE("a replacer that does not want a file is asked before anything is done") {
    const open_place at;
    const taker replacer;
    auto staging = taking::open(at.path, replacer);
    REQUIRE(staging);
    auto made = staged(*staging, two);
    for (const char* bad : {"database.db", "index_0.idx"}) {
        replacer.state->bad_name = bad;
        const auto done = staging->commit(metadata_of(two), made);
        REQUIRE(!done);
        CHECK(done.error().code == errc::invalid_value);
        CHECK(staging->state() == switch_state::old_files);
        CHECK(at.is_old());
        CHECK(names_in(at.own) == list{"lock", "part-0", "part-1"});
    }
    // A log of the file that is taken over would be that of the open one.
    replacer.state->bad_name.clear();
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        auto with_log = two;
        with_log.push_back({std::string{"database.db"} + suffix, file_kind::wal, tests::noise(60)});
        const auto done = switched(*staging, with_log);
        REQUIRE(!done);
        CHECK(done.error().code == errc::unsupported);
        CHECK(staging->state() == switch_state::old_files);
        CHECK(at.is_old());
    }
    CHECK(replacer.state->times == 0);
    // None of these cost anything.
    REQUIRE(staging->commit(metadata_of(two), made));
    CHECK(replacer.state->bytes == two[0].bytes);
    CHECK(replacer.state->times == 1);
    CHECK(names_in(at.own) == list{"lock", "restored"});
}

TEST_CASE("what a replacer took over is not replaced, and its errors are overcome by opening") {
    const open_place at;
    const taker replacer;
    {
        auto staging = taking::open(at.path, replacer);
        REQUIRE(staging);
        replacer.state->refusals = 2;
        const auto done = switched(*staging, two);
        REQUIRE(!done);
        CHECK(done.error().code == errc::timed_out);
        CHECK(staging->committed());
        CHECK(at.is_old());
        // Only opening goes on.
        for (const errc code : {staging->create().error().code, staging->discard().error().code,
                                staging->commit(metadata_of({}), {}).error().code}) {
            CHECK(code == errc::timed_out);
        }
        CHECK(taking::abandon(at.path).error().code == errc::in_use);
    }
    CHECK(!taking::open(at.path, replacer));
    CHECK(at.is_old());
    CHECK(refused(at.path) == errc::unsupported); // it is another's
    CHECK(at.is_old());
    auto staging = taking::open(at.path, replacer);
    REQUIRE(staging);
    CHECK(replacer.state->times == 3);
    CHECK(replacer.state->asked == 2);
    CHECK(replacer.state->bytes == two[0].bytes);
    CHECK(at.bytes("index_0.idx") == two[1].bytes);
    // The old database is open: its files are its own.
    CHECK(at.bytes("database.db") == tests::blob_of("open"));
    CHECK(at.bytes("database.db-wal") == tests::blob_of("open"));
    CHECK(names_in(at.own) == list{"lock", "restored"});
    CHECK(holds(*staging, metadata_of(two)));
}

TEST_CASE("a switch of which nothing was carried out can be abandoned") {
    const open_place at;
    const taker replacer;
    CHECK(taking::abandon(at.path)); // there is none
    const auto fails = [&] {
        auto staging = taking::open(at.path, replacer);
        REQUIRE(staging);
        CHECK(!switched(*staging, two));
        CHECK(staging->committed());
    };
    replacer.state->refusals = 2;
    fails();
    CHECK(!taking::open(at.path, replacer));
    REQUIRE(taking::abandon(at.path));
    CHECK(at.is_old());
    CHECK(names_in(at.own) == list{"lock"});
    REQUIRE(taking::open(at.path, replacer));
    CHECK(at.is_old());

    // Not where one file is taken over already, or where nobody knows.
    replacer.state->names.push_back("index_0.idx");
    const auto refused_twice = [&] {
        for (int i = 0; i != 2; ++i) {
            const auto done = taking::abandon(at.path);
            REQUIRE(!done);
            CHECK(done.error().code == errc::unsupported);
            CHECK(names_in(at.own) == list{"begun", "journal", "lock", "part-0", "part-1"});
            replacer.state->refusals = 1;
            CHECK(!taking::open(at.path, replacer));
            replacer.state->refusals = 0;
        }
    };
    {
        const auto names = replacer.state;
        auto staging = taking::open(at.path, replacer);
        REQUIRE(staging);
        auto made = staged(*staging, two);
        names->times = 0;
        // Both are taken over, and then nothing can be noted.
        std::filesystem::create_directory(at.own + "/restored.new");
        CHECK(!staging->commit(metadata_of(two), made));
        CHECK(staging->committed());
        CHECK(names->times == 2);
        std::filesystem::remove(at.own + "/restored.new");
    }
    refused_twice();
    REQUIRE(taking::open(at.path, replacer));
    CHECK(names_in(at.own) == list{"lock", "restored"});
    CHECK(replacer.state->bytes == two[1].bytes);
}

TEST_CASE("a switch without a replacer's step is not abandoned") {
    const place at;
    const auto plan = cut_off(at);
    give_back(at);
    const auto done = staging<>::abandon(at.path);
    REQUIRE(!done);
    CHECK(done.error().code == errc::unsupported);
    put(at.own + "/journal", bytes_of("damaged"));
    CHECK(staging<>::abandon(at.path).error().code == errc::truncated);
    put(at.own + "/journal", *encode_plan(plan));
    CHECK(holds(opened(at.path), plan.what));
}
