// memvid's segment of ended sessions and the file of the one that is being recorded, as the tool
// handles them. Neither has a checksum; what can be held against something is the digest of each
// checkpoint.

#include "memvid_formats.hpp"

#include <tintype/codec/bincode.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/formats/memvid.hpp>
#include <tintype/replay/states.hpp>

#include "list_format.hpp"
#include "session_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace tool {

namespace {

namespace memvid = tintype::memvid;

using memvid::replay_session;
using tintype::byte_view;
using tintype::decode_options;
using tintype::errc;
using tintype::result;

// A session's bytes begin with its id, so that finding one decodes no other.
[[nodiscard]] std::optional<tintype::uuid> id_in(byte_view session) {
    constexpr std::size_t size = 8 + sizeof(tintype::uuid::bytes);
    if (session.size() < size) {
        return std::nullopt;
    }
    const auto id = tintype::decode<tintype::bincode_fixed, tintype::uuid>(session.first<size>());
    return id ? std::optional{*id} : std::nullopt;
}

// The digest of each checkpoint's snapshot.
[[nodiscard]] result<void> digests_hold(const replay_session& session) {
    for (const auto& each : session.checkpoints) {
        const auto computed = tintype::summary_digest(each.snapshot);
        if (!computed) {
            return tintype::pass(computed);
        }
        auto good = tintype::detail::same_digest(each.state_hash, *computed);
        if (!good) {
            good.error().where = fmt::format("session {} checkpoint {} state_hash",
                                             to_text(session.session_id), each.id);
            return good;
        }
    }
    return {};
}

[[nodiscard]] result<void> digests_hold(const memvid::replay_segment& segment) {
    result<void> good;
    for (const replay_session& each : segment.sessions) {
        good = good ? digests_hold(each) : good;
    }
    return good;
}

[[nodiscard]] result<void> digests_hold(const memvid::active_session& active) {
    return digests_hold(active.session);
}

// Each session behind its length, as far as the lengths lead.
class segment_sessions : public session_source {
public:
    explicit segment_sessions(byte_view bytes) : size_(bytes.size()) {
        if (const auto good = memvid::segment::parse(bytes); !good) {
            damage_.push_back({.offset = 0, .size = size_, .why = good.error()});
        }
        const auto version = memvid::segment::version_of(bytes);
        if (bytes.size() < memvid::segment::min_size || !version || *version != 1) {
            return;
        }
        tintype::reader in{bytes.subspan(12), 12};
        const auto count = in.number<std::endian::little, std::uint32_t>("sessions").value_or(0);
        static_cast<void>(in.take(8, "total_size"));
        for (std::uint32_t i = 0; i != count; ++i) {
            const auto length = in.number<std::endian::little, std::uint64_t>("sessions");
            if (!length || *length > in.remaining()) {
                return;
            }
            const std::uint64_t offset = in.offset();
            const auto frame = in.take(static_cast<std::size_t>(*length), "sessions");
            if (!frame) {
                return;
            }
            places_.push_back({.bytes = *frame, .offset = offset});
        }
    }

    [[nodiscard]] std::vector<std::optional<tintype::uuid>> ids() const override {
        std::vector<std::optional<tintype::uuid>> all;
        std::ranges::transform(places_, std::back_inserter(all), id_in, &place::bytes);
        return all;
    }

    [[nodiscard]] result<tintype::session_summary> summary(std::size_t index) const override {
        const auto session = read(index);
        return session ? tintype::summary_of(*session)
                       : result<tintype::session_summary>{tintype::pass(session)};
    }

    [[nodiscard]] result<replay_session> read(std::size_t index) const override {
        const place& at = places_[index];
        auto session = tintype::decode<tintype::bincode_fixed, replay_session>(at.bytes);
        if (!session) {
            return tintype::detail::inside(session.error(), "sessions", at.offset);
        }
        return session;
    }

    [[nodiscard]] result<void> consistent(const replay_session& session) const override {
        return digests_hold(session);
    }

    [[nodiscard]] std::vector<tintype::log_damage> damage() const override { return damage_; }

    [[nodiscard]] std::uint64_t size() const override { return size_; }

private:
    struct place {
        byte_view bytes;
        std::uint64_t offset = 0;
    };

    std::uint64_t size_;
    std::vector<place> places_;
    std::vector<tintype::log_damage> damage_;
};

// The one that is being recorded.
class active_sessions : public session_source {
public:
    explicit active_sessions(byte_view bytes)
        : size_(bytes.size()), active_(memvid::active_file::decode<memvid::active_session>(bytes)) {
    }

    [[nodiscard]] std::vector<std::optional<tintype::uuid>> ids() const override {
        return active_ ? std::vector{std::optional{active_->session.session_id}}
                       : std::vector<std::optional<tintype::uuid>>{};
    }

    [[nodiscard]] result<tintype::session_summary> summary(std::size_t) const override {
        return tintype::summary_of(active_->session);
    }

    [[nodiscard]] result<replay_session> read(std::size_t) const override {
        return active_->session;
    }

    [[nodiscard]] result<void> consistent(const replay_session& session) const override {
        return digests_hold(session);
    }

    [[nodiscard]] std::vector<tintype::log_damage> damage() const override {
        return active_ ? std::vector<tintype::log_damage>{}
                       : std::vector{tintype::log_damage{.size = size_, .why = active_.error()}};
    }

    [[nodiscard]] std::uint64_t size() const override { return size_; }

    [[nodiscard]] const result<memvid::active_session>& active() const noexcept { return active_; }

private:
    std::uint64_t size_;
    result<memvid::active_session> active_;
};

// What both formats have in common. A snapshot whose digests do not hold is not written again.
template <class List, class State, class Source>
class memvid_format : public list_format<List, State, list_body<List, State>> {
    using base = list_format<List, State, list_body<List, State>>;

public:
    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        const auto seen = list_of(Source{bytes}, look::all, options);
        return seen.damage ? result<void>{tintype::fail(*seen.damage)} : result<void>{};
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        auto seen = base::inspect(bytes, options);
        if (!seen) {
            return seen;
        }
        const Source source{bytes};
        const auto listed = list_of(source, look::all, options);
        if (listed.damage && listed.damage->code == errc::cancelled) {
            return tintype::fail(*listed.damage);
        }
        add(seen->document, source, listed);
        if (!seen->damage) {
            seen->damage = listed.damage;
        }
        return seen;
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes,
                                          const decode_options& options) const override {
        auto state = List::template decode<State>(bytes, options);
        if (!state) {
            return tintype::pass(state);
        }
        if (const auto good = digests_hold(*state); !good) {
            return tintype::pass(good);
        }
        return this->wrapped(*std::move(state));
    }

    [[nodiscard]] std::unique_ptr<session_source> sessions(byte_view bytes) const override {
        return std::make_unique<Source>(bytes);
    }

private:
    virtual void add(json::object& document, const Source& source,
                     const listed_sessions& listed) const = 0;
};

class segment_format
    : public memvid_format<memvid::segment, memvid::replay_segment, segment_sessions> {
public:
    [[nodiscard]] std::string_view name() const override { return "memvid-segment"; }

    [[nodiscard]] std::string_view family() const override { return "memvid-segment"; }

    [[nodiscard]] std::string_view about() const override { return "memvid's ended sessions"; }

    [[nodiscard]] bool expects(std::string_view file) const override {
        return file.ends_with(".mv2replay");
    }

private:
    void add(json::object& document, const segment_sessions&,
             const listed_sessions& listed) const override {
        document.emplace_back("sessions", listed.in_json());
    }
};

class active_format
    : public memvid_format<memvid::active_file, memvid::active_session, active_sessions> {
public:
    [[nodiscard]] std::string_view name() const override { return "memvid-active"; }

    [[nodiscard]] std::string_view family() const override { return "memvid-active"; }

    [[nodiscard]] std::string_view about() const override {
        return "memvid's session that is being recorded";
    }

    [[nodiscard]] bool expects(std::string_view file) const override {
        return file.ends_with(".mv2active");
    }

private:
    void add(json::object& document, const active_sessions& source,
             const listed_sessions&) const override {
        const auto& active = source.active();
        if (!active) {
            return;
        }
        const tintype::session_config& config = active->config;
        document.insert(
            document.end(),
            {{"session", in_json(tintype::summary_of(active->session))},
             {"next_checkpoint_id", active->next_checkpoint_id},
             {"actions_since_checkpoint", active->actions_since_checkpoint},
             {"config", json::object{{"auto_checkpoint_interval", config.auto_checkpoint_interval},
                                     {"max_actions_per_session", config.max_actions_per_session},
                                     {"auto_record", config.auto_record}}}});
    }
};

const segment_format segment;
const active_format active;

} // namespace

std::vector<const format*> memvid_formats() {
    return {&segment, &active};
}

} // namespace tool
