#pragma once

// The --format and --section options that `pack` and `save` have in common.

#include "format.hpp"
#include "outcome.hpp"
#include "terminal.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tool {

class section_options {
public:
    void declare(CLI::App& parser);

    // By its name, if it can be put together from sections.
    [[nodiscard]] outcome<const format*> chosen() const;

    // Opens nothing before every section was named once, by NAME=FILE.
    [[nodiscard]] outcome<snapshot> assembled(const format& kind, terminal& on) const;

    // "vamm-1 and vamm-2 have the sections semantic, episodic, ...", for `help`.
    [[nodiscard]] static std::string explained(bool only_versioned);

private:
    std::string format_;
    std::vector<std::string> sections_;
};

} // namespace tool
