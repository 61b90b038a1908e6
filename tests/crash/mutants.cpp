// The protocol with one step left out or out of order, as decorators around the simulated
// filesystem, so that the code above it is the real one. Each must be caught, or the checks prove
// nothing of the protocol as it is.

#include <tintype/hash/crc32c.hpp>

#include "session.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace {

using tests::state_of;
using tests::tally;
using tintype::result;

template <class Base>
struct no_folder_sync : Base {
    explicit no_folder_sync(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> sync_folder(typename Base::folder&) const { return {}; }
};

template <class Base>
struct no_file_sync : Base {
    explicit no_file_sync(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> sync(typename Base::file&) const { return {}; }
};

template <class Base>
struct publish_replaces : Base {
    explicit publish_replaces(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        return Base::rename_over(in, from, to);
    }
};

// Only a publication syncs the folder; what is removed on its account, or on that of another's, is
// removed at once.
template <class Base>
struct removes_before_sync : Base {
    struct folder : Base::folder {
        folder() = default;

        explicit folder(typename Base::folder base) : Base::folder(std::move(base)) {}

        bool renamed = false;
    };

    explicit removes_before_sync(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<folder> open_folder(const std::string& path) const {
        auto opened = Base::open_folder(path);
        return opened ? result<folder>{folder{*std::move(opened)}} : tintype::pass(opened);
    }

    [[nodiscard]] result<void> rename_new(folder& in, const std::string& from,
                                          const std::string& to) const {
        in.renamed = true;
        return Base::rename_new(in, from, to);
    }

    [[nodiscard]] result<void> rename_over(folder& in, const std::string& from,
                                           const std::string& to) const {
        in.renamed = true;
        return Base::rename_over(in, from, to);
    }

    [[nodiscard]] result<void> sync_folder(folder& of) const {
        return of.renamed ? Base::sync_folder(of) : result<void>{};
    }
};

// The file is synced when it has its name.
template <class Base>
struct file_synced_after_rename : Base {
    explicit file_synced_after_rename(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> sync(typename Base::file&) const { return {}; }

    [[nodiscard]] result<void> close(typename Base::file& of) const {
        *closed = std::move(of);
        return {};
    }

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        auto done = Base::rename_new(in, from, to);
        return done ? Base::sync(*closed) : done;
    }

    std::shared_ptr<typename Base::file> closed = std::make_shared<typename Base::file>();
};

// The last bytes are held back and reach the file when it is closed.
template <class Base>
struct synced_before_the_last_write : Base {
    struct file : Base::file {
        file() = default;

        explicit file(typename Base::file base) : Base::file(std::move(base)) {}

        tintype::blob held{};
    };

    explicit synced_before_the_last_write(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<file> create(typename Base::folder& in, const std::string& name) const {
        auto made = Base::create(in, name);
        return made ? result<file>{file{*std::move(made)}} : tintype::pass(made);
    }

    [[nodiscard]] result<file> open(typename Base::folder& in, const std::string& name) const {
        auto opened = Base::open(in, name);
        return opened ? result<file>{file{*std::move(opened)}} : tintype::pass(opened);
    }

    [[nodiscard]] result<std::size_t> write(file& to,
                                            std::span<const tintype::byte_view> pieces) const {
        if (auto done = flush(to); !done) {
            return tintype::pass(done);
        }
        for (const tintype::byte_view piece : pieces) {
            to.held.insert(to.held.end(), piece.begin(), piece.end());
        }
        return to.held.size();
    }

    [[nodiscard]] result<void> close(file& of) const {
        auto done = flush(of);
        return done ? Base::close(of) : done;
    }

    [[nodiscard]] result<void> flush(file& to) const {
        while (!to.held.empty()) {
            const tintype::byte_view pieces[] = {to.held};
            const auto taken = Base::write(to, pieces);
            if (!taken) {
                return tintype::pass(taken);
            }
            to.held.erase(to.held.begin(), to.held.begin() + static_cast<std::ptrdiff_t>(*taken));
        }
        return {};
    }
};

template <class Base>
struct folder_synced_before_rename : Base {
    explicit folder_synced_before_rename(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        auto done = Base::sync_folder(in);
        return done ? Base::rename_new(in, from, to) : done;
    }

    [[nodiscard]] result<void> sync_folder(typename Base::folder&) const { return {}; }
};

// The name is made first, and the bytes are copied into it.
template <class Base>
struct publish_copies : Base {
    explicit publish_copies(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        auto source = Base::open(in, from).value();
        auto target = Base::create(in, to);
        if (!target) {
            return tintype::pass(target);
        }
        tintype::blob bytes(static_cast<std::size_t>(Base::size(source).value()));
        static_cast<void>(Base::read(source, 0, bytes));
        for (tintype::byte_view rest{bytes}; !rest.empty();) {
            const tintype::byte_view pieces[] = {rest};
            rest = rest.subspan(Base::write(*target, pieces).value());
        }
        auto done = Base::sync(*target);
        return done ? Base::remove(in, from) : done;
    }
};

template <class Base>
struct replace_removes_first : Base {
    explicit replace_removes_first(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_over(typename Base::folder& in, const std::string& from,
                                           const std::string& to) const {
        static_cast<void>(Base::remove(in, to));
        return Base::rename_new(in, from, to);
    }
};

// The digest gets its name when the version has its own.
template <class Base>
struct digest_after_version : Base {
    explicit digest_after_version(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        if (to.ends_with(".crc32c")) {
            *late = {from, to};
            return {};
        }
        auto done = Base::rename_new(in, from, to);
        return done ? Base::rename_new(in, late->first, late->second) : done;
    }

    std::shared_ptr<std::pair<std::string, std::string>> late =
        std::make_shared<std::pair<std::string, std::string>>();
};

template <class Base>
struct no_lock : Base {
    explicit no_lock(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> lock(typename Base::folder&) const { return {}; }
};

template <class Base>
struct short_write_taken_for_whole : Base {
    explicit short_write_taken_for_whole(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<std::size_t> write(typename Base::file& to,
                                            std::span<const tintype::byte_view> pieces) const {
        std::size_t wanted = 0;
        for (const tintype::byte_view piece : pieces) {
            wanted += piece.size();
        }
        auto done = Base::write(to, pieces);
        return done ? result<std::size_t>{wanted} : done;
    }
};

template <class Base>
struct failed_sync_ignored : Base {
    explicit failed_sync_ignored(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> sync(typename Base::file& of) const {
        static_cast<void>(Base::sync(of));
        return {};
    }
};

template <class Base>
struct failed_sync_retried : Base {
    explicit failed_sync_retried(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> sync(typename Base::file& of) const {
        auto done = Base::sync(of);
        return done ? done : Base::sync(of);
    }
};

template <class Base>
struct folder_made_without_sync : Base {
    explicit folder_made_without_sync(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> make_folder(const std::string& path) const {
        static_cast<void>(Base::make_folder(path));
        return {};
    }
};

// Four saves of one manager, with an object that is replaced and one sync that fails if asked for.
template <class Session>
void saves(tally& seen, std::size_t failing_syncs = 0) {
    Session in{seen, {.write_limit = 16}};
    in.book().keep = 1;
    in.disk().disk().options.failing_syncs = failing_syncs;
    in.disk().disk().options.failing_parent_syncs = failing_syncs;
    typename Session::actor one{in, 1};
    for (std::size_t i = 1; i != 5; ++i) {
        static_cast<void>(one.save(state_of(i, i)));
        one.replace(tests::noise(14 + i, i));
    }
}

// At each call of one save, another manager does its work.
template <class Session>
void meeting(tally& seen, std::size_t keep,
             const std::function<void(typename Session::actor&)>& other) {
    for (std::size_t at = 1, calls = 1; at <= calls; ++at) {
        Session in{seen};
        in.book().keep = 1;
        typename Session::actor one{in, keep + 1};
        typename Session::actor two{in, keep};
        static_cast<void>(one.save(state_of(1, 9)));
        static_cast<void>(one.save(state_of(2, 0)));
        const std::size_t before = in.calls();
        in.interrupt(at, [&] { other(two); });
        static_cast<void>(one.save(state_of(3, 20)));
        calls = in.calls() - before;
        in.interrupt_no_more();
    }
}

template <class Session>
void two_saves_meet_one(tally& seen) {
    meeting<Session>(seen, 1, [](typename Session::actor& who) {
        static_cast<void>(who.save(state_of(4, 12)));
        static_cast<void>(who.save(state_of(5, 0)));
    });
}

// Nothing goes, so no number can come up again because of that.
template <class Session>
void save_meets_save(tally& seen) {
    meeting<Session>(seen, 9, [](typename Session::actor& who) {
        static_cast<void>(who.save(state_of(4, 12)));
    });
}

template <class Session>
void pruning_meets_save(tally& seen) {
    meeting<Session>(seen, 1, [](typename Session::actor& who) { who.prune(); });
}

template <class Session>
void pin_meets_save(tally& seen) {
    meeting<Session>(seen, 1, [](typename Session::actor& who) { who.pin(1, "stay"); });
}

template <template <class> class Mutant>
using locked = tests::session<Mutant>;

template <template <class> class Mutant>
using unlocked = tests::session<Mutant, tintype::no_hash, false>;

template <template <class> class Mutant>
using digested = tests::session<Mutant, tintype::crc32c>;

template <class Session>
void with_failing_sync(tally& seen) {
    saves<Session>(seen, 1);
}

template <class Session>
void without_errors(tally& seen) {
    saves<Session>(seen);
}

struct mutant {
    const char* name;
    void (*run)(tally&);
    void (*faithful)(tally&); // the same work, the protocol as it is
};

constexpr mutant mutants[] = {
    {"folder never synced", without_errors<locked<no_folder_sync>>,
     without_errors<locked<tests::faithful>>},
    {"file never synced", without_errors<locked<no_file_sync>>,
     without_errors<locked<tests::faithful>>},
    {"publishing replaces", save_meets_save<unlocked<publish_replaces>>,
     save_meets_save<unlocked<tests::faithful>>},
    {"removal before the folder's sync", pruning_meets_save<unlocked<removes_before_sync>>,
     pruning_meets_save<unlocked<tests::faithful>>},
    {"digest removed with its version", without_errors<digested<removes_before_sync>>,
     without_errors<digested<tests::faithful>>},
    {"file synced after the rename", without_errors<locked<file_synced_after_rename>>,
     without_errors<locked<tests::faithful>>},
    {"file synced before the last write", without_errors<locked<synced_before_the_last_write>>,
     without_errors<locked<tests::faithful>>},
    {"folder synced before the rename", without_errors<locked<folder_synced_before_rename>>,
     without_errors<locked<tests::faithful>>},
    {"published by copying", without_errors<locked<publish_copies>>,
     without_errors<locked<tests::faithful>>},
    {"replaced by removing first", without_errors<locked<replace_removes_first>>,
     without_errors<locked<tests::faithful>>},
    {"digest named after its version", without_errors<digested<digest_after_version>>,
     without_errors<digested<tests::faithful>>},
    {"no lock around the number", two_saves_meet_one<locked<no_lock>>,
     two_saves_meet_one<locked<tests::faithful>>},
    {"no lock around pin and removal", pin_meets_save<locked<no_lock>>,
     pin_meets_save<locked<tests::faithful>>},
    {"short write taken for whole", without_errors<locked<short_write_taken_for_whole>>,
     without_errors<locked<tests::faithful>>},
    {"failed sync ignored", with_failing_sync<locked<failed_sync_ignored>>,
     with_failing_sync<locked<tests::faithful>>},
    {"failed sync retried", with_failing_sync<locked<failed_sync_retried>>,
     with_failing_sync<locked<tests::faithful>>},
    {"folder made and not synced", with_failing_sync<locked<folder_made_without_sync>>,
     with_failing_sync<locked<tests::faithful>>},
};

} // namespace

TEST_CASE("every step of the protocol that is left out is missed") {
    std::size_t caught = 0;
    std::printf("%-36s %8s %11s %11s\n", "", "states", "violations", "journalled");
    for (const mutant& each : mutants) {
        INFO(std::string{each.name});
        tally seen;
        each.run(seen);
        std::printf("%-36s %8zu %11zu %11zu\n", each.name, seen.states.size(),
                    static_cast<std::size_t>(seen.violations),
                    static_cast<std::size_t>(seen.journalled_violations));
        std::printf("    %s\n", seen.examples.empty() ? "" : seen.examples.front().c_str());
        CHECK(seen.violations != 0);
        caught += seen.violations != 0 ? 1 : 0;

        // What is caught is the mutation and not the work.
        tally clean;
        each.faithful(clean);
        CHECK(clean.violations == 0);
        CHECK(clean.states.size() > 1);
    }
    std::printf("%zu of %zu caught\n", caught, std::size(mutants));
}
