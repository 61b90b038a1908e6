#pragma once

// A history as it lies in storage, whatever its snapshots are of: its opening, its index, what is
// damaged in it, and the bytes of its records.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/storage/concept.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Record after record of a log, as scan_log() shows them.
class history_scan {
public:
    void operator()(const log_record& record, byte_view object) {
        if (record.offset == log_begin) {
            const auto payload = log_payload(object, record);
            auto decoded =
                payload ? history_opening::decode(*payload, record.offset + record_header::bytes)
                        : result<history_opening>{pass(payload)};
            if (decoded) {
                opening_ = *std::move(decoded);
            } else {
                foreign_ = decoded.error().code == errc::unsupported_version;
                damage_.push_back(log_damage::at(record, decoded.error()));
            }
            return;
        }
        const auto payload =
            object.subspan(static_cast<std::size_t>(record.offset) + record_header::bytes,
                           static_cast<std::size_t>(record.size));
        if (auto done = index_.add(record, payload); !done) {
            damage_.push_back(log_damage::at(record, done.error()));
        }
    }

    void operator()(const log_gap& gap, byte_view) { damage_.push_back(log_damage::at(gap)); }

    [[nodiscard]] history_index& index() noexcept { return index_; }

    // The opening of a history that was just made.
    void take(byte_view payload) {
        if (auto decoded = history_opening::decode(payload, log_begin + record_header::bytes)) {
            opening_ = *std::move(decoded);
        }
    }

    // `checksum_mismatch` and the like if the opening is damaged.
    [[nodiscard]] result<history_opening> opening() const {
        if (opening_) {
            return *opening_;
        }
        return damage_.empty() ? fail({.code = errc::truncated, .where = "opening"})
                               : fail(damage_.front().why);
    }

    // In a history that has snapshots, a damaged opening is no more than the loss of what it says:
    // then `known` stands for it.
    [[nodiscard]] result<history_opening> opening_or(history_opening known) const {
        return opening_ || foreign_ || index_.next() == 0
                   ? opening()
                   : result<history_opening>{std::move(known)};
    }

    [[nodiscard]] std::vector<log_damage>& damage() noexcept { return damage_; }

private:
    std::optional<history_opening> opening_;
    bool foreign_ = false; // it is of a version that is not known
    history_index index_;
    std::vector<log_damage> damage_;
};

template <storage_policy S>
class history_source {
public:
    history_source(const S& storage, std::string name, access how)
        : storage_(storage), name_(std::move(name)), how_(how),
          shared_(std::make_unique<shared>()) {}

    [[nodiscard]] const S& storage() const noexcept { return storage_; }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] const history_index& index() const noexcept { return index_; }

    [[nodiscard]] history_index& index() noexcept { return index_; }

    [[nodiscard]] const limits& most() const noexcept { return most_; }

    [[nodiscard]] bool verifies() const noexcept { return verifies_; }

    void set(const limits& most, bool verifies) noexcept {
        most_ = most;
        verifies_ = verifies;
    }

    // The records are others; nothing that was opened before is looked at again, but `object`, if
    // it is known that they lie in it.
    void reset(history_index index, std::shared_ptr<const object_of<S>> object = nullptr) {
        index_ = std::move(index);
        ++generation_;
        const std::lock_guard hold{shared_->mutex};
        shared_->object = std::move(object);
    }

    // Another number when what was learned of records' places holds no more.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return (generation_ << 32U) + index_.revision();
    }

    // The object, held by whoever reads many records of it.
    struct holding {
        std::shared_ptr<const object_of<S>> object{};
        std::uint64_t generation = 0;
    };

    // The payload of the record that the snapshot is in; its checksum is looked at once. It is good
    // until `held` goes or is used again.
    [[nodiscard]] result<byte_view> payload(const history_entry& entry, holding& held) const {
        const log_record& record = entry.record;
        const std::uint64_t end = record.offset + record_extent(record.size);
        if (!held.object || held.generation != generation() || held.object->bytes().size() < end) {
            auto object = opened(end);
            if (!object) {
                return pass(object);
            }
            held = {*std::move(object), generation()};
        }
        const byte_view all = held.object->bytes();
        std::atomic_ref<std::uint8_t> verified{entry.verified};
        if (verified.load(std::memory_order_acquire) != 0 && end <= all.size()) {
            return all.subspan(static_cast<std::size_t>(record.offset) + record_header::bytes,
                               static_cast<std::size_t>(record.size));
        }
        auto bytes = log_payload(all, record);
        if (bytes) {
            verified.store(1, std::memory_order_release);
        }
        return bytes;
    }

    // The same, its checksum looked at again: before the bytes are written anew.
    [[nodiscard]] result<byte_view> checked(const history_entry& entry, holding& held) const {
        std::atomic_ref<std::uint8_t>{entry.verified}.store(0, std::memory_order_release);
        return payload(entry, held);
    }

private:
    struct shared {
        std::mutex mutex{}; // guards `object`
        std::shared_ptr<const object_of<S>> object{};
    };

    // The object as it is, or as it was, so far as it has so many bytes.
    [[nodiscard]] result<std::shared_ptr<const object_of<S>>> opened(std::uint64_t size) const {
        const std::lock_guard hold{shared_->mutex};
        if (!shared_->object || shared_->object->bytes().size() < size) {
            auto object = storage_.open(name_, how_);
            if (!object) {
                return pass(object);
            }
            shared_->object = std::make_shared<const object_of<S>>(*std::move(object));
        }
        return shared_->object;
    }

    S storage_;
    std::string name_;
    access how_;
    history_index index_;
    std::uint64_t generation_ = 0;
    limits most_{};
    bool verifies_ = true;
    std::unique_ptr<shared> shared_;
};

} // namespace tintype::inline v0
