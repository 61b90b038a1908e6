#pragma once

// MD5 (RFC 1321), as OpenSSL computes it. Link with its libcrypto. It finds damage, and is no
// protection against anybody: two contents with one digest are made in a second. Object stores
// still speak it.

#if !__has_include(<openssl/md5.h>)
#error "tintype: install OpenSSL for openssl/md5.h (Debian: libssl-dev)"
#endif

#include <tintype/core/bytes.hpp>
#include <tintype/hash/concept.hpp>

#include <array>
#include <cstddef>
#include <openssl/md5.h>
#include <string_view>

#ifdef OPENSSL_NO_DEPRECATED_3_0
#error "tintype/hash/md5.hpp needs OpenSSL's MD5_Init: an OpenSSL, and OPENSSL_API_COMPAT, that \
leave out what version 3.0 deprecates have none"
#endif

namespace tintype::inline v0 {

// The functions that OpenSSL recommends in place of these allocate their state, and can fail.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

class md5 {
public:
    using digest_type = std::array<std::byte, MD5_DIGEST_LENGTH>;

    static constexpr std::string_view name = "md5";

    md5() noexcept { MD5_Init(&state_); }

    void update(byte_view bytes) noexcept { MD5_Update(&state_, bytes.data(), bytes.size()); }

    [[nodiscard]] digest_type finish() const noexcept {
        MD5_CTX last = state_;
        digest_type digest;
        MD5_Final(reinterpret_cast<unsigned char*>(digest.data()), &last);
        return digest;
    }

private:
    MD5_CTX state_;
};

#pragma GCC diagnostic pop

static_assert(hash_policy<md5>);
static_assert(digest_size<md5> == 16);

} // namespace tintype::inline v0
