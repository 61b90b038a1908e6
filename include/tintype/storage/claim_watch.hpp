#pragma once

// What stops a replacement that is on its way once the claim of its name was lost: a storage that
// tries again asks before each try, and by then the name may be another's.

#include <tintype/core/error.hpp>
#include <tintype/core/progress.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace tintype::inline v0::detail {

// `Claims` says by check(name) whether whoever claimed it still owns it. To be given to stage(); it
// stays where it is, and outlives what was staged.
template <class Claims>
class claim_watch {
public:
    explicit claim_watch(std::shared_ptr<Claims> claims) : claims_(std::move(claims)) {}

    claim_watch(const claim_watch&) = delete;
    claim_watch& operator=(const claim_watch&) = delete;

    [[nodiscard]] const monitor* watch() const noexcept { return &monitor_; }

    void operator()(progress) {
        if (!name_.empty() && !claims_->check(name_)) {
            lost_.request_stop();
        }
    }

    template <class Staged>
    [[nodiscard]] result<void> replace(Staged& staged, std::string_view name) {
        name_ = name;
        auto done = staged.replace(name);
        if (!done && done.error().code == errc::cancelled) {
            const auto during = done.error().during;
            return fail({.code = errc::timed_out,
                         .where = name,
                         .during = during.empty() ? "the claim was lost" : during});
        }
        return done;
    }

private:
    std::shared_ptr<Claims> claims_;
    std::string name_; // empty: there is nothing to lose yet
    std::stop_source lost_;
    monitor monitor_{*this, lost_.get_token()};
};

} // namespace tintype::inline v0::detail
