#pragma once

// Folders to be measured in.

#include "baselines.hpp"

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace bench {

// An empty folder, and nothing of what was in it still on its way to the disk.
inline void emptied(const std::string& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must_call(handle, "open");
    must_call(::syncfs(handle), "syncfs");
    ::close(handle);
}

} // namespace bench
