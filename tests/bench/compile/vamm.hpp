// Four payloads as VAMM, there and back.

namespace {

struct memory {
    BOOST_HANA_DEFINE_STRUCT(memory, (tintype::blob, semantic), (tintype::blob, episodic),
                             (tintype::blob, procedural), (tintype::blob, ttl));
};

using vamm = tintype::section_list<tintype::magic<"VAMM">, tintype::version<std::uint8_t, 2>,
                                   tintype::section<"semantic">, tintype::section<"episodic">,
                                   tintype::section<"procedural">, tintype::section<"ttl">,
                                   tintype::checksum<tintype::crc32>>;

} // namespace

bool there_and_back(const tintype::blob& from, tintype::blob& to) {
    const auto state = tintype::decode<vamm, memory>(from);
    if (!state) {
        return false;
    }
    auto bytes = tintype::encode<vamm>(*state);
    if (!bytes) {
        return false;
    }
    to = *std::move(bytes);
    return true;
}
