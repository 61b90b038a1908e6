// A program of somebody else's: saves, and has another translation unit read it back.
#include "settings.hpp"

#include <cstdio>

int main() {
    const auto versions =
        settings_versions::open(tintype::directory{"settings"}, tintype::keep_last{3});
    if (!versions) {
        return 1;
    }
    const auto saved = versions->save({7, "Ada", {1.5F, -2.0F}});
    if (!saved) {
        return 1;
    }
    const std::string text = latest_as_json(*versions);
    std::puts(text.c_str());
    return text == R"({"level":7,"name":"Ada","position":[1.5,-2.0]})" ? 0 : 1;
}
