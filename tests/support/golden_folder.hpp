#pragma once

// Folders under tests/golden that hold what a version of the library wrote: read into memory, so
// that nothing changes them, and written once, never over what is there.

#include <tintype/storage/memory.hpp>

#include "support/bytes.hpp"
#include "support/said.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace tests {

inline std::filesystem::path golden_path(const std::string& name) {
    return std::filesystem::path{TINTYPE_GOLDEN} / name;
}

inline tintype::memory_storage golden_folder(const std::string& name) {
    tintype::memory_storage storage;
    for (const auto& entry : std::filesystem::directory_iterator{golden_path(name)}) {
        auto staged = storage.stage();
        REQUIRE(staged);
        REQUIRE(said(staged->write(file_bytes(entry.path().string()))) == "no error");
        REQUIRE(said(staged->publish(entry.path().filename().string())) == "no error");
    }
    return storage;
}

inline void write_golden_file(const std::string& name, tintype::byte_view bytes) {
    std::filesystem::create_directories(golden_path(name).parent_path());
    std::FILE* file = std::fopen(golden_path(name).c_str(), "wbx");
    REQUIRE_MESSAGE(file != nullptr, name);
    CHECK(std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
    CHECK(std::fclose(file) == 0);
}

inline void write_golden_folder(const std::string& name, const tintype::memory_storage& storage) {
    const auto list = storage.list();
    REQUIRE(list);
    for (const auto& object : *list) {
        write_golden_file(name + "/" + object.name, storage.open(object.name).value().bytes());
    }
}

} // namespace tests
