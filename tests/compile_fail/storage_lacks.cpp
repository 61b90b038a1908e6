// A storage without one of its functions, or with one that returns something else.
// expect 1: tintype: a storage needs `result<T> stage\(const stage_options&\) const`
// expect 2: tintype: a storage needs `result<T> open\(std::string_view name, access how\) const`
// expect 3: tintype: a storage needs `result<std::vector<object_info>> list\(\) const`
// expect 4: tintype: a storage needs `result<std::vector<object_info>> list\(\) const`
// expect 5: tintype: a storage needs `result<std::vector<std::string>> names\(\) const`
// expect 6: tintype: a storage needs `result<bool> remove\(std::string_view name\) const`
// expect 7: tintype: a storage needs `result<void> sync\(\) const`

#include <tintype/tintype.hpp>

#include <string_view>
#include <vector>

struct storage {
#if BAD != 1
    [[nodiscard]] auto stage(const tintype::stage_options& options) const {
        return inner.stage(options);
    }
#endif

#if BAD != 2
    [[nodiscard]] auto open(std::string_view name, tintype::access how) const {
        return inner.open(name, how);
    }
#endif

#if BAD == 4
    [[nodiscard]] std::vector<tintype::object_info> list() const { return {}; }
#elif BAD != 3
    [[nodiscard]] auto list() const { return inner.list(); }
#endif

#if BAD != 5
    [[nodiscard]] auto names() const { return inner.names(); }
#endif

#if BAD == 6
    void remove(std::string_view) const {}
#else
    [[nodiscard]] auto remove(std::string_view name) const { return inner.remove(name); }
#endif

#if BAD != 7
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
