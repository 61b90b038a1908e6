// Four payloads as nlohmann's CBOR, there and back.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace {

struct memory {
    std::vector<std::uint8_t> semantic;
    std::vector<std::uint8_t> episodic;
    std::vector<std::uint8_t> procedural;
    std::vector<std::uint8_t> ttl;

    NLOHMANN_DEFINE_TYPE_INTRUSIVE(memory, semantic, episodic, procedural, ttl)
};

} // namespace

bool there_and_back(const std::vector<std::uint8_t>& from, std::vector<std::uint8_t>& to) {
    try {
        const auto state = nlohmann::json::from_cbor(from).get<memory>();
        to = nlohmann::json::to_cbor(nlohmann::json(state));
        return true;
    } catch (const nlohmann::json::exception&) {
        return false;
    }
}
