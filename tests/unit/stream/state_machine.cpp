// What is a machine and what is not, and bytes that go back to the heap that they came from.

#include <tintype/codec/raw.hpp>
#include <tintype/codec/section_list.hpp>
#include <tintype/stream/state_machine.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace {

using tintype::blob;
using tintype::byte_view;
using tintype::result;

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (blob, bytes));
};

using plain = tintype::section_list<tintype::section<"bytes">>;
using guarded =
    tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32c>>;
using restored = tintype::restored_view<tintype::view_of<plain, state>>;

struct machine {
    result<int> apply(byte_view) { return 1; }

    result<std::shared_ptr<const state>> freeze() { return std::make_shared<const state>(); }

    result<void> adopt(state&&) { return {}; }
};

struct viewing {
    result<void> apply(byte_view) { return {}; }

    result<const state*> freeze() { return &kept; }

    result<void> adopt(restored&&) { return {}; }

    state kept;
};

struct deaf : viewing {
    int apply(byte_view) { return 0; }
};

struct unfrozen : machine {
    state freeze() { return {}; }
};

struct silent : machine {
    void adopt(state&&) {}
};

static_assert(tintype::replicated_by<machine, plain> && tintype::adopts_state<machine> &&
              !tintype::adopts_view<machine, plain>);
static_assert(tintype::replicated_by<viewing, plain> && !tintype::adopts_state<viewing> &&
              tintype::adopts_view<viewing, plain>);
static_assert(!tintype::applies_commands<deaf> && !tintype::replicated_by<deaf, plain>);
static_assert(!tintype::freezes_state<unfrozen> && !tintype::replicated_by<unfrozen, plain>);
static_assert(!tintype::adopts_state<silent> && !tintype::replicated_by<silent, plain>);
static_assert(!tintype::replicated_by<machine, int>);

static_assert(std::same_as<tintype::answer_of<machine>, int>);
static_assert(std::is_void_v<tintype::answer_of<viewing>>);
static_assert(std::same_as<tintype::frozen_state_of<machine>, state>);
static_assert(std::same_as<tintype::frozen_state_of<viewing>, state>);

static_assert(std::same_as<tintype::snapshot_check_for<plain>, tintype::crc32c>);
static_assert(std::same_as<tintype::snapshot_check_for<guarded>, tintype::no_hash>);
static_assert(std::same_as<tintype::snapshot_check_for<tintype::raw_codec>, tintype::crc32c>);

int released = 0;

tintype::owned_bytes three() {
    auto* memory = new std::byte[3]{std::byte{1}, std::byte{2}, std::byte{3}};
    return {memory, 3, [](std::byte* back) {
                ++released;
                delete[] back;
            }};
}

} // namespace

TEST_CASE("owned_bytes: released once, by whoever holds them last") {
    released = 0;
    {
        const tintype::owned_bytes none;
        CHECK(none.view().empty());
        auto first = three();
        CHECK(first.view().size() == 3);
        auto second = std::move(first);
        CHECK(first.view().empty());
        CHECK(second.view()[2] == std::byte{3});
        CHECK(released == 0);
        second = three();
        CHECK(released == 1);
        CHECK(second.view()[0] == std::byte{1});
    }
    CHECK(released == 2);
}
