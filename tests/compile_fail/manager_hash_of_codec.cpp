// A manager whose digest is the codec's own CRC.
// expect: tintype: the manager's hash is the codec's own checksum
// expect: give the manager another hash, or no_hash

#include <tintype/tintype.hpp>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;

#if defined(BAD)
using hash = tintype::crc32;
#else
using hash = tintype::crc32c;
#endif

using manager = tintype::versioned_manager<state, list, tintype::directory, hash>;
const auto snapshots = manager::open(tintype::directory{"folder"}, tintype::keep_last{1});
