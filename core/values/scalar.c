/* SPDX-License-Identifier: MIT */
/* Words to values in binary64: see wide.h. The formulas are docs/SPEC.md's, in its order. */
#include "core/values/scalar.h"

#include <string.h>

#define QUANTILE_TERMS 19

static const double quantile_table[96][QUANTILE_TERMS] = {
#include "core/values/quantile_f64.inc"
};

/* The positive z beyond which a tail of mass 'tail' * 2^-64 lies, 2^-33 <= tail < 2^63. */
static double quantile(double tail) {
    uint64_t bits;
    double t;
    memcpy(&bits, &tail, sizeof bits);
    const double *row = quantile_table[(bits >> 52) - (1023 - 33)];
    bits = (bits & 0xfffffffffffff) | 0x3ff0000000000000;
    memcpy(&t, &bits, sizeof t);
    t -= 1.5;
    double z = row[QUANTILE_TERMS - 1];
    for (int k = QUANTILE_TERMS - 2; k >= 0; k--) z = z * t + row[k];
    return z;
}

static double clamp(double x, double low, double high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

double ti_scalar_z(const struct ti_sampler *sampler, uint64_t word, int bits) {
    const uint64_t turned = ~word & (bits == 64 ? UINT64_MAX : UINT32_MAX);
    const bool top = word >> (bits - 1);
    bool negative = true;
    double tail;
    if (sampler->mirrored) {
        negative = !top;
        tail = sampler->tail_offset + sampler->tail_scale * (double)(top ? turned : word);
    } else {
        tail = sampler->tail_offset + sampler->tail_scale * (double)word;
        if (tail > 0x1p63) { /* beyond the middle: count from the other end */
            tail = sampler->upper_offset + sampler->tail_scale * (double)turned;
            negative = false;
        }
    }
    const double most = 0x1p63 - 1024; /* the last one below one half */
    double z = quantile(tail < most ? tail : most);
    if (negative) z = -z;
    if (bits == 32) z = (float)z;
    return clamp(z, sampler->z_low, sampler->z_high);
}

static double uniform(uint64_t word, int bits) {
    /* f64 takes 53 bits of 64, binary32 24 of 32: 2 * kept + 1 - 2^kept_bits is exact. */
    const int kept = bits == 64 ? 53 : 24;
    int64_t odd = (int64_t)(word >> (bits - kept - 1) | 1) - ((int64_t)1 << kept);
    return (double)odd * (bits == 64 ? 0x1p-53 : 0x1p-24);
}

double ti_scalar_f64(const struct ti_sampler *sampler, uint64_t word) {
    double unit;
    if (sampler->kernel == TI_KERNEL_uniform) {
        unit = uniform(word, 64);
    } else {
        unit = ti_scalar_z(sampler, word, 64);
    }
    double x = sampler->offset + sampler->scale * unit;
    return sampler->clamped ? clamp(x, sampler->low, sampler->high) : x;
}

float ti_scalar_f32(const struct ti_sampler *sampler, uint32_t word) {
    const float z = (float)ti_scalar_z(sampler, word, 32);
    float x = (float)sampler->offset + (float)sampler->scale * z;
    if (sampler->clamped) x = (float)clamp(x, sampler->low, sampler->high);
    return x;
}
