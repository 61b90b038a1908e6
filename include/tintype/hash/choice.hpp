#pragma once

// One of several hashes, chosen at run time by how long the digest is that it shall be held
// against: streams say their checksums as hexadecimal digits and nothing of the algorithm.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace tintype::inline v0 {

// Digests of the same length would leave no choice: name the one hash that is meant.
template <hash_policy... Hashes>
requires(sizeof...(Hashes) != 0)
class hash_choice {
    static constexpr std::array<std::size_t, sizeof...(Hashes)> sizes{digest_size<Hashes>...};

    static consteval bool all_differ() {
        for (std::size_t i = 0; i != sizes.size(); ++i) {
            for (std::size_t j = 0; j != i; ++j) {
                if (sizes[i] == sizes[j]) {
                    return false;
                }
            }
        }
        return true;
    }

    static_assert(all_differ(),
                  "tintype: two of the hashes have digests of the same size: name only one");

public:
    // `unsupported` where none of the hashes has a digest of so many digits, `invalid_value` where
    // they are none.
    [[nodiscard]] static result<hash_choice> for_digits(std::string_view digits) {
        const auto other = digits.find_first_not_of("0123456789abcdefABCDEF");
        if (other != std::string_view::npos) {
            return fail({.code = errc::invalid_value,
                         .where = "checksum",
                         .found = static_cast<unsigned char>(digits[other]),
                         .during = "no hexadecimal digit"});
        }
        hash_choice made;
        if (!(made.take<Hashes>(digits.size()) || ...)) {
            return fail({.code = errc::unsupported,
                         .where = "checksum",
                         .found = digits.size(),
                         .wanted = 2 * sizes[0],
                         .during = "digits of no hash that is known here"});
        }
        return made;
    }

    void update(byte_view bytes) noexcept {
        std::visit([&](auto& hash) { hash.update(bytes); }, state_);
    }

    [[nodiscard]] std::string digits() const {
        return std::visit([](const auto& hash) { return to_hex(hash.finish()); }, state_);
    }

    // `checksum_mismatch` where what was hashed has another digest; upper-case digits are read,
    // too.
    [[nodiscard]] result<void> check(std::string_view wanted, std::string_view where) const {
        return std::visit(
            [&]<class Hash>(const Hash& hash) -> result<void> {
                const auto computed = hash.finish();
                const auto stored = from_hex<typename Hash::digest_type>(wanted);
                if (!stored) {
                    return fail({.code = errc::invalid_value,
                                 .where = where,
                                 .during = "a checksum in hexadecimal digits"});
                }
                if (*stored != computed) {
                    return fail({.code = errc::checksum_mismatch,
                                 .where = where,
                                 .found = leading_number(*stored),
                                 .wanted = leading_number(computed)});
                }
                return {};
            },
            state_);
    }

private:
    hash_choice() = default;

    template <class Hash>
    [[nodiscard]] bool take(std::size_t digits) {
        if (digits != 2 * digest_size<Hash>) {
            return false;
        }
        state_.template emplace<Hash>();
        return true;
    }

    std::variant<Hashes...> state_;
};

namespace detail {

template <class Hash>
struct as_choice;

template <hash_policy Hash>
struct as_choice<Hash> {
    using type = hash_choice<Hash>;
};

template <class... Hashes>
struct as_choice<hash_choice<Hashes...>> {
    using type = hash_choice<Hashes...>;
};

} // namespace detail

// A hash, or a choice of several.
template <class H>
concept hash_or_choice = requires { typename detail::as_choice<H>::type; };

} // namespace tintype::inline v0
