#pragma once

// The parts of one upload on their way, several at the same time, each hashed and sent on a thread
// of its own. Whoever hands over the next part waits until fewer than the most are on their way, so
// that no more memory than theirs is held. Buffers are used again.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/hash/concept.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/s3/retry.hpp>
#include <tintype/s3/workers.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// Used by one thread. `Client` is an s3_client.
template <class Client>
class s3_part_sender {
public:
    // The client outlives it.
    s3_part_sender(const Client& client, std::string key, std::string id)
        : client_(client), key_(std::move(key)), id_(std::move(id)),
          most_(std::max(client.options().parts_in_flight, 1U)) {}

    s3_part_sender(const s3_part_sender&) = delete;
    s3_part_sender& operator=(const s3_part_sender&) = delete;

    // What is on its way comes to its end first, unless it waits for its next try.
    ~s3_part_sender() {
        stopped_ = true;
        {
            const std::lock_guard hold{mutex_};
            closed_ = true;
        }
        changed_.notify_all();
        threads_.clear(); // joins
    }

    // The next part; an error is that of any part.
    [[nodiscard]] result<void> send(blob bytes, const s3_patience& patience) {
        std::unique_lock hold{mutex_};
        if (auto room = wait_until(hold, patience, [&] { return under_way_ < most_; }); !room) {
            return room;
        }
        const std::size_t index = tags_.size();
        tags_.emplace_back();
        digests_.emplace_back();
        waiting_.push_back({.index = index, .bytes = std::move(bytes)});
        ++under_way_;
        if (idle_ < waiting_.size() && threads_.size() < most_) {
            if (auto another = try_thread([this] { work(); })) {
                threads_.push_back(*std::move(another));
            }
        }
        if (threads_.empty()) {
            do_one(hold);
            return outcome();
        }
        hold.unlock();
        changed_.notify_all();
        return {};
    }

    // Waits for all parts.
    [[nodiscard]] result<void> finish(const s3_patience& patience) {
        std::unique_lock hold{mutex_};
        return wait_until(hold, patience, [&] { return under_way_ == 0; });
    }

    // Room that a part that was sent does not need any more, empty.
    [[nodiscard]] blob spare() {
        const std::lock_guard hold{mutex_};
        if (spares_.empty()) {
            return {};
        }
        blob room = std::move(spares_.back());
        spares_.pop_back();
        room.clear();
        return room;
    }

    // After finish().
    [[nodiscard]] std::span<const std::string> tags() const noexcept { return tags_; }

    [[nodiscard]] std::span<const sha256::digest_type> digests() const noexcept { return digests_; }

    [[nodiscard]] const std::string& id() const noexcept { return id_; }

private:
    struct part {
        std::size_t index = 0;
        blob bytes{};
    };

    [[nodiscard]] result<void> outcome() const {
        return failed_ ? result<void>{fail(*failed_)} : result<void>{};
    }

    // Often enough to hear of a stop soon.
    template <class Done>
    [[nodiscard]] result<void> wait_until(std::unique_lock<std::mutex>& hold,
                                          const s3_patience& patience, Done done) {
        constexpr std::chrono::milliseconds slice{50};
        while (!failed_ && !changed_.wait_for(hold, slice, [&] { return failed_ || done(); })) {
            hold.unlock();
            auto go_on = patience.go_on();
            hold.lock();
            if (!go_on) {
                return go_on;
            }
        }
        return outcome();
    }

    void work() {
        std::unique_lock hold{mutex_};
        for (;;) {
            ++idle_;
            changed_.wait(hold, [&] { return closed_ || !waiting_.empty(); });
            --idle_;
            if (closed_) {
                return;
            }
            do_one(hold);
        }
    }

    void do_one(std::unique_lock<std::mutex>& hold) {
        part next = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        if (!failed_) {
            hold.unlock();
            const auto digest = hash_of<sha256>(next.bytes);
            auto tag = client_.put_part(key_, id_, static_cast<unsigned>(next.index + 1),
                                        next.bytes, digest, s3_patience{stopped_});
            hold.lock();
            if (tag) {
                tags_[next.index] = *std::move(tag);
                digests_[next.index] = digest;
            } else if (!failed_) {
                failed_ = tag.error().what;
                stopped_ = true;
            }
        }
        spares_.push_back(std::move(next.bytes));
        --under_way_;
        changed_.notify_all();
    }

    const Client& client_;
    std::string key_;
    std::string id_;
    unsigned most_;
    std::atomic<bool> stopped_{false};
    std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::vector<part> waiting_;
    std::vector<std::string> tags_;
    std::vector<sha256::digest_type> digests_;
    std::vector<blob> spares_;
    std::optional<error> failed_; // the first
    unsigned under_way_ = 0;      // waiting or being sent
    std::size_t idle_ = 0;
    bool closed_ = false;
    std::vector<std::jthread> threads_; // last: gone before what they use
};

} // namespace tintype::inline v0
