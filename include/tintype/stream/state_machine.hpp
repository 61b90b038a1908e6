#pragma once

// A state that is replicated by a log of commands, as the adapters of consensus libraries see it:
// a *machine* applies commands, freezes its state for a snapshot that others write in their own
// time, and adopts a state that was restored. Which library it is, a machine need not know.

#include <tintype/codec/concept.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/crc32c.hpp>
#include <tintype/hash/none.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace tintype::inline v0 {

// Bytes on somebody's heap, and the function by which they go back to it.
class owned_bytes {
public:
    using release = void (*)(std::byte*);

    owned_bytes() noexcept : memory_(nullptr, [](std::byte*) {}) {}

    owned_bytes(std::byte* memory, std::size_t size, release back) noexcept
        : memory_(memory, back), size_(size) {}

    owned_bytes(owned_bytes&& other) noexcept
        : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)) {}

    owned_bytes& operator=(owned_bytes&& other) noexcept {
        memory_ = std::move(other.memory_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }

    [[nodiscard]] byte_view view() const noexcept { return {memory_.get(), size_}; }

private:
    std::unique_ptr<std::byte, release> memory_;
    std::size_t size_ = 0;
};

// A view of a snapshot, and the bytes that it points into: it holds as long as this does.
template <class View>
struct restored_view {
    owned_bytes bytes;
    View view;

    const View* operator->() const noexcept { return &view; }
};

namespace detail {

template <class R>
inline constexpr bool is_result = false;

template <class T>
inline constexpr bool is_result<result<T>> = true;

} // namespace detail

// `apply` makes a command's change, or none of it if it fails. An error stops the node from
// applying: a command that is only refused is an answer, the same one on every node.
template <class M>
concept applies_commands = requires(M& machine, byte_view command) {
    machine.apply(command);
    requires detail::is_result<decltype(machine.apply(command))>;
};

// `freeze` gives a cheap owner of the state, never null, such as `std::shared_ptr<const State>`.
// What it points at stays as it is until the owner goes, whatever is applied meanwhile.
template <class M>
concept freezes_state = requires(M& machine) {
    machine.freeze();
    requires detail::is_result<decltype(machine.freeze())>;
    **machine.freeze();
};

template <class M>
using answer_of = typename decltype(std::declval<M&>().apply(byte_view{}))::value_type;

template <freezes_state M>
using frozen_of = typename decltype(std::declval<M&>().freeze())::value_type;

template <freezes_state M>
using frozen_state_of = std::remove_cvref_t<decltype(*std::declval<const frozen_of<M>&>())>;

// `adopt` puts a restored state in the place of the machine's, or leaves that and says why.
template <class M>
concept adopts_state = freezes_state<M> && requires(M& machine, frozen_state_of<M>&& state) {
    { machine.adopt(std::move(state)) } -> std::same_as<result<void>>;
};

// The same out of views, where nothing was copied.
template <class M, class Codec>
concept adopts_view =
    freezes_state<M> && viewable_codec<Codec, frozen_state_of<M>> &&
    requires(M& machine, restored_view<view_of<Codec, frozen_state_of<M>>>&& restored) {
        { machine.adopt(std::move(restored)) } -> std::same_as<result<void>>;
    };

// What can be replicated. A machine that adopts both gets the view.
template <class M, class Codec>
concept replicated_by =
    applies_commands<M> && freezes_state<M> && codec_for<Codec, frozen_state_of<M>> &&
    (adopts_state<M> || adopts_view<M, Codec>);

// What guards a snapshot whose codec has no checksum of its own, as the libraries keep none either.
// `no_hash` in its place believes whatever comes.
template <class Codec>
using snapshot_check_for =
    std::conditional_t<std::same_as<own_hash_of<Codec>, no_hash>, crc32c, no_hash>;

} // namespace tintype::inline v0
