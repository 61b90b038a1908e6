#pragma once

// The state machine of a node of Canonical's libraft (0.15) out of the user's own: commands go to
// it, its state goes to libraft as a snapshot by any codec, from its own memory, and comes back
// verified. Every call comes on libraft's thread, but for snapshots that are made beside it.
// `vectored_sink` decides what is copied, and a placement what libraft gets of it.

#if !__has_include(<raft.h>)
#error "tintype: install libraft for raft.h (Debian: libraft-dev)"
#endif

#include <tintype/codec/concept.hpp>
#include <tintype/codec/encoder.hpp>
#include <tintype/codec/packed.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/watched.hpp>
#include <tintype/stream/snapshot_placement.hpp>
#include <tintype/stream/state_machine.hpp>
#include <tintype/stream/vectored_sink.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// The header does not say that it is C; what it includes itself stands above already.
extern "C" {
#include <raft.h>
}

namespace tintype::inline v0 {

// What libraft is told. RAFT_BUSY alone lets it try again later: a machine that cannot freeze its
// state just now says `in_use` or `timed_out`.
[[nodiscard]] constexpr int raft_code_of(errc code) noexcept {
    switch (code) {
    case errc::out_of_memory:
        return RAFT_NOMEM;
    case errc::no_space:
        return RAFT_NOSPACE;
    case errc::io:
        return RAFT_IOERR;
    case errc::permission_denied:
        return RAFT_UNAUTHORIZED;
    case errc::not_found:
        return RAFT_NOTFOUND;
    case errc::cancelled:
        return RAFT_CANCELED;
    case errc::in_use:
    case errc::timed_out:
        return RAFT_BUSY;
    case errc::limit_exceeded:
    case errc::length_overflow:
        return RAFT_TOOBIG;
    case errc::invalid_magic:
    case errc::unsupported_version:
        return RAFT_MALFORMED;
    case errc::truncated:
    case errc::checksum_mismatch:
    case errc::truncated_section:
    case errc::trailing_bytes:
    case errc::invalid_utf8:
    case errc::missing_field:
    case errc::duplicate:
    case errc::out_of_bounds:
    case errc::incomplete_stream:
        return RAFT_CORRUPT;
    case errc::invalid_value:
    case errc::already_exists:
    case errc::missing_parent:
    case errc::cyclic_chain:
    case errc::bad_name:
    case errc::unsupported:
        break;
    }
    return RAFT_INVALID;
}

struct raft_machine_options {
    // Shorter runs of the state's memory are copied.
    std::size_t threshold = vectored_sink::default_threshold;
    decode_options decode{}; // of snapshots, which come from other nodes
    // Snapshots are encoded, and placed, on another thread; see let_work_aside().
    bool aside = false;
};

// libraft asks for this before raft_init(), where machines encode aside. Its part on libuv does
// such work, but does not say so. False where this `io` does none.
[[nodiscard]] inline bool let_work_aside(raft_io& io) noexcept {
    if (io.async_work != nullptr && io.version < 2) {
        io.version = 2;
    }
    return io.async_work != nullptr;
}

enum class raft_step : std::uint8_t { apply, snapshot, restore };

[[nodiscard]] constexpr std::string_view name_of(raft_step step) noexcept {
    switch (step) {
    case raft_step::apply:
        return "apply";
    case raft_step::snapshot:
        return "snapshot";
    case raft_step::restore:
        break;
    }
    return "restore";
}

struct raft_failure {
    raft_step step;
    error what;
};

// Give `fsm()` to raft_init(). The machine must outlive this, and this the raft instance. A
// snapshot is the codec's bytes, and behind them the digest of `Check`; or what `Placement` puts in
// the place of both.
template <class Machine, class Codec, hash_policy Check = snapshot_check_for<Codec>,
          snapshot_placement Placement = inline_snapshots>
requires replicated_by<Machine, Codec>
class raft_machine {
public:
    using state_type = frozen_state_of<Machine>;
    using answer_type = answer_of<Machine>;

    explicit raft_machine(Machine& machine, const raft_machine_options& options = {},
                          Codec codec = {}) noexcept
    requires std::default_initializable<Placement>
        : raft_machine(machine, Placement{}, options, std::move(codec)) {}

    raft_machine(Machine& machine, Placement placement, const raft_machine_options& options = {},
                 Codec codec = {}) noexcept
        : machine_(&machine), options_(options), codec_(std::move(codec)),
          placement_(std::move(placement)) {
        if (options_.aside) {
            fsm_.version = 3;
            fsm_.snapshot_async = &on_snapshot_aside;
        }
    }

    raft_machine(raft_machine&&) = delete;

    [[nodiscard]] raft_fsm* fsm() noexcept { return &fsm_; }

    [[nodiscard]] const Placement& placement() const noexcept { return placement_; }

    // What libraft only had a number for, until the next one or clear_failure().
    [[nodiscard]] const std::optional<raft_failure>& last_failure() const noexcept {
        return failure_;
    }

    void clear_failure() noexcept { failure_.reset(); }

    // What `apply` answered, out of the result that a callback of raft_apply() is given. Good until
    // the callback returns; null where the command was not applied.
    [[nodiscard]] static const answer_type* answer(const void* result) noexcept
    requires(!std::is_void_v<answer_type>)
    {
        return static_cast<const answer_type*>(result);
    }

private:
    using frozen_type = frozen_of<Machine>;

    // What libraft may read until it finalizes. Aside, it alone is touched.
    struct snapshot_in_use {
        snapshot_in_use(frozen_type&& state, const Placement& placement, std::size_t threshold)
            : frozen(std::move(state)), bytes(placement, threshold) {}

        frozen_type frozen;
        typename Placement::sink bytes;
        std::vector<raft_buffer> buffers{};
        std::optional<error> failed{};
    };

    struct nothing {};

    using kept_answer =
        std::conditional_t<std::is_void_v<answer_type>, nothing, std::optional<answer_type>>;

    static raft_machine& self(const raft_fsm* fsm) noexcept {
        return *static_cast<raft_machine*>(fsm->data);
    }

    static int on_apply(raft_fsm* fsm, const raft_buffer* command, void** result) noexcept {
        *result = nullptr;
        return self(fsm).apply({static_cast<const std::byte*>(command->base), command->len},
                               *result);
    }

    static int on_snapshot(raft_fsm* fsm, raft_buffer** buffers, unsigned* count) noexcept {
        *buffers = nullptr;
        *count = 0;
        return self(fsm).snapshot(*buffers, *count);
    }

    static int on_snapshot_aside(raft_fsm* fsm, raft_buffer** buffers, unsigned* count) noexcept {
        return self(fsm).encode_in_use(*buffers, *count);
    }

    static int on_restore(raft_fsm* fsm, raft_buffer* buffer) noexcept {
        return self(fsm).restore(*buffer);
    }

    static int on_finalize(raft_fsm* fsm, raft_buffer** buffers, unsigned* count) noexcept {
        self(fsm).finalize();
        *buffers = nullptr;
        *count = 0;
        return 0;
    }

    int refuse(raft_step step, const error& what) noexcept {
        failure_ = {step, what};
        return raft_code_of(what.code);
    }

    // Only the node that was asked has a callback, so the answer stays here: nobody else would
    // free it.
    int apply(byte_view command, [[maybe_unused]] void*& result) {
        auto done = machine_->apply(command);
        if (!done) {
            return refuse(raft_step::apply, done.error());
        }
        if constexpr (!std::is_void_v<answer_type>) {
            result = &answer_.emplace(*std::move(done));
        }
        return 0;
    }

    int snapshot(raft_buffer*& buffers, unsigned& count) {
        if (in_use_) {
            return refuse(raft_step::snapshot, {.code = errc::in_use, .found = 1});
        }
        auto frozen = machine_->freeze();
        if (!frozen) {
            return refuse(raft_step::snapshot, frozen.error());
        }
        in_use_.emplace(*std::move(frozen), placement_, options_.threshold);
        if (options_.aside) {
            return 0; // libraft asks for the bytes on another thread, and finalizes in any case
        }
        const int code = encode_in_use(buffers, count);
        if (code != 0) {
            finalize();
        }
        return code;
    }

    int encode_in_use(raft_buffer*& buffers, unsigned& count) {
        const auto pieces = encoded();
        if (!pieces) {
            in_use_->failed = pieces.error();
            return raft_code_of(pieces.error().code);
        }
        for (const byte_view piece : *pieces) {
            // libraft's buffers have no const; it only reads these.
            in_use_->buffers.push_back(
                {.base = const_cast<std::byte*>(piece.data()), .len = piece.size()});
        }
        buffers = in_use_->buffers.data();
        count = static_cast<unsigned>(in_use_->buffers.size());
        return 0;
    }

    void finalize() noexcept {
        if (in_use_ && in_use_->failed) {
            failure_ = {raft_step::snapshot, *in_use_->failed};
        }
        in_use_.reset();
    }

    result<std::span<const byte_view>> encoded() {
        if (auto done = encode(*in_use_->frozen, in_use_->bytes); !done) {
            return pass(done);
        }
        return in_use_->bytes.finish();
    }

    result<void> encode(const state_type& state, typename Placement::sink& sink) const {
        if constexpr (digest_size<Check> == 0) {
            return codec_.encode(state, sink);
        } else {
            encoder<typename Placement::sink, Check> out{sink, 0};
            if (auto done = codec_.encode(state, out); !done) {
                return done;
            }
            std::array<std::byte, digest_size<Check>> tail{};
            store_packed<std::endian::little>(tail.data(), out.digest());
            return sink.write(tail);
        }
    }

    // libraft frees the buffer of a restore that failed, unless it is no longer there; that of one
    // that succeeded is the machine's.
    int restore(raft_buffer& buffer) {
        auto done = restored(buffer);
        return done ? 0 : refuse(raft_step::restore, done.error());
    }

    result<void> restored(raft_buffer& buffer) {
        const byte_view bytes{static_cast<const std::byte*>(buffer.base), buffer.len};
        auto elsewhere = placement_.fetched(bytes, options_.decode.watch);
        if (!elsewhere) {
            return pass(elsewhere);
        }
        if (*elsewhere) {
            auto done = adopt((*elsewhere)->view(), [&] { return std::move(**elsewhere); });
            if (done) {
                static_cast<void>(taken(buffer));
            }
            return done;
        }
        return adopt(bytes, [&] { return taken(buffer); });
    }

    // Out of libraft's hands: it finds nothing there to free.
    static owned_bytes taken(raft_buffer& buffer) noexcept {
        return {static_cast<std::byte*>(std::exchange(buffer.base, nullptr)),
                std::exchange(buffer.len, 0), [](std::byte* memory) { raft_free(memory); }};
    }

    // `take` gives the bytes up to whoever owns them from then on.
    template <class Take>
    result<void> adopt(byte_view bytes, const Take& take) {
        const auto body = checked(bytes, options_.decode);
        if (!body) {
            return pass(body);
        }
        if constexpr (adopts_view<Machine, Codec>) {
            using view_type = view_of<Codec, state_type>;
            auto view = codec_.template view<state_type>(*body, options_.decode);
            if (!view) {
                return pass(view);
            }
            return machine_->adopt(restored_view<view_type>{take(), *std::move(view)});
        } else {
            auto state = codec_.template decode<state_type>(*body, options_.decode);
            if (!state) {
                return pass(state);
            }
            // The bytes go before the machine, perhaps, makes something of the state.
            static_cast<void>(take());
            return machine_->adopt(*std::move(state));
        }
    }

    // The codec's part of a snapshot.
    static result<byte_view> checked(byte_view bytes, const decode_options& options) {
        constexpr std::size_t tail = digest_size<Check>;
        if constexpr (tail == 0) {
            return bytes;
        } else {
            if (bytes.size() < tail) {
                return fail({.code = errc::truncated, .found = bytes.size(), .wanted = tail});
            }
            const byte_view body = bytes.first(bytes.size() - tail);
            if (options.integrity == integrity::verify) {
                const auto computed = watched_hash<Check>(body, options.watch);
                if (!computed) {
                    return pass(computed);
                }
                typename Check::digest_type stored{};
                static_cast<void>(
                    load_packed<std::endian::little>(bytes.data() + body.size(), stored));
                if (stored != *computed) {
                    return fail({.code = errc::checksum_mismatch,
                                 .offset = body.size(),
                                 .found = leading_number(stored),
                                 .wanted = leading_number(*computed)});
                }
            }
            return body;
        }
    }

    Machine* machine_;
    raft_machine_options options_;
    [[no_unique_address]] Codec codec_;
    [[no_unique_address]] Placement placement_;
    [[no_unique_address]] kept_answer answer_{};
    std::optional<snapshot_in_use> in_use_;
    std::optional<raft_failure> failure_;
    raft_fsm fsm_{.version = 2,
                  .data = this,
                  .apply = &on_apply,
                  .snapshot = &on_snapshot,
                  .restore = &on_restore,
                  .snapshot_finalize = &on_finalize,
                  .snapshot_async = nullptr};
};

} // namespace tintype::inline v0
