#pragma once

// Fields that hold values in an encoding of their own, each behind its length: one member, every
// element of a member, or the whole state. The walk over the frames comes before anything is
// decoded, and checks each length against the bytes that are left.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/sections.hpp>
#include <tintype/codec/value_layout.hpp>
#include <tintype/core/ranges.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

// A codec that writes more or less than its size said, or a state that changed meanwhile, would
// make bytes with a right checksum that nobody can read.
[[nodiscard]] constexpr result<void> as_long_as_said(std::uint64_t written, std::uint64_t said,
                                                     std::string_view part) {
    if (written != said) {
        return fail({.code = errc::invalid_value, .where = part, .found = written, .wanted = said});
    }
    return {};
}

// A length, then one value in an encoding of its own.
template <std::endian Order, std::unsigned_integral Length, class Encoding, class T, class Out>
[[nodiscard]] constexpr result<void> encode_frame(const T& value, Out& out, std::string_view part) {
    const Encoding encoding{};
    const std::uint64_t size = encoding.size(value);
    if (auto done = out.template length<Order, Length>(size, part); !done) {
        return done;
    }
    const std::uint64_t before = out.written();
    if (auto done = encoding.encode(value, out); !done) {
        return done;
    }
    return as_long_as_said(out.written() - before, size, part);
}

// What a T is in an encoding that can say so, or null.
template <class Encoding, class T>
[[nodiscard]] constexpr const value_layout* encoded_layout() noexcept {
    if constexpr (requires { Encoding::template layout<T>(); }) {
        return Encoding::template layout<T>();
    } else {
        return nullptr;
    }
}

template <class R>
concept takes_frames = requires(R range) {
    typename R::value_type;
    range.clear();
    range.push_back(std::declval<typename R::value_type>());
};

// Says in which part, and where in the whole object, an encoding met its error: it knew only its
// own bytes, which begin at `offset`.
[[nodiscard]] constexpr std::unexpected<error> inside(error what, std::string_view part,
                                                      std::uint64_t offset) {
    if (what.where.empty()) {
        what.where = part;
    }
    if (what.offset != error::no_offset) {
        what.offset += offset;
    }
    return fail(what);
}

} // namespace detail

// Frames of a counted run, as they lie: each a view of one frame's bytes.
template <std::endian Order, std::unsigned_integral Length>
class frames_view {
public:
    class iterator {
    public:
        using value_type = byte_view;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::forward_iterator_tag;

        constexpr iterator() noexcept = default;

        explicit constexpr iterator(const std::byte* at) noexcept : at_(at) {}

        [[nodiscard]] constexpr byte_view operator*() const noexcept {
            return {at_ + sizeof(Length), static_cast<std::size_t>(load<Order, Length>(at_))};
        }

        constexpr iterator& operator++() noexcept {
            const byte_view frame = **this;
            at_ = frame.data() + frame.size();
            return *this;
        }

        constexpr iterator operator++(int) noexcept {
            auto before = *this;
            ++*this;
            return before;
        }

        friend constexpr bool operator==(iterator, iterator) noexcept = default;

    private:
        const std::byte* at_ = nullptr;
    };

    constexpr frames_view() noexcept = default;

    // `bytes` must be `number` whole frames: a list's parse has walked them.
    constexpr frames_view(byte_view bytes, std::uint64_t number) noexcept
        : bytes_(bytes), number_(number) {}

    [[nodiscard]] constexpr iterator begin() const noexcept { return iterator{bytes_.data()}; }

    [[nodiscard]] constexpr iterator end() const noexcept {
        return iterator{bytes_.data() + bytes_.size()};
    }

    [[nodiscard]] constexpr std::uint64_t size() const noexcept { return number_; }

private:
    byte_view bytes_;
    std::uint64_t number_ = 0;
};

// A count, then for each element of a member a length and the element in its own encoding.
template <fixed_string Name, class Encoding, std::unsigned_integral Length = std::uint64_t,
          class Count = std::uint64_t>
struct frames : detail::member_field<Name> {
    static constexpr std::string_view name = Name.view();
    static constexpr field_kind kind = field_kind::frames;
    static constexpr bool apart = std::same_as<Count, counted_apart>;
    static constexpr std::uint64_t min_size = apart ? 0 : sizeof(Count);

    struct parsed {
        byte_view bytes; // the frames with their lengths
        std::uint64_t number = 0;
        std::uint64_t offset = 0; // of the first, from the start of the object
    };

    template <class State>
    static consteval void check() {
        using type = detail::stored_type<Name, State>;
        static_assert(detail::takes_frames<type>,
                      "tintype: frames<\"name\", Encoding> keeps a sequence with push_back: write "
                      "std::vector<T> as the member's type");
        static_assert(sized_codec<Encoding, typename type::value_type>,
                      "tintype: the encoding of frames<\"name\", Encoding> is no sized codec for "
                      "the elements of its member: it needs size (which json has not), encode and "
                      "decode for them");
    }

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) {
        std::uint64_t sum = min_size;
        for (const auto& element : member<Name>(state)) {
            sum += sizeof(Length) + Encoding{}.size(element);
        }
        return sum;
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        const auto& range = member<Name>(state);
        if constexpr (!apart) {
            auto done = out.template length<Order, Count>(std::ranges::size(range), name);
            if (!done) {
                return done;
            }
        }
        for (const auto& element : range) {
            if (auto done = detail::encode_frame<Order, Length, Encoding>(element, out, name);
                !done) {
                return done;
            }
        }
        return {};
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        const auto offset = from.offset();
        std::uint64_t number = context.count_of(name);
        if constexpr (!apart) {
            const auto found = from.number<Order, Count>(name);
            if (!found) {
                return pass(found);
            }
            number = *found;
        }
        const limits& limit = context.options.limits;
        const auto least = detail::saturated_product(number, sizeof(Length));
        if (least > from.remaining()) {
            return fail({.code = errc::truncated_section,
                         .where = name,
                         .offset = from.offset(),
                         .found = from.remaining(),
                         .wanted = least});
        }
        if (auto good = detail::within(number, limit.count, name, offset); !good) {
            return pass(good);
        }
        const auto rest = from.rest();
        const auto start = from.offset();
        for (std::uint64_t i = 0; i != number; ++i) {
            if (auto frame = detail::parse_prefixed<Order, Length>(from, name, limit); !frame) {
                return pass(frame);
            }
        }
        const auto walked = static_cast<std::size_t>(from.offset() - start);
        return parsed{.bytes = rest.first(walked), .number = number, .offset = start};
    }

    template <std::endian Order, class State>
    [[nodiscard]] static constexpr result<void> restore(const parsed& found, State& state,
                                                        const decode_options& options) {
        auto& range = member<Name>(state);
        using element = typename std::remove_reference_t<decltype(range)>::value_type;
        range.clear();
        for (const byte_view frame : frames_view<Order, Length>{found.bytes, found.number}) {
            auto value = Encoding{}.template decode<element>(frame, options);
            if (!value) {
                const auto before = static_cast<std::uint64_t>(frame.data() - found.bytes.data());
                return detail::inside(value.error(), name, found.offset + before);
            }
            range.push_back(*std::move(value));
        }
        return {};
    }

    template <std::endian Order, class>
    [[nodiscard]] static constexpr frames_view<Order, Length> view(const parsed& found) noexcept {
        return {found.bytes, found.number};
    }

    [[nodiscard]] static constexpr field_layout describe() {
        field_layout layout{.name = name,
                            .kind = kind,
                            .type = "frames",
                            .least = min_size,
                            .each = detail::number_type_name<Length>()};
        if constexpr (!apart) {
            layout.prefix = detail::number_type_name<Count>();
        }
        return layout;
    }

    // What lies in each frame.
    template <class State>
    [[nodiscard]] static constexpr const value_layout* value() noexcept {
        return detail::encoded_layout<Encoding,
                                      typename detail::stored_type<Name, State>::value_type>();
    }
};

namespace detail {

// A length, then one value in an encoding; `Derived::of(state)` is the value.
template <class Derived, class Encoding, std::unsigned_integral Length>
struct one_frame : variable_field {
    static constexpr field_kind kind = field_kind::frame;
    static constexpr std::uint64_t min_size = sizeof(Length);

    struct parsed {
        byte_view bytes;
        std::uint64_t offset = 0; // from the start of the object
    };

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) {
        return min_size + Encoding{}.size(Derived::of(state));
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State& state, Out& out) {
        return encode_frame<Order, Length, Encoding>(Derived::of(state), out, Derived::name);
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context& context) {
        const auto bytes =
            parse_prefixed<Order, Length>(from, Derived::name, context.options.limits);
        if (!bytes) {
            return pass(bytes);
        }
        return parsed{.bytes = *bytes, .offset = from.offset() - bytes->size()};
    }

    template <std::endian, class State>
    [[nodiscard]] static constexpr result<void> restore(const parsed& found, State& state,
                                                        const decode_options& options) {
        auto& kept = Derived::of(state);
        using type = std::remove_reference_t<decltype(kept)>;
        auto value = Encoding{}.template decode<type>(found.bytes, options);
        if (!value) {
            return inside(value.error(), Derived::name, found.offset);
        }
        kept = *std::move(value);
        return {};
    }

    template <std::endian, class>
    [[nodiscard]] static constexpr byte_view view(const parsed& found) noexcept {
        return found.bytes;
    }

    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = Derived::name,
                .kind = kind,
                .type = "frame",
                .prefix = number_type_name<Length>(),
                .least = min_size};
    }

    template <class State>
    [[nodiscard]] static constexpr const value_layout* value() noexcept {
        using type = std::remove_reference_t<decltype(Derived::of(std::declval<State&>()))>;
        return encoded_layout<Encoding, type>();
    }
};

} // namespace detail

// A length, then one member in its own encoding.
template <fixed_string Name, class Encoding, std::unsigned_integral Length = std::uint64_t>
struct frame : detail::one_frame<frame<Name, Encoding, Length>, Encoding, Length> {
    static constexpr std::string_view name = Name.view();

    [[nodiscard]] static constexpr bool stores(std::string_view member) noexcept {
        return member == name;
    }

    template <class State>
    static consteval void check() {
        static_assert(
            sized_codec<Encoding, detail::stored_type<Name, State>>,
            "tintype: the encoding of frame<\"name\", Encoding> is no sized codec "
            "for its member: it needs size (which json has not), encode and decode for it");
    }

    template <class State>
    [[nodiscard]] static constexpr auto& of(State& state) noexcept {
        return member<Name>(state);
    }
};

// A length, then the whole state in an encoding of its own; no other field keeps any of it.
template <class Encoding, std::unsigned_integral Length = std::uint64_t>
struct payload : detail::one_frame<payload<Encoding, Length>, Encoding, Length> {
    static constexpr std::string_view name = "payload";

    [[nodiscard]] static constexpr bool stores(std::string_view) noexcept { return true; }

    template <class State>
    static consteval void check() {
        static_assert(
            sized_codec<Encoding, State>,
            "tintype: the encoding of payload<Encoding> is no sized codec for the state: it "
            "needs size, encode and decode for it");
    }

    template <class State>
    [[nodiscard]] static constexpr State& of(State& state) noexcept {
        return state;
    }
};

} // namespace tintype::inline v0
