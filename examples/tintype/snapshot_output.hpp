#pragma once

// Where commands put a snapshot: -o writes it as a file, -d takes it apart into a folder.

#include "format.hpp"
#include "json.hpp"
#include "outcome.hpp"
#include "terminal.hpp"

#include <optional>
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

    // The same for a snapshot that was read from a file: where it becomes other bytes, that is
    // said too.
    [[nodiscard]] outcome<status> write_again(terminal& on, const snapshot& what,
                                              const input& from) const;

private:
    [[nodiscard]] outcome<status> write(terminal& on, const snapshot& what,
                                        const input* from) const;

    std::string path_;
    bool json_ = false;
};

class folder_option {
public:
    void declare(CLI::App& parser);

    // Where only some calls of a command write into a folder.
    void declare_for_some(CLI::App& parser);

    [[nodiscard]] bool given() const noexcept { return path_.has_value(); }

    [[nodiscard]] bool json() const noexcept { return json_; }

    // The document gets a list of the files.
    [[nodiscard]] outcome<status> write(terminal& on, const snapshot& what,
                                        json::object document) const;

private:
    std::optional<std::string> path_;
    bool json_ = false;
};

} // namespace tool
