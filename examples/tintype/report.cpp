// `report`: what there is to say of a folder, as a page or as one document.

#include "command.hpp"
#include "files.hpp"
#include "report_model.hpp"
#include "report_page.hpp"
#include "retention_rules.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace tool {

namespace {

// Seconds since 1970, or "2026-01-31T23:59:59Z".
[[nodiscard]] outcome<tintype::timestamp> time_typed(std::string_view text) {
    constexpr std::uint64_t latest = 9'000'000'000;
    if (const auto secs = number(text); secs && *secs <= latest) {
        return tintype::timestamp{std::chrono::seconds{static_cast<std::int64_t>(*secs)}};
    }
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
    bool formed = text.size() == form.size();
    std::array<unsigned, 6> numbers{};
    std::size_t which = 0;
    for (std::size_t i = 0; formed && i != form.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        formed = form[i] == 'd' ? digit : text[i] == form[i];
        if (digit) {
            numbers[which] = numbers[which] * 10 + static_cast<unsigned>(text[i] - '0');
        } else if (i + 1 != form.size()) {
            ++which;
        }
    }
    using namespace std::chrono;
    const year_month_day date{year{static_cast<int>(numbers[0])}, month{numbers[1]},
                              day{numbers[2]}};
    const bool kept = numbers[0] >= 1970 && numbers[0] < 2255;
    if (!formed || !kept || !date.ok() || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59) {
        return wrong_call(fmt::format("--now takes seconds since 1970 or a time as in "
                                      "2026-01-31T23:59:59Z, not `{}`",
                                      text));
    }
    return tintype::timestamp{sys_days{date} + hours{numbers[3]} + minutes{numbers[4]} +
                              seconds{numbers[5]}};
}

class report_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "report"; }

    [[nodiscard]] std::string_view summary() const override {
        return "everything about a folder as one page to look at";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "DIR -o FILE.html [--keep-last N...] [--now TIME]\n"
               "DIR --json [-o FILE.html] [--keep-last N...] [--now TIME]";
    }

    [[nodiscard]] std::string details() const override {
        return "The page says what the folder holds, what of it is damaged and how, when each "
               "snapshot was taken and on which other, what increments and packing save, what "
               "`prune` would remove under the rules given, or under two as examples, and shows "
               "histories as charts and sessions as strips. It is one file that loads nothing from "
               "elsewhere and runs no script. Folders in the folder are named, and not looked "
               "into. Nothing in the folder is changed.\n"
               "The page appears whole or not at all; `-` is standard output. For the same folder, "
               "rules and --now it is the same to the byte. What is damaged is on the page and "
               "does "
               "not change the exit status: `verify` is for that.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype report /var/lib/agent/snapshots -o report.html", "a page"},
                {"tintype report snapshots --keep-last 5 --keep-daily 7 -o report.html",
                 "with what these rules would remove"},
                {"tintype report --json snapshots | jq '.damage[].file'", "what is damaged"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("DIR", folder_, "the folder")->required();
        parser.add_option("-o", output_, "the page, `-` for standard output")->type_name("FILE");
        rules_.declare(parser);
        parser
            .add_option("--now", now_,
                        "what ages are reckoned from: seconds since 1970, or as "
                        "in 2026-01-31T23:59:59Z")
            ->type_name("TIME");
        parser.add_flag("--json", json_, "one JSON document on standard output");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (!output_ && !json_) {
            return wrong_call("report needs -o FILE.html, or --json");
        }
        if (json_ && output_ == "-") {
            return wrong_call("standard output cannot be both the page and the JSON document");
        }
        report::question about{.folder = folder_, .now = tintype::system_clock{}.now()};
        if (now_) {
            const auto time = time_typed(*now_);
            if (!time) {
                return std::unexpected(time.error());
            }
            about.now = *time;
        }
        auto rules = rules_.policy();
        if (!rules) {
            return std::unexpected(rules.error());
        }
        about.rules = *std::move(rules);
        about.rules_text = rules_.text();
        about.except = earlier();
        const auto facts = report::gather(on, about);
        if (!facts) {
            return std::unexpected(facts.error());
        }
        if (output_) {
            if (auto done = write(on, report::page_of(*facts)); !done) {
                return pass(done);
            }
        }
        if (json_) {
            on.print(json::written(facts->document()) + "\n");
        }
        return status::done;
    }

private:
    // A page in the folder that it is about is not about itself.
    [[nodiscard]] std::string earlier() const {
        if (!output_ || *output_ == "-" || names_bucket(folder_) != names_bucket(*output_)) {
            return {};
        }
        if (names_bucket(folder_)) {
            return joined(folder_, file_name_of(*output_)) == *output_ ? file_name_of(*output_)
                                                                       : std::string{};
        }
        std::error_code ignored;
        return std::filesystem::equivalent(folder_, folder_of(*output_), ignored)
                   ? file_name_of(*output_)
                   : std::string{};
    }

    [[nodiscard]] outcome<void> write(terminal& on, const std::string& page) const {
        if (*output_ == "-") {
            on.print(page);
            return {};
        }
        return write_output(
            *output_, page.size(),
            [&](byte_output& out) { return out.write(tintype::bytes_of(page)); },
            on.watch(*output_));
    }

    std::string folder_;
    std::optional<std::string> output_;
    std::optional<std::string> now_;
    retention_rules rules_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_report() {
    return std::make_unique<report_command>();
}

} // namespace tool
