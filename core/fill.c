/* SPDX-License-Identifier: MIT */
/*
 * Ranges of elements from a draw. Kernels work on whole tiles; what a range has of the tiles
 * at its ends goes through a buffer.
 */
#include "core/fill.h"

#include <string.h>

#include "core/wide.h"

/* Elements made at a time where they pass through a buffer: it stays in the L1 cache. */
#define CHUNK 1024

#define LANE_BLOCKS ((uint64_t)1 << 62) /* the counter's top two bits number the lane */

struct source {
    const struct ti_draw *draw;
    const struct ti_kernels *kernels;
};

/* Whole tiles of binary32 values, from the tile's first element on. */
static void tiles_f32(const struct source *from, uint64_t first, size_t count,
                      void *out) {
    const struct ti_draw *draw = from->draw;
    if (draw->path == TI_DRAW_KERNEL) {
        from->kernels->draw[draw->kernel](&draw->philox, &draw->transform, first / 4,
                                          count, out);
        if (draw->clamped && draw->kernel != TI_KERNEL_uniform) {
            from->kernels->clamp(&draw->transform, count, out);
        }
        return;
    }
    for (size_t done = 0; done < count; done += TI_TILE_WORDS) {
        uint32_t words[TI_TILE_WORDS];
        from->kernels->words(&draw->philox, (first + done) / 4, TI_TILE_WORDS, words);
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            float value = ti_wide_f32(draw, words[i]);
            memcpy((char *)out + 4 * (done + i), &value, sizeof value);
        }
    }
}

static void tiles_narrow(const struct source *from, uint64_t first, size_t count,
                         void *out) {
    _Alignas(64) float values[CHUNK];
    for (size_t done = 0; done < count; done += CHUNK) {
        size_t now = count - done < CHUNK ? count - done : CHUNK;
        tiles_f32(from, first + done, now, values);
        if (from->draw->dtype == TI_DTYPE_F16) {
            from->kernels->f16(values, now, (char *)out + 2 * done);
        } else {
            from->kernels->bf16(values, now, (char *)out + 2 * done);
        }
    }
}

static void tiles_f64(const struct source *from, uint64_t first, size_t count,
                      void *out) {
    const struct ti_draw *draw = from->draw;
    for (size_t done = 0; done < count; done += TI_TILE_WORDS) {
        uint32_t high[TI_TILE_WORDS], low[TI_TILE_WORDS];
        uint64_t block = (first + done) / 4;
        from->kernels->words(&draw->philox, block, TI_TILE_WORDS, high);
        from->kernels->words(&draw->philox, block + LANE_BLOCKS, TI_TILE_WORDS, low);
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            double value = ti_wide_f64(draw, (uint64_t)high[i] << 32 | low[i]);
            memcpy((char *)out + 8 * (done + i), &value, sizeof value);
        }
    }
}

static void tiles(const struct source *from, uint64_t first, size_t count, void *out) {
    switch (from->draw->dtype) {
    case TI_DTYPE_F32:
        tiles_f32(from, first, count, out);
        break;
    case TI_DTYPE_F64:
        tiles_f64(from, first, count, out);
        break;
    default:
        tiles_narrow(from, first, count, out);
        break;
    }
}

/* Part of one tile, by way of a buffer. */
static void part_of_tile(const struct source *from, uint64_t first, size_t count,
                         void *out) {
    _Alignas(64) unsigned char tile[TI_TILE_WORDS * 8];
    const size_t bytes = ti_dtype_bytes(from->draw->dtype), at = first % TI_TILE_WORDS;
    tiles(from, first - at, TI_TILE_WORDS, tile);
    memcpy(out, tile + at * bytes, count * bytes);
}

/* The same value everywhere: 'out' is doubled until full, which memcpy does at full speed. */
static void repeat(const struct source *from, uint64_t count, unsigned char *out) {
    const struct ti_draw *draw = from->draw;
    const size_t bytes = ti_dtype_bytes(draw->dtype);
    _Alignas(64) unsigned char tile[TI_TILE_WORDS * 8];
    if (draw->dtype == TI_DTYPE_F64) {
        for (size_t i = 0; i < TI_TILE_WORDS; i++) memcpy(tile + 8 * i, &draw->low, 8);
    } else {
        float values[TI_TILE_WORDS];
        for (size_t i = 0; i < TI_TILE_WORDS; i++) values[i] = (float)draw->low;
        if (draw->dtype == TI_DTYPE_F32) memcpy(tile, values, sizeof values);
        if (draw->dtype == TI_DTYPE_F16) from->kernels->f16(values, TI_TILE_WORDS, tile);
        if (draw->dtype == TI_DTYPE_BF16)
            from->kernels->bf16(values, TI_TILE_WORDS, tile);
    }
    uint64_t total = count * bytes, done = sizeof tile / 8 * bytes;
    if (done > total) done = total;
    memcpy(out, tile, done);
    while (done < total) {
        uint64_t now = total - done < done ? total - done : done;
        if (now > 1 << 16) now = 1 << 16; /* read from the cache, not from memory */
        memcpy(out + done, out, now);
        done += now;
    }
}

void ti_fill(const struct ti_draw *draw, const struct ti_kernels *kernels, uint64_t first,
             uint64_t count, void *out) {
    const struct source from = {draw, kernels};
    const size_t bytes = ti_dtype_bytes(draw->dtype);
    unsigned char *to = out;
    if (count == 0) return;
    if (draw->path == TI_DRAW_CONSTANT) {
        repeat(&from, count, to);
        return;
    }
    const size_t ahead = (TI_TILE_WORDS - first % TI_TILE_WORDS) % TI_TILE_WORDS;
    if (ahead > 0) {
        size_t head = count < ahead ? (size_t)count : ahead;
        part_of_tile(&from, first, head, to);
        first += head, count -= head, to += head * bytes;
    }
    const size_t whole = count / TI_TILE_WORDS * TI_TILE_WORDS;
    if (whole > 0) tiles(&from, first, whole, to);
    if (count > whole) {
        part_of_tile(&from, first + whole, count - whole, to + whole * bytes);
    }
}
