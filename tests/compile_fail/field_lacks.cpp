// A field of the user's own without one of its parts.
// expect 1: tintype: a field of a section list needs `static constexpr std::uint64_t min_size`
// expect 2: tintype: a field of a section list needs `static constexpr std::string_view name`
// expect 3: tintype: a field of a section list needs `using parsed = ...`
// expect 4: tintype: a field of a section list needs `static field_layout describe\(\)`

#include <tintype/tintype.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

using namespace tintype;

// Four bytes of nothing.
struct padding {
#if BAD != 2
    static constexpr std::string_view name = "padding";
#endif
    static constexpr field_kind kind = field_kind::scalar;
#if BAD != 1
    static constexpr std::uint64_t min_size = 4;
#endif
    static constexpr bool fixed_size = true;

    using parsed = std::uint32_t;

    template <class State>
    static consteval void check() {}

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State&) {
        return 4;
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr result<void> encode(const State&, Out& out) {
        const std::byte nothing[4]{};
        return out.write(nothing);
    }

    template <std::endian Order>
#if BAD == 3
    [[nodiscard]] static constexpr result<void> parse(reader&, parse_context&) {
        return {};
    }
#else
    [[nodiscard]] static constexpr result<parsed> parse(reader& from, parse_context&) {
        const auto bytes = from.take(4, "padding");
        return bytes ? result<parsed>{0} : pass(bytes);
    }
#endif

    template <std::endian, class State>
    [[nodiscard]] static constexpr result<void> restore(const parsed&, State&,
                                                        const decode_options&) {
        return {};
    }

    [[nodiscard]] static constexpr bool stores(std::string_view) noexcept { return false; }

#if BAD != 4
    [[nodiscard]] static constexpr field_layout describe() {
        return {.name = "padding", .kind = kind, .type = "u32"};
    }
#endif
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (blob, bytes));
};

using list = section_list<padding, section<"bytes">>;
const auto bytes = encode<list>(state{});
