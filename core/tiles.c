/* SPDX-License-Identifier: MIT */
/* Elements of whole Philox blocks, by kernels or one at a time: see tiles.h. */
#include "core/tiles.h"

#include <string.h>

#include "core/wide.h"

/* Elements made at a time where they pass through a buffer: it stays in the L1 cache. */
#define CHUNK 1024

/* The counter's top two bits number the lane. */
#define LANE(n) ((uint64_t)(n) << 62)

static struct ti_blocks after(struct ti_blocks blocks, size_t words) {
    blocks.first += words / 4;
    if (blocks.list) blocks.list += words / 4;
    return blocks;
}

/* Fixed patterns do not come from words, but from places: runs of blocks of their elements. */
static void pattern_f64(const struct ti_draw *draw, struct ti_blocks blocks, size_t count,
                        double *out) {
    if (!blocks.list) {
        ti_pattern_fill(&draw->fixed, 4 * blocks.first, count, out);
        return;
    }
    for (size_t i = 0, run; i < count / 4; i += run) {
        for (run = 1; i + run < count / 4; run++) {
            if (blocks.list[i + run] != blocks.list[i] + run) break;
        }
        ti_pattern_fill(&draw->fixed, 4 * blocks.list[i], 4 * run, out + 4 * i);
    }
}

static void pattern_f32(const struct ti_draw *draw, struct ti_blocks blocks, size_t count,
                        void *out) {
    double values[CHUNK] = {0};
    for (size_t done = 0; done < count; done += CHUNK) {
        const size_t now = count - done < CHUNK ? count - done : CHUNK;
        pattern_f64(draw, after(blocks, done), now, values);
        for (size_t i = 0; i < now; i++) {
            const float value = (float)values[i] + 0.0f; /* a tiny -x becomes 0, not -0 */
            memcpy((char *)out + 4 * (done + i), &value, sizeof value);
        }
    }
}

/* Whole numbers: the pattern's one value, exactly, or 0. */
static void pattern_whole(const struct ti_draw *draw, struct ti_blocks blocks,
                          size_t count, unsigned char *out) {
    const size_t bytes = ti_dtype_bytes(draw->dtype);
    double values[CHUNK] = {0};
    memset(out, 0, count * bytes);
    for (size_t done = 0; done < count; done += CHUNK) {
        const size_t now = count - done < CHUNK ? count - done : CHUNK;
        pattern_f64(draw, after(blocks, done), now, values);
        for (size_t i = 0; i < now; i++) {
            if (values[i] != 0) memcpy(out + bytes * (done + i), draw->pattern, bytes);
        }
    }
}

static void draw_f32(const struct ti_draw *draw, const struct ti_kernels *kernels,
                     struct ti_blocks blocks, size_t count, void *out) {
    if (draw->path == TI_DRAW_KERNEL) {
        kernels->draw[draw->kernel](&draw->philox, &draw->transform, blocks, count, out);
        if (draw->clamped && draw->kernel != TI_KERNEL_uniform) {
            kernels->clamp(&draw->transform, count, out);
        }
        return;
    }
    for (size_t done = 0; done < count; done += TI_TILE_WORDS) {
        uint32_t words[TI_TILE_WORDS];
        kernels->words(&draw->philox, after(blocks, done), TI_TILE_WORDS, words);
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            float value = ti_wide_f32(draw, words[i]);
            memcpy((char *)out + 4 * (done + i), &value, sizeof value);
        }
    }
}

static void tiles_f32(const struct ti_draw *draw, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, void *out) {
    if (draw->path == TI_DRAW_PATTERN) {
        pattern_f32(draw, blocks, count, out);
        return;
    }
    draw_f32(draw, kernels, blocks, count, out);
}

static void tiles_narrow(const struct ti_draw *draw, const struct ti_kernels *kernels,
                         struct ti_blocks blocks, size_t count, void *out) {
    _Alignas(64) float values[CHUNK];
    const size_t bytes = ti_dtype_bytes(draw->dtype);
    for (size_t done = 0; done < count; done += CHUNK) {
        size_t now = count - done < CHUNK ? count - done : CHUNK;
        tiles_f32(draw, kernels, after(blocks, done), now, values);
        kernels->narrow[draw->dtype](values, now, (char *)out + bytes * done);
    }
}

static void draw_f64(const struct ti_draw *draw, const struct ti_kernels *kernels,
                     struct ti_blocks blocks, size_t count, void *out) {
    for (size_t done = 0; done < count; done += TI_TILE_WORDS) {
        uint32_t high[TI_TILE_WORDS], low[TI_TILE_WORDS];
        uint64_t lane_1[TI_TILE_BLOCKS];
        struct ti_blocks now = after(blocks, done);
        kernels->words(&draw->philox, now, TI_TILE_WORDS, high);
        for (size_t i = 0; i < TI_TILE_BLOCKS; i++) {
            lane_1[i] = LANE(1) + (now.list ? now.list[i] : now.first + i);
        }
        now.list = lane_1;
        kernels->words(&draw->philox, now, TI_TILE_WORDS, low);
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            double value = ti_wide_f64(draw, (uint64_t)high[i] << 32 | low[i]);
            memcpy((char *)out + 8 * (done + i), &value, sizeof value);
        }
    }
}

static void tiles_f64(const struct ti_draw *draw, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, void *out) {
    if (draw->path == TI_DRAW_PATTERN) {
        double values[CHUNK] = {0};
        for (size_t done = 0; done < count; done += CHUNK) {
            const size_t now = count - done < CHUNK ? count - done : CHUNK;
            pattern_f64(draw, after(blocks, done), now, values);
            memcpy((char *)out + 8 * done, values, 8 * now);
        }
        return;
    }
    draw_f64(draw, kernels, blocks, count, out);
}

void ti_tiles(const struct ti_draw *draw, const struct ti_kernels *kernels,
              struct ti_blocks blocks, size_t count, void *out) {
    if (draw->dtype == TI_DTYPE_F32) {
        tiles_f32(draw, kernels, blocks, count, out);
    } else if (draw->dtype == TI_DTYPE_F64) {
        tiles_f64(draw, kernels, blocks, count, out);
    } else if (ti_dtype_kind(draw->dtype) != TI_DTYPE_KIND_FLOAT) {
        pattern_whole(draw, blocks, count, out);
    } else {
        tiles_narrow(draw, kernels, blocks, count, out);
    }
    if (draw->masked) {
        ti_mask_clear(&draw->mask, &draw->philox, kernels, blocks, count,
                      ti_dtype_bytes(draw->dtype), out);
    }
}
