// Four payloads as cereal's portable binary, there and back.

#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct memory {
    std::vector<unsigned char> semantic;
    std::vector<unsigned char> episodic;
    std::vector<unsigned char> procedural;
    std::vector<unsigned char> ttl;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(semantic, episodic, procedural, ttl);
    }
};

} // namespace

bool there_and_back(const std::string& from, std::string& to) {
    try {
        memory state;
        std::istringstream input{from};
        cereal::PortableBinaryInputArchive{input}(state);
        std::ostringstream output;
        cereal::PortableBinaryOutputArchive{output}(state);
        to = output.str();
        return true;
    } catch (const cereal::Exception&) {
        return false;
    }
}
