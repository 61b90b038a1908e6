#pragma once

// Bytes for tests: out of literals, out of patterns, out of files.

#include <tintype/core/bytes.hpp>
#include <tintype/core/mix.hpp>

#include <cstdio>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace tests {

constexpr tintype::blob blob_of(std::string_view text) {
    tintype::blob bytes;
    for (const char c : text) {
        bytes.push_back(static_cast<std::byte>(c));
    }
    return bytes;
}

constexpr tintype::blob blob_of(std::initializer_list<unsigned> numbers) {
    tintype::blob bytes;
    for (const unsigned number : numbers) {
        bytes.push_back(static_cast<std::byte>(number));
    }
    return bytes;
}

// Looks random, and is the same every time.
inline tintype::blob noise(std::size_t size, std::uint64_t seed = 0) {
    tintype::blob bytes(size);
    tintype::splitmix64 random{seed};
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random());
    }
    return bytes;
}

// Empty where there is no such file: a test that relies on it fails on what it misses.
inline tintype::blob file_bytes(const std::string& path) {
    tintype::blob bytes;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rb"),
                                                               &std::fclose};
    if (file) {
        std::byte buffer[4096];
        for (std::size_t got = 1; got != 0;) {
            got = std::fread(buffer, 1, sizeof buffer, file.get());
            bytes.insert(bytes.end(), buffer, buffer + got);
        }
    }
    return bytes;
}

} // namespace tests
