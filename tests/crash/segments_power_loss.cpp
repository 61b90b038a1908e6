// Objects that grow by segments in a folder, through power cuts: after every call that changed
// something each state that a power cut could leave is read as another process would read it. What
// was acknowledged is there, in order; what was cut off or replaced is the old or the new, whole.

#include <tintype/core/message.hpp>
#include <tintype/storage/directory.hpp>
#include <tintype/storage/segments.hpp>

#include "intercepted.hpp"
#include "power_cut.hpp"
#include "session.hpp"
#include "simulated_filesystem.hpp"
#include "support/bytes.hpp"
#include "support/growing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using tests::noise;
using tests::simulated_path;
using tintype::byte_view;

class grown_session {
    using filesystem = tests::intercepted<tests::simulated_filesystem>;
    using folder = tintype::basic_directory<filesystem>;
    using storage_type = tintype::segmented<folder>;
    using object_type = tintype::appended_of<storage_type>;

public:
    explicit grown_session(tests::tally& seen)
        : disk_(tests::simulated_options{.sector = 256}),
          hooks_(std::make_shared<tests::interception>()),
          storage_(folder{simulated_path, filesystem{disk_, hooks_}},
                   {.merge_from = 3, .merge_grace = {}}),
          seen_(seen) {
        hooks_->after = [this](const tests::call&, bool) { look(); };
    }

    grown_session(const grown_session&) = delete;
    grown_session& operator=(const grown_session&) = delete;
    ~grown_session() = default;

    // Objects that it may be: each at least so long, and a beginning of those bytes.
    void put(std::uint64_t seed, std::size_t size, bool over) {
        may_be_.push_back({.bytes = noise(1000, seed), .least = size, .most = size});
        REQUIRE(
            tests::put_object(storage_, "log", byte_view{may_be_.back().bytes}.first(size), over));
        settle();
    }

    void open() {
        object_.reset();
        auto made = storage_.append("log");
        REQUIRE(made);
        object_.emplace(*std::move(made));
        CHECK(object_->size() == may_be_.back().least);
    }

    void grow(std::size_t size) {
        auto& now = may_be_.back();
        const auto at = static_cast<std::size_t>(object_->size());
        now.most = at + size;
        REQUIRE(tests::grow(*object_, byte_view{now.bytes}.subspan(at, size)));
        now.least = now.most;
        look();
    }

    void cut(std::size_t size) {
        auto fresh = may_be_.back();
        fresh.least = fresh.most = size;
        may_be_.push_back(fresh);
        REQUIRE(object_->truncate(size));
        REQUIRE(object_->sync());
        settle();
    }

    void remove() {
        may_be_absent_ = true;
        REQUIRE(storage_.remove("log") == true);
        REQUIRE(storage_.sync());
        may_be_.clear();
        look();
        REQUIRE(storage_.sweep({}));
        look();
    }

private:
    struct version {
        tintype::blob bytes;
        std::size_t least = 0;
        std::size_t most = 0;
    };

    void settle() {
        may_be_.erase(may_be_.begin(), may_be_.end() - 1);
        may_be_absent_ = false;
        look();
    }

    [[nodiscard]] std::optional<std::string> wrong(const tests::simulated_filesystem& disk) const {
        const tintype::segmented storage{
            tintype::basic_directory<tests::simulated_filesystem>{simulated_path, disk}};
        const auto object = storage.open("log");
        if (!object) {
            return object.error().code == tintype::errc::not_found && may_be_absent_
                       ? std::nullopt
                       : std::optional{tintype::message(object.error())};
        }
        const auto bytes = object->bytes();
        const bool known = std::ranges::any_of(may_be_, [&](const version& each) {
            return bytes.size() >= each.least && bytes.size() <= each.most &&
                   std::ranges::equal(bytes, byte_view{each.bytes}.first(bytes.size()));
        });
        if (!known) {
            return std::to_string(bytes.size()) + " bytes that it cannot have";
        }
        // And it goes on there.
        auto again = storage.append("log");
        if (!again || again->size() != bytes.size() || !tests::grow(*again, noise(7)) ||
            tests::read_object(storage, "log")->size() != bytes.size() + 7) {
            return "it does not go on";
        }
        return std::nullopt;
    }

    void look() {
        const auto there = disk_.disk().folders.find(simulated_path);
        if (there == disk_.disk().folders.end() || disk_.disk().revision == last_look_) {
            return;
        }
        last_look_ = disk_.disk().revision;
        tests::for_each_power_cut(
            *there->second, disk_.disk().options.sector, [&](const tests::power_cut_state& state) {
                seen_.states.try_emplace(state.key(), state.journalled());
                std::uint64_t asked = may_be_absent_ ? 1 : 0;
                for (const version& each : may_be_) {
                    asked = tests::mixed(tests::mixed(asked, each.least), each.most);
                }
                if (!seen_.checked.insert(tests::mixed(asked, state.key())).second) {
                    return;
                }
                if (auto what = wrong(state.disk(simulated_path, false))) {
                    seen_.complain(*std::move(what), state.journalled());
                }
            });
    }

    tests::simulated_filesystem disk_;
    std::shared_ptr<tests::interception> hooks_;
    storage_type storage_;
    tests::tally& seen_;
    std::optional<object_type> object_{};
    std::vector<version> may_be_{};
    bool may_be_absent_ = true;
    std::uint64_t last_look_ = ~std::uint64_t{0};
};

} // namespace

TEST_CASE("no power cut takes what an object that grows by segments acknowledged") {
    tests::tally seen;
    grown_session at{seen};
    at.put(1, 20, false);
    at.open();
    for (int i = 0; i != 7; ++i) {
        at.grow(30); // with two merges
    }
    at.open();
    at.grow(10);
    at.cut(95);
    at.grow(40);
    at.open();
    at.grow(40);
    at.put(2, 50, true);
    at.open();
    at.grow(25);
    at.grow(25);
    at.remove();
    at.put(3, 5, false);
    at.open();
    at.grow(5);
    for (const std::string& example : seen.examples) {
        FAIL_CHECK(example);
    }
    CHECK(seen.violations == 0);
    CHECK(seen.states.size() > 50);
    MESSAGE(seen.states.size() << " states");
}
