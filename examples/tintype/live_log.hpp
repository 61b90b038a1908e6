#pragma once

// Logs that somebody may be writing while the tool looks at them: bytes behind the last whole
// record may be a record that is not finished yet, so a second look decides what to say of them.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>

#include "files.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace tool {

// The file's bytes, or what they have become a moment later. `tail_of(bytes)` is how many lie
// behind the last whole record.
class steady_input {
public:
    template <class TailOf>
    steady_input(const input& file, TailOf tail_of) : file_(&file) {
        constexpr int looks = 5;
        for (int i = 0; i != looks && tail_of(file_->bytes()) != 0; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            auto again = open_input(file.path());
            if (!again) {
                return;
            }
            later_ = std::make_unique<input>(*std::move(again));
            file_ = later_.get();
        }
    }

    [[nodiscard]] tintype::byte_view bytes() const noexcept { return file_->bytes(); }

private:
    const input* file_;
    std::unique_ptr<input> later_;
};

// What lies behind the last whole record, by what is wrong with it: nobody can tell a record that
// was torn from one that was damaged later.
[[nodiscard]] inline tintype::result<void> check_tail(tintype::byte_view bytes,
                                                      std::uint64_t tail) {
    if (tail == 0) {
        return {};
    }
    tintype::log_record torn{.offset = bytes.size() - tail};
    if (const auto header = tintype::header_at(bytes, torn.offset)) {
        torn.kind = header->kind;
        torn.size = header->size;
    }
    const auto payload = tintype::log_payload(bytes, torn);
    tintype::error what = payload ? tintype::error{.code = tintype::errc::trailing_bytes,
                                                   .offset = torn.offset,
                                                   .found = tail}
                                  : payload.error();
    what.where = "tail";
    what.during = "torn or damaged; the next writer cuts it off";
    return tintype::fail(what);
}

} // namespace tool
