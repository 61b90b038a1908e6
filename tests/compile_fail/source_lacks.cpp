// A source of a stream without one of its functions, alone and behind a guard.
// expect 1: tintype: a source of a stream needs `result<void> collect\(capture&\)`
// expect 2: tintype: a source of a stream needs `result<void> pin\(capture&\)`
// expect 3: tintype: a source of a stream needs `result<void> collect\(capture&\)`

#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/exporter.hpp>

using namespace tintype;

struct answers {
#if BAD != 2
    result<void> pin(capture&) { return {}; }
#endif
#if BAD != 1 && BAD != 3
    result<void> collect(capture&) { return {}; }
#endif
};

result<void> exported();

result<void> exported() {
#if BAD != 3
    const auto alone = exporter<crc32c>::open({}, answers{}, answers{});
    if (!alone) {
        return pass(alone);
    }
#endif
    const auto guarded = exporter<crc32c>::open({}, [] { return 0; }, answers{});
    return guarded ? result<void>{} : pass(guarded);
}
