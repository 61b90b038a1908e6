#pragma once

// Bytes that are there already, as the only object of a storage: for readers that open what they
// read by its name.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/storage/concept.hpp>
#include <tintype/storage/memory.hpp>

#include <string_view>

namespace tool {

class lent_storage : public tintype::memory_storage {
public:
    struct object {
        tintype::byte_view lent;

        [[nodiscard]] tintype::byte_view bytes() const noexcept { return lent; }
    };

    explicit lent_storage(tintype::byte_view bytes) : bytes_(bytes) {}

    [[nodiscard]] tintype::result<object> open(std::string_view, tintype::access) const {
        return object{bytes_};
    }

private:
    tintype::byte_view bytes_;
};

} // namespace tool
