/* SPDX-License-Identifier: MIT */
/* Elements of whole Philox blocks, by kernels or one at a time: see tiles.h. */
#include "core/values/tiles.h"

#include <string.h>

#include "core/values/scalar.h"

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
static void pattern_f64(const struct ti_sampler *sampler, struct ti_blocks blocks,
                        size_t count, double *out) {
    if (!blocks.list) {
        ti_pattern_fill(&sampler->fixed, 4 * blocks.first, count, out);
        return;
    }
    for (size_t i = 0, run; i < count / 4; i += run) {
        for (run = 1; i + run < count / 4; run++) {
            if (blocks.list[i + run] != blocks.list[i] + run) break;
        }
        ti_pattern_fill(&sampler->fixed, 4 * blocks.list[i], 4 * run, out + 4 * i);
    }
}

static void pattern_f32(const struct ti_sampler *sampler, struct ti_blocks blocks,
                        size_t count, void *out) {
    double values[CHUNK] = {0};
    for (size_t done = 0; done < count; done += CHUNK) {
        const size_t now = count - done < CHUNK ? count - done : CHUNK;
        pattern_f64(sampler, after(blocks, done), now, values);
        for (size_t i = 0; i < now; i++) {
            const float value = (float)values[i] + 0.0f; /* a tiny -x becomes 0, not -0 */
            memcpy((char *)out + 4 * (done + i), &value, sizeof value);
        }
    }
}

/* Whole numbers: the pattern's one value, exactly, or 0. */
static void pattern_whole(const struct ti_sampler *sampler, struct ti_blocks blocks,
                          size_t count, unsigned char *out) {
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    double values[CHUNK] = {0};
    memset(out, 0, count * bytes);
    for (size_t done = 0; done < count; done += CHUNK) {
        const size_t now = count - done < CHUNK ? count - done : CHUNK;
        pattern_f64(sampler, after(blocks, done), now, values);
        for (size_t i = 0; i < now; i++) {
            if (values[i] != 0) memcpy(out + bytes * (done + i), sampler->pattern, bytes);
        }
    }
}

static void draw_f32(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                     struct ti_blocks blocks, size_t count, void *out) {
    if (sampler->path == TI_SAMPLER_KERNEL) {
        kernels->sample[sampler->kernel](&sampler->philox, &sampler->transform, blocks,
                                         count, out);
        if (sampler->clamped && sampler->kernel != TI_KERNEL_uniform) {
            kernels->clamp(&sampler->transform, count, out);
        }
        return;
    }
    for (size_t done = 0; done < count; done += TI_TILE_WORDS) {
        uint32_t words[TI_TILE_WORDS];
        kernels->words(&sampler->philox, after(blocks, done), TI_TILE_WORDS, words);
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            float value = ti_scalar_f32(sampler, words[i]);
            memcpy((char *)out + 4 * (done + i), &value, sizeof value);
        }
    }
}

static void tiles_f32(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, void *out) {
    if (sampler->path == TI_SAMPLER_PATTERN) {
        pattern_f32(sampler, blocks, count, out);
        return;
    }
    draw_f32(sampler, kernels, blocks, count, out);
}

static void tiles_narrow(const struct ti_sampler *sampler,
                         const struct ti_kernels *kernels, struct ti_blocks blocks,
                         size_t count, void *out) {
    _Alignas(64) float values[CHUNK];
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    for (size_t done = 0; done < count; done += CHUNK) {
        size_t now = count - done < CHUNK ? count - done : CHUNK;
        tiles_f32(sampler, kernels, after(blocks, done), now, values);
        kernels->narrow[sampler->dtype](values, now, (char *)out + bytes * done);
    }
}

static void draw_f64(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                     struct ti_blocks blocks, size_t count, void *out) {
    for (size_t done = 0; done < count; done += TI_TILE_WORDS) {
        uint32_t high[TI_TILE_WORDS], low[TI_TILE_WORDS];
        uint64_t lane_1[TI_TILE_BLOCKS];
        struct ti_blocks now = after(blocks, done);
        kernels->words(&sampler->philox, now, TI_TILE_WORDS, high);
        for (size_t i = 0; i < TI_TILE_BLOCKS; i++) {
            lane_1[i] = LANE(1) + (now.list ? now.list[i] : now.first + i);
        }
        now.list = lane_1;
        kernels->words(&sampler->philox, now, TI_TILE_WORDS, low);
        for (size_t i = 0; i < TI_TILE_WORDS; i++) {
            double value = ti_scalar_f64(sampler, (uint64_t)high[i] << 32 | low[i]);
            memcpy((char *)out + 8 * (done + i), &value, sizeof value);
        }
    }
}

static void tiles_f64(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, void *out) {
    if (sampler->path == TI_SAMPLER_PATTERN) {
        double values[CHUNK] = {0};
        for (size_t done = 0; done < count; done += CHUNK) {
            const size_t now = count - done < CHUNK ? count - done : CHUNK;
            pattern_f64(sampler, after(blocks, done), now, values);
            memcpy((char *)out + 8 * done, values, 8 * now);
        }
        return;
    }
    draw_f64(sampler, kernels, blocks, count, out);
}

void ti_tiles(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
              struct ti_blocks blocks, size_t count, void *out) {
    if (sampler->dtype == TI_DTYPE_F32) {
        tiles_f32(sampler, kernels, blocks, count, out);
    } else if (sampler->dtype == TI_DTYPE_F64) {
        tiles_f64(sampler, kernels, blocks, count, out);
    } else if (ti_dtype_kind(sampler->dtype) != TI_DTYPE_KIND_FLOAT) {
        pattern_whole(sampler, blocks, count, out);
    } else {
        tiles_narrow(sampler, kernels, blocks, count, out);
    }
    if (sampler->masked) {
        ti_sparse_mask_clear(&sampler->mask, &sampler->philox, kernels, blocks, count,
                             ti_dtype_bytes(sampler->dtype), out);
    }
}
