// `copy`: the snapshots of one folder or bucket into another.

#include <tintype/hash/hex.hpp>
#include <tintype/hash/sha256.hpp>
#include <tintype/hash/watched.hpp>

#include "chains.hpp"
#include "command.hpp"
#include "copy_plan.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tool {

namespace {

using tintype::errc;

class copy_command : public command {
public:
    [[nodiscard]] std::string_view name() const override { return "copy"; }

    [[nodiscard]] std::string_view summary() const override {
        return "copy snapshots into another folder or bucket";
    }

    [[nodiscard]] std::string_view usage() const override {
        return "FROM TO [--version N...] [--id ID...] [--json]";
    }

    [[nodiscard]] std::string details() const override {
        return "Every version and every snapshot of a chain, unless some are named; those of a "
               "chain with what they rest on. Their bytes stay as they are, and so do digests and "
               "pins beside them. Each is verified before it is copied and read back afterwards. "
               "What is damaged is not copied but told, and the exit status is 1.\n"
               "What is there already with the same bytes is skipped, so a copy that was stopped "
               "is resumed by the same call. What is there with other bytes is never overwritten: "
               "that is an error. At every moment the target holds only whole snapshots, with "
               "everything that they need. Others may use both places meanwhile.";
    }

    [[nodiscard]] std::vector<example> examples() const override {
        return {{"tintype copy snapshots s3://backups/agent", "what is not there yet"},
                {"tintype copy s3://backups/agent snapshots --version 41", "one back"},
                {"tintype copy --json dakera /mnt/dakera | jq .failed", "what could not be"}};
    }

    void declare(CLI::App& parser) override {
        parser.add_option("FROM", from_, "the folder or bucket with the snapshots")->required();
        parser.add_option("TO", to_, "the folder or bucket that gets them")->required();
        parser.add_option("--version", versions_, "this version; may be given more than once")
            ->type_name("N")
            ->allow_extra_args(false);
        parser.add_option("--id", ids_, "this snapshot of a chain, and those it rests on")
            ->type_name("ID")
            ->allow_extra_args(false);
        parser.add_flag("--json", json_, "one JSON document");
    }

    [[nodiscard]] outcome<status> run(terminal& on) override {
        if (to_.empty()) {
            return wrong_call("TO is empty");
        }
        copy_choice choice{.versions = {}, .ids = ids_};
        for (const std::string& each : versions_) {
            const auto version = number(each);
            if (!version) {
                return wrong_call(fmt::format("--version takes a number, not `{}`", each));
            }
            choice.versions.push_back(*version);
        }
        const auto from = require_store(from_);
        if (!from) {
            return std::unexpected(from.error());
        }
        const auto to = open_store(to_);
        if (!to) {
            return std::unexpected(to.error());
        }
        auto plan = copy_plan::of(on, *from, choice);
        if (!plan) {
            return std::unexpected(plan.error());
        }
        if (auto fits = check_target(*to, *plan); !fits) {
            return pass(fits);
        }
        const auto label = fmt::format("{} to {}", from_, to_);
        const auto done =
            tintype::copy_objects(plan->from(), *to, std::span{plan->units()},
                                  [&](const tintype::copy_unit& unit) {
                                      auto good = plan->check(on, unit);
                                      static_cast<void>(on.watch(label));
                                      return good;
                                  },
                                  {.watch = &on.watch(label), .total = plan->bytes()});
        return report(on, *from, *to, *plan, done);
    }

private:
    // One folder cannot hold chains of two kinds.
    [[nodiscard]] static outcome<void> check_target(const store& to, const copy_plan& plan) {
        const auto there = chain_in(to);
        if (!there) {
            return std::unexpected(there.error());
        }
        if (*there && (*there)->named && plan.chain() && *plan.chain() != (*there)->kind) {
            return std::unexpected(failure{.how = status::wrong_call,
                                           .about = to.where(),
                                           .what = "holds a chain of another kind",
                                           .code = errc::unsupported});
        }
        return {};
    }

    struct told_failure {
        json::value name;
        failure what;
    };

    [[nodiscard]] outcome<status> report(terminal& on, const store& from, const store& to,
                                         const copy_plan& plan,
                                         const tintype::copy_report& done) const {
        std::vector<told_failure> failures;
        for (const tintype::copy_failure& each : done.failed) {
            const auto& item = plan.items()[each.unit];
            auto what = item.what ? *item.what : explained_failure(from, to, plan, each);
            if (!is_gone(from, item, what)) {
                failures.push_back({item.name, std::move(what)});
            }
        }
        const auto copied = names_of(plan, done.copied);
        auto skipped = names_of(plan, done.skipped);
        // A version of which only the pin was lacking is told of once.
        std::erase_if(skipped, [&](const json::value& each) {
            return std::ranges::find(copied, json::written(each), [](const json::value& other) {
                       return json::written(other);
                   }) != copied.end();
        });
        if (json_) {
            json::array failed;
            for (const told_failure& each : failures) {
                const bool version = each.name.get<std::uint64_t>() != nullptr;
                failed.emplace_back(
                    json::object{{version ? "version" : "id", each.name},
                                 {"error", json::object{{"code", tintype::name_of(each.what.code)},
                                                        {"message", each.what.what}}}});
            }
            json::object document{{"copied", copied},
                                  {"skipped", skipped},
                                  {"failed", std::move(failed)},
                                  {"bytes", done.bytes}};
            if (done.stopped) {
                document.emplace_back("stopped", true);
            }
            on.print(json::written(std::move(document)) + "\n");
        } else {
            on.print(fmt::format("copied {}, {}\nskipped {}\n", listed(copied),
                                 human_size(done.bytes), listed(skipped)));
        }
        bool bad = false;
        for (const told_failure& each : failures) {
            on.complain(each.what);
            bad = bad || each.what.how == status::bad_data;
        }
        return bad ? status::bad_data : failures.empty() ? status::done : status::system;
    }

    // Somebody removed it since it was listed.
    [[nodiscard]] static bool is_gone(const store& from, const copy_plan::item& of,
                                      const failure& what) {
        if (what.code != errc::not_found) {
            return false;
        }
        const auto there = from.open(of.object);
        return !there && there.error().code == errc::not_found;
    }

    [[nodiscard]] static failure explained_failure(const store& from, const store& to,
                                                   const copy_plan& plan,
                                                   const tintype::copy_failure& what) {
        const auto& unit = plan.units()[what.unit];
        const auto& item = plan.items()[what.unit];
        if (what.what.code == errc::missing_parent && unit.needs) {
            return {.how = status::bad_data,
                    .about = joined(from.where(), item.object),
                    .what = fmt::format("needs {}, which was not copied",
                                        plan.units()[*unit.needs].name),
                    .code = errc::missing_parent};
        }
        const std::string name{what.what.where.view()};
        if (what.what.code == errc::already_exists) {
            return {.how = status::bad_data,
                    .about = joined(to.where(), name),
                    .what = "is there with other bytes, and stays: " + difference(from, to, name),
                    .code = errc::already_exists};
        }
        const bool ours = std::ranges::find(unit.objects, name) != unit.objects.end();
        const auto about = joined(to.where(), ours ? name : item.object);
        auto known =
            failed(what.what.code == errc::not_found ? joined(from.where(), item.object) : about,
                   what.what)
                .error();
        if (what.what.code == errc::checksum_mismatch) {
            known.what = "what was read back is not what was written";
        }
        return known;
    }

    // "60 bytes there, 53 here", or the beginnings of the digests.
    [[nodiscard]] static std::string difference(const store& from, const store& to,
                                                const std::string& name) {
        const auto here = from.open(name);
        const auto there = to.open(name);
        if (!here || !there) {
            return "it changed again meanwhile";
        }
        const auto size = there->bytes().size();
        if (size != here->bytes().size()) {
            return fmt::format("{} bytes there, {} here", size, here->bytes().size());
        }
        const auto digest = [](const store_object& of) {
            return tintype::to_hex(tintype::hash_of<tintype::sha256>(of.bytes())).substr(0, 16);
        };
        return fmt::format("{} bytes, SHA-256 {}... there, {}... here", size, digest(*there),
                           digest(*here));
    }

    [[nodiscard]] static json::array names_of(const copy_plan& plan,
                                              const std::vector<std::size_t>& units) {
        json::array names;
        for (const std::size_t each : units) {
            const auto& item = plan.items()[each];
            // The pin stands behind its version, and usually both are in the same list.
            const bool told = item.pin && !names.empty() &&
                              json::written(names.back()) == json::written(item.name);
            if (!told) {
                names.push_back(item.name);
            }
        }
        return names;
    }

    [[nodiscard]] static std::string listed(const json::array& names) {
        std::string text;
        for (const json::value& each : names) {
            const auto* id = each.get<std::string>();
            text +=
                (text.empty() ? "" : ", ") + (id != nullptr ? visible(*id) : json::written(each));
        }
        return text.empty() ? "nothing" : text;
    }

    std::string from_;
    std::string to_;
    std::vector<std::string> versions_;
    std::vector<std::string> ids_;
    bool json_ = false;
};

} // namespace

std::unique_ptr<command> make_copy() {
    return std::make_unique<copy_command>();
}

} // namespace tool
