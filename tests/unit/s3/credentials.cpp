// Where keys come from: given, from the environment, from the shared file; what is said where there
// are none, and that no secret is ever said.

#include <tintype/s3/credential_files.hpp>
#include <tintype/s3/credentials.hpp>

#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using tintype::errc;
using tintype::s3_credentials;

// Sets variables, and puts back what was there.
class variables {
public:
    explicit variables(std::vector<std::pair<std::string, std::string>> set) {
        for (const std::string name :
             {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
              "AWS_SHARED_CREDENTIALS_FILE", "HOME"}) {
            const char* const value = std::getenv(name.c_str());
            before_.emplace_back(name, value != nullptr ? std::optional<std::string>(value)
                                                        : std::nullopt);
            ::unsetenv(name.c_str());
        }
        for (const auto& [name, value] : set) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
    }

    variables(const variables&) = delete;
    variables& operator=(const variables&) = delete;

    ~variables() {
        for (const auto& [name, value] : before_) {
            if (value) {
                ::setenv(name.c_str(), value->c_str(), 1);
            } else {
                ::unsetenv(name.c_str());
            }
        }
    }

private:
    std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

void write_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

template <class Policy>
std::string keys_of(const Policy& policy) {
    const auto who = policy.current();
    return who ? who->access_key + "|" + who->secret_key + "|" + who->session_token
               : std::string(name_of(who.error().code));
}

std::string in_profile(std::string_view text, std::string_view profile = "default") {
    const auto who = tintype::detail::read_profile(text, profile);
    if (!who) {
        return std::string(name_of(who.error().code)) + " " + std::to_string(who.error().found);
    }
    return *who ? (*who)->access_key + "|" + (*who)->secret_key + "|" + (*who)->session_token
                : "none";
}

constexpr std::string_view two_profiles = "# shared\n"
                                          "[default]\n"
                                          "aws_access_key_id = A1\n"
                                          "aws_secret_access_key=hush/+=1\n"
                                          "\n"
                                          "[ other ]\r\n"
                                          "AWS_Access_Key_Id\t=\tA2\r\n"
                                          "aws_secret_access_key = hush2 ; a comment\r\n"
                                          "aws_session_token = T2==\r\n"
                                          "region = somewhere\r\n";

} // namespace

TEST_CASE("credentials: given") {
    const tintype::given_credentials given({"A", "hush", "T"});
    CHECK(keys_of(given) == "A|hush|T");
}

TEST_CASE("credentials: of the environment, as it is at each request") {
    const tintype::environment_credentials policy;
    {
        const variables set({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "hush"}});
        CHECK(keys_of(policy) == "A|hush|");
        ::setenv("AWS_SESSION_TOKEN", "T", 1);
        CHECK(keys_of(policy) == "A|hush|T");
    }
    for (const bool empty : {false, true}) {
        CAPTURE(empty);
        const variables set(
            empty ? std::vector<std::pair<std::string, std::string>>{{"AWS_ACCESS_KEY_ID", ""},
                                                                     {"AWS_SECRET_ACCESS_KEY", ""}}
                  : std::vector<std::pair<std::string, std::string>>{});
        const auto who = policy.current();
        REQUIRE_FALSE(who);
        CHECK(who.error().code == errc::permission_denied);
        CHECK(who.error().where.view().contains("AWS_ACCESS_KEY_ID"));
        CHECK(who.error().where.view().contains("AWS_SECRET_ACCESS_KEY"));
    }
    for (const std::string only : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
        CAPTURE(only);
        const variables set({{only, "hush"}});
        const auto who = policy.current();
        REQUIRE_FALSE(who);
        CHECK(who.error().code == errc::permission_denied);
        CHECK(who.error().where.view() == (only == "AWS_ACCESS_KEY_ID"
                                               ? "AWS_SECRET_ACCESS_KEY is not set"
                                               : "AWS_ACCESS_KEY_ID is not set"));
        CHECK_FALSE(tintype::default_credentials{}.current());
    }
}

TEST_CASE("credentials: the file's form") {
    CHECK(in_profile(two_profiles) == "A1|hush/+=1|");
    CHECK(in_profile(two_profiles, "other") == "A2|hush2|T2==");
    CHECK(in_profile(two_profiles, "third") == "none");
    CHECK(in_profile("") == "none");
    CHECK(in_profile("[default]") == "none");
    CHECK(in_profile("\xef\xbb\xbf[default]\naws_access_key_id=A\naws_secret_access_key=B") ==
          "A|B|");
    CHECK(in_profile("aws_access_key_id=A\naws_secret_access_key=B\n[default]\n") == "none");
    CHECK(in_profile("[default]\n;aws_access_key_id=X\naws_access_key_id=A#1\n"
                     "#aws_secret_access_key=X\n aws_secret_access_key=B;2 #3\nodd line\n=\n") ==
          "A#1|B;2|");
    CHECK(in_profile("[default]\naws_access_key_id=A\n[other]\naws_access_key_id=O\n"
                     "[default]\naws_secret_access_key=B\n") == "A|B|");
    CHECK(in_profile("[default]\naws_access_key_id=A\naws_access_key_id=B\n") == "duplicate 3");
    CHECK(in_profile("[default]\naws_access_key_id=A\n") == "missing_field 0");
    CHECK(in_profile("[default]\naws_secret_access_key=hush\n") == "missing_field 0");
    CHECK(in_profile("[default]\naws_access_key_id=\naws_secret_access_key=\n") == "none");
    CHECK(in_profile("[default\naws_access_key_id=A\n") == "invalid_value 1");
}

TEST_CASE("credentials: no cut of the file says a secret in an error") {
    for (std::size_t size = 0; size <= two_profiles.size(); ++size) {
        const auto who = tintype::detail::read_profile(two_profiles.substr(0, size), "other");
        if (!who) {
            CHECK_FALSE(who.error().where.view().contains("hush"));
        } else if (*who) {
            CHECK((*who)->access_key == "A2");
            CHECK(std::string_view("hush2").starts_with((*who)->secret_key));
        }
    }
}

TEST_CASE("credentials: of a file, read again when it changed") {
    const tests::scratch folder;
    const std::string path = folder / "keys";
    const variables none({});
    const tintype::file_credentials policy(path);
    const auto copy = policy;
    CHECK(keys_of(policy) == "permission_denied");
    write_file(path, two_profiles);
    CHECK(keys_of(policy) == "A1|hush/+=1|");
    CHECK(keys_of(copy) == "A1|hush/+=1|");
    CHECK(keys_of(tintype::file_credentials(path, "other")) == "A2|hush2|T2==");
    write_file(path, "[default]\naws_access_key_id=N\naws_secret_access_key=M\n");
    CHECK(keys_of(policy) == "N|M|");
    write_file(path, "[default]\naws_access_key_id=N\n");
    CHECK(keys_of(policy) == "missing_field");
    REQUIRE(::unlink(path.c_str()) == 0);
    CHECK(keys_of(policy) == "permission_denied");
    write_file(path, std::string((std::size_t{1} << 20U) + 1, '#'));
    CHECK(keys_of(policy) == "limit_exceeded");
    CHECK(keys_of(tintype::file_credentials(folder.path())) == "io");
    CHECK(keys_of(tintype::file_credentials(path + "/below")) == "permission_denied");
}

TEST_CASE("credentials: where the file is, and which profile") {
    const tests::scratch folder;
    write_file(folder / "keys", two_profiles);
    {
        const variables set({{"AWS_SHARED_CREDENTIALS_FILE", folder / "keys"}});
        CHECK(keys_of(tintype::file_credentials()) == "A1|hush/+=1|");
        CHECK(keys_of(tintype::default_credentials()) == "A1|hush/+=1|");
        ::setenv("AWS_PROFILE", "other", 1);
        CHECK(keys_of(tintype::file_credentials()) == "A2|hush2|T2==");
        ::setenv("AWS_ACCESS_KEY_ID", "E", 1);
        ::setenv("AWS_SECRET_ACCESS_KEY", "F", 1);
        CHECK(keys_of(tintype::file_credentials()) == "A2|hush2|T2==");
        CHECK(keys_of(tintype::default_credentials()) == "E|F|");
    }
    REQUIRE(::mkdir((folder / ".aws").c_str(), 0700) == 0);
    write_file(folder / ".aws/credentials", two_profiles);
    const variables home({{"HOME", folder.path()}});
    CHECK(keys_of(tintype::default_credentials()) == "A1|hush/+=1|");
    ::setenv("AWS_PROFILE", "third", 1);
    const auto who = tintype::default_credentials().current();
    REQUIRE_FALSE(who);
    CHECK(who.error().code == errc::permission_denied);
    CHECK(who.error().where.view().starts_with("[third] in "));
    CHECK(who.error().where.view().ends_with("/.aws/credentials"));
    for (const std::string_view name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE"}) {
        CHECK(who.error().during.contains(name));
    }
}
