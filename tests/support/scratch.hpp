#pragma once

// A folder of a test's own, gone when the test is.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace tests {

class scratch {
public:
    scratch() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "tintype-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }

    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    // A path inside that does not exist yet.
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

} // namespace tests
