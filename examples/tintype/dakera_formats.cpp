// Dakera's data and metadata, as the tool handles them. Both are JSON, which has no magic: they are
// recognised by the names of their first members.

#include "dakera_formats.hpp"

#include <tintype/codec/json.hpp>
#include <tintype/formats/dakera.hpp>

#include "chains.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace tool {

namespace {

namespace dakera = tintype::dakera;
using dakera::snapshot_metadata;
using dakera::stored_data;
using tintype::byte_view;
using tintype::decode_options;
using tintype::result;

// The names of an object's members, and of those of its member "metadata", as far as the head of a
// text shows them.
struct member_head {
    std::vector<std::string_view> outer;
    std::vector<std::string_view> inner;
    bool cut = false; // the bytes end before the object does
};

[[nodiscard]] member_head head_of(byte_view bytes) {
    constexpr std::size_t enough = std::size_t{64} << 10U;
    const auto text = tintype::text_of(bytes.first(std::min(bytes.size(), enough)));
    member_head found;
    std::vector<char> open; // the brackets around here
    bool name_is_next = false;
    for (std::size_t i = 0; i != text.size(); ++i) {
        const char c = text[i];
        if (c == '{' || c == '[') {
            open.push_back(c);
            name_is_next = c == '{';
        } else if (c == '}' || c == ']') {
            open.resize(open.size() - (open.empty() ? 0 : 1));
            if (open.empty()) {
                return found;
            }
        } else if (c == ',') {
            name_is_next = !open.empty() && open.back() == '{';
        } else if (c == '"') {
            const auto start = ++i;
            while (i < text.size() && text[i] != '"') {
                i += text[i] == '\\' ? 2U : 1U;
            }
            if (i >= text.size()) {
                break;
            }
            if (std::exchange(name_is_next, false)) {
                const auto name = text.substr(start, i - start);
                if (open.size() == 1) {
                    found.outer.push_back(name);
                } else if (open.size() == 2 && found.outer.size() == 1 &&
                           found.outer.front() == "metadata") {
                    found.inner.push_back(name);
                }
            }
        } else if (open.empty() && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return found; // no object
        }
    }
    found.cut = text.size() == bytes.size();
    return found;
}

// Most of the members of a metadata, or nothing else where the bytes end early.
[[nodiscard]] likeness like_metadata(const std::vector<std::string_view>& names, bool cut) {
    constexpr auto known = tintype::member_names<snapshot_metadata>;
    const auto hits = std::ranges::count_if(names, [&](std::string_view name) {
        return std::ranges::find(known, name) != known.end();
    });
    if (hits >= 4) {
        return likeness::exact;
    }
    const bool begins = !names.empty() && names.front() == "id";
    return cut && begins && static_cast<std::size_t>(hits) == names.size() ? likeness::family
                                                                           : likeness::none;
}

// The original's two layouts. Anything else is written in the short one.
[[nodiscard]] bool is_pretty(byte_view bytes) {
    return bytes.size() > 1 && bytes[1] == std::byte{'\n'};
}

template <class State>
class json_body : public snapshot_body {
public:
    json_body(State state, bool pretty, std::uint64_t size)
        : state_(std::move(state)), pretty_(pretty), size_(size) {}

    // What it was read from: a good guess until it is written.
    [[nodiscard]] std::uint64_t size() const override { return size_; }

    [[nodiscard]] result<void> encode(byte_output& out) const override {
        return pretty_ ? tintype::json<tintype::serde_pretty_style>::encode(state_, out)
                       : tintype::json<tintype::serde_style>::encode(state_, out);
    }

private:
    State state_;
    bool pretty_;
    std::uint64_t size_;
};

template <class State>
[[nodiscard]] result<State> read(byte_view bytes, const decode_options& options) {
    return tintype::decode<tintype::json<tintype::serde_style>, State>(bytes, options);
}

// Whether it says what a snapshot's metadata can say.
[[nodiscard]] result<void> check_metadata(const snapshot_metadata& metadata) {
    const auto text = tintype::encode<tintype::json<tintype::serde_style>>(metadata);
    if (!text) {
        return tintype::pass(text);
    }
    const auto info = dakera::chain_json<>::decode_info(*text);
    return info ? tintype::plausible(*info, info->id) : tintype::pass(info);
}

[[nodiscard]] std::string_view type_name(dakera::kind_of_snapshot type) {
    return type == dakera::kind_of_snapshot::full ? "Full" : "Incremental";
}

[[nodiscard]] json::array names_of(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

// Document and damage of a state that may not have been readable at all.
template <class State>
[[nodiscard]] result<inspection> inspected(std::string_view family, byte_view bytes,
                                           const result<State>& state, auto check, auto add) {
    inspection seen;
    seen.document = {{"format", family}};
    if (state) {
        add(seen.document, *state);
        if (const auto good = check(*state); !good) {
            seen.damage = good.error();
        }
    } else if (state.error().code == tintype::errc::cancelled) {
        return tintype::pass(state);
    } else {
        seen.document.emplace_back("size", std::uint64_t{bytes.size()});
        seen.damage = state.error();
    }
    return seen;
}

class meta_format : public format {
public:
    [[nodiscard]] std::string_view name() const override { return "dakera-meta"; }

    [[nodiscard]] std::string_view family() const override { return "dakera-meta"; }

    [[nodiscard]] std::string_view about() const override {
        return "Dakera snapshot: what is known of it";
    }

    [[nodiscard]] likeness recognise(byte_view bytes) const override {
        const auto head = head_of(bytes);
        return like_metadata(head.outer, head.cut);
    }

    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        const auto metadata = read<snapshot_metadata>(bytes, options);
        return metadata ? check_metadata(*metadata) : tintype::pass(metadata);
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        return inspected(family(), bytes, read<snapshot_metadata>(bytes, options), check_metadata,
                         [](json::object& document, const snapshot_metadata& metadata) {
                             add(document, metadata);
                         });
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes,
                                          const decode_options& options) const override {
        auto metadata = read<snapshot_metadata>(bytes, options);
        if (!metadata) {
            return tintype::pass(metadata);
        }
        if (auto good = check_metadata(*metadata); !good) {
            return tintype::pass(good);
        }
        return snapshot{.kind = this,
                        .body = std::make_unique<json_body<snapshot_metadata>>(
                            *std::move(metadata), is_pretty(bytes), bytes.size())};
    }

private:
    static void add(json::object& document, const snapshot_metadata& metadata) {
        document.insert(document.end(), {{"id", metadata.id},
                                         {"created_at", metadata.created_at},
                                         {"description", metadata.description},
                                         {"namespaces", names_of(metadata.namespaces)},
                                         {"total_vectors", metadata.total_vectors},
                                         {"size_bytes", metadata.size_bytes},
                                         {"snapshot_type", type_name(metadata.snapshot_type)},
                                         {"parent_id", metadata.parent_id},
                                         {"version", metadata.version}});
        if (!metadata.tintype) {
            return;
        }
        const dakera::additions& more = *metadata.tintype;
        json::object added;
        const std::pair<std::string_view, const std::optional<std::string>*> texts[] = {
            {"hash", &more.hash},
            {"digest", &more.digest},
            {"state", &more.state},
            {"parent_state", &more.parent_state}};
        for (const auto& [name, text] : texts) {
            if (*text) {
                added.emplace_back(name, **text);
            }
        }
        if (more.dropped) {
            added.emplace_back("dropped", names_of(*more.dropped));
        }
        document.emplace_back("tintype", std::move(added));
    }
};

class snap_format : public format {
public:
    [[nodiscard]] std::string_view name() const override { return "dakera-snap"; }

    [[nodiscard]] std::string_view family() const override { return "dakera-snap"; }

    [[nodiscard]] std::string_view about() const override { return "Dakera snapshot: its vectors"; }

    [[nodiscard]] likeness recognise(byte_view bytes) const override {
        const auto head = head_of(bytes);
        return like_metadata(head.inner, head.cut);
    }

    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        const auto data = read<stored_data>(bytes, options);
        return data ? check(*data) : tintype::pass(data);
    }

    // With the metadata beside it: its size, its digest, and that it is of that snapshot.
    [[nodiscard]] result<void> verify_file(const input& file,
                                           const decode_options& options) const override {
        const auto found = manifest_beside(file.path(), chain_kind::dakera, options.watch);
        return found ? found->chain->check_data(found->info) : verify(file.bytes(), options);
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        return inspected(family(), bytes, read<stored_data>(bytes, options), check,
                         [&](json::object& document, const stored_data& data) {
                             add(document, data, bytes.size());
                         });
    }

    [[nodiscard]] result<inspection> inspect_file(const input& file,
                                                  const decode_options& options) const override {
        auto seen = inspect(file.bytes(), options);
        if (seen && !seen->damage) {
            if (const auto good = verify_file(file, options); !good) {
                seen->damage = good.error();
            }
        }
        return seen;
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes,
                                          const decode_options& options) const override {
        auto data = read<stored_data>(bytes, options);
        if (!data) {
            return tintype::pass(data);
        }
        if (auto good = check(*data); !good) {
            return tintype::pass(good);
        }
        return snapshot{.kind = this,
                        .body = std::make_unique<json_body<stored_data>>(
                            *std::move(data), is_pretty(bytes), bytes.size())};
    }

private:
    [[nodiscard]] static result<void> check(const stored_data& data) {
        auto good = check_metadata(data.metadata);
        if (good) {
            good = dakera::check(data);
        }
        for (const dakera::stored_namespace& each : data.namespaces) {
            if (good) {
                good = tintype::unique_keys<dakera::vector_entry>(each.vectors, each.name);
            }
        }
        return good;
    }

    static void add(json::object& document, const stored_data& data, std::uint64_t size) {
        const snapshot_metadata& metadata = data.metadata;
        document.insert(document.end(), {{"id", metadata.id},
                                         {"snapshot_type", type_name(metadata.snapshot_type)},
                                         {"parent_id", metadata.parent_id},
                                         {"created_at", metadata.created_at},
                                         {"description", metadata.description},
                                         {"total_vectors", metadata.total_vectors},
                                         {"version", metadata.version},
                                         {"size", size}});
        json::array rows;
        for (const dakera::stored_namespace& each : data.namespaces) {
            rows.emplace_back(json::object{{"namespace", each.name},
                                           {"vectors", std::uint64_t{each.vectors.size()}},
                                           {"dimension", each.dimension}});
        }
        document.emplace_back("namespaces", std::move(rows));
    }
};

const snap_format snap;
const meta_format meta;

} // namespace

std::vector<const format*> dakera_formats() {
    return {&snap, &meta};
}

} // namespace tool
