#pragma once

// What the power cuts of everything that stands on a log have in common: scenarios to go through,
// and mutants of the filesystem that must be caught.

#include <tintype/core/error.hpp>

#include "session.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace tests {

struct scenario {
    const char* name;
    void (*run)(tally&);
};

inline void print(const char* of, const char* name, const tally& seen) {
    std::printf("%s: %-27s %9zu states %9zu checks %5zu violations\n", of, name, seen.states.size(),
                seen.checked.size(), static_cast<std::size_t>(seen.violations));
}

// No state of any scenario violates anything.
inline void hold(const char* of, std::span<const scenario> scenarios) {
    for (const scenario& each : scenarios) {
        INFO(std::string{each.name});
        tally seen;
        each.run(seen);
        print(of, each.name, seen);
        for (const std::string& example : seen.examples) {
            FAIL_CHECK(example);
        }
        CHECK(seen.violations == 0);
        CHECK(seen.states.size() > 1);
    }
}

// Whether a mutant, which `run` is an instance for, violates something.
inline bool caught(const char* of, const char* name, void (*run)(tally&)) {
    tally seen;
    run(seen);
    print(of, name, seen);
    return seen.violations != 0;
}

template <class Base>
struct appended_not_synced : Base {
    explicit appended_not_synced(Base base) : Base(std::move(base)) {}

    [[nodiscard]] tintype::result<typename Base::file> create(typename Base::folder& in,
                                                              const std::string& name) const {
        *staging_ = true;
        return Base::create(in, name);
    }

    [[nodiscard]] tintype::result<void> close(typename Base::file& of) const {
        *staging_ = false;
        return Base::close(of);
    }

    // Only what has no name yet is synced.
    [[nodiscard]] tintype::result<void> sync(typename Base::file& of) const {
        return *staging_ ? Base::sync(of) : tintype::result<void>{};
    }

private:
    std::shared_ptr<bool> staging_ = std::make_shared<bool>(false);
};

template <class Base>
struct nothing_cut : Base {
    explicit nothing_cut(Base base) : Base(std::move(base)) {}

    [[nodiscard]] tintype::result<void> truncate(typename Base::file&, std::uint64_t) const {
        return {};
    }
};

template <class Base>
struct failed_sync_ignored : Base {
    explicit failed_sync_ignored(Base base) : Base(std::move(base)) {}

    [[nodiscard]] tintype::result<void> sync(typename Base::file& of) const {
        static_cast<void>(Base::sync(of));
        return {};
    }
};

template <class Base>
struct folder_not_synced : Base {
    explicit folder_not_synced(Base base) : Base(std::move(base)) {}

    [[nodiscard]] tintype::result<void> sync_folder(typename Base::folder&) const { return {}; }
};

// Of the objects that are put in another's place, but not the first ones of their names.
template <class Base>
struct rewritten_not_synced : Base {
    explicit rewritten_not_synced(Base base) : Base(std::move(base)) {}

    [[nodiscard]] tintype::result<typename Base::file> create(typename Base::folder& in,
                                                              const std::string& name) const {
        ++*made_;
        *staging_ = true;
        return Base::create(in, name);
    }

    [[nodiscard]] tintype::result<void> sync(typename Base::file& of) const {
        return std::exchange(*staging_, false) && *made_ > 1 ? tintype::result<void>{}
                                                             : Base::sync(of);
    }

private:
    std::shared_ptr<int> made_ = std::make_shared<int>(0);
    std::shared_ptr<bool> staging_ = std::make_shared<bool>(false);
};

} // namespace tests
