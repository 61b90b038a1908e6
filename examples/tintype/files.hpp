#pragma once

// Files by the paths that people type. The library's directory keeps objects of plain names and
// follows no links; a person's path may hold spaces, lead through a link or end in a device, so
// this finds out what it leads to and then leaves the work to the library's filesystem policy.

#include <tintype/core/bytes.hpp>
#include <tintype/core/progress.hpp>
#include <tintype/storage/directory.hpp>

#include "outcome.hpp"
#include "store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

// Where a path leads to: the folder ("." where it names none) and the name in it.
[[nodiscard]] std::string folder_of(const std::string& path);
[[nodiscard]] std::string file_name_of(const std::string& path);

// A file's bytes: mapped where it is large, copied where it is small. Or an object's in a bucket.
class input {
public:
    input(std::string path, store_object object)
        : path_(std::move(path)), object_(std::move(object)) {}

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    [[nodiscard]] tintype::byte_view bytes() const noexcept { return object_.bytes(); }

private:
    std::string path_;
    store_object object_;
};

// A device or a pipe is read to its end.
[[nodiscard]] outcome<input> open_input(const std::string& path);

// A copy of a file's bytes.
[[nodiscard]] outcome<tintype::blob> read_input(const std::string& path,
                                                const tintype::monitor& watch);

// A sink of any kind, so that formats need not be templates of where their bytes go.
class byte_output {
public:
    virtual ~byte_output() = default;
    [[nodiscard]] virtual tintype::result<void> write(tintype::byte_view bytes) = 0;
};

// Counts what goes through it, and holds it against the bytes that it may have to be.
class measured_output : public byte_output {
public:
    explicit measured_output(byte_output& to, tintype::byte_view expected = {})
        : to_(to), expected_(expected) {}

    [[nodiscard]] tintype::result<void> write(tintype::byte_view bytes) override;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    [[nodiscard]] bool as_expected() const noexcept { return same_ && expected_.empty(); }

private:
    byte_output& to_;
    tintype::byte_view expected_; // what is left of it
    std::uint64_t count_ = 0;
    bool same_ = true;
};

using encode_into = std::function<tintype::result<void>(byte_output&)>;

// Everything that `encode` writes appears under the path at once, in place of what was there, and
// durable; after an error what was there still is. The path may be one that `encode` reads from.
// Into a device or a pipe the bytes are written as they come.
[[nodiscard]] outcome<void> write_output(const std::string& path, std::uint64_t size,
                                         const encode_into& encode, const tintype::monitor& watch);

// A file to be, by the plain name that it gets.
struct part {
    std::string file;
    tintype::byte_view bytes{};
    std::string text{}; // instead of the bytes, where they were made for the occasion

    [[nodiscard]] tintype::byte_view content() const noexcept {
        return text.empty() ? bytes : tintype::bytes_of(text);
    }
};

// All of them are written and only then named, so that a full disk leaves the folder as it was.
[[nodiscard]] outcome<void> write_parts(const std::string& folder, const std::vector<part>& parts,
                                        const tintype::monitor& watch);

// Not a bucket.
[[nodiscard]] outcome<void> require_folder(const std::string& path);

} // namespace tool
