/* SPDX-License-Identifier: MIT */
/* Rounds a law to a dtype: see draw.h. */
#include "core/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/dtype.h"
#include "core/special.h"
#include "core/wide.h"

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

static enum ti_status uniform(const struct ti_law *law, struct ti_draw *draw,
                              struct ti_error *error) {
    const enum ti_dtype dtype = draw->dtype;
    draw->kernel = TI_KERNEL_uniform;
    draw->clamped = true;
    draw->low = rounded(dtype, law->low);
    draw->high = rounded(dtype, law->high);
    if (law->symmetric) {
        draw->scale = draw->high;
        return TI_OK;
    }
    if (!(draw->low < draw->high)) {
        return ti_error_set(error, TI_EVALUE, "high",
                            "high must be above low, also when both are rounded to %s",
                            dtype == TI_DTYPE_F64 ? "f64" : "f32");
    }
    if (isinf(draw->low) || isinf(draw->high))
        return TI_OK; /* check_range() refuses it */
    draw->high = before(dtype, draw->high);
    draw->offset = rounded(dtype, law->low / 2 + law->high / 2);
    draw->scale = rounded(dtype, law->high / 2 - law->low / 2);
    return TI_OK;
}

/* How a word becomes the mass of the tail beyond its value. */
static void truncate_tail(const struct ti_law *law, struct ti_draw *draw) {
    const double lower = ti_normal_tail(-law->z_low), upper = ti_normal_tail(law->z_high);
    draw->z_low = rounded(draw->dtype, law->z_low);
    draw->z_high = rounded(draw->dtype, law->z_high);
    draw->mirrored = law->z_low == -law->z_high;
    if (draw->dtype != TI_DTYPE_F64 && draw->mirrored && law->z_high >= 0.5) {
        draw->kernel = TI_KERNEL_truncated;
        draw->tail_offset = (float)(0x1p32 * lower + (0.5 - lower));
        draw->tail_scale = (float)(1 - 2 * lower);
        return;
    }
    const double step = ti_normal_mass(law->z_low, law->z_high) *
                        (draw->dtype == TI_DTYPE_F64 ? 1 : 0x1p32);
    draw->path = TI_DRAW_WIDE;
    draw->tail_scale = step;
    draw->tail_offset = 0x1p64 * lower + step / 2;
    draw->upper_offset = 0x1p64 * upper + step / 2;
}

static void normal(const struct ti_law *law, struct ti_draw *draw) {
    draw->kernel = TI_KERNEL_normal;
    draw->offset = rounded(draw->dtype, law->mean);
    draw->scale = rounded(draw->dtype, law->sigma);
    draw->z_low = -INFINITY;
    draw->z_high = INFINITY;
    draw->mirrored = true;
    draw->tail_offset = 0.5;
    draw->tail_scale = 1;
    if (law->distribution != TI_DISTRIBUTION_TRUNCATED_NORMAL) return;
    truncate_tail(law, draw);
    if (law->bounded) {
        draw->clamped = true;
        draw->low = rounded(draw->dtype, law->low);
        draw->high = rounded(draw->dtype, law->high);
    }
}

/* The largest |z| that the draw can have. */
static double reach(const struct ti_draw *draw) {
    /* |z| of the first word of the untruncated normal */
    const double most =
        draw->dtype == TI_DTYPE_F64 ? 0x1.24f82aa55eb15p+3 : 0x1.95a118p+2;
    const int bits = draw->dtype == TI_DTYPE_F64 ? 64 : 32;
    if (draw->kernel == TI_KERNEL_truncated) {
        return draw->z_high < most ? draw->z_high : most;
    }
    if (isinf(draw->z_low) && isinf(draw->z_high)) return most;
    const double first = fabs(ti_wide_z(draw, 0, bits));
    const double last = fabs(ti_wide_z(draw, bits == 64 ? UINT64_MAX : UINT32_MAX, bits));
    return first > last ? first : last;
}

/* What the largest |value| may not reach, because it would round to infinity or, in f8_e4m3,
   which has none, to no number: 464 itself rounds to 448. */
static double limit_of(enum ti_dtype dtype) {
    switch (dtype) {
    case TI_DTYPE_F8_E4M3:
        return 0x1.d00002p8;
    case TI_DTYPE_F8_E5M2:
        return 61440;
    case TI_DTYPE_F16:
        return 65520;
    case TI_DTYPE_BF16:
        return 0x1.ffp127;
    case TI_DTYPE_F32:
        return 0x1.ffffffp127;
    default:
        return INFINITY;
    }
}

static enum ti_status check_range(const struct ti_draw *draw, struct ti_error *error) {
    double largest =
        fabs(draw->low) > fabs(draw->high) ? fabs(draw->low) : fabs(draw->high);
    if (draw->kernel != TI_KERNEL_uniform && draw->path != TI_DRAW_CONSTANT &&
        draw->path != TI_DRAW_PATTERN && draw->path != TI_DRAW_MATRIX) {
        const double z = reach(draw);
        double free = fabs(draw->offset) + draw->scale * z;
        if (draw->dtype != TI_DTYPE_F64) {
            free = (float)fabs(draw->offset) + (float)draw->scale * (float)z;
        }
        if (!draw->clamped || free < largest) largest = free;
    }
    /* The negation catches a NaN: infinity minus infinity. */
    if (!(largest < limit_of(draw->dtype)) || isinf(draw->scale) || isinf(draw->offset)) {
        char what[40] = "numbers of this size";
        if (isfinite(largest))
            snprintf(what, sizeof what, "values of up to %.6g", largest);
        return ti_error_set(
            error, TI_EVALUE, "dtype",
            "%s do not fit %s; a wider dtype or a smaller std, bound, mean, "
            "gain or value would",
            what, ti_dtype_name(draw->dtype));
    }
    return TI_OK;
}

/* A constant's element. Floats go the way that drawn values go. */
static void float_pattern(struct ti_draw *draw) {
    float values[TI_TILE_WORDS] = {(float)draw->low};
    unsigned char out[TI_TILE_WORDS * sizeof(float)];
    if (draw->dtype == TI_DTYPE_F64) {
        memcpy(draw->pattern, &draw->low, sizeof draw->low);
    } else if (draw->dtype == TI_DTYPE_F32) {
        memcpy(draw->pattern, values, sizeof *values);
    } else {
        ti_kernels_portable.narrow[draw->dtype](values, TI_TILE_WORDS, out);
        memcpy(draw->pattern, out, ti_dtype_bytes(draw->dtype));
    }
}

static enum ti_status whole_pattern(const struct ti_law *law, struct ti_draw *draw,
                                    struct ti_error *error) {
    const enum ti_dtype_kind kind = ti_dtype_kind(draw->dtype);
    const size_t bits = 8 * ti_dtype_bytes(draw->dtype);
    const struct ti_whole *whole = &law->whole;
    uint64_t most = UINT64_MAX >> (64 - bits);
    const bool fixed = law->distribution == TI_DISTRIBUTION_PATTERN &&
                       law->pattern.kind != TI_PATTERN_HADAMARD &&
                       law->pattern.kind != TI_PATTERN_BILINEAR;
    if (law->distribution != TI_DISTRIBUTION_CONSTANT && !fixed) {
        return ti_error_set(error, TI_EVALUE, "dtype",
                            "dtype=%s is for schemes of whole numbers: constant, zeros, "
                            "ones, identity, dirac, lstm_forget_bias",
                            ti_dtype_name(draw->dtype));
    }
    if (kind == TI_DTYPE_KIND_SIGNED) most = (most >> 1) + whole->negative;
    if (kind == TI_DTYPE_KIND_BOOL) most = 1;
    if (!whole->is || whole->magnitude > most ||
        (whole->negative && kind != TI_DTYPE_KIND_SIGNED)) {
        return ti_error_set(error, TI_EVALUE, law->value_field,
                            "%s is not of dtype=%s; it takes a whole number in its range",
                            law->value_field, ti_dtype_name(draw->dtype));
    }
    const uint64_t value = whole->negative ? 0 - whole->magnitude : whole->magnitude;
    memcpy(draw->pattern, &value, bits / 8);
    return TI_OK;
}

enum ti_status ti_draw_make(const struct ti_law *law, enum ti_dtype dtype, uint64_t seed,
                            uint64_t stream, struct ti_draw *draw,
                            struct ti_error *error) {
    struct ti_draw made = {.dtype = dtype};
    enum ti_status status = TI_OK;
    const bool pattern = law->distribution == TI_DISTRIBUTION_PATTERN;
    made.path = dtype == TI_DTYPE_F64 ? TI_DRAW_WIDE : TI_DRAW_KERNEL;
    if (pattern) made.path = TI_DRAW_PATTERN;
    made.fixed = law->pattern;
    made.fixed.value = rounded(dtype, law->pattern.value);
    if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) {
        if (!pattern) made.path = TI_DRAW_CONSTANT;
        status = whole_pattern(law, &made, error);
        if (status == TI_OK) *draw = made;
        return status;
    }
    if (law->distribution == TI_DISTRIBUTION_CONSTANT) {
        made.path = TI_DRAW_CONSTANT;
        made.low = made.high = rounded(dtype, law->low);
    } else if (law->distribution == TI_DISTRIBUTION_ORTHOGONAL) {
        made.path = TI_DRAW_MATRIX;
        made.scale = rounded(dtype, law->gain);
        /* No element is larger than the gain, but for rounding. */
        made.clamped = true;
        made.high = rounded(dtype, fabs(law->gain) * TI_MATRIX_MOST);
    } else if (pattern) {
        made.low = rounded(dtype, law->low);
        made.high = rounded(dtype, law->high);
    } else if (law->distribution == TI_DISTRIBUTION_UNIFORM) {
        status = uniform(law, &made, error);
    } else {
        normal(law, &made);
    }
    if (status == TI_OK) status = check_range(&made, error);
    if (status != TI_OK) return status;
    if (made.path == TI_DRAW_CONSTANT) float_pattern(&made);
    const struct ti_transform transform = {
        (float)made.offset, (float)made.scale,       (float)made.low,
        (float)made.high,   (float)made.tail_offset, (float)made.tail_scale,
        (float)made.z_high};
    made.transform = transform;
    made.masked = law->distribution == TI_DISTRIBUTION_SPARSE_NORMAL;
    made.mask = law->mask;
    made.matrix = law->matrix;
    philox_init(&made.philox, seed, stream);
    *draw = made;
    return TI_OK;
}
