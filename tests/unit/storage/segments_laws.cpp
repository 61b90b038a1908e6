// The laws of a storage, appending among them, for objects that grow by segments: over memory and a
// folder that cannot be appended to, with each policy of the tail.

#include <tintype/storage/directory.hpp>
#include <tintype/storage/memory.hpp>
#include <tintype/storage/segments.hpp>

#include "laws/storage.hpp"
#include "support/scratch.hpp"
#include "support/unappendable.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <string>

namespace {

using tests::storage_extras;
using tests::unappendable;
using tintype::memory_storage;
using tintype::segmented;

static_assert(!tintype::appendable_storage<unappendable<>>);
static_assert(tintype::appendable_storage<segmented<unappendable<>>>);
static_assert(tintype::lockable_storage<segmented<unappendable<>>>);
static_assert(tintype::appendable_storage<segmented<memory_storage, tintype::seal_from<>>>);

} // namespace

TEST_CASE("the storage laws: segments over memory") {
    tintype::laws::storage_laws([] { return segmented{unappendable<>{}}; });
}

TEST_CASE("the storage laws: segments over a store that reads parts and lists beginnings") {
    tintype::laws::storage_laws([] {
        return segmented{unappendable<memory_storage, storage_extras::parts>{},
                         tintype::segmented_options{.merge_from = 2, .merge_grace = {}}};
    });
}

TEST_CASE("the storage laws: segments over a folder that cannot be appended to") {
    std::deque<tests::scratch> folders;
    tintype::laws::storage_laws([&] {
        return segmented{unappendable{tintype::directory{folders.emplace_back() / "objects"}}};
    });
}

TEST_CASE("the storage laws: segments with a tail that is kept elsewhere") {
    tintype::laws::storage_laws(
        [] { return segmented{unappendable<>{}, tintype::seal_from{memory_storage{}, 4096}}; });
}
