/* SPDX-License-Identifier: MIT */
/* Rounds a distribution to a dtype: see sampler.h. */
#include "core/values/sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/dtype.h"
#include "core/base/normal_cdf.h"

static double rounded(enum ti_dtype dtype, double x) {
    /* Adding 0 turns -0, which no element may be, into 0. */
    return (dtype == TI_DTYPE_F64 ? x : (double)(float)x) + 0.0;
}

/* The number before x in the compute type. */
static double before(enum ti_dtype dtype, double x) {
    if (dtype == TI_DTYPE_F64) {
        uint64_t bits;
        if (x == 0) return -0x1p-1074;
        memcpy(&bits, &x, sizeof bits);
        bits += x > 0 ? UINT64_MAX : 1;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    float narrow = (float)x;
    uint32_t bits;
    if (x == 0) return -0x1p-149;
    memcpy(&bits, &narrow, sizeof bits);
    bits += x > 0 ? UINT32_MAX : 1;
    memcpy(&narrow, &bits, sizeof narrow);
    return narrow;
}

static void philox_init(struct ti_philox *philox, uint64_t seed, uint64_t stream) {
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int i = 0; i < 10; i++) {
        philox->round_key[i][0] = key[0];
        philox->round_key[i][1] = key[1];
        key[0] += 0x9E3779B9; /* the golden ratio and sqrt(3) - 1, from the paper */
        key[1] += 0xBB67AE85;
    }
    philox->stream[0] = (uint32_t)stream;
    philox->stream[1] = (uint32_t)(stream >> 32);
}

static enum ti_status uniform(const struct ti_dist *dist, struct ti_sampler *sampler,
                              struct ti_error *error) {
    const enum ti_dtype dtype = sampler->dtype;
    sampler->clamped = true;
    sampler->low = rounded(dtype, dist->low);
    sampler->high = rounded(dtype, dist->high);
    if (dist->symmetric) {
        sampler->kernel = TI_KERNEL_symmetric;
        sampler->scale = sampler->high;
        return TI_OK;
    }
    if (dist->low == dist->high && dist->zeros.count == 0) {
        sampler->class = &ti_sampler_constant;
        return TI_OK;
    }
    if (dist->low == dist->high) { /* low + (0 * u), but for the zeros */
        sampler->kernel = TI_KERNEL_uniform;
        sampler->offset = sampler->low;
        return TI_OK;
    }
    if (!(sampler->low < sampler->high)) {
        return ti_error_set(error, TI_EVALUE, "high",
                            "low and high differ, but not when both are rounded to %s",
                            dtype == TI_DTYPE_F64 ? "f64" : "f32");
    }
    sampler->kernel = TI_KERNEL_uniform;
    sampler->offset = sampler->low;
    sampler->scale = rounded(dtype, dist->high - dist->low);
    if (isinf(sampler->scale)) {
        return ti_error_set(error, TI_EVALUE, "high",
                            "high minus low does not fit %s; a smaller interval would",
                            dtype == TI_DTYPE_F64 ? "f64" : "f32");
    }
    if (isinf(sampler->high)) return TI_OK; /* check_range() refuses it */
    sampler->high = before(dtype, sampler->high);
    return TI_OK;
}

/* How a word becomes the mass of the tail beyond its value. */
static void truncate_tail(const struct ti_dist *dist, struct ti_sampler *sampler) {
    const double lower = ti_normal_tail(-dist->z_low),
                 upper = ti_normal_tail(dist->z_high);
    sampler->z_low = rounded(sampler->dtype, dist->z_low);
    sampler->z_high = rounded(sampler->dtype, dist->z_high);
    const bool mirrored = dist->z_low == -dist->z_high;
    if (sampler->dtype != TI_DTYPE_F64 && mirrored && dist->z_high >= 0.5) {
        sampler->kernel = TI_KERNEL_truncated;
        sampler->tail_offset = (float)(0x1p32 * lower + (0.5 - lower));
        sampler->tail_scale = (float)(1 - 2 * lower);
        return;
    }
    const double step = ti_normal_mass(dist->z_low, dist->z_high) *
                        (sampler->dtype == TI_DTYPE_F64 ? 1 : 0x1p32);
    sampler->kernel = mirrored ? TI_KERNEL_mirrored : TI_KERNEL_sided;
    sampler->tail_scale = step;
    sampler->tail_offset = 0x1p64 * lower + step / 2;
    sampler->upper_offset = 0x1p64 * upper + step / 2;
}

static void normal(const struct ti_dist *dist, struct ti_sampler *sampler) {
    sampler->kernel =
        sampler->dtype == TI_DTYPE_F64 ? TI_KERNEL_mirrored : TI_KERNEL_normal;
    sampler->offset = rounded(sampler->dtype, dist->mean);
    sampler->scale = rounded(sampler->dtype, dist->sigma);
    sampler->z_low = -INFINITY;
    sampler->z_high = INFINITY;
    sampler->tail_offset = 0.5;
    sampler->tail_scale = 1;
    if (dist->distribution != TI_DISTRIBUTION_TRUNCATED_NORMAL) return;
    truncate_tail(dist, sampler);
    if (dist->bounded) {
        sampler->clamped = true;
        sampler->low = rounded(sampler->dtype, dist->low);
        sampler->high = rounded(sampler->dtype, dist->high);
    }
}

static struct ti_transform transform_of(const struct ti_sampler *sampler) {
    const struct ti_transform transform = {
        .offset = sampler->offset,
        .scale = sampler->scale,
        .low = sampler->clamped ? sampler->low : -INFINITY,
        .high = sampler->clamped ? sampler->high : INFINITY,
        .tail_offset = sampler->tail_offset,
        .upper_offset = sampler->upper_offset,
        .tail_scale = sampler->tail_scale,
        .z_low = sampler->z_low,
        .z_high = sampler->z_high,
    };
    return transform;
}

/* |z| of a word with all bits equal. */
static double z_of(const struct ti_sampler *sampler, uint32_t bits) {
    struct ti_transform transform = transform_of(sampler);
    uint32_t words[TI_TILE_WORDS];
    transform.offset = 0, transform.scale = 1;
    transform.low = -INFINITY, transform.high = INFINITY;
    for (size_t i = 0; i < TI_TILE_WORDS; i++) words[i] = bits;
    if (sampler->dtype == TI_DTYPE_F64) {
        double z[TI_TILE_WORDS];
        ti_kernels_portable.map_f64[sampler->kernel](&transform, words, words,
                                                     TI_TILE_WORDS, z);
        return fabs(z[0]);
    }
    float z[TI_TILE_WORDS];
    ti_kernels_portable.map[sampler->kernel](&transform, words, TI_TILE_WORDS, z);
    return fabs((double)z[0]);
}

/* The largest |z| that the sampler can give. */
static double reach(const struct ti_sampler *sampler) {
    /* |z| of the first word of the untruncated normal */
    const double max =
        sampler->dtype == TI_DTYPE_F64 ? 0x1.24f82aa55eb15p+3 : 0x1.95a118p+2;
    if (sampler->kernel == TI_KERNEL_truncated) {
        return sampler->z_high < max ? sampler->z_high : max;
    }
    if (isinf(sampler->z_low) && isinf(sampler->z_high)) return max;
    const double first = z_of(sampler, 0), last = z_of(sampler, UINT32_MAX);
    return first > last ? first : last;
}

/* Whether a value rounds to infinity or, in f8_e4m3, which has none, to NaN. A value half an ulp
   beyond the max is a tie, which goes to the max if its last fraction bit is 0. */
static bool overflows(enum ti_dtype dtype, double value) {
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    int exponent; /* max is in [2^(exponent - 1), 2^exponent) */
    const double fraction = frexp(format->max, &exponent);
    const int last_bit = (int)format->fraction_bits + 1;
    const double limit = format->max + ldexp(0.5, exponent - last_bit);
    const bool even = fmod(ldexp(fraction, last_bit), 2) == 0;
    /* The negation catches a NaN: infinity minus infinity. */
    return !(even ? value <= limit : value < limit);
}

static enum ti_status check_range(const struct ti_sampler *sampler,
                                  struct ti_error *error) {
    double largest = fabs(sampler->low) > fabs(sampler->high) ? fabs(sampler->low)
                                                              : fabs(sampler->high);
    if (!sampler->class->has_bounds && !ti_sampler_is_uniform(sampler)) {
        const double z = reach(sampler);
        double free = fabs(sampler->offset) + sampler->scale * z;
        if (sampler->dtype != TI_DTYPE_F64) {
            free = (float)fabs(sampler->offset) + (float)sampler->scale * (float)z;
        }
        if (!sampler->clamped || free < largest) largest = free;
    }
    if (overflows(sampler->dtype, largest) || isinf(sampler->scale) ||
        isinf(sampler->offset)) {
        char what[40] = "numbers of this size";
        if (isfinite(largest))
            snprintf(what, sizeof what, "values of up to %.6g", largest);
        return ti_error_set(
            error, TI_EVALUE, "dtype",
            "%s do not fit %s; a wider dtype or a smaller std, bound, mean, "
            "gain or value would",
            what, ti_dtype_name(sampler->dtype));
    }
    return TI_OK;
}

/* A constant's element. Floats go the way that drawn values go. */
static void float_pattern(struct ti_sampler *sampler) {
    float values[TI_TILE_WORDS] = {(float)sampler->low};
    unsigned char out[TI_TILE_WORDS * sizeof(float)];
    if (isinf(sampler->low)) {
        ti_dtype_put_infinity(sampler->dtype, sampler->low, sampler->element_bytes);
    } else if (sampler->dtype == TI_DTYPE_F64) {
        memcpy(sampler->element_bytes, &sampler->low, sizeof sampler->low);
    } else if (sampler->dtype == TI_DTYPE_F32) {
        memcpy(sampler->element_bytes, values, sizeof *values);
    } else {
        ti_kernels_portable.narrow[sampler->dtype](values, TI_TILE_WORDS, out);
        memcpy(sampler->element_bytes, out, ti_dtype_bytes(sampler->dtype));
    }
}

/* arange with integers that binary64 holds, all of them in the dtype's range. */
static enum ti_status integer_sequence(const struct ti_dist *dist, enum ti_dtype dtype,
                                       struct ti_error *error) {
    const enum ti_dtype_kind kind = ti_dtype_kind(dtype);
    const int bits = kind == TI_DTYPE_KIND_BOOL ? 1 : 8 * (int)ti_dtype_bytes(dtype);
    const double *number = dist->pattern.number;
    double low = 0, high = ldexp(1, bits) - 1;
    if (number[0] != floor(number[0]) || number[1] != floor(number[1])) {
        return ti_error_set(
            error, TI_EVALUE, number[0] != floor(number[0]) ? "start" : "step",
            "start and step must be integers for dtype=%s", ti_dtype_name(dtype));
    }
    if (kind == TI_DTYPE_KIND_SIGNED) low = -ldexp(1, bits - 1), high = -low - 1;
    if (low < -0x1.fffffffffffffp52) low = -0x1.fffffffffffffp52;
    if (high > 0x1.fffffffffffffp52) high = 0x1.fffffffffffffp52;
    if (dist->low >= low && dist->high <= high) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, "dtype",
        "values of %.17g to %.17g do not fit %s, of which arange has those below 2^53 in size",
        dist->low, dist->high, ti_dtype_name(dtype));
}

static enum ti_status integer_pattern(const struct ti_dist *dist,
                                      struct ti_sampler *sampler,
                                      struct ti_error *error) {
    const enum ti_dtype_kind kind = ti_dtype_kind(sampler->dtype);
    const size_t bits = 8 * ti_dtype_bytes(sampler->dtype);
    const struct ti_integer *integer = &dist->integer;
    uint64_t max = UINT64_MAX >> (64 - bits);
    const bool fixed = dist->distribution == TI_DISTRIBUTION_PATTERN &&
                       (dist->pattern.kind < TI_PATTERN_HADAMARD ||
                        dist->pattern.kind == TI_PATTERN_ARANGE);
    if (dist->distribution != TI_DISTRIBUTION_CONSTANT && !fixed) {
        return ti_error_set(
            error, TI_EVALUE, "dtype",
            "dtype=%s is for schemes with integer values: constant, zeros, "
            "ones, identity, dirac, lstm_forget_bias, arange",
            ti_dtype_name(sampler->dtype));
    }
    if (fixed && dist->pattern.kind == TI_PATTERN_ARANGE)
        return integer_sequence(dist, sampler->dtype, error);
    if (kind == TI_DTYPE_KIND_SIGNED) max = (max >> 1) + integer->negative;
    if (kind == TI_DTYPE_KIND_BOOL) max = 1;
    if (!integer->valid || integer->magnitude > max ||
        (integer->negative && kind != TI_DTYPE_KIND_SIGNED)) {
        return ti_error_set(error, TI_EVALUE, dist->value_field,
                            "%s is not of dtype=%s; it takes an integer in its range",
                            dist->value_field, ti_dtype_name(sampler->dtype));
    }
    const uint64_t value =
        integer->negative ? 0 - integer->magnitude : integer->magnitude;
    memcpy(sampler->element_bytes, &value, bits / 8);
    return TI_OK;
}

enum ti_status ti_sampler_make(const struct ti_dist *dist, enum ti_dtype dtype,
                               uint64_t seed, uint64_t stream, struct ti_sampler *sampler,
                               struct ti_error *error) {
    struct ti_sampler made = {.dtype = dtype};
    enum ti_status status = TI_OK;
    const bool pattern = dist->distribution == TI_DISTRIBUTION_PATTERN;
    made.class = &ti_sampler_kernel;
    if (pattern) made.class = &ti_sampler_pattern;
    made.zeros = dist->zeros;
    made.copies = dist->copies;
    made.pattern = dist->pattern;
    made.pattern.value = rounded(dtype, dist->pattern.value);
    if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) {
        if (!pattern) made.class = &ti_sampler_constant;
        status = integer_pattern(dist, &made, error);
        if (status == TI_OK) *sampler = made;
        return status;
    }
    if (dist->distribution == TI_DISTRIBUTION_CONSTANT) {
        made.class = &ti_sampler_constant;
        made.low = made.high = rounded(dtype, dist->low);
    } else if (dist->distribution == TI_DISTRIBUTION_ORTHOGONAL) {
        made.class = &ti_sampler_orthogonal;
        made.scale = rounded(dtype, dist->gain);
        /* No element is larger than the gain, but for rounding. */
        made.clamped = true;
        made.high = rounded(dtype, fabs(dist->gain) * TI_ORTHOGONAL_MAX);
    } else if (dist->distribution == TI_DISTRIBUTION_MAPPED_UNIFORM) {
        made.class = &ti_sampler_mapped;
        made.mapping = dist->mapping;
        /* of the kernel */
        made.kernel = TI_KERNEL_uniform;
        made.scale = 1;
        made.low = rounded(dtype, dist->low);
        made.high = rounded(dtype, dist->high);
    } else if (pattern) {
        made.low = rounded(dtype, dist->low);
        made.high = rounded(dtype, dist->high);
    } else if (dist->distribution == TI_DISTRIBUTION_UNIFORM) {
        status = uniform(dist, &made, error);
    } else {
        normal(dist, &made);
    }
    if (status == TI_OK && !dist->infinite) status = check_range(&made, error);
    if (status != TI_OK) return status;
    if (made.class == &ti_sampler_constant) float_pattern(&made);
    made.transform = transform_of(&made);
    made.masked = dist->distribution == TI_DISTRIBUTION_SPARSE_NORMAL;
    made.mask = dist->mask;
    made.matrix = dist->matrix;
    philox_init(&made.philox, seed, stream);
    *sampler = made;
    return TI_OK;
}

/* A number rounded to a float dtype as values are, at most its largest number unless it is
   infinite. */
static double in_dtype(enum ti_dtype dtype, double x) {
    if (isinf(x)) return x;
    const double max = ti_dtype_float_format(dtype)->max;
    float values[TI_TILE_WORDS] = {0};
    unsigned char out[TI_TILE_WORDS * sizeof(float)];
    x = rounded(dtype, x > max ? max : x < -max ? -max : x);
    if (dtype == TI_DTYPE_F64 || dtype == TI_DTYPE_F32) return x;
    values[0] = (float)x;
    ti_kernels_portable.narrow[dtype](values, TI_TILE_WORDS, out);
    return ti_dtype_value(dtype, out) + 0.0;
}

/* A bound of a truncated normal: the given one, or where the cut, in sigmas, leads. */
static double truncated_bound(const struct ti_sampler *sampler,
                              const struct ti_dist *dist, double given, double cut) {
    const double offset = sampler->offset, scale = sampler->scale;
    const double z = rounded(sampler->dtype, cut);
    double bound = dist->bounded ? given : cut;
    if (!dist->bounded && scale == 0) bound = offset;
    if (isinf(bound) || dist->bounded || scale == 0)
        return in_dtype(sampler->dtype, bound);
    bound = sampler->dtype == TI_DTYPE_F64 ? offset + scale * z
                                           : (float)offset + (float)scale * (float)z;
    return in_dtype(sampler->dtype, bound);
}

static void bounds(const struct ti_sampler *sampler, const struct ti_dist *dist,
                   double *low, double *high) {
    const enum ti_dtype dtype = sampler->dtype;
    const double reached = fabs(dist->gain) * TI_ORTHOGONAL_MAX;
    switch (dist->distribution) {
    case TI_DISTRIBUTION_NORMAL:
    case TI_DISTRIBUTION_SPARSE_NORMAL:
        *low = -INFINITY, *high = INFINITY;
        return;
    case TI_DISTRIBUTION_TRUNCATED_NORMAL:
        *low = truncated_bound(sampler, dist, dist->low, dist->z_low);
        *high = truncated_bound(sampler, dist, dist->high, dist->z_high);
        return;
    case TI_DISTRIBUTION_ORTHOGONAL:
        *low = in_dtype(dtype, -reached), *high = in_dtype(dtype, reached);
        return;
    case TI_DISTRIBUTION_CONSTANT:
    case TI_DISTRIBUTION_PATTERN:
    case TI_DISTRIBUTION_MAPPED_UNIFORM:
    case TI_DISTRIBUTION_UNIFORM:
        *low = dist->low, *high = dist->high;
        if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) return;
        *low = in_dtype(dtype, *low), *high = in_dtype(dtype, *high);
        return;
    }
}

void ti_sampler_bounds(const struct ti_sampler *sampler, const struct ti_dist *dist,
                       double *low, double *high) {
    bounds(sampler, dist, low, high);
    if (dist->zeros.count == 0) return;
    if (*low > 0) *low = 0;
    if (*high < 0) *high = 0;
}
