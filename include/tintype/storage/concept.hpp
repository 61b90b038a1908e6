#pragma once

// Where named objects are kept. An object appears whole under its name or not at all, is never
// changed afterwards, and is never taken for durable before it is. Every policy under these
// concepts keeps the contract that stands beside each function here.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype {

struct object_info {
    std::string name;
    std::uint64_t size = 0; // bytes
    timestamp modified{};   // when it was published
};

// How an object's bytes are lent. `map` costs no memory and no time in proportion to the object,
// but whoever truncates the file under it kills the reader; `copy` is for folders in which others
// may do that.
enum class access : std::uint8_t { map, copy };

// What is known before the bytes are: their number, to reserve it, and who watches.
struct stage_options {
    std::uint64_t size_hint = 0;
    const monitor* watch = nullptr;
};

// An object that has no name yet. Destroyed before it was published, it leaves nothing behind.
//
// write(bytes): appends. After an error only destruction is left, and after a publish() or
//     replace() of any outcome nothing can be written any more.
// publish(name): gives the object its name, never replacing another, and returns when it is
//     durable. `already_exists` leaves the object as it was, to be published under another name.
//     After any other error the object may or may not be there under that name: it is not removed,
//     for somebody may already build on it.
// replace(name): the same, but what had the name before is gone, at once and for everybody.
template <class W>
concept staged_object =
    std::move_constructible<W> && requires(W& staged, byte_view bytes, std::string_view name) {
        { staged.write(bytes) } -> std::same_as<result<void>>;
        { staged.publish(name) } -> std::same_as<result<void>>;
        { staged.replace(name) } -> std::same_as<result<void>>;
    };

// Owns what its bytes lie in; they stay as they are until it is destroyed, whatever happens to the
// name.
template <class O>
concept opened_object = std::move_constructible<O> && requires(const O& object) {
    { object.bytes() } -> std::same_as<byte_view>;
};

template <class S>
concept stages = requires(const S& storage, const stage_options& options) {
    requires staged_object<typename decltype(storage.stage(options))::value_type>;
};

template <class S>
concept opens = requires(const S& storage, std::string_view name, access how) {
    requires opened_object<typename decltype(storage.open(name, how))::value_type>;
};

template <class S>
concept lists = requires(const S& storage) {
    { storage.list() } -> std::same_as<result<std::vector<object_info>>>;
    { storage.names() } -> std::same_as<result<std::vector<std::string>>>;
};

template <class S>
concept removes = requires(const S& storage, std::string_view name) {
    { storage.remove(name) } -> std::same_as<result<bool>>;
    { storage.sync() } -> std::same_as<result<void>>;
};

// stage(options): a new object. Creates the place that objects are kept in, if need be.
// open(name, how): `not_found` where there is none of that name.
// list(), names(): what is published, in no order. A place that does not exist yet is empty.
// remove(name): whether there was one. A power cut may bring it back until sync() has returned.
// sync(): everything that is visible now is durable, and everything removed stays away.
// All may be called from many threads and processes at the same time. A name is `bad_name` unless
// good_name() says otherwise.
template <class S>
concept storage_policy = stages<S> && opens<S> && lists<S> && removes<S> && std::movable<S>;

// lock(): waits until it is alone; what it returns ends that when it is destroyed, as does the
// death of the process. Storage without it relies on publish() alone: nothing is ever replaced, but
// a writer that stood still while others wrote and pruned may be given a number used before.
template <class S>
concept lockable_storage = storage_policy<S> && requires(const S& storage) {
    { storage.lock().has_value() } -> std::convertible_to<bool>;
};

// sweep(grace): removes what crashed writers left behind, if nobody has touched it for that long,
// and says how much that was.
template <class S>
concept sweepable_storage =
    storage_policy<S> && requires(const S& storage, std::chrono::nanoseconds grace) {
        { storage.sweep(grace) } -> std::same_as<result<std::size_t>>;
    };

template <storage_policy S>
using staged_of = typename decltype(std::declval<const S&>().stage(stage_options{}))::value_type;

template <storage_policy S>
using object_of =
    typename decltype(std::declval<const S&>().open(std::string_view{}, access::map))::value_type;

inline constexpr std::size_t longest_name = 255;

// Names are letters, digits, '.', '_' and '-', do not begin with a dot, and fit any file system.
[[nodiscard]] constexpr result<void> good_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > longest_name) {
        return fail(
            {.code = errc::bad_name, .where = name, .found = name.size(), .wanted = longest_name});
    }
    for (const char c : name) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!good || name.front() == '.') {
            return fail({.code = errc::bad_name,
                         .where = name,
                         .found = static_cast<unsigned char>(good ? '.' : c)});
        }
    }
    return {};
}

} // namespace tintype
