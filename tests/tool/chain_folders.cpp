// Taking snapshots of small stores.

#include "chain_folders.hpp"

#include <tintype/chain/chain_manager.hpp>
#include <tintype/chain/part_store.hpp>
#include <tintype/core/message.hpp>
#include <tintype/formats/dakera.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/none.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <ranges>
#include <unistd.h>
#include <utility>

namespace tests {

namespace {

struct note {
    BOOST_HANA_DEFINE_STRUCT(note, (std::string, text), (std::vector<float>, weights));
};

using notes = tintype::part_store<std::map<std::string, note>>;

struct vectors {
    using record_type = tintype::dakera::vector_entry;

    std::map<std::string, std::vector<record_type>> all;

    [[nodiscard]] auto parts() const { return std::views::keys(all); }

    [[nodiscard]] const std::vector<record_type>& records(std::string_view part) const {
        return all.find(std::string{part})->second;
    }
};

template <class Outcome>
[[nodiscard]] auto good(Outcome outcome) {
    INFO((outcome ? std::string{} : tintype::message(outcome.error())));
    REQUIRE(outcome.has_value());
    return *std::move(outcome);
}

template <class Act>
[[nodiscard]] std::vector<std::string> with(digests how, Act act) {
    switch (how) {
    case digests::crc32:
        return act.template operator()<tintype::crc32>();
    case digests::none:
        return act.template operator()<tintype::no_hash>();
    default:
        return act.template operator()<tintype::crc32c>();
    }
}

template <class Hash>
using note_chain = tintype::chain_manager<notes, tintype::directory, tintype::chain_columns, Hash,
                                          tintype::keep_all>;

} // namespace

void copy_dakera(const std::string& folder) {
    std::filesystem::create_directories(folder);
    const std::array<std::pair<std::string, std::string>, 6> names{
        {{"empty", dakera_ids::empty},
         {"special_floats", dakera_ids::special_floats},
         {"full", dakera_ids::full},
         {"incremental1", dakera_ids::incremental1},
         {"incremental2", dakera_ids::incremental2},
         {"pretty", dakera_ids::pretty}}};
    for (const auto& [name, id] : names) {
        for (const std::string suffix : {".meta", ".snap"}) {
            write_file(folder + "/" + id + suffix,
                       file_bytes(TINTYPE_GOLDEN "/dakera/" + name + suffix));
        }
    }
}

std::vector<std::string> take_dakera(const std::string& folder, digests how) {
    return with(how, [&]<class Hash>() {
        using chain =
            tintype::chain_manager<vectors, tintype::directory, tintype::dakera::chain_json<>, Hash,
                                   tintype::keep_all>;
        const auto taken = good(chain::open(tintype::directory{folder}, tintype::keep_all{}));
        vectors store;
        store.all["colours"] = {{"red", {1, 0, 0}, {}}, {"green", {0, 1, 0}, {}}};
        store.all["shapes"] = {{"round", {0.5F}, {}}};
        std::vector<std::string> ids{good(taken.create_full(store)).info.id};
        store.all["colours"].push_back({"blue", {0, 0, 1}, {}});
        store.all.erase("shapes");
        ids.push_back(good(taken.create_incremental(store, ids[0])).info.id);
        return ids;
    });
}

std::vector<std::string> take_chain(const std::string& folder, digests how) {
    return with(how, [&]<class Hash>() {
        const auto chain =
            good(note_chain<Hash>::open(tintype::directory{folder}, tintype::keep_all{}));
        notes store;
        store.part("people").insert_or_assign("ada", note{"first", {1, 2}});
        store.part("people").insert_or_assign("grace", note{"second", {3}});
        store.part("places").insert_or_assign("paris", note{"third", {}});
        std::vector<std::string> ids{
            good(chain.create_full(store, {.description = "the first"})).info.id};
        store.part("people").insert_or_assign("alan", note{"fourth", {4}});
        store.part("people").erase("grace");
        ids.push_back(good(chain.create_incremental(store, ids[0])).info.id);
        store.drop("places");
        store.part("people").insert_or_assign("alan", note{"FOURTH", {4}});
        ids.push_back(good(chain.create_incremental(store, ids[0])).info.id);
        store.part("people").erase("ada");
        ids.push_back(good(chain.create_incremental(store, ids[1])).info.id);
        return ids;
    });
}

std::vector<std::string> take_long_chain(const std::string& folder, std::size_t links) {
    const auto chain =
        good(note_chain<tintype::crc32c>::open(tintype::directory{folder}, tintype::keep_all{}));
    notes store;
    store.part("people").insert_or_assign("ada", note{"first", {1, 2}});
    std::vector<std::string> ids{good(chain.create_full(store)).info.id};
    while (ids.size() != links) {
        store.part("people").insert_or_assign("n" + std::to_string(ids.size()), note{});
        ids.push_back(good(chain.create_incremental(store, ids.back())).info.id);
    }
    return ids;
}

void edit_file(const std::string& path, std::string_view from, std::string_view to) {
    auto text = text_file(path);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    REQUIRE(text.find(from, at + 1) == std::string::npos);
    write_file(path, text.replace(at, from.size(), to));
}

void damage_file(const std::string& path) {
    auto bytes = file_bytes(path);
    REQUIRE(!bytes.empty());
    bytes[bytes.size() / 2] ^= std::byte{4};
    write_file(path, bytes);
}

void remove_file(const std::string& path) {
    REQUIRE(::unlink(path.c_str()) == 0);
}

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

} // namespace tests
