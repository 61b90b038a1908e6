// Folders as stores, and what is a folder and what a bucket.

#include "store.hpp"

#include <tintype/storage/directory.hpp>
#include <tintype/storage/posix.hpp>

#include "buckets.hpp"
#include "placed.hpp"

#include <memory>
#include <string>
#include <utility>

namespace tool {

namespace {

using tintype::result;

class folder_place : public placed<tintype::directory> {
public:
    using placed::placed;

    [[nodiscard]] result<void> require() const override {
        const auto folder = tintype::posix_filesystem{}.open_folder(storage().path());
        return folder ? result<void>{} : tintype::pass(folder);
    }
};

} // namespace

outcome<store> open_store(const std::string& where) {
    return names_bucket(where)
               ? open_bucket(where)
               : store{where, std::make_shared<folder_place>(tintype::directory{where})};
}

outcome<store> require_store(const std::string& where) {
    auto opened = open_store(where);
    if (opened) {
        if (auto there = opened->require(); !there) {
            return pass(there);
        }
    }
    return opened;
}

outcome<void> require_no_bucket(std::string_view where) {
    if (!names_bucket(where)) {
        return {};
    }
    return std::unexpected(failure{.how = status::wrong_call,
                                   .about = std::string{where},
                                   .what = "is a bucket, which this does not take",
                                   .code = tintype::errc::unsupported});
}

} // namespace tool
