/* SPDX-License-Identifier: MIT */
/*
 * Words to normal values, by the inverse of the normal distribution function: docs/SPEC.md,
 * "Normal" and "Truncated normal".
 *
 * The word's magnitude, as a binary32 number, is the mass of the tail beyond the value, in
 * units of 2^-32. Its exponent is the octave and selects the polynomial; its significand is
 * the polynomial's argument. Neither logarithm nor division is needed.
 */
#ifndef TI_KERNELS_NORMAL_H
#define TI_KERNELS_NORMAL_H

static const float normal_table[][32] = {
#include "core/kernels/quantile_f32.inc"
};

#define NORMAL_TERMS (sizeof normal_table / sizeof *normal_table)

struct normal {
    v_lut_top top[NORMAL_TERMS];
    v_lut all[NORMAL_TERMS];
    v_f32 offset, scale, tail_offset, tail_scale, z_high;
};

static inline struct normal normal_make(const struct ti_transform *transform) {
    struct normal n;
    for (size_t k = 0; k < NORMAL_TERMS; k++) {
        n.top[k] = v_lut_top_make(normal_table[k]);
        n.all[k] = v_lut_make(normal_table[k]);
    }
    n.offset = v_f32_set((float)transform->offset);
    n.scale = v_f32_set((float)transform->scale);
    n.tail_offset = v_f32_set((float)transform->tail_offset);
    n.tail_scale = v_f32_set((float)transform->tail_scale);
    n.z_high = v_f32_set((float)transform->z_high);
    return n;
}

/*
 * The positive z beyond which each of COUNT vectors of tails lies. 'get' is v_lut_get or
 * v_lut_top_get. The vectors advance together: one alone would wait for each of its own
 * multiplications. Unrolled, gcc 12 would put them one after another again.
 */
#define NORMAL_HORNER(COUNT, tables, get, tail, z)                                       \
    do {                                                                                 \
        v_u32 exponent_[COUNT];                                                          \
        v_f32 t_[COUNT];                                                                 \
        for (int i_ = 0; i_ < (COUNT); i_++) {                                           \
            v_u32 bits_ = v_as_u32((tail)[i_]);                                          \
            v_u32 unit_ =                                                                \
                v_u32_and_or(bits_, v_u32_set(0x7fffff), v_u32_set(0x3f800000));         \
            exponent_[i_] = v_u32_shr(bits_, 23);                                        \
            t_[i_] = v_f32_sub(v_as_f32(unit_), v_f32_set(1.5f));                        \
            (z)[i_] = get((tables)[NORMAL_TERMS - 1], exponent_[i_]);                    \
        }                                                                                \
        _Pragma("GCC unroll 1") for (size_t k_ = NORMAL_TERMS - 1; k_-- > 0;) {          \
            for (int i_ = 0; i_ < (COUNT); i_++) {                                       \
                (z)[i_] = v_f32_add(v_f32_mul((z)[i_], t_[i_]),                          \
                                    get((tables)[k_], exponent_[i_]));                   \
            }                                                                            \
        }                                                                                \
    } while (0)

/* The last binary32 number below 2^31: a tail is never as much as one half. */
#define NORMAL_TAIL_MAX 0x1.fffffep30f

/* The word's distance from the nearer end, 31 bits, as a binary32 number. */
static inline v_f32 normal_magnitude(v_u32 word) {
    return v_f32_from_i32(v_u32_xor(word, v_u32_top_mask(word)));
}

/* The least binary32 number in the top octaves, as its bits. */
#define NORMAL_TOP_BITS ((158u - V_LUT_TOP) << 23)

/*
 * z of each tail, which is at most NORMAL_TAIL_MAX. Few words lie below the top octaves: their
 * vectors are computed again. But even a branch that is never taken costs; 'top_only' says
 * that none can.
 */
static inline void normal_quantile(const struct normal *n, bool top_only,
                                   const v_f32 *tail, v_f32 *z) {
    NORMAL_HORNER(V_UNROLL, n->top, v_lut_top_get, tail, z);
    if (V_LUT_TOP == 32 || top_only) return;
    v_f32 min = tail[0];
    for (int i = 1; i < V_UNROLL; i++) min = v_f32_min(min, tail[i]);
    if (!v_u32_any_below(v_as_u32(min), NORMAL_TOP_BITS)) return;
    for (int i = 0; i < V_UNROLL; i++) {
        if (!v_u32_any_below(v_as_u32(tail[i]), NORMAL_TOP_BITS)) continue;
        NORMAL_HORNER(1, n->all, v_lut_get, tail + i, z + i);
    }
}

/* The lower half of the words is negative: the top bit, inverted, is the sign. */
static inline v_f32 normal_value(const struct normal *n, v_u32 word, v_f32 z) {
    v_u32 bits = v_u32_xor_andnot(v_as_u32(z), word, v_u32_set(0x80000000));
    return v_f32_add(n->offset, v_f32_mul(n->scale, v_as_f32(bits)));
}

static inline void normal_get(const struct normal *n, const v_u32 *word, v_f32 *x) {
    v_f32 tail[V_UNROLL], z[V_UNROLL];
    for (int i = 0; i < V_UNROLL; i++) {
        tail[i] = v_f32_add(v_f32_set(0.5f), normal_magnitude(word[i]));
        tail[i] = v_f32_min(tail[i], v_f32_set(NORMAL_TAIL_MAX));
    }
    normal_quantile(n, false, tail, z);
    for (int i = 0; i < V_UNROLL; i++) x[i] = normal_value(n, word[i], z[i]);
}

static inline void truncated_any(const struct normal *n, bool top_only, const v_u32 *word,
                                 v_f32 *x) {
    v_f32 tail[V_UNROLL], z[V_UNROLL];
    for (int i = 0; i < V_UNROLL; i++) {
        tail[i] = v_f32_mul(n->tail_scale, normal_magnitude(word[i]));
        tail[i] = v_f32_add(n->tail_offset, tail[i]);
        tail[i] = v_f32_min(tail[i], v_f32_set(NORMAL_TAIL_MAX));
    }
    normal_quantile(n, top_only, tail, z);
    for (int i = 0; i < V_UNROLL; i++) {
        x[i] = normal_value(n, word[i], v_f32_min(z[i], n->z_high));
    }
}

/* Cut where every tail is in the top octaves, as +-2 sigmas are, and further out. */
static inline void truncated_near_get(const struct normal *n, const v_u32 *word,
                                      v_f32 *x) {
    truncated_any(n, true, word, x);
}

static inline void truncated_far_get(const struct normal *n, const v_u32 *word,
                                     v_f32 *x) {
    truncated_any(n, false, word, x);
}

static inline bool truncated_is_near(const struct ti_transform *transform) {
    float min;
    const uint32_t bits = NORMAL_TOP_BITS;
    memcpy(&min, &bits, sizeof min);
    return (float)transform->tail_offset >= min;
}

#endif
