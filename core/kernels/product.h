/* SPDX-License-Identifier: MIT */
/*
 * Products of blocks of matrices (kernels.h says which): docs/SPEC.md, "Orthogonal". A sum
 * runs along vectors of neighbouring columns and never across one, so that its order is the
 * same for every width; a few rows of a few vectors are in flight at a time, in registers.
 */
#ifndef TI_KERNELS_PRODUCT_H
#define TI_KERNELS_PRODUCT_H

/* Where a[l][x] lies. */
#define PRODUCT_STRAIGHT(l, x) ((l)*TI_BLOCK + (x))
#define PRODUCT_INVERTED(l, x) ((x)*TI_BLOCK + (l))

/* ROWS rows and VECTORS vectors of c. */
#define PRODUCT_STEP(name, type, vec, lanes, AT, ROWS, VECTORS)                          \
    static inline void name(const struct ti_product *size, const type *a, const type *b, \
                            type *c) {                                                   \
        vec##_t sum[ROWS][VECTORS];                                                      \
        for (int x = 0; x < (ROWS); x++) {                                               \
            for (int v = 0; v < (VECTORS); v++) sum[x][v] = vec##_set(0);                \
        }                                                                                \
        for (size_t l = 0; l < size->depth; l++) {                                       \
            vec##_t row[VECTORS];                                                        \
            for (int v = 0; v < (VECTORS); v++) row[v] = vec##_load(b + v * (lanes));    \
            for (int x = 0; x < (ROWS); x++) {                                           \
                const vec##_t factor = vec##_set(a[AT(l, (size_t)x)]);                   \
                for (int v = 0; v < (VECTORS); v++) {                                    \
                    sum[x][v] = vec##_add(sum[x][v], vec##_mul(factor, row[v]));         \
                }                                                                        \
            }                                                                            \
            b += size->b_stride;                                                         \
        }                                                                                \
        for (int x = 0; x < (ROWS); x++, c += size->c_stride) {                          \
            for (int v = 0; v < (VECTORS); v++) {                                        \
                type *at = c + v * (lanes);                                              \
                vec##_store(at, vec##_sub(vec##_load(at), sum[x][v]));                   \
            }                                                                            \
        }                                                                                \
    }

/* All columns of some rows, which b's columns, in the nearest cache, are taken through. */
#define PRODUCT_ALONG(step, ROWS, VECTORS, lanes, AT)                                    \
    for (; x + (ROWS) <= size->rows; x += (ROWS)) {                                      \
        step(size, a + AT((size_t)0, x), b + y, c + x * size->c_stride + y);             \
    }

#define PRODUCT(name, type, vec, lanes, AT)                                              \
    PRODUCT_STEP(name##_many, type, vec, lanes, AT, V_PRODUCT_ROWS, V_PRODUCT_VECTORS)   \
    PRODUCT_STEP(name##_two, type, vec, lanes, AT, 2, V_PRODUCT_VECTORS)                 \
    PRODUCT_STEP(name##_one, type, vec, lanes, AT, 1, V_PRODUCT_VECTORS)                 \
    static void name(const struct ti_product *size, const type *a, const type *b,        \
                     type *c) {                                                          \
        for (size_t y = 0; y < size->cols; y += V_PRODUCT_VECTORS * (lanes)) {           \
            size_t x = 0;                                                                \
            PRODUCT_ALONG(name##_many, V_PRODUCT_ROWS, V_PRODUCT_VECTORS, lanes, AT)     \
            PRODUCT_ALONG(name##_two, 2, V_PRODUCT_VECTORS, lanes, AT)                   \
            PRODUCT_ALONG(name##_one, 1, V_PRODUCT_VECTORS, lanes, AT)                   \
        }                                                                                \
    }

typedef v_f32 v_f32_t;
typedef v_f64 v_f64_t;

_Static_assert(TI_PRODUCT_COLS % (V_PRODUCT_VECTORS * V_LANES) == 0,
               "columns are a multiple of steps");

PRODUCT(product_f32, float, v_f32, V_LANES, PRODUCT_STRAIGHT)
PRODUCT(product_f64, double, v_f64, V_F64_LANES, PRODUCT_STRAIGHT)
PRODUCT(transposed_f64, double, v_f64, V_F64_LANES, PRODUCT_INVERTED)

static void widen(const float *in, size_t count, double *out) {
    for (size_t i = 0; i < count; i += V_F64_LANES) {
        v_f64_store(out + i, v_f64_load_f32(in + i));
    }
}

#endif
