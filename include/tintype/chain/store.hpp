#pragma once

// What a live store must offer to be snapshotted in a chain, and to be restored. A store is the
// user's: named parts of keyed records, and perhaps a side state that belongs to no part. The
// manager reads it only between the call and the return of its own functions; nobody may change it
// meanwhile.

#include <tintype/chain/record.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// A store without a side state has this one.
struct no_side {
    friend constexpr bool operator==(no_side, no_side) noexcept = default;
};

namespace detail {

template <class S>
struct side_of_store {
    using type = no_side;
};

template <class S>
requires requires { typename S::side_type; }
struct side_of_store<S> {
    using type = typename S::side_type;
};

} // namespace detail

template <class S>
using record_of = typename S::record_type;

template <class S>
using side_of = typename detail::side_of_store<S>::type;

// All that a snapshot holds, or the parts of it that were asked for.
template <keyed_record Record, class Side = no_side>
struct chain_contents {
    std::map<std::string, std::vector<loaded_record<Record>>, std::less<>> parts;
    std::optional<Side> side; // nothing where only parts were asked for

    // What the records point into where they are views (spans, string views) of the stored bytes.
    std::vector<std::shared_ptr<const void>> backing{};
};

// How much of a store `replace` stands for.
enum class replaces : std::uint8_t {
    everything, // parts that are not named go
    named,      // parts that are not named stay, and so does the side state
};

template <class S>
concept has_record_type = requires { typename S::record_type; } && keyed_record<record_of<S>>;

template <class S>
concept has_parts = requires(const S& store) {
    { store.parts() } -> std::ranges::input_range;
    requires std::convertible_to<std::ranges::range_reference_t<decltype(store.parts())>,
                                 std::string_view>;
};

template <class S>
concept has_records = requires(const S& store, std::string_view part) {
    { store.records(part) } -> std::ranges::input_range;
    requires std::convertible_to<std::ranges::range_reference_t<decltype(store.records(part))>,
                                 const record_of<S>&>;
};

template <class S>
concept has_side = std::same_as<side_of<S>, no_side> || requires(const S& store) {
    { store.side() } -> std::convertible_to<const side_of<S>&>;
    requires described<side_of<S>>;
};

// parts(): their names, each once, in any order.
// records(part): the records of a part, in any order; keys are unique within it.
// side(): a described struct, every member of which becomes a piece of its own.
template <class S>
concept chain_source = has_record_type<S> && has_parts<S> && has_records<S> && has_side<S>;

namespace detail {

template <class S>
concept names_record_type = requires { typename S::record_type; };

template <class S>
[[nodiscard]] consteval bool record_can_be_kept() {
    if constexpr (names_record_type<S>) {
        return record_rules<record_of<S>>::kept;
    } else {
        return false;
    }
}

} // namespace detail

template <class S>
struct chain_source_rules {
    static_assert(detail::names_record_type<S>,
                  "tintype: the store of a chain needs `using record_type = ...`, the struct that "
                  "its parts hold");
    static_assert(!detail::names_record_type<S> || detail::record_can_be_kept<S>());
    static_assert(has_parts<S>, "tintype: the store of a chain needs `parts() const`: a range of "
                                "the names of its parts, such as std::vector<std::string>");
    static_assert(has_records<S>,
                  "tintype: the store of a chain needs `records(std::string_view part) const`: a "
                  "range of its record_type");
    static_assert(has_side<S>, "tintype: the store of a chain has a side_type, so it needs `const "
                               "side_type& side() const` of a described struct");
    static constexpr bool kept = chain_source<S>;
};

template <class S>
concept has_replace = requires(S& store, chain_contents<record_of<S>, side_of<S>>&& contents) {
    { store.replace(std::move(contents), replaces::everything) } -> std::same_as<result<void>>;
};

template <class S>
concept has_upsert =
    requires(S& store, std::string_view part, std::vector<loaded_record<record_of<S>>>&& records,
             std::span<const key_of_record<record_of<S>>> keys) {
        { store.upsert(part, std::move(records)) } -> std::same_as<result<void>>;
        { store.erase(part, keys) } -> std::same_as<result<void>>;
    };

// replace(contents, what): all of it or none: after an error the store is as it was. It is called
//     once, after everything was read and verified.
// upsert(part, records): makes the part if need be. Records that are views show what is gone when
// it
//     returns.
// erase(part, keys): a key that is not there is no error.
template <class S>
concept chain_store = chain_source<S> && has_replace<S> && has_upsert<S>;

template <class S>
struct chain_store_rules {
    static_assert(has_replace<S>, "tintype: a store that is restored needs `result<void> "
                                  "replace(chain_contents<record_type, side_type>&&, replaces)`");
    static_assert(has_upsert<S>,
                  "tintype: a store that is restored needs `result<void> upsert(std::string_view "
                  "part, std::vector<record_type>&&)` and `result<void> erase(std::string_view "
                  "part, std::span<const key>)`");
    static constexpr bool kept = chain_store<S>;
};

// A store that knows what changed, so that an increment costs what changed and not what there is. A
// mark names a snapshot of one chain; to the store it is an opaque text.
//
// changes_since(part, mark): the keys put, changed or erased since that snapshot was taken; nothing
//     where the store cannot tell, and then the part is compared or written whole.
// find(part, key): what a pointer to a record tells, null where there is none.
// taken(part, mark): that snapshot holds the part as it is now; count changes from here.
template <class S>
concept tracking_store =
    chain_source<S> && requires(S& store, const S& seen, std::string_view part,
                                std::string_view mark, const key_of_record<record_of<S>>& key) {
        {
            seen.changes_since(part, mark)
        } -> std::same_as<std::optional<std::vector<key_of_record<record_of<S>>>>>;
        { seen.find(part, key) } -> std::same_as<const record_of<S>*>;
        { store.taken(part, mark) } -> std::same_as<void>;
    };

} // namespace tintype::inline v0
