#pragma once

// A store that reads each object once, until it is told to forget: what was checked is what is then
// copied, whatever happened in between, and it crosses a network once.

#include "store.hpp"

#include <map>
#include <memory>
#include <string>

namespace tool {

class remembering {
public:
    explicit remembering(const store& of);

    [[nodiscard]] const class store& store() const noexcept { return store_; }

    void forget() { seen_->clear(); }

private:
    using objects = std::map<std::string, store_object, std::less<>>;

    std::shared_ptr<objects> seen_ = std::make_shared<objects>();
    class store store_;
};

} // namespace tool
