#pragma once

// Messages out of protobuf, as it says to read them: fields in any order, the last of several
// numbers or strings, several messages of one field merged, lists grown, unknown fields left alone.

#include <tintype/codec/protobuf/input.hpp>
#include <tintype/codec/protobuf/number.hpp>
#include <tintype/codec/protobuf/shape.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tintype::inline v0::detail {

template <class Wire>
class protobuf_reader : public protobuf_input<Wire> {
public:
    using protobuf_input<Wire>::protobuf_input;

    // All fields up to the end of the message.
    template <class T>
    bool message(T& value) {
        while (this->at_ != this->end_) {
            tag found;
            if (!this->next(found) || !member_of(value, found) || !this->watched()) {
                return false;
            }
        }
        return true;
    }

private:
    using tag = typename protobuf_input<Wire>::tag;
    using wire_type = typename Wire::type;

    template <class T>
    bool member_of(T& value, const tag& found) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            bool good = false;
            const bool known = ((found.number == I + 1 && (good = field(member<I>(value), found) ||
                                                                  this->inside(member_names<T>[I]),
                                                           true)) ||
                                ...);
            return known ? good : this->skip(found);
        }(std::make_index_sequence<member_count<T>>{});
    }

    template <class T>
    bool field(T& value, const tag& found) {
        constexpr protobuf_shape shape = protobuf_shape_for<T>;
        if constexpr (shape == protobuf_shape::number) {
            return this->expect(found, Wire::template type_of<T>()) && number(value);
        } else if constexpr (shape == protobuf_shape::optional) {
            return field(value.has_value() ? *value : value.emplace(), found);
        } else if constexpr (shape == protobuf_shape::packed) {
            return numbers(value, found);
        } else if constexpr (shape == protobuf_shape::repeated) {
            return this->may_grow(value.size(), 1, found.at) && field(appended(value), found);
        } else if constexpr (shape == protobuf_shape::string) {
            return this->expect(found, wire_type::length_delimited) && string(value);
        } else if constexpr (shape == protobuf_shape::bytes) {
            return this->expect(found, wire_type::length_delimited) && bytes_of_member(value);
        } else if constexpr (shape == protobuf_shape::message) {
            return this->expect(found, wire_type::length_delimited) &&
                   within([&] { return message(value); });
        } else {
            return this->expect(found, wire_type::length_delimited) && entry(value, found);
        }
    }

    // An allocator may leave it to others to fill an element.
    template <class T>
    static typename T::value_type& appended(T& list) {
        typename T::value_type& made = list.emplace_back();
        if constexpr (std::is_trivially_default_constructible_v<typename T::value_type>) {
            made = {};
        }
        return made;
    }

    // Reads what stands behind a length, and no further.
    template <class Read>
    bool within(Read read) {
        byte_view all;
        if (!this->extent(all)) {
            return false;
        }
        const std::byte* const outer = std::exchange(this->end_, this->at_);
        this->at_ = all.data();
        const bool good = read();
        this->end_ = outer;
        return good;
    }

    template <class T>
    bool number(T& value) {
        if constexpr (protobuf_fixed<T>) {
            if (!this->have(sizeof(T))) {
                return false;
            }
            value = load<std::endian::little, T>(this->at_);
            this->at_ += sizeof(T);
            return true;
        } else {
            const std::byte* const start = this->at_;
            std::uint64_t bits = 0;
            return this->varint(bits) &&
                   (protobuf_number_of(bits, value) || this->invalid(bits, 0, start));
        }
    }

    // Packed or one by one, whichever the writer thought better.
    template <class T>
    bool numbers(T& values, const tag& found) {
        using element = typename T::value_type;
        if (!found.is(wire_type::length_delimited)) {
            element each{};
            return this->may_grow(values.size(), 1, found.at) &&
                   this->expect(found, Wire::template type_of<element>()) && number(each) &&
                   (values.push_back(each), true);
        }
        return within([&] { return packed(values, found.at); });
    }

    template <class T>
    bool packed(T& values, const std::byte* start) {
        using element = typename T::value_type;
        const byte_view all{this->at_, this->end_};
        std::size_t count = 0;
        if constexpr (protobuf_fixed<element>) {
            count = all.size() / sizeof(element);
            if (all.size() % sizeof(element) != 0) {
                return this->invalid(all.size(), count * sizeof(element), start);
            }
        } else {
            // Each has one last byte.
            count = static_cast<std::size_t>(
                std::ranges::count_if(all, [](std::byte each) { return each < std::byte{0x80}; }));
        }
        if (!this->may_grow(values.size(), count, start)) {
            return false;
        }
        if constexpr (protobuf_fixed<element> && std::ranges::contiguous_range<T> &&
                      std::endian::native == std::endian::little) {
            const std::size_t before = values.size();
            values.resize(before + count);
            copy_bytes(all, reinterpret_cast<std::byte*>(values.data() + before));
            this->at_ = this->end_;
            return true;
        } else {
            // Later blocks grow it as a vector grows, as there may be as many as bytes.
            if constexpr (requires { values.reserve(count); }) {
                if (values.empty()) {
                    values.reserve(count);
                }
            }
            while (this->at_ != this->end_) {
                element each{};
                if (!number(each) || !this->watched()) {
                    return false;
                }
                values.push_back(each);
            }
            return true;
        }
    }

    template <class T>
    bool string(T& value) {
        std::string_view found;
        if (!this->text(found)) {
            return false;
        }
        if constexpr (lent<T>) {
            value = found;
        } else {
            value.assign(found.data(), found.size());
        }
        return true;
    }

    template <class T>
    bool bytes_of_member(T& value) {
        byte_view found;
        if (!this->bytes(found)) {
            return false;
        }
        if constexpr (lent<T>) {
            value = found;
        } else {
            value.resize(found.size());
            copy_bytes(found, value.data());
        }
        return true;
    }

    // A key that comes again has the later value.
    template <class T>
    bool entry(T& map, const tag& found) {
        typename T::key_type key{};
        typename T::mapped_type mapped{};
        const auto both = [&] {
            while (this->at_ != this->end_) {
                tag part;
                if (!this->next(part)) {
                    return false;
                }
                if (part.number == 1   ? !(field(key, part) || this->inside("key"))
                    : part.number == 2 ? !(field(mapped, part) || this->inside("value"))
                                       : !this->skip(part)) {
                    return false;
                }
            }
            return true;
        };
        if (!within(both)) {
            return false;
        }
        if (!map.contains(key) && !this->may_grow(map.size(), 1, found.at)) {
            return false;
        }
        map.insert_or_assign(std::move(key), std::move(mapped));
        return true;
    }
};

} // namespace tintype::inline v0::detail
