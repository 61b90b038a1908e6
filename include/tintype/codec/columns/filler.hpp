#pragma once

// The second walk over encoded columns, which puts values into rows. The first walk has looked at
// every length, so this one reads without asking; it refuses only what needs the values themselves:
// keys that come twice or out of order, and forms that are none. The bytes must not change between
// the two.

#include <tintype/codec/columns/checker.hpp>
#include <tintype/codec/columns/lengths.hpp>
#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/columns/writer.hpp>
#include <tintype/codec/packed_range.hpp>
#include <tintype/core/progress.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

template <class T>
concept ordered_container = requires(const T& container) { container.key_comp(); };

// A sequence whose elements can be there first and be filled afterwards.
template <class T>
concept fillable_sequence =
    std::same_as<std::ranges::range_reference_t<T>, typename T::value_type&> &&
    requires(T sequence, std::size_t size) { sequence.resize(size); };

class column_filler {
public:
    // `bytes`: all of what the first walk went over, the number of rows included.
    column_filler(byte_view bytes, const decode_options& options) noexcept
        : bytes_(bytes), at_(bytes.data() + 8), options_(options) {}

    // `each(visit)` calls `visit(value)` for all `count` values, in the same order every time,
    // until it says false.
    template <class T, class Each>
    bool node(const Each& each, std::uint64_t count, const column_path& path) {
        constexpr column_shape shape = shape_of<T>;
        if (count == 0) {
            return true;
        }
        const std::byte* const start = at_;
        if constexpr (shape == column_shape::packed) {
            return each([&](T& value) {
                       set(value, at_);
                       at_ += packed_size<T>;
                       return watched();
                   }) &&
                   padded(start);
        } else if constexpr (shape == column_shape::run) {
            return runs<T>(each, count, path);
        } else if constexpr (shape == column_shape::sequence) {
            return sequences<T>(each, count, path);
        } else if constexpr (shape == column_shape::array) {
            return node<element_type<T>>(elements_of<T>(each), count * array_extent<T>, path);
        } else if constexpr (shape == column_shape::map) {
            return maps<T>(each, count, path);
        } else if constexpr (shape == column_shape::optional) {
            return optionals<T>(each, path);
        } else if constexpr (shape == column_shape::variant) {
            return variants<T>(each, path, std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (shape == column_shape::pair) {
            return part<typename T::first_type>(each, &T::first, count, {&path, "first"}) &&
                   part<typename T::second_type>(each, &T::second, count, {&path, "second"});
        } else if constexpr (shape == column_shape::described) {
            return members<T>(each, count, path, std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == column_shape::form) {
            return forms<T>(each, count, path);
        } else {
            return true; // std::monostate
        }
    }

    [[nodiscard]] const error& failure() const noexcept { return error_; }

private:
    static constexpr auto little = std::endian::little;

    [[nodiscard]] std::uint64_t offset_of(const std::byte* at) const noexcept {
        return static_cast<std::uint64_t>(at - bytes_.data());
    }

    bool refuse(errc code, const column_path& path, const std::byte* at) {
        error_ = {.code = code, .where = path.text(), .offset = offset_of(at)};
        return false;
    }

    // Tells whoever watches, and asks whether to go on, every few MiB.
    bool watched() {
        return options_.watch == nullptr || offset_of(at_) < next_report_ || reported();
    }

    bool reported() {
        next_report_ = offset_of(at_) + (std::uint64_t{4} << 20U);
        const auto going_on =
            options_.watch->report({.done = offset_of(at_), .total = bytes_.size()});
        if (!going_on) {
            error_ = going_on.error();
        }
        return going_on.has_value();
    }

    // Steps over the zeros behind a block that began at `start`.
    bool padded(const std::byte* start) {
        at_ += padding_of(static_cast<std::uint64_t>(at_ - start));
        return true;
    }

    const std::byte* take(std::uint64_t size) {
        const std::byte* const start = at_;
        at_ += size + padding_of(size);
        return start;
    }

    stored_lengths take_lengths(std::uint64_t count) {
        const auto tag = load<little, std::uint64_t>(take(8));
        return {take(tag == 0 ? 8 : count * tag), tag};
    }

    template <class T>
    static void set(T& value, const std::byte* from) {
        if constexpr (stored_as_is<T>) {
            std::memcpy(static_cast<void*>(&value), from, sizeof value);
        } else {
            static_cast<void>(load_packed<little>(from, value));
        }
    }

    template <class T, class Each>
    static auto elements_of(const Each& each) {
        return [&each](auto&& visit) {
            return each([&](T& value) {
                for (auto& element : value) {
                    if (!visit(element)) {
                        return false;
                    }
                }
                return true;
            });
        };
    }

    template <class T, class Each>
    bool runs(const Each& each, std::uint64_t count, const column_path& path) {
        auto lengths = take_lengths(count);
        const std::byte* const start = at_;
        return each([&](T& value) {
                   const auto length = static_cast<std::size_t>(lengths.next());
                   const byte_view bytes{at_, length * packed_size<element_type<T>>};
                   at_ += bytes.size();
                   return run(value, bytes, path) && watched();
               }) &&
               padded(start);
    }

    template <class T>
    bool run(T& value, byte_view bytes, const column_path& path) {
        static_assert(lent<T> || growable<T>, "tintype: columns write this view and cannot read "
                                              "into it; make it a std::span or a vector");
        using element = element_type<T>;
        if constexpr (lent<T>) {
            const auto* first = reinterpret_cast<const element*>(bytes.data());
            value = bytes.empty() ? T{} : T{first, bytes.size() / sizeof(element)};
            return true;
        } else if constexpr (kind_of<T> == kind::string) {
            value.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return true;
        } else if constexpr (resizable_packed_range<T> && fillable_sequence<T>) {
            // The first walk has seen the bools.
            return decode_range<little>(bytes, value, {}).has_value();
        } else {
            value.clear();
            for (const std::byte* from = bytes.data(); from != bytes.data() + bytes.size();
                 from += packed_size<element>) {
                element each{};
                set(each, from);
                if (!inserted(value, std::move(each), path, from)) {
                    return false;
                }
            }
            return true;
        }
    }

    // What is sorted is kept in its order, so that equal containers are equal bytes.
    template <class T, class Element>
    bool inserted(T& into, Element&& element, const column_path& path, const std::byte* at) {
        if constexpr (ordered_container<T>) {
            if (into.size() != 0 && comes_before(into, element, *std::prev(into.end()))) {
                return refuse(errc::invalid_value, path, at);
            }
        }
        const auto before = into.size();
        into.insert(into.end(), std::forward<Element>(element));
        return into.size() != before || refuse(errc::duplicate, path, at);
    }

    template <class T, class Element>
    static bool comes_before(const T& in, const Element& a, const typename T::value_type& b) {
        if constexpr (kind_of<T> == kind::map) {
            return in.key_comp()(a.first, b.first);
        } else {
            return in.key_comp()(a, b);
        }
    }

    static std::uint64_t sum_of(stored_lengths lengths, std::uint64_t count) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i != count; ++i) {
            sum += lengths.next();
        }
        return sum;
    }

    // So many values of a column in memory of their own, for what cannot be filled in place.
    template <class T>
    bool apart(std::unique_ptr<T[]>& all, std::uint64_t count, const column_path& path) {
        all = std::make_unique<T[]>(static_cast<std::size_t>(count));
        const std::span<T> values{all.get(), static_cast<std::size_t>(count)};
        return node<T>([&](auto&& visit) { return std::ranges::all_of(values, visit); }, count,
                       path);
    }

    template <class T, class Each>
    bool sequences(const Each& each, std::uint64_t count, const column_path& path) {
        static_assert(growable<T>, "tintype: columns write views of such values and cannot read "
                                   "into them; make it a vector");
        using element = element_type<T>;
        auto lengths = take_lengths(count);
        if constexpr (fillable_sequence<T>) {
            std::uint64_t total = 0;
            each([&](T& value) {
                const std::uint64_t length = lengths.next();
                value.resize(static_cast<std::size_t>(length));
                total += length;
                return true;
            });
            return node<element>(elements_of<T>(each), total, path);
        } else {
            const std::byte* const start = at_;
            std::unique_ptr<element[]> elements;
            if (!apart(elements, sum_of(lengths, count), path)) {
                return false;
            }
            element* next = elements.get();
            return each([&](T& value) {
                value.clear();
                for (std::uint64_t i = lengths.next(); i != 0; --i) {
                    if (!inserted(value, std::move(*next++), path, start)) {
                        return false;
                    }
                }
                return true;
            });
        }
    }

    template <class T, class Each>
    bool maps(const Each& each, std::uint64_t count, const column_path& path) {
        using key = typename T::key_type;
        using mapped = typename T::mapped_type;
        auto lengths = take_lengths(count);
        const std::uint64_t total = sum_of(lengths, count);
        const std::byte* const start = at_;
        const column_path key_path{&path, "key"};
        std::unique_ptr<key[]> keys;
        std::unique_ptr<mapped[]> values;
        if (!apart(keys, total, key_path) || !apart(values, total, {&path, "value"})) {
            return false;
        }
        key* next_key = keys.get();
        mapped* next_value = values.get();
        return each([&](T& map) {
            map.clear();
            for (std::uint64_t i = lengths.next(); i != 0; --i) {
                if (!inserted(
                        map,
                        typename T::value_type(std::move(*next_key++), std::move(*next_value++)),
                        key_path, start)) {
                    return false;
                }
            }
            return true;
        });
    }

    template <class T, class Each>
    bool optionals(const Each& each, const column_path& path) {
        const std::byte* const flags = at_;
        std::uint64_t present = 0;
        each([&](T& value) {
            if (*at_++ == std::byte{0}) {
                value.reset();
            } else {
                value.emplace();
                ++present;
            }
            return true;
        });
        padded(flags);
        const auto there = [&](auto&& visit) {
            return each([&](T& value) { return !value.has_value() || visit(*value); });
        };
        return node<typename T::value_type>(there, present, path);
    }

    template <class T, class Each, std::size_t... I>
    bool variants(const Each& each, const column_path& path, std::index_sequence<I...>) {
        const std::byte* const indices = at_;
        std::array<std::uint64_t, sizeof...(I)> counts{};
        each([&](T& value) {
            const auto index = std::to_integer<std::size_t>(*at_++);
            ++counts[index];
            static_cast<void>(
                ((I == index && (static_cast<void>(value.template emplace<I>()), true)) || ...));
            return true;
        });
        padded(indices);
        return (node<std::variant_alternative_t<I, T>>(
                    [&](auto&& visit) {
                        return each([&](T& value) {
                            auto* held = std::get_if<I>(&value);
                            return held == nullptr || visit(*held);
                        });
                    },
                    counts[I], {&path, index_name<I>}) &&
                ...);
    }

    template <class M, class Each, class Member>
    bool part(const Each& each, Member which, std::uint64_t count, const column_path& path) {
        return node<M>(
            [&](auto&& visit) { return each([&](auto& value) { return visit(value.*which); }); },
            count, path);
    }

    template <class T, class Each, std::size_t... I>
    bool members(const Each& each, std::uint64_t count, const column_path& path,
                 std::index_sequence<I...>) {
        return (node<member_type<T, I>>(
                    [&](auto&& visit) {
                        return each([&](T& value) { return visit(member<I>(value)); });
                    },
                    count, {&path, member_names<T>[I]}) &&
                ...);
    }

    template <class T, class Each>
    bool forms(const Each& each, std::uint64_t count, const column_path& path) {
        using stored = typename column_form<T>::stored;
        const std::byte* const start = at_;
        std::unique_ptr<stored[]> all;
        if (!apart(all, count, path)) {
            return false;
        }
        stored* next = all.get();
        return each([&](T& value) {
            stored& kept = *next++;
            const std::byte* begin = start;
            if constexpr (lent<stored>) {
                begin = kept.empty() ? start : reinterpret_cast<const std::byte*>(kept.data());
            }
            auto made = column_form<T>::from(std::move(kept), options_.limits);
            if (!made) {
                error_ = made.error();
                error_.where = path.text();
                error_.offset =
                    offset_of(begin) +
                    (lent<stored> && error_.offset != error::no_offset ? error_.offset : 0);
                return false;
            }
            value = *std::move(made);
            return true;
        });
    }

    byte_view bytes_;
    const std::byte* at_;
    const decode_options& options_;
    std::uint64_t next_report_ = 0;
    error error_{};
};

} // namespace tintype::inline v0::detail
