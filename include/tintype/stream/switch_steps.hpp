#pragma once

// The steps by which a folder's files change hands as one, each of which may be the last before a
// power cut: a folder of their own, files in it that are replaced whole, and a plan that may be
// carried out any number of times, from wherever it was left.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/message.hpp>
#include <tintype/storage/filesystem.hpp>
#include <tintype/storage/staged_file.hpp>
#include <tintype/stream/chunk.hpp>
#include <tintype/stream/file_replacer.hpp>
#include <tintype/stream/ranges.hpp>
#include <tintype/stream/switch_calls.hpp>
#include <tintype/stream/switch_plan.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

template <linking_filesystem F>
class switch_steps {
    using folder = typename F::folder;
    using file = typename F::file;

public:
    // Makes both folders where they are missing; their names are durable when it returns.
    [[nodiscard]] static result<switch_steps> open(std::string path, F fs) {
        if (auto made = uninterrupted([&] { return fs.make_folder(path); }); !made) {
            return pass(made);
        }
        auto target = uninterrupted([&] { return fs.open_folder(path); });
        if (!target) {
            return pass(target);
        }
        auto done = uninterrupted([&] { return fs.make_folder_in(*target, private_folder_name); });
        if (!done) {
            return pass(done);
        }
        auto own = uninterrupted([&] { return fs.open_folder_in(*target, private_folder_name); });
        if (!own) {
            return pass(own);
        }
        if (done = uninterrupted([&] { return fs.sync_folder(*target); }); !done) {
            return pass(done);
        }
        return switch_steps{std::move(path), std::move(fs), *std::move(target), *std::move(own)};
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // Since 1970; 0 before.
    [[nodiscard]] std::uint64_t nanoseconds() const {
        const auto since = fs_.now().time_since_epoch().count();
        return since > 0 ? static_cast<std::uint64_t>(since) : 0;
    }

    [[nodiscard]] result<file> lock() {
        auto held = uninterrupted([&] { return fs_.try_lock(own_, lock_name); });
        if (!held && held.error().code == errc::in_use) {
            held.error().where = path_;
        }
        return held;
    }

    [[nodiscard]] result<file> create_part(const std::string& name) {
        auto made = uninterrupted([&] { return fs_.create(own_, name); });
        if (!made) {
            return made;
        }
        if (auto done = fs_.close(*made); !done) {
            return pass(done);
        }
        return uninterrupted([&] { return fs_.open_to_write(own_, name); });
    }

    [[nodiscard]] result<void> remove_part(const std::string& name) { return remove(own_, name); }

    // What is visible in the private folder is durable, and what is not is gone.
    [[nodiscard]] result<void> sync_own() {
        return uninterrupted([&] { return fs_.sync_folder(own_); });
    }

    // Whole and durable, under a name that nobody reads yet.
    [[nodiscard]] result<void> prepare(const std::string& name, byte_view bytes) {
        const auto temporary = fresh(name);
        if (auto gone = remove(own_, temporary); !gone) {
            return gone;
        }
        auto made = uninterrupted([&] { return fs_.create(own_, temporary); });
        if (!made) {
            return pass(made);
        }
        if (auto done = write_all(*made, bytes); !done) {
            return done;
        }
        return sealed(*made);
    }

    // What was prepared gets its name; durable after sync_own().
    [[nodiscard]] result<void> name_prepared(const std::string& name) {
        return uninterrupted([&] { return fs_.rename_over(own_, fresh(name), name); });
    }

    // All of a file in the private folder, if it is there.
    [[nodiscard]] result<std::optional<blob>> read(const std::string& name) {
        auto from = uninterrupted([&] { return fs_.open(own_, name); });
        if (!from) {
            return from.error().code == errc::not_found ? result<std::optional<blob>>{}
                                                        : pass(from);
        }
        const auto size = fs_.size(*from);
        if (!size) {
            return pass(size);
        }
        if (*size > longest_journal) {
            return fail({.code = errc::limit_exceeded,
                         .where = name,
                         .found = *size,
                         .wanted = longest_journal});
        }
        blob bytes(static_cast<std::size_t>(*size));
        auto done = read_all(*from, 0, bytes, name);
        return done ? result<std::optional<blob>>{std::move(bytes)} : pass(done);
    }

    // Whether the parts of a plan are there, as long as it says.
    [[nodiscard]] result<void> check_parts(const switch_plan& plan) {
        for (std::size_t i = 0; i != plan.parts.size(); ++i) {
            const auto name = part_name(plan.parts[i]);
            auto part = uninterrupted([&] { return fs_.open(own_, name); });
            if (!part) {
                return pass(part);
            }
            const auto size = fs_.size(*part);
            if (!size) {
                return pass(size);
            }
            if (*size != plan.what.files[i].file_size) {
                return fail({.code = errc::invalid_value,
                             .where = name,
                             .found = *size,
                             .wanted = plan.what.files[i].file_size});
            }
        }
        return {};
    }

    // The name that others find a part by.
    [[nodiscard]] std::string part_path(std::uint64_t number) const {
        return path_ + "/" + private_folder_name + "/" + part_name(number);
    }

    // Whether its first bytes say so.
    [[nodiscard]] result<bool> is_database(file& part, std::uint64_t size,
                                           const std::string& name) {
        std::array<std::byte, database_magic.size()> begin{};
        if (size < begin.size()) {
            return false;
        }
        auto done = read_all(part, 0, begin, name);
        return done ? result<bool>{std::ranges::equal(begin, bytes_of(database_magic))}
                    : pass(done);
    }

    // Whether it got other permissions than it had.
    [[nodiscard]] result<bool> take_mode_of(const std::string& name, file& part) {
        return uninterrupted([&] { return fs_.copy_mode(target_, name, part); });
    }

    // Whether nothing in the folder is in the plan's way that no file can take the place of.
    [[nodiscard]] result<void> check_targets(const switch_plan& plan) {
        for (const file_info& each : plan.what.files) {
            if (auto good = check_no_folder(each.file_name); !good) {
                return good;
            }
        }
        for (const companion& each : plan.removed) {
            if (auto good = check_no_folder(each.name); !good) {
                return good;
            }
        }
        return {};
    }

    // Old logs go durably before a new database gets its name, so that whoever opens it in between
    // meets one that is whole. A part is linked, not moved: a power cut may keep that a name went
    // and lose that another came, and then the part would be under neither.
    template <file_replacer R>
    [[nodiscard]] result<void> carry_out(const switch_plan& plan, R& replacer) {
        if (auto done = replace(plan, replacer); !done) {
            return done;
        }
        for (const companion& each : plan.removed) {
            if (auto gone = remove(target_, each.name); !gone) {
                return gone;
            }
        }
        if (!plan.removed.empty()) {
            if (auto done = sync_target(); !done) {
                return done;
            }
        }
        for (std::size_t i = 0; i != plan.parts.size(); ++i) {
            if (!std::ranges::binary_search(plan.taken, i)) {
                auto done = put(part_name(plan.parts[i]), i, plan.what.files[i].file_name);
                if (!done) {
                    return done;
                }
            }
        }
        return sync_target();
    }

    // Whether something of a plan may have been carried out. One without a replacer's step has
    // nothing that a crash would tell.
    [[nodiscard]] result<bool> may_have_begun(const switch_plan& plan) {
        if (plan.taken.empty()) {
            return true;
        }
        const auto begun = read(begun_name);
        return begun ? result<bool>{begun->has_value()} : pass(begun);
    }

    // After a plan was carried out: says so, and then forgets the plan, durably. The parts go only
    // after that, for as long as there is a plan they are needed.
    [[nodiscard]] result<void> conclude(const switch_note& note) {
        const auto bytes = encode_note(note);
        if (!bytes) {
            return pass(bytes);
        }
        if (auto done = prepare(restored_name, *bytes); !done) {
            return done;
        }
        if (auto done = name_prepared(restored_name); !done) {
            return done;
        }
        if (auto done = sync_own(); !done) {
            return done;
        }
        return forget_plan();
    }

    [[nodiscard]] result<void> forget_plan() {
        if (auto gone = remove(own_, journal_name); !gone) {
            return gone;
        }
        if (auto done = sync_own(); !done) {
            return done;
        }
        return remove(own_, begun_name); // never before the plan
    }

    // Removes what is of no use where there is no plan.
    [[nodiscard]] result<void> sweep() {
        const auto names = uninterrupted([&] { return fs_.names(own_); });
        if (!names) {
            return pass(names);
        }
        for (const std::string& each : *names) {
            if (each == lock_name || each == restored_name) {
                continue;
            }
            if (auto gone = remove(own_, each); !gone) {
                return gone;
            }
        }
        return {};
    }

    [[nodiscard]] result<void> write_all_at(file& to, std::uint64_t offset, byte_view bytes,
                                            const std::string& name) {
        return in_pieces(bytes.size(), offset, name, "write", [&](std::size_t at) {
            return fs_.write_at(to, offset + at, bytes.subspan(at));
        });
    }

    [[nodiscard]] result<void> read_all(file& from, std::uint64_t offset, mutable_bytes to,
                                        const std::string& name) {
        return in_pieces(to.size(), offset, name, "read", [&](std::size_t at) {
            return fs_.read(from, offset + at, to.subspan(at));
        });
    }

    [[nodiscard]] result<void> truncate(file& of, std::uint64_t size, const std::string& name) {
        auto done = uninterrupted([&] { return fs_.truncate(of, size); });
        if (!done) {
            done.error().where = name;
        }
        return done;
    }

    [[nodiscard]] result<std::uint64_t> size(file& of) { return fs_.size(of); }

    [[nodiscard]] result<void> sync(file& of) {
        return uninterrupted([&] { return fs_.sync(of); });
    }

    // Only a hint: whether the bytes arrive, sync() says.
    void flush_behind(file& of, number_range bytes) {
        static_cast<void>(fs_.flush_behind(of, bytes.begin, bytes.end - bytes.begin));
    }

    [[nodiscard]] result<void> close(file& of) { return fs_.close(of); }

private:
    switch_steps(std::string path, F fs, folder target, folder own)
        : path_(std::move(path)), fs_(std::move(fs)), target_(std::move(target)),
          own_(std::move(own)) {}

    [[nodiscard]] static std::string fresh(const std::string& name) { return name + ".new"; }

    [[nodiscard]] result<void> sync_target() {
        return uninterrupted([&] { return fs_.sync_folder(target_); });
    }

    // One that is not there is gone.
    [[nodiscard]] result<void> remove(folder& in, const std::string& name) {
        auto done = uninterrupted([&] { return fs_.remove(in, name); });
        return !done && done.error().code == errc::not_found ? result<void>{} : done;
    }

    [[nodiscard]] result<void> check_no_folder(const std::string& name) {
        const auto opened = uninterrupted([&] { return fs_.open_folder_in(target_, name); });
        if (opened) {
            return fail({.code = errc::unsupported,
                         .where = name,
                         .during = "a folder has the name of a file"});
        }
        const errc code = opened.error().code;
        return code == errc::not_found || code == errc::unsupported ? result<void>{} : pass(opened);
    }

    // What a replacer took over cannot be taken back: that it may have is durable before it is
    // asked, and forgotten where the first one refuses.
    template <file_replacer R>
    [[nodiscard]] result<void> replace(const switch_plan& plan, R& replacer) {
        if (plan.taken.empty()) {
            return {};
        }
        const auto before = read(begun_name);
        if (!before) {
            return pass(before);
        }
        bool untouched = !*before;
        if (untouched) {
            if (auto done = mark_begun(); !done) {
                return done;
            }
        }
        for (const std::uint64_t each : plan.taken) {
            const auto at = static_cast<std::size_t>(each);
            auto done = replacer.replace(part_path(plan.parts[at]), plan.what.files[at]);
            if (!done) {
                // Refused, so nothing has begun. After `io` nobody knows.
                if (untouched && done.error().code != errc::io) {
                    static_cast<void>(remove(own_, begun_name));
                }
                return done;
            }
            untouched = false;
        }
        return {};
    }

    [[nodiscard]] result<void> mark_begun() {
        auto made = uninterrupted([&] { return fs_.create(own_, begun_name); });
        if (!made) {
            return pass(made);
        }
        auto done = close(*made);
        if (done) {
            done = sync_own();
        }
        if (!done) {
            // No replacer was asked yet.
            static_cast<void>(remove(own_, begun_name));
        }
        return done;
    }

    [[nodiscard]] result<void> put(const std::string& part, std::size_t index,
                                   const std::string& name) {
        std::string temporary{switch_prefix};
        append_number(temporary, index);
        if (auto gone = remove(target_, temporary); !gone) {
            return gone;
        }
        auto done = uninterrupted([&] { return fs_.link_new(own_, part, target_, temporary); });
        if (!done && has_no_links(done.error().system)) {
            done = copy(part, temporary);
        }
        if (!done) {
            return done;
        }
        done = uninterrupted([&] { return fs_.rename_over(target_, temporary, name); });
        // Where the part has the name already, the rename leaves both names.
        return done ? remove(target_, temporary) : done;
    }

    [[nodiscard]] result<void> copy(const std::string& part, const std::string& to) {
        auto from = uninterrupted([&] { return fs_.open(own_, part); });
        if (!from) {
            return pass(from);
        }
        const auto size = fs_.size(*from);
        if (!size) {
            return pass(size);
        }
        auto made = uninterrupted([&] { return fs_.create(target_, to); });
        if (!made) {
            return pass(made);
        }
        // Before there is anything in it to read.
        const auto mode = uninterrupted([&] { return fs_.copy_mode(own_, part, *made); });
        if (!mode && !has_no_modes(mode.error().system)) {
            return pass(mode);
        }
        constexpr std::uint64_t piece = std::uint64_t{256} << 10U;
        blob some(static_cast<std::size_t>(std::min(piece, *size)));
        for (std::uint64_t at = 0; at != *size; at += some.size()) {
            some.resize(static_cast<std::size_t>(std::min<std::uint64_t>(some.size(), *size - at)));
            if (auto done = read_all(*from, at, some, part); !done) {
                return done;
            }
            if (auto done = write_all(*made, some); !done) {
                return done;
            }
        }
        return sealed(*made);
    }

    [[nodiscard]] result<void> write_all(file& to, byte_view bytes) {
        return in_pieces(bytes.size(), 0, {}, "write", [&](std::size_t at) {
            const byte_view rest = bytes.subspan(at);
            return fs_.write(to, std::span{&rest, 1});
        });
    }

    [[nodiscard]] result<void> sealed(file& of) {
        auto done = sync(of);
        return done ? close(of) : done;
    }

    std::string path_;
    F fs_;
    folder target_;
    folder own_;
};

} // namespace tintype::inline v0::detail
