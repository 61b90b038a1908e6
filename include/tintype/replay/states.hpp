#pragma once

// What a checkpoint keeps of the state: a summary that only tells states apart, the whole state in
// any codec, or what changed since the checkpoint before. From the latter two a replay starts.

#include <tintype/codec/bincode.hpp>
#include <tintype/codec/columns.hpp>
#include <tintype/codec/concept.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/delta/cursor.hpp>
#include <tintype/delta/differ.hpp>
#include <tintype/delta/state.hpp>
#include <tintype/hash/blake3.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/replay/session.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

template <class Snapshot>
struct taken_state {
    Snapshot snapshot{};
    blake3_digest state_hash{};
};

// take(state, id): what the checkpoint `id` keeps. It may build on the checkpoint that was taken
//     before, unless forget() was called since. A member `next_sequence` of it is set afterwards.
// forget(): the checkpoint that was taken last does not count: it was not recorded, or another
//     session begins.
template <class P, class State>
concept checkpoint_policy =
    std::movable<P> && requires(P& policy, const State& state, std::uint64_t id) {
        typename P::snapshot_type;
        { policy.take(state, id) } -> std::same_as<result<taken_state<typename P::snapshot_type>>>;
        { policy.forget() } noexcept;
    };

template <class P, class State>
struct checkpoint_rules {
    static_assert(checkpoint_policy<P, State>,
                  "tintype: checkpoints need `using snapshot_type = ...`, "
                  "`result<taken_state<snapshot_type>> take(const State&, std::uint64_t id)` and "
                  "`void forget() noexcept`: write whole_states or changed_states");
    static constexpr bool kept = checkpoint_policy<P, State>;
};

// restore(checkpoints, index): the state of checkpoints[index], whose digest it has, or an error.
//     A snapshot has a member `next_sequence`, so that whoever starts there knows where to go on.
// digest(state): what take() would say; of equal states the same.
template <class P, class State>
concept restoring_policy =
    checkpoint_policy<P, State> && has_member<typename P::snapshot_type, "next_sequence"> &&
    requires(const P& policy, const State& state,
             std::span<const checkpoint<typename P::snapshot_type>> checkpoints, std::size_t index,
             const limits& most) {
        { policy.restore(checkpoints, index, most) } -> std::same_as<result<State>>;
        { policy.digest(state) } -> std::same_as<result<blake3_digest>>;
    };

// BLAKE3 of a summary in bincode of variable width: memvid's.
template <class Snapshot>
[[nodiscard]] result<blake3_digest> summary_digest(const Snapshot& snapshot) {
    const auto bytes = encode<bincode_variable>(snapshot);
    if (!bytes) {
        return pass(bytes);
    }
    return hash_of<blake3>(byte_view{*bytes});
}

// `Summarise{}(state)`, a described `Summarise::summary_type`, is what the checkpoint says of a
// state; no state comes back from it.
template <class Summarise>
struct summarised_states {
    using snapshot_type = typename Summarise::summary_type;

    Summarise summarise{};

    template <class State>
    [[nodiscard]] result<taken_state<snapshot_type>> take(const State& state, std::uint64_t) {
        taken_state<snapshot_type> taken{.snapshot = summarise(state)};
        const auto digest = summary_digest(taken.snapshot);
        if (!digest) {
            return pass(digest);
        }
        taken.state_hash = *digest;
        return taken;
    }

    void forget() noexcept {}

    template <class State>
    requires std::invocable<const Summarise&, const State&>
    [[nodiscard]] result<blake3_digest> digest(const State& state) const {
        return summary_digest(summarise(state));
    }
};

// A state as a checkpoint keeps it: whole, or as what leads to it from the one of checkpoint
// `base`, which comes before.
struct kept_state {
    BOOST_HANA_DEFINE_STRUCT(kept_state,
                             (std::uint64_t, next_sequence), // of the first action behind it
                             (std::optional<std::uint64_t>, base), (blob, bytes));

    friend bool operator==(const kept_state&, const kept_state&) = default;
};

namespace detail {

[[nodiscard]] inline result<void> same_digest(const blake3_digest& stored,
                                              const blake3_digest& computed) {
    if (stored != computed) {
        return fail({.code = errc::checksum_mismatch,
                     .where = "state",
                     .found = load<std::endian::big, std::uint64_t>(stored.data()),
                     .wanted = load<std::endian::big, std::uint64_t>(computed.data())});
    }
    return {};
}

} // namespace detail

// Every checkpoint holds the whole state, in that codec; its digest is that of the bytes.
template <class State, class Codec>
requires codec_for<Codec, State>
struct whole_states {
    using snapshot_type = kept_state;

    Codec codec{};

    [[nodiscard]] result<taken_state<kept_state>> take(const State& state, std::uint64_t) {
        auto bytes = encode(state, codec);
        if (!bytes) {
            return pass(bytes);
        }
        const auto digest = hash_of<blake3>(byte_view{*bytes});
        return taken_state<kept_state>{
            .snapshot = {.next_sequence = 0, .base = std::nullopt, .bytes = *std::move(bytes)},
            .state_hash = digest};
    }

    void forget() noexcept {}

    [[nodiscard]] result<blake3_digest> digest(const State& state) const {
        const auto bytes = encode(state, codec);
        return bytes ? result<blake3_digest>{hash_of<blake3>(byte_view{*bytes})} : pass(bytes);
    }

    [[nodiscard]] result<State> restore(std::span<const checkpoint<kept_state>> checkpoints,
                                        std::size_t index, const limits& most) const {
        const auto& from = checkpoints[index];
        const byte_view bytes{from.snapshot.bytes};
        if (from.snapshot.base) {
            return fail({.code = errc::unsupported,
                         .where = "state",
                         .during = "a checkpoint of changes, read as a whole state"});
        }
        if (auto good = detail::same_digest(from.state_hash, hash_of<blake3>(bytes)); !good) {
            return pass(good);
        }
        return codec.template decode<State>(bytes, decode_options{.limits = most});
    }
};

// Of so many checkpoints one holds the whole state, and the others what changed since the one
// before, leaf by leaf (see delta/state.hpp). The digest is of the type, of all leaves and where
// they stand.
template <obeys<described_rules> State, std::uint64_t Keyframes = 16>
class changed_states {
    static_assert(Keyframes != 0, "tintype: one of 1 or more checkpoints holds the whole state");

public:
    using snapshot_type = kept_state;

    [[nodiscard]] result<taken_state<kept_state>> take(const State& state, std::uint64_t id) {
        const bool whole = !last_ || since_whole_ + 1 >= Keyframes;
        const std::size_t leaves = differ_.state().leaves().size();
        const auto base = std::exchange(last_, std::nullopt);
        if (auto done = whole ? differ_.start(state) : differ_.to(state); !done) {
            return pass(done);
        }
        content_.clear();
        differ_.state().write(content_);
        taken_state<kept_state> taken{.state_hash = hash_of_content(content_.bytes())};
        if (whole) {
            append(taken.snapshot.bytes, content_.bytes());
            since_whole_ = 0;
        } else {
            taken.snapshot.base = base;
            write_changes(leaves, taken.snapshot.bytes);
            ++since_whole_;
        }
        last_ = id;
        return taken;
    }

    void forget() noexcept { last_.reset(); }

    [[nodiscard]] result<blake3_digest> digest(const State& state) const {
        leaf_state<State> leaves;
        if (auto done = leaves.assign(state); !done) {
            return pass(done);
        }
        return digest_of(leaves);
    }

    [[nodiscard]] result<State> restore(std::span<const checkpoint<kept_state>> checkpoints,
                                        std::size_t index, const limits& most) const {
        std::vector<std::size_t> links{index};
        while (const auto base = checkpoints[links.back()].snapshot.base) {
            std::size_t at = links.back();
            while (at != 0 && checkpoints[at - 1].id != *base) {
                --at;
            }
            if (at == 0) {
                return fail({.code = errc::missing_parent,
                             .where = "checkpoint",
                             .found = *base,
                             .wanted = checkpoints[links.back()].id});
            }
            links.push_back(at - 1);
        }
        leaf_state<State> state;
        detail::raw_reader<State> steps;
        for (std::size_t i = links.size(); i-- != 0;) {
            reader in{checkpoints[links[i]].snapshot.bytes};
            auto done =
                i + 1 == links.size() ? steps.open(in, state, most) : step(steps, in, state, most);
            if (!done) {
                return pass(done);
            }
        }
        const auto computed = digest_of(state);
        if (!computed) {
            return pass(computed);
        }
        if (auto good = detail::same_digest(checkpoints[index].state_hash, *computed); !good) {
            return pass(good);
        }
        return std::move(state.value());
    }

private:
    // Whether the structure is another, and how; then how many leaves changed, and how.
    void write_changes(std::size_t leaves_before, blob& to) const {
        const auto& edit = differ_.edit();
        to.push_back(std::byte{edit.has_value()});
        if (edit) {
            edit->encode(leaves_before, to);
        }
        append_varint(to, differ_.count());
        append(to, differ_.changes());
    }

    [[nodiscard]] static result<void> step(detail::raw_reader<State>& steps, reader& in,
                                           leaf_state<State>& state, const limits& most) {
        const auto restructured = in.number<std::endian::little, std::uint8_t>("structure");
        if (!restructured) {
            return pass(restructured);
        }
        if (*restructured > 1) {
            return fail({.code = errc::invalid_value,
                         .where = "structure",
                         .offset = 0,
                         .found = *restructured,
                         .wanted = 1});
        }
        return steps.pass_by(in, *restructured == 1, state, most);
    }

    [[nodiscard]] static result<blake3_digest> digest_of(const leaf_state<State>& state) {
        detail::claimed_bytes content;
        state.write(content);
        return hash_of_content(content.bytes());
    }

    // And of what the leaves are of, so that those of another type are none of this.
    [[nodiscard]] static blake3_digest hash_of_content(byte_view content) noexcept {
        blake3 hash;
        hash.update(bytes_of(detail::schema_of_columns<State>()));
        hash.update(content);
        return hash.finish();
    }

    state_differ<State> differ_;
    std::optional<std::uint64_t> last_; // the checkpoint that the differ's state is of
    std::uint64_t since_whole_ = 0;     // checkpoints
    detail::claimed_bytes content_;
};

// The state that a checkpoint holds, verified.
template <class State, class Session, class States>
[[nodiscard]] result<State> state_at(const Session& session, std::uint64_t checkpoint_id,
                                     const States& states, const limits& most = {}) {
    const auto index = find_checkpoint(session, checkpoint_id);
    return index ? states.restore(std::span{session.checkpoints}, *index, most)
                 : result<State>{pass(index)};
}

} // namespace tintype::inline v0
