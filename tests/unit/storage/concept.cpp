// Which names are good, byte by byte and length by length, and what the concepts refuse.

#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using namespace tintype;

constexpr bool allowed(unsigned byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '-' || byte == '.';
}

constexpr bool every_byte_is_judged() {
    for (unsigned byte = 0; byte != 256; ++byte) {
        const char text[] = {'a', static_cast<char>(byte), 'b'};
        const auto inside = good_name({text, 3});
        const auto last = good_name({text, 2});
        const auto first = good_name({text + 1, 2});
        if (inside.has_value() != allowed(byte) || last.has_value() != allowed(byte) ||
            first.has_value() != (allowed(byte) && byte != '.')) {
            return false;
        }
        if (!inside && (inside.error().code != errc::bad_name || inside.error().found != byte)) {
            return false;
        }
    }
    return true;
}

static_assert(every_byte_is_judged());
static_assert(good_name("a") && good_name("0") && good_name("-") && good_name("_"));
static_assert(good_name("a..b") && good_name("a.") && good_name("snapshot_00000001.vamm"));
static_assert(!good_name("") && !good_name(".") && !good_name("..") && !good_name(".a"));

// Storage that forgot one function each is no storage.
struct without_sync {
    [[nodiscard]] auto stage(const stage_options& options) const { return inner.stage(options); }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        return inner.open(name, how);
    }

    [[nodiscard]] auto list() const { return inner.list(); }

    [[nodiscard]] auto names() const { return inner.names(); }

    [[nodiscard]] auto remove(std::string_view name) const { return inner.remove(name); }

    memory_storage inner;
};

struct whole : without_sync {
    [[nodiscard]] result<void> sync() const { return {}; }
};

struct with_void_sync : without_sync {
    void sync() const {}
};

struct without_names : whole {
    void names() const = delete;
};

static_assert(storage_policy<whole> && !lockable_storage<whole> && !sweepable_storage<whole>);
static_assert(stages<without_sync> && opens<without_sync> && lists<without_sync>);
static_assert(!removes<without_sync> && !storage_policy<without_sync>);
static_assert(!storage_policy<with_void_sync>);
static_assert(!lists<without_names> && !storage_policy<without_names>);
static_assert(lockable_storage<directory> && sweepable_storage<directory>);
static_assert(lockable_storage<memory_storage> && !sweepable_storage<memory_storage>);

} // namespace

TEST_CASE("good_name judges every byte") {
    CHECK(every_byte_is_judged());
}

TEST_CASE("good_name judges every length") {
    for (const std::size_t size : {1U, 2U, 254U, 255U}) {
        CHECK(good_name(std::string(size, 'n')));
    }
    for (const std::size_t size : {0U, 256U, 257U, 100'000U}) {
        const std::string name(size, 'n');
        const auto good = good_name(name);
        REQUIRE(!good);
        CHECK(good.error().code == errc::bad_name);
        CHECK(good.error().found == size);
        CHECK(good.error().wanted == longest_name);
    }
}

TEST_CASE("good_name says which byte was wrong") {
    const auto slash = good_name("a/b");
    REQUIRE(!slash);
    CHECK(slash.error().found == '/');
    CHECK(slash.error().where == label{"a/b"});
    const auto dot = good_name(".hidden");
    REQUIRE(!dot);
    CHECK(dot.error().found == '.');
    const auto second = good_name(".a b"); // the leading dot comes first
    REQUIRE(!second);
    CHECK(second.error().found == '.');
}
