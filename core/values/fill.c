/* SPDX-License-Identifier: MIT */
/*
 * Contiguous ranges. Whole tiles are written in place, partial ones through a buffer.
 */
#include "core/values/fill.h"

#include <string.h>

#include "core/values/tiles.h"

/* Part of one tile, through a buffer. */
static void part_of_tile(const struct ti_sampler *sampler,
                         const struct ti_kernels *kernels, uint64_t first, size_t count,
                         unsigned char *out) {
    _Alignas(64) unsigned char tile[TI_TILE_BYTES];
    const size_t bytes = ti_dtype_bytes(sampler->dtype), at = first % 4;
    const struct ti_blocks blocks = {sampler->first_block + first / 4, NULL};
    ti_tiles(sampler, kernels, blocks, TI_TILE_WORDS, tile);
    memcpy(out, tile + at * bytes, count * bytes);
}

/* The same value everywhere: copies what is written, doubling it each time. */
static void repeat(const struct ti_sampler *sampler, uint64_t count, unsigned char *out) {
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    uint64_t total = count * bytes, done = bytes;
    memcpy(out, sampler->element_bytes, bytes);
    while (done < total) {
        uint64_t now = total - done < done ? total - done : done;
        if (now > 1 << 16) now = 1 << 16; /* stay in the cache */
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
    if (first % 4 != 0) {
        /* Starts inside a block: one tile from that block on. */
        const size_t ahead = TI_TILE_WORDS - first % 4;
        const size_t head = count < ahead ? (size_t)count : ahead;
        part_of_tile(sampler, kernels, first, head, to);
        first += head, count -= head, to += head * bytes;
    }
    const uint64_t in_tiles = count / TI_TILE_WORDS * TI_TILE_WORDS;
    if (in_tiles > 0) {
        const struct ti_blocks blocks = {sampler->first_block + first / 4, NULL};
        ti_tiles(sampler, kernels, blocks, (size_t)in_tiles, to);
    }
    if (count > in_tiles) {
        part_of_tile(sampler, kernels, first + in_tiles, (size_t)(count - in_tiles),
                     to + in_tiles * bytes);
    }
}
