#pragma once

// A record is what a part is made of: a described struct of which one member is the key, or the
// pair of key and value that a map holds. Two records of one part never have the same key.

#include <tintype/core/bytes.hpp>
#include <tintype/core/endian.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/identical.hpp>
#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/core/rules.hpp>
#include <tintype/hash/hex.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// The member that is the key: the first, unless told.
//   template <> inline constexpr std::string_view tintype::record_key<row> = "uuid";
template <described R>
inline constexpr std::string_view record_key = member_names<R>[0];

namespace detail {

template <class R>
struct record_parts;

template <described R>
struct record_parts<R> {
    static constexpr std::size_t place = member_index<R>(record_key<R>);
    static_assert(place != member_count<R>,
                  "tintype: record_key<R> names no described member of the record");
    using key = std::remove_cv_t<member_type<R, place>>;
    using loaded = R;

    [[nodiscard]] static constexpr const auto& key_of(const R& record) noexcept {
        return member<place>(record);
    }
};

template <class Key, class Value>
struct record_parts<std::pair<Key, Value>> {
    using key = std::remove_cv_t<Key>;
    using loaded = std::pair<key, Value>;

    [[nodiscard]] static constexpr const auto&
    key_of(const std::pair<Key, Value>& record) noexcept {
        return record.first;
    }
};

// Text, whatever owns it.
template <class K>
concept text_key = kind_of<K> == kind::string;

// Bytes of a fixed number: a UUID.
template <class K>
concept array_key = kind_of<K> == kind::array && sizeof(typename K::value_type) == 1;

// No bool: it has no vector of its own, and two records are no part.
template <class K>
concept number_key = std::is_enum_v<K> || (std::integral<K> && !std::same_as<K, bool>);

} // namespace detail

// A number, an enumeration, text, or an array of bytes.
template <class K>
concept record_key_type = detail::number_key<K> || detail::text_key<K> || detail::array_key<K>;

template <class R>
concept keyed_record = requires { typename detail::record_parts<R>::key; } &&
                       record_key_type<typename detail::record_parts<R>::key>;

template <class R>
struct record_rules {
    static_assert(
        requires { typename detail::record_parts<R>::key; },
        "tintype: a record is a described struct, or a map's std::pair of key and value: put "
        "BOOST_HANA_DEFINE_STRUCT(name, (type, member), ...) inside it");
    static_assert(keyed_record<R>,
                  "tintype: the key of a record is a number without a fraction, an enumeration, a "
                  "text or an array of bytes: describe such a member first, or name it with "
                  "record_key<R>");
    static constexpr bool kept = keyed_record<R>;
};

// A key that needs nobody else's memory: what a tombstone holds.
template <keyed_record R>
using key_of_record = std::conditional_t<detail::text_key<typename detail::record_parts<R>::key>,
                                         std::string, typename detail::record_parts<R>::key>;

// What a record is while it is read: a map's pair with a key that can be set.
template <keyed_record R>
using loaded_record = typename detail::record_parts<R>::loaded;

template <keyed_record R>
[[nodiscard]] constexpr const auto& key_of(const R& record) noexcept {
    return detail::record_parts<R>::key_of(record);
}

template <keyed_record R>
[[nodiscard]] constexpr bool identical_records(const R& a, const loaded_record<R>& b) noexcept {
    if constexpr (described<R>) {
        return identical(a, b);
    } else {
        return identical(a.first, b.first) && identical(a.second, b.second);
    }
}

// Hashes and compares keys whoever owns their text, so that a set of keys is asked with a view.
template <record_key_type K>
struct key_hash {
    using is_transparent = void;

    [[nodiscard]] std::size_t operator()(const auto& key) const noexcept {
        if constexpr (detail::number_key<K>) {
            return std::hash<K>{}(key);
        } else if constexpr (detail::text_key<K>) {
            return std::hash<std::string_view>{}(key);
        } else {
            return std::hash<std::string_view>{}(text_of(std::as_bytes(std::span{key})));
        }
    }
};

// A key as an error names it.
template <record_key_type K>
[[nodiscard]] std::string key_text(const K& key) {
    if constexpr (detail::text_key<K>) {
        return std::string{key};
    } else if constexpr (std::is_enum_v<K>) {
        return std::to_string(static_cast<std::underlying_type_t<K>>(key));
    } else if constexpr (detail::number_key<K>) {
        return std::to_string(key);
    } else {
        return to_hex(std::bit_cast<std::array<std::byte, sizeof(K)>>(key));
    }
}

namespace detail {

struct follow {
    template <class R>
    [[nodiscard]] constexpr const R& operator()(const R* pointer) const noexcept {
        return *pointer;
    }
};

} // namespace detail

// Records by pointers to them.
template <class R>
using record_view = std::ranges::transform_view<std::span<const R* const>, detail::follow>;

// The records of a part wherever they lie: those of a live store are only pointed at, those that
// a store makes while it is asked are kept here.
template <keyed_record R>
class record_list {
public:
    record_list() = default;

    // The records must stay as they are as long as the list, unless the range makes them, or is a
    // container that nobody else has.
    template <std::ranges::input_range Range>
    [[nodiscard]] static record_list of(Range&& range) {
        using reference = std::ranges::range_reference_t<Range>;
        // A view that is not borrowed may itself hold what it shows.
        constexpr bool stays =
            std::ranges::borrowed_range<Range> && std::ranges::forward_range<Range>;
        record_list list;
        if constexpr (std::ranges::sized_range<Range>) {
            list.pointers_.reserve(static_cast<std::size_t>(std::ranges::size(range)));
        }
        if constexpr (stays && (std::same_as<reference, const R&> || std::same_as<reference, R&>)) {
            for (const R& each : range) {
                list.pointers_.push_back(&each);
            }
        } else {
            for (auto&& each : range) {
                list.own_.push_back(std::forward<decltype(each)>(each));
            }
            for (const R& each : list.own_) {
                list.pointers_.push_back(&each);
            }
        }
        return list;
    }

    record_list(record_list&&) noexcept = default;
    record_list& operator=(record_list&&) noexcept = default;

    void point_at(const R& record) { pointers_.push_back(&record); }

    // Leaves just these of its records.
    void only(std::initializer_list<const std::vector<const R*>*> chosen) {
        pointers_.clear();
        for (const auto* each : chosen) {
            pointers_.insert(pointers_.end(), each->begin(), each->end());
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return pointers_.size(); }

    [[nodiscard]] record_view<R> records() const noexcept {
        return record_view<R>{std::span{pointers_}, detail::follow{}};
    }

private:
    std::vector<const R*> pointers_;
    std::vector<R> own_; // a vector that moves leaves its elements where they are
};

// `duplicate`, with the key, if two have the same. Keys in ascending order cost one comparison
// each, others a set.
template <keyed_record R>
[[nodiscard]] result<void> unique_keys(const auto& records, std::string_view part) {
    using key = typename detail::record_parts<R>::key;
    const auto refuse = [&](const key& twice) {
        return fail({.code = errc::duplicate,
                     .where = std::string{part}.append("/").append(key_text(twice))});
    };
    const R* before = nullptr;
    bool ascending = true;
    for (const R& each : records) {
        ascending = ascending && (before == nullptr || key_of(*before) < key_of(each));
        before = &each;
    }
    if (ascending) {
        return {};
    }
    using seen_key = std::conditional_t<detail::text_key<key>, std::string_view, key>;
    std::unordered_set<seen_key, key_hash<key>, std::equal_to<>> seen;
    seen.reserve(static_cast<std::size_t>(std::ranges::size(records)));
    for (const R& each : records) {
        if (!seen.insert(key_of(each)).second) {
            return refuse(key_of(each));
        }
    }
    return {};
}

} // namespace tintype::inline v0
