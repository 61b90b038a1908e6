// BLAKE3 by each kernel that this machine can run: against the golden vectors, and against a second
// implementation that follows the specification's definitions word for word.

#include <tintype/hash/blake3.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/manager/version_store.hpp>
#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#ifndef TINTYPE_GOLDEN
#error "define TINTYPE_GOLDEN as the path of tests/golden"
#endif

namespace {

using tintype::blake3;
using tintype::blob;
using tintype::byte_view;
using tintype::bytes_of;
using tintype::hash_of;
using tintype::detail::best_blake3_kernel;
using tintype::detail::blake3_iv;
using tintype::detail::blake3_kernel;
using tintype::detail::blake3_kernels;
using tintype::detail::blake3_tree;
using tintype::detail::supported;

using digest = blake3::digest_type;

constexpr std::string_view key_text = "whats the Elvish word for friend";
constexpr std::string_view context = "BLAKE3 2019-12-27 16:29:52 test vectors context";

constexpr std::size_t block_size = 64;
constexpr std::size_t chunk_size = 1024;

// Byte i is i modulo 251, as in the golden vectors.
blob counted(std::size_t size) {
    blob bytes(size);
    for (std::size_t i = 0; i != size; ++i) {
        bytes[i] = static_cast<std::byte>(i % 251);
    }
    return bytes;
}

std::span<const std::byte, 32> key() {
    return std::span<const std::byte, 32>{bytes_of(key_text)};
}

template <class Visit>
void each_kernel(Visit visit) {
    for (const blake3_kernel kernel : blake3_kernels) {
        if (supported(kernel)) {
            INFO("kernel ", static_cast<int>(kernel));
            visit(kernel);
        }
    }
}

digest finished(blake3_kernel kernel, const blake3_tree& tree) {
    digest out;
    tree.output(kernel, out, 0);
    return out;
}

digest hashed(blake3_kernel kernel, byte_view bytes) {
    blake3_tree tree(blake3_iv, 0);
    tree.update(kernel, bytes);
    return finished(kernel, tree);
}

// From here on to `reference`: the specification again, with nothing shared but the test.

using words = std::array<std::uint32_t, 8>;

constexpr words initial = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                           0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

constexpr std::uint32_t chunk_start = 1U << 0U;
constexpr std::uint32_t chunk_end = 1U << 1U;
constexpr std::uint32_t parent = 1U << 2U;
constexpr std::uint32_t root = 1U << 3U;

void quarter(std::uint32_t* v, unsigned a, unsigned b, unsigned c, unsigned d, std::uint32_t x,
             std::uint32_t y) {
    v[a] = v[a] + v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = std::rotr(v[b] ^ v[c], 12);
    v[a] = v[a] + v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], 8);
    v[c] = v[c] + v[d];
    v[b] = std::rotr(v[b] ^ v[c], 7);
}

words compressed(const words& value, std::array<std::uint32_t, 16> message, std::uint64_t counter,
                 std::uint32_t size, std::uint32_t flags) {
    constexpr unsigned moved[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    std::uint32_t v[16];
    for (unsigned i = 0; i != 8; ++i) {
        v[i] = value[i];
        v[8 + i] = initial[i];
    }
    v[12] = static_cast<std::uint32_t>(counter);
    v[13] = static_cast<std::uint32_t>(counter >> 32U);
    v[14] = size;
    v[15] = flags;
    for (int round = 0; round != 7; ++round) {
        for (unsigned i = 0; i != 4; ++i) {
            quarter(v, i, 4 + i, 8 + i, 12 + i, message[2 * i], message[2 * i + 1]);
        }
        for (unsigned i = 0; i != 4; ++i) {
            quarter(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, message[8 + 2 * i],
                    message[9 + 2 * i]);
        }
        const auto before = message;
        for (unsigned i = 0; i != 16; ++i) {
            message[i] = before[moved[i]];
        }
    }
    words out;
    for (unsigned i = 0; i != 8; ++i) {
        out[i] = v[i] ^ v[8 + i];
    }
    return out;
}

words chunk_value(byte_view bytes, std::uint64_t number, std::uint32_t last_flags) {
    words value = initial;
    for (std::size_t at = 0;; at += block_size) {
        const std::size_t size = std::min(block_size, bytes.size() - at);
        std::array<std::uint32_t, 16> message{};
        for (std::size_t i = 0; i != size; ++i) {
            message[i / 4] |= std::to_integer<std::uint32_t>(bytes[at + i]) << 8 * (i % 4);
        }
        const bool last = at + size == bytes.size();
        value = compressed(value, message, number, static_cast<std::uint32_t>(size),
                           (at == 0 ? chunk_start : 0U) | (last ? chunk_end | last_flags : 0U));
        if (last) {
            return value;
        }
    }
}

// The digests of everything that `bytes` begins with. Values of whole chunks that are not the root
// are the same in all of them, and are kept.
class reference {
public:
    explicit reference(blob bytes) : bytes_(std::move(bytes)) {
        for (std::size_t i = 0; (i + 1) * chunk_size <= bytes_.size(); ++i) {
            chunks_.push_back(chunk_value(all().subspan(i * chunk_size, chunk_size), i, 0));
        }
    }

    [[nodiscard]] byte_view all() const { return bytes_; }

    [[nodiscard]] digest of(std::size_t size) const {
        const words value = subtree(0, size, root);
        digest out;
        for (std::size_t i = 0; i != out.size(); ++i) {
            out[i] = static_cast<std::byte>(value[i / 4] >> 8 * (i % 4));
        }
        return out;
    }

private:
    // The left part has the largest power of two of chunks that leaves something for the right.
    [[nodiscard]] words subtree(std::size_t first_chunk, std::size_t size,
                                std::uint32_t flags) const {
        if (size <= chunk_size) {
            return size == chunk_size && flags == 0
                       ? chunks_[first_chunk]
                       : chunk_value(all().subspan(first_chunk * chunk_size, size), first_chunk,
                                     flags);
        }
        const std::size_t left = std::bit_floor((size - 1) / chunk_size);
        const words a = subtree(first_chunk, left * chunk_size, 0);
        const words b = subtree(first_chunk + left, size - left * chunk_size, 0);
        std::array<std::uint32_t, 16> both;
        for (std::size_t i = 0; i != 8; ++i) {
            both[i] = a[i];
            both[8 + i] = b[i];
        }
        return compressed(initial, both, 0, block_size, parent | flags);
    }

    blob bytes_;
    std::vector<words> chunks_;
};

template <std::size_t Size>
constexpr std::array<std::byte, Size> zeros{};

constexpr std::array abc = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};

constexpr digest digest_of(std::string_view text) {
    return *tintype::from_hex<digest>(text);
}

static_assert(hash_of<blake3>({}) ==
              digest_of("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"));
static_assert(hash_of<blake3>(abc) ==
              digest_of("6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
static_assert(hash_of<blake3>(zeros<1025>) ==
              digest_of("d2beb49d87e59db174cb3ff1440f1899422968df670d060fd7ce759e8cc160e7"));

constexpr bool in_constant_expressions() {
    std::array<std::byte, 32> secret{};
    for (std::size_t i = 0; i != secret.size(); ++i) {
        secret[i] = static_cast<std::byte>(key_text[i]);
    }
    blake3 with_key = blake3::keyed(secret);
    with_key.update(abc);
    blake3 derived = blake3::deriving_key("tintype tests");
    derived.update(abc);
    const blake3 copy = derived;
    std::array<std::byte, 6> far{};
    copy.extended_output(far, 64);
    return with_key.finish() == digest_of("157f8b4b104070014ab0b3b7aff364f7"
                                          "94e010e92b1c976318e892f380b53406") &&
           copy.finish() == digest_of("3ffbd439cbb7c5171c9dde460fccfdc7"
                                      "521d9a12f005993a67122a72f89fcb95") &&
           far == *tintype::from_hex<std::array<std::byte, 6>>("8c6fa6321b1f");
}

static_assert(in_constant_expressions());

} // namespace

TEST_CASE("blake3: the chosen kernel is one that is supported, and the fastest of them") {
    CHECK(supported(blake3_kernel::portable));
    CHECK(supported(best_blake3_kernel()));
    CHECK(best_blake3_kernel() == best_blake3_kernel());
    each_kernel([](blake3_kernel kernel) {
        const bool other_half = kernel == blake3_kernel::avx512_scalar;
        CHECK((kernel <= best_blake3_kernel() || other_half));
    });
#if defined(__x86_64__)
    CHECK(!supported(blake3_kernel::neon));
#elif defined(__aarch64__)
    CHECK(best_blake3_kernel() == blake3_kernel::neon);
#else
    CHECK(best_blake3_kernel() == blake3_kernel::portable);
#endif
}

TEST_CASE("blake3: the golden vectors, in all three modes and anywhere in the output") {
    const blob file = tests::file_bytes(TINTYPE_GOLDEN "/blake3/vectors.txt");
    std::string_view text = tintype::text_of(file);
    const auto word = [&text] {
        const auto end = text.find_first_of(" \n");
        const std::string_view found = text.substr(0, end);
        text.remove_prefix(end + 1);
        return found;
    };
    const auto number = [&word] {
        const std::string_view digits = word();
        std::uint64_t value = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        REQUIRE(read.ec == std::errc{});
        return value;
    };
    const blob input = counted(102400);
    std::size_t lines = 0;
    for (; !text.empty(); ++lines) {
        const auto size = static_cast<std::size_t>(number());
        const std::string_view mode = word();
        const std::uint64_t offset = number();
        const auto wanted = tintype::bytes_from_hex(word());
        INFO("bytes ", size, ", ", std::string{mode}, ", from ", offset);
        REQUIRE(wanted);
        REQUIRE(size <= input.size());
        blake3 hash = mode == "hash"    ? blake3{}
                      : mode == "keyed" ? blake3::keyed(key())
                                        : blake3::deriving_key(context);
        hash.update(byte_view{input}.first(size));
        blob out(wanted->size());
        hash.extended_output(out, offset);
        CHECK(out == *wanted);
        if (offset == 0) {
            CHECK(tintype::to_hex(hash.finish()) == tintype::hex_of(byte_view{*wanted}.first(32)));
        }
    }
    CHECK(lines == 160);
}

TEST_CASE("blake3: every kernel, around every block and chunk") {
    constexpr std::size_t chunks = 10;
    const reference wanted{tests::noise(chunks * chunk_size + 2)};
    for (std::size_t at = 0; at <= chunks * chunk_size; at += block_size) {
        // Around each block of the first chunks, and then around each chunk.
        if (at > 3 * chunk_size && at % chunk_size != 0) {
            continue;
        }
        for (std::size_t size = at == 0 ? 0 : at - 1; size <= at + 1; ++size) {
            INFO("bytes ", size);
            const digest expected = wanted.of(size);
            each_kernel([&](blake3_kernel kernel) {
                CHECK(hashed(kernel, wanted.all().first(size)) == expected);
            });
        }
    }
}

TEST_CASE("blake3: every kernel, every number of chunks and some more bytes") {
    constexpr std::size_t chunks = 40;
    const reference wanted{tests::noise((chunks + 1) * chunk_size, 1)};
    for (std::size_t count = 10; count <= chunks; ++count) {
        for (const std::size_t more : {std::size_t{0}, 1 + count * 37 % 1000}) {
            const std::size_t size = count * chunk_size + more;
            INFO("bytes ", size);
            const digest expected = wanted.of(size);
            each_kernel([&](blake3_kernel kernel) {
                CHECK(hashed(kernel, wanted.all().first(size)) == expected);
            });
        }
    }
}

TEST_CASE("blake3: around every power of two of chunks, up to 2 MiB") {
    constexpr std::size_t most = 2048;
    const reference wanted{tests::noise(most * chunk_size + block_size, 2)};
    for (std::size_t chunks = 16; chunks <= most; chunks *= 2) {
        const std::size_t at = chunks * chunk_size;
        for (const std::size_t size : {at - block_size, at - 1, at, at + 1, at + block_size}) {
            INFO("bytes ", size);
            CHECK(hash_of<blake3>(wanted.all().first(size)) == wanted.of(size));
        }
    }
    // A batch of chunks, and one more or less of them, by the other kernels.
    for (const std::size_t chunks : {255U, 256U, 257U}) {
        const digest expected = wanted.of(chunks * chunk_size + 1);
        each_kernel([&](blake3_kernel kernel) {
            CHECK(hashed(kernel, wanted.all().first(chunks * chunk_size + 1)) == expected);
        });
    }
}

// As far along as no test can hash.
TEST_CASE("blake3: the chunks' numbers outgrow 32 bits, in every lane") {
    const blob input = tests::noise(20 * chunk_size, 6);
    const auto values = [&input](blake3_kernel kernel, std::uint64_t counter) {
        blob out(20 * tintype::detail::blake3_value);
        tintype::detail::blake3_hash_many(kernel, {.from = input.data(),
                                                   .count = 20,
                                                   .blocks = chunk_size / block_size,
                                                   .to = out.data(),
                                                   .key = &blake3_iv,
                                                   .counter = counter,
                                                   .counting = true,
                                                   .flags = 0,
                                                   .first = tintype::detail::blake3_chunk_start,
                                                   .last = tintype::detail::blake3_chunk_end});
        return out;
    };
    for (const std::uint64_t counter : {0xFFFFFFF5ULL, 0xFFFFFFFFULL, 0x3FFFFFFFFFFFEBULL}) {
        blob wanted;
        for (std::size_t i = 0; i != 20; ++i) {
            const byte_view chunk = byte_view{input}.subspan(i * chunk_size, chunk_size);
            for (const std::uint32_t word : chunk_value(chunk, counter + i, 0)) {
                for (unsigned byte = 0; byte != 4; ++byte) {
                    wanted.push_back(static_cast<std::byte>(word >> 8 * byte));
                }
            }
        }
        each_kernel([&](blake3_kernel kernel) { CHECK(values(kernel, counter) == wanted); });
    }
}

TEST_CASE("blake3: cut into pieces, by every kernel") {
    const reference wanted{tests::noise(37 * chunk_size + 77, 3)};
    const digest expected = wanted.of(wanted.all().size());
    each_kernel([&](blake3_kernel kernel) {
        for (const std::size_t piece : {1U, 63U, 64U, 65U, 1023U, 1024U, 1025U, 2048U, 5000U}) {
            INFO("pieces of ", piece);
            blake3_tree tree(blake3_iv, 0);
            // Single bytes only as far as they go quickly.
            byte_view rest = wanted.all().first(piece == 1 ? 3 * chunk_size : wanted.all().size());
            const digest whole = piece == 1 ? wanted.of(rest.size()) : expected;
            while (!rest.empty()) {
                const byte_view now = rest.first(std::min(rest.size(), piece));
                tree.update(kernel, now);
                rest = rest.subspan(now.size());
            }
            CHECK(finished(kernel, tree) == whole);
        }
        tintype::splitmix64 random{static_cast<std::uint64_t>(kernel)};
        for (int i = 0; i != 20; ++i) {
            blake3_tree tree(blake3_iv, 0);
            for (byte_view rest = wanted.all(); !rest.empty();) {
                const std::size_t most = random() % 3 == 0 ? 17000 : 1500;
                const byte_view now = rest.first(std::min(rest.size(), random() % most));
                tree.update(kernel, now);
                rest = rest.subspan(now.size());
            }
            CHECK(finished(kernel, tree) == expected);
        }
    });
}

TEST_CASE("blake3: asked on the way, and copied, where subtrees are not yet joined") {
    const reference wanted{tests::noise(12 * chunk_size, 4)};
    blake3 hash;
    for (std::size_t done = 0; done != wanted.all().size(); done += 512) {
        CHECK(hash.finish() == wanted.of(done));
        const blake3 copy = hash;
        hash.update(wanted.all().subspan(done, 512));
        CHECK(copy.finish() == wanted.of(done));
    }
    // In steps of several chunks at once, which leave two values on the stack.
    blake3 wide;
    for (std::size_t done = 0; done != wanted.all().size(); done += 2 * chunk_size) {
        CHECK(wide.finish() == wanted.of(done));
        wide.update(wanted.all().subspan(done, 2 * chunk_size));
    }
    CHECK(wide.finish() == wanted.of(wanted.all().size()));
}

TEST_CASE("blake3: any part of the output is that part, by every kernel") {
    const blob input = counted(3000);
    each_kernel([&](blake3_kernel kernel) {
        blake3_tree tree(blake3_iv, 0);
        tree.update(kernel, input);
        blob whole(700);
        tree.output(blake3_kernel::portable, whole, 0);
        for (std::size_t offset = 0; offset < 400; offset += 7) {
            for (const std::size_t size : {0U, 1U, 31U, 64U, 65U, 300U}) {
                blob part(size);
                tree.output(kernel, part, offset);
                const byte_view same = byte_view{whole}.subspan(offset, size);
                CHECK(std::equal(part.begin(), part.end(), same.begin(), same.end()));
            }
        }
    });
}

// Meant for a sanitizer: each size in a block of its own, with nothing around it.
TEST_CASE("blake3: touches only what it was given") {
    const reference wanted{tests::noise(20 * chunk_size, 5)};
    for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 1024U, 1025U, 2048U, 3072U, 5120U, 8192U,
                                   9217U, 16384U, 17409U, 20480U}) {
        const auto exact = std::make_unique<std::byte[]>(size);
        tintype::copy_bytes(wanted.all().first(size), exact.get());
        const digest expected = wanted.of(size);
        each_kernel(
            [&](blake3_kernel kernel) { CHECK(hashed(kernel, {exact.get(), size}) == expected); });
    }
}

TEST_CASE("blake3: modes, keys and contexts give digests of their own") {
    const blob input = counted(2000);
    std::array<std::byte, 32> other{};
    tintype::copy_bytes(key(), other.data());
    other[31] ^= std::byte{1};
    std::vector<digest> all;
    for (blake3 hash :
         {blake3{}, blake3::keyed(key()), blake3::keyed(other), blake3::deriving_key(context),
          blake3::deriving_key("another"), blake3::deriving_key("")}) {
        hash.update(input);
        all.push_back(hash.finish());
    }
    for (std::size_t i = 0; i != all.size(); ++i) {
        for (std::size_t j = 0; j != i; ++j) {
            CHECK(all[i] != all[j]);
        }
    }
    CHECK(all[0] == hash_of<blake3>(input));
}

TEST_CASE("blake3: watched, and as a digest beside a version") {
    const blob input = counted(5000);
    const tintype::monitor watch{};
    CHECK(tintype::watched_hash<blake3>(input, &watch) == hash_of<blake3>(input));
    CHECK(tintype::leading_number(hash_of<blake3>({})) == 0xaf1349b9f5f9a1a6U);

    using names = tintype::numbered<"snapshot_", ".bin">;
    const tintype::version_store<tintype::memory_storage, blake3, names> store{
        tintype::memory_storage{}};
    auto staged = store.storage().stage({});
    REQUIRE(staged);
    REQUIRE(staged->write(input));
    REQUIRE(store.publish(*staged, hash_of<blake3>(input)) == 1U);
    CHECK(store.digest(1) == hash_of<blake3>(input));
    const auto sidecar = store.storage().open(names::name(1) + ".blake3", tintype::access::copy);
    REQUIRE(sidecar);
    CHECK(tintype::text_of(sidecar->bytes()).starts_with(tintype::to_hex(hash_of<blake3>(input))));
    CHECK(store.open(1, tintype::access::copy, {}));
}
