// Files that were imported, checked against the note that the import left.

#include "import_folder.hpp"

#include <tintype/formats/vectorxlite.hpp>
#include <tintype/stream/staging.hpp>
#include <tintype/stream/switch_plan.hpp>

#include "files.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace tool {

namespace {

using tintype::errc;
using tintype::result;

[[nodiscard]] result<void> check(tintype::byte_view bytes, const tintype::file_info& what,
                                 const tintype::monitor& watch) {
    if (bytes.size() != what.file_size) {
        return tintype::fail(
            {.code = bytes.size() < what.file_size ? errc::truncated : errc::trailing_bytes,
             .found = bytes.size() < what.file_size ? std::uint64_t{bytes.size()}
                                                    : bytes.size() - what.file_size,
             .wanted = what.file_size});
    }
    auto hash = tintype::vectorxlite::checksums::for_digits(what.checksum);
    if (!hash) {
        return tintype::pass(hash);
    }
    constexpr std::size_t piece = std::size_t{4} << 20U;
    for (std::size_t at = 0; at != bytes.size();) {
        const auto size = std::min(piece, bytes.size() - at);
        hash->update(bytes.subspan(at, size));
        at += size;
        if (auto go_on = watch.report({.done = at, .total = bytes.size()}); !go_on) {
            return go_on;
        }
    }
    return hash->check(what.checksum, what.file_name);
}

} // namespace

bool is_importers_own(std::string_view name) noexcept {
    return name == tintype::detail::private_folder_name;
}

outcome<imported_folder> survey_imported(terminal& on, const std::string& folder) {
    const auto own = joined(folder, tintype::detail::private_folder_name);
    imported_folder seen;
    std::error_code ignored; // opening them will say
    if (std::filesystem::exists(joined(own, tintype::detail::journal_name), ignored)) {
        seen.interrupted = failure{.how = status::bad_data,
                                   .about = folder,
                                   .what = "an import was interrupted; the next one into this "
                                           "folder completes it",
                                   .code = errc::incomplete_stream};
    }
    const auto path = joined(own, tintype::detail::restored_name);
    if (!std::filesystem::exists(path, ignored)) {
        return seen;
    }
    const auto file = open_input(path);
    if (!file) {
        return std::unexpected(file.error());
    }
    const auto note = tintype::decode_note(file->bytes());
    if (!note) {
        return failed_data(path, note.error());
    }
    seen.snapshot_id = note->what.snapshot_id;
    for (const tintype::file_info& each : note->what.files) {
        imported_file row{.name = each.file_name,
                          .facts =
                              fmt::format("{} of {}, {}", name_of(each.file_type),
                                          visible(seen.snapshot_id), human_size(each.file_size))};
        const auto there = joined(folder, each.file_name);
        const auto bytes = open_input(there);
        if (!bytes) {
            row.what = bytes.error();
            if (row.what->code == errc::not_found) {
                row.what->how = status::bad_data; // somebody took it away
            }
        } else if (auto good = check(bytes->bytes(), each, on.watch(there)); !good) {
            row.what = failed_data(there, good.error()).error();
            if (good.error().code == errc::cancelled) {
                return std::unexpected(*row.what);
            }
            row.what->what += "; changed since it was imported, or damaged";
        }
        seen.files.push_back(std::move(row));
    }
    return seen;
}

} // namespace tool
