#pragma once

// Writes rows column by column, in as many passes over them as there are columns. A visitor of a
// struct's rows becomes the visitor of a member's values, so that no column is ever gathered in
// memory. The same walk, over an output that only counts, is the exact size.

#include <tintype/codec/columns/lengths.hpp>
#include <tintype/codec/columns/output.hpp>
#include <tintype/codec/columns/shape.hpp>
#include <tintype/codec/sections.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

namespace tintype::inline v0::detail {

// What of a value is still there when its visit is over.
enum class staying : unsigned char {
    all,     // the value itself: it is the caller's
    views,   // what the views in it show: it was made for the visit
    nothing, // it was made, and shows itself
};

// Of what a function or an iterator of a staying container gives.
template <class Reference>
[[nodiscard]] consteval staying staying_of(staying owner) {
    return std::is_lvalue_reference_v<Reference> || owner != staying::all ? owner : staying::views;
}

// Calls `visit` with each element as a value of its type, also where the iterator makes one.
template <class Range, class Visit>
bool visit_elements(const Range& range, Visit& visit) {
    const auto end = std::ranges::end(range);
    for (auto at = std::ranges::begin(range); at != end; ++at) {
        const element_type<Range>& element = *at;
        if (!visit(element)) {
            return false;
        }
    }
    return true;
}

template <class Out>
class column_writer {
public:
    explicit column_writer(Out& out) noexcept : out_(&out) {}

    // `each(visit)` calls `visit(value)` for all `count` values, in the same order every time,
    // until it says false.
    template <staying Stays, class T, class Each>
    bool node(const Each& each, std::uint64_t count, const column_path& path) {
        constexpr column_shape shape = shape_of<T>;
        static_assert(shape != column_shape::none,
                      "tintype: columns cannot look into this type: describe it, or specialise "
                      "tintype::column_form for it");
        if (count == 0) {
            return true;
        }
        if constexpr (shape == column_shape::packed) {
            return values<Stays, T>(each, count, path);
        } else if constexpr (shape == column_shape::run) {
            return runs<Stays, T>(each, count, path);
        } else if constexpr (shape == column_shape::sequence) {
            return sequences<Stays, T>(each, count, path);
        } else if constexpr (shape == column_shape::array) {
            const auto all = [&](auto&& visit) {
                return each([&](const T& value) { return visit_elements(value, visit); });
            };
            return node<Stays, element_type<T>>(all, saturated_product(count, array_extent<T>),
                                                path);
        } else if constexpr (shape == column_shape::map) {
            return maps<Stays, T>(each, count, path);
        } else if constexpr (shape == column_shape::optional) {
            return optionals<Stays, T>(each, count, path);
        } else if constexpr (shape == column_shape::variant) {
            return variants<Stays, T>(each, count, path,
                                      std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (shape == column_shape::pair) {
            return part<Stays, typename T::first_type>(each, &T::first, count, {&path, "first"}) &&
                   part<Stays, typename T::second_type>(each, &T::second, count, {&path, "second"});
        } else if constexpr (shape == column_shape::described) {
            return members<Stays, T>(each, count, path,
                                     std::make_index_sequence<member_count<T>>{});
        } else if constexpr (shape == column_shape::form) {
            using given = decltype(column_form<T>::to(std::declval<const T&>()));
            // A form that is made shows the value that it was made of.
            constexpr staying stay = std::is_lvalue_reference_v<given> || Stays == staying::all
                                         ? staying_of<given>(Stays)
                                         : staying::nothing;
            const auto forms = [&](auto&& visit) {
                return each([&](const T& value) {
                    const typename column_form<T>::stored& kept = column_form<T>::to(value);
                    return visit(kept);
                });
            };
            return node<stay, typename column_form<T>::stored>(forms, count, path);
        } else {
            return true; // std::monostate
        }
    }

private:
    template <class Body>
    bool block(std::uint64_t size, const column_path& path, const Body& body) {
        if constexpr (Out::counts_only) {
            out_->block(size);
            return true;
        } else {
            return out_->begin(size, path) && body(*out_) && out_->end(path);
        }
    }

    // Short values are quicker copied one by one than held against where the last one ended.
    static constexpr std::size_t worth_keeping = 64;

    template <staying Stays, class T, class Each>
    bool values(const Each& each, std::uint64_t count, const column_path& path) {
        return block(saturated_product(count, packed_size<T>), path, [&](auto& out) {
            return each([&](const T& value) {
                if constexpr (stored_as_is<T> && packed_size<T> >= worth_keeping &&
                              Stays == staying::all) {
                    return out.keep(std::as_bytes(std::span{&value, 1}));
                } else {
                    return out.put(value);
                }
            });
        });
    }

    template <class T, class Each>
    static length_facts measured(const Each& each) {
        length_facts facts;
        each([&](const T& value) {
            facts.add(std::ranges::size(value));
            return true;
        });
        return facts;
    }

    template <class Number, class T, class Each>
    static bool put_lengths(const Each& each, Out& out) {
        return each(
            [&](const T& value) { return out.put(static_cast<Number>(std::ranges::size(value))); });
    }

    template <class T, class Each>
    bool lengths(const length_facts& facts, const Each& each, std::uint64_t count,
                 const column_path& path) {
        const std::uint64_t tag = facts.tag();
        const std::uint64_t size = tag == 0 ? 8 : saturated_product(count, tag);
        return block(saturated_sum(8, size), path, [&](auto& out) {
            if (!out.put(tag)) {
                return false;
            }
            switch (tag) {
            case 0:
                return out.put(facts.longest());
            case 1:
                return put_lengths<std::uint8_t, T>(each, out);
            case 2:
                return put_lengths<std::uint16_t, T>(each, out);
            case 4:
                return put_lengths<std::uint32_t, T>(each, out);
            default:
                return put_lengths<std::uint64_t, T>(each, out);
            }
        });
    }

    template <staying Stays, class T, class Each>
    bool runs(const Each& each, std::uint64_t count, const column_path& path) {
        using element = element_type<T>;
        const length_facts facts = measured<T>(each);
        return lengths<T>(facts, each, count, path) &&
               block(saturated_product(facts.total(), packed_size<element>), path, [&](auto& out) {
                   return each([&](const T& value) { return elements<Stays>(value, out); });
               });
    }

    template <staying Stays, class T>
    static bool elements(const T& value, Out& out) {
        using element = element_type<T>;
        if constexpr (std::ranges::contiguous_range<const T> && stored_as_is<element>) {
            const auto bytes =
                std::as_bytes(std::span{std::ranges::data(value), std::ranges::size(value)});
            if constexpr (Stays == staying::all || (Stays == staying::views && lent<T>)) {
                return out.keep(bytes);
            } else {
                return out.copy(bytes);
            }
        } else {
            const auto put = [&](const element& each) { return out.put(each); };
            return visit_elements(value, put);
        }
    }

    template <staying Stays, class T, class Each>
    bool sequences(const Each& each, std::uint64_t count, const column_path& path) {
        constexpr staying owner = lent<T> && Stays == staying::views ? staying::all : Stays;
        constexpr staying stay = staying_of<std::ranges::range_reference_t<const T>>(owner);
        const length_facts facts = measured<T>(each);
        const auto all = [&](auto&& visit) {
            return each([&](const T& value) { return visit_elements(value, visit); });
        };
        return lengths<T>(facts, each, count, path) &&
               node<stay, element_type<T>>(all, facts.total(), path);
    }

    template <staying Stays, class T, class Each>
    bool maps(const Each& each, std::uint64_t count, const column_path& path) {
        constexpr staying stay = staying_of<std::ranges::range_reference_t<const T>>(Stays);
        const length_facts facts = measured<T>(each);
        const auto keys = [&](auto&& visit) {
            return each([&](const T& map) {
                for (const auto& [key, value] : map) {
                    if (!visit(key)) {
                        return false;
                    }
                }
                return true;
            });
        };
        const auto values = [&](auto&& visit) {
            return each([&](const T& map) {
                for (const auto& [key, value] : map) {
                    if (!visit(value)) {
                        return false;
                    }
                }
                return true;
            });
        };
        return lengths<T>(facts, each, count, path) &&
               node<stay, typename T::key_type>(keys, facts.total(), {&path, "key"}) &&
               node<stay, typename T::mapped_type>(values, facts.total(), {&path, "value"});
    }

    template <staying Stays, class T, class Each>
    bool optionals(const Each& each, std::uint64_t count, const column_path& path) {
        std::uint64_t present = 0;
        each([&](const T& value) {
            present += value.has_value() ? 1U : 0U;
            return true;
        });
        const auto there = [&](auto&& visit) {
            return each([&](const T& value) { return !value.has_value() || visit(*value); });
        };
        return block(count, path,
                     [&](auto& out) {
                         return each([&](const T& value) { return out.put(value.has_value()); });
                     }) &&
               node<Stays, typename T::value_type>(there, present, path);
    }

    template <staying Stays, class T, class Each, std::size_t... I>
    bool variants(const Each& each, std::uint64_t count, const column_path& path,
                  std::index_sequence<I...>) {
        std::array<std::uint64_t, sizeof...(I)> counts{};
        const bool good = each([&](const T& value) {
            if (!value.valueless_by_exception()) {
                ++counts[value.index()];
                return true;
            }
            return valueless(sizeof...(I), path);
        });
        const auto indices = [&](auto& out) {
            return each(
                [&](const T& value) { return out.put(static_cast<std::uint8_t>(value.index())); });
        };
        return good && block(count, path, indices) &&
               (node<Stays, std::variant_alternative_t<I, T>>(
                    [&](auto&& visit) {
                        return each([&](const T& value) {
                            const auto* held = std::get_if<I>(&value);
                            return held == nullptr || visit(*held);
                        });
                    },
                    counts[I], {&path, index_name<I>}) &&
                ...);
    }

    // An exception left the variant without any alternative.
    bool valueless(std::size_t alternatives, const column_path& path) {
        if constexpr (Out::counts_only) {
            return true;
        } else {
            return out_->refuse({.code = errc::invalid_value,
                                 .where = path.text(),
                                 .found = std::variant_npos,
                                 .wanted = alternatives});
        }
    }

    template <staying Stays, class M, class Each, class Member>
    bool part(const Each& each, Member which, std::uint64_t count, const column_path& path) {
        return node<Stays, std::remove_cv_t<M>>(
            [&](auto&& visit) {
                return each([&](const auto& value) { return visit(value.*which); });
            },
            count, path);
    }

    template <staying Stays, class T, class Each, std::size_t... I>
    bool members(const Each& each, std::uint64_t count, const column_path& path,
                 std::index_sequence<I...>) {
        return (node<Stays, std::remove_cv_t<member_type<T, I>>>(
                    [&](auto&& visit) {
                        return each([&](const T& value) { return visit(member<I>(value)); });
                    },
                    count, {&path, member_names<T>[I]}) &&
                ...);
    }

    Out* out_;
};

} // namespace tintype::inline v0::detail
