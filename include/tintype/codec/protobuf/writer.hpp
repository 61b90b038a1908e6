#pragma once

// A message as its fields, in the order of their numbers. What is zero or empty is left out, where
// nothing says that it is present: so does protoc. Counting and writing walk the same way here; a
// message inside another one is counted for its length and then written.

#include <tintype/codec/bincode/failure.hpp>
#include <tintype/codec/protobuf/number.hpp>
#include <tintype/codec/protobuf/output.hpp>
#include <tintype/codec/protobuf/shape.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/utf8.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tintype::inline v0::detail {

// `Wire` knows how a field begins.
template <class Wire, class Out>
class protobuf_writer {
public:
    explicit protobuf_writer(Out& out) noexcept : out_(&out) {}

    // Whether all of it was written; if not, why is in `failure`.
    template <class T>
    bool message(const T& value) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return ((field(std::uint32_t{I + 1}, member<I>(value)) || inside(member_names<T>[I])) &&
                    ...);
        }(std::make_index_sequence<member_count<T>>{});
    }

    [[nodiscard]] error failure() const noexcept { return failure_.told(); }

private:
    template <class T>
    static std::uint64_t size_of(const T& value) {
        protobuf_counter counter;
        static_cast<void>(protobuf_writer<Wire, protobuf_counter>(counter).message(value));
        return counter.written();
    }

    template <class T>
    bool field(std::uint32_t number, const T& value) {
        constexpr protobuf_shape shape = protobuf_shape_for<T>;
        if constexpr (shape == protobuf_shape::number) {
            return protobuf_bits(value) == 0 || present(number, value);
        } else if constexpr (shape == protobuf_shape::string || shape == protobuf_shape::bytes) {
            return std::ranges::empty(value) || present(number, value);
        } else if constexpr (shape == protobuf_shape::message) {
            const std::uint64_t size = size_of(value);
            return size == 0 || sized_message(number, size, value);
        } else if constexpr (shape == protobuf_shape::optional) {
            return !value.has_value() || present(number, *value);
        } else if constexpr (shape == protobuf_shape::packed) {
            return value.empty() || numbers(number, value);
        } else if constexpr (shape == protobuf_shape::repeated) {
            for (const auto& each : value) {
                if (!present(number, each)) {
                    return false;
                }
            }
            return true;
        } else {
            for (const auto& [key, mapped] : value) {
                if (!entry(number, key, mapped)) {
                    return false;
                }
            }
            return true;
        }
    }

    // Also what is zero or empty.
    template <class T>
    bool present(std::uint32_t number, const T& value) {
        constexpr protobuf_shape shape = protobuf_shape_for<T>;
        if constexpr (shape == protobuf_shape::number) {
            return begin<T>(number) && scalar(value);
        } else if constexpr (shape == protobuf_shape::string) {
            const std::string_view text{value.data(), value.size()};
            return open(number, text.size()) && utf8(text) && passed(out_->bytes(bytes_of(text)));
        } else if constexpr (shape == protobuf_shape::bytes) {
            const byte_view some{value};
            return open(number, some.size()) && passed(out_->bytes(some));
        } else {
            return sized_message(number, size_of(value), value);
        }
    }

    template <class T>
    bool sized_message(std::uint32_t number, std::uint64_t size, const T& value) {
        if constexpr (Out::counts) {
            return open(number, size) && out_->skip(size);
        } else {
            return open(number, size) && message(value);
        }
    }

    template <class T>
    bool numbers(std::uint32_t number, const T& values) {
        using element = typename T::value_type;
        std::uint64_t size = 0;
        if constexpr (protobuf_fixed<element>) {
            size = std::uint64_t{values.size()} * sizeof(element);
        } else {
            for (const element each : values) {
                size += protobuf_varint_size(protobuf_bits(each));
            }
        }
        if (!open(number, size)) {
            return false;
        }
        if constexpr (Out::counts) {
            return out_->skip(size);
        } else if constexpr (protobuf_fixed<element> && std::ranges::contiguous_range<const T> &&
                             std::endian::native == std::endian::little) {
            return passed(out_->bytes(std::as_bytes(std::span{values})));
        } else {
            for (const element each : values) {
                if (!scalar(each)) {
                    return false;
                }
            }
            return true;
        }
    }

    // A message of two fields, both of which are always there.
    template <class Key, class Mapped>
    bool entry(std::uint32_t number, const Key& key, const Mapped& mapped) {
        protobuf_counter counter;
        protobuf_writer<Wire, protobuf_counter> of_entry(counter);
        static_cast<void>(of_entry.of_key_and_value(key, mapped));
        if constexpr (Out::counts) {
            return open(number, counter.written()) && out_->skip(counter.written());
        } else {
            return open(number, counter.written()) && of_key_and_value(key, mapped);
        }
    }

    template <class Key, class Mapped>
    bool of_key_and_value(const Key& key, const Mapped& mapped) {
        return (present(1, key) || inside("key")) && (present(2, mapped) || inside("value"));
    }

    template <class T>
    bool scalar(T value) {
        if constexpr (protobuf_fixed<T>) {
            return passed(out_->fixed(static_cast<bits_of<T>>(protobuf_bits(value))));
        } else {
            if (!Out::counts && !protobuf_holds(value)) {
                return invalid(protobuf_bits(value));
            }
            return passed(out_->varint(protobuf_bits(value)));
        }
    }

    template <class T>
    bool begin(std::uint32_t number) {
        return passed(out_->varint(Wire::tag(number, Wire::template type_of<T>())));
    }

    bool open(std::uint32_t number, std::uint64_t size) {
        return passed(out_->varint(Wire::tag(number, Wire::type::length_delimited))) &&
               passed(out_->varint(size));
    }

    bool utf8(std::string_view text) {
        if constexpr (!Out::counts) {
            const std::size_t good = utf8_prefix(text);
            if (good != text.size()) {
                return failure_.refuse({.code = errc::invalid_utf8,
                                        .offset = out_->written() + good,
                                        .found = static_cast<unsigned char>(text[good])});
            }
        }
        return true;
    }

    bool passed(bool done) { return done || failure_.refuse(out_->failure()); }

    [[gnu::cold, gnu::noinline]] bool inside(std::string_view name) noexcept {
        return failure_.inside(name);
    }

    [[gnu::cold, gnu::noinline]] bool invalid(std::uint64_t bits) noexcept {
        return failure_.refuse({.code = errc::invalid_value,
                                .offset = out_->written(),
                                .found = bits,
                                .wanted = 0x7fffffff});
    }

    template <class, class>
    friend class protobuf_writer;

    Out* out_;
    bincode_failure failure_;
};

} // namespace tintype::inline v0::detail
