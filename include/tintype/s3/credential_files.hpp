#pragma once

// Keys from the file that other tools share ("~/.aws/credentials"): sections in brackets, a profile
// each, and "name = value" lines in them. Read again when it has changed, and by itself never
// written. And the default: the environment, then the file.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/transfer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tintype::inline v0 {

namespace detail {

// A comment begins with '#' or ';' at a line's beginning, or behind a blank.
[[nodiscard]] constexpr std::string_view without_comment(std::string_view line) noexcept {
    for (std::size_t i = 0; i != line.size(); ++i) {
        if ((line[i] == '#' || line[i] == ';') &&
            (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
            return line.substr(0, i);
        }
    }
    return line;
}

// The profile's keys; nothing where there is no such profile or it has none. A key set twice is
// `duplicate`, one without the other `missing_field`; both say the line or the name, no value.
[[nodiscard]] inline result<std::optional<s3_credentials>> read_profile(std::string_view text,
                                                                        std::string_view profile) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (text.starts_with(mark)) {
        text.remove_prefix(mark.size());
    }
    std::array<std::optional<std::string>, 3> values;
    constexpr std::array<std::string_view, 3> names{"aws_access_key_id", "aws_secret_access_key",
                                                    "aws_session_token"};
    bool inside = false;
    for (std::uint64_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed(without_comment(trimmed(text.substr(0, end))));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto bad = [&](errc code, std::string_view why) {
            return fail({.code = code, .where = profile, .found = number, .during = why});
        };
        if (line.starts_with('[')) {
            if (!line.ends_with(']')) {
                return bad(errc::invalid_value, "a line of the credentials file: no ']'");
            }
            inside = trimmed(line.substr(1, line.size() - 2)) == profile;
            continue;
        }
        const auto equals = line.find('=');
        if (!inside || equals == std::string_view::npos) {
            continue; // other profiles are none of ours, and other tools' lines are theirs
        }
        std::string name(trimmed(line.substr(0, equals)));
        std::ranges::transform(name, name.begin(), small_letter);
        const auto at = std::ranges::find(names, name);
        if (at == names.end()) {
            continue;
        }
        auto& value = values[static_cast<std::size_t>(at - names.begin())];
        if (value) {
            return bad(errc::duplicate, "a line of the credentials file: set before");
        }
        value = trimmed(line.substr(equals + 1));
    }
    const auto given = [&](std::size_t which) { return values[which].value_or(""); };
    s3_credentials who{.access_key = given(0), .secret_key = given(1), .session_token = given(2)};
    if (who.access_key.empty() && who.secret_key.empty()) {
        return std::optional<s3_credentials>{};
    }
    if (who.access_key.empty() || who.secret_key.empty()) {
        return fail({.code = errc::missing_field,
                     .where = who.access_key.empty() ? names[0] : names[1],
                     .during = "one of two credentials in the credentials file"});
    }
    return std::optional{std::move(who)};
}

// Which file it was, as far as a change of it shows.
struct file_mark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;

    friend bool operator==(const file_mark&, const file_mark&) = default;
};

struct open_file {
    explicit open_file(const std::string& path) noexcept
        : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;

    ~open_file() {
        if (number >= 0) {
            ::close(number);
        }
    }

    int number;
};

[[nodiscard]] inline file_mark mark_of(const struct stat& status) noexcept {
    return {.device = static_cast<std::uint64_t>(status.st_dev),
            .inode = static_cast<std::uint64_t>(status.st_ino),
            .size = static_cast<std::int64_t>(status.st_size),
            .seconds = static_cast<std::int64_t>(status.st_mtim.tv_sec),
            .nanoseconds = static_cast<std::int64_t>(status.st_mtim.tv_nsec)};
}

[[nodiscard]] inline result<std::string> small_file(const std::string& path) {
    constexpr std::size_t most = std::size_t{1} << 20U;
    const open_file file(path);
    const auto failed = [&](std::string_view call) {
        return fail({.code = errno == EACCES ? errc::permission_denied : errc::io,
                     .where = path,
                     .system = errno,
                     .during = call});
    };
    if (file.number < 0) {
        return failed("open");
    }
    std::string text;
    std::array<char, 4096> some{};
    for (;;) {
        const auto got = ::read(file.number, some.data(), some.size());
        if (got < 0 && errno != EINTR) {
            return failed("read");
        }
        if (got == 0) {
            return text;
        }
        text.append(some.data(), static_cast<std::size_t>(std::max<::ssize_t>(got, 0)));
        if (text.size() > most) {
            return fail({.code = errc::limit_exceeded,
                         .where = path,
                         .found = text.size(),
                         .wanted = most,
                         .during = "reading the credentials file"});
        }
    }
}

inline constexpr std::string_view no_credentials =
    "no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, nor does the "
    "file (AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials) hold the profile (AWS_PROFILE, or "
    "default)";

} // namespace detail

// Empty: AWS_SHARED_CREDENTIALS_FILE, or ".aws/credentials" in HOME; AWS_PROFILE, or "default".
// Both are looked up once, when the policy is made.
class file_credentials {
public:
    explicit file_credentials(std::string path = {}, std::string profile = {})
        : state_(std::make_shared<state>()) {
        state_->path = path.empty() ? usual_path() : std::move(path);
        state_->profile = profile.empty() ? detail::variable("AWS_PROFILE") : std::move(profile);
        if (state_->profile.empty()) {
            state_->profile = "default";
        }
    }

    // `permission_denied` where there are none.
    [[nodiscard]] result<s3_credentials> current() const {
        auto who = find();
        if (!who) {
            return pass(who);
        }
        if (!*who) {
            return fail({.code = errc::permission_denied,
                         .where = "[" + state_->profile + "] in " + state_->path,
                         .during = detail::no_credentials});
        }
        return std::move(**who);
    }

    // Nothing where there is no file, or no such profile in it.
    [[nodiscard]] result<std::optional<s3_credentials>> find() const {
        const std::scoped_lock alone(state_->mutex);
        struct stat status{};
        if (::stat(state_->path.c_str(), &status) != 0) {
            state_->known.reset();
            if (errno == ENOENT || errno == ENOTDIR) {
                return std::optional<s3_credentials>{};
            }
            return fail({.code = errno == EACCES ? errc::permission_denied : errc::io,
                         .where = state_->path,
                         .system = errno,
                         .during = "stat"});
        }
        // Taken before it is read: a change meanwhile is seen the next time.
        const auto mark = detail::mark_of(status);
        if (state_->known && state_->mark == mark) {
            return *state_->known;
        }
        state_->known.reset();
        const auto text = detail::small_file(state_->path);
        if (!text) {
            return pass(text);
        }
        auto who = detail::read_profile(*text, state_->profile);
        if (who) {
            state_->known = *who;
            state_->mark = mark;
        }
        return who;
    }

private:
    struct state {
        std::string path;
        std::string profile;
        std::mutex mutex;
        detail::file_mark mark{};
        std::optional<std::optional<s3_credentials>> known; // what it held when it had that mark
    };

    [[nodiscard]] static std::string usual_path() {
        std::string path = detail::variable("AWS_SHARED_CREDENTIALS_FILE");
        return !path.empty() ? path : detail::variable("HOME") + "/.aws/credentials";
    }

    std::shared_ptr<state> state_;
};

// The environment's keys where they are set, else the file's.
class default_credentials {
public:
    [[nodiscard]] result<s3_credentials> current() const {
        auto who = environment_credentials::find();
        if (!who) {
            return pass(who);
        }
        return *who ? result<s3_credentials>(std::move(**who)) : file_.current();
    }

private:
    file_credentials file_;
};

static_assert(credentials_policy<file_credentials>);
static_assert(credentials_policy<default_credentials>);

} // namespace tintype::inline v0
