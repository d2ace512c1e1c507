/* SPDX-License-Identifier: MIT */
/*
 * Builds an ISA's kernel table: included once by each isa/<isa>.c after its operations, and
 * nowhere else. Loops run over tiles; what a tile holds is the other headers' business.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/narrow.h"
#include "core/kernels/normal.h"
#include "core/kernels/philox.h"
#include "core/kernels/product.h"
#include "core/kernels/uniform.h"

#define TABLE_NAME_(isa) ti_kernels_##isa
#define TABLE_NAME(isa) TABLE_NAME_(isa)
#define TABLE_TEXT_(isa) #isa
#define TABLE_TEXT(isa) TABLE_TEXT_(isa)

_Static_assert(TI_TILE_WORDS % PHILOX_BATCH == 0, "a tile is a whole number of batches");
_Static_assert(PHILOX_VECTORS % V_UNROLL == 0, "a batch is a whole number of steps");

static void words(const struct ti_philox *philox, struct ti_blocks blocks, size_t count,
                  void *out) {
    const struct philox_keys keys = philox_keys(philox);
    for (size_t i = 0; i < count; i += PHILOX_BATCH) {
        v_u32 word[PHILOX_VECTORS];
        philox_batch(&keys, blocks, i, word);
        for (size_t k = 0; k < PHILOX_VECTORS; k++) {
            v_u32_store((char *)out + 4 * (i + k * V_LANES), word[k]);
        }
    }
}

/* The draw and the map of one transform: 'make' prepares it, 'get' is V_UNROLL vectors. */
#define TABLE_TRANSFORM(name, type, make, get)                                           \
    static void sample_##name(const struct ti_philox *philox,                            \
                              const struct ti_transform *transform,                      \
                              struct ti_blocks blocks, size_t count, void *out) {        \
        const struct philox_keys keys = philox_keys(philox);                             \
        const struct type state = make(transform);                                       \
        for (size_t i = 0; i < count; i += PHILOX_BATCH) {                               \
            v_u32 word[PHILOX_VECTORS];                                                  \
            philox_batch(&keys, blocks, i, word);                                        \
            for (size_t k = 0; k < PHILOX_VECTORS; k += V_UNROLL) {                      \
                v_f32 value[V_UNROLL];                                                   \
                get(&state, word + k, value);                                            \
                store(out, i + k * V_LANES, value);                                      \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
    static void map_##name(const struct ti_transform *transform, const void *in,         \
                           size_t count, void *out) {                                    \
        const struct type state = make(transform);                                       \
        for (size_t i = 0; i < count; i += V_UNROLL * V_LANES) {                         \
            v_u32 word[V_UNROLL];                                                        \
            v_f32 value[V_UNROLL];                                                       \
            for (size_t k = 0; k < V_UNROLL; k++) {                                      \
                word[k] = v_u32_load((const char *)in + 4 * (i + k * V_LANES));          \
            }                                                                            \
            get(&state, word, value);                                                    \
            store(out, i, value);                                                        \
        }                                                                                \
    }

static inline void store(void *out, size_t first, const v_f32 value[V_UNROLL]) {
    for (size_t k = 0; k < V_UNROLL; k++) {
        v_f32_store((char *)out + 4 * (first + k * V_LANES), value[k]);
    }
}

TABLE_TRANSFORM(uniform, uniform, uniform_make, uniform_get)
TABLE_TRANSFORM(normal, normal, normal_make, normal_get)
TABLE_TRANSFORM(truncated_near, normal, normal_make, truncated_near_get)
TABLE_TRANSFORM(truncated_far, normal, normal_make, truncated_far_get)

static void sample_truncated(const struct ti_philox *philox,
                             const struct ti_transform *transform,
                             struct ti_blocks blocks, size_t count, void *out) {
    (truncated_is_near(transform) ? sample_truncated_near : sample_truncated_far)(
        philox, transform, blocks, count, out);
}

static void map_truncated(const struct ti_transform *transform, const void *in,
                          size_t count, void *out) {
    (truncated_is_near(transform) ? map_truncated_near : map_truncated_far)(transform, in,
                                                                            count, out);
}

static void clamp(const struct ti_transform *transform, size_t count, void *values) {
    const v_f32 low = v_f32_set(transform->low), high = v_f32_set(transform->high);
    for (size_t i = 0; i < count; i += V_LANES) {
        char *at = (char *)values + 4 * i;
        v_f32_store(at, v_f32_min(v_f32_max(v_f32_load(at), low), high));
    }
}

#define TABLE_NARROW(name, bytes, store_one)                                             \
    static void narrow_##name(const void *in, size_t count, void *out) {                 \
        for (size_t i = 0; i < count; i += V_LANES) {                                    \
            v_f32 value = v_f32_load((const char *)in + 4 * i);                          \
            char *to = (char *)out + (bytes)*i;                                          \
            store_one;                                                                   \
        }                                                                                \
    }

TABLE_NARROW(f16, 2, v_f32_store_f16(to, value))
TABLE_NARROW(bf16, 2, v_u32_store16(to, bf16_get(value)))
TABLE_NARROW(f8_e4m3, 1, v_u32_store8(to, f8_e4m3_get(value)))
TABLE_NARROW(f8_e5m2, 1, v_u32_store8(to, f8_e5m2_get(value)))

const struct ti_kernels TABLE_NAME(V_ISA) = {
    .name = TABLE_TEXT(V_ISA),
    .lanes = V_LANES,
    .words = words,
#define TI_KERNEL(name) [TI_KERNEL_##name] = sample_##name,
    .sample = {TI_KERNELS(TI_KERNEL)},
#undef TI_KERNEL
#define TI_KERNEL(name) [TI_KERNEL_##name] = map_##name,
    .map = {TI_KERNELS(TI_KERNEL)},
#undef TI_KERNEL
    .clamp = clamp,
    .narrow = {[TI_DTYPE_F16] = narrow_f16,
               [TI_DTYPE_BF16] = narrow_bf16,
               [TI_DTYPE_F8_E4M3] = narrow_f8_e4m3,
               [TI_DTYPE_F8_E5M2] = narrow_f8_e5m2},
    .product_f32 = product_f32,
    .product_f64 = product_f64,
    .transposed_f64 = transposed_f64,
    .widen = widen,
};
