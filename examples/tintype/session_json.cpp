// Writing sessions as JSON, by the descriptions of their types.

#include "session_json.hpp"

#include <tintype/core/kind.hpp>
#include <tintype/core/reflect.hpp>
#include <tintype/hash/hex.hpp>
#include <tintype/replay/uuid.hpp>

#include "json.hpp"

#include <fmt/format.h>

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace tool {

namespace {

namespace memvid = tintype::memvid;

// As memvid's own types call them, in the order of the alternatives.
constexpr std::array<std::string_view, 8> action_names{
    "Put", "PutMany", "Find", "Ask", "Checkpoint", "Update", "Delete", "ToolCall"};
static_assert(action_names.size() == std::variant_size_v<memvid::action_type>);

[[nodiscard]] constexpr std::string_view member_name(std::string_view name) noexcept {
    return name == "action" ? "action_type" : name == "affected" ? "affected_frames" : name;
}

void append(std::string& to, std::string_view text) {
    to += json::written(text);
}

template <class T>
void append(std::string& to, const T& value) {
    constexpr auto kind = tintype::kind_of<T>;
    const auto list = [&](char open, const auto& items, char close, auto each) {
        to += open;
        bool first = true;
        for (const auto& item : items) {
            to += first ? "" : ",";
            first = false;
            each(item);
        }
        to += close;
    };
    if constexpr (std::same_as<T, tintype::uuid>) {
        append(to, to_text(value));
    } else if constexpr (std::same_as<T, memvid::digest>) {
        append(to, tintype::to_hex(value));
    } else if constexpr (std::same_as<T, bool>) {
        to += value ? "true" : "false";
    } else if constexpr (std::integral<T>) {
        to += fmt::format_int(value).str();
    } else if constexpr (kind == tintype::kind::string) {
        append(to, std::string_view{value});
    } else if constexpr (kind == tintype::kind::optional) {
        if (value) {
            append(to, *value);
        } else {
            to += "null";
        }
    } else if constexpr (kind == tintype::kind::variant) {
        to += '{';
        append(to, action_names[value.index()]);
        to += ':';
        std::visit([&](const auto& held) { append(to, held); }, value);
        to += '}';
    } else if constexpr (kind == tintype::kind::map) {
        list('{', value, '}', [&](const auto& each) {
            append(to, each.first);
            to += ':';
            append(to, each.second);
        });
    } else if constexpr (kind == tintype::kind::described) {
        to += '{';
        bool first = true;
        tintype::for_each_member(value, [&](std::string_view name, const auto& held) {
            to += first ? "" : ",";
            first = false;
            append(to, member_name(name));
            to += ':';
            append(to, held);
        });
        to += '}';
    } else {
        list('[', value, ']', [&](const auto& each) { append(to, each); });
    }
}

// Elements are printed one by one: a session may be far longer than its longest action.
template <class Elements>
void print_list(terminal& on, std::string& text, const Elements& elements) {
    text += '[';
    for (const auto& each : elements) {
        text += &each == &elements.front() ? "" : ",";
        append(text, each);
        on.print(text);
        text.clear();
    }
    text += ']';
}

} // namespace

void print_json(terminal& on, const memvid::replay_session& session,
                const std::optional<failure>& damage) {
    std::string text;
    tintype::for_each_member(session, [&](std::string_view name, const auto& held) {
        text += text.empty() && name == "session_id" ? "{" : ",";
        append(text, name);
        text += ':';
        if constexpr (tintype::kind_of<std::remove_cvref_t<decltype(held)>> ==
                      tintype::kind::sequence) {
            print_list(on, text, held);
        } else {
            append(text, held);
        }
    });
    if (damage) {
        text += ",\"error\":" + json::written(json::object{{"code", tintype::name_of(damage->code)},
                                                           {"message", damage->what}});
    }
    on.print(text + "}\n");
}

} // namespace tool
