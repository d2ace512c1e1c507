/* SPDX-License-Identifier: MIT */
/*
 * Elements of whole Philox blocks: see tiles.h. A class of samplers makes values in the compute
 * type; what the dtype needs besides (rounding, integers, zeros) follows here.
 */
#include "core/values/tiles.h"

#include <string.h>

#include "core/values/mapped.h"
#include "core/values/pattern.h"
#include "core/values/sparse_factor.h"

/* Elements at a time where they pass through a buffer: it stays in the L1 cache. */
#define CHUNK 1024

static struct ti_blocks after(struct ti_blocks blocks, size_t words) {
    blocks.first += words / 4;
    if (blocks.list) blocks.list += words / 4;
    return blocks;
}

/* Turns values in a compute type, aligned, into 'count' elements at 'out'. */
typedef void finish_function(const struct ti_sampler *sampler,
                             const struct ti_kernels *kernels, const void *values,
                             size_t count, void *out);

/* Makes values a chunk at a time and finishes them into elements of 'bytes' bytes. */
static void by_chunks(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                      struct ti_blocks blocks, size_t count, ti_sampler_function *make,
                      finish_function *finish, size_t bytes, void *out) {
    _Alignas(64) double values[CHUNK];
    for (size_t done = 0, now; done < count; done += now) {
        now = count - done < CHUNK ? count - done : CHUNK;
        make(sampler, kernels, after(blocks, done), now, values);
        finish(sampler, kernels, values, now, (char *)out + bytes * done);
    }
}

/* Kernels ------------------------------------------------------------------------------ */

static void kernel_f32(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                       struct ti_blocks blocks, size_t count, void *out) {
    kernels->sample[sampler->kernel](&sampler->philox, &sampler->transform, blocks, count,
                                     out);
    if (sampler->clamped && !ti_sampler_is_uniform(sampler)) {
        kernels->clamp(&sampler->transform, count, out);
    }
}

static void kernel_f64(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                       struct ti_blocks blocks, size_t count, void *out) {
    kernels->sample_f64[sampler->kernel](&sampler->philox, &sampler->transform, blocks,
                                         count, out);
}

/* Functions of uniform numbers --------------------------------------------------------- */

static void mapped_f32(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                       struct ti_blocks blocks, size_t count, void *out) {
    kernel_f32(sampler, kernels, blocks, count, out);
    for (size_t i = 0; i < count; i++) {
        float u;
        memcpy(&u, (char *)out + 4 * i, sizeof u);
        u = (float)ti_mapped_value(sampler, u) + 0.0f;
        memcpy((char *)out + 4 * i, &u, sizeof u);
    }
}

static void mapped_f64(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                       struct ti_blocks blocks, size_t count, void *out) {
    kernel_f64(sampler, kernels, blocks, count, out);
    for (size_t i = 0; i < count; i++) {
        double u;
        memcpy(&u, (char *)out + 8 * i, sizeof u);
        u = ti_mapped_value(sampler, u) + 0.0;
        memcpy((char *)out + 8 * i, &u, sizeof u);
    }
}

/* Patterns ----------------------------------------------------------------------------- */

/* Patterns come from places, not words: runs of blocks of their elements. */
static void pattern_values(const struct ti_sampler *sampler,
                           const struct ti_kernels *kernels, struct ti_blocks blocks,
                           size_t count, void *out) {
    double *values = out;
    (void)kernels;
    if (!blocks.list) {
        ti_pattern_fill(&sampler->pattern, 4 * blocks.first, count, values);
        return;
    }
    for (size_t i = 0, run; i < count / 4; i += run) {
        for (run = 1; i + run < count / 4; run++) {
            if (blocks.list[i + run] != blocks.list[i] + run) break;
        }
        ti_pattern_fill(&sampler->pattern, 4 * blocks.list[i], 4 * run, values + 4 * i);
    }
}

static void copy_f64(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                     const void *values, size_t count, void *out) {
    (void)sampler, (void)kernels;
    memcpy(out, values, 8 * count);
}

static void round_to_f32(const struct ti_sampler *sampler,
                         const struct ti_kernels *kernels, const void *values,
                         size_t count, void *out) {
    const double *from = values;
    (void)sampler, (void)kernels;
    for (size_t i = 0; i < count; i++) {
        const float value = (float)from[i] + 0.0f; /* a tiny -x becomes 0, not -0 */
        memcpy((char *)out + 4 * i, &value, sizeof value);
    }
}

static void pattern_f64(const struct ti_sampler *sampler,
                        const struct ti_kernels *kernels, struct ti_blocks blocks,
                        size_t count, void *out) {
    by_chunks(sampler, kernels, blocks, count, pattern_values, copy_f64, 8, out);
}

static void pattern_f32(const struct ti_sampler *sampler,
                        const struct ti_kernels *kernels, struct ti_blocks blocks,
                        size_t count, void *out) {
    by_chunks(sampler, kernels, blocks, count, pattern_values, round_to_f32, 4, out);
}

/* The table ---------------------------------------------------------------------------- */

const struct ti_sampler_class ti_sampler_constant = {NULL, NULL, true};
const struct ti_sampler_class ti_sampler_kernel = {kernel_f32, kernel_f64, false};
const struct ti_sampler_class ti_sampler_mapped = {mapped_f32, mapped_f64, true};
const struct ti_sampler_class ti_sampler_pattern = {pattern_f32, pattern_f64, true};
const struct ti_sampler_class ti_sampler_orthogonal = {NULL, NULL, true};

/* From the compute type to the dtype --------------------------------------------------- */

static void narrow(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                   const void *values, size_t count, void *out) {
    kernels->narrow[sampler->dtype](values, count, out);
}

/* The sampler's one integer, exactly, or 0; or those of a sequence. */
static void to_integers(const struct ti_sampler *sampler,
                        const struct ti_kernels *kernels, const void *values,
                        size_t count, void *out) {
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    const double *from = values;
    (void)kernels;
    if (sampler->pattern.kind == TI_PATTERN_ARANGE) {
        for (size_t i = 0; i < count; i++) {
            const int64_t value = (int64_t)from[i];
            memcpy((char *)out + bytes * i, &value, bytes);
        }
        return;
    }
    memset(out, 0, count * bytes);
    for (size_t i = 0; i < count; i++) {
        if (from[i] != 0) memcpy((char *)out + bytes * i, sampler->element_bytes, bytes);
    }
}

/* Sets to 0 what elements [elem, elem + count) have of a run. */
static void clear_run(const struct ti_run *run, uint64_t elem, uint64_t count,
                      size_t bytes, unsigned char *out) {
    const uint64_t end = elem + count, run_end = run->first + run->count;
    const uint64_t from = run->first > elem ? run->first : elem;
    const uint64_t to = run_end < end ? run_end : end;
    if (from < to) memset(out + (from - elem) * bytes, 0, (size_t)(to - from) * bytes);
}

static void clear_zeros(const struct ti_sampler *sampler, struct ti_blocks blocks,
                        size_t count, size_t bytes, unsigned char *out) {
    if (!blocks.list) {
        clear_run(&sampler->zeros, 4 * blocks.first, count, bytes, out);
        return;
    }
    for (size_t i = 0; i < count / 4; i++) {
        clear_run(&sampler->zeros, 4 * blocks.list[i], 4, bytes, out + 4 * i * bytes);
    }
}

void ti_tiles(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
              struct ti_blocks blocks, size_t count, void *out) {
    const struct ti_sampler_class *class = sampler->class;
    const size_t bytes = ti_dtype_bytes(sampler->dtype);
    if (sampler->dtype == TI_DTYPE_F32) {
        class->f32(sampler, kernels, blocks, count, out);
    } else if (sampler->dtype == TI_DTYPE_F64) {
        class->f64(sampler, kernels, blocks, count, out);
    } else if (ti_dtype_kind(sampler->dtype) == TI_DTYPE_KIND_FLOAT) {
        by_chunks(sampler, kernels, blocks, count, class->f32, narrow, bytes, out);
    } else {
        by_chunks(sampler, kernels, blocks, count, class->f64, to_integers, bytes, out);
    }
    if (sampler->zeros.count > 0) clear_zeros(sampler, blocks, count, bytes, out);
    if (sampler->masked) {
        ti_sparse_clear(&sampler->mask, sampler->thresholds, &sampler->philox, kernels,
                        blocks, count, bytes, out);
    }
}
