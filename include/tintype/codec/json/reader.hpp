#pragma once

// Reads described values from JSON in a style. The next member is looked for by its literal text
// where the description says it comes; members in another order, unknown ones and white space take
// a longer way to the same answers. Nothing is allocated but for what was already read.

#include <tintype/codec/json/base64.hpp>
#include <tintype/codec/json/float_run.hpp>
#include <tintype/codec/json/input.hpp>
#include <tintype/codec/json/number.hpp>
#include <tintype/codec/json/schema.hpp>
#include <tintype/codec/json/style.hpp>
#include <tintype/codec/json/value.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tintype::inline v0::detail {

// A sequence of floats that takes them in runs.
template <class T>
concept float_sequence =
    kind_of<T> == kind::sequence && std::floating_point<std::ranges::range_value_t<T>> &&
    requires(T floats, const std::ranges::range_value_t<T>* run) {
        floats.insert(floats.end(), run, run);
    };

template <json_style Style>
class json_reader : public json_input {
public:
    using json_input::json_input;

    template <class T>
    [[nodiscard]] bool read(T& value) {
        constexpr kind what = kind_of<T>;
        static_assert(!lent<T>,
                      "json reads into memory of its own: a std::span or std::string_view "
                      "can be written and not read; make it a vector or a string");
        static_assert(what != kind::pair,
                      "json does not read a std::pair, whose two values have no names; describe a "
                      "struct");
        if constexpr (json_null_is_empty<Style> && growable<T> && what != kind::string &&
                      !std::same_as<T, json_value>) {
            skip_space();
            if (at != end() && *at == 'n') {
                value.clear();
                return expect_word("null");
            }
        }
        if constexpr (std::same_as<T, json_value>) {
            skip_space();
            return value.read(*this, canonical_);
        } else if constexpr (what == kind::scalar) {
            skip_space();
            return scalar(value);
        } else if constexpr (what == kind::string) {
            std::string_view text;
            if (!expect('"') || !string(text)) {
                return false;
            }
            value.assign(text.data(), text.size());
            return true;
        } else if constexpr (what == kind::optional) {
            skip_space();
            if (at != end() && *at == 'n') {
                value.reset();
                return expect_word("null");
            }
            return read(value ? *value : value.emplace());
        } else if constexpr (json_blob<T, Style>) {
            return base64(value);
        } else if constexpr (float_sequence<T>) {
            return floats(value);
        } else if constexpr (what == kind::array) {
            return fixed(value);
        } else if constexpr (what == kind::sequence) {
            return sequence(value);
        } else if constexpr (what == kind::map) {
            return entries(value);
        } else {
            static_assert(what == kind::described,
                          "json reads numbers, strings, arrays, optionals, sequences, maps with "
                          "text keys, json_value and described structs; describe this one");
            return members(value);
        }
    }

private:
    template <class T>
    bool scalar(T& value) {
        if constexpr (std::same_as<T, bool>) {
            value = at != end() && *at == 't';
            return expect_word(value ? "true" : "false");
        } else if constexpr (json_named_enum<T>) {
            const char* const start = at;
            std::string_view text;
            if (!expect('"') || !string(text)) {
                return false;
            }
            for (const auto& each : json_enum_names<T>) {
                if (each.name == text) {
                    value = each.value;
                    return true;
                }
            }
            return refuse_at(start, errc::invalid_value);
        } else if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> number{};
            const bool good = scalar(number);
            value = static_cast<T>(number);
            return good;
        } else if constexpr (std::floating_point<T>) {
            return read_float(*this, value);
        } else {
            return read_integer(*this, value);
        }
    }

    // Calls `read_one(index)` for each element of an array.
    template <class ReadOne>
    bool each_element(ReadOne read_one) {
        if (!expect('[') || !enter()) {
            return false;
        }
        if (!take(']')) {
            std::size_t index = 0;
            do {
                if (!within(index + 1, limits().count) || !watched() || !read_one(index)) {
                    put_before(path, index);
                    return false;
                }
                ++index;
            } while (take(','));
            if (!expect(']')) {
                return false;
            }
        }
        leave();
        return true;
    }

    template <class T>
    bool sequence(T& sequence) {
        sequence.clear();
        return each_element([&](std::size_t) {
            skip_space();
            const char* const start = at;
            if constexpr (requires {
                              { sequence.emplace_back() } -> std::same_as<typename T::value_type&>;
                          }) {
                return read(sequence.emplace_back());
            } else {
                typename T::value_type element{};
                if (!read(element)) {
                    return false;
                }
                const auto before = sequence.size();
                sequence.insert(sequence.end(), std::move(element));
                // A set that holds it already does not grow.
                return sequence.size() != before || refuse_at(start, errc::duplicate);
            }
        });
    }

    // Through a piece of memory that is used again and again, so that a run of usual length is
    // allocated once and as large as it is.
    template <class T>
    bool floats(T& sequence) {
        using element = typename T::value_type;
        std::vector<element>& run = run_of<element>();
        std::size_t size = 0;
        sequence.clear();
        return each_element([&](std::size_t& index) {
                   skip_space();
                   const std::size_t quick =
                       float_run(at, end(), run.data() + size, run.size() - size);
                   size += quick;
                   index += quick;
                   if (size == run.size()) {
                       sequence.insert(sequence.end(), run.data(), run.data() + size);
                       size = 0;
                   }
                   skip_space();
                   return within(index + 1, limits().count) && read_float(*this, run[size++]);
               }) &&
               (sequence.insert(sequence.end(), run.data(), run.data() + size), true);
    }

    template <class T>
    bool fixed(T& array) {
        const std::size_t wanted = std::size(array);
        std::size_t found = 0;
        const bool good = each_element([&](std::size_t index) {
            found = index + 1;
            return found <= wanted ? read(array[index])
                                   : refuse(errc::invalid_value, found, wanted);
        });
        if (good && found != wanted) {
            --at;
            return refuse(errc::invalid_value, found, wanted);
        }
        return good;
    }

    template <class T>
    bool base64(T& bytes) {
        std::string_view text;
        if (!expect('"')) {
            return false;
        }
        const char* const start = at;
        if (!string(text)) {
            return false;
        }
        const std::size_t size = base64_size(text);
        if constexpr (kind_of<T> == kind::array) {
            if (size != std::size(bytes)) {
                return refuse_at(start, errc::invalid_value, size, std::size(bytes));
            }
        } else {
            bytes.resize(size);
        }
        const std::size_t bad = base64_decode(text, {std::data(bytes), size});
        if (bad == std::string_view::npos) {
            return true;
        }
        return refuse_at(start, errc::invalid_value,
                         bad < text.size() ? byte_at(text.data() + bad) : text.size());
    }

    // The members of an object, whatever it is read into: `member(key)` reads the value behind the
    // colon; `quick` may read a whole member when it knows the text that is there.
    template <class Quick, class Member>
    bool object(Quick quick, Member member) {
        if (!expect('{') || !enter()) {
            return false;
        }
        if (!take('}')) {
            std::uint64_t count = 0;
            do {
                skip_space();
                if (!within(++count, limits().count) || !watched()) {
                    return false;
                }
                bool good = true;
                if (!quick(good)) {
                    const char* const start = at;
                    std::string_view key;
                    good = expect('"') && string(key) && member(key, start);
                }
                if (!good) {
                    return false;
                }
            } while (take(','));
            if (!expect('}')) {
                return false;
            }
        }
        leave();
        return true;
    }

    template <class Map>
    bool entries(Map& map) {
        static_assert(kind_of<typename Map::key_type> == kind::string,
                      "the keys of a JSON object are texts");
        static_assert(!lent<typename Map::key_type>,
                      "the keys of a map that json reads are std::string, not std::string_view");
        map.clear();
        return object([](bool&) { return false; },
                      [&](std::string_view text, const char* start) {
                          typename Map::key_type key{};
                          typename Map::mapped_type value{};
                          key.assign(text.data(), text.size());
                          const auto before = map.size();
                          bool good = expect(':') && read(value);
                          if (good) {
                              map.insert(map.end(), {key, std::move(value)});
                              good = map.size() != before || refuse_at(start, errc::duplicate);
                          }
                          if (!good) {
                              put_before(path, std::string_view(key.data(), key.size()));
                          }
                          return good;
                      });
    }

    template <class T>
    bool members(T& value) {
        constexpr std::size_t count = member_count<T>;
        constexpr const auto& names = Style::template names<T>;
        std::array<bool, count> seen{};
        std::size_t next = 0;
        const auto quick = [&](bool& good) {
            const std::size_t index = next;
            if (index == count || seen[index] || !take_key<T>(index)) {
                return false;
            }
            good = one_member(value, index, seen);
            next = index + 1;
            return true;
        };
        const auto any = [&](std::string_view key, const char* start) {
            const auto found =
                static_cast<std::size_t>(std::ranges::find(names, key) - names.begin());
            if (found == count) {
                return unknown(key);
            }
            if (seen[found]) {
                put_before(path, names[found]);
                return refuse_at(start, errc::duplicate);
            }
            next = found + 1;
            return expect(':') && one_member(value, found, seen);
        };
        return object(quick, any) && complete(value, seen);
    }

    // The key of this member with its colon, if it is written here without any detour.
    template <class T>
    bool take_key(std::size_t index) noexcept {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            bool taken = false;
            static_cast<void>((
                (I == index && (taken = take_literal(json_key<Style, T, I, false>), true)) || ...));
            return taken;
        }(std::make_index_sequence<member_count<T>>{});
    }

    bool take_literal(std::string_view literal) noexcept {
        if (!starts_with(literal)) {
            return false;
        }
        at += literal.size();
        return true;
    }

    template <class T, std::size_t Count>
    bool one_member(T& value, std::size_t index, std::array<bool, Count>& seen) {
        seen[index] = true;
        const bool good = [&]<std::size_t... I>(std::index_sequence<I...>) {
            bool read_well = false;
            static_cast<void>(((I == index && (read_well = read(member<I>(value)), true)) || ...));
            return read_well;
        }(std::make_index_sequence<Count>{});
        if (!good) {
            put_before(path, Style::template names<T>[index]);
        }
        return good;
    }

    bool unknown(std::string_view key) {
        const std::string name(key);
        canonical_.clear();
        const bool good = expect(':') && read_canonical(*this, canonical_, huge_numbers::keep);
        if (!good) {
            put_before(path, name);
        }
        return good;
    }

    // Every member was there but for those that may be left out.
    template <class T, std::size_t Count>
    bool complete(T& value, const std::array<bool, Count>& seen) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return ((seen[I] || absent<I>(value)) && ...);
        }(std::make_index_sequence<Count>{});
    }

    template <std::size_t I, class T>
    bool absent(T& value) {
        if constexpr (is_omitted<member_type<T, I>>) {
            member<I>(value).reset();
            return true;
        } else {
            --at; // the bracket that closes the object
            put_before(path, Style::template names<T>[I]);
            return refuse(errc::missing_field);
        }
    }

    static constexpr std::size_t run_size = 2048;

    template <class Element>
    std::vector<Element>& run_of() {
        auto& run = std::get<std::vector<Element>>(runs_);
        run.resize(run_size);
        return run;
    }

    std::string canonical_;
    std::tuple<std::vector<float>, std::vector<double>> runs_;
};

} // namespace tintype::inline v0::detail
