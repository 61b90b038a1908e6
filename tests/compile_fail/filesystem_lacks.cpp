// A filesystem for a directory without one of its calls, or with one that returns something else.
// expect 1: tintype: a filesystem needs `result<void> sync_folder\(folder&\) const`
// expect 2: tintype: a filesystem needs `timestamp now\(\) const`
// expect 3: tintype: a filesystem needs the movable types `folder`, `file` and `mapping`

#include <tintype/tintype.hpp>

#include <chrono>

#if BAD == 3
struct filesystem {};
#else
struct filesystem : tintype::posix_filesystem {
#if BAD == 1
    void sync_folder(folder&) const {}
#elif BAD == 2
    [[nodiscard]] std::chrono::system_clock::rep now() const { return {}; }
#endif
};
#endif

tintype::result<void> synced();

tintype::result<void> synced() {
    const tintype::basic_directory<filesystem> folder{"folder"};
    return folder.sync();
}
