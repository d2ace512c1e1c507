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
#include "core/kernels/keys.h"
#include "core/kernels/narrow.h"
#include "core/kernels/normal.h"
#include "core/kernels/philox.h"
#include "core/kernels/product.h"
#include "core/kernels/uniform.h"
#include "core/kernels/f64.h"

#define TABLE_NAME_(isa) ti_kernels_##isa
#define TABLE_NAME(isa) TABLE_NAME_(isa)
#define TABLE_TEXT_(isa) #isa
#define TABLE_TEXT(isa) TABLE_TEXT_(isa)

_Static_assert(TI_TILE_WORDS % PHILOX_BATCH == 0, "a tile is a multiple of batches");
_Static_assert(PHILOX_VECTORS % V_UNROLL == 0, "a batch is a multiple of steps");
_Static_assert(V_F64_UNROLL % V_PARTS == 0, "a step is a multiple of words' vectors");
_Static_assert(PHILOX_VECTORS % F64_NARROW == 0 || F64_NARROW % PHILOX_VECTORS == 0,
               "one of a step and a batch is a multiple of the other");
_Static_assert(TI_TILE_WORDS % (F64_NARROW * V_LANES) == 0,
               "a tile is a multiple of steps in binary64");

static void words(const struct ti_philox *philox, struct ti_blocks blocks, size_t count,
                  void *out) {
    const struct philox_keys keys = philox_keys(philox);
    for (size_t i = 0; i < count; i += PHILOX_BATCH) {
        v_u32 word[PHILOX_VECTORS];
        philox_batch(&keys, blocks, 0, i, word);
        for (size_t k = 0; k < PHILOX_VECTORS; k++) {
            v_u32_store((char *)out + 4 * (i + k * V_LANES), word[k]);
        }
    }
}

/* A round draws as many batches as a step of a transform takes, and at least one. */
#define TABLE_BATCHES(STEP) ((STEP) > PHILOX_VECTORS ? (STEP) / PHILOX_VECTORS : 1)

static inline void sample_words(const struct philox_keys *keys, struct ti_blocks blocks,
                                uint64_t more, size_t done, size_t batches, v_u32 *word) {
    for (size_t b = 0; b < batches; b++) {
        philox_batch(keys, blocks, more, done + b * PHILOX_BATCH,
                     word + b * PHILOX_VECTORS);
    }
}

/* The sample and the map of one transform: 'make' prepares it, 'get' is STEP vectors. */
#define TABLE_TRANSFORM(name, type, make, get, STEP)                                     \
    static void sample_##name(const struct ti_philox *philox,                            \
                              const struct ti_transform *transform,                      \
                              struct ti_blocks blocks, size_t count, void *out) {        \
        const struct philox_keys keys = philox_keys(philox);                             \
        const struct type state = make(transform);                                       \
        enum { BATCHES = TABLE_BATCHES(STEP) };                                          \
        for (size_t i = 0; i < count; i += BATCHES * PHILOX_BATCH) {                     \
            v_u32 word[BATCHES * PHILOX_VECTORS];                                        \
            sample_words(&keys, blocks, 0, i, BATCHES, word);                            \
            for (size_t k = 0; k < BATCHES * PHILOX_VECTORS; k += (STEP)) {              \
                v_f32 value[STEP];                                                       \
                get(&state, word + k, value);                                            \
                store(out, i + k * V_LANES, STEP, value);                                \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
    static void map_##name(const struct ti_transform *transform, const void *in,         \
                           size_t count, void *out) {                                    \
        const struct type state = make(transform);                                       \
        for (size_t i = 0; i < count; i += (STEP)*V_LANES) {                             \
            v_u32 word[STEP];                                                            \
            v_f32 value[STEP];                                                           \
            for (size_t k = 0; k < (STEP); k++) {                                        \
                word[k] = v_u32_load((const char *)in + 4 * (i + k * V_LANES));          \
            }                                                                            \
            get(&state, word, value);                                                    \
            store(out, i, STEP, value);                                                  \
        }                                                                                \
    }

static inline void store(void *out, size_t first, size_t count, const v_f32 *value) {
    for (size_t k = 0; k < count; k++) {
        v_f32_store((char *)out + 4 * (first + k * V_LANES), value[k]);
    }
}

TABLE_TRANSFORM(uniform, uniform, uniform_make, uniform_get, V_UNROLL)
TABLE_TRANSFORM(symmetric, uniform, uniform_make, symmetric_get, V_UNROLL)
TABLE_TRANSFORM(normal, normal, normal_make, normal_get, V_UNROLL)
TABLE_TRANSFORM(truncated_near, normal, normal_make, truncated_near_get, V_UNROLL)
TABLE_TRANSFORM(truncated_far, normal, normal_make, truncated_far_get, V_UNROLL)
TABLE_TRANSFORM(mirrored, f64_narrow, f64_narrow_make, f64_narrow_mirrored_get,
                F64_NARROW)
TABLE_TRANSFORM(sided, f64_narrow, f64_narrow_make, f64_narrow_sided_get, F64_NARROW)

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

/* The same in binary64: F64_NARROW vectors of words' halves make V_F64_UNROLL of values. */
#define TABLE_F64(name, get)                                                             \
    static inline void step_f64_##name(const struct f64 *state, const v_u32 *high,       \
                                       const v_u32 *low, char *out) {                    \
        v_u64 word[V_F64_UNROLL];                                                        \
        v_f64 value[V_F64_UNROLL];                                                       \
        for (size_t k = 0; k < F64_NARROW; k++) {                                        \
            v_u64_join(high[k], low[k], word + k * V_PARTS);                             \
        }                                                                                \
        get(state, word, value);                                                         \
        for (size_t k = 0; k < V_F64_UNROLL; k++) {                                      \
            v_f64_store(out + 8 * k * V_F64_LANES, value[k]);                            \
        }                                                                                \
    }                                                                                    \
    static void sample_f64_##name(const struct ti_philox *philox,                        \
                                  const struct ti_transform *transform,                  \
                                  struct ti_blocks blocks, size_t count, void *out) {    \
        const struct philox_keys keys = philox_keys(philox);                             \
        const struct f64 state = f64_make(transform);                                    \
        enum { BATCHES = TABLE_BATCHES(F64_NARROW) };                                    \
        for (size_t i = 0; i < count; i += BATCHES * PHILOX_BATCH) {                     \
            v_u32 high[BATCHES * PHILOX_VECTORS], low[BATCHES * PHILOX_VECTORS];         \
            sample_words(&keys, blocks, 0, i, BATCHES, high);                            \
            sample_words(&keys, blocks, PHILOX_LANE, i, BATCHES, low);                   \
            for (size_t k = 0; k < BATCHES * PHILOX_VECTORS; k += F64_NARROW) {          \
                step_f64_##name(&state, high + k, low + k,                               \
                                (char *)out + 8 * (i + k * V_LANES));                    \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
    static void map_f64_##name(const struct ti_transform *transform, const void *high,   \
                               const void *low, size_t count, void *out) {               \
        const struct f64 state = f64_make(transform);                                    \
        for (size_t i = 0; i < count; i += F64_NARROW * V_LANES) {                       \
            v_u32 halves[2][F64_NARROW];                                                 \
            for (size_t k = 0; k < F64_NARROW; k++) {                                    \
                const size_t at = 4 * (i + k * V_LANES);                                 \
                halves[0][k] = v_u32_load((const char *)high + at);                      \
                halves[1][k] = v_u32_load((const char *)low + at);                       \
            }                                                                            \
            step_f64_##name(&state, halves[0], halves[1], (char *)out + 8 * i);          \
        }                                                                                \
    }

TABLE_F64(uniform, f64_uniform_get)
TABLE_F64(symmetric, f64_symmetric_get)
TABLE_F64(mirrored, f64_mirrored_get)
TABLE_F64(sided, f64_sided_get)

static void clamp(const struct ti_transform *transform, size_t count, void *values) {
    const v_f32 low = v_f32_set((float)transform->low);
    const v_f32 high = v_f32_set((float)transform->high);
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
#define TI_KERNEL(name) [TI_KERNEL_##name] = sample_f64_##name,
    .sample_f64 = {TI_F64_KERNELS(TI_KERNEL)},
#undef TI_KERNEL
#define TI_KERNEL(name) [TI_KERNEL_##name] = map_f64_##name,
    .map_f64 = {TI_F64_KERNELS(TI_KERNEL)},
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
    .find_keys = find_keys,
    .clear_keys = clear_keys,
};
