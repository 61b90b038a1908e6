#pragma once

// The laws of a codec, as one suite for every model: `codec_laws<Codec, State, Promises>(states)`
// inside a test case. What a format does not promise, for want of a checksum or of an end, its
// `Promises` say; everything else holds for every codec of this library and of a user's.

#include <tintype/codec/concept.hpp>
#include <tintype/codec/encoder.hpp>
#include <tintype/core/bytes.hpp>
#include <tintype/core/sink.hpp>
#include <tintype/hash/crc32.hpp>
#include <tintype/hash/none.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>

namespace tintype::laws {

struct codec_promises {
    bool knows_its_end = true;   // every strict prefix and every byte more is refused
    bool has_checksum = true;    // every flipped bit is refused
    bool views_check_all = true; // a view is refused exactly where a decode is
};

// The state that a view shows, for codecs whose view is to be held against decode; the model
// overloads it for its view, found beside the state.
template <class View, class State>
concept comparable_view = requires(const View& view, const State& state) {
    { same_as_viewed(view, state) } -> std::same_as<bool>;
};

template <class Codec, class State>
requires codec_for<Codec, State>
class codec_suite {
public:
    codec_suite(const State& state, codec_promises promises)
        : state_(state), promises_(promises), bytes_(*encode<Codec>(state)) {}

    void all() {
        size_is_told_exactly();
        goes_there_and_back();
        pieces_do_not_matter();
        memory_is_filled_to_its_end();
        views_show_the_state();
        prefixes_are_refused();
        more_is_refused();
        flips_are_refused();
    }

private:
    void size_is_told_exactly() const {
        if constexpr (sized_codec<Codec, State>) {
            CHECK(Codec{}.size(state_) == bytes_.size());
        }
    }

    void goes_there_and_back() const {
        const auto back = decode<Codec, State>(bytes_);
        REQUIRE(back.has_value());
        CHECK(*back == state_);
        CHECK(encode<Codec>(*back) == bytes_);
    }

    // Gathered, hashed on the way, or written through another encoder: the same bytes.
    void pieces_do_not_matter() const {
        gather_sink gathered;
        CHECK(Codec{}.encode(state_, gathered).has_value());
        blob joined;
        for (const byte_view piece : gathered.pieces()) {
            append(joined, piece);
        }
        CHECK(joined == bytes_);

        blob plain;
        blob_sink sink{plain};
        encoder<blob_sink, crc32> outer{sink, bytes_.size()};
        CHECK(Codec{}.encode(state_, outer).has_value());
        CHECK(plain == bytes_);
        CHECK(outer.digest() == hash_of<crc32>(bytes_));
    }

    // Memory that is too small is an error, and its neighbours stay as they are.
    void memory_is_filled_to_its_end() const {
        constexpr std::byte canary{0xA5};
        std::size_t wrong = 0;
        for (std::size_t size = 0; size <= bytes_.size() + 1; ++size) {
            blob room(size + 8, canary);
            const auto used = encode_into<Codec>(mutable_bytes{room}.first(size), state_);
            wrong += used.has_value() == (size >= bytes_.size()) ? 0U : 1U;
            if (used) {
                wrong += *used == bytes_.size() ? 0U : 1U;
                wrong += std::ranges::equal(byte_view{room}.first(*used), bytes_) ? 0U : 1U;
            }
            const auto beyond = byte_view{room}.subspan(used ? *used : size);
            wrong += std::ranges::count(beyond, canary) == std::ranges::ssize(beyond) ? 0U : 1U;
        }
        CHECK(wrong == 0);
    }

    void views_show_the_state() const {
        if constexpr (viewable_codec<Codec, State>) {
            const auto view = Codec{}.template view<State>(bytes_, decode_options{});
            REQUIRE(view.has_value());
            if constexpr (comparable_view<view_of<Codec, State>, State>) {
                CHECK(same_as_viewed(*view, state_));
            }
        }
    }

    // Whether decode refuses; that a view says the same is counted on the way.
    [[nodiscard]] bool refused(byte_view bytes) {
        const auto decoded = decode<Codec, State>(bytes);
        if constexpr (viewable_codec<Codec, State>) {
            if (promises_.views_check_all) {
                const auto viewed = Codec{}.template view<State>(bytes, decode_options{});
                const bool same = viewed.has_value() == decoded.has_value() &&
                                  (viewed || viewed.error() == decoded.error());
                disagreed_ += same ? 0U : 1U;
            }
        }
        if (decoded) {
            // Whatever is accepted has one encoding only.
            const auto again = encode<Codec>(*decoded);
            disagreed_ += again && std::ranges::equal(*again, bytes) ? 0U : 1U;
        }
        return !decoded;
    }

    void prefixes_are_refused() {
        std::size_t accepted = 0;
        for (std::size_t size = 0; size != bytes_.size(); ++size) {
            // In memory of its own, so that a sanitizer sees a read beyond it.
            const blob prefix(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
            accepted += refused(prefix) ? 0U : 1U;
        }
        CHECK((accepted == 0 || !promises_.knows_its_end));
        CHECK(disagreed_ == 0);
    }

    void more_is_refused() {
        std::size_t accepted = 0;
        for (unsigned byte = 0; byte != 256; ++byte) {
            blob more = bytes_;
            more.push_back(static_cast<std::byte>(byte));
            accepted += refused(more) ? 0U : 1U;
        }
        CHECK((accepted == 0 || !promises_.knows_its_end));
        CHECK(disagreed_ == 0);
    }

    void flips_are_refused() {
        std::size_t accepted = 0;
        for (std::size_t bit = 0; bit != 8 * bytes_.size(); ++bit) {
            blob flipped = bytes_;
            flipped[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
            accepted += refused(flipped) ? 0U : 1U;
        }
        CHECK((accepted == 0 || !promises_.has_checksum));
        CHECK(disagreed_ == 0);
    }

    const State& state_;
    codec_promises promises_;
    blob bytes_;
    std::size_t disagreed_ = 0;
};

template <class Codec, class State>
void codec_laws(std::initializer_list<State> states, codec_promises promises = {}) {
    static_assert(codec_for<Codec, State>);
    for (const State& state : states) {
        codec_suite<Codec, State>{state, promises}.all();
    }
}

} // namespace tintype::laws
