// Every kernel this machine can run, named one by one and held against the definition of a CRC, one
// bit at a time; and the copies, which must land exactly where they were sent.

#include <tintype/hash/detail/crc_kernel.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

namespace {

using tintype::byte_view;
using tintype::detail::best_crc_kernel;
using tintype::detail::crc_copy;
using tintype::detail::crc_kernel;
using tintype::detail::crc_kernels;
using tintype::detail::crc_update;
using tintype::detail::supported;

constexpr std::uint32_t start = 0xFFFFFFFFU;
constexpr std::size_t never = ~std::size_t{};

template <std::uint32_t Polynomial>
struct reference {
    static constexpr std::uint32_t polynomial = Polynomial;

    static constexpr std::uint32_t step(std::uint32_t state, std::byte byte) {
        state ^= static_cast<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            state = (state >> 1) ^ ((state & 1U) != 0 ? Polynomial : 0U);
        }
        return state;
    }

    // The register after each number of bytes.
    static std::vector<std::uint32_t> prefixes(byte_view bytes, std::uint32_t state = start) {
        std::vector<std::uint32_t> states{state};
        for (const std::byte byte : bytes) {
            states.push_back(state = step(state, byte));
        }
        return states;
    }
};

using plain = reference<0xEDB88320U>;
using castagnoli = reference<0x82F63B78U>;

std::vector<std::byte> noise(std::size_t size) {
    std::vector<std::byte> bytes;
    bytes.reserve(size);
    std::uint32_t state = 12345;
    while (bytes.size() < size) {
        state = state * 1664525U + 1013904223U;
        bytes.push_back(static_cast<std::byte>(state >> 24));
    }
    return bytes;
}

// A start of storage that is 64-byte aligned, so that an offset from it is an alignment.
std::size_t to_line(const std::byte* storage) {
    return (64 - reinterpret_cast<std::uintptr_t>(storage) % 64) % 64;
}

template <class Visit>
void each_kernel(Visit visit) {
    for (const crc_kernel kernel : crc_kernels) {
        if (supported(kernel)) {
            INFO("kernel ", static_cast<int>(kernel));
            visit(kernel);
        }
    }
}

// A little below and above what the kernels count in: lines, blocks, lanes, pieces.
std::vector<std::size_t> sizes_around_steps() {
    std::vector<std::size_t> sizes;
    for (const std::size_t step :
         {256U, 512U, 768U, 2048U, 4096U, 8192U, 16384U, 24576U, 32768U, 49152U, 65536U, 73728U}) {
        for (const std::size_t by : {0U, 1U, 7U, 15U, 16U, 17U, 63U, 64U, 65U}) {
            sizes.push_back(step - by);
            sizes.push_back(step + by);
        }
    }
    return sizes;
}

} // namespace

TEST_CASE("the chosen kernel is one that is supported, and the last of them") {
    CHECK(supported(crc_kernel::table));
    CHECK(supported(best_crc_kernel()));
    CHECK(best_crc_kernel() == best_crc_kernel());
    each_kernel([](crc_kernel kernel) { CHECK(kernel <= best_crc_kernel()); });
#if defined(__x86_64__)
    CHECK(!supported(crc_kernel::arm));
#elif defined(__aarch64__)
    CHECK(!supported(crc_kernel::pclmul));
#else
    CHECK(best_crc_kernel() == crc_kernel::table);
#endif
}

TEST_CASE_TEMPLATE("kernels: every size at every alignment", Reference, plain, castagnoli) {
    constexpr std::size_t most = 1100;
    const std::vector<std::byte> storage = noise(most + 128);
    const byte_view lines = byte_view{storage}.subspan(to_line(storage.data()));
    for (std::size_t offset = 0; offset < 64; ++offset) {
        const byte_view bytes = lines.subspan(offset, most - 64 + (offset == 0 ? 64 : 0));
        const std::vector<std::uint32_t> wanted = Reference::prefixes(bytes);
        each_kernel([&](crc_kernel kernel) {
            std::size_t wrong = 0;
            for (std::size_t size = 0; size <= bytes.size(); ++size) {
                const std::uint32_t got =
                    crc_update<Reference::polynomial>(kernel, start, bytes.first(size));
                wrong += got == wanted[size] ? 0U : 1U;
            }
            INFO("offset ", offset);
            CHECK(wrong == 0);
        });
    }
}

TEST_CASE_TEMPLATE("kernels: from any register", Reference, plain, castagnoli) {
    const std::vector<std::byte> bytes = noise(700);
    for (const std::uint32_t state : {0U, 1U, 0x80000000U, 0x12345678U}) {
        const std::vector<std::uint32_t> wanted = Reference::prefixes(bytes, state);
        each_kernel([&](crc_kernel kernel) {
            std::size_t wrong = 0;
            for (std::size_t size = 0; size <= bytes.size(); ++size) {
                const std::uint32_t got =
                    crc_update<Reference::polynomial>(kernel, state, byte_view{bytes}.first(size));
                wrong += got == wanted[size] ? 0U : 1U;
            }
            INFO("from ", state);
            CHECK(wrong == 0);
        });
    }
}

TEST_CASE_TEMPLATE("kernels: sizes around their steps", Reference, plain, castagnoli) {
    const std::vector<std::byte> bytes = noise(80000);
    const std::vector<std::uint32_t> wanted = Reference::prefixes(bytes);
    each_kernel([&](crc_kernel kernel) {
        std::size_t wrong = 0;
        for (const std::size_t size : sizes_around_steps()) {
            const std::uint32_t got =
                crc_update<Reference::polynomial>(kernel, start, byte_view{bytes}.first(size));
            wrong += got == wanted[size] ? 0U : 1U;
        }
        CHECK(wrong == 0);
    });
}

TEST_CASE_TEMPLATE("kernels: cut at every point", Reference, plain, castagnoli) {
    const std::vector<std::byte> bytes = noise(777);
    const byte_view all = bytes;
    const std::uint32_t wanted = Reference::prefixes(bytes).back();
    each_kernel([&](crc_kernel kernel) {
        std::size_t wrong = 0;
        for (std::size_t split = 0; split <= all.size(); ++split) {
            const std::uint32_t first =
                crc_update<Reference::polynomial>(kernel, start, all.first(split));
            const std::uint32_t both =
                crc_update<Reference::polynomial>(kernel, first, all.subspan(split));
            wrong += both == wanted ? 0U : 1U;
        }
        CHECK(wrong == 0);
    });
}

// Meant for a sanitizer: each size in a block of its own, with nothing around it.
TEST_CASE_TEMPLATE("kernels: touch only what they were given", Reference, plain, castagnoli) {
    const std::vector<std::byte> bytes = noise(700);
    const std::vector<std::uint32_t> wanted = Reference::prefixes(bytes);
    each_kernel([&](crc_kernel kernel) {
        std::size_t wrong = 0;
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            const auto exact = std::make_unique<std::byte[]>(size);
            const auto to = std::make_unique<std::byte[]>(size);
            for (std::size_t i = 0; i < size; ++i) {
                exact[i] = bytes[i];
            }
            const byte_view all{exact.get(), size};
            wrong +=
                crc_update<Reference::polynomial>(kernel, start, all) == wanted[size] ? 0U : 1U;
            for (const std::size_t stream_least : {std::size_t{0}, never}) {
                const std::uint32_t got =
                    crc_copy<Reference::polynomial>(kernel, start, to.get(), all, stream_least);
                wrong += got == wanted[size] ? 0U : 1U;
            }
        }
        CHECK(wrong == 0);
    });
}

TEST_CASE_TEMPLATE("copies: land where they were sent, and nowhere else", Reference, plain,
                   castagnoli) {
    constexpr std::byte canary{0xA5};
    const std::vector<std::byte> bytes = noise(1400);
    std::vector<std::byte> room(bytes.size() + 256);
    each_kernel([&](crc_kernel kernel) {
        std::size_t wrong = 0;
        for (std::size_t offset = 0; offset < 64; ++offset) {
            const std::size_t begin = to_line(room.data()) + 64 + offset;
            const byte_view source = byte_view{bytes}.subspan(offset * 7 % 64);
            const std::vector<std::uint32_t> wanted = Reference::prefixes(source);
            for (const std::size_t size : {0U, 1U, 31U, 63U, 64U, 65U, 100U, 127U, 128U, 129U, 191U,
                                           255U, 256U, 320U, 383U, 511U, 600U, 1023U, 1289U}) {
                for (const std::size_t stream_least : {std::size_t{0}, never}) {
                    room.assign(room.size(), canary);
                    const std::uint32_t got = crc_copy<Reference::polynomial>(
                        kernel, start, room.data() + begin, source.first(size), stream_least);
                    wrong += got == wanted[size] ? 0U : 1U;
                    for (std::size_t i = 0; i < room.size(); ++i) {
                        const bool inside = i >= begin && i - begin < size;
                        const std::byte expected = inside ? source[i - begin] : canary;
                        wrong += room[i] == expected ? 0U : 1U;
                    }
                }
            }
        }
        CHECK(wrong == 0);
    });
}

TEST_CASE("copies: large ones go around the caches and arrive all the same") {
    constexpr std::size_t least = tintype::detail::crc_stream_least;
    const std::vector<std::byte> bytes = noise(least + 100);
    std::vector<std::byte> room(bytes.size() + 1);
    for (const std::size_t size : {least - 1, least, least + 1, least + 77}) {
        room.assign(room.size(), std::byte{});
        const byte_view source = byte_view{bytes}.first(size);
        const std::uint32_t wanted =
            crc_update<plain::polynomial>(crc_kernel::table, start, source);
        const std::uint32_t got =
            crc_copy<plain::polynomial>(best_crc_kernel(), start, room.data() + 1, source);
        CHECK(got == wanted);
        CHECK(std::vector<std::byte>(room.begin() + 1,
                                     room.begin() + 1 + static_cast<std::ptrdiff_t>(size)) ==
              std::vector<std::byte>(source.begin(), source.end()));
        CHECK(room.front() == std::byte{});
        if (size + 1 < room.size()) {
            CHECK(room[size + 1] == std::byte{});
        }
    }
}
