// A hash that forgot to finish.
// expect: constraint|concept|satisf
// expect: has_hash_finish|finish

#include <tintype/codec/section_list.hpp>
#include <tintype/hash/crc32.hpp>

#include <cstdint>
#include <string_view>

struct hash {
    using digest_type = std::uint32_t;
    static constexpr std::string_view name = "hash";

    void update(tintype::byte_view) noexcept {}

#if defined(BAD)
#else
    [[nodiscard]] std::uint32_t finish() const noexcept { return 0; }
#endif
};

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<hash>>;
static_assert(tintype::describes<list, state>);
