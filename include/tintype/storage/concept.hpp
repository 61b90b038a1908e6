#pragma once

// Where named objects are kept. An object appears whole under its name or not at all, is never
// changed afterwards unless somebody asks to append to it, and is never taken for durable before it
// is. Every policy under these concepts keeps the contract that stands beside each function here.

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/core/rules.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

struct object_info {
    std::string name;
    std::uint64_t size = 0; // bytes
    timestamp modified{};   // when it was published, or last appended to
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
// name. Of an object that is appended to they are what was there when it was opened.
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

namespace detail {

template <class S>
concept lists_objects = requires(const S& storage) {
    { storage.list() } -> std::same_as<result<std::vector<object_info>>>;
};

template <class S>
concept lists_names = requires(const S& storage) {
    { storage.names() } -> std::same_as<result<std::vector<std::string>>>;
};

template <class S>
concept removes_objects = requires(const S& storage, std::string_view name) {
    { storage.remove(name) } -> std::same_as<result<bool>>;
};

template <class S>
concept syncs = requires(const S& storage) {
    { storage.sync() } -> std::same_as<result<void>>;
};

} // namespace detail

template <class S>
concept lists = detail::lists_objects<S> && detail::lists_names<S>;

template <class S>
concept removes = detail::removes_objects<S> && detail::syncs<S>;

// stage(options): a new object. Creates the place that objects are kept in, if need be.
// open(name, how): `not_found` where there is none of that name.
// list(), names(): what is published, in no order. A place that does not exist yet is empty.
// remove(name): whether there was one. A power cut may bring it back until sync() has returned.
// sync(): everything that is visible now is durable, and everything removed stays away.
// All may be called from many threads and processes at the same time. A name is `bad_name` unless
// good_name() says otherwise.
template <class S>
concept storage_policy = stages<S> && opens<S> && lists<S> && removes<S> && std::movable<S>;

template <class S>
struct storage_rules {
    static_assert(stages<S>, "tintype: a storage needs `result<T> stage(const stage_options&) "
                             "const` for a movable T with `result<void> write(byte_view)`, "
                             "`result<void> publish(std::string_view name)` and `result<void> "
                             "replace(std::string_view name)`");
    static_assert(opens<S>, "tintype: a storage needs `result<T> open(std::string_view name, "
                            "access how) const` for a movable T with `byte_view bytes() const`");
    static_assert(detail::lists_objects<S>,
                  "tintype: a storage needs `result<std::vector<object_info>> list() const`");
    static_assert(detail::lists_names<S>,
                  "tintype: a storage needs `result<std::vector<std::string>> names() const`");
    static_assert(detail::removes_objects<S>,
                  "tintype: a storage needs `result<bool> remove(std::string_view name) const`, "
                  "which says whether there was one");
    static_assert(detail::syncs<S>, "tintype: a storage needs `result<void> sync() const`");
    static_assert(std::movable<S>, "tintype: a storage needs a move constructor and a move "
                                   "assignment");
    static constexpr bool kept = storage_policy<S>;
};

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

// An object that has a name already and grows at its end. One handle, on one thread at a time.
//
// size(): bytes, as this handle knows of them: those when it was opened and what it did since.
// write(bytes), write(pieces): appends, the pieces in order, all of it or nothing: after an error
//     the object is as long as before, durably, so that a full disk costs nothing and the next
//     write may succeed. Visible to whoever opens the object from now on, not durable. A reader who
//     opens it meanwhile may see a part of what is being written.
// sync(): what was written is durable.
// truncate(size): cuts off what lies behind. Not durable before a sync(). Only for bytes that no
//     reader uses: under a mapped file they are gone for readers, too, who die of it.
// After a sync() that failed, or a write that could not be undone, nobody knows what is kept: the
// handle refuses everything with that error.
template <class O>
concept appended_object =
    std::move_constructible<O> && requires(O& object, const O& same, byte_view bytes,
                                           std::span<const byte_view> pieces, std::uint64_t size) {
        { same.size() } -> std::same_as<std::uint64_t>;
        { object.write(bytes) } -> std::same_as<result<void>>;
        { object.write(pieces) } -> std::same_as<result<void>>;
        { object.sync() } -> std::same_as<result<void>>;
        { object.truncate(size) } -> std::same_as<result<void>>;
    };

// append(name): an object that was published before, to be written at its end; `not_found` where
//     there is none. When another is put under the name, or the name goes, the handle goes on
//     writing to the old object, where nobody looks.
// claim(name): makes the caller the one owner of the name, whether there is an object under it or
//     not, until what is returned is destroyed or the process ends; `in_use` at once if anybody
//     else is, in this process or another. It keeps out nobody who does not ask. Names longer than
//     `longest_claimed_name` are `bad_name` here.
// Copies of the storage keep the same objects.
template <class S>
concept appendable_storage =
    storage_policy<S> && std::copyable<S> && requires(const S& storage, std::string_view name) {
        requires appended_object<typename decltype(storage.append(name))::value_type>;
        requires std::move_constructible<typename decltype(storage.claim(name))::value_type>;
    };

template <class S>
struct appendable_storage_rules {
    static_assert(storage_rules<S>::kept);
    static_assert(appendable_storage<S>,
                  "tintype: what grows needs a copyable storage with `result<T> "
                  "append(std::string_view name) const`, where T is an appended_object, and "
                  "`result<U> claim(std::string_view name) const`: take directory, "
                  "memory_storage, or segmented<> around yours");
    static constexpr bool kept = appendable_storage<S>;
};

template <storage_policy S>
using staged_of = typename decltype(std::declval<const S&>().stage(stage_options{}))::value_type;

template <storage_policy S>
using object_of =
    typename decltype(std::declval<const S&>().open(std::string_view{}, access::map))::value_type;

template <appendable_storage S>
using appended_of =
    typename decltype(std::declval<const S&>().append(std::string_view{}))::value_type;

template <appendable_storage S>
using claim_of = typename decltype(std::declval<const S&>().claim(std::string_view{}))::value_type;

inline constexpr std::size_t longest_name = 255;

// A file that stands for the claim has a few characters more in its name.
inline constexpr std::size_t longest_claimed_name = longest_name - 6;

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

// The same of a name that is to be claimed.
[[nodiscard]] constexpr result<void> good_name_to_claim(std::string_view name) noexcept {
    if (name.size() > longest_claimed_name) {
        return fail({.code = errc::bad_name,
                     .where = name,
                     .found = name.size(),
                     .wanted = longest_claimed_name});
    }
    return good_name(name);
}

} // namespace tintype::inline v0
