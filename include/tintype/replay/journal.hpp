#pragma once

// The session that is being recorded, as it grows: a log of its opening, each action, each
// checkpoint and its end. What it takes to be an ended session lies in it already, piece by piece.

#include <tintype/codec/bincode.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/replay/recording.hpp>
#include <tintype/replay/segment_record.hpp>
#include <tintype/replay/session.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

inline constexpr std::string_view journal_magic = "TTJOURN1";

enum class journal_record : std::uint32_t {
    opening = 1,
    action = 2,
    checkpoint_action = 3, // an action that says that a checkpoint was taken, and counts as none
    checkpoint = 4,
    annotation = 5,
    end = 6,
};

struct journal_opening {
    BOOST_HANA_DEFINE_STRUCT(journal_opening, (std::uint32_t, version), (std::string, schema),
                             (uuid, session_id), (std::optional<std::string>, name),
                             (std::int64_t, created_secs), (session_metadata, metadata),
                             (session_config, config));

    static constexpr std::uint32_t newest = 1;
};

// A word about the session, from then on.
struct annotation {
    BOOST_HANA_DEFINE_STRUCT(annotation, (std::string, key), (std::string, value));
};

namespace detail {

// The members of a session before its checkpoints and behind its actions: in bincode, what is
// between them are counts and values.
struct session_head {
    BOOST_HANA_DEFINE_STRUCT(session_head, (uuid, session_id), (std::optional<std::string>, name),
                             (std::int64_t, created_secs),
                             (std::optional<std::int64_t>, ended_secs));
};

struct session_foot {
    BOOST_HANA_DEFINE_STRUCT(session_foot, (session_metadata, metadata), (std::uint32_t, version));
};

} // namespace detail

// What a journal says, record after record of its log, without a look into actions and checkpoints.
class journal_content {
public:
    // Verified as it is read; what is damaged is noted and left out.
    void operator()(const log_record& record, byte_view object) {
        if (auto done = take(record, object); !done) {
            damage_.push_back(log_damage::at(record, done.error()));
        }
    }

    void operator()(const log_gap& gap, byte_view) { damage_.push_back(log_damage::at(gap)); }

    // What was wrong with it where it could not be read.
    [[nodiscard]] result<journal_opening> opening() const {
        if (opening_) {
            return *opening_;
        }
        return damage_.empty() ? fail({.code = errc::truncated, .where = "opening"})
                               : fail(damage_.front().why);
    }

    [[nodiscard]] const recording_progress& progress() const noexcept { return progress_; }

    [[nodiscard]] const std::vector<log_damage>& damage() const noexcept { return damage_; }

    [[nodiscard]] std::optional<std::int64_t> ended_secs() const noexcept { return ended_; }

    // After opening() was believed.
    [[nodiscard]] session_summary summary() const {
        return {.session_id = opening_->session_id,
                .name = opening_->name,
                .created_secs = opening_->created_secs,
                .ended_secs = ended_,
                .action_count = actions_.size(),
                .checkpoint_count = checkpoints_.size()};
    }

    // The session in bincode of fixed width, put together from `object`, which was looked through.
    // Every piece is verified again.
    [[nodiscard]] result<blob> session(byte_view object) const {
        blob bytes;
        const auto add = [&]<class T>(const T& value) -> result<void> {
            const auto encoded = encode<bincode_fixed>(value);
            if (!encoded) {
                return pass(encoded);
            }
            append(bytes, *encoded);
            return {};
        };
        const auto all = [&](const std::vector<log_record>& records) -> result<void> {
            if (auto done = add(std::uint64_t{records.size()}); !done) {
                return done;
            }
            for (const log_record& each : records) {
                const auto payload = log_payload(object, each);
                if (!payload) {
                    return pass(payload);
                }
                append(bytes, *payload);
            }
            return {};
        };
        auto done = add(detail::session_head{.session_id = opening_->session_id,
                                             .name = opening_->name,
                                             .created_secs = opening_->created_secs,
                                             .ended_secs = ended_});
        if (done) {
            done = all(checkpoints_);
        }
        if (done) {
            done = all(actions_);
        }
        if (done) {
            done = add(
                detail::session_foot{.metadata = opening_->metadata, .version = session_version});
        }
        if (!done) {
            return pass(done);
        }
        return bytes;
    }

private:
    [[nodiscard]] result<void> take(const log_record& record, byte_view object) {
        const auto payload = log_payload(object, record);
        if (!payload) {
            return pass(payload);
        }
        switch (static_cast<journal_record>(record.kind)) {
        case journal_record::opening: {
            auto opening = detail::decode_record<journal_opening>(object, record);
            if (!opening) {
                return pass(opening);
            }
            if (opening->version > journal_opening::newest) {
                return fail({.code = errc::unsupported_version,
                             .where = "journal",
                             .found = opening->version,
                             .wanted = journal_opening::newest});
            }
            opening_ = *std::move(opening);
            return {};
        }
        case journal_record::action:
        case journal_record::checkpoint_action: {
            const auto sequence = first_number(*payload, "action");
            if (!sequence) {
                return pass(sequence);
            }
            progress_.acted(*sequence,
                            record.kind == static_cast<std::uint32_t>(journal_record::action));
            actions_.push_back(record);
            return {};
        }
        case journal_record::checkpoint: {
            const auto id = first_number(*payload, "checkpoint");
            if (!id) {
                return pass(id);
            }
            progress_.took_checkpoint(*id);
            checkpoints_.push_back(record);
            return {};
        }
        case journal_record::annotation: {
            auto word = detail::decode_record<annotation>(object, record);
            if (!word) {
                return pass(word);
            }
            if (opening_) {
                opening_->metadata.insert_or_assign(std::move(word->key), std::move(word->value));
            }
            return {};
        }
        case journal_record::end: {
            const auto secs = detail::decode_record<std::int64_t>(object, record);
            if (!secs) {
                return pass(secs);
            }
            ended_ = *secs;
            return {};
        }
        }
        // Of a newer version than this, which its opening said.
        return fail({.code = errc::unsupported, .where = "journal", .found = record.kind});
    }

    // The sequence of an action and the id of a checkpoint are their first members.
    [[nodiscard]] static result<std::uint64_t> first_number(byte_view payload,
                                                            std::string_view part) {
        return reader{payload}.number<std::endian::little, std::uint64_t>(part);
    }

    std::optional<journal_opening> opening_;
    recording_progress progress_;
    std::optional<std::int64_t> ended_;
    std::vector<log_record> actions_;
    std::vector<log_record> checkpoints_;
    std::vector<log_damage> damage_;
};

} // namespace tintype::inline v0
