#pragma once

// What the tool asks of a format, and the table of those that it knows. A format that is described
// by a section list gets most of this from list_format.hpp; any other implements what it can, and
// what it cannot is refused by name. Adding one is one object in the table of formats.cpp.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>

#include "files.hpp"
#include "json.hpp"
#include "list_layout.hpp"
#include "outcome.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

class format;
class session_source;

// A decoded snapshot of any format: it can be written again or be taken apart.
class snapshot_body {
public:
    virtual ~snapshot_body() = default;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    [[nodiscard]] virtual tintype::result<void> encode(byte_output& out) const = 0;

    // Lie in the snapshot, or in themselves. None where it is not made of sections.
    [[nodiscard]] virtual std::vector<part> parts() const { return {}; }
};

struct snapshot {
    const format* kind = nullptr;
    std::unique_ptr<const snapshot_body> body;
};

// `form`: it has no magic, but the form. `family`: the magic is right, but not the version, or the
// file ends before it.
enum class likeness : std::uint8_t { none, form, family, exact };

struct inspection {
    json::object document;                // as far as the file could be followed
    std::optional<tintype::error> damage; // the first thing wrong with it
};

struct given_section {
    std::string name;
    std::string file;
};

class format {
public:
    virtual ~format() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;   // "vamm-1", for --format and --to
    [[nodiscard]] virtual std::string_view family() const = 0; // "vamm", as `inspect` calls it
    [[nodiscard]] virtual std::string_view about() const = 0;  // half a line for `help`

    [[nodiscard]] virtual likeness recognise(tintype::byte_view bytes) const = 0;
    [[nodiscard]] virtual tintype::result<void>
    verify(tintype::byte_view bytes, const tintype::decode_options& options) const = 0;

    // An error only where the work was stopped; damage is part of the inspection.
    [[nodiscard]] virtual tintype::result<inspection>
    inspect(tintype::byte_view bytes, const tintype::decode_options& options) const = 0;
    [[nodiscard]] virtual tintype::result<snapshot>
    decode(tintype::byte_view bytes, const tintype::decode_options& options) const = 0;

    // The same of a file, where what lies beside it may say more.
    [[nodiscard]] virtual tintype::result<void>
    verify_file(const input& file, const tintype::decode_options& options) const {
        return verify(file.bytes(), options);
    }

    [[nodiscard]] virtual tintype::result<inspection>
    inspect_file(const input& file, const tintype::decode_options& options) const {
        return inspect(file.bytes(), options);
    }

    // The names that `pack` and `save` take; none where a format cannot be put together by hand.
    [[nodiscard]] virtual std::vector<std::string_view> sections() const { return {}; }

    // `given` names each of `sections()` once, in their order.
    [[nodiscard]] virtual outcome<snapshot> assemble(std::span<const given_section> given,
                                                     const tintype::monitor& watch) const;

    // Whether a folder of versions may keep it.
    [[nodiscard]] virtual bool versioned() const { return false; }

    // Whether a file of this name ought to be of this format; never used to recognise one.
    [[nodiscard]] virtual bool expects(std::string_view) const { return false; }

    [[nodiscard]] virtual std::optional<list_layout> layout() const { return std::nullopt; }

    // The recorded sessions in it, which may be damaged; null where the format has none.
    [[nodiscard]] virtual std::unique_ptr<session_source> sessions(tintype::byte_view bytes) const;
};

[[nodiscard]] std::span<const format* const> formats();

// By its name, or a wrong call that lists the names there are.
[[nodiscard]] outcome<const format*> format_named(std::string_view name);

// The format of the bytes; of those that only share a magic, the newest.
[[nodiscard]] const format* recognised(tintype::byte_view bytes);

// The newest format that files of this name ought to have, or null.
[[nodiscard]] const format* expected_in(std::string_view file);

// What is wrong with bytes of no known format.
[[nodiscard]] failure unrecognised(const std::string& path, tintype::byte_view bytes);

// Recognises a file, after opening it where it is named, and decodes it.
[[nodiscard]] outcome<snapshot> decoded(const input& file, const tintype::monitor& watch);
[[nodiscard]] outcome<snapshot> decoded(const std::string& path, const tintype::monitor& watch);

} // namespace tool
