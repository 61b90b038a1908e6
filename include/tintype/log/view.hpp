#pragma once

// A log as its readers see it, in this process or another, beside its writer: the records that were
// whole when it was opened or last refreshed. Whatever lies behind them is not there yet.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/log/marks.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/storage/concept.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0 {

// What a refresh found: the same, the same and more behind it, or another log under the name.
enum class log_change : std::uint8_t { none, grown, rewritten };

// A writer that opens the log cuts off what a crash tore, and one that runs out of space cuts off
// what it had begun: with access::map that can kill a reader who looks just then. With
// access::copy it cannot.
template <storage_policy S>
requires std::copyable<S>
class log_view {
public:
    // `magic` is eight characters; `invalid_magic` for another file. A log that has no whole record
    // is open()ed all the same: bytes() ends behind the magic.
    [[nodiscard]] static result<log_view> open(const S& storage, std::string name,
                                               std::string_view magic, access how = access::map) {
        log_view view{storage, std::move(name), std::string{magic}, how};
        auto object = view.reopened();
        if (!object) {
            return pass(object);
        }
        view.take(*std::move(object), log_begin);
        return view;
    }

    // From the magic to the end of the last whole record: what scan_log() and log_payload() take.
    // Lent until refresh() finds a change, or the view goes.
    [[nodiscard]] byte_view bytes() const noexcept {
        return object_->bytes().first(static_cast<std::size_t>(end_.whole));
    }

    // What they lie in, for whoever goes on looking at it after a refresh.
    [[nodiscard]] const std::shared_ptr<const object_of<S>>& object() const noexcept {
        return object_;
    }

    // Bytes behind that: being written, or torn.
    [[nodiscard]] std::uint64_t tail() const noexcept { return end_.tail; }

    // Looks again. A log that grew begins with the very bytes of bytes() before; it is known by the
    // headers of its first and its last record, so a rewritten log that is to be told apart has
    // something in its first record that is never the same twice. After an error the view is as it
    // was.
    [[nodiscard]] result<log_change> refresh() {
        auto object = reopened();
        if (!object) {
            return pass(object);
        }
        const bool same = marks_.hold_in(object->bytes());
        const auto before = end_.whole;
        if (same && object->bytes().size() == object_->bytes().size() && end_.tail == 0) {
            return log_change::none;
        }
        take(*std::move(object), same ? before : log_begin);
        if (!same) {
            return log_change::rewritten;
        }
        return end_.whole == before ? log_change::none : log_change::grown;
    }

private:
    log_view(const S& storage, std::string name, std::string magic, access how)
        : storage_(storage), name_(std::move(name)), magic_(std::move(magic)), how_(how) {}

    [[nodiscard]] result<object_of<S>> reopened() const {
        for (int again = 0;; ++again) {
            auto object = storage_.open(name_, how_);
            // A copy during which a writer cut off a tail.
            if (!object && object.error().code == errc::truncated && again != 3) {
                continue;
            }
            if (object) {
                if (auto good = check_log_magic(object->bytes(), magic_); !good) {
                    return pass(good);
                }
            }
            return object;
        }
    }

    // Nothing but what is behind `from` has to be looked at.
    void take(object_of<S> object, std::uint64_t from) {
        object_ = std::make_shared<const object_of<S>>(std::move(object));
        const auto bytes = object_->bytes();
        auto end = find_tail(bytes, from);
        if (end.last) {
            marks_ = marks_of(bytes, *end.last);
        } else if (from == log_begin) {
            marks_ = {};
            end = {.whole = log_begin, .tail = bytes.size() - log_begin};
        }
        end_ = end;
    }

    S storage_;
    std::string name_;
    std::string magic_;
    access how_;
    std::shared_ptr<const object_of<S>> object_;
    log_end end_{};
    log_marks marks_{};
};

} // namespace tintype::inline v0
