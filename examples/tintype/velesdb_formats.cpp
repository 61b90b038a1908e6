// VAMM in both versions and VSNP, as the tool handles them.

#include "velesdb_formats.hpp"

#include <tintype/formats/velesdb.hpp>

#include "index_json.hpp"
#include "list_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tool {

namespace {

namespace velesdb = tintype::velesdb;
using velesdb::memory_state;
using velesdb::payload_index;

template <std::uint8_t Version>
struct vamm_body : list_body<velesdb::vamm<Version>, memory_state> {
    using list_body<velesdb::vamm<Version>, memory_state>::list_body;

    [[nodiscard]] std::vector<part> parts() const override {
        std::vector<part> all;
        tintype::for_each_member(this->state(), [&](auto name, const tintype::blob& bytes) {
            all.push_back({.file = fmt::format("{}.bin", name), .bytes = bytes});
        });
        return all;
    }
};

template <std::uint8_t Version>
class vamm_format : public list_format<velesdb::vamm<Version>, memory_state, vamm_body<Version>> {
public:
    [[nodiscard]] std::string_view name() const override {
        return Version == 1 ? "vamm-1" : "vamm-2";
    }

    [[nodiscard]] std::string_view family() const override { return "vamm"; }

    [[nodiscard]] std::string_view about() const override {
        return Version == 1 ? "VelesDB agent memory, ttl entries without a kind"
                            : "VelesDB agent memory";
    }

    [[nodiscard]] std::vector<std::string_view> sections() const override {
        const auto& names = tintype::member_names<memory_state>;
        return {names.begin(), names.end()};
    }

    [[nodiscard]] outcome<snapshot> assemble(std::span<const given_section> given,
                                             const tintype::monitor& watch) const override {
        memory_state state;
        outcome<void> good;
        auto next = given.begin();
        tintype::for_each_member(state, [&](auto, tintype::blob& bytes) {
            const given_section& section = *next++;
            if (!good) {
                return;
            }
            auto read = read_input(section.file, watch);
            if (read) {
                bytes = *std::move(read);
            } else {
                good = pass(read);
            }
        });
        if (!good) {
            return pass(good);
        }
        return this->wrapped(std::move(state));
    }

    [[nodiscard]] bool versioned() const override { return true; }

    [[nodiscard]] bool expects(std::string_view file) const override {
        return file.ends_with(".vamm");
    }
};

struct vsnp_body : list_body<velesdb::vsnp, payload_index> {
    using list_body::list_body;

    [[nodiscard]] std::vector<part> parts() const override {
        std::vector<part> all(1);
        all[0].file = "index.json";
        all[0].text = written_index(state());
        return all;
    }
};

class vsnp_format : public list_format<velesdb::vsnp, payload_index, vsnp_body> {
public:
    [[nodiscard]] std::string_view name() const override { return "vsnp"; }

    [[nodiscard]] std::string_view family() const override { return "vsnp"; }

    [[nodiscard]] std::string_view about() const override { return "VelesDB payload index"; }

    [[nodiscard]] std::vector<std::string_view> sections() const override { return {"index"}; }

    [[nodiscard]] outcome<snapshot> assemble(std::span<const given_section> given,
                                             const tintype::monitor&) const override {
        const auto file = open_input(given[0].file);
        if (!file) {
            return std::unexpected(file.error());
        }
        auto index = read_index(tintype::text_of(file->bytes()));
        if (!index) {
            return std::unexpected(failure{.how = status::bad_data,
                                           .about = given[0].file,
                                           .what = std::move(index).error(),
                                           .code = tintype::errc::invalid_value});
        }
        return wrapped(*std::move(index));
    }

    [[nodiscard]] bool expects(std::string_view file) const override {
        return file == velesdb::payload_snapshot_name || file.ends_with(".vsnp");
    }
};

const vamm_format<1> vamm_1;
const vamm_format<2> vamm_2;
const vsnp_format vsnp;

using decoder = tintype::result<memory_state> (*)(tintype::byte_view,
                                                  const tintype::decode_options&);

template <class Upgrade>
constexpr decoder decode_with =
    [](tintype::byte_view bytes, const tintype::decode_options& options) {
        return tintype::decode<velesdb::vamm_any<Upgrade>, memory_state>(bytes, options);
    };

template <velesdb::memory_kind Kind>
constexpr decoder decode_as = decode_with<velesdb::ttl_upgrade<Kind>>;

} // namespace

std::vector<const format*> velesdb_formats() {
    return {&vamm_1, &vamm_2, &vsnp};
}

outcome<snapshot> migrated_to_vamm_2(const std::string& path, std::string_view kind,
                                     const tintype::monitor& watch) {
    using enum velesdb::memory_kind;
    constexpr std::array<std::pair<std::string_view, decoder>, 4> decoders{{
        {"all", decode_with<velesdb::expire_everywhere>},
        {"semantic", decode_as<semantic>},
        {"episodic", decode_as<episodic>},
        {"procedural", decode_as<procedural>},
    }};
    const auto chosen = std::ranges::find(decoders, kind, &decltype(decoders)::value_type::first);
    if (chosen == decoders.end()) {
        return wrong_call(
            fmt::format("--ttl-kind is semantic, episodic, procedural or all, not `{}`", kind));
    }
    const auto file = open_input(path);
    if (!file) {
        return std::unexpected(file.error());
    }
    const format* from = recognised(file->bytes());
    if (from == nullptr) {
        return std::unexpected(unrecognised(path, file->bytes()));
    }
    if (from->family() != vamm_2.family()) {
        return wrong_call(
            fmt::format("there is no migration from {} to {}", from->name(), vamm_2.name()));
    }
    auto state = chosen->second(file->bytes(), {.watch = &watch});
    if (!state) {
        return failed(path, state.error());
    }
    return snapshot{.kind = &vamm_2, .body = std::make_unique<vamm_body<2>>(*std::move(state))};
}

} // namespace tool
