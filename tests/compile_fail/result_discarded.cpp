// A result that nobody looks at.
// expect: (nodiscard|ignoring return)

#include <tintype/tintype.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;

int save(const tintype::versioned_manager<state, list>& snapshots) {
#if defined(BAD)
    snapshots.save(state{});
#else
    if (auto done = snapshots.save(state{}); !done) {
        return 1;
    }
#endif
    return 0;
}
