/* SPDX-License-Identifier: MIT */
/*
 * Words to values in binary64: f64 tensors, and those cuts of other dtypes whose tails
 * binary32 is too coarse for. docs/SPEC.md, "Uniform", "Normal" and "Every other cut".
 *
 * A tail is the mass beyond the value, in units of 2^-64. As in normal.h its exponent selects
 * the polynomial and its significand is the polynomial's argument.
 */
#ifndef TI_KERNELS_F64_H
#define TI_KERNELS_F64_H

#define QUANTILE_TERMS 19
#define F64_OCTAVES 64
#define F64_STRIDE 20 /* even, so that pairs of numbers are aligned */

static const _Alignas(64) double quantile_table[F64_OCTAVES][F64_STRIDE] = {
#include "core/kernels/quantile_f64.inc"
};

/* The least tail of the table, and the last number below one half. */
#define F64_TAIL_MIN 0.5
#define F64_TAIL_MAX (0x1p63 - 0x1p10)

/* Beyond one half a tail is counted from the other end. */
#define F64_TAIL_HALF 0x1p63

struct f64 {
    v_f64 offset, scale, low, high;
    v_f64 lower_offset, upper_offset, tail_scale, z_low, z_high;
#if V_OCTAVES
    _Alignas(64) double top[QUANTILE_TERMS][V_OCTAVES]; /* of the table, by columns */
#endif
};

static inline struct f64 f64_make(const struct ti_transform *transform) {
    struct f64 w;
    w.offset = v_f64_set(transform->offset);
    w.scale = v_f64_set(transform->scale);
    w.low = v_f64_set(transform->low);
    w.high = v_f64_set(transform->high);
    w.lower_offset = v_f64_set(transform->tail_offset);
    w.upper_offset = v_f64_set(transform->upper_offset);
    w.tail_scale = v_f64_set(transform->tail_scale);
    w.z_low = v_f64_set(transform->z_low);
    w.z_high = v_f64_set(transform->z_high);
#if V_OCTAVES
    for (size_t k = 0; k < QUANTILE_TERMS; k++) {
        for (size_t i = 0; i < V_OCTAVES; i++) {
            w.top[k][i] = quantile_table[F64_OCTAVES - V_OCTAVES + i][k];
        }
    }
#endif
    return w;
}

/* One step of Horner's method. */
static inline v_f64 f64_step(v_f64 z, v_f64 t, v_f64 c) {
    return v_f64_add(v_f64_mul(z, t), c);
}

#if V_OCTAVES
/* The same as f64_rows() below; 'row' counts from any multiple of V_OCTAVES. */
static inline void f64_top(const struct f64 *w, const v_u64 *row, const v_f64 *t,
                           v_f64 *z) {
    for (int i = 0; i < V_F64_UNROLL; i++) {
        z[i] = v_octaves_get(w->top[QUANTILE_TERMS - 1], row[i]);
    }
    for (size_t k = QUANTILE_TERMS - 1; k-- > 0;) {
        for (int i = 0; i < V_F64_UNROLL; i++) {
            z[i] = f64_step(z[i], t[i], v_octaves_get(w->top[k], row[i]));
        }
    }
}
#endif

static inline void f64_rows(const v_u64 *row, const v_f64 *t, v_f64 *z) {
    v_rows rows[V_F64_UNROLL];
    v_f64 none;
    for (int i = 0; i < V_F64_UNROLL; i++) {
        rows[i] = v_rows_at(&quantile_table[0][0],
                            v_u64_mul_low(row[i], v_u64_set(F64_STRIDE)));
        v_rows_pair(rows[i], QUANTILE_TERMS - 1, &z[i], &none);
    }
    /* Unrolled, gcc 12 would put the vectors one after another again. */
#pragma GCC unroll 1
    for (size_t k = QUANTILE_TERMS - 1; k > 0;) {
        k -= 2;
        for (int i = 0; i < V_F64_UNROLL; i++) {
            v_f64 even, odd;
            v_rows_pair(rows[i], k, &even, &odd);
            z[i] = f64_step(f64_step(z[i], t[i], odd), t[i], even);
        }
    }
}

/* The positive z beyond which each tail lies, V_F64_UNROLL vectors of them. */
static inline void f64_quantile(const struct f64 *w, const v_f64 *tail, v_f64 *z) {
    v_u64 row[V_F64_UNROLL];
    v_f64 t[V_F64_UNROLL], capped[V_F64_UNROLL];
    for (int i = 0; i < V_F64_UNROLL; i++) {
        capped[i] = v_f64_max(tail[i], v_f64_set(F64_TAIL_MIN));
        capped[i] = v_f64_min(capped[i], v_f64_set(F64_TAIL_MAX));
        v_u64 bits = v_as_u64(capped[i]);
        v_u64 unit =
            v_u64_and_or(bits, v_u64_set(0xfffffffffffff), v_u64_set(0x3ff0000000000000));
        t[i] = v_f64_sub(v_as_f64(unit), v_f64_set(1.5));
        /* The biased exponent of F64_TAIL_MIN is 1022. */
        row[i] = v_u64_add(v_u64_shr(bits, 52), v_u64_set((uint64_t)0 - 1022));
    }
#if V_OCTAVES
    /* Of tails that are spread evenly, one in 2^V_OCTAVES lies below the top ones. */
    v_f64 min = capped[0];
    for (int i = 1; i < V_F64_UNROLL; i++) min = v_f64_min(min, capped[i]);
    if (!v_f64_any_below(min, F64_TAIL_HALF / (1 << V_OCTAVES))) {
        f64_top(w, row, t, z);
        return;
    }
#else
    (void)w;
#endif
    f64_rows(row, t, z);
}

/* Where the ends are alike: the magnitude counts from the nearer one. */
static inline void f64_mirrored(const struct f64 *w, const v_u64 *magnitude, v_f64 *z) {
    v_f64 tail[V_F64_UNROLL];
    for (int i = 0; i < V_F64_UNROLL; i++) {
        tail[i] = v_f64_mul(w->tail_scale, v_f64_from_u64(magnitude[i]));
        tail[i] = v_f64_add(w->lower_offset, tail[i]);
    }
    f64_quantile(w, tail, z);
}

/* Where they are not: the word counts from the lower one, inverted from the upper one. */
static inline void f64_sided(const struct f64 *w, const v_u64 *word,
                             const v_u64 *inverted, v_f64 *z) {
    const v_f64 half = v_f64_set(F64_TAIL_HALF);
    v_f64 tail[V_F64_UNROLL], sign[V_F64_UNROLL];
    for (int i = 0; i < V_F64_UNROLL; i++) {
        v_f64 lower = v_f64_mul(w->tail_scale, v_f64_from_u64(word[i]));
        v_f64 upper = v_f64_mul(w->tail_scale, v_f64_from_u64(inverted[i]));
        lower = v_f64_add(w->lower_offset, lower);
        upper = v_f64_add(w->upper_offset, upper);
        tail[i] = v_f64_if_less(half, lower, upper, lower);
        sign[i] = v_f64_if_less(half, lower, v_f64_set(0.0), v_f64_set(-0.0));
    }
    f64_quantile(w, tail, z);
    for (int i = 0; i < V_F64_UNROLL; i++) {
        z[i] = v_as_f64(v_u64_xor(v_as_u64(z[i]), v_as_u64(sign[i])));
    }
}

/* f64 of 64-bit words: V_F64_UNROLL vectors. */

static inline v_f64 f64_value(const struct f64 *w, v_f64 z) {
    v_f64 x = v_f64_add(w->offset, v_f64_mul(w->scale, z));
    return v_f64_min(v_f64_max(x, w->low), w->high);
}

static inline void f64_mirrored_get(const struct f64 *w, const v_u64 *word, v_f64 *x) {
    v_u64 magnitude[V_F64_UNROLL];
    v_f64 z[V_F64_UNROLL];
    for (int i = 0; i < V_F64_UNROLL; i++) {
        magnitude[i] = v_u64_xor(word[i], v_u64_top_mask(word[i]));
    }
    f64_mirrored(w, magnitude, z);
    for (int i = 0; i < V_F64_UNROLL; i++) {
        v_u64 bits = v_as_u64(v_f64_min(z[i], w->z_high));
        /* The lower half of the words is negative. */
        bits = v_u64_xor_andnot(bits, word[i], v_u64_set((uint64_t)1 << 63));
        x[i] = f64_value(w, v_as_f64(bits));
    }
}

static inline void f64_sided_get(const struct f64 *w, const v_u64 *word, v_f64 *x) {
    v_u64 inverted[V_F64_UNROLL];
    v_f64 z[V_F64_UNROLL];
    for (int i = 0; i < V_F64_UNROLL; i++) {
        inverted[i] = v_u64_xor(word[i], v_u64_set(UINT64_MAX));
    }
    f64_sided(w, word, inverted, z);
    for (int i = 0; i < V_F64_UNROLL; i++) {
        x[i] = f64_value(w, v_f64_min(v_f64_max(z[i], w->z_low), w->z_high));
    }
}

static inline void f64_uniform_get(const struct f64 *w, const v_u64 *word, v_f64 *x) {
    for (int i = 0; i < V_F64_UNROLL; i++) {
        v_f64 u = v_f64_mul(v_f64_from_u64(v_u64_shr(word[i], 11)), v_f64_set(0x1p-53));
        x[i] = f64_value(w, u);
    }
}

static inline void f64_symmetric_get(const struct f64 *w, const v_u64 *word, v_f64 *x) {
    for (int i = 0; i < V_F64_UNROLL; i++) {
        /* (2 * (word >> 11) + 1 - 2^53) * 2^-53: exact, and never 0. */
        v_f64 v = v_f64_mul(v_f64_from_u64(v_u64_shr(word[i], 11)), v_f64_set(0x1p-52));
        x[i] = f64_value(w, v_f64_add(v, v_f64_set(0x1p-53 - 1)));
    }
}

/* binary32 of 32-bit words: F64_NARROW vectors, whose z is rounded before it is clamped. */

#define F64_NARROW (V_F64_UNROLL / V_PARTS)

struct f64_narrow {
    struct f64 f64;
    v_f32 offset, scale, z_low, z_high;
};

static inline struct f64_narrow f64_narrow_make(const struct ti_transform *transform) {
    struct f64_narrow n = {f64_make(transform), v_f32_set((float)transform->offset),
                           v_f32_set((float)transform->scale),
                           v_f32_set((float)transform->z_low),
                           v_f32_set((float)transform->z_high)};
    return n;
}

static inline void f64_narrow_mirrored_get(const struct f64_narrow *n, const v_u32 *word,
                                           v_f32 *x) {
    v_u64 magnitude[V_F64_UNROLL];
    v_f64 z[V_F64_UNROLL];
    for (int i = 0; i < F64_NARROW; i++) {
        v_u32 m = v_u32_xor(word[i], v_u32_top_mask(word[i]));
        v_u64_join(v_u32_set(0), m, magnitude + i * V_PARTS);
    }
    f64_mirrored(&n->f64, magnitude, z);
    for (int i = 0; i < F64_NARROW; i++) {
        v_u32 bits = v_as_u32(v_f32_min(v_f32_round(z + i * V_PARTS), n->z_high));
        bits = v_u32_xor_andnot(bits, word[i], v_u32_set(0x80000000));
        x[i] = v_f32_add(n->offset, v_f32_mul(n->scale, v_as_f32(bits)));
    }
}

static inline void f64_narrow_sided_get(const struct f64_narrow *n, const v_u32 *word,
                                        v_f32 *x) {
    v_u64 f64[V_F64_UNROLL], inverted[V_F64_UNROLL];
    v_f64 z[V_F64_UNROLL];
    for (int i = 0; i < F64_NARROW; i++) {
        v_u32 other = v_u32_xor(word[i], v_u32_set(UINT32_MAX));
        v_u64_join(v_u32_set(0), word[i], f64 + i * V_PARTS);
        v_u64_join(v_u32_set(0), other, inverted + i * V_PARTS);
    }
    f64_sided(&n->f64, f64, inverted, z);
    for (int i = 0; i < F64_NARROW; i++) {
        v_f32 cut = v_f32_max(v_f32_round(z + i * V_PARTS), n->z_low);
        cut = v_f32_min(cut, n->z_high);
        x[i] = v_f32_add(n->offset, v_f32_mul(n->scale, cut));
    }
}

#endif
