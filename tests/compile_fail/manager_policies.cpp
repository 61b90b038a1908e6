// What a manager is made of, each once as something else.
// expect 1: tintype: a retention policy needs `reasons reasons_to_keep\(
// expect 2: tintype: a clock needs `tintype::timestamp now\(\) const`
// expect 3: tintype: the names of versions need `static std::string name\(std::uint64_t\)`
// expect 4: tintype: the codec does not encode this state
// expect 5: tintype: the codec does not decode this state
// expect 6: tintype: a storage needs `result<T> stage

#include <tintype/tintype.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (tintype::blob, bytes));
};

struct other {
    BOOST_HANA_DEFINE_STRUCT(other, (tintype::blob, bytes));
};

using list = tintype::section_list<tintype::section<"bytes">, tintype::checksum<tintype::crc32>>;

#if BAD == 4
using subject = other;
#else
using subject = state;
#endif

// Of one state alone.
struct codec {
    template <class Sink>
    [[nodiscard]] tintype::result<void> encode(const subject& from, Sink& to) const {
        return list::encode(from, to);
    }

    template <class State>
#if BAD == 5
    [[nodiscard]] State decode(tintype::byte_view, const tintype::decode_options&) const {
        return {};
    }
#else
    [[nodiscard]] tintype::result<State> decode(tintype::byte_view bytes,
                                                const tintype::decode_options& options) const {
        return list::decode<State>(bytes, options);
    }
#endif
};

struct retention {
#if BAD == 1
    [[nodiscard]] bool keep(const tintype::catalog_entry&) const { return true; }
#else
    [[nodiscard]] tintype::reasons
    reasons_to_keep(std::span<const tintype::catalog_entry> newest_first,
                    tintype::timestamp) const {
        return tintype::reasons(newest_first.size(), "all");
    }
#endif
};

#if BAD == 2
using clock_type = std::chrono::steady_clock;
#else
using clock_type = tintype::system_clock;
#endif

#if BAD == 3
using names = std::string;
#else
using names = tintype::numbered<"state-", ".bin">;
#endif

#if BAD == 6
using storage = std::string;
#else
using storage = tintype::directory;
#endif

using manager = tintype::versioned_manager<state, codec, storage, tintype::no_hash, retention,
                                           names, clock_type>;
const auto snapshots = manager::open(storage{"folder"}, retention{});
