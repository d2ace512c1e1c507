/* SPDX-License-Identifier: MIT */
/* Words to uniform values: docs/SPEC.md, "Uniform". */
#ifndef TI_KERNELS_UNIFORM_H
#define TI_KERNELS_UNIFORM_H

struct uniform {
    v_f32 offset, scale, low, high;
};

static inline struct uniform uniform_make(const struct ti_transform *transform) {
    struct uniform u = {
        v_f32_set((float)transform->offset), v_f32_set((float)transform->scale),
        v_f32_set((float)transform->low), v_f32_set((float)transform->high)};
    return u;
}

static inline void uniform_get(const struct uniform *u, const v_u32 *word, v_f32 *x) {
    for (int i = 0; i < V_UNROLL; i++) {
        v_f32 unit = v_f32_from_i32(v_u32_shr(word[i], 8));
        unit = v_f32_mul(unit, v_f32_set(0x1p-24f));
        x[i] = v_f32_add(u->offset, v_f32_mul(u->scale, unit));
        x[i] = v_f32_min(x[i], u->high);
    }
}

static inline void symmetric_get(const struct uniform *u, const v_u32 *word, v_f32 *x) {
    for (int i = 0; i < V_UNROLL; i++) {
        /* 2 * (word >> 8) + 1 - 2^24, an odd number of 25 bits: exact, and never 0. */
        v_u32 odd = v_u32_or(v_u32_shr(word[i], 7), v_u32_set(1));
        v_f32 v = v_f32_from_i32(v_u32_add(odd, v_u32_set(0xff000000)));
        v = v_f32_mul(v, v_f32_set(0x1p-24f));
        v = v_f32_add(u->offset, v_f32_mul(u->scale, v));
        x[i] = v_f32_min(v_f32_max(v, u->low), u->high);
    }
}

#endif
