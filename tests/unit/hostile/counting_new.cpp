// The operators new and delete of this program, over malloc and free. Nothing throws here that
// would not have thrown before: without memory the program has nothing left to test.

#include "counting_new.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace {

thread_local std::ptrdiff_t held = 0;
thread_local std::ptrdiff_t most_held = 0;
thread_local std::size_t allocations = 0;

std::ptrdiff_t size_of(void* memory) {
    return static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
}

void* counted_new(std::size_t size) noexcept {
    void* memory = std::malloc(size != 0 ? size : 1);
    if (memory != nullptr) {
        ++allocations;
        held += size_of(memory);
        most_held = held > most_held ? held : most_held;
    }
    return memory;
}

void* counted_new_or_end(std::size_t size) {
    void* memory = counted_new(size);
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}

void counted_delete(void* memory) noexcept {
    if (memory != nullptr) {
        held -= size_of(memory);
        std::free(memory);
    }
}

} // namespace

// All forms without an alignment: a sanitizer's own would not call each other.
void* operator new(std::size_t size) {
    return counted_new_or_end(size);
}

void* operator new[](std::size_t size) {
    return counted_new_or_end(size);
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return counted_new(size);
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return counted_new(size);
}

void operator delete(void* memory) noexcept {
    counted_delete(memory);
}

void operator delete[](void* memory) noexcept {
    counted_delete(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    counted_delete(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
    counted_delete(memory);
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
    counted_delete(memory);
}

void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    counted_delete(memory);
}

namespace tests {

allocation_watch::allocation_watch() noexcept : held_before_(held), count_before_(allocations) {
    most_held = held;
}

std::size_t allocation_watch::peak() const noexcept {
    return static_cast<std::size_t>(most_held - held_before_);
}

std::size_t allocation_watch::count() const noexcept {
    return allocations - count_before_;
}

} // namespace tests

TEST_CASE("counting_new: counts what is held and what was held at most") {
    const tests::allocation_watch watch;
    CHECK(watch.peak() == 0);
    {
        const auto first = std::make_unique<char[]>(1000);
        const auto second = std::make_unique<char[]>(2000);
        CHECK(watch.peak() >= 3000);
        CHECK(watch.peak() < 3200);
    }
    const std::vector<int> third(100);
    CHECK(watch.peak() < 3200);
    CHECK(watch.count() >= 3);
    const tests::allocation_watch later;
    CHECK(later.peak() == 0);
    CHECK(later.count() == 0);
}
