/* SPDX-License-Identifier: MIT */
/*
 * Ranges of neighbours. Kernels work on whole tiles; what a range has of the tiles at its ends
 * goes through a buffer.
 */
#include "core/values/fill.h"

#include <string.h>

#include "core/values/tiles.h"

/* Part of one tile, by way of a buffer. */
static void part_of_tile(const struct ti_sampler *sampler,
                         const struct ti_kernels *kernels, uint64_t first, size_t count,
                         unsigned char *out) {
    _Alignas(64) unsigned char tile[TI_TILE_BYTES];
    const size_t bytes = ti_dtype_bytes(sampler->dtype), at = first % 4;
    const struct ti_blocks blocks = {sampler->first_block + first / 4, NULL};
    ti_tiles(sampler, kernels, blocks, TI_TILE_WORDS, tile);
    memcpy(out, tile + at * bytes, count * bytes);
}

/* The same value everywhere: 'out' is doubled until full, which memcpy does at full speed. */
static void repeat(const struct ti_sampler *sampler, uint64_t count, unsigned char *out) {
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    uint64_t total = count * bytes, done = bytes;
    memcpy(out, sampler->element_bytes, bytes);
    while (done < total) {
        uint64_t now = total - done < done ? total - done : done;
        if (now > 1 << 16) now = 1 << 16; /* read from the cache, not from memory */
        memcpy(out + done, out, now);
        done += now;
    }
}

void ti_fill(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
             uint64_t first, uint64_t count, void *out) {
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    unsigned char *to = out;
    if (count == 0) return;
    if (sampler->class == &ti_sampler_constant) {
        repeat(sampler, count, to);
        return;
    }
    if (first % 4 !=
        0) { /* up to the next block, and what else a tile from there holds */
        const size_t ahead = TI_TILE_WORDS - first % 4;
        const size_t head = count < ahead ? (size_t)count : ahead;
        part_of_tile(sampler, kernels, first, head, to);
        first += head, count -= head, to += head * bytes;
    }
    const uint64_t whole = count / TI_TILE_WORDS * TI_TILE_WORDS;
    if (whole > 0) {
        const struct ti_blocks blocks = {sampler->first_block + first / 4, NULL};
        ti_tiles(sampler, kernels, blocks, (size_t)whole, to);
    }
    if (count > whole) {
        part_of_tile(sampler, kernels, first + whole, (size_t)(count - whole),
                     to + whole * bytes);
    }
}
