// A recorder of actions that nobody described, or with checkpoints that are none.
// expect 1: tintype: an action is a described struct, or a std::variant of such
// expect 2: tintype: an action is a described struct, or a std::variant of such
// expect 3: tintype: checkpoints need `using snapshot_type = ...`

#include <tintype/replay/recorder.hpp>
#include <tintype/replay/states.hpp>
#include <tintype/storage/memory.hpp>

#include <cstdint>
#include <string>
#include <variant>

struct put {
    BOOST_HANA_DEFINE_STRUCT(put, (std::string, key), (std::uint64_t, value));
};

#if BAD == 1
struct drop {
    std::string key;
};
#else
struct drop {
    BOOST_HANA_DEFINE_STRUCT(drop, (std::string, key));
};
#endif

#if BAD == 2
using action = std::string;
#else
using action = std::variant<put, drop>;
#endif

struct state {
    BOOST_HANA_DEFINE_STRUCT(state, (std::uint64_t, sum));
};

#if BAD == 3
struct states {};
#else
using states = tintype::changed_states<state>;
#endif

using recorder = tintype::session_recorder<action, state, states, tintype::memory_storage>;
const auto recording = recorder::open(tintype::memory_storage{}, "session");
