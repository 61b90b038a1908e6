#pragma once

// Where the end of an object that grows is kept until it is sealed into a segment: only in memory,
// where each sync seals it, or in a local storage that can be appended to, where it is durable on
// this machine before it is sealed.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/segment.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

// A tail that was found again: who wrote it, and the object's bytes from `begin` on.
struct found_tail {
    std::string writer;
    std::uint64_t begin = 0;
    blob bytes{};
};

// write(), truncate(size of the tail) and sync() as of an appended object. restart(begin, bytes):
// in the place of what it held, at once and durably.
template <class K>
concept kept_tail = std::movable<K> && requires(K& kept, std::span<const byte_view> pieces,
                                                std::uint64_t number, byte_view bytes) {
    { kept.write(pieces) } -> std::same_as<result<void>>;
    { kept.truncate(number) } -> std::same_as<result<void>>;
    { kept.sync() } -> std::same_as<result<void>>;
    { kept.restart(number, bytes) } -> std::same_as<result<void>>;
};

// keeps: whether a tail outlives the process, and sync() of the object is done when its tail's is.
// due(size): whether a sync() seals a tail of so many bytes.
// find(generation): the tail of that head's object, if there is one.
// keep(generation, writer): of a tail that was found goes on with it; of another, nothing is there
//     before the first write() or restart(), and it begins where the last restart() said.
// forget(generation): its object is gone.
template <class T>
concept tail_policy =
    std::copyable<T> && requires(const T& tail, std::string_view text, std::uint64_t size) {
        { T::keeps } -> std::convertible_to<bool>;
        { tail.due(size) } -> std::same_as<bool>;
        { tail.find(text) } -> std::same_as<result<std::optional<found_tail>>>;
        requires kept_tail<typename decltype(tail.keep(text, text))::value_type>;
        { tail.forget(text) } -> std::same_as<result<void>>;
    };

// Each sync() is one segment, durable in the storage itself when it returns. What was not synced is
// in memory: seen through copies of the same storage, by nobody else, and gone with the process.
struct seal_each_sync {
    static constexpr bool keeps = false;

    struct kept {
        [[nodiscard]] result<void> write(std::span<const byte_view>) { return {}; }

        [[nodiscard]] result<void> truncate(std::uint64_t) { return {}; }

        [[nodiscard]] result<void> sync() { return {}; }

        [[nodiscard]] result<void> restart(std::uint64_t, byte_view) { return {}; }
    };

    [[nodiscard]] bool due(std::uint64_t size) const noexcept { return size != 0; }

    [[nodiscard]] result<std::optional<found_tail>> find(std::string_view) const {
        return std::optional<found_tail>{};
    }

    [[nodiscard]] result<kept> keep(std::string_view, std::string_view) const { return kept{}; }

    [[nodiscard]] result<void> forget(std::string_view) const { return {}; }
};

// Each sync() is one of the local storage, durable on this machine when it returns; once so many
// bytes wait they are sealed, and so they are on demand. Other machines see what is sealed and no
// more. Where the machine is lost, so is its tail. A tail whose object another machine went on with
// is never dropped: it stays in the local storage, and the object is refused there with an error.
template <appendable_storage Local = directory>
class seal_from {
    using mark = detail::segment_mark;

public:
    static constexpr bool keeps = true;

    // The local storage is for the tails of one machine; many object stores may share it.
    explicit seal_from(Local local, std::uint64_t bytes = std::uint64_t{1} << 20U)
        : local_(std::move(local)), bytes_(std::max<std::uint64_t>(bytes, 1)) {}

    class kept {
    public:
        kept(const Local& local, std::string_view generation, std::string_view writer)
            : local_(local), generation_(generation), writer_(writer) {}

        [[nodiscard]] result<void> resume() {
            auto object = local_.append(name_of(generation_));
            if (!object) {
                return pass(object);
            }
            object_.emplace(*std::move(object));
            return {};
        }

        [[nodiscard]] result<void> write(std::span<const byte_view> pieces) {
            if (!object_) {
                started_ = true;
                if (auto done = restart(begin_, {}); !done) {
                    return done;
                }
            }
            return object_->write(pieces);
        }

        [[nodiscard]] result<void> truncate(std::uint64_t size) {
            return object_ ? object_->truncate(mark::bytes + size) : result<void>{};
        }

        [[nodiscard]] result<void> sync() { return object_ ? object_->sync() : result<void>{}; }

        [[nodiscard]] result<void> restart(std::uint64_t begin, byte_view bytes) {
            begin_ = begin;
            if (!object_ && bytes.empty() && !started_) {
                started_ = true; // no file before there is something to write
                return {};
            }
            auto staged = local_.stage({.size_hint = mark::bytes + bytes.size()});
            if (!staged) {
                return pass(staged);
            }
            const auto head =
                mark{.writer = writer_, .begin = begin}.encode(mark::tail, generation_);
            if (auto done = staged->write(head); !done) {
                return done;
            }
            if (auto done = staged->write(bytes); !done) {
                return done;
            }
            if (auto done = staged->replace(name_of(generation_)); !done) {
                return done;
            }
            return resume();
        }

    private:
        Local local_;
        std::string generation_;
        std::string writer_;
        std::uint64_t begin_ = 0;
        bool started_ = false;
        std::optional<appended_of<Local>> object_{};
    };

    [[nodiscard]] bool due(std::uint64_t size) const noexcept { return size >= bytes_; }

    [[nodiscard]] result<std::optional<found_tail>> find(std::string_view generation) const {
        const auto name = name_of(generation);
        const auto object = local_.open(name, access::copy);
        if (!object) {
            return object.error().code == errc::not_found
                       ? result<std::optional<found_tail>>{std::nullopt}
                       : pass(object);
        }
        const byte_view all = object->bytes();
        auto head = mark::decode(all, mark::tail, name, generation);
        if (!head) {
            return pass(head);
        }
        const byte_view rest = all.subspan(mark::bytes);
        return std::optional{found_tail{.writer = std::move(head->writer),
                                        .begin = head->begin,
                                        .bytes = blob(rest.begin(), rest.end())}};
    }

    [[nodiscard]] result<kept> keep(std::string_view generation, std::string_view writer) const {
        kept made{local_, generation, writer};
        auto done = made.resume();
        if (!done && done.error().code != errc::not_found) {
            return pass(done);
        }
        return made;
    }

    [[nodiscard]] result<void> forget(std::string_view generation) const {
        const auto gone = local_.remove(name_of(generation));
        return gone ? result<void>{} : pass(gone);
    }

private:
    [[nodiscard]] static std::string name_of(std::string_view generation) {
        return std::string{"tail-"} += generation;
    }

    Local local_;
    std::uint64_t bytes_;
};

static_assert(tail_policy<seal_each_sync> && tail_policy<seal_from<>>);

} // namespace tintype::inline v0
