// Buckets as stores. This is the one place that needs the library's object store, and says what was
// missing where it was built without.

#include "buckets.hpp"

#if defined(TINTYPE_TOOL_WITH_S3)

#include <tintype/s3/storage.hpp>

#include "placed.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace tool {

namespace {

using tintype::result;

class bucket_place : public placed<tintype::s3_storage> {
public:
    using placed::placed;

    // Who only looks removes nothing, and may not be allowed to ask what there would be.
    [[nodiscard]] result<std::size_t> sweep(std::chrono::nanoseconds grace) const override {
        return grace == std::chrono::nanoseconds::max() ? result<std::size_t>{0}
                                                        : placed::sweep(grace);
    }
};

} // namespace

outcome<store> open_bucket(const std::string& where) {
    // Its connections are kept for the next store.
    static const tintype::curl_transport transport;
    auto found = tintype::s3_location::from_environment(where);
    if (!found) {
        auto known = failed(where, found.error());
        known.error().how = status::wrong_call;
        return known;
    }
    return store{where, std::make_shared<bucket_place>(
                            tintype::s3_storage{*std::move(found), {}, transport})};
}

} // namespace tool

#else

namespace tool {

outcome<store> open_bucket(const std::string& where) {
    return std::unexpected(
        failure{.how = status::wrong_call,
                .about = where,
                .what = "this program was built without object stores, for which it takes "
                        "libcurl, pugixml and OpenSSL: "
                        "apt-get install libcurl4-openssl-dev libpugixml-dev libssl-dev",
                .code = tintype::errc::unsupported});
}

} // namespace tool

#endif
