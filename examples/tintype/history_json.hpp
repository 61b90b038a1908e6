#pragma once

// Profile snapshots as JSON and back:
//   {"timestamp_ns":N,"fingerprint":S,"metrics":{NAME:{"values":[V,..],"timestamps":[N,..]}},
//    "metadata":{KEY:VALUE}}
// A value is a number, or its bits as a text of 16 hexadecimal digits: the only way to say a NaN or
// an infinity. What the store sets (`index`, `checksum`, `tier`) is written, and passed over when
// it is read, so that what comes out goes in again.

#include <tintype/codec/json/input.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/formats/cbtop.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

enum class values_as { numbers, bits };

// The shortest digits that mean the very value, or its bits.
void append_value(std::string& to, double value, values_as how);

// On one line, without a line end.
void append_snapshot(std::string& to, const tintype::cbtop::profile_snapshot& snapshot,
                     tintype::tier kept_as, values_as how);

struct text_fault {
    tintype::text_position place;
    tintype::errc code{};
    std::string what;
};

// Snapshots that stand in a text one after another, with nothing or white space between them.
class snapshot_texts {
public:
    // The text must outlive it.
    explicit snapshot_texts(std::string_view text) : text_(text), in_(text, options_) {}

    snapshot_texts(const snapshot_texts&) = delete;
    snapshot_texts& operator=(const snapshot_texts&) = delete;

    // Nothing behind the last one. After a fault there is nothing more to be had.
    [[nodiscard]] std::expected<std::optional<tintype::cbtop::profile_snapshot>, text_fault> next();

private:
    [[nodiscard]] text_fault fault() const;

    std::string_view text_;
    tintype::decode_options options_{};
    tintype::detail::json_input in_;
    std::string said_; // what is wrong, where the code and the byte do not say it well
};

} // namespace tool
