#pragma once

// What ours is measured against: the ways of the programs that this library replaces, written here
// again, and the limits of the machine. The four-section file is the only format that they know.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/detail/crc_table.hpp>

#include "harness.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bench {

using tintype::byte_view;

// One table of 256 entries, one byte a step.
template <std::uint32_t Polynomial>
[[gnu::noinline]] inline std::uint32_t table_crc(byte_view bytes) noexcept {
    constexpr auto& table = tintype::detail::crc_tables<Polynomial>.rows[0];
    std::uint32_t state = ~std::uint32_t{0};
    for (const std::byte byte : bytes) {
        state = state >> 8U ^ table[(state ^ std::to_integer<std::uint32_t>(byte)) & 255U];
    }
    return ~state;
}

inline std::uint32_t seed_crc(byte_view bytes) noexcept {
    return table_crc<0xEDB88320U>(bytes);
}

// A byte vector as Rust has it: not filled before it is written, doubled by realloc when full.
class grown_bytes {
public:
    grown_bytes() = default;

    explicit grown_bytes(std::size_t capacity) { grow(capacity); }

    grown_bytes(grown_bytes&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}

    grown_bytes& operator=(grown_bytes&&) = delete;

    ~grown_bytes() { std::free(data_); }

    void push(const void* from, std::size_t size) {
        if (size > capacity_ - size_) {
            grow(std::max(capacity_ * 2, size_ + size));
        }
        std::memcpy(data_ + size_, from, size);
        size_ += size;
    }

    // Room that somebody else fills.
    [[nodiscard]] std::byte* filled(std::size_t size) {
        size_ = size;
        return data_;
    }

    [[nodiscard]] byte_view bytes() const noexcept { return {data_, size_}; }

private:
    void grow(std::size_t capacity) {
        data_ = static_cast<std::byte*>(std::realloc(data_, capacity));
        must(data_ != nullptr, "out of memory");
        capacity_ = capacity;
    }

    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

using sections = std::array<byte_view, 4>;

// Grows a vector piece by piece, then takes the checksum of all of it.
inline grown_bytes seed_encode(const sections& state) {
    grown_bytes out;
    out.push("VAMM\x02", 5);
    for (const byte_view section : state) {
        const std::uint64_t length = section.size();
        out.push(&length, sizeof length);
        out.push(section.data(), section.size());
    }
    const std::uint32_t checksum = seed_crc(out.bytes());
    out.push(&checksum, sizeof checksum);
    return out;
}

// The checksum of all of it, then each section into a vector of its own.
inline std::array<grown_bytes, 4> seed_decode(byte_view bytes) {
    must(bytes.size() >= 41 && std::memcmp(bytes.data(), "VAMM\x02", 5) == 0, "bad header");
    const byte_view body = bytes.first(bytes.size() - 4);
    std::uint32_t stored = 0;
    std::memcpy(&stored, bytes.data() + body.size(), sizeof stored);
    must(stored == seed_crc(body), "bad checksum");
    std::size_t at = 5;
    const auto next = [&] {
        std::uint64_t length = 0;
        std::memcpy(&length, body.data() + at, sizeof length);
        at += sizeof length;
        must(length <= body.size() - at, "truncated section");
        grown_bytes section{static_cast<std::size_t>(length)};
        section.push(body.data() + at, static_cast<std::size_t>(length));
        at += static_cast<std::size_t>(length);
        return section;
    };
    return {next(), next(), next(), next()};
}

inline void must_call(std::int64_t outcome, const char* what) {
    if (outcome < 0) {
        std::perror(what);
        die("a system call failed");
    }
}

inline void write_all(int file, byte_view bytes) {
    while (!bytes.empty()) {
        const auto taken = ::write(file, bytes.data(), bytes.size());
        must_call(taken, "write");
        bytes = bytes.subspan(static_cast<std::size_t>(taken));
    }
}

[[nodiscard]] inline int created(const std::string& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    must_call(file, "open");
    return file;
}

// To a temporary, synced, renamed; the folder is left to luck.
inline void seed_save(const sections& state, const std::string& folder) {
    const grown_bytes encoded = seed_encode(state);
    const std::string temporary = folder + "/snapshot.tmp";
    const int file = created(temporary);
    write_all(file, encoded.bytes());
    must_call(::fsync(file), "fsync");
    ::close(file);
    must_call(std::rename(temporary.c_str(), (folder + "/snapshot.vamm").c_str()), "rename");
}

// The whole file into a vector, then as above.
inline std::array<grown_bytes, 4> seed_load(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    must_call(file, "open");
    struct stat status{};
    must_call(::fstat(file, &status), "fstat");
    const auto size = static_cast<std::size_t>(status.st_size);
    grown_bytes all{size};
    std::byte* to = all.filled(size);
    for (std::size_t at = 0; at != size;) {
        const auto got = ::read(file, to + at, size - at);
        must_call(got, "read");
        must(got != 0, "the file became shorter");
        at += static_cast<std::size_t>(got);
    }
    ::close(file);
    return seed_decode(all.bytes());
}

inline void sync_folder(const std::string& folder) {
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must_call(handle, "open");
    must_call(::fsync(handle), "fsync");
    ::close(handle);
}

// Durably, in as few calls as it takes.
inline void bare_save(byte_view bytes, const std::string& folder) {
    const std::string temporary = folder + "/bare.tmp";
    const int file = created(temporary);
    write_all(file, bytes);
    must_call(::fsync(file), "fsync");
    ::close(file);
    must_call(std::rename(temporary.c_str(), (folder + "/bare").c_str()), "rename");
    sync_folder(folder);
}

// As fast as this disk takes ready-made bytes: reserved first, the disk kept busy behind the
// writer.
inline void disk_save(byte_view bytes, const std::string& folder) {
    constexpr std::size_t behind = 8 * mib;
    const std::string temporary = folder + "/disk.tmp";
    const int file = created(temporary);
    must_call(::fallocate(file, 0, 0, static_cast<off_t>(bytes.size())), "fallocate");
    std::size_t flushed = 0;
    for (std::size_t at = 0; at != bytes.size();) {
        const byte_view piece = bytes.subspan(at, std::min(mib, bytes.size() - at));
        struct iovec vector{const_cast<std::byte*>(piece.data()), piece.size()};
        const auto taken = ::writev(file, &vector, 1);
        must_call(taken, "writev");
        at += static_cast<std::size_t>(taken);
        if (at - flushed >= behind) {
            must_call(::sync_file_range(file, static_cast<off_t>(flushed),
                                        static_cast<off_t>(at - flushed), SYNC_FILE_RANGE_WRITE),
                      "sync_file_range");
            flushed = at;
        }
    }
    must_call(::fsync(file), "fsync");
    ::close(file);
    must_call(std::rename(temporary.c_str(), (folder + "/disk").c_str()), "rename");
    sync_folder(folder);
}

#if defined(__x86_64__)
// Sums of the widest words that the machine has, fetched ahead as the checksums fetch theirs.
[[gnu::target("avx2"), gnu::noinline]] inline std::uint64_t read_256(const std::byte* from,
                                                                     std::size_t size) noexcept {
    __m256i sums[8]{};
    for (; size >= 256; from += 256, size -= 256) {
        for (int line = 0; line != 4; ++line) {
            _mm_prefetch(reinterpret_cast<const char*>(from) + 2048 + 64 * line, _MM_HINT_T0);
        }
        for (int i = 0; i != 8; ++i) {
            const auto* word = reinterpret_cast<const __m256i*>(from + 32 * i);
            sums[i] = _mm256_add_epi64(sums[i], _mm256_loadu_si256(word));
        }
    }
    for (int i = 1; i != 8; ++i) {
        sums[0] = _mm256_add_epi64(sums[0], sums[i]);
    }
    return static_cast<std::uint64_t>(_mm256_extract_epi64(sums[0], 0));
}

[[gnu::target("avx512f"), gnu::noinline]] inline std::uint64_t read_512(const std::byte* from,
                                                                        std::size_t size) noexcept {
    __m512i sums[8]{};
    for (; size >= 512; from += 512, size -= 512) {
        for (int line = 0; line != 8; ++line) {
            _mm_prefetch(reinterpret_cast<const char*>(from) + 2048 + 64 * line, _MM_HINT_T0);
        }
        for (int i = 0; i != 8; ++i) {
            sums[i] = _mm512_add_epi64(sums[i], _mm512_loadu_si512(from + 64 * i));
        }
    }
    for (int i = 1; i != 8; ++i) {
        sums[0] = _mm512_add_epi64(sums[0], sums[i]);
    }
    std::uint64_t words[8];
    _mm512_storeu_si512(words, sums[0]);
    return words[0];
}
#endif

// Reads every byte and does nothing with it that could cost time: the limit of every checksum.
inline std::uint64_t read_all(byte_view bytes) noexcept {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) {
        return read_512(bytes.data(), bytes.size());
    }
    if (__builtin_cpu_supports("avx2")) {
        return read_256(bytes.data(), bytes.size());
    }
#endif
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at + sizeof sum <= bytes.size(); at += sizeof sum) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        sum += word;
    }
    return sum;
}

// The same through a fresh map of a file.
inline std::uint64_t read_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    must_call(file, "open");
    struct stat status{};
    must_call(::fstat(file, &status), "fstat");
    const auto size = static_cast<std::size_t>(status.st_size);
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    must(at != MAP_FAILED, "mmap failed");
    ::close(file);
    const std::uint64_t sum = read_all({static_cast<const std::byte*>(at), size});
    ::munmap(at, size);
    return sum;
}

// Bytes without a pattern, their pages touched.
inline void fill(std::span<std::byte> memory, std::uint64_t seed) noexcept {
    std::uint64_t word = seed * 2 + 1;
    std::size_t at = 0;
    for (; at + sizeof word <= memory.size(); at += sizeof word) {
        word ^= word << 13U;
        word ^= word >> 7U;
        word ^= word << 17U;
        std::memcpy(memory.data() + at, &word, sizeof word);
    }
    for (; at != memory.size(); ++at) {
        memory[at] = static_cast<std::byte>(at);
    }
}

} // namespace bench
