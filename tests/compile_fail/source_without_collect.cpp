// A source of a stream that fixes the moment and never gives its files.
// expect: collect

#include <tintype/hash/crc32c.hpp>
#include <tintype/stream/exporter.hpp>

using namespace tintype;

struct answers {
    result<void> pin(capture&) { return {}; }
#if !defined(BAD)
    result<void> collect(capture&) { return {}; }
#endif
};

result<void> exported();

result<void> exported() {
    const auto stream = exporter<crc32c>::open({}, answers{});
    return stream ? result<void>{} : pass(stream);
}
