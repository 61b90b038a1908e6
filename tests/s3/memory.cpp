// What an object of many parts costs in memory on its way there and back, counted at the global
// operator new: only the parts on their way.

#include "scene.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <string>
#include <vector>

namespace {

std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};

void* taken(void* memory) noexcept {
    if (memory != nullptr) {
        const std::size_t now = live += ::malloc_usable_size(memory);
        std::size_t most = peak;
        while (now > most && !peak.compare_exchange_weak(most, now)) {
        }
    }
    return memory;
}

void given_back(void* memory) noexcept {
    if (memory != nullptr) {
        live -= ::malloc_usable_size(memory);
        std::free(memory);
    }
}

void* or_die(void* memory) noexcept {
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}

} // namespace

// All but those of memory with an alignment of its own.
void* operator new(std::size_t size) {
    return or_die(taken(std::malloc(size == 0 ? 1 : size)));
}

void* operator new[](std::size_t size) {
    return or_die(taken(std::malloc(size == 0 ? 1 : size)));
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return taken(std::malloc(size == 0 ? 1 : size));
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return taken(std::malloc(size == 0 ? 1 : size));
}

void operator delete(void* memory) noexcept {
    given_back(memory);
}

void operator delete[](void* memory) noexcept {
    given_back(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    given_back(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
    given_back(memory);
}

namespace {

// Keeps nothing of what it is given, which is one piece over and over.
class comparing {
public:
    explicit comparing(tintype::byte_view piece) : piece_(piece) {}

    [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) {
        while (!bytes.empty()) {
            const auto wanted = piece_.subspan(size % piece_.size());
            const auto some = bytes.first(std::min(bytes.size(), wanted.size()));
            same = same && std::memcmp(some.data(), wanted.data(), some.size()) == 0;
            size += some.size();
            bytes = bytes.subspan(some.size());
        }
        return {};
    }

    std::size_t size = 0;
    bool same = true;

private:
    tintype::byte_view piece_;
};

} // namespace

TEST_CASE("memory: a large object takes no more than its parts on their way") {
    constexpr std::size_t mebibyte = std::size_t{1} << 20U;
    constexpr std::size_t total = 256 * mebibyte;
    constexpr std::size_t less = 96 * mebibyte;
    auto options = tests::quick();
    options.part_size = 8 * mebibyte;
    options.parts_in_flight = 3;
    const auto storage = tests::open_store(tests::place(), options);
    const auto piece = tests::noise(mebibyte);

    const auto up = [&](std::size_t size, std::uint64_t hint) {
        peak = live.load();
        const std::size_t before = peak;
        {
            auto staged = storage.stage({.size_hint = hint});
            REQUIRE(staged);
            for (std::size_t at = 0; at != size; at += piece.size()) {
                REQUIRE(staged->write(piece));
            }
            REQUIRE(tests::words(staged->replace("large")) == "no error");
        }
        return peak - before;
    };
    // The parts on their way, the one that is gathered, and small change.
    const std::size_t most = 4 * options.part_size + 2 * mebibyte;
    CHECK(up(less, 0) <= most + options.part_size); // the gathered one grows
    CHECK(up(total, total) <= most);

    peak = live.load();
    const std::size_t before = peak;
    std::vector<tintype::blob> buffers(3);
    comparing sink{piece};
    const auto streamed = storage.stream("large", sink, buffers);
    CHECK(streamed == total);
    CHECK(sink.size == total);
    CHECK(sink.same);
    CHECK(peak - before <= 4 * options.part_size + 2 * mebibyte);
    CHECK(storage.remove("large") == true);
}
