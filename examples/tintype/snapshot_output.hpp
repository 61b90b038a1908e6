#pragma once

// Where commands put a snapshot: -o writes it as a file, -d takes it apart into a folder.

#include "format.hpp"
#include "json.hpp"
#include "outcome.hpp"
#include "terminal.hpp"

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace tool {

class output_option {
public:
    static constexpr std::string_view explained =
        "OUT appears whole or not at all, in place of what was there; it may be the file that is "
        "read. `-` is standard output.";

    void declare(CLI::App& parser);

    // Writes it, and says so on standard output.
    [[nodiscard]] outcome<status> write(terminal& on, const snapshot& what) const;

private:
    std::string path_;
    bool json_ = false;
};

class folder_option {
public:
    void declare(CLI::App& parser);

    // The document gets a list of the files.
    [[nodiscard]] outcome<status> write(terminal& on, const snapshot& what,
                                        json::object document) const;

private:
    std::string path_;
    bool json_ = false;
};

} // namespace tool
