#pragma once

// One leaf through a history, read by itself: the snapshots around it are never made.

#include <tintype/core/error.hpp>
#include <tintype/core/limits.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/core/varint.hpp>
#include <tintype/delta/block.hpp>
#include <tintype/delta/change.hpp>
#include <tintype/delta/exchange.hpp>
#include <tintype/delta/index.hpp>
#include <tintype/delta/measure.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/step.hpp>
#include <tintype/delta/table.hpp>
#include <tintype/delta/track.hpp>
#include <tintype/delta/track_cursor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

namespace detail {

// Elements of a leaf without the leaf, as they are stored.
class lone_run {
public:
    explicit lone_run(const leaf_form& form) noexcept : form_(form) {
        ops_.form = form;
        ops_.count = [](const void* at) {
            const auto* run = static_cast<const lone_run*>(at);
            return run->bytes_.size() / run->form_.width;
        };
        ops_.data = [](void* at) { return static_cast<lone_run*>(at)->bytes_.data(); };
        ops_.resize = [](void* at, std::size_t count) {
            auto* run = static_cast<lone_run*>(at);
            run->bytes_.resize(count * run->form_.width);
        };
    }

    lone_run(const lone_run&) = delete;
    lone_run& operator=(const lone_run&) = delete;

    void assign(byte_view bytes) { bytes_.assign(bytes.begin(), bytes.end()); }

    [[nodiscard]] byte_view bytes() const noexcept { return bytes_; }

    [[nodiscard]] const leaf_form& form() const noexcept { return form_; }

    [[nodiscard]] leaf_handle handle() noexcept { return {this, &ops_}; }

private:
    leaf_form form_;
    leaf_ops ops_{};
    blob bytes_;
};

} // namespace detail

// What a metric is in one snapshot.
struct metric_state {
    const history_entry& entry;
    leaf_form form{};
    byte_view elements{}; // as they are stored
    const change* changed =
        nullptr;        // since the snapshot before, as what takes it back; may be null
    bool fresh = false; // nothing is known of the snapshot before
};

// Calls visit(metric_state) for the snapshots of a group in order. `is_it(path)` says which leaf is
// meant. A snapshot that does not have the leaf is left out. `summary` is called instead where all
// of a block's snapshots can be told by it: summary(measure) -> bool says that this was enough.
template <class Source, class IsIt, class Summary, class Visit>
class metric_walk {
public:
    metric_walk(const Source& source, IsIt is_it, Summary summary, Visit visit)
        : source_(&source), is_it_(std::move(is_it)), summary_(std::move(summary)),
          visit_(std::move(visit)) {}

    [[nodiscard]] result<void> group(const history_group& group) {
        const history_entry& first = group.entries.front();
        const auto payload = source_->payload(first, held_);
        if (!payload) {
            return pass(payload);
        }
        reader in{*payload, first.record.offset + record_header::bytes};
        if (group.kept_as != tier::raw) {
            const auto head = detail::take_sealed(in, "block");
            return head ? block(group, in) : pass(head);
        }
        const auto head = snapshot_head::decode(in);
        return head ? raw(group, in) : pass(head);
    }

private:
    [[nodiscard]] std::optional<std::size_t> find(const leaf_table& table) {
        for (std::size_t i = 0; i != table.size(); ++i) {
            if (table.form(i).type != leaf_type::marker && is_it_(table.path(i))) {
                return i;
            }
        }
        return std::nullopt;
    }

    result<void> raw(const history_group& group, reader& in) {
        const auto size = take_varint(in, "leaves");
        if (!size) {
            return pass(size);
        }
        auto table = leaf_table::decode(in);
        if (!table) {
            return pass(table);
        }
        auto leaf = find(*table);
        std::optional<detail::lone_run> run;
        if (leaf) {
            const auto bytes = elements(in, *table, *leaf);
            if (!bytes) {
                return pass(bytes);
            }
            run.emplace(table->form(*leaf));
            run->assign(*bytes);
            visit_(metric_state{group.entries[0], run->form(), run->bytes(), nullptr, true});
        }
        for (std::size_t step = 1; step != group.entries.size(); ++step) {
            if (auto done = follow(group.entries[step], *table, leaf, run); !done) {
                return done;
            }
        }
        return {};
    }

    // A delta, and what it does to the leaf.
    result<void> follow(const history_entry& entry, leaf_table& table,
                        std::optional<std::size_t>& leaf, std::optional<detail::lone_run>& run) {
        const auto payload = source_->payload(entry, held_);
        if (!payload) {
            return pass(payload);
        }
        reader in{*payload, entry.record.offset + record_header::bytes};
        const auto head = snapshot_head::decode(in);
        if (!head) {
            return pass(head);
        }
        bool fresh = false;
        if (head->restructured) {
            auto edit = leaf_edit::decode(in, table);
            if (!edit) {
                return pass(edit);
            }
            table = std::move(edit->table);
            const auto before = std::exchange(leaf, find(table));
            if (leaf && edit->from[*leaf] != leaf_edit::none && edit->from[*leaf] != before) {
                return ambiguous();
            }
            if (!leaf) {
                run.reset();
            } else if (!run || edit->from[*leaf] == leaf_edit::none) {
                run.emplace(table.form(*leaf));
                if (auto done = zeros(*run); !done) {
                    return done;
                }
                fresh = true;
            }
        }
        if (!leaf) {
            return {};
        }
        if (auto done = list_.read(
                in, [&](std::size_t i) { return table.form(i); }, table.size());
            !done) {
            return done;
        }
        for (change& each : list_.changes()) {
            if (each.leaf != *leaf) {
                continue;
            }
            if (run->form().type == leaf_type::columns) {
                run->assign(each.values);
            } else if (auto done = exchange(each, run->handle(), source_->most()); !done) {
                return done;
            }
            visit_(metric_state{entry, run->form(), run->bytes(), &each, fresh});
            return {};
        }
        visit_(metric_state{entry, run->form(), run->bytes(), nullptr, fresh});
        return {};
    }

    // Two leaves go by that name, and the first of them went.
    [[nodiscard]] static std::unexpected<error> ambiguous() {
        return fail({.code = errc::unsupported, .where = "metric"});
    }

    // A leaf that came. Nobody has asked yet whether the type has one of that extent.
    [[nodiscard]] result<void> zeros(detail::lone_run& run) const {
        const std::uint64_t size = std::uint64_t{run.form().extent} * run.form().width;
        const std::uint64_t most = std::min(source_->most().bytes, most_block_bytes);
        if (size > most) {
            return fail(
                {.code = errc::limit_exceeded, .where = "leaf", .found = size, .wanted = most});
        }
        run.assign(blob(static_cast<std::size_t>(size), std::byte{0}));
        return {};
    }

    // Of a leaf in the content of a keyframe.
    [[nodiscard]] static result<byte_view> elements(reader& in, const leaf_table& table,
                                                    std::size_t leaf) {
        for (std::size_t i = 0;; ++i) {
            const leaf_form& form = table.form(i);
            std::uint64_t count = form.extent;
            if (form.resizable()) {
                const auto stored = take_varint(in, "leaf");
                if (!stored) {
                    return pass(stored);
                }
                count = *stored;
            }
            if (form.width != 0 && count > in.remaining() / form.width) {
                return fail({.code = errc::truncated_section,
                             .where = "leaf",
                             .offset = in.offset(),
                             .found = in.remaining() / form.width,
                             .wanted = count});
            }
            const auto bytes = in.take(count * form.width, "leaf");
            if (!bytes || i == leaf) {
                return bytes;
            }
        }
    }

    result<void> block(const history_group& group, reader& in) {
        const auto content = block_content::decode(in, group.entries.size());
        if (!content) {
            return pass(content);
        }
        // The leaf may come and go: each time it is another track.
        std::vector<std::uint32_t> end(content->tracks.size(),
                                       static_cast<std::uint32_t>(group.entries.size()));
        std::vector<std::size_t> mine;
        std::vector<std::size_t> track_of(content->table.size());
        for (std::size_t i = 0; i != track_of.size(); ++i) {
            track_of[i] = i;
        }
        std::optional<std::size_t> current = find(content->table);
        if (current) {
            mine.push_back(*current);
        }
        std::size_t fresh = track_of.size();
        for (const auto& [step, edit] : content->edits) {
            std::vector<std::size_t> now;
            std::vector<bool> stays(content->tracks.size(), false);
            const auto leaf = find(edit.table);
            for (std::size_t i = 0; i != edit.from.size(); ++i) {
                const bool came = edit.from[i] == leaf_edit::none;
                now.push_back(came ? fresh++ : track_of[edit.from[i]]);
                stays[now.back()] = true;
                if (came && leaf == i) {
                    mine.push_back(now.back());
                }
                if (!came && leaf == i && current != now.back()) {
                    return ambiguous();
                }
            }
            current = leaf ? std::optional{now[*leaf]} : std::nullopt;
            for (const std::size_t track : track_of) {
                if (!stays[track]) {
                    end[track] = step;
                }
            }
            track_of = std::move(now);
        }
        std::ranges::sort(mine);
        for (const std::size_t track : mine) {
            if (auto done = one(group, *content, track, end[track]); !done) {
                return done;
            }
        }
        return {};
    }

    result<void> one(const history_group& group, const block_content& content, std::size_t number,
                     std::uint32_t end) {
        const auto all = leaf_track::decode_measure(content.tracks[number]);
        if (!all) {
            return pass(all);
        }
        if (all->count != 0 && summary_(*all, group)) {
            return {};
        }
        std::uint64_t left = std::min(source_->most().bytes, most_block_bytes);
        reader in = content.tracks[number];
        auto track = leaf_track::decode(in, content.forms[number], left);
        if (!track) {
            return pass(track);
        }
        const std::uint32_t born = content.born[number];
        if (auto done = track->check(group.entries.size() - born); !done) {
            return done;
        }
        const std::size_t width = track->form.width;
        detail::lone_run run{track->form};
        run.assign(
            byte_view{track->values}.first(static_cast<std::size_t>(track->initial) * width));
        if (born != 0) {
            if (auto done = zeros(run); !done) {
                return done;
            }
        }
        track_cursor cursor{*track};
        std::size_t change_at = 0;
        std::uint64_t next = born;
        next += track->gaps.empty() ? group.entries.size() : track->gaps[0];
        for (std::uint32_t step = born; step != end; ++step) {
            const history_entry& entry = group.entries[step];
            const bool fresh = step == born;
            if (step != next) {
                visit_(metric_state{entry, run.form(), run.bytes(), nullptr, fresh});
                continue;
            }
            if (run.form().type == leaf_type::columns) {
                return fail({.code = errc::unsupported, .where = "metric"});
            }
            auto done = cursor.next(run.handle(), source_->most(), [&](const change& what) {
                visit_(metric_state{entry, run.form(), run.bytes(), &what, fresh});
            });
            if (!done) {
                return done;
            }
            ++change_at;
            next += change_at == track->gaps.size() ? group.entries.size() : track->gaps[change_at];
        }
        return {};
    }

    const Source* source_;
    IsIt is_it_;
    Summary summary_;
    Visit visit_;
    typename Source::holding held_;
    change_list list_;
};

} // namespace tintype::inline v0
