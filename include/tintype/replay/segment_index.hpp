#pragma once

// Which sessions a segment has, and where. It is read from the segment's end: the last page and
// those before it. Where no page ends the segment, or one is damaged, every record is looked at.

#include <tintype/core/bytes.hpp>
#include <tintype/core/error.hpp>
#include <tintype/core/reader.hpp>
#include <tintype/log/record.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/replay/segment_record.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

class segment_index {
public:
    // Of the sessions that are whole in `object`, a segment whose magic was looked at. What lies
    // behind the last whole record is no damage: see tail().
    [[nodiscard]] static segment_index of(byte_view object) {
        segment_index index;
        if (!index.from_pages(object)) {
            index = {};
            index.from_records(object, log_begin);
        }
        return index;
    }

    // In the order in which they were appended.
    [[nodiscard]] auto entries() const { return std::views::values(entries_); }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    // `not_found` where there is none of that id.
    [[nodiscard]] result<segment_entry> find(const uuid& id) const {
        const auto at = places_.find(id);
        if (at == places_.end()) {
            return fail({.code = errc::not_found, .where = to_text(id)});
        }
        return entries_.at(at->second);
    }

    [[nodiscard]] bool contains(const uuid& id) const { return places_.contains(id); }

    // Where nothing was damaged that had to be looked at.
    [[nodiscard]] std::span<const log_damage> damage() const noexcept { return damage_; }

    // Bytes behind the last whole record.
    [[nodiscard]] std::uint64_t tail() const noexcept { return tail_; }

    // Bytes of the sessions that are left, with their headers.
    [[nodiscard]] std::uint64_t live() const noexcept { return live_; }

    // A session that was appended: the last that has an id counts.
    void add(segment_entry entry) {
        remove(entry.summary.session_id);
        live_ += record_extent(entry.size);
        places_.emplace(entry.summary.session_id, entry.offset);
        entries_.insert_or_assign(entry.offset, std::move(entry));
    }

    // Whether there was one. By value, for it may be an entry's that goes.
    bool remove(uuid id) {
        const auto at = places_.find(id);
        if (at == places_.end()) {
            return false;
        }
        const auto entry = entries_.find(at->second);
        if (entry->first < paged_) {
            removed_.push_back(id);
        }
        live_ -= record_extent(entry->second.size);
        entries_.erase(entry);
        places_.erase(at);
        return true;
    }

    // What the next page says, at that place.
    [[nodiscard]] segment_page page(std::uint64_t offset = 0) const {
        segment_page next{};
        next.previous = paged_;
        next.removed = removed_;
        const auto fresh = std::ranges::subrange(entries_.lower_bound(paged_), entries_.end());
        std::ranges::copy(std::views::values(fresh), std::back_inserter(next.entries));
        next.offset = offset;
        return next;
    }

    // That page was written.
    void wrote(const segment_page& page) {
        if (page.full()) {
            paged_ = page.offset;
            removed_.clear();
        }
    }

private:
    // Whether the pages could be believed.
    [[nodiscard]] bool from_pages(byte_view object) {
        const auto last = last_page(object);
        if (!last) {
            return false;
        }
        std::vector<segment_page> pages;
        std::uint64_t behind = object.size();
        for (std::uint64_t at = *last; at != 0;) {
            auto page = page_at(object, at, behind);
            if (!page) {
                return false;
            }
            behind = at;
            at = page->previous;
            pages.push_back(*std::move(page));
        }
        for (std::size_t i = pages.size(); i-- != 0;) {
            paged_ = pages[i].previous;
            removed_.clear();
            for (const uuid& id : pages[i].removed) {
                if (!remove(id)) {
                    return false;
                }
            }
            for (const segment_entry& entry : pages[i].entries) {
                if (contains(entry.summary.session_id) || entry.offset < paged_ ||
                    entries_.contains(entry.offset) || !is_before(entry, pages[i].offset)) {
                    return false;
                }
                add(entry);
            }
        }
        wrote(pages.front());
        return true;
    }

    // The place of a page that ends the object, as its last bytes but for the padding say.
    [[nodiscard]] static std::optional<std::uint64_t> last_page(byte_view object) {
        for (std::size_t padding = 0; padding != record_header::alignment; ++padding) {
            constexpr std::size_t place = sizeof(std::uint64_t);
            if (object.size() < log_begin + place + padding) {
                break;
            }
            const auto at = load<std::endian::little, std::uint64_t>(
                object.data() + (object.size() - place - padding));
            const auto header = header_at(object, at);
            if (header && record_padding(header->size) == padding &&
                header->size <= object.size() - at &&
                record_extent(header->size) == object.size() - at) {
                return at;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] static log_record record_of(const record_header& header) noexcept {
        return {.kind = header.kind, .offset = header.offset, .size = header.size};
    }

    // That ends before `behind`.
    [[nodiscard]] static result<segment_page> page_at(byte_view object, std::uint64_t offset,
                                                      std::uint64_t behind) {
        const auto header = header_at(object, offset);
        if (!header || header->kind != static_cast<std::uint32_t>(segment_record::page) ||
            header->size > behind || offset > behind - header->size) {
            return fail({.code = errc::invalid_value, .where = "page", .offset = offset});
        }
        auto page = detail::decode_record<segment_page>(object, record_of(*header));
        if (page && page->offset != offset) {
            return fail({.code = errc::invalid_value,
                         .where = "page",
                         .offset = offset,
                         .found = page->offset,
                         .wanted = offset});
        }
        return page;
    }

    // Only that: its bytes are verified when they are asked for.
    [[nodiscard]] static bool is_before(const segment_entry& entry, std::uint64_t end) {
        return entry.offset >= log_begin && entry.offset <= end &&
               end - entry.offset >= record_header::bytes &&
               entry.size <= end - entry.offset - record_header::bytes;
    }

    // Whole records from there on; pages are for those who look from the end.
    void from_records(byte_view object, std::uint64_t from) {
        const auto end = find_tail(object, from);
        tail_ = end.tail;
        const auto whole = object.first(static_cast<std::size_t>(end.whole));
        scan_log(whole, from, [&](const auto& what) { take(whole, what); });
    }

    void take(byte_view, const log_gap& gap) { damage_.push_back(log_damage::at(gap)); }

    void take(byte_view object, const log_record& record) {
        result<void> done;
        if (record.kind == static_cast<std::uint32_t>(segment_record::session)) {
            reader in{object.subspan(static_cast<std::size_t>(record.offset) + record_header::bytes,
                                     static_cast<std::size_t>(record.size)),
                      record.offset + record_header::bytes};
            auto summary = detail::take_summary(in);
            if (summary) {
                add({.summary = *std::move(summary), .offset = record.offset, .size = record.size});
            } else {
                done = pass(summary);
            }
        } else if (record.kind == static_cast<std::uint32_t>(segment_record::removal)) {
            const auto id = detail::decode_record<uuid>(object, record);
            if (id) {
                remove(*id);
            } else {
                done = pass(id);
            }
        } else if (const auto payload = log_payload(object, record); !payload) {
            done = pass(payload);
        }
        if (!done) {
            damage_.push_back(log_damage::at(record, done.error()));
        }
    }

    std::map<std::uint64_t, segment_entry> entries_; // by where they are
    std::map<uuid, std::uint64_t> places_;
    std::uint64_t paged_ = 0;     // where the last full page is: entries before it are in pages
    std::vector<uuid> removed_{}; // of those, since then
    std::vector<log_damage> damage_;
    std::uint64_t tail_ = 0;
    std::uint64_t live_ = 0;
};

} // namespace tintype::inline v0
