// A storage that forgot to sync.
// expect: constraint|satisf
// expect: removes|sync

#include <tintype/tintype.hpp>

#include <string_view>

struct storage {
    [[nodiscard]] auto stage(const tintype::stage_options& options) const {
        return inner.stage(options);
    }

    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        return inner.open(name, how);
    }

    [[nodiscard]] auto list() const { return inner.list(); }

    [[nodiscard]] auto names() const { return inner.names(); }

    [[nodiscard]] auto remove(std::string_view name) const { return inner.remove(name); }

#if defined(BAD)
#else
    [[nodiscard]] tintype::result<void> sync() const { return {}; }
#endif

    tintype::memory_storage inner{};
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;
using manager = tintype::versioned_manager<state, list, storage>;
const auto snapshots = manager::open(storage{}, tintype::keep_last{1});
