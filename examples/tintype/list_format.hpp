#pragma once

// What every format that is a section list of a described state has in common: recognising by magic
// and version, verifying, inspecting, decoding, the layout. All of it is asked of the list itself.

#include <tintype/codec/concept.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/hash/watched.hpp>

#include "format.hpp"
#include "survey.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <type_traits>
#include <utility>

namespace tool {

// `Body`: how a decoded state of this format is written again and taken apart.
template <class List, class State, class Body>
class list_format : public format {
public:
    [[nodiscard]] likeness recognise(tintype::byte_view bytes) const override {
        const auto magic = tintype::bytes_of(layouts[0].text);
        if (bytes.size() < magic.size() || !std::ranges::equal(bytes.first(magic.size()), magic)) {
            return likeness::none;
        }
        if constexpr (versioned_list) {
            return List::version_of(bytes) == List::version_layout().number ? likeness::exact
                                                                            : likeness::family;
        } else {
            return likeness::exact;
        }
    }

    [[nodiscard]] tintype::result<void>
    verify(tintype::byte_view bytes, const tintype::decode_options& options) const override {
        const auto found = List::parse(bytes, options);
        return found ? tintype::result<void>{} : tintype::pass(found);
    }

    [[nodiscard]] tintype::result<inspection>
    inspect(tintype::byte_view bytes, const tintype::decode_options& options) const override {
        const auto good = List::parse(bytes, options);
        if (!good && good.error().code == tintype::errc::cancelled) {
            return tintype::pass(good);
        }
        inspection seen;
        if (!good) {
            seen.damage = good.error();
        }
        auto& document = seen.document;
        document.emplace_back("format", family());
        if constexpr (versioned_list) {
            const auto version = List::version_of(bytes);
            document.emplace_back("version", version ? json::value{*version} : json::value{});
        }
        document.emplace_back("size", std::uint64_t{bytes.size()});

        const auto fields = survey<List>(bytes);
        for (const tintype::field_layout& layout : layouts) {
            if (layout.kind == tintype::field_kind::scalar ||
                layout.kind == tintype::field_kind::records) {
                const auto field = std::ranges::find(
                    fields, layout.name, [](const seen_field& each) { return each.layout.name; });
                document.emplace_back(std::string{layout.name}, field == fields.end()
                                                                    ? json::value{}
                                                                    : json::value{field->number});
            }
        }
        if constexpr (tintype::digest_size<hash> != 0) {
            auto checksum = digests(bytes, good, options.watch);
            if (!checksum) {
                return tintype::pass(checksum);
            }
            document.emplace_back("checksum", *std::move(checksum));
        }
        auto sections = section_table(fields, options.watch);
        if (!sections) {
            return tintype::pass(sections);
        }
        if (!sections->is_null()) {
            document.emplace_back("sections", *std::move(sections));
        }
        return seen;
    }

    [[nodiscard]] tintype::result<snapshot>
    decode(tintype::byte_view bytes, const tintype::decode_options& options) const override {
        auto state = List::template decode<State>(bytes, options);
        if (!state) {
            return tintype::pass(state);
        }
        return wrapped(*std::move(state));
    }

    [[nodiscard]] std::optional<list_layout> layout() const override {
        return list_layout{.endian = List::order == std::endian::little ? "little" : "big",
                           .min_size = List::min_size,
                           .fields = {layouts.begin(), layouts.end()}};
    }

protected:
    [[nodiscard]] snapshot wrapped(State state) const {
        return {.kind = this, .body = std::make_unique<Body>(std::move(state))};
    }

private:
    using hash = typename List::hash;
    static constexpr auto layouts = List::template layout_of<State>();
    static constexpr bool versioned_list =
        requires(tintype::byte_view bytes) { List::version_of(bytes); };

    // What is stored at the end and what it should be. Of bytes too short to hold one, or that were
    // refused before anybody computed it, only what is known.
    [[nodiscard]] static tintype::result<json::value>
    digests(tintype::byte_view bytes, const tintype::result<typename List::parsed>& good,
            const tintype::monitor* watch) {
        json::object checksum{{"algorithm", std::string_view{hash::name}}};
        json::value stored;
        json::value computed;
        if (bytes.size() >= List::min_size) {
            constexpr auto size = tintype::digest_size<hash>;
            typename hash::digest_type digest{};
            static_cast<void>(tintype::load_packed<List::order>(bytes.last(size).data(), digest));
            stored = tintype::to_hex(digest);
            computed = stored;
            if (!good) {
                const auto actual =
                    tintype::watched_hash<hash>(bytes.first(bytes.size() - size), watch);
                if (!actual) {
                    return tintype::pass(actual);
                }
                computed = tintype::to_hex(*actual);
            }
        }
        checksum.emplace_back("stored", std::move(stored));
        checksum.emplace_back("computed", std::move(computed));
        return json::value{std::move(checksum)};
    }

    // Null where the list has no sections.
    [[nodiscard]] static tintype::result<json::value>
    section_table(const std::vector<seen_field>& fields, const tintype::monitor* watch) {
        const auto is_section = [](const tintype::field_layout& each) {
            return each.kind == tintype::field_kind::section;
        };
        if (std::ranges::none_of(layouts, is_section)) {
            return json::value{};
        }
        json::array rows;
        for (const seen_field& each : fields) {
            if (!is_section(each.layout)) {
                continue;
            }
            const auto crc = tintype::watched_hash<tintype::crc32>(each.payload, watch);
            if (!crc) {
                return tintype::pass(crc);
            }
            rows.emplace_back(json::object{{"name", each.layout.name},
                                           {"offset", each.offset},
                                           {"size", std::uint64_t{each.payload.size()}},
                                           {"crc32", tintype::to_hex(*crc)}});
        }
        return json::value{std::move(rows)};
    }
};

// The body of a state that a section list keeps; `parts` is the format's own.
template <class List, class State>
class list_body : public snapshot_body {
public:
    explicit list_body(State state) : state_(std::move(state)) {}

    [[nodiscard]] std::uint64_t size() const override { return List::size(state_); }

    [[nodiscard]] tintype::result<void> encode(byte_output& out) const override {
        return List::encode(state_, out);
    }

    [[nodiscard]] const State& state() const noexcept { return state_; }

private:
    State state_;
};

} // namespace tool
