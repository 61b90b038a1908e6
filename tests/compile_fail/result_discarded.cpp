// A result that nobody looks at.
// expect 1: (ignoring return value.*tintype: look at the result)
// expect 2: (ignoring return value.*tintype: look at the result)

#include <tintype/tintype.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;

int save(const tintype::versioned_manager<state, list>& snapshots);
bool sync(const tintype::directory& folder);

int save(const tintype::versioned_manager<state, list>& snapshots) {
#if BAD == 1
    snapshots.save(state{});
#else
    if (auto done = snapshots.save(state{}); !done) {
        return 1;
    }
#endif
    return 0;
}

bool sync(const tintype::directory& folder) {
#if BAD == 2
    folder.sync();
    return true;
#else
    return folder.sync().has_value();
#endif
}
