#include <tintype/tintype.hpp>

#include <cstdio>

struct player { // your state, described once
    BOOST_HANA_DEFINE_STRUCT(player, (std::uint32_t, level), (std::string, name),
                             (std::vector<float>, position));
};

// Its file. The compiler knows every offset, and refuses a list that does not fit the state.
using player_file =
    tintype::section_list<tintype::magic<"PLYR">, tintype::version<std::uint8_t, 1>,
                          tintype::scalar<"level", std::uint32_t>, tintype::section<"name">,
                          tintype::section<"position">, tintype::checksum<tintype::crc32>>;

static_assert(tintype::describes<player_file, player> && player_file::min_size == 29);

int main() {
    try {
        // Versions in a folder, of which the last ten are kept.
        const auto snapshots =
            tintype::or_throw(tintype::versioned_manager<player, player_file>::open(
                tintype::directory{"saves"}, tintype::keep_last{10}));

        // Durable when it returns, and never overwritten.
        const auto saved = tintype::or_throw(snapshots.save({7, "Ada", {1.5F, -2.0F, 0.0F}}));

        // Verified before it is believed; the spans lie in the mapped file.
        const auto latest = tintype::or_throw(snapshots.view_latest());
        const std::string name{latest->get<"name">()};
        std::printf("version %ju: %s, level %u\n", saved.version, name.c_str(),
                    latest->get<"level">());
    } catch (const tintype::exception& what) {
        std::puts(what.what());
        return 1;
    }
}
