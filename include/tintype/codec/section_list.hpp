#pragma once

// A format is a list of fields. From the list alone come the encoder, the decoder, the zero-copy
// view, the sizes and the description; a list that could not be read back does not compile, and the
// message says what to write. Everything here works in constant expressions.

#include <tintype/codec/detail/list_facts.hpp>
#include <tintype/codec/field.hpp>
#include <tintype/codec/frames.hpp>
#include <tintype/codec/header_fields.hpp>
#include <tintype/codec/sections.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/none.hpp>
#include <tintype/hash/watched.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

// A class, so that a field's complaint comes before those about the members that no field keeps.
template <class Field, class State>
struct field_fits {
    static_assert((Field::template check<State>(), true));
};

// Stops the compiler at the member that no field keeps, with its name's index in the note.
template <class List, class State, std::size_t MemberIndex>
struct member_is_kept {
    static constexpr std::size_t times = List::stores(member_names<State>[MemberIndex]);
    static_assert(times != 0,
                  "tintype: no field of the section list keeps this member of the state, so it "
                  "would be lost: add section<\"name\"> (or scalar, records, frames) for it, or "
                  "transient<\"name\"> if it is not part of a snapshot");
    static_assert(times <= 1, "tintype: two fields of the section list keep this member of the "
                              "state: payload<> keeps them all, so leave the other field out");
    static constexpr bool value = true;
};

} // namespace detail

template <class List, class State>
class list_view;

template <std::endian Order, obeys<field_rules>... Fields>
class basic_section_list {
    static constexpr std::size_t field_count = sizeof...(Fields);
    static_assert(field_count != 0, "tintype: a section list needs at least one field");

    static constexpr detail::list_facts<field_count> facts{{Fields::kind...}, {Fields::name...}};

    static_assert(facts.only_first(field_kind::magic),
                  "tintype: put the one magic first in the section list");
    static_assert(facts.version_after_magic(),
                  "tintype: put the one version directly behind the magic, or first");
    static_assert(facts.how_many(field_kind::checksum) <= 1,
                  "tintype: keep one checksum in the section list: it covers every byte before it");
    static_assert(facts.checksum_last(), "tintype: put the checksum last in the section list");
    static_assert(facts.how_many(field_kind::tail) <= 1,
                  "tintype: a section list has at most one tail: give the others a length with "
                  "section<\"name\">");
    static_assert(facts.how_many(field_kind::tail) > 1 || facts.tail_at_the_end(),
                  "tintype: put the tail last, or directly before the checksum");
    static_assert(facts.how_many(field_kind::total_size) <= 1,
                  "tintype: keep one total_size in the section list");
    static_assert(facts.names_differ(),
                  "tintype: two fields of the section list have the same name: each name stands "
                  "once, or twice as count<\"name\"> and, further on, what it counts");
    static constexpr bool counts_are_there = []<std::size_t... I>(std::index_sequence<I...>) {
        return ((!detail::is_counted_apart<Fields>() || facts.has_count(Fields::name, I)) && ...);
    }(std::make_index_sequence<field_count>{});
    static_assert(counts_are_there,
                  "tintype: a field that is counted_apart needs count<\"name\"> before it");
    static_assert((... &&
                   (Fields::kind != field_kind::count ||
                    facts.counts_something(Fields::name, {detail::is_counted_apart<Fields>()...}))),
                  "tintype: nothing is counted by a count<\"name\">: make the field of that name "
                  "counted_apart, or leave the count out");

public:
    static constexpr std::endian order = Order;
    static constexpr std::uint64_t min_size = (std::uint64_t{0} + ... + Fields::min_size);
    static constexpr bool fixed_size = (Fields::fixed_size && ...);
    using parsed = std::tuple<typename Fields::parsed...>;

    // The checksum's hash, or no_hash.
    using hash = own_hash_of<std::tuple_element_t<field_count - 1, std::tuple<Fields...>>>;

    // How many fields keep that member.
    [[nodiscard]] static constexpr std::size_t stores(std::string_view member) noexcept {
        return (std::size_t{0} + ... + (Fields::stores(member) ? 1U : 0U));
    }

    // Stops the compiler, with a message that says what to write, where the list and the state do
    // not fit; true otherwise.
    template <class State>
    [[nodiscard]] static consteval bool check() {
        static_assert(described<State>,
                      "tintype: the state is not described: put BOOST_HANA_DEFINE_STRUCT(State, "
                      "(type, member), ...) inside it, or BOOST_HANA_ADAPT_STRUCT(State, member, "
                      "...) behind it");
        if constexpr (described<State>) {
            static_cast<void>((sizeof(detail::field_fits<Fields, State>) + ...));
            return []<std::size_t... I>(std::index_sequence<I...>) {
                return (detail::member_is_kept<basic_section_list, State, I>::value && ...);
            }(std::make_index_sequence<member_count<State>>{});
        }
        return false;
    }

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) {
        static_assert(check<State>());
        return (std::uint64_t{0} + ... + Fields::size(state));
    }

    template <class State, byte_sink Sink>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Sink& sink) {
        static_assert(check<State>());
        encoder<Sink, hash> out{sink, size(state)};
        result<void> done;
        static_cast<void>(((done = Fields::template encode<Order>(state, out)).has_value() && ...));
        return done ? detail::as_long_as_said(out.written(), out.total(), "") : done;
    }

    // Where every field lies, without a state: the checks of `decode`, in the fixed order least
    // size, magic, version, checksum, then each field, then what is left over.
    [[nodiscard]] static constexpr result<parsed> parse(byte_view bytes,
                                                        const decode_options& options = {}) {
        if (bytes.size() < min_size) {
            return fail({.code = errc::truncated, .found = bytes.size(), .wanted = min_size});
        }
        const auto body = bytes.first(bytes.size() - digest_size<hash>);
        std::array<counted, facts.how_many(field_kind::count)> counts{};
        parse_context context{.options = options, .total = bytes.size(), .counts = counts};
        reader from{body};
        reader end{bytes.subspan(body.size()), body.size()};
        parsed found;
        result<void> good;

        const auto step = [&]<std::size_t I, class Field>(std::type_identity<Field>) {
            if constexpr (I == header_count && digest_size<hash> != 0) {
                if (good = verify(body, end.rest(), options); !good) {
                    return false;
                }
            }
            if constexpr (Field::kind == field_kind::count) {
                counts[count_index(I)].name = Field::name;
            }
            constexpr bool at_end = Field::kind == field_kind::checksum;
            if constexpr (at_end) {
                good = left_over(from, options);
                if (!good) {
                    return false;
                }
            }
            auto outcome = Field::template parse<Order>(at_end ? end : from, context);
            if (!outcome) {
                good = pass(outcome);
                return false;
            }
            std::get<I>(found) = *outcome;
            return true;
        };
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>((step.template operator()<I>(std::type_identity<Fields>{}) && ...));
        }(std::make_index_sequence<field_count>{});

        if (good && digest_size<hash> == 0) {
            good = left_over(from, options);
        }
        if (good) {
            good = adds_up(found, from.offset() + digest_size<hash>);
        }
        if (!good) {
            return pass(good);
        }
        return found;
    }

    template <class State>
    [[nodiscard]] static constexpr result<State> decode(byte_view bytes,
                                                        const decode_options& options = {}) {
        static_assert(check<State>());
        const auto found = parse(bytes, options);
        if (!found) {
            return pass(found);
        }
        State state{};
        result<void> good;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>(
                ((good = Fields::template restore<Order>(std::get<I>(*found), state, options))
                     .has_value() &&
                 ...));
        }(std::make_index_sequence<field_count>{});
        if (!good) {
            return pass(good);
        }
        return state;
    }

    // The same checks, and then the fields where they lie; the bytes must outlive the view.
    template <class State>
    [[nodiscard]] static constexpr result<list_view<basic_section_list, State>>
    view(byte_view bytes, const decode_options& options = {}) {
        static_assert(check<State>());
        const auto found = parse(bytes, options);
        if (!found) {
            return pass(found);
        }
        result<void> good;
        const auto fits = [&]<class Field>(std::type_identity<Field>, const auto& part) {
            if constexpr (requires { Field::template fits<State>(part); }) {
                good = Field::template fits<State>(part);
            }
            return good.has_value();
        };
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>((fits(std::type_identity<Fields>{}, std::get<I>(*found)) && ...));
        }(std::make_index_sequence<field_count>{});
        if (!good) {
            return pass(good);
        }
        return list_view<basic_section_list, State>{*found};
    }

    // The place of a field by its name; of a count and what it counts, the latter.
    [[nodiscard]] static consteval std::size_t index_of(std::string_view name) {
        std::size_t index = field_count;
        for (std::size_t i = 0; i != field_count; ++i) {
            if (facts.names[i] == name) {
                index = i;
            }
        }
        return index;
    }

    template <std::size_t Index>
    using field_at = std::tuple_element_t<Index, std::tuple<Fields...>>;

    // Every field with its offset, as far as that is the same in every file.
    [[nodiscard]] static constexpr std::array<field_layout, field_count> layout() {
        std::array<field_layout, field_count> all{Fields::describe()...};
        std::optional<std::uint64_t> offset = 0;
        for (field_layout& each : all) {
            each.offset = offset;
            offset = offset && each.size ? std::optional{*offset + *each.size} : std::nullopt;
        }
        return all;
    }

    // The same of a state's, with what lies in its frames.
    template <class State>
    [[nodiscard]] static constexpr std::array<field_layout, field_count> layout_of() {
        auto all = layout();
        field_layout* each = all.data();
        const auto next = [&]<class Field>(std::type_identity<Field>) {
            if constexpr (requires { Field::template value<State>(); }) {
                each->value = Field::template value<State>();
            }
            ++each;
        };
        (next(std::type_identity<Fields>{}), ...);
        return all;
    }

    // The version field alone, or a field of another kind where the list has none.
    [[nodiscard]] static constexpr field_layout version_layout() {
        constexpr std::size_t place = facts.place_of(field_kind::version);
        return layout()[place == field_count ? 0 : place];
    }

    // The version that the bytes claim to be, whether or not it is this list's.
    [[nodiscard]] static constexpr result<std::uint64_t> version_of(byte_view bytes)
    requires(facts.place_of(field_kind::version) != field_count)
    {
        constexpr auto place = static_cast<std::size_t>(*version_layout().offset);
        using number = typename field_at<facts.place_of(field_kind::version)>::number_type;
        reader from{bytes.subspan(std::min(place, bytes.size()))};
        const auto found = from.number<Order, number>("version");
        if (!found) {
            return fail(
                {.code = errc::truncated, .found = bytes.size(), .wanted = place + sizeof(number)});
        }
        return *found;
    }

private:
    // Fields before this one say what the file is; they are looked at before the checksum.
    static constexpr std::size_t header_count =
        facts.how_many(field_kind::magic) + facts.how_many(field_kind::version);

    [[nodiscard]] static constexpr std::size_t count_index(std::size_t field_index) noexcept {
        return static_cast<std::size_t>(std::count(
            facts.kinds.begin(), facts.kinds.begin() + static_cast<std::ptrdiff_t>(field_index),
            field_kind::count));
    }

    [[nodiscard]] static constexpr result<void> verify(byte_view body, byte_view stored,
                                                       const decode_options& options) {
        if (options.integrity == integrity::skip) {
            return {};
        }
        const auto computed = watched_hash<hash>(body, options.watch);
        if (!computed) {
            return pass(computed);
        }
        typename hash::digest_type claimed{};
        static_cast<void>(load_packed<Order>(stored.data(), claimed));
        if (claimed != *computed) {
            return fail({.code = errc::checksum_mismatch,
                         .offset = body.size(),
                         .found = leading_number(claimed),
                         .wanted = leading_number(*computed)});
        }
        return {};
    }

    [[nodiscard]] static constexpr result<void> left_over(const reader& from,
                                                          const decode_options& options) {
        if (from.remaining() != 0 && options.trailing == trailing::refuse) {
            return fail(
                {.code = errc::trailing_bytes, .offset = from.offset(), .found = from.remaining()});
        }
        return {};
    }

    // A stored total that is smaller than its own fields counts something else.
    [[nodiscard]] static constexpr result<void> adds_up(const parsed& found, std::uint64_t read) {
        constexpr std::size_t place = facts.place_of(field_kind::total_size);
        if constexpr (place != field_count) {
            if (std::get<place>(found) != read) {
                return fail({.code = errc::invalid_value,
                             .where = "total_size",
                             .found = std::get<place>(found),
                             .wanted = read});
            }
        }
        return {};
    }
};

// Little-endian, as all five of the formats that this library grew from.
template <obeys<field_rules>... Fields>
using section_list = basic_section_list<std::endian::little, Fields...>;

template <obeys<field_rules>... Fields>
using big_endian_section_list = basic_section_list<std::endian::big, Fields...>;

// For static_assert: whether every field has its member and every member its field. Where not, the
// compiler stops at the field or member and says what to write.
template <class List, class State>
inline constexpr bool describes = List::template check<State>();

// What a section list found in some bytes, by the names of its fields.
template <class List, class State>
class list_view {
public:
    constexpr list_view() = default;

    explicit constexpr list_view(const typename List::parsed& found) : found_(found) {}

    // A section as bytes, text or a range of values; records as a range; frames as a range of
    // bytes; a scalar as itself.
    template <fixed_string Name>
    [[nodiscard]] constexpr decltype(auto) get() const {
        constexpr std::size_t index = List::index_of(Name.view());
        static_assert(index < std::tuple_size_v<typename List::parsed>,
                      "tintype: the section list has no field of this name");
        return List::template field_at<index>::template view<List::order, State>(
            std::get<index>(found_));
    }

private:
    typename List::parsed found_{};
};

} // namespace tintype::inline v0
