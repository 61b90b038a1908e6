// The figures as tables, as JSON and back, and as a plot of the ratios.

#include "harness.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {
namespace {

// Four significant digits.
std::string number_text(double value) {
    char text[32];
    const double size = std::abs(value);
    const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6;
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string goal_text(const row& each) {
    return each.goal ? number_text(*each.goal) : "-";
}

std::string_view verdict(const row& each) {
    return !each.goal ? "" : each.ratio >= *each.goal ? "met" : "NOT MET";
}

std::vector<std::string> areas_of(const rows& all) {
    std::vector<std::string> areas;
    for (const row& each : all) {
        if (std::ranges::find(areas, each.area) == areas.end()) {
            areas.push_back(each.area);
        }
    }
    return areas;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out += '"';
}

std::string exact(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

// Reads back what write_json writes: an array of flat objects of texts, numbers and null.
class json_reader {
public:
    explicit json_reader(std::string_view text) : text_(text) {}

    std::optional<rows> run() {
        rows all;
        if (!take('[')) {
            return std::nullopt;
        }
        while (!take(']')) {
            row each;
            if (!object(each)) {
                return std::nullopt;
            }
            all.push_back(std::move(each));
            static_cast<void>(take(','));
        }
        return all;
    }

private:
    bool take(char wanted) {
        while (!text_.empty() && std::string_view{" \n\r\t"}.contains(text_.front())) {
            text_.remove_prefix(1);
        }
        if (text_.empty() || text_.front() != wanted) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }

    bool string(std::string& to) {
        if (!take('"')) {
            return false;
        }
        for (; !text_.empty() && text_.front() != '"'; text_.remove_prefix(1)) {
            if (text_.front() == '\\') {
                text_.remove_prefix(1);
            }
            if (!text_.empty()) {
                to += text_.front();
            }
        }
        return take('"');
    }

    bool number(std::optional<double>& to) {
        static_cast<void>(take(' '));
        if (text_.starts_with("null")) {
            text_.remove_prefix(4);
            return true;
        }
        double value = 0;
        const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        to = value;
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return error == std::errc{};
    }

    bool object(row& to) {
        if (!take('{')) {
            return false;
        }
        const std::map<std::string_view, std::string*> texts{
            {"area", &to.area}, {"case", &to.what}, {"unit", &to.unit}, {"against", &to.against}};
        const std::map<std::string_view, double*> numbers{
            {"ours", &to.ours}, {"theirs", &to.theirs}, {"ratio", &to.ratio}};
        while (!take('}')) {
            std::string key;
            if (!string(key) || !take(':')) {
                return false;
            }
            std::optional<double> value;
            if (const auto text = texts.find(key); text != texts.end()) {
                if (!string(*text->second)) {
                    return false;
                }
            } else if (!number(value)) {
                return false;
            } else if (const auto place = numbers.find(key); place != numbers.end()) {
                *place->second = value.value_or(0);
            } else if (key == "goal") {
                to.goal = value;
            }
            static_cast<void>(take(','));
        }
        return true;
    }

    std::string_view text_;
};

} // namespace

void print_tables(const rows& all) {
    for (const std::string& area : areas_of(all)) {
        std::size_t what = 4;
        std::size_t against = 7;
        std::size_t unit = 4;
        for (const row& each : all) {
            what = std::max(what, each.what.size());
            against = std::max(against, each.against.size());
            unit = std::max(unit, each.unit.size());
        }
        std::printf("\n%s\n%-*s %10s %-*s  %-*s %10s %8s %6s\n", area.c_str(),
                    static_cast<int>(what), "case", "ours", static_cast<int>(unit), "",
                    static_cast<int>(against), "against", "theirs", "ratio", "goal");
        std::string_view before;
        for (const row& each : all) {
            if (each.area != area) {
                continue;
            }
            const bool again = before == each.what;
            before = each.what;
            std::printf("%-*s %10s %-*s  %-*s %10s %8s %6s %s\n", static_cast<int>(what),
                        again ? "" : each.what.c_str(), again ? "" : number_text(each.ours).c_str(),
                        static_cast<int>(unit), again ? "" : each.unit.c_str(),
                        static_cast<int>(against), each.against.c_str(),
                        number_text(each.theirs).c_str(), number_text(each.ratio).c_str(),
                        goal_text(each).c_str(), verdict(each).data());
        }
    }
}

bool write_json(const rows& all, const std::string& path) {
    std::ofstream out{path};
    out << "[";
    const char* separator = "\n";
    for (const row& each : all) {
        out << separator << "{\"area\":" << quoted(each.area) << ",\"case\":" << quoted(each.what)
            << ",\"ours\":" << exact(each.ours) << ",\"unit\":" << quoted(each.unit)
            << ",\"against\":" << quoted(each.against) << ",\"theirs\":" << exact(each.theirs)
            << ",\"ratio\":" << exact(each.ratio)
            << ",\"goal\":" << (each.goal ? exact(*each.goal) : "null") << "}";
        separator = ",\n";
    }
    out << "\n]\n";
    return static_cast<bool>(out.flush());
}

std::optional<rows> read_json(const std::string& path) {
    std::ifstream in{path};
    if (!in) {
        return std::nullopt;
    }
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    return json_reader{text}.run();
}

} // namespace bench
