#pragma once

// What the history is asked, and a number that stands for every bit of every sample: by these, what
// it says at one age is compared with what it says at another.

#include <tintype/codec/columns.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/crc32c.hpp>

#include "history.hpp"
#include "sample.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

namespace profiler {

class fingerprint {
public:
    [[nodiscard]] tintype::result<void> add(const machine_sample& sample) {
        bytes_.clear();
        tintype::blob_sink sink{bytes_};
        auto done = tintype::columns::encode(std::span{&sample, 1}, sink);
        hash_.update(bytes_);
        ++samples_;
        return done;
    }

    [[nodiscard]] std::uint64_t samples() const { return samples_; }

    [[nodiscard]] std::uint32_t digest() { return hash_.finish(); }

private:
    tintype::crc32c hash_;
    tintype::blob bytes_;
    std::uint64_t samples_ = 0;
};

template <class T>
struct answer {
    T value{};
    std::chrono::nanoseconds took{};
};

struct answers {
    answer<figures> cpu{};
    answer<figures> memory{};
    answer<moment> busiest{};
    answer<machine_sample> then{};
    answer<std::uint32_t> digest{}; // of every sample
    std::uint64_t samples = 0;

    [[nodiscard]] std::chrono::nanoseconds took() const {
        return cpu.took + memory.took + busiest.took + then.took + digest.took;
    }
};

// But for how long it took.
[[nodiscard]] inline bool same(const answers& a, const answers& b) {
    return a.cpu.value == b.cpu.value && a.memory.value == b.memory.value &&
           a.busiest.value == b.busiest.value && tintype::identical(a.then.value, b.then.value) &&
           a.digest.value == b.digest.value && a.samples == b.samples;
}

namespace detail {

// Puts what `question` says and its time into `to`.
template <class T, class Question>
[[nodiscard]] tintype::result<void> ask(answer<T>& to, Question question) {
    const auto start = std::chrono::steady_clock::now();
    tintype::result<T> said = question();
    to.took = std::chrono::steady_clock::now() - start;
    if (!said) {
        return tintype::pass(said);
    }
    to.value = *std::move(said);
    return {};
}

} // namespace detail

[[nodiscard]] inline tintype::result<answers> ask(const history& past, const time_range& when) {
    answers all;
    const auto digest = [&]() -> tintype::result<std::uint32_t> {
        fingerprint whole;
        tintype::result<void> good;
        auto done = past.each(
            when, [&](const machine_sample& sample) { good = good ? whole.add(sample) : good; });
        done = done ? good : done;
        all.samples = whole.samples();
        return done ? tintype::result<std::uint32_t>{whole.digest()} : tintype::pass(done);
    };
    auto done = detail::ask(all.cpu, [&] { return past.aggregate("cpu.total", when); });
    if (done) {
        done = detail::ask(all.memory, [&] { return past.aggregate("memory.used_mib", when); });
    }
    if (done) {
        done = detail::ask(all.busiest, [&] { return past.highest("cpu.total", when); });
    }
    if (done) {
        done = detail::ask(all.then, [&] { return past.at(all.busiest.value.time); });
    }
    if (done) {
        done = detail::ask(all.digest, digest);
    }
    return done ? tintype::result<answers>{std::move(all)} : tintype::pass(done);
}

} // namespace profiler
