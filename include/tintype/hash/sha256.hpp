#pragma once

// SHA-256 (FIPS 180-4): a cryptographic hash of 256 bits, as OpenSSL computes it with the machine's
// best instructions. Link with its libcrypto. The running state is OpenSSL's plain struct: a copy
// is a copy, and nothing is allocated or can fail.

#if !__has_include(<openssl/sha.h>)
#error "tintype: install OpenSSL for openssl/sha.h (Debian: libssl-dev)"
#endif

#include <tintype/core/bytes.hpp>
#include <tintype/hash/concept.hpp>

#include <array>
#include <cstddef>
#include <openssl/sha.h>
#include <string_view>

#ifdef OPENSSL_NO_DEPRECATED_3_0
#error "tintype/hash/sha256.hpp needs OpenSSL's SHA256_Init: an OpenSSL, and OPENSSL_API_COMPAT, \
that leave out what version 3.0 deprecates have none"
#endif

namespace tintype::inline v0 {

// The functions that OpenSSL recommends in place of these allocate their state, and can fail.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

class sha256 {
public:
    using digest_type = std::array<std::byte, SHA256_DIGEST_LENGTH>;

    static constexpr std::string_view name = "sha256";

    sha256() noexcept { SHA256_Init(&state_); }

    void update(byte_view bytes) noexcept { SHA256_Update(&state_, bytes.data(), bytes.size()); }

    [[nodiscard]] digest_type finish() const noexcept {
        SHA256_CTX last = state_;
        digest_type digest;
        SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &last);
        return digest;
    }

private:
    SHA256_CTX state_;
};

#pragma GCC diagnostic pop

static_assert(hash_policy<sha256>);
static_assert(digest_size<sha256> == 32);

} // namespace tintype::inline v0
