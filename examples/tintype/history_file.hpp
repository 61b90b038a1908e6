#pragma once

// A history by a person's path: the folder that is its storage, and its name in it.

#include <tintype/storage/directory.hpp>

#include "files.hpp"
#include "outcome.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

namespace tool {

struct history_place {
    tintype::directory storage;
    std::string name;
    std::uint64_t size = 0;
    bool there = false;
};

// Through links. The folder must be there, the history need not.
[[nodiscard]] inline outcome<history_place> place_of_history(const std::string& path) {
    if (auto folder = require_no_bucket(path); !folder) {
        return pass(folder);
    }
    std::error_code ignored; // of what is not there, and opening says that
    const auto kind = std::filesystem::status(path, ignored).type();
    if (kind == std::filesystem::file_type::directory) {
        return std::unexpected(failure{.how = status::wrong_call,
                                       .about = path,
                                       .what = "is a folder; a history is one file in it",
                                       .code = tintype::errc::unsupported});
    }
    const bool there = kind != std::filesystem::file_type::not_found;
    const auto real = there ? std::filesystem::canonical(path, ignored).string() : path;
    const auto& full = real.empty() ? path : real;
    if (auto good = require_folder(folder_of(full)); !good) {
        return pass(good);
    }
    const auto size = std::filesystem::file_size(full, ignored);
    return history_place{.storage = tintype::directory{folder_of(full)},
                         .name = file_name_of(full),
                         .size = ignored ? 0 : std::uint64_t{size},
                         .there = there};
}

} // namespace tool
