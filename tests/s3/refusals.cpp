// What goes wrong for a reason that somebody can do something about says which: each its own code,
// its own words, at once and without a byte kept.

#include <tintype/core/clock.hpp>

#include "scene.hpp"
#include "support/child.hpp"
#include "support/scratch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using tests::kept;
using tests::store;
using tests::store_over;
using tests::words;
using tintype::curl_transport;
using tintype::errc;
using tintype::given_credentials;

store store_of(const given_credentials& who, const tintype::s3_location& where = tests::place()) {
    return store{where, tests::quick(), curl_transport{}, who};
}

std::string key() {
    return tests::variable("AWS_ACCESS_KEY_ID");
}

std::string secret() {
    return tests::variable("AWS_SECRET_ACCESS_KEY");
}

// One request of a user's own, outside of any store: its status.
int asked(const given_credentials& who, std::string_view method, const std::string& target) {
    const tintype::s3_request request{.method = method,
                                      .origin = tests::endpoint(),
                                      .target = target,
                                      .headers = {},
                                      .most = 65536,
                                      .region = "us-east-1",
                                      .timeout = std::chrono::seconds{20},
                                      .connect_timeout = std::chrono::seconds{5}};
    const auto answer = curl_transport{}.send(request, who.current().value());
    REQUIRE(answer);
    return answer->status;
}

// What every operation of a store comes to.
template <class Store>
std::vector<tintype::error> errors_of(const Store& storage) {
    std::vector<tintype::error> all;
    const auto note = [&](const auto& outcome) {
        REQUIRE(!outcome);
        all.push_back(outcome.error());
    };
    note(tests::put(storage, "object", tests::noise(100)));
    note(tests::put(storage, "object", tests::noise(100), true));
    note(tests::put(storage, "object", tests::noise(200'000)));
    note(storage.open("object", tintype::access::map));
    note(storage.list());
    note(storage.names());
    note(storage.remove("object"));
    note(storage.read_pointer("pointer"));
    note(storage.swap_pointer("pointer", "", tests::noise(10)));
    return all;
}

// Changes a byte of each body once what vouches for it is in the headers, so often.
class careless_transport {
public:
    explicit careless_transport(int* times) : times_(times) {}

    [[nodiscard]] tintype::transport_outcome send(const tintype::s3_request& request,
                                                  const tintype::s3_credentials& who) const {
        if (request.body.empty() || *times_ == 0) {
            return under_.send(request, who);
        }
        --*times_;
        tintype::blob body(request.body.begin(), request.body.end());
        body[body.size() / 2] ^= std::byte{1};
        auto changed = request;
        changed.body = body;
        return under_.send(changed, who);
    }

private:
    curl_transport under_;
    int* times_;
};

struct wrong_clock {
    std::chrono::hours apart{};

    [[nodiscard]] tintype::timestamp now() const { return tintype::system_clock{}.now() + apart; }
};

// A variable of the environment, set for as long as this lives.
class variable_set {
public:
    variable_set(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) {
            before_ = before;
            was_ = true;
        }
        value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
    }

    variable_set(const variable_set&) = delete;
    variable_set& operator=(const variable_set&) = delete;

    ~variable_set() { was_ ? ::setenv(name_, before_.c_str(), 1) : ::unsetenv(name_); }

private:
    const char* name_;
    std::string before_;
    bool was_ = false;
};

} // namespace

TEST_CASE("refused: a wrong secret") {
    const auto storage = store_of(given_credentials{{key(), secret() + "x"}});
    for (const auto& what : errors_of(storage)) {
        INFO(tintype::message(what));
        CHECK(what.code == errc::permission_denied);
        if (what.where.view() == "object: SignatureDoesNotMatch") {
            CHECK(what.during ==
                  "the signature is not accepted: check the secret key and the region");
        }
    }
    CHECK(words(tests::put(storage, "object", {})) ==
          "permission denied in object: SignatureDoesNotMatch: the signature is not accepted: "
          "check the secret key and the region");
}

TEST_CASE("refused: an access key that nobody has") {
    const auto storage = store_of(given_credentials{{"nobody", secret()}});
    for (const auto& what : errors_of(storage)) {
        CHECK(what.code == errc::permission_denied);
    }
    CHECK(words(tests::put(storage, "object", {})) ==
          "permission denied in object: InvalidAccessKeyId: the access key is not known there");
}

TEST_CASE("refused: somebody else's bucket") {
    const auto where = tests::place();
    REQUIRE(tests::put(tests::open_store(where), "object", tests::noise(10)));
    const auto storage =
        store_of(tests::keys_of("TINTYPE_S3_STRANGER_KEY", "TINTYPE_S3_STRANGER_SECRET"), where);
    for (const auto& what : errors_of(storage)) {
        CHECK(what.code == errc::permission_denied);
    }
    CHECK(words(tests::put(storage, "other", {})) ==
          "permission denied in other: AccessDenied: not allowed: check the keys and the bucket's "
          "policy");
    CHECK(kept(tests::open_store(where), "object") == tests::noise(10));
}

TEST_CASE("refused: no credentials") {
    const variable_set key_gone{"AWS_ACCESS_KEY_ID", nullptr};
    const variable_set secret_gone{"AWS_SECRET_ACCESS_KEY", nullptr};
    const variable_set no_file{"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"};
    const tintype::basic_s3_storage<curl_transport, tintype::environment_credentials> storage{
        tests::place(), tests::quick(), curl_transport{}, tintype::environment_credentials{}};
    for (const auto& what : errors_of(storage)) {
        CHECK(what.code == errc::permission_denied);
    }
    CHECK(words(tests::put(storage, "object", {})) ==
          "permission denied in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: no "
          "credentials");
}

TEST_CASE("refused: a clock that is an hour ahead, or behind") {
    for (const std::chrono::hours apart : {std::chrono::hours{1}, std::chrono::hours{-1}}) {
        const store_over<tintype::basic_curl_transport<wrong_clock>> storage{
            tests::place(), tests::quick(),
            tintype::basic_curl_transport<wrong_clock>{{}, wrong_clock{apart}}, tests::owner()};
        for (const auto& what : errors_of(storage)) {
            CHECK(what.code == errc::permission_denied);
        }
        const auto done = tests::put(storage, "object", {});
        REQUIRE(!done);
        CHECK(words(done) ==
              "permission denied in object: RequestTimeTooSkewed: the clocks differ");
        // What the machine's own clock says, and the service's, in seconds.
        const auto seconds = static_cast<std::uint64_t>(
            std::chrono::floor<std::chrono::seconds>(tintype::system_clock{}.now())
                .time_since_epoch()
                .count());
        CHECK(seconds - done.error().found <= 2);
        CHECK(seconds - done.error().wanted <= 2);
    }
}

TEST_CASE("refused: no such bucket") {
    auto where = tests::place();
    where.bucket = "nobody-made-this";
    const auto storage = store_of(tests::owner(), where);
    for (const auto& what : errors_of(storage)) {
        CHECK(what.code == errc::not_found);
    }
    CHECK(words(tests::put(storage, "object", {})) ==
          "not found in bucket nobody-made-this: there is no such bucket");
}

TEST_CASE("refused: bytes that were changed on the way there") {
    int times = 1;
    const auto where = tests::place();
    const auto direct = tests::open_store(where);
    const store_over<careless_transport> storage{where, tests::quick(), careless_transport{&times},
                                                 tests::owner()};
    // Once is got over.
    CHECK(words(tests::put(storage, "object", tests::noise(3000))) == "no error");
    CHECK(times == 0);
    CHECK(kept(direct, "object") == tests::noise(3000));
    times = 1'000'000;
    for (const std::size_t size : {3000U, 200'000U}) {
        const auto refused = tests::put(storage, "another", tests::noise(size));
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::checksum_mismatch);
        CHECK(refused.error().during == "sending");
        CHECK(kept(direct, "another") == std::nullopt);
        CHECK(!tests::put(storage, "object", tests::noise(size), true));
        CHECK(kept(direct, "object") == tests::noise(3000));
    }
}

TEST_CASE("refused: more than the quota") {
    const auto bounded = tests::keys_of("TINTYPE_S3_BOUNDED_KEY", "TINTYPE_S3_BOUNDED_SECRET");
    auto where = tests::place();
    where.bucket = "bounded";
    REQUIRE(asked(bounded, "PUT", "/bounded/") == 200);
    const auto storage = store_of(bounded, where);
    tests::cluster("quota 100000");
    // The service counts what there is a moment later.
    tintype::result<void> small;
    std::vector<std::string> acknowledged;
    while (small && acknowledged.size() != 100) {
        const auto name = "small-" + std::to_string(100 + acknowledged.size());
        small = tests::put(storage, name, tests::noise(60'000));
        if (small) {
            acknowledged.push_back(name);
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }
    REQUIRE(!small);
    REQUIRE(!acknowledged.empty());
    CHECK(words(small) == "no space in small-" + std::to_string(100 + acknowledged.size()) +
                              ": the quota is used up");
    CHECK(small.error().code == errc::no_space);
    const auto large = tests::put(storage, "large", tests::noise(200'000));
    REQUIRE(!large);
    CHECK(large.error().code == errc::no_space);
    CHECK(large.error().during == "the quota is used up");
    CHECK(storage.names().value() == acknowledged);
    CHECK(kept(storage, acknowledged.front()) == tests::noise(60'000));
    CHECK(words(storage.sweep(std::chrono::nanoseconds{0})) == "no error");
    tests::cluster("quota off");
    CHECK(words(tests::put(storage, "again", tests::noise(60'000))) == "no error");
    CHECK(words(tests::put(storage, "large", tests::noise(200'000))) == "no error");
    // Room for the next run on the same service.
    CHECK(words(storage.remove_all(storage.names().value())) == "no error");
}

TEST_CASE("refused: nobody is there") {
    const auto storage =
        store_of(tests::owner(), tests::place(tests::fresh_prefix(), "http://127.0.0.1:1"));
    for (const auto& what : errors_of(storage)) {
        CHECK(what.code == errc::io);
        CHECK(what.during != tintype::outcome_unknown);
    }
    CHECK(
        words(tests::put(storage, "object", {})) ==
        "input/output error in http://127.0.0.1:1: Couldn't connect to server: Connection refused");
}

TEST_CASE("refused: a certificate that nobody vouches for, and one that somebody does") {
    const tests::scratch folder;
    const std::string port = std::to_string(20'000 + ::getpid() % 9000);
    const auto run = [](const std::string& line) { return std::system(line.c_str()); };
    REQUIRE(run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
                "-addext subjectAltName=IP:127.0.0.1 -keyout '" +
                folder / "key" + "' -out '" + folder / "certificate" + "' 2>/dev/null") == 0);
    const tests::child server{[&](int) {
        ::execlp("openssl", "openssl", "s_server", "-quiet", "-www", "-accept",
                 ("127.0.0.1:" + port).c_str(), "-key", (folder / "key").c_str(), "-cert",
                 (folder / "certificate").c_str(), nullptr);
        return 1;
    }};
    const auto where = tests::place(tests::fresh_prefix(), "https://127.0.0.1:" + port);
    const auto storage = store_of(tests::owner(), where);
    auto what = storage.read_pointer("pointer");
    for (int i = 0; i != 100 && what.error().code == errc::io; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        what = storage.read_pointer("pointer");
    }
    for (const auto& each : errors_of(storage)) {
        CHECK(each.code == errc::permission_denied);
    }
    CHECK(words(what) == "permission denied in https://127.0.0.1:" + port +
                             ": the server's certificate is not to be trusted");
    // Vouched for, it is spoken to; that it is no object store is another matter.
    const store vouched{where, tests::quick(),
                        curl_transport{{.ca_bundle = folder / "certificate"}}, tests::owner()};
    const auto spoken = vouched.list();
    REQUIRE(!spoken);
    CHECK(spoken.error().code == errc::invalid_value);
    CHECK(spoken.error().during == "reading the service's answer");
}
