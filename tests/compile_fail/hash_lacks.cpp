// A hash without one of its parts, or with one that is something else.
// expect 1: tintype: a hash needs `digest_type finish\(\) const noexcept`
// expect 2: tintype: a hash needs `digest_type finish\(\) const noexcept`
// expect 3: tintype: a hash needs `using digest_type = ...`
// expect 4: tintype: a hash needs `void update\(byte_view bytes\) noexcept`
// expect 5: tintype: a hash needs `static constexpr std::string_view name = ...`
// expect 6: tintype: a hash needs `digest_type finish\(\) const noexcept`

#include <tintype/tintype.hpp>

#include <cstdint>
#include <string_view>

struct hash {
#if BAD == 3
    using digest_type = float;
#else
    using digest_type = std::uint32_t;
#endif

#if BAD != 5
    static constexpr std::string_view name = "hash";
#endif

#if BAD == 4
    void update(tintype::byte_view) {}
#else
    void update(tintype::byte_view) noexcept {}
#endif

#if BAD == 2
    [[nodiscard]] std::uint64_t finish() const noexcept { return 0; }
#elif BAD != 1 && BAD != 6
    [[nodiscard]] std::uint32_t finish() const noexcept { return 0; }
#endif
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

#if BAD == 6
using list = tintype::section_list<tintype::section<"bytes">>;
using manager = tintype::versioned_manager<state, list, tintype::directory, hash>;
#else
using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<hash>>;
using manager = tintype::versioned_manager<state, list>;
#endif
const auto snapshots = manager::open(tintype::directory{"folder"}, tintype::keep_last{1});
