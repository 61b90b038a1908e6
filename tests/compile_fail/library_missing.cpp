// A header that needs another library, where that is not installed.
// expect 1: tintype: install SQLite for sqlite3.h \(Debian: libsqlite3-dev\)
// expect 2: tintype: install OpenSSL for openssl/sha.h \(Debian: libssl-dev\)
// expect 3: tintype: install Boost for boost/hana/define_struct.hpp \(Debian: libboost-dev\)
// flags 1: -nostdinc
// flags 2: -nostdinc
// flags 3: -nostdinc

#if BAD == 1
#include <tintype/stream/sqlite.hpp>
#elif BAD == 2
#include <tintype/hash/sha256.hpp>
#elif BAD == 3
#include <tintype/core/reflect.hpp>
#else
#include <tintype/core/error.hpp>
#endif
