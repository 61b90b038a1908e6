// The table of formats and the ways to find one in it.

#include "chain_formats.hpp"
#include "dakera_formats.hpp"
#include "delta_formats.hpp"
#include "format.hpp"
#include "memvid_formats.hpp"
#include "session_formats.hpp"
#include "session_source.hpp"
#include "stream_formats.hpp"
#include "text.hpp"
#include "velesdb_formats.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tool {

std::span<const format* const> formats() {
    // Those of one family oldest first.
    static const std::vector<const format*> all = [] {
        std::vector<const format*> table;
        std::ranges::copy(velesdb_formats(), std::back_inserter(table));
        std::ranges::copy(dakera_formats(), std::back_inserter(table));
        std::ranges::copy(chain_formats(), std::back_inserter(table));
        std::ranges::copy(delta_formats(), std::back_inserter(table));
        std::ranges::copy(memvid_formats(), std::back_inserter(table));
        std::ranges::copy(session_formats(), std::back_inserter(table));
        std::ranges::copy(stream_formats(), std::back_inserter(table));
        return table;
    }();
    return all;
}

outcome<snapshot> format::assemble(std::span<const given_section>, const tintype::monitor&) const {
    return wrong_call(fmt::format("{} cannot be put together from sections", name()));
}

std::unique_ptr<session_source> format::sessions(tintype::byte_view) const {
    return nullptr;
}

outcome<const format*> format_named(std::string_view name) {
    const auto all = formats();
    const auto found = std::ranges::find(all, name, &format::name);
    if (found != all.end()) {
        return *found;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(all, std::back_inserter(names), &format::name);
    const auto guess = meant(name, names);
    return wrong_call(
        fmt::format("unknown format `{}`{} {}", name,
                    guess ? fmt::format(", did you mean `{}`? There are", *guess) : "; there are",
                    fmt::join(names, ", ")));
}

const format* recognised(tintype::byte_view bytes) {
    const format* best = nullptr;
    likeness how = likeness::none;
    for (const format* each : formats()) {
        const auto now = each->recognise(bytes);
        // What has no magic is only that if it is nothing else.
        if (now != likeness::none && now >= how && (now != likeness::form || best == nullptr)) {
            best = each;
            how = now;
        }
    }
    return best;
}

const format* expected_in(std::string_view file) {
    const format* newest = nullptr;
    for (const format* each : formats()) {
        newest = each->expects(file) ? each : newest;
    }
    return newest;
}

failure unrecognised(const std::string& path, tintype::byte_view bytes) {
    constexpr std::size_t least = 5; // a magic and a version
    if (bytes.size() < least) {
        return failed(path,
                      {.code = tintype::errc::truncated, .found = bytes.size(), .wanted = least})
            .error();
    }
    std::string head;
    for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
        head += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
    }
    return {.how = status::bad_data,
            .about = path,
            .what = fmt::format("invalid magic: no known format begins with{}", head),
            .code = tintype::errc::invalid_magic};
}

outcome<snapshot> decoded(const input& file, const tintype::monitor& watch) {
    const format* kind = recognised(file.bytes());
    if (kind == nullptr) {
        return std::unexpected(unrecognised(file.path(), file.bytes()));
    }
    auto body = kind->decode(file.bytes(), {.watch = &watch});
    if (!body) {
        return failed(file.path(), body.error());
    }
    return *std::move(body);
}

outcome<snapshot> decoded(const std::string& path, const tintype::monitor& watch) {
    auto file = open_input(path);
    return file ? decoded(*file, watch) : outcome<snapshot>{pass(file)};
}

} // namespace tool
