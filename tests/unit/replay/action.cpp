#include <tintype/replay/action.hpp>

#include "support/sessions.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace {

using tests::bank_action;
using tests::close_account;
using tests::deposit;
using tintype::action_name;
using tintype::difference;

using eight = std::array<std::byte, 8>;

struct unnamed {
    BOOST_HANA_DEFINE_STRUCT(unnamed, (double, number), (std::vector<int>, numbers), (bool, flag),
                             (eight, bits));
};

using either = std::variant<unnamed, std::monostate>;

static_assert(tintype::action_type<bank_action> && tintype::action_type<either>);
static_assert(tintype::action_type<deposit>);
static_assert(!tintype::action_type<int> && !tintype::action_type<std::variant<deposit, int>>);

} // namespace

TEST_CASE("an action is called what it calls itself") {
    CHECK(action_name(bank_action{deposit{}}) == "DEPOSIT");
    CHECK(action_name(bank_action{close_account{}}) == "CLOSE");
    CHECK(action_name(deposit{}) == "DEPOSIT");
    CHECK(action_name(either{}) == "ACTION");
    CHECK(action_name(either{std::monostate{}}) == "ACTION");
}

TEST_CASE("the first difference of two actions is told with both values") {
    const bank_action a = deposit{.account = "a", .amount = 1};
    CHECK(difference(a, a).empty());
    CHECK(difference(a, bank_action{deposit{.account = "a", .amount = -2}}) ==
          "amount: 1 against -2");
    CHECK(difference(a, bank_action{deposit{.account = "b", .amount = 3}}) ==
          "account: \"a\" against \"b\"");
    CHECK(difference(a, bank_action{close_account{.account = "a"}}) ==
          "Action type mismatch: DEPOSIT vs CLOSE");
    CHECK(difference(deposit{.account = "a", .amount = 1}, deposit{.account = "a", .amount = 2}) ==
          "amount: 1 against 2");
    CHECK(difference(either{std::monostate{}}, either{std::monostate{}}).empty());
    CHECK(difference(either{unnamed{}}, either{std::monostate{}}) ==
          "Action type mismatch: ACTION vs ACTION");
    unnamed one{};
    unnamed other{};
    other.bits[0] = std::byte{0xab};
    CHECK(difference(one, other) == "bits: 0000000000000000 against ab00000000000000");
    other.flag = true;
    CHECK(difference(one, other) == "flag: false against true");
    other.numbers = {1};
    CHECK(difference(one, other) == "numbers differs");
    one.number = -0.0;
    CHECK(difference(one, other) == "number: -0.000000 against 0.000000");
}
