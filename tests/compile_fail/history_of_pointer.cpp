// A history of what it cannot keep, or where nothing can be appended.
// expect 1: tintype: a history cannot look into a member of this struct
// expect 2: tintype: this struct is not described: put BOOST_HANA_DEFINE_STRUCT
// expect 3: tintype: what grows needs a copyable storage with `result<T> append\(std::string_view

#include <tintype/delta/store.hpp>
#include <tintype/storage/memory.hpp>

#include <cstdint>
#include <string_view>

#if BAD == 1
using number = const double*;
#else
using number = double;
#endif

#if BAD == 2
struct state {
    number value;
};
#else
struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (number, value));
};
#endif

#if BAD == 3
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

    [[nodiscard]] tintype::result<void> sync() const { return {}; }

    tintype::memory_storage inner{};
};
#else
using storage = tintype::memory_storage;
#endif

const auto history = tintype::delta_store<state, storage>::open(storage{}, "history");
