#include "settings.hpp"

std::string latest_as_json(const settings_versions& versions) {
    const auto latest = versions.load_latest();
    tintype::blob bytes;
    tintype::blob_sink sink{bytes};
    if (!latest || !tintype::json<>::encode(latest->state, sink)) {
        return {};
    }
    return std::string{tintype::text_of(bytes)};
}
