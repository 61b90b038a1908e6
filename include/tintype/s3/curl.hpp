#pragma once

// Requests by libcurl, which keeps connections open. Link with it. One handle a request on the way,
// taken from a pool that copies share. Redirects are not followed, only http and https are spoken,
// and certificates are verified always.
//
// Where a kept connection turns out to be dead libcurl may send a request once more by itself: any
// answer may be that to a second sending, and is to be read as such. Proxies are those of libcurl's
// environment variables.

#if !__has_include(<curl/curl.h>)
#error "tintype: install libcurl for curl/curl.h (Debian: libcurl4-openssl-dev)"
#endif

#include <tintype/core/bytes.hpp>
#include <tintype/core/clock.hpp>
#include <tintype/core/error.hpp>
#include <tintype/s3/credentials.hpp>
#include <tintype/s3/signature.hpp>
#include <tintype/s3/transfer.hpp>
#include <tintype/s3/transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <curl/curl.h>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#ifdef __linux__
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#if LIBCURL_VERSION_NUM < 0x075500
#error "tintype/s3/curl.hpp needs libcurl 7.85 or newer"
#endif

namespace tintype::inline v0 {

struct curl_options {
    std::string ca_bundle{};           // a file of certificates; empty: the system's
    std::size_t kept_connections = 32; // how many wait for the next request at most
    // A connection that waited for longer is not used again: services close those.
    std::chrono::seconds kept_for{20};
};

namespace detail {

struct easy_deleter {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};

struct slist_deleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

using easy_handle = std::unique_ptr<CURL, easy_deleter>;
using header_list = std::unique_ptr<curl_slist, slist_deleter>;

// A handle, with the connections that it keeps, and the socket that it opened last.
struct pooled_handle {
    easy_handle easy;
    std::unique_ptr<curl_socket_t> socket;
};

// Handles that nobody uses at the moment.
class easy_pool {
public:
    explicit easy_pool(curl_options options) : options_(std::move(options)) {}

    [[nodiscard]] const curl_options& options() const noexcept { return options_; }

    // The one used last: its connection is the likeliest to be alive. Null where memory is short.
    [[nodiscard]] pooled_handle take() {
        {
            const std::scoped_lock alone(mutex_);
            if (!free_.empty()) {
                pooled_handle handle = std::move(free_.back());
                free_.pop_back();
                return handle;
            }
        }
        static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
        return {.easy = easy_handle(started == CURLE_OK ? curl_easy_init() : nullptr),
                .socket = std::make_unique<curl_socket_t>(CURL_SOCKET_BAD)};
    }

    void give_back(pooled_handle handle) {
        curl_easy_reset(handle.easy.get()); // forgets the keys, not the connections
        const std::scoped_lock alone(mutex_);
        if (free_.size() < options_.kept_connections) {
            free_.push_back(std::move(handle));
        }
    }

private:
    curl_options options_;
    std::mutex mutex_;
    std::vector<pooled_handle> free_;
};

// An answer as it arrives, and the socket that it may arrive at.
struct socket_transfer : answer_transfer {
    socket_transfer(const s3_request& request, const curl_socket_t& from) noexcept
        : answer_transfer(request), socket(from) {}

    // A service that sends headers and body apart waits with the second until the first was
    // acknowledged, which the system puts off for 40 ms: so it is done at once. A hint only, so it
    // does not matter whether the socket is still that of this connection.
    void acknowledge() const noexcept {
#ifdef TCP_QUICKACK
        const int on = 1;
        static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on));
#endif
    }

    const curl_socket_t& socket;
};

// libcurl's calls, which must not throw: memory that runs out in them ends the program.
struct curl_calls {
    static std::size_t header(char* text, std::size_t, std::size_t size, void* transfer) noexcept {
        auto& one = *static_cast<socket_transfer*>(transfer);
        const std::string_view line{text, size};
        if (line == "\r\n") {
            one.acknowledge();
        }
        return one.take_line(line) ? size : 0;
    }

    static std::size_t body(char* text, std::size_t, std::size_t size, void* transfer) noexcept {
        const auto done =
            static_cast<socket_transfer*>(transfer)->take_body(bytes_of({text, size}));
        return done ? size : 0;
    }

    static std::size_t read(char* to, std::size_t size, std::size_t count,
                            void* transfer) noexcept {
        auto& rest = static_cast<socket_transfer*>(transfer)->unsent;
        const std::size_t some = std::min(size * count, rest.size());
        copy_bytes(rest.first(some), reinterpret_cast<std::byte*>(to));
        rest = rest.subspan(some);
        return some;
    }

    // libcurl sends once more what was lost with a dead connection.
    static int seek(void* transfer, curl_off_t offset, int origin) noexcept {
        auto& one = *static_cast<socket_transfer*>(transfer);
        const auto whole = one.request().body;
        if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > whole.size()) {
            return CURL_SEEKFUNC_CANTSEEK;
        }
        one.unsent = whole.subspan(static_cast<std::size_t>(offset));
        return CURL_SEEKFUNC_OK;
    }

    static int opened(void* socket, curl_socket_t is, curlsocktype) noexcept {
        *static_cast<curl_socket_t*>(socket) = is;
        return CURL_SOCKOPT_OK;
    }

    // There is a connection, and the request goes out.
    static int before_request(void* transfer, char*, char*, int, int) noexcept {
        static_cast<socket_transfer*>(transfer)->sent = true;
        return CURL_PREREQFUNC_OK;
    }
};

// Options of one handle, and the first error among them.
class easy_options {
public:
    explicit easy_options(CURL* handle) noexcept : handle_(handle) {}

    template <class T>
    void set(CURLoption option, T value) noexcept {
        static_assert(std::is_pointer_v<T> || std::is_same_v<T, long> ||
                      std::is_same_v<T, curl_off_t>);
        const CURLcode code = curl_easy_setopt(handle_, option, value);
        first_ = first_ == CURLE_OK ? code : first_;
    }

    void set_time(CURLoption option, std::chrono::milliseconds time) noexcept {
        constexpr std::chrono::milliseconds::rep longest = 2'000'000'000;
        // Zero is libcurl's own default.
        set(option, static_cast<long>(std::clamp<std::chrono::milliseconds::rep>(
                        time.count(), time.count() == 0 ? 0 : 1, longest)));
    }

    [[nodiscard]] CURLcode code() const noexcept { return first_; }

private:
    CURL* handle_;
    CURLcode first_ = CURLE_OK;
};

} // namespace detail

// The clock dates the signatures: a service refuses one that is far from its own.
template <clock_policy Clock = system_clock>
class basic_curl_transport {
public:
    explicit basic_curl_transport(curl_options options = {}, Clock clock = {})
        : pool_(std::make_shared<detail::easy_pool>(std::move(options))), clock_(std::move(clock)) {
    }

    // Adds to the request's headers: the session's token, and the digest of the body where it is
    // not there yet ("x-amz-content-sha256").
    [[nodiscard]] transport_outcome send(const s3_request& request,
                                         const s3_credentials& who) const {
        if (auto good = detail::check_request(request, who); !good) {
            return std::unexpected(
                transport_failure{.what = good.error(), .sent = false, .passing = false});
        }
        auto handle = pool_->take();
        const detail::header_list headers = headers_of(request, who);
        if (handle.easy == nullptr || headers == nullptr) {
            return std::unexpected(
                transport_failure{.what = {.code = errc::out_of_memory, .during = "libcurl"},
                                  .sent = false,
                                  .passing = true});
        }
        detail::socket_transfer transfer(request, *handle.socket);
        CURLcode code = prepare(handle, request, headers.get(), transfer);
        if (code == CURLE_OK) {
            code = curl_easy_perform(handle.easy.get());
        }
        long system = 0;
        curl_easy_getinfo(handle.easy.get(), CURLINFO_OS_ERRNO, &system);
        pool_->give_back(std::move(handle));
        return outcome_of(code, static_cast<int>(system), std::move(transfer));
    }

private:
    [[nodiscard]] detail::header_list headers_of(const s3_request& request,
                                                 const s3_credentials& who) const {
        detail::header_list list;
        bool whole = true;
        const auto add = [&](std::string_view name, std::string_view value) {
            const std::string line = std::string(name) + ": " + std::string(value);
            curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
            whole = whole && longer != nullptr;
            if (list == nullptr) {
                list.reset(longer);
            }
        };
        for (const auto& [name, value] : detail::signed_headers(request, who, clock_.now())) {
            add(name, value);
        }
        return whole ? std::move(list) : nullptr;
    }

    [[nodiscard]] CURLcode prepare(const detail::pooled_handle& handle, const s3_request& request,
                                   curl_slist* headers, detail::socket_transfer& transfer) const {
        detail::easy_options easy(handle.easy.get());
        const curl_options& options = pool_->options();
        easy.set(CURLOPT_NOSIGNAL, 1L);
        easy.set(CURLOPT_NOPROGRESS, 1L);
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https");
        easy.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        easy.set(CURLOPT_FOLLOWLOCATION, 0L);
        easy.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        easy.set(CURLOPT_PATH_AS_IS, 1L);
        easy.set(CURLOPT_USERAGENT, "tintype");
        easy.set(CURLOPT_SSL_VERIFYPEER, 1L);
        easy.set(CURLOPT_SSL_VERIFYHOST, 2L);
        if (!options.ca_bundle.empty()) {
            easy.set(CURLOPT_CAINFO, options.ca_bundle.c_str());
        }
        easy.set(CURLOPT_TCP_KEEPALIVE, 1L);
        easy.set(CURLOPT_MAXCONNECTS, 2L);
        easy.set(CURLOPT_MAXAGE_CONN, static_cast<long>(std::clamp<std::chrono::seconds::rep>(
                                          options.kept_for.count(), 1, 86400)));
        easy.set_time(CURLOPT_TIMEOUT_MS, request.timeout);
        easy.set_time(CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout);
        // A refusal of a large body may come before it is sent; one who does not know the question
        // is not waited for.
        easy.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 250L);
        easy.set(CURLOPT_BUFFERSIZE, 256L * 1024);
        easy.set(CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);

        easy.set(CURLOPT_URL, (request.origin + request.target).c_str());
        easy.set(CURLOPT_HTTPHEADER, headers);

        if (request.method == "HEAD") {
            easy.set(CURLOPT_NOBODY, 1L);
        } else if (request.method == "PUT" || request.method == "POST") {
            easy.set(CURLOPT_UPLOAD, 1L);
            easy.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            easy.set(CURLOPT_READFUNCTION, &detail::curl_calls::read);
            easy.set(CURLOPT_READDATA, &transfer);
            easy.set(CURLOPT_SEEKFUNCTION, &detail::curl_calls::seek);
            easy.set(CURLOPT_SEEKDATA, &transfer);
        }
        if (request.method == "POST" || request.method == "DELETE") {
            easy.set(CURLOPT_CUSTOMREQUEST, request.method == "POST" ? "POST" : "DELETE");
        }
        easy.set(CURLOPT_SOCKOPTFUNCTION, &detail::curl_calls::opened);
        easy.set(CURLOPT_SOCKOPTDATA, handle.socket.get());
        easy.set(CURLOPT_PREREQFUNCTION, &detail::curl_calls::before_request);
        easy.set(CURLOPT_PREREQDATA, &transfer);
        easy.set(CURLOPT_HEADERFUNCTION, &detail::curl_calls::header);
        easy.set(CURLOPT_HEADERDATA, &transfer);
        easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        easy.set(CURLOPT_WRITEFUNCTION, &detail::curl_calls::body);
        easy.set(CURLOPT_WRITEDATA, &transfer);
        return easy.code();
    }

    [[nodiscard]] static transport_outcome outcome_of(CURLcode code, int system,
                                                      detail::answer_transfer transfer) {
        if (transfer.refused) {
            return std::unexpected(
                transport_failure{.what = *transfer.refused, .sent = true, .passing = false});
        }
        if (code == CURLE_OK && transfer.whole()) {
            return std::move(transfer).answer();
        }
        transport_failure failure{.what = {.code = errc::io,
                                           .where = transfer.request().origin,
                                           .found = transfer.arrived(),
                                           .wanted = transfer.announced().value_or(0),
                                           .system = system,
                                           // Of static life, as all of them.
                                           .during = curl_easy_strerror(code)},
                                  .sent = transfer.sent};
        switch (code) {
        case CURLE_OK: // closed before the headers ended
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
            failure.what.code = errc::incomplete_stream;
            failure.what.during = "the answer was cut short";
            break;
        case CURLE_OPERATION_TIMEDOUT:
            failure.what.code = errc::timed_out;
            failure.what.system = 0;
            failure.what.during = transfer.sent ? "waiting for the answer" : "connecting";
            break;
        case CURLE_PEER_FAILED_VERIFICATION:
            failure.what.during = "the server's certificate is not to be trusted";
            [[fallthrough]];
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_ISSUER_ERROR:
            failure.what.code = errc::permission_denied;
            failure.what.system = 0;
            failure.passing = false;
            break;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            failure.what.code = errc::invalid_value;
            failure.passing = false;
            break;
        case CURLE_NOT_BUILT_IN:
        case CURLE_UNKNOWN_OPTION:
            failure.what.code = errc::unsupported;
            failure.passing = false;
            break;
        case CURLE_OUT_OF_MEMORY:
            failure.what.code = errc::out_of_memory;
            break;
        default:
            break;
        }
        return std::unexpected(failure);
    }

    std::shared_ptr<detail::easy_pool> pool_;
    Clock clock_;
};

using curl_transport = basic_curl_transport<>;

static_assert(s3_transport<curl_transport>);

} // namespace tintype::inline v0
