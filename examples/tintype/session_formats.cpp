// The library's own segment of ended sessions and journal of the one that is being recorded, as the
// tool handles them: of any actions as far as records go, of memvid's to the last member.

#include "session_formats.hpp"

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/formats/memvid.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/replay/journal.hpp>
#include <tintype/replay/segment.hpp>
#include <tintype/replay/segment_index.hpp>
#include <tintype/replay/segment_record.hpp>

#include "live_log.hpp"
#include "log_layout.hpp"
#include "session_source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tool {

namespace {

using tintype::byte_view;
using tintype::decode_options;
using tintype::errc;
using tintype::journal_opening;
using tintype::log_damage;
using tintype::log_record;
using tintype::result;
using tintype::segment_opening;
using tintype::memvid::replay_session;

// A schema that says nothing would fit any program's sessions.
static_assert(!tintype::detail::schema_of_columns<tintype::memvid::replay_action>().empty());
static_assert(!tintype::detail::schema_of_columns<tintype::memvid::state_snapshot>().empty());

[[nodiscard]] bool is_memvids(std::string_view schema) {
    return schema == tintype::detail::session_schema<replay_session>();
}

[[nodiscard]] json::array places_of(const std::vector<log_damage>& damage) {
    json::array places;
    for (const log_damage& each : damage) {
        places.emplace_back(json::object{{"offset", each.offset},
                                         {"size", each.size},
                                         {"code", tintype::name_of(each.why.code)},
                                         {"message", explained({}, each.why)}});
    }
    return places;
}

// What every log of sessions has besides them.
class log_sessions : public session_source {
public:
    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

    [[nodiscard]] bool knows_actions() const override { return is_memvids(schema()); }

    [[nodiscard]] virtual std::string_view schema() const = 0;
    [[nodiscard]] virtual std::optional<std::uint64_t> version() const = 0;

    // Bytes behind the last whole record.
    [[nodiscard]] std::uint64_t tail() const noexcept { return tail_; }

    // With a torn tail, which is one until somebody proves otherwise.
    [[nodiscard]] std::vector<log_damage> damage() const override {
        auto all = damage_;
        if (const auto good = check_tail(bytes_, tail_); !good) {
            all.push_back({.offset = bytes_.size() - tail_, .size = tail_, .why = good.error()});
        }
        return all;
    }

    // Every record that was not looked at yet; an error only where the work was stopped.
    [[nodiscard]] virtual result<void> look_at_all(const decode_options& options) = 0;

    virtual void add_facts(json::object& document) const = 0;

protected:
    explicit log_sessions(byte_view bytes) : bytes_(bytes) {}

    [[nodiscard]] byte_view whole() const noexcept {
        return bytes_.first(bytes_.size() - static_cast<std::size_t>(tail_));
    }

    byte_view bytes_;
    std::uint64_t tail_ = 0;
    std::vector<log_damage> damage_;
};

class segment_sessions : public log_sessions {
public:
    static constexpr std::string_view magic = tintype::segment_magic;

    explicit segment_sessions(byte_view bytes) : log_sessions(bytes) {
        if (const auto good = tintype::check_log_magic(bytes, magic); !good) {
            damage_.push_back({.size = size(), .why = good.error()});
            return;
        }
        const auto header = tintype::header_at(bytes, tintype::log_begin);
        const log_record first{.kind = static_cast<std::uint32_t>(tintype::segment_record::opening),
                               .offset = tintype::log_begin,
                               .size = header ? header->size : 0};
        auto opening = tintype::detail::decode_record<segment_opening>(bytes, first);
        if (opening && opening->version > segment_opening::newest) {
            opening = tintype::fail({.code = errc::unsupported_version,
                                     .where = "segment",
                                     .found = opening->version,
                                     .wanted = segment_opening::newest});
        }
        index_ = tintype::segment_index::of(bytes);
        tail_ = index_.tail();
        if (opening) {
            opening_ = *std::move(opening);
        } else {
            damage_.push_back({.offset = first.offset,
                               .size = tintype::record_extent(first.size),
                               .why = opening.error()});
        }
        for (const log_damage& each : index_.damage()) {
            note(each);
        }
        std::ranges::copy(index_.entries(), std::back_inserter(entries_));
    }

    [[nodiscard]] std::vector<std::optional<tintype::uuid>> ids() const override {
        std::vector<std::optional<tintype::uuid>> all;
        for (const tintype::segment_entry& each : entries_) {
            all.emplace_back(each.summary.session_id);
        }
        return all;
    }

    [[nodiscard]] result<tintype::session_summary> summary(std::size_t index) const override {
        return entries_[index].summary;
    }

    [[nodiscard]] result<replay_session> read(std::size_t index) const override {
        if (!knows_actions()) {
            return unknown_actions();
        }
        const tintype::segment_entry& entry = entries_[index];
        auto session =
            tintype::detail::read_session<replay_session>(bytes_, entry, tintype::limits{});
        if (session && tintype::summary_of(*session) != entry.summary) {
            return tintype::fail({.code = errc::invalid_value,
                                  .where = "summary is not of the session behind it",
                                  .offset = entry.offset});
        }
        return session;
    }

    [[nodiscard]] std::string_view schema() const override {
        return opening_ ? std::string_view{opening_->schema} : std::string_view{};
    }

    [[nodiscard]] std::optional<std::uint64_t> version() const override {
        return opening_ ? std::optional{std::uint64_t{opening_->version}} : std::nullopt;
    }

    [[nodiscard]] result<void> look_at_all(const decode_options& options) override {
        result<void> go_on;
        tintype::scan_log(whole(), tintype::log_begin, [&]<class What>(const What& what) {
            if (go_on && options.watch != nullptr) {
                go_on = options.watch->report({.done = what.offset, .total = size()});
            }
            if (!go_on) {
                return;
            }
            if constexpr (std::is_same_v<What, tintype::log_gap>) {
                note({.offset = what.offset,
                      .size = what.size,
                      .why = {.code = errc::checksum_mismatch,
                              .where = "record header",
                              .offset = what.offset}});
            } else if (const auto good = sound(what); !good) {
                note({.offset = what.offset,
                      .size = tintype::record_extent(what.size),
                      .why = good.error()});
            }
        });
        std::ranges::sort(damage_, {}, &log_damage::offset);
        return go_on;
    }

    void add_facts(json::object& document) const override {
        document.emplace_back("live_size", index_.live());
    }

private:
    // Once for each place.
    void note(const log_damage& what) {
        if (std::ranges::find(damage_, what.offset, &log_damage::offset) == damage_.end()) {
            damage_.push_back(what);
        }
    }

    [[nodiscard]] result<void> sound(const log_record& record) const {
        const auto decoded = [&]<class T>(std::type_identity<T>) {
            const auto content = tintype::detail::decode_record<T>(whole(), record);
            return content ? result<void>{} : tintype::pass(content);
        };
        switch (static_cast<tintype::segment_record>(record.kind)) {
        case tintype::segment_record::opening:
            return decoded(std::type_identity<segment_opening>{});
        case tintype::segment_record::session: {
            const auto payload = tintype::log_payload(whole(), record);
            if (!payload) {
                return tintype::pass(payload);
            }
            tintype::reader in{*payload, record.offset + tintype::record_header::bytes};
            const auto summary = tintype::detail::take_summary(in);
            return summary ? result<void>{} : tintype::pass(summary);
        }
        case tintype::segment_record::removal:
            return decoded(std::type_identity<tintype::uuid>{});
        case tintype::segment_record::page:
            return decoded(std::type_identity<tintype::segment_page>{});
        }
        return tintype::fail({.code = errc::invalid_value,
                              .where = "kind of record",
                              .offset = record.offset,
                              .found = record.kind,
                              .wanted = static_cast<std::uint32_t>(tintype::segment_record::page)});
    }

    std::optional<segment_opening> opening_;
    tintype::segment_index index_;
    std::vector<tintype::segment_entry> entries_;
};

class journal_sessions : public log_sessions {
public:
    static constexpr std::string_view magic = tintype::journal_magic;

    explicit journal_sessions(byte_view bytes) : log_sessions(bytes) {
        if (const auto good = tintype::check_log_magic(bytes, magic); !good) {
            damage_.push_back({.size = size(), .why = good.error()});
            return;
        }
        tail_ = tintype::find_tail(bytes).tail;
        tintype::scan_log(whole(), tintype::log_begin,
                          [&](const auto& what) { content_(what, whole()); });
        damage_ = content_.damage();
        auto opening = content_.opening();
        if (opening) {
            opening_ = *std::move(opening);
        } else if (damage_.empty()) {
            damage_.push_back({.offset = tintype::log_begin, .why = opening.error()});
        }
    }

    [[nodiscard]] std::vector<std::optional<tintype::uuid>> ids() const override {
        return opening_ ? std::vector{std::optional{opening_->session_id}}
                        : std::vector<std::optional<tintype::uuid>>{};
    }

    [[nodiscard]] result<tintype::session_summary> summary(std::size_t) const override {
        return content_.summary();
    }

    [[nodiscard]] result<replay_session> read(std::size_t) const override {
        if (!knows_actions()) {
            return unknown_actions();
        }
        const auto session = content_.session(whole());
        return session ? tintype::decode<tintype::bincode_fixed, replay_session>(*session)
                       : result<replay_session>{tintype::pass(session)};
    }

    [[nodiscard]] std::string_view schema() const override {
        return opening_ ? std::string_view{opening_->schema} : std::string_view{};
    }

    [[nodiscard]] std::optional<std::uint64_t> version() const override {
        return opening_ ? std::optional{std::uint64_t{opening_->version}} : std::nullopt;
    }

    [[nodiscard]] result<void> look_at_all(const decode_options&) override { return {}; }

    void add_facts(json::object& document) const override {
        if (!opening_) {
            return;
        }
        const auto& now = content_.progress();
        document.insert(
            document.end(),
            {{"next_sequence", now.next_sequence},
             {"next_checkpoint_id", now.next_checkpoint_id},
             {"actions_since_checkpoint", now.since_checkpoint},
             {"config",
              json::object{{"auto_checkpoint_interval", opening_->config.auto_checkpoint_interval},
                           {"max_actions_per_session", opening_->config.max_actions_per_session},
                           {"auto_record", opening_->config.auto_record}}}});
    }

private:
    tintype::journal_content content_;
    std::optional<journal_opening> opening_;
};

template <class Source>
class log_format : public format {
public:
    [[nodiscard]] std::string_view family() const override { return name(); }

    [[nodiscard]] likeness recognise(byte_view bytes) const override {
        const auto magic = tintype::bytes_of(Source::magic);
        const auto stem = magic.first(magic.size() - 1); // without the digit of its version
        if (bytes.size() < magic.size() || !std::ranges::equal(bytes.first(stem.size()), stem)) {
            return likeness::none;
        }
        return bytes[stem.size()] == magic.back() ? likeness::exact : likeness::family;
    }

    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        Source source{bytes};
        if (auto go_on = source.look_at_all(options); !go_on) {
            return go_on;
        }
        const auto seen = list_of(source, look::all, options);
        return seen.damage ? result<void>{tintype::fail(*seen.damage)} : result<void>{};
    }

    [[nodiscard]] result<void> verify_file(const input& file,
                                           const decode_options& options) const override {
        return verify(steady_input{file, tail_of}.bytes(), options);
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        Source source{bytes};
        if (auto go_on = source.look_at_all(options); !go_on) {
            return tintype::pass(go_on);
        }
        const auto seen = list_of(source, look::all, options);
        if (seen.damage && seen.damage->code == errc::cancelled) {
            return tintype::fail(*seen.damage);
        }
        inspection all{.document = {{"format", family()},
                                    {"version", source.version()},
                                    {"size", std::uint64_t{bytes.size()}}},
                       .damage = seen.damage};
        source.add_facts(all.document);
        all.document.emplace_back("tail_bytes", source.tail());
        all.document.emplace_back("schema", source.schema());
        add_sessions(all.document, seen);
        if (const auto damage = source.damage(); !damage.empty()) {
            all.document.emplace_back("damage", places_of(damage));
        }
        return all;
    }

    [[nodiscard]] result<inspection> inspect_file(const input& file,
                                                  const decode_options& options) const override {
        return inspect(steady_input{file, tail_of}.bytes(), options);
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes, const decode_options&) const override {
        if (auto good = tintype::check_log_magic(bytes, Source::magic); !good) {
            return tintype::pass(good);
        }
        return tintype::fail({.code = errc::unsupported,
                              .where = family(),
                              .during = "a log of sessions is no single snapshot; `sessions` and "
                                        "`session` show those in it"});
    }

    [[nodiscard]] std::unique_ptr<session_source> sessions(byte_view bytes) const override {
        return std::make_unique<Source>(bytes);
    }

    [[nodiscard]] std::optional<list_layout> layout() const override {
        return log_layout(Source::magic);
    }

private:
    [[nodiscard]] static std::uint64_t tail_of(byte_view bytes) {
        return tintype::check_log_magic(bytes, Source::magic) ? tintype::find_tail(bytes).tail : 0;
    }

    virtual void add_sessions(json::object& document, const listed_sessions& seen) const = 0;
};

class segment_format : public log_format<segment_sessions> {
public:
    [[nodiscard]] std::string_view name() const override { return "session-segment"; }

    [[nodiscard]] std::string_view about() const override { return "ended sessions, one a record"; }

private:
    void add_sessions(json::object& document, const listed_sessions& seen) const override {
        document.emplace_back("sessions", seen.in_json());
    }
};

class journal_format : public log_format<journal_sessions> {
public:
    [[nodiscard]] std::string_view name() const override { return "session-journal"; }

    [[nodiscard]] std::string_view about() const override {
        return "the session that is being recorded";
    }

private:
    void add_sessions(json::object& document, const listed_sessions& seen) const override {
        document.emplace_back("session", seen.rows.empty()
                                             ? json::value{}
                                             : json::value{tool::in_json(seen.rows.front())});
    }
};

const segment_format segment;
const journal_format journal;

} // namespace

std::vector<const format*> session_formats() {
    return {&segment, &journal};
}

} // namespace tool
