#pragma once

// A history as others read it while its owner writes: the snapshots that were whole when it was
// opened or last refreshed, whatever becomes of them meanwhile.

#include <tintype/core/error.hpp>
#include <tintype/delta/history.hpp>
#include <tintype/delta/record.hpp>
#include <tintype/delta/snapshot.hpp>
#include <tintype/delta/source.hpp>
#include <tintype/delta/store.hpp>
#include <tintype/log/scan.hpp>
#include <tintype/log/view.hpp>
#include <tintype/storage/concept.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tintype::inline v0 {

// What a history holds, whatever its snapshots are of.
struct history_survey {
    history_opening opening{};
    history_index index{};
    std::vector<log_damage> damage{};
    std::uint64_t tail = 0; // bytes behind the last whole record: being written, or torn

    // `invalid_magic` for another file.
    [[nodiscard]] static result<history_survey> of(byte_view object) {
        if (auto good = check_log_magic(object, history_magic); !good) {
            return pass(good);
        }
        const log_end end = find_tail(object);
        history_scan scan;
        const byte_view whole = object.first(static_cast<std::size_t>(end.whole));
        scan_log(whole, log_begin, [&](const auto& what, byte_view bytes) { scan(what, bytes); });
        auto opening = scan.opening();
        if (!opening) {
            return pass(opening);
        }
        return history_survey{*std::move(opening), std::move(scan.index()),
                              std::move(scan.damage()), end.tail};
    }
};

template <snapshot_type T, storage_policy S = directory>
class delta_reader : public history<T, S> {
    using base = history<T, S>;

public:
    [[nodiscard]] static result<delta_reader> open(const S& storage, const std::string& name,
                                                   const history_options& options = {}) {
        auto view = log_view<S>::open(storage, name, history_magic, options.how);
        if (!view) {
            return pass(view);
        }
        auto scan = scanned(*view, options.keyframe_interval);
        if (!scan) {
            return pass(scan);
        }
        auto source = std::make_unique<history_source<S>>(storage, name, options.how);
        source->reset(std::move(scan->first.index()), view->object());
        source->set(options.most, options.verify_checksums);
        return delta_reader{std::move(source), std::move(scan->second),
                            std::move(scan->first.damage()), options.query_bytes, *std::move(view)};
    }

    // Bytes behind the last whole record: being written, or torn.
    [[nodiscard]] std::uint64_t tail() const noexcept { return view_.tail(); }

    // Looks again; whether there was anything new. Cursors must not be in use meanwhile. After an
    // error the reader is as it was.
    [[nodiscard]] result<bool> refresh() {
        const auto change = view_.refresh();
        if (!change) {
            return pass(change);
        }
        if (*change == log_change::none && !behind_) {
            return false;
        }
        behind_ = true;
        auto scan = scanned(view_, this->keyframe_interval());
        if (!scan) {
            return pass(scan);
        }
        behind_ = false;
        this->source().reset(std::move(scan->first.index()), view_.object());
        this->opening() = std::move(scan->second);
        this->damages() = std::move(scan->first.damage());
        return true;
    }

private:
    delta_reader(std::unique_ptr<history_source<S>> source, history_opening opening,
                 std::vector<log_damage> damage, std::uint64_t query_bytes, log_view<S> view)
        : base(std::move(source), std::move(opening), std::move(damage), query_bytes),
          view_(std::move(view)) {}

    [[nodiscard]] static result<std::pair<history_scan, history_opening>>
    scanned(const log_view<S>& view, std::uint64_t interval) {
        history_scan scan;
        scan_log(view.bytes(), log_begin,
                 [&](const auto& what, byte_view bytes) { scan(what, bytes); });
        auto opening = scan.opening_or(
            {.interval = interval, .schema = std::string{detail::schema_of_columns<T>()}});
        if (!opening) {
            return pass(opening);
        }
        if (auto good = detail::check_schema(opening->schema, detail::schema_of_columns<T>(),
                                             "history of other snapshots");
            !good) {
            return pass(good);
        }
        return std::pair{std::move(scan), *std::move(opening)};
    }

    log_view<S> view_;
    bool behind_ = false; // what was last seen could not be taken
};

} // namespace tintype::inline v0
