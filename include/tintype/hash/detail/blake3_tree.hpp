#pragma once

// The running state of BLAKE3: the chunk that is being filled, and the chaining values of the
// finished subtrees to its left (the paper, sections 2.4 and 5.1). What bytes come in at once is
// hashed many chunks at a time, and their parents many at a time, level by level.

#include <tintype/core/bytes.hpp>
#include <tintype/hash/detail/blake3_compress.hpp>
#include <tintype/hash/detail/blake3_kernel.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tintype::inline v0::detail {

class blake3_tree {
public:
    // `mode` is the flag that every compression bears.
    constexpr blake3_tree(const blake3_words& key, std::uint32_t mode) noexcept
        : key_(key), mode_(mode), chunk_(first_input(0)) {
        if consteval {
            stack_ = {};
            block_ = {};
        }
    }

    constexpr void update(blake3_kernel kernel, byte_view bytes) noexcept {
        if (in_chunk() != 0) {
            const std::size_t now = std::min(bytes.size(), blake3_chunk - in_chunk());
            fill_chunk(kernel, bytes.first(now));
            bytes = bytes.subspan(now);
            if (bytes.empty()) {
                return;
            }
            finish_chunk(kernel);
        }
        // A whole chunk may be finished at once unless it may yet be all there is.
        while (bytes.size() > blake3_chunk ||
               (bytes.size() == blake3_chunk && chunk_.counter != 0)) {
            const std::size_t count = std::min(bytes.size() / blake3_chunk, most_chunks);
            add_chunks(kernel, bytes.data(), count);
            bytes = bytes.subspan(count * blake3_chunk);
        }
        if (!bytes.empty()) {
            join(kernel, chunk_.counter);
            fill_chunk(kernel, bytes);
        }
    }

    // Bytes of the output from the one with that number on.
    constexpr void output(blake3_kernel kernel, mutable_bytes to,
                          std::uint64_t offset) const noexcept {
        std::array<std::byte, blake3_block> block{};
        blake3_input root = last_input(kernel, block.data());
        root.flags |= blake3_root;
        root.counter = offset / blake3_block;
        std::size_t skipped = offset % blake3_block;
        while (!to.empty()) {
            std::array<std::byte, blake3_block> bytes{};
            blake3_output(kernel, root, block.data(), bytes.data());
            const std::size_t now = std::min(to.size(), blake3_block - skipped);
            copy_bytes(byte_view{bytes}.subspan(skipped, now), to.data());
            to = to.subspan(now);
            skipped = 0;
            ++root.counter;
        }
    }

private:
    // As many as there can be of subtrees of different sizes, 2^64 bytes being the most that is
    // hashed, and one that is not yet joined with its neighbour.
    static constexpr std::size_t most_values = 55;

    // The last levels of a batch fill no vector: the larger the batch, the less they weigh.
    static constexpr std::size_t most_chunks = 256;

    [[nodiscard]] constexpr std::size_t in_chunk() const noexcept {
        return blocks_ * blake3_block + chunk_.size;
    }

    // Hashes all but the last block, which is kept: it may yet be the chunk's last.
    constexpr void fill_chunk(blake3_kernel kernel, byte_view bytes) noexcept {
        while (!bytes.empty()) {
            if (chunk_.size == blake3_block) {
                hash_blocks(kernel, block_.data(), 1);
            }
            if (chunk_.size == 0 && bytes.size() > blake3_block) {
                const std::size_t blocks = (bytes.size() - 1) / blake3_block;
                hash_blocks(kernel, bytes.data(), blocks);
                bytes = bytes.subspan(blocks * blake3_block);
            }
            const std::size_t now = std::min<std::size_t>(bytes.size(), blake3_block - chunk_.size);
            copy_bytes(bytes.first(now), block_.data() + chunk_.size);
            chunk_.size += static_cast<std::uint32_t>(now);
            bytes = bytes.subspan(now);
        }
    }

    constexpr void hash_blocks(blake3_kernel kernel, const std::byte* from,
                               std::size_t blocks) noexcept {
        chunk_.size = blake3_block;
        blake3_chain(kernel, chunk_, from, blocks);
        chunk_.size = 0;
        blocks_ += blocks;
    }

    // The chunk is full, and more follows, so that it is not the root.
    constexpr void finish_chunk(blake3_kernel kernel) noexcept {
        chunk_.flags |= blake3_chunk_end;
        blake3_chain(kernel, chunk_, block_.data(), 1);
        std::array<std::byte, blake3_value> value{};
        blake3_store(value.data(), chunk_.value);
        push(kernel, value.data(), chunk_.counter);
        chunk_ = first_input(chunk_.counter + 1);
        blocks_ = 0;
    }

    // Of the chunk with that number, before there are any bytes.
    [[nodiscard]] constexpr blake3_input first_input(std::uint64_t chunk) const noexcept {
        return {key_, chunk, 0, mode_ | blake3_chunk_start};
    }

    [[nodiscard]] constexpr blake3_input parent_input() const noexcept {
        return {key_, 0, blake3_block, mode_ | blake3_parent};
    }

    // Joins what lies to the left of a chunk: each 1 among the digits of its number is a subtree
    // there, and whatever else is on the stack are neighbours. They are not joined before a chunk
    // follows, because until then their parent may be the root.
    constexpr void join(blake3_kernel kernel, std::uint64_t chunk) noexcept {
        while (depth_ > static_cast<std::size_t>(std::popcount(chunk))) {
            --depth_;
            std::byte* const both = stack_.data() + (depth_ - 1) * blake3_value;
            blake3_input input = parent_input();
            blake3_chain(kernel, input, both, 1);
            blake3_store(both, input.value);
        }
    }

    // The value of a subtree whose first chunk has that number.
    constexpr void push(blake3_kernel kernel, const std::byte* value,
                        std::uint64_t first_chunk) noexcept {
        join(kernel, first_chunk);
        copy_bytes({value, blake3_value}, stack_.data() + depth_ * blake3_value);
        ++depth_;
    }

    // Whole chunks, not more than `most_chunks`, behind those that are finished. Parents are made
    // of them as long as there are more than two values; what has no neighbour here goes onto the
    // stack, in the order of the chunks.
    constexpr void add_chunks(blake3_kernel kernel, const std::byte* from,
                              std::size_t count) noexcept {
        alignas(blake3_block) std::array<std::byte, most_chunks * blake3_value> values;
        if consteval {
            values = {};
        }
        blake3_hash_many(kernel, {.from = from,
                                  .count = count,
                                  .blocks = blake3_chunk / blake3_block,
                                  .to = values.data(),
                                  .key = &key_,
                                  .counter = chunk_.counter,
                                  .counting = true,
                                  .flags = mode_,
                                  .first = blake3_chunk_start,
                                  .last = blake3_chunk_end});
        std::byte* level = values.data();
        std::uint64_t first = chunk_.counter; // in values of this level
        unsigned height = 0;
        // Ends that stay over at the right, the uppermost last.
        std::array<std::byte, std::bit_width(most_chunks) * blake3_value> rest{};
        std::array<std::uint64_t, std::bit_width(most_chunks)> rest_chunks{};
        std::size_t rest_count = 0;
        chunk_.counter += count;
        while (count > 2) {
            if (first % 2 != 0) {
                push(kernel, level, first << height);
                level += blake3_value;
                ++first;
                --count;
            }
            if (count % 2 != 0) {
                --count;
                copy_bytes({level + count * blake3_value, blake3_value},
                           rest.data() + rest_count * blake3_value);
                rest_chunks[rest_count] = (first + count) << height;
                ++rest_count;
            }
            count /= 2;
            blake3_hash_many(kernel, {.from = level,
                                      .count = count,
                                      .blocks = 1,
                                      .to = level,
                                      .key = &key_,
                                      .counter = 0,
                                      .counting = false,
                                      .flags = mode_ | blake3_parent,
                                      .first = 0,
                                      .last = 0});
            first /= 2;
            ++height;
        }
        for (std::size_t i = 0; i != count; ++i) {
            push(kernel, level + i * blake3_value, (first + i) << height);
        }
        while (rest_count != 0) {
            --rest_count;
            push(kernel, rest.data() + rest_count * blake3_value, rest_chunks[rest_count]);
        }
    }

    // What the root is made of: the chunk if there is no other, or else the parent of everything to
    // the left and of the rest to the right. Its block goes to `block`, which holds zeros.
    constexpr blake3_input last_input(blake3_kernel kernel, std::byte* block) const noexcept {
        std::size_t depth = depth_;
        blake3_input input = parent_input();
        if (in_chunk() != 0 || depth == 0) {
            input = chunk_;
            input.flags |= blake3_chunk_end;
            copy_bytes(byte_view{block_}.first(chunk_.size), block);
        } else {
            depth -= 2;
            copy_bytes(byte_view{stack_}.subspan(depth * blake3_value, blake3_block), block);
        }
        for (; depth != 0; --depth) {
            blake3_chain(kernel, input, block, 1);
            copy_bytes(byte_view{stack_}.subspan((depth - 1) * blake3_value, blake3_value), block);
            blake3_store(block + blake3_value, input.value);
            input = parent_input();
        }
        return input;
    }

    blake3_words key_;
    std::uint32_t mode_;
    blake3_input chunk_;     // that is being filled: what its next block is hashed with
    std::size_t blocks_ = 0; // hashed of it
    std::size_t depth_ = 0;  // values on the stack
    std::array<std::byte, blake3_block> block_;
    std::array<std::byte, most_values * blake3_value> stack_;
};

} // namespace tintype::inline v0::detail
