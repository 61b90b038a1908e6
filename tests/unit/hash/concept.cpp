// The concept takes what it says and refuses what lacks one thing, atom by atom.

#include <tintype/hash/concept.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using tintype::byte_view;

// Counts the bytes: the least that is a hash.
struct counting {
    using digest_type = std::uint16_t;
    static constexpr std::string_view name = "counting";

    constexpr void update(byte_view bytes) noexcept {
        count = static_cast<std::uint16_t>(count + bytes.size());
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept { return count; }

    std::uint16_t count = 0;
};

struct without_digest_type {
    static constexpr std::string_view name = "x";

    void update(byte_view) noexcept {}

    [[nodiscard]] std::uint32_t finish() const noexcept { return 0; }
};

struct with_odd_digest : counting {
    using digest_type = float;
};

struct without_name {
    using digest_type = std::uint32_t;

    void update(byte_view) noexcept {}

    [[nodiscard]] digest_type finish() const noexcept { return 0; }
};

struct throwing_update : without_name {
    static constexpr std::string_view name = "x";

    void update(byte_view) {}
};

struct telling_update : without_name {
    static constexpr std::string_view name = "x";

    bool update(byte_view) noexcept { return true; }
};

struct finish_that_ends : without_name {
    static constexpr std::string_view name = "x";

    [[nodiscard]] digest_type finish() noexcept { return 0; }
};

struct finish_of_another_type : counting {
    [[nodiscard]] std::uint32_t finish() const noexcept { return 0; }
};

struct uncopyable : counting {
    uncopyable() = default;
    uncopyable(const uncopyable&) = delete;
    uncopyable& operator=(const uncopyable&) = delete;
};

struct with_key : counting {
    explicit with_key(int) {}
};

struct joining : counting {
    static constexpr std::uint16_t combine(std::uint16_t a, std::uint16_t b,
                                           std::uint64_t) noexcept {
        return static_cast<std::uint16_t>(a + b);
    }
};

struct carrying : counting {
    constexpr void copy(std::byte* to, byte_view from) noexcept {
        for (const std::byte byte : from) {
            *to++ = byte;
        }
        update(from);
    }
};

static_assert(tintype::hash_policy<counting>);
static_assert(!tintype::combinable_hash<counting>);
static_assert(!tintype::copying_hash<counting>);
static_assert(tintype::combinable_hash<joining>);
static_assert(tintype::copying_hash<carrying>);

static_assert(!tintype::has_digest_type<without_digest_type>);
static_assert(tintype::has_hash_name<without_digest_type>);
static_assert(!tintype::has_digest_type<with_odd_digest>);
static_assert(!tintype::has_hash_name<without_name>);
static_assert(!tintype::has_hash_update<throwing_update>);
static_assert(!tintype::has_hash_update<telling_update>);
static_assert(!tintype::has_hash_finish<finish_that_ends>);
static_assert(!tintype::has_hash_finish<finish_of_another_type>);

static_assert(!tintype::hash_policy<without_digest_type>);
static_assert(!tintype::hash_policy<with_odd_digest>);
static_assert(!tintype::hash_policy<without_name>);
static_assert(!tintype::hash_policy<throwing_update>);
static_assert(!tintype::hash_policy<telling_update>);
static_assert(!tintype::hash_policy<finish_that_ends>);
static_assert(!tintype::hash_policy<finish_of_another_type>);
static_assert(!tintype::hash_policy<uncopyable>);
static_assert(!tintype::hash_policy<with_key>);
static_assert(!tintype::hash_policy<int>);

static_assert(tintype::hash_digest<std::uint8_t>);
static_assert(tintype::hash_digest<std::uint64_t>);
static_assert(tintype::hash_digest<std::array<std::byte, 32>>);
static_assert(tintype::hash_digest<std::array<std::byte, 0>>);
static_assert(!tintype::hash_digest<bool>);
static_assert(!tintype::hash_digest<std::int32_t>);
static_assert(!tintype::hash_digest<std::array<char, 4>>);

constexpr bool counts() {
    constexpr std::array<std::byte, 5> bytes{};
    return tintype::hash_of<counting>(bytes) == 5 && tintype::hash_of<counting>({}) == 0 &&
           tintype::digest_size<counting> == 2;
}

static_assert(counts());

} // namespace

TEST_CASE("hash_of feeds a fresh state and asks it once") {
    CHECK(counts());
}
