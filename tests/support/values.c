/* SPDX-License-Identifier: MIT */
/* Values of single words: see values.h. */
#include "support/values.h"

#include <math.h>
#include <string.h>

double values_f64(const struct ti_sampler *sampler, uint64_t word) {
    const uint32_t high[TI_TILE_WORDS] = {(uint32_t)(word >> 32)};
    const uint32_t low[TI_TILE_WORDS] = {(uint32_t)word};
    double x[TI_TILE_WORDS];
    ti_kernels_portable.map_f64[sampler->kernel](&sampler->transform, high, low,
                                                 TI_TILE_WORDS, x);
    return x[0];
}

float values_f32(const struct ti_sampler *sampler, uint32_t word) {
    const uint32_t words[TI_TILE_WORDS] = {word};
    float x[TI_TILE_WORDS];
    ti_kernels_portable.map[sampler->kernel](&sampler->transform, words, TI_TILE_WORDS,
                                             x);
    if (sampler->clamped)
        ti_kernels_portable.clamp(&sampler->transform, TI_TILE_WORDS, x);
    return x[0];
}

/* Octaves 32 to 95. */
static const double table[64][19] = {
#include "core/kernels/quantile_f64.inc"
};

static double clamp(double x, double low, double high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

static double quantile(double tail) {
    int exponent;
    tail = clamp(tail, 0.5, 0x1p63 - 0x1p10);
    const double t = 2 * frexp(tail, &exponent) - 1.5;
    const double *c = table[exponent - 1 + 33 - 32];
    double z = c[18];
    for (int k = 17; k >= 0; k--) {
        const double product = z * t;
        z = product + c[k];
    }
    return z;
}

static double tail_at(const struct ti_sampler *sampler, double offset, uint64_t word) {
    const double product = sampler->tail_scale * (double)word;
    return offset + product;
}

/* z with its sign, before the clamp. */
static double z_of(const struct ti_sampler *sampler, uint64_t word, int bits) {
    const uint64_t inverted = ~word & (bits == 64 ? UINT64_MAX : UINT32_MAX);
    const bool top = word >> (bits - 1);
    if (sampler->kernel == TI_KERNEL_mirrored) {
        const double z =
            quantile(tail_at(sampler, sampler->tail_offset, top ? inverted : word));
        return top ? z : -z;
    }
    const double lower = tail_at(sampler, sampler->tail_offset, word);
    return lower > 0x1p63 ? quantile(tail_at(sampler, sampler->upper_offset, inverted))
                          : -quantile(lower);
}

double values_scalar_f64(const struct ti_sampler *sampler, uint64_t word) {
    double unit;
    if (sampler->kernel == TI_KERNEL_uniform) {
        unit = (double)(word >> 11) * 0x1p-53;
    } else if (sampler->kernel == TI_KERNEL_symmetric) {
        unit = (double)((int64_t)(word >> 10 | 1) - ((int64_t)1 << 53)) * 0x1p-53;
    } else {
        unit = clamp(z_of(sampler, word, 64), sampler->z_low, sampler->z_high);
    }
    const double product = sampler->scale * unit;
    const double x = sampler->offset + product;
    return sampler->clamped ? clamp(x, sampler->low, sampler->high) : x;
}

float values_scalar_f32(const struct ti_sampler *sampler, uint32_t word) {
    float unit;
    if (sampler->kernel == TI_KERNEL_uniform) {
        unit = (float)(word >> 8) * 0x1p-24f;
    } else if (sampler->kernel == TI_KERNEL_symmetric) {
        unit = (float)((int32_t)(word >> 7 | 1) - (1 << 24)) * 0x1p-24f;
    } else {
        const float z = (float)z_of(sampler, word, 32);
        unit = (float)clamp((double)z, sampler->z_low, sampler->z_high);
    }
    const float product = (float)sampler->scale * unit;
    const float x = (float)sampler->offset + product;
    return sampler->clamped ? (float)clamp((double)x, sampler->low, sampler->high) : x;
}
