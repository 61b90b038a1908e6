// Reading snapshots, appending them, and saying which indices they got.

#include "history_append.hpp"

#include <tintype/delta/store.hpp>
#include <tintype/formats/cbtop.hpp>

#include "files.hpp"
#include "history_file.hpp"
#include "history_json.hpp"
#include "json.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::cbtop::profile_snapshot;
using store_type = tintype::delta_store<profile_snapshot>;

class appender {
public:
    appender(terminal& on, const std::string& path) : on_(on), path_(path) {}

    // All snapshots of a text, which begins at that line of `source`.
    [[nodiscard]] outcome<void> take(const std::string& source, std::string_view text,
                                     std::uint64_t line) {
        snapshot_texts texts{text};
        for (;;) {
            if (auto go_on = on_.interrupted(path_); !go_on) {
                return go_on;
            }
            const auto next = texts.next();
            if (!next) {
                const text_fault& what = next.error();
                return std::unexpected(failure{.how = status::bad_data,
                                               .about = source,
                                               .what = fmt::format("line {}, column {}: {}",
                                                                   line + what.place.line - 1,
                                                                   what.place.column, what.what),
                                               .code = what.code});
            }
            if (!*next) {
                return {};
            }
            if (auto done = append(**next); !done) {
                return done;
            }
        }
    }

    // What was appended is durable.
    [[nodiscard]] outcome<void> flush() {
        if (store_) {
            if (auto done = store_->flush(); !done) {
                return failed(path_, done.error());
            }
        }
        return {};
    }

    [[nodiscard]] const std::vector<std::uint64_t>& indices() const noexcept { return indices_; }

    // Bytes of a torn tail that opening cut off.
    [[nodiscard]] std::uint64_t cut() const { return store_ ? store_->cut() : 0; }

private:
    [[nodiscard]] outcome<void> append(const profile_snapshot& snapshot) {
        if (!store_) {
            const auto place = place_of_history(path_);
            if (!place) {
                return std::unexpected(place.error());
            }
            auto opened = store_type::open(place->storage, place->name,
                                           {.flush = tintype::flush_on_request{}});
            if (!opened) {
                return failed(path_, opened.error());
            }
            store_.emplace(*std::move(opened));
        }
        const auto index = store_->append(snapshot);
        if (!index) {
            return failed(path_, index.error());
        }
        indices_.push_back(*index);
        return {};
    }

    terminal& on_;
    const std::string& path_;
    std::optional<store_type> store_;
    std::vector<std::uint64_t> indices_;
};

// Line after line, as they come: what has come is durable before more is waited for.
[[nodiscard]] outcome<void> take_lines(terminal& on, appender& into) {
    const std::string source = "standard input";
    constexpr std::size_t longest = std::size_t{1} << 30U;
    std::string text; // that no line end was seen of yet
    std::uint64_t line = 1;
    std::array<char, 65536> piece{};
    for (;;) {
        const auto got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got < 0) {
            if (auto go_on = on.interrupted(source); !go_on) {
                return go_on;
            }
            if (errno == EINTR) {
                continue;
            }
            return failed(source, tintype::detail::system_failure("read", source).error());
        }
        if (got == 0) {
            return into.take(source, text, line);
        }
        std::size_t searched = text.size();
        text.append(piece.data(), static_cast<std::size_t>(got));
        std::size_t begin = 0;
        for (auto end = text.find('\n', searched); end != std::string::npos;
             end = text.find('\n', begin)) {
            auto done = into.take(source, std::string_view{text}.substr(begin, end - begin), line);
            if (!done) {
                return done;
            }
            begin = end + 1;
            ++line;
        }
        text.erase(0, begin);
        if (text.size() > longest) {
            return failed(source, {.code = tintype::errc::limit_exceeded,
                                   .where = "line",
                                   .found = text.size(),
                                   .wanted = longest});
        }
        if (auto done = into.flush(); !done) {
            return done;
        }
    }
}

[[nodiscard]] outcome<void> take_all(terminal& on, appender& into, const std::string& from) {
    if (from == "-") {
        return take_lines(on, into);
    }
    const auto begin = from.find_first_not_of(" \t\r\n");
    if (begin != std::string::npos && from[begin] == '{') {
        return into.take("the snapshot", from, 1);
    }
    const auto file = open_input(from);
    if (!file) {
        return std::unexpected(file.error());
    }
    return into.take(from, tintype::text_of(file->bytes()), 1);
}

// "index 4", "indices 4 to 9": they follow one another.
[[nodiscard]] std::string shown(const std::vector<std::uint64_t>& indices) {
    return indices.size() == 1 ? fmt::format("index {}", indices.front())
                               : fmt::format("indices {} to {}", indices.front(), indices.back());
}

} // namespace

outcome<status> append_to_history(terminal& on, const std::string& path, const std::string& from,
                                  bool json) {
    appender into{on, path};
    auto done = take_all(on, into, from);
    // Those in front of one that was refused stay, so they are to be durable as well.
    if (auto flushed = into.flush(); !flushed) {
        return pass(flushed);
    }
    const auto& indices = into.indices();
    if (into.cut() != 0) {
        on.remark(fmt::format("tintype: {}: {} of a torn tail were cut off", visible(path),
                              counted(into.cut(), "byte")));
    }
    if (!done && !indices.empty()) {
        done.error().what +=
            fmt::format("; {} before it {} appended: {}", counted(indices.size(), "snapshot"),
                        indices.size() == 1 ? "was" : "were", shown(indices));
    } else if (!done && done.error().how == status::bad_data) {
        done.error().what += "; nothing was appended";
    }
    if (json && (done || !indices.empty())) {
        json::object document;
        if (indices.size() == 1) {
            document.emplace_back("index", indices.front());
        }
        document.emplace_back("indices", json::array{indices.begin(), indices.end()});
        if (!done) {
            document.emplace_back("error",
                                  json::object{{"code", tintype::name_of(done.error().code)},
                                               {"message", done.error().what}});
        }
        on.print(json::written(std::move(document)) + "\n");
    } else if (!json && done) {
        on.print(fmt::format("{}  {} appended{}\n", visible(path),
                             counted(indices.size(), "snapshot"),
                             indices.empty() ? "" : ", " + shown(indices)));
    }
    if (!done) {
        return pass(done);
    }
    return status::done;
}

} // namespace tool
