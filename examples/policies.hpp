#pragma once

// One policy of each kind, written by hand: a hash, a retention policy, a storage, a clock, names
// of versions, and a field for a section list. Nothing derives from anything of the library: each
// has the functions that its concept asks for, and the static_assert behind it says so.

#include <tintype/tintype.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policies {

// A hash: FNV-1a of 64 bits. Small, portable, and no defence against an adversary.
struct fnv1a {
    using digest_type = std::uint64_t;
    static constexpr std::string_view name = "fnv1a";

    constexpr void update(tintype::byte_view bytes) noexcept {
        for (const std::byte byte : bytes) {
            state = (state ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
        }
    }

    [[nodiscard]] constexpr digest_type finish() const noexcept { return state; }

    std::uint64_t state = 0xcbf29ce484222325U;
};

static_assert(tintype::hash_policy<fnv1a>);
static_assert(tintype::hash_of<fnv1a>({}) == 0xcbf29ce484222325U);

// A retention policy: the further back, the fewer. The last four versions, then every second,
// every fourth, every eighth ..., so that n saves leave about 2 log n snapshots. It looks at
// numbers alone: what it dropped once it never wants again, and a second look drops nothing more.
struct keep_thinning {
    [[nodiscard]] tintype::reasons
    reasons_to_keep(std::span<const tintype::catalog_entry> newest_first,
                    tintype::timestamp) const {
        tintype::reasons all(newest_first.size());
        for (std::size_t i = 0; i != all.size(); ++i) {
            const auto version = newest_first[i].version;
            const auto distance = newest_first.front().version - version;
            if (std::cmp_less_equal(std::bit_width(distance), 2 + std::countr_zero(version))) {
                all[i] = "a round number for its distance";
            }
        }
        return all;
    }
};

static_assert(tintype::retention_policy<keep_thinning>);

// A storage around another one, where a cipher or a compressor would stand: every byte is masked on
// its way in and unmasked on its way out. What the other one promises about names, durability and
// threads holds as it did, so its functions are only passed on.
template <tintype::storage_policy Inner>
class masked {
public:
    class staged {
    public:
        staged(tintype::staged_of<Inner> inner, std::byte mask)
            : inner_(std::move(inner)), mask_(mask) {}

        [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) {
            std::array<std::byte, 4096> piece;
            while (!bytes.empty()) {
                const auto next = bytes.first(std::min(bytes.size(), piece.size()));
                std::ranges::transform(next, piece.begin(), [&](std::byte b) { return b ^ mask_; });
                if (auto done = inner_.write(tintype::byte_view{piece}.first(next.size())); !done) {
                    return done;
                }
                bytes = bytes.subspan(next.size());
            }
            return {};
        }

        [[nodiscard]] auto publish(std::string_view name) { return inner_.publish(name); }

        [[nodiscard]] auto replace(std::string_view name) { return inner_.replace(name); }

    private:
        tintype::staged_of<Inner> inner_;
        std::byte mask_;
    };

    struct opened {
        tintype::blob unmasked;

        [[nodiscard]] tintype::byte_view bytes() const noexcept { return unmasked; }
    };

    masked(Inner inner, std::byte mask) : inner_(std::move(inner)), mask_(mask) {}

    [[nodiscard]] tintype::result<staged> stage(const tintype::stage_options& options = {}) const {
        auto inner = inner_.stage(options);
        if (!inner) {
            return tintype::pass(inner);
        }
        return staged{*std::move(inner), mask_};
    }

    [[nodiscard]] tintype::result<opened> open(std::string_view name,
                                               tintype::access how = tintype::access::map) const {
        const auto inner = inner_.open(name, how);
        if (!inner) {
            return tintype::pass(inner);
        }
        tintype::blob unmasked(inner->bytes().begin(), inner->bytes().end());
        std::ranges::transform(unmasked, unmasked.begin(), [&](std::byte b) { return b ^ mask_; });
        return opened{std::move(unmasked)};
    }

    [[nodiscard]] auto list() const { return inner_.list(); }

    [[nodiscard]] auto names() const { return inner_.names(); }

    [[nodiscard]] auto remove(std::string_view name) const { return inner_.remove(name); }

    [[nodiscard]] auto sync() const { return inner_.sync(); }

    // Optional: with them the manager also numbers under a lock and clears up after crashes.
    [[nodiscard]] auto lock() const
    requires tintype::lockable_storage<Inner>
    {
        return inner_.lock();
    }

    [[nodiscard]] auto sweep(std::chrono::nanoseconds grace) const
    requires tintype::sweepable_storage<Inner>
    {
        return inner_.sweep(grace);
    }

private:
    Inner inner_;
    std::byte mask_;
};

static_assert(tintype::lockable_storage<masked<tintype::directory>>);
static_assert(tintype::sweepable_storage<masked<tintype::directory>>);

// A clock: an hour passes whenever somebody looks at it. Copies are the same clock.
class hourly_clock {
public:
    explicit hourly_clock(tintype::timestamp start)
        : hours_(std::make_shared<std::atomic<int>>(0)), start_(start) {}

    [[nodiscard]] tintype::timestamp now() const {
        return start_ + std::chrono::hours{hours_->fetch_add(1)};
    }

private:
    std::shared_ptr<std::atomic<int>> hours_;
    tintype::timestamp start_;
};

static_assert(tintype::clock_policy<hourly_clock>);

// Names of versions: sixteen hexadecimal digits. Each name has one version and each version one
// name, so what `name` would not have written is not taken for a version.
struct hex_names {
    [[nodiscard]] static std::string name(std::uint64_t version) {
        return tintype::to_hex(version) + ".weights";
    }

    [[nodiscard]] static std::optional<std::uint64_t> parse(std::string_view text) {
        const auto version = tintype::from_hex<std::uint64_t>(text.substr(0, 16));
        return version && name(*version) == text ? version : std::nullopt;
    }
};

static_assert(tintype::version_names<hex_names>);

// A field: one unsigned member in seven bits a byte, the lowest first, so that small numbers take
// one byte. The shortest form is the only one that is accepted: equal states have equal bytes.
template <tintype::fixed_string Name>
struct varint {
    static constexpr std::string_view name = Name.view();
    static constexpr auto kind = tintype::field_kind::custom;
    static constexpr std::uint64_t min_size = 1;
    static constexpr bool fixed_size = false;
    using parsed = std::uint64_t;

    [[nodiscard]] static constexpr bool stores(std::string_view member) noexcept {
        return member == name;
    }

    template <class State>
    static consteval void check() {
        static_assert(std::same_as<tintype::named_member_type<State, Name>, std::uint64_t>,
                      "varint<\"name\"> keeps a std::uint64_t: write that as the member's type");
    }

    template <class State>
    [[nodiscard]] static constexpr std::uint64_t size(const State& state) noexcept {
        return std::max<std::uint64_t>(1, (std::bit_width(tintype::member<Name>(state)) + 6U) / 7);
    }

    template <std::endian Order, class State, class Out>
    [[nodiscard]] static constexpr tintype::result<void> encode(const State& state, Out& out) {
        std::array<std::byte, 10> bytes{};
        std::size_t count = 0;
        auto rest = tintype::member<Name>(state);
        for (; rest >= 0x80; rest >>= 7U) {
            bytes[count++] = static_cast<std::byte>(rest | 0x80U);
        }
        bytes[count++] = static_cast<std::byte>(rest);
        return out.write(tintype::byte_view{bytes}.first(count));
    }

    template <std::endian Order>
    [[nodiscard]] static constexpr tintype::result<parsed> parse(tintype::reader& from,
                                                                 tintype::parse_context&) {
        const auto offset = from.offset();
        std::uint64_t number = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto byte = from.number<Order, std::uint8_t>(name);
            if (!byte) {
                return tintype::pass(byte);
            }
            // The tenth byte has room for one bit; a last byte of 0 says nothing.
            if ((shift == 63 && *byte > 1) || (shift != 0 && *byte == 0)) {
                return tintype::fail({.code = tintype::errc::invalid_value,
                                      .where = name,
                                      .offset = offset,
                                      .found = *byte,
                                      .wanted = 1});
            }
            number |= std::uint64_t{*byte & 0x7fU} << shift;
            if (*byte < 0x80) {
                return number;
            }
        }
    }

    template <std::endian, class State>
    [[nodiscard]] static constexpr tintype::result<void> restore(const parsed& number, State& state,
                                                                 const tintype::decode_options&) {
        tintype::member<Name>(state) = number;
        return {};
    }

    template <std::endian, class>
    [[nodiscard]] static constexpr std::uint64_t view(const parsed& number) noexcept {
        return number;
    }

    [[nodiscard]] static constexpr tintype::field_layout describe() {
        return {.name = name, .kind = kind, .type = "varint", .least = min_size};
    }
};

static_assert(tintype::field<varint<"steps">>);

} // namespace policies
