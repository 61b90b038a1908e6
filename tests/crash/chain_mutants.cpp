// The chain's protocol with one step left out or out of order, as decorators around the simulated
// filesystem, so that the code above it is the real one. Each must be caught, or the checks prove
// nothing of the protocol as it is.

#include "chain_scenarios.hpp"
#include "chain_session.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tests::tally;
using tintype::result;

[[nodiscard]] bool is_manifest(std::string_view name) {
    return name.ends_with(".meta");
}

[[nodiscard]] bool is_data(std::string_view name) {
    return name.ends_with(".snap");
}

// The data as it was first taken.
[[nodiscard]] std::string data_beside(const std::string& manifest) {
    return manifest.substr(0, manifest.find('.')) + ".snap";
}

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

// The data gets its name when the manifest has its own.
template <class Base>
struct manifest_before_data : Base {
    explicit manifest_before_data(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        if (is_data(to)) {
            *late = {from, to};
            return {};
        }
        return finished(in, Base::rename_new(in, from, to));
    }

    [[nodiscard]] result<void> rename_over(typename Base::folder& in, const std::string& from,
                                           const std::string& to) const {
        return finished(in, Base::rename_over(in, from, to));
    }

    [[nodiscard]] result<void> finished(typename Base::folder& in, result<void> done) const {
        return done ? Base::rename_new(in, late->first, late->second) : done;
    }

    std::shared_ptr<std::pair<std::string, std::string>> late =
        std::make_shared<std::pair<std::string, std::string>>();
};

// Only what is published is synced; what goes on its account, and what goes next, goes at once.
template <class Base>
struct no_sync_between_removals : Base {
    struct folder : Base::folder {
        folder() = default;

        explicit folder(typename Base::folder base) : Base::folder(std::move(base)) {}

        bool renamed = false;
    };

    explicit no_sync_between_removals(Base base) : Base(std::move(base)) {}

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

// A program syncs what it changed itself. What others left, and died before they synced it, is
// taken for durable.
template <class Base>
struct others_taken_for_durable : Base {
    explicit others_taken_for_durable(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        *changed = true;
        return Base::rename_new(in, from, to);
    }

    [[nodiscard]] result<void> rename_over(typename Base::folder& in, const std::string& from,
                                           const std::string& to) const {
        *changed = true;
        return Base::rename_over(in, from, to);
    }

    [[nodiscard]] result<void> remove(typename Base::folder& in, const std::string& name) const {
        *changed = *changed || is_manifest(name);
        return Base::remove(in, name);
    }

    [[nodiscard]] result<void> sync_folder(typename Base::folder& of) const {
        return std::exchange(*changed, false) ? Base::sync_folder(of) : result<void>{};
    }

    std::shared_ptr<bool> changed = std::make_shared<bool>(false);
};

// Of two that go, the parent is the first.
template <class Base>
struct parent_before_child : Base {
    explicit parent_before_child(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> remove(typename Base::folder& in, const std::string& name) const {
        if (is_manifest(name) && held->empty()) {
            held->push_back(name);
            return {};
        }
        if (!held->empty() && name == data_beside(held->front())) {
            held->push_back(name);
            return {};
        }
        auto done = Base::remove(in, name);
        if (is_manifest(name)) {
            static_cast<void>(Base::sync_folder(in));
            for (const std::string& each : std::exchange(*held, {})) {
                static_cast<void>(Base::remove(in, each));
            }
        }
        return done;
    }

    std::shared_ptr<std::vector<std::string>> held = std::make_shared<std::vector<std::string>>();
};

template <class Base>
struct data_removed_first : Base {
    explicit data_removed_first(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> remove(typename Base::folder& in, const std::string& name) const {
        if (is_manifest(name)) {
            static_cast<void>(Base::remove(in, data_beside(name)));
        }
        return Base::remove(in, name);
    }
};

// A snapshot that is written anew loses its old data before its manifest speaks of the new.
template <class Base>
struct rewrite_removes_first : Base {
    explicit rewrite_removes_first(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_over(typename Base::folder& in, const std::string& from,
                                           const std::string& to) const {
        static_cast<void>(Base::remove(in, data_beside(to)));
        return Base::rename_over(in, from, to);
    }
};

template <class Base>
struct manifest_replaced_by_removing : Base {
    explicit manifest_replaced_by_removing(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> rename_over(typename Base::folder& in, const std::string& from,
                                           const std::string& to) const {
        static_cast<void>(Base::remove(in, to));
        return Base::rename_new(in, from, to);
    }
};

template <class Base>
struct no_lock : Base {
    explicit no_lock(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<void> lock(typename Base::folder&) const { return {}; }
};

// Of two that take the same id, as they do not wait for each other, the second is put in the place
// of the first.
template <class Base>
struct no_lock_and_replaces : no_lock<Base> {
    explicit no_lock_and_replaces(Base base) : no_lock<Base>(std::move(base)) {}

    [[nodiscard]] result<void> rename_new(typename Base::folder& in, const std::string& from,
                                          const std::string& to) const {
        return Base::rename_over(in, from, to);
    }
};

// A manifest that was read once is taken to be there: the parent is not looked for under the lock.
template <class Base>
struct parent_not_looked_for : Base {
    explicit parent_not_looked_for(Base base) : Base(std::move(base)) {}

    [[nodiscard]] result<typename Base::file> open(typename Base::folder& in,
                                                   const std::string& name) const {
        auto opened = Base::open(in, name);
        if (!is_manifest(name)) {
            return opened;
        }
        if (opened) {
            known->insert_or_assign(name, *opened);
            return opened;
        }
        const auto before = known->find(name);
        return before != known->end() ? result<typename Base::file>{before->second} : opened;
    }

    std::shared_ptr<std::map<std::string, typename Base::file>> known =
        std::make_shared<std::map<std::string, typename Base::file>>();
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

template <template <class> class Mutant>
using does = tests::chain_scenarios<tests::chain_session<Mutant>>;

// Large sectors: what is caught here is seldom torn.
constexpr tests::simulated_options few_sectors{.sector = 256, .write_limit = 256};

// What is never synced makes many states.
template <template <class> class Mutant>
void takes_one(tally& seen) {
    tests::chain_session<Mutant> in{seen, few_sectors};
    in.book().keep = 1000;
    typename tests::chain_session<Mutant>::actor one{in, 1000};
    static_cast<void>(one.full(1));
}

template <template <class> class Mutant>
void takes(tally& seen) {
    does<Mutant>::alone(seen, 1000, does<Mutant>::takes_both, few_sectors);
}

template <template <class> class Mutant>
void retains(tally& seen) {
    does<Mutant>::alone(seen, 1, does<Mutant>::takes_both, few_sectors);
}

template <template <class> class Mutant>
void rebases(tally& seen) {
    does<Mutant>::alone(seen, 1000, does<Mutant>::removes_middle, few_sectors);
}

template <template <class> class Mutant>
void compacts(tally& seen) {
    does<Mutant>::alone(seen, 1000, does<Mutant>::compacts_last, few_sectors);
}

template <template <class> class Mutant>
void taker_meets_remover(tally& seen) {
    does<Mutant>::one_inside_another(seen, 1000, does<Mutant>::takes_increment,
                                     does<Mutant>::removes_last, few_sectors);
}

template <template <class> class Mutant>
void compactor_meets_remover(tally& seen) {
    does<Mutant>::one_inside_another(seen, 1000, does<Mutant>::removes_first,
                                     does<Mutant>::compacts_last, few_sectors);
}

// Both counters stand at the same number.
template <template <class> class Mutant>
void same_id_twice(tally& seen) {
    for (std::size_t at = 1, calls = 1; at <= calls; ++at) {
        tests::chain_session<Mutant> in{seen, few_sectors};
        in.book().keep = 1000;
        typename tests::chain_session<Mutant>::actor one{in, 1000};
        typename tests::chain_session<Mutant>::actor two{in, 1000};
        static_cast<void>(one.full(1));
        static_cast<void>(two.full(2));
        const std::size_t before = in.calls();
        in.interrupt(at, [&] { static_cast<void>(two.full(3)); });
        static_cast<void>(one.full(4));
        calls = in.calls() - before;
        in.interrupt_no_more();
    }
}

template <template <class> class Mutant>
void dies_while_it_removes(tally& seen) {
    does<Mutant>::dies_in(seen, does<Mutant>::removes_last, does<Mutant>::takes_both, few_sectors);
}

template <template <class> class Mutant>
void meets_a_failing_sync(tally& seen) {
    tests::chain_session<Mutant> in{seen, few_sectors};
    in.book().keep = 1000;
    in.disk().disk().options.failing_syncs = 1;
    typename tests::chain_session<Mutant>::actor one{in, 1000};
    static_cast<void>(one.full(1));
    static_cast<void>(one.full(2));
}

struct mutant {
    const char* name;
    void (*run)(tally&);
    void (*faithful)(tally&); // the same work, the protocol as it is
};

using tests::faithful;

constexpr mutant mutants[] = {
    {"folder never synced", takes_one<no_folder_sync>, takes_one<faithful>},
    {"file never synced", takes_one<no_file_sync>, takes_one<faithful>},
    {"no lock around the id", same_id_twice<no_lock>, same_id_twice<faithful>},
    {"no lock, and publishing replaces", same_id_twice<no_lock_and_replaces>,
     same_id_twice<faithful>},
    {"manifest named before its data", takes<manifest_before_data>, takes<faithful>},
    {"new manifest before its new data", rebases<manifest_before_data>, rebases<faithful>},
    {"no sync between removals", retains<no_sync_between_removals>, retains<faithful>},
    {"what others left taken for durable", dies_while_it_removes<others_taken_for_durable>,
     dies_while_it_removes<faithful>},
    {"parent removed before its child", retains<parent_before_child>, retains<faithful>},
    {"data removed before its manifest", retains<data_removed_first>, retains<faithful>},
    {"rewriting removes the old data first", rebases<rewrite_removes_first>, rebases<faithful>},
    {"compacting removes the old data first", compacts<rewrite_removes_first>, compacts<faithful>},
    {"manifest replaced by removing first", compacts<manifest_replaced_by_removing>,
     compacts<faithful>},
    {"no lock around parent and removal", taker_meets_remover<no_lock>,
     taker_meets_remover<faithful>},
    {"no lock around rewriting and removal", compactor_meets_remover<no_lock>,
     compactor_meets_remover<faithful>},
    {"parent not looked for under the lock", taker_meets_remover<parent_not_looked_for>,
     taker_meets_remover<faithful>},
    {"short write taken for whole", takes_one<short_write_taken_for_whole>, takes_one<faithful>},
    {"failed sync ignored", meets_a_failing_sync<failed_sync_ignored>,
     meets_a_failing_sync<faithful>},
};

} // namespace

TEST_CASE("every step of the chain's protocol that is left out is missed") {
    std::size_t caught = 0;
    std::printf("%-40s %8s %11s %11s\n", "", "states", "violations", "journalled");
    for (const mutant& each : mutants) {
        INFO(std::string{each.name});
        tally seen;
        each.run(seen);
        std::printf("%-40s %8zu %11zu %11zu\n", each.name, seen.states.size(),
                    static_cast<std::size_t>(seen.violations),
                    static_cast<std::size_t>(seen.journalled_violations));
        static_cast<void>(std::fflush(stdout));
        std::printf("    %s\n", seen.examples.empty() ? "" : seen.examples.front().c_str());
        CHECK(seen.violations != 0);
        caught += seen.violations != 0 ? 1 : 0;

        // What is caught is the mutation and not the work.
        tally clean;
        each.faithful(clean);
        for (const std::string& example : clean.examples) {
            FAIL_CHECK(example);
        }
        CHECK(clean.states.size() > 1);
    }
    std::printf("%zu of %zu caught\n", caught, std::size(mutants));
}
