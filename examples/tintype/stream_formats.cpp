// Streams of chunks as files, as the tool handles them, and as they come out of a pipe.

#include "stream_formats.hpp"

#include <tintype/stream/native.hpp>

#include "stream_survey.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <utility>

namespace tool {

namespace {

using tintype::byte_view;
using tintype::decode_options;
using tintype::result;

// Lies in the bytes that it was decoded from: they must outlive it.
class stream_body : public snapshot_body {
public:
    stream_body(wire_kind wire, byte_view bytes) : wire_(wire), bytes_(bytes) {}

    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

    [[nodiscard]] result<void> encode(byte_output& out) const override {
        memory_input from{bytes_};
        const auto reader = reader_of(wire_, from);
        tintype::snapshot_chunk chunk;
        tintype::blob message;
        for (;;) {
            const auto more = reader->next(chunk);
            if (!more) {
                return tintype::pass(more);
            }
            if (!*more) {
                return {};
            }
            message.clear();
            if (auto done = encode_message(wire_, chunk, message); !done) {
                return done;
            }
            if (auto done = out.write(message); !done) {
                return done;
            }
        }
    }

private:
    wire_kind wire_;
    byte_view bytes_;
};

class stream_format : public format {
public:
    stream_format(wire_kind wire, std::string_view about)
        : wire_(wire), name_(fmt::format("{}-stream", name_of(wire))), about_(about) {}

    [[nodiscard]] std::string_view name() const override { return name_; }

    [[nodiscard]] std::string_view family() const override { return "chunk-stream"; }

    [[nodiscard]] std::string_view about() const override { return about_; }

    [[nodiscard]] wire_kind wire() const noexcept { return wire_; }

    [[nodiscard]] likeness recognise(byte_view bytes) const override {
        if (recognised_wire(bytes) != wire_) {
            return likeness::none;
        }
        return wire_ == wire_kind::native ? likeness::exact : likeness::form;
    }

    [[nodiscard]] result<void> verify(byte_view bytes,
                                      const decode_options& options) const override {
        return verdict(survey(bytes, options));
    }

    [[nodiscard]] result<inspection> inspect(byte_view bytes,
                                             const decode_options& options) const override {
        return described(survey(bytes, options));
    }

    [[nodiscard]] result<snapshot> decode(byte_view bytes,
                                          const decode_options& options) const override {
        if (auto good = verify(bytes, options); !good) {
            return tintype::pass(good);
        }
        return snapshot{.kind = this, .body = std::make_unique<stream_body>(wire_, bytes)};
    }

    [[nodiscard]] std::optional<list_layout> layout() const override {
        if (wire_ != wire_kind::native) {
            return std::nullopt;
        }
        using list = tintype::native_message;
        constexpr auto fields = list::layout_of<tintype::snapshot_chunk>();
        return list_layout{.endian = list::order == std::endian::little ? "little" : "big",
                           .min_size = list::min_size,
                           .fields = {fields.begin(), fields.end()},
                           .repeated = "message"};
    }

    [[nodiscard]] static result<void> verdict(const result<stream_survey>& seen) {
        if (!seen) {
            return tintype::pass(seen);
        }
        return seen->damage ? result<void>{tintype::fail(*seen->damage)} : result<void>{};
    }

    [[nodiscard]] static result<inspection> described(const result<stream_survey>& seen) {
        if (!seen) {
            return tintype::pass(seen);
        }
        return inspection{.document = seen->document(), .damage = seen->damage};
    }

private:
    [[nodiscard]] result<stream_survey> survey(byte_view bytes,
                                               const decode_options& options) const {
        memory_input from{bytes};
        return survey_stream(wire_, from, bytes.size(), &bytes, options.watch);
    }

    wire_kind wire_;
    std::string name_;
    std::string_view about_;
};

const stream_format native{wire_kind::native, "a stream of chunks, each under a checksum"};
const stream_format protobuf{wire_kind::protobuf, "a stream of chunks as VectorXLite sends it"};
const stream_format raft_json{wire_kind::raft_json, "the same as its Raft log keeps it"};

[[nodiscard]] const stream_format& format_of(wire_kind wire) {
    for (const auto* each : {&protobuf, &raft_json}) {
        if (each->wire() == wire) {
            return *each;
        }
    }
    return native;
}

[[nodiscard]] bool is_pipe(const std::string& path) {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

[[nodiscard]] result<stream_survey> survey(piped& pipe, const format* kind,
                                           const decode_options& options) {
    return survey_stream(static_cast<const stream_format*>(kind)->wire(), pipe, 0, nullptr,
                         options.watch);
}

} // namespace

std::vector<const format*> stream_formats() {
    return {&native, &protobuf, &raft_json};
}

result<void> opened_path::verify(const decode_options& options) const {
    return pipe ? stream_format::verdict(survey(*pipe, kind, options))
                : kind->verify_file(*file, options);
}

result<inspection> opened_path::inspect(const decode_options& options) const {
    return pipe ? stream_format::described(survey(*pipe, kind, options))
                : kind->inspect_file(*file, options);
}

outcome<opened_path> open_and_recognise(const std::string& path) {
    opened_path opened;
    if (!is_pipe(path)) {
        auto file = open_input(path);
        if (!file) {
            return pass(file);
        }
        opened.file.emplace(*std::move(file));
        opened.kind = recognised(opened.file->bytes());
        return opened;
    }
    auto pipe = piped::open(path);
    if (!pipe) {
        return pass(pipe);
    }
    const auto wire = recognised_wire(*pipe, likeness_of_stream::whole);
    if (!wire) {
        return failed(path, wire.error());
    }
    if (*wire) {
        opened.pipe = std::make_unique<piped>(*std::move(pipe));
        opened.kind = &format_of(**wire);
        return opened;
    }
    auto file = std::move(*pipe).whole();
    if (!file) {
        return pass(file);
    }
    opened.file.emplace(*std::move(file));
    opened.kind = recognised(opened.file->bytes());
    return opened;
}

} // namespace tool
